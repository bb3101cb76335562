"""The report as an Excel workbook: a sheet each part, the series with Excel's own charts beside them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Final

from xlsxwriter import Workbook
from xlsxwriter.chart import Chart
from xlsxwriter.worksheet import Worksheet

from analytics.render import parts, tables
from analytics.render.report import CurvePoint, Group, Report
from analytics.render.sections import named
from analytics.render.sheets import FONT, Formats, formats_of, write_sheet
from analytics.render.tables import Table
from analytics.render.words import say, word

_SHEET_NAME_LIMIT: Final = 31
_NO_GUESSES: Final = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_MONTHS: Final = 12
_CHART_SIZE: Final = {"width": 640, "height": 300}
_CHART_ROWS: Final = 15
"""Rows of ordinary height that a chart covers, and one to spare."""
_BARS_ROWS: Final = 24
"""Likewise of a chart of bars."""
_SMALL: Final = {"name": FONT, "size": 8}
_COLOURS: Final = ("#2F5597", "#C55A11", "#548235", "#7F6000", "#7030A0")


def render_xlsx(report: Report) -> bytes:
    """The whole report as an .xlsx file, the same bytes for the same report.

    Args:
        report: the year's figures; unknown numbers are empty cells, the reason in the notes.
    """
    target = BytesIO()
    with Workbook(target, {"in_memory": True, **_NO_GUESSES}) as book:
        made = datetime.fromtimestamp(report.generated_at / 1000, UTC)
        book.set_properties({"title": f"{word(report, 'title')} {report.year}", "created": made})
        formats = formats_of(book)
        _add(book, report, formats, [tables.summary(report)])
        _add(book, report, formats, [parts.panel(report)], ["panel_rule"])
        _add(book, report, formats, [parts.paragraphs(report)])
        _add(book, report, formats, [parts.published(report)], ["published_rule"])
        for group in report.groups:
            _add_series(book, report, formats, group)
        _add_likeness(book, report, formats)
        _add_availability(book, report, formats)
        _add_losses(book, report, formats)
        _add(book, report, formats, [parts.eliminations(report)], ["eliminations_rule"])
        _add(book, report, formats, [tables.definitions(report)])
        _add(book, report, formats, [cards] if (cards := parts.cards(report)) else [])
        _add(book, report, formats, [tables.checks(report)])
        _add(book, report, formats, [parts.standards(report)])
        _add(book, report, formats, [parts.sample(report)], ["sample_rule"])
        _add(book, report, formats, [tables.sources(report)])
        _add(book, report, formats, parts.signoffs(report), [] if report.signoffs else ["unsigned"])
    return target.getvalue()


def _add(
    book: Workbook,
    report: Report,
    formats: Formats,
    found: Sequence[Table],
    rules: Sequence[str] = (),
    name: str = "",
) -> tuple[Worksheet, int] | None:
    """A sheet of the tables that have rows, and the row of its header; None where none has."""
    filled = [table for table in found if table.rows]
    if not filled:
        return None
    sheet = book.add_worksheet(_sheet_name(name or filled[0].title))
    return sheet, write_sheet(sheet, report, filled, rules, formats)


def _add_series(book: Workbook, report: Report, formats: Formats, group: Group) -> None:
    """Months and weeks of a group with a chart of the months for each KPI; printed on one page."""
    table = parts.series(report, group.id, weekly=True)
    name = say(report.lang, group.name_zh, group.name_en)
    added = _add(book, report, formats, [table], ["series_rule"], name) if table else None
    if not (table and added):
        return
    sheet, top = added
    sheet.set_portrait()
    sheet.fit_to_pages(1, 1)
    for place in range(1, len(table.header)):
        # the title by its cell: of a text XlsxWriter would guess whether it is a formula
        chart = _chart(book, "column", [sheet.name, top, place])
        chart.add_series(_columns(sheet, (top + 1, top + _MONTHS), (0, place), place - 1))
        sheet.insert_chart(top + (place - 1) * _CHART_ROWS, len(table.header) + 1, chart)


def _add_likeness(book: Workbook, report: Report, formats: Formats) -> None:
    found = parts.likeness(report)
    added = _add(book, report, formats, found, ["likeness_rule"])
    if not added:
        return
    (sheet, top), row = added, added[1]
    sheet.fit_to_pages(1, 1)
    kinds = (("chart_brands", report.brands), ("chart_techniques", report.techniques))
    for place, (title, rows) in enumerate((title, rows) for title, rows in kinds if rows):
        if bars := len(named(rows)):
            chart = _chart(book, "bar", word(report, title))
            chart.add_series(_columns(sheet, (row + 1, row + bars), (0, 1), place))
            chart.set_y_axis({"reverse": True, "num_font": _SMALL})
            chart.set_size({"width": 640, "height": 110 + 16 * bars})
            sheet.insert_chart(top + place * _BARS_ROWS, 3, chart)
        row += len(rows) + 2


def _add_availability(book: Workbook, report: Report, formats: Formats) -> None:
    added = _add(book, report, formats, [parts.availability(report)], ["availability_rule"])
    if not (added and report.curve):
        return
    sheet, top = added
    first = top + len(report.measures) + 3
    last = _write_curve(sheet, report, formats, first)
    chart = _chart(book, "scatter", word(report, "chart_curve"), "straight")
    for place, dash, width in ((1, "solid", 2.0), (2, "dash", 0.75), (3, "dash", 0.75)):
        line = {"line": {"color": _COLOURS[0], "width": width, "dash_type": dash}, "name": [sheet.name, first, place]}
        chart.add_series(_columns(sheet, (first + 1, last), (0, place), 0) | line)
    chart.set_x_axis({"name": word(report, "hours"), "min": 0, "num_font": _SMALL})
    chart.set_y_axis({"min": 0, "max": 1, "num_format": "0%", "num_font": _SMALL})
    sheet.insert_chart(first, 5, chart)


def _write_curve(sheet: Worksheet, report: Report, formats: Formats, first: int) -> int:
    """The curve as a line is drawn through it: each step twice. Returns its last row."""
    for place, name in enumerate(("hours", "share", "low", "high")):
        sheet.write_string(first, place, word(report, name), formats.header)
    for row, levels in enumerate(_steps(report.curve), first + 1):
        for place, level in enumerate(levels):
            layout = formats.numbers["percent" if place else "hours"]
            sheet.write(row, place, level, formats.unknown if level is None else layout)
    return first + 2 * len(report.curve) - 1


def _steps(curve: Sequence[CurvePoint]) -> list[tuple[float, float, float | None, float | None]]:
    drawn: list[tuple[float, float, float | None, float | None]] = []
    for point in curve:
        if drawn:
            drawn.append((point.hours, *drawn[-1][1:]))
        drawn.append((point.hours, point.share, point.low, point.high))
    return drawn


def _add_losses(book: Workbook, report: Report, formats: Formats) -> None:
    table = parts.losses(report)
    added = _add(book, report, formats, [table], ["losses_rule"])
    if not added:
        return
    sheet, top = added
    chart = _chart(book, "column", word(report, "losses"))
    rows = (top + 1, top + len(table.rows))
    chart.add_series(
        {
            "categories": [sheet.name, rows[0], 0, rows[1], 2],
            "values": [sheet.name, rows[0], 4, rows[1], 4],
            "fill": {"color": _COLOURS[0]},
        }
    )
    sheet.insert_chart(top + len(table.rows) + 2, 0, chart)


def _chart(book: Workbook, kind: str, title: str | list[str | int], subtype: str = "") -> Chart:
    chart = book.add_chart({"type": kind, **({"subtype": subtype} if subtype else {})})
    chart.set_title({"name": title, "overlay": False, "name_font": {"name": FONT, "size": 11}})
    chart.set_legend({"none": True})
    chart.set_size(_CHART_SIZE)
    # bars lie: their values run across
    from_zero, plain = {"num_font": _SMALL, "min": 0}, {"num_font": _SMALL}
    chart.set_x_axis(from_zero if kind == "bar" else plain)
    chart.set_y_axis(plain if kind == "bar" else from_zero)
    return chart


def _columns(sheet: Worksheet, rows: tuple[int, int], columns: tuple[int, int], colour: int) -> dict[str, object]:
    """A series by the cells of its labels and of its values."""
    (first, last), (labels, values) = rows, columns
    return {
        "categories": [sheet.name, first, labels, last, labels],
        "values": [sheet.name, first, values, last, values],
        "fill": {"color": _COLOURS[colour % len(_COLOURS)]},
        "gap": 60,
    }


def _sheet_name(name: str) -> str:
    # a sheet's name takes no slash
    return name.replace(" / ", " ")[:_SHEET_NAME_LIMIT]
