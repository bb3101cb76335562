"""Measures of attacks: each clock and end by hand, what is counted over what, and a made-up month against its truth."""

from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.measures.declared import BESIDE, MEASURES, REASONS, Grouping
from analytics.measures.lives import ATTACKS, HOUR_MS, Span, availability, lives
from analytics.measures.measured import Measured, measure
from analytics.probes import derive_states
from analytics.survival import median
from db.period import DAY_MS, Period

YEAR = Period(2024)
START = YEAR.start + 100 * DAY_MS
LATER = Span(YEAR, YEAR.end + 90 * DAY_MS)
Value = int | str | bool | None


def at(hours: float) -> int:
    return START + round(hours * HOUR_MS)


def one(**said: Value) -> dict[str, Value]:
    """An attack on own brand `a`, confirmed at hour 0, never probed; what is said of it goes before."""
    plain: dict[str, Value] = {"attack_key": "k", "brand": "a", "is_own": True, "reopened": 0, "state": "confirmed"}
    clocks: dict[str, Value] = {"first_seen_at": at(0), "confirmed_at": at(0)}
    return dict.fromkeys(ATTACKS) | plain | clocks | said


def frame(*attacks: dict[str, Value]) -> pl.DataFrame:
    numbered = [attack | {"attack_key": f"{attack['attack_key']}{number}"} for number, attack in enumerate(attacks)]
    return pl.DataFrame(numbered, schema=ATTACKS)


def found(*attacks: dict[str, Value], span: Span = LATER, by: Grouping | None = None) -> dict[str, Measured]:
    return {f"{row.group or ''}{row.measure.id}": row for row in measure(frame(*attacks), span, by)}


def closed(hours: float, **said: Value) -> dict[str, Value]:
    """Closed so long after its confirmation, by an event."""
    ended: dict[str, Value] = {"closed_at": at(hours), "state": "closed"}
    return one(**ended | said)


PROBED = {"last_up_at": at(10), "first_down_at": at(14), "down_at": at(40), "last_probe_at": at(60)}
ENDS: dict[str, tuple[dict[str, Value], tuple[float | None, int, float | None]]] = {
    # what is known of it -> hours on the clock of confirmation, cause (0: open), width of the outage's start
    "closed by an event": (closed(5, cause="us"), (5, 1, None)),
    "cause not stated": (closed(5), (5, 4, None)),
    "found down by probes": (one(**PROBED, last_telling_at=at(60)), (12, 4, 4)),
    "and closed by the event that follows from it": (
        closed(14, cause="third_party", **PROBED, last_telling_at=at(60)),
        (12, 2, 4),
    ),
    "an event before the outage that probes saw": (closed(3, **PROBED, last_telling_at=at(60)), (3, 4, None)),
    "never seen up": (
        one(first_down_at=at(6), down_at=at(40), last_probe_at=at(60), last_telling_at=at(60)),
        (3, 4, 6),
    ),
    "up before the confirmation, down after it": (
        one(first_seen_at=at(-9), **PROBED | {"last_up_at": at(-8), "first_down_at": at(2)}, last_telling_at=at(60)),
        (1, 4, 2),
    ),
    "already down when confirmed": (
        one(
            first_seen_at=at(-30), **PROBED | {"last_up_at": at(-20), "first_down_at": at(-10)}, last_telling_at=at(60)
        ),
        (None, 4, 10),
    ),
    "standing at the last telling probe": (
        one(last_up_at=at(50), last_probe_at=at(60), last_telling_at=at(50)),
        (50, 0, None),
    ),
    "failing, not confirmed": (
        one(last_up_at=at(50), first_down_at=at(54), last_probe_at=at(60), last_telling_at=at(58)),
        (58, 0, None),
    ),
    "probed last before it was confirmed": (one(last_up_at=at(-5), last_telling_at=at(-5)), (None, 0, None)),
    "never probed": (one(), ((YEAR.end + 30 * DAY_MS - START) / HOUR_MS, 0, None)),
    "closed after it is followed": (
        one(closed_at=YEAR.end + 31 * DAY_MS),
        ((YEAR.end + 30 * DAY_MS - START) / HOUR_MS, 0, None),
    ),
}


@pytest.mark.parametrize("case", ENDS)
def test_how_long_an_attack_stood(case: str) -> None:
    attack, expected = ENDS[case]
    row = lives(frame(attack), LATER).row(0, named=True)
    assert (row["time_confirmed"], row["cause_id"], row["width"]) == expected


