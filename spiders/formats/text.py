"""Bytes to text: what cannot be decoded is marked, so that one bad line costs one row, not the file."""

import codecs
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from html import unescape
from itertools import chain
from typing import Final

import polars as pl

from db.errors import UnreadableFile
from spiders.formats.bounds import bound_lines

LINE_LIMIT: Final = 64 * 1024
"""Bytes of a line or a value; a URL a browser opens has 2 MiB at most, those of feeds a few KiB."""

_HTML: Final = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--(?:(?!-->).)*+-->\s*+)*+<(?:!doctype\s+html|html)\b",
    re.IGNORECASE | re.DOTALL,
)
# possessive: comments that are followed by no page must not be tried in every combination
_TITLE: Final = re.compile(r"<title[^>]{0,200}>(.{0,2000}?)</title", re.IGNORECASE | re.DOTALL)
_HEAD: Final = 64 * 1024
_SAID: Final = 200
_LISTED: Final = 30
_PIECE: Final = 8 << 20
_LINEWISE: Final = re.compile(r"utf-8|ascii|gb|big5|euc_|shift_jis|cp(?:125|93|94|95)|iso8859|koi8")
"""Codecs in whose bytes a line break is nothing else: a file can be cut there."""
_QUOTED: Final = 80
"""Characters of a value that a reason quotes."""
_PACKED: Final = (b"x", b"\x1f", b"(")
"""How zlib, gzip and Zstandard streams begin."""
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


def refuse_html(content: bytes, title: str) -> None:
    """Raise where a web page stands in place of a feed (a login, a block page, "account suspended").

    Args:
        content: the file's bytes.
        title: name of the format that was expected.

    Raises:
        UnreadableFile: it is an HTML page; the page's title is told.
    """
    head = content[:_HEAD].decode("utf-8", "replace").removeprefix("\ufeff")
    if not _HTML.match(head):
        return
    found = _TITLE.search(head)
    shown = " ".join(unescape(found[1]).split())[:80] if found else ""
    shown = "".join(letter for letter in shown if letter.isprintable())
    raise UnreadableFile(f"an HTML page in place of {title}" + (f": {shown}" if shown else ""))


def decode(content: bytes, encoding: str) -> str:
    """The text without byte-order mark; a byte that is not of the encoding becomes a lone surrogate.

    Raises:
        UnreadableFile: the encoding has no place for bad bytes (UTF-16 and the like).
    """
    return _decoded(content, encoding).removeprefix("\ufeff")


def _decoded(content: bytes, encoding: str) -> str:
    try:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            return content.decode(encoding, "surrogateescape")
    except UnicodeError as error:
        raise UnreadableFile(f"not readable as {encoding}: {error}") from error


def is_storable(text: str) -> bool:
    """Whether text is Unicode without NUL and lone surrogates."""
    return ("\0" not in text) if text.isascii() else not _UNSTORABLE.search(text)


def escape(text: str) -> str:
    r"""Text with what cannot be stored written out.

    >>> escape("a\0b\udcff\ud800")
    'a\\x00b\\xff\\ud800'
    """
    return _UNSTORABLE.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code == 0 or 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code & 0xFF:02x}"
    return f"\\u{code:04x}"


def quotable(text: pl.Expr) -> pl.Expr:
    """Text as a reason may quote it: cut, and without what would break its line or a terminal."""
    return text.str.head(_QUOTED).str.replace_all(r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]", "\ufffd")


def printable(text: str) -> str:
    r"""Text with what is no printable character written out.

    >>> printable("'\t' expected")
    "'\\t' expected"
    """
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def first_line(error: BaseException) -> str:
    """What a library says went wrong: its first line, cut, since some quote the file."""
    lines = str(error).strip().splitlines()
    return printable(lines[0][:_SAID]) if lines else type(error).__name__


def listed(names: Sequence[str]) -> str:
    """Names that a file has, as a message quotes them: not all of very many, and none whole that is very long."""
    shown = ", ".join(repr(name[:40]) for name in names[:_LISTED])
    more = ", ..." if len(names) > _LISTED or len(shown) > _LISTED * 44 else ""
    return shown[: _LISTED * 44] + more


def split_lines(content: bytes, encoding: str) -> pl.DataFrame:
    """All lines of a file, blank ones too; CRLF, LF and CR end a line.

    Returns:
        `position` (Int64, from 1), `line` (String; escaped where at fault), `fault` (String, null where there is none).

    Raises:
        UnreadableFile: too many lines, or an encoding that has no place for bad bytes.
    """
    bound_lines(content)
    line = pl.col("line")
    return (
        _lines(content, encoding)
        .with_row_index("position", offset=1)
        .with_columns(
            pl.col("position").cast(pl.Int64),
            line.str.replace_all("\0", "\\x00", literal=True),
            pl.coalesce(
                pl.col("fault"),
                pl.when(line.str.contains("\0", literal=True)).then(pl.lit("a NUL byte")),
                pl.when(line.str.len_bytes() > LINE_LIMIT).then(pl.lit(f"longer than {LINE_LIMIT} bytes")),
            ),
        )
    )


def _lines(content: bytes, encoding: str) -> pl.DataFrame:
    """`line` and `fault` of all lines; UTF-8 without a bad byte, which is usual, never becomes a Python string."""
    codec = codecs.lookup(encoding).name
    if codec == "utf-8":
        with suppress(pl.exceptions.ComputeError):  # a bad byte somewhere
            return _good_lines(content.removeprefix(codecs.BOM_UTF8))
    pieces = _pieces(content) if _LINEWISE.match(codec) else iter((content,))
    first = decode(next(pieces), encoding)
    rest = (_decoded(piece, encoding) for piece in pieces)
    return pl.concat([_decoded_lines(text, encoding) for text in chain((first,), rest)])


def _pieces(content: bytes) -> Iterator[bytes]:
    """A file in pieces that end where a line does: as Python strings all its lines would take many times its size."""
    end = b"\n" if b"\n" in content else b"\r"
    at = 0
    while at < len(content) or not at:
        behind = content.find(end, at + _PIECE) + 1 or len(content) or 1
        yield content[at:behind]
        at = behind


def _decoded_lines(text: str, encoding: str) -> pl.DataFrame:
    try:
        return _good_lines(text.encode())
    except UnicodeEncodeError:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return _mixed_lines(lines if lines[-1] else lines[:-1], encoding)


def _good_lines(content: bytes) -> pl.DataFrame:
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not content:
        return pl.DataFrame(schema={"line": pl.String, "fault": pl.String})
    # polars unpacks, without bound, what begins as a packed stream does; a line break in front keeps it from that
    seems_packed = content.startswith(_PACKED)
    lines = pl.scan_lines(io.BytesIO(b"\n" + content if seems_packed else content), name="line")
    return lines.slice(int(seems_packed)).with_columns(fault=pl.lit(None, pl.String)).collect()


def _mixed_lines(lines: list[str], encoding: str) -> pl.DataFrame:
    reason = f"bytes that are not {encoding}"
    faults = [None if line.isascii() or is_storable(line.replace("\0", "")) else reason for line in lines]
    shown = [escape(line) if fault else line for line, fault in zip(lines, faults, strict=True)]
    return pl.DataFrame({"line": shown, "fault": faults}, schema={"line": pl.String, "fault": pl.String})
