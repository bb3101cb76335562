"""Restoring: a backup is checked to its last digest before anything of it is in place; the database comes last."""

import hashlib
import os
import re
import shutil
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Final

from db.archives import archive_root
from db.backup_file import CHUNK, DATABASE, README, Manifest, Member, read_chunks, read_manifest
from db.connection import APPLICATION_ID, landing_root
from db.errors import Interrupted, UnreadableFile, UsageError
from db.landing import is_alive

_MARK: Final = ".restoring"
"""In a folder that is in place before its database is."""
_LEAST: Final = 1 << 20


def check_backup(file: Path) -> Manifest:
    """Read a whole backup, and hold each file in it against its digest.

    Raises:
        UnreadableFile: it is no backup, or damaged.
    """
    with file.open("rb") as opened:
        manifest, places = read_manifest(opened, str(file))
        for name, member in manifest.members.items():
            opened.seek(places[name])
            chunks = read_chunks(opened, member.bytes)
            _keep(chunks, None, file, manifest, name)
    return manifest


def restore(file: Path, path: Path) -> Manifest:
    """Put a backup in place as the database at path, with its landing and archive folders.

    Raises:
        UsageError: something is at path already, or the file is no backup that can be trusted.
        Interrupted: there is not enough room.
    """
    if not file.is_file():
        raise UsageError(f"{file}: is no file; name a backup")
    _check_place(path)
    draft = _make_draft(path)
    try:
        with file.open("rb") as opened:
            manifest, places = read_manifest(opened, str(file))
            _check_room(manifest, path)
            for name, member in manifest.members.items():
                opened.seek(places[name])
                _unpack(read_chunks(opened, member.bytes), draft, file, manifest, name)
        _check_database(draft / "fanzha.db", file)
        _put_in_place(draft, path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifest


def _unpack(chunks: Iterator[bytes], draft: Path, file: Path, manifest: Manifest, name: str) -> None:
    if name == README:
        _keep(chunks, None, file, manifest, name)
        return
    target = draft / (name if name != DATABASE else "fanzha.db")
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as out:
        _keep(chunks, out, file, manifest, name)
        out.flush()
        os.fsync(out.fileno())


def _keep(chunks: Iterator[bytes], out: BinaryIO | None, file: Path, manifest: Manifest, name: str) -> None:
    """Write what is read, unpacked where it is the database, and hold it against its digest."""
    member = manifest.database if name == DATABASE else manifest.members[name]
    chunks = _unpacked(chunks, member, file) if name == DATABASE else chunks
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        if out:
            out.write(chunk)
    if (size, digest.hexdigest()) != (member.bytes, member.sha256):
        raise UnreadableFile(f"{file}: {member.name} in it is damaged; nothing was restored, take another backup")


def _unpacked(chunks: Iterable[bytes], member: Member, file: Path) -> Iterator[bytes]:
    """Gzip undone, up to the size that it should have and no further."""
    unpacker, left = zlib.decompressobj(wbits=31), member.bytes
    try:
        for chunk in chunks:
            packed = chunk
            while left >= 0 and (text := unpacker.decompress(packed, CHUNK)):
                packed, left = unpacker.unconsumed_tail, left - len(text)
                yield text
    except zlib.error:
        left = -1
    if left or not unpacker.eof:
        raise UnreadableFile(f"{file}: {member.name} in it is damaged; nothing was restored, take another backup")


def _check_place(path: Path) -> None:
    beside = [path.with_name(f"{path.name}{ending}") for ending in ("", "-wal", "-shm", "-journal")]
    for there in beside:
        if there.exists() or there.is_symlink():
            raise UsageError(f"{there}: is there already, and nothing is restored over it; --db names another place")
    for folder in (landing_root(path), archive_root(path)):
        if (folder / _MARK).is_file():
            shutil.rmtree(folder)  # of a restore that was killed
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"{folder}: is there already, and nothing is restored over it; --db names another place")


def _make_draft(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    name = re.compile(rf"{re.escape(path.name)}\.([0-9]{{1,9}})\.restoring")
    for left in path.parent.iterdir():
        if (found := name.fullmatch(left.name)) and not is_alive(int(found[1])):
            shutil.rmtree(left)
    draft = path.with_name(f"{path.name}.{os.getpid()}.restoring")
    for folder in (draft, draft / "landing", draft / "archive"):
        folder.mkdir()
    return draft


def _check_room(manifest: Manifest, path: Path) -> None:
    needed = sum(member.bytes for member in manifest.members.values()) + manifest.database.bytes + _LEAST
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise Interrupted(f"folder {path.parent}: {needed:,} bytes are needed, {free:,} are free; make room")


def _check_database(copy: Path, file: Path) -> None:
    try:
        with closing(sqlite3.connect(copy)) as database:
            found = database.execute("PRAGMA application_id").fetchone()[0]
            said = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        found, said = 0, str(error)
    if found != APPLICATION_ID or said != "ok":
        raise UnreadableFile(f"{file}: the database in it is none of fanzha's, or damaged; nothing was restored")


def _put_in_place(draft: Path, path: Path) -> None:
    """The folders first, marked; the database last. What is in place without it is cleared away by the next restore."""
    folders = {draft / "landing": landing_root(path), draft / "archive": archive_root(path)}
    for source in folders:
        (source / _MARK).touch()
    os.sync()
    _check_place(path)
    for source, target in folders.items():
        source.replace(target)
    (draft / "fanzha.db").replace(path)
    for target in folders.values():
        (target / _MARK).unlink()
    if not any(archive_root(path).iterdir()):
        archive_root(path).rmdir()
    os.sync()
