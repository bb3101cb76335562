"""Format `polkadot`: all.json of polkadot-js/phishing."""

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from db.errors import UnreadableFile
from spiders.catalogue import Source
from spiders.formats.documents import Row, as_address, as_document, as_entries, gather, load
from spiders.formats.parsed import Parsed

_CLAIMS: Final = MappingProxyType({"allow": "benign", "deny": "malicious", "denySub": "malicious"})


def parse(content: bytes, source: Source) -> Parsed:
    """One row an entry of `allow` (benign), `deny` and `denySub` (malicious).

    Returns:
        rows of kind `address` with `claim`; `position` counts through the arrays as the file orders them.

    Raises:
        UnreadableFile: none of the three arrays is there, or one is no array.
    """
    document = as_document(load(content, source.encoding), "polkadot")
    if not document.keys() & _CLAIMS.keys():
        raise UnreadableFile("polkadot: none of allow, deny, denySub")
    return gather("address", _entries(document), _read)


def _entries(document: dict[str, object]) -> Iterator[tuple[str, object]]:
    for name, entries in document.items():
        if name in _CLAIMS:
            for entry in as_entries(entries, f"polkadot: {name}"):
                yield name, entry


def _read(entry: tuple[str, object]) -> tuple[Row]:
    name, value = entry
    return ({"address": as_address(value), "claim": _CLAIMS[name]},)
