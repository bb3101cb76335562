"""Measures of attacks, of all of them or by group: availability, closure, causes, reactivation, what is open."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import isnan, sqrt
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from analytics.measures.declared import CAUSES, MEASURES, Clock, Grouping, Measure
from analytics.measures.lives import FATES, HOUR_MS, STARTS, Span, lives
from analytics.survival import (
    Counts,
    Curve,
    Estimate,
    Flags,
    Floats,
    Incidence,
    aalen_johansen,
    incidence_at,
    kaplan_meier,
    median,
    restricted_mean,
    share_closed,
    wilson,
)
from db.period import DAY_MS

_MONTH_HOURS: Final = 720.0
_WEEK_HOURS: Final = 168.0
_REOPEN_MS: Final = 15 * DAY_MS
_SPREAD: Final = 3.0
"""Standard deviations of a Poisson count within which what is open agrees with Little's law."""
_NUMBERS: Final = (*STARTS.values(), "acknowledged_at", "ended_at", "shut_at", "width", "reopened")
_HOURS: Final = tuple(f"{name}_{clock}" for clock in Clock for name in ("time", "entry"))

Beside = Mapping[str, int | float | str | bool]


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure: shares in percent, times in hours, null where unknown, with the reason."""

    measure: Measure
    group: str | None
    value: float | None
    low: float | None
    """Lower end of the 95 % interval."""
    high: float | None
    over: int
    """How many attacks it was counted over: those of `measure.over_en`."""
    beside: Beside
    """Keys of `BESIDE`."""
    reason: str | None = None
    """Key of `REASONS`: why the figure, or its interval, is unknown."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Attacks of one group as arrays of shape (n,); instants in Unix ms, NaN where there is none."""

    span: Span
    keys: list[str]
    numbers: Mapping[str, Floats]
    is_in: Flags
    causes: Counts
    fates: Counts
    """Places in `FATES`."""
    continues: Flags

    def of(self, name: str) -> Floats:
        """A column of the attacks confirmed in the period."""
        return self.numbers[name][self.is_in]


class _Found(NamedTuple):
    """What one measure comes to, before it is named."""

    id: str
    estimate: Estimate
    over: int
    beside: Beside
    reason: str | None = None


def measure(attacks: pl.DataFrame, span: Span, by: Grouping | None = None) -> list[Measured]:
    """All measures of each group, in the order of `MEASURES`; groups by size, then name.

    Args:
        attacks: a row an attack, the columns of `analytics.measures.lives.ATTACKS`.
        span: the period, and the present.
        by: what attacks are told apart by; None: not at all. What has no value there is a group of its own, null.
    """
    known = lives(attacks, span)
    group = pl.lit(None, pl.String) if by is None else pl.col(by).cast(pl.String)
    sized = known.with_columns(group.alias("group")).with_columns(size=pl.len().over("group"))
    ordered = sized.sort(["size", "group"], descending=[True, False], nulls_last=True, maintain_order=True)
    rows: list[Measured] = []
    for name, one in _groups(ordered, span, is_whole=by is None):
        rows += [_named(name, found) for found in _measures(one)]
    return rows


