"""When things happen: spread over the year, on its very edges, and in the hours that a wrong zone moves out of it."""

from typing import Final

import numpy as np

from db.period import DAY_MS, Period
from flows.simulate.draw import Draw, Whole

HOUR_MS: Final = 3_600_000
SECOND_MS: Final = 1_000
_ZONE_MS: Final = 8 * HOUR_MS
"""What Shanghai is ahead of UTC: the first of these hours of a year are of the year before by UTC's calendar."""
_FAR_MS: Final = 60 * DAY_MS


def in_order(period: Period, numbers: Whole, count: int | Whole, draw: Draw) -> Whole:
    """An instant in the year for each number below its count, in their order; the first and last on its edges."""
    length = (period.end - period.start) // SECOND_MS
    place = ((numbers + draw.share()) * length / count).astype(np.int64)
    second = np.where(numbers == 0, 0, np.where(numbers == count - 1, length - 1, place))
    return period.start + second * SECOND_MS


def before(period: Period, numbers: Whole, draw: Draw) -> Whole:
    """An instant before the year for each number: the last one there is, some hours, some days before."""
    return period.start - SECOND_MS - _away(numbers, draw)


def after(period: Period, numbers: Whole, draw: Draw) -> Whole:
    """An instant after the year for each number: the first one there is, some hours, some days after."""
    return period.end + _away(numbers, draw)


def _away(numbers: Whole, draw: Draw) -> Whole:
    """Nothing for the first of all numbers, less than a zone's hours for two of three, days for the others."""
    far = np.where(numbers % 3 > 0, _ZONE_MS, _FAR_MS)
    away = (draw.share() * far).astype(np.int64) // SECOND_MS * SECOND_MS
    return np.where(numbers == 0, 0, away)


def later(draw: Draw, least: float, most: float) -> Whole:
    """Whole seconds (ms) between so many days."""
    return ((least + draw.share() * (most - least)) * DAY_MS).astype(np.int64) // SECOND_MS * SECOND_MS


def same_day(instants: Whole, draw: Draw) -> Whole:
    """A later instant of the same day in Shanghai for each."""
    left = DAY_MS - (instants + _ZONE_MS) % DAY_MS
    return instants + (draw.share() * left).astype(np.int64) // SECOND_MS * SECOND_MS


def soon(instants: Whole, draw: Draw) -> Whole:
    """An instant less than an hour later for each."""
    return instants + (draw.share() * HOUR_MS).astype(np.int64) // SECOND_MS * SECOND_MS
