"""What a signed figure may move by, family by family, and what is said where it has moved."""

from dataclasses import replace
from decimal import Decimal

import polars as pl
import pytest

from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.figures import Figure, compute
from analytics.kpi.frames import FRAMES
from analytics.kpi.restating import LATE, NOT_SIGNED, Standing, has_moved, judge, shown_effect, threshold, told
from tests.analytics.kpi_rows import MID, YEAR, attack, frames_of, reported

Value = int | Decimal | None


def figure(kpi: str, value: Value, prior: Value = None) -> Figure:
    return Figure(DEFINITIONS[kpi], YEAR.year, value, prior, "", "")


def standing(kpi: str, value: Value, prior: Value = None, low: int | None = None) -> Standing:
    one = figure(kpi, value, prior)
    return Standing(one, threshold(one), low)


@pytest.mark.parametrize(
    ("kpi", "value", "most"),
    [
        ("K10", 14, "1"),  # every digit is shown: a unit
        ("K10", 14_055, "140.55"),  # 1 %
        ("K01", 13_840, "138.40"),
        ("K02", 48_000, "1000"),  # shown by two significant figures
        ("K04", 25_900_000_000, "259000000"),  # fen
        ("K15", Decimal("99.98"), "0.9998"),
        ("K13", Decimal("168.02"), "1.6802"),
        ("K13", Decimal("-40.00"), "1"),  # shown without decimals
        ("K15", Decimal("0.50"), "0.01"),
        ("K10", 0, "1"),
        ("K10", None, None),
    ],
)
def test_it_is_a_display_unit_or_one_percent(kpi: str, value: Value, most: str | None) -> None:
    assert threshold(figure(kpi, value)) == (None if most is None else Decimal(most))


@pytest.mark.parametrize(
    ("before", "after", "is_beyond"),
    [
        (standing("K10", 14), figure("K10", 15), False),
        (standing("K10", 14), figure("K10", 16), True),
        (standing("K10", 14_055), figure("K10", 14_195), False),
        (standing("K10", 14_055), figure("K10", 13_914), True),
        (standing("K10", 14), figure("K10", None), True),
        (standing("K10", None), figure("K10", 0), True),
        (standing("K04", 20_000, low=15_000), figure("K04", 19_900), False),
        (standing("K04", 20_000, low=15_000), figure("K04", 20_001), True),
        (standing("K04", 20_000, low=19_990), figure("K04", 19_980), True),
        (standing("K10", 14, 500), figure("K10", 14, 505), False),
        (standing("K10", 14, 500), figure("K10", 14, 506), True),
        (standing("K10", 14, 5), figure("K10", 14, None), True),
        (None, figure("K10", 14), False),
    ],
)
def test_beyond_it_and_beyond_bounds_a_figure_must_be_restated(
    before: Standing | None, after: Figure, is_beyond: bool
) -> None:
    change = judge(before, after)
    assert change.is_beyond is is_beyond
    assert change.causes
    assert before is None or has_moved(before.figure, after)
    assert ("must be restated" in told(change)[1]) is is_beyond


def test_a_changed_definition_or_source_goes_before_any_threshold() -> None:
    before, after = standing("K10", 14_055), figure("K10", 14_056)
    assert judge(before, after).causes == (LATE,)
    source = ("来源", "source")
    assert judge(before, after, [source]).causes == (source,)
    newer = replace(after, definition=replace(after.definition, version=9), value=14_055)
    assert has_moved(before.figure, newer)
    for change in (judge(before, after, [source]), judge(before, newer)):
        assert change.is_beyond
    assert judge(None, after).causes == (NOT_SIGNED,)


@pytest.mark.parametrize(
    ("version", "text", "prior", "growth", "said"),
    [
        ("2", "2", 2, Decimal("-50.00"), "2023 as signed off in ledger entry 7"),
        ("1", "2", None, None, "not comparable with 2023: K10 was signed off by v1 of its definition, now v2"),
        ("2", None, None, None, "K10 was signed off as unknown for 2023"),
    ],
)
def test_the_year_before_is_compared_only_by_the_same_definition(
    version: str, text: str | None, prior: int | None, growth: Decimal | None, said: str
) -> None:
    frames = frames_of({"attack_events": attack(MID), "reported_figures": [reported("K10", "5")]})
    row = {"kpi": "K10", "year": 2023, "value": text, "definition_version": version, "is_synthetic": False, "entry": 7}
    signed = pl.LazyFrame([row], schema=FRAMES["signed_figures"])
    figures = {one.id: one for one in compute(frames | {"signed_figures": signed}, YEAR)}
    assert (figures["K10"].prior, figures["K13"].value) == (prior, growth)
    assert said in figures["K10"].note_en
    assert said in figures["K13"].note_en
    published = {one.id: one for one in compute(frames, YEAR)}
    assert (published["K10"].prior, published["K13"].value) == (5, Decimal("-80.00"))
    assert "2023 as published in “synthetic report”" in published["K10"].note_en


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        (standing("K10", 14_055), figure("K10", 14_056), "14,055 -> 14,056 (+1, +0.01%)"),
        (standing("K04", 20_000), figure("K04", 19_998), "200.00 -> 199.98 (-0.02, -0.01%)"),
        (standing("K15", Decimal("100.00")), figure("K15", Decimal("99.50")), "100.00% -> 99.50% (-0.50 pp)"),
        (standing("K10", 0), figure("K10", 2), "0 -> 2 (+2)"),
        (standing("K10", None), figure("K10", 2), "? -> 2"),
    ],
)
def test_the_effect_is_told_in_full(before: Standing, after: Figure, effect: str) -> None:
    assert shown_effect(judge(before, after)) == effect
