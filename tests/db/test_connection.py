import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlite_utils import Database

from db.connection import APPLICATION_ID, open_database, transaction
from db.errors import Busy, FanzhaError, Interrupted, UsageError
from db.migrations import MIGRATIONS
from db.store import Store, hold, open_store


def test_tables_are_strict_and_keys_are_enforced(store: Store) -> None:
    tables = store.database.execute(
        "SELECT name FROM pragma_table_list WHERE type = 'table' AND NOT strict AND schema = 'main'"
    ).fetchall()
    assert {name for (name,) in tables} <= {"_sqlite_migrations", "sqlite_schema", "sqlite_sequence"}
    assert store.database.execute("PRAGMA foreign_keys").fetchone() == (1,)
    assert store.database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    with pytest.raises(sqlite3.IntegrityError), transaction(store.database):
        store.database.execute("INSERT INTO url (host_id, tail) VALUES (99, '')")


def test_every_migration_is_applied_once(store: Store) -> None:
    assert MIGRATIONS.pending(store.database) == []
    with open_store(store.path, None) as again:
        assert len(MIGRATIONS.applied(again.database)) == len(MIGRATIONS.applied(store.database))


def test_attacks_of_an_older_database_have_a_state_until_they_are_derived_anew(tmp_path: Path) -> None:
    database = Database(tmp_path / "fanzha.db")
    MIGRATIONS.apply(database, stop_before="0005_follow")
    for key, confirmed_at, closed_at in (("a", None, None), ("b", 2, None), ("c", 2, 3)):
        database.execute(
            """INSERT INTO attack (attack_key, target, is_own, first_seen_at, reopened, events, confirmed_at, closed_at)
               VALUES (?, 'old.example', 0, 1, 0, 1, ?, ?)""",
            [key, confirmed_at, closed_at],
        )
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    database.conn.commit()
    database.close()
    with open_store(tmp_path / "fanzha.db", None) as store:
        rows = store.database.execute("SELECT state, address FROM attack ORDER BY attack_key").fetchall()
    assert rows == [(state, "old.example") for state in ("suspected", "confirmed", "closed")]


def test_a_transaction_is_whole_or_nothing(store: Store) -> None:
    def half() -> None:
        with transaction(store.database):
            store.database.execute("INSERT INTO term (vocabulary, name) VALUES ('sink', 'x')")
            raise FanzhaError("half-way")

    with pytest.raises(FanzhaError, match="half-way"):
        half()
    assert store.database.execute("SELECT count(*) FROM term").fetchone() == (0,)


def _missing(path: Path) -> None:
    path.unlink(missing_ok=True)


def _garbage(path: Path) -> None:
    path.write_bytes(b"no database at all " * 500)


def _foreign(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE other (x)")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("prepare", "says"),
    [(_missing, "is not there"), (_garbage, "damaged or no database"), (_foreign, "belongs to another program")],
)
def test_an_unusable_database_is_said_in_one_line(tmp_path: Path, prepare: object, says: str) -> None:
    path = tmp_path / "odd.db"
    assert callable(prepare)
    prepare(path)
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(UsageError, match=says) as caught, open_database(path, read_only=True):
        pass
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2
    assert (path.read_bytes() if path.exists() else None) == before


def test_another_programs_database_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    _foreign(path)
    with pytest.raises(UsageError, match="belongs to another program"), open_database(path):
        pass
    assert sqlite3.connect(path).execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)


def test_a_full_disk_keeps_what_was_committed(tmp_path: Path) -> None:
    path = tmp_path / "full.db"

    def fill() -> None:
        with open_store(path, None) as store:
            with transaction(store.database):
                store.database.execute("INSERT INTO term (vocabulary, name) VALUES ('sink', 'kept')")
            pages = store.database.execute("PRAGMA page_count").fetchone()[0]
            store.database.execute(f"PRAGMA max_page_count = {pages + 1}")
            with transaction(store.database):
                store.database.execute("INSERT INTO term (vocabulary, name) VALUES ('sink', ?)", ["x" * 100_000])

    with pytest.raises(Interrupted, match="disk is full") as caught:
        fill()
    assert caught.value.exit_code == 1
    with open_store(path, None) as store:
        assert store.database.execute("SELECT name FROM term").fetchall() == [("kept",)]


def test_a_step_is_held_by_one_process_and_let_go_when_it_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "held.db"
    code = (
        "import sys, time; from pathlib import Path; from db.store import hold\n"
        f"with hold(Path({str(path)!r}), 'match'): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Busy, match="another run is at match"), hold(path, "match"):
            pass
        with hold(path, "roll-up"):
            pass
        holder.kill()
        holder.wait()
    with hold(path, "match"):
        pass
