"""JSON documents from strangers: every number as it is written, every fault a rejected row or one line of reason."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, TypeVar

import polars as pl

from db.errors import UnreadableFile
from db.kinds import KINDS
from spiders.formats.bounds import bound_rows, bound_text, bound_values
from spiders.formats.parsed import RAW_LIMIT, Parsed, rejected_frame, rows_frame
from spiders.formats.text import LINE_LIMIT, decode, escape, is_storable

Row = Mapping[str, str | None]
"""One row: field of the kind -> text."""


_AT_ONCE: Final = 100_000
"""Entries whose rows are held as Python objects, some hundred bytes each."""


class BadRow(Exception):
    """Raised where one entry cannot be read; never leaves the parsers: its reason goes into quarantine."""


class _Number(str):
    """A JSON number as it is written: money keeps its cents, 1e999 is no infinity."""

    __slots__ = ()


class _Twice(dict[str, object]):
    """An object in which a key stands twice, so that one of its values would be lost."""


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Twice(found)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_Number, parse_int=_Number, parse_constant=_Number, strict=False
)


def load(content: bytes, encoding: str) -> object:
    """The document in a file.

    Raises:
        UnreadableFile: it is not JSON, nested too deeply, or of too many values.
    """
    bound_values(content)
    return load_text(decode(content, encoding))


def load_text(text: str) -> object:
    """The document in a text.

    Raises:
        UnreadableFile: it is not JSON, or nested too deeply.
    """
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise UnreadableFile(f"not JSON: {error}") from error
    except RecursionError as error:
        raise UnreadableFile("JSON that is nested too deeply") from error


def as_document(value: object, title: str) -> dict[str, object]:
    """The value as an object that belongs to the whole file.

    Raises:
        UnreadableFile: it is something else, or a key stands twice in it.
    """
    if isinstance(value, _Twice):
        raise UnreadableFile(f"{title}: a key stands twice in an object")
    if not isinstance(value, dict):
        raise UnreadableFile(f"{title}: a JSON object was expected, not {_shape(value)}")
    return value


def as_entries(value: object, title: str) -> list[object]:
    """The value as an array that belongs to the whole file.

    Raises:
        UnreadableFile: it is something else.
    """
    if not isinstance(value, list):
        raise UnreadableFile(f"{title}: a JSON array was expected, not {_shape(value)}")
    return value


def as_object(value: object) -> dict[str, object]:
    """The value as one row's object.

    Raises:
        BadRow: it is something else, or a key stands twice in it.
    """
    if isinstance(value, _Twice):
        raise BadRow("a key stands twice")
    if not isinstance(value, dict):
        raise BadRow(f"not an object but {_shape(value)}")
    return value


def as_text(value: object) -> str | None:
    """A value of a row as published; null stays null.

    Raises:
        BadRow: it is an array or an object, or cannot be stored as text.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        raise BadRow(f"a value that is {_shape(value)}")
    if len(value) > LINE_LIMIT:
        raise BadRow(f"a value longer than {LINE_LIMIT} characters")
    if not is_storable(value):
        raise BadRow("a value with a NUL byte or broken characters")
    return str(value)


def as_address(value: object) -> str:
    """A value of a row that is to be an address.

    Raises:
        BadRow: it is no text, or empty.
    """
    if isinstance(value, _Number) or not isinstance(value, str | None):
        raise BadRow(f"an address that is {_shape(value)}")
    text = as_text(value)
    if not text:
        raise BadRow("no address")
    return text


def as_instant(value: object, unit_ms: int) -> str | None:
    """An epoch time in ISO 8601; what is absent or 0 is unknown.

    >>> as_instant("1704067200", 1000)
    '2024-01-01T00:00:00.000Z'

    Args:
        value: number or text.
        unit_ms: milliseconds of its unit.

    Raises:
        BadRow: it is no time between the years 1970 and 9999.
    """
    text = as_text(value)
    if not text or text == "0":
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 14):  # 14 digits of milliseconds reach the year 5138
        raise BadRow("a time that is no epoch time")
    seconds, milliseconds = divmod(int(text) * unit_ms, 1000)
    try:
        whole = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise BadRow("a time that is no epoch time") from error
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}Z"


def _shape(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, _Number):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "an array" if isinstance(value, list) else "an object"


_Entry = TypeVar("_Entry")


def _itself(entry: object) -> object:
    return entry


def gather(
    kind: str,
    entries: Iterable[_Entry],
    read: Callable[[_Entry], Iterable[Row]],
    show: Callable[[_Entry], object] = _itself,
) -> Parsed:
    """Rows from entries, each read on its own; `position` is the entry's place among them, from 1.

    Args:
        kind: the rows' kind.
        entries: what `read` takes.
        read: the rows of an entry, all with the same fields; none: it is ignored; may raise `BadRow`.
        show: what quarantine keeps of an entry, as text or JSON.

    Raises:
        UnreadableFile: too many entries or rows, or too much text in them.
    """
    parts: list[Parsed] = []
    gathered = _Gathered(kind)
    rows = characters = 0
    for position, entry in enumerate(entries, 1):
        if position % _AT_ONCE == 0:
            rows, characters = rows + len(gathered.positions), characters + gathered.characters
            parts.append(gathered.parsed())
            gathered = _Gathered(kind)
        bound_rows(max(position, rows + len(gathered.positions)))
        bound_text(characters + gathered.characters)
        try:
            gathered.add(position, tuple(read(entry)))
        except BadRow as error:
            gathered.reject(position, _raw(show(entry)), str(error))
    parts.append(gathered.parsed())
    return Parsed(
        kind,
        pl.concat([part.rows for part in parts]),
        pl.concat([part.rejected for part in parts]),
        sum(part.ignored for part in parts),
    )


class _Gathered:
    """Entries read so far, as Python objects."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.positions: list[int] = []
        self.columns: dict[str, list[str | None]] = {}
        self.rejected: list[tuple[int, str, str]] = []
        self.ignored = 0
        self.characters = 0
        """Of rows, and of rejected entries whole: a few that share much are much work."""

    def add(self, position: int, rows: tuple[Row, ...]) -> None:
        """Add an entry's rows; none: it is ignored."""
        self.ignored += not rows
        self.positions += [position] * len(rows)
        for row in rows:
            for name, value in row.items():
                self.columns.setdefault(name, []).append(value or None)
                self.characters += len(value or "")

    def reject(self, position: int, raw: str, reason: str) -> None:
        """Add an entry that cannot be read."""
        self.characters += len(raw)
        self.rejected.append((position, raw[:RAW_LIMIT], reason))

    def parsed(self) -> Parsed:
        """The entries in frames."""
        texts = {
            name: pl.Series(self.columns[name], dtype=pl.String)
            for name in KINDS[self.kind].columns
            if name in self.columns
        }
        frame = rows_frame(self.kind, {"position": pl.Series(self.positions, dtype=pl.Int64), **texts})
        return Parsed(self.kind, frame, rejected_frame(self.rejected), self.ignored)


def _raw(entry: object) -> str:
    return escape(entry if isinstance(entry, str) else json.dumps(entry, ensure_ascii=False))
