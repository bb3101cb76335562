"""Where rows of each kind go: their table, its key and columns, the terms and the things that rows name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import polars as pl


@dataclass(frozen=True, slots=True)
class Noun:
    """A table of things that rows name: each once, known by its natural key."""

    table: str
    id: str
    key: tuple[str, ...]
    columns: Mapping[str, str]
    """Column of the table -> column of the batch."""

    @property
    def batch_key(self) -> list[str]:
        """The natural key's columns in the batch."""
        return [self.columns[name] for name in self.key]


_HOST: Final = Noun(
    "host",
    "host_id",
    ("name",),
    {"name": "host"} | {name: name for name in ("registrable_length", "suffix_length", "is_shared")},
)
_URL: Final = Noun("url", "url_id", ("host_id", "tail"), {"host_id": "host_id", "tail": "tail"})
_SUBJECT: Final = Noun("subject", "subject_id", ("pseudonym",), {"pseudonym": "subject"})
_APP: Final = Noun(
    "app",
    "app_id",
    ("key",),
    {
        name: name
        for name in (
            "key",
            "store",
            "package",
            "name",
            "developer",
            "version",
            "certificate",
            "apk_sha256",
            "icon",
            "download",
        )
    },
)


@dataclass(frozen=True, slots=True)
class Target:
    """How rows of a kind reach their table."""

    table: str
    key: tuple[str, ...]
    columns: Mapping[str, pl.Expr]
    """Column of the table -> expression over the batch; `fetched_at` stands in it beside the row's own."""
    terms: Mapping[str, str] = field(default_factory=dict)
    """Column of the batch -> vocabulary; its text is replaced by the term's id."""
    nouns: tuple[Noun, ...] = ()
    """What the rows name, in an order in which each has what its key needs."""


def _event(
    table: str,
    columns: dict[str, pl.Expr],
    terms: dict[str, str],
    *,
    address: bool = False,
    subject: bool = True,
) -> Target:
    shared = {
        "event_id": pl.col("event_id"),
        "occurred_at": pl.coalesce("occurred_at", "fetched_at"),
        "is_test": pl.col("is_test"),
    }
    nouns = ((_HOST, _URL) if address else ()) + ((_SUBJECT,) if subject else ())
    ids = {noun.id: pl.col(noun.id) for noun in nouns if noun is not _HOST}
    return Target(table, ("source_id", "event_id"), shared | ids | columns, terms, nouns)


def _of_columns(table: str, own: str, terms: str, *, address: bool = False, subject: bool = True) -> Target:
    """Events whose columns are called as their fields: those stored as they are, and those that are terms."""
    vocabularies = {name: table if name == "type" else name for name in (*terms.split(), "programme")}
    columns = {name: pl.col(name) for name in own.split()} | {f"{name}_id": pl.col(name) for name in vocabularies}
    return _event(table, columns, vocabularies, address=address, subject=subject)


_SIGHTING: Final = {
    "published_at": pl.col("published").fill_null(0),
    "seen_at": pl.coalesce("published", "fetched_at"),
    "claim": pl.col("claim"),
    "is_test": pl.col("is_test"),
    "named_id": pl.col("brand"),
    "programme_id": pl.col("programme"),
}
_NAMED: Final = {"brand": "brand", "programme": "programme"}

TARGETS: Final = MappingProxyType(
    {
        "address": Target(
            "sighting",
            ("url_id", "source_id", "published_at"),
            {"url_id": pl.col("url_id")} | _SIGHTING,
            _NAMED,
            (_HOST, _URL),
        ),
        "app": Target(
            "app_sighting",
            ("app_id", "source_id", "published_at"),
            {"app_id": pl.col("app_id")} | _SIGHTING,
            _NAMED,
            (_APP,),
        ),
        "url_check": _event(
            "url_check",
            {"actor_id": pl.col("actor"), "result_id": pl.col("result"), "programme_id": pl.col("programme")},
            {"actor": "actor", "result": "result", "programme": "programme"},
            address=True,
        ),
        "warning": _event(
            "warning",
            {
                "stage_id": pl.col("stage"),
                "warning": pl.col("warning"),
                "channel_id": pl.col("channel"),
                "sink_id": pl.col("sink"),
                "campaign_id": pl.col("campaign"),
                "programme_id": pl.col("programme"),
            },
            {name: name for name in ("stage", "channel", "sink", "campaign", "programme")},
            address=True,
        ),
        "intervention": _event(
            "intervention",
            {
                "type_id": pl.col("type"),
                "order": pl.col("order"),
                "reason_id": pl.col("reason"),
                "scam_confirmed": pl.col("scam_confirmed"),
                "later_loss": pl.col("later_loss"),
                "programme_id": pl.col("programme"),
            },
            {"type": "intervention", "reason": "reason", "programme": "programme"},
        ),
        "loss": _event(
            "loss",
            {
                "type_id": pl.col("type"),
                "episode": pl.col("episode"),
                "amount_fen": pl.col("amount_fen"),
                "tier_id": pl.col("tier"),
                "bearer_id": pl.col("bearer"),
                "confirmed_by_id": pl.col("confirmed_by"),
                "programme_id": pl.col("programme"),
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
                "type_id": pl.col("type"),
                "attack": pl.col("attack"),
                "package": pl.col("package"),
                "named_id": pl.col("brand"),
                "fraud_type_id": pl.col("fraud_type"),
                "action_id": pl.col("action"),
                "channel_id": pl.col("channel"),
                "cause_id": pl.col("cause"),
                "programme_id": pl.col("programme"),
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
                "package": pl.col("package"),
                "answer_id": pl.col("answer"),
                "named_id": pl.col("brand"),
                "fraud_type_id": pl.col("fraud_type"),
                "by": pl.col("by"),
                "why": pl.col("why"),
            },
            {"answer": "answer", "brand": "brand", "fraud_type": "fraud_type"},
            address=True,
            subject=False,
        ),
        "opinion_item": _of_columns(
            "opinion_item",
            "published_at detected_at item cluster",
            "source_class platform relevance",
            address=True,
            subject=False,
        ),
        "kit": _event(
            "kit",
            {
                **{name: pl.col(name) for name in ("kit", "family", "kit_sha256", "analyst_confirmed")},
                "named_id": pl.col("brand"),
                "fraud_type_id": pl.col("fraud_type"),
                "programme_id": pl.col("programme"),
            },
            {"brand": "brand", "fraud_type": "fraud_type", "programme": "programme"},
            address=True,
            subject=False,
        ),
        "channel_or_actor": _of_columns(
            "channel_or_actor", "channel relevant", "type platform role risk outcome fraud_class"
        ),
        "soc_alert": _of_columns("soc_alert", "alert incident entity", "state rule domain severity disposition"),
        "case_event": _of_columns(
            "case_event",
            "case_number referral proof account amount_fen",
            "type closure role attribution fraud_class",
        ),
        "service_event": _of_columns(
            "service_event", "session seconds", "type service content visitor attendee confirmed_by"
        ),
        "correction": _event(
            "correction",
            {name: pl.col(name) for name in ("source", "corrected", "replacement", "by", "why")},
            {},
            subject=False,
        ),
        "reported_figure": Target(
            "reported_figure",
            ("source_id", "event_id"),
            {
                "event_id": pl.col("event_id"),
                "kpi": pl.col("kpi"),
                "year": pl.col("year"),
                "value": pl.col("value"),
                "document": pl.col("document"),
                "page": pl.col("page"),
            },
        ),
    }
)
