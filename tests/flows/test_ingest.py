"""From documents to records: what is stored, what is not, and that a second time changes nothing."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.errors import SourceFailed, UsageError
from db.figures import years_with_records
from db.sources import Counts, Cursor, read_cursor
from db.store import Store, open_store
from flows.importing import Replayed, replay_quarantine
from flows.ingest import ingest, log_unchanged
from flows.taking import Document
from spiders.catalogue import Normal, Source
from spiders.formats import tweetfeed

HOUR = 3_600_000
NOW = 1_720_000_000_000


def make_source(**changes: object) -> Source:
    declared: dict[str, object] = {
        "name": "synthetic",
        "title": "Synthetic",
        "publisher": "tests",
        "licence": "Apache-2.0",
        "path": "synthetic.txt",
        "format": "list",
        "yields": "malicious",
        "synthetic": True,
    }
    return Source.model_validate(declared | changes)


WARNINGS = make_source(
    name="synthetic-warnings",
    format="table",
    yields="events",
    kind="warning",
    columns={"event_id": "id", "occurred_at": "at", "stage": "stage", "subject": "user", "sink": "sink"},
)


def take(store: Store, source: Source, text: str, *, normal: Normal | None = None, at: int = NOW) -> Counts:
    documents = [Document("synthetic.txt", text.encode(), at)]
    return ingest(store, source, documents, read_cursor(store.database, source.name), started_at=at, normal=normal)


def contents(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every table but the log of attempts."""
    return {
        name: store.database.execute(f'SELECT * FROM "{name}" ORDER BY 1, 2').fetchall()
        for name in store.database.table_names()
        if name != "fetch"
    }


LIST = "# synthetic\nhttp://a.example/x\nhxxp://b[.]example/\nb.example\nno address at all\nhttp://a.example:80/x\n"


def test_the_four_ways_a_row_can_end_add_up(store: Store) -> None:
    assert take(store, make_source(), LIST) == Counts(stored=3, duplicates=1, ignored=0, quarantined=1)


def test_a_second_time_stores_nothing_and_changes_nothing_but_the_log(store: Store) -> None:
    take(store, make_source(), LIST)
    before = contents(store)
    assert take(store, make_source(), LIST, at=NOW + HOUR) == Counts(duplicates=4, quarantined=1)
    assert contents(store) == before
    assert store.database.execute("SELECT count(*) FROM fetch").fetchone() == (2,)


def test_a_rejected_row_keeps_its_text_place_and_reason(store: Store) -> None:
    take(store, make_source(), LIST)
    rows = store.database.execute("SELECT position, raw, reason FROM v_quarantine").fetchall()
    assert [(position, "no address at all" in raw, bool(reason)) for position, raw, reason in rows] == [(5, True, True)]


def test_a_source_about_persons_keeps_no_text_of_them_anywhere(store: Store) -> None:
    text = "id,at,stage,user,sink\n1,2024-01-01 00:00:00,emitted,13800138000,s\n2,never,emitted,13900139000,s\n"
    assert take(store, WARNINGS, text) == Counts(stored=1, quarantined=1)
    assert store.database.execute("SELECT raw FROM quarantine").fetchall() == [("",)]
    kept = b"".join(path.read_bytes() for path in store.path.parent.rglob("*") if path.is_file())
    assert b"13800138000" not in kept
    assert b"13900139000" not in kept


def test_a_source_about_persons_needs_a_key(tmp_path: Path) -> None:
    with open_store(tmp_path / "keyless.db", None) as keyless:
        with pytest.raises(UsageError, match="FANZHA_KEY_FILE"):
            take(keyless, WARNINGS, "id,at,stage,user,sink\n")
        assert not list((tmp_path / "keyless.db.landing").rglob("*.z"))


def test_a_company_event_is_known_by_its_id(store: Store) -> None:
    head = "id,at,stage,user,sink\n"
    assert take(store, WARNINGS, head + "7,2024-01-01 00:00:00,emitted,u1,s\n") == Counts(stored=1)
    assert take(
        store, WARNINGS, head + "7,2024-01-02 00:00:00,emitted,u1,s\n8,2024-01-02 00:00:00,emitted,u1,s\n"
    ) == Counts(stored=1, duplicates=1)


ABNORMAL = {
    "nothing": ("", Normal(), "0 rows, normal is at least 1; it is empty"),
    "far less": ("a.example\n", Normal(min_rows=100), "1 rows, normal is at least 100"),
    "far more": ("a.example\nb.example\n", Normal(max_rows=1), "2 rows, normal is at most 1"),
    "unreadable rows": ("a.example\nno host\n", Normal(max_rejected_share=0.1), "1 of 2 rows cannot be read"),
    "an HTML page": ("<!DOCTYPE html><title>Welcome</title>", Normal(), "an HTML page in place of"),
    "suspended": ("Account Suspended\n", Normal(max_rejected_share=0.5), "cannot be read"),
}


@pytest.mark.parametrize(("text", "normal", "says"), ABNORMAL.values(), ids=ABNORMAL)
def test_an_abnormal_answer_fails_loudly_and_leaves_the_last_good_state(
    store: Store, text: str, normal: Normal, says: str
) -> None:
    take(store, make_source(), "good.example\n")
    before = contents(store)
    with pytest.raises(SourceFailed, match=says):
        take(store, make_source(), text, normal=normal)
    after = contents(store)
    for name in ("sighting", "url", "host", "source"):
        assert after[name] == before[name]
    assert len(after["document"]) == len(before["document"]) + 1, "what arrived is kept"


