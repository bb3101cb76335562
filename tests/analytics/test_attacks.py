from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.attacks.derive import ATTACKS, attack_of, derive_attacks
from analytics.attacks.groups import RANKS, unite
from analytics.attacks.walk import CHAIN_MS, REOPEN_MS
from db.period import DAY_MS

Said = str | int | bool | None

T0 = 1_709_251_200_000  # 2024-03-01 in Shanghai
SITE = "jietiao-login-demo.example"
OWN: dict[str, Said] = {"brand": "demo-jietiao", "is_own": True, "fraud_type": "loan_impersonation"}
SCHEMA = {
    "event_key": pl.String,
    "occurred_at": pl.Int64,
    "type": pl.String,
    "attack": pl.String,
    "target": pl.String,
    "brand": pl.String,
    "is_own": pl.Boolean,
    "fraud_type": pl.String,
    "action": pl.String,
    "channel": pl.String,
    "cause": pl.String,
    "is_test": pl.Boolean,
}
OURS = {
    "address": pl.String,
    "basis": pl.String,
    "confidence": pl.Int64,
    "usual_type": pl.String,
    "outcome": pl.String,
    "noted_at": pl.Int64,
}


def event(day: float, type_: str, **said: Said) -> dict[str, Said]:
    return {"occurred_at": T0 + round(day * DAY_MS), "type": type_, "target": SITE, "is_test": False, **said}


def frame(*events: dict[str, Said]) -> pl.DataFrame:
    return pl.DataFrame([{"event_key": f"e{n}", **row} for n, row in enumerate(events)], schema=SCHEMA)


def days(instants: list[int | None]) -> list[float | None]:
    return [None if instant is None else (instant - T0) / DAY_MS for instant in instants]


def derived(*events: dict[str, Said], **branded: Said) -> pl.DataFrame:
    return derive_attacks(frame(*({**(branded or OWN), **row} for row in events)))


def test_one_attack_from_confirmation_to_closure() -> None:
    events = [event(0, "confirmation"), event(1, "action"), event(2, "action"), event(3, "closure", cause="us")]
    (row,) = derived(*events).to_dicts()
    assert row | {"attack_key": ""} == {
        "attack_key": "",
        "state": "closed",
        "target": SITE,
        "address": SITE,
        "brand": "demo-jietiao",
        "is_own": True,
        "fraud_type": "loan_impersonation",
        "confidence": None,
        "first_seen_at": T0,
        "confirmed_at": T0,
        "dismissed_at": None,
        "first_action_at": T0 + DAY_MS,
        "unconfirmed_at": None,
        "closed_at": T0 + 3 * DAY_MS,
        "down_at": None,
        "cause": "us",
        "reopened": 0,
        "reopened_at": None,
        "previous": None,
        "events": 4,
    }


@pytest.mark.parametrize(
    ("offsets", "attacks"),
    [
        ([0, 0], 1),
        ([0, 7], 1),
        ([0, 7 + 1 / DAY_MS], 2),
        ([0, 6, 12, 18], 1),
        ([0, 6, 14], 2),
    ],
)
def test_confirmations_within_seven_days_of_each_other_are_one_attack(offsets: list[float], attacks: int) -> None:
    assert derived(*(event(day, "confirmation") for day in offsets)).height == attacks


def test_actions_and_closures_join_the_current_chain() -> None:
    events = [event(0, "confirmation"), event(20, "confirmation"), event(21, "action"), event(22, "closure")]
    assert days(derived(*events)["closed_at"].to_list()) == [None, 22]


@pytest.mark.parametrize(
    ("second", "attacks"),
    [
        ({"brand": "other-brand"}, 2),
        ({"target": "other-demo.example"}, 2),
        ({"fraud_type": "transaction"}, 1),
    ],
)
def test_a_branded_attack_is_a_brand_on_a_target(second: dict[str, str], attacks: int) -> None:
    assert derived(event(0, "confirmation"), event(1, "confirmation", **second)).height == attacks


