"""Collecting: what each source has that is new, fetched and stored; one source's failure is its own."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from db.connection import landing_root
from db.errors import SourceFailed, UsageError
from db.sources import Counts, Cursor, read_cursor
from db.store import Store, now_ms
from db.vocabulary import Outcome
from flows.ingest import Document, ingest, log_failure, log_unchanged, path_documents
from spiders.catalogue import Source
from spiders.crawl import CrawlOutcome, CrawlRequest, crawl, resolve_url

_SPOOL: Final = "spool-"


@dataclass(frozen=True, slots=True)
class SourceResult:
    """How one source ended in this run."""

    source: str
    outcome: Outcome
    reason: str = ""
    counts: Counts = field(default_factory=Counts)


def choose(catalogue: Sequence[Source], only: Sequence[str]) -> list[Source]:
    """The enabled sources, or those named.

    Raises:
        UsageError: a name is not in the catalogue.
    """
    known = {source.name: source for source in catalogue}
    for name in only:
        if name not in known:
            raise UsageError(f"source {name!r} is not in the catalogue; fanzha sources lists them")
    return [known[name] for name in only] if only else [source for source in catalogue if source.enabled]


@contextmanager
def spool(path: Path) -> Iterator[Path]:
    """A folder for bodies on their way from the crawl to the landing, gone afterwards."""
    root = landing_root(path)
    root.mkdir(parents=True, exist_ok=True)
    for left in root.glob(f"{_SPOOL}*"):
        if not _is_alive(int(left.name.split("-")[1])):  # killed; what lies there may be about persons
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{_SPOOL}{os.getpid()}-", dir=root) as folder:
        yield Path(folder)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def fetch(
    store: Store, sources: Sequence[Source], folder: Path, environ: Mapping[str, str], *, loopback: bool
) -> Iterator[tuple[Source, CrawlOutcome]]:
    """Fetch sources in one crawl; yields each as it is complete.

    Args:
        store: knows where each source's last fetch ended.
        sources: those with a url.
        folder: where bodies are put.
        environ: holds the keys that addresses name.
        loopback: lets the crawl reach this machine; the demo's and the tests' own servers only.
    """
    requests: dict[str, CrawlRequest] = {}
    for source in sources:
        try:
            requests[source.name] = _request(store, source, environ)
        except SourceFailed as error:
            yield source, CrawlOutcome(source.name, "failed", str(error))
    for outcome in crawl(list(requests.values()), folder, loopback=loopback):
        yield requests[outcome.source].source, outcome


def take_outcome(store: Store, source: Source, outcome: CrawlOutcome, folder: Path, started_at: int) -> SourceResult:
    """Store what a crawl brought of a source, or log why it brought nothing."""
    if outcome.outcome == "failed":
        return _failed(store, source, outcome.reason, started_at)
    try:
        if outcome.outcome == "unchanged":
            log_unchanged(store, source, read_cursor(store.database, source.name), started_at)
            return SourceResult(source.name, Outcome.UNCHANGED)
        documents = [
            Document(part.name, (folder / part.digest).read_bytes(), part.fetched_at) for part in outcome.documents
        ]
        cursor = replace(
            read_cursor(store.database, source.name),
            etag=outcome.etag or None,
            last_modified=outcome.last_modified or None,
            events=outcome.cursor,
        )
        counts = ingest(store, source, documents, cursor, started_at=started_at, normal=source.normal)
    except SourceFailed as error:
        return _failed(store, source, str(error), started_at)
    return SourceResult(source.name, Outcome.STORED, outcome.reason, counts)


def take_files(store: Store, source: Source, base: Path, started_at: int) -> SourceResult:
    """Store the files of a path source that are new or changed since the last run."""
    try:
        known = read_cursor(store.database, source.name)
        stamps = {
            str(path): f"{path.stat().st_size}-{path.stat().st_mtime_ns}" for path in path_documents(source, base)
        }
        fresh = [name for name, stamp in stamps.items() if known.events.get(name) != stamp]
        if not fresh:
            log_unchanged(store, source, known, started_at)
            return SourceResult(source.name, Outcome.UNCHANGED)
        counts = Counts()
        for name in fresh:
            counts += _take_file(store, source, Path(name), stamps[name], started_at)
    except SourceFailed as error:
        return _failed(store, source, str(error), started_at)
    except OSError as error:
        return _failed(store, source, f"{error.filename or 'a file'}: cannot be read: {error.strerror}", started_at)
    return SourceResult(source.name, Outcome.STORED, counts=counts)


def _take_file(store: Store, source: Source, path: Path, stamp: str, started_at: int) -> Counts:
    if path.stat().st_size > source.max_bytes:
        raise SourceFailed(f"{path.name}: is larger than {source.max_bytes:,} bytes")
    cursor = read_cursor(store.database, source.name)
    cursor = replace(cursor, events={**cursor.events, str(path): stamp})
    document = Document(path.name, path.read_bytes(), now_ms())
    return ingest(store, source, [document], cursor, started_at=started_at, normal=source.normal)


def _request(store: Store, source: Source, environ: Mapping[str, str]) -> CrawlRequest:
    cursor: Cursor = read_cursor(store.database, source.name)
    return CrawlRequest(
        source, resolve_url(source, environ), cursor.etag or "", cursor.last_modified or "", dict(cursor.events)
    )


def _failed(store: Store, source: Source, reason: str, started_at: int) -> SourceResult:
    log_failure(store, source, reason, started_at)
    return SourceResult(source.name, Outcome.FAILED, reason)