def _groups(ordered: pl.DataFrame, span: Span, *, is_whole: bool) -> Iterator[tuple[str | None, _Group]]:
    names = ordered["group"]
    edges = np.flatnonzero(names.ne_missing(names.shift(1)).to_numpy()[1:]) + 1 if names.len() else np.array([], int)
    bounds = [0, *edges.tolist(), names.len()]
    keys = ordered["attack_key"].to_list()
    numbers = {name: ordered[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in (*_NUMBERS, *_HOURS)}
    is_in, continues = ordered["is_in"].to_numpy(), ordered["previous"].is_not_null().to_numpy()
    causes = ordered["cause_id"].to_numpy()
    fates = ordered["fate"].replace_strict(list(FATES), range(len(FATES)), return_dtype=pl.Int64).to_numpy()
    for start, end in pairwise(bounds):
        if start < end or is_whole:
            cut = slice(start, end)
            arrays = {name: column[cut] for name, column in numbers.items()}
            yield (
                names[start] if start < end else None,
                _Group(span, keys[cut], arrays, is_in[cut], causes[cut], fates[cut], continues[cut]),
            )


def _named(group: str | None, found: _Found) -> Measured:
    declared = MEASURES[found.id]
    factor = 100 if declared.unit == "%" else 1
    value, low, high = (None if isnan(each) else each * factor for each in found.estimate)
    return Measured(declared, group, value, low, high, found.over, found.beside, found.reason)


def _measures(group: _Group) -> Iterator[_Found]:
    yield from _counts(group)
    incidence = _incidence(group)
    yield from _availability(group, Clock.CONFIRMED, incidence.curve)
    yield from _availability(group, Clock.SEEN)
    yield from _availability(group, Clock.NOTIFIED)
    yield _cohort(group)
    yield _snapshot(group)
    yield from _causes(group, incidence)
    yield _reactivated(group)
    yield from _open(group)
    yield _width(group)
    yield _little(group, incidence.curve)


def _exactly(number: float) -> Estimate:
    return Estimate(number, np.nan, np.nan)


def _counts(group: _Group) -> Iterator[_Found]:
    size = int(group.is_in.sum())
    beside = {"reopened": int((group.of("reopened") > 0).sum()), "continues": int(group.continues[group.is_in].sum())}
    yield _Found("confirmed", _exactly(size), size, beside)
    shut, period = group.numbers["shut_at"], group.span.period
    closed = (shut >= period.start) & (shut < group.span.end)
    carried = int((closed & (group.numbers["confirmed_at"] < period.start)).sum())
    yield _Found("carried_over", _exactly(carried), int(closed.sum()), {})


def _lives(group: _Group, clock: Clock) -> tuple[Floats, Counts, Floats]:
    """Times, causes and entries of those attacks of the period that stood and were followed on a clock."""
    times, entries, causes = group.of(f"time_{clock}"), group.of(f"entry_{clock}"), group.causes[group.is_in]
    stood = ~np.isnan(times)
    return times[stood], causes[stood], entries[stood]


def _incidence(group: _Group) -> Incidence:
    times, causes, entries = _lives(group, Clock.CONFIRMED)
    return aalen_johansen(times, causes, len(CAUSES), entries)


def _availability(group: _Group, clock: Clock, known: Curve | None = None) -> Iterator[_Found]:
    times, causes, entries = _lives(group, clock)
    curve = kaplan_meier(times, causes > 0, entries) if known is None else known
    stood = ~np.isnan(group.of(f"time_{clock}"))
    beside = _followed(group, clock, stood)
    for name, estimate in (
        ("median", median(curve)),
        ("down_24h", share_closed(curve, 24)),
        ("down_72h", share_closed(curve, 72)),
        ("mean_7d", restricted_mean(curve, _WEEK_HOURS)),
    ):
        yield _Found(f"{name}_from_{clock}", estimate, int(stood.sum()), beside, _reason(curve, name, estimate))


def _followed(group: _Group, clock: Clock, stood: Flags) -> dict[str, int]:
    """What became of the attacks of the period on one clock: each is counted once."""
    has_closed, starts = group.causes[group.is_in] > 0, ~np.isnan(group.of(STARTS[clock]))
    counts = {
        "closed": stood & has_closed,
        "open": stood & ~has_closed,
        "down_before": starts & ~stood & has_closed,
        "unfollowed": starts & ~stood & ~has_closed,
    }
    if clock is Clock.NOTIFIED:
        counts |= {"never_notified": ~starts, "acknowledged": stood & ~np.isnan(group.of("acknowledged_at"))}
    return {name: int(which.sum()) for name, which in counts.items()}


def _reason(curve: Curve, name: str, estimate: Estimate) -> str | None:
    if isnan(curve.until):
        return "none"
    if isnan(estimate.value):
        if curve.has_gap:
            return "gap"
        return "not_reached" if name == "median" else "not_followed"
    if isnan(estimate.high):
        return "high_not_reached" if name == "median" else "no_interval"
    return None


def _cohort(group: _Group) -> _Found:
    """Closed by the period's end + 30 days; what nobody knows of stays in the denominator, and is shown."""
    fates = group.fates[group.is_in]
    counts = {fate: int((fates == place).sum()) for place, fate in enumerate(FATES)}
    beside = {**counts, "is_final": group.span.is_followed}
    estimate = wilson(counts["closed"], fates.size)
    return _Found("closed_cohort", estimate, fates.size, beside, None if fates.size else "none")


def _snapshot(group: _Group) -> _Found:
    shut = group.of("shut_at")
    closed = int((shut < group.span.end).sum())
    beside = {"closed": closed, "is_final": group.span.as_of >= group.span.period.end}
    return _Found("closed_snapshot", wilson(closed, shut.size), shut.size, beside, None if shut.size else "none")


def _causes(group: _Group, incidence: Incidence) -> Iterator[_Found]:
    """What closed within 30 days of its confirmation, by cause: the causes compete, so that shares add up."""
    over = int((~np.isnan(group.of("time_confirmed"))).sum())
    for place, cause in enumerate(CAUSES, 1):
        found = incidence_at(incidence, place, _MONTH_HOURS)
        beside = {"closed": int(incidence.closed[place - 1].sum())}
        yield _Found(f"closed_30d_{cause}", found, over, beside, _reason(incidence.curve, cause, found))


def _reactivated(group: _Group) -> _Found:
    """Only what had its 15 days can be said not to have come back."""
    shut, is_back = group.of("shut_at"), group.of("reopened") > 0
    had_time = shut <= group.span.as_of - _REOPEN_MS
    counted = is_back | had_time
    unprobed = group.fates[group.is_in] == FATES.index("unprobed")
    beside = {
        "reopened": int(is_back.sum()),
        "too_recent": int((~counted & ~np.isnan(shut)).sum()),
        "unprobed": int((counted & unprobed).sum()),
    }
    over = int(counted.sum())
    return _Found("reactivated", wilson(beside["reopened"], over), over, beside, None if over else "none")


def _open(group: _Group) -> Iterator[_Found]:
    """What is open now, whenever it was confirmed."""
    is_open = ~(group.numbers["shut_at"] < group.span.as_of)
    size, known = int(is_open.sum()), int(is_open.size)
    fates = group.fates[is_open]
    counts = {fate: int((fates == place).sum()) for place, fate in enumerate(FATES) if fate != "closed"}
    in_period = int((is_open & group.is_in).sum())
    yield _Found("open", _exactly(size), known, {**counts, "since_start": in_period})
    if size:
        ages = np.where(is_open, group.span.as_of - group.numbers["confirmed_at"], -np.inf)
        oldest = int(np.argmax(ages))
        yield _Found("oldest_open", _exactly(float(ages[oldest]) / HOUR_MS), size, {"oldest": group.keys[oldest]})
    else:
        yield _Found("oldest_open", _exactly(np.nan), 0, {}, "none")
    yield _Found("unprobed", _exactly(counts["unprobed"]), size, {})


def _width(group: _Group) -> _Found:
    widths = group.of("width")
    widths = widths[~np.isnan(widths)]
    if not widths.size:
        return _Found("outage_width", _exactly(np.nan), 0, {}, "none")
    beside = {"widest": round(float(widths.max()), 2)}
    return _Found("outage_width", _exactly(float(np.median(widths))), int(widths.size), beside)


def _little(group: _Group, curve: Curve) -> _Found:
    """Little's law from the first confirmation on: open at the end = rate x mean hours standing in that time.

    Where it promises at least one open attack and none is, a closure of 100 % is not to be believed.
    """
    census = min(group.span.period.end, group.span.settled)
    confirmed, ended = group.of("confirmed_at"), group.of("ended_at")
    counted = (confirmed < census) & ~(ended < confirmed)
    size = int(counted.sum())
    hours = (census - float(confirmed[counted].min())) / HOUR_MS if size else np.nan
    mean = restricted_mean(curve, min(hours, curve.until)).value
    if isnan(mean):
        return _Found("expected_open", _exactly(np.nan), size, {}, "none")
    expected, actual = size / hours * mean, int((counted & ~(ended <= census)).sum())
    beside = {
        "actual_open": actual,
        "rate": round(size / hours * 24, 2),
        "mean_hours": round(mean, 2),
        "agrees": abs(actual - expected) <= _SPREAD * sqrt(expected),
    }
    return _Found("expected_open", _exactly(expected), size, beside)
