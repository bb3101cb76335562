"""Records as polars frames, as the roll-up takes them: terms as words, times as Unix milliseconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import polars as pl
from sqlite_utils import Database

_ORIGIN: Final = {
    "source": ("source.name", pl.String),
    "is_synthetic": ("source.is_synthetic", pl.Boolean),
    "document": ("document.name", pl.String),
    "landed": (
        "substr(document.digest, 1, 2) || '/' || document.digest || iif(document.is_encrypted, '.enc', '.z')",
        pl.String,
    ),
    "format": ("source.format", pl.String),
    "position": ("{table}.position", pl.Int64),
}
_JOIN_ORIGIN: Final = (
    " JOIN source ON source.source_id = {table}.source_id"
    " LEFT JOIN document ON document.document_id = {table}.document_id"
)
_EVENT: Final = {
    "event_key": ("source.name || '/' || {table}.event_id", pl.String),
    "occurred_at": ("{table}.occurred_at", pl.Int64),
    "is_test": ("{table}.is_test", pl.Boolean),
}

Column = tuple[str, type[pl.DataType] | pl.DataType]


@dataclass(frozen=True, slots=True)
class _Frame:
    """A frame's table, its columns by an SQL expression each, and the joins they need."""

    table: str
    columns: Mapping[str, Column]
    joins: str = ""


def _event(table: str, columns: Mapping[str, Column], words: tuple[str, ...] = (), joins: str = "") -> _Frame:
    terms = {word: (f"term_{word}.name", pl.String) for word in words}
    term_joins = "".join(f" LEFT JOIN term AS term_{word} ON term_{word}.term_id = {table}.{word}_id" for word in words)
    return _Frame(table, {**_EVENT, **terms, **columns}, joins + term_joins)


_SUBJECT: Final[Mapping[str, Column]] = {"subject": ("{table}.subject_id", pl.Int64)}
_TARGET: Final = "coalesce(host.name, attack_event.package)"
_JOIN_HOST: Final = " LEFT JOIN url ON url.url_id = {table}.url_id LEFT JOIN host ON host.host_id = url.host_id"

_FRAMES: Final = MappingProxyType(
    {
        "sightings": _Frame(
            "sighting",
            {
                "address_id": ("sighting.url_id", pl.Int64),
                "host": ("host.name", pl.String),
                "registrable_domain": ("host.registrable_domain", pl.String),
                "is_bare": ("url.tail = ''", pl.Boolean),
                "seen_at": ("sighting.seen_at", pl.Int64),
                "claim": ("sighting.claim", pl.Int8),
                "is_test": ("sighting.is_test", pl.Boolean),
            },
            " JOIN url ON url.url_id = sighting.url_id JOIN host ON host.host_id = url.host_id",
        ),
        "app_sightings": _Frame(
            "app_sighting",
            {
                "app_id": ("app_sighting.app_id", pl.Int64),
                "package": ("app.package", pl.String),
                "name": ("app.name", pl.String),
                "seen_at": ("app_sighting.seen_at", pl.Int64),
                "claim": ("app_sighting.claim", pl.Int8),
                "is_test": ("app_sighting.is_test", pl.Boolean),
            },
            " JOIN app ON app.app_id = app_sighting.app_id",
        ),
        "verdicts": _event(
            "verdict",
            {
                "address_id": ("verdict.url_id", pl.Int64),
                "host": ("host.name", pl.String),
                "is_bare": ("url.tail = ''", pl.Boolean),
                "package": ("verdict.package", pl.String),
            },
            ("answer",),
            _JOIN_HOST,
        ),
        "url_checks": _event(
            "url_check", {"address_id": ("url_check.url_id", pl.Int64), **_SUBJECT}, ("actor", "result")
        ),
        "warnings": _event(
            "warning",
            {"warning": ("warning.warning", pl.String), "address_id": ("warning.url_id", pl.Int64), **_SUBJECT},
            ("stage", "channel", "sink", "campaign", "programme"),
        ),
        "interventions": _event(
            "intervention",
            {
                "order": ('intervention."order"', pl.String),
                "scam_confirmed": ("intervention.scam_confirmed", pl.Boolean),
                "later_loss": ("intervention.later_loss", pl.Boolean),
                **_SUBJECT,
            },
            ("type", "reason", "programme"),
        ),
        "losses": _event(
            "loss",
            {"episode": ("loss.episode", pl.String), "amount_fen": ("loss.amount_fen", pl.Int64), **_SUBJECT},
            ("type", "tier", "bearer", "confirmed_by", "programme"),
        ),
        "attack_events": _event(
            "attack_event",
            {
                "attack": ("attack_event.attack", pl.String),
                "target": (_TARGET, pl.String),
            },
            ("type", "named", "fraud_type", "action", "channel", "cause"),
            _JOIN_HOST,
        ),
        "reported_figures": _Frame(
            "reported_figure",
            {
                "kpi": ("reported_figure.kpi", pl.String),
                "year": ("reported_figure.year", pl.Int64),
                "value": ("reported_figure.value", pl.String),
                "document_title": ("reported_figure.document", pl.String),
                "page": ("reported_figure.page", pl.String),
            },
        ),
    }
)


def read_frame(database: Database, name: str) -> pl.DataFrame:
    """All records of one frame; with provenance in each: `source`, its `format`, `document`, `landed`, `position`."""
    frame = _FRAMES[name]
    columns = {**frame.columns, **_ORIGIN}
    selected = ", ".join(expression for expression, _ in columns.values())
    query = f"SELECT {selected} FROM {{table}}{frame.joins}{_JOIN_ORIGIN}".format(table=frame.table)  # noqa: S608 - our own names
    return read_query(database, query, {column: dtype for column, (_, dtype) in columns.items()})


def read_query(
    database: Database,
    query: str,
    schema: Mapping[str, type[pl.DataType] | pl.DataType],
    arguments: tuple[object, ...] = (),
) -> pl.DataFrame:
    """What a query answers, as a frame; 0/1 columns become booleans where the schema says so."""
    stored = {name: pl.Int64 if dtype == pl.Boolean else dtype for name, dtype in schema.items()}
    rows = database.execute(query, arguments).fetchall()
    flags = [name for name, dtype in schema.items() if dtype == pl.Boolean]
    return pl.DataFrame(rows, schema=stored, orient="row").with_columns(pl.col(flags).cast(pl.Boolean))


FRAMES: Final = tuple(_FRAMES)
