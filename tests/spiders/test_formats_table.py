"""A company's own exports in every layout give the same rows; a wrong mapping is told in one line."""

import io
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from db.errors import UnreadableFile
from spiders.catalogue import Source
from tests.spiders.parsing import read

SAMPLE = Path(__file__).parent / "samples" / "synthetic-table.csv"
COLUMNS = {"address": "网址", "published": "时间", "brand": "品牌"}
TABLE: list[dict[str, str | None]] = [
    {"网址": "https://qifu-login-demo.example/", "时间": "2024-05-01 10:00:00", "品牌": "奇富借条", "other": "1"},
    {"网址": "360jietiao-demo.example", "时间": None, "品牌": "N/A", "other": "2"},
]
ROWS = [
    ("https://qifu-login-demo.example/", "2024-05-01 10:00:00", "奇富借条"),
    ("360jietiao-demo.example", None, "none at all"),
]


def source(**declared: object) -> Source:
    common: dict[str, Any] = {"name": "made-up", "title": "Made up", "publisher": "us", "licence": "CC0-1.0"}
    mapped = {"kind": "sighting", "columns": COLUMNS, "values": {"brand": {"N/A": "none at all"}}}
    return Source.model_validate(
        {**common, "path": "made-up", "format": "table", "yields": "malicious", **mapped, **declared}
    )


def separated(delimiter: str, encoding: str) -> bytes:
    lines = [list(TABLE[0]), *([value or "" for value in row.values()] for row in TABLE)]
    return "\r\n".join(delimiter.join(line) for line in lines).encode(encoding)


def json_lines() -> bytes:
    return "\n\n".join(json.dumps(row, ensure_ascii=False) for row in TABLE).encode()


