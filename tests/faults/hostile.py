"""Hostile files by declaration: what is put into fields, and what is done to the bytes of a good file."""

import bz2
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Final

import polars as pl

from tests.faults.samples import Target
from tests.spiders.hostile import workbook_of

VALUES: Final = (
    *(
        "1e999",
        "-1e999",
        "NaN",
        "nan",
        "Infinity",
        "-Infinity",
        "-0",
        "+0",
        "1e5",
        "0x10",
        "1_000",
        "１２",
        "٣",
        "½",
        "²",
    ),
    *("1" * 401, "-" + "9" * 401, "0." + "0" * 400 + "1", "1,2,3", "¥1.005", "100000000000.01", "9" * 18, "9" * 19),
    *("0000-01-01 00:00:00", "0000-00-00", "0001-01-01T00:00:00Z", "9999-12-31 23:59:59", "10000-01-01 00:00:00"),
    *("2016-12-31T23:59:60Z", "2016-12-31 23:59:61", "2024-02-29", "2023-02-29 00:00:00", "2024-02-30T25:61:61+99:99"),
    *("1704067200", "1704067200000", "1704067200000000", "9999999999", "9999999999999", "-1", "2024-03-10 02:30:00"),
    *("=cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0", "+1+1", "-2+3", '=HYPERLINK("http://e.example")', "\t=1"),
    *("\x1b[2J\x1b]0;owned\x07", "\u202egnp.exe", "a\rb", "a\nb", "a\u2028b", "\x85", "\ufeff", "\u200b", "\0", "a\0b"),
    *(
        "",
        " ",
        "\u3000",
        "null",
        "None",
        '"',
        "'",
        '""',
        "\\",
        "\\'",
        "\\u0000",
        "\ud800",
        "\udcff",
        "\U0010ffff",
        "\ufffd",
    ),
    *("a" * 1_001, "a" * 65_536, "a" * 65_537, "\ufdfa" * 1_000, "e\u0301" * 700, "\u0301" * 2_000, "奇" * 1_001),
    *(
        "../../etc/passwd",
        "/dev/zero",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://",
        "//",
    ),
    *(
        "http://[::1",
        "http://[::1]:99999/",
        "http://a:0/",
        "http://a.example:٣/",
        "a." * 4_000,
        "." * 300,
        "xn--\x80.com",
    ),
    *(
        "xn--" + "9" * 60 + ".com",
        "xn--a",
        "http://0x7f.1/",
        "http://4294967296/",
        "http://a.example/%00%zz%",
        "1.2.3.4.5",
    ),
    *(
        "<script>alert(1)</script>",
        "</script>",
        "<!--",
        "]]>",
        "&#0;",
        "&lol9;",
        "%s%n",
        "{0}",
        "${jndi:ldap://x}",
        "'; --",
    ),
)
"""What a field may hold that nobody expects: each stands in each field of a row that is good otherwise."""


def with_values(target: Target) -> bytes:
    """A file with a row for each hostile value in each field."""
    return target.write(records_with_values(target))


def records_with_values(target: Target) -> list[dict[str, str]]:
    """A row for each hostile value in each field; events have ids of their own, so that none is another's duplicate."""
    rows = [{**target.record, name: value} for name in target.record for value in VALUES]
    own = target.record.get("event_id")
    return [{**row, "event_id": f"one{at}"} if own and row["event_id"] == own else row for at, row in enumerate(rows)]


@dataclass(frozen=True, slots=True)
class Case:
    """One hostile file.

    Attributes:
        make: it, from what it is a distortion of.
        told: what its refusal says, a regular expression; empty: it may be read.
        shapes: of the layouts that it says anything about; empty: all.
        rows: how many it has; None: it depends.
    """

    make: Callable[[Target], bytes]
    told: str = ""
    shapes: tuple[str, ...] = ()
    rows: int | None = None


GIGABYTE: Final = 1 << 30
_ZEROS: Final = 1 << 20


