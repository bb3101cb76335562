"""States from a log of probes: the definition's edges, and what must hold for every log."""

from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.probes import LEAST_MS, REOPEN_MS, derive_events, derive_states
from db.vocabulary import FAILING, Probed

HOUR = 3_600_000
DAY = 24 * HOUR
Probe = tuple[int, str, str]


def derive(*probes: Probe) -> list[dict[str, object]]:
    rows = [(1, at, outcome, network) for at, outcome, network in probes]
    schema = {"url_id": pl.Int64, "probed_at": pl.Int64, "outcome": pl.String, "network": pl.String}
    return derive_states(pl.DataFrame(rows, schema=schema, orient="row")).to_dicts()


def states(*probes: Probe) -> list[str]:
    return [str(row["state"]) for row in derive(*probes)]


UP: Probe = (0, "up", "a")
DOWN = ((HOUR, "dns_failure", "a"), (13 * HOUR, "dns_failure", "b"), (25 * HOUR, "content_gone", "a"))

CASES: dict[str, tuple[tuple[Probe, ...], list[str]]] = {
    "one up": ((UP,), ["up"]),
    "nothing told": (((0, "unknown", "a"),), ["unknown"]),
    "blocked stands": (((0, "blocked_only", "a"),), ["up"]),
    "two failing": ((UP, *DOWN[:2]), ["failing"]),
    "three over a day from two networks": ((UP, *DOWN), ["down"]),
    "never seen up": (DOWN, ["down"]),
    "a minute short of a day": ((*DOWN[:2], (25 * HOUR - 60_000, "content_gone", "a")), ["failing"]),
    "one network": (tuple((at, what, "a") for at, what, _ in DOWN), ["down_unconfirmed"]),
    "confirmed by another network later": (
        (*((at, what, "a") for at, what, _ in DOWN), (30 * HOUR, "parked", "b")),
        ["down"],
    ),
    "two over a day": ((DOWN[0], DOWN[2]), ["failing"]),
    "unknown between neither makes nor breaks": ((*DOWN[:2], (14 * HOUR, "unknown", "b"), DOWN[2]), ["down"]),
    "unknown is never down": (tuple((at, "unknown", where) for at, _, where in DOWN), ["unknown"]),
    "up between breaks": ((*DOWN[:2], (14 * HOUR, "up", "b"), DOWN[2]), ["failing"]),
    "cloaked: one network sees it": ((*DOWN[:2], DOWN[2], (25 * HOUR, "up", "b")), ["up"]),
    "back in time": ((*DOWN, (HOUR + REOPEN_MS, "up", "a")), ["up"]),
    "back too late": ((*DOWN, (HOUR + REOPEN_MS + 1, "up", "a")), ["down", "up"]),
    "unknown after the closure": ((*DOWN, (30 * DAY, "unknown", "a")), ["down"]),
}


@pytest.mark.parametrize("case", CASES)
def test_states(case: str) -> None:
    probes, expected = CASES[case]
    assert states(*probes) == expected


def test_the_clocks_of_an_outage_are_kept_apart() -> None:
    (row,) = derive(UP, *DOWN)
    clocks = {name: row[name] for name in ("last_up_at", "first_down_at", "down_at", "closure", "networks", "probes")}
    assert clocks == {
        "last_up_at": 0,
        "first_down_at": HOUR,
        "down_at": 25 * HOUR,
        "closure": "content_gone",
        "networks": 2,
        "probes": 4,
    }


def test_a_reactivation_in_time_is_counted_and_ends_the_outage() -> None:
    (row,) = derive(*DOWN, (3 * DAY, "up", "a"))
    assert (row["state"], row["since"], row["reopened"], row["down_at"]) == ("up", 3 * DAY, 1, None)


PROBE = st.tuples(
    st.integers(0, 160).map(lambda step: step * 6 * HOUR), st.sampled_from([*Probed]).map(str), st.sampled_from("abc")
)
LOG = st.lists(PROBE, max_size=40)


@settings(deadline=None)
@given(log=LOG, random=st.randoms(use_true_random=False))
def test_the_order_of_the_log_does_not_matter(log: list[Probe], random: Random) -> None:
    shuffled = list(log)
    random.shuffle(shuffled)
    assert derive(*shuffled) == derive(*log)


ALLOWED = {
    "unknown": {"unknown", "up", "failing"},
    "up": {"up", "failing"},
    "failing": {"failing", "up", "down_unconfirmed", "down"},
    "down_unconfirmed": {"down_unconfirmed", "down", "up"},
    "down": {"down", "up"},
}


