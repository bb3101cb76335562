"""Apps against brands. Packages, names and certificates but the well-known brands' own are made up."""

from functools import cache

import polars as pl
import pytest

from analytics.match.apps import APP_SCHEMA
from analytics.match.matcher import Matcher
from db.brands import Brand, load_brands

OFFICIAL, OTHER = "ab" * 32, "cd" * 32
SIGNED = Brand(
    id="zyrqon",
    names=("Zyrqon", "泽启借条"),
    domains=("zyrqon.example",),
    packages=("com.zyrqon.loan",),
    certificates=(OFFICIAL,),
)


def apps_frame(*apps: tuple[str | None, str | None, str | None]) -> pl.DataFrame:
    rows = [(number, package, name, None, certificate) for number, (package, name, certificate) in enumerate(apps)]
    schema = {
        "app_id": pl.Int64,
        "package": pl.String,
        "name": pl.String,
        "developer": pl.String,
        "certificate": pl.String,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


@cache
def bundled() -> Matcher:
    return Matcher(load_brands())


def best(package: str | None, name: str | None) -> tuple[str, str, int] | None:
    found = bundled().match_apps(apps_frame((package, name, None)))
    return found.select("brand", "technique", "confidence").row(0) if found.height else None


@pytest.mark.parametrize(
    ("package", "name", "technique"),
    [
        ("com.qih00.loan", "借款", "package"),
        ("com.qihoo.1oan", "借款", "package"),
        ("com.qihoo.loan.vip", "借款", "package"),
        ("com.synthetic.one", "360借条-官方版", "name"),
        ("com.synthetic.two", "360 借条 Pro", "name"),
        ("com.synthetic.three", "36O借條", "name"),
        ("com.synthetic.four", "３６０借条", "name"),
        ("com.synthetic.five", "奇富借条极速版", "name"),
        (None, "奇富借条", "name"),
    ],
)
def test_a_fake_of_the_loan_app_is_found(package: str | None, name: str, technique: str) -> None:
    found = best(package, name)
    assert found is not None
    assert found[:2] == ("qifu-jietiao", technique)
    assert found[2] >= 60


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("com.qihoo.loan", "360借条"),  # the official package, no certificate listed
        ("com.synthetic.calc", "Calculator"),
        ("com.synthetic.orange", "Orange juice recipes"),
        ("com.synthetic.run", "Chase the sun"),
        ("com.synthetic.zh", "每日记账"),
        (None, None),
        ("", ""),
    ],
)
def test_genuine_and_unrelated_apps_have_no_match(package: str | None, name: str | None) -> None:
    found = best(package, name)
    assert found is None or found[2] < 60


@pytest.mark.parametrize(
    ("certificate", "expected"),
    [(OFFICIAL, []), (OFFICIAL.upper(), []), (OTHER, [("zyrqon", "certificate", 100)]), (None, [])],
)
def test_the_certificate_decides_for_the_official_package(
    certificate: str | None, expected: list[tuple[str, str, int]]
) -> None:
    found = Matcher([SIGNED]).match_apps(apps_frame(("com.zyrqon.loan", "Zyrqon", certificate)))
    assert found.select("brand", "technique", "confidence").rows() == expected


def test_the_official_certificate_makes_any_package_genuine() -> None:
    assert Matcher([SIGNED]).match_apps(apps_frame(("com.zyrqon.tablet", "Zyrqon HD", OFFICIAL))).is_empty()


def test_a_similar_package_makes_the_name_surer() -> None:
    frame = apps_frame(("com.zyrqom.loan", "泽启借条", None), ("com.other.thing", "泽启借条", None))
    first, second = Matcher([SIGNED]).match_apps(frame).sort("app_id")["confidence"]
    assert first > second


def test_what_it_is_made_for_is_not_what_it_is() -> None:
    made_for, itself = best("com.synthetic.a", "Stickers for WhatsApp"), best("com.synthetic.b", "WhatsApp Pro")
    assert itself is not None
    assert made_for is None or made_for[2] < itself[2]


def test_the_output_has_the_declared_columns() -> None:
    found = bundled().match_apps(apps_frame(("com.synthetic.one", "360借条-官方版", None)))
    assert found.schema == APP_SCHEMA
    assert found["matched"][0] == "360借条-官方版 ~ 360借条"
    assert bundled().match_apps(apps_frame()).schema == APP_SCHEMA
