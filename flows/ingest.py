"""From documents to records: land, parse, normalise, weigh against what is normal, store."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from analytics.normalise.records import normalise_rows
from db.connection import transaction
from db.errors import SourceFailed, UnreadableFile
from db.landing import Landed
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
from db.writes import Provenance, save_rows
from spiders.catalogue import Normal, Source
from spiders.formats.parsed import Parsed
from spiders.formats.registry import read

BATCH_ROWS: Final = 250_000
"""Rows of one transaction: large enough that commits cost nothing, small enough to hold in memory."""
_HOUR: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Document:
    """A file as it arrived."""

    name: str
    content: bytes
    fetched_at: int


@dataclass(frozen=True, slots=True)
class _Prepared:
    document: Document
    landed: Landed
    kind: str
    rows: pl.DataFrame
    rejected: pl.DataFrame
    ignored: int

    @property
    def total(self) -> int:
        return self.rows.height + self.rejected.height + self.ignored


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
    documents: Sequence[Document],
    cursor: Cursor,
    *,
    started_at: int,
    normal: Normal | None,
) -> Counts:
    """Land, parse and store a source's answer; its cursor and the log entry go with the last batch.

    Args:
        store: where to.
        source: the declaration.
        documents: the whole answer.
        cursor: where the next fetch goes on, once this is stored.
        started_at: when the attempt began.
        normal: what the answer is weighed against; None weighs nothing (files that a person imports).

    Raises:
        SourceFailed: the answer is refused; what arrived is kept, no row of it is stored.
        UsageError: the source names persons and there is no key.
    """
    source_id = register(store, source)
    landed = [_land(store, source, document) for document in documents]
    changed = _stamp(cursor, landed, started_at)
    try:
        prepared = [_prepare(store, source, *pair) for pair in zip(documents, landed, strict=True)]
    except UnreadableFile as error:
        _keep_refused(store, source_id, documents, landed)
        # what a parser says may quote the file, and this one is about persons
        said = f"cannot be read as {source.format} as its declaration has it" if source.has_people else str(error)
        raise SourceFailed(said) from (None if source.has_people else error)
    if normal is not None:
        _weigh(store, source_id, prepared, normal, changed, started_at)
    return _save(store, source_id, prepared, changed, started_at)


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
    limit = source.normal.max_age_hours
    if limit and cursor.changed_at and started_at - cursor.changed_at > limit * _HOUR:
        hours = (started_at - cursor.changed_at) // _HOUR
        raise SourceFailed(f"stale: the same answer for {hours:,} h, normal is a change within {limit:,.0f} h")
    source_id = register(store, source)
    with transaction(store.database):
        log_attempt(store.database, source_id, Attempt(started_at, now_ms(), Outcome.UNCHANGED))


def replay(store: Store, source: Source, document_id: int, document: Document) -> tuple[Counts, int]:
    """Parse a landed document again; rows that were rejected and no longer are get stored.

    Returns:
        The counts, and how many rejected rows are resolved.
    """
    source_id = register(store, source)
    prepared = _prepare(store, source, document, store.landing.keep(document.content, encrypt=source.has_people))
    with transaction(store.database):
        counts = _save_batch(store, source_id, prepared, now_ms())
        still = prepared.rejected["position"].to_list()
        return counts, resolve_quarantine(store.database, document_id, still, now_ms())


def path_documents(source: Source, base: Path) -> list[Path]:
    """The files that a path source names, in a stable order.

    Raises:
        SourceFailed: there are none.
    """
    pattern = Path(source.path)
    root = Path(pattern.anchor) if pattern.is_absolute() else base
    relative = pattern.relative_to(pattern.anchor) if pattern.is_absolute() else pattern
    found = sorted(root.glob(str(relative)))
    files = [file for entry in found for file in (sorted(entry.glob("*")) if entry.is_dir() else [entry])]
    if not any(file.is_file() for file in files):
        raise SourceFailed(f"no file at {source.path}")
    return [file for file in files if file.is_file()]


def _land(store: Store, source: Source, document: Document) -> Landed:
    if source.has_people:
        store.require_key()
    return store.landing.keep(document.content, encrypt=source.has_people)


def _stamp(cursor: Cursor, landed: Sequence[Landed], at: int) -> Cursor:
    digest = hashlib.sha256("".join(part.digest for part in landed).encode()).hexdigest()
    changed_at = at if digest != cursor.digest or cursor.changed_at is None else cursor.changed_at
    return replace(cursor, digest=digest, changed_at=changed_at)


def _prepare(store: Store, source: Source, document: Document, landed: Landed) -> _Prepared:
    parsed: Parsed = read(document.content, source)
    key = store.require_key().subjects if source.has_people else None
    rows = parsed.rows
    if parsed.kind == "app":
        rows = rows.with_columns(pl.col("store").fill_null(source.name))
    normalised = normalise_rows(parsed.kind, rows, zone=source.zone, claim=source.yields.claim, key=key)
    parser_rejects = parsed.rejected.with_columns(raw=pl.lit("")) if source.has_people else parsed.rejected
    rejected = pl.concat([parser_rejects, normalised.rejected]).sort("position")
    return _Prepared(document, landed, parsed.kind, normalised.rows, rejected, parsed.ignored)


def _weigh(
    store: Store, source_id: int, prepared: Sequence[_Prepared], normal: Normal, cursor: Cursor, at: int
) -> None:
    reason = _abnormal(prepared, normal, cursor, at)
    if reason is None:
        return
    with transaction(store.database):
        for part in prepared:
            document_id, _ = save_document(
                store.database, source_id, part.document.name, part.landed, part.document.fetched_at
            )
            save_quarantine(store.database, document_id, part.rejected, at)
    raise SourceFailed(reason)


def _abnormal(prepared: Sequence[_Prepared], normal: Normal, cursor: Cursor, at: int) -> str | None:
    total = sum(part.total for part in prepared)
    rejected = sum(part.rejected.height for part in prepared)
    limit = None if normal.max_age_hours is None else normal.max_age_hours * _HOUR
    if total < normal.min_rows:
        return f"{total:,} rows, normal is at least {normal.min_rows:,}{_sample(prepared)}"
    if normal.max_rows is not None and total > normal.max_rows:
        return f"{total:,} rows, normal is at most {normal.max_rows:,}"
    if rejected > total * normal.max_rejected_share:
        return f"{rejected:,} of {total:,} rows cannot be read, normal is at most {normal.max_rejected_share:.1%}"
    if limit is not None and cursor.changed_at is not None and at - cursor.changed_at > limit:
        return f"stale: the same answer for {(at - cursor.changed_at) // _HOUR:,} h"
    newest = _newest(prepared)
    if limit is not None and newest is not None and at - newest > limit:
        return f"stale: its newest row is {(at - newest) // _HOUR:,} h old, normal is {normal.max_age_hours:,.0f} h"
    return None


def _sample(prepared: Sequence[_Prepared]) -> str:
    """The start of a suspiciously short answer: often it says itself what is wrong."""
    if not prepared or prepared[0].landed.is_encrypted:  # about persons: nothing of it is quoted
        return ""
    start = prepared[0].document.content[:60].decode("ascii", "replace")
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in start).split())
    return f"; it starts {shown!r}" if shown else "; it is empty"


def _newest(prepared: Sequence[_Prepared]) -> int | None:
    newest = [
        part.rows["published"].max() for part in prepared if "published" in part.rows.columns and part.rows.height
    ]
    instants = [value for value in newest if isinstance(value, int)]
    return max(instants) if instants else None


def _keep_refused(store: Store, source_id: int, documents: Sequence[Document], landed: Sequence[Landed]) -> None:
    with transaction(store.database):
        for document, part in zip(documents, landed, strict=True):
            save_document(store.database, source_id, document.name, part, document.fetched_at)


def _save(store: Store, source_id: int, prepared: Sequence[_Prepared], cursor: Cursor, started_at: int) -> Counts:
    counts = Counts()
    batches = [batch for part in prepared for batch in _batches(part)]
    for batch in batches[:-1]:
        with transaction(store.database):
            counts += _save_batch(store, source_id, batch, started_at)
    with transaction(store.database):
        for batch in batches[-1:]:
            counts += _save_batch(store, source_id, batch, started_at)
        save_cursor(store.database, source_id, cursor)
        log_attempt(store.database, source_id, Attempt(started_at, now_ms(), Outcome.STORED, counts=counts))
    return counts


def _batches(part: _Prepared) -> list[_Prepared]:
    """Slices of the rows; what was rejected or ignored goes with the first."""
    slices = [part.rows.slice(start, BATCH_ROWS) for start in range(0, part.rows.height, BATCH_ROWS)] or [part.rows]
    rest = (replace(part, rows=rows, rejected=part.rejected.clear(), ignored=0) for rows in slices[1:])
    return [replace(part, rows=slices[0]), *rest]


def _save_batch(store: Store, source_id: int, batch: _Prepared, at: int) -> Counts:
    document = batch.document
    document_id, first_at = save_document(store.database, source_id, document.name, batch.landed, document.fetched_at)
    save_quarantine(store.database, document_id, batch.rejected, at)
    stored = save_rows(
        store.database, store.terms, batch.kind, batch.rows, Provenance(source_id, document_id, first_at)
    )
    return Counts(stored, batch.rows.height - stored, batch.ignored, batch.rejected.height)
