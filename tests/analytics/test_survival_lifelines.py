"""Survival against lifelines, to 1e-9: on real data that it brings, and on made-up lives with ties and late entries."""

from collections.abc import Callable

import numpy as np
import pytest
from lifelines import AalenJohansenFitter, KaplanMeierFitter
from lifelines.datasets import load_larynx, load_leukemia, load_multicenter_aids_cohort_study, load_rossi, load_waltons
from lifelines.utils import median_survival_times, restricted_mean_survival_time

from analytics.survival import aalen_johansen, incidence_at, kaplan_meier, median, restricted_mean, share_closed

Lives = tuple[np.ndarray, np.ndarray, np.ndarray | None]


def real(load: Callable[[], object], time: str, closed: str, entry: str = "") -> Callable[[], Lives]:
    def lives() -> Lives:
        table = load()
        columns = [table[name].to_numpy(dtype=float) for name in filter(None, (time, closed, entry))]  # type: ignore[index]
        return columns[0], columns[1].astype(bool), columns[2] if entry else None

    return lives


def made_up(seed: int, *, late: bool) -> Callable[[], Lives]:
    """Log-normal lives of sites in tenths of hours, a third of them still open, some under watch from later on."""

    def lives() -> Lives:
        random = np.random.default_rng(seed)
        times = np.round(random.lognormal(2, 1, 400), 1) + 0.1
        entries = np.where(random.random(400) < 0.5, 0.0, np.round(times * 0.5, 1) - 0.05).clip(0)
        return times, random.random(400) < 0.67, entries if late else None

    return lives


def assert_close(ours: object, theirs: object) -> None:
    np.testing.assert_allclose(np.asarray(ours, float), np.asarray(theirs, float), rtol=1e-9, atol=1e-9)


LIVES = {
    "fruit flies": real(load_waltons, "T", "E"),
    "arrests": real(load_rossi, "week", "arrest"),
    "leukaemia": real(load_leukemia, "t", "status"),
    "larynx cancer": real(load_larynx, "time", "death"),
    "AIDS cohort, entered late": real(load_multicenter_aids_cohort_study, "T", "D", "W"),
    **{f"made up {seed}": made_up(seed, late=False) for seed in range(3)},
    **{f"made up {seed}, entered late": made_up(seed, late=True) for seed in range(3)},
}


@pytest.mark.parametrize("lives", LIVES.values(), ids=list(LIVES))
def test_curve_band_median_and_shares_are_those_of_lifelines(lives: Callable[[], Lives]) -> None:
    times, closed, entries = lives()
    curve = kaplan_meier(times, closed, entries)
    theirs = KaplanMeierFitter().fit(times, closed, entry=entries)
    assert not curve.has_gap
    assert_close(curve.survival, theirs.survival_function_at_times(curve.times))
    band = theirs.confidence_interval_survival_function_
    standing = curve.survival > 1e-12  # at 0 lifelines calls the band 0, we call it unknown
    for ours, name in ((curve.low, "lower"), (curve.high, "upper")):
        other = band.loc[curve.times, f"KM_estimate_{name}_0.95"].to_numpy()
        assert_close(ours[standing], other[standing])
    found, edges = median(curve), median_survival_times(band).iloc[0].to_numpy()
    assert_close([each if np.isfinite(each) else np.inf for each in found], [theirs.median_survival_time_, *edges])
    day = float(np.quantile(times, 0.4))
    assert_close(share_closed(curve, day).value, 1 - float(theirs.predict(day)))
    assert_close(restricted_mean(curve, day).value, restricted_mean_survival_time(theirs, t=day))


@pytest.mark.parametrize("seed", range(3))
def test_shares_by_cause_are_those_of_lifelines(seed: int) -> None:
    random = np.random.default_rng(seed)
    times = np.cumsum(random.exponential(1, 300))  # without ties, which lifelines breaks at random
    causes = random.permutation(np.arange(300) % 4)
    incidence = aalen_johansen(times, causes, 3)
    for cause in (1, 2, 3):
        theirs = AalenJohansenFitter(calculate_variance=False).fit(times, causes, event_of_interest=cause)
        for at in (times[30], times[150], times[-1]):
            expected = float(theirs.cumulative_density_.loc[:at].iloc[-1, 0])
            assert_close(incidence_at(incidence, cause, float(at)).value, expected)
