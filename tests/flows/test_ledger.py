"""Signing off: what came later changes no signed figure by itself, and what somebody changes by hand shows."""

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.figures import Figure
from db.brands import load_brands
from db.connection import open_database, transaction
from db.keys import make_key_file
from db.landing import Landing
from db.ledger import latest_entry, ledger_faults, read_entries
from db.matches import save_brands
from db.store import Store, open_store
from db.verify import verify_store
from flows.ledger import close, history, restate, shown_figures
from flows.rollup import follow_up, roll_up
from flows.tracing import trace_records
from flows.verifying import verify
from tests.flows.calls import Call
from tests.flows.test_rollup import YEAR, take

LOSS = {"occurred_at": "2024-03-01 10:00:00", "type": "assessed", "amount": "7.5", "tier": "A", "programme": "shanhai"}
HOSTILE = ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", "\u202egnihsihp\u2066", "\t+1\n-1", "''; DROP TABLE x"]


def actions(year: int, *names: str) -> list[dict[str, str]]:
    row = {"occurred_at": f"{year}-03-01 10:00:00", "type": "action", "brand": "x", "action": "blocklist"}
    return [row | {"address": f"{name}.example"} for name in names]


def act(store: Store, year: int, *names: str) -> None:
    take(store, "attack_event", *actions(year, *names))


def shown(store: Store, year: int = YEAR) -> dict[str, Figure]:
    return {figure.id: figure for figure in shown_figures(store.database, year)}


def pending(store: Store) -> dict[str, bool]:
    return {change.id: change.is_beyond for change in history(store.database, YEAR).pending}


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database whose year is closed: three attacks acted on, one loss, a reported figure of the year before."""
    folder = tmp_path_factory.mktemp("closed")
    make_key_file(folder / "test.key")
    with open_store(folder / "fanzha.db", folder / "test.key") as store:
        act(store, YEAR, "one", "two", "three")
        take(store, "loss", LOSS | {"episode": "e1"})
        take(store, "reported_figure", {"kpi": "K10", "year": "2023", "value": "2", "document": "报告", "page": "1"})
        close(store, YEAR, "李雷", "年度签认")
    return folder


@pytest.fixture
def signed(closed: Path, tmp_path: Path) -> Iterator[Store]:
    """The same, of one's own."""
    shutil.copytree(closed, tmp_path / "own")
    with open_store(tmp_path / "own" / "fanzha.db", tmp_path / "own" / "test.key") as store:
        yield store


@pytest.fixture
def newer() -> Iterator[Callable[[str], None]]:
    """Make a definition one version newer, as an update of the program would."""
    changed: list[tuple[str, int]] = []

    def change(kpi: str) -> None:
        changed.append((kpi, DEFINITIONS[kpi].version))
        object.__setattr__(DEFINITIONS[kpi], "version", DEFINITIONS[kpi].version + 1)

    yield change
    for kpi, version in changed:
        object.__setattr__(DEFINITIONS[kpi], "version", version)


def test_late_data_is_pending_until_it_is_restated(signed: Store) -> None:
    assert pending(signed) == {}
    act(signed, YEAR, "four")
    assert pending(signed) == {"K10": False, "K12": False, "K13": True}, "one display unit more is within the threshold"
    act(signed, YEAR, "five")
    assert pending(signed) == {"K10": True, "K12": True, "K13": True}
    figure = shown(signed)["K10"]
    assert (figure.value, figure.prior, figure.display_zh) == (3, 2, "3个")
    assert "待重述：3 -> 5 (+2, +66.67%)" in figure.note_zh
    assert "pending restatement: 3 -> 5 (+2, +66.67%)" in figure.note_en
    assert "must be restated" in figure.note_en
    entry = restate(signed, YEAR, "韩梅梅", "两起迟到")
    restated = {kpi: (one.old_value, one.value, one.is_beyond) for kpi, one in entry.figures.items() if one.is_restated}
    assert restated == {"K10": ("3", "5", True), "K12": ("3", "5", True), "K13": ("50.00", "150.00", True)}
    assert (shown(signed)["K10"].value, pending(signed)) == (5, {})
    acts = [(one.action, one.by, one.why) for one in read_entries(signed.database, YEAR)]
    assert acts == [("close", "李雷", "年度签认"), ("restate", "韩梅梅", "两起迟到")]
    assert verify(signed, deep=False)[1] == []


