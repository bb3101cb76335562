"""The report in every form: hostile text stays text, and nothing is lost. Every name in it is made up (synthetic)."""

import csv
import json
import re
from dataclasses import fields, replace
from html.parser import HTMLParser
from io import BytesIO, StringIO
from typing import Any
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest
from docx import Document
from docx.document import Document as DocumentObject
from docx.oxml.ns import qn
from openpyxl import load_workbook

from analytics.render.charts import FONTS, chart_svg
from analytics.render.document import EAST_ASIAN
from analytics.render.plain import render_csv
from analytics.render.report import Report
from analytics.render.sections import Chart, Mark, sections
from analytics.render.tables import shown
from analytics.render.words import visible, word
from db.defang import FORMULA, defuse_cell
from tests.analytics.reports import HOSTILE, RENDERERS, REPORT, UNKNOWN, hostile, rendered

EMPTY = replace(
    REPORT,
    figures=(UNKNOWN,),
    **{  # type: ignore[arg-type]
        field.name: ()
        for field in fields(Report)
        if field.name in {"panel", "paragraphs", "series", "brands", "techniques", "measures", "curve"}
        or field.name in {"tiers", "eliminations", "published", "signoffs", "checks", "sources"}
    },
    sample=None,
)


UNSIGNED = replace(REPORT, signoffs=(), lang="en")
ZH = replace(REPORT, lang="zh")
HOSTILES, HARMLESS = hostile(*HOSTILE), hostile(*["harmless"] * len(HOSTILE))


class Page(HTMLParser):
    """What a browser finds in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def page_of(report: Report) -> Page:
    page = Page()
    page.feed(rendered("html", report).decode())
    return page


def opened(report: Report) -> DocumentObject:
    return Document(BytesIO(rendered("docx", report)))


def texts_of(form: str, report: Report) -> str:
    """All that a reader of a form sees, as one text."""
    made = rendered(form, report)
    if form not in {"xlsx", "docx"}:
        return "\n".join(page_of(report).text) if form == "html" else made.decode()
    with ZipFile(BytesIO(made)) as parts:
        names = [name for name in parts.namelist() if name.endswith((".xml", ".rels"))]
        return "\n".join("".join(ET.fromstring(parts.read(name)).itertext()) for name in names)  # noqa: S314 - ours


@pytest.mark.parametrize("form", RENDERERS)
@pytest.mark.parametrize("report", [REPORT, EMPTY], ids=["whole", "empty"])
def test_every_form_tells_every_figure_and_what_is_unknown(form: str, report: Report) -> None:
    text = texts_of(form, report)
    assert all(figure.name_zh in text and figure.name_en in text for figure in report.figures)
    assert all(figure.display_zh in text for figure in report.figures)


def test_a_table_s_header_never_stands_alone_at_the_end_of_a_page() -> None:
    """Of a year's summary that began so, LibreOffice showed no row."""
    tables = opened(REPORT).tables
    assert tables
    headers = [paragraph for table in tables for cell in table.rows[0].cells for paragraph in cell.paragraphs]
    assert all(paragraph.paragraph_format.keep_with_next for paragraph in headers)


@pytest.mark.parametrize("form", ["html", "docx", "md", "xlsx"])
@pytest.mark.parametrize("report", [REPORT, ZH, UNSIGNED], ids=["both", "zh", "en"])
def test_every_table_and_text_is_in_every_form_for_people(form: str, report: Report) -> None:
    text = " ".join(texts_of(form, report).replace("\\", "").split())
    for section in sections(report):
        cells = [cell for table in section.tables for row in table.rows for cell in row if isinstance(cell, str)]
        for wanted in [*cells, *(line for said in section.texts for line in said.splitlines())]:
            assert visible(wanted) in text


@pytest.mark.parametrize("form", RENDERERS)
def test_hostile_text_is_told_and_stays_text(form: str) -> None:
    seen = texts_of(form, HOSTILES)
    if form == "json":
        assert [row["name_zh"] for row in json.loads(seen)["figures"]] == HOSTILE
        return
    assert not {"\u202e", "\u200b"} & set(seen)
    if form == "csv":
        cells = {cell for row in csv.reader(StringIO(seen)) for cell in row}
        assert {defuse_cell(text) for text in HOSTILE} <= cells
        return
    # as it was before Markdown's own characters were escaped, and addresses made so that none can be followed
    told = seen.replace("\\", "").replace("&lt;", "<").replace("&gt;", ">").replace("[at]", "@")
    told = re.sub(r"hxxp://evil\[\.\]|http\[:\]//evil\.", "http://evil.", told)
    assert [text for text in HOSTILE if visible(text) not in told] == []


def test_no_element_of_the_page_is_made_by_a_text() -> None:
    plain, page = page_of(HARMLESS), page_of(HOSTILES)
    assert page.tags == plain.tags
    assert not page.tags & {"script", "img", "a", "iframe", "object", "link", "form", "use", "foreignobject", "image"}
    assert {name for name, _ in page.attributes} == {name for name, _ in plain.attributes}
    assert not any(name.startswith("on") or name in {"href", "src", "xlink:href"} for name, _ in page.attributes)


