"""Attacks from a company's events."""

from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.attacks.derive import ATTACKS, attack_of, derive_attacks
from analytics.attacks.walk import CHAIN_MS, REOPEN_MS
from db.period import DAY_MS
from tests.analytics.attack_rows import EVENTS, OWN, SITE, T0, Said, days, derived, event, frame


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


@settings(max_examples=60, deadline=None)
@given(events=EVENTS, seed=st.integers(0, 2**32 - 1))
def test_the_order_of_arrival_changes_nothing(events: list[dict[str, Said]], seed: int) -> None:
    whole = frame(*events)
    mixed = whole.sample(fraction=1, shuffle=True, seed=seed)
    assert derive_attacks(mixed).equals(derive_attacks(whole))
    assert attack_of(mixed).equals(attack_of(whole))


@settings(max_examples=60, deadline=None)
@given(events=EVENTS)
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
@given(events=EVENTS)
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
