"""A document that aborts, hangs or eats memory fails alone, in one line; one that expands is refused before it has."""

import io
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.errors import UnreadableFile
from spiders.catalogue import Source
from spiders.formats.text import split_lines
from spiders.reading import Limits, Reader
from tests.spiders.hostile import endless_workbook
from tests.spiders.parsing import read
from tests.spiders.test_formats import source
from tests.spiders.test_formats_table import parquet, workbook
from tests.spiders.test_formats_table import source as table

TABLE = table(columns={"address": "u"}, values={})
DENSE: Final = b"[" + b"[]," * 3_000_000 + b"[]]"
"""9 MB of JSON: a third of a gigabyte as Python objects, and some seconds to read."""


def repeated(value: str, rows: int, group: int) -> bytes:
    stream = io.BytesIO()
    pl.DataFrame({"u": pl.Series([value]).new_from_index(0, rows)}).write_parquet(stream, row_group_size=group)
    return stream.getvalue()


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(TABLE) as opened:
        yield opened


def test_a_document_that_aborts_its_reader_fails_alone(reader: Reader) -> None:
    with pytest.raises(UnreadableFile, match=r"^broke its reader \(SIGABRT\): [^\n]+$"):
        reader.read(endless_workbook())
    assert reader.read(workbook([["u"], ["a.example"]])).rows["address"].to_list() == ["a.example"]


@pytest.mark.parametrize(
    ("limits", "told"), [(Limits(memory=256 << 20), "memory"), (Limits(seconds=1), "^takes more than 1 s to read$")]
)
def test_a_document_that_costs_too_much_fails_alone(limits: Limits, told: str) -> None:
    with Reader(source("phishtank"), limits) as opened:
        with pytest.raises(UnreadableFile, match=told):
            opened.read(DENSE)
        assert opened.read(b'[{"url": "http://a.example/"}]').rows.height == 1


def test_a_risky_document_is_read_as_any_other(reader: Reader) -> None:
    for content in (workbook([["u"], ["a.example"], [None]]), parquet(pl.DataFrame({"u": ["a.example", ""]}))):
        here, there = read(content, TABLE), reader.read(content)
        assert there.rows.equals(here.rows)
        assert there.rejected.equals(here.rejected)
        assert (there.kind, there.ignored) == (here.kind, here.ignored)


def test_what_is_wrong_with_a_risky_document_is_told_as_of_any_other(reader: Reader) -> None:
    with pytest.raises(UnreadableFile, match=r"^no column 'u'; the columns are 'v'$"):
        reader.read(workbook([["v"], ["a.example"]]))


RISKY: dict[str, tuple[Callable[[], bytes], Source, bool]] = {
    "excel": (lambda: workbook([["u"], ["a.example"]]), TABLE, True),
    "parquet": (lambda: parquet(pl.DataFrame({"u": ["a.example"]})), TABLE, True),
    "a page": (lambda: b"<p>", source("store"), True),
    "large JSON": (lambda: b'[{"url": "http://a.example/"}' + b" " * (9 << 20) + b"]", source("phishtank"), True),
    "small JSON": (lambda: b"[]", source("phishtank"), False),
    "CSV": (lambda: b"u\na.example\n", TABLE, False),
    "JSON Lines": (lambda: b'{"u": "a.example"}\n' * 500_000, TABLE, False),
    "a list": (lambda: b"[.example\n" * 1_000_000, source("list"), False),
    "nothing": (lambda: b"", source("store"), False),
}


@pytest.mark.parametrize("case", RISKY)
def test_what_is_risky_is_read_by_a_child_and_what_is_not_is_not(case: str) -> None:
    content, declared, is_risky = RISKY[case]
    with Reader(declared) as opened:
        opened.read(content())
        child = opened._child
        assert (child is not None) is is_risky
    assert child is None or child.returncode is not None, "it ends with its reader"


def test_the_child_gets_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/proc/self/environ").exists():
        pytest.skip("no /proc here")
    monkeypatch.setenv("FEED_KEY", "secret")
    with Reader(source("store")) as opened:
        opened.read(b"<p>")
        assert opened._child
        assert b"secret" not in Path(f"/proc/{opened._child.pid}/environ").read_bytes()


INDICATOR = b'{"type": "indicator", "valid_from": "%s", "pattern": "%s"}' % (
    b"9" * 60_000,
    b" OR ".join(b"url:value='%d'" % number for number in range(3_000)),
)
BOUNDED: dict[str, tuple[Callable[[], bytes], Source, str]] = {
    "lines of one letter": (lambda: b"a\n" * 5_000_001, source("list"), "more than 5,000,000 lines"),
    "lines of carriage returns": (lambda: b"\r" * 5_000_001 + b"a", source("list"), "more than 5,000,000 lines"),
    "tiny values": (
        lambda: b"[" + b"[]," * 5_000_001 + b"[]]",
        source("phishtank"),
        "JSON of more than 10,000,000 values",
    ),
    "names in few lines": (
        lambda: (b"0.0.0.0" + b" a" * 32_000 + b"\n") * 160,
        source("hosts"),
        "more than 5,000,000 rows",
    ),
    "a time for many addresses": (
        lambda: b"[%s]" % b",".join([INDICATOR] * 4),
        source("stix"),
        "rows of more than 536,870,912 characters",
    ),
    "a name for many versions": (
        lambda: (
            b'{"repo": {"address": "http://a.example"}, "apps": [{"packageName": "p", "name": "%s"}],'
            b' "packages": {"p": [%s]}}' % (b"n" * 60_000, b",".join([b"{}"] * 20_000))
        ),
        source("fdroid"),
        "rows of more than 536,870,912 characters",
    ),
    "a package name for many broken versions": (
        lambda: (
            b'{"repo": {"address": "http://a.example"}, "packages": {"%s": [%s]}}'
            % (b"p" * 200_000, b"0," * 9_999 + b"0")
        ),
        source("fdroid"),
        "rows of more than 536,870,912 characters",
    ),
    "an address for many versions": (
        lambda: b'{"repo": {"address": "http://%s"}, "packages": {"p": [{}]}}' % (b"a" * 5_000),
        source("fdroid"),
        "an address longer than 2000",
    ),
    "a value for many rows": (
        lambda: repeated("a" * 60_000, 10_000, 500),
        TABLE,
        "rows of more than 536,870,912 characters",
    ),
    "a number for many rows": (lambda: repeated("7", 5_000_001, 5_000_001), TABLE, "more than 5,000,000 rows"),
}


