"""The frames the figures are counted from: text resolved, instants Unix ms, money fen; and what all counts share."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import polars as pl

from db.period import Period

Frames = Mapping[str, pl.LazyFrame]

_ORIGIN: Final = {
    "source": pl.String(),
    "is_synthetic": pl.Boolean(),
    "document": pl.String(),
    "position": pl.Int64(),
}
_TEST: Final = {"is_test": pl.Boolean()}
_EVENT: Final = {"event_key": pl.String(), "occurred_at": pl.Int64(), **_TEST}
_SUBJECT: Final = {"subject": pl.Int64()}
_PROGRAMME: Final = {"programme": pl.String()}


_SEEN: Final = {
    "seen_at": pl.Int64(),
    "claim": pl.Int8(),
    "first_seen_at": pl.Int64(),
    "is_named": pl.Boolean(),
    "is_allowed": pl.Boolean(),
}


def _texts(*names: str) -> dict[str, pl.String]:
    return {name: pl.String() for name in names}


FRAMES: Final[Mapping[str, pl.Schema]] = MappingProxyType(
    {
        name: pl.Schema(columns)
        for name, columns in {
            "sightings": {
                "address_id": pl.Int64(),
                "host_id": pl.Int64(),
                "registrable_domain": pl.String(),
                **_SEEN,
                **_TEST,
                **_ORIGIN,
            },
            "app_sightings": {
                "app_id": pl.Int64(),
                "package": pl.String(),
                **_SEEN,
                **_TEST,
                **_ORIGIN,
            },
            "verdicts": {
                "address_id": pl.Int64(),
                "host_id": pl.Int64(),
                "is_bare": pl.Boolean(),
                "package": pl.String(),
                "answer": pl.String(),
                "occurred_at": pl.Int64(),
                **_TEST,
            },
            "url_checks": {
                **_EVENT,
                "address_id": pl.Int64(),
                **_SUBJECT,
                **_texts("actor", "result"),
                **_ORIGIN,
            },
            "warnings": {
                **_EVENT,
                **_texts("warning", "stage", "channel", "sink", "campaign"),
                "address_id": pl.Int64(),
                **_SUBJECT,
                **_ORIGIN,
            },
            "interventions": {
                **_EVENT,
                **_texts("type", "order", "reason"),
                "scam_confirmed": pl.Boolean(),
                "later_loss": pl.Boolean(),
                **_SUBJECT,
                **_ORIGIN,
            },
            "losses": {
                **_EVENT,
                **_texts("type", "episode"),
                "amount_fen": pl.Int64(),
                **_texts("tier", "bearer", "confirmed_by"),
                **_PROGRAMME,
                **_SUBJECT,
                **_ORIGIN,
            },
            "attack_events": {
                **_EVENT,
                **_texts("type", "action", "channel", "cause", "basis", "attack_key"),
                **_ORIGIN,
            },
            "attacks": {
                **_texts("attack_key", "target", "brand", "fraud_type", "cause"),
                "is_own": pl.Boolean(),
                "confidence": pl.Int64(),
                "confirmed_at": pl.Int64(),
                "dismissed_at": pl.Int64(),
                "first_action_at": pl.Int64(),
                "unconfirmed_at": pl.Int64(),
                "closed_at": pl.Int64(),
            },
            "opinion_items": {
                **_EVENT,
                **_texts("source_class", "platform", "item", "cluster", "relevance"),
                "address_id": pl.Int64(),
                "published_at": pl.Int64(),
                "detected_at": pl.Int64(),
                **_ORIGIN,
            },
            "kits": {
                **_EVENT,
                **_texts("kit", "family", "kit_sha256"),
                "analyst_confirmed": pl.Boolean(),
                **_ORIGIN,
            },
            "channels_and_actors": {
                **_EVENT,
                **_texts("type", "channel", "role", "risk", "outcome"),
                "relevant": pl.Boolean(),
                **_SUBJECT,
                **_ORIGIN,
            },
            "soc_alerts": {
                **_EVENT,
                **_texts("state", "alert", "incident", "rule", "entity", "domain", "severity", "disposition"),
                **_SUBJECT,
                **_ORIGIN,
            },
            "case_events": {
                **_EVENT,
                **_texts("type", "case_number", "referral", "closure", "proof", "role", "account"),
                "amount_fen": pl.Int64(),
                **_texts("attribution", "fraud_class"),
                **_SUBJECT,
                **_ORIGIN,
            },
            "service_events": {
                **_EVENT,
                **_texts("type", "service", "session", "content", "visitor", "attendee", "confirmed_by"),
                "seconds": pl.Int64(),
                **_SUBJECT,
                **_ORIGIN,
            },
            "reported_figures": {
                "kpi": pl.String(),
                "year": pl.Int64(),
                **_texts("value", "document_title", "page"),
                **_ORIGIN,
            },
            "signed_figures": {
                **_texts("kpi", "value", "definition_version"),
                "year": pl.Int64(),
                "is_synthetic": pl.Boolean(),
                "entry": pl.Int64(),
            },
        }.items()
    }
)
"""The columns that are read; frames may have more, which `records` hands on. Ids, keys and subjects may be of any
type that can be compared (integers need a third of the memory of text); an `event_key` stands once in its frame.
`attack_key` of an attack event says which of `attacks` it belongs to, `basis` what it rests on where it is not the
company's word. Of all real sightings of an address or app, in whichever year, say: `first_seen_at` when the first was;
`is_named` whether one calls it malicious; `is_allowed` whether one, or one of its host as a whole, calls it benign.
Sightings, checks, warnings, alerts and services may lack what is of other years."""


def real(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The rows that are not tests."""
    return frame.filter(~pl.col("is_test").fill_null(value=False))


def real_in(frame: pl.LazyFrame, period: Period, time: str) -> pl.LazyFrame:
    """The rows of the period that are not tests."""
    return real(frame).filter(period.holds(time))


def key_of(*parts: pl.Expr, needs: pl.Expr) -> pl.Expr:
    """The parts as one text that keeps them apart; where `needs` is null, the event counts for itself.

    Args:
        parts: what makes two events count as one.
        needs: the part without which nobody can say that they do.
    """
    named = pl.struct(part.alias(str(place)) for place, part in enumerate(parts)).struct.json_encode()
    # pl.format panics on a portion of which a filter has left no row
    return pl.when(needs.is_not_null()).then(named).otherwise(pl.concat_str(pl.lit("event "), "event_key"))


def new_in(rows: pl.LazyFrame, period: Period) -> pl.LazyFrame:
    """The rows in the period of each `unit` whose first row, of those given, is in it: a unit is of one year only."""
    first = pl.col("occurred_at").min().over("unit")
    return rows.with_columns(first_at=first).filter(period.holds("occurred_at"), period.holds("first_at"))
