"""The report as a Word document of real styles, to be taken over into another report."""

from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Final, cast

from docx import Document
from docx.document import Document as Doc
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.styles.style import BaseStyle, ParagraphStyle
from docx.table import Table as Grid
from docx.table import _Cell, _Row

from analytics.render.report import Report
from analytics.render.sections import Section, is_empty, sections
from analytics.render.tables import Cell, Number, Table, is_heading, shown
from analytics.render.words import visible, word

FONT: Final = "Calibri"
EAST_ASIAN: Final = "微软雅黑"
"""On every Windows with Chinese; other systems replace it by the CJK font they have."""
_SMALL: Final = "Table Text"
_RULE: Final = "Table Rule"
_WIDTH_CM: Final = 25.7
"""Of an A4 page, landscape, between its margins of 2 cm."""


def render_docx(report: Report) -> bytes:
    """The whole report as a .docx file.

    Args:
        report: the year's figures.
    """
    document = Document()
    _set_up(document, report)
    document.add_heading(visible(f"{word(report, 'title')} {report.year}"), level=0)
    document.add_paragraph(visible(word(report, "period")))
    for name, holds in (("synthetic", report.is_synthetic), ("empty", is_empty(report))):
        if holds:
            document.add_paragraph(visible(word(report, name)), style="Intense Quote")
    for section in sections(report):
        _section(document, section, word(report, "unknown"))
    document.add_paragraph(visible(word(report, "made")), style=_RULE)
    target = BytesIO()
    document.save(target)
    return target.getvalue()


def _set_up(document: Doc, report: Report) -> None:
    properties, page = document.core_properties, document.sections[0]
    made = datetime.fromtimestamp(report.generated_at / 1000, UTC)
    properties.author, properties.title = "fanzha", f"{word(report, 'title')} {report.year}"
    properties.created = properties.modified = made.replace(tzinfo=None)
    page.orientation, page.page_width, page.page_height = WD_ORIENT.LANDSCAPE, Cm(29.7), Cm(21.0)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(2)
    for name, size in ((_SMALL, 8), (_RULE, 9)):
        style = cast("ParagraphStyle", document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH))
        style.base_style = document.styles["Normal"]
        style.font.size = Pt(size)
        style.paragraph_format.space_before = Pt(1)
        style.paragraph_format.keep_with_next = name == _RULE  # a rule stands with its table
        style.paragraph_format.space_after = Pt(1 if name == _SMALL else 6)
    for style in document.styles:
        _name_fonts(style)
    _name_language(document.styles["Normal"])


def _name_fonts(style: BaseStyle) -> None:
    """Latin and East Asian fonts by name, in place of those of a theme, which has none for Chinese."""
    if not isinstance(style, ParagraphStyle):
        return
    style.font.name = FONT
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    fonts.set(qn("w:eastAsia"), EAST_ASIAN)


def _name_language(style: BaseStyle) -> None:
    """Chinese as it is written on the mainland: other regions set its punctuation otherwise."""
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "en-GB")
    language.set(qn("w:eastAsia"), "zh-CN")
    style.element.get_or_add_rPr().append(language)


def _section(document: Doc, section: Section, unknown: str) -> None:
    document.add_heading(visible(section.title), level=1)
    for text in section.texts:
        for line in text.splitlines():
            document.add_paragraph(visible(line), style=None if section.key == "paragraphs" else _RULE)
    for table in section.tables:
        if section.key == "cards":
            document.add_heading(visible(table.title), level=2)
        _table(document, table, unknown)
        document.add_paragraph(style=_SMALL)


def _table(document: Doc, table: Table, unknown: str) -> None:
    """A table whose header is repeated on each page and whose rows stay whole."""
    grid = document.add_table(rows=0, cols=len(table.header), style="Table Grid")
    grid.autofit = False
    widths = [Cm(_WIDTH_CM * width / sum(table.widths)) for width in table.widths]
    for column, width in zip(grid.columns, widths, strict=True):
        column.width = width
    header = _row(grid, widths, table.header, unknown)
    _embolden(header)
    _flag(header, "w:tblHeader")
    for paragraph in (paragraph for cell in header.cells for paragraph in cell.paragraphs):
        # alone at the end of a page it would be lost with all that follows: LibreOffice shows no row of such a table
        paragraph.paragraph_format.keep_with_next = True
    for cells in table.rows:
        row = _row(grid, widths, cells, unknown)
        if is_heading(cells):
            _embolden(row)


def _embolden(row: _Row) -> None:
    for run in (run for cell in row.cells for paragraph in cell.paragraphs for run in paragraph.runs):
        run.bold = True


def _row(grid: Grid, widths: Sequence[Cm], cells: Sequence[Cell], unknown: str) -> _Row:
    row: _Row = grid.add_row()  # type: ignore[no-untyped-call]
    _flag(row, "w:cantSplit")
    for place, width, cell in zip(row.cells, widths, cells, strict=True):
        _fill(place, width, cell, unknown)
    return row


def _fill(place: _Cell, width: Cm, cell: Cell, unknown: str) -> None:
    place.width = width
    paragraph = place.paragraphs[0]
    paragraph.style = _SMALL
    paragraph.add_run(visible(shown(cell, unknown)))
    if isinstance(cell, Number):
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _flag(row: _Row, name: str) -> None:
    row._tr.get_or_add_trPr().append(OxmlElement(name))  # noqa: SLF001 - python-docx has no other way
