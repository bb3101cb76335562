"""Survival: against scipy, examples worked by hand, laws, and what closed-only figures would have said."""

from math import isnan, nan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analytics.survival import (
    Z,
    aalen_johansen,
    incidence_at,
    kaplan_meier,
    median,
    restricted_mean,
    share_closed,
    survival_at,
    wilson,
)

# Freireich 1963: weeks of remission of 21 leukaemia patients on 6-MP, in every textbook; closed, then censored
REMISSION = np.array([6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35], dtype=np.float64)
RELAPSED = np.arange(21) < 9

LIVES = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 3), st.integers(0, 6)).map(lambda life: (life[0] / 2, *life[1:])),
    min_size=1,
    max_size=30,
)
"""Time, cause (0: still open), how long before its time it came under watch; many ties."""


def arrays(lives: list[tuple[float, int, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([life[0] for life in lives], dtype=np.float64), np.array([life[1] for life in lives])


def entries(lives: list[tuple[float, int, int]]) -> np.ndarray:
    return np.array([time - 0.25 - early for time, _, early in lives])


@pytest.mark.filterwarnings("ignore:The confidence interval is undefined")  # before the first closure
@pytest.mark.parametrize("seed", range(5))
def test_it_agrees_with_scipy(seed: int) -> None:
    random = np.random.default_rng(seed)
    times, is_closed = np.round(random.lognormal(2, 1, 200), 1), random.random(200) < 0.7
    curve = kaplan_meier(times, is_closed)
    theirs = stats.ecdf(stats.CensoredData(uncensored=times[is_closed], right=times[~is_closed])).sf
    interval = theirs.confidence_interval(method="log-log")
    for ours, other in zip((curve.survival, curve.low, curve.high), (theirs, interval.low, interval.high), strict=True):
        np.testing.assert_allclose(ours, other.evaluate(curve.times), rtol=1e-12)


def test_the_example_of_the_textbooks() -> None:
    curve = kaplan_meier(REMISSION, RELAPSED)
    assert curve.times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert np.round(curve.survival, 3).tolist() == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    errors = curve.survival * np.sqrt(curve.greenwood)
    assert np.round(errors, 4).tolist() == [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    middle = median(curve)
    assert (middle.value, middle.low) == (23, 13)  # as R's survfit with conf.type = "log-log" has it
    assert isnan(middle.high)
    assert curve.until == 35


def test_late_entries_by_hand() -> None:
    # a: watched from 0, closed at 2; b: from 1, closed at 3; c: from 2 on, so not yet at risk at 2, open at 4
    curve = kaplan_meier(np.array([2.0, 3.0, 4.0]), np.array([True, True, False]), np.array([-1.0, 1.0, 2.0]))
    assert curve.at_risk.tolist() == [2, 2]
    assert curve.survival.tolist() == [0.5, 0.25]
    assert curve.greenwood.tolist() == [1 / 2, 1 / 2 + 1 / 2]
    assert not curve.has_gap


def test_where_all_had_closed_before_others_came_under_watch_nothing_is_known_from_there_on() -> None:
    times, late = np.array([1.0, 2.0, 9.0]), np.array([-1.0, -1.0, 3.0])
    incidence = aalen_johansen(times, np.array([1, 2, 1]), 2, late)
    curve = incidence.curve
    assert (curve.times.tolist(), curve.survival.tolist(), curve.has_gap) == ([1.0], [0.5], True)
    assert (survival_at(curve, 1.9).value, incidence_at(incidence, 1, 1.9).value) == (0.5, 0.5)
    for unknown in (survival_at(curve, 2.0), restricted_mean(curve, 2.0), incidence_at(incidence, 2, 2.0)):
        assert all(map(isnan, unknown))


def test_causes_by_hand() -> None:
    # at 1, one of 4 by cause 1; at 2, one of 3 by cause 2; one open at 3; the last by cause 1 at 4
    incidence = aalen_johansen(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 2, 0, 1]), 2)
    by_cause = [[incidence_at(incidence, cause, time).value for time in (0.5, 1, 2, 3.5, 4)] for cause in (1, 2)]
    np.testing.assert_allclose(by_cause, [[0, 1 / 4, 1 / 4, 1 / 4, 1 / 4 + 1 / 2], [0, 0, 1 / 4, 1 / 4, 1 / 4]])


def test_the_variance_of_a_share_by_cause_without_censoring_is_that_of_a_proportion() -> None:
    times, causes = np.arange(1.0, 41.0), np.tile([1, 2, 2, 3], 10)
    found = incidence_at(aalen_johansen(times, causes, 3), 2, 20.0)
    error = sqrt(0.25 * 0.75 / 40)  # 10 of 40 by then
    spread = Z * error / (0.75 * np.log(0.75))
    np.testing.assert_allclose(found, (0.25, 1 - 0.75 ** np.exp(spread), 1 - 0.75 ** np.exp(-spread)))


def test_the_restricted_mean_by_hand() -> None:
    curve = kaplan_meier(np.array([1.0, 2.0, 4.0]), np.array([True, True, False]))
    # 1 x 1 + 2/3 x 1 + 1/3 x 2; what comes after 1 is 4/3, after 2 is 2/3
    error = sqrt((4 / 3) ** 2 / (3 * 2) + (2 / 3) ** 2 / (2 * 1))
    mean = 1 + 2 / 3 + 2 / 3
    np.testing.assert_allclose(restricted_mean(curve, 4.0), (mean, max(0, mean - Z * error), min(4, mean + Z * error)))


@pytest.mark.parametrize(
    ("count", "of", "expected"),
    [
        (0, 10, (0.0, 0.0, 0.2775)),
        (10, 10, (1.0, 0.7225, 1.0)),
        (81, 263, (0.3080, 0.2553, 0.3662)),  # Newcombe 1998, table I
        (15, 148, (0.1014, 0.0624, 0.1605)),
        (1, 29, (0.0345, 0.0061, 0.1718)),
    ],
)
def test_the_interval_of_a_proportion(count: int, of: int, expected: tuple[float, float, float]) -> None:
    assert tuple(round(each, 4) for each in wilson(count, of)) == expected


def test_what_nobody_was_followed_to_is_not_known() -> None:
    curve = kaplan_meier(np.array([1.0, 3.0]), np.array([True, False]))
    for unknown in (survival_at(curve, 3.1), restricted_mean(curve, 3.1), median(kaplan_meier(*nobody()))):
        assert all(map(isnan, unknown))
    assert survival_at(curve, 3.0).value == 0.5
    gone = kaplan_meier(np.array([1.0, 3.0]), np.array([True, True]))
    assert (survival_at(gone, 99.0).value, restricted_mean(gone, 99.0).value) == (0, 2)
    np.testing.assert_equal(tuple(survival_at(gone, 99.0)), (0, nan, nan))
    all_stand = kaplan_meier(np.array([3.0]), np.array([False]))
    np.testing.assert_equal(tuple(restricted_mean(all_stand, 2.0)), (2, nan, nan))
    assert all(map(isnan, incidence_at(aalen_johansen(np.array([1.0]), np.array([0]), 1), 1, 2.0)))
    assert all(map(isnan, wilson(0, 0)))


def nobody() -> tuple[np.ndarray, np.ndarray]:
    return np.array([], dtype=np.float64), np.array([], dtype=np.bool_)


@pytest.mark.parametrize(
    ("times", "is_closed", "late"),
    [([1.0], [True, False], None), ([-1.0], [True], None), ([nan], [True], None), ([1.0], [True], [1.0])],
)
def test_what_is_no_life_is_refused(times: list[float], is_closed: list[bool], late: list[float] | None) -> None:
    with pytest.raises(ValueError, match="must be"):
        kaplan_meier(np.array(times), np.array(is_closed), None if late is None else np.array(late))


@settings(deadline=None)
@given(LIVES, st.booleans())
def test_a_curve_falls_from_one_and_its_bands_hold_it(lives: list[tuple[float, int, int]], late: bool) -> None:
    times, causes = arrays(lives)
    curve = kaplan_meier(times, causes > 0, entries(lives) if late else None)
    assert (np.diff(np.concatenate(([1.0], curve.survival))) <= 0).all()
    assert (curve.survival >= 0).all()
    low, high = curve.low, curve.high
    inside = ~np.isnan(low)
    assert (inside == ((curve.survival > 0) & (curve.survival < 1))).all()
    assert (low[inside] >= 0).all()
    assert (low[inside] <= curve.survival[inside]).all()
    assert (curve.survival[inside] <= high[inside]).all()
    assert (high[inside] <= 1).all()


@settings(deadline=None)
@given(LIVES, st.randoms(use_true_random=False))
def test_the_order_of_lives_is_nothing(lives: list[tuple[float, int, int]], random: object) -> None:
    shuffled = list(lives)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis hides its type
    one, other = (aalen_johansen(*arrays(some), 3, entries(some)) for some in (lives, shuffled))
    np.testing.assert_array_equal(one.closed, other.closed)
    np.testing.assert_array_equal(one.curve.survival, other.curve.survival)


@settings(deadline=None)
@given(LIVES, st.booleans(), st.sampled_from([0.0, 1.5, 4.0, 6.0]))
def test_shares_by_cause_add_up_to_what_closed(lives: list[tuple[float, int, int]], late: bool, time: float) -> None:
    incidence = aalen_johansen(*arrays(lives), 3, entries(lives) if late else None)
    shares = [incidence_at(incidence, cause, time) for cause in (1, 2, 3)]
    whole = share_closed(incidence.curve, time)
    np.testing.assert_allclose(sum(share.value for share in shares), whole.value, atol=1e-12)
    assert all(not share.low < 0 and not share.low > share.value + 1e-12 for share in shares)


@settings(deadline=None)
@given(LIVES, st.booleans(), st.sampled_from([0.0, 1.5, 4.0, 6.0]))
def test_of_one_cause_the_share_is_what_closed(lives: list[tuple[float, int, int]], late: bool, time: float) -> None:
    times, causes = arrays(lives)
    incidence = aalen_johansen(times, (causes > 0).astype(np.int64), 1, entries(lives) if late else None)
    np.testing.assert_allclose(
        incidence_at(incidence, 1, time), share_closed(incidence.curve, time), rtol=1e-9, atol=1e-9
    )


@settings(deadline=None)
@given(LIVES, st.sampled_from([0.0, 1.5, 4.0, 6.0, 9.0]))
def test_without_censoring_it_is_the_share_and_the_mean_of_the_sample(
    lives: list[tuple[float, int, int]], time: float
) -> None:
    times, _ = arrays(lives)
    curve = kaplan_meier(times, np.ones(times.size, dtype=np.bool_))
    np.testing.assert_allclose(survival_at(curve, time).value, (times > time).mean(), atol=1e-12)
    np.testing.assert_allclose(restricted_mean(curve, time).value, np.minimum(times, time).mean(), atol=1e-12)


def simulated(seed: int, sites: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True lives, what is seen of them by day 30, and which closed by then: log-normal, median 10 h, 5 % never."""
    random = np.random.default_rng(seed)
    start = random.uniform(0, 720, sites)
    lives = np.where(random.random(sites) < 0.05, np.inf, random.lognormal(np.log(10), 1.8, sites))
    return lives, np.minimum(lives, 720 - start), start + lives <= 720


@settings(deadline=None, max_examples=5)
@given(st.integers(0, 2**32 - 1))
def test_many_lives_are_measured_as_they_are_and_the_closed_alone_flatter(seed: int) -> None:
    lives, seen, is_closed = simulated(seed, 200_000)
    curve = kaplan_meier(seen, is_closed)
    truth, flattering = np.median(lives), np.median(seen[is_closed])
    assert median(curve).value == pytest.approx(truth, rel=0.03)
    assert flattering < 0.9 * truth
    true_share, closed_only = (lives <= 24).mean(), (seen[is_closed] <= 24).mean()
    assert share_closed(curve, 24).value == pytest.approx(true_share, abs=0.006)
    assert closed_only > true_share + 0.03


def test_the_intervals_hold_the_truth_as_often_as_they_say() -> None:
    exact = 0.95 * stats.norm.cdf(np.log(24 / 10) / 1.8)
    middle = 10 * np.exp(1.8 * stats.norm.ppf(0.5 / 0.95))
    runs = 400
    held = np.zeros(3)
    for seed in range(runs):
        _, seen, is_closed = simulated(seed, 300)
        curve = kaplan_meier(seen, is_closed)
        closed_only = wilson(int((seen[is_closed] <= 24).sum()), int(is_closed.sum()))
        found = ((share_closed(curve, 24), exact), (median(curve), middle), (closed_only, exact))
        held += [low <= truth <= high for (_, low, high), truth in found]
    assert (held[:2] / runs > 0.92).all()
    assert held[2] / runs < 0.75
