"""States from a log of probes: the definition's edges, and what must hold for every log."""

from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.likeness import LEAST_BITS_APART, Print, resembles
from analytics.probes import LEAST_MS, PROBES, REOPEN_MS, ROUND_MS, derive_events, derive_states, tell_holds
from db.vocabulary import FAILING, STANDING, Probed

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
    "cloaked: the other network looks later in the round": ((UP, (60_000, "content_gone", "b")), ["up"]),
    "the network that saw it up does not now": ((UP, (60_000, "content_gone", "a")), ["failing"]),
    "the other network in the next round": ((UP, (ROUND_MS + 1, "content_gone", "b")), ["failing"]),
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


LOGIN = Print(1, "奇富借条", 0b1111, '["phone", "pwd"]', 7, 8)
REWORDED = LOGIN._replace(page=2, simhash=0b1100)
STRANGER = Print(3, "Welcome to nginx!", -(2**40) - 1, "[]", None, 9)
BLANK = Print(page=4, fields="[]")
NOTHING = Print()
Seen = tuple[int, str, str, bool, Print]


def seen(at: int, outcome: str, network: str, shown: Print = NOTHING, *, filtered: bool = False) -> Seen:
    return (at, outcome, network, filtered, shown)


def derive_seen(*probes: Seen) -> list[dict[str, object]]:
    rows = [(1, *probe[:4], *probe[4]) for probe in probes]
    return derive_states(pl.DataFrame(rows, schema=PROBES, orient="row")).to_dicts()


CLOSED = tuple(seen(at, what, where) for at, what, where in DOWN)
LATER = 3 * DAY
PAGES: dict[str, tuple[tuple[Seen, ...], dict[str, object]]] = {
    "the same page is back": (
        (seen(0, "up", "a", LOGIN), *CLOSED, seen(LATER, "up", "b", REWORDED)),
        {"state": "up", "reopened": 1, "back_at": LATER, "other_at": None},
    ),
    "a stranger's page is not": (
        (seen(0, "up", "a", LOGIN), *CLOSED, seen(LATER, "up", "b", STRANGER)),
        {"state": "down", "reopened": 0, "back_at": None, "other_at": LATER, "first_down_at": HOUR},
    ),
    "a stranger's page breaks no outage": (
        (seen(0, "up", "a", LOGIN), *CLOSED, seen(LATER, "up", "b", STRANGER), seen(4 * DAY, "parked", "a")),
        {"state": "down", "other_at": LATER, "closure": "parked"},
    ),
    "of two networks one sees the page again": (
        (seen(0, "up", "a", LOGIN), *CLOSED, seen(LATER, "up", "a", STRANGER), seen(LATER, "up", "b", LOGIN)),
        {"state": "up", "reopened": 1, "other_at": None},
    ),
    "any page where nothing was known": (
        (*CLOSED, seen(LATER, "up", "b", STRANGER)),
        {"state": "up", "reopened": 1, "back_at": LATER},
    ),
    "the page that stood, under 404": (
        (seen(0, "up", "a", LOGIN), *(seen(at, "content_gone", where, LOGIN) for at, _, where in DOWN)),
        {"state": "up", "first_down_at": None, "last_up_at": 25 * HOUR},
    ),
    "the page that stood, with a phrase of parking in it": (
        (seen(0, "up", "a", LOGIN), *CLOSED, seen(LATER, "parked", "a", LOGIN)),
        {"state": "up", "reopened": 1},
    ),
    "another page under 404": (
        (seen(0, "up", "a", LOGIN), *(seen(at, "content_gone", where, STRANGER) for at, _, where in DOWN)),
        {"state": "down"},
    ),
    "any page where what was known does not tell": (
        (seen(0, "up", "a", BLANK), *CLOSED, seen(LATER, "up", "b", STRANGER)),
        {"state": "up", "reopened": 1},
    ),
    "another page in an outage of hours": (
        (seen(0, "up", "a", LOGIN), *CLOSED[:2], seen(14 * HOUR, "up", "a", STRANGER)),
        {"state": "up", "changed_at": 14 * HOUR, "reopened": 0},
    ),
    "another page while it stands": (
        (seen(0, "up", "a", LOGIN), seen(HOUR, "up", "a", STRANGER), seen(2 * HOUR, "up", "a", STRANGER)),
        {"state": "up", "changed_at": HOUR},
    ),
    "each network its own page": (
        (seen(0, "up", "a", LOGIN), seen(0, "up", "b", STRANGER), seen(HOUR, "up", "b", STRANGER)),
        {"state": "up", "changed_at": None},
    ),
    "one of the pages before": (
        (seen(0, "up", "a", LOGIN), seen(0, "up", "b", STRANGER), *CLOSED, seen(LATER, "up", "a", STRANGER)),
        {"state": "up", "reopened": 1},
    ),
    "a stranger's page, later than reopens": (
        (seen(0, "up", "a", LOGIN), *CLOSED, seen(20 * DAY, "up", "a", STRANGER)),
        {"episode": 1, "state": "down", "other_at": 20 * DAY},
    ),
    "the same page, later than reopens": (
        (seen(0, "up", "a", LOGIN), *CLOSED, seen(20 * DAY, "up", "a", LOGIN)),
        {"episode": 2, "state": "up", "back_at": 20 * DAY, "reopened": 0},
    ),
    "a filtered network's failing is no evidence": (
        (seen(0, "up", "a", LOGIN), *(seen(at, what, "b", filtered=True) for at, what, _ in DOWN)),
        {"state": "up", "first_down_at": None},
    ),
    "a filtered network does not confirm": (
        (*(seen(at, what, "a") for at, what, _ in DOWN), seen(26 * HOUR, "dns_failure", "b", filtered=True)),
        {"state": "down_unconfirmed", "networks": 1, "blocked_at": None},
    ),
    "blocked only": (
        (seen(0, "up", "a", LOGIN), seen(60_000, "dns_failure", "b", filtered=True)),
        {"state": "up", "blocked_at": 60_000},
    ),
    "blocked only, looked at first": (
        (seen(0, "dns_failure", "b", filtered=True), seen(60_000, "up", "a", LOGIN)),
        {"state": "up", "blocked_at": 0},
    ),
    "blocked only, by a page": (
        (seen(0, "up", "a", LOGIN), seen(60_000, "up", "b", STRANGER, filtered=True)),
        {"state": "up", "blocked_at": 60_000, "changed_at": None},
    ),
    "not of one round": (
        (seen(0, "up", "a", LOGIN), seen(ROUND_MS + 1, "dns_failure", "b", filtered=True)),
        {"state": "up", "blocked_at": None},
    ),
    "a filter's page alone": ((seen(0, "up", "b", STRANGER, filtered=True),), {"state": "unknown"}),
    "a filtered network that sees the page": (
        (seen(0, "up", "a", LOGIN), *CLOSED[:2], seen(14 * HOUR, "up", "b", LOGIN, filtered=True)),
        {"state": "up", "first_down_at": None},
    ),
}