def _deflated_zeros() -> bytes:
    """A gigabyte of zeros as raw deflate: one flushed megabyte, over and over."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packer.compress(bytes(_ZEROS)), packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(_ZEROS)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * (GIGABYTE // _ZEROS) + b"\x03\x00"


def gzip_bomb() -> bytes:
    """One stream."""
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + _deflated_zeros() + struct.pack("<II", 0, GIGABYTE)


def zip_bomb(*, said: int = GIGABYTE) -> bytes:
    """One member, of a size that may be a lie."""
    packed = _deflated_zeros()
    return zip_of([Member(b"feed.csv", packed, said)])


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a zip archive, as its headers have it."""

    name: bytes
    packed: bytes
    said: int
    flags: int = 0
    mode: int = 0o100644
    crc: int = 0


def member(name: str, content: bytes, *, mode: int = 0o100644, flags: int = 0, said: int | None = None) -> Member:
    """A member with headers that are right, but for what is asked for."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(content) + packer.flush()
    return Member(name.encode(), packed, len(content) if said is None else said, flags, mode, zlib.crc32(content))


def zip_of(members: list[Member], *, overlapping: bool = False) -> bytes:
    """A zip archive by hand; overlapping: all entries of its directory stand for the first member's bytes."""
    body, directory, offsets = io.BytesIO(), io.BytesIO(), []
    for one in members:
        offsets.append(0 if overlapping else body.tell())
        sizes = struct.pack(
            "<HHHHHIIIHH", 20, one.flags, 8, 0, 33, one.crc, len(one.packed), one.said, len(one.name), 0
        )
        if not overlapping or body.tell() == 0:
            body.write(b"PK\x03\x04" + sizes + one.name + one.packed)
        directory.write(
            b"PK\x01\x02" + struct.pack("<H", 0x0314) + sizes
            + struct.pack("<HHHII", 0, 0, 0, one.mode << 16, offsets[-1]) + one.name
        )  # fmt: skip
    count = min(len(members), 0xFFFF)
    end = struct.pack("<HHHHIIH", 0, 0, count, count, directory.tell(), body.tell(), 0)
    return body.getvalue() + directory.getvalue() + b"PK\x05\x06" + end


def _many_members(_: Target) -> bytes:
    return zip_of([Member(b"%d" % number, b"\x03\x00", 0) for number in range(100_000)])


def _named(name: str, mode: int = 0o100644) -> Callable[[Target], bytes]:
    return lambda target: zip_of([member(name, target.good, mode=mode)])


def _misnamed(target: Target) -> bytes:
    return zip_of([member("\x1b" * 20_000, target.good)]).replace(b"\x1b" * 20_000, b"\n" * 20_000, 1)


def _gzip_named(target: Target) -> bytes:
    packed = gzip.compress(target.good)
    return packed[:3] + b"\x08" + packed[4:10] + b"../../etc/cron.d/\x1b[31m\n\0" + packed[10:]


def _cut(pack: Callable[[bytes], bytes], share: float) -> Callable[[Target], bytes]:
    def make(target: Target) -> bytes:
        packed = pack(target.good)
        return packed[: int(len(packed) * share)]

    return make


def _second_cut(pack: Callable[[bytes], bytes], target: Target) -> bytes:
    return pack(target.good) + pack(target.good)[:-7]


def _fixed(content: bytes, _: Target) -> bytes:
    return content


def _twice(pack: Callable[[bytes], bytes]) -> Callable[[Target], bytes]:
    return lambda target: pack(target.good[:9]) + pack(target.good[9:])


