"""The report's tables, cell by cell, before any format: numbers stay numbers until the last moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Literal

from analytics.render.report import FigureRow, Group, Plain, Report
from analytics.render.words import HOLDS, say, word
from db.period import shanghai_text

Shape = Literal["count", "money", "percent", "growth", "points", "hours"]


@dataclass(frozen=True, slots=True)
class Number:
    """A number and what it is: `percent` and `growth` are in percent, `points` in percentage points."""

    value: Decimal
    shape: Shape


_LINE: Final = 3
"""Cells of a line to sign on, which are empty too."""
Cell = str | Number | None
"""None is a number that is unknown."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a title; `widths` are in characters of Latin text."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    widths: tuple[int, ...]


_FORMATS: Final[Mapping[Shape, str]] = MappingProxyType(
    {
        "count": "{:,.0f}",
        "money": "{:,.2f}",
        "percent": "{:,.2f}%",
        "growth": "{:+,.2f}%",
        "points": "{:+,.2f} pp",
        "hours": "{:,.2f}",
    }
)


def shown(cell: Cell, unknown: str) -> str:
    """A cell as text; a text as it is, not made harmless."""
    if cell is None:
        return unknown
    return _FORMATS[cell.shape].format(cell.value) if isinstance(cell, Number) else cell


def is_heading(row: Sequence[Cell]) -> bool:
    """Whether a row only names the rows below it."""
    return len(row) > _LINE and bool(row[0]) and all(cell == "" for cell in row[1:])


def change(figure: FigureRow) -> Number | None:
    """This year against the year before: in percent, or for rates in percentage points; None without both levels."""
    value, prior = exact(figure.value), exact(figure.prior)
    if value is None or prior is None:
        return None
    if figure.measure in {"percent", "points"}:
        return Number(value - prior, "points")
    return Number(100 * (value - prior) / prior, "growth") if prior else None


def summary(report: Report) -> Table:
    """Every KPI with its unit, this year's and last year's figure, what changed, basis and notes."""
    names = ("kpi", "unit", "change", "basis", "note")
    kpi, unit, changed, basis, note = (word(report, name) for name in names)
    rows = tuple(row for group in report.groups for row in _group(report, group))
    header = (kpi, unit, str(report.year), str(report.year - 1), changed, basis, note)
    return Table(word(report, "summary"), header, rows, (34, 14, 20, 20, 16, 12, 60))


def _group(report: Report, group: Group) -> tuple[tuple[Cell, ...], ...]:
    """A group's heading and its figures."""
    rows = tuple(
        (
            said(report, figure, "name"),
            said(report, figure, "unit"),
            number(figure, figure.value),
            number(figure, figure.prior),
            change(figure),
            f"{figure.id} v{figure.definition_version}",
            said(report, figure, "note"),
        )
        for figure in report.figures
        if figure.group == group.id
    )
    return ((say(report.lang, group.name_zh, group.name_en), *[""] * 6), *rows) if rows else ()


def definitions(report: Report) -> Table:
    """What each KPI counts."""
    header = tuple(word(report, name) for name in ("id", "kpi", "display", "basis", "version"))
    rows = tuple(
        (
            figure.id,
            said(report, figure, "name"),
            said(report, figure, "display"),
            said(report, figure, "definition"),
            figure.definition_version,
        )
        for figure in report.figures
    )
    return Table(word(report, "definitions"), header, rows, (12, 34, 24, 90, 12))


def checks(report: Report) -> Table:
    """What was checked, and what was found."""
    header = tuple(word(report, name) for name in ("check", "result", "finding"))
    rows = tuple(
        (check.id, word(report, HOLDS[check.holds]), say(report.lang, check.finding_zh, check.finding_en))
        for check in report.checks
    )
    return Table(word(report, "checks"), header, rows, (20, 20, 90))


def sources(report: Report) -> Table:
    """How each source stood."""
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


def said(report: Report, figure: FigureRow, field: Literal["name", "unit", "display", "definition", "note"]) -> str:
    """What is said of a figure, in the report's language."""
    return say(report.lang, getattr(figure, f"{field}_zh"), getattr(figure, f"{field}_en"))


def number(figure: FigureRow, plain: Plain) -> Number | None:
    """A value of a figure as a cell."""
    value = exact(plain)
    return None if value is None else Number(value, figure.measure)


def exact(plain: Plain) -> Decimal | None:
    """A value as an exact number."""
    return None if plain is None else Decimal(plain)
