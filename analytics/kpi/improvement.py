"""The increase of a rate over the year before: in percentage points, beside both levels and the relative change."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

from analytics.kpi.display import RatioRule, percent, show_ratio
from analytics.kpi.notes import Remark

Level = tuple[int, int]
"""Of a rate: numerator and denominator."""
_LEVEL: Final = RatioRule(2)
_ALL: Final = Decimal(100)


def difference(now: Level, before: Level) -> Fraction | None:
    """The later rate less the earlier one; None where either has no denominator."""
    if not now[1] or not before[1]:
        return None
    return Fraction(*now) - Fraction(*before)


def levels(year: int, now: Level, before: Level) -> Sequence[Remark]:
    """Both rates and the relative change; or which of them there is none of."""
    shown_zh, shown_en = zip(*(_level(*each) for each in ((year - 1, before), (year, now))), strict=True)
    remarks = [("；".join(shown_zh), "; ".join(shown_en))]
    if before[0] and before[1] and now[1]:
        relative = Fraction(*now) / Fraction(*before) - 1
        shown = show_ratio(relative.numerator, relative.denominator, RatioRule(2, is_signed=True))
        remarks.append((f"相对变动 {shown}", f"relative change {shown}"))
    return remarks


def readings(published: Decimal) -> Remark:
    """What a published increase would mean as points, and as a relative one: not both can be had by every first rate.

    Args:
        published: the increase, 90 for "90%"; above 0.
    """
    first = Fraction(100) / (100 + Fraction(published))
    relative = percent(first.numerator, first.denominator)
    points = 100 - published if published <= _ALL else None
    zh = f"作为百分点须上年不高于{points}%" if points is not None else "不可能是百分点"
    en = f"as points the year before had at most {points}%" if points is not None else "it can be no points"
    return f"{zh}，作为相对增幅须上年不高于{relative}%", f"{en}, as a relative increase at most {relative}%"


def _level(year: int, level: Level) -> Remark:
    if not level[1]:
        return f"{year}年没有可比的数据", f"nothing comparable in {year}"
    shown = f"{show_ratio(*level, _LEVEL)} ({level[0]:,}/{level[1]:,})"
    return f"{year}年 {shown}", f"{year}: {shown}"
