"""A document taken in: landed, read and weighed. The database knows nothing of it yet, so any process can do it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from db.errors import UnreadableFile
from db.landing import Landed, Landing
from flows.preparing import Prepared, prepare, weigh
from flows.weighing import Weight
from spiders.catalogue import Source
from spiders.reading import Reader

_START: Final = 60


@dataclass(frozen=True, slots=True)
class Document:
    """A file as it arrived."""

    name: str
    content: bytes
    fetched_at: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A document that has been landed.

    Attributes:
        name, fetched_at: the document's.
        landed: where its bytes are.
        fault: why it cannot be read; empty where it can, then there are also:
        weight: to be judged beside the rest of the answer.
        prepared: its rows.
        spooled: the file that the rows are in, where another process has read them; then they are not in `prepared`.
    """

    name: str
    fetched_at: int
    landed: Landed
    fault: str = ""
    weight: Weight | None = None
    prepared: Prepared | None = None
    spooled: Path | None = None


def take(landing: Landing, source: Source, document: Document, reader: Reader) -> Taken:
    """Land a document and read it.

    Args:
        landing: with the database's key, if the source names persons.
        source: the declaration.
        document: as it arrived.
        reader: of the source.

    Raises:
        Interrupted: the disk is full.
        UsageError: the source names persons and there is no key.
    """
    prepared: Prepared | UnreadableFile
    with ThreadPoolExecutor(1) as beside:  # compressing and waiting for the disk leave a core to what reads
        keeping = beside.submit(landing.keep, document.content, encrypt=source.has_people)
        try:
            prepared = prepare(landing.key, source, document.content, reader)
        except UnreadableFile as error:
            prepared = error
    landed = keeping.result()
    if isinstance(prepared, UnreadableFile):
        return Taken(document.name, document.fetched_at, landed, fault=told_fault(source, prepared))
    weight = weigh(prepared, None if source.has_people else document.content[:_START])
    return Taken(document.name, document.fetched_at, landed, weight=weight, prepared=prepared)


def told_fault(source: Source, error: UnreadableFile) -> str:
    """Why a document cannot be read; what a parser says may quote the file, and must not where it is about persons."""
    return f"cannot be read as {source.format} as its declaration has it" if source.has_people else str(error)
