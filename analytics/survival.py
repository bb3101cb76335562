"""How long things last, some of them still standing: curves, medians, shares and means, each with its interval.

What is still open when we look last is right-censored: it counts as at risk until then and as closed never. What came
under watch late is left-truncated: it is at risk only from its entry on. All times are of one unit (here: hours) from
each subject's own origin; intervals are of 95 %. Where data say nothing, numbers are NaN, never a guess.

Formulas: Kaplan & Meier 1958; Greenwood 1926; log-log interval, Kalbfleisch & Prentice 1980; interval of the median,
Brookmeyer & Crowley 1982; restricted mean, Irwin 1949; cumulative incidence, Aalen & Johansen 1978, its variance by
the delta method, Marubini & Valsecchi 1995; interval of a proportion, Wilson 1927.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]

Z: Final = 1.959963984540054
"""The 97.5 % point of the standard normal distribution: an interval of 95 % leaves out 2.5 % on each side."""
_ROUNDING: Final = 1e-12
"""By how much a product or sum of fractions may miss the 0, 1/2 or 1 that it should be."""


class Estimate(NamedTuple):
    """A number and its interval; NaN where it is not known."""

    value: float
    low: float
    high: float


NOT_KNOWN: Final = Estimate(np.nan, np.nan, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A survival curve: arrays of shape (k,), an entry each distinct time at which something closed, ascending."""

    times: Floats
    at_risk: Counts
    """Under watch and standing just before each time."""
    closed: Counts
    survival: Floats
    """S: the share that stands after each time; 1 before the first."""
    greenwood: Floats
    """Variance of S, divided by S squared; infinite once S is 0."""
    low: Floats
    """The log-log interval of S after each time: S to the power of exp(-+Z sqrt(greenwood) / log S); NaN where S is 0,
    since there Greenwood's formula knows no variance."""
    high: Floats
    until: float
    """The longest time that anything was followed; NaN of no subject. Beyond it S is known only where it is 0."""
    has_gap: bool
    """Late entries only: at some time all at risk closed although others came under watch later. The product would be
    0 for ever, by accident; the curve ends before that time."""


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """What closed by which cause."""

    curve: Curve
    closed: Counts
    """Shape (causes, k): closures by each cause at each time of the curve."""


def kaplan_meier(times: Floats, is_closed: Flags, entries: Floats | None = None) -> Curve:
    """The share standing over time: S(t) = product over t_k <= t of (1 - d_k / r_k).

    Args:
        times: shape (n,), from origin to closure, or to the last look at what is still open; 0 or more.
        is_closed: shape (n,), whether it closed then.
        entries: shape (n,), when each came under watch, less than its time; what is below 0 was watched from its
            origin on. None: all were.

    Raises:
        ValueError: shapes differ, a time is negative or NaN, or an entry is not before its time.
    """
    _check(times, is_closed, entries)
    at, closed = np.unique(times[is_closed], return_counts=True)
    at_risk = times.size - np.searchsorted(np.sort(times), at, side="left")
    if entries is not None:
        at_risk -= times.size - np.searchsorted(np.sort(entries), at, side="left")
    until = float(times.max()) if times.size else np.nan
    emptied = at[at_risk == closed]
    has_gap = bool(emptied.size and emptied[0] < until)
    if has_gap:
        until, before = float(np.nextafter(emptied[0], -np.inf)), at < emptied[0]
        at, at_risk, closed = at[before], at_risk[before], closed[before]
    with np.errstate(divide="ignore"):
        greenwood = np.cumsum(closed / (at_risk * (at_risk - closed)))
    survival = np.cumprod(1 - closed / at_risk, dtype=np.float64)
    with np.errstate(invalid="ignore"):  # 0 times infinity, where S is 0
        bands = _log_log(survival, survival * np.sqrt(greenwood))
    return Curve(at, at_risk, closed, survival, greenwood, *bands, until, has_gap)


def survival_at(curve: Curve, time: float) -> Estimate:
    """S at a time, with its log-log interval, NaN where S is 0 or 1."""
    if not _is_known(curve, time):
        return NOT_KNOWN
    place = int(np.searchsorted(curve.times, time, side="right")) - 1
    if place < 0:
        return Estimate(1.0, np.nan, np.nan)
    return Estimate(*(float(level[place]) for level in (curve.survival, curve.low, curve.high)))


def share_closed(curve: Curve, time: float) -> Estimate:
    """The share that closed by a time, 1 - S, with interval."""
    standing = survival_at(curve, time)
    return Estimate(1 - standing.value, 1 - standing.high, 1 - standing.low)


def median(curve: Curve) -> Estimate:
    """The first time at which S <= 1/2, and those at which the two bands of S get there; NaN: not reached."""
    return Estimate(*(_first_half(curve.times, levels) for levels in (curve.survival, curve.low, curve.high)))


