"""Records as polars frames, as the roll-up takes them: terms as words, times as Unix milliseconds.

A frame is read while it is collected, in batches and only the columns asked for: a year's warnings fit in no memory.
"""

import os
import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import count
from types import MappingProxyType
from typing import Final

import polars as pl
from polars.io.plugins import register_io_source
from sqlite_utils import Database

from db.archives import MOVED, Span, join_archived
from db.event_frames import EVENT_FRAMES
from db.ledger import signed_figures
from db.packed import read_packed
from db.period import Period
from db.pushdown import Decided, Domain, decide
from db.turns import SharedConnection
from db.views import ADDRESS_SQL, TARGET_SQL

LANDED_SQL: Final = (
    "substr(document.digest, 1, 2) || '/' || document.digest || iif(document.is_encrypted, '.enc', '.z')"
)
"""The landing file of a row of `document`."""

_ORIGIN: Final = {
    "source": ("source.name", pl.String),
    "is_synthetic": ("source.is_synthetic", pl.Boolean),
    "document": ("document.name", pl.String),
    "landed": (LANDED_SQL, pl.String),
    "format": ("source.format", pl.String),
    "position": ("{table}.position", pl.Int64),
}
_JOINS: Final = MappingProxyType(
    {
        "host": "host.host_id = url.host_id",
        "url": "url.url_id = {table}.url_id",
        "app": "app.app_id = {table}.app_id",
        "source": "source.source_id = {table}.source_id",
        "document": "document.document_id = {table}.document_id",
    }
)
"""Table -> how its row is found; what another needs comes after it."""
_EVENT: Final = {
    "event_key": ("source.name || '/' || {table}.event_id", pl.String),
    "occurred_at": ("{table}.occurred_at", pl.Int64),
    "is_test": ("{table}.is_test", pl.Boolean),
}

_VOCABULARIES: Final = MappingProxyType({"named": "brand"})
"""Of the terms that a column called otherwise holds; a `type` is of its table's vocabulary."""

_OF_SOURCE: Final = frozenset({"source", "is_synthetic", "format"})
_ONE: Final = {"one": pl.Int64}
_IDS: Final[Mapping[str, Mapping[str, "Column"]]] = {
    "source_id": {"source_id": ("{table}.source_id", pl.Int64)},
    "document_id": {"document_id": ("{table}.document_id", pl.Int64)},
    "url_id": {"address_id": ("{table}.url_id", pl.Int64), "address": (ADDRESS_SQL, pl.String)},
    "subject_id": {"subject": ("{table}.subject_id", pl.Int64)},
}
"""Column of a table that names a row of another -> what an event says in its place."""

_JOINED_AHEAD: Final = "100000"
"""Rows that polars reads of both sides before it joins them, to find the smaller: a gigabyte of a year's by default."""
os.environ.setdefault("POLARS_JOIN_SAMPLE_LIMIT", _JOINED_AHEAD)
pl.Config.reload_env_vars()

Column = tuple[str, type[pl.DataType] | pl.DataType]


@dataclass(frozen=True, slots=True)
class _Frame:
    """A frame's table, and its columns by an SQL expression each, of it and `_JOINS`; `term_x` is the word of x_id."""

    table: str
    columns: Mapping[str, Column]
    time: str = ""
    """The clock by which a year of it suffices; without one, what happened in other years is needed too."""
    words: Mapping[str, str] = field(default_factory=dict)
    """The columns of terms -> the vocabulary of each."""
    key: str = ""
    """What `told` tells of: the table's key begins with it."""


def _event(table: str, columns: Mapping[str, Column], words: tuple[str, ...] = (), time: str = "") -> _Frame:
    terms = {word: (f"term_{word}.name", pl.String) for word in words}
    vocabularies = {word: _VOCABULARIES.get(word, table if word == "type" else word) for word in words}
    return _Frame(table, {**_EVENT, **terms, **columns}, time, vocabularies)