def test_a_brandless_site_has_its_fraud_type_as_key() -> None:
    events = [event(0, "confirmation"), event(1, "action"), event(2, "confirmation", fraud_type="transaction")]
    found = derived(*events, fraud_type="fake_investment")
    assert found["fraud_type"].to_list() == ["fake_investment", "transaction"]
    assert found["is_own"].to_list() == [False, False]


def test_a_case_number_goes_before_targets_and_chains() -> None:
    events = [event(0, "confirmation"), event(40, "confirmation", target="other-demo.example"), event(41, "closure")]
    (row,) = derived(*events, attack="2024-017", **OWN).to_dicts()
    assert days([row["confirmed_at"], row["closed_at"]]) == [0, 41]


def test_a_case_keeps_its_key_when_an_earlier_event_arrives() -> None:
    late = derived(event(1, "action"), event(0, "confirmation"), attack="2024-017")
    assert late["attack_key"].to_list() == derived(event(1, "action"), attack="2024-017")["attack_key"].to_list()


@pytest.mark.parametrize("said", [{}, {"fraud_type": "loan_impersonation"}, {"brand": "demo-jietiao"}])
@pytest.mark.parametrize("confirmed_on", [0, 3])
@pytest.mark.parametrize("case", [None, "2024-017"])
def test_an_action_that_says_less_joins_the_confirmation_of_its_target(
    said: dict[str, str], confirmed_on: int, case: str | None
) -> None:
    found = derive_attacks(
        frame(event(confirmed_on, "confirmation", attack=case, **OWN), event(1, "action", **said), event(4, "closure"))
    )
    assert found.select("brand", "is_own", "events").rows() == [("demo-jietiao", True, 3)]


def test_a_brand_taken_over_from_a_confirmation_brings_along_whose_it_is() -> None:
    found = derive_attacks(frame(event(0, "action", is_own=False), event(20, "confirmation", **OWN)))
    assert found.select("brand", "is_own").rows() == [("demo-jietiao", True)] * 2


def test_an_action_that_says_otherwise_is_another_attack() -> None:
    found = derive_attacks(frame(event(0, "confirmation", **OWN), event(1, "action", fraud_type="transaction")))
    assert found.height == 2


def test_events_without_a_target_are_never_taken_for_one_another() -> None:
    assert derived(event(0, "confirmation", target=None), event(1, "action", target=None)).height == 2


@pytest.mark.parametrize(("gap", "reopened", "attacks"), [(15, [1], 1), (15 + 1 / DAY_MS, [0, 0], 2)])
@pytest.mark.parametrize("case", [None, "2024-017"])
def test_a_reactivation_reopens_within_fifteen_days_and_later_opens_a_linked_attack(
    gap: float, reopened: list[int], attacks: int, case: str | None
) -> None:
    events = [event(0, "confirmation"), event(2, "closure", cause="us"), event(2 + gap, "reactivation")]
    found = derived(*events, attack=case, **OWN)
    assert found.height == attacks
    assert found["reopened"].to_list() == reopened
    assert found["closed_at"].to_list()[-1] is None
    assert found["previous"].to_list()[1:] == found["attack_key"].to_list()[:-1]
    assert found["confirmed_at"].null_count() == 0


def test_the_final_closure_counts_after_a_reopening() -> None:
    events = [event(0, "confirmation"), event(1, "closure", cause="us"), event(5, "reactivation")]
    (row,) = derived(*events, event(9, "closure", cause="third_party")).to_dicts()
    assert (days([row["closed_at"]]), row["cause"], row["reopened"]) == ([9], "third_party", 1)


def test_a_closure_noted_again_changes_nothing_but_the_number_of_events() -> None:
    events = [event(0, "confirmation"), event(1, "closure", cause="us")]
    (once,) = derived(*events).to_dicts()
    again = [event(day, "closure", cause=cause) for day, cause in ((1, "third_party"), (3, None), (300, "us"))]
    for count in range(1, len(again) + 1):
        (row,) = derived(*events, *again[:count]).to_dicts()
        assert row == once | {"events": 2 + count}


def test_a_closure_noted_again_does_not_lengthen_the_days_in_which_an_attack_reopens() -> None:
    events = [event(0, "confirmation"), event(1, "closure"), event(10, "closure"), event(17, "reactivation")]
    assert days(derived(*events)["closed_at"].to_list()) == [1, None]