@pytest.mark.parametrize("case", BOUNDED)
def test_what_stands_for_far_more_than_its_size_is_refused(case: str) -> None:
    content, declared, told = BOUNDED[case]
    with Reader(declared) as opened, pytest.raises(UnreadableFile, match=told):
        opened.read(content())


def test_entries_are_bounded_and_few_are_held_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"[" + b",".join([b'{"url": "http://a.example/"}', b"0"] * 50) + b"]"
    whole = read(content, source("phishtank"))
    monkeypatch.setattr("spiders.formats.documents._AT_ONCE", 7)
    parts = read(content, source("phishtank"))
    assert parts.rows.equals(whole.rows)
    assert parts.rejected.equals(whole.rejected)
    assert (whole.rows.height, whole.rejected.height) == (50, 50)
    monkeypatch.setattr("spiders.formats.bounds.ROWS", 99)
    with pytest.raises(UnreadableFile, match="more than 99 rows"):
        read(content, source("phishtank"))


def test_json_lines_are_read_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"\n".join([b'{"u": "a.example"}', b"{", b'{"k%d": 1, "u": null}'] * 20)
    whole = read(content, TABLE)
    monkeypatch.setattr("spiders.formats.table._OBJECTS_AT_ONCE", 7)
    monkeypatch.setattr("spiders.formats.table._KEYS", 1)
    parts = read(content, TABLE)
    assert parts.rows.equals(whole.rows)
    assert parts.rejected.equals(whole.rejected)
    assert (whole.rows.height, whole.rejected.height) == (20, 40)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "latin-1", "utf-16"])
def test_a_file_in_pieces_is_the_same_file(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    content = "﻿奇.example\r\n\rb\n\n﻿c\n".encode(encoding, "replace") * 3
    if encoding != "utf-16":  # which has no place for it
        content += b"d\x81\xff\n" * 3
    whole = split_lines(content, encoding)
    monkeypatch.setattr("spiders.formats.text._PIECE", 2)
    assert split_lines(content, encoding).equals(whole)


def test_quoted_records_are_the_same_however_few_lines_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        b"u,v",
        b'a.example,"1',
        b'2"',
        b'b"b,3',
        b'"open,4',
        b'"c.example","5"',
        b'\xff"d,6',
        b'e"", 7',
        b'"f',
        b'",8',
    ]
    content = b"\n".join(lines * 5)
    whole = read(content, TABLE)
    assert (whole.rows.height, whole.rejected.height) != (0, 0)
    monkeypatch.setattr("spiders.formats.records._ODD_AT_ONCE", 2)
    few = read(content, TABLE)
    assert few.rows.equals(whole.rows)
    assert few.rejected.equals(whole.rejected)


@pytest.mark.parametrize("pattern", [b"'\\\\" * 21_000 + b"'", b"'" * 65_535, b"url:value IN ('a', " * 3_000 + b"'"])
def test_a_pattern_of_quotes_costs_no_time(pattern: bytes) -> None:
    entry = b'{"type": "indicator", "pattern": "%s"}' % pattern
    parsed = read(b"[" + b",".join([entry] * 100) + b"]", source("stix"))
    assert parsed.rejected["reason"].unique().to_list() == ["a pattern that has an open quote"]


PIECES = ("a", "\n", "\r", "\r\n", "奇", "\0", "\ufeff", "\x85", "\u2028", "😀", b"\xff")


def naive_lines(content: bytes) -> list[str]:
    text = content.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


@pytest.mark.parametrize("piece", [1, 8 << 20])
@settings(max_examples=200, deadline=None)
@given(
    pieces=st.lists(st.sampled_from(["a", "\n", "\r", "\r\n", "奇", "\0", "\ufeff", "\x85", "\u2028", "😀", b"\xff"]))
)
def test_lines_are_the_same_whichever_way_they_are_read(piece: int, pieces: list[str | bytes]) -> None:
    content = b"".join(piece if isinstance(piece, bytes) else piece.encode() for piece in pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spiders.formats.text._PIECE", piece)
        lines = split_lines(content, "utf-8")
    wanted = [line.replace("\udcff", "\\xff").replace("\0", "\\x00") for line in naive_lines(content)]
    found = lines["line"].to_list()
    assert found[: len(wanted)] == wanted
    assert not any(found[len(wanted) :]), "at most an empty line behind the last"
    assert lines["fault"].is_not_null().to_list()[: len(wanted)] == [
        "\0" in line or "\udcff" in line for line in naive_lines(content)
    ]


UNDAMAGED = (workbook([["u"], ["a"]]), parquet(pl.DataFrame({"u": ["a"] * 9})))
"""Made once: a workbook made a second later has other bytes, at times one more."""


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_workbook_or_parquet_file_is_read_or_refused(reader: Reader, data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(UNDAMAGED)))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(4, len(content) - 5))] = data.draw(st.integers(0, 255))
    with suppress(UnreadableFile):
        assert reader.read(bytes(content)).kind == "address"
