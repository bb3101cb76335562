"""Backups: the database as it is at one instant, what landed and what was archived, in one file; never the key."""

import hashlib
import os
import re
import sqlite3
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from db.archives import archive_root
from db.backup_file import CHUNK, DATABASE, MANIFEST, README, TEXT, Manifest, Member, add, finish
from db.errors import FanzhaError, UsageError
from db.landing import Landing, is_alive
from db.restore import check_backup
from db.store import Store

_LEVEL: Final = 1
"""Of gzip: half the time of level 6, for a tenth more."""
_CACHE_KIB: Final = 262_144
"""Page cache for checking the copy: each row is looked up in each index."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made and checked."""

    bytes: int
    landed: int
    archived: int
    about_persons: int
    """Landed files that nobody opens without the key."""
    is_opened: bool
    """Whether the key was at hand, and these were checked too."""
    faults: tuple[str, ...]
    """Landed or archived files that are missing or damaged, one line each; what is there of them is in the backup."""


def make_backup(store: Store, file: Path, *, replace: bool) -> Backup:
    """Write a backup of a store, while others write to it if they like; it is there once it is whole and checked.

    Raises:
        UsageError: there is a file already and replace is not set, or something that is no file.
        FanzhaError: the database is damaged.
    """
    if file.exists() and (not replace or not file.is_file()):
        how = "name another, or give --replace" if file.is_file() else "it is no file; name another"
        raise UsageError(f"{file}: is there already; {how}")
    faults: list[str] = []
    with _draft(file) as draft:
        with _copied(store, draft.with_name(f"{draft.name}.db")) as copy, draft.open("xb") as out:
            draft.chmod(0o600)
            members, about_persons = _write(out, store, copy, faults)
        check_backup(draft)
        draft.replace(file)
    kinds = [name.partition("/")[0] for name in members]
    return Backup(
        file.stat().st_size,
        kinds.count("landing"),
        kinds.count("archive"),
        about_persons,
        store.landing.key is not None,
        tuple(faults),
    )


def _write(out: BinaryIO, store: Store, copy: Path, faults: list[str]) -> tuple[dict[str, Member], int]:
    """Returns what was written, and how much of it is about persons."""
    with closing(sqlite3.connect(copy)) as database:
        landed = database.execute(
            "SELECT digest, is_encrypted FROM document UNION SELECT digest, 0 FROM page ORDER BY 1"
        ).fetchall()
        archived = database.execute("SELECT file, digest FROM archive ORDER BY archive_id").fetchall()
    raw = _Raw()
    members = [add(out, README, [TEXT.encode()]), add(out, DATABASE, raw.packed(copy))]
    members += _landed_members(out, store.landing, landed, faults)
    members += _archived_members(out, archive_root(store.path), archived, faults)
    found = {member.name: member for member in members}
    manifest = Manifest(datetime.now(UTC).isoformat(timespec="seconds"), raw.member(), found)
    add(out, MANIFEST, [manifest.text().encode()])
    finish(out)
    return found, sum(is_encrypted for _, is_encrypted in landed)


def _landed_members(
    out: BinaryIO, landing: Landing, landed: list[tuple[str, int]], faults: list[str]
) -> Iterator[Member]:
    for digest, is_encrypted in landed:
        path = landing.path(digest, is_encrypted=bool(is_encrypted))
        try:
            if not is_encrypted or landing.key:
                landing.read(digest, is_encrypted=bool(is_encrypted))
        except FanzhaError as error:
            faults.append(str(error))
        if path.is_file():
            yield add(out, f"landing/{digest[:2]}/{path.name}", _chunks(path))


def _archived_members(
    out: BinaryIO, root: Path, archived: list[tuple[str, str]], faults: list[str]
) -> Iterator[Member]:
    for name, digest in archived:
        member = add(out, f"archive/{name}", _chunks(root / name)) if (root / name).is_file() else None
        if member is None or member.sha256 != digest:
            faults.append(f"archive file {root / name}: is missing or damaged; restore a backup")
        if member:
            yield member


class _Raw:
    """A database on its way into the backup: packed, and measured before."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._bytes = 0

    def packed(self, file: Path) -> Iterator[bytes]:
        """Its content as gzip has it."""
        packer = zlib.compressobj(_LEVEL, wbits=31)
        for chunk in _chunks(file):
            self._digest.update(chunk)
            self._bytes += len(chunk)
            yield packer.compress(chunk)
        yield packer.flush()

    def member(self) -> Member:
        """What was read."""
        return Member("fanzha.db", self._bytes, self._digest.hexdigest())


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while chunk := opened.read(CHUNK):
            yield chunk


@contextmanager
def _copied(store: Store, copy: Path) -> Generator[Path]:
    """The database at one instant, in a file of its own, found to be sound."""
    try:
        copy.touch(0o600)
        with closing(sqlite3.connect(copy)) as other:
            store.database.conn.backup(other)  # in one step: whoever writes meanwhile does so behind it
            other.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            found = other.execute("PRAGMA integrity_check(1)").fetchone()[0]
            broken = other.execute("PRAGMA foreign_key_check").fetchone()
        if found != "ok" or broken:
            what = " ".join(str(found).split()) if found != "ok" else f"table {broken[0]} names what is not there"
            raise FanzhaError(
                f"database {store.path}: is damaged: {what}; no backup was made: keep the older ones, "
                "fanzha verify says more"
            )
        yield copy
    finally:
        for ending in ("", "-wal", "-shm", "-journal"):
            copy.with_name(f"{copy.name}{ending}").unlink(missing_ok=True)


@contextmanager
def _draft(file: Path) -> Generator[Path]:
    """A name beside the file to be; what killed processes left under such names goes."""
    if not file.parent.is_dir():
        raise UsageError(f"{file.parent}: is no folder; name a file in one that is there")
    name = re.compile(rf"{re.escape(file.name)}\.([0-9]{{1,9}})\.part(\.db.*)?")
    for left in file.parent.iterdir():
        if (found := name.fullmatch(left.name)) and not is_alive(int(found[1])):
            left.unlink(missing_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)