def test_clocks_are_kept_apart() -> None:
    row = lives(frame(closed(20, first_seen_at=at(-4), notified_at=at(6))), LATER).row(0, named=True)
    assert (row["time_confirmed"], row["time_first_seen"], row["time_notified"]) == (20, 24, 14)
    assert (row["entry_confirmed"], row["entry_first_seen"], row["entry_notified"]) == (-1, 4, -1)
    early = lives(frame(closed(20, notified_at=at(-2))), LATER).row(0, named=True)
    assert (early["time_notified"], early["entry_notified"]) == (22, 2)
    looked_at_once = lives(frame(one(first_seen_at=at(-4), last_telling_at=at(0))), LATER).row(0, named=True)
    assert (looked_at_once["time_confirmed"], looked_at_once["time_first_seen"]) == (0, None)
    late = lives(frame(closed(20, notified_at=at(21))), LATER).row(0, named=True)
    assert late["time_notified"] is None


def test_what_is_not_decided_yet_is_not_counted_as_standing() -> None:
    now = Span(YEAR, at(72))
    row = lives(frame(one(last_up_at=at(70), last_telling_at=at(70)), closed(30)), now)
    assert row["time_confirmed"].to_list() == [24, 24]  # two days before the present
    assert row["cause_id"].to_list() == [0, 0]
    assert lives(frame(one(confirmed_at=at(60))), now)["time_confirmed"].to_list() == [None]


def test_what_is_counted_over_what() -> None:
    before, after = YEAR.start - DAY_MS, YEAR.end
    rows = found(
        *(closed(hours, cause="us", notified_at=at(1)) for hours in (2, 10, 30)),
        closed(50, cause="self_expired", acknowledged_at=at(3), notified_at=at(2)),
        one(reopened=1, last_up_at=at(90), last_probe_at=at(90), last_telling_at=at(90)),
        one(last_up_at=at(80), first_down_at=at(90), last_probe_at=at(95), last_telling_at=at(95)),
        one(last_probe_at=at(95)),
        one(previous="k0"),
        closed(4, first_seen_at=before, confirmed_at=before),
        one(first_seen_at=after, confirmed_at=after),
        one(confirmed_at=None, state="suspected"),
        closed(1, state="dismissed"),
        one(first_seen_at=before, confirmed_at=before, closed_at=before + HOUR_MS, state="closed"),
    )
    assert (rows["confirmed"].value, rows["confirmed"].beside) == (8, {"reopened": 1, "continues": 1})
    assert (rows["carried_over"].value, rows["carried_over"].over) == (1, 5)
    assert (rows["closed_cohort"].value, rows["closed_cohort"].over) == (50, 8)
    known = {"closed": 4, "open": 1, "failing": 1, "unknown": 1, "unprobed": 1, "is_final": True}
    assert rows["closed_cohort"].beside == known
    assert (rows["closed_snapshot"].value, rows["closed_snapshot"].beside["closed"]) == (50, 4)
    assert (rows["down_24h_from_confirmed"].value, rows["down_24h_from_confirmed"].over) == (25, 8)
    assert rows["median_from_confirmed"].value == 50
    assert rows["median_from_notified"].beside == {
        "closed": 4,
        "open": 0,
        "down_before": 0,
        "unfollowed": 0,
        "never_notified": 4,
        "acknowledged": 1,
    }
    assert rows["median_from_notified"].value == 9
    assert (rows["reactivated"].value, rows["reactivated"].over) == (20, 5)
    assert (rows["open"].value, rows["open"].over) == (5, 11)
    assert rows["open"].beside == {"open": 1, "failing": 1, "unknown": 1, "unprobed": 2, "since_start": 4}
    assert (rows["oldest_open"].value, rows["oldest_open"].beside) == (
        (LATER.as_of - at(0)) / HOUR_MS,
        {"oldest": "k4"},
    )
    assert (rows["unprobed"].value, rows["unprobed"].over) == (2, 5)
    shares = [rows[f"closed_30d_{cause}"].value for cause in ("us", "third_party", "self_expired", "not_stated")]
    assert shares == pytest.approx([37.5, 0, 12.5, 0])


def test_a_closure_of_the_last_fifteen_days_is_not_yet_one_that_held() -> None:
    now = Span(YEAR, at(30 * 24))
    row = found(closed(5), closed(25 * 24), one(reopened=1), span=now)["reactivated"]
    assert (row.value, row.over, row.beside["too_recent"]) == (50, 2, 1)


@pytest.mark.parametrize(
    ("span", "is_final", "closures"),
    [(LATER, True, (2, 1)), (Span(YEAR, YEAR.end + 10 * DAY_MS), False, (1, 1)), (Span(YEAR, at(9)), False, (1, 1))],
)
def test_a_year_is_followed_for_thirty_days_more(span: Span, is_final: bool, closures: tuple[int, int]) -> None:
    rows = found(closed(5), one(closed_at=YEAR.end + 20 * DAY_MS), one(closed_at=YEAR.end + 31 * DAY_MS), span=span)
    counts = rows["closed_cohort"].beside["closed"], rows["closed_snapshot"].beside["closed"]
    assert (counts, rows["closed_cohort"].beside["is_final"]) == (closures, is_final)


