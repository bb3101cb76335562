"""From documents to records: land, parse, normalise, weigh against what is normal, store."""

import hashlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

import polars as pl

from db.connection import transaction
from db.errors import SourceFailed, UnreadableFile
from db.landing import Landed, writing
from db.sources import (
    Attempt,
    Counts,
    Cursor,
    SourceRow,
    log_attempt,
    resolve_quarantine,
    save_cursor,
    save_document,
    save_quarantine,
    save_source,
)
from db.store import Store, now_ms
from db.vocabulary import Outcome
from db.writes import Provenance
from flows.counting import save_counted
from flows.preparing import Prepared, prepare
from flows.taking import Document, Taken, take, told_fault
from flows.weighing import abnormal, unchanged_too_long
from spiders.catalogue import Normal, Source
from spiders.reading import Reader

HELD_BYTES: Final = 64 << 20
"""Rows in memory until all of an answer is weighed: a quarter million; those of further documents wait on the disk."""


def describe(source: Source) -> SourceRow:
    """A declaration as the database keeps it."""
    return SourceRow(
        source.name,
        source.title,
        source.publisher,
        source.licence,
        source.format,
        source.yields,
        source.verified,
        source.synthetic,
        source.schedule,
        source.model_dump_json(),
    )


def register(store: Store, source: Source) -> int:
    """Make a source known to the database; returns its id."""
    with transaction(store.database):
        return save_source(store.database, describe(source))


def ingest(
    store: Store,
    source: Source,
    documents: Iterable[Document],
    cursor: Cursor,
    *,
    started_at: int,
    normal: Normal | None,
) -> Counts:
    """Land, parse and store a source's answer; its cursor and the log entry go with the last batch.

    Args:
        store: where to.
        source: the declaration.
        documents: the whole answer; taken one by one.
        cursor: where the next fetch goes on, once this is stored.
        started_at: when the attempt began.
        normal: what the answer is weighed against; None weighs nothing (files that a person imports).

    Raises:
        SourceFailed: the answer is refused; what arrived is kept, no row of it is stored.
        UsageError: the source names persons and there is no key.
    """
    with taking(store, source, started_at) as intake:
        faults = [fault for fault in map(intake.take, documents) if fault]
        if faults:
            intake.keep_refused()
            raise SourceFailed(faults[0])
        return intake.finish(cursor, normal)


@contextmanager
def taking(store: Store, source: Source, started_at: int) -> Generator["Intake"]:
    """Take a source's answer in, document by document."""
    with Reader(source) as reader, ExitStack() as aside:
        yield Intake(store, source, started_at, reader, aside)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What was read of a document, until its turn to be stored has come."""

    prepared: Prepared
    rows: IO[bytes] | Path | None = None
    """Where its rows are, if not with the rest: in a file of the spool, or in one without a name that goes with the
    process."""

    def whole(self) -> Prepared:
        """What was read; to be asked once."""
        if self.rows is None:
            return self.prepared
        with self.rows.open("rb") if isinstance(self.rows, Path) else self.rows as file:
            file.seek(0)
            rows = pl.read_ipc(file)
        if isinstance(self.rows, Path):
            self.rows.unlink()
        return replace(self.prepared, rows=rows)


@dataclass(slots=True)
class _Part:
    """A document that has been landed, and what was read of it until that is stored."""

    taken: Taken
    waiting: _Waiting | None = None


class Intake:
    """A source's answer on its way into the store: documents are landed and read, then all are weighed and stored."""

    def __init__(self, store: Store, source: Source, started_at: int, reader: Reader, aside: ExitStack) -> None:
        self._store = store
        self._source = source
        self._source_id = register(store, source)
        self._started_at = started_at
        self._reader = reader
        self._aside = aside
        self._parts: list[_Part] = []
        self._held = 0

    def take(self, document: Document) -> str:
        """Land a document and read it; returns why it cannot be read, or nothing.

        Raises:
            Interrupted: the disk is full.
            UsageError: the source names persons and there is no key.
        """
        if self._source.has_people:
            self._store.require_key()
        return self.add(take(self._store.landing, self._source, document, self._reader))

    def add(self, taken: Taken) -> str:
        """Add a document that was landed and read elsewhere; returns why it cannot be read, or nothing.

        Raises:
            Interrupted: the disk is full.
        """
        part = _Part(replace(taken, prepared=None, spooled=None))
        self._parts.append(part)
        if taken.prepared:
            spooled = taken.spooled is not None
            part.waiting = _Waiting(taken.prepared, taken.spooled) if spooled else self._wait(taken.prepared)
        return taken.fault

    def keep_refused(self) -> None:
        """Record what arrived; no row of it is stored."""
        self._keep(self._parts)

    def finish(self, cursor: Cursor, normal: Normal | None) -> Counts:
        """Weigh the documents that can be read and store their rows, with the cursor and a log entry.

        Raises:
            SourceFailed: they are not what is normal; they are kept, and no row of them is stored.
        """
        readable = [part for part in self._parts if part.waiting]
        changed = _stamp(cursor, [part.taken.landed for part in readable], self._started_at)
        weights = [part.taken.weight for part in readable if part.taken.weight]
        if normal is not None and (reason := abnormal(weights, normal, changed, self._started_at)):
            self._keep_rejected()
            raise SourceFailed(reason)
        self._keep([part for part in self._parts if not part.waiting])
        return self._save(readable, changed)

    def _keep(self, parts: Sequence[_Part]) -> None:
        with transaction(self._store.database):
            for part in parts:
                self._save_document(part)

    def _keep_rejected(self) -> None:
        with transaction(self._store.database):
            for part in self._parts:
                document_id, _ = self._save_document(part)
                if part.waiting:
                    rejected = part.waiting.prepared.rejected
                    save_quarantine(self._store.database, document_id, rejected, self._started_at)

    def _save(self, parts: Sequence[_Part], cursor: Cursor) -> Counts:
        counts = Counts()
        waiting: tuple[_Part, Prepared] | None = None
        for batch in self._batches(parts):
            if waiting:
                with transaction(self._store.database):
                    counts += self._save_batch(*waiting)
            waiting = batch
        with transaction(self._store.database):
            if waiting:
                counts += self._save_batch(*waiting)
            save_cursor(self._store.database, self._source_id, cursor)
            log_attempt(
                self._store.database,
                self._source_id,
                Attempt(self._started_at, now_ms(), Outcome.STORED, counts=counts),
            )
        return counts

    def _batches(self, parts: Sequence[_Part]) -> Iterator[tuple[_Part, Prepared]]:
        for part in parts:
            if part.waiting:
                waiting, part.waiting = part.waiting, None
                for batch in waiting.whole().batches():
                    yield part, batch

    def _wait(self, prepared: Prepared) -> _Waiting:
        self._held += prepared.size
        if self._held <= HELD_BYTES:
            return _Waiting(prepared)
        with writing(self._store.landing.root):
            file = self._aside.enter_context(TemporaryFile(dir=self._store.landing.root))  # noqa: SIM115 - the stack closes it
            prepared.rows.write_ipc(file, compression="lz4")
        return _Waiting(replace(prepared, rows=prepared.rows.clear()), file)

    def _save_document(self, part: _Part) -> tuple[int, int]:
        taken = part.taken
        return save_document(self._store.database, self._source_id, taken.name, taken.landed, taken.fetched_at)

    def _save_batch(self, part: _Part, batch: Prepared) -> Counts:
        document_id, first_at = self._save_document(part)
        return _save_rows(self._store, batch, Provenance(self._source_id, document_id, first_at), self._started_at)


