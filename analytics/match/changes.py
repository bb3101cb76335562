"""What became of matches that were made anew: new, gone, moved."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from db.brands import DEFAULT_THRESHOLD

SURE: Final = 85
"""Confidence from which a match is of the highest band; the others are below and from the default threshold."""
NEW, GONE, MOVED = "new", "gone", "moved"
"""A subject without a match has one; one with a match has none; another brand, or another band of confidence."""


@dataclass(frozen=True)
class MatchChange:
    """A host or an app whose match changed."""

    subject: int
    """Its id."""
    kind: str
    before: str
    """Brands and confidence; empty where there was no match."""
    after: str
    confidence: int
    """The greater of the two: what matters most comes first."""


def rewritten(before: pl.DataFrame, after: pl.DataFrame, key: str) -> pl.Series:
    """The subjects (column `key`) whose rows are not the very same, explanations included."""
    columns = sorted(set(before.columns) & set(after.columns))
    old, new = before.select(columns), after.select(columns)
    lost, got = old.join(new, on=columns, how="anti"), new.join(old, on=columns, how="anti")
    return pl.concat([lost[key], got[key]]).unique().sort()


def compare(before: pl.DataFrame, after: pl.DataFrame, key: str) -> list[MatchChange]:
    """The changes between two frames of matches (`key`, `brand`, `confidence`), the surest matches first."""
    both = _best(before, key).join(_best(after, key), on=key, how="full", coalesce=True, suffix="_after")
    old, new = pl.col("confidence"), pl.col("confidence_after")
    is_moved = (pl.col("brands") != pl.col("brands_after")) | (_band(old) != _band(new))
    kind = (
        pl.when(old.is_null())
        .then(pl.lit(NEW))
        .when(new.is_null())
        .then(pl.lit(GONE))
        .when(is_moved)
        .then(pl.lit(MOVED))
    )
    changed = both.with_columns(kind=kind, most=pl.max_horizontal(old, new)).drop_nulls("kind")
    told = (
        pl.concat_str("brands", old, separator=" ").fill_null(""),
        pl.concat_str("brands_after", new, separator=" ").fill_null(""),
    )
    rows = changed.sort("most", key, descending=[True, False]).select(key, "kind", *told, "most")
    return [MatchChange(*row) for row in rows.iter_rows()]


def _best(matches: pl.DataFrame, key: str) -> pl.DataFrame:
    """A row a subject: its surest `brands`, `confidence`."""
    best = matches.filter(pl.col("confidence") == pl.col("confidence").max().over(key))
    return best.group_by(key).agg(brands=pl.col("brand").sort().str.join(", "), confidence=pl.col("confidence").first())


def _band(confidence: pl.Expr) -> pl.Expr:
    return (confidence >= DEFAULT_THRESHOLD).cast(pl.Int8) + (confidence >= SURE).cast(pl.Int8)