REASONED: dict[str, tuple[tuple[dict[str, Value], ...], str, str | None]] = {
    "nothing": ((), "median_from_confirmed", "none"),
    "nobody notified": ((closed(1),), "median_from_notified", "none"),
    "more than half stand": ((closed(1), one(), one()), "median_from_confirmed", "not_reached"),
    "nobody followed so long": ((one(last_telling_at=at(20)),), "down_24h_from_confirmed", "not_followed"),
    "nothing closed": ((one(),), "down_24h_from_confirmed", "no_interval"),
    "all closed": ((closed(1), closed(2)), "down_24h_from_confirmed", "no_interval"),
    "the band stays above a half": ((closed(1), one()), "median_from_confirmed", "high_not_reached"),
    "late ones came after all had closed": (
        (closed(1, first_seen_at=at(-1)), closed(9, first_seen_at=at(-50))),
        "down_24h_from_first_seen",
        "gap",
    ),
    "known": (tuple(closed(hours) for hours in range(1, 30)), "median_from_confirmed", None),
    "no cohort": ((), "closed_cohort", "none"),
    "nothing open": ((closed(1),), "oldest_open", "none"),
    "no closure by probes": ((closed(1),), "outage_width", "none"),
}


@pytest.mark.parametrize("case", REASONED)
def test_what_is_unknown_says_why(case: str) -> None:
    attacks, name, reason = REASONED[case]
    row = found(*attacks)[name]
    assert row.reason == reason
    if reason not in {None, "no_interval", "high_not_reached"}:
        assert (row.value, row.high) == (None, None)


def test_the_width_of_what_is_not_known_is_told() -> None:
    wide = one(**PROBED | {"last_up_at": at(4)}, last_telling_at=at(60))
    row = found(one(**PROBED, last_telling_at=at(60)), wide, closed(1))["outage_width"]
    assert (row.value, row.over, row.beside) == (7, 2, {"widest": 10})


def test_what_was_down_when_confirmed_is_beside_the_figures_not_in_them() -> None:
    down = one(first_seen_at=at(-30), **PROBED | {"last_up_at": at(-20), "first_down_at": at(-10)})
    rows = found(down, *(closed(hours) for hours in range(1, 30)), one(last_telling_at=at(-1)))
    assert rows["median_from_confirmed"].beside == {"closed": 29, "open": 0, "down_before": 1, "unfollowed": 1}
    assert (rows["median_from_confirmed"].over, rows["closed_30d_not_stated"].over) == (29, 29)
    assert (rows["expected_open"].over, rows["closed_cohort"].over) == (30, 31)