def _zipped(content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("feed", content)
    return stream.getvalue()


def _nested_zip(_: Target) -> bytes:
    inner = _zipped(zip_bomb())
    return zip_of([member("again.zip", inner)])


_PACKERS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zip": _zipped,
}  # fmt: skip
_EXPANDS: Final = "expands to more than"
_BROKEN: Final = "a broken archive|an archive of|compressed by another method"
ARCHIVES: Final[Mapping[str, Case]] = {
    **{
        f"{name} cut off at {share}": Case(_cut(pack, share), _BROKEN)
        for name, pack in _PACKERS.items()
        for share in (0.4, 0.9)
    },
    **{f"{name} of two streams": Case(_twice(_PACKERS[name]), rows=2) for name in ("gzip", "bzip2", "xz")},
    **{
        f"{name} with the second stream cut off": Case(partial(_second_cut, _PACKERS[name]), _BROKEN)
        for name in ("gzip", "bzip2", "xz")
    },
    "gzip with a wrong checksum": Case(lambda target: gzip.compress(target.good)[:-8] + b"\1\2\3\4" * 2, _BROKEN),
    "gzip with a path as its name": Case(_gzip_named, rows=2),
    "gzip with words behind it": Case(lambda target: gzip.compress(target.good) + b"words", _BROKEN),
    "a gzip bomb in gzip": Case(lambda _: gzip.compress(gzip_bomb())),
    "gzip in gzip": Case(lambda target: gzip.compress(gzip.compress(target.good))),
    "gzip bomb": Case(lambda _: gzip_bomb(), _EXPANDS),
    "gzip bomb of many streams": Case(lambda _: gzip.compress(bytes(_ZEROS)) * 1_024, _EXPANDS),
    "bzip2 bomb": Case(lambda _: bz2.compress(bytes(_ZEROS)) * 1_024, _EXPANDS),
    "xz bomb": Case(lambda _: lzma.compress(bytes(_ZEROS)) * 1_024, _EXPANDS),
    "zip bomb": Case(lambda _: zip_bomb(), _EXPANDS),
    "zip bomb that says it is small": Case(lambda _: zip_bomb(said=40), f"{_EXPANDS}|a broken archive"),
    "zip in zip in zip": Case(_nested_zip),
    "zip with a size too small": Case(lambda target: zip_of([member("a", target.good, said=5)]), _BROKEN),
    "zip with a size too large": Case(lambda target: zip_of([member("a", target.good, said=GIGABYTE)])),
    "zip of overlapping entries": Case(
        lambda target: zip_of([member("a", target.good), member("a", target.good)], overlapping=True), _BROKEN
    ),
    "zip with another name in its directory": Case(_misnamed, _BROKEN),
    "zip of an encrypted entry": Case(lambda target: zip_of([member("a", target.good, flags=1)]), _BROKEN),
    "zip of 100,000 entries": Case(_many_members, "an archive of more than 10,000 files"),
    "zip of no entry": Case(lambda _: zip_of([]), _BROKEN),
    **{
        f"zip of an entry named {name!a}": Case(_named(name), rows=2)
        for name in ("/etc/passwd", "../../x", "C:\\x", "a\nb\x1b]0;x\x07", "é奇\u202e")
    },
    "zip of a symbolic link": Case(_named("link", 0o120777), rows=2),
    "zip of a device": Case(_named("device", 0o020666), rows=2),
    "zip of a folder": Case(_named("folder/", 0o040755), _BROKEN),
}
"""What packs a file; a name in an archive is never a path: its content is read, wherever it claims to lie."""

TEXTS: Final = ("lines", "csv", "jsonl", "json", "page")
LINED: Final = ("lines", "csv", "jsonl")
JSONS: Final = ("json", "jsonl")


def _replaced(old: bytes, new: bytes) -> Callable[[Target], bytes]:
    return lambda target: target.good.replace(old, new)


def _deep(begin: bytes, end: bytes = b"") -> Case:
    return Case(lambda _: begin * 100_000 + b"1" + end * 100_000, shapes=JSONS)


def _in_field(value: bytes, told: str = "") -> Case:
    """A JSON value where the first field's text was."""

    def make(target: Target) -> bytes:
        text = next(iter(target.record.values())).encode()
        return target.good.replace(b'"%s"' % text, value, 1)

    return Case(make, told, JSONS)


def _doubled_keys(target: Target) -> bytes:
    name = next(iter(target.record)).encode()
    return target.good.replace(b'"%s":' % name, b'"%s": 1, "%s":' % (name, name))


