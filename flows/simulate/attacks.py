"""Attacks (K10 to K15): confirmed, acted on, closed, back again, closed by others, never acted on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import polars as pl

from db.brands import Brand
from flows.simulate import names
from flows.simulate.addresses import Rows, stand_alone
from flows.simulate.draw import Draw
from flows.simulate.layouts import BROKEN
from flows.simulate.plan import Plan
from flows.simulate.stories import SECOND, Step, Story, Told, Value, allot, tell

_STREAM: Final = 9
_OTHER_TYPES: Final = {"transaction": 30, "fake_investment": 25, "pyramid_romance": 20, "account_theft": 20, "other": 5}
_ACTIONS: Final = ("takedown_notice", "registrar_hold", "blocklist", "police_report")
_APPS: Final = 20
"""One target in so many is an app listing."""
_CASES: Final = 3
"""One attack in so many has no case number: its brand, or type, and target tell."""
_BROKEN_EVERY: Final = 200
_AGAIN_EVERY: Final = 40


def _closed(cause: str) -> Mapping[str, Value]:
    return {"type": "closure", "cause": cause}


_SEEN: Final = {"type": "confirmation"}
_ACTED: Final = {"type": "action"}
_BACK: Final = {"type": "reactivation"}
_OURS: Final = _closed("us")
_TWO_LIVES: Final = (
    Step(0, _SEEN), Step(1, _ACTED), Step(3, _OURS), Step(18 + SECOND, _BACK), Step(20, _ACTED), Step(25, _OURS),
)  # fmt: skip
ATTACKS: Final = (
    Story("plain", 1, (Step(0, _SEEN), Step(0.2, _ACTED), Step(9, _OURS))),
    Story("back after more than 15 days", 0.05, _TWO_LIVES, counts=2),
    Story(
        "back within 15 days",
        0.05,
        (Step(0, _SEEN), Step(1, _ACTED), Step(4, _OURS), Step(19, _BACK), Step(20, _ACTED), Step(22, _OURS)),
    ),
    Story("first instant", 0.01, (Step(0, _SEEN), Step(0, _ACTED), Step(3, _OURS)), begins="start"),
    Story("last instant", 0.01, (Step(-20, _SEEN), Step(-19, _ACTED), Step(-SECOND, _OURS)), begins="end"),
    Story(
        "confirmed thrice",
        0.1,
        (Step(0, _SEEN), Step(3, _SEEN), Step(9.9, _SEEN), Step(10, _ACTED), Step(11, _ACTED), Step(12, _OURS)),
    ),
    Story(
        "blocked first",
        0.1,
        (Step(0, _SEEN), Step(0.1, _ACTED), Step(1, _closed("blocked_only")), Step(6, _OURS)),
    ),
    Story(
        "noted again",
        0.1,
        (Step(0, _SEEN), Step(1, _ACTED), Step(5, _OURS), Step(40, _closed("third_party"))),
    ),
    Story(
        "carried over", 0.03, (Step(-40, _SEEN), Step(-39, _ACTED), Step(5, _ACTED), Step(9, _OURS)), 0, begins="start"
    ),
    Story("acted on at last", 0.02, (Step(-5, _SEEN), Step(0, _ACTED), Step(20, _OURS)), 0, begins="end"),
    Story("closed by others", 0.03, (Step(0, _SEEN), Step(5, _closed("third_party"))), 0),
    Story("gone by itself", 0.03, (Step(0, _SEEN), Step(7, _closed("self_expired"))), 0),
    Story("year before", 0.02, (Step(-60, _SEEN), Step(-59, _ACTED), Step(-50, _OURS)), 0, begins="start"),
    Story("year after", 0.02, (Step(1, _SEEN), Step(2, _ACTED), Step(9, _OURS)), 0, begins="end"),
    Story("test", 0.02, (Step(0, _SEEN), Step(1, _ACTED), Step(9, _OURS)), 0, is_test=True),
)
"""What becomes of fraud sites and app listings. Every one is closed by 30 days after the year's end."""


def make_attacks(plan: Plan, brands: Sequence[Brand]) -> Iterator[Rows]:
    """Events of attacks on own brands, which impersonate lending, and of the other types."""
    own = [brand for brand in brands if brand.own]
    others = [brand for brand in brands if not brand.own]
    loans = plan.count("K11")
    for at, (listed, total) in enumerate(((own, loans), (others, plan.count("K10") - loans))):
        draw = plan.draw(_STREAM, at, total)
        stories = allot(plan, draw, ATTACKS, total)
        events = [tell(told, _things(plan, draw.fork(told.count), brands, listed, told)) for told in stories]
        yield "sim-attacks", _noisy(pl.concat(events)), ""


def _things(plan: Plan, draw: Draw, brands: Sequence[Brand], listed: Sequence[Brand], told: Told) -> pl.DataFrame:
    """Sites and app listings of a story, no two alike."""
    is_own = listed[0].own
    number = pl.Series(range(told.first, told.first + told.count), dtype=pl.Int64)
    is_app, is_nameless = number % _APPS == _APPS - 1, (number - told.first) % _CASES == 0
    thing = pl.format("{}{}", pl.lit("own" if is_own else "a"), pl.lit(number))
    words = names.draw_parts(draw, brands).with_part("thing", pl.select(thing).to_series())
    named = pl.Series([brand.id for brand in listed] if is_own else [None, *(brand.names[0] for brand in listed)])
    types = pl.Series(["loan_impersonation"] * draw.count) if is_own else draw.weighted(_OTHER_TYPES)
    address = stand_alone(draw, plan, brands, _STREAM + is_own, first=told.first)
    return pl.select(
        thing=thing,
        type=pl.lit(""),
        attack=pl.when(pl.lit(~is_nameless)).then(pl.format("SYN-{}", thing)),
        address=pl.when(pl.lit(~is_app)).then(pl.lit(address)),
        package=pl.when(pl.lit(is_app)).then(pl.lit(words.filled("com.{typo}.{thing}", np.arange(draw.count)))),
        brand=pl.lit(named.gather(draw.index(len(named)))),
        fraud_type=pl.lit(types),
        action=pl.lit(pl.Series(_ACTIONS).gather(draw.index(len(_ACTIONS)))),
        cause=pl.lit(None, pl.String),
    )


def _noisy(rows: pl.DataFrame) -> pl.DataFrame:
    """The events in the order of their times, some of them again, some more that nobody can read."""
    tidy = rows.with_columns(
        action=pl.when(pl.col("type") == "action").then("action"),
    ).sort("occurred_at", "event_id")
    again = tidy.filter(pl.int_range(pl.len()) % _AGAIN_EVERY == 0)
    actions = tidy.filter(pl.col("type") == "action")
    broken = actions.filter(pl.int_range(pl.len()) % _BROKEN_EVERY == 0).with_columns(
        event_id=pl.col("event_id") + "-broken", attack=pl.col("attack") + "-broken", occurred_at=pl.lit(BROKEN)
    )
    return pl.concat([tidy, again, broken], how="vertical_relaxed")