def test_blocked_only_is_no_closure() -> None:
    events = [event(0, "confirmation"), event(1, "closure", cause="blocked_only"), event(2, "reactivation")]
    (row,) = derived(*events).to_dicts()
    assert (row["closed_at"], row["cause"], row["reopened"]) == (None, None, 0)


def test_of_one_instant_the_rank_decides() -> None:
    events = [event(0, kind) for kind in ("reactivation", "closure", "action", "confirmation")]
    (row,) = derived(*events).to_dicts()
    assert (row["closed_at"], row["reopened"], row["first_action_at"]) == (None, 1, T0)


def test_hostile_names_cannot_run_into_one_another() -> None:
    first = event(0, "confirmation", brand='a","b', target="c")
    second = event(0, "confirmation", brand="a", target='b","c')
    assert derive_attacks(frame(first, second)).height == 2


def test_no_events_give_no_attacks() -> None:
    assert derive_attacks(frame()).schema == ATTACKS
    assert attack_of(frame()).height == 0


_EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "occurred_at": st.integers(0, 60).map(lambda day: T0 + day * DAY_MS),
            "type": st.sampled_from(["confirmation", "action", "closure", "reactivation"]),
            "attack": st.sampled_from([None, None, None, "case-1"]),
            "target": st.sampled_from([SITE, SITE, "other-demo.example", None]),
            "brand": st.sampled_from([None, "demo-jietiao", "demo-bank"]),
            "fraud_type": st.sampled_from([None, "loan_impersonation", "transaction"]),
            "cause": st.sampled_from([None, "us", "third_party", "blocked_only"]),
            "is_test": st.sampled_from([False, False, False, True]),
        }
    ),
    max_size=14,
)


@settings(max_examples=60, deadline=None)
@given(events=_EVENTS, seed=st.integers(0, 2**32 - 1))
def test_the_order_of_arrival_changes_nothing(events: list[dict[str, Said]], seed: int) -> None:
    whole = frame(*events)
    mixed = whole.sample(fraction=1, shuffle=True, seed=seed)
    assert derive_attacks(mixed).equals(derive_attacks(whole))
    assert attack_of(mixed).equals(attack_of(whole))


@settings(max_examples=60, deadline=None)
@given(events=_EVENTS)
def test_each_event_belongs_to_one_attack_and_tests_to_none(events: list[dict[str, Said]]) -> None:
    whole = frame(*events)
    real = whole.filter(~pl.col("is_test"))
    attacks, pairs = derive_attacks(whole), attack_of(whole)
    assert derive_attacks(real).equals(attacks)
    assert pairs["event_key"].to_list() == sorted(real["event_key"])
    assert attacks["attack_key"].is_unique().all()
    counted = pairs.group_by("attack_key").len("events").sort("attack_key")
    assert counted.rows() == attacks.select("attack_key", "events").sort("attack_key").rows()


@settings(max_examples=60, deadline=None)
@given(events=_EVENTS)
def test_the_instants_of_an_attack_are_in_order(events: list[dict[str, Said]]) -> None:
    attacks = derive_attacks(frame(*events))
    for column in ("confirmed_at", "first_action_at", "closed_at"):
        assert (attacks[column] >= attacks["first_seen_at"]).fill_null(value=True).all()
    linked = attacks.join(attacks, left_on="previous", right_on="attack_key", suffix="_before")
    assert linked.height == attacks["previous"].count()
    assert (linked["first_seen_at"] - linked["closed_at_before"] > REOPEN_MS).all()


@settings(max_examples=40, deadline=None)
@given(offsets=st.lists(st.integers(0, 90), min_size=1, max_size=12))
def test_chains_part_exactly_where_a_gap_exceeds_seven_days(offsets: list[int]) -> None:
    gaps = sum((later - earlier) * DAY_MS > CHAIN_MS for earlier, later in pairwise(sorted(offsets)))
    assert derived(*(event(day, "confirmation") for day in offsets)).height == gaps + 1


