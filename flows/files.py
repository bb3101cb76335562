"""Files that a catalogue or a person names: regular ones only, bounded in number and size, whatever their names are."""

import os
import stat
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from db.errors import SourceFailed, UnreadableFile, UsageError
from spiders.catalogue import Source
from spiders.formats.text import escape

_MOST: Final = 20_000
"""Files of one folder or pattern: the largest MISP feeds have some thousand events."""
_SHOWN: Final = 200
_FOLDER: Final = "no *.json in this folder; a MISP feed directory has a manifest and events"


def shown(path: Path) -> str:
    """A path as it can be printed and stored: bytes that are no UTF-8 escaped, an endless one cut."""
    text = escape(str(path))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def check_named(path: Path) -> None:
    """Refuse what a person named and is not there, or has a name that cannot be stored.

    Raises:
        UsageError: with the reason, in one line.
    """
    try:
        path.stat()
    except FileNotFoundError:
        raise UsageError(f"{shown(path)}: is not there") from None
    except OSError as error:
        raise UsageError(f"{shown(path)}: cannot be read: {error.strerror}") from error
    _check_name(path)


def read_file(path: Path, source: Source) -> bytes:
    """The content of a regular file of at most the source's size.

    Raises:
        UnreadableFile: it is something else (a pipe would be waited for, a device has no end), too large or unreadable.
    """
    _check_name(path)
    try:
        with _open_regular(path) as file:
            content = file.read(source.max_bytes + 1)
    except OSError as error:
        raise UnreadableFile(f"{shown(path)}: cannot be read: {error.strerror}") from error
    if len(content) > source.max_bytes:
        raise UnreadableFile(
            f"{shown(path)}: is larger than {source.max_bytes:,} bytes; raise max_bytes of {source.name!r}"
        )
    return content


def import_files(path: Path, source: Source) -> list[Path]:
    """The file that a person named, or of a MISP feed directory all files.

    Raises:
        UsageError: it is neither, has no file or too many.
    """
    if path.is_file():
        return [path]
    if not path.is_dir() or source.format != "misp":
        raise UsageError(f"{shown(path)}: is no file; a folder is read as format misp only")
    return feed_files(path, source)


def feed_files(folder: Path, source: Source) -> list[Path]:
    """The events and the manifest of a MISP feed directory, in a stable order.

    Raises:
        UsageError: there are none, too many, or they are too large together.
    """
    files = _regular(folder, "*.json")
    if not files:
        raise UsageError(f"{shown(folder)}: {_FOLDER}")
    if sum(file.stat().st_size for file in files) > source.max_bytes:
        raise UsageError(
            f"{shown(folder)}: its files are larger than {source.max_bytes:,} bytes together; "
            f"raise max_bytes of {source.name!r}"
        )
    return files


def source_files(source: Source, base: Path) -> list[Path]:
    """The files that a path source names, in a stable order; of a folder, those in it.

    Raises:
        SourceFailed: there are none, or too many.
        UsageError: a MISP feed directory is not usable.
    """
    pattern = Path(source.path)
    root = Path(pattern.anchor) if pattern.is_absolute() else base
    relative = pattern.relative_to(pattern.anchor) if pattern.is_absolute() else pattern
    try:
        found = sorted(islice(root.glob(str(relative)), _MOST + 1))
    except (ValueError, NotImplementedError, IndexError) as error:
        raise SourceFailed(f"{shown(pattern)}: is no file, folder or pattern: {error}") from error
    except OSError as error:
        raise SourceFailed(f"{shown(pattern)}: cannot be read: {error.strerror}") from error
    files = [file for entry in found for file in _within(entry, source)]
    if not files:
        raise SourceFailed(f"no file at {shown(pattern)}")
    _check_number(files, shown(pattern))
    return files


def fresh_files(source: Source, base: Path, known: Mapping[str, str]) -> dict[Path, str]:
    """The files of a path source that are new or changed, each with the stamp that tells; in a stable order.

    Args:
        source: the declaration.
        base: what its path is relative to.
        known: path -> the stamp it had when it was taken in.

    Raises:
        SourceFailed: there are no files at all, or too many.
        UsageError: a MISP feed directory is not usable.
    """
    stamps = {path: _stamp(path) for path in source_files(source, base)}
    fresh = {path: stamp for path, stamp in stamps.items() if known.get(str(path)) != stamp}
    return stamps if fresh and source.format == "misp" else fresh  # a manifest and its events are one thing


def _stamp(path: Path) -> str:
    try:
        status = path.stat()
    except OSError:
        return ""  # it went away just now; reading it will tell
    return f"{status.st_size}-{status.st_mtime_ns}"


def _within(entry: Path, source: Source) -> list[Path]:
    if not entry.is_dir():
        return [entry] if entry.is_file() else []
    return feed_files(entry, source) if source.format == "misp" else _regular(entry, "*")


def _regular(folder: Path, pattern: str) -> list[Path]:
    files = sorted(islice((file for file in folder.glob(pattern) if file.is_file()), _MOST + 1))
    _check_number(files, shown(folder))
    return files


def _check_number(files: Sequence[Path], place: str) -> None:
    if len(files) > _MOST:
        raise UsageError(f"{place}: more than {_MOST:,} files; at most so many are read")


def _check_name(path: Path) -> None:
    if not path.name.isascii() and escape(path.name) != path.name:
        raise UnreadableFile(f"{shown(path)}: its name is not UTF-8; rename it")


def _open_regular(path: Path) -> BinaryIO:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe without a writer would be waited for
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise UnreadableFile(f"{shown(path)}: is no regular file")