def test_closures_all_noted_on_the_last_day_are_not_believed() -> None:
    span = YEAR.end - YEAR.start
    starts = [YEAR.start + span * number // 500 for number in range(500)]
    quick = [{"first_seen_at": start, "confirmed_at": start, "closed_at": start + DAY_MS} for start in starts]
    at_end = [clocks | {"closed_at": YEAR.end - 1} for clocks in quick]
    believed = found(*(one(state="closed", **clocks) for clocks in quick))
    doubted = found(*(one(state="closed", **clocks) for clocks in at_end))
    assert believed["closed_snapshot"].value == pytest.approx(99.8)
    assert doubted["closed_snapshot"].value == 100
    assert believed["expected_open"].value == pytest.approx(500 / 366, rel=0.01)
    assert (believed["expected_open"].beside["actual_open"], believed["expected_open"].beside["agrees"]) == (1, True)
    assert doubted["expected_open"].value == pytest.approx(250, rel=0.01)
    assert (doubted["expected_open"].beside["actual_open"], doubted["expected_open"].beside["agrees"]) == (0, False)


MANY = st.lists(
    st.builds(
        lambda hours, brand, own, seen, is_open, confirmed: (one if is_open else closed)(
            **({} if is_open else {"hours": hours}),
            brand=brand,
            is_own=own,
            first_seen_at=at(-seen),
            confirmed_at=at(0) if confirmed else YEAR.start - DAY_MS,
        ),
        st.integers(1, 2000),
        st.sampled_from(["a", "b", None]),
        st.booleans(),
        st.integers(0, 200),
        st.booleans(),
        st.booleans(),
    ),
    max_size=20,
)


@settings(deadline=None)
@given(MANY, st.randoms(use_true_random=False), st.sampled_from([None, *Grouping]))
def test_the_order_of_attacks_is_nothing(attacks: list[dict[str, Value]], random: Random, by: Grouping | None) -> None:
    whole = frame(*attacks)
    rows = list(range(whole.height))
    random.shuffle(rows)
    plain, shuffled = (
        [(row.group, row.measure.id, row.value, row.low, row.high, row.over) for row in measure(some, LATER, by)]
        for some in (whole, whole[rows])
    )
    assert plain == shuffled


@settings(deadline=None)
@given(MANY, st.sampled_from(list(Grouping)))
def test_groups_add_up_to_the_whole(attacks: list[dict[str, Value]], by: Grouping) -> None:
    whole, grouped = measure(frame(*attacks), LATER), measure(frame(*attacks), LATER, by)
    for name in ("confirmed", "carried_over", "open", "unprobed"):
        parts = [row.value for row in grouped if row.measure.id == name]
        assert sum(filter(None, parts)) == next(row.value for row in whole if row.measure.id == name)
    closures = [row.beside["closed"] for row in (*grouped, *whole) if row.measure.id == "closed_cohort"]
    assert sum(map(int, closures[:-1])) == closures[-1]


def test_every_row_is_declared_in_both_languages() -> None:
    rows = measure(frame(closed(5), one(brand=None)), LATER, Grouping.BRAND)
    assert [row.group for row in rows[:: len(MEASURES)]] == ["a", None]
    assert [row.measure.id for row in rows] == [*MEASURES] * 2
    words = [*BESIDE.values(), *REASONS.values()]
    words += [(part.zh, part.en) for part in MEASURES.values()] + [(p.over_zh, p.over_en) for p in MEASURES.values()]
    assert all(zh and en and zh != en for zh, en in words)
    assert {key for row in rows for key in row.beside} <= set(BESIDE)


SITES = 2_000


def month(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Starts in a month and true lives in hours (log-normal, median 10 h; 5 % for ever), and which source closed."""
    random = np.random.default_rng(seed)
    start = random.uniform(0, 720, SITES)
    lives_of = np.where(random.random(SITES) < 0.05, np.inf, random.lognormal(np.log(10), 1.8, SITES))
    return start, lives_of, random.random(SITES)


def probed(start: np.ndarray, true: np.ndarray, phase: np.ndarray) -> pl.DataFrame:
    """Every site looked at each 4 hours from two networks until day 30, and the attacks that follow."""
    rows = []
    for site, (begin, life, part) in enumerate(zip(start, true, phase, strict=True)):
        looks = np.arange(begin + 4 * part, 720, 4)
        # what is down for good is looked at for two days more
        for look in looks[looks < begin + life + 48]:
            outcome = "up" if look < begin + life else "dns_failure"
            rows += [(site, at(look), outcome, network) for network in ("a", "b")]
    schema = {"url_id": pl.Int64, "probed_at": pl.Int64, "outcome": pl.String, "network": pl.String}
    states = derive_states(pl.DataFrame(rows, schema=schema, orient="row")).sort("url_id")
    clocks = ("last_up_at", "first_down_at", "down_at", "last_probe_at")
    by_site = {row["url_id"]: {name: row[name] for name in clocks} for row in states.iter_rows(named=True)}
    return frame(
        *(
            one(
                first_seen_at=at(begin),
                confirmed_at=at(begin),
                last_telling_at=by_site.get(site, {}).get("last_probe_at"),
                **by_site.get(site, {}),
            )
            for site, begin in enumerate(start)
        )
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_month_of_probes_is_measured_as_it_was_made(seed: int) -> None:
    start, true, phase = month(seed)
    attacks = probed(start, true, phase)
    rows = {row.measure.id: row for row in measure(attacks, Span(YEAR, at(720)))}
    median, share = rows["median_from_confirmed"], rows["down_24h_from_confirmed"]
    assert median.low is not None
    assert median.high is not None
    assert median.low <= np.median(true) <= median.high
    assert share.low is not None
    assert share.high is not None
    assert share.low <= 100 * (true <= 24).mean() <= share.high
    mean = rows["mean_7d_from_confirmed"]
    assert mean.value == pytest.approx(np.minimum(true, 168).mean(), rel=0.05)
    known = lives(attacks, Span(YEAR, at(720))).filter(pl.col("cause_id") > 0)["time_confirmed"]
    closed_only = float(known.median())  # type: ignore[arg-type]  # a median of numbers is one
    assert closed_only < median.low
    assert 100 * (known <= 24).mean() > share.high  # type: ignore[operator]  # likewise
    assert rows["expected_open"].beside["agrees"]


def test_the_curve_of_a_year_is_the_one_that_its_measures_are_read_from() -> None:
    attacks = [closed(hours) for hours in (5, 8, 8, 30)] + [one(), closed(7, confirmed_at=YEAR.start - HOUR_MS)]
    curve, read = availability(frame(*attacks), LATER), found(*attacks)["median_from_confirmed"]
    assert list(curve.times) == pytest.approx([5, 8, 30])
    assert tuple(median(curve))[:2] == (read.value, read.low) == pytest.approx((8, 5))