# What fanzha itself sees and is told: reports, verdicts, probes.


def ours(day: float, type_: str, basis: str, **said: Said) -> dict[str, Said]:
    return event(day, type_, **{"basis": basis, **OWN, "usual_type": "loan_impersonation", "fraud_type": None, **said})


def report(day: float, **said: Said) -> dict[str, Said]:
    return ours(day, "report", "likeness", **{"confidence": 80, **said})


def told(day: float, type_: str, **said: Said) -> dict[str, Said]:
    return event(day, type_, basis="probe", **said)


def united(events: list[dict[str, Said]], followed: tuple[str, ...] = ("demo-jietiao", "demo-bank")) -> pl.DataFrame:
    """Events as the roll-up unites them: a company's, ours, and what is said of targets."""
    schema = {**SCHEMA, **OURS}
    rows = [{"event_key": f"e{n}", **row} for n, row in enumerate(events)]
    bases = [row.get("basis") for row in rows]
    of_targets = [row["type"] == "dismissal" or basis == "probe" for row, basis in zip(rows, bases, strict=True)]
    kinds = [2 if at_large else int(basis is not None) for at_large, basis in zip(of_targets, bases, strict=True)]
    parts = [
        pl.DataFrame([row for row, of in zip(rows, kinds, strict=True) if of == kind], schema=schema)
        for kind in range(3)
    ]
    return unite(parts[0], parts[1], parts[2], followed)


def lives(*events: dict[str, Said]) -> list[dict[str, object]]:
    return derive_attacks(united(list(events))).to_dicts()


def states(*events: dict[str, Said]) -> list[str]:
    return [str(row["state"]) for row in lives(*events)]


LIVES: dict[str, tuple[list[dict[str, Said]], list[str]]] = {
    "a report suspects": ([report(0)], ["suspected"]),
    "a dismissal alone opens nothing": ([ours(0, "dismissal", "verdict")], []),
    "a probe alone opens nothing": ([told(0, "up"), told(1, "closure")], []),
    "a verdict alone opens": ([ours(0, "confirmation", "verdict")], ["confirmed"]),
    "a verdict has its time": ([report(0), ours(40, "confirmation", "verdict")], ["confirmed"]),
    "reports a week apart": ([report(0), report(7)], ["suspected"]),
    "reports more than a week apart": ([report(0), report(7.01)], ["suspected", "suspected"]),
    "probes between reports": ([report(0), told(6, "up"), report(13)], ["suspected"]),
    "probes long before the second report": ([report(0), told(6, "up"), report(13.1)], ["suspected"] * 2),
    "a company's confirmation within what probes tell": (
        [event(0, "confirmation", **OWN), told(6, "up"), event(13, "confirmation", **OWN)],
        ["confirmed"],
    ),
    "down": ([report(0), told(1, "closure")], ["closed"]),
    "down before anything was reported": ([told(0, "closure"), report(1)], ["suspected"]),
    "told at once": ([told(1, "closure"), report(1)], ["closed"]),
    "back in time": ([report(0), told(1, "closure"), told(16, "up")], ["suspected"]),
    "down, reported while it may reopen": (
        [report(0), told(1, "closure"), told(13, "closure"), report(16)],
        ["closed"],
    ),
    "down, reported when nobody looks any more": (
        [report(0), told(1, "closure"), told(15, "closure"), report(16.1)],
        ["closed", "suspected"],
    ),
    "back too late": ([report(0), told(1, "closure"), told(16.1, "up")], ["closed", "suspected"]),
    "a company's closure, and up again": (
        [event(0, "confirmation", **OWN), event(1, "closure", cause="us"), told(2, "up")],
        ["confirmed"],
    ),
    "reported soon after a company's closure": (
        [event(0, "confirmation", **OWN), event(10, "closure", **OWN), report(12)],
        ["closed"],
    ),
    "dismissed and back too late": (
        [report(0), told(1, "closure"), ours(2, "dismissal", "verdict"), told(30, "up")],
        ["dismissed"],
    ),
    "dismissed, reported again": (
        [report(0), ours(1, "dismissal", "verdict"), report(20), ours(30, "confirmation", "source")],
        ["dismissed"] * 3,
    ),
    "judged otherwise at one instant": (
        [report(0), ours(1, "dismissal", "verdict"), ours(1, "confirmation", "verdict")],
        ["confirmed"],
    ),
    "confirmed once, reported again": ([ours(0, "confirmation", "verdict"), report(20)], ["confirmed"] * 2),
    "down ends what nobody told the end of": ([report(0), report(20), told(21, "closure")], ["closed"] * 2),
    "a dismissal that names another brand": (
        [report(0), ours(1, "dismissal", "verdict", brand="demo-bank")],
        ["suspected"],
    ),
    "two brands on one site": ([report(0), report(0, brand="demo-bank"), told(1, "closure")], ["closed"] * 2),
    "a brand that is not followed": ([event(0, "confirmation", brand="other"), told(1, "closure")], ["confirmed"]),
    "a case of one site": (
        [event(0, "confirmation", attack="c", **OWN), report(1), told(2, "closure")],
        ["closed"],
    ),
    "a case of two sites": (
        [
            event(0, "confirmation", attack="c", **OWN),
            event(0, "confirmation", attack="c", **{**OWN, "target": "other-demo.example"}),
            told(2, "closure"),
        ],
        ["confirmed"],
    ),
    "a case long closed, reported again": (
        [event(0, "confirmation", attack="c", **OWN), event(1, "closure", attack="c", **OWN), report(30)],
        ["closed", "suspected"],
    ),
    "a case long open, reported again": ([event(0, "confirmation", attack="c", **OWN), report(30)], ["confirmed"]),
}


