"""Facts that are kept with the rows: whatever comes in whatever order, they say what the records say."""

import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.facts import COUNTED
from analytics.kpi.figures import compute
from db import facts, keysets
from db.archive import archive_events
from db.archives import reading_archived
from db.basis import noted_bases
from db.connection import snapshot, transaction
from db.facts import fold, is_untouched
from db.frames import scan_frames
from db.keys import make_key_file
from db.period import Period
from db.sources import read_cursor
from db.store import Store, now_ms, open_store
from flows.counting import keep_facts, known_measures
from flows.ingest import ingest
from flows.manifests import figure_bases
from flows.rollup import computed_figures, figures, roll_up
from flows.taking import Document
from flows.verifying import verify
from spiders.formats import tweetfeed
from tests.flows.calls import Call
from tests.flows.test_ingest import make_source

YEAR: Final = 2024
YEARS: Final = (2023, YEAR)
AT: Final = 1_704_067_200_000
"""2024-01-01 08:00 in Shanghai: when files without times were fetched."""
INSTANTS: Final = ("2023-06-01 12:00:00", "2023-12-31 15:59:59", "2023-12-31 16:00:00", "2024-03-05 09:00:00")
HOSTS: Final = ("a.one.example", "b.one.example")
ADDRESSES: Final = (*HOSTS, *(f"http://{host}/x" for host in HOSTS))
COLUMNS: Final = {
    "sighting": {
        "address": ADDRESSES,
        "published": (*INSTANTS, ""),
        "claim": ("malicious", "malicious", "malicious", "benign", "none"),
        "is_test": ("false", "false", "false", "true"),
    },
    "verdict": {
        "event_id": tuple("abcdef"),
        "occurred_at": INSTANTS,
        "address": ADDRESSES,
        "answer": ("confirmed", "dismissed", "unsure"),
        "by": ("an analyst",),
        "is_test": ("false", "false", "true"),
    },
    "warning": {
        "event_id": tuple("abcdefghijkl"),
        "occurred_at": INSTANTS,
        "stage": ("emitted", "emitted", "rendered", "connected", "generated"),
        "warning": ("w1", "w2", "w3", "预警", "w" * 70, ""),
        "channel": ("ai", "ai", "sms"),
        "sink": ("jietiao_security_centre", "jietiao_security_centre", "elsewhere", ""),
        "campaign": ("c1", "c2", ""),
        "subject": ("s1", "s2", "s3", ""),
        "is_test": ("false", "false", "true"),
    },
}
_ROWS: Final = {
    kind: st.lists(st.tuples(*map(st.sampled_from, columns.values())), min_size=1, max_size=6)
    for kind, columns in COLUMNS.items()
}
_IMPORTS: Final = st.one_of(
    *(st.tuples(st.just("import"), st.just(kind), st.sampled_from([1, 2]), rows) for kind, rows in _ROWS.items())
)
_CORRECTIONS: Final = st.builds(
    lambda kind, number, ids: ("correct", f"{kind}-{number}", ids),
    st.sampled_from(["warning", "verdict"]),
    st.sampled_from([1, 2]),
    st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3),
)
_OTHERS: Final = st.sampled_from([("keep",), ("fold",), ("archive",)])


def take(store: Store, kind: str, number: int, rows: list[tuple[str, ...]]) -> None:
    """Import rows of a kind from one of two sources, of which the second makes its records up."""
    names = COLUMNS[kind]
    source = make_source(
        name=f"{kind}-{number}",
        format="table",
        yields="events",
        kind=kind,
        columns={name: name for name in names},
        synthetic=number == 2,
    )
    text = "\n".join("\t".join(row) for row in [tuple(names), *rows])
    documents = [Document("rows.tsv", text.encode(), AT)]
    ingest(store, source, documents, read_cursor(store.database, source.name), started_at=now_ms(), normal=None)


def correct(store: Store, source: str, events: Sequence[str], **more: str) -> None:
    """Import corrections of a source's events."""
    rows = [{"source": source, "corrected": event, "why": "sent by mistake"} | more for event in events]
    columns = {name: name for name in rows[0]}
    declared = make_source(name="corrections", format="table", yields="events", kind="correction", columns=columns)
    text = "\n".join(",".join(row) for row in [columns, *(row.values() for row in rows)])
    documents = [Document("corrections.csv", text.encode(), AT)]
    ingest(store, declared, documents, read_cursor(store.database, declared.name), started_at=now_ms(), normal=None)


