"""What two databases hold, by natural keys, so that neither the order of ids nor the hour of a run tells them apart."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from db.connection import landing_root
from db.facts import whole_facts

RUNS: Final[Mapping[str, tuple[str, ...]]] = {
    "fetch": ("*",),  # the log of attempts: a killed run has one more
    "_sqlite_migrations": ("id", "applied_at"),
    "source": ("changed_at",),
    "document": ("fetched_at",),
    "quarantine": ("recorded_at", "resolved_at"),
    "rematch": ("rematch_id", "finished_at"),
    "kpi_run": ("kpi_run_id", "computed_at", "basis"),
    "derived": ("basis",),
    "kept": ("last_position",),  # of duplicates too, where it was not an update of an older database that counted
    "match": ("first_seen_at",),  # of a host from a list without times: when the file was read
    "kpi_keys": ("*",),  # in parts as they came; how many distinct ones there are stands with the sums
    "sqlite_stat1": ("*",),
    "ledger_entry": ("*",),  # signed by people: no run writes there
    "ledger_figure": ("*",),
}
"""Columns that record the runs themselves; all else must be identical."""
NAMED: Final[Mapping[str, Mapping[str, str]]] = {
    "kept": {"document_id": "document"},
    "warning_day": dict.fromkeys(("channel_id", "sink_id", "programme_id"), "term"),
}
"""Columns that name rows of another table, where 0 stands for none and SQLite is not told."""
AT_FETCH: Final = ("sighting", "app_sighting")
"""Their `seen_at` is when the file was read where the source gives no time (`published_at` 0)."""
LATEST: Final = """kpi_run_id IN (SELECT max(kpi_run_id) FROM kpi_run GROUP BY kpi, year)"""
"""Of figures those in force: a run that lost a source half-way rolled up what it had, and that stays on record."""


def contents(path: Path) -> dict[str, str]:
    """Table -> digest of its rows in a stable order; `landing` -> of the files in the landing folder."""
    with closing(_opened(path)) as database:
        found = {table: _digest(_rows(database, table)) for table in _tables(database)}
    return found | {"landing": _digest(iter(_landed(path)))}


def differences(one: Path, other: Path, most: int = 5) -> list[str]:
    """What one holds and the other does not, some of it; empty where they are the same."""
    told = []
    ours, theirs = contents(one), contents(other)
    for table in sorted(ours | theirs):
        if ours.get(table) != theirs.get(table):
            told += [f"{table}: {row}" for row in islice(_parted(one, other, table), most)] or [f"{table}: missing"]
    return told


def _parted(one: Path, other: Path, table: str) -> Iterator[str]:
    held = []
    for path in (one, other):
        with closing(_opened(path)) as database:
            held.append(set(_landed(path) if table == "landing" else _rows(database, table)))
    yield from (f"- {row}" for row in sorted(held[0] - held[1]))
    yield from (f"+ {row}" for row in sorted(held[1] - held[0]))


def _opened(path: Path) -> sqlite3.Connection:
    """The database, with a table `nat_T` of id -> natural key for each table whose rows others name."""
    database = sqlite3.connect(path)
    database.execute("PRAGMA temp_store = MEMORY")
    for table in _tables(database):
        _name_rows(database, table)
    return database


def _tables(database: sqlite3.Connection) -> list[str]:
    listed = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_seq%'")
    return [name for (name,) in listed if RUNS.get(name) != ("*",)]


def _name_rows(database: sqlite3.Connection, table: str) -> None:
    """Make `nat_T`, its parents' first; nothing where the table has no id of its own or nothing beside it."""
    is_made = database.execute("SELECT 1 FROM sqlite_temp_schema WHERE name = ?", [f"nat_{table}"]).fetchone()
    if is_made or not (own := _own_id(database, table)):
        return
    parents = _parents(database, table)
    for parent in parents.values():
        _name_rows(database, parent)
    named = ", ".join(_value(column, parents) for column in _unique(database, table))
    database.execute(f"CREATE TEMP TABLE nat_{table} (id INTEGER PRIMARY KEY, name TEXT)")
    database.execute(f"INSERT INTO nat_{table} SELECT {own}, json_array({named}) FROM main.{table}")


def _own_id(database: sqlite3.Connection, table: str) -> str:
    """The integer key of a table that has a natural one too."""
    keys = [name for _, name, kind, _, _, key in _columns(database, table) if key and kind == "INTEGER"]
    return keys[0] if keys == [f"{table}_id"] and _unique(database, table) else ""


def _columns(database: sqlite3.Connection, table: str) -> list[tuple[int, str, str, int, str, int]]:
    return database.execute(f"PRAGMA main.table_info({table})").fetchall()


def _unique(database: sqlite3.Connection, table: str) -> list[str]:
    for _, index, is_unique, origin, _ in database.execute(f"PRAGMA main.index_list({table})").fetchall():
        if is_unique and origin == "u":
            return [name for _, _, name in database.execute(f"PRAGMA main.index_info({index})")]
    return []


def _parents(database: sqlite3.Connection, table: str) -> dict[str, str]:
    told = {row[3]: row[2] for row in database.execute(f"PRAGMA main.foreign_key_list({table})")}
    return {**told, **NAMED.get(table, {})}


def _value(column: str, parents: Mapping[str, str]) -> str:
    quoted = f'"{column}"'
    if column in parents:
        return f"(SELECT name FROM nat_{parents[column]} WHERE id = {quoted})"
    return f"iif(typeof({quoted}) = 'blob', hex({quoted}), {quoted})"


def _rows(database: sqlite3.Connection, table: str) -> Iterator[str]:
    """The rows as JSON, in a stable order."""
    if table == "kpi_sum":
        return _facts(database)
    parents, left_out = _parents(database, table), {*RUNS.get(table, ()), _own_id(database, table)}
    names = [name for _, name, *_ in _columns(database, table) if name not in left_out]
    values = [
        "iif(published_at, seen_at, 0)" if name == "seen_at" and table in AT_FETCH else _value(name, parents)
        for name in names
    ]
    where = f"WHERE {LATEST}" if table == "kpi_run" else ""
    rows = database.execute(f"SELECT json_array({', '.join(values)}) AS row FROM main.{table} {where} ORDER BY 1")
    return (row for (row,) in rows)


def _facts(database: sqlite3.Connection) -> Iterator[str]:
    """The facts of figures, whatever portions they were added in."""
    asked = database.execute("SELECT kpi, year, version FROM kpi_fact WHERE is_whole ORDER BY 1, 2").fetchall()
    for kpi, year, version in asked:
        numbers = whole_facts(Database(database), kpi, year, version)
        assert numbers is not None
        sums = {what: min(n, 1) if what == "reported" else n for what, n in numbers.sums.items()}
        told = {what: n for what, n in sums.items() if n and not what.startswith("distinct ")}
        told |= {f"distinct {what}": n for what, n in numbers.distinct.items()}
        yield from (json.dumps([kpi, year, what, n], separators=(",", ":")) for what, n in sorted(told.items()))


def _landed(path: Path) -> list[str]:
    """Names in the landing folder, half-written files and spools too; locks aside."""
    root = landing_root(path)
    return sorted(
        file.relative_to(root).as_posix()
        for file in root.rglob("*")
        if not file.name.startswith(".") and (file.is_file() or (file.parent == root and len(file.name) > 2))
    )


def _digest(rows: Iterator[str]) -> str:
    whole = hashlib.sha256()
    for row in rows:
        whole.update(row.encode("utf-8", "surrogatepass") + b"\n")
    return whole.hexdigest()
