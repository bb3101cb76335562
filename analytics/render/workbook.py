"""The report as an Excel workbook: real numbers with formats, no cell of others that could run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from math import ceil
from types import MappingProxyType
from typing import Final
from unicodedata import east_asian_width

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from analytics.render.report import Report
from analytics.render.tables import Cell, Number, Shape, Table, tables
from analytics.render.words import visible, word

FONT: Final = "微软雅黑"
"""On every Windows with Chinese; LibreOffice replaces it by the CJK font it has."""
CELL_LIMIT: Final = 32_767
"""Characters a cell holds; a longer text would be refused whole."""
_SHEET_NAME_LIMIT: Final = 31
_A4: Final = 9
_LINE_POINTS: Final = 16.5
"""Height of a line of 10 points in that font."""
_MOST_LINES: Final = 24
"""A row is at most 409 points high."""
_FILLED: Final = 0.85
"""Part of a line that words fill before the next one does not fit."""
_WIDEST: Final = 160
"""Latin letters: about what a screen shows."""
_FORMATS: Final[Mapping[Shape, str]] = MappingProxyType(
    {
        "count": "#,##0",
        "money": "#,##0.00",
        "percent": "0.00%",
        "growth": "+0.00%;-0.00%;0.00%",
        "points": '+0.00" pp";-0.00" pp";0.00" pp"',
    }
)
_IN_PERCENT: Final = frozenset({"percent", "growth"})
_NO_GUESSES: Final = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


@dataclass(frozen=True, slots=True)
class _Formats:
    title: Format
    remark: Format
    header: Format
    text: Format
    unknown: Format
    numbers: dict[Shape, Format]


def render_xlsx(report: Report) -> bytes:
    """The whole report as an .xlsx file, the same bytes for the same report.

    Args:
        report: the year's figures; unknown numbers are empty cells, the reason in the notes.
    """
    target = BytesIO()
    with Workbook(target, {"in_memory": True, **_NO_GUESSES}) as book:
        made = datetime.fromtimestamp(report.generated_at / 1000, UTC)
        book.set_properties({"title": f"{word(report, 'title')} {report.year}", "created": made})
        formats = _formats(book)
        for table in tables(report):
            _write(book.add_worksheet(_sheet_name(table)), table, report, formats)
    return target.getvalue()


def _formats(book: Workbook) -> _Formats:
    def made(**said: object) -> Format:
        return book.add_format({"font_name": FONT, "font_size": 10, "valign": "top", **said})

    return _Formats(
        title=made(font_size=14, bold=True),
        remark=made(font_color="#595959"),
        header=made(bold=True, bg_color="#D9E1F2", border=1, text_wrap=True),
        text=made(border=1, text_wrap=True),
        unknown=made(border=1, bg_color="#F2F2F2"),
        numbers={shape: made(border=1, num_format=code) for shape, code in _FORMATS.items()},
    )


def _write(sheet: Worksheet, table: Table, report: Report, formats: _Formats) -> None:
    _text(sheet, 0, 0, f"{word(report, 'title')} {report.year} · {table.title}", formats.title)
    remarks = ["period", *(["synthetic"] if report.is_synthetic else []), "made"]
    for row, name in enumerate(remarks, 1):
        _text(sheet, row, 0, word(report, name), formats.remark)
    top = len(remarks) + 2
    widths = _widths(table)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
        _text(sheet, top, place, table.header[place], formats.header)
    sheet.set_row(top, _height(table.header, widths))
    for row, cells in enumerate(table.rows, top + 1):
        sheet.set_row(row, _height(cells, widths))
        for place, cell in enumerate(cells):
            _cell(sheet, row, place, cell, formats)
    _set_up(sheet, top)


def _widths(table: Table) -> tuple[int, ...]:
    """The columns' widths, wider where a text would need more lines than a row can be high."""
    columns = zip(table.widths, zip(*table.rows, strict=True), strict=True) if table.rows else ()
    longest = [(width, max(_letters(cell) for cell in cells)) for width, cells in columns]
    return tuple(max(width, _columns_for(letters)) for width, letters in longest) or table.widths


def _columns_for(letters: int) -> int:
    return min(_WIDEST, ceil(letters / _MOST_LINES / _FILLED))


def _height(cells: Sequence[Cell], widths: Sequence[int]) -> float:
    """Points that a row needs to show all lines of its cells: Excel fits heights only where somebody edits."""
    lines = [ceil(_letters(cell) / (width * _FILLED)) for cell, width in zip(cells, widths, strict=True)]
    return _LINE_POINTS * min(max(1, *lines), _MOST_LINES)


def _letters(cell: Cell) -> int:
    """Width of a text in Latin letters; a Chinese character, or one as wide in a Chinese font, is two."""
    if not isinstance(cell, str):
        return 0
    return sum(2 if east_asian_width(letter) in "WFA" else 1 for letter in visible(cell)[:CELL_LIMIT])


def _cell(sheet: Worksheet, row: int, place: int, cell: Cell, formats: _Formats) -> None:
    if cell is None:
        sheet.write_blank(row, place, None, formats.unknown)
    elif isinstance(cell, Number):
        value = cell.value / 100 if cell.shape in _IN_PERCENT else cell.value
        sheet.write_number(row, place, float(value), formats.numbers[cell.shape])
    else:
        _text(sheet, row, place, cell, formats.text)


def _text(sheet: Worksheet, row: int, place: int, text: str, layout: Format) -> None:
    sheet.write_string(row, place, visible(text)[:CELL_LIMIT], layout)


def _set_up(sheet: Worksheet, top: int) -> None:
    """Header row in sight and on each printed page; one page wide."""
    sheet.freeze_panes(top + 1, 1)
    sheet.repeat_rows(top)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&R&P / &N")


def _sheet_name(table: Table) -> str:
    # a sheet's name takes no slash
    return table.title.replace(" / ", " ")[:_SHEET_NAME_LIMIT]
