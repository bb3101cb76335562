"""What `fanzha verify` finds by what is derived, and `--deep` by reading again what landed; a mended store passes."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from db.store import Store, open_store
from flows.collect import spool
from flows.rollup import follow_up, roll_up
from flows.verifying import verify
from tests.flows.calls import Call
from tests.flows.test_ingest import WARNINGS, make_source, take
from tests.flows.test_rollup import take as take_rows

LIST = "http://a.example/x\nb.example\nno address at all\n"
PERSONS = "id,at,stage,user,sink\n1,2024-01-01 00:00:00,emitted,u1,s\n2,2024-01-02 00:00:00,emitted,u2,s\n"
ATTACKS = (
    {"event_id": "1", "occurred_at": "2024-03-01 10:00:00", "type": "confirmation", "address": "x.example"},
    {"event_id": "2", "occurred_at": "2024-03-02 10:00:00", "type": "action", "address": "x.example"},
)


@pytest.fixture
def rolled(store: Store) -> Store:
    """Sightings, warnings about persons and an attack, followed up and rolled up."""
    take(store, make_source(), LIST)
    take(store, WARNINGS, PERSONS)
    take_rows(store, "attack_event", *({"brand": "Some Bank"} | event for event in ATTACKS))
    follow_up(store)
    roll_up(store, 2024)
    return store


def harm(store: Store, *statements: str) -> None:
    with sqlite3.connect(store.path) as other:
        for statement in statements:
            other.execute(statement)


K01 = "UPDATE kpi_run SET value = '7' WHERE kpi = 'K01'"
DERIVED = {
    "a figure": (K01, "table kpi_run: K01 of 2024: value 7 is on record, the records give 2; restore a backup"),
    "an unknown figure": (
        "UPDATE kpi_run SET prior = '3' WHERE kpi = 'K10'",
        "K10 of 2024: prior 3 is on record, the records give",
    ),
    "an attack's clock": (
        "UPDATE attack SET first_action_at = first_action_at + 1",
        "first_action_at: not as its events have it; restore a backup",
    ),
    "an attack": ("DELETE FROM attack", "is lost; restore a backup, or let fanzha run make it anew"),
    "an attack nobody speaks of": (
        "INSERT INTO attack (attack_key, is_own, first_seen_at, reopened, events) VALUES ('k', 0, 1, 0, 1)",
        "table attack: k: no event speaks of it",
    ),
    "a lost row under a figure": (
        "DELETE FROM attack_event WHERE event_id = '1'",
        "1 of 2 rows are lost that rows.tsv (",
    ),
    "a row put in": (
        "INSERT INTO sighting SELECT url_id, source_id, 5, 5, 1, 0, NULL, NULL, document_id, 9 FROM sighting LIMIT 1",
        "table sighting: 1 rows are there that synthetic.txt (",
    ),
}


@pytest.mark.parametrize(("statement", "told"), DERIVED.values(), ids=DERIVED)
def test_what_was_changed_is_named(rolled: Store, statement: str, told: str) -> None:
    assert verify(rolled, deep=True)[1] == []
    harm(rolled, statement)
    _, faults = verify(rolled, deep=False)
    assert any(told in fault for fault in faults), faults


def test_figures_from_before_new_rows_are_no_fault(rolled: Store) -> None:
    harm(rolled, K01)
    take(rolled, make_source(), LIST + "c.example\n")
    assert verify(rolled, deep=False)[1] == []
    roll_up(rolled, 2024)
    assert verify(rolled, deep=False)[1] == []


DEEP = {
    "a lost row": (
        "DELETE FROM warning WHERE event_id = '1'",
        ["table warning: row ", "position 2: is lost; restore a backup, or import the file again"],
    ),
    "a changed time": (
        "UPDATE warning SET occurred_at = 1704067200001 WHERE event_id = '1'",
        ["position 2: occurred_at: not as it was sent; restore a backup"],
    ),
    "a changed claim": (
        "UPDATE sighting SET claim = -1 WHERE url_id = 1",
        ["table sighting: row ", "claim: not as it was sent"],
    ),
    "changed words and persons": (
        "UPDATE warning SET sink_id = stage_id, subject_id = 3 - subject_id WHERE event_id = '1'",
        ["subject_id", "sink_id", ": not as it was sent"],
    ),
    "a changed key": ("UPDATE warning SET event_id = 'x' WHERE event_id = '1'", ["position 2: is lost"]),
    "a changed name": (
        "UPDATE host SET name = 'o.example' WHERE name = 'b.example'",
        ["table sighting: row ", "is lost"],
    ),
}


@pytest.mark.parametrize(("statement", "told"), DEEP.values(), ids=DEEP)
def test_what_differs_from_the_landed_files_is_named_by_deep(rolled: Store, statement: str, told: list[str]) -> None:
    before = _sizes(rolled)
    harm(rolled, statement)
    _, faults = verify(rolled, deep=True)
    (fault,) = [fault for fault in faults if all(one in fault for one in told)]
    assert "synthetic.txt (" in fault
    harmed = _sizes(rolled)
    assert {name for name in before if before[name] != harmed[name]} <= {"warning"}, "looking changes nothing"


def _sizes(store: Store) -> dict[str, int]:
    return {
        name: store.database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
        for name in ("sighting", "warning", "host", "url", "term", "subject", "source", "document", "kept")
    }


def test_a_row_that_two_files_bring_is_of_the_first(store: Store) -> None:
    take(store, WARNINGS, PERSONS)
    take(store, WARNINGS, PERSONS.replace("emitted,u2", "rendered,u1") + "3,2024-01-02 00:00:00,emitted,u2,s\n")
    assert verify(store, deep=True)[1] == []


@pytest.mark.parametrize("which", ["event_id = '1'", "event_id = '2'", "TRUE"])
def test_importing_the_file_again_mends_it(rolled: Store, which: str) -> None:
    harm(rolled, f"DELETE FROM warning WHERE {which}")
    assert verify(rolled, deep=True)[1] != []
    take(rolled, WARNINGS, PERSONS)
    assert verify(rolled, deep=True)[1] == []


def _page_of(table: str) -> Callable[[Path], int]:
    def page(path: Path) -> int:
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return int(database.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [table]).fetchone()[0])

    return page


@pytest.mark.parametrize("table", ["warning", "sighting", "kpi_run", "document"])
def test_a_damaged_page_is_one_line_and_exit_1(call: Call, tmp_path: Path, key_file: Path, table: str) -> None:
    path = tmp_path / "fanzha.db"
    with open_store(path, key_file) as store:
        take(store, make_source(), LIST)
        take(store, WARNINGS, PERSONS)
        roll_up(store, 2024)
    assert call("verify")[0] == 0
    page = _page_of(table)(path)
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    code, _, told = call("verify")
    assert code == 1
    assert f"database {path}: " in told
    assert "restore a backup" in told
    assert "Traceback" not in told


def test_what_a_run_has_landed_and_not_stored_yet_is_no_fault(rolled: Store) -> None:
    rolled.landing.keep(b"rows that are being read", encrypt=False)
    with spool(rolled.path):
        assert verify(rolled, deep=False)[1] == []
    (rolled.landing.root / f"spool-{2**22 + 1}-killed").mkdir()  # beyond the highest number of a process
    [fault] = verify(rolled, deep=False)[1]
    assert "no document names it" in fault
