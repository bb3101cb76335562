"""Events that a company takes back or puts right: each that a correction names is moved to `voided` and counts no more.

A correction holds whichever comes first, it or the event. What is archived stays in its file and is passed over there.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import polars as pl
from sqlite_utils import Database

from db.archives import archive_root, database_path, read_archived, reading_archived, whole_file
from db.daily import WARNING_WORDS, count_warnings
from db.tally import KINDS, take_off
from db.views import ADDRESS_SQL

CORRECTED: Final = tuple(kind for kind in KINDS if kind not in {"sighting", "app_sighting", "correction"})
"""Tables whose rows a correction may name: they are events with ids of their own."""
_IS_CORRECTED: Final = """FROM correction JOIN source ON source.name = correction.source AND source.format <> 'fanzha'
    WHERE source.source_id = ? AND NOT correction.is_test"""
_NAMED: Final = "WHERE source_id = ? AND event_id IN (SELECT value FROM json_each(?))"
_STAYS: Final = """CREATE TRIGGER IF NOT EXISTS {kind}_stays_void BEFORE INSERT ON {kind} WHEN EXISTS (
    SELECT 1 FROM voided
    WHERE voided.source_id = NEW.source_id AND voided.event_id = NEW.event_id AND voided.kind = '{kind}')
    BEGIN SELECT RAISE(IGNORE); END"""
"""A void event that comes again is a duplicate, whoever stores it. Made with the first of its kind."""
_VOID: Final = """INSERT INTO voided (source_id, event_id, kind, event, document_id, position, archive_id)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""
_SPELT: Final[Mapping[str, str]] = {
    "term": "SELECT term_id, name FROM term WHERE term_id IN (SELECT value FROM json_each(?))",
    "url": f"""SELECT url_id, {ADDRESS_SQL} FROM url JOIN host USING (host_id)
        WHERE url_id IN (SELECT value FROM json_each(?))""",  # noqa: S608 - our own names
    "source": "SELECT source_id, name FROM source WHERE source_id IN (SELECT value FROM json_each(?))",
}
"""Table that a row names rows of -> the words for them."""


class Named(NamedTuple):
    """Ids that corrections name of a source's events of one kind."""

    kind: str
    source_id: int
    ids: tuple[str, ...]


class Taken(NamedTuple):
    """Events of one source and kind that a correction names and that count still."""

    kind: str
    source_id: int
    rows: pl.DataFrame
    """As the table has them; of archived ones as their file, `occurred_at` in Unix ms."""
    archive_id: int | None = None


def named_among(database: Database, kind: str, source_id: int, ids: Iterable[str]) -> Iterator[Named]:
    """Of events that have just come, those that corrections name."""
    if database.execute(f"SELECT 1 {_IS_CORRECTED} LIMIT 1", [source_id]).fetchone():
        query = f"SELECT DISTINCT corrected {_IS_CORRECTED} AND corrected IN (SELECT value FROM json_each(?))"  # noqa: S608 - our own names
        if found := database.execute(query, [source_id, json.dumps(list(ids))]).fetchall():
            yield Named(kind, source_id, tuple(event_id for (event_id,) in found))


def named_by(database: Database, corrections: pl.DataFrame) -> Iterator[Named]:
    """What corrections (`source`, `corrected`, `is_test`) name, of each kind that those sources have brought."""
    for (name,), rows in corrections.filter(~pl.col("is_test")).partition_by("source", as_dict=True).items():
        query = "SELECT source_id FROM source WHERE name = ? AND format <> 'fanzha'"
        for (source_id,) in database.execute(query, [name]).fetchall():
            for kind in _kinds(database, source_id):
                yield Named(kind, source_id, tuple(rows["corrected"].unique()))


