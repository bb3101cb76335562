"""Writing normalised rows: hosts, URLs, apps and persons get their ids in frames, then a batch goes in by set.

The tables' natural keys make every write an upsert: what is held already is a duplicate and changes nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import polars as pl
from sqlite_utils import Database

from db.daily import count_warnings, note_seen
from db.tally import tally
from db.targets import TARGETS, Noun, Target
from db.terms import Terms

_AT_ONCE: Final = 50
"""Rows of one INSERT: the statement's overhead is shared, and 50 x 16 values stay far below SQLite's 32,766."""
_BUFFERED: Final = 100
"""Statements whose values are Python objects at once: some megabytes."""

_MOVED: Final = "(SELECT * FROM archived JOIN archive USING (archive_id) WHERE kind = '{kind}')"
_VOID: Final = "(SELECT * FROM voided WHERE kind = '{kind}')"
"""Events of a kind that were stored once and that the table holds no more."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a batch comes from."""

    source_id: int
    document_id: int | None
    """Null for events that fanzha itself makes (a URL check, a verdict given at the terminal)."""
    fetched_at: int
    """Stands for the time of rows whose source gives none."""


class Witness(Protocol):
    """Who is told of rows on their way into a table."""

    def before(self, table: str, rows: pl.DataFrame) -> None:
        """These rows, columns as in the table, are about to be stored as far as they are new."""

    def after(self, table: str, rows: pl.DataFrame) -> None:
        """They are stored; of warnings, these are those that were new."""


def save_rows(
    database: Database,
    terms: Terms,
    kind: str,
    rows: pl.DataFrame,
    origin: Provenance,
    witness: Witness | None = None,
) -> int:
    """Store normalised rows of a kind; call within a transaction.

    Returns:
        How many were new; the others were held already.
    """
    if rows.is_empty():
        return 0
    target = TARGETS[kind]
    final, batch = _final_rows(database, terms, target, rows, origin)
    if witness:
        witness.before(target.table, final)
    stored, there = _stored(database, target, final)
    if witness and stored:
        witness.after(target.table, there)
    if target.table == "sighting":
        note_seen(database, batch.select("host_id", "is_test", seen_at=target.columns["seen_at"]))
    tally(database, target.table, (origin.source_id, origin.document_id), stored, final["position"])
    return stored


