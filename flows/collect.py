"""Collecting: what each source has that is new, fetched and stored; one source's failure is its own."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from db.connection import landing_root
from db.errors import SourceFailed, UnreadableFile, UsageError
from db.landing import spools, writing
from db.sources import Counts, Cursor, read_cursor
from db.store import Store, now_ms
from db.vocabulary import Outcome
from flows.ahead import Ahead
from flows.files import fresh_files, read_file, shown
from flows.ingest import ingest, log_failure, log_unchanged, taking
from flows.taking import Document
from spiders.catalogue import Source
from spiders.crawl import CrawlOutcome, CrawlRequest, crawl, resolve_url


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
    """A folder for bodies on their way from the crawl to the landing, gone afterwards.

    Raises:
        Interrupted: the disk is full or failing.
        UsageError: the landing folder cannot be used.
    """
    root = landing_root(path)
    with writing(root):
        root.mkdir(parents=True, exist_ok=True)
        for left, is_used in spools(root):
            if not is_used:  # killed; what lies there may be about persons
                shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=f"spool-{os.getpid()}-", dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
        documents = (
            Document(part.name, (folder / part.digest).read_bytes(), part.fetched_at) for part in outcome.documents
        )
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


def take_files(store: Store, source: Source, base: Path, started_at: int, ahead: Ahead | None = None) -> SourceResult:
    """Store the files of a path source that are new or changed since the last run.

    They are weighed together. A file that cannot be read fails the source, and is tried again with each run; what the
    others hold is stored.

    Args:
        store: where to.
        source: the declaration.
        base: what its path is relative to.
        started_at: when the run began.
        ahead: has some of the files already.
    """
    known = read_cursor(store.database, source.name)
    faults: list[str] = []
    try:
        fresh = fresh_files(source, base, known.events)
        if not fresh:
            log_unchanged(store, source, known, started_at)
            return SourceResult(source.name, Outcome.UNCHANGED)
        counts = _take_fresh(store, source, fresh, faults, started_at, ahead)
    except (SourceFailed, UsageError) as error:
        return _failed(store, source, _told([*faults, str(error)]), started_at)
    if faults:
        return replace(_failed(store, source, _told(faults), started_at), counts=counts)
    return SourceResult(source.name, Outcome.STORED, counts=counts)


def _take_fresh(
    store: Store, source: Source, stamps: Mapping[Path, str], faults: list[str], started_at: int, ahead: Ahead | None
) -> Counts:
    """Store files; adds to the faults those that cannot be read, which the cursor does not get to know."""
    stored: dict[str, str] = {}
    with taking(store, source, started_at) as intake:
        for path, stamp in stamps.items():
            try:
                taken = ahead.take(source, path, stamp) if ahead else None
                fault = (
                    intake.add(taken) if taken else intake.take(Document(path.name, read_file(path, source), now_ms()))
                )
            except UnreadableFile as error:
                faults.append(str(error))
                continue
            if fault:
                faults.append(f"{shown(path)}: {fault}")
            else:
                stored[str(path)] = stamp
        if not stored:
            intake.keep_refused()
            return Counts()
        cursor = read_cursor(store.database, source.name)
        return intake.finish(replace(cursor, events={**cursor.events, **stored}), source.normal)


def _told(faults: Sequence[str]) -> str:
    """Several faults in one line: the first, and how many more."""
    more = len(faults) - 1
    return faults[0] + (f" (and {more:,} more)" if more else "")


def _request(store: Store, source: Source, environ: Mapping[str, str]) -> CrawlRequest:
    cursor: Cursor = read_cursor(store.database, source.name)
    return CrawlRequest(
        source, resolve_url(source, environ), cursor.etag or "", cursor.last_modified or "", dict(cursor.events)
    )


def _failed(store: Store, source: Source, reason: str, started_at: int) -> SourceResult:
    log_failure(store, source, reason, started_at)
    return SourceResult(source.name, Outcome.FAILED, reason)
