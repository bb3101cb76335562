"""Kits, grey-market channels and sellers of data (K16 to K18), and what around them does not count."""

from collections.abc import Iterator, Mapping
from typing import Final

import polars as pl

from flows.simulate.addresses import Rows
from flows.simulate.draw import digests
from flows.simulate.layouts import BROKEN
from flows.simulate.plan import Plan
from flows.simulate.stories import SECOND, Step, Story, Told, Value, allot, tell

_KITS: Final = 12
_CHANNELS: Final = 13
_SELLERS: Final = 14
_AGAIN_EVERY: Final = 10
_BROKEN_EVERY: Final = 100
_TOLD: Final = ("type", "role", "risk", "outcome")
_PLATFORMS: Final = {"synthetic-chat": 70, "synthetic-forum": 30}


def _kit(*, confirmed: bool) -> Mapping[str, Value]:
    return {"analyst_confirmed": confirmed}


def _seen(*, relevant: bool) -> Mapping[str, Value]:
    return {"type": "channel_observed", "relevant": relevant}


def _assessed(role: str, risk: str, outcome: str | None = None) -> Mapping[str, Value]:
    return {"type": "actor_assessed", "role": role, "risk": risk, "outcome": outcome}


_SURE: Final = _kit(confirmed=True)
_OPEN: Final = _kit(confirmed=False)
KITS: Final = (
    Story("plain", 1, (Step(0, _SURE),)),
    Story("variants", 0.3, (Step(0, _SURE), Step(20, _SURE), Step(60, _OPEN))),
    Story("unsure first", 0.1, (Step(0, _OPEN), Step(3, _SURE))),
    Story("first instant", 0.05, (Step(0, _SURE),), begins="start"),
    Story("last instant", 0.05, (Step(-SECOND, _SURE),), begins="end"),
    Story("unconfirmed", 0.5, (Step(0, _OPEN),), counts=0),
    Story("year before", 0.2, (Step(-SECOND, _SURE),), counts=0, begins="start"),
    Story("year after", 0.2, (Step(0, _SURE),), counts=0, begins="end"),
    Story("test", 0.2, (Step(0, _SURE),), counts=0, is_test=True),
)
"""Families of kits: several of one family, not confirmed, of other years, tests."""

_TALK: Final = _seen(relevant=True)
_IDLE: Final = _seen(relevant=False)
CHANNELS: Final = (
    Story("plain", 1, (Step(-200, _TALK), Step(-40, _IDLE), Step(-4, _TALK)), begins="end"),
    Story("busy", 0.2, tuple(Step(-days, _TALK) for days in (25, 18, 11, 3)), begins="end"),
    Story("just active", 0.05, (Step(-30, _TALK),), begins="end"),
    Story("last instant", 0.05, (Step(-SECOND, _TALK),), begins="end"),
    Story("fell silent", 0.2, (Step(-90, _TALK), Step(-30 - SECOND, _TALK)), counts=0, begins="end"),
    Story("idle", 0.2, (Step(-60, _TALK), Step(-5, _IDLE)), counts=0, begins="end"),
    Story("year before", 0.2, (Step(-SECOND, _TALK),), counts=0, begins="start"),
    Story("year after", 0.1, (Step(0, _TALK),), counts=0, begins="end"),
    Story("test", 0.1, (Step(-5, _TALK),), counts=0, begins="end", is_test=True),
)
"""Channels: those with a message about fraud in the year's last 30 days, and those without."""

_HIGH: Final = _assessed("data_seller", "high")
SELLERS: Final = (
    Story("plain", 1, (Step(0, _HIGH),)),
    Story("referred", 0.3, (Step(0, _HIGH), Step(20, _assessed("data_seller", "high", "referred")))),
    Story("cleared up", 0.1, (Step(0, _HIGH), Step(40, _assessed("data_seller", "high", "closed")))),
    Story("rose to high", 0.1, (Step(0, _assessed("data_seller", "medium")), Step(9, _HIGH))),
    Story("first instant", 0.02, (Step(0, _HIGH),), begins="start"),
    Story("last instant", 0.02, (Step(-SECOND, _HIGH),), begins="end"),
    Story("lesser", 0.2, (Step(0, _assessed("data_seller", "medium")),), counts=0),
    Story("otherwise", 0.2, (Step(0, _assessed("recruiter", "high")),), counts=0),
    Story("known before", 0.05, (Step(-40, _HIGH), Step(5, _HIGH)), counts=0, begins="start"),
    Story("year after", 0.05, (Step(0, _HIGH),), counts=0, begins="end"),
    Story("test", 0.05, (Step(0, _HIGH),), counts=0, is_test=True),
)
"""People: those first found in the year to sell data at high risk, and others."""


def make_kits(plan: Plan) -> Iterator[Rows]:
    """Kits by family; each extraction is of a kit of its own."""
    total = plan.count("K16")
    draw = plan.draw(_KITS, 0, total)
    told = allot(plan, draw, KITS, total)
    rows = pl.concat(tell(one, _things(one, "k", "analyst_confirmed")) for one in told)
    named = rows.with_columns(kit="event_id", family="thing", kit_sha256=pl.lit(digests(draw.fork(rows.height))))
    yield "sim-kits", _noisy(named), ""


def make_channels(plan: Plan) -> Iterator[Rows]:
    """Channels observed and people assessed, in one export."""
    for stream, kpi, stories, letter in ((_CHANNELS, "K17", CHANNELS, "c"), (_SELLERS, "K18", SELLERS, "s")):
        total = plan.count(kpi)
        draw = plan.draw(stream, 0, total)
        told = allot(plan, draw, stories, total)
        rows = pl.concat(tell(one, _things(one, letter, "relevant", texts=_TOLD)) for one in told)
        is_seen = pl.lit(letter == "c")
        named = rows.with_columns(
            channel=pl.when(is_seen).then("thing"),
            subject=pl.when(~is_seen).then("thing"),
            platform=pl.when(is_seen).then(pl.lit(draw.fork(rows.height).weighted(_PLATFORMS))),
        )
        yield "sim-channels", _noisy(named), ""


def _things(told: Told, letter: str, *flags: str, texts: tuple[str, ...] = ()) -> pl.DataFrame:
    """The things of a story, with the columns that its steps fill in."""
    number = pl.Series(range(told.first, told.first + told.count), dtype=pl.Int64)
    filled = {**dict.fromkeys(flags, pl.Boolean), **dict.fromkeys(texts, pl.String)}
    blank = (pl.lit(None, dtype).alias(name) for name, dtype in filled.items())
    return pl.select(pl.format(f"{letter}{{}}", pl.lit(number)).alias("thing"), *blank)


def _noisy(rows: pl.DataFrame) -> pl.DataFrame:
    """The events in the order of their times, some of them again, some more that nobody can read."""
    tidy = rows.sort("occurred_at", "event_id")
    again = tidy.filter(pl.int_range(pl.len()) % _AGAIN_EVERY == 0)
    broken = tidy.filter(pl.int_range(pl.len()) % _BROKEN_EVERY == 0).with_columns(
        event_id=pl.col("event_id") + "-broken", occurred_at=pl.lit(BROKEN)
    )
    return pl.concat([tidy, again, broken], how="vertical_relaxed")
