"""Rows as published, of any kind, to rows as stored; what cannot be read is rejected with its first fault."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import polars as pl

from analytics.normalise.forms import Read, Reading, read_field
from db.kinds import KINDS, Kind
from db.vocabulary import Claim

_RAW_LIMIT: Final = 2_000
"""Characters of a rejected row that are kept: enough to recognise it, too few to fill a disk."""
_EVENT_ID_DIGITS: Final = 32
"""Hexadecimal digits of SHA-256: among 10^9 events two share one with a chance of 10^-21."""
_ANY_OF: Final = MappingProxyType(
    {
        "app": (("package", "name", "apk_sha256"), "it has neither package, name nor apk_sha256"),
        "attack_event": (("host", "package"), "it has neither address nor package"),
        "verdict": (("host", "package"), "it has neither address nor package"),
        "channel_or_actor": (("channel", "subject"), "it has neither channel nor subject"),
        "case_event": (("case_number", "referral"), "it has neither case_number nor referral"),
    },
)
"""Kind -> stored columns of which a row needs one, and what is said where it has none."""


@dataclass(frozen=True, slots=True)
class Normalised:
    """One batch: rows + rejected = the rows given, in their order.

    Attributes:
        rows: `position` and the kind's columns as stored (`normalise_rows`).
        rejected: `position`, `raw` (JSON of what the row had; empty where rows name people), `reason`.
    """

    rows: pl.DataFrame
    rejected: pl.DataFrame


def normalise_rows(
    kind: str,
    rows: pl.DataFrame,
    *,
    zone: str,
    claim: Claim,
    key: bytes | None,
) -> Normalised:
    """Read rows field by field, as `db.kinds` declares them.

    Columns keep their field's name, but for `address` (-> `host`, `tail`, `registrable_length`, `suffix_length`,
    `is_shared`), money (`amount` -> `amount_fen`, Int64) and `subject` (Binary, 16 bytes). Instants are Int64
    milliseconds UTC, flags Boolean, claims Int8 (`Claim`), integers Int64, the others String. A row of a kind
    with events gets an `event_id` where it has none, an app its `key`.

    Args:
        kind: name in `db.kinds.KINDS`.
        rows: `position` (Int64) and the kind's fields (String) as published.
        zone: IANA name, of times that name none.
        claim: of rows that make none.
        key: for pseudonyms of subjects; None where the source names no people. Where it does, nothing of a
            rejected row is quoted, subject or not: a shifted column may hold a person anywhere.

    Raises:
        ValueError: a row has a subject, and there is no key.
    """
    declared = KINDS[kind]
    has_people = key is not None and "subject" in declared.columns
    reading = Reading(zone, claim, key, has_people=has_people)
    reads = [read_field(field, rows[field.name], reading) for field in declared.fields]
    stored = pl.DataFrame([rows["position"], *(column for read in reads for column in read.columns)])
    reasons = _first_faults(declared, reads, stored)
    is_sound = reasons.is_null()
    kept = _with_keys(declared, stored.filter(is_sound), rows.filter(is_sound))
    faulty = rows.filter(~is_sound)
    raw = pl.Series("raw", [""] * faulty.height if has_people else _as_json(faulty, declared.columns), dtype=pl.String)
    return Normalised(kept, pl.DataFrame([faulty["position"], raw, reasons.drop_nulls()]))


def _first_faults(kind: Kind, reads: Sequence[Read], stored: pl.DataFrame) -> pl.Series:
    faults = [read.fault for read in reads]
    if kind.name in _ANY_OF:
        columns, phrase = _ANY_OF[kind.name]
        has_none = pl.all_horizontal(pl.col(*columns).is_null())
        faults.append(stored.select(pl.when(has_none).then(pl.lit(phrase))).to_series())
    return pl.select(pl.coalesce(faults)).to_series().rename("reason")


def _as_json(rows: pl.DataFrame, columns: Sequence[str]) -> list[str]:
    return [
        json.dumps({name: value for name, value in row.items() if value is not None}, ensure_ascii=False)[:_RAW_LIMIT]
        for row in rows.select(columns).iter_rows(named=True)
    ]


def _with_keys(kind: Kind, stored: pl.DataFrame, published: pl.DataFrame) -> pl.DataFrame:
    if kind.name == "app":
        return stored.with_columns(_app_key())
    if "event_id" not in kind.columns:
        return stored
    lacks = stored["event_id"].is_null()
    made = pl.Series(_event_ids(kind, stored.filter(lacks), published.filter(lacks)), dtype=pl.String)
    return stored.with_columns(stored["event_id"].scatter(lacks.arg_true(), made))


def _app_key() -> pl.Expr:
    """The file where it is known, else store, package (or name), version and certificate."""
    package = pl.coalesce("package", "name")
    parts = [pl.col("store"), package, pl.col("version"), pl.col("certificate")]
    escaped = [part.fill_null("").str.normalize("NFKC").str.replace_all("|", "%7C", literal=True) for part in parts]
    listing = pl.concat_str(escaped, separator="|")
    digest = pl.col("apk_sha256")
    return pl.when(digest.is_null()).then(listing).otherwise(pl.format("apk:{}", digest)).alias("key")


def _event_ids(kind: Kind, stored: pl.DataFrame, published: pl.DataFrame) -> list[str]:
    """All mapped columns as published, named and with their lengths, digested; of a subject, its pseudonym."""
    subject = stored["subject"].bin.encode("hex") if "subject" in kind.columns else None
    columns = [subject if name == "subject" else published[name] for name in kind.columns]
    texts = pl.DataFrame(columns).select(pl.concat_str([_named(name) for name in kind.columns])).to_series()
    return [hashlib.sha256(text.encode()).hexdigest()[:_EVENT_ID_DIGITS] for text in texts]


def _named(name: str) -> pl.Expr:
    column = pl.col(name)
    named = pl.format("{}={}:{};", pl.lit(name), column.str.len_bytes(), column)
    return pl.when(column != "").then(named).fill_null("")
