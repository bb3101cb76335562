"""How sources are, and what of theirs could not be read."""

from dataclasses import dataclass

from sqlite_utils import Database

_HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class Health:
    """A source's health; fields as in `v_source_health`."""

    source: str
    title: str
    last_outcome: str
    reason: str
    last_attempt: str
    last_success: str | None
    last_success_at: int | None
    """The same in Unix milliseconds."""
    age_hours: float | None
    """Since the last success."""
    rows: int | None
    new: int | None
    quarantined: int
    failures: int


@dataclass(frozen=True, slots=True)
class RejectedDocument:
    """A landed document with rejected rows that wait to be read again."""

    document_id: int
    name: str
    digest: str
    is_encrypted: bool
    fetched_at: int
    declaration: str
    rejected: int


def read_health(database: Database, now: int) -> list[Health]:
    """Each source's health, the failing ones first."""
    rows = database.execute(
        """SELECT source, title, last_outcome, reason, last_attempt, last_success,
               1000 * strftime('%s', last_success),
               round((? - 1000.0 * strftime('%s', last_success)) / ?, 1), rows, new, quarantined, failures
           FROM v_source_health ORDER BY last_outcome <> 'failed', source""",
        [now, _HOUR],
    )
    return [Health(*row) for row in rows]


def read_quarantine(database: Database, source: str | None) -> list[dict[str, str | int | float | bool | None]]:
    """Unresolved rejected rows: `source`, `file`, `position`, `reason`, `raw`."""
    rows = database.execute(
        """SELECT source, file, position, reason, raw FROM v_quarantine
           WHERE resolved_at IS NULL AND (? IS NULL OR source = ?) ORDER BY source, file, position""",
        [source, source],
    )
    return [dict(zip(("source", "file", "position", "reason", "raw"), row, strict=True)) for row in rows]


def quarantined_documents(database: Database, source: str | None) -> list[RejectedDocument]:
    """The documents with unresolved rejected rows."""
    rows = database.execute(
        """SELECT document.document_id, document.name, document.digest, document.is_encrypted, document.fetched_at,
               source.declaration, count(*)
           FROM quarantine JOIN document USING (document_id) JOIN source USING (source_id)
           WHERE quarantine.resolved_at IS NULL AND (? IS NULL OR source.name = ?)
           GROUP BY document.document_id ORDER BY document.document_id""",
        [source, source],
    )
    return [RejectedDocument(*row) for row in rows]
