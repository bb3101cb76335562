"""Compression, recognised by its first bytes and undone within a bound: an archive may come from a criminal."""

import bz2
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, Final, Protocol

from db.errors import UnreadableFile
from spiders.formats.text import first_line

_BZ2: Final = re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")
_GZIP: Final = b"\x1f\x8b\x08"
_XZ: Final = b"\xfd7zXZ\x00"
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_EXCEL: Final = "[Content_Types].xml"
_PIECE: Final = 1 << 20
_FEED: Final = 1 << 16
_STREAMS: Final = 10_000
"""Most compressed streams in a file, one behind the other: bgzip begins one for each 64 KiB, pbzip2 for each 900 KB."""
_MEMBERS: Final = 10_000
"""Most members of a zip archive; half a kilobyte of memory each before any is looked at."""
_MEMBER: Final = b"PK\x01\x02"
_ZEROS: Final = re.compile(rb"\0++")
_XZ_MEMORY: Final = 128 << 20
"""An xz file names the size of its dictionary, up to 4 GiB; `xz -9` needs 65 MiB."""
_BROKEN: Final = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError, ValueError)
_CELL: Final = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,3})([0-9]{1,7})["']""")
_CELLS: Final = 20_000_000
"""Most cells of a sheet's bounding box: one far-off cell would have a reader allocate hundreds of gigabytes."""


def unpack(content: bytes, limit: int) -> bytes:
    """Undo gzip, bz2, xz or zip (also .jar) compression; what is not compressed, and Excel files, stay as they are.

    Args:
        content: the file as it came.
        limit: most bytes before and after decompression (of an Excel file: of all its parts together).

    Raises:
        UnreadableFile: the archive is broken, holds no file or several, or is larger than the limit.
    """
    if len(content) > limit:
        raise UnreadableFile(f"is larger than {limit} bytes")
    try:
        return _unpack(content, limit)
    except _BROKEN as error:
        raise UnreadableFile(f"a broken archive: {first_line(error)}") from error


def _unpack(content: bytes, limit: int) -> bytes:
    if content.startswith(_GZIP):
        return _expand(content, _Gzip, limit)
    if _BZ2.match(content):
        return _expand(content, bz2.BZ2Decompressor, limit)
    if content.startswith(_XZ):
        return _expand(content, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY), limit)
    if content.startswith(_ZIP):
        return _unpack_zip(content, limit)
    return content


def _bounded(content: bytes, limit: int) -> bytes:
    if len(content) > limit:
        raise UnreadableFile(f"expands to more than {limit} bytes")
    return content


class _Stream(Protocol):
    """What bz2's and lzma's decompressors have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gzip:
    """zlib's decompressor, which checks a gzip stream's checksum and length, in the shape of the other two."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(zlib.MAX_WBITS | 16)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._stream.decompress(data, max_length)


def _expand(content: bytes, begin: Callable[[], _Stream], limit: int) -> bytes:
    """One stream after the other, with zeros between them or not; fed in pieces, so that many cost little more."""
    found = bytearray()
    at = streams = 0
    while at < len(content):
        streams += 1
        if streams > _STREAMS:
            raise UnreadableFile(f"an archive of more than {_STREAMS:,} streams")
        stream = begin()
        while not stream.eof:
            piece = content[at : at + _FEED]
            if not piece:
                raise EOFError("it ends before its end")
            at += len(piece)
            found += stream.decompress(piece, limit + 1 - len(found))
            _bounded_part(len(found), limit, limit)
        at -= len(stream.unused_data)
        padding = _ZEROS.match(content, at)
        at = padding.end() if padding else at
    return bytes(found)


def _unpack_zip(content: bytes, limit: int) -> bytes:
    if content.count(_MEMBER) > _MEMBERS:
        raise UnreadableFile(f"an archive of more than {_MEMBERS:,} files")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if any(member.filename == _EXCEL for member in members):
            _check_workbook(archive, members, limit)
            return content
        # META-INF: the signature of a .jar; __MACOSX: what a Mac adds
        files = [member for member in members if not member.filename.startswith(("META-INF/", "__MACOSX/"))]
        if len(files) != 1:
            raise UnreadableFile(f"an archive of {len(files)} files; one is read")
        with archive.open(_plain(files[0])) as stream:
            return _bounded(stream.read(limit + 1), limit)


def _plain(member: zipfile.ZipInfo) -> zipfile.ZipInfo:
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise UnreadableFile("a zip archive compressed by another method than deflate")
    return member


def _check_workbook(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], limit: int) -> None:
    left = limit
    for member in members:
        with archive.open(_plain(member)) as stream:
            left -= _check_part(stream, left, limit)


def _check_part(stream: IO[bytes], left: int, limit: int) -> int:
    """Bytes of one part of a workbook; refuses too many of them, and cells too far off."""
    size = columns = rows = 0
    tail = b""
    while piece := stream.read(_PIECE):
        size += len(piece)
        _bounded_part(size, left, limit)
        for letters, number in set(_CELL.findall(tail + piece)):
            columns, rows = max(columns, _column(letters)), max(rows, int(number))
        tail = piece[-32:]  # a reference may stand across two pieces
    if columns * rows > _CELLS:
        raise UnreadableFile(f"a sheet of {rows} rows and {columns} columns; at most {_CELLS} cells are read")
    return size


def _bounded_part(size: int, left: int, limit: int) -> None:
    if size > left:
        raise UnreadableFile(f"expands to more than {limit} bytes")


def _column(letters: bytes) -> int:
    """Number of an Excel column from its letters.

    >>> _column(b"A"), _column(b"AA"), _column(b"XFD")
    (1, 27, 16384)
    """
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
