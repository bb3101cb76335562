"""From records to figures: the value, what stands beside it, and the note that says what it rests on."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

import polars as pl

from analytics.kpi import improvement, notes
from analytics.kpi.definition import FEN, Definition, Measure, Tally
from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.display import (
    PointsRule,
    RatioRule,
    percent,
    show_en,
    show_points,
    show_ratio,
    show_unstated,
    show_zh,
)
from analytics.kpi.frames import Frames, real_in
from analytics.kpi.reported import Reported, is_of, reported_of
from db.period import FIRST_YEAR, Period

_FEN: Final = 100
"""Fen in a yuan."""
_MEETING: Final = pl.col("unit").filter(pl.col("meets")).n_unique()
_COUNTS: Final = {Tally.LARGEST: FEN.sum(), Tally.SHARE: _MEETING, Tally.IMPROVEMENT: _MEETING}
_SHARES: Final = frozenset({Tally.SHARE, Tally.IMPROVEMENT})


@dataclass(frozen=True, slots=True)
class Figure:
    """One KPI of one year."""

    definition: Definition
    year: int
    value: int | Decimal | None
    """A count, money in fen, or a rate in percent or points (two places); None where unknown."""
    prior: int | Decimal | None
    """The figure published for the year before, in the same form."""
    note_zh: str
    note_en: str
    numerator: int | None = None
    """Of a rate; one that stands as published has none."""
    denominator: int | None = None
    is_synthetic: bool = False
    """Whether made-up records lie beneath it."""

    @property
    def id(self) -> str:
        """The KPI's id."""
        return self.definition.id

    @property
    def measure(self) -> Measure:
        """What kind of number it is: of a published increase of a rate nobody may say that it is in points."""
        return "percent" if self._is_unstated else self.definition.measure

    @property
    def units(self) -> tuple[str, str]:
        """Its unit, in Chinese and English."""
        return ("%", "%") if self._is_unstated else (self.definition.unit_zh, self.definition.unit_en)

    @property
    def _is_unstated(self) -> bool:
        return self.definition.measure == "points" and self.value is not None and self.denominator is None

    @property
    def display_zh(self) -> str:
        """The figure as a Chinese text shows it."""
        return self._displayed(zh=True)

    @property
    def display_en(self) -> str:
        """The figure as an English text shows it."""
        return self._displayed(zh=False)

    def _displayed(self, *, zh: bool) -> str:
        rule, definition = self.definition.display, self.definition
        if self.value is None:
            return "未知" if zh else "unknown"
        if isinstance(rule, PointsRule):
            return self._displayed_points(rule)[0 if zh else 1]
        if isinstance(rule, RatioRule):
            return show_ratio(*self._ratio, rule)
        base, currency = (_FEN, f"{definition.unit_en} ") if definition.measure == "money" else (1, "")
        count = int(self.value)
        return show_zh(count, definition.unit_zh, rule, base) if zh else show_en(count, rule, base, currency)

    def _displayed_points(self, rule: PointsRule) -> tuple[str, str]:
        return show_unstated(Decimal(self.value or 0)) if self._is_unstated else show_points(*self._ratio, rule)

    @property
    def _ratio(self) -> tuple[int, int]:
        """Of a rate: as counted, or as published."""
        if self.denominator is None:
            return (Decimal(self.value or 0) / 100).as_integer_ratio()
        return self.numerator or 0, self.denominator


@dataclass(frozen=True, slots=True)
class Tallied:
    """What follows from the records under a figure, and from nothing else."""

    count: int
    """Distinct units, the sum in fen, or of a share the units that meet its condition."""
    units: int | None
    """Of a share: all units."""
    beside: tuple[int, ...]
    is_synthetic: bool


def compute(frames: Frames, period: Period) -> list[Figure]:
    """All KPIs of a year, in the order of the report.

    A figure is unknown, not 0, where the year has not one record of the kind it is counted from: 0 says that such
    records came in and none met the definition.

    Args:
        frames: a lazy frame for each name in `analytics.kpi.frames.FRAMES`.
        period: the year.
    """
    reported = frames["reported_figures"].collect()
    return [_figure(definition, frames, period, reported) for definition in DEFINITIONS.values()]


def tally(definition: Definition, records: pl.LazyFrame) -> Tallied:
    """Perform, or re-perform, a KPI on the records under it.

    Args:
        definition: the KPI.
        records: what `definition.records` gave, all of it and in any order.
    """
    units = pl.col("unit").n_unique() if definition.tally in _SHARES else pl.lit(None, pl.Int64)
    beside = [each.value.alias(f"beside {place}") for place, each in enumerate(definition.beside)]
    summary = _ready(definition, records).select(
        _COUNTS.get(definition.tally, definition.distinct).alias("count"),
        units.alias("units"),
        pl.col("is_synthetic").any(),
        *beside,
    )
    count, all_units, is_synthetic, *others = summary.collect(engine="streaming").row(0)
    return Tallied(count, all_units, tuple(others), bool(is_synthetic))


def _ready(definition: Definition, records: pl.LazyFrame) -> pl.LazyFrame:
    """The records; where the largest of each unit counts, that one (of equal amounts the surer tier)."""
    if definition.tally is not Tally.LARGEST:
        return records
    largest = pl.col("amount_fen", "tier").sort_by("amount_fen", "tier", descending=[True, False]).first()
    return records.group_by("unit").agg(largest, pl.col("is_synthetic").any())


