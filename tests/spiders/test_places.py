"""Where a row stands in its file: the line has what was read from it, and so has what the path leads to."""

import gzip
import io
import json
import re

import polars as pl
import pytest
import xlsxwriter

from spiders.formats.places import places
from spiders.formats.registry import FORMATS
from tests.spiders.parsing import read
from tests.spiders.test_formats import SAMPLES, TOTALS, source

_STEP = re.compile(r"\.(\w+)|\[(\d+)\]|\['([^']*)'\]")


def led_to(document: object, path: str) -> object:
    """What a JSON path leads to."""
    for name, number, quoted in _STEP.findall(path):
        document = document[int(number)] if number else document[name or quoted]  # type: ignore[index]
    return document


def bare(text: str) -> str:
    """Without what formats write before quotes."""
    return re.sub(r'[\\"]', "", text)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("file", TOTALS)
def test_what_was_read_stands_where_it_is_said_to_stand(file: str, packed: bool) -> None:
    name = next(name for name in FORMATS if name in file)
    declared, content = source(name), (SAMPLES / file).read_bytes()
    rows = read(content, declared).rows
    found = places(gzip.compress(content) if packed else content, declared, rows["position"].to_list())
    for row in rows.iter_rows(named=True):
        place = found[row["position"]]
        said = row.get("address") or row.get("event_id") or row["download"].rpartition("/")[2]
        if place.position.startswith("$"):
            text, entry = place.text, led_to(json.loads(content.decode("utf-8", "replace")), place.position)
            assert text is None
            assert bare(said) in bare(json.dumps(entry, ensure_ascii=False))
        else:
            assert place.position == f"line {row['position']}"
            assert bare(said) in bare(str(place.text))


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        ("编号,类型,金额,时间\ne-1,a,b,c\n", "utf-8", "e-1,a,b,c"),
        ("编号,类型,金额,时间\r\n一号,甲,b,c\r\n", "gb18030", "一号,甲,b,c"),
        ('编号,类型,金额,时间\ne-1,"a\nb\nc",d,e\nf,g,h,i\n', "utf-8", 'e-1,"a\nb\nc",d,e'),
        ('编号,类型,金额,时间\ne-1,"a,b,c\nf,g,h,i\n', "utf-8", 'e-1,"a,b,c'),
        (f"编号,类型,金额,时间\n{'x' * 2_500},a,b,c\n", "utf-8", f"{'x' * 2_000}…"),
        ("编号,类型,金额,时间\na\0b\u202e,c,d,e\n", "utf-8", "a\\x00b\u202e,c,d,e"),
        ('{"编号":"e-1"}\n{"编号":"e-2"}\n', "utf-8", '{"编号":"e-2"}'),
    ],
)
def test_the_line_is_shown_as_it_lies_there_within_bounds(text: str, encoding: str, shown: str) -> None:
    found = places(text.encode(encoding), source("table", encoding=encoding), [2])
    assert (found[2].position, found[2].text) == ("line 2", shown)


def test_rows_of_sheets_and_parquet_files_are_named() -> None:
    parquet, workbook = io.BytesIO(), io.BytesIO()
    pl.DataFrame({"编号": ["e-1"]}).write_parquet(parquet)
    with xlsxwriter.Workbook(workbook) as book:
        book.add_worksheet("年度").write_row(0, 0, ["编号"])
    for content, position in ((parquet, "row 1"), (workbook, "row 1 of sheet 年度")):
        (place,) = places(content.getvalue(), source("table", sheet="年度"), [1]).values()
        assert (place.position, place.text) == (position, None)


def test_a_store_page_and_large_json_are_named_by_their_count() -> None:
    assert places(b"<html><p class='app'></html>", source("store"), [1])[1].position == "app 1"
    large = json.dumps({"deny": ["a.example"] * 700_000}).encode()
    assert places(large, source("polkadot"), [7])[7].position == "entry 7"
    assert places(large[:100], source("list"), [99]) == {}