def do(store: Store, step: tuple[Any, ...]) -> None:
    name, *rest = step
    if name == "import":
        take(store, *rest)
    elif name == "correct":
        correct(store, *rest)
    elif name == "archive":
        archive_events(store, date(2024, 1, 1))
    for year in YEARS:
        if name == "keep":
            keep_facts(store, [year])
        elif name == "fold":
            with transaction(store.database):
                for kpi in COUNTED:
                    fold(store.database, kpi, year)


@contextmanager
def fresh_store() -> Iterator[Store]:
    with TemporaryDirectory() as name:
        make_key_file(Path(name) / "key")
        with open_store(Path(name) / "fanzha.db", Path(name) / "key") as opened:
            yield opened


def of_facts_and_records(store: Store, year: int, *, are_all_kept: bool = True) -> tuple[list[Any], list[Any]]:
    wanted = [DEFINITIONS[kpi] for kpi in COUNTED]
    with snapshot(store.database), reading_archived():
        frames, known = scan_frames(store.database, Period(year)), known_measures(store.database, year)
        assert known.keys() == (COUNTED.keys() if are_all_kept else known.keys())
        return compute(frames, Period(year), wanted, known), compute(frames, Period(year), wanted)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    before=st.lists(_IMPORTS, max_size=3),
    steps=st.lists(st.one_of(_IMPORTS, _IMPORTS, _CORRECTIONS, _OTHERS), max_size=8),
    are_folded_in=st.booleans(),
)
def test_facts_say_what_the_records_say(
    before: list[tuple[Any, ...]], steps: list[tuple[Any, ...]], *, are_folded_in: bool
) -> None:
    with fresh_store() as store, pytest.MonkeyPatch.context() as patch:
        patch.setattr(keysets, "PART", 2)
        patch.setattr(facts, "_MOST_LATER", 0 if are_folded_in else 1_000)
        for step in [*before, ("keep",), *steps]:
            do(store, step)
        for year in YEARS:
            # of what is archived or has no record left, the facts are counted anew when they are asked for next
            are_all_kept = not any(step[0] == "correct" for step in steps)
            of_facts, of_records = of_facts_and_records(store, year, are_all_kept=are_all_kept)
            assert of_facts == of_records


def sighting(address: str, published: str, claim: str = "malicious", is_test: str = "false") -> tuple[str, ...]:
    return address, published, claim, is_test


def verdict(event: str, address: str, answer: str, at: str = "2024-05-01 00:00:00") -> tuple[str, ...]:
    return event, at, address, answer, "an analyst", "false"


def warning(event: str, name: str, at: str = "2024-05-01 00:00:00", stage: str = "emitted") -> tuple[str, ...]:
    return event, at, stage, name, "ai", "jietiao_security_centre", "c1", "s1", "false"


