"""How many rows of each frame a year has, tests and all: what goes into the first step of each figure."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import polars as pl
from sqlite_utils import Database

from db.archives import MOVED, Span, join_archived
from db.event_frames import EVENT_FRAMES
from db.period import Period

_TABLES: Final = MappingProxyType(
    {"sightings": ("sighting", "seen_at"), "app_sightings": ("app_sighting", "seen_at")}
    | {frame: (table, "occurred_at") for table, frame in MOVED.items()}
    | {"attack_events": ("attack_event", "occurred_at")}
    | {name: (frame.table, "occurred_at") for name, frame in EVENT_FRAMES.items()}
)
"""Frame -> the table under it, and its clock."""
_SCHEMA: Final = pl.Schema({"occurred_at": pl.Int64(), "is_test": pl.Boolean()})


class Extent(NamedTuple):
    """Rows of a kind in a year."""

    rows: int
    tests: int


def extents(database: Database, period: Period, frames: Collection[str]) -> Mapping[str, Extent]:
    """The rows in the year of each of these frames, archived ones too (of attacks, the company's events)."""
    wanted = {frame: of for frame, of in _TABLES.items() if frame in frames}
    return {frame: _extent(database, table, clock, period) for frame, (table, clock) in wanted.items()}


def _extent(database: Database, table: str, clock: str, period: Period) -> Extent:
    query = f"SELECT count(*), coalesce(sum(is_test), 0) FROM {table} WHERE {clock} >= ? AND {clock} < ?"  # noqa: S608 - our own names
    rows, tests = database.execute(query, [period.start, period.end]).fetchone()
    if table not in MOVED:
        return Extent(rows, tests)
    nothing = {table: pl.LazyFrame(schema=_SCHEMA)}
    moved = join_archived(database, nothing, {table: table}, {table: Span(period.start, period.end)})[table]
    more, more_tests = moved.select(pl.len(), pl.col("is_test").sum()).collect(engine="streaming").row(0)
    return Extent(rows + more, tests + more_tests)
