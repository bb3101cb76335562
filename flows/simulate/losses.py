"""Losses prevented (K04, K41): episodes that several programmes credit, assessed again and again."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from flows.simulate.addresses import Rows
from flows.simulate.draw import Draw, Whole
from flows.simulate.plan import Plan
from flows.simulate.stories import SECOND, Step, Story, Told, Value, allot, tell

_STREAM: Final = 8
_EPISODES: Final = {"K04": ("shanhai", 20_000), "K41": ("dissuasion", 30_000)}
"""KPI -> its programme, and how many episodes a whole year has."""
_FEWEST: Final = 10
_AGAIN_EVERY: Final = 50
"""One row in so many stands twice."""
_SHARED: Final = 0.3
"""Share of plain episodes that both programmes credit."""
_SPREAD: Final = 1.2
"""Of amounts: as of the logarithm of a normal distribution."""


def _assessed(part: float, tier: str | None = "A", **more: Value) -> dict[str, Value]:
    return {"type": "assessed", "part": part, "tier": tier, **more}


def _other(kind: str, part: float) -> dict[str, Value]:
    """What the company at large says, without a programme."""
    return {"type": kind, "part": part, "tier": None, "programme": None}


_BANK: Final = _assessed(4, programme="synthetic_bank")
EPISODES: Final = (
    Story("plain", 1, (Step(0, _assessed(1)),)),
    Story("revised", 0.25, (Step(0, _assessed(0.5)), Step(3, _assessed(1)), Step(6, _assessed(0.7, "B")))),
    Story("modelled first", 0.05, (Step(0, _assessed(3, "C")), Step(2, _assessed(1)))),
    Story("lost first", 0.05, (Step(0, _other("realised", 2)), Step(2, _assessed(1)), Step(5, _other("recovered", 2)))),
    Story("credited elsewhere", 0.1, (Step(-40, _BANK), Step(0, _assessed(1, "B")))),
    Story("first instant", 0.01, (Step(0, _assessed(1)),), begins="start"),
    Story("last instant", 0.01, (Step(-SECOND, _assessed(1)),), begins="end"),
    Story("assessed next year", 0.02, (Step(-3, _other("realised", 2)), Step(2, _assessed(1))), begins="end"),
    Story("begun before", 0.02, (Step(-SECOND, _other("realised", 2)), Step(3, _assessed(1))), 0, begins="start"),
    Story("begun after", 0.02, (Step(0, _assessed(1)),), 0, begins="end"),
    Story("modelled only", 0.03, (Step(0, _assessed(1, "C")),), 0),
    Story("lost only", 0.03, (Step(0, _other("realised", 1)),), 0),
    Story("untiered", 0.01, (Step(0, _assessed(1, None)),), 0),
    Story("test", 0.02, (Step(0, _assessed(1)),), 0, is_test=True),
    Story("unreadable", 0.01, (Step(0, _assessed(1, unit=".001")),), 0),
)
"""What is said of episodes; of those that count, the largest amount at tiers A and B is the one planned."""


def make_losses(plan: Plan) -> Iterator[Rows]:
    """Episodes of both programmes."""
    for at, (kpi, (programme, episodes)) in enumerate(_EPISODES.items()):
        draw = plan.draw(_STREAM, at, max(_FEWEST, plan.scaled(episodes)))
        rows = pl.concat(_events(plan, draw, programme, plan.fen(kpi))).with_columns(amount=_yuan())
        again = rows.filter(pl.int_range(pl.len()) % _AGAIN_EVERY == 0)
        yield "sim-losses", pl.concat([rows, again]).sort("occurred_at", "event_id"), ""


def _events(plan: Plan, draw: Draw, programme: str, total: int) -> Iterator[pl.DataFrame]:
    """The events of all stories; the amounts of those that count come to the total."""
    amounts, counted = _amounts(draw, total), 0
    for told in allot(plan, draw, EPISODES, draw.count):
        beyond = draw.random.choice(amounts, told.count)
        fen = amounts[counted : counted + told.count] if told.story.counts else beyond
        counted += told.count * told.story.counts
        yield tell(told, _episodes(told, programme, fen))


def _amounts(draw: Draw, total: int) -> Whole:
    """Amounts in fen that come to the total."""
    weights = np.exp(draw.random.normal(0, _SPREAD, draw.count))
    fen: Whole = np.maximum(1, np.floor(weights / weights.sum() * total * 0.999)).astype(np.int64)
    fen[0] += total - int(fen.sum())
    return fen


def _episodes(told: Told, programme: str, fen: Whole) -> pl.DataFrame:
    number = pl.Series(range(told.first, told.first + told.count), dtype=pl.Int64)
    is_shared = (told.story.name == "plain") & (pl.lit(number) % 10 < round(10 * _SHARED))
    own = pl.format("e{}{}", pl.lit(programme[0]), pl.lit(number))
    return pl.select(
        thing=own,
        type=pl.lit(""),
        episode=pl.when(is_shared)
        .then(pl.format("synthetic-e{}", pl.lit(number)))
        .otherwise(pl.format("synthetic-{}", own)),
        fen=pl.lit(pl.Series(fen)),
        part=pl.lit(1.0),
        unit=pl.lit(""),
        tier=pl.lit(None, pl.String),
        subject=pl.format("synthetic-e{}", pl.lit(number)),
        programme=pl.lit(programme),
    )


def _yuan() -> pl.Expr:
    """Parts of fen as yuan, never rounded up; with the unit something that is no amount."""
    fen = pl.when(pl.col("part") == 1).then("fen").otherwise((pl.col("fen") * pl.col("part")).floor().cast(pl.Int64))
    cents = (fen % 100).cast(pl.String).str.zfill(2)
    return pl.format("{}.{}{}", fen // 100, cents, "unit")