_TOLD: Final = {"first_seen_at": "min(seen_at)", "is_named": "max(claim) = 1", "is_allowed": "min(claim) = -1"}
"""What all real sightings of one thing say, whenever; a thing that has none but tests is in no frame that asks."""


def _seen(table: str, allowed: str = "FALSE") -> dict[str, Column]:
    """What is said of an address or an app, in one sighting and in all of them."""
    return {
        "seen_at": (f"{table}.seen_at", pl.Int64),
        "claim": (f"{table}.claim", pl.Int8),
        "is_test": ("{table}.is_test", pl.Boolean),
        "first_seen_at": ("told.first_seen_at", pl.Int64),
        "is_named": ("told.is_named", pl.Boolean),
        "is_allowed": (f"(told.is_allowed OR {allowed})", pl.Boolean),
    }


_ALLOWED: Final = """SELECT bare.host_id FROM sighting AS listed JOIN url AS bare ON bare.url_id = listed.url_id
    WHERE listed.claim = -1 AND NOT listed.is_test AND bare.tail = ''"""
_HOST_ALLOWED: Final = "url.host_id IN {listed}"
"""`listed` is found once, by the query before, and kept while the frame is read."""
_SUBJECT: Final[Mapping[str, Column]] = {"subject": ("{table}.subject_id", pl.Int64)}
_TARGET: Final = f"coalesce({TARGET_SQL}, attack_event.package)"

_READINGS: Final = count()

