"""Events that a company takes back or puts right: each that a correction names is moved to `voided` and counts no more.

A correction holds whichever comes first, it or the event. What is archived stays in its file and is passed over there.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import polars as pl
from sqlite_utils import Database

from db.archives import archive_root, database_path, read_archived
from db.daily import count_warnings
from db.tally import KINDS

CORRECTED: Final = tuple(kind for kind in KINDS if kind not in {"sighting", "app_sighting", "correction"})
"""Tables whose rows a correction may name: they are events with ids of their own."""
_WAITING: Final = """SELECT DISTINCT source.source_id, correction.corrected
    FROM correction JOIN source ON source.name = correction.source AND source.format <> 'fanzha'
    WHERE NOT correction.is_test AND NOT EXISTS (SELECT 1 FROM voided
        WHERE voided.source_id = source.source_id AND voided.event_id = correction.corrected)"""
_DONE: Final = """SELECT 1 FROM voided JOIN source USING (source_id)
    WHERE source.name = correction.source AND voided.event_id = correction.corrected"""
_NAMED: Final = "WHERE source_id = ? AND event_id IN (SELECT value FROM json_each(?))"
_STAYS: Final = """CREATE TRIGGER IF NOT EXISTS {kind}_stays_void BEFORE INSERT ON {kind} WHEN EXISTS (
    SELECT 1 FROM voided WHERE voided.source_id = NEW.source_id AND voided.event_id = NEW.event_id)
    BEGIN SELECT RAISE(IGNORE); END"""
"""A void event that comes again is a duplicate, whoever stores it. Made with the first of its kind."""


class Taken(NamedTuple):
    """Events of one source and kind that a correction names and that count still."""

    kind: str
    source_id: int
    rows: pl.DataFrame
    """As the table has them."""


class TakenArchived(NamedTuple):
    """Likewise, in an archived file."""

    kind: str
    source_id: int
    archive_id: int
    rows: pl.DataFrame
    """As the file has them; `occurred_at` in Unix ms."""


def corrected_events(database: Database) -> Iterator[Taken]:
    """The events that corrections name and that count still; call within a transaction."""
    for source_id, kind, names in _named(database):
        rows = database.execute(f"SELECT * FROM {kind} {_NAMED}", [source_id, names]).fetchall()  # noqa: S608 - our own names
        if rows:
            yield Taken(kind, source_id, pl.DataFrame(rows, schema=_columns(database, kind), orient="row"))


def corrected_archived(database: Database) -> Iterator[TakenArchived]:
    """Likewise, of those that were archived."""
    for source_id, kind, names in _named(database):
        found = database.execute(
            f"""SELECT archive_id, file, json_group_array(event_id) FROM archived JOIN archive USING (archive_id)
                {_NAMED} AND kind = ? GROUP BY 1""",  # noqa: S608 - our own names
            [source_id, names, kind],
        )
        for archive_id, file, ids in found.fetchall():
            is_named = (pl.col("source_id") == source_id) & pl.col("event_id").is_in(json.loads(ids))
            path = archive_root(database_path(database)) / file
            yield TakenArchived(kind, source_id, archive_id, read_archived([path]).filter(is_named).collect())


def unmet_corrections(database: Database) -> int:
    """How many corrections name an event that has not come yet, or never will."""
    named = f"SELECT count(*) FROM correction WHERE NOT is_test AND NOT EXISTS ({_DONE})"  # noqa: S608 - our own names
    return int(database.execute(named).fetchone()[0])


def void_events(database: Database, taken: Taken) -> None:
    """Move events to where they count no more; call within the transaction that found them."""
    kind, source_id, rows = taken
    names = json.dumps(rows["event_id"].to_list())
    told = ", ".join(f"'{name}', \"{name}\"" for name in rows.columns)
    database.execute(
        f"""INSERT INTO voided (source_id, event_id, kind, event, document_id, position)
            SELECT source_id, event_id, '{kind}', json_object({told}), document_id, position
            FROM {kind} {_NAMED}""",  # noqa: S608 - our own names
        [source_id, names],
    )
    database.execute(f"DELETE FROM {kind} {_NAMED}", [source_id, names])  # noqa: S608 - likewise
    database.conn.executemany(
        "UPDATE kept SET rows = rows - ?3 WHERE source_id = ?1 AND document_id = coalesce(?2, 0) AND kind = ?4",
        [(source_id, document_id, n, kind) for document_id, n in rows["document_id"].value_counts().iter_rows()],
    )
    if kind == "warning":
        count_warnings(database, rows, -1)
    database.execute(_STAYS.format(kind=kind))


def void_archived(database: Database, taken: TakenArchived) -> None:
    """Pass events of an archived file over from now on; call within a transaction."""
    rows = taken.rows.with_columns(pl.col(pl.Datetime, pl.Date).cast(pl.String))
    database.conn.executemany(
        """INSERT INTO voided (source_id, event_id, kind, event, document_id, position, archive_id)
           VALUES (?, ?, ?, ?, ?, ?, ?)""",
        [
            (taken.source_id, row["event_id"], taken.kind, event, row["document_id"], row["position"], taken.archive_id)
            for row in rows.to_dicts()
            for event in [json.dumps(row, ensure_ascii=False)]
        ],
    )


def _named(database: Database) -> Iterator[tuple[int, str, str]]:
    """Each source and kind with the ids, as JSON, that waiting corrections name of them."""
    waiting: dict[int, list[str]] = {}
    for source_id, event_id in database.execute(_WAITING):
        waiting.setdefault(source_id, []).append(event_id)
    for source_id, ids in waiting.items():
        for kind in _kinds(database, source_id):
            yield source_id, kind, json.dumps(ids)


def _columns(database: Database, kind: str) -> dict[str, type[pl.DataType]]:
    told = database.execute(f"PRAGMA table_info({kind})").fetchall()
    return {name: pl.Int64 if said == "INTEGER" else pl.String for _, name, said, *_ in told}


def _kinds(database: Database, source_id: int) -> Sequence[str]:
    found = database.execute("SELECT DISTINCT kind FROM kept WHERE source_id = ?", [source_id])
    return [kind for (kind,) in found.fetchall() if kind in CORRECTED]