def corrected_events(database: Database, named: Named) -> Iterator[Taken]:
    """Those of them that count still; call within a transaction.

    Raises:
        FanzhaError: an archived file that holds some is missing or damaged.
    """
    kind, source_id, ids = named
    rows = database.execute(f"SELECT * FROM {kind} {_NAMED}", [source_id, json.dumps(ids)]).fetchall()  # noqa: S608 - our own names
    if rows:
        yield Taken(kind, source_id, pl.DataFrame(rows, schema=_columns(database, kind), orient="row"))
    query = f"""SELECT archive_id, file, bytes, json_group_array(event_id) FROM archived JOIN archive USING (archive_id)
        {_NAMED} AND archive.kind = ? AND NOT EXISTS (SELECT 1 FROM voided WHERE voided.source_id = archived.source_id
            AND voided.event_id = archived.event_id AND voided.kind = archive.kind) GROUP BY 1"""  # noqa: S608 - likewise
    for archive_id, file, size, held in database.execute(query, [source_id, json.dumps(ids), kind]).fetchall():
        is_named = (pl.col("source_id") == source_id) & pl.col("event_id").is_in(json.loads(held))
        path = whole_file(archive_root(database_path(database)) / file, size)
        with reading_archived():
            yield Taken(kind, source_id, read_archived([path]).filter(is_named).collect(), archive_id)


def unmet_corrections(database: Database) -> int:
    """How many corrections name an event that has not come yet, or never will."""
    done = """SELECT 1 FROM voided JOIN source USING (source_id)
        WHERE source.name = correction.source AND voided.event_id = correction.corrected"""
    query = f"SELECT count(*) FROM correction WHERE NOT is_test AND NOT EXISTS ({done})"  # noqa: S608 - our own names
    return int(database.execute(query).fetchone()[0])


def void_events(database: Database, taken: Taken) -> None:
    """Move events to where they count no more, or pass them over in their file; in the transaction that found them."""
    kind, source_id, rows, archive_id = taken
    events = _spelt(database, kind, rows).to_dicts()
    database.conn.executemany(
        _VOID,
        [
            (source_id, row["event_id"], kind, json.dumps(event, ensure_ascii=False), row["document_id"],
             row["position"], archive_id)
            for row, event in zip(rows.to_dicts(), events, strict=True)
        ],
    )  # fmt: skip
    if archive_id is None:
        _remove(database, taken)
    if kind == "warning":
        count_warnings(database, rows if archive_id is None else _with_ids(database, rows), -1)
    database.execute(_STAYS.format(kind=kind))


def _remove(database: Database, taken: Taken) -> None:
    kind, source_id, rows, _ = taken
    names = json.dumps(rows["event_id"].to_list())
    database.execute(f"DELETE FROM {kind} {_NAMED}", [source_id, names])  # noqa: S608 - our own names
    take_off(database, kind, rows.group_by("source_id", "document_id").len().iter_rows())


def _spelt(database: Database, kind: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Events with words and addresses in the place of ids, so that they stand for themselves."""
    spelt = rows.with_columns(pl.col(pl.Datetime, pl.Date).cast(pl.String))
    for _, _, table, column, *_ in database.execute(f"PRAGMA foreign_key_list({kind})").fetchall():
        if table in _SPELT and column in rows.columns and column.removesuffix("_id") not in rows.columns:
            ids = json.dumps(rows[column].drop_nulls().unique().to_list())
            words = dict(database.execute(_SPELT[table], [ids]).fetchall())
            said = pl.col(column).replace_strict(words, default=None, return_dtype=pl.String)
            spelt = spelt.with_columns(said).rename({column: column.removesuffix("_id")})
    return spelt


def _with_ids(database: Database, warnings: pl.DataFrame) -> pl.DataFrame:
    """Archived warnings with the ids of their words again."""
    query = "SELECT name, term_id FROM term WHERE vocabulary = ?"
    ids = {word: dict(database.execute(query, [word]).fetchall()) for word in WARNING_WORDS}
    return warnings.with_columns(
        pl.col(word).replace_strict(known, default=None, return_dtype=pl.Int64).alias(f"{word}_id")
        for word, known in ids.items()
    )


def _columns(database: Database, kind: str) -> dict[str, type[pl.DataType]]:
    told = database.execute(f"PRAGMA table_info({kind})").fetchall()
    return {name: pl.Int64 if said == "INTEGER" else pl.String for _, name, said, *_ in told}


def _kinds(database: Database, source_id: int) -> Sequence[str]:
    found = database.execute("SELECT DISTINCT kind FROM kept WHERE source_id = ?", [source_id])
    return [kind for (kind,) in found.fetchall() if kind in CORRECTED]
