"""Security alerts (K19, K20) and the important ones that were dealt with (K21), and what around them does not count."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from flows.simulate import times
from flows.simulate.addresses import Rows
from flows.simulate.draw import Draw, Whole
from flows.simulate.plan import Plan
from flows.simulate.stories import Variation, vary

_STREAMS: Final = {"K19": ("business", 15), "K20": ("office", 16)}
_RULES: Final = 40
_ENTITIES: Final = 500
"""Times the rules: far more than what can be raised in an hour, so that no two that count are alike in one."""
_NAMELESS: Final = 0.01
"""Share of alerts that name no entity: each counts for itself."""
_MINOR: Final = {"info": 20, "low": 50, "medium": 30}
_MAJOR: Final = {"important": 80, "critical": 20}
_STILL_OPEN: Final = 0.002
"""Share of the other alerts that are important, and never dealt with."""
_FOUND: Final = {"true_positive": 60, "false_positive": 30, "benign": 10}
_HANDLED_DAYS: Final = 3
_OTHER: Final = ("alert", "entity")
_ELSE: Final = ("alert", "incident")

RAISED: Final = (
    Variation("repeat", 0.2, "soon", different=("alert",), needs="entity"),
    Variation("again", 0.02, is_event=False),
    Variation("triaged", 0.1, "same day", changes={"state": "triaged"}),
    Variation("test", 0.01, changes={"is_test": True}, different=_OTHER),
    Variation("old", 0.01, "before", different=_OTHER),
    Variation("new", 0.01, "after", different=_OTHER),
    Variation("broken", 0.002, "never", different=_OTHER),
)
"""Raised again within the hour, exported twice, looked at, tests, of other years, unreadable."""
CLOSED: Final = (
    Variation("once more", 0.1, "same day"),
    Variation("again", 0.05, is_event=False),
    Variation("merged", 0.2, different=("alert",)),
    Variation("undecided", 0.2, changes={"disposition": None}, different=_ELSE),
    Variation("minor", 0.3, changes={"severity": "low"}, different=_ELSE),
    Variation("triaged", 0.5, changes={"state": "triaged", "disposition": "other"}, different=_ELSE),
    Variation("test", 0.1, changes={"is_test": True}, different=_ELSE),
    Variation("old", 0.05, "before", different=_ELSE),
    Variation("new", 0.05, "after", different=_ELSE),
    Variation("broken", 0.02, "never", different=_ELSE),
)
"""Closed twice, exported twice, several of one incident, closed without a finding, of little weight, merely looked at,
tests, of other years, unreadable."""


def make_alerts(plan: Plan) -> Iterator[Rows]:
    """Alerts of both domains; so many business alerts as K21 says are important and closed."""
    for kpi, (domain, stream) in _STREAMS.items():
        total = plan.count(kpi)
        closed = plan.count("K21") if domain == "business" else 0
        for at, numbers in enumerate(plan.blocks(total)):
            draw = plan.draw(stream, at, len(numbers))
            is_closed = numbers * closed % total < closed
            rows = _raised(plan, draw, numbers, total, domain, is_closed)
            yield "sim-alerts", rows, ""
            for variation in RAISED:
                yield "sim-alerts", vary(plan, draw, rows, variation, total), ""
            handled = _closed(plan, draw, rows.filter(pl.Series(is_closed)), closed, total)
            yield "sim-alerts", handled, ""
            for variation in CLOSED if closed else ():
                yield "sim-alerts", vary(plan, draw, handled, variation, closed), ""


def _raised(
    plan: Plan,
    draw: Draw,
    numbers: Whole,
    total: int,
    domain: str,
    is_closed: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> pl.DataFrame:
    number, is_major = pl.lit(pl.Series(numbers)), is_closed | (draw.share() < _STILL_OPEN)
    name = f"synthetic-{domain[0]}a{{}}"
    return pl.select(
        number=number,
        event_id=pl.format(name, number),
        occurred_at=pl.lit(pl.Series(times.in_order(plan.period, numbers, total, draw))),
        state=pl.lit("raised"),
        alert=pl.format(name, number),
        incident=pl.lit(None, pl.String),
        rule=pl.format("synthetic-rule-{}", number % _RULES),
        entity=pl.when(pl.lit(pl.Series(draw.share() >= _NAMELESS))).then(
            pl.format("synthetic-machine-{}", number // _RULES % _ENTITIES)
        ),
        domain=pl.lit(domain),
        severity=pl.when(pl.lit(pl.Series(is_major)))
        .then(pl.lit(draw.weighted(_MAJOR)))
        .otherwise(pl.lit(draw.weighted(_MINOR))),
        disposition=pl.lit(None, pl.String),
        is_test=pl.lit(value=False),
    )


def _closed(plan: Plan, draw: Draw, rows: pl.DataFrame, closed: int, total: int) -> pl.DataFrame:
    """Closures of important alerts, numbered for themselves; the first of them at once, none after the year."""
    own = draw.fork(rows.height)
    number = rows["number"].to_numpy() * closed // total
    took = np.where(number == 0, 0, times.later(own, 0, _HANDLED_DAYS))
    at = np.minimum(rows["occurred_at"].to_numpy() + took, plan.period.end - times.SECOND_MS)
    return rows.with_columns(
        number=pl.lit(pl.Series(number)),
        event_id=pl.col("event_id") + "-closed",
        occurred_at=pl.lit(pl.Series(at)),
        state=pl.lit("closed"),
        incident=pl.format("synthetic-i{}", pl.lit(pl.Series(number))),
        disposition=pl.lit(own.weighted(_FOUND)),
    )
