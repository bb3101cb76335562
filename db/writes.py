"""Writing normalised rows: a batch goes into a temporary table, and from there by set into the records.

The tables' natural keys make every write an upsert: what is held already is a duplicate and changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import polars as pl
from sqlite_utils import Database

from db.terms import Terms

_HOST: Final = """
INSERT INTO host (name, registrable_length, suffix_length, is_shared)
SELECT host, registrable_length, suffix_length, is_shared FROM incoming WHERE host IS NOT NULL
ON CONFLICT (name) DO NOTHING"""
_URL: Final = """
INSERT INTO url (host_id, tail)
SELECT host.host_id, i.tail FROM incoming AS i LEFT JOIN host ON host.name = i.host WHERE i.host IS NOT NULL
ON CONFLICT (host_id, tail) DO NOTHING"""
_SUBJECT: Final = """
INSERT INTO subject (pseudonym) SELECT subject FROM incoming WHERE subject IS NOT NULL
ON CONFLICT (pseudonym) DO NOTHING"""
_APP: Final = """
INSERT INTO app (key, store, package, name, developer, version, certificate, apk_sha256, icon, download)
SELECT key, store, package, name, developer, version, certificate, apk_sha256, icon, download FROM incoming WHERE TRUE
ON CONFLICT (key) DO NOTHING"""

# left joins keep the batch's order, so that of two equal rows the first is the one stored
_JOIN_URL: Final = (
    " LEFT JOIN host ON host.name = i.host LEFT JOIN url ON url.host_id = host.host_id AND url.tail = i.tail"
)
_JOIN_SUBJECT: Final = " LEFT JOIN subject ON subject.pseudonym = i.subject"
_JOIN_APP: Final = " LEFT JOIN app ON app.key = i.key"


@dataclass(frozen=True, slots=True)
class _Target:
    """How rows of a kind reach their table: the table's columns, each by an expression over the batch `i`."""

    table: str
    key: str
    columns: Mapping[str, str]
    terms: Mapping[str, str] = field(default_factory=dict)
    """Column of the batch -> vocabulary; its text is replaced by the term's id."""
    has_address: bool = False
    has_subject: bool = False
    has_app: bool = False


def _event(
    table: str, columns: dict[str, str], terms: dict[str, str], *, address: bool = False, subject: bool = True
) -> _Target:
    shared = {"event_id": "i.event_id", "occurred_at": "coalesce(i.occurred_at, :fetched_at)", "is_test": "i.is_test"}
    if address:
        columns = {"url_id": "url.url_id", **columns}
    if subject:
        columns = {"subject_id": "subject.subject_id", **columns}
    return _Target(table, "source_id, event_id", shared | columns, terms, has_address=address, has_subject=subject)


_SIGHTING: Final = {
    "published_at": "coalesce(i.published, 0)",
    "seen_at": "coalesce(i.published, :fetched_at)",
    "claim": "i.claim",
    "is_test": "i.is_test",
    "named_id": "i.brand",
    "programme_id": "i.programme",
}
_NAMED: Final = {"brand": "brand", "programme": "programme"}

