"""A month in a simulated world: what fanzha derives, counts, measures and sends, against what truly happened."""

import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from db.notices import read_notices
from db.verify import verify_store
from flows.probing import rederive
from flows.rollup import figures, follow_up
from tests.world.lives import DAY, DEAF, END, ENDS, HOUR, QUIET, STANDING_AS, START, Plan, make_plans
from tests.world.month import PLANS, YEAR, Month, closed_only, compared, played, table
from tests.world.stage import CARRIER, REGISTRAR, hosting
from tests.world.truth import (
    EVERY,
    STEP,
    Fact,
    Mail,
    by_law,
    causes,
    from_confirmation,
    from_notice,
    median,
    share_down,
    told_at,
)

LATE = DAY + STEP + HOUR // 60
"""What is old is visited daily, in a round that takes a while: it is found dead so much later at most."""
KNOWN = LATE + DAY + STEP
"""Then an outage takes a day, and a round, until it counts as one: who closed stays open for us so long at most."""
HALF = LATE / 2 / HOUR
"""The middle of what an outage's start is known to is so many hours from the truth at most."""
TINY = 1e-9


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    with played(tmp_path_factory.mktemp("month")) as whole:
        yield whole


def rows(month: Month, query: str, *values: str) -> list[dict[str, Any]]:
    return list(month.store.database.query(query, values))


def of_site(month: Month, plan: Plan) -> list[Fact]:
    return [fact for fact in month.facts if fact.plan is plan]


def counting(month: Month) -> list[Fact]:
    return [fact for fact in month.facts if fact.counts]


def stood_at(month: Month, host: str, at: int) -> bool:
    return month.stage.lives[host].shows(at) in STANDING_AS


def firsts(month: Month, host: str, recipient: str) -> list[Mail]:
    to_it = [mail for mail in month.stage.mails if (mail.host, mail.recipient) == (host, recipient)]
    return [mail for mail in to_it if "Reminder" not in mail.subject]


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_the_attacks_are_those_that_happened(month: Month, plan: Plan) -> None:
    derived = rows(month, "SELECT * FROM attack WHERE target = ? ORDER BY first_seen_at", plan.host)
    true = of_site(month, plan)
    assert len(derived) == len(true)
    for row, fact, before in zip(derived, true, [None, *derived], strict=False):
        assert row["state"] == fact.state
        told = row["first_seen_at"], row["confirmed_at"], row["dismissed_at"], row["first_action_at"]
        assert told == (fact.reported_at, fact.confirmed_at, fact.dismissed_at, fact.notified_at)
        assert row["previous"] == (before["attack_key"] if before else None)
        if fact.dismissed_at is None:
            assert (row["cause"], row["reopened"]) == (fact.cause, fact.reopened)
            assert (row["closed_at"] is None) is (fact.closed_at is None)
        if fact.closed_at is not None and fact.dismissed_at is None:
            assert fact.closed_at <= row["closed_at"] <= fact.closed_at + LATE
            assert row["down_at"] <= fact.closed_at + KNOWN


@pytest.mark.parametrize("plan", [plan for plan in PLANS if plan.dismissed_at is None], ids=str)
def test_the_site_is_as_the_life_left_it(month: Month, plan: Plan) -> None:
    query = """SELECT probe_state.* FROM probe_state JOIN url USING (url_id) JOIN host USING (host_id)
        WHERE host.name = ? ORDER BY episode"""
    episodes = rows(month, query, plan.host)
    latest, fact = episodes[-1], of_site(month, plan)[-1]
    assert len(episodes) == len(of_site(month, plan))
    assert latest["state"] == ("up" if fact.closed_at is None else "down")
    if fact.closed_at is not None:
        assert (latest["closure"], latest["networks"]) == (ENDS[fact.how], 2)
    life = month.stage.lives[plan.host]
    has_stranger = any(scene.shows == "stranger" and scene.at < END for scene in life.scenes)
    assert (latest["other_at"] is not None) is has_stranger
    assert all(row["changed_at"] is None for row in episodes)


def test_a_late_return_is_seen_when_it_is_reported_again(month: Month) -> None:
    linked = [fact for fact in month.facts if fact.is_linked]
    assert len(linked) >= 2
    for fact in linked:
        before = next(one for one in of_site(month, fact.plan) if not one.is_linked)
        assert before.closed_at is not None
        assert 15 * DAY < fact.reported_at - before.closed_at < 22 * DAY
        query = "SELECT probed_at FROM probe JOIN url USING (url_id) JOIN host USING (host_id) WHERE name = ?"
        again = [row["probed_at"] for row in rows(month, query, fact.plan.host) if row["probed_at"] > fact.reported_at]
        assert min(again) - fact.reported_at <= STEP + HOUR
        assert firsts(month, fact.plan.host, REGISTRAR)[-1].at == told_at(fact.reported_at)


