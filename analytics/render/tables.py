"""The report's tables, cell by cell, before any format: numbers stay numbers until the last moment."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from analytics.render.report import FigureRow, Plain, Report
from analytics.render.words import HOLDS, say, word
from db.period import shanghai_text

Shape = Literal["count", "money", "percent", "growth", "points"]


@dataclass(frozen=True, slots=True)
class Number:
    """A number and what it is: `percent` and `growth` are in percent, `points` in percentage points."""

    value: Decimal
    shape: Shape


Cell = str | Number | None
"""None is a number that is unknown."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a title; `widths` are in characters of Latin text."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    widths: tuple[int, ...]


def tables(report: Report) -> tuple[Table, ...]:
    """Summary, definitions, checks and sources."""
    return (_summary(report), _definitions(report), _checks(report), _sources(report))


def change(figure: FigureRow) -> Number | None:
    """This year against the year before: in percent, or for rates in percentage points; None without both levels."""
    value, prior = _exact(figure.value), _exact(figure.prior)
    if value is None or prior is None:
        return None
    if figure.measure in {"percent", "points"}:
        return Number(value - prior, "points")
    return Number(100 * (value - prior) / prior, "growth") if prior else None


def _summary(report: Report) -> Table:
    names = ("kpi", "unit", "change", "basis", "note")
    kpi, unit, changed, basis, note = (word(report, name) for name in names)
    rows = tuple(
        (
            say(report.lang, figure.name_zh, figure.name_en),
            say(report.lang, figure.unit_zh, figure.unit_en),
            _number(figure, figure.value),
            _number(figure, figure.prior),
            change(figure),
            f"{figure.id} v{figure.definition_version}",
            say(report.lang, figure.note_zh, figure.note_en),
        )
        for figure in report.figures
    )
    header = (kpi, unit, str(report.year), str(report.year - 1), changed, basis, note)
    return Table(word(report, "summary"), header, rows, (34, 12, 18, 18, 12, 10, 60))


def _definitions(report: Report) -> Table:
    header = tuple(word(report, name) for name in ("id", "kpi", "display", "basis", "version"))
    rows = tuple(
        (
            figure.id,
            say(report.lang, figure.name_zh, figure.name_en),
            say(report.lang, figure.display_zh, figure.display_en),
            say(report.lang, figure.definition_zh, figure.definition_en),
            figure.definition_version,
        )
        for figure in report.figures
    )
    return Table(word(report, "definitions"), header, rows, (8, 34, 24, 90, 10))


def _checks(report: Report) -> Table:
    header = tuple(word(report, name) for name in ("check", "result", "finding"))
    rows = tuple(
        (check.id, word(report, HOLDS[check.holds]), say(report.lang, check.finding_zh, check.finding_en))
        for check in report.checks
    )
    return Table(word(report, "checks"), header, rows, (20, 20, 90))


def _sources(report: Report) -> Table:
    header = tuple(word(report, name) for name in ("source", "outcome", "last_success", "rows", "reason"))
    rows = tuple(
        (
            source.name,
            source.outcome,
            "" if source.last_success_at is None else shanghai_text(source.last_success_at),
            None if source.rows is None else Number(Decimal(source.rows), "count"),
            source.reason,
        )
        for source in report.sources
    )
    return Table(word(report, "sources"), header, rows, (28, 16, 28, 14, 70))


def _number(figure: FigureRow, plain: Plain) -> Number | None:
    value = _exact(plain)
    return None if value is None else Number(value, figure.measure)


def _exact(plain: Plain) -> Decimal | None:
    return None if plain is None else Decimal(plain)
