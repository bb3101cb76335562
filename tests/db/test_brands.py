"""The brands file: what it may hold, and the one line that each fault gives."""

from pathlib import Path

import pytest

from db.brands import Brand, brand_warnings, load_brands, public_suffix, suffix_kind
from db.errors import UsageError

ONE = '[[brand]]\nid = "zyrqon"\nnames = ["Zyrqon"]\ndomains = ["zyrqon.example"]\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "synthetic-brands.toml"
    path.write_text(text, "utf-8")
    return path


def test_only_id_names_and_domains_are_needed(tmp_path: Path) -> None:
    (brand,) = load_brands(written(tmp_path, ONE))
    assert (brand.id, brand.threshold, brand.confirm_at, brand.own) == ("zyrqon", 60, None, False)


def test_two_brands_may_share_a_domain(tmp_path: Path) -> None:
    assert len(load_brands(written(tmp_path, ONE + ONE.replace('"zyrqon"', '"zyrqon-two"')))) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ONE + ONE, "stands twice"),
        (ONE.replace('["Zyrqon"]', '["  "]'), "a name is empty"),
        (ONE.replace('["Zyrqon"]', "[]"), "names"),
        (ONE.replace("zyrqon.example", "com"), "bare top-level domain"),
        (ONE.replace("zyrqon.example", "cn."), "bare top-level domain"),
        (ONE + 'colour = "red"\n', "colour"),
        (ONE + "[other]\n", "unknown key 'other'"),
        (ONE.replace('id = "zyrqon"', 'id = "Zyr Qon"'), "an id is a-z"),
        (ONE.replace('id = "zyrqon"\n', ""), "id"),
        (ONE + 'certificates = ["12ab"]\n', "SHA-256"),
        (ONE + "threshold = 101\n", "threshold"),
        (ONE + 'threshold = "60"\n', "threshold"),
        ("", "no [[brand]]"),
        ("brand = 3\n", "no [[brand]]"),
        ("[[brand]\n", "cannot be read"),
    ],
)
def test_a_faulty_file_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=r"synthetic-brands\.toml") as caught:
        load_brands(written(tmp_path, text))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load_brands(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("domain", "kind"),
    [
        ("gov.uk", "icann"),
        ("co.uk", "icann"),
        ("github.io", "private"),
        ("azurewebsites.net", "private"),
        ("a.ck", "icann"),
        ("www.ck", ""),
        ("paypal.com", ""),
    ],
)
def test_a_public_suffix_is_known(domain: str, kind: str) -> None:
    assert suffix_kind(domain) == kind


def test_a_public_suffix_as_official_domain_is_a_warning() -> None:
    brands = [Brand(id="x", names=("X Y",), domains=("gov.uk", "github.io", "zyrqon.example"))]
    first, second = brand_warnings(brands)
    assert "'gov.uk'" in first
    assert "every name under it" in first
    assert "'github.io'" in second


def test_the_suffix_of_a_host() -> None:
    assert [public_suffix(host) for host in ("a.b.co.uk", "t.github.io", "192.0.2.1")] == ["co.uk", "github.io", ""]


def test_the_bundled_brands_are_sound() -> None:
    brands = load_brands()
    assert len(brands) >= 60
    assert brands[0].id == "qifu-jietiao"
    assert brands[0].own
    assert brands[0].follow
    assert {"奇富借条", "360借条"} <= set(brands[0].names)
    assert all(brand.sector for brand in brands)
    assert {warning.split("'")[3] for warning in brand_warnings(brands)} >= {"gov.uk", "azurewebsites.net"}


def test_international_domains_are_kept_as_a_labels() -> None:
    (domain,) = Brand(id="x", names=("X Y",), domains=("bücher.example",)).domains
    assert domain == "xn--bcher-kva.example"


def test_names_in_both_languages() -> None:
    brand = Brand(id="x", names=("360借条", "360 Jietiao"), domains=())
    assert (brand.name_zh, brand.name_en) == ("360借条", "360 Jietiao")
