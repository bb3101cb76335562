"""The report in its order: sections of texts, tables and charts, before any format."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from analytics.render import parts, tables
from analytics.render.report import NO_BRAND, OTHER_BRANDS, CountRow, Report
from analytics.render.tables import Table
from analytics.render.words import say, word

_WARNINGS: Final = "K03"
_WAN: Final = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark of a chart; a step of a curve has its band in `low` and `high`."""

    label: str
    value: float
    part: str = ""
    """What tells it from the other marks at its label."""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart before it is drawn: `columns` over time, `bars` by size, `steps` of a curve over hours."""

    kind: Literal["columns", "bars", "steps"]
    title: str
    across: str
    up: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report under one heading."""

    key: str
    title: str
    texts: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()


def sections(report: Report) -> tuple[Section, ...]:
    """All sections that have something to say."""
    found = (
        _section(report, "panel", [parts.panel(report)], ["panel_rule"]),
        Section(
            "paragraphs",
            word(report, "paragraphs"),
            tuple(_paragraph(report, one.zh, one.en) for one in report.paragraphs),
        ),
        _section(report, "summary", [tables.summary(report)]),
        _section(report, "published", [parts.published(report)], ["published_rule"]),
        *_series(report),
        _section(report, "likeness", parts.likeness(report), ["likeness_rule"], _likeness_charts(report)),
        _section(report, "availability", [parts.availability(report)], ["availability_rule"], _curve(report)),
        _section(report, "losses", [parts.losses(report)], ["losses_rule"], _tiers(report)),
        _section(report, "eliminations", [parts.eliminations(report)], ["eliminations_rule"]),
        _section(report, "checks", [tables.checks(report)]),
        _section(report, "definitions", [tables.definitions(report)]),
        _section(report, "cards", (card for figure in report.figures if (card := parts.card(report, figure)))),
        _section(report, "standards", [parts.standards(report)]),
        _section(report, "sample", [parts.sample(report)], ["sample_rule"]),
        _section(report, "sources", [tables.sources(report)]),
        _section(report, "signoffs", parts.signoffs(report), [] if report.signoffs else ["unsigned"]),
    )
    return tuple(one for one in found if one.tables or one.charts or (one.texts and one.key == "paragraphs"))


def named(rows: Iterable[CountRow]) -> tuple[CountRow, ...]:
    """The rows that stand for one brand or technique, most first."""
    return tuple(row for row in rows if (row.label_zh, row.label_en) not in {NO_BRAND, OTHER_BRANDS})


def is_empty(report: Report) -> bool:
    """Whether not one figure of the year is known."""
    return all(figure.value is None for figure in report.figures)


def _section(
    report: Report, key: str, found: Iterable[Table], rules: Iterable[str] = (), charts: tuple[Chart, ...] = ()
) -> Section:
    filled = tuple(table for table in found if table.rows)
    return Section(key, word(report, key), tuple(word(report, rule) for rule in rules), charts, filled)


def _paragraph(report: Report, zh: str, en: str) -> str:
    return f"{zh}\n{en}" if report.lang == "both" else say(report.lang, zh, en)


def _series(report: Report) -> tuple[Section, ...]:
    """A section a group; the warnings' with their chart."""
    found = [(group, parts.series(report, group.id, weekly=False)) for group in report.groups]
    return tuple(
        Section(
            f"series-{group.id}",
            f"{word(report, 'series')} · {say(report.lang, group.name_zh, group.name_en)}",
            (word(report, "series_rule"),),
            _warnings(report) if group.id == "warnings" else (),
            (table,),
        )
        for group, table in found
        if table
    )


def _warnings(report: Report) -> tuple[Chart, ...]:
    points = next((row.monthly for row in report.series if row.kpi == _WARNINGS), ())
    marks = tuple(Mark(point.label, float(point.value or 0)) for point in points if point.label != "outside")
    return _drawn(Chart("columns", word(report, "chart_warnings"), word(report, "month"), "", marks))


def _likeness_charts(report: Report) -> tuple[Chart, ...]:
    """By name: what is like no brand, or other brands together, would dwarf the rest; the tables have it."""
    found = (("chart_brands", report.brands), ("chart_techniques", report.techniques))
    return tuple(
        chart
        for name, rows in found
        for chart in _drawn(Chart("bars", word(report, name), word(report, "addresses"), "", _bars(report, rows)))
    )


def _bars(report: Report, rows: Iterable[CountRow]) -> tuple[Mark, ...]:
    return tuple(Mark(say(report.lang, row.label_zh, row.label_en), row.count) for row in named(rows))


def _curve(report: Report) -> tuple[Chart, ...]:
    marks = tuple(Mark(str(point.hours), point.share, "", point.low, point.high) for point in report.curve)
    return _drawn(Chart("steps", word(report, "chart_curve"), word(report, "hours"), word(report, "share"), marks))


def _tiers(report: Report) -> tuple[Chart, ...]:
    tier = word(report, "tier")
    marks = tuple(
        Mark(f"{row.kpi} {row.programme}", float(Decimal(row.amount) / _WAN), f"{tier} {row.tier}")
        for row in report.tiers
    )
    return _drawn(Chart("columns", word(report, "chart_tiers"), "", "", marks))


def _drawn(chart: Chart) -> tuple[Chart, ...]:
    return (chart,) if chart.marks else ()
