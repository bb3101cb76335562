"""From the records of a year to what they say of a KPI: how many, of how many, and whether any came in."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from analytics.kpi.definition import DISTINCT_UNITS, FEN, Apart, Definition, Tally
from analytics.kpi.frames import Frames, real_in
from analytics.kpi.reported import is_of
from db.period import FIRST_YEAR, Period, Years, shanghai_year

_MEETING: Final = pl.col("unit").filter(pl.col("meets")).n_unique()
_COUNTS: Final = {Tally.LARGEST: FEN.sum(), Tally.SHARE: _MEETING, Tally.IMPROVEMENT: _MEETING}
_UNITS: Final = {Tally.LARGEST: pl.len(), Tally.SHARE: DISTINCT_UNITS, Tally.IMPROVEMENT: DISTINCT_UNITS}
_OF_MONEY: Final = ("amount_fen", "tier", "bearer")
_GREAT: Final = frozenset({"sightings", "warnings"})
_RECORDS: Final = {Tally.LARGEST: pl.col("records").sum()}


@dataclass(frozen=True, slots=True)
class Tallied:
    """What follows from the records under a figure, and from nothing else."""

    count: int
    """Distinct units, the sum in fen, or of a share the units that meet its condition."""
    units: int
    """All distinct units."""
    records: int
    beside: tuple[int, ...]
    is_synthetic: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """What the records of a year say of a KPI."""

    tallied: Tallied | None
    """None where the year has not one record of the kind it is counted from."""
    apart: tuple[Apart, ...] = ()
    before: Tallied | None = None
    """Of an improvement: the year before."""


def measure(definition: Definition, frames: Frames, period: Period) -> Measured:
    """Count a KPI from its records."""
    records = definition.records(frames, period)
    if not _came_in(definition, frames, period, records):
        return Measured(None)
    tallied = tally(definition, records)
    # 0 rests on the rows that say that there is something to count from; of the great frames their facts know nothing
    if not tallied.count and definition.frame not in _GREAT:
        made_up = _has_rows(_reporting(definition, frames, period).filter("is_synthetic"))
        tallied = replace(tallied, is_synthetic=tallied.is_synthetic or made_up)
    apart = definition.apart(frames, period) if definition.apart else ()
    return Measured(
        tallied, apart, _year_before(definition, frames, period) if definition.measure == "points" else None
    )


def _year_before(definition: Definition, frames: Frames, period: Period) -> Tallied:
    """The same, counted for the year before."""
    before = replace(period, year=max(period.year - 1, FIRST_YEAR))
    records = definition.records(frames, before)
    return tally(definition, records if before.year < period.year else records.clear())


def tally(definition: Definition, records: pl.LazyFrame) -> Tallied:
    """Perform, or re-perform, a KPI on the records under it.

    Args:
        definition: the KPI.
        records: what `definition.records` gave, all of it and in any order.
    """
    beside = [each.value.alias(f"beside {place}") for place, each in enumerate(definition.beside)]
    summary = _ready(definition, records).select(
        _COUNTS.get(definition.tally, definition.distinct).alias("count"),
        _UNITS.get(definition.tally, definition.distinct).alias("units"),
        _RECORDS.get(definition.tally, pl.len()).alias("records"),
        pl.col("is_synthetic").any(),
        *beside,
    )
    count, units, records_in, is_synthetic, *others = summary.collect(engine="streaming").row(0)
    return Tallied(count, units, records_in, tuple(others), bool(is_synthetic))


def _ready(definition: Definition, records: pl.LazyFrame) -> pl.LazyFrame:
    """The records; where the largest of each unit counts, that one (of equal amounts the surer tier)."""
    if definition.tally is not Tally.LARGEST:
        return records
    told = [name for name in _OF_MONEY if name in records.collect_schema()]
    largest = pl.col(told).sort_by("amount_fen", "tier", descending=[True, False]).first()
    return records.group_by("unit").agg(largest, pl.col("is_synthetic").any(), records=pl.len())


def records_under(definition: Definition, frames: Frames, period: Period) -> pl.LazyFrame:
    """The records under a figure: those it is counted from, or the published ones that stand in their place."""
    records = definition.records(frames, period)
    if not definition.may_be_reported or _came_in(definition, frames, period, records):
        return records
    published = frames["reported_figures"].filter(is_of(definition, period.year))
    return published.with_columns(unit=pl.lit(definition.id))


def _came_in(definition: Definition, frames: Frames, period: Period, records: pl.LazyFrame) -> bool:
    """Whether there is something to count from: 0 is then an answer.

    A record may be of another year than its unit: an episode of this one may be assessed in the next.
    """
    return bool(definition.frame) and (is_reported(definition, frames, period) or _has_rows(records))


def is_reported(definition: Definition, frames: Frames, period: Period) -> bool:
    """Whether the year has a record of the kind that a KPI is counted from."""
    return _has_rows(_reporting(definition, frames, period).select(definition.time))


def reported_years(definition: Definition, frames: Frames, years: Collection[int]) -> frozenset[int]:
    """Those of some years that have a record of the kind that a KPI is counted from."""
    if len(years) == 1:
        # the first record tells
        return frozenset(year for year in years if is_reported(definition, frames, Period(year)))
    reporting = _reporting(definition, frames, Years(min(years), max(years)))
    found = reporting.select(shanghai_year(pl.col(definition.time)).unique()).collect(engine="streaming")
    return frozenset(found.to_series().to_list())


def _reporting(definition: Definition, frames: Frames, period: Period) -> pl.LazyFrame:
    """The rows of the period that show that there is something to count from."""
    return real_in(frames[definition.frame], period, definition.time).filter(definition.is_reported)


def _has_rows(frame: pl.LazyFrame) -> bool:
    return frame.head(1).collect(engine="streaming").height > 0