def log_failure(store: Store, source: Source, reason: str, started_at: int) -> None:
    """Log an attempt that failed; the source's last good state stays."""
    source_id = register(store, source)
    with transaction(store.database):
        log_attempt(store.database, source_id, Attempt(started_at, now_ms(), Outcome.FAILED, reason))


def log_unchanged(store: Store, source: Source, cursor: Cursor, started_at: int) -> None:
    """Log that a source answered what it had answered before.

    Raises:
        SourceFailed: it has been doing so for longer than is normal for it.
    """
    if reason := unchanged_too_long(source.normal, cursor, started_at):
        raise SourceFailed(reason)
    source_id = register(store, source)
    with transaction(store.database):
        save_cursor(store.database, source_id, _dated(cursor, started_at))
        log_attempt(store.database, source_id, Attempt(started_at, now_ms(), Outcome.UNCHANGED))


def replay(store: Store, source: Source, document_id: int, document: Document) -> tuple[Counts, int]:
    """Parse a landed document again; rows that were rejected and no longer are get stored.

    Returns:
        The counts, and how many rejected rows are resolved.

    Raises:
        UnreadableFile: it cannot be read at all; in one line that quotes no persons.
    """
    source_id = register(store, source)
    with Reader(source) as reader:
        try:
            key = store.require_key() if source.has_people else None
            prepared = prepare(key, source, document.content, reader)
        except UnreadableFile as error:
            raise UnreadableFile(told_fault(source, error)) from None
    counts = Counts()
    with transaction(store.database):
        for batch in prepared.batches():
            origin = Provenance(source_id, document_id, document.fetched_at)
            counts += _save_rows(store, batch, origin, now_ms())
        still = prepared.rejected["position"].to_list()
        return counts, resolve_quarantine(store.database, document_id, still, now_ms())


def _stamp(cursor: Cursor, landed: Sequence[Landed], at: int) -> Cursor:
    digest = hashlib.sha256("".join(part.digest for part in landed).encode()).hexdigest()
    changed_at = None if digest != cursor.digest else cursor.changed_at
    return _dated(replace(cursor, digest=digest, changed_at=changed_at), at)


def _dated(cursor: Cursor, at: int) -> Cursor:
    """The cursor, changed now where it is not known since when, or a clock once ahead said later than now."""
    is_known = cursor.changed_at is not None and cursor.changed_at <= at
    return cursor if is_known else replace(cursor, changed_at=at)


def _save_rows(store: Store, batch: Prepared, origin: Provenance, at: int) -> Counts:
    """Store a batch; call within a transaction."""
    assert origin.document_id is not None  # noqa: S101 - rows that are ingested come from documents
    save_quarantine(store.database, origin.document_id, batch.rejected, at)
    stored = save_counted(store, batch.kind, batch.rows, origin)
    return Counts(stored, batch.rows.height - stored, batch.ignored, batch.rejected.height)
