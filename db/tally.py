"""How many rows each document has brought, counted as they are stored: what `verify` holds the tables against."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

import polars as pl
from sqlite_utils import Database

KINDS: Final = (
    "sighting",
    "app_sighting",
    "url_check",
    "warning",
    "intervention",
    "loss",
    "attack_event",
    "verdict",
    "opinion_item",
    "kit",
    "channel_or_actor",
    "soc_alert",
    "case_event",
    "service_event",
    "correction",
    "reported_figure",
)
"""The tables of what sources say."""
_ADDED: Final = """INSERT INTO kept (source_id, document_id, kind, rows, last_position) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (source_id, document_id, kind) DO UPDATE
    SET rows = rows + excluded.rows, last_position = max(last_position, excluded.last_position)"""


def tally(database: Database, kind: str, origin: tuple[int, int | None], stored: int, positions: pl.Series) -> None:
    """Count rows that have just been stored; call within the same transaction.

    New rows of a part of a document that was stored before had been lost, or could not be read then: which of them are
    counted already nobody knows, and the table is asked.

    Args:
        database: theirs.
        kind: their table.
        origin: ids of their source and document.
        stored: how many were new.
        positions: in the document, of all that were to be stored; null where there is none.
    """
    if not stored:
        return
    if origin[1] is None:
        tally_own(database, kind, origin[0], stored)
        return
    key = (*origin, kind)
    first, last = positions.min(), positions.max()
    found = database.execute(
        "SELECT last_position FROM kept WHERE source_id = ? AND document_id = ? AND kind = ?", key
    ).fetchone()
    if found and isinstance(first, int) and first <= found[0]:
        database.execute(
            f"""UPDATE kept SET rows = (SELECT count(*) FROM {kind} WHERE source_id = ?1 AND document_id = ?2),
                last_position = max(last_position, ?4) WHERE source_id = ?1 AND document_id = ?2 AND kind = ?3""",  # noqa: S608 - our own names
            (*key, last),
        )
        return
    database.execute(_ADDED, (*key, stored, last if isinstance(last, int) else -1))


def tally_own(database: Database, kind: str, source_id: int, stored: int) -> None:
    """Count events of fanzha's own that have just been stored: they are of no document, and none comes again."""
    database.execute(_ADDED, (source_id, 0, kind, stored, -1))


def take_off(database: Database, kind: str, origins: Iterable[tuple[int, int | None, int]]) -> None:
    """Count rows no longer that have just left their table: ids of source and document, and how many; likewise."""
    database.conn.executemany(
        "UPDATE kept SET rows = rows - ?4 WHERE source_id = ?2 AND document_id = coalesce(?3, 0) AND kind = ?1",
        ((kind, *origin) for origin in origins),
    )


def _held_rows(database: Database, kind: str) -> Counter[tuple[int, int]]:
    """How many rows of a table each source and document has; one reading of the table, in no more memory than that."""
    return Counter(
        database.execute(f"SELECT source_id, coalesce(document_id, 0) FROM {kind}")  # noqa: S608 - our own names
    )


def _kept_rows(database: Database, kind: str) -> dict[tuple[int, int], int]:
    """How many rows of a table each source and document should have."""
    return {
        (source_id, document_id): rows
        for source_id, document_id, rows in database.execute(
            "SELECT source_id, document_id, rows FROM kept WHERE kind = ?", [kind]
        )
    }


def tally_faults(database: Database, kind: str) -> Iterator[str]:
    """Each document of which fewer or more rows are held than it has brought."""
    kept, held = _kept_rows(database, kind), _held_rows(database, kind)
    for origin in sorted(kept.keys() | held.keys()):
        should, there = kept.get(origin, 0), held[origin]
        if there < should:
            lost = f"{should - there:,} of {should:,} rows are lost"
            yield (
                f"table {kind}: {lost} that {_named(database, origin)} brought; import it again, or restore "
                "a backup (fanzha verify --deep names the rows)"
            )
        elif there > should and not _is_own(database, origin[0]):
            yield (
                f"table {kind}: {there - should:,} rows are there that {_named(database, origin)} has not brought; "
                "restore a backup, or find out who put them in"
            )


def _named(database: Database, origin: tuple[int, int]) -> str:
    source_id, document_id = origin
    source = database.execute("SELECT name FROM source WHERE source_id = ?", [source_id]).fetchone()
    name = source[0] if source else f"number {source_id}"
    row = database.execute("SELECT name, digest FROM document WHERE document_id = ?", [document_id]).fetchone()
    document = f"{row[0]} ({row[1][:12]})" if row else "no document" if not document_id else f"document {document_id}"
    return f"{document} of source {name}"


def _is_own(database: Database, source_id: int) -> bool:
    """Whether the events of a source are made by fanzha itself, which has rules of its own for them."""
    row = database.execute("SELECT format FROM source WHERE source_id = ?", [source_id]).fetchone()
    return row is not None and row[0] == "fanzha"