def restricted_mean(curve: Curve, until: float) -> Estimate:
    """The mean time standing within the first `until`: the area under S, with a normal interval.

    NaN where `until` is beyond what was followed; the interval too, where all or nothing closed and it has no width.
    """
    if not _is_known(curve, until):
        return NOT_KNOWN
    kept = curve.times <= until
    steps = np.concatenate(([0.0], curve.times[kept], [until]))
    areas = np.diff(steps) * np.concatenate(([1.0], curve.survival[kept]))
    rest = areas.sum() - np.cumsum(areas)[:-1]
    spread = Z * sqrt(float(np.sum(_times_squared(rest, curve, kept))))
    mean = float(areas.sum())
    if spread == 0:
        return Estimate(mean, np.nan, np.nan)
    return Estimate(mean, max(0.0, mean - spread), min(until, mean + spread))


def aalen_johansen(times: Floats, causes: Counts, number: int, entries: Floats | None = None) -> Incidence:
    """Closures by cause, from which `incidence_at` tells the share closed by each.

    Args:
        times: as for `kaplan_meier`.
        causes: shape (n,), 0 where it still stands, else 1 to `number`.
        number: how many causes there are.
        entries: as for `kaplan_meier`.
    """
    curve = kaplan_meier(times, causes > 0, entries)
    closed = np.zeros((number, curve.times.size), dtype=np.int64)
    happened = (causes > 0) & (times <= curve.until)
    np.add.at(closed, (causes[happened] - 1, np.searchsorted(curve.times, times[happened])), 1)
    return Incidence(curve, closed)


def incidence_at(incidence: Incidence, cause: int, time: float) -> Estimate:
    """The share closed by one cause (1 ...) by a time, where the others close too; the interval is log-log of the rest.

    I(t) = sum over t_k <= t of S(t_k-) d_jk / r_k; over all causes they add up to 1 - S(t), and of a single cause it
    is `share_closed`, interval and all.
    """
    curve = incidence.curve
    if not _is_known(curve, time):
        return NOT_KNOWN
    kept = curve.times <= time
    at_risk, closed = curve.at_risk[kept].astype(np.float64), incidence.closed[cause - 1][kept]
    before = np.concatenate(([1.0], curve.survival))[: closed.size]
    grown = np.cumsum(before * closed / at_risk)
    if not grown.size:
        return Estimate(0.0, np.nan, np.nan)
    rest = grown[-1] - grown
    variance = (
        _times_squared(rest, curve, kept).sum()
        + np.sum(before**2 * closed * (at_risk - closed) / at_risk**3)
        - 2 * np.sum(rest * before * closed / at_risk**2)
    )
    low, high = _log_log(1 - grown[-1:], np.sqrt(np.maximum(variance, 0.0)))
    return Estimate(float(grown[-1]), 1 - float(high[0]), 1 - float(low[0]))


def wilson(count: int, of: int) -> Estimate:
    """A proportion with Wilson's interval, which holds at 0 and 1 too; NaN of nothing.

    >>> [round(each, 4) for each in wilson(0, 10)]
    [0.0, 0.0, 0.2775]
    """
    if of == 0:
        return NOT_KNOWN
    share, square = count / of, Z * Z
    centre = (share + square / (2 * of)) / (1 + square / of)
    spread = Z / (1 + square / of) * sqrt(share * (1 - share) / of + square / (4 * of * of))
    return Estimate(share, centre - spread if count else 0.0, centre + spread if count < of else 1.0)


def _check(times: Floats, is_closed: Flags, entries: Floats | None) -> None:
    if times.shape != is_closed.shape or times.ndim != 1 or (entries is not None and entries.shape != times.shape):
        raise ValueError("times, closures and entries must be arrays of one length")
    if not (times >= 0).all():
        raise ValueError("a time must be 0 or more")
    if entries is not None and not (entries < times).all():
        raise ValueError("an entry must be before its time")


def _is_known(curve: Curve, time: float) -> bool:
    """Whether S is known at a time: somebody was followed so long, or nothing is left."""
    return time <= curve.until or bool(curve.survival.size and curve.survival[-1] == 0)


def _first_half(times: Floats, levels: Floats) -> float:
    reached = times[levels <= 0.5 + _ROUNDING]
    return float(reached[0]) if reached.size else np.nan


def _times_squared(rest: Floats, curve: Curve, kept: Flags) -> Floats:
    """Squares of what is still to come after each time, weighted as in Greenwood's sum; nothing comes after S = 0."""
    at_risk, closed = curve.at_risk[kept].astype(np.float64), curve.closed[kept]
    left = at_risk - closed
    weighted: Floats = np.divide(rest**2 * closed, at_risk * left, out=np.zeros_like(rest), where=left > 0)
    return weighted


def _log_log(share: Floats, error: Floats) -> tuple[Floats, Floats]:
    """The interval of a share that is symmetric for log(-log(share)); NaN at 0 and 1."""
    inside = (share > _ROUNDING) & (share < 1 - _ROUNDING)
    level = np.where(inside, share, np.nan)
    logarithm = np.log(level)
    spread = Z * error / (level * logarithm)
    return level ** np.exp(-spread), level ** np.exp(spread)
