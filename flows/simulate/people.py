"""URL checks (K05), blocked orders (K39) and dissuasions (K40), and what around them does not count."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import polars as pl

from db.brands import Brand
from flows.simulate import times
from flows.simulate.addresses import Rows, stand_alone
from flows.simulate.plan import Plan
from flows.simulate.stories import SECOND, Step, Story, Told, Value, Variation, allot, tell, vary

_CHECKS: Final = 5
_BLOCKS: Final = 6
_DISSUASIONS: Final = 7
_RESULTS: Final = {"malicious": 30, "suspicious": 20, "benign": 30, "unknown": 20}
_NAMELESS: Final = 0.02
_CHECKS_A_PERSON: Final = 2

CHECKS: Final = (
    Variation("once more", 0.1, "same day", needs="subject"),
    Variation("again", 0.02, is_event=False),
    Variation("staff", 0.1, changes={"actor": "staff"}, different=("subject",)),
    Variation("failed", 0.05, changes={"result": "error"}, different=("subject",)),
    Variation("test", 0.01, changes={"is_test": True}, different=("subject",)),
    Variation("old", 0.02, "before", different=("subject",)),
    Variation("new", 0.02, "after", different=("subject",)),
    Variation("broken", 0.005, "never", different=("subject",)),
)
"""Asked twice a day, exported twice, by staff, without an answer, tests, of other years, unreadable."""
BLOCKS: Final = (
    Variation("once more", 0.05),
    Variation("again", 0.01, is_event=False),
    Variation("released", 0.05, "same day", changes={"type": "block_released"}),
    Variation("appealed", 0.02, "same day", changes={"type": "block_appealed"}),
    Variation("credit", 0.1, changes={"reason": "credit_risk"}, different=("order",)),
    Variation("test", 0.01, changes={"is_test": True}, different=("order",)),
    Variation("old", 0.01, "before", different=("order",)),
    Variation("new", 0.01, "after", different=("order",)),
    Variation("broken", 0.003, "never", different=("order",)),
)
"""Held twice, exported twice, let go, appealed, held for credit risk, tests, of other years, unreadable."""

_TRIED: Final[Mapping[str, Value]] = {"type": "dissuasion_attempted"}
_REACHED: Final[Mapping[str, Value]] = {"type": "dissuasion_connected"}
_SCAM: Final[Mapping[str, Value]] = {"type": "dissuasion_outcome", "scam_confirmed": True, "later_loss": False}
_LOST: Final[Mapping[str, Value]] = {"type": "loss"}
"""Is no intervention, but goes to the losses."""
DISSUASIONS: Final = (
    Story("plain", 1, (Step(-0.1, _TRIED), Step(0, _REACHED), Step(2, _SCAM))),
    Story("twice", 0.1, (Step(0, _REACHED), Step(1, _SCAM), Step(3, _REACHED), Step(5, _SCAM))),
    Story("first instant", 0.02, (Step(0, _REACHED), Step(1, _SCAM)), begins="start"),
    Story("last instant", 0.02, (Step(-SECOND, _REACHED), Step(4, _SCAM)), begins="end"),
    Story("lost much later", 0.02, (Step(0, _REACHED), Step(2, _SCAM), Step(30 + 1 / 24, _LOST))),
    Story("not reached", 0.2, (Step(0, _TRIED), Step(1, _TRIED), Step(2, _SCAM)), counts=0),
    Story("no scam", 0.2, (Step(0, _REACHED), Step(2, {**_SCAM, "scam_confirmed": False})), counts=0),
    Story("lost after all", 0.05, (Step(0, _REACHED), Step(2, {**_SCAM, "later_loss": True})), counts=0),
    Story("lost soon", 0.05, (Step(0, _REACHED), Step(2, _SCAM), Step(29.9, _LOST)), counts=0),
    Story("test", 0.02, (Step(0, _REACHED), Step(2, _SCAM)), counts=0, is_test=True),
    Story("year before", 0.02, (Step(-1, _REACHED), Step(2, _SCAM)), counts=0, begins="start"),
    Story("year after", 0.02, (Step(0, _REACHED), Step(2, _SCAM)), counts=0, begins="end"),
)
"""What becomes of people who are about to lose money."""


def make_checks(plan: Plan, brands: Sequence[Brand]) -> Iterator[Rows]:
    """URL checks, of which each is of a person, address or day of its own."""
    total = plan.count("K05")
    for at, numbers in enumerate(plan.blocks(total)):
        draw = plan.draw(_CHECKS, at, len(numbers))
        number = pl.lit(pl.Series(numbers))
        rows = pl.select(
            number=number,
            event_id=pl.format("synthetic-u{}", number),
            occurred_at=pl.lit(pl.Series(times.in_order(plan.period, numbers, total, draw))),
            address=pl.lit(stand_alone(draw, plan, brands, _CHECKS, first=int(numbers[0]))),
            actor=pl.lit("end_user"),
            result=pl.lit(draw.weighted(_RESULTS)),
            subject=pl.when(pl.lit(pl.Series(draw.share() >= _NAMELESS))).then(
                pl.format("synthetic-u{}", number // _CHECKS_A_PERSON)
            ),
            is_test=pl.lit(value=False),
        )
        yield "sim-url-checks", rows, ""
        for variation in CHECKS:
            yield "sim-url-checks", vary(plan, draw, rows, variation, total), ""


def make_blocks(plan: Plan) -> Iterator[Rows]:
    """Orders that were held."""
    total = plan.count("K39")
    for at, numbers in enumerate(plan.blocks(total)):
        draw = plan.draw(_BLOCKS, at, len(numbers))
        number = pl.lit(pl.Series(numbers))
        rows = pl.select(
            number=number,
            event_id=pl.format("synthetic-b{}", number),
            occurred_at=pl.lit(pl.Series(times.in_order(plan.period, numbers, total, draw))),
            type=pl.lit("block_applied"),
            order=pl.format("synthetic-{}", number),
            reason=pl.lit("victim_risk"),
            scam_confirmed=pl.lit(None, pl.Boolean),
            later_loss=pl.lit(None, pl.Boolean),
            subject=pl.format("synthetic-b{}", number // 2),
            is_test=pl.lit(value=False),
        )
        yield "sim-interventions", rows, ""
        for variation in BLOCKS:
            yield "sim-interventions", vary(plan, draw, rows, variation, total), ""


def make_dissuasions(plan: Plan) -> Iterator[Rows]:
    """People talked to, and what they lost afterwards."""
    total = plan.count("K40")
    draw = plan.draw(_DISSUASIONS, 0, total)
    rows = pl.concat(tell(told, _people(told)) for told in allot(plan, draw, DISSUASIONS, total))
    rows = rows.sort("occurred_at", "event_id")
    is_loss = pl.col("type") == "loss"
    yield "sim-interventions", rows.filter(~is_loss), ""
    yield "sim-losses", _losses(rows.filter(is_loss)), ""


def _people(told: Told) -> pl.DataFrame:
    number = pl.lit(pl.Series(range(told.first, told.first + told.count), dtype=pl.Int64))
    return pl.select(
        thing=pl.format("d{}", number),
        type=pl.lit(""),
        order=pl.lit(None, pl.String),
        reason=pl.lit(None, pl.String),
        scam_confirmed=pl.lit(None, pl.Boolean),
        later_loss=pl.lit(None, pl.Boolean),
        subject=pl.format("synthetic-d{}", number),
    )


def _losses(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(
        "event_id",
        "occurred_at",
        type=pl.lit("realised"),
        episode=pl.format("synthetic-{}", "thing"),
        amount=pl.lit("1000.00"),
        tier=pl.lit(None, pl.String),
        subject="subject",
        programme=pl.lit(None, pl.String),
        is_test="is_test",
    )