def test_every_computation_stays_on_record_and_what_is_signed_names_its_own(signed: Store) -> None:
    act(signed, YEAR, "four", "five")
    follow_up(signed)
    assert {figure.id: figure.value for figure in roll_up(signed, YEAR)}["K10"] == 5
    query = "SELECT value, computed_value, state, note LIKE '%待重述%3 -> 5%' FROM v_kpi_year WHERE kpi = 'K10'"
    assert signed.database.execute(query).fetchall() == [("3", "5", "signed", 1)]
    runs = "SELECT value FROM kpi_run WHERE kpi = 'K10' AND year = 2024 ORDER BY kpi_run_id"
    assert signed.database.execute(runs).fetchall() == [("3",), ("5",)]
    found = signed.database.execute("SELECT kpi, state, old_value, value, must_restate FROM v_restatements").fetchall()
    assert ("K10", "pending", "3", "5", 1) in found
    entry = latest_entry(signed.database, YEAR)
    assert entry is not None
    of_run = "SELECT value FROM kpi_run WHERE kpi_run_id = ?"
    assert signed.database.execute(of_run, [entry.figures["K10"].kpi_run_id]).fetchone() == ("3",)


def test_money_that_leaves_its_bounds_must_be_restated_however_little_it_moved(signed: Store) -> None:
    take(signed, "loss", LOSS | {"episode": "e2", "amount": "0.01"})
    assert pending(signed) == {"K04": True, "B07": True}
    assert "7.50 - 7.50" in shown(signed)["K04"].note_en


def test_a_source_that_is_read_otherwise_must_be_restated(signed: Store) -> None:
    act(signed, YEAR, "four")
    assert pending(signed)["K10"] is False
    query = "SELECT declaration FROM source WHERE name = 'attack-event'"
    change = json.loads(signed.database.execute(query).fetchone()[0])
    with transaction(signed.database):
        told = json.dumps(change | {"zone": "Asia/Tokyo"})
        signed.database.execute("UPDATE source SET declaration = ? WHERE name = 'attack-event'", [told])
    assert pending(signed)["K10"] is True
    assert "sources changed: attack-event" in shown(signed)["K10"].note_en


def test_another_boundary_must_be_restated(signed: Store) -> None:
    act(signed, YEAR, "four")
    with transaction(signed.database):
        save_brands(signed.database, load_brands())
    assert pending(signed)["K10"] is True
    assert "boundary changed: own brands - -> " in shown(signed)["K10"].note_en


def test_another_definition_must_be_restated_and_is_shown_as_it_was_signed(
    signed: Store, newer: Callable[[str], None]
) -> None:
    newer("K10")
    assert pending(signed)["K10"] is True
    figure = shown(signed)["K10"]
    assert figure.definition.version == DEFINITIONS["K10"].version - 1
    assert "definition: version 2 -> 3" in figure.note_en


def test_the_year_before_is_what_was_signed_not_what_was_published(store: Store) -> None:
    act(store, 2023, "one", "two")
    act(store, YEAR, "three", "four", "five")
    take(store, "reported_figure", {"kpi": "K10", "year": "2023", "value": "9", "document": "报告", "page": "1"})
    assert {figure.id: figure.prior for figure in roll_up(store, YEAR)}["K10"] == 9
    close(store, 2023, "a", "b")
    figures = shown(store)
    assert (figures["K10"].prior, str(figures["K13"].value)) == (2, "50.00")
    assert "2023 as signed off in ledger entry 1" in figures["K10"].note_en
    act(store, 2023, "six", "seven")
    assert shown(store)["K10"].prior == 2, "what is pending of the year before is not compared with"
    restate(store, 2023, "a", "b")
    assert {figure.id: figure.prior for figure in roll_up(store, YEAR)}["K10"] == 4
    assert verify(store, deep=False)[1] == []


def test_a_closed_year_is_shown_without_counting_it_again(signed: Store) -> None:
    seen: list[str] = []
    signed.database.conn.set_trace_callback(seen.append)
    assert shown(signed)["K10"].value == 3
    signed.database.conn.set_trace_callback(None)
    assert [query for query in seen if "FROM attack_event" in query and "count(*)" not in query] == []


