"""From records to figures: the value, what stands beside it, and the note that says what it rests on."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

import polars as pl

from analytics.kpi import notes
from analytics.kpi.definition import FEN, Definition, Tally
from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.display import RatioRule, percent, show_en, show_ratio, show_zh
from analytics.kpi.frames import Frames, real_in
from analytics.kpi.reported import Levels, Reported, level_of
from db.period import Period

_FEN: Final = 100
"""Fen in a yuan."""
_COUNTS: Final = {
    Tally.LARGEST: FEN.sum(),
    Tally.SHARE: pl.col("unit").filter(pl.col("meets")).n_unique(),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One KPI of one year."""

    definition: Definition
    year: int
    value: int | Decimal | None
    """A count, money in fen, or a rate in percent (two places); None where unknown."""
    prior: int | Decimal | None
    """The figure of the year before, signed off or published, in the same form."""
    note_zh: str
    note_en: str
    numerator: int | None = None
    """Of a rate."""
    denominator: int | None = None
    is_synthetic: bool = False
    """Whether made-up records lie beneath it."""
    shown: tuple[str, str] | None = None
    """How it was displayed when it was signed off, zh and en; None where it follows from the declared rule."""

    @property
    def id(self) -> str:
        """The KPI's id."""
        return self.definition.id

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
        if self.shown:
            return self.shown[0 if zh else 1]
        if self.value is None:
            return "未知" if zh else "unknown"
        if isinstance(rule, RatioRule):
            return show_ratio(self.numerator or 0, self.denominator or 1, rule)
        base, currency = (_FEN, f"{definition.unit_en} ") if definition.measure == "money" else (1, "")
        count = int(self.value)
        return show_zh(count, definition.unit_zh, rule, base) if zh else show_en(count, rule, base, currency)


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
    levels = Levels(frames["signed_figures"].collect(), frames["reported_figures"].collect())
    return [_figure(definition, frames, period, levels) for definition in DEFINITIONS.values()]


def tally(definition: Definition, records: pl.LazyFrame) -> Tallied:
    """Perform, or re-perform, a KPI on the records under it.

    Args:
        definition: the KPI.
        records: what `definition.records` gave, all of it and in any order.
    """
    units = pl.col("unit").n_unique() if definition.tally is Tally.SHARE else pl.lit(None, pl.Int64)
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


def _figure(definition: Definition, frames: Frames, period: Period, levels: Levels) -> Figure:
    prior = level_of(levels, definition, period.year - 1)
    unknown = Figure(definition, period.year, None, prior.value, "", "")
    records = definition.records(frames, period)
    # a record may be of another year than its unit: an episode of this one may be assessed in the next
    if not (_is_reported(definition, frames, period) or _has_rows(records)):
        return _noted(unknown, [notes.nothing_came_in(definition, period.year), *notes.prior(prior, period.year - 1)])
    tallied = tally(definition, records)
    remarks = [
        *notes.beside(definition.beside, tallied.beside),
        *(notes.apart(definition.apart(frames, period)) if definition.apart else ()),
        *notes.prior(prior, period.year - 1),
    ]
    if definition.measure == "percent":
        return _rate(unknown, tallied, levels, remarks)
    return _noted(replace(unknown, value=tallied.count, is_synthetic=tallied.is_synthetic), remarks)


def _rate(unknown: Figure, tallied: Tallied, levels: Levels, remarks: list[notes.Remark]) -> Figure:
    definition, base = unknown.definition, Reported()
    numerator, denominator = tallied.count, tallied.units or 0
    if definition.compared:
        base = level_of(levels, DEFINITIONS[definition.compared], unknown.year - 1)
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


def _is_reported(definition: Definition, frames: Frames, period: Period) -> bool:
    rows = real_in(frames[definition.frame], period, definition.time).filter(definition.is_reported)
    return _has_rows(rows.select(definition.time))


def _has_rows(frame: pl.LazyFrame) -> bool:
    return frame.head(1).collect(engine="streaming").height > 0


def figure_json(figure: Figure) -> dict[str, int | str | None]:
    """The figure as `fanzha kpi --json` prints it: money and rates as decimal strings of two places."""
    definition = figure.definition
    unit = (
        definition.unit_zh
        if definition.unit_zh == definition.unit_en
        else f"{definition.unit_zh} ({definition.unit_en})"
    )
    return {
        "id": figure.id,
        "name_zh": definition.name_zh,
        "name_en": definition.name_en,
        "value": plain_value(definition, figure.value),
        "unit": unit,
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