def parquet(frame: pl.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.write_parquet(stream)
    return stream.getvalue()


def workbook(rows: Sequence[Sequence[object]], first_row: int = 0) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
        sheet = book.add_worksheet("预警")
        for number, row in enumerate(rows, first_row):
            sheet.write_row(number, 0, row)
        book.add_worksheet("empty")
    return stream.getvalue()


def quoted() -> bytes:
    header, _, rows = separated("\t", "utf-8").partition(b"\r\n")
    return b'"' + header.replace(b"\t", b'"\t"') + b'"\r\n' + rows


LAYOUTS: dict[str, tuple[Callable[[], bytes], dict[str, object]]] = {
    "csv": (lambda: separated(",", "utf-8"), {}),
    "csv with a byte-order mark": (lambda: separated(",", "utf-8-sig"), {}),
    "csv in gb18030": (lambda: separated(",", "gb18030"), {"encoding": "gb18030"}),
    "semicolons": (lambda: separated(";", "utf-8"), {"delimiter": ";"}),
    "tsv": (lambda: separated("\t", "utf-8"), {"delimiter": "\t"}),
    "tsv, undeclared": (lambda: separated("\t", "utf-8"), {}),
    "tsv, undeclared, its header quoted": (quoted, {}),
    "json lines": (json_lines, {}),
    "parquet": (lambda: parquet(pl.DataFrame(TABLE)), {}),
    "excel": (lambda: workbook([[*TABLE[0]], *([*row.values()] for row in TABLE)]), {"sheet": "预警"}),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_rows(layout: str) -> None:
    write, declared = LAYOUTS[layout]
    parsed = read(write(), source(**declared))
    assert parsed.rows.select(*COLUMNS).rows() == ROWS
    assert (parsed.kind, parsed.total) == ("address", 2)


def test_gb18030_is_read_as_utf_8_is() -> None:
    declared = {"columns": {"address": "备注", "brand": "编号"}, "values": {}}
    utf_8 = read(SAMPLE.read_bytes(), source(**declared))
    gb18030 = read(SAMPLE.read_text("utf-8").encode("gb18030"), source(**declared, encoding="gb18030"))
    assert utf_8.rows.equals(gb18030.rows)
    assert utf_8.rejected.equals(gb18030.rejected)


TYPED = {
    "text": (["1.0"], "1.0"),
    "integer": ([12], "12"),
    "big integer": ([12345678901234567], "12345678901234567"),
    "float": ([12.5], "12.5"),
    "whole float": ([12.0], "12"),
    "decimal": ([Decimal("284492900.10")], "284492900.10"),
    "truth": ([True], "true"),
    "date": ([date(2024, 5, 1)], "2024-05-01"),
    "naive time": ([datetime(2024, 5, 1, 10, 0, 0, 5000)], "2024-05-01T10:00:00.005"),  # noqa: DTZ001 - naive on purpose
    "time with a zone": (pl.Series([datetime(2024, 5, 1, 10, tzinfo=UTC)]).dt.convert_time_zone("Asia/Shanghai"), None),
}


@pytest.mark.parametrize("case", TYPED)
def test_a_parquet_value_is_the_text_it_stands_for(case: str) -> None:
    values, wanted = TYPED[case]
    content = parquet(pl.DataFrame({"u": ["a.example"], "v": values}))
    parsed = read(content, source(columns={"address": "u", "brand": "v"}, values={}))
    assert parsed.rows["brand"].to_list() == [wanted or "2024-05-01T10:00:00.000Z"]


def test_an_excel_value_is_the_text_it_stands_for() -> None:
    values = [12, 12.5, datetime(2024, 5, 1, 10, 0, 0), "文本", True]  # noqa: DTZ001 - Excel knows no zones
    content = workbook([["u", "v"], *([f"{number}.example", value] for number, value in enumerate(values))])
    parsed = read(content, source(columns={"address": "u", "brand": "v"}, values={}))
    assert parsed.rows["brand"].to_list() == ["12", "12.5", "2024-05-01 10:00:00", "文本", "true"]


def test_blank_rows_of_a_sheet_are_no_rows_and_positions_are_its_rows() -> None:
    content = workbook([["u"], [None], ["a.example"], [None], ["b.example"]], first_row=2)
    parsed = read(content, source(columns={"address": "u"}, values={}))
    assert parsed.rows.select("position", "address").rows() == [(5, "a.example"), (7, "b.example")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (separated(",", "utf-8"), r"no column '缺'; the columns are '网址', '时间', '品牌', 'other'"),
        (json_lines(), r"no column '缺'; the columns are '网址', '时间', '品牌', 'other'"),
        (parquet(pl.DataFrame(TABLE)), r"no column '缺'; the columns are '网址', '时间', '品牌', 'other'"),
        (workbook([["网址", "时间"], ["a", "b"]]), r"no column '缺'; the columns are '网址', '时间'"),
        (workbook([["缺", "缺"], ["a", "b"]]), r"the column '缺' stands twice"),
        (b"PAR1" + bytes(50) + b"PAR1", "not readable as Parquet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "not readable as Excel"),
        (parquet(pl.DataFrame({"缺": [b"raw"]})), "the column '缺' holds Binary"),
        (parquet(pl.DataFrame({"缺": [["a"]]})), "the column '缺' holds List"),
    ],
)
def test_a_wrong_mapping_or_a_broken_file_is_told(content: bytes, told: str) -> None:
    with pytest.raises(UnreadableFile, match=told):
        read(content, source(columns={"address": "缺"}, values={}))


def test_a_missing_sheet_is_told() -> None:
    with pytest.raises(UnreadableFile, match="no sheet '其他'; the sheets are '预警', 'empty'"):
        read(workbook([["网址"]]), source(sheet="其他"))


@pytest.mark.parametrize("sheet", ["empty", "预警"])
def test_a_sheet_without_rows_is_no_rows(sheet: str) -> None:
    assert read(workbook([["u"]]), source(sheet=sheet, columns={"address": "u"}, values={})).total == 0


@pytest.mark.parametrize("delimiter", ['"', "\n"])
def test_a_delimiter_separates_columns(delimiter: str) -> None:
    with pytest.raises(UnreadableFile, match="the delimiter"):
        read(b"a::b", source(delimiter=delimiter))


def test_a_broken_json_line_is_rejected_alone() -> None:
    lines = [b'{"u": "a.example"}', b'{"u": ', b"[]", b'{"u": ["x"]}', b'{"u": 1, "u": 2}', b"\xff", b'{"u": 12.50}']
    parsed = read(b"\n".join(lines), source(columns={"address": "u"}, values={}))
    assert parsed.rows.select("position", "address").rows() == [(1, "a.example"), (7, "12.50")]
    assert parsed.rejected["position"].to_list() == [2, 3, 4, 5, 6]


def test_values_that_cannot_be_stored_are_rejected_from_parquet_too() -> None:
    content = parquet(pl.DataFrame({"u": ["a\0.example", "b" * 70_000, "c.example", ""]}))
    parsed = read(content, source(columns={"address": "u"}, values={}))
    assert parsed.rows["address"].to_list() == ["c.example"]
    assert parsed.rejected["reason"].to_list() == ["a NUL byte", "a value longer than 65536 bytes", "no address"]
    assert parsed.rejected["raw"][0] == "a\\x00.example"


def test_rejected_rows_of_people_keep_no_text() -> None:
    warnings = {"kind": "warning", "columns": {"stage": "阶段", "subject": "手机号"}, "values": {}}
    parsed = read("阶段,手机号\nemitted,13800000000\nemitted,13800000001,x\n".encode(), source(**warnings))
    assert parsed.rows["subject"].to_list() == ["13800000000"]
    assert parsed.rejected.rows() == [(3, "", "3 fields where there should be 2")]