def test_another_definition_is_not_compared_with(store: Store, newer: Callable[[str], None]) -> None:
    act(store, 2023, "one", "two")
    act(store, YEAR, "three")
    take(store, "reported_figure", {"kpi": "K10", "year": "2023", "value": "9", "document": "报告", "page": "1"})
    close(store, 2023, "a", "b")
    newer("K10")
    figures = shown(store)
    assert (figures["K10"].prior, figures["K13"].value) == (None, None)
    for kpi in ("K10", "K13"):
        assert "与2023年不可比" in figures[kpi].note_zh
        assert "not comparable with 2023: K10 was signed off by v2 of its definition, now v3" in figures[kpi].note_en


def test_documents_of_one_name_are_each_opened_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    act(store, YEAR, "one", "two", "three")
    close(store, YEAR, "a", "b")
    act(store, YEAR, "four", "five", "six")
    read: list[str] = []
    reading = Landing.read

    def counted(landing: Landing, digest: str, *, is_encrypted: bool) -> bytes:
        read.append(digest)
        return reading(landing, digest, is_encrypted=is_encrypted)

    monkeypatch.setattr(Landing, "read", counted)
    records = trace_records(store.database, store.landing, "K10", YEAR, None, 0)
    assert len(read) == len(set(read)) == 2
    assert {record["document"] for record in records} == {"rows.tsv"}
    for record in records:
        assert str(record["address"]).removeprefix("http://").rstrip("/") in str(record["text"])
    late = {str(record["address"]) for record in records if record["is_late"]}
    assert late == {f"{name}.example" for name in ("four", "five", "six")}


TAMPERED = {
    "a reason": "UPDATE ledger_entry SET why = 'other' WHERE entry_id = 1",
    "a name": "UPDATE ledger_entry SET \"by\" = 'other' WHERE entry_id = 2",
    "an instant": "UPDATE ledger_entry SET at = at + 1 WHERE entry_id = 1",
    "a figure": "UPDATE ledger_figure SET value = '4' WHERE entry_id = 1 AND kpi = 'K10'",
    "a definition": "UPDATE ledger_figure SET definition_zh = 'x' WHERE entry_id = 2 AND kpi = 'K04'",
    "a lost figure": "DELETE FROM ledger_figure WHERE entry_id = 1 AND kpi = 'K15'",
    "a lost first entry": "DELETE FROM ledger_figure WHERE entry_id = 1; DELETE FROM ledger_entry WHERE entry_id = 1",
    "a lost last entry": "DELETE FROM ledger_figure WHERE entry_id = 2; DELETE FROM ledger_entry WHERE entry_id = 2",
    "sources that are none": "UPDATE ledger_entry SET sources = '[1' WHERE entry_id = 1",
    "its computation": "UPDATE kpi_run SET value = '4' WHERE kpi_run_id = (SELECT kpi_run_id FROM ledger_figure "
    "WHERE entry_id = 1 AND kpi = 'K10')",
}


def test_what_somebody_changes_in_the_ledger_is_found(signed: Store, tmp_path: Path) -> None:
    act(signed, YEAR, "four")
    restate(signed, YEAR, "a", "b")
    assert list(ledger_faults(signed.database)) == []
    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        signed.database.execute("UPDATE ledger_entry SET why = 'other'")
    with pytest.raises(sqlite3.IntegrityError, match="only grows"):
        signed.database.execute("DELETE FROM ledger_figure")
    missed = []
    for what, statements in TAMPERED.items():
        path = tmp_path / f"{what}.db"
        with closing(sqlite3.connect(path)) as copy:
            signed.database.conn.backup(copy)
            for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                copy.execute(f"DROP TRIGGER {name}")
            copy.executescript(statements)
            store = Store(path, Database(copy), signed.landing, signed.terms, signed.key_path)
            if not any("ledger" in fault for fault in verify_store(store)[1]):
                missed.append(what)
    assert missed == []


