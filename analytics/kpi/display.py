"""How figures are shown: pure functions of exact integers and a declared rule, so that text and panel cannot disagree.

约 and no word round half-even to the stated significant figures; 超 and 余 round down; 近 rounds up, so that the
figure lies strictly below what is shown. What needs no rounding shows itself, 约 apart: a rule that says 约 says it
of every figure it may round. A rule that counts in 万 or 亿 leaves figures below 10,000 as they are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final, Literal

Scale = Literal["", "万", "亿"]
Word = Literal["", "约", "超", "近", "余"]

_WAN: Final = 10_000
_YI: Final = 100_000_000
_SCALES: Final[Mapping[Scale, tuple[tuple[int, str], ...]]] = MappingProxyType(
    {"": (), "万": ((_WAN, "万"),), "亿": ((_YI, "亿"), (_WAN, "万"))}
)
_SCALES_EN: Final = ((1_000_000_000, " billion"), (1_000_000, " million"))
_SIZES: Final[Mapping[str, int]] = MappingProxyType(
    {"": 1, "万": _WAN, "亿": _YI, "million": 1_000_000, "billion": 1_000_000_000}
)
_NUMBER: Final = re.compile(r"(-?[0-9][0-9,]*(?:\.[0-9]+)?)(万|亿| million| billion|)")
_WORDS_EN: Final = MappingProxyType({"": "", "约": "about ", "超": "over ", "近": "nearly ", "余": "over "})


@dataclass(frozen=True, slots=True)
class Rule:
    """How one KPI is shown.

    >>> show_zh(13_840_000, "条", Rule("万", 4, "约")), show_en(13_840_000, Rule("万", 4, "约"))
    ('约1,384万条', 'about 13.84 million')
    >>> show_zh(21_400_000, "次", Rule("万", 4)), show_en(21_400_000, Rule("万", 4))
    ('2,140万次', '21.40 million')
    >>> show_zh(28_449_290_000, "元", Rule("亿", 3), 100), show_en(28_449_290_000, Rule("亿", 3), 100, "CNY ")
    ('2.84亿元', 'CNY 284 million')
    >>> show_zh(28_449_290_000, "元", Rule(), 100), show_en(28_449_290_000, Rule(), 100, "CNY ")
    ('284,492,900元', 'CNY 284,492,900')
    >>> show_zh(14_055, "个", Rule()), show_zh(213, "个", Rule(figures=1, word="余"))
    ('14,055个', '200余个')
    """

    scale: Scale = ""
    """The largest unit to count in (it needs `figures`); a smaller figure is counted in a smaller one."""
    figures: int | None = None
    """Significant figures; None shows every digit."""
    word: Word = ""


@dataclass(frozen=True, slots=True)
class RatioRule:
    """How a rate is shown: decimal places at most, and whether an increase carries its sign."""

    places: int
    is_signed: bool = False


@dataclass(frozen=True, slots=True)
class PointsRule:
    """How the difference of two rates is shown: in percentage points, signed, to so many decimal places at most."""

    places: int


EXACT: Final = Rule()


def rounded(count: int, rule: Rule, base: int = 1) -> int:
    """The figure that is shown for a count, in the count's own unit.

    Args:
        count: the exact figure, not negative; money in fen.
        rule: its display rule.
        base: counts in one shown unit: 1, or 100 for fen shown as yuan.
    """
    unit = display_unit(count, rule, base)
    if rule.word == "近":
        return -(-count // unit) * unit
    if rule.word in {"超", "余"}:
        return count // unit * unit
    return round(Fraction(count, unit)) * unit


def display_unit(count: int, rule: Rule, base: int = 1) -> int:
    """The step between figures that the rule can show near a count, in the count's own unit.

    Args:
        count: the exact figure, not negative; money in fen.
        rule: its display rule.
        base: counts in one shown unit.
    """
    if rule.figures is None or not _is_scaled(count, rule, base):
        return 1
    surplus = len(str(count // base)) - rule.figures
    return base * int("1" + "0" * surplus)


def show_zh(count: int, unit: str, rule: Rule, base: int = 1) -> str:
    """A count in Chinese: word, number, scale and unit.

    Args:
        count: the exact figure, not negative; money in fen.
        unit: the measure word (条, 次, 元).
        rule: its display rule.
        base: counts in one shown unit.
    """
    shown = rounded(count, rule, base)
    number = _number(shown, rule, base, _SCALES[rule.scale])
    word = _word(count, shown, rule, base)
    return f"{number}余{unit}" if word == "余" else f"{word}{number}{unit}"


def show_en(count: int, rule: Rule, base: int = 1, currency: str = "") -> str:
    """The same figure in English, rounded alike.

    Args:
        count: the exact figure, not negative; money in fen.
        rule: its display rule.
        base: counts in one shown unit.
        currency: what stands before the number ("CNY ").
    """
    shown = rounded(count, rule, base)
    scales = _SCALES_EN if rule.scale else ()
    return f"{_WORDS_EN[_word(count, shown, rule, base)]}{currency}{_number(shown, rule, base, scales)}"


def show_ratio(numerator: int, denominator: int, rule: RatioRule) -> str:
    """A ratio in percent, alike in both languages.

    Only a whole is shown as 100 %: what would merely round to it is shown one step beside it.

    >>> show_ratio(49_999, 50_000, RatioRule(2)), show_ratio(4_120, 4_120, RatioRule(2))
    ('99.99%', '100%')
    >>> show_ratio(14_055 - 5_244, 5_244, RatioRule(0, is_signed=True))
    '+168%'

    Args:
        numerator: of the ratio; negative where a figure fell.
        denominator: of the ratio, above 0.
        rule: its display rule.
    """
    exact = Fraction(100 * 10**rule.places * numerator, denominator)
    whole = 100 * 10**rule.places
    steps = round(exact)
    if steps == whole != exact:
        steps += 1 if exact > whole else -1
    number = f"{Decimal(steps).scaleb(-rule.places):,f}"
    trimmed = number.rstrip("0").rstrip(".") if "." in number else number
    return f"{'+' if rule.is_signed and steps > 0 else ''}{trimmed}%"


def shown_number(text: str) -> Decimal:
    """The number that a display says, in its own unit, whatever stands around it.

    >>> [str(shown_number(text)) for text in ("约1,384万条", "about 13.84 million", "2.84亿元", "+168%")]
    ['13840000', '13840000.00', '284000000.00', '168']

    Args:
        text: what `show_zh`, `show_en` or `show_ratio` made.
    """
    found = _NUMBER.search(text)
    if found is None:
        raise ValueError(f"no number in {text!r}")
    return Decimal(found[1].replace(",", "")) * _SIZES[found[2].strip()]


def show_points(numerator: int, denominator: int, rule: PointsRule) -> tuple[str, str]:
    """A difference of rates in percentage points, in Chinese and English: never with a mere % sign.

    >>> show_points(1, 8, PointsRule(2)), show_points(-1, 3, PointsRule(1))
    (('+12.5个百分点', '+12.5 pp'), ('-33.3个百分点', '-33.3 pp'))

    Args:
        numerator: of the difference.
        denominator: of the difference, above 0.
        rule: its display rule.
    """
    steps = round(Fraction(100 * 10**rule.places * numerator, denominator))
    number = f"{Decimal(steps).scaleb(-rule.places):+,f}" if steps else "0"
    trimmed = number.rstrip("0").rstrip(".") if "." in number else number
    return f"{trimmed}个百分点", f"{trimmed} pp"


def show_unstated(value: Decimal) -> tuple[str, str]:
    """An increase of a rate as published, of which nobody said whether it is in points or relative.

    >>> show_unstated(Decimal("90.00"))
    ('90%（未注明百分点或相对值）', '90% (points or relative: not stated)')

    Args:
        value: what was published, in percent or percentage points.
    """
    number = f"{value.normalize():,f}%"
    return f"{number}（未注明百分点或相对值）", f"{number} (points or relative: not stated)"


def percent(numerator: int, denominator: int) -> Decimal:
    """A ratio in percent, half-even to two places.

    >>> percent(1, 3), percent(8_811, 5_244)
    (Decimal('33.33'), Decimal('168.02'))

    Args:
        numerator: of the ratio.
        denominator: of the ratio, above 0.
    """
    return Decimal(round(Fraction(100 * 100 * numerator, denominator))).scaleb(-2)


def _is_scaled(count: int, rule: Rule, base: int) -> bool:
    """Whether the rule rounds a figure of this size at all."""
    return count >= (_WAN * base if rule.scale else base)


def _word(count: int, shown: int, rule: Rule, base: int) -> Word:
    if rule.word == "约":
        return "约" if _is_scaled(count, rule, base) else ""
    return rule.word if shown != count else ""


def _number(shown: int, rule: Rule, base: int, scales: tuple[tuple[int, str], ...]) -> str:
    """What is shown, counted in the largest scale it reaches, with the places that its significant figures have."""
    size, name = next(((size, name) for size, name in scales if shown >= size * base), (1, ""))
    if size == 1:
        places = 2 if shown % base else 0
    else:
        # both are powers of ten: their lengths tell how many places a step has
        places = max(len(str(size * base)) - len(str(display_unit(shown, rule, base))), 0)
    return f"{Decimal(shown * 10**places // (size * base)).scaleb(-places):,f}{name}"
