"""The year's warnings (K03) and AI reminders (K38), and what around them does not count."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import polars as pl

from db.brands import Brand
from flows.simulate import times
from flows.simulate.addresses import Rows, stand_alone
from flows.simulate.draw import Draw, Whole
from flows.simulate.plan import Plan
from flows.simulate.stories import Variation, vary

_STREAM: Final = 2
_REMINDERS: Final = 3
_POOL: Final = 4
_POOL_SIZE: Final = 20_000
_SUBJECTS_A_WARNING: Final = 0.4
_CENTRE: Final = {"jietiao_security_centre": 97, "Jietiao Security-Centre": 3}
"""One sink, and how some system spells it."""
_CHANNELS: Final = {"sms": 40, "push": 40, "in_app": 20}
_REACHED: Final = {"rendered": 60, "connected": 40}
_AI: Final = {"ai": 90, "AI": 10}
_NAMELESS: Final = 0.01
"""Share of warnings without an id, and of reminders without a person: each counts for itself."""
_WARNED_OF: Final = 0.1
"""Share of warnings that name an address."""
_LATE: Final = 0.01
"""Share of warnings that are exported late."""
_CAMPAIGNS: Final = 3
"""Of a person who is reminded."""

WARNINGS: Final = (
    Variation("resent", 0.02, needs="warning"),
    Variation("again", 0.01, is_event=False),
    Variation("made", 0.02, changes={"stage": "generated"}, different=("warning",)),
    Variation("got", 0.02, changes={"stage": "delivered"}),
    Variation("shown", 0.02, changes={"stage": "rendered"}),
    Variation("inbox", 0.02, changes={"sink": "app_inbox"}, different=("warning",)),
    Variation("gateway", 0.01, changes={"sink": "sms_gateway"}, different=("warning",)),
    Variation("test", 0.003, changes={"is_test": True}, different=("warning",)),
    Variation("old", 0.003, "before", different=("warning",)),
    Variation("new", 0.003, "after", different=("warning",)),
    Variation("broken", 0.001, "never", different=("warning",)),
)
"""Handed over twice, exported twice, made but kept back, other stages and systems, tests, other years, unreadable."""
REMINDERS: Final = (
    Variation("once more", 0.1, "same day", needs="subject"),
    Variation("again", 0.01, is_event=False),
    Variation("unanswered", 0.1, changes={"stage": "emitted"}, different=("subject",)),
    Variation("text", 0.1, changes={"channel": "sms"}, different=("subject",)),
    Variation("test", 0.01, changes={"is_test": True}, different=("subject",)),
    Variation("old", 0.01, "before", different=("subject",)),
    Variation("new", 0.01, "after", different=("subject",)),
    Variation("broken", 0.005, "never", different=("subject",)),
)
"""Reminded twice a day, exported twice, not reached, over another channel, tests, of other years, unreadable."""


def make_warnings(plan: Plan, brands: Sequence[Brand]) -> Iterator[Rows]:
    """Warnings of the year by stage."""
    total = plan.count("K03")
    pool = stand_alone(plan.draw(_POOL, 0, max(10, plan.scaled(_POOL_SIZE))), plan, brands, _POOL)
    for at, numbers in enumerate(plan.blocks(total)):
        draw = plan.draw(_STREAM, at, len(numbers))
        rows = _emitted(plan, draw, numbers, total, pool)
        is_late = pl.lit(pl.Series(draw.share() < _LATE))
        yield "sim-warnings", rows.filter(~is_late), ""
        yield "sim-warnings", rows.filter(is_late), "late"
        for variation in WARNINGS:
            yield "sim-warnings", vary(plan, draw, rows, variation, total), ""


def make_reminders(plan: Plan) -> Iterator[Rows]:
    """Reminders by AI, of which each reaches a person, campaign or day of its own."""
    total = plan.count("K38")
    for at, numbers in enumerate(plan.blocks(total)):
        draw = plan.draw(_REMINDERS, at, len(numbers))
        rows = _reminded(plan, draw, numbers, total)
        yield "sim-reminders", rows, ""
        for variation in REMINDERS:
            yield "sim-reminders", vary(plan, draw, rows, variation, total), ""


def _emitted(plan: Plan, draw: Draw, numbers: Whole, total: int, pool: pl.Series) -> pl.DataFrame:
    number = pl.lit(pl.Series(numbers)).cast(pl.String).str.zfill(9)
    warned = pool.gather(draw.index(pool.len()))
    person = (draw.share() * total * _SUBJECTS_A_WARNING).astype(np.int64)
    return pl.select(
        number=pl.lit(pl.Series(numbers)),
        event_id="synthetic-w" + number,
        occurred_at=pl.lit(pl.Series(times.in_order(plan.period, numbers, total, draw))),
        stage=pl.lit("emitted"),
        warning=pl.when(pl.lit(pl.Series(draw.share() >= _NAMELESS))).then("W" + number),
        channel=pl.lit(draw.weighted(_CHANNELS)),
        sink=pl.lit(draw.weighted(_CENTRE)),
        campaign=pl.format("synthetic-{}", pl.lit(pl.Series(draw.index(200)))),
        address=pl.when(pl.lit(pl.Series(draw.share() < _WARNED_OF))).then(pl.lit(warned)),
        subject=pl.format("synthetic-p{}", pl.lit(pl.Series(person))),
        is_test=pl.lit(value=False),
    )


def _reminded(plan: Plan, draw: Draw, numbers: Whole, total: int) -> pl.DataFrame:
    number = pl.lit(pl.Series(numbers))
    return pl.select(
        number=number,
        event_id=pl.format("synthetic-r{}", number),
        occurred_at=pl.lit(pl.Series(times.in_order(plan.period, numbers, total, draw))),
        stage=pl.lit(draw.weighted(_REACHED)),
        channel=pl.lit(draw.weighted(_AI)),
        campaign=pl.format("synthetic-{}", number % _CAMPAIGNS),
        subject=pl.when(pl.lit(pl.Series(draw.share() >= _NAMELESS))).then(
            pl.format("synthetic-r{}", number // _CAMPAIGNS)
        ),
        is_test=pl.lit(value=False),
    )
