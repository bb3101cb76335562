"""The report's formats, read back. Every name in it is made up (synthetic)."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from analytics.render.markdown import render_markdown
from analytics.render.plain import render_json
from analytics.render.report import FigureRow, Lang, Report
from analytics.render.sections import sections
from analytics.render.sheets import CELL_LIMIT, FONT
from analytics.render.tables import change
from analytics.render.words import say, visible, word
from analytics.render.workbook import render_xlsx
from tests.analytics.reports import GROUPS, HOSTILE, MONEY, RATE, REPORT, figure, hostile


def opened(report: Report) -> Workbook:
    return load_workbook(BytesIO(render_xlsx(report)))


def summary(report: Report) -> Sequence[tuple[object, ...]]:
    rows = list(opened(report).worksheets[0].iter_rows(values_only=True))
    return rows[next(n for n, row in enumerate(rows) if row[2] == "2024") :]


def test_the_summary_sheet_holds_real_numbers_and_leaves_the_unknown_empty() -> None:
    rows = summary(replace(REPORT, lang="zh"))
    header, unknown, count, rate, money = (row for row in rows if row[1])
    assert [row[0] for row in rows if not row[1]] == ["用户保护", "打击与关停", "止损"]
    assert header == ("指标", "单位", "2024", "2023", "变动", "口径", "附注")
    assert count[:6] == ("打击诈骗网站", "个", 14_055, 5_244, pytest.approx(1.6802, abs=1e-4), "K10 v1")
    assert money[2:4] == (284_492_900, 1000.5)
    assert rate[2:5] == (pytest.approx(0.9998), pytest.approx(0.98), pytest.approx(1.98))
    assert unknown[2:5] == (None, None, None)


@pytest.mark.parametrize(
    "note", ["注", "说明文字。" * 30, "some words of a note" * 30, "说明文字。" * 300, "长" * 30_000]
)
def test_long_notes_are_wrapped_in_rows_that_show_them(note: str) -> None:
    sheet = opened(replace(REPORT, figures=(figure(1, 2, note_zh=note), MONEY), lang="zh")).worksheets[0]
    (cell,) = (cell for row in sheet.iter_rows() for cell in row if cell.value == note)
    width = sheet.column_dimensions[cell.column_letter].width
    height = sheet.row_dimensions[cell.row].height
    assert cell.alignment.wrap_text
    assert width <= 170
    assert 12 <= height <= 409
    needed = sum(1 if letter.isascii() else 2 for letter in note)
    assert height / 16.5 * width >= needed or (height > 390 and width >= 160)
    assert sheet.row_dimensions[cell.row + 1].height < 40


def test_numbers_have_formats_and_text_a_chinese_font() -> None:
    sheet = opened(REPORT).worksheets[0]
    formats = {cell.value: cell.number_format for row in sheet.iter_rows() for cell in row if cell.data_type == "n"}
    assert formats[14_055] == "#,##0"
    assert formats[284_492_900] == "#,##0.00"
    assert formats[0.9998] == "0.00%"
    fonts = {cell.font.name for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert fonts == {FONT}


@pytest.mark.parametrize("lang", get_args(Lang))
def test_sheets_are_frozen_below_the_header_and_print_on_one_page_width(lang: Lang) -> None:
    book = opened(replace(REPORT, lang=lang))
    assert len(book.worksheets) == 17
    names = (say(lang, group.name_zh, group.name_en) for group in GROUPS if group.id != "warnings")
    series = {name.replace(" / ", " ") for name in names}
    whole = series | {word(replace(REPORT, lang=lang), "likeness").replace(" / ", " ")[:31]}
    for sheet in book.worksheets:
        frozen = int(str(sheet.freeze_panes)[1:]) - 1
        assert sheet.cell(frozen, 1).font.b
        assert sheet.print_title_rows == f"${frozen}:${frozen}"
        # what stands beside charts is not torn: one page high too; the others are as long as they are
        is_whole = sheet.page_setup.fitToHeight is None
        assert is_whole == (sheet.title in whole)
        assert sheet.page_setup.orientation == ("portrait" if sheet.title in series else "landscape")
        fitted = sheet.sheet_properties.pageSetUpPr
        assert fitted
        assert fitted.fitToPage


def test_no_text_of_others_becomes_a_formula_or_a_link() -> None:
    texts = [*HOSTILE, "长" * (CELL_LIMIT + 5)]
    report = replace(hostile(*texts), lang="zh")
    for sheet in opened(report).worksheets:
        cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert {cell.data_type for cell in cells} <= {"s", "n"}
        assert not any(cell.hyperlink for cell in cells)
    assert [row[0] for row in summary(report)[2:]] == [visible(text)[:CELL_LIMIT] for text in texts]


def test_the_same_report_is_the_same_bytes() -> None:
    assert render_xlsx(REPORT) == render_xlsx(REPORT)


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        (figure(3, 4), ("-25", "growth")),
        (RATE, ("1.98", "points")),
        (figure(3, 0), None),
        (figure(3, None), None),
        (figure(None, 3), None),
    ],
)
def test_change_needs_both_levels(row: FigureRow, shown: tuple[str, str] | None) -> None:
    found = change(row)
    assert (found and (str(found.value), found.shape)) == shown


@pytest.mark.parametrize(("lang", "name"), [("zh", "指标"), ("en", "Indicator"), ("both", "指标 / Indicator")])
def test_markdown_speaks_the_asked_language(lang: Lang, name: str) -> None:
    lines = render_markdown(replace(REPORT, lang=lang)).splitlines()
    header = next(line for line in lines if line.startswith("|"))
    assert header.split(" | ")[0] == f"| {name}"
    assert len([line for line in lines if line.startswith("## ")]) == len(sections(REPORT)) == 17


def test_markdown_shows_numbers_changes_and_the_unknown() -> None:
    text = render_markdown(replace(REPORT, lang="zh"))
    assert "| 打击诈骗网站 | 个 | 14,055 | 5,244 | +168.02% | K10 v1 | 附注 |" in text
    assert "| 关停率 | % | 99.98% | 98.00% | +1.98 pp |" in text
    assert "| 反诈预警 | 个 | 未知 | 未知 | 未知 |" in text
    assert "**含合成数据" in text
    assert "**" not in render_markdown(replace(REPORT, is_synthetic=False))


def cells(line: str) -> int:
    return line.replace("\\\\", "").replace("\\|", "").count("|")


@given(
    text=st.text(alphabet=st.sampled_from("a|\\<>&`*_[]()!\n\r\u2028\u202e=:/@.w"), max_size=12)
    | st.sampled_from(HOSTILE)
)
def test_markdown_cells_stay_cells_whatever_others_write(text: str) -> None:
    rendered = render_markdown(hostile(text))
    assert not any(live in rendered for live in ("<", "://", "@", "\u202e"))
    assert not re.search(r"(?<!\\)(\\\\)*\]", rendered)
    for block in rendered.split("\n\n"):
        assert len({cells(line) for line in block.splitlines()} - {0}) <= 1


@given(text=st.text())
def test_nothing_in_a_text_stays_hidden(text: str) -> None:
    assert visible(text).isprintable()
    assert visible(visible(text)) == visible(text)


def test_json_holds_the_report_as_it_is() -> None:
    read = json.loads(render_json(REPORT))
    assert [row["value"] for row in read["figures"]] == [14_055, "284492900.00", "99.98", None]
    assert (read["year"], read["checks"][2]["holds"], read["sources"][1]["rows"]) == (2024, None, None)


def test_all_tables_are_rectangular() -> None:
    for table in (table for section in sections(REPORT) for table in section.tables):
        assert {len(row) for row in table.rows} == {len(table.header)} == {len(table.widths)}
