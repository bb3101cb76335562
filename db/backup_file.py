"""The form of a backup: a plain tar of regular files under names we know, and a manifest of their sizes and digests."""

import hashlib
import json
import os
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, Final

from db.errors import UnreadableFile

DATABASE: Final = "fanzha.db.gz"
MANIFEST: Final = "manifest.json"
README: Final = "README.txt"
TEXT: Final = """A backup of fanzha. Any tar, gzip and SQLite read it; no tool of ours is needed.

fanzha.db.gz   the database: gunzip it, then open it with SQLite 3.37 or newer
landing/       what arrived: .z files are zlib streams, .enc files are about persons and need the key, which is not here
archive/       events that were moved out of the database, as Parquet
manifest.json  size and SHA-256 of each file, and of the database once it is unpacked

fanzha restore FILE --db NEW.db checks all and puts it in place. By hand: NEW.db, NEW.db.landing/, NEW.db.archive/.
"""
CHUNK: Final = 1 << 20
_BLOCK: Final = tarfile.BLOCKSIZE
_NAMES: Final = re.compile(
    r"fanzha\.db\.gz|manifest\.json|README\.txt|landing/[0-9a-f]{2}/[0-9a-f]{64}\.(z|enc)|archive/[a-z0-9_-]{1,60}\.parquet"
)
_MOST_MANIFEST: Final = 256 << 20
"""Bytes: of a million files, twice over."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a backup."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds."""

    made_at: str
    database: Member
    """Unpacked."""
    members: Mapping[str, Member]

    def text(self) -> str:
        """As it is written."""
        rows = [asdict(member) for member in self.members.values()]
        whole = {"format": "fanzha backup 1", "made_at": self.made_at, "database": asdict(self.database)}
        return json.dumps(whole | {"members": rows}, indent=1)


def add(out: BinaryIO, name: str, chunks: Iterable[bytes]) -> Member:
    """Append a file to a tar; its header is written once its size is known."""
    start, size, digest = out.tell(), 0, hashlib.sha256()
    out.write(bytes(_BLOCK))
    for chunk in chunks:
        out.write(chunk)
        size += len(chunk)
        digest.update(chunk)
    out.write(bytes(-size % _BLOCK))
    end = out.tell()
    header = tarfile.TarInfo(name)
    header.size, header.mode = size, 0o600
    out.seek(start)
    out.write(header.tobuf(tarfile.GNU_FORMAT))
    out.seek(end)
    return Member(name, size, digest.hexdigest())


def finish(out: BinaryIO) -> None:
    """End a tar, on disk."""
    out.write(bytes(2 * _BLOCK))
    out.flush()
    os.fsync(out.fileno())


def read_chunks(file: BinaryIO, size: int) -> Iterator[bytes]:
    """So many bytes from where a file stands, fewer where it ends."""
    while size > 0 and (chunk := file.read(min(CHUNK, size))):
        size -= len(chunk)
        yield chunk


def read_manifest(file: BinaryIO, shown: str) -> tuple[Manifest, dict[str, int]]:
    """What an open backup says it holds, and where in it each file begins; nothing else may be in it.

    Raises:
        UnreadableFile: it is no backup, cut off, or holds what a backup does not.
    """
    found = {name: (offset, size) for name, offset, size in _walk(file, shown)}
    offset, size = found.pop(MANIFEST, (0, 0))
    if not 0 < size <= _MOST_MANIFEST:
        raise UnreadableFile(f"{shown}: is no backup of fanzha, or cut off: it has no manifest; take another")
    file.seek(offset)
    try:
        manifest = _parsed(json.loads(file.read(size)))
    except (ValueError, TypeError, KeyError, RecursionError):
        raise UnreadableFile(f"{shown}: its manifest cannot be read; take another backup") from None
    if {name: size for name, (_, size) in found.items()} != {one.name: one.bytes for one in manifest.members.values()}:
        raise UnreadableFile(f"{shown}: holds other files than its manifest says; take another backup")
    return manifest, {name: offset for name, (offset, _) in found.items()}


def _walk(file: BinaryIO, shown: str) -> Iterator[tuple[str, int, int]]:
    """Name, place and size of each file in a tar as we write it; anything a tar can hold besides is refused."""
    total, seen = file.seek(0, os.SEEK_END), set[str]()
    file.seek(0)
    while (block := file.read(_BLOCK)) and block != bytes(_BLOCK):
        try:
            header = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        except (tarfile.HeaderError, ValueError):
            raise UnreadableFile(f"{shown}: is no backup of fanzha, or damaged; take another") from None
        offset = file.tell()
        # frombuf itself makes a folder of a name that ends in a slash
        if header.type not in {tarfile.REGTYPE, tarfile.AREGTYPE} or not _NAMES.fullmatch(header.name):
            raise UnreadableFile(
                f"{shown}: holds {header.name!r}, which no backup of fanzha does; nothing was restored"
            )
        if header.name in seen or not 0 <= header.size <= total - offset:
            raise UnreadableFile(f"{shown}: is cut off or damaged at {header.name!r}; take another backup")
        seen.add(header.name)
        yield header.name, offset, header.size
        file.seek(offset + header.size + -header.size % _BLOCK)


def _parsed(value: dict[str, Any]) -> Manifest:
    rows = [_member(row) for row in value["members"]]
    return Manifest(str(value["made_at"]), _member(value["database"]), {row.name: row for row in rows})


def _member(row: dict[str, Any]) -> Member:
    return Member(str(row["name"]), int(row["bytes"]), str(row["sha256"]))