@pytest.mark.parametrize("case", LIVES)
def test_lives(case: str) -> None:
    events, expected = LIVES[case]
    assert states(*events) == expected


def test_late_reports_do_not_keep_a_site_from_being_looked_at_again() -> None:
    weekly = [report(day) for day in range(6, 40, 6)]
    assert states(report(0), told(1, "closure"), *weekly) == ["closed", "suspected"]


def test_what_nobody_confirms_in_words_has_the_usual_type_and_the_latest_verdict_says_more() -> None:
    events = [report(0), ours(1, "confirmation", "verdict", fraud_type="other")]
    events += [ours(2, "confirmation", "verdict", fraud_type="transaction")]
    assert [lives(*events[:count])[0]["fraud_type"] for count in (1, 2, 3)] == [
        "loan_impersonation",
        "other",
        "transaction",
    ]


def test_the_address_is_the_url_last_reported() -> None:
    urls = [f"https://{SITE}/{name}" for name in "ab"]
    events = [report(0, address=SITE), *(report(day, address=url) for day, url in enumerate(urls, 1))]
    later = [report(4, address=SITE, confidence=90), told(5, "up", address=f"https://{SITE}/probed")]
    (row,) = lives(*events, *later)
    assert (row["address"], row["confidence"]) == (urls[1], 90)


def test_what_one_network_finds_down_is_so_until_it_is_up() -> None:
    events = [report(0), told(1, "unreachable"), told(2, "unreachable"), told(3, "up")]
    assert [days([lives(*events[:count])[0]["unconfirmed_at"]]) for count in (3, 4)] == [[1], [None]]  # type: ignore[list-item]


def test_the_clocks_of_an_attack_are_kept_apart() -> None:
    outage = told(8, "closure", noted_at=T0 + 9 * DAY_MS, outcome="client_hold")
    back = [told(12, "up"), told(20, "closure", noted_at=T0 + 21 * DAY_MS, outcome="client_hold")]
    clocks = ("first_seen_at", "confirmed_at", "first_action_at", "closed_at", "down_at", "reopened_at")
    (row,) = derive_attacks(united([report(0), ours(2, "confirmation", "verdict"), outage, *back])).to_dicts()
    assert days([row[name] for name in clocks]) == [0, 2, None, 20, 21, 12]
    assert row["cause"] == "third_party"


