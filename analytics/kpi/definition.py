"""A KPI is a declaration: what is counted, over what, by which key and clock, and how it is shown."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Literal

import polars as pl

from analytics.kpi.display import EXACT, PointsRule, RatioRule, Rule
from analytics.kpi.frames import Frames
from db.period import Period

Measure = Literal["count", "money", "percent", "points"]
Records = Callable[[Frames, Period], pl.LazyFrame]

EVERY_ROW: Final = pl.lit(value=True)
DISTINCT_UNITS: Final = pl.col("unit").n_unique()
FEN: Final = pl.col("amount_fen").cast(pl.Int128)
"""Amounts as they are summed: beyond 2^63 fen a sum of Int64 wraps around and says nothing."""


class Tally(Enum):
    """How a figure follows from the records under it."""

    DISTINCT = auto()
    """The number of distinct units."""
    LARGEST = auto()
    """The largest amount of each unit, summed."""
    SHARE = auto()
    """The units that meet a condition (`meets`), in percent of all units."""
    GROWTH = auto()
    """The distinct units against the reported figure of the year before, in percent of that."""
    IMPROVEMENT = auto()
    """The share less that of the year before, counted alike, in percentage points."""


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """A number shown beside the headline: an aggregate over its records."""

    zh: str
    en: str
    value: pl.Expr
    measure: Measure = "count"


@dataclass(frozen=True, slots=True)
class Apart:
    """A number of what is expressly not in the headline."""

    zh: str
    en: str
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """The declaration of one KPI."""

    id: str
    name_zh: str
    name_en: str
    unit_zh: str
    unit_en: str
    definition_zh: str
    """What is counted, over what, with which filters; for readers of the report."""
    definition_en: str
    kinds: tuple[str, ...]
    """The kinds of record (`db.kinds`) it is counted from."""
    frame: str
    """The frame of which a row in the period shows that this kind is reported at all; without one the figure is
    unknown, not 0. Empty where no record tells it: it can only be reported."""
    records: Records
    """The records under the figure, each with `unit` (what it counts as), `source`, `document`, `position`."""
    dedup: tuple[str, ...]
    """What makes two records count as one."""
    time: str = "occurred_at"
    """The clock that decides the period: a column of `frame` (Unix ms)."""
    display: Rule | RatioRule | PointsRule = EXACT
    tally: Tally = Tally.DISTINCT
    distinct: pl.Expr = DISTINCT_UNITS
    """The number of distinct units; said otherwise only where columns count quicker than `unit`, to the same end."""
    version: int = 1
    parent: str = ""
    """The KPI of which this is a part."""
    compared: str = ""
    """Of a growth: the KPI whose reported figure of the year before it is measured against."""
    is_reported: pl.Expr = EVERY_ROW
    """Which rows of `frame` show that this is reported, where not all do."""
    has_interval: bool = False
    """Of a share: whether its 95 % interval stands beside it, as of a sample of what could have happened."""
    may_be_reported: bool = False
    """Whether it stands as published, and says so, in a year that has no record to count it from."""
    beside: tuple[Beside, ...] = ()
    apart: Callable[[Frames, Period], tuple[Apart, ...]] | None = None

    @property
    def measure(self) -> Measure:
        """What kind of number the figure is."""
        if self.tally is Tally.LARGEST:
            return "money"
        if self.tally is Tally.IMPROVEMENT:
            return "points"
        return "count" if self.tally is Tally.DISTINCT else "percent"


RECORDS: Final = Beside("记录", "records", pl.len())


def units_where(condition: pl.Expr) -> pl.Expr:
    """The number of distinct units among the records that meet a condition."""
    return pl.col("unit").filter(condition).n_unique()
