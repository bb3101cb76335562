"""Apps against brands. Packages, names and certificates but the well-known brands' own are made up."""

from functools import cache
from pathlib import Path

import polars as pl
import pytest

from analytics.match.apps import APP_SCHEMA, POINTS
from analytics.match.matcher import Matcher
from db.brands import Brand, load_brands
from tests.eval.apps import read_tables

OFFICIAL, OTHER = "ab" * 32, "cd" * 32
SIGNED = Brand(
    id="zyrqon",
    names=("Zyrqon", "泽启借条"),
    domains=("zyrqon.com", "zyrqon.co.uk"),
    packages=("com.zyrqon.loan",),
    certificates=(OFFICIAL,),
)
UNSIGNED = SIGNED.model_copy(update={"certificates": ()})
UNLISTED = SIGNED.model_copy(update={"certificates": (), "packages": ()})

App = tuple[str | None, str | None, str | None, str | None]
"""Package, name, developer, certificate."""


def apps_frame(*apps: App) -> pl.DataFrame:
    columns = {"app_id": pl.Int64, **dict.fromkeys(("package", "name", "developer", "certificate"), pl.String)}
    return pl.DataFrame([(number, *app) for number, app in enumerate(apps)], schema=columns, orient="row")


@cache
def matcher(*brands: Brand) -> Matcher:
    return Matcher(brands or load_brands())


def best(
    package: str | None = "com.synthetic.thing",
    name: str | None = None,
    developer: str | None = None,
    certificate: str | None = None,
    *,
    of: tuple[Brand, ...] = (),
) -> tuple[str, str, int]:
    """Brand, technique, confidence; nothing is ("", "", 0)."""
    found = matcher(*of).match_apps(apps_frame((package, name, developer, certificate)))
    return found.select("brand", "technique", "confidence").row(0) if found.height else ("", "", 0)


@pytest.mark.parametrize(
    ("package", "least"),
    [
        ("com.qih00.loan", 97),  # lookalikes
        ("com.qihoo.1oan", 97),
        ("com.qihoo_loan", 92),  # separators
        ("com.qihoo-loan", 92),
        ("com.qihooloan", 92),
        ("com.qihoo.laon", 88),  # a letter
        ("com.qiho.loan", 88),
        ("com.qihoo.loan.vip", 86),  # continued
        ("com.qihoo.loan.qz7", 70),
        ("cn.qihoo.loan", 84),  # another top
        ("org.qihoo.loan", 84),
        ("loan.qihoo.com", 84),  # another order
        ("com.loan.qihoo", 84),
        ("com.qihoo.loan2", 84),  # longer
        ("com.qihoo.loanpro", 84),
        ("com.app.com.qihoo.loan", 80),  # a part
        ("com.qihoo.mobile.loan", 78),  # put in
    ],
)
def test_a_package_like_the_official_one_is_found(package: str, least: int) -> None:
    assert best(package, "Notes") == ("qifu-jietiao", "package", least)


@pytest.mark.parametrize(
    "package",
    [
        "com.lazada.android",  # com.lakala.android
        "com.github.somebody.android",  # com.github.android
        "com.americanexpress.android.acctsvcs.in",  # another country
        "com.bookmarking",
        "com.cooking",  # com.booking
        "com.android.loan",
        "com.tencent.mobileqq",  # com.tencent.mm
        "com",
        "..",
        "com.qihoo",
        "com.qihoo.browser",
    ],
)
def test_a_package_of_somebody_else_is_none(package: str) -> None:
    assert best(package, None)[2] < 60


