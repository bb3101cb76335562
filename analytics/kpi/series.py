"""A figure by month and week: the same records, each unit where its first record lies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

from analytics.kpi.definition import FEN, Definition, Tally
from analytics.kpi.frames import Frames
from db.period import DAY_MS, Period, shanghai_day

OUTSIDE: Final = "outside"
"""Where the first record of a unit lies outside the year: an episode begun in December may be assessed in January."""
_COUNTED: Final = (Tally.DISTINCT, Tally.LARGEST)


@dataclass(frozen=True, slots=True)
class Series:
    """A figure in parts that add up to it; money in fen."""

    kpi: str
    monthly: tuple[tuple[str, int], ...]
    """`2024-01` -> its part, every month of the year; then `OUTSIDE`, where anything is."""
    weekly: tuple[tuple[str, int], ...]
    """Likewise every ISO week that has a day in the year, `2024-W01`."""


def series(definition: Definition, frames: Frames, period: Period) -> Series | None:
    """A figure by Shanghai month and ISO week; None of a rate, whose parts would not add up, and of what has no clock.

    Args:
        definition: the KPI.
        frames: what it is computed from.
        period: the year.
    """
    records = definition.records(frames, period)
    if definition.tally not in _COUNTED or definition.time not in records.collect_schema().names():
        return None
    daily = _daily(definition, records)
    days = [date(period.year, 1, 1) + timedelta(place) for place in range((period.end - period.start) // DAY_MS)]
    inside = {day: daily.pop(day, 0) for day in days}
    outside = sum(daily.values())
    return Series(definition.id, _summed(inside, _month, outside), _summed(inside, _week, outside))


def _daily(definition: Definition, records: pl.LazyFrame) -> dict[date | None, int]:
    """The figure's parts by the day of each unit's first record; of units no more is held than a number and a day."""
    is_text = records.collect_schema()["unit"] == pl.String
    # 21 million texts would need gigabytes; that two of them share a hash is less likely than one in 10,000
    unit = pl.col("unit").hash() if is_text else pl.col("unit")
    day = shanghai_day(pl.col(definition.time)).cast(pl.Int32).cast(pl.Int16)
    is_money = definition.tally is Tally.LARGEST
    amount = [FEN.alias("amount")] if is_money else []
    largest = [pl.col("amount").max()] if is_money else []
    units = (
        records.select(unit.alias("unit"), day.alias("day"), *amount)
        .group_by("unit")
        .agg(pl.col("day").min(), *largest)
    )
    part = pl.col("amount").sum() if is_money else pl.len()
    parts = units.group_by("day").agg(part.alias("part")).collect(engine="streaming")
    return dict(parts.select(pl.col("day").cast(pl.Date), "part").iter_rows())


def _summed(daily: Mapping[date, int], label: Callable[[date], str], outside: int) -> tuple[tuple[str, int], ...]:
    parts: dict[str, int] = {}
    for day, part in daily.items():
        parts[label(day)] = parts.get(label(day), 0) + part
    return (*parts.items(), *([(OUTSIDE, outside)] if outside else []))


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"