def _final_rows(
    database: Database, terms: Terms, target: Target, rows: pl.DataFrame, origin: Provenance
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows as their table has them, and with all columns; what they name is added where it is new."""
    batch = rows.with_columns(
        *(terms.resolve(vocabulary, rows[name]).alias(name) for name, vocabulary in target.terms.items()),
        fetched_at=pl.lit(origin.fetched_at, pl.Int64),
        source_id=pl.lit(origin.source_id, pl.Int64),
        document_id=pl.lit(origin.document_id, pl.Int64),
    )
    for noun in target.nouns:
        batch = _with_ids(database, noun, batch)
    own = ("source_id", "document_id", "position")
    final = batch.select(*own, *(expression.alias(name) for name, expression in target.columns.items()))
    return final, batch


def _stored(database: Database, target: Target, rows: pl.DataFrame) -> tuple[int, pl.DataFrame]:
    """Insert rows that are not held yet, warnings counted by day at once; how many were new, and `Witness.after`'s."""
    # in the key's order the table's pages are touched one after the other; of two equal rows the first stays first
    ordered = rows.sort(target.key, maintain_order=True)
    if target.table == "warning":
        distinct = ordered.unique(target.key, keep="first", maintain_order=True)
        new = _insert_new(database, target.table, distinct, target.key)
        count_warnings(database, new)
        return new.height, new
    return _insert(database, target.table, ordered, conflict=target.key), ordered


def differing_rows(
    database: Database, terms: Terms, kind: str, rows: pl.DataFrame, origin: Provenance
) -> Iterator[tuple[str, str, int, str]]:
    """What the table lacks of rows that a document brings, or has otherwise; call within a transaction to be undone.

    Yields:
        Table, key, position in the document, and the columns that differ (empty: the row is not there).
    """
    target = TARGETS[kind]
    final, _ = _final_rows(database, terms, target, rows, origin)
    final = final.unique(target.key, keep="first", maintain_order=True)
    database.execute("DROP TABLE IF EXISTS temp.brought")
    database.execute(f"CREATE TEMP TABLE brought AS SELECT * FROM {target.table} LIMIT 0")  # noqa: S608 - our own names
    _insert(database, "temp.brought", final)
    key = " || '/' || ".join(f"brought.{name}" for name in target.key)
    same = " AND ".join(f"held.{name} = brought.{name}" for name in target.key)
    others = [f'"{name}"' for name in final.columns if name not in {*target.key, "document_id", "position"}]
    changed = " || ".join(f"iif(held.{name} IS brought.{name}, '', ' {name.strip(chr(34))}')" for name in others)
    # a row that another document or place brought first stays as it came from there
    is_its_own = "held.document_id IS brought.document_id AND held.position IS brought.position"
    is_moved = " OR ".join(
        f"""EXISTS (SELECT 1 FROM {to.format(kind=target.table)}
            WHERE source_id = brought.source_id AND event_id = brought.event_id)"""  # noqa: S608 - our own names
        for to in (_MOVED, _VOID)
    )
    is_lost = "held.source_id IS NULL" + (f" AND NOT ({is_moved})" if "event_id" in final.columns else "")
    query = f"""SELECT '{target.table}', {key}, brought.position, iif({is_lost}, '', trim({changed}))
        FROM temp.brought LEFT JOIN {target.table} AS held ON {same}
        WHERE {is_lost} OR ({is_its_own} AND ({changed}) <> '')"""  # noqa: S608 - our own names
    yield from database.execute(query)


def _with_ids(database: Database, noun: Noun, batch: pl.DataFrame) -> pl.DataFrame:
    """The batch with the noun's ids; those it lacks are added. Safe because the transaction holds the write lock."""
    key = noun.batch_key
    named = batch.select(noun.columns.values()).filter(pl.col(key[0]).is_not_null())
    distinct = named.unique(key, keep="first").sort(key)
    last = int(database.execute(f"SELECT coalesce(max({noun.id}), 0) FROM {noun.table}").fetchone()[0])  # noqa: S608 - our own names
    known = _known(database, noun, distinct.select(key)) if last else _no_ids(noun, distinct.select(key))
    missing = distinct.join(known, on=key, how="anti", maintain_order="left")
    added = missing.with_row_index(noun.id, offset=last + 1).with_columns(pl.col(noun.id).cast(pl.Int64))
    _insert(database, noun.table, added.rename({given: name for name, given in noun.columns.items()}))
    ids = pl.concat([known, added.select(known.columns)])
    return batch.join(ids, on=key, how="left", maintain_order="left")


def _known(database: Database, noun: Noun, keys: pl.DataFrame) -> pl.DataFrame:
    """The keys that the table holds, with their ids."""
    database.execute("DROP TABLE IF EXISTS temp.wanted")
    database.execute(f"CREATE TEMP TABLE wanted ({', '.join(noun.key)})")
    _insert(database, "temp.wanted", keys.rename(dict(zip(keys.columns, noun.key, strict=True))))
    same = " AND ".join(f"held.{name} = wanted.{name}" for name in noun.key)
    # cross join: the few wanted are looked up in the many held, never the other way; and one text of all numbers costs
    # a third of what an object for each does
    (told,) = database.execute(
        f"""SELECT group_concat((wanted.rowid - 1) || ',' || held.{noun.id})
        FROM wanted CROSS JOIN {noun.table} AS held ON {same}"""  # noqa: S608 - our own names
    ).fetchone()
    if told is None:
        return _no_ids(noun, keys)
    numbers = pl.Series([told]).str.split(",").explode().cast(pl.Int64)
    return keys[numbers.gather_every(2)].with_columns(numbers.gather_every(2, 1).alias(noun.id))


def _no_ids(noun: Noun, keys: pl.DataFrame) -> pl.DataFrame:
    return keys.clear().with_columns(pl.lit(None, pl.Int64).alias(noun.id))


def _insert(database: Database, table: str, rows: pl.DataFrame, conflict: Sequence[str] = ()) -> int:
    """Insert a frame whose columns are the table's; returns how many rows were new."""
    parts = _statements(table, rows, conflict)
    return sum(database.conn.executemany(sql, _flat(part, at_once)).rowcount for sql, part, at_once in parts)


def _insert_new(database: Database, table: str, rows: pl.DataFrame, conflict: Sequence[str]) -> pl.DataFrame:
    """Insert events of one source, each once; gives those that were new, not held (archived, void) already."""
    execute, held = database.conn.execute, set[object]()
    for sql, part, at_once in _statements(table, rows, conflict):
        ids = slice(part.columns.index("event_id"), None, part.width)
        for values in _flat(part, at_once):
            execute("SAVEPOINT some")
            if execute(sql, values).rowcount < at_once:  # seldom, and then to ask which costs a second insert of these
                execute("ROLLBACK TO some")
                held |= set(values[ids]) - {one for (one,) in execute(f"{sql} RETURNING event_id", values)}
            execute("RELEASE some")
    return rows.filter(~pl.col("event_id").is_in(list(held))) if held else rows


def _statements(table: str, rows: pl.DataFrame, conflict: Sequence[str]) -> Iterator[tuple[str, pl.DataFrame, int]]:
    """What inserts a frame: statements, each with its rows as far as they are given, and how many it takes at once."""
    names = ", ".join(f'"{name}"' for name in rows.columns)
    given = [name for name in rows.columns if rows[name].null_count() < rows.height]
    marks = "(" + ", ".join("?" if name in given else "NULL" for name in rows.columns) + ")"
    ending = f" ON CONFLICT ({', '.join(conflict)}) DO NOTHING" if conflict else ""
    plain = rows.select(given).with_columns(pl.col(pl.Boolean).cast(pl.Int8))
    whole = rows.height // _AT_ONCE * _AT_ONCE
    for part, at_once in ((plain[:whole], _AT_ONCE), (plain[whole:], 1)):
        if part.height:
            values = ", ".join([marks] * at_once)
            yield f"INSERT INTO {table} ({names}) VALUES {values}{ending}", part, at_once  # noqa: S608 - our own names


def _flat(rows: pl.DataFrame, at_once: int) -> Iterator[list[object]]:
    """The rows' values, those of so many rows to a list: columns are laid into it, which is quicker than row by row."""
    width, names = rows.width, rows.columns
    for part in rows.iter_slices(_BUFFERED * at_once):
        values: list[object] = [None] * (part.height * width)
        for place, name in enumerate(names):
            values[place::width] = part[name].to_list()
        for start in range(0, len(values), at_once * width):
            yield values[start : start + at_once * width]