def _figure(definition: Definition, frames: Frames, period: Period, reported: pl.DataFrame) -> Figure:
    prior = reported_of(reported, definition, period.year - 1)
    # of what was published for a rate's increase nobody knows whether it can be compared
    unknown = Figure(definition, period.year, None, None if definition.measure == "points" else prior.value, "", "")
    records = definition.records(frames, period)
    if not _came_in(definition, frames, period, records):
        return _published(unknown, reported, prior) if definition.may_be_reported else _nothing(unknown, prior)
    tallied = tally(definition, records)
    remarks = [
        *notes.beside(definition.beside, tallied.beside),
        *(notes.apart(definition.apart(frames, period)) if definition.apart else ()),
        *prior.remarks,
    ]
    if definition.measure == "points":
        return _improved(unknown, tallied, _year_before(definition, frames, period), remarks)
    if definition.measure == "percent":
        return _rate(unknown, tallied, reported, remarks)
    # 0 rests on the rows that say that there is something to count from
    is_made_up = not tallied.count and _has_rows(_reporting(definition, frames, period).filter("is_synthetic"))
    figure = replace(unknown, value=tallied.count, is_synthetic=tallied.is_synthetic or is_made_up)
    return _noted(figure, remarks)


def _nothing(unknown: Figure, prior: Reported) -> Figure:
    return _noted(unknown, [notes.nothing_came_in(unknown.definition, unknown.year), *prior.remarks])


def _published(unknown: Figure, reported: pl.DataFrame, prior: Reported) -> Figure:
    """The figure as published for its own year, where no record tells it; else unknown."""
    published = reported_of(reported, unknown.definition, unknown.year)
    if published.value is None:
        return _nothing(unknown, replace(prior, remarks=(*published.remarks, *prior.remarks)))
    figure = replace(unknown, value=published.value, is_synthetic=published.is_synthetic)
    is_ambiguous = unknown.definition.measure == "points" and published.value > 0
    meant = [improvement.readings(Decimal(published.value))] if is_ambiguous else []
    return _noted(figure, [notes.as_reported(published), *meant, *published.remarks, *prior.remarks])


def _year_before(definition: Definition, frames: Frames, period: Period) -> Tallied:
    """The same, counted for the year before."""
    before = replace(period, year=max(period.year - 1, FIRST_YEAR))
    records = definition.records(frames, before)
    return tally(definition, records if before.year < period.year else records.clear())


def _improved(unknown: Figure, now: Tallied, before: Tallied, remarks: list[notes.Remark]) -> Figure:
    levels = (now.count, now.units or 0), (before.count, before.units or 0)
    said = [*improvement.levels(unknown.year, *levels), *remarks]
    figure = replace(unknown, is_synthetic=now.is_synthetic or before.is_synthetic)
    gained = improvement.difference(*levels)
    if gained is None:
        return _noted(figure, [("未知", "unknown"), *said])
    ratio = gained.as_integer_ratio()
    figure = replace(figure, value=percent(*ratio), numerator=ratio[0], denominator=ratio[1])
    return _noted(figure, said)


def _rate(unknown: Figure, tallied: Tallied, reported: pl.DataFrame, remarks: list[notes.Remark]) -> Figure:
    definition, base = unknown.definition, Reported()
    numerator, denominator = tallied.count, tallied.units or 0
    if definition.compared:
        base = reported_of(reported, DEFINITIONS[definition.compared], unknown.year - 1)
        denominator = int(base.value or 0)
        numerator -= denominator
    remark = notes.rate(definition, unknown.year, numerator, denominator, base)
    figure = replace(unknown, is_synthetic=tallied.is_synthetic or base.is_synthetic)
    if denominator:
        value = percent(numerator, denominator)
        figure = replace(figure, value=value, numerator=numerator, denominator=denominator)
    return _noted(figure, [remark, *base.remarks, *remarks])


def _noted(figure: Figure, remarks: list[notes.Remark]) -> Figure:
    note_zh, note_en = notes.joined([*remarks, *([notes.SYNTHETIC] if figure.is_synthetic else ())])
    return replace(figure, note_zh=note_zh, note_en=note_en)


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
    return bool(definition.frame) and (_is_reported(definition, frames, period) or _has_rows(records))


def _is_reported(definition: Definition, frames: Frames, period: Period) -> bool:
    return _has_rows(_reporting(definition, frames, period))


def _reporting(definition: Definition, frames: Frames, period: Period) -> pl.LazyFrame:
    """The rows of the period that show that there is something to count from."""
    rows = real_in(frames[definition.frame], period, definition.time).filter(definition.is_reported)
    return rows.select(definition.time, "is_synthetic")


def _has_rows(frame: pl.LazyFrame) -> bool:
    return frame.head(1).collect(engine="streaming").height > 0


def figure_json(figure: Figure) -> dict[str, int | str | None]:
    """The figure as `fanzha kpi --json` prints it: money and rates as decimal strings of two places."""
    definition = figure.definition
    unit_zh, unit_en = figure.units
    return {
        "id": figure.id,
        "name_zh": definition.name_zh,
        "name_en": definition.name_en,
        "value": plain_value(definition, figure.value),
        "unit": unit_zh if unit_zh == unit_en else f"{unit_zh} ({unit_en})",
        "display_zh": figure.display_zh,
        "display_en": figure.display_en,
        "prior": plain_value(definition, figure.prior),
        "definition_version": str(definition.version),
        "note": " / ".join(filter(None, (figure.note_zh, figure.note_en))),
    }


def plain_value(definition: Definition, value: int | Decimal | None) -> int | str | None:
    """A value as programs read it: a count as it is, money (kept in fen) and rates as decimal strings."""
    if value is None or definition.measure == "count":
        return None if value is None else int(value)
    return f"{Decimal(value).scaleb(-2):f}" if definition.measure == "money" else f"{value:f}"
