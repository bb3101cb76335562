"""From records to figures: the value, what stands beside it, and the note that says what it rests on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from analytics.kpi import improvement, notes
from analytics.kpi.counting import Measured, Tallied, measure
from analytics.kpi.definition import Definition, Measure
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
from analytics.kpi.frames import Frames
from analytics.kpi.reported import Levels, Reported, level_of, reported_of
from db.period import Period

FEN_IN_YUAN: Final = 100


@dataclass(frozen=True, slots=True)
class Figure:
    """One KPI of one year."""

    definition: Definition
    year: int
    value: int | Decimal | None
    """A count, money in fen, or a rate in percent or points (two places); None where unknown."""
    prior: int | Decimal | None
    """The figure of the year before, signed off or published, in the same form."""
    note_zh: str
    note_en: str
    numerator: int | None = None
    """Of a rate; one that stands as published has none."""
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
    def measure(self) -> Measure:
        """What kind of number it is: of a published increase of a rate nobody may say that it is in points."""
        return "percent" if self._is_unstated else self.definition.measure

    @property
    def unit_labels(self) -> tuple[str, str]:
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
        if self.shown:
            return self.shown[0 if zh else 1]
        if self.value is None:
            return "未知" if zh else "unknown"
        if isinstance(rule, PointsRule):
            return self._displayed_points(rule)[0 if zh else 1]
        if isinstance(rule, RatioRule):
            return show_ratio(*self._ratio, rule)
        base, currency = (FEN_IN_YUAN, f"{definition.unit_en} ") if definition.measure == "money" else (1, "")
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


def _figure(definition: Definition, period: Period, measured: Measured, levels: Levels) -> Figure:
    prior = level_of(levels, definition, period.year - 1)
    # of what was published for a rate's increase nobody knows whether it can be compared
    unknown = Figure(definition, period.year, None, None if definition.measure == "points" else prior.value, "", "")
    tallied = measured.tallied
    if tallied is None:
        return _published(unknown, levels, prior) if definition.may_be_reported else _nothing(unknown, prior)
    remarks = [
        *notes.beside(definition.beside, tallied.beside),
        *notes.apart(measured.apart),
        *notes.prior(prior, period.year - 1),
    ]
    counted = replace(unknown, is_synthetic=tallied.is_synthetic, records=tallied.records, units=tallied.units)
    if measured.before:
        return _improved(counted, tallied, measured.before, remarks)
    if definition.measure == "percent":
        return _rate(counted, tallied, levels, remarks)
    return _noted(replace(counted, value=tallied.count), remarks)


def _nothing(unknown: Figure, prior: Reported) -> Figure:
    said = notes.nothing_came_in(unknown.definition, unknown.year)
    return _noted(unknown, [said, *notes.prior(prior, unknown.year - 1)])


def _published(unknown: Figure, levels: Levels, prior: Reported) -> Figure:
    """The figure as published for its own year, where no record tells it; else unknown."""
    published = reported_of(levels.reported, unknown.definition, unknown.year)
    if published.value is None:
        return _nothing(unknown, replace(prior, remarks=(*published.remarks, *prior.remarks)))
    figure = replace(unknown, value=published.value, is_synthetic=published.is_synthetic)
    is_ambiguous = unknown.definition.measure == "points" and published.value > 0
    meant = [improvement.readings(Decimal(published.value))] if is_ambiguous else []
    before = notes.prior(prior, unknown.year - 1)
    return _noted(figure, [notes.as_reported(published), *meant, *published.remarks, *before])


def _improved(counted: Figure, now: Tallied, before: Tallied, remarks: list[notes.Remark]) -> Figure:
    levels = (now.count, now.units), (before.count, before.units)
    said = [*improvement.levels(counted.year, *levels), *remarks]
    figure = replace(counted, is_synthetic=now.is_synthetic or before.is_synthetic)
    gained = improvement.difference(*levels)
    if gained is None:
        return _noted(figure, [("未知", "unknown"), *said])
    ratio = gained.as_integer_ratio()
    figure = replace(figure, value=percent(*ratio), numerator=ratio[0], denominator=ratio[1])
    return _noted(figure, said)


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


def figure_json(figure: Figure) -> dict[str, int | str | None]:
    """The figure as `fanzha kpi --json` prints it: money and rates as decimal strings of two places."""
    definition = figure.definition
    unit_zh, unit_en = figure.unit_labels
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