def test_who_is_back_calls_for_attention(month: Month) -> None:
    back = {
        (fact.plan.host, "qifu")
        for fact in month.facts
        if fact.state == "confirmed" and (fact.reopened or fact.is_linked)
    }
    assert back
    assert {
        (row["target"], row["brand"]) for row in rows(month, "SELECT * FROM v_attention WHERE kind = 'back'")
    } == back


def test_the_figures_are_those_of_the_truth(month: Month) -> None:
    sys.stdout.write(f"\n{table(compared(month))}\n")  # pytest -rP shows it
    known = counting(month)
    closed = sum(fact.closed_at is not None for fact in known)
    values = {figure.id: figure.value for figure in figures(month.store.database, YEAR)}
    assert values["K10"] == sum(fact.notified_at is not None for fact in known)
    assert values["K14"] == causes(known)["us"]
    assert float(values["K15"] or 0) == pytest.approx(100 * closed / len(known), abs=0.06)


# ---- notices


def test_each_notice_came_once_and_nothing_else_did(month: Month) -> None:
    notices = read_notices(month.store.database)
    came = Counter(mail.notice_key for mail in month.stage.mails)
    assert came == Counter(f"<{one.notice_key}@qifu.com>" for one in notices if one.sent_at is not None)
    named = Counter((one.target, one.opened_at, one.round, one.recipient, one.step) for one in notices)
    assert set(came.values()) == set(named.values()) == {1}
    assert not [one for one in notices if one.state == "in_doubt"]
    bounced = {one.recipient for one in notices if one.state == "bounced"}
    assert bounced == {hosting(DEAF)}
    assert hosting(DEAF) not in {mail.recipient for mail in month.stage.mails}


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_who_is_told_of_a_site_and_when(month: Month, plan: Plan) -> None:
    mails = [mail for mail in month.stage.mails if mail.host == plan.host]
    if plan.kind in {"never", "dismissed", "early"}:
        assert mails == []
        return
    assert plan.confirmed_at is not None
    due = [told_at(fact.confirmed_at) for fact in of_site(month, plan) if fact.confirmed_at is not None]
    for at in due:
        if stood_at(month, plan.host, at):
            assert sum(mail.at == at for mail in firsts(month, plan.host, REGISTRAR)) == 1
        if plan.hosting != DEAF and stood_at(month, plan.host, at + EVERY):
            assert sum(mail.at == at + EVERY for mail in firsts(month, plan.host, hosting(plan.hosting))) == 1
    rounds = sum(1 + fact.reopened for fact in of_site(month, plan))
    assert len(firsts(month, plan.host, REGISTRAR)) == rounds
    assert all(mail.at >= due[0] for mail in mails)
    assert all(mail.at <= plan.dismissed_at for mail in mails if plan.dismissed_at)
    for mail in mails:
        assert any(stood_at(month, plan.host, mail.at - back) for back in range(0, KNOWN, HOUR)), mail


def test_who_does_not_answer_is_reminded_and_then_others_are_told(month: Month) -> None:
    silent = [
        fact
        for fact in counting(month)
        if not fact.is_linked and not fact.plan.actor and fact.plan.number % 3 and fact.notified_at is not None
    ]
    reminded = Counter(
        mail.host for mail in month.stage.mails if "Reminder" in mail.subject and mail.recipient == REGISTRAR
    )
    told = {mail.host for mail in month.stage.mails if mail.recipient == CARRIER}
    lasted = [fact for fact in silent if not fact.reopened and _lasted(fact) >= 5 * EVERY]
    assert len(lasted) >= 3
    assert {reminded[fact.plan.host] for fact in lasted} == {2}
    assert {fact.plan.host for fact in lasted} <= told
    # young sites are visited each round: their outage counts as one in 40 hours, a reminder is due after 48
    once = [fact for fact in counting(month) if not fact.reopened and fact.plan.fate != "late"]
    acted_on = [fact for fact in once if fact.notified_at is not None]
    brief = {fact.plan.host for fact in acted_on if _lasted(fact) < 2 * DAY - (STEP + DAY + STEP)}
    assert brief
    assert not brief & (told | set(reminded))
    refused = [fact.plan.host for fact in counting(month) if not fact.plan.actor and fact.plan.number % 3 == 0]
    assert refused
    assert not set(refused) & set(reminded)


