"""Names in what follows a URL's host. All URLs are made up."""

from functools import cache

import polars as pl
import pytest

from analytics.match.matcher import URL_MATCH_SCHEMA, Matcher
from analytics.match.path_facts import MOST
from analytics.match.pieces import LONGEST
from analytics.normalise.address import normalise_addresses
from db.brands import DEFAULT_THRESHOLD, Brand, load_brands

LEAST = 30


@cache
def bundled() -> Matcher:
    return Matcher(load_brands())


def urls_frame(*urls: str) -> pl.DataFrame:
    host = pl.col("host")
    return normalise_addresses(pl.Series(urls, dtype=pl.String)).select(
        "host",
        "tail",
        registrable_domain=pl.when(pl.col("registrable_length") > 0).then(host.str.tail(pl.col("registrable_length"))),
        public_suffix=host.str.tail(pl.col("suffix_length")),
    )


def best(url: str, matcher: Matcher | None = None) -> dict[str, object]:
    found = (matcher or bundled()).match_urls(urls_frame(url))
    return found.row(0, named=True) if found.height else {"brand": None, "confidence": 0, "matched": ""}


COUNTS = [
    # a login behind the name
    ("http://example.org/paypal/login.php", "paypal"),
    ("http://example.org/x/PAYPAL/Signin/", "paypal"),
    ("http://example.org/wells-fargo/verify.php", "wells-fargo"),
    ("http://example.org/Bank%20of%20America/login.php", "bank-of-america"),
    ("http://example.org/sistema/PayPal-Billing/confirm/", "paypal"),
    ("http://example.org/aolbilling/update.php", "aol"),
    # an official domain in front of a login word
    ("http://example.org/wp-content/www.paypal.com/signin", "paypal"),
    ("http://example.org/docs/online.wellsfargo.com/0a1b2c3d4e5f60718293a4b5c6d7e8f9/index_login.htm", "wells-fargo"),
    ("http://example.org/paypal.com-account-update/", "paypal"),
    ("http://example.org/login.microsoftonline.com/index.php", "microsoft"),
    # where a page is put into another's site
    ("http://example.org/wp-content/upgrade/lloyds/0a1b2c3d4e5f60718293a4b5c6d7e8f9/", "lloyds"),
    ("http://example.org/~paypal/", "paypal"),
    ("http://192.0.2.7/paypal/", "paypal"),
    ("http://example.org/~chase-online/login.php", "chase"),
    # lookalikes, encodings, scripts
    ("http://example.org/paypa1/login.php", "paypal"),
    ("http://example.org/rnicrosoft/login.php", "microsoft"),
    ("http://example.org/xn--pypal-4ve.com/login", "paypal"),
    ("http://example.org/%70ay%70al/login.php", "paypal"),
    ("http://example.org/%2570aypal/login.php", "paypal"),
    ("http://example.org/%CE%A2%C1%A3%B4%FB/%B5%C7%C2%BC", "weilidai"),  # 微粒贷/登录 in GBK
    ("http://example.org/%25C6%25E6%25B8%25BB%25BD%25E8%25CC%25F5/login.php", "qifu-jietiao"),
    ("http://example.org/caf%E9/paypal/login.php", "paypal"),  # Latin 1: neither
    ("http://example.org/%D1%80%D0%B0%D1%83%D1%80%D0%B0l/login.php", "paypal"),
    ("http://example.org/%E5%A5%87%E5%AF%8C%E5%80%9F%E6%9D%A1/%E7%99%BB%E5%BD%95/", "qifu-jietiao"),
    ("http://example.org/奇富借條客服/", "qifu-jietiao"),
    ("http://example.org/qifujietiao/denglu.html", "qifu-jietiao"),
    ("http://example.org/360jietiao/denglu.html", "qifu-jietiao"),
    # paths that strangers choose on an official host
    ("https://sites.google.com/view/paypal-login", "paypal"),
]

FAINT = [
    # told from 30 on, and below the threshold: one sign alone
    ("http://example.org/paypal/", "paypal"),
    ("http://example.org/google.html", "google"),
    ("http://example.org/?brand=paypal", "paypal"),
    ("http://example.org/~chase-online/", "chase"),
    ("http://example.org/paypal-account", "paypal"),
    ("http://example.org/www.paypal.com/", "paypal"),
    ("http://example.org/%E5%A5%87%E5%AF%8C%E5%80%9F%E6%9D%A1/", "qifu-jietiao"),
    ("http://example.org/dhltracking/index.php", "dhl"),
]

INNOCENT = [
    "http://example.org/apple/",
    "http://example.org/orange/juice.html",
    "http://example.org/visa/apply",
    "http://example.org/amazon-reviews/",
    "http://example.org/share/twitter",
    "http://example.org/sharer.php?u=https://www.facebook.com/login",
    "http://example.org/out?to=https%3A%2F%2Fwww.facebook.com%2Flogin",
    "http://example.org/web/2020/https://www.paypal.com/signin",
    "http://example.org/page?utm_source=facebook&utm_medium=login",
    "http://example.org/search?q=paypal+login",
    "http://example.org/login?provider=google",
    "http://example.org/users/auth/facebook/callback",
    "http://example.org/login/facebook",
    "http://example.org/checkout/paypal/",
    "http://example.org/img/facebook-icon.png",
    "http://example.org/wp-content/uploads/2014/05/PayPal-logo.png",
    "http://example.org/blog/2020/how-to-verify-your-paypal-account",
    "http://example.org/how-to-verify-a-paypal-account-in-steps/",
    "http://example.org/wiki/%E6%94%AF%E4%BB%98%E5%AE%9D",
    "http://example.org/unsubscribe?login=someone@paypal.com",
    "http://example.org/shopping/ingles/login.php",
    "http://example.org/pineapples/login.php",
    "http://example.org/chargers/login.php",
    "http://example.org/att/",
    "https://fonts.googleapis.com/css?family=Roboto",
    "https://www.paypal.com/apple-id/login.php",
    "http://example.org/",
]