MAY: Final = "2024-05-01 00:00:00"
OLD: Final = "2023-05-01 00:00:00"
PAGE, OTHER, HOST = "http://a.one.example/x", "http://b.one.example/x", "a.one.example"
THERE: Final = {
    "sighting": [sighting(PAGE, MAY), sighting(OTHER, MAY)],
    "warning": [warning("a", "w1"), warning("b", "w2"), warning("c", "", stage="rendered")],
}
LATE: Final = {
    "an address nobody had seen": ("K01", 3, "sighting", [sighting("http://c.one.example/", MAY)]),
    "an address of another domain": ("K01", 3, "sighting", [sighting("http://two.example/", MAY)]),
    "the same address again": ("K01", 2, "sighting", [sighting(PAGE, "2024-06-01 00:00:00")]),
    "an earlier sighting, of last year": ("K01", 1, "sighting", [sighting(PAGE, OLD)]),
    "an earlier one that is a test": ("K01", 2, "sighting", [sighting(PAGE, OLD, is_test="true")]),
    "an allowlist that names the address": ("K01", 1, "sighting", [sighting(PAGE, MAY, "benign")]),
    "an allowlist that names its host": ("K01", 1, "sighting", [sighting(HOST, MAY, "benign")]),
    "a verdict that dismisses the address": ("K01", 1, "verdict", [verdict("v", PAGE, "dismissed")]),
    "a verdict that dismisses its host": ("K01", 1, "verdict", [verdict("v", HOST, "dismissed")]),
    "a verdict on the address, another on its host": (
        "K01",
        2,
        "verdict",
        [verdict("v", HOST, "dismissed"), verdict("w", PAGE, "confirmed", OLD)],
    ),
    "a new warning of a past day": ("K03", 3, "warning", [warning("d", "w3", "2024-01-01 00:00:00")]),
    "a warning told again": ("K03", 2, "warning", [warning("d", "w1", "2024-01-01 00:00:00")]),
    "a warning of an event that is there": ("K03", 2, "warning", [warning("a", "w9")]),
    "a warning without an id": ("K03", 3, "warning", [warning("d", "")]),
    "a warning of last year": ("K03", 2, "warning", [warning("d", "w3", OLD)]),
    "a warning of another stage": ("K03", 2, "warning", [warning("d", "w3", stage="connected")]),
    "a reminder of the same day": ("K38", 1, "warning", [warning("d", "", stage="connected")]),
    "a reminder of another": ("K38", 2, "warning", [warning("d", "", "2024-05-02 00:00:00", "connected")]),
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store whose facts are kept."""
    folder = tmp_path_factory.mktemp("kept")
    make_key_file(folder / "key")
    with open_store(folder / "fanzha.db", folder / "key") as opened:
        for one, held in THERE.items():
            take(opened, one, 1, held)
        keep_facts(opened, [YEAR])
    return folder


@pytest.fixture
def store(kept: Path, tmp_path: Path) -> Iterator[Store]:
    """That store, for one test."""
    shutil.copytree(kept, tmp_path / "kept")
    with open_store(tmp_path / "kept" / "fanzha.db", tmp_path / "kept" / "key") as opened:
        yield opened


@pytest.mark.parametrize(("kpi", "expected", "kind", "rows"), LATE.values(), ids=LATE)
def test_what_comes_late_changes_what_it_concerns(
    store: Store, kpi: str, expected: int, kind: str, rows: list[tuple[str, ...]]
) -> None:
    take(store, kind, 1 if kind == "warning" else 2, rows)
    of_facts, of_records = of_facts_and_records(store, YEAR)
    assert of_facts == of_records
    assert {figure.id: figure.value for figure in of_facts}[kpi] == expected


CORRECTED: Final = {
    "a warning": ("K03", 1, "warning-1", "a"),
    "a warning without an id, which is a reminder": ("K38", 0, "warning-1", "c"),
    "a verdict that dismissed": ("K01", 2, "verdict-1", "v"),
    "a warning of another source": ("K03", 2, "warning-2", "a"),
    "no event that is there": ("K03", 2, "warning-1", "z"),
}


@pytest.mark.parametrize(("kpi", "expected", "source", "event"), CORRECTED.values(), ids=CORRECTED)
def test_what_is_void_is_taken_from_what_it_concerns(
    store: Store, kpi: str, expected: int, source: str, event: str
) -> None:
    take(store, "verdict", 1, [verdict("v", HOST, "dismissed")])
    correct(store, source, event)
    of_facts, of_records = of_facts_and_records(store, YEAR, are_all_kept=expected > 0)
    assert of_facts == of_records
    assert {figure.id: figure.value for figure in of_facts}[kpi] == expected
    assert verify(store, deep=True)[1] == []


def test_a_day_later_nothing_of_the_year_is_read_again(store: Store) -> None:
    roll_up(store, YEAR)
    take(store, "sighting", 1, [sighting("http://c.one.example/", MAY)])
    take(store, "warning", 1, [warning("d", "w3")])
    seen: list[str] = []
    store.database.conn.set_trace_callback(seen.append)
    found = figures(store.database, YEAR)
    store.database.conn.set_trace_callback(None)
    assert not [query for query in seen if "FROM sighting" in query or "FROM warning" in query]
    assert found == computed_figures(store.database, YEAR)
    assert {one.id: one.value for one in found if one.id in COUNTED} == {"K01": 3, "K03": 3, "K38": 1, "B03": 1}
    roll_up(store, YEAR)
    before = "SELECT value FROM kpi_run WHERE kpi = 'K01' AND year = 2024 ORDER BY kpi_run_id"
    assert store.database.execute(before).fetchall() == [("2",), ("3",)], "what it was before stays on record"


@pytest.mark.parametrize("damage", ["UPDATE kpi_sum SET n = n + 1 WHERE what = '/address'", "DELETE FROM kpi_keys"])
def test_verify_finds_facts_that_are_not_what_the_records_say_and_a_run_mends_them(store: Store, damage: str) -> None:
    roll_up(store, YEAR)
    assert verify(store, deep=False)[1] == []
    with transaction(store.database):
        store.database.execute(damage)
    assert [fault for fault in verify(store, deep=False)[1] if "of 2024: its facts give" in fault]
    roll_up(store, YEAR)
    assert verify(store, deep=False)[1] == []


def test_what_comes_while_facts_are_counted_is_in_them_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction(store.database):
        store.database.execute("DELETE FROM kpi_fact")

    def late(database: Database, kpi: str, year: int) -> bool:
        """Another process stores a warning after the announcement, before the records are read."""
        monkeypatch.undo()
        store.database.conn.rollback()
        take(store, "warning", 1, [warning("d", "w3")])
        store.database.conn.execute("BEGIN")
        return is_untouched(database, kpi, year)

    monkeypatch.setattr("flows.counting.is_untouched", late)
    keep_facts(store, [YEAR])
    of_facts, of_records = of_facts_and_records(store, YEAR)
    assert of_facts == of_records


def held(store: Store) -> list[object]:
    tables = ("kpi_fact", "kpi_sum", "kpi_keys")
    return [store.database.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4").fetchall() for table in tables]


def test_the_facts_of_years_are_counted_in_one_reading(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, rows in {"sighting": [sighting(OTHER, OLD)], "warning": [warning("d", "w3", OLD)]}.items():
        take(store, kind, 1, rows)
    seen: list[str] = []
    for most in (40_000_000, 0):
        monkeypatch.setattr("analytics.kpi.facts._MOST_HELD", most)
        with transaction(store.database):
            for table in ("kpi_fact", "kpi_sum", "kpi_keys"):
                store.database.execute(f"DELETE FROM {table}")
        seen.clear()
        store.database.conn.set_trace_callback(seen.append)
        keep_facts(store, [2022, *YEARS])
        store.database.conn.set_trace_callback(None)
        readings = len([query for query in seen if "registrable_domain" in query])
        # of more than is held in memory, year by year
        assert readings == (1 if most else 3)
        for year in YEARS:
            of_facts, of_records = of_facts_and_records(store, year)
            assert of_facts == of_records
    assert [known.tallied for known in known_measures(store.database, 2022).values()] == [None] * len(COUNTED)


def test_facts_of_another_version_of_a_definition_are_counted_anew(store: Store) -> None:
    with transaction(store.database):
        store.database.execute("UPDATE kpi_fact SET version = '0'")
        store.database.execute("UPDATE kpi_sum SET n = 7")
    assert known_measures(store.database, YEAR) == {}
    roll_up(store, YEAR)
    of_facts, of_records = of_facts_and_records(store, YEAR)
    assert of_facts == of_records


def test_an_import_leaves_the_figures_of_its_years_computed(filled: Call, tmp_path: Path) -> None:
    path, key = tmp_path / "fanzha.db", tmp_path / "test.key"
    with open_store(path, key) as opened:
        assert {one.id: one.value for one in roll_up(opened, YEAR)}["K05"] == 2
    (tmp_path / "more.csv").write_text("id,at,url,result,user\n9,2024-07-01 10:00:00,c.example,benign,u3\n", "utf-8")
    assert filled("import", "table", "more.csv", "--source", "checks", "--sources", "sources.toml")[0] == 0
    with open_store(path, key) as opened:
        noted, bases = noted_bases(opened.database), figure_bases(opened.database, YEAR)
        assert {kpi: noted[f"{kpi} {YEAR}"] for kpi in DEFINITIONS} == bases
        assert {one.id: one.value for one in figures(opened.database, YEAR)}["K05"] == 3


def test_rows_that_are_readable_now_are_in_the_figures(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = "2024-05-01 00:00:00,someone,{},{}.example,#synthetic,https://twitter.example/1\n"
    (tmp_path / "feed.csv").write_text(row.format("domain", "a") + row.format("hostname", "b"), "utf-8")
    call("import", "tweetfeed", "feed.csv")
    with open_store(tmp_path / "fanzha.db", None) as store:
        roll_up(store, 2024)
    shown = {one["id"]: one["value"] for one in json.loads(call("kpi", "2024", "--json")[1])}
    assert (shown["K01"], call("quarantine", "replay")[0]) == (1, 0)
    monkeypatch.setattr(tweetfeed, "_OURS", ("url", "domain", "hostname"))
    assert call("quarantine", "replay")[1].startswith("1 rejected rows are readable now, 1 rows stored")
    with closing(sqlite3.connect(tmp_path / "fanzha.db")) as database:
        runs = database.execute("SELECT value FROM kpi_run WHERE kpi = 'K01' AND year = 2024 ORDER BY kpi_run_id")
        assert runs.fetchall() == [("1",), ("2",)]
