"""What the database knows of sources: their declaration, cursor state, attempts, documents, rejected rows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl
from sqlite_utils import Database

from db.landing import Landed
from db.vocabulary import Outcome, Yields


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source as the database keeps it."""

    name: str
    title: str
    publisher: str
    licence: str
    format: str
    yields: str
    is_verified: bool
    is_synthetic: bool
    schedule: str
    declaration: str
    """The whole declaration as JSON: what was in force when its rows came."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a source's next fetch goes on."""

    etag: str | None = None
    last_modified: str | None = None
    digest: str | None = None
    """Of all documents of the last good answer."""
    events: Mapping[str, str] = field(default_factory=dict)
    changed_at: int | None = None
    """When the answer last differed from the one before."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How the rows of a file ended; the four add up to the rows."""

    stored: int = 0
    duplicates: int = 0
    ignored: int = 0
    quarantined: int = 0

    @property
    def rows(self) -> int:
        """All rows."""
        return self.stored + self.duplicates + self.ignored + self.quarantined

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.stored + other.stored,
            self.duplicates + other.duplicates,
            self.ignored + other.ignored,
            self.quarantined + other.quarantined,
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a source, as it is logged."""

    started_at: int
    finished_at: int
    outcome: Outcome
    reason: str = ""
    counts: Counts = Counts()


def save_source(database: Database, row: SourceRow) -> int:
    """Store a source's declaration, or what changed of it; returns its id."""
    database.execute(
        """INSERT INTO source (name, title, publisher, licence, format, yields, is_verified, is_synthetic, schedule,
               declaration) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (name) DO UPDATE SET title = excluded.title, publisher = excluded.publisher,
               licence = excluded.licence, format = excluded.format, yields = excluded.yields,
               is_verified = excluded.is_verified, is_synthetic = excluded.is_synthetic,
               schedule = excluded.schedule, declaration = excluded.declaration
           WHERE declaration <> excluded.declaration""",
        [
            row.name,
            row.title,
            row.publisher,
            row.licence,
            row.format,
            row.yields,
            row.is_verified,
            row.is_synthetic,
            row.schedule,
            row.declaration,
        ],
    )
    return int(database.execute("SELECT source_id FROM source WHERE name = ?", [row.name]).fetchone()[0])


def save_own_source(database: Database, name: str, title: str) -> int:
    """The id of a source of fanzha's own: what its people and it itself did; call within a transaction."""
    row = SourceRow(
        name,
        title,
        publisher="fanzha",
        licence="own",
        format="fanzha",
        yields=Yields.EVENTS,
        is_verified=True,
        is_synthetic=False,
        schedule="",
        declaration="{}",
    )
    return save_source(database, row)


def read_cursor(database: Database, name: str) -> Cursor:
    """The cursor of a source; a new one's is empty."""
    row = database.execute(
        "SELECT etag, last_modified, digest, cursor, changed_at FROM source WHERE name = ?", [name]
    ).fetchone()
    return Cursor(row[0], row[1], row[2], json.loads(row[3]), row[4]) if row else Cursor()


def save_cursor(database: Database, source_id: int, cursor: Cursor) -> None:
    """Store a cursor; in the same transaction as the rows it stands behind."""
    database.execute(
        "UPDATE source SET etag = ?, last_modified = ?, digest = ?, cursor = ?, changed_at = ? WHERE source_id = ?",
        [
            cursor.etag,
            cursor.last_modified,
            cursor.digest,
            json.dumps(dict(cursor.events), sort_keys=True),
            cursor.changed_at,
            source_id,
        ],
    )


def log_attempt(database: Database, source_id: int, attempt: Attempt) -> None:
    """Append an attempt to the log."""
    counts = attempt.counts
    database.execute(
        """INSERT INTO fetch (source_id, started_at, finished_at, outcome, reason, rows, stored, duplicates, ignored,
               quarantined) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            source_id,
            attempt.started_at,
            attempt.finished_at,
            attempt.outcome,
            attempt.reason,
            counts.rows,
            counts.stored,
            counts.duplicates,
            counts.ignored,
            counts.quarantined,
        ],
    )


def save_document(database: Database, source_id: int, name: str, landed: Landed, fetched_at: int) -> tuple[int, int]:
    """Record a landed file; returns its id and when it first came."""
    database.execute(
        """INSERT INTO document (source_id, name, digest, bytes, is_encrypted, fetched_at) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (source_id, digest, name) DO NOTHING""",
        [source_id, name, landed.digest, landed.bytes, landed.is_encrypted, fetched_at],
    )
    row = database.execute(
        "SELECT document_id, fetched_at FROM document WHERE source_id = ? AND digest = ? AND name = ?",
        [source_id, landed.digest, name],
    ).fetchone()
    return int(row[0]), int(row[1])


def save_quarantine(database: Database, document_id: int, rejected: pl.DataFrame, recorded_at: int) -> None:
    """Keep rejected rows (`position`, `raw`, `reason`); those kept already stay as they are."""
    database.conn.executemany(
        """INSERT INTO quarantine (document_id, position, raw, reason, recorded_at) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (document_id, position, reason, raw) DO NOTHING""",
        (
            (document_id, position, raw, reason, recorded_at)
            for position, raw, reason in rejected.select("position", "raw", "reason").iter_rows()
        ),
    )


def resolve_quarantine(database: Database, document_id: int, still: Sequence[int], resolved_at: int) -> int:
    """Mark the rejected rows of a document that are rejected no longer; returns how many."""
    cursor = database.execute(
        """UPDATE quarantine SET resolved_at = ? WHERE document_id = ? AND resolved_at IS NULL
           AND position NOT IN (SELECT value FROM json_each(?))""",
        [resolved_at, document_id, json.dumps(list(still))],
    )
    return cursor.rowcount
