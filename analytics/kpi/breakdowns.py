"""Figures in parts: addresses by imitated brand and technique, prevented losses by tier, what two programmes share."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from analytics.kpi.definition import FEN
from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.frames import Frames
from db.period import Period

PROGRAMMES: Final = ("K04", "K41")
"""The KPIs of the two programmes, which are never added."""
_ADDRESSES: Final = "K01"


@dataclass(frozen=True, slots=True)
class Tier:
    """The episodes of one programme whose largest assessed amount is of one tier."""

    kpi: str
    tier: str
    episodes: int
    fen: int


@dataclass(frozen=True, slots=True)
class Shared:
    """What stands in both programmes, and the money that either credits for it."""

    episodes: tuple[int, int, int]
    """Of the first, of the second, of both."""
    people: tuple[int, int, int]
    fen: tuple[int, int]
    """What each programme credits for episodes of people who stand in both."""


def likeness(frames: Frames, period: Period, matched: pl.DataFrame) -> pl.DataFrame:
    """The addresses of K01 by what the matcher finds each likest; they add up to K01.

    Args:
        frames: what K01 is computed from.
        period: the year.
        matched: one row a host that is like a brand: `host_id`, `brand_id`, `technique`.

    Returns:
        `brand_id`, `technique` (both null of what is like no brand), `count`.
    """
    records = DEFINITIONS[_ADDRESSES].records(frames, period)
    hosts = records.group_by("host_id").agg(count=pl.col("unit").n_unique())
    joined = hosts.join(matched.lazy(), on="host_id", how="left")
    return joined.group_by("brand_id", "technique").agg(pl.col("count").sum()).collect(engine="streaming")


def tiers(frames: Frames, period: Period) -> list[Tier]:
    """The prevented losses of each programme by tier; of equal amounts of an episode the surer tier counts."""
    found: list[Tier] = []
    for kpi in PROGRAMMES:
        parts = _episodes(frames, period, kpi).group_by("tier").agg(pl.len().alias("episodes"), FEN.sum()).collect()
        found += [Tier(kpi, *row) for row in parts.sort("tier").iter_rows()]
    return found


def shared(frames: Frames, period: Period) -> Shared:
    """What the two programmes have in common, by episode and by person."""
    one, other = (_episodes(frames, period, kpi).collect() for kpi in PROGRAMMES)
    people_of_one, people_of_other = (_people(episodes) for episodes in (one, other))
    both = people_of_one.join(people_of_other, on="subject", how="semi")
    fen = tuple(_credited(episodes, both) for episodes in (one, other))
    return Shared(
        (one.height, other.height, one.join(other, on="unit", how="semi").height),
        (people_of_one.height, people_of_other.height, both.height),
        (fen[0], fen[1]),
    )


def _episodes(frames: Frames, period: Period, kpi: str) -> pl.LazyFrame:
    """An episode a row: its largest amount, the tier of that, and the people in it."""
    largest = pl.col("amount_fen", "tier").sort_by("amount_fen", "tier", descending=[True, False]).first()
    people = pl.col("subject").drop_nulls().unique()
    return DEFINITIONS[kpi].records(frames, period).group_by("unit").agg(largest, people)


def _people(episodes: pl.DataFrame) -> pl.DataFrame:
    return episodes.select(pl.col("subject").explode()).drop_nulls().unique()


def _credited(episodes: pl.DataFrame, people: pl.DataFrame) -> int:
    named = episodes.explode("subject").join(people, on="subject", how="semi").unique("unit")
    return int(named.select(FEN.sum()).item())