def _long_line(target: Target) -> bytes:
    return target.good + b"a" * 10_000_000 + b"\n" + target.good.splitlines(keepends=True)[-1]


def _wide(target: Target) -> bytes:
    return b",".join([b"c%d" % number for number in range(1_000_000)]) + b"\n" + b"," * 999_999 + b"\n" + target.good


def _open_quote(target: Target) -> bytes:
    first, _, rest = target.good.partition(b"\n")
    return first + b'\n"' + rest * 500


DISTORTED: Final[Mapping[str, Case]] = {
    "empty": Case(lambda _: b"", rows=0),
    "a byte-order mark": Case(lambda _: b"\xef\xbb\xbf", rows=0),
    "only comments": Case(lambda _: b"# nothing\n# here\n", shapes=LINED),
    "an account suspended": Case(
        lambda _: b"<!doctype html><title>Account \x1b[31m suspended</title><p>x",
        shapes=("lines", "csv", "json", "jsonl"),
        told="an HTML page in place of",
    ),
    "UTF-16 with a mark": Case(lambda target: target.good.decode("utf-8").encode("utf-16"), shapes=TEXTS),
    "UTF-16 without one": Case(lambda target: target.good.decode("utf-8").encode("utf-16-be"), shapes=TEXTS),
    "UTF-32": Case(lambda target: target.good.decode("utf-8").encode("utf-32"), shapes=TEXTS),
    "bad UTF-8": Case(_replaced(b"e", b"\xff\xc0\xaf"), shapes=TEXTS),
    "surrogates in UTF-8": Case(_replaced(b"e", b"\xed\xa0\x80"), shapes=TEXTS),
    "encodings mixed": Case(lambda target: target.good + "\n奇富\n".encode("gb18030") + target.good, shapes=TEXTS),
    "a mark before each line": Case(_replaced(b"\n", b"\n\xef\xbb\xbf"), shapes=LINED),
    "NUL everywhere": Case(lambda target: b"\0".join(bytes((byte,)) for byte in target.good)),
    "NUL only": Case(lambda _: bytes(100_000)),
    "a NUL behind each line": Case(_replaced(b"\n", b"\0\n"), shapes=LINED),
    "all bytes": Case(lambda _: bytes(range(256)) * 40),
    "a line of 10 MB": Case(_long_line, shapes=TEXTS),
    "a million columns": Case(_wide, shapes=TEXTS),
    "a million empty lines": Case(lambda target: b"\n\r\n\r" * 333_333 + target.good, shapes=LINED),
    "columns of controls": Case(lambda _: b",".join([b"\x1b\xf3\xa0\x80\x81" * 40] * 900) + b"\n", shapes=("csv",)),
    "an open quote": Case(_open_quote, shapes=("csv",)),
    "a quote in each line": Case(lambda target: target.good + b'a"b,"c\n' * 20_000, shapes=LINED),
    "only quotes": Case(lambda target: target.good + b'"' * 60_000 + b"\n" + b'""\n"\n' * 20_000, shapes=LINED),
    "half of it": Case(lambda target: target.good[: len(target.good) // 2]),
    "a byte less": Case(lambda target: target.good[:-1]),
    "twice": Case(lambda target: target.good * 2),
    "backwards": Case(lambda target: target.good[::-1]),
    "another end": Case(lambda target: target.good.rstrip(b"]}\n") + b"}]", shapes=JSONS),
    "deep arrays": _deep(b"[", b"]"),
    "deep arrays without end": _deep(b"["),
    "deep objects": _deep(b'{"objects":', b"}"),
    "deep in a field": _in_field(b"[" * 100_000 + b"]" * 100_000),
    "deep in a field, yet readable": _in_field(b"[" * 900 + b"]" * 900),
    "an endless number in a field": _in_field(b"9" * 100_000),
    "1e999 in a field": _in_field(b"1e999"),
    "-0 in a field": _in_field(b"-0"),
    "NaN in a field": _in_field(b"NaN"),
    "a lone surrogate in a field": _in_field(b'"\\ud800"'),
    "a million keys in a field": _in_field(b"{" + b",".join(b'"%d":0' % number for number in range(1_000_000)) + b"}"),
    "keys that stand twice": Case(_doubled_keys, shapes=JSONS),
    **{
        f"only {word.decode()}": Case(partial(_fixed, word), shapes=TEXTS)
        for word in (b"null", b"1e999", b'"x"', b"[]", b"{}")
    },
}
"""What is done to the bytes of a good file."""

_FOOTER_LIES: Final = {"nothing": 0, "more than there is": 0x7FFFFFFF, "less than there is": 4, "all bits": 0xFFFFFFFF}
_LOLS: Final = "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10))
_DOCTYPE: Final = (
    f'<?xml version="1.0"?><!DOCTYPE worksheet [<!ENTITY lol0 "lol">{_LOLS}<!ENTITY ext SYSTEM "file:///etc/passwd">]>'
)


def _sheet(cells: str, *, before: str = "", behind: str = "") -> Callable[[Target], bytes]:
    return lambda _: workbook_of(_row(1, _inline("A1", "u")) + cells, before=before, behind=behind)


def _row(number: int, *cells: str) -> str:
    return f'<row r="{number}">{"".join(cells)}</row>'


def _inline(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


def _column(*cells: tuple[str, str], style: int = 0) -> Callable[[Target], bytes]:
    """A cell of a type and a value in each row."""
    rows = [
        _row(at, f'<c r="A{at}" t="{kind}" s="{style}"><v>{value}</v></c>') for at, (kind, value) in enumerate(cells, 2)
    ]
    return _sheet("".join(rows))


def _shared(count: int, size: int) -> Callable[[Target], bytes]:
    """One long shared string that many cells show."""
    strings = f'<sst count="{count}" uniqueCount="1"><si><t>{"a" * size}</t></si></sst>'
    cells = "".join(_row(at, f'<c r="A{at}" t="s"><v>0</v></c>') for at in range(2, count + 2))
    return lambda _: workbook_of(_row(1, _inline("A1", "u")) + cells, strings=strings)


_NO_EXCEL: Final = "not readable as Excel"
_OLD: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FORMULA: Final = '<c r="A2" t="str"><f>cmd|\' /C calc\'!A0</f><v>v.example</v></c>'
WORKBOOKS: Final[Mapping[str, Case]] = {
    "an external entity": Case(_sheet(_row(2, _inline("A2", "&ext;")), before=_DOCTYPE)),
    "a billion laughs": Case(_sheet(_row(2, _inline("A2", "&lol9;")), before=_DOCTYPE)),
    "a huge dimension": Case(_sheet(_row(2, _inline("A2", "v")), behind='<dimension ref="A1:XFD1048576"/>')),
    "a cell far off": Case(_sheet(_row(1048576, _inline("XFD1048576", "v"))), "a sheet of 1048576 rows"),
    "references that are none": Case(_sheet(_row(2, _inline("ZZZZ9", "v"), _inline("A0", "w"), _inline("", "x")))),
    "rows that go back": Case(_sheet(_row(7, _inline("A7", "v")) + _row(2, _inline("A2", "w")) + _row(7, "<c/>"))),
    "a shared string of many cells": Case(_shared(20_000, 32_767), "more than 536,870,912 characters"),
    "a shared string that is not there": Case(_column(("s", "4000000000"), ("s", "-1"), ("s", "x"))),
    "a formula": Case(_sheet(_row(2, _FORMULA)), rows=1),
    "numbers without bounds": Case(_column(("n", "1e999"), ("n", "NaN"), ("n", "-0"), ("n", "9" * 400))),
    "dates without bounds": Case(_column(("n", "1e300"), ("n", "-5"), ("n", "2958466"), ("d", "10000-01-01"), style=1)),
    "errors": Case(_column(("e", "#REF!"), ("b", "7"), ("zz", "7"), ("e", "no error"))),
    "no sheet in it": Case(lambda _: _zipped_workbook({}), _NO_EXCEL),
    "a sheet elsewhere": Case(lambda _: workbook_of("", target="../../../../etc/passwd"), _NO_EXCEL),
    "XML cut off": Case(_sheet("<row><c><v>1")),
    "deep XML": Case(_sheet("<row>" * 100_000)),
    "an old workbook of nothing": Case(lambda _: _OLD + bytes(2_000), _NO_EXCEL),
    "an old workbook of noise": Case(lambda _: _OLD + bytes(range(256)) * 40, _NO_EXCEL),
}
"""What only a workbook can be."""


def _zipped_workbook(parts: Mapping[str, bytes]) -> bytes:
    return zip_of([member(name, content) for name, content in {"[Content_Types].xml": b"<Types/>", **parts}.items()])


def _lying(said: int, target: Target) -> bytes:
    return target.good[:-8] + struct.pack("<I", said) + b"PAR1"


def _held(values: pl.Series, *, group: int | None = None) -> Callable[[Target], bytes]:
    """A Parquet file with one column."""

    def make(_: Target) -> bytes:
        stream = io.BytesIO()
        values.alias("u").to_frame().write_parquet(stream, row_group_size=group)
        return stream.getvalue()

    return make


_NO_PARQUET: Final = "not readable as Parquet"
_HOLDS: Final = "the column 'u' holds"
PARQUETS: Final[Mapping[str, Case]] = {
    **{f"a footer of {name}": Case(partial(_lying, said), _NO_PARQUET) for name, said in _FOOTER_LIES.items()},
    "a footer of noise": Case(lambda target: target.good[:-200] + bytes(range(192)) + target.good[-8:], _NO_PARQUET),
    "magic only": Case(lambda _: b"PAR1PAR1", _NO_PARQUET),
    "nothing within": Case(lambda _: b"PAR1" + bytes(1_000_000) + b"PAR1", _NO_PARQUET),
    "an encrypted footer": Case(lambda target: target.good[:-4] + b"PARE", _NO_PARQUET),
    "lists": Case(_held(pl.Series([[["a"]]])), _HOLDS),
    "structs": Case(_held(pl.Series([{"a": {"b": "c"}}])), _HOLDS),
    "a structure of many fields": Case(_held(pl.Series([{f"{at}\x1b": at for at in range(3_000)}])), _HOLDS),
    "bytes": Case(_held(pl.Series([b"\xff"])), _HOLDS),
    "nulls only": Case(_held(pl.Series([None, None])), rows=2),
    "truth": Case(_held(pl.Series([True, None])), rows=2),
    "categories": Case(_held(pl.Series(["a.example"], dtype=pl.Categorical)), rows=1),
    "times without bounds": Case(_held(pl.Series([2**62, -(2**62)]).cast(pl.Datetime("ms")))),
    "times without bounds, in a zone": Case(
        _held(pl.Series([2**62, -(2**62)]).cast(pl.Datetime("us", "Asia/Shanghai")))
    ),
    "days without bounds": Case(_held(pl.Series([2**31 - 1, -(2**31)], dtype=pl.Int32).cast(pl.Date))),
    "numbers without bounds": Case(_held(pl.Series([1e308, float("inf"), float("nan"), -0.0])), rows=4),
    "large decimals": Case(_held(pl.Series([Decimal("9" * 38), Decimal("-0.1")], dtype=pl.Decimal(38, 0)))),
    "a row in each of 20,000 groups": Case(_held(pl.repeat("a.example", 20_000, eager=True), group=1), rows=20_000),
}
"""What only a Parquet file can be."""


def cases_of(target: Target) -> Mapping[str, Case]:
    """All cases that say anything about a layout, by their names; those of values not among them."""
    own = {"bare-excel": WORKBOOKS, "bare-parquet": PARQUETS}.get(target.name, {})
    every = {**ARCHIVES, **DISTORTED, **own}
    return {name: case for name, case in every.items() if not case.shapes or target.shape in case.shapes}
