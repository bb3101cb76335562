"""Format `stix`: STIX 2.1 bundles, TAXII 2.1 envelopes and bare arrays of objects."""

import re
from collections.abc import Iterator
from typing import Final

from db.errors import UnreadableFile
from spiders.catalogue import Source
from spiders.formats.documents import (
    BadRow,
    Row,
    as_address,
    as_document,
    as_entries,
    as_object,
    as_text,
    gather,
    load,
)
from spiders.formats.parsed import Parsed

_STRING: Final = r"'(?:[^'\\]|\\.)*+'"
_TOKEN: Final = re.compile(
    rf"\b(?:url|domain-name):value\s*(?:=\s*(?P<one>{_STRING})|IN\s*\((?P<many>[^'()]*+(?:{_STRING}[^'()]*+)*+)\))|{_STRING}|(?P<open>')",
    re.DOTALL,
)
"""An address that is compared with, or any other string: what looks like a comparison inside one is none.

A quote that stays open ends the search: looking for its end from each quote behind it would cost quadratic time.
"""
_QUOTED: Final = re.compile(_STRING, re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_OBSERVED: Final = frozenset({"url", "domain-name"})


def parse(content: bytes, source: Source) -> Parsed:
    """One row an object: an indicator whose pattern compares with addresses, or an observed `url`, `domain-name`.

    A pattern that names several addresses (OR, IN) gives one row for each, so that none is lost; they share
    the object's position. Other objects, other patterns and revoked indicators are ignored rows.

    Returns:
        rows of kind `address` with `published` and `claim`, `position` the object.

    Raises:
        UnreadableFile: not a bundle, an envelope or an array.
    """
    document = load(content, source.encoding)
    if isinstance(document, list):
        return gather("address", document, _read)
    holder = as_document(document, "stix")
    if holder and not holder.keys() & {"objects", "more"} and holder.get("type") != "bundle":
        raise UnreadableFile("stix: neither a bundle nor an envelope nor an array of objects")
    return gather("address", as_entries(holder.get("objects", []), "stix: objects"), _read)


def _read(entry: object) -> tuple[Row, ...]:
    found = as_object(entry)
    word = as_text(found.get("type"))
    if not word:
        raise BadRow("an object without a type")
    if word in _OBSERVED:
        return (_row(as_address(found.get("value")), None, None),)
    if word != "indicator" or found.get("revoked") is True or found.get("pattern_type", "stix") != "stix":
        return ()
    published = as_text(found.get("valid_from")) or as_text(found.get("created"))
    claim = "benign" if found.get("indicator_types") == ["benign"] else None
    return tuple(_row(address, published, claim) for address in _addresses(found.get("pattern")))


def _row(address: str, published: str | None, claim: str | None) -> Row:
    return {"address": address, "published": published, "claim": claim}


def _addresses(pattern: object) -> dict[str, None]:
    """The distinct addresses that a pattern compares with, in its order."""
    text = as_text(pattern)
    if not text:
        raise BadRow("a pattern that is missing")
    return dict.fromkeys(as_address(address) for address in _compared(text))


def _compared(pattern: str) -> Iterator[str]:
    for token in _TOKEN.finditer(pattern):
        if token["open"]:
            raise BadRow("a pattern that has an open quote")
        for text in _QUOTED.findall(token["one"] or token["many"] or ""):
            yield _ESCAPE.sub(r"\1", text[1:-1])