@settings(deadline=None)
@given(log=LOG)
def test_no_impossible_transition(log: list[Probe]) -> None:
    """Followed instant by instant: each step is one of those allowed, and down is what the definition says."""
    before = "unknown"
    for at in sorted({at for at, _, _ in log}):
        row = derive(*(probe for probe in log if probe[0] <= at))[-1]
        state = str(row["state"])
        assert state in ALLOWED[before]
        if state == "down":
            began = row["first_down_at"]
            assert isinstance(began, int)
            outage = [probe for probe in log if began <= probe[0] <= at and probe[1] in FAILING]
            assert at - began >= LEAST_MS
            assert len(outage) >= 3
            assert len({network for _, _, network in outage}) >= 2
            assert not any(began <= when <= at and what in {"up", "blocked_only"} for when, what, _ in log)
        before = state


@settings(deadline=None)
@given(log=LOG)
def test_every_probe_belongs_to_one_episode(log: list[Probe]) -> None:
    rows = derive(*log)
    assert sum(int(str(row["probes"])) for row in rows) == len(log)
    assert [row["episode"] for row in rows] == list(range(1, len(rows) + 1))


def told(*probes: Probe) -> list[tuple[object, ...]]:
    rows = [(1, at, outcome, network) for at, outcome, network in probes]
    schema = {"url_id": pl.Int64, "probed_at": pl.Int64, "outcome": pl.String, "network": pl.String}
    return derive_events(pl.DataFrame(rows, schema=schema, orient="row")).drop("url_id").rows()


TOLD: dict[str, tuple[tuple[Probe, ...], list[tuple[object, ...]]]] = {
    "nothing that tells": (((0, "unknown", "a"),), []),
    "up, once a day at most": (
        tuple((hour * HOUR, "up", "a") for hour in (0, 4, 23, 24, 30, 48)),
        [(day * DAY, "up", "up", day * DAY) for day in (0, 1, 2)],
    ),
    "failing is nothing yet": ((UP, *DOWN[:2]), [(0, "up", "up", 0)]),
    "failing, and up again": (
        (UP, DOWN[0], (2 * HOUR, "up", "a")),
        [(0, "up", "up", 0), (2 * HOUR, "up", "up", 2 * HOUR)],
    ),
    "down, from the first failing probe": (DOWN, [(HOUR, "closure", "content_gone", 25 * HOUR)]),
    "still down, once a day at most, by the outcome that was first": (
        (*DOWN, *((hour * HOUR, "suspended_page", "b") for hour in (26, 48, 49, 60, 73))),
        [
            (HOUR, "closure", "content_gone", 25 * HOUR),
            *((hour * HOUR, "closure", "content_gone", hour * HOUR) for hour in (49, 73)),
        ],
    ),
    "as one network sees it": (
        tuple((at, what, "a") for at, what, _ in DOWN),
        [(HOUR, "unreachable", "content_gone", 25 * HOUR)],
    ),
    "confirmed by another network": (
        (*((at, what, "a") for at, what, _ in DOWN), (30 * HOUR, "parked", "b")),
        [(HOUR, "closure", "parked", 30 * HOUR)],
    ),
    "back, and down again": (
        (*DOWN, (30 * HOUR, "up", "a"), *((at + 40 * HOUR, what, where) for at, what, where in DOWN)),
        [
            (HOUR, "closure", "content_gone", 25 * HOUR),
            (30 * HOUR, "up", "up", 30 * HOUR),
            (41 * HOUR, "closure", "content_gone", 65 * HOUR),
        ],
    ),
}


@pytest.mark.parametrize("case", TOLD)
def test_what_is_told(case: str) -> None:
    probes, expected = TOLD[case]
    assert told(*probes) == expected


@settings(deadline=None)
@given(log=LOG, random=st.randoms(use_true_random=False))
def test_what_is_told_agrees_with_the_states(log: list[Probe], random: Random) -> None:
    shuffled = list(log)
    random.shuffle(shuffled)
    events = told(*shuffled)
    assert events == told(*log)
    instants = {at for at, _, _ in log}
    assert all(at in instants and noted in instants for at, _, _, noted in events)
    assert len({(at, type_) for at, type_, _, _ in events}) == len(events)
    last = derive(*log)[-1] if log else {"state": "unknown"}
    ends = {"down": "closure", "down_unconfirmed": "unreachable"}.get(str(last["state"]))
    if ends:
        began = [at for at, type_, _, _ in events if type_ == ends]
        assert last["first_down_at"] in began
        assert events[-1][1] == ends
    if last["state"] == "up":
        assert events[-1][1] == "up"
