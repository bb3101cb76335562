"""Format `misp`: the events of a MISP feed directory, file by file."""

from collections.abc import Iterator
from typing import Final

from db.errors import UnreadableFile
from spiders.catalogue import Source
from spiders.formats.documents import (
    Row,
    as_address,
    as_document,
    as_entries,
    as_instant,
    as_object,
    as_text,
    gather,
    load,
)
from spiders.formats.parsed import Parsed

_OURS: Final = frozenset({"url", "uri", "domain", "hostname", "domain|ip", "hostname|port"})


def parse(content: bytes, source: Source) -> Parsed:
    """One row an attribute of the event, then of its objects; a manifest has none.

    Attributes that are deleted or of another type than an address are ignored rows; one that is not
    meant for detection (`to_ids` false) claims nothing.

    Returns:
        rows of kind `address` with `published` and `claim`, `position` the attribute.

    Raises:
        UnreadableFile: neither an event nor a manifest.
    """
    document = as_document(load(content, source.encoding), "misp")
    if "Event" in document:
        return gather("address", _attributes(as_document(document["Event"], "misp: Event")), _read)
    if not _is_manifest(document):
        raise UnreadableFile("misp: no key 'Event'; what is read is a feed's events and its manifest.json")
    return gather("address", (), _read)


def _is_manifest(document: dict[str, object]) -> bool:
    return all(isinstance(entry, dict) and "timestamp" in entry and "info" in entry for entry in document.values())


def _attributes(event: dict[str, object]) -> Iterator[object]:
    yield from as_entries(event.get("Attribute") or [], "misp: Attribute")
    for entry in as_entries(event.get("Object") or [], "misp: Object"):
        yield from as_entries(as_document(entry, "misp: Object").get("Attribute") or [], "misp: Attribute")


def _read(entry: object) -> tuple[Row, ...]:
    attribute = as_object(entry)
    word = as_text(attribute.get("type"))
    if word not in _OURS or attribute.get("deleted") in (True, "1"):
        return ()
    value = as_address(attribute.get("value"))
    row = {
        "address": value.split("|")[0] if "|" in word else value,
        "published": as_instant(attribute.get("timestamp"), 1000),
        "claim": "none" if attribute.get("to_ids") in (False, "0") else None,
    }
    return (row,)