def test_no_cell_of_the_csv_is_a_formula() -> None:
    (header, *rows) = csv.reader(StringIO(render_csv(HOSTILES).removeprefix("\ufeff")))
    numbers = re.compile(r"[+-]?[0-9.]*")
    assert [len(row) for row in rows] == [len(header)] * len(HOSTILE)
    assert not any(cell.startswith(FORMULA) and not numbers.fullmatch(cell) for row in rows for cell in row)


def test_the_page_needs_nothing_from_elsewhere() -> None:
    text = rendered("html", REPORT).decode()
    assert "default-src 'none'" in text
    addresses = set(re.findall(r"https?://[^\"'\s<)]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not re.search(r"url\((?!#)|@import|javascript:", text)


def test_ids_of_a_page_are_of_one_element_each() -> None:
    found = [value for name, value in page_of(REPORT).attributes if name == "id"]
    assert len(found) == len(set(found))
    assert {f"url(#{name})" for name in re.findall(r"url\(#([\w-]+)\)", rendered("html", REPORT).decode())} <= {
        f"url(#{name})" for name in found
    }


MARKS = {
    "columns": tuple(Mark(f"2024-{month:02}", month, part) for month in (1, 2) for part in "AB"),
    "bars": (Mark("某银行 " + HOSTILE[4], 30), Mark("某银行", 20), Mark("某银行", 10)),
    "steps": (Mark("0", 1), Mark("12.5", 0.5, "", 0.4, 0.6), Mark("80.0", 0.5, "", 0.4, 0.6)),
}


@pytest.mark.parametrize("kind", MARKS)
def test_a_chart_draws_every_mark_and_names_a_chinese_font(kind: str) -> None:
    svg = chart_svg(Chart(kind, "标题", "横轴", "", MARKS[kind]), "one")  # type: ignore[arg-type]
    root = ET.fromstring(svg)  # noqa: S314 - ours
    drawn = [one for one in root.iter() if one.get("aria-roledescription") in {"bar", "area mark container"}]
    assert len(drawn) == (1 if kind == "steps" else len(MARKS[kind]))
    words = [one for one in root.iter() if one.tag.endswith("text")]
    assert {one.get("font-family") for one in words} == {FONTS}
    assert "标题" in {one.text for one in words}
    assert all(not one.tag.endswith(("script", "image", "foreignObject", "}a")) for one in root.iter())


def test_the_document_has_real_styles_and_east_asian_fonts() -> None:
    document = opened(REPORT)
    headings = [paragraph.text for paragraph in document.paragraphs if paragraph.style.name == "Heading 1"]  # type: ignore[union-attr]
    assert headings == [section.title for section in sections(REPORT)]
    for name in ("Normal", "Heading 1", "Heading 2", "Title", "Table Text"):
        fonts = document.styles[name].element.rPr.rFonts
        assert (fonts.get(qn("w:eastAsia")), fonts.get(qn("w:eastAsiaTheme"))) == (EAST_ASIAN, None)
    for table in document.tables:
        assert table.style
        assert table.style.name == "Table Grid"
        assert table.rows[0]._tr.get_or_add_trPr().find(qn("w:tblHeader")) is not None


def test_the_documents_tables_are_those_of_the_report() -> None:
    document = opened(REPORT)
    wanted = [table for section in sections(REPORT) for table in section.tables]
    assert len(document.tables) == len(wanted)
    unknown = word(REPORT, "unknown")
    for table, grid in zip(wanted, document.tables, strict=True):
        assert [cell.text for cell in grid.rows[0].cells] == list(table.header)
        assert [[cell.text for cell in row.cells] for row in grid.rows[1:]] == [
            [visible(shown(cell, unknown)) for cell in row] for row in table.rows
        ]


def test_charts_of_the_workbook_stand_on_the_numbers_of_their_sheet() -> None:
    book: Any = load_workbook(BytesIO(rendered("xlsx", ZH)))
    charts = {sheet.title: len(sheet._charts) for sheet in book.worksheets if sheet._charts}
    assert charts == {"打击与关停": 1, "止损": 1, "仿冒网址的品牌与手法": 2, "攻击存活时间": 1, "止损分档": 1}
    sheet = book["打击与关停"]
    (chart,) = sheet._charts
    rows = sheet[chart.series[0].val.numRef.f.split("!")[1].replace("$", "")]
    assert [cell.value for (cell,) in rows] == [point.value for point in REPORT.series[0].monthly]


def test_no_text_stands_among_the_numbers_of_the_workbook() -> None:
    for sheet in load_workbook(BytesIO(rendered("xlsx", REPORT))).worksheets:
        kinds: list[set[str]] = []
        for row in sheet.iter_rows(min_row=int(str(sheet.freeze_panes)[1:])):
            if row[0].value is None or row[0].font.b:
                kinds = [set() for _ in row]  # another table begins
                continue
            kinds = kinds or [set() for _ in row]
            for place, cell in enumerate(row):
                kinds[place] |= {cell.data_type} if cell.value is not None else set()
                assert len(kinds[place]) <= 1, (sheet.title, cell.coordinate)


@pytest.mark.parametrize("form", ["xlsx", "html", "docx", "md"])
def test_an_unsigned_report_says_so_and_has_lines_to_sign_on(form: str) -> None:
    unsigned, signed = texts_of(form, UNSIGNED), texts_of(form, REPORT)
    assert "Not signed off" in unsigned
    assert "Approved by" in unsigned
    assert "A. Person" in signed
    assert "Not signed off" not in signed
