"""Notices and closures as documents and events of a source of our own."""

from typing import Final

from analytics.normalise.address import NotAnAddress, canonical_address
from db.sources import save_document, save_own_source
from db.store import Store
from db.vocabulary import PATH_HOSTS

NOTICES: Final = "fanzha-notices"


def own_source(store: Store, name: str) -> int:
    """The id of a source of our own; call within a transaction."""
    return save_own_source(store.database, name, name.replace("-", " "))


def spellings(site: str) -> list[str]:
    """What a person may mean by a site: it as given, and the host, or host and path, of an address in any spelling."""
    try:
        address = canonical_address(site)
    except NotAnAddress:
        return [site]
    path = address.tail[address.tail.find("/") :].partition("?")[0].rstrip("/") if address.tail else ""
    return [site, f"{address.host}{path}" if address.host in PATH_HOSTS else address.host]


def keep(store: Store, source: str, name: str, content: bytes, at: int) -> int:
    """Record what has been landed as a document of a source of our own; call within a transaction."""
    landed = store.landing.keep(content, encrypt=False)
    return save_document(store.database, own_source(store, source), name, landed, at)[0]


def read_document(store: Store, document_id: int) -> bytes:
    """A document's content."""
    row = store.database.execute(
        "SELECT digest, is_encrypted FROM document WHERE document_id = ?", [document_id]
    ).fetchone()
    return store.landing.read(str(row[0]), is_encrypted=bool(row[1]))
