"""The views as analysts meet them, each column described."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.connection import open_database
from db.view import View
from db.views import VIEWS, ensure_views
from tests.web.filled import Records, filled

_ZH_AND_EN = re.compile(r".*[\u4e00-\u9fff].* · .*[A-Za-z].*")


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with filled(tmp_path) as made:
        yield made


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_column_is_described_in_order(records: Records, view: View) -> None:
    cursor = records.store.database.execute(f"SELECT * FROM {view.name} LIMIT 1")
    assert [column[0] for column in cursor.description] == list(view.columns)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_views_speak_chinese_and_english(view: View) -> None:
    assert all(_ZH_AND_EN.fullmatch(text) for text in (view.about, *view.columns.values()))


@pytest.mark.parametrize(
    "address",
    [
        "qifu-login-demo.example",
        "https://qifu-login-demo.example/",
        "http://qifu-login-demo.example:8080/a?b=c:d/e",
        "https://[2001:db8::1]:8443/x",
        "https://10.2.3.4/login",
    ],
)
def test_an_address_is_spelt_as_it_came(records: Records, address: str) -> None:
    records.sight(records.source("feed"), address)
    rows = records.store.database.execute("SELECT address, claim, seen_at, day FROM v_sightings").fetchall()
    assert rows == [(address, "malicious", "2024-06-01T12:00:00Z", "2024-06-01")]


def test_a_day_ends_at_midnight_in_shanghai(records: Records) -> None:
    records.source("feed")
    records.sight("feed", "a.example", at="2024-05-31T15:59:59Z")
    records.sight("feed", "b.example", at="2024-05-31T16:00:00Z")
    rows = records.store.database.execute("SELECT host, day FROM v_sightings ORDER BY host").fetchall()
    assert rows == [("a.example", "2024-05-31"), ("b.example", "2024-06-01")]


def test_a_lookalike_carries_its_sightings(records: Records) -> None:
    records.source("feed")
    records.sight("feed", "https://qifu-login-demo.example/a")
    records.sight("feed", "https://qifu-login-demo.example/b")
    records.match("qifu-login-demo.example", "demopay", 69)
    row = next(records.store.database.query("SELECT * FROM v_lookalikes"))
    assert (row["brand"], row["sightings"], row["first_seen"], row["is_above_threshold"]) == (
        "demopay",
        2,
        "2024-06-01T12:00:00Z",
        0,
    )


def test_views_are_made_anew_where_they_differ(tmp_path: Path) -> None:
    path = tmp_path / "fanzha.db"
    with open_database(path) as database:
        database.execute("DROP VIEW v_losses")
        database.execute("CREATE VIEW v_forgotten AS SELECT 1")
        database.execute("PRAGMA user_version = 1")
    with open_database(path) as database:
        names = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'view'")}
        assert names == {view.name for view in VIEWS}
        version = database.execute("PRAGMA user_version").fetchone()
        ensure_views(database)
        assert database.execute("PRAGMA user_version").fetchone() == version