@pytest.mark.parametrize("answers", ["the same", "that nothing changed"])
def test_a_source_goes_stale_in_time_though_the_clock_was_ahead(store: Store, answers: str) -> None:
    source = make_source(normal={"max_age_hours": 24})
    take(store, source, "a.example\n", normal=source.normal, at=NOW + 9_999 * HOUR)
    for at in (NOW, NOW + 23 * HOUR):
        if answers == "the same":
            take(store, source, "a.example\n", normal=source.normal, at=at)
        else:
            log_unchanged(store, source, read_cursor(store.database, source.name), at)
    with pytest.raises(SourceFailed, match="stale: the same answer for 25 h"):
        log_unchanged(store, source, read_cursor(store.database, source.name), NOW + 25 * HOUR)


def test_the_same_answer_for_too_long_is_stale(store: Store) -> None:
    source = make_source(normal={"max_age_hours": 24})
    take(store, source, "a.example\n", normal=source.normal)
    log_unchanged(store, source, read_cursor(store.database, source.name), NOW + 23 * HOUR)
    with pytest.raises(SourceFailed, match="stale: the same answer for 25 h"):
        log_unchanged(store, source, read_cursor(store.database, source.name), NOW + 25 * HOUR)
    with pytest.raises(SourceFailed, match="stale"):
        take(store, source, "a.example\n", normal=source.normal, at=NOW + 25 * HOUR)
    assert take(store, source, "a.example\nb.example\n", normal=source.normal, at=NOW + 26 * HOUR) == Counts(1, 1)


def test_a_feed_whose_newest_row_is_old_is_stale(store: Store) -> None:
    source = make_source(format="tweetfeed", normal={"max_age_hours": 24})
    old = "2020-01-01 00:00:00,someone,domain,a.example,#synthetic,https://twitter.example/1\n"
    with pytest.raises(SourceFailed, match="its newest row is"):
        take(store, source, old, normal=source.normal)


ODD_TIMES = ("0000-01-01 00:00:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59", "10000-01-01 00:00:00", "-1", "1e999",
             "2024-02-30 00:00:00", "2024-01-01T24:00:00Z", "2024-01-01 00:00:00+99:99", "NaN", "")  # fmt: skip


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(st.sampled_from(ODD_TIMES), st.text("a.:/@[]奇\0\"' ,", max_size=12)), max_size=20))
def test_rows_of_odd_times_and_addresses_end_in_one_of_the_four_ways(store: Store, rows: list[tuple[str, str]]) -> None:
    text = "".join(f"{at},someone,url,{value},#synthetic,https://twitter.example/1\n" for at, value in rows)
    counts = take(store, make_source(format="tweetfeed"), text)
    assert counts.rows >= bool(rows), "a quote may join lines to one record"
    assert take(store, make_source(format="tweetfeed"), text) == replace(
        counts, stored=0, duplicates=counts.stored + counts.duplicates
    )


def test_rejected_rows_are_read_again_once_the_parser_is_mended(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = make_source(format="tweetfeed", zone="UTC")
    row = "2024-01-01 00:00:00,someone,domain,a.example,#synthetic,https://twitter.example/1\n"
    take(store, broken, row + row.replace(",domain,", ",hostname,"))
    assert replay_quarantine(store, None) == Replayed(Counts(duplicates=1, quarantined=1), 0, 1, ())
    monkeypatch.setattr(tweetfeed, "_OURS", ("url", "domain", "hostname"))
    done = replay_quarantine(store, "synthetic")
    assert (done.resolved, done.left, done.counts.quarantined) == (1, 0, 0)


KILLED = """
import sys
from pathlib import Path
import flows.ingest as ingest_module
import flows.preparing as preparing_module
from db.store import open_store
from tests.flows.test_ingest import make_source, take
preparing_module.BATCH_ROWS = 100
calls = 0
real = ingest_module.save_counted
def dying(*arguments):
    global calls
    calls += 1
    if calls == 4:
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments)
ingest_module.save_counted = dying
with open_store(Path(sys.argv[1]), None) as store:
    take(store, make_source(), "".join(f"http://host-{n}.example/\\n" for n in range(1000)))
"""


def test_a_killed_run_ends_with_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.preparing.BATCH_ROWS", 100)
    text = "".join(f"http://host-{n}.example/\n" for n in range(1000))
    root = Path(__file__).parent.parent.parent
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "killed.db")], cwd=root, check=False)
    assert done.returncode == -9
    with open_store(tmp_path / "killed.db", None) as killed, open_store(tmp_path / "whole.db", None) as whole:
        assert killed.database.execute("SELECT count(*) FROM sighting").fetchone() == (300,)
        take(killed, make_source(), text)
        take(whole, make_source(), text)
        assert {name: rows for name, rows in contents(killed).items() if name != "_sqlite_migrations"} == {
            name: rows for name, rows in contents(whole).items() if name != "_sqlite_migrations"
        }


def test_an_empty_cursor_is_what_a_new_source_has(store: Store) -> None:
    assert read_cursor(store.database, "never-seen") == Cursor()


LEAKY = {
    "a file without a header": "13800138000,emitted\n",
    "a web page": "<html><title>user 13800138000</title></html>",
    "too few rows": "id,at,stage,user,sink\n13800138000,2024-01-01,emitted,13800138000,s\n",
}


@pytest.mark.parametrize("text", LEAKY.values(), ids=LEAKY)
def test_why_a_source_about_persons_failed_quotes_nothing_of_it(store: Store, text: str) -> None:
    with pytest.raises(SourceFailed) as caught:
        take(store, WARNINGS, text, normal=Normal(min_rows=5))
    assert "138" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_row_from_before_the_first_year_breaks_no_roll_up(store: Store) -> None:
    old = "1990-06-01 00:00:00,someone,domain,a.example,#synthetic,https://twitter.example/1\n"
    take(store, make_source(format="tweetfeed"), old + old.replace("1990", "2024"))
    assert years_with_records(store.database) == [2024]