@pytest.mark.parametrize(
    ("name", "brand"),
    [
        ("360借条-官方版", "qifu-jietiao"),
        ("360 借条 Pro", "qifu-jietiao"),
        ("【360借条】极速放款", "qifu-jietiao"),
        ("36O借條", "qifu-jietiao"),  # a letter for a digit, traditional
        ("３６０借条", "qifu-jietiao"),  # full width
        ("3️⃣6️⃣0️⃣借条", "qifu-jietiao"),
        ("三六零借条", "qifu-jietiao"),
        ("3 6 0 · 借 条", "qifu-jietiao"),
        ("360\u200b借\u2060条", "qifu-jietiao"),
        ("奇富借条极速版", "qifu-jietiao"),
        ("借贝", "jiebei"),  # sounds the same
        ("拍拍货", "ppdai"),  # looks the same
        ("支付寶官方版", "alipay"),
        ("招商银航", "cmb"),
        ("PayPal Login", "paypal"),
        ("PayPaI", "paypal"),
        ("PayPal Mobi1e", "paypal"),
        ("Micros0ft Authenticat0r", "microsoft"),
        ("РауРаl Pro", "paypal"),  # Cyrillic
        ("P a y P a l", "paypal"),
        ("Pay\u200bPal", "paypal"),
        ("Ｐａｙｐａｌ", "paypal"),
        ("Instagrm", "instagram"),
        ("Whatsaap", "whatsapp"),
        ("WellsFargo安全中心", "wells-fargo"),
        ("UBSLite", "ubs"),
        ("AT&T", "att"),
    ],
)
def test_a_name_made_to_look_like_the_brands_is_found(name: str, brand: str) -> None:
    found = best(name=name)
    assert found[:2] == (brand, "name"), found
    assert found[2] >= 60


@pytest.mark.parametrize(
    "name",
    [
        "Calculator",
        "Orange juice recipes",
        "Chase the sun",
        "Stickers for WhatsApp",
        "Open in WhatsApp",
        "TikTok Downloader",
        "每日记账",
        "交通服务中心",  # 交通 of 交通银行
        "中国天气",
        "农业贷款平台",
        "星野",  # the sound of 兴业
        "华北",  # the sound of 花呗
        "neobank",  # netbank, a letter apart
        "PayPay",
        "Icedrive",
        "Ubank",
        "CNBC",
        "CI Time",
        "2GIS",  # gls
        "Banking",  # ing
        "Lazada",
        "360浏览器",
        "BTNotification",
        "",
        "\x00\u202e",
    ],
)
def test_an_unrelated_name_has_no_match(name: str) -> None:
    assert best(name=name)[2] < 60


def test_the_official_package_is_genuine_where_no_certificate_is_listed() -> None:
    assert best("com.qihoo.loan", "360借条") == ("", "", 0)
    assert best("com.zyrqon.loan", "Zyrqon", None, OTHER, of=(UNSIGNED,)) == ("", "", 0)


@pytest.mark.parametrize(
    ("certificate", "expected"),
    [
        (OFFICIAL, ("", "", 0)),
        (OFFICIAL.upper(), ("", "", 0)),
        (":".join(["AB"] * 32), ("", "", 0)),
        (OTHER, ("zyrqon", "certificate", 100)),
        (None, ("", "", 0)),
    ],
)
def test_the_certificate_decides_for_the_official_package(
    certificate: str | None, expected: tuple[str, str, int]
) -> None:
    assert best("com.zyrqon.loan", "Notes", None, certificate, of=(SIGNED,)) == expected
    assert best("com.zyrqon.loan", "Zyrqon", "Zyrqon", certificate, of=(SIGNED,)) == expected


def test_a_package_that_two_brands_have_is_genuine_where_one_of_them_lists_no_certificate() -> None:
    other = UNSIGNED.model_copy(update={"id": "other"})
    assert best("com.zyrqon.loan", "Zyrqon", None, OTHER, of=(SIGNED, other)) == ("", "", 0)


def test_the_official_certificate_makes_any_package_genuine() -> None:
    assert best("com.zyrqom.loan", "Zyrqon HD", "Nobody", OFFICIAL, of=(SIGNED,)) == ("", "", 0)


WEIGHED = {
    "a similar package makes the name surer": (("com.zyrqom.loan",), POINTS["package alike"]),
    "so does one with a segment that passes for it": (("com.zyrq0n.tablet",), POINTS["package alike"]),
    "a developer near the brand's makes it surer": (("com.other.thing", "Zyrqοn Inc."), POINTS["developer alike"]),
    "the brand's own developer name says little": (("com.other.thing", "Zyrqon Ltd"), POINTS["own developer"]),
    "the brand's domain as name space says more": (("com.zyrqon.tablet",), POINTS["own name space"]),
    "so does its label in another country": (("au.com.zyrqon.app",), POINTS["own name space"]),
}


@pytest.mark.parametrize("case", WEIGHED)
def test_what_else_is_known_moves_the_confidence(case: str) -> None:
    (package, *developer), points = WEIGHED[case]
    alone = best("com.other.thing", "泽启借条", of=(UNSIGNED,))
    assert alone == ("zyrqon", "name", 96)
    weighed = best(package, "泽启借条", *developer, of=(UNSIGNED,))
    assert weighed[:2] == alone[:2]
    assert weighed[2] == min(97, alone[2] + points)