@pytest.mark.parametrize("case", PAGES)
def test_what_pages_and_filters_tell(case: str) -> None:
    probes, expected = PAGES[case]
    row = derive_seen(*probes)[-1]
    assert {name: row[name] for name in expected} == expected


ALIKE = {
    "the same bytes": (Print(page=1), Print(page=1), True),
    "other bytes alone": (Print(page=1), Print(page=2), False),
    "near text": (Print(simhash=0), Print(simhash=-1), False),
    "text just near enough": (Print(simhash=1 << 62), Print(simhash=(1 << 62) ^ (2**LEAST_BITS_APART - 1)), True),
    "text just too far": (Print(simhash=1 << 62), Print(simhash=(1 << 62) ^ (2 ** (LEAST_BITS_APART + 1) - 1)), False),
    "a title alone, where an icon differs": (Print(title="登录", favicon=1), Print(title="登录", favicon=2), False),
    "a title, nothing else known of both": (Print(title="登录", favicon=1), Print(title="登录"), True),
    "icon and title, another text": (
        Print(title="x", favicon=1, simhash=1),
        Print(title="x", favicon=1, simhash=-2),
        True,
    ),
    "a certificate alone of three": (
        Print(title="x", favicon=1, certificate=1),
        Print(title="y", favicon=2, certificate=1),
        False,
    ),
    "most fields and the certificate": (
        Print(fields='["a", "b", "t1"]', certificate=1, title="x"),
        Print(fields='["a", "b", "t2"]', certificate=1, title="y"),
        True,
    ),
    "nothing to compare": (Print(title="x"), Print(favicon=1), False),
}


@pytest.mark.parametrize("case", ALIKE)
def test_likeness(case: str) -> None:
    known, page, expected = ALIKE[case]
    assert resembles(known, page) is resembles(page, known) is expected


def test_a_hold_at_the_registry_tells_why_a_name_is_gone() -> None:
    log = pl.DataFrame(
        [(1, 0, "dns_failure", "a"), (1, 10, "dns_failure", "a"), (1, 20, "content_gone", "a"),
         (1, 40, "dns_failure", "a"), (2, 10, "dns_failure", "a")],
        schema=["url_id", "probed_at", "outcome", "network"], orient="row",
    )  # fmt: skip
    statuses = pl.DataFrame(
        [(1, 5, ["client transfer prohibited", "client hold"]), (1, 30, ["active"]), (2, 10, ["serverHold"])],
        schema=["url_id", "looked_up_at", "statuses"], orient="row",
    )  # fmt: skip
    told = tell_holds(log, statuses).sort("url_id", "probed_at")
    assert told["outcome"].to_list() == ["dns_failure", "client_hold", "content_gone", "dns_failure", "client_hold"]
    assert tell_holds(log, statuses.clear()).sort("url_id", "probed_at").equals(log.sort("url_id", "probed_at"))
    assert derive_states(tell_holds(log.filter(url_id=2), statuses))["closure"].to_list() == ["client_hold"]