def test_what_comes_while_a_year_is_closed_is_late(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    take(store, "loss", LOSS | {"episode": "e1"})

    def late(database: Database) -> AbstractContextManager[None]:
        """Another process stores a loss between the computation and the signature."""
        monkeypatch.undo()
        take(store, "loss", LOSS | {"episode": "e2"})
        return transaction(database)

    monkeypatch.setattr("flows.ledger.transaction", late)
    entry = close(store, YEAR, "a", "b")
    assert (entry.figures["K04"].value, entry.sources["loss"].rows) == ("750", 1)
    assert pending(store) == {"K04": True, "B07": True}
    assert verify(store, deep=False)[1] == []


KILLED = """
import os, signal, sys
from pathlib import Path
from db import ledger
from db.store import open_store
from flows.ledger import close, restate
inserts = ledger._insert
def dying(table, names, told=[]):
    told.append(table)
    if told.count("ledger_figure") == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return inserts(table, names)
ledger._insert = dying
with open_store(Path(sys.argv[1]), Path(sys.argv[2])) as store:
    {"close": close, "restate": restate}[sys.argv[3]](store, 2024, "a", "b")
"""


@pytest.mark.parametrize("action", ["close", "restate"])
def test_killed_in_the_middle_nothing_is_signed_and_the_next_call_does_it(
    store: Store, key_file: Path, action: str
) -> None:
    take(store, "loss", LOSS | {"episode": "e1"})
    if action == "restate":
        close(store, YEAR, "a", "b")
        take(store, "loss", LOSS | {"episode": "e2"})
    before = len(read_entries(store.database, YEAR))
    script = KILLED.replace("def dying(table, names, told=[]):", "told = []\ndef dying(table, names):")
    command = [sys.executable, "-c", script, str(store.path), str(key_file), action]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(read_entries(store.database, YEAR)) == before
    assert verify(store, deep=False)[1] == []
    {"close": close, "restate": restate}[action](store, YEAR, "a", "b")
    assert len(read_entries(store.database, YEAR)) == before + 1
    assert verify(store, deep=False)[1] == []


SAID = ("--by", "me", "--why", "x")
BAD = {
    "a year without data": (["ledger", "close", "2019", *SAID], "2019 has no data"),
    "a KPI that does not exist": (["trace", "K99", "2024"], "'K99' is not defined"),
    "closing twice": (["ledger", "close", "2024", *SAID], "2024 is closed already (ledger entry 1)"),
    "restating an open year": (["ledger", "restate", "2023", *SAID], "2023 is open"),
    "restating with nothing pending": (["ledger", "restate", "2024", *SAID], "nothing of 2024 is pending"),
    "a year that is not over": (["ledger", "close", "2099", *SAID], "2099 is not over before 2100-01-01"),
    "nobody": (["ledger", "close", "2023", "--by", " \t", "--why", "x"], "--by is empty"),
    "no reason": (["ledger", "restate", "2024", "--by", "me", "--why", ""], "--why is empty"),
    "by left out": (["ledger", "close", "2023", "--why", "x"], "--by"),
    "no year": (["ledger", "close", "abc", *SAID], "'year': Input should be a valid integer"),
    "a year too early": (["ledger", "list", "1992"], "greater than or equal to 1993"),
}


@pytest.mark.parametrize(("arguments", "told"), BAD.values(), ids=BAD)
def test_what_cannot_be_signed_is_one_clear_line(closed: Path, call: Call, arguments: list[str], told: str) -> None:
    code, out, err = call(*arguments, "--db", str(closed / "fanzha.db"))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err
    with open_database(closed / "fanzha.db", read_only=True) as database:
        assert [entry.year for entry in read_entries(database, YEAR)] == [YEAR]


def test_hostile_texts_are_kept_as_given_and_harmless_on_the_way_out(store: Store, call: Call) -> None:
    take(store, "loss", LOSS | {"episode": "e1"})
    by, why = "\n".join(HOSTILE), " ".join(reversed(HOSTILE))
    assert call("ledger", "close", "2024", "--by", by, "--why", why)[0] == 0
    (entry,) = read_entries(store.database, YEAR)
    assert (entry.by, entry.why) == (by, why)
    _, out, _ = call("ledger", "list", "2024", "--json")
    (told,) = json.loads(out)["entries"]
    assert (told["by"], told["why"]) == (by, why)
    _, plain, _ = call("ledger", "list", "2024")
    assert [line.count("\t") for line in plain.splitlines()[:3]] == [6, 6, 0]
    assert not any(sign in out + plain for sign in "\u202e\u2066")
    assert call("verify")[0] == 0