def test_a_certificate_that_is_not_the_official_one_undoes_what_anybody_may_claim() -> None:
    claimed = best("com.zyrqon.tablet", "Zyrqon", "Zyrqon Ltd", of=(SIGNED,))
    signed = best("com.zyrqon.tablet", "Zyrqon", "Zyrqon Ltd", OTHER, of=(SIGNED,))
    assert claimed[2] < 60 < signed[2]


def test_less_is_known_of_a_brand_without_packages() -> None:
    assert best(name="Zyrqon", of=(UNLISTED,))[2] == best(name="Zyrqon", of=(UNSIGNED,))[2] - 12


@pytest.mark.parametrize(
    ("developer", "confidence"),
    [("PayPaI Inc.", 66), ("Раураl", 66), ("Paypaal Ltd", 62), ("PayPal, Inc.", 0), ("Pay Partners", 0), ("", 0)],
)
def test_a_developer_who_passes_for_the_brand_is_found_alone(developer: str, confidence: int) -> None:
    found = best("com.synthetic.notes", "Notes", developer)
    assert found == (("paypal", "developer", confidence) if confidence else ("", "", 0))


def test_a_name_inside_another_brands_longer_name_is_not_told() -> None:
    found = matcher().match_apps(apps_frame((None, "京东金融极速版", None, None)))
    assert found["brand"].to_list() == ["jd-finance"]


@pytest.mark.parametrize(
    ("app", "zh", "en"),
    [
        (("cn.qihoo.loan", None, None, None), "首段不同", "under another top segment"),
        (
            (None, "36O借条官方版", None, None),
            "有形近字符；加了版本词",
            "with lookalike characters; named as an edition",
        ),
        ((None, "招商银航", None, None), "读音相同", "by its sound"),
        ((None, "Wallet", "PayPaI Inc.", None), "开发者名近似", "a similar developer name"),
        (
            ("com.paypal.tablet", "PayPal", None, None),
            "但包名在该品牌域名之下",
            "but the package stands below the brand's",
        ),
        ((None, "Stickers for WhatsApp", None, None), "但像是其配套工具", "but it reads as made for it"),
    ],
)
def test_an_explanation_says_what_speaks_for_it_and_against(app: App, zh: str, en: str) -> None:
    found = matcher().match_apps(apps_frame(app)).row(0, named=True)
    assert zh in found["explanation_zh"]
    assert en in found["explanation_en"]
    assert "\n" not in found["explanation_zh"] + found["explanation_en"]


@pytest.mark.parametrize(
    "app",
    [
        ("com." + "a" * 300_000, "x" * 300_000, "y" * 300_000, None),
        ("." * 300_000, "借" * 300_000, "-" * 300_000, "no certificate"),
        ("com.qihoo.loan" + ".vip" * 100_000, "360借条" * 50_000, "inc " * 100_000, None),
        ("com.qihoo.loan" + "pro" * 100_000, "paypal" + "pro" * 100_000, "paypal " * 50_000, None),
    ],
)
def test_hostile_sizes_are_read_in_part(app: App) -> None:
    found = matcher().match_apps(apps_frame(app))
    assert all(len(text) < 2_000 for row in found.iter_rows() for text in row if isinstance(text, str))


def test_the_output_has_the_declared_columns() -> None:
    found = matcher().match_apps(apps_frame(("com.synthetic.one", "360借条-官方版", None, None)))
    assert found.schema == APP_SCHEMA
    assert found["matched"][0] == "360借条-官方版 ~ 360借条"
    assert matcher().match_apps(apps_frame()).schema == APP_SCHEMA


@pytest.mark.parametrize("table", ["gkd_cn_apps", "fdroid_apps", "stalkerware_samples", "cn_fintech_apps_transcribed"])
def test_few_real_apps_are_flagged(real_data: Path, table: str) -> None:
    apps = read_tables(real_data / "apps").filter(pl.col("family") == table)
    found = matcher().match_apps(apps).filter(pl.col("confidence") >= 60)["app_id"].n_unique()
    assert apps.height > 20
    assert 100_000 * found / apps.height <= 300