PROBE = st.tuples(
    st.integers(0, 160).map(lambda step: step * 6 * HOUR),
    st.sampled_from([*Probed]).map(str),
    st.sampled_from("abc"),
    st.sampled_from([False, False, True]),
    st.sampled_from([Print(), LOGIN, REWORDED, STRANGER, BLANK]),
)
LOG = st.lists(PROBE, max_size=40)


@settings(deadline=None)
@given(log=LOG, random=st.randoms(use_true_random=False))
def test_the_order_of_the_log_does_not_matter(log: list[Seen], random: Random) -> None:
    shuffled = list(log)
    random.shuffle(shuffled)
    assert derive_seen(*shuffled) == derive_seen(*log)


ALLOWED = {
    "unknown": {"unknown", "up", "failing"},
    "up": {"up", "failing"},
    "failing": {"failing", "up", "down_unconfirmed", "down"},
    "down_unconfirmed": {"down_unconfirmed", "down", "up"},
    "down": {"down", "up"},
}


@settings(deadline=None)
@given(log=LOG)
def test_no_impossible_transition(log: list[Seen]) -> None:
    """Followed instant by instant: each step is one of those allowed, and down is what the definition says."""
    before = "unknown"
    for at in sorted({probe[0] for probe in log}):
        row = derive_seen(*(probe for probe in log if probe[0] <= at))[-1]
        state = str(row["state"])
        assert state in ALLOWED[before]
        if state == "down":
            began, confirmed = row["first_down_at"], row["down_at"]
            assert isinstance(began, int)
            assert isinstance(confirmed, int)
            outage = [one for one in log if began <= one[0] <= confirmed and one[1] in FAILING and not one[3]]
            assert confirmed - began >= LEAST_MS
            assert len(outage) >= 3
            assert len({one[2] for one in outage}) >= 2
            first_day = [one for one in log if began <= one[0] < began + LEAST_MS and not one[3]]
            assert not any(one[1] in STANDING for one in first_day)
        before = state


@settings(deadline=None)
@given(log=LOG)
def test_nothing_follows_from_filtered_vantage_points_alone(log: list[Seen]) -> None:
    rows = derive_seen(*((at, what, where, True, shown) for at, what, where, _, shown in log))
    assert {row["state"] for row in rows} <= {"unknown"}


@settings(deadline=None)
@given(log=LOG)
def test_every_probe_belongs_to_one_episode(log: list[Seen]) -> None:
    rows = derive_seen(*log)
    assert sum(int(str(row["probes"])) for row in rows) == len(log)
    assert [row["episode"] for row in rows] == list(range(1, len(rows) + 1))


def told(*probes: Seen) -> list[tuple[object, ...]]:
    rows = [(1, *probe[:4], *probe[4]) for probe in probes]
    return derive_events(pl.DataFrame(rows, schema=PROBES, orient="row")).drop("url_id").rows()


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
    assert told(*(seen(*probe) for probe in probes)) == expected


def test_a_strangers_page_is_not_told_as_up() -> None:
    closed = [seen(0, "up", "a", LOGIN), *CLOSED]
    assert told(*closed, seen(LATER, "up", "b", STRANGER)) == told(*closed)
    assert told(*closed, seen(LATER, "up", "b", REWORDED))[-1][:2] == (LATER, "up")


@settings(deadline=None)
@given(log=LOG, random=st.randoms(use_true_random=False))
def test_what_is_told_agrees_with_the_states(log: list[Seen], random: Random) -> None:
    shuffled = list(log)
    random.shuffle(shuffled)
    events = told(*shuffled)
    assert events == told(*log)
    instants = {probe[0] for probe in log}
    assert all(at in instants and noted in instants for at, _, _, noted in events)
    assert len({(at, type_) for at, type_, _, _ in events}) == len(events)
    last = derive_seen(*log)[-1] if log else {"state": "unknown"}
    ends = {"down": "closure", "down_unconfirmed": "unreachable"}.get(str(last["state"]))
    if ends:
        began = [at for at, type_, _, _ in events if type_ == ends]
        assert last["first_down_at"] in began
        assert events[-1][1] == ends
    if last["state"] == "up":
        assert events[-1][1] == "up"
