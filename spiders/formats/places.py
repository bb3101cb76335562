"""Where a row stands in the file that it came in: the text of its line as it lies there, or the path to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import polars as pl

from spiders.catalogue import Source
from spiders.formats.documents import as_entries, load
from spiders.formats.parsed import RAW_LIMIT
from spiders.formats.records import SPAN_LIMIT
from spiders.formats.registry import FORMATS
from spiders.formats.text import split_lines
from spiders.formats.unpack import unpack

_BLANK: Final = b"\xef\xbb\xbf \t\r\n"
_RECORDS: Final = frozenset({"phishtank", "urlhaus", "tweetfeed", "phishunt", "table"})
"""Formats whose records may run over several lines, where a quote is open."""
_DOCUMENTS: Final = frozenset({"phishtank", "phishunt", "polkadot", "misp", "stix", "fdroid"})
"""Formats that are, or may be, one JSON document."""
_ZIP: Final = b"PK"
NO_LINE: Final = "it stands in no line of text: its position says where"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands."""

    position: str
    """`line 12`, `row 3`, or a JSON path."""
    text: str | None
    """The line or record as it lies there, at most `RAW_LIMIT` characters of it; None where there is no line."""


def places(content: bytes, source: Source, positions: Sequence[int]) -> dict[int, Place]:
    """The places of rows in a file as it came, compressed or not.

    Args:
        content: the file.
        source: as it is declared.
        positions: of the rows, as their parser counted them.

    Raises:
        UnreadableFile: it cannot be read as its format any more.
    """
    plain = unpack(content, source.max_bytes)
    unit = FORMATS[source.format].unit
    is_json = source.format in _DOCUMENTS and plain.lstrip(_BLANK)[:1] in {b"[", b"{"}
    if FORMATS[source.format].is_risky(plain):
        return {
            at: Place(_row_of(plain, source, at) if source.format == "table" else f"{unit} {at}", None)
            for at in positions
        }
    if is_json:
        return _paths(load(plain, source.encoding), source, positions)
    if unit != "line":
        return {at: Place(f"{unit} {at}", None) for at in positions}
    return _lines(split_lines(plain, source.encoding)["line"], positions, spans=source.format in _RECORDS)


def _row_of(plain: bytes, source: Source, at: int) -> str:
    return f"row {at} of sheet {source.sheet or 1}" if plain.startswith(_ZIP) else f"row {at}"


def _lines(lines: pl.Series, positions: Sequence[int], *, spans: bool) -> dict[int, Place]:
    known = [at for at in positions if 0 < at <= len(lines)]
    texts = dict(zip(known, lines.gather([at - 1 for at in known]), strict=True))
    return {
        at: Place(f"line {at}", _cut(_record(lines, at, text) if spans and text.count('"') % 2 else text))
        for at, text in texts.items()
    }


def _record(lines: pl.Series, at: int, first: str) -> str:
    """A record that begins in a line with an open quote, down to where that is closed; else the line alone."""
    taken, quotes = [first], first.count('"')
    for line in lines.slice(at, SPAN_LIMIT):
        taken.append(line)
        quotes += line.count('"')
        if quotes % 2 == 0:
            return "\n".join(taken)
    return first


def _cut(text: str) -> str:
    return text if len(text) <= RAW_LIMIT else f"{text[:RAW_LIMIT]}…"


def _paths(document: object, source: Source, positions: Sequence[int]) -> dict[int, Place]:
    found = dict(enumerate(islice(_entries(document, source.format), max(positions, default=0)), 1))
    unit = FORMATS[source.format].unit
    return {at: Place(found.get(at, f"{unit} {at}"), None) for at in positions}


def _entries(document: object, form: str) -> Iterator[str]:
    """The paths of a document's entries, in the order in which its parser counts them."""
    if isinstance(document, list):
        yield from _items("$", document)
        return
    held: Mapping[str, object] = document if isinstance(document, dict) else {}
    if form == "stix":
        yield from _items("$.objects", held.get("objects"))
    elif form == "polkadot":
        for name in held:
            if name in {"allow", "deny", "denySub"}:
                yield from _items(f"$.{name}", held[name])
    elif form == "misp":
        yield from _of_event(held.get("Event"))
    elif form == "fdroid":
        yield from _of_packages(held.get("packages"))


def _of_event(event: object) -> Iterator[str]:
    held: Mapping[str, object] = event if isinstance(event, dict) else {}
    yield from _items("$.Event.Attribute", held.get("Attribute"))
    for number, entry in enumerate(as_entries(held.get("Object") or [], "misp: Object")):
        within = entry.get("Attribute") if isinstance(entry, dict) else None
        yield from _items(f"$.Event.Object[{number}].Attribute", within)


def _of_packages(packages: object) -> Iterator[str]:
    for package, entry in packages.items() if isinstance(packages, dict) else ():
        path = f"$.packages[{package!r}]"
        if isinstance(entry, list):
            yield from _items(path, entry)
            continue
        versions = entry.get("versions") if isinstance(entry, dict) else None
        yield from (f"{path}.versions[{version!r}]" for version in (versions if isinstance(versions, dict) else [""]))


def _items(path: str, entries: object) -> Iterator[str]:
    return (f"{path}[{at}]" for at in range(len(entries) if isinstance(entries, list) else 0))