_TARGETS: Final = MappingProxyType(
    {
        "address": _Target(
            "sighting",
            "url_id, source_id, published_at",
            {"url_id": "url.url_id"} | _SIGHTING,
            _NAMED,
            has_address=True,
        ),
        "app": _Target(
            "app_sighting",
            "app_id, source_id, published_at",
            {"app_id": "app.app_id"} | _SIGHTING,
            _NAMED,
            has_app=True,
        ),
        "url_check": _event(
            "url_check",
            {"actor_id": "i.actor", "result_id": "i.result", "programme_id": "i.programme"},
            {"actor": "actor", "result": "result", "programme": "programme"},
            address=True,
        ),
        "warning": _event(
            "warning",
            {
                "stage_id": "i.stage",
                "warning": "i.warning",
                "channel_id": "i.channel",
                "sink_id": "i.sink",
                "campaign_id": "i.campaign",
                "programme_id": "i.programme",
            },
            {name: name for name in ("stage", "channel", "sink", "campaign", "programme")},
            address=True,
        ),
        "intervention": _event(
            "intervention",
            {
                "type_id": "i.type",
                '"order"': 'i."order"',
                "reason_id": "i.reason",
                "scam_confirmed": "i.scam_confirmed",
                "later_loss": "i.later_loss",
                "programme_id": "i.programme",
            },
            {"type": "intervention", "reason": "reason", "programme": "programme"},
        ),
        "loss": _event(
            "loss",
            {
                "type_id": "i.type",
                "episode": "i.episode",
                "amount_fen": "i.amount_fen",
                "tier_id": "i.tier",
                "bearer_id": "i.bearer",
                "confirmed_by_id": "i.confirmed_by",
                "programme_id": "i.programme",
            },
            {
                "type": "loss",
                "tier": "tier",
                "bearer": "bearer",
                "confirmed_by": "confirmed_by",
                "programme": "programme",
            },
        ),
        "attack_event": _event(
            "attack_event",
            {
                "type_id": "i.type",
                "attack": "i.attack",
                "package": "i.package",
                "named_id": "i.brand",
                "fraud_type_id": "i.fraud_type",
                "action_id": "i.action",
                "channel_id": "i.channel",
                "cause_id": "i.cause",
                "programme_id": "i.programme",
            },
            {
                "type": "attack_event",
                "brand": "brand",
                "fraud_type": "fraud_type",
                "action": "action",
                "channel": "channel",
                "cause": "cause",
                "programme": "programme",
            },
            address=True,
            subject=False,
        ),
        "verdict": _event(
            "verdict",
            {
                "package": "i.package",
                "answer_id": "i.answer",
                "named_id": "i.brand",
                '"by"': 'i."by"',
                "why": "i.why",
            },
            {"answer": "answer", "brand": "brand"},
            address=True,
            subject=False,
        ),
        "reported_figure": _Target(
            "reported_figure",
            "source_id, event_id",
            {
                "event_id": "i.event_id",
                "kpi": "i.kpi",
                "year": "i.year",
                "value": "i.value",
                "document": "i.document",
                "page": "i.page",
            },
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a batch comes from."""

    source_id: int
    document_id: int | None
    """Null for events that fanzha itself makes (a URL check, a verdict given at the terminal)."""
    fetched_at: int
    """Stands for the time of rows whose source gives none."""


def save_rows(database: Database, terms: Terms, kind: str, rows: pl.DataFrame, origin: Provenance) -> int:
    """Store normalised rows of a kind; call within a transaction.

    Returns:
        How many were new; the others were held already.
    """
    if rows.is_empty():
        return 0
    target = _TARGETS[kind]
    _load(database, rows.with_columns(terms.resolve(v, rows[c]).alias(c) for c, v in target.terms.items()))
    for wanted, statement in (
        (target.has_address, _HOST),
        (target.has_address, _URL),
        (target.has_subject, _SUBJECT),
        (target.has_app, _APP),
    ):
        if wanted:
            database.execute(statement)
    return _insert(database, target, origin)


def _load(database: Database, rows: pl.DataFrame) -> None:
    names = ", ".join(f'"{name}"' for name in rows.columns)
    marks = ", ".join("?" * rows.width)
    database.execute("DROP TABLE IF EXISTS temp.incoming")
    database.execute(f"CREATE TEMP TABLE incoming ({names})")
    database.conn.executemany(f"INSERT INTO temp.incoming VALUES ({marks})", rows.iter_rows())  # noqa: S608 - our own names


def _insert(database: Database, target: _Target, origin: Provenance) -> int:
    columns = {**target.columns, "source_id": ":source_id", "document_id": ":document_id", "position": "i.position"}
    joins = (
        (_JOIN_URL if target.has_address else "")
        + (_JOIN_SUBJECT if target.has_subject else "")
        + (_JOIN_APP if target.has_app else "")
    )
    statement = (
        f"INSERT INTO {target.table} ({', '.join(columns)}) "  # noqa: S608 - our own names
        f"SELECT {', '.join(columns.values())} FROM incoming AS i{joins} WHERE TRUE "
        f"ON CONFLICT ({target.key}) DO NOTHING"
    )
    cursor = database.execute(
        statement,
        {"source_id": origin.source_id, "document_id": origin.document_id, "fetched_at": origin.fetched_at},
    )
    return cursor.rowcount
