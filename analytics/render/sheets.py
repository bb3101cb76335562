"""Sheets of the workbook: titles, tables and cells; real numbers with formats, no cell of others that could run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from types import MappingProxyType
from typing import Final
from unicodedata import east_asian_width

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from analytics.render.report import Report
from analytics.render.tables import Cell, Number, Shape, Table, is_heading
from analytics.render.words import visible, word

FONT: Final = "微软雅黑"
"""On every Windows with Chinese; LibreOffice replaces it by the CJK font it has."""
CELL_LIMIT: Final = 32_767
"""Characters a cell holds; a longer text would be refused whole."""
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
        "hours": "#,##0.00",
    }
)
_IN_PERCENT: Final = frozenset({"percent", "growth"})


@dataclass(frozen=True, slots=True)
class Formats:
    """How cells look."""

    title: Format
    remark: Format
    header: Format
    heading: Format
    text: Format
    unknown: Format
    numbers: dict[Shape, Format]


def formats_of(book: Workbook) -> Formats:
    """The formats of a workbook."""

    def made(**said: object) -> Format:
        return book.add_format({"font_name": FONT, "font_size": 10, "valign": "top", **said})

    return Formats(
        title=made(font_size=14, bold=True),
        remark=made(font_color="#595959"),
        header=made(bold=True, bg_color="#D9E1F2", border=1, text_wrap=True),
        heading=made(bold=True, border=1, bg_color="#EEF3FA"),
        text=made(border=1, text_wrap=True),
        unknown=made(border=1, bg_color="#F2F2F2"),
        numbers={shape: made(border=1, num_format=code) for shape, code in _FORMATS.items()},
    )


def write_sheet(
    sheet: Worksheet, report: Report, tables: Sequence[Table], rules: Sequence[str], formats: Formats
) -> int:
    """Tables one below the other, under a title and what to know of them.

    Returns:
        The row of the first table's header, from 0.
    """
    _text(sheet, 0, 0, f"{word(report, 'title')} {report.year} · {tables[0].title}", formats.title)
    remarks = ["period", *(["synthetic"] if report.is_synthetic else []), "made", *rules]
    for row, name in enumerate(remarks, 1):
        _text(sheet, row, 0, word(report, name), formats.remark)
    top = row = len(remarks) + 2
    widths = _widths(tables)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    for table in tables:
        row = _write_table(sheet, row, table, widths, formats) + 1
    _set_up(sheet, top)
    return top


def _write_table(sheet: Worksheet, top: int, table: Table, widths: Sequence[int], formats: Formats) -> int:
    """Returns the row after it."""
    for place, name in enumerate(table.header):
        _text(sheet, top, place, name, formats.header)
    sheet.set_row(top, _height(table.header, widths))
    for row, cells in enumerate(table.rows, top + 1):
        sheet.set_row(row, _height(cells, widths))
        layout = formats.heading if is_heading(cells) else formats.text
        for place, cell in enumerate(cells):
            _cell(sheet, row, place, cell, layout, formats)
    return top + 1 + len(table.rows)


def _widths(tables: Sequence[Table]) -> list[int]:
    """The columns' widths, wider where a text would need more lines than a row can be high."""
    widths: list[int] = []
    for table in tables:
        for place, width in enumerate(table.widths):
            longest = max((_letters(row[place]) for row in table.rows), default=0)
            widths += [0] * (place + 1 - len(widths))
            widths[place] = max(widths[place], width, _columns_for(longest))
    return widths


def _columns_for(letters: int) -> int:
    return min(_WIDEST, ceil(letters / _MOST_LINES / _FILLED))


def _height(cells: Sequence[Cell], widths: Sequence[int]) -> float:
    """Points that a row needs to show all lines of its cells: Excel fits heights only where somebody edits."""
    lines = [ceil(_letters(cell) / (width * _FILLED)) for cell, width in zip(cells, widths, strict=False)]
    return _LINE_POINTS * min(max(1, *lines), _MOST_LINES)


def _letters(cell: Cell) -> int:
    """Width of a text in Latin letters; a Chinese character, or one as wide in a Chinese font, is two."""
    if not isinstance(cell, str):
        return 0
    return sum(2 if east_asian_width(letter) in "WFA" else 1 for letter in visible(cell)[:CELL_LIMIT])


def _cell(sheet: Worksheet, row: int, place: int, cell: Cell, layout: Format, formats: Formats) -> None:
    if not cell:
        # what is unknown shows; what has nothing to say is no text, which would be one among numbers
        sheet.write_blank(row, place, None, formats.unknown if cell is None else layout)
    elif isinstance(cell, Number):
        value = cell.value / 100 if cell.shape in _IN_PERCENT else cell.value
        sheet.write_number(row, place, float(value), formats.numbers[cell.shape])
    else:
        _text(sheet, row, place, cell, layout)


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
