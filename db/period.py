"""Periods of account: calendar years of Asia/Shanghai as half-open spans of Unix milliseconds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from db.errors import UsageError

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
DAY_MS: Final = 86_400_000
SHANGHAI_MS: Final = 8 * 3_600_000
"""China has kept UTC+8 all year round since 1992."""

# The zone left summer time for good in 1991, so that from 1992 on each day has 24 hours and starts at 16:00 UTC.
FIRST_YEAR: Final = 1992
LAST_YEAR: Final = 9998


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """One calendar year in Shanghai: `start <= instant < end`.

    Raises:
        UsageError: the year is outside 1992 to 9998.

    >>> Period(2024).start, Period(2024).end
    (1704038400000, 1735660800000)
    """

    year: int

    def __post_init__(self) -> None:
        if not FIRST_YEAR <= self.year <= LAST_YEAR:
            raise UsageError(f"{self.year} is no year to report on; give one from {FIRST_YEAR} to {LAST_YEAR}")

    @property
    def start(self) -> int:
        """The first instant of the year, Unix ms."""
        return _new_year(self.year)

    @property
    def end(self) -> int:
        """The first instant after the year, Unix ms."""
        return _new_year(self.year + 1)

    def holds(self, instant: str) -> pl.Expr:
        """Whether the column of Unix ms falls into the year; null stays null."""
        return pl.col(instant).is_between(self.start, self.end, closed="left")


@dataclass(frozen=True, slots=True, order=True)
class Years(Period):
    """Several calendar years, one after the other: from `year` to `last`.

    >>> (Years(2023, 2024).start, Years(2023, 2024).end) == (Period(2023).start, Period(2024).end)
    True
    """

    last: int

    @property
    def end(self) -> int:
        """The first instant after the last year, Unix ms."""
        return _new_year(self.last + 1)


def shanghai_year(instant: pl.Expr) -> pl.Expr:
    """The calendar year in Shanghai (Int32) of an expression of Unix ms, none of it before `FIRST_YEAR`."""
    return pl.from_epoch(instant + SHANGHAI_MS, time_unit="ms").dt.year()


def shanghai_day(instant: pl.Expr) -> pl.Expr:
    """The calendar day in Shanghai (Date) of an expression of Unix ms, by the zone's own rules."""
    return (
        pl.from_epoch(instant, time_unit="ms").dt.replace_time_zone("UTC").dt.convert_time_zone(SHANGHAI.key).dt.date()
    )


def shanghai_text(instant: int) -> str:
    """An instant (Unix ms) as people in Shanghai write it, to the second.

    >>> shanghai_text(1704038400000)
    '2024-01-01 00:00:00+08:00'
    """
    moment = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC")) + timedelta(milliseconds=instant)
    return moment.astimezone(SHANGHAI).isoformat(sep=" ", timespec="seconds")


def year_of(instant: int) -> int:
    """The calendar year in Shanghai of an instant (Unix ms).

    >>> year_of(1704038399999), year_of(1704038400000)
    (2023, 2024)
    """
    return datetime.fromtimestamp(instant / 1000, tz=SHANGHAI).year


def _new_year(year: int) -> int:
    return round(datetime(year, 1, 1, tzinfo=SHANGHAI).timestamp()) * 1000
