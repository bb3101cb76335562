"""A figure by month and week, and in parts: they add up to it, whatever the records. All records are synthetic."""

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.kpi.breakdowns import likeness, shared, tiers
from analytics.kpi.counting import tally
from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.series import OUTSIDE, series
from db.period import DAY_MS
from tests.analytics.kpi_rows import YEAR, Row, frames_of

END = YEAR.end
DAYS = st.integers(-400, 400)


def at(day: int) -> int:
    return YEAR.start + day * DAY_MS


def warning(day: int, subject: int | None, campaign: str) -> Row:
    return {
        "occurred_at": at(day), "stage": "rendered", "channel": "ai", "subject": subject, "campaign": campaign,
    }  # fmt: skip


def loss(day: int, episode: str, amount: int, programme: str = "shanhai", **said: int | str) -> Row:
    return {
        "occurred_at": at(day), "type": "assessed", "episode": episode, "amount_fen": amount, "tier": "A",
        "programme": programme, "subject": None, **said,
    }  # fmt: skip


def sighting(day: int, address: int, host: int) -> Row:
    return {"seen_at": at(day), "address_id": address, "host_id": host, "claim": 1}


@given(
    reminders=st.lists(st.builds(warning, DAYS, st.sampled_from([1, 2, None]), st.sampled_from("ab")), max_size=12),
    amounts=st.lists(st.builds(loss, DAYS, st.sampled_from("efg"), st.integers(1, 10**9)), max_size=12),
    seen=st.lists(st.builds(sighting, DAYS, st.integers(1, 5), st.just(1)), max_size=8),
)
@settings(max_examples=25, deadline=None)
def test_months_and_weeks_add_up_to_the_figure(reminders: list[Row], amounts: list[Row], seen: list[Row]) -> None:
    frames = frames_of({"warnings": reminders, "losses": amounts, "sightings": seen})
    for kpi in ("K01", "K38", "K04"):
        found = series(DEFINITIONS[kpi], frames, YEAR)
        assert found
        figure = tally(DEFINITIONS[kpi], DEFINITIONS[kpi].records(frames, YEAR)).count
        assert sum(part for _, part in found.monthly) == sum(part for _, part in found.weekly) == figure
        assert min(part for _, part in found.monthly + found.weekly) >= 0


def test_a_unit_counts_in_the_month_and_week_of_its_first_record() -> None:
    seen = [sighting(60, 1, 1), sighting(0, 1, 1), sighting(365, 2, 1), sighting(366, 3, 1)]
    found = series(DEFINITIONS["K01"], frames_of({"sightings": seen}), YEAR)
    assert found
    assert [(label, part) for label, part in found.monthly if part] == [("2024-01", 1), ("2024-12", 1)]
    # 31 December 2024 is a Tuesday of the first ISO week of 2025
    assert [(label, part) for label, part in found.weekly if part] == [("2024-W01", 1), ("2025-W01", 1)]
    assert (len(found.monthly), len(found.weekly)) == (12, 53)


@pytest.mark.parametrize(("hour", "month"), [(15, "2024-01"), (16, "2024-02")])
def test_months_begin_at_midnight_in_shanghai(hour: int, month: str) -> None:
    instant = int(datetime(2024, 1, 31, hour, 59, tzinfo=UTC).timestamp() * 1000)
    row = warning(0, 1, "a") | {"occurred_at": instant}
    found = series(DEFINITIONS["K38"], frames_of({"warnings": [row]}), YEAR)
    assert found
    assert dict(found.monthly)[month] == 1


def test_what_is_assessed_after_the_year_of_its_episode_is_told_apart() -> None:
    begun = loss(360, "e", 1, type="realised")
    found = series(DEFINITIONS["K04"], frames_of({"losses": [begun, loss(370, "e", 700)]}), YEAR)
    assert found
    assert found.monthly[-1] == found.weekly[-1] == (OUTSIDE, 700)


def test_rates_have_no_series() -> None:
    assert series(DEFINITIONS["K15"], frames_of({}), YEAR) is None
    assert series(DEFINITIONS["K13"], frames_of({}), YEAR) is None


def test_addresses_by_likeness_add_up() -> None:
    frames = frames_of({"sightings": [sighting(1, 1, 1), sighting(2, 1, 1), sighting(1, 2, 1), sighting(3, 3, 2)]})
    matched = pl.DataFrame(
        {"host_id": [1, 9], "brand_id": [4, 5], "technique": ["homoglyph", "path"]},
        schema={"host_id": pl.Int64, "brand_id": pl.Int64, "technique": pl.String},
    )
    assert sorted(likeness(frames, YEAR, matched).rows(), key=str) == [(4, "homoglyph", 2), (None, None, 1)]


def test_each_episode_is_of_the_tier_of_its_largest_amount() -> None:
    rows = [loss(1, "e", 500, tier="B"), loss(2, "e", 500), loss(3, "f", 9, tier="B"), loss(3, "g", 1, tier="C")]
    found = [(one.kpi, one.tier, one.episodes, one.fen) for one in tiers(frames_of({"losses": rows}), YEAR)]
    assert found == [("K04", "A", 1, 500), ("K04", "B", 1, 9)]


def test_what_programmes_share_is_counted_and_never_added() -> None:
    rows = [
        loss(1, "a", 100, subject=1),
        loss(2, "b", 50, subject=2),
        loss(3, "a", 70, "dissuasion", subject=1),
        loss(3, "c", 30, "dissuasion", subject=2),
        loss(4, "d", 5, "dissuasion"),
    ]
    found = shared(frames_of({"losses": rows}), YEAR)
    assert found.episodes == (2, 3, 1)
    assert found.people == (2, 2, 2)
    assert found.fen == (150, 100)
    frames = frames_of({"losses": [loss(1, "a", 100), loss(1, "b", 1, "dissuasion")]})
    assert shared(frames, YEAR).people == (0, 0, 0)
