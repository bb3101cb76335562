"""Is an answer what is normal for its source? All documents of an answer are weighed together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from db.sources import Cursor
from spiders.catalogue import Normal

_HOUR: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Weight:
    """What of a document is weighed.

    Attributes:
        rows: all of it.
        rejected: those that cannot be read.
        newest: latest time that a row gives, in Unix milliseconds.
        start: its first letters, what is no ASCII replaced; None where they may not be quoted.
    """

    rows: int
    rejected: int
    newest: int | None
    start: str | None


def abnormal(weights: Sequence[Weight], normal: Normal, cursor: Cursor, at: int) -> str | None:
    """Why an answer is not what is normal; None where it is.

    Args:
        weights: of its documents.
        normal: as declared.
        cursor: knows since when the answer is the same.
        at: now, in Unix milliseconds.
    """
    total, rejected = sum(one.rows for one in weights), sum(one.rejected for one in weights)
    if total < normal.min_rows:
        return f"{total:,} rows, normal is at least {normal.min_rows:,}{_sample(weights)}"
    if normal.max_rows is not None and total > normal.max_rows:
        return f"{total:,} rows, normal is at most {normal.max_rows:,}"
    if rejected > total * normal.max_rejected_share:
        return f"{rejected:,} of {total:,} rows cannot be read, normal is at most {normal.max_rejected_share:.1%}"
    return _stale(weights, normal, cursor, at)


def unchanged_too_long(normal: Normal, cursor: Cursor, at: int) -> str | None:
    """Why an answer that has been the same for a while is stale; None where it is not."""
    limit = normal.max_age_hours
    if limit is None or cursor.changed_at is None or at - cursor.changed_at <= limit * _HOUR:
        return None
    hours = (at - cursor.changed_at) // _HOUR
    return f"stale: the same answer for {hours:,} h, normal is a change within {limit:,.0f} h"


def _stale(weights: Sequence[Weight], normal: Normal, cursor: Cursor, at: int) -> str | None:
    limit = normal.max_age_hours
    newest = max((one.newest for one in weights if one.newest is not None), default=None)
    if (reason := unchanged_too_long(normal, cursor, at)) or limit is None or newest is None:
        return reason
    if at - newest <= limit * _HOUR:
        return None
    return f"stale: its newest row is {(at - newest) // _HOUR:,} h old, normal is {limit:,.0f} h"


def _sample(weights: Sequence[Weight]) -> str:
    """The start of a suspiciously short answer: often it says itself what is wrong."""
    if len(weights) != 1:
        return f" in {len(weights):,} files"
    start = weights[0].start
    if start is None:  # about persons: nothing of it is quoted
        return ""
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in start).split())
    return f"; it starts {shown!r}" if shown else "; it is empty"