def _lasted(fact: Fact) -> int:
    assert fact.notified_at is not None
    return min(fact.dies_at or END, END) - fact.notified_at


# ---- measures


def test_kaplan_meier_tells_the_truth(month: Month) -> None:
    truth, law = from_confirmation(month.facts), from_confirmation(by_law(make_plans(20_000, seed=1)))
    medians = {"confirmed": (median(truth), median(law)), "notified": (median(from_notice(month.facts)),)}
    for clock, trues in medians.items():
        value, low, high = estimate(month, f"median_from_{clock}")
        assert abs(value - trues[0]) <= HALF
        assert all(low <= true <= high for true in trues)
    for hours in (24, 72):
        value, low, high = estimate(month, f"down_{hours}h_from_confirmed")
        assert share_down(truth, hours - HALF) - TINY <= value <= share_down(truth, hours + HALF) + TINY
        assert low <= share_down(truth, hours) <= high
        assert low <= share_down(law, hours) <= high


def estimate(month: Month, name: str) -> tuple[float, float, float]:
    found = month.measured[name]
    assert found.value is not None
    assert found.low is not None
    return found.value, found.low, float("inf") if found.high is None else found.high


def test_the_closed_alone_would_flatter(month: Month) -> None:
    value, _, _ = estimate(month, "median_from_confirmed")
    assert closed_only(month) < min(value, median(from_confirmation(month.facts))) - 6


def test_closures_returns_and_what_is_open_are_the_truth(month: Month) -> None:
    known = counting(month)
    closed = [fact for fact in known if fact.closed_at is not None]
    for name in ("closed_cohort", "closed_snapshot"):
        assert month.measured[name].value == pytest.approx(100 * len(closed) / len(known))
    assert month.measured["confirmed"].value == len(known)
    assert month.measured["open"].value == len(known) - len(closed)
    for cause, count in causes([fact for fact in known if fact.stood_since(fact.confirmed_at) is not None]).items():
        assert month.measured[f"closed_30d_{cause}"].beside["closed"] == count
    back = [fact for fact in known if fact.reopened]
    surely, perhaps = (
        sum(fact.reopened > 0 or (fact.closed_at or END) + late <= END - 15 * DAY for fact in known)
        for late in (LATE, 0)
    )
    found = month.measured["reactivated"]
    assert found.beside["reopened"] == len(back)
    assert surely <= found.over <= perhaps
    assert found.value == pytest.approx(100 * len(back) / found.over)


def test_who_acknowledged_is_counted(month: Month) -> None:
    told = {(mail.host, mail.recipient) for mail in month.stage.mails if mail.at < END - EVERY}
    plans = [fact.plan for fact in counting(month) if not fact.is_linked]
    acting = {plan.host: {"registrar": REGISTRAR, "hosting": hosting(plan.hosting)}.get(plan.actor) for plan in plans}
    acknowledged = sum(pair in told for pair in acting.items())
    assert acknowledged
    assert month.measured["median_from_notified"].beside["acknowledged"] == acknowledged


# ---- the month itself


def test_probes_are_on_record_at_the_instant_they_are_made_at(month: Month) -> None:
    (row,) = rows(month, "SELECT min(probed_at) AS a, max(probed_at) AS b, count(DISTINCT vantage_id) AS n FROM probe")
    assert START <= row["a"] < START + DAY
    assert END - STEP <= row["b"] < END
    assert row["n"] == 2


def test_the_month_is_of_every_kind(month: Month) -> None:
    """Else it would prove less than it says."""
    shown = {scene.shows for life in month.lives for scene in life.scenes if scene.at < END}
    assert shown == {*STANDING_AS, *ENDS, "stranger"}
    assert all(causes(counting(month)).values())
    assert {fact.state for fact in month.facts} == {"suspected", "confirmed", "dismissed", "closed"}
    assert not [scene for life in month.lives for scene in life.scenes[2:] if QUIET <= scene.at < END]
    assert any(life.acted_at for life in month.lives)
    assert any(fact.reopened for fact in month.facts)
    # what dies between a round and the office hour would be ours by the rule, which knows no better than probes
    told = [fact for fact in month.facts if fact.closed_at is not None and fact.notified_at is not None]
    assert not [fact for fact in told if -HOUR // 60 < (fact.closed_at or 0) - (fact.notified_at or 0) <= 0]


def test_the_month_can_be_derived_again(month: Month) -> None:
    names = ("attack", "probe_state")
    before = [list(month.store.database[name].rows) for name in names]
    assert verify_store(month.store)[1] == []
    rederive(month.store)
    follow_up(month.store)
    assert [list(month.store.database[name].rows) for name in names] == before
