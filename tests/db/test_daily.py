"""What is kept beside the rows is what counting them would give, whatever comes in whatever order."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from db.vocabulary import Yields
from tests.web.filled import DAY, NOON, Records, filled

RECOUNTED = """SELECT (occurred_at + 28800000) / 86400000, source_id, stage_id,
    coalesce(channel_id, 0), coalesce(sink_id, 0), coalesce(programme_id, 0), count(*)
FROM warning WHERE NOT is_test GROUP BY 1, 2, 3, 4, 5, 6"""
COUNTED = "SELECT * FROM warning_day"
SEEN = """SELECT host_id, min(seen_at) FROM match JOIN url USING (host_id) JOIN sighting USING (url_id)
    WHERE NOT is_test GROUP BY host_id ORDER BY 1"""
NOTED = "SELECT host_id, first_seen_at FROM match WHERE first_seen_at IS NOT NULL ORDER BY 1"

warning = st.fixed_dictionaries(
    {
        "event_id": st.sampled_from([f"w{n}" for n in range(12)]),
        "occurred_at": st.sampled_from([NOON - DAY, NOON, NOON + 1, NOON + DAY]),
        "stage": st.sampled_from(["emitted", "delivered"]),
        "channel": st.sampled_from([None, "sms"]),
        "is_test": st.sampled_from(["0", "1"]),
    }
)


def rows(database: Database, query: str) -> list[tuple[object, ...]]:
    return sorted(database.execute(query).fetchall())


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(warning, min_size=1, max_size=8), min_size=1, max_size=4))
def test_warnings_are_counted_once_each(batches: list[list[dict[str, object]]]) -> None:
    with TemporaryDirectory() as folder, filled(Path(folder)) as records:
        company = records.source("company", Yields.EVENTS)
        for batch in batches:
            records.save("warning", company, batch)
        assert rows(records.store.database, COUNTED) == rows(records.store.database, RECOUNTED)


sighting = st.tuples(st.sampled_from("abc"), st.integers(NOON, NOON + 5), st.booleans())


@settings(max_examples=30, deadline=None)
@given(st.lists(sighting, max_size=8), st.lists(sighting, max_size=8))
def test_a_match_knows_when_its_host_was_first_seen(
    before: list[tuple[str, int, bool]], after: list[tuple[str, int, bool]]
) -> None:
    with TemporaryDirectory() as folder, filled(Path(folder)) as records:
        records.source("feed")
        _sight(records, before)
        for host in {host for host, _, _ in before}:
            records.match(f"{host}.example")
        records.store.database.execute("INSERT INTO match_state VALUES (1, '3', 9, 0)")
        _sight(records, after)
        assert rows(records.store.database, NOTED) == rows(records.store.database, SEEN)


def _sight(records: Records, seen: list[tuple[str, int, bool]]) -> None:
    for host, at, is_test in seen:
        records.sight("feed", f"https://{host}.example/{at}", at=at, is_test="1" if is_test else "0")


def test_a_clock_that_goes_back_changes_nothing_that_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with filled(tmp_path) as records:
        feed = records.source("feed")
        records.save("address", feed, [{"address": "a.example", "claim": "malicious"}])
        records.match("a.example")
        records.store.database.execute("INSERT INTO match_state VALUES (1, '3', 9, 0)")
        monkeypatch.setattr("tests.web.filled.NOON", NOON - DAY)
        records.save("address", feed, [{"address": "a.example", "claim": "malicious"}])
        assert rows(records.store.database, NOTED) == rows(records.store.database, SEEN) != []
