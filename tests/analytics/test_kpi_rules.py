"""What each KPI counts and what it does not, rule by rule, on synthetic records."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.figures import figure_json
from db.period import DAY_MS, Period
from tests.analytics.kpi_rows import (
    MID,
    YEAR,
    Row,
    app_sighting,
    attack,
    block,
    check,
    connection,
    figures_of,
    frames_of,
    intervention,
    loss,
    own,
    reminder,
    reported,
    sighting,
    url,
    value,
    warning,
)

PROGRAMMES = ("shanhai", "dissuasion")


@pytest.mark.parametrize(
    ("said", "verdicts", "expected"),
    [
        ({}, [], 1),
        ({"claim": 0}, [], 0),
        ({"claim": 0}, [("confirmed", 1)], 1),
        ({}, [("dismissed", 1)], 0),
        ({}, [("dismissed", 1), ("confirmed", 2)], 1),
        ({}, [("confirmed", 1), ("dismissed", 2)], 0),
        ({}, [("confirmed", 1), ("dismissed", 1)], 0),
        ({}, [("dismissed", 1), ("unsure", 2)], 1),
        ({"claim": 0}, [("confirmed", 1), ("unsure", 2)], 0),
    ],
)
def test_k01_and_k02_follow_claims_and_the_latest_verdict(
    said: Row, verdicts: list[tuple[str, int]], expected: int
) -> None:
    given_verdicts: list[Row] = [{"address_id": 0, "answer": answer, "occurred_at": at} for answer, at in verdicts]
    assert (
        value("K01", sightings=[sighting(MID, **said), sighting(MID, 9, claim=0)], verdicts=given_verdicts) == expected
    )
    on_package: list[Row] = [
        {"package": "com.synthetic.app0", "answer": answer, "occurred_at": at} for answer, at in verdicts
    ]
    apps = [app_sighting(MID, **said), app_sighting(MID, 9, claim=0)]
    assert value("K02", app_sightings=apps, verdicts=on_package) == expected


def test_k01_a_verdict_on_a_host_holds_for_its_urls_and_one_on_a_url_goes_before_it() -> None:
    on_host: Row = {
        "address_id": 0,
        "host_id": 0,
        "is_bare": True,
        "answer": "dismissed",
        "occurred_at": 2,
    }
    on_url: Row = {
        "address_id": 2,
        "host_id": 0,
        "is_bare": False,
        "answer": "confirmed",
        "occurred_at": 1,
    }
    seen = [sighting(MID), url(MID, 1), url(MID, 2), sighting(MID, 3)]
    assert value("K01", sightings=seen, verdicts=[on_host]) == 1
    assert value("K01", sightings=seen, verdicts=[on_host, on_url]) == 2
    assert value("K01", sightings=seen, verdicts=[{**on_url, "answer": "dismissed"}]) == 3


def test_k01_an_allowlist_speaks_for_the_address_or_its_very_host_until_an_analyst_does() -> None:
    seen = [sighting(MID), url(MID, 1), sighting(MID, 2), sighting(MID, 3, claim=-1)]
    listed_host = sighting(1, 0, claim=-1)
    assert value("K01", sightings=[*seen, listed_host]) == 1
    listed_url = url(1, 1, claim=-1)
    assert value("K01", sightings=[*seen, listed_url]) == 2
    confirmed: Row = {"address_id": 1, "is_bare": False, "answer": "confirmed", "occurred_at": 1}
    assert value("K01", sightings=[*seen, listed_host], verdicts=[confirmed]) == 2


@pytest.mark.parametrize(
    ("kpi", "name", "seen"), [("K01", "sightings", sighting), ("K02", "app_sightings", app_sighting)]
)
def test_what_anybody_saw_earlier_is_no_news(kpi: str, name: str, seen: Callable[..., Row]) -> None:
    before, earlier = YEAR.start - 1, Period(YEAR.year - 1)
    assert value(kpi, **{name: [seen(before), seen(MID), seen(MID, 1)]}) == 1
    for claim in (1, 0):
        rows = {name: [seen(before, claim=claim), seen(MID), seen(MID, 1)]}
        assert value(kpi, **rows) == 1
        assert figures_of(rows, earlier)[kpi].value == 1, "it counts once, where it was first seen"
    assert value(kpi, **{name: [seen(before, is_test=True), seen(MID)]}) == 1


def test_k01_what_an_allowlist_saw_earlier_is_no_news_once_confirmed() -> None:
    confirmed: Row = {"address_id": 0, "answer": "confirmed", "occurred_at": MID}
    rows = {"sightings": [sighting(YEAR.start - 1, claim=-1), sighting(MID), sighting(MID, 1)], "verdicts": [confirmed]}
    assert figures_of(rows)["K01"].value == 1
    assert figures_of({**rows, "sightings": [sighting(MID, claim=-1)]})["K01"].value == 1


def test_k01_shows_records_and_registrable_domains_beside_the_headline() -> None:
    rows = [sighting(MID), sighting(MID + 1), url(MID, 1, registrable_domain="synthetic-0.example")]
    figure = figures_of({"sightings": rows})["K01"]
    assert figure.value == 2
    assert figure.note_zh == "记录 3；可注册域名 1"
    assert figure.note_en == "records 3; registrable domains 1"


def test_k02_an_allowlist_speaks_for_one_app_and_not_for_its_package_name() -> None:
    official = app_sighting(MID, 1, package="com.synthetic.loan", claim=-1)
    fake = app_sighting(MID, 2, package="com.synthetic.loan")
    assert value("K02", app_sightings=[official, app_sighting(MID, 1), fake]) == 1


def test_k03_counts_warnings_by_their_id_else_by_event_and_no_other_stage_or_sink() -> None:
    nameless = [warning(MID, warning=None), warning(MID, warning=None)]
    others = [warning(MID, 1, stage="delivered"), warning(MID, 2, sink="elsewhere"), warning(MID, 3, sink=None)]
    figure = figures_of({"warnings": [warning(MID), warning(MID + 1), *nameless, *others]})["K03"]
    assert figure.value == 3
    assert figure.note_en == "apart: emitted elsewhere 2; apart: delivered 1"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, 1),
        ({"subject": 1}, 2),
        ({"address_id": 2}, 2),
        ({"occurred_at": MID + DAY_MS}, 2),
        ({"result": "error", "subject": 1}, 1),
        ({"actor": "staff", "subject": 1}, 1),
        ({"subject": None}, 2),
    ],
)
def test_k05_counts_a_person_an_address_and_a_shanghai_day(said: Row, expected: int) -> None:
    assert value("K05", url_checks=[check(MID), check(MID, **said)]) == expected


def test_k05_days_change_at_midnight_in_shanghai() -> None:
    midnight = YEAR.start + 30 * DAY_MS
    assert value("K05", url_checks=[check(midnight - 1), check(midnight), check(midnight + DAY_MS - 1)]) == 2


def test_k05_checks_by_staff_alone_do_not_say_that_users_made_none() -> None:
    assert value("K05", url_checks=[check(MID, actor="staff")]) is None
    assert value("K05", url_checks=[check(MID, actor="staff"), check(MID, result="error")]) == 0


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, 1),
        ({"campaign": "c2"}, 2),
        ({"subject": 1}, 2),
        ({"stage": "connected", "channel": "ai"}, 1),
        ({"occurred_at": MID + DAY_MS}, 2),
        ({"stage": "emitted", "subject": 1}, 1),
        ({"channel": "sms", "subject": 1}, 1),
    ],
)
def test_k38_counts_a_person_a_campaign_and_a_day(said: Row, expected: int) -> None:
    assert value("K38", warnings=[reminder(MID), reminder(MID, **said)]) == expected


def test_k39_counts_orders_blocked_for_victim_risk() -> None:
    released = intervention(MID + 1, 1, type="block_released", order="o1")
    rows = [block(MID), block(MID + 1), block(MID, 1), block(MID, 2, reason="credit"), released]
    figure = figures_of({"interventions": rows})["K39"]
    assert figure.value == 2
    assert "apart: of these released later 1" in figure.note_en


OUTCOME: Row = {"type": "dissuasion_outcome"}


@pytest.mark.parametrize(
    ("rows", "losses", "expected"),
    [
        ([connection(MID), connection(MID + DAY_MS)], [], 1),
        ([connection(MID, scam_confirmed=False)], [], 0),
        ([connection(MID, later_loss=True)], [], 0),
        ([connection(MID, scam_confirmed=None), intervention(MID, **OUTCOME, scam_confirmed=True)], [], 1),
        ([connection(MID, scam_confirmed=None), intervention(MID - 1, **OUTCOME, scam_confirmed=True)], [], 0),
        ([connection(MID), intervention(MID + 30 * DAY_MS, **OUTCOME, later_loss=True)], [], 0),
        ([connection(MID), connection(MID + DAY_MS, later_loss=True)], [], 0),
        ([connection(MID)], [loss(MID + 30 * DAY_MS, type="realised")], 0),
        ([connection(MID)], [loss(MID + 30 * DAY_MS + 1, type="realised")], 1),
        ([connection(MID)], [loss(MID - 1, type="realised")], 1),
        ([connection(MID)], [loss(MID, 7, type="realised")], 1),
        ([connection(MID)], [loss(MID)], 1),
        ([connection(MID, subject=None)], [], 0),
        ([intervention(MID, type="dissuasion_attempted", scam_confirmed=True)], [], 0),
    ],
)
def test_k40_counts_people_reached_confirmed_and_without_a_later_loss(
    rows: list[Row], losses: list[Row], expected: int
) -> None:
    assert value("K40", interventions=rows, losses=losses) == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([loss(MID, amount_fen=5), loss(MID + 1, amount_fen=9), loss(MID, 1, amount_fen=2)], 11),
        ([loss(MID, amount_fen=5, tier="B"), loss(MID, amount_fen=9, tier="C")], 5),
        ([loss(MID, amount_fen=5), loss(MID, 1, type="realised"), loss(MID, 2, programme="dissuasion")], 5),
        ([loss(YEAR.end - 1, amount_fen=5), loss(YEAR.end, amount_fen=9)], 9),
        ([loss(YEAR.start - 1, amount_fen=5), loss(YEAR.start, amount_fen=9)], 0),
    ],
)
def test_k04_sums_the_largest_amount_of_each_episode_begun_in_the_year(rows: list[Row], expected: int) -> None:
    assert value("K04", losses=rows) == expected


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ({"type": "realised", "tier": None}, False),
        ({"type": "recovered", "tier": None}, False),
        ({"tier": "C"}, False),
        ({"type": "realised", "tier": None, "programme": None}, False),
        ({"type": "realised", "programme": "elsewhere"}, True),
        ({"type": "realised", "is_test": True}, True),
        ({"type": "realised", "episode": "another"}, True),
    ],
)
@pytest.mark.parametrize(("kpi", "programme"), [("K04", "shanhai"), ("K41", "dissuasion")])
def test_an_episode_belongs_to_the_year_of_its_first_event_of_any_kind(
    said: Row, counts: bool, kpi: str, programme: str
) -> None:
    assessed = loss(YEAR.start, amount_fen=7, programme=programme)
    before = loss(YEAR.start - 1, **{"amount_fen": 9, "programme": programme, **said})
    assert value(kpi, losses=[assessed, before]) == (7 if counts else 0)
    earlier = figures_of({"losses": [assessed, before]}, Period(YEAR.year - 1))[kpi]
    assert bool(earlier.value) is not counts


def test_money_is_summed_exactly_beyond_64_bits() -> None:
    largest, episodes = 2**63 - 1, 5
    rows = [
        loss(MID, n, amount_fen=largest, tier="AB"[n % 2], programme=p) for n in range(episodes) for p in PROGRAMMES
    ]
    figures = figures_of({"losses": rows})
    for kpi in ("K04", "K41"):
        assert figures[kpi].value == episodes * largest
        assert figure_json(figures[kpi])["value"] == "461168601842738790.35"
        assert (
            "tier A (CNY) 276,701,161,105,643,274.21; tier B (CNY) 184,467,440,737,095,516.14" in figures[kpi].note_en
        )


def test_k10_to_k12_count_attacks_by_their_first_action() -> None:
    acted = [*attack(MID, 1), *attack(MID, 2, fraud_type="transaction", brand=None), *attack(MID, 3, fraud_type=None)]
    earlier = attack(YEAR.start - 1, 4)
    again = {**earlier[1], "occurred_at": MID}
    unacted = attack(MID, 5)[:1]
    found = figures_of({"attack_events": [*acted, *earlier, again, *unacted]})
    assert [found[kpi].value for kpi in ("K10", "K11", "K12")] == [3, 1, 2]
    assert "transaction 1" in found["K12"].note_en


@pytest.mark.parametrize(
    ("published", "expected", "shown"),
    [
        (["4"], Decimal("-25.00"), "-25%"),
        (["2", "2.0"], Decimal("50.00"), "+50%"),
        ([], None, "未知"),
        (["0"], None, "未知"),
        (["2", "3"], None, "未知"),
        (["about two"], None, "未知"),
        (["2.5"], None, "未知"),
    ],
)
def test_k13_grows_against_the_published_figure_of_the_year_before(
    published: list[str], expected: Decimal | None, shown: str
) -> None:
    rows = {"attack_events": [row for n in range(3) for row in attack(MID, n)]}
    figures = figures_of({**rows, "reported_figures": [reported("K10", text) for text in published]})
    assert (figures["K13"].value, figures["K13"].display_zh) == (expected, shown)
    assert "2023" in figures["K13"].note_zh or published == ["0"]
    assert figures["K10"].prior == (int(float(published[0])) if expected is not None or published == ["0"] else None)


def test_a_published_figure_is_known_by_its_kpi_in_any_case() -> None:
    rows = {"attack_events": attack(MID), "reported_figures": [reported("k10", "1"), reported("Ｋ10", "1")]}
    assert figures_of(rows)["K10"].prior == 1


BEFORE, AFTER = YEAR.start - 1, YEAR.end


@pytest.mark.parametrize(
    ("events", "expected", "apart"),
    [
        (own(1, MID, MID, MID), 1, ""),
        (own(1, MID, MID, None), 0, "acted on, not closed by the end 1"),
        (own(1, MID, MID, AFTER), 0, "acted on, not closed by the end 1"),
        (own(1, MID, MID, MID, "blocked_only"), 0, "acted on, not closed by the end 1"),
        (own(1, BEFORE, BEFORE, MID), 0, "carried over from earlier years 1"),
        (own(1, BEFORE, MID, MID), 0, "carried over from earlier years 1"),
        (own(1, MID, MID, MID, "third_party"), 0, "closed by third parties 1"),
        (own(1, MID, MID, MID, "self_expired"), 0, "expired by themselves 1"),
        (own(1, MID, MID, MID, None), 0, "closed, cause not stated 1"),
        (own(1, MID, None, MID), 0, "closed without an action in the period 1"),
        (own(1, MID, MID + 1, MID), 0, "closed before any action 1"),
        (own(1, MID, AFTER, MID), 0, "closed before any action 1"),
        (own(1, MID, MID + 1, MID, "third_party"), 0, "closed by third parties 1"),
        (own(1, MID, MID + 1, MID, "self_expired"), 0, "expired by themselves 1"),
        ([*own(1, MID, MID, MID), own(1, MID, None, AFTER)[1]], 1, ""),
        ([{**row, "is_own": False} for row in own(1, MID, MID, MID)], 0, ""),
    ],
)
def test_k14_counts_own_brand_attacks_we_closed_and_shows_the_others_apart(
    events: list[Row], expected: int, apart: str
) -> None:
    figure = figures_of({"attack_events": events})["K14"]
    assert figure.value == expected
    assert figure.note_en == (f"apart: {apart}" if apart else "")


LIMIT = YEAR.end + 30 * DAY_MS


def test_k15_keeps_the_unknown_in_the_denominator() -> None:
    cohort = [*own(1, MID, MID, LIMIT - 1), *own(2, MID, None, LIMIT), *own(3, MID, MID, None)]
    outside = [*own(4, BEFORE, MID, MID), *attack(MID, 5, is_own=False)]
    others = own(6, MID, None, MID, "third_party")
    figure = figures_of({"attack_events": [*cohort, *outside, *others]})["K15"]
    assert (figure.value, figure.numerator, figure.denominator) == (Decimal("50.00"), 2, 4)
    assert "numerator 2, denominator 4" in figure.note_en
    assert "unknown or not closed 2" in figure.note_en


def test_k14_and_k15_of_a_closed_year_stand_when_its_closures_are_noted_again() -> None:
    events = [row for n in range(3) for row in own(n, MID, MID, MID)]
    noted = [*events, *(own(n, 0, None, at)[1] for n, at in ((0, AFTER), (1, LIMIT), (2, MID + 1)))]
    once, again = (figures_of({"attack_events": rows}) for rows in (events, noted))
    assert [again[kpi].value for kpi in ("K14", "K15")] == [once[kpi].value for kpi in ("K14", "K15")] == [3, 100]


def test_k14_is_borne_out_by_the_closure_and_not_by_a_block_of_the_same_instant() -> None:
    blocked = own(1, 0, None, MID, "blocked_only")[1]
    frames = frames_of({"attack_events": [*own(1, MID, MID, MID), blocked]})
    traced = DEFINITIONS["K14"].records(frames, YEAR).collect()
    assert sorted(traced["position"]) == [1, 2]


def test_k15_without_a_confirmed_attack_is_unknown() -> None:
    assert value("K15", attack_events=attack(MID, is_own=False)) is None
