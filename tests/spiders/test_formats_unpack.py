"""Compression is recognised by content and bounded; what is broken is refused in one line."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.errors import UnreadableFile
from spiders.formats.unpack import unpack

LIMIT = 4_000_000


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def one_file(content: bytes) -> bytes:
    return zipped({"feed.csv": content})


def signed_jar(content: bytes) -> bytes:
    return zipped({"META-INF/MANIFEST.MF": b"x", "META-INF/A.RSA": b"y", "index-v1.json": content})


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": one_file,
    "jar": signed_jar,
}


@pytest.mark.parametrize("name", PACKERS)
@settings(max_examples=20, deadline=None)
@given(content=st.text(max_size=50).map(str.encode))
def test_what_was_packed_comes_back(name: str, content: bytes) -> None:
    assert unpack(PACKERS[name](content), LIMIT) == content


@pytest.mark.parametrize("name", ["gzip", "bz2", "xz"])
def test_several_streams_behind_each_other_are_one_file(name: str) -> None:
    assert unpack(PACKERS[name](b"first\n") + PACKERS[name](b"second\n"), LIMIT) == b"first\nsecond\n"


@pytest.mark.parametrize("name", ["gzip", "bz2", "xz"])
@settings(max_examples=40, deadline=None)
@given(parts=st.lists(st.tuples(st.binary(max_size=30), st.sampled_from([0, 4, 8])), min_size=1, max_size=6))
def test_zeros_may_stand_between_streams(name: str, parts: list[tuple[bytes, int]]) -> None:
    packed = b"".join(PACKERS[name](part) + bytes(zeros) for part, zeros in parts)
    assert unpack(packed, LIMIT) == b"".join(part for part, _ in parts)


@pytest.mark.parametrize("name", ["gzip", "bz2", "xz"])
@settings(max_examples=40, deadline=None)
@given(kept=st.floats(0, 1, exclude_max=True))
def test_of_several_streams_none_may_be_cut_off(name: str, kept: float) -> None:
    first, second = PACKERS[name](b"first\n"), PACKERS[name](bytes(range(256)))
    cut = second[: int(len(second) * kept)]
    if cut:
        with pytest.raises(UnreadableFile, match=r"^a broken archive: [^\n]+$"):
            unpack(first + cut, LIMIT)


@pytest.mark.parametrize("name", ["gzip", "bz2", "xz"])
def test_what_stands_behind_a_stream_is_told(name: str) -> None:
    with pytest.raises(UnreadableFile, match="a broken archive"):
        unpack(PACKERS[name](b"first\n") + b"a.example\n", LIMIT)


@pytest.mark.parametrize("name", ["gzip", "bz2", "xz"])
def test_streams_are_bounded(name: str) -> None:
    with pytest.raises(UnreadableFile, match="more than 10,000 streams"):
        unpack(PACKERS[name](b"") * 10_001, LIMIT)


def test_members_of_a_zip_archive_are_bounded_before_they_are_read() -> None:
    with pytest.raises(UnreadableFile, match="more than 10,000 files"):
        unpack(b"PK\x05\x06" + b"PK\x01\x02" * 10_001, LIMIT)


@pytest.mark.parametrize("name", PACKERS)
def test_what_expands_beyond_the_limit_is_refused(name: str) -> None:
    assert len(unpack(PACKERS[name](bytes(LIMIT)), LIMIT)) == LIMIT
    with pytest.raises(UnreadableFile, match=rf"(expands to more|is larger) than {LIMIT} bytes"):
        unpack(PACKERS[name](bytes(LIMIT + 1)), LIMIT)


@pytest.mark.parametrize("name", sorted(PACKERS.keys() - {"plain"}))
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_a_truncated_archive_is_refused_in_one_line(name: str, kept: float) -> None:
    packed = PACKERS[name](bytes(range(256)) * 40)
    with pytest.raises(UnreadableFile, match=r"^a broken archive: [^\n]+$"):
        unpack(packed[: int(len(packed) * kept)], LIMIT)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (zipped({}), "an archive of 0 files"),
        (zipped({"a": b"", "b": b""}), "an archive of 2 files"),
        (zipped({"a": b"x"}, zipfile.ZIP_LZMA), "another method than deflate"),
    ],
)
def test_an_archive_that_is_not_one_file_is_refused(content: bytes, told: str) -> None:
    with pytest.raises(UnreadableFile, match=told):
        unpack(content, LIMIT)


@settings(max_examples=60, deadline=None)
@given(
    start=st.sampled_from([b"\x1f\x8b\x08", b"BZh91AY&SY", b"\xfd7zXZ\x00", b"PK\x03\x04", b"PK\x05\x06"]),
    rest=st.binary(max_size=80),
)
def test_anything_behind_a_magic_number_is_unpacked_or_refused(start: bytes, rest: bytes) -> None:
    with pytest.raises(UnreadableFile):
        unpack(start + rest, LIMIT)


def test_a_line_that_merely_begins_like_an_archive_is_text() -> None:
    assert unpack(b"BZh1.example\n", LIMIT) == b"BZh1.example\n"


SHEET = b'<worksheet><sheetData><row r="1"><c r="%s"><v>1</v></c></row></sheetData></worksheet>'


def test_a_workbook_stays_a_workbook() -> None:
    workbook = zipped({"[Content_Types].xml": b"<Types/>", "xl/worksheets/sheet1.xml": SHEET % b"B2"})
    assert unpack(workbook, LIMIT) == workbook


@pytest.mark.parametrize(
    ("sheet", "told"),
    [(bytes(LIMIT), "expands to more than"), (SHEET % b"XFD1048576", "a sheet of 1048576 rows and 16384 columns")],
)
def test_a_workbook_that_would_fill_the_memory_is_refused(sheet: bytes, told: str) -> None:
    workbook = zipped({"[Content_Types].xml": b"<Types/>", "xl/worksheets/sheet1.xml": sheet})
    with pytest.raises(UnreadableFile, match=told):
        unpack(workbook, LIMIT)