_FRAMES: Final = MappingProxyType(
    {
        "sightings": _Frame(
            "sighting",
            {
                "address_id": ("sighting.url_id", pl.Int64),
                "host_id": ("url.host_id", pl.Int64),
                "host": ("host.name", pl.String),
                "registrable_domain": ("host.registrable_domain", pl.String),
                **_seen("sighting", _HOST_ALLOWED),
            },
            "seen_at",
            key="url_id",
        ),
        "app_sightings": _Frame(
            "app_sighting",
            {
                "app_id": ("app_sighting.app_id", pl.Int64),
                "package": ("app.package", pl.String),
                "name": ("app.name", pl.String),
                **_seen("app_sighting"),
            },
            "seen_at",
            key="app_id",
        ),
        "verdicts": _event(
            "verdict",
            {
                "address_id": ("verdict.url_id", pl.Int64),
                "host_id": ("url.host_id", pl.Int64),
                "is_bare": ("url.tail = ''", pl.Boolean),
                "package": ("verdict.package", pl.String),
            },
            ("answer",),
        ),
        "url_checks": _event(
            "url_check",
            {"address_id": ("url_check.url_id", pl.Int64), **_SUBJECT},
            ("actor", "result"),
            time="occurred_at",
        ),
        "warnings": _event(
            "warning",
            {"warning": ("warning.warning", pl.String), "address_id": ("warning.url_id", pl.Int64), **_SUBJECT},
            ("stage", "channel", "sink", "campaign", "programme"),
            time="occurred_at",
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
                "address": (ADDRESS_SQL, pl.String),
            },
            ("type", "named", "fraud_type", "action", "channel", "cause"),
        ),
        **{
            name: _event(one.table, one.columns, one.words, "occurred_at" if one.is_bounded else "")
            for name, one in EVENT_FRAMES.items()
        },
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


def scan_frames(database: Database, period: Period | None = None) -> dict[str, pl.LazyFrame]:
    """All frames, read as they are collected; with provenance in each: `source`, its `format`, `document` ...

    Args:
        database: stays open, and in one transaction (`db.connection.snapshot`), until the last is collected.
        period: what it leaves out of the frames that have a time (sightings, URL checks, warnings, alerts, services)
            is not read; None reads all.
    """
    live = {name: _scan(database, frame, period) for name, frame in _FRAMES.items()}
    kinds = {name: frame.table for name, frame in _FRAMES.items() if frame.table in MOVED}
    asked = None if period is None else Span(period.start, period.end)
    live["signed_figures"] = signed_figures(database).lazy()
    return join_archived(database, live, kinds, {name: asked if _FRAMES[name].time else None for name in kinds})


def scan_events(database: Database, table: str, span: Span) -> pl.LazyFrame:
    """Events of a table within a span with all that is known of them, to stand for themselves: words and ids alike."""
    frame = next(frame for frame in _FRAMES.values() if frame.table == table)
    columns: dict[str, Column] = {**frame.columns}
    for _, name, kind, *_ in database.execute(f"PRAGMA table_info({table})"):
        word = name.removesuffix("_id")
        if name in _IDS:
            columns |= {key: (said.format(table=table), dtype) for key, (said, dtype) in _IDS[name].items()}
        elif name in {word, "event_id"}:
            columns.setdefault(name, (f'{table}."{name}"', pl.Int64 if kind == "INTEGER" else pl.String))
        else:
            columns.setdefault(word, (f"term_{word}.name", pl.String))
    return _scan(database, replace(frame, columns=columns, time="occurred_at"), span)


def _scan(database: Database, frame: _Frame, period: Period | Span | None) -> pl.LazyFrame:
    columns = {**frame.columns, **_ORIGIN}
    schema = pl.Schema({name: dtype for name, (_, dtype) in columns.items()})
    is_bounded = period is not None and frame.time
    ending = f"{{table}}.{frame.time} >= ? AND {{table}}.{frame.time} < ?" if is_bounded else ""
    bounds = (period.start, period.end) if period is not None and frame.time else ()
    shared = database.conn
    assert isinstance(shared, SharedConnection)  # noqa: S101 - as db.connection opens it

    def batches(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        with shared.turn:
            if shared.is_closed:
                return
            decided = _decided(database, frame, predicate)
            names = with_columns or schema.names()
            wanted = pl.Schema({name: schema[name] for name in names if name not in decided.pinned})
            coded = _coded(database, frame, wanted)
        pinned = [pl.lit(decided.pinned[name], schema[name]).alias(name) for name in names if name in decided.pinned]
        told = {name: coded[name][0] if name in coded else columns[name][0] for name in wanted}
        selected = {name: sql.replace("{table}", frame.table) for name, sql in told.items()} or {"one": "1"}
        read = {name: pl.Int64 if name in coded else dtype for name, dtype in wanted.items()} or _ONE
        words = [
            pl.col(name).replace_strict(said, default=None, return_dtype=wanted[name])
            for name, (_, said) in coded.items()
        ]
        asked = " ".join(selected.values())
        is_told = "told." in asked
        where = " AND ".join(filter(None, ("" if is_told else "{among}", ending, decided.sql))) or "TRUE"
        query = f"FROM {_origin(frame, is_told=is_told)}{_joins(asked)} WHERE {where}".replace("{table}", frame.table)
        left = n_rows
        with _listed(shared) if "{listed}" in asked else nullcontext("") as listed:
            said = {name: sql.replace("{listed}", listed) for name, sql in selected.items()}
            for batch in read_packed(shared, said, read, query, (frame.table, _key(frame)), bounds):
                framed = batch.with_columns(words).select(*wanted, *pinned).select(names)
                if left is not None:
                    framed = framed.head(left)
                    left -= framed.height
                yield framed if predicate is None else framed.filter(predicate)
                if left == 0:
                    return

    def watched(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        return shared.read(batches(with_columns, predicate, n_rows, batch_size))

    return register_io_source(watched, schema=schema)


def _coded(database: Database, frame: _Frame, wanted: Mapping[str, object]) -> dict[str, tuple[str, dict[int, object]]]:
    """Of the columns that repeat few words: the id that stands for each in the table, and the word of each id."""
    coded: dict[str, tuple[str, dict[int, object]]] = {}
    for name in wanted:
        if name in _OF_SOURCE:
            query = f"SELECT source_id, {name if name != 'source' else 'name'} FROM source"  # noqa: S608 - our own names
            coded[name] = ("{table}.source_id", dict(database.execute(query).fetchall()))
        elif name in frame.words and name not in _VOCABULARIES:
            query = "SELECT term_id, name FROM term WHERE vocabulary = ?"
            coded[name] = (f"{{table}}.{name}_id", dict(database.execute(query, [frame.words[name]]).fetchall()))
    return {name: (sql, said) for name, (sql, said) in coded.items() if said}


@contextmanager
def _listed(shared: SharedConnection) -> Generator[str]:
    """The hosts that an allowlist names, as a table of this reading alone."""
    name = f"temp.listed_{next(_READINGS)}"
    with shared.turn:
        if not shared.is_closed:
            shared.execute(f"CREATE TABLE {name} (host_id INTEGER PRIMARY KEY)")
            shared.execute(f"INSERT OR IGNORE INTO {name} {_ALLOWED}")
    try:
        yield name
    finally:
        with shared.turn:
            if not shared.is_closed:
                shared.execute(f"DROP TABLE IF EXISTS {name}")


def _key(frame: _Frame) -> tuple[str, ...]:
    """The columns in whose order the rows lie: what is told of one thing together is read together."""
    return (frame.key,) if frame.key else ("source_id", "event_id")


def _origin(frame: _Frame, *, is_told: bool) -> str:
    """The table; where the rows of one thing are told of together, behind them: both run in the table's own order."""
    if not is_told:
        return "{table}"
    told = ", ".join(f"{sql} AS {name}" for name, sql in _TOLD.items())
    return (
        f"(SELECT {frame.key}, {told} FROM {{table}} WHERE NOT is_test AND {{among}} GROUP BY {frame.key}) AS told"  # noqa: S608 - our own names
        f" CROSS JOIN {{table}} ON {{table}}.{frame.key} = told.{frame.key}"
    )


def _decided(database: Database, frame: _Frame, predicate: pl.Expr | None) -> Decided:
    """What of the predicate SQLite can decide: conditions on terms and flags."""
    if predicate is None:
        return Decided()
    wanted = set(predicate.meta.root_names())
    domains = {
        # whether a row is a test, each says
        name: Domain(f"{{table}}.{name}", {True: 1, False: 0} | ({} if name == "is_test" else {None: None}))
        for name, (sql, dtype) in frame.columns.items()
        if name in wanted and dtype == pl.Boolean and sql == f"{{table}}.{name}"
    }
    for word, vocabulary in frame.words.items():
        if word in wanted:
            terms = database.execute("SELECT name, term_id FROM term WHERE vocabulary = ?", [vocabulary]).fetchall()
            domains[word] = Domain(f"{{table}}.{word}_id", dict(terms) | {None: None})
    return decide(predicate, domains)


def _joins(selected: str) -> str:
    """The joins that expressions need, and no other: each costs a look-up a row."""
    text, joins = selected, ""
    for name, condition in _JOINS.items():
        if re.search(rf"\b{name}\.", text):
            joins, text = f" LEFT JOIN {name} ON {condition}{joins}", f"{text} {condition}"
    for word in sorted(set(re.findall(r"\bterm_(\w+)\.", selected))):
        joins += f" LEFT JOIN term AS term_{word} ON term_{word}.term_id = {{table}}.{word}_id"
    return joins


def read_query(
    database: Database,
    query: str,
    schema: Mapping[str, type[pl.DataType] | pl.DataType],
    arguments: tuple[object, ...] = (),
) -> pl.DataFrame:
    """What a query answers, as a frame; 0/1 columns become booleans where the schema says so."""
    return _framed(database.execute(query, arguments).fetchall(), schema)


def _framed(rows: list[tuple[object, ...]], schema: Mapping[str, type[pl.DataType] | pl.DataType]) -> pl.DataFrame:
    stored = {name: pl.Int64 if dtype == pl.Boolean else dtype for name, dtype in schema.items()}
    flags = [name for name, dtype in schema.items() if dtype == pl.Boolean]
    return pl.DataFrame(rows, schema=stored, orient="row").with_columns(pl.col(flags).cast(pl.Boolean))
