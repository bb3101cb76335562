"""Noise and courses of events as declarations: what is said besides what counts, and what happens one after another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import polars as pl

from db.period import DAY_MS
from flows.simulate import times
from flows.simulate.draw import Draw, Whole
from flows.simulate.layouts import BROKEN
from flows.simulate.plan import Plan

Value = str | bool | float | None
When = Literal["then", "soon", "same day", "before", "after", "never"]
SECOND: Final = 1 / 86_400
"""Of a day."""


@dataclass(frozen=True, slots=True)
class Variation:
    """Rows that are said besides those that count: some of these with something changed.

    Attributes:
        name: part of what is made different.
        share: of the rows that count.
        when: at their time, less than an hour later, later on the same day in Shanghai, before or after the year, or
            at no time.
        changes: column -> its value instead.
        different: columns of an id that become another's.
        needs: a column without which a row is passed over.
        is_event: whether it is another event, or the very same row again.
    """

    name: str
    share: float
    when: When = "then"
    changes: Mapping[str, Value] = field(default_factory=dict)
    different: tuple[str, ...] = ()
    needs: str = ""
    is_event: bool = True


def vary(plan: Plan, draw: Draw, rows: pl.DataFrame, variation: Variation, total: int) -> pl.DataFrame:
    """A variation's rows: one of every so many of the total numbered rows gives one.

    Args:
        plan: knows the year.
        draw: of the block.
        rows: `number` (below total), `event_id`, `occurred_at`, and what the variation names.
        variation: the declaration.
        total: how many rows there are in all blocks.
    """
    step = max(1, total // plan.some(total, variation.share))
    chosen = rows.filter(pl.col("number") % step == step // 2)
    if variation.needs:
        chosen = chosen.filter(pl.col(variation.needs).is_not_null())
    own = draw.fork(chosen.height)
    within = (chosen["number"] // step).to_numpy()
    at = chosen["occurred_at"].to_numpy()
    if variation.when == "soon":
        at = times.soon(at, own)
    elif variation.when == "same day":
        at = times.same_day(at, own)
    elif variation.when == "before":
        at = times.before(plan.period, within, own)
    elif variation.when == "after":
        at = times.after(plan.period, within, own)
    elif variation.when == "never":
        at = np.full(len(within), BROKEN)
    different = (*variation.different, *(("event_id",) if variation.is_event else ()))
    return chosen.with_columns(
        pl.lit(pl.Series("occurred_at", at)),
        *(pl.format("{}-{}", name, pl.lit(variation.name)).alias(name) for name in different),
        *(pl.lit(value, chosen.schema[name]).alias(name) for name, value in variation.changes.items()),
    )


@dataclass(frozen=True, slots=True)
class Step:
    """An event of a story: days after its beginning, and what it says."""

    days: float
    says: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Story:
    """What becomes of one thing.

    Attributes:
        name: of the story.
        share: of the things that count; of those that do, the first story takes the rest.
        steps: in order.
        counts: how many of what is counted it comes to.
        begins: within the year, early enough to end in it; or at its very start or end.
        is_test: whether all of it is.
    """

    name: str
    share: float
    steps: tuple[Step, ...]
    counts: int = 1
    begins: Literal["in", "start", "end"] = "in"
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """The things of one story: numbers, and when each begins."""

    story: Story
    first: int
    begins: Whole

    @property
    def count(self) -> int:
        """How many things."""
        return len(self.begins)


def allot(plan: Plan, draw: Draw, stories: Sequence[Story], total: int) -> list[Told]:
    """Things for each story, so that those that count come to the total; the plain ones have the first numbers."""
    numbers = [0] * len(stories)
    room = total
    for at, story in enumerate(stories[1:], 1):
        wished = plan.some(total, story.share) if not story.counts else max(1, round(total * story.share))
        numbers[at] = min(wished, max(0, room - 1) // story.counts) if story.counts else wished
        room -= numbers[at] * story.counts
    numbers[0] = room
    firsts = np.cumsum([0, *numbers])
    return [
        Told(story, int(first), _beginnings(plan, draw.fork(number), story))
        for story, first, number in zip(stories, firsts, numbers, strict=False)
    ]


def _beginnings(plan: Plan, draw: Draw, story: Story) -> Whole:
    if story.begins != "in":
        return np.full(draw.count, plan.period.start if story.begins == "start" else plan.period.end)
    last = plan.period.end - round((max(step.days for step in story.steps) + 1) * DAY_MS)
    first = plan.period.start - round(min(step.days for step in story.steps) * DAY_MS)
    return first + (draw.share() * (last - first)).astype(np.int64) // times.SECOND_MS * times.SECOND_MS


def tell(told: Told, things: pl.DataFrame) -> pl.DataFrame:
    """The events of a story's things: what is known of each, what its steps say, `event_id`, `occurred_at`, `is_test`.

    Args:
        told: as allotted.
        things: a row for each, with all columns that steps change.
    """
    begins = pl.lit(pl.Series(told.begins))
    events = [
        things.with_columns(
            event_id=pl.format("synthetic-{}-{}", "thing", pl.lit(at)),
            occurred_at=begins + round(step.days * DAY_MS),
            is_test=pl.lit(told.story.is_test),
        ).with_columns(pl.lit(value, things.schema[name]).alias(name) for name, value in step.says.items())
        for at, step in enumerate(told.story.steps)
    ]
    return pl.concat(events)
