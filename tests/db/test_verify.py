"""What `fanzha verify` finds: every way of losing rows or landed files that leaves the database readable."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from db.errors import UsageError
from db.store import Store, open_store
from db.verify import verify_store
from flows.importing import replay_quarantine
from tests.flows.test_ingest import WARNINGS, make_source, take

LIST = "http://a.example/x\nb.example\nno address at all\n"
PERSONS = "id,at,stage,user,sink\n1,2024-01-01 00:00:00,emitted,u1,s\n2,2024-01-02 00:00:00,emitted,u2,s\n"


@pytest.fixture
def filled(store: Store) -> Store:
    """Two sources, one about persons; rows stored, rejected, and held already."""
    take(store, make_source(), LIST)
    take(store, make_source(), LIST + "c.example\n")
    take(store, WARNINGS, PERSONS)
    return store


def _delete(*tables: str) -> Callable[[Store], None]:
    def harm(store: Store) -> None:
        with sqlite3.connect(store.path) as other:  # of a program that knows nothing of foreign keys
            for table in tables:
                other.execute(f"DELETE FROM {table}")

    return harm


def _run(*statements: str) -> Callable[[Store], None]:
    def harm(store: Store) -> None:
        with sqlite3.connect(store.path) as other:
            for statement in statements:
                other.execute(statement)

    return harm


def _landed(store: Store, suffix: str) -> Path:
    return next(store.landing.root.rglob(f"*{suffix}"))


def _truncate(suffix: str) -> Callable[[Store], None]:
    def harm(store: Store) -> None:
        path = _landed(store, suffix)
        path.write_bytes(path.read_bytes()[:10])

    return harm


def _swap(store: Store) -> None:
    first, second = sorted(store.landing.root.rglob("*.z"))
    first.write_bytes(second.read_bytes())


def _folder_in_its_place(store: Store) -> None:
    path = _landed(store, ".z")
    path.unlink()
    path.mkdir()


def _orphan(store: Store) -> None:
    store.landing.keep(b"rows that nobody knows", encrypt=False)


EMPTIED = ("sighting", "warning", "quarantine", "document", "fetch", "source", "subject", "url", "host", "term")
HARMS: dict[str, tuple[Callable[[Store], None], list[str]]] = {
    "rows of one table": (
        _delete("sighting"),
        ["table sighting: 2 of 2 rows are lost that synthetic.txt (", "table sighting: 1 of 1 rows are lost that"],
    ),
    "one row": (
        _run("DELETE FROM warning WHERE event_id = '1'"),
        ["table warning: 1 of 2 rows are lost that synthetic.txt ("],
    ),
    "rejected rows": (
        _delete("quarantine"),
        ["table quarantine: rejected rows are lost: synthetic: 1 in one answer, 0 held"],
    ),
    "rows and the log of them": (
        _delete("sighting", "fetch"),
        ["table source: a source whose last good answer is known, and no attempt that brought it: synthetic"],
    ),
    "the count of rows": (
        _delete("kept"),
        ["table kept: a source whose attempts have stored rows, and the count of them is lost: synthetic-warnings"],
    ),
    "documents": (_delete("document"), ["names a row of document that is not there", "no document names it"]),
    "sources": (_delete("source"), ["names a row of source that is not there"]),
    "all tables": (_delete(*EMPTIED), ["no document names it"] * 3),
    "matched hosts": (
        _run("INSERT INTO match_state VALUES (1, '1', 99, 0)"),
        ["table match_state: hosts or apps that are said to be matched are lost: up to host 99 and app 0"],
    ),
    "a landing file": (lambda store: _landed(store, ".z").unlink(), ["is missing; import the same file again"]),
    "a landing file about persons": (
        lambda store: _landed(store, ".enc").unlink(),
        ["is missing; import the same file again"],
    ),
    "half a landing file": (_truncate(".z"), ["is damaged; import the same file again"]),
    "half a landing file about persons": (_truncate(".enc"), ["is damaged, or FANZHA_KEY_FILE names another key"]),
    "another file's content": (_swap, ["holds other content than it should"]),
    "a folder in a file's place": (_folder_in_its_place, ["cannot be read: Is a directory"]),
    "a file that nobody names": (_orphan, ["no document names it; its rows are lost, or a killed run left it"]),
}


@pytest.mark.parametrize(("harm", "told"), HARMS.values(), ids=HARMS)
def test_what_is_lost_is_found(filled: Store, harm: Callable[[Store], None], told: list[str]) -> None:
    assert verify_store(filled) == (3, [])
    harm(filled)
    _, faults = verify_store(filled)
    assert len(faults) >= len(told)
    assert all(any(one in fault for fault in faults) for one in told)
    assert not any("\n" in fault for fault in faults)


def test_rows_that_no_attempt_counts_are_no_fault(filled: Store) -> None:
    """A killed run leaves whole batches without a log entry, half-written files and locks; a replay has no entry."""
    with sqlite3.connect(filled.path) as database:
        database.execute("UPDATE fetch SET stored = 1, duplicates = duplicates + stored - 1 WHERE stored > 1")
    (_landed(filled, ".z").parent / "00ff.z.4711.part").write_bytes(b"half")
    (filled.landing.root / ".lock-match").touch()
    assert verify_store(filled) == (3, [])


def test_replayed_rows_are_no_fault(filled: Store) -> None:
    assert replay_quarantine(filled, None).counts.stored == 0
    assert verify_store(filled) == (3, [])


def test_files_about_persons_are_not_checked_without_their_key(filled: Store) -> None:
    with open_store(filled.path, None) as keyless, pytest.raises(UsageError, match="FANZHA_KEY_FILE"):
        verify_store(keyless)


ATTACK = (
    "INSERT INTO attack (attack_key, is_own, first_seen_at, reopened, events, state, {0}) VALUES ('k', 0, 1, 0, 1, {1})"
)
FALSE_ATTACKS = {
    "closed and open": (("closed_at", "'confirmed', 5"), "in a state that its instants do not bear out: k: confirmed"),
    "dismissed yet open": (("dismissed_at", "'suspected', 5"), "instants do not bear out: k: suspected"),
    "open, with a cause": (("cause", "'suspected', 'us'"), "instants do not bear out: k: suspected"),
    "closed by nothing": (("closed_at", "'closed', 5"), "an attack that was closed, and nothing that says so: k"),
    "after one that is not there": (("previous", "'suspected', 'j'"), "continues one that is not there: k"),
    "closed before it was seen": (("closed_at", "'closed', 0"), "closed before it was first seen: k"),
}


@pytest.mark.parametrize("case", FALSE_ATTACKS)
def test_an_attack_that_nothing_bears_out_is_found(filled: Store, case: str) -> None:
    values, told = FALSE_ATTACKS[case]
    _run(ATTACK.format(*values))(filled)
    assert any(told in fault for fault in verify_store(filled)[1])


def test_what_no_probe_shows_is_found(filled: Store) -> None:
    _run("INSERT INTO site_event SELECT url_id, 5, 'closure', 'parked', 6 FROM url LIMIT 1")(filled)
    (fault,) = verify_store(filled)[1]
    assert fault.startswith("table site_event: what is told of a site, and no probe that shows it: ")
