"""From records to figures: the value, what stands beside it, and the note that says what it rests on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import polars as pl

from analytics.kpi import notes
from analytics.kpi.definition import DISTINCT_UNITS, FEN, Apart, Definition, Tally
from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.display import RatioRule, percent, show_en, show_ratio, show_zh
from analytics.kpi.frames import Frames, real_in
from analytics.kpi.reported import Levels, Reported, level_of
from db.period import Period

FEN_IN_YUAN: Final = 100
_COUNTS: Final = {
    Tally.LARGEST: FEN.sum(),
    Tally.SHARE: pl.col("unit").filter(pl.col("meets")).n_unique(),
}
_UNITS: Final = {Tally.LARGEST: pl.len(), Tally.SHARE: DISTINCT_UNITS}
_RECORDS: Final = {Tally.LARGEST: pl.col("records").sum()}


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
    records: int | None = None
    """How many records meet the definition, those of one unit counted each; None where nothing came in."""
    units: int | None = None
    """How many distinct units they make."""
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
        base, currency = (FEN_IN_YUAN, f"{definition.unit_en} ") if definition.measure == "money" else (1, "")
        count = int(self.value)
        return show_zh(count, definition.unit_zh, rule, base) if zh else show_en(count, rule, base, currency)


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


def compute(
    frames: Frames,
    period: Period,
    wanted: Iterable[Definition] = DEFINITIONS.values(),
    known: Mapping[str, Measured] = MappingProxyType({}),
) -> list[Figure]:
    """KPIs of a year, in the order of the report.

    A figure is unknown, not 0, where the year has not one record of the kind it is counted from: 0 says that such
    records came in and none met the definition.

    Args:
        frames: a lazy frame for each name in `analytics.kpi.frames.FRAMES`, as far as what is wanted needs it.
        period: the year.
        wanted: which.
        known: id -> what the records say of it; they are not read again.
    """
    levels = Levels(frames["signed_figures"].collect(), frames["reported_figures"].collect())
    return [
        _figure(definition, period, known.get(definition.id) or measure(definition, frames, period), levels)
        for definition in wanted
    ]


def measure(definition: Definition, frames: Frames, period: Period) -> Measured:
    """Count a KPI from its records."""
    records = definition.records(frames, period)
    # a record may be of another year than its unit: an episode of this one may be assessed in the next
    if not (is_reported(definition, frames, period) or _has_rows(records)):
        return Measured(None)
    return Measured(tally(definition, records), definition.apart(frames, period) if definition.apart else ())


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
    largest = pl.col("amount_fen", "tier", "bearer").sort_by("amount_fen", "tier", descending=[True, False]).first()
    return records.group_by("unit").agg(largest, pl.col("is_synthetic").any(), records=pl.len())


def _figure(definition: Definition, period: Period, measured: Measured, levels: Levels) -> Figure:
    prior = level_of(levels, definition, period.year - 1)
    unknown = Figure(definition, period.year, None, prior.value, "", "")
    tallied = measured.tallied
    if tallied is None:
        return _noted(unknown, [notes.nothing_came_in(definition, period.year), *notes.prior(prior, period.year - 1)])
    remarks = [
        *notes.beside(definition.beside, tallied.beside),
        *notes.apart(measured.apart),
        *notes.prior(prior, period.year - 1),
    ]
    counted = replace(unknown, is_synthetic=tallied.is_synthetic, records=tallied.records, units=tallied.units)
    if definition.measure == "percent":
        return _rate(counted, tallied, levels, remarks)
    return _noted(replace(counted, value=tallied.count), remarks)


def _rate(counted: Figure, tallied: Tallied, levels: Levels, remarks: list[notes.Remark]) -> Figure:
    definition, base = counted.definition, Reported()
    numerator, denominator = tallied.count, tallied.units
    if definition.compared:
        base = level_of(levels, DEFINITIONS[definition.compared], counted.year - 1)
        denominator = int(base.value or 0)
        numerator -= denominator
    remark = notes.rate(definition, counted.year, numerator, denominator, base)
    figure = replace(counted, is_synthetic=tallied.is_synthetic or base.is_synthetic)
    if denominator:
        value = percent(numerator, denominator)
        figure = replace(figure, value=value, numerator=numerator, denominator=denominator)
    return _noted(figure, [remark, *base.remarks, *remarks])


def _noted(figure: Figure, remarks: list[notes.Remark]) -> Figure:
    note_zh, note_en = notes.joined([*remarks, *([notes.SYNTHETIC] if figure.is_synthetic else ())])
    return replace(figure, note_zh=note_zh, note_en=note_en)


def is_reported(definition: Definition, frames: Frames, period: Period) -> bool:
    """Whether the year has a record of the kind that a KPI is counted from."""
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
