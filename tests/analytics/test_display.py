"""How figures are shown: the forms of the published report, and the laws of rounding."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.display import (
    RatioRule,
    Rule,
    Scale,
    Word,
    display_unit,
    percent,
    rounded,
    show_en,
    show_ratio,
    show_zh,
)

SCALES: tuple[Scale, ...] = ("", "万", "亿")
WORDS: tuple[Word, ...] = ("", "约", "超", "近", "余")
COUNTS = st.integers(0, 10**13)
BASES = st.sampled_from([1, 100])
RULES = st.builds(Rule, st.sampled_from(SCALES), st.integers(1, 6), st.sampled_from(WORDS))


@pytest.mark.parametrize(
    ("kpi", "count", "zh", "en"),
    [
        ("K01", 13_840_000, "约1,384万条", "about 13.84 million"),
        ("K01", 13_835_000, "约1,384万条", "about 13.84 million"),
        ("K01", 13_844_999, "约1,384万条", "about 13.84 million"),
        ("K01", 1_384, "1,384条", "1,384"),
        ("K01", 99_999_999, "约10,000万条", "about 100.0 million"),
        ("K01", 0, "0条", "0"),
        ("K02", 48_000, "约4.8万条", "about 48,000"),
        ("K02", 50_000, "约5.0万条", "about 50,000"),
        ("K03", 21_400_000, "2,140万次", "21.40 million"),
        ("K04", 25_900_000_000, "约2.59亿元", "about CNY 259 million"),
        ("K04", 25_900_000, "约25.9万元", "about CNY 259,000"),
        ("K04", 259_050, "2,590.50元", "CNY 2,590.50"),
        ("K04", 9_999_999_999, "约1.00亿元", "about CNY 100 million"),
        ("K05", 11_500, "约1.15万次", "about 11,500"),
        ("K10", 14_055, "14,055个", "14,055"),
        ("K38", 138_263, "138,263次", "138,263"),
        ("K40", 29_744, "29,744人", "29,744"),
        ("K41", 28_449_290_000, "2.84亿元", "CNY 284 million"),
    ],
)
def test_the_figures_of_the_report_are_shown_as_it_shows_them(kpi: str, count: int, zh: str, en: str) -> None:
    definition = DEFINITIONS[kpi]
    rule = definition.display
    assert isinstance(rule, Rule)
    base, currency = (100, "CNY ") if definition.measure == "money" else (1, "")
    assert show_zh(count, definition.unit_zh, rule, base) == zh
    assert show_en(count, rule, base, currency) == en


@pytest.mark.parametrize(
    ("count", "rule", "zh", "en"),
    [
        (13_846_000, Rule("万", 4, "超"), "超1,384万条", "over 13.84 million"),
        (13_841_000, Rule("万", 4, "近"), "近1,385万条", "nearly 13.85 million"),
        (13_846_000, Rule("万", 4, "余"), "1,384万余条", "over 13.84 million"),
        (13_840_000, Rule("万", 4, "超"), "1,384万条", "13.84 million"),
        (13_840_000, Rule("万", 4, "近"), "1,384万条", "13.84 million"),
        (217, Rule(figures=1, word="余"), "200余条", "over 200"),
        (13_845_000, Rule("万", 4, "约"), "约1,384万条", "about 13.84 million"),
        (13_855_000, Rule("万", 4, "约"), "约1,386万条", "about 13.86 million"),
        (13_840_000, Rule(), "13,840,000条", "13,840,000"),
        (1_384_000_000_000, Rule("亿", 4), "13,840亿条", "1,384 billion"),
    ],
)
def test_each_word_rounds_its_own_way(count: int, rule: Rule, zh: str, en: str) -> None:
    assert (show_zh(count, "条", rule), show_en(count, rule)) == (zh, en)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rule", "shown"),
    [
        (9_998, 10_000, RatioRule(2), "99.98%"),
        (4_120, 4_120, RatioRule(2), "100%"),
        (99_999, 100_000, RatioRule(2), "99.99%"),
        (100_001, 100_000, RatioRule(2), "100.01%"),
        (14_055 - 5_244, 5_244, RatioRule(0, is_signed=True), "+168%"),
        (-1, 4, RatioRule(0, is_signed=True), "-25%"),
        (0, 4, RatioRule(0, is_signed=True), "0%"),
        (1, 2, RatioRule(2), "50%"),
        (50, 1, RatioRule(2), "5,000%"),
    ],
)
def test_a_rate_is_a_whole_only_where_nothing_is_missing(
    numerator: int, denominator: int, rule: RatioRule, shown: str
) -> None:
    assert show_ratio(numerator, denominator, rule) == shown


@given(count=COUNTS, rule=RULES, base=BASES)
def test_what_is_shown_is_within_half_a_display_unit_or_on_the_side_its_word_says(
    count: int, rule: Rule, base: int
) -> None:
    unit, shown = display_unit(count, rule, base), rounded(count, rule, base)
    assert shown % unit == 0
    if rule.word in {"超", "余"}:
        assert 0 <= count - shown < unit
    elif rule.word == "近":
        assert 0 <= shown - count < unit
    else:
        assert abs(shown - count) <= Fraction(unit, 2)


@given(counts=st.lists(COUNTS, min_size=2, max_size=2), rule=RULES, base=BASES)
def test_a_greater_figure_is_never_shown_as_a_smaller_one(counts: list[int], rule: Rule, base: int) -> None:
    smaller, greater = sorted(counts)
    assert rounded(smaller, rule, base) <= rounded(greater, rule, base)


@given(count=COUNTS, base=BASES)
def test_a_rule_without_significant_figures_shows_every_digit(count: int, base: int) -> None:
    shown = show_zh(count, "", Rule(), base).replace(",", "")
    assert Fraction(shown) * base == count
    assert show_en(count, Rule(), base).replace(",", "") == shown


_SIZES = {"万": 10_000, "亿": 100_000_000, " million": 1_000_000, " billion": 1_000_000_000}


def read_back(text: str) -> Fraction:
    """What a reader makes of a number as shown."""
    size = next((size for name, size in _SIZES.items() if name in text), 1)
    return Fraction("".join(letter for letter in text if letter in "0123456789.")) * size


@given(count=COUNTS, rule=RULES, base=BASES)
def test_both_languages_say_the_one_figure_that_the_rule_rounds_to(count: int, rule: Rule, base: int) -> None:
    shown = Fraction(rounded(count, rule, base), base)
    assert read_back(show_zh(count, "元", rule, base)) == shown
    assert read_back(show_en(count, rule, base)) == shown


@given(numerator=st.integers(-(10**9), 10**9), denominator=st.integers(1, 10**9))
def test_percent_is_within_half_a_hundredth_and_has_two_places(numerator: int, denominator: int) -> None:
    value = percent(numerator, denominator)
    assert value.as_tuple().exponent == -2
    assert abs(Fraction(value) - Fraction(100 * numerator, denominator)) <= Fraction(1, 200)
