"""The columns of frames that are their tables' own, as data: plain ones with their types, and those of terms."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import polars as pl

Type = type[pl.DataType]
_SUBJECT: Final[Mapping[str, Type]] = {"subject": pl.Int64}


@dataclass(frozen=True, slots=True)
class EventFrame:
    """A frame that is its table, column by column."""

    table: str
    own: Mapping[str, Type]
    """Columns of the table as they are; `subject` and `address_id` are the ids of rows of others."""
    words: tuple[str, ...]
    """Columns of terms."""
    is_bounded: bool = False
    """Whether a year of it suffices for the figures of that year."""

    @property
    def columns(self) -> dict[str, tuple[str, Type]]:
        """Column -> SQL expression and type."""
        ids = {"subject": "subject_id", "address_id": "url_id"}
        return {name: (f"{self.table}.{ids.get(name, name)}", dtype) for name, dtype in self.own.items()}


EVENT_FRAMES: Final = MappingProxyType(
    {
        "opinion_items": EventFrame(
            "opinion_item",
            {
                "published_at": pl.Int64,
                "detected_at": pl.Int64,
                "item": pl.String,
                "cluster": pl.String,
                "address_id": pl.Int64,
            },
            ("source_class", "platform", "relevance"),
        ),
        "kits": EventFrame(
            "kit",
            {
                "kit": pl.String,
                "family": pl.String,
                "kit_sha256": pl.String,
                "analyst_confirmed": pl.Boolean,
                "address_id": pl.Int64,
            },
            ("named", "fraud_type"),
        ),
        "channels_and_actors": EventFrame(
            "channel_or_actor",
            {"channel": pl.String, "relevant": pl.Boolean, **_SUBJECT},
            ("type", "platform", "role", "risk", "outcome", "fraud_class"),
        ),
        "soc_alerts": EventFrame(
            "soc_alert",
            {"alert": pl.String, "incident": pl.String, "entity": pl.String, **_SUBJECT},
            ("state", "rule", "domain", "severity", "disposition"),
            is_bounded=True,
        ),
        "case_events": EventFrame(
            "case_event",
            {
                "case_number": pl.String,
                "referral": pl.String,
                "proof": pl.String,
                "account": pl.String,
                "amount_fen": pl.Int64,
                **_SUBJECT,
            },
            ("type", "closure", "role", "attribution", "fraud_class"),
        ),
        "service_events": EventFrame(
            "service_event",
            {"session": pl.String, "seconds": pl.Int64, **_SUBJECT},
            ("type", "service", "content", "visitor", "attendee", "confirmed_by"),
            is_bounded=True,
        ),
    }
)
"""Frame by frame, what the figures are counted from."""
