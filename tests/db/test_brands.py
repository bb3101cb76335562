"""The brands file: what it may hold. The line that each fault gives: tests/flows/test_brands_file.py."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analytics.normalise.hosts import canonical_host
from db.brand_values import official_domain
from db.brands import Brand, brand_warnings, load_brands, public_suffix, stored_brand, suffix_kind
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


def test_faults_beyond_the_fifth_are_counted(tmp_path: Path) -> None:
    faulty = "".join(ONE.replace("zyrqon.example", f"https://z{number}.example/") for number in range(1_207))
    with pytest.raises(UsageError) as caught:
        load_brands(written(tmp_path, faulty))
    told = str(caught.value)
    assert [f"write z{number}.example" in told for number in range(7)] == [True] * 5 + [False] * 2
    assert told.endswith("; and 1,202 more")


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path: Path) -> None:
    assert load_brands(written(tmp_path, "\ufeff" + ONE)) == load_brands(written(tmp_path, ONE))


def test_what_is_kept_of_brands_is_read_as_it_was_even_if_it_is_refused_now(tmp_path: Path) -> None:
    (brand,) = load_brands(written(tmp_path, ONE + 'packages = ["com.zyrqon"]\nconfirm_at = 95\n'))
    assert stored_brand(json.loads(brand.model_dump_json())) == brand
    kept = {"id": "old", "names": ["\u200b"], "domains": ["https://old.example/"]}
    assert stored_brand(kept).domains == ("https://old.example/",)


@pytest.mark.parametrize(
    ("written_as", "kept"),
    [
        ("Zyrqon.Example.", "zyrqon.example"),
        (" zyrqon.example ", "zyrqon.example"),
        ("zyrqon。example", "zyrqon.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("faß.example", "xn--fa-hia.example"),
        ("奇富.中国", "xn--mtso2d.xn--fiqs8s"),
    ],
)
def test_a_domain_is_kept_as_the_matcher_reads_it(written_as: str, kept: str) -> None:
    assert official_domain(written_as) == official_domain(kept) == kept
    assert canonical_host(written_as.strip()) == kept


@given(st.text(st.sampled_from("aZ9-_.。*@/:?# äß奇中\u200bx"), max_size=12))
@example("xn--a.example")
def test_what_is_no_domain_is_refused_and_what_is_one_is_a_host_that_stays(text: str) -> None:
    try:
        domain = official_domain(text)
    except ValueError as refused:
        _, hint, meant = str(refused).partition(": write ")
        assert not hint or official_domain(meant)
        return
    assert official_domain(domain) == domain
    assert canonical_host(domain) == domain


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
    assert '"gov.uk"' in first
    assert "every name under it" in first
    assert '"github.io"' in second


@pytest.mark.parametrize(
    ("domains", "warned"),
    [
        (("www.zyrqon.com",), "write zyrqon.com"),
        (("login.zyrqon.co.uk",), "write zyrqon.co.uk"),
        (("www.zyrqon.com", "zyrqon.com"), ""),
        (("zyrqon.github.io",), ""),
        (("www.zyrqon.example",), ""),
    ],
)
def test_a_domain_under_what_is_not_official_is_a_warning(domains: tuple[str, ...], warned: str) -> None:
    told = brand_warnings([Brand(id="x", names=("X Y",), domains=domains)])
    assert [warned in line for line in told] == [True] * bool(warned)


def test_confirming_below_the_threshold_is_a_warning() -> None:
    made = {at: Brand(id="x", names=("X Y",), domains=(), threshold=60, confirm_at=at) for at in (59, 60, None)}
    assert ["confirm_at 59 is below" in line for line in brand_warnings(list(made.values()))] == [True]


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
    assert {warning.split('"')[3] for warning in brand_warnings(brands)} >= {"gov.uk", "azurewebsites.net"}


def test_names_in_both_languages() -> None:
    brand = Brand(id="x", names=("360借条", "360 Jietiao"), domains=())
    assert (brand.name_zh, brand.name_en) == ("360借条", "360 Jietiao")