_OURS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                ("report", "likeness"),
                ("report", "likeness"),
                ("confirmation", "source"),
                ("confirmation", "verdict"),
                ("dismissal", "verdict"),
                ("up", "probe"),
                ("up", "probe"),
                ("closure", "probe"),
                ("unreachable", "probe"),
                *((type_, None) for type_ in ("confirmation", "action", "closure", "reactivation")),
            ]
        ),
        st.fixed_dictionaries(
            {
                "occurred_at": st.integers(0, 60).map(lambda day: T0 + day * DAY_MS),
                "attack": st.sampled_from([None, None, None, "case-1"]),
                "target": st.sampled_from([SITE, SITE, "other-demo.example"]),
                "brand": st.sampled_from(["demo-jietiao", "demo-jietiao", "demo-bank", "other", None]),
                "outcome": st.sampled_from(["client_hold", "content_gone"]),
                "cause": st.sampled_from([None, "us", "blocked_only"]),
                "is_test": st.just(value=False),
            }
        ),
    ),
    max_size=16,
)


def _as_said(drawn: list[tuple[tuple[str, str | None], dict[str, Said]]]) -> list[dict[str, Said]]:
    """Drawn events, without what such events never say."""
    rows: list[dict[str, Said]] = []
    for (type_, basis), row in drawn:
        made = {**row, "type": type_, "basis": basis, "is_own": row["brand"] == "demo-jietiao"}
        if basis is not None:
            made |= {"attack": None, "cause": None}
        if basis in {"likeness", "source"} or (basis == "verdict" and type_ == "confirmation"):
            made |= {"brand": row["brand"] or "demo-jietiao", "address": f"https://{row['target']}/login"}
        if basis == "probe":
            made |= {"brand": None, "noted_at": row["occurred_at"]}
        rows.append(made)
    return rows


@settings(max_examples=150, deadline=None)
@given(drawn=_OURS, seed=st.integers(0, 2**32 - 1))
def test_whatever_is_said_in_whichever_order_no_attack_is_in_an_impossible_state(
    drawn: list[tuple[tuple[str, str | None], dict[str, Said]]], seed: int
) -> None:
    events = united(_as_said(drawn))
    attacks, pairs = derive_attacks(events), attack_of(events)
    mixed = events.sample(fraction=1, shuffle=True, seed=seed)
    assert derive_attacks(mixed).equals(attacks)
    assert derive_attacks(pl.concat([events, mixed])).equals(attacks)
    assert attack_of(mixed).equals(pairs)
    assert attacks["attack_key"].is_unique().all()
    kinds = dict(events.select("event_key", "type").iter_rows())
    opened = pairs.join(events.select("event_key", "occurred_at", "type"), on="event_key")
    for row in attacks.iter_rows(named=True):
        is_down, is_out = row["closed_at"] is not None, row["dismissed_at"] is not None
        standing = "suspected" if row["confirmed_at"] is None else "confirmed"
        assert row["state"] == ("dismissed" if is_out else "closed" if is_down else standing)
        assert row["first_seen_at"] <= min(
            (row[name] for name in ("confirmed_at", "closed_at", "dismissed_at", "first_action_at") if row[name]),
            default=row["first_seen_at"],
        )
        own = opened.filter(pl.col("attack_key") == row["attack_key"])
        assert own.height == row["events"]
        if is_down:
            assert row["unconfirmed_at"] is None
            assert own.filter(pl.col("type") == "closure", pl.col("occurred_at") == row["closed_at"]).height
            back = own.filter(pl.col("type").is_in(["up", "reactivation"]), pl.col("occurred_at") >= row["closed_at"])
            assert back.is_empty() or is_out
        else:
            assert (row["cause"], row["down_at"]) == (None, None)
    in_order = opened.sort("occurred_at", pl.col("type").replace_strict(RANKS))
    begun = in_order.group_by("attack_key", maintain_order=True).first()["event_key"]
    assert {kinds[key] for key in begun} <= {"report", "confirmation", "action", "closure", "reactivation", "up"}


@settings(max_examples=60, deadline=None)
@given(events=_EVENTS)
def test_where_a_company_alone_speaks_uniting_changes_nothing(events: list[dict[str, Said]]) -> None:
    assert derive_attacks(united(events)).equals(derive_attacks(frame(*events)))