@pytest.mark.parametrize(("url", "brand"), COUNTS)
def test_a_name_with_a_sign_of_fraud_counts(url: str, brand: str) -> None:
    found = best(url)
    assert (found["brand"], found.get("technique")) == (brand, "path")
    assert DEFAULT_THRESHOLD <= int(str(found["confidence"])) <= MOST


@pytest.mark.parametrize(("url", "brand"), FAINT)
def test_a_single_sign_is_told_and_does_not_count(url: str, brand: str) -> None:
    found = best(url)
    assert found["brand"] == brand
    assert LEAST <= int(str(found["confidence"])) < DEFAULT_THRESHOLD


@pytest.mark.parametrize("url", INNOCENT)
def test_a_mention_stays_below_the_threshold(url: str) -> None:
    assert int(str(best(url)["confidence"])) < DEFAULT_THRESHOLD


@pytest.mark.parametrize(
    "text", ["paypal-login", "netflix", "dhl-tracking", "paypa1-verify", "www.paypal.com-signin", "xn--pypal-4ve"]
)
def test_a_name_says_less_in_a_path_than_in_a_host(text: str) -> None:
    host = urls_frame(f"http://{text}.example.org/")
    in_host = bundled().match_hosts(host.drop("tail"))
    assert int(str(best(f"http://example.org/{text}/")["confidence"])) < in_host["confidence"][0]


@pytest.mark.parametrize(
    ("url", "matched", "told"),
    [
        ("http://example.org/paypal/verification.php", "paypal ~ paypal", "beside the keyword “verification”"),
        ("http://example.org/PayPaI/login.php", "PayPaI ~ paypal", "beside the keyword “login”"),
        ("http://example.org/xn--pypal-4ve.com/login", "pаypal.com ~ paypal.com", "an official domain written out"),
        ("http://example.org/a/Wells_Fargo/login", "Wells_Fargo ~ wellsfargo", "the name in the path"),
        ("http://192.0.2.7/paypal/", "paypal ~ paypal", "on a bare address"),
        ("http://example.org/wp-admin/paypal/", "paypal ~ paypal", "below a site program's own folders"),
        ("http://example.org/奇富借條/denglu", "奇富借條 ~ 奇富借条", "denglu"),
        ("http://example.org/apple/login.php", "apple ~ apple", "an ordinary word"),
    ],
)
def test_what_met_is_shown_and_told(url: str, matched: str, told: str) -> None:
    found = best(url)
    assert found["matched"] == matched
    assert told in str(found["explanation_en"])
    assert "路径" in str(found["explanation_zh"])


def test_each_url_is_answered_for_itself() -> None:
    urls = [url for url, _ in COUNTS] + INNOCENT
    together = bundled().match_urls(urls_frame(*urls).unique(["host", "tail"]))
    alone = pl.concat(bundled().match_urls(urls_frame(url)) for url in urls)
    assert together.schema == URL_MATCH_SCHEMA
    assert together.sort("host", "tail", "brand").equals(alone.unique().sort("host", "tail", "brand"))


def test_no_urls_give_no_matches() -> None:
    assert bundled().match_urls(urls_frame()).is_empty()


def test_a_longer_name_is_not_also_the_shorter_one() -> None:
    brands = [
        Brand(id="zyrqon", names=("Zyrqon",), domains=("zyrqon.com",)),
        Brand(id="zyrqonpay", names=("Zyrqonpay",), domains=("zyrqonpay.com",)),
    ]
    found = Matcher(brands).match_urls(urls_frame("http://example.org/zyrqonpay/login.php"))
    assert found["brand"].to_list() == ["zyrqonpay"]


def test_a_popular_host_is_doubted_and_it_is_said() -> None:
    brand = Brand(id="zyrqon", names=("Zyrqon",), domains=("zyrqon.com",))
    url = "https://www.wikipedia.org/www.zyrqon.com/login.php"
    plain, doubted = (best(url, Matcher([brand], popular=popular)) for popular in (False, True))
    assert int(str(doubted["confidence"])) < int(str(plain["confidence"]))
    assert "popular" in str(doubted["explanation_en"])


@pytest.mark.parametrize(
    "tail",
    [
        "%" * 50 + "paypal",
        "%25" * 300 + "70aypal",
        "paypal/" * 1_000,
        "a." * 3_000 + "paypal.com/login",
        "-".join(["paypal"] * 500),
        "/".join(f"{name}.com" for name in ("paypal", "google", "apple", "netflix", "chase", "ebay") * 60),
        "%00%01%0A%0Dpaypal%E2%80%AElogin",
        "%F0%9F%98%80paypal%ff%fe",
        "xn--/xn--a/xn--99999999999.com/paypal",
        "?" + "&" * 3_000 + "paypal=login",
        "奇富借条" * 200,
    ],
)
def test_hostile_tails_harm_nobody(tail: str) -> None:
    found = bundled().match_urls(urls_frame(f"http://example.org/{tail}", "http://example.org/netflix/login.php"))
    assert "netflix" in found["brand"]


def test_a_name_behind_what_is_read_is_not_seen() -> None:
    near, far = ("x" * (LONGEST - size) for size in (100, -1))
    assert best(f"http://example.org/{near}/paypal/login.php")["brand"] == "paypal"
    assert best(f"http://example.org/{far}/paypal/login.php")["brand"] is None
