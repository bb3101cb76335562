"""Laws of any records: order, repetition and test rows change nothing, parts lie in wholes, years share nothing."""

from collections import defaultdict
from collections.abc import Iterable
from random import Random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.kpi.counting import tally
from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.figures import Figure, compute, figure_json
from analytics.kpi.frames import Frames
from db.period import DAY_MS, Period
from tests.analytics.kpi_rows import YEAR, Row, Rows, Said, figures_of, frames_of

YEARS = [Period(YEAR.year + step) for step in (-1, 0, 1)]
PROGRAMMES = {"K04": "shanhai", "K41": "dissuasion"}
_AT = st.builds(
    lambda edge, days, step: edge + days * DAY_MS + step,
    st.sampled_from([YEAR.start, YEAR.end]),
    st.sampled_from([-40, -30, -3, -1, 0, 0, 1, 6, 14, 29, 30, 31]),
    st.sampled_from([-1, 0, 0, 1, 1_800_000, 3_600_000]),
)
"""Instants around the two midnights in Shanghai at which the year begins and ends, and at the edges of every window."""


def _few(*values: Said) -> st.SearchStrategy[Said]:
    return st.sampled_from(values)


_N = _few(1, 2, 3)
_N_TEXT = _few("1", "2", "3")
_IS_TEST = _few(False, False, False, True)
_SEEN = {"seen_at": _AT, "claim": _few(-1, 0, 1, 1), "is_test": _IS_TEST}
_EVENT = {"occurred_at": _AT, "is_test": _IS_TEST}
_KINDS = {
    "sightings": {"address_id": _N, **_SEEN},
    "app_sightings": {"app_id": _N, **_SEEN},
    "verdicts": {"of": _N, "answer": _few("confirmed", "dismissed", "unsure"), **_EVENT},
    "url_checks": {
        "subject": _N,
        "address_id": _N,
        "actor": _few("end_user", "end_user", "staff"),
        "result": _few("malicious", "benign", "error"),
        **_EVENT,
    },
    "warnings": {
        "warning": _few("w1", "w2", "w3"),
        "stage": _few("generated", "emitted", "rendered", "connected", "acted"),
        "channel": _few("ai", "sms", None),
        "sink": _few("jietiao_security_centre", "jietiao_security_centre", "elsewhere", None),
        "campaign": _few("c1", "c2", None),
        "subject": _N,
        **_EVENT,
    },
    "interventions": {
        "type": _few(
            "block_applied",
            "block_released",
            "dissuasion_attempted",
            "dissuasion_connected",
            "dissuasion_connected",
            "dissuasion_outcome",
        ),
        "order": _few("o1", "o2"),
        "reason": _few("victim_risk", "credit", None),
        "scam_confirmed": _few(True, True, False, None),
        "later_loss": _few(False, None, None, True),
        "subject": _N,
        **_EVENT,
    },
    "losses": {
        "type": _few("assessed", "assessed", "realised", "recovered"),
        "episode": _few("e1", "e2", "e3"),
        "amount_fen": st.integers(0, 10**13),
        "tier": _few("A", "B", "C", None),
        "programme": _few(*PROGRAMMES.values(), None),
        "subject": _N,
        **_EVENT,
    },
    "opinion_items": {
        "source_class": _few("news", "complaint_channel", "short_video", "social"),
        "platform": _few("p1", "p2"),
        "item": _few("v1", "v2"),
        "cluster": _few("t1", "t2", None),
        "address_id": _N,
        "relevance": _few("confirmed", "confirmed", "rejected", None),
        "published_at": st.none() | _AT,
        "detected_at": st.none() | _AT,
        **_EVENT,
    },
    "kits": {"family": _few("f1", "f2", None), "kit_sha256": _N_TEXT, "analyst_confirmed": _few(True, False), **_EVENT},
    "channels_and_actors": {
        "type": _few("channel_observed", "channel_observed", "actor_assessed"),
        "channel": _N_TEXT,
        "relevant": _few(True, True, False, None),
        "subject": _N,
        "role": _few("data_seller", "data_seller", "other", None),
        "risk": _few("high", "high", "low"),
        "outcome": _few(None, "referred", "closed"),
        **_EVENT,
    },
    "soc_alerts": {
        "state": _few("raised", "raised", "triaged", "closed"),
        "alert": _N_TEXT,
        "incident": _few(None, None, "i1"),
        "rule": _few("r1", "r2"),
        "entity": _few("e1", "e2"),
        "subject": _few(None, 1),
        "domain": _few("business", "office"),
        "severity": _few("low", "important", "critical", None),
        "disposition": _few("true_positive", "false_positive", None),
        **_EVENT,
    },
    "case_events": {
        "type": _few("referred", "filed", "closed", "person_linked", "account_linked", "detained", "arrest_approved"),
        "case_number": _few("c1", "c2", None),
        "referral": _few("l1", "l2"),
        "closure": _few("solved", "withdrawn", "other", None),
        "proof": _few("d1", None),
        "role": _few("suspected_borrower", "intermediary", "victim", None),
        "account": _few("a1", "a2"),
        "amount_fen": st.none() | st.integers(0, 10**13),
        "attribution": _few("supported", "third_party", "own", None),
        "fraud_class": _few("borrower_fraud", "intermediary", None),
        "subject": _few(1, 2, None),
        **_EVENT,
    },
    "service_events": {
        "type": _few("session", "content_view", "attendance"),
        "service": _few("consumer_protection_centre", "elsewhere"),
        "session": _N_TEXT,
        "content": _few("x", "y"),
        "seconds": _few(None, 0, 1, 5),
        "visitor": _few("user", "user", None, "bot"),
        "attendee": _few("student", "teacher", None),
        "confirmed_by": _few("sign_in", "school", None),
        "subject": _N,
        **_EVENT,
    },
    "attack_events": {
        "type": _few("confirmation", "action", "closure", "reactivation"),
        "attack": _few(None, None, "case-1"),
        "target": _few("a.example", "b.example"),
        "brand": _few("demo-jietiao", "demo-jietiao", "demo-bank", None),
        "fraud_type": _few("loan_impersonation", "transaction", None),
        "action": _few("takedown_notice", None),
        "cause": _few("us", "us", "third_party", "self_expired", "blocked_only", None),
        **_EVENT,
    },
}


def _finished(name: str, place: int, row: Row) -> Row:
    """A drawn row with what follows from it and what tells it from others, wherever it stands."""
    made: Row = {"event_key": f"{name} {place}", "position": place, **row}
    if name == "sightings":
        # 1 is a bare host, 2 and 3 are URLs on it
        made |= {"host_id": 1, "is_bare": row["address_id"] == 1, "registrable_domain": "a.example"}
    elif name == "app_sightings":
        made |= {"package": f"com.synthetic.app{row['app_id']}"}
    elif name == "verdicts":
        number = made.pop("of")
        made |= {"address_id": number, "host_id": 1, "is_bare": number == 1, "package": f"com.synthetic.app{number}"}
    elif name == "attack_events":
        made |= {"is_own": row["brand"] == "demo-jietiao"}
    return made


def _rows(kinds: Iterable[str] = _KINDS, size: int = 8) -> st.SearchStrategy[dict[str, list[Row]]]:
    drawn = {name: st.lists(st.fixed_dictionaries(_KINDS[name]), max_size=size) for name in kinds}
    return st.fixed_dictionaries(drawn).map(
        lambda rows: {name: [_finished(name, n, row) for n, row in enumerate(of)] for name, of in rows.items()}
    )


def _shown(rows: Rows, period: Period = YEAR) -> list[dict[str, int | str | None]]:
    return [figure_json(figure) for figure in compute(frames_of(rows), period)]


def _values(rows: Rows, period: Period = YEAR) -> dict[str, object]:
    return {kpi: figure.value for kpi, figure in figures_of(rows, period).items()}


def _count(rows: Rows, kpi: str, period: Period = YEAR) -> int:
    return tally(DEFINITIONS[kpi], DEFINITIONS[kpi].records(frames_of(rows), period)).count


def _units(frames: Frames, kpi: str, period: Period) -> set[Said]:
    return set(DEFINITIONS[kpi].records(frames, period).collect()["unit"])


law = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def test_records_may_come_in_portions_of_which_some_bring_nothing() -> None:
    """polars 2.1: `pl.format` fails on a column whose first portions are empty."""
    shown: Row = {"warning": None, "stage": "rendered", "channel": "ai", "subject": None, "occurred_at": YEAR.start}
    rows = {"warnings": [_finished("warnings", n, {"is_test": False, **shown}) for n in range(3)]}
    frame = frames_of(rows)["warnings"].collect()
    apart = pl.concat([*(frame.with_columns(stage=pl.lit("emitted")) for _ in range(3)), frame], rechunk=False)
    found = DEFINITIONS["K38"].records(frames_of(rows) | {"warnings": apart.lazy()}, YEAR).collect(engine="streaming")
    assert found["unit"].n_unique() == 3


@law
@given(rows=_rows(), shuffler=st.randoms(use_true_random=False))
def test_the_order_in_which_records_came_changes_nothing(rows: dict[str, list[Row]], shuffler: Random) -> None:
    mixed = {name: shuffler.sample(of, len(of)) for name, of in rows.items()}
    assert _shown(mixed) == _shown(rows)


@law
@given(rows=_rows())
def test_a_record_told_twice_changes_no_figure(rows: dict[str, list[Row]]) -> None:
    twice = {
        name: [*of, *({**row, "event_key": f"{row['event_key']} again"} for row in of)] for name, of in rows.items()
    }
    assert _values(twice) == _values(rows)


@law
@given(rows=_rows(), others=_rows())
def test_a_test_row_changes_nothing_not_even_a_note(rows: dict[str, list[Row]], others: dict[str, list[Row]]) -> None:
    tests = {
        name: [{**row, "event_key": f"test {n}", "is_test": True} for n, row in enumerate([*of, *rows[name]])]
        for name, of in others.items()
    }
    assert _shown({name: [*of, *tests[name]] for name, of in rows.items()}) == _shown(rows)
    real = {name: [row for row in of if not row["is_test"]] for name, of in rows.items()}
    assert _shown(real) == _shown(rows)


@law
@given(rows=_rows(["attack_events"], size=14))
def test_parts_lie_in_wholes(rows: dict[str, list[Row]]) -> None:
    frames = frames_of(rows)
    for period in YEARS:
        acted, loans, others, closed = (_units(frames, kpi, period) for kpi in ("K10", "K11", "K12", "K14"))
        assert loans | others == acted
        assert not loans & others
        assert closed <= acted
        kpis = ("K10", "K11", "K12", "K14", "K15")
        found = {one.id: one for one in compute(frames, period, [DEFINITIONS[kpi] for kpi in kpis])}
        _check_counts(found, len(acted), len(loans), len(closed))


def _check_counts(found: dict[str, Figure], acted: int, loans: int, closed: int) -> None:
    if found["K10"].value is None:
        assert acted == 0
        return
    assert [found[kpi].value for kpi in ("K10", "K11", "K12", "K14")] == [acted, loans, acted - loans, closed]
    rate = found["K15"]
    if rate.value is not None:
        assert 0 <= (rate.numerator or 0) <= (rate.denominator or 0)
        assert 0 <= rate.value <= 100


@law
@given(rows=_rows(["attack_events"], size=14))
def test_what_we_closed_was_acted_on_first_and_is_of_the_cohort_if_confirmed(rows: dict[str, list[Row]]) -> None:
    frames = frames_of(rows)
    cohort = DEFINITIONS["K15"].records(frames, YEAR).collect()
    met = set(cohort.filter("meets")["unit"])
    for row in DEFINITIONS["K14"].records(frames, YEAR).collect().iter_rows(named=True):
        assert (row["is_own"], row["cause"]) == (True, "us")
        assert YEAR.start <= row["first_action_at"] <= row["closed_at"] < YEAR.end
        assert row["confirmed_at"] is None or row["confirmed_at"] >= YEAR.start
        assert row["unit"] in met or row["confirmed_at"] is None or row["confirmed_at"] >= YEAR.end


OF_ONE_YEAR = {
    "K01": ["sightings", "verdicts"],
    "K02": ["app_sightings", "verdicts"],
    **dict.fromkeys(["K04", "K41"], ("losses",)),
    **dict.fromkeys(["K06", "K07", "K08"], ("opinion_items",)),
    **dict.fromkeys(["K10", "K14", "K15"], ("attack_events",)),
    "K18": ["channels_and_actors"],
    **dict.fromkeys(["K31", "K32", "K33", "K34", "K35", "K36"], ("case_events",)),
}


@pytest.mark.parametrize("kpi", OF_ONE_YEAR)
@law
@given(data=st.data())
def test_a_unit_is_of_one_year_only(kpi: str, data: st.DataObject) -> None:
    frames = frames_of(data.draw(_rows(OF_ONE_YEAR[kpi])))
    before, during, after = (_units(frames, kpi, period) for period in YEARS)
    assert not before & during
    assert not during & after
    assert not before & after


@pytest.mark.parametrize(("kpi", "programme"), PROGRAMMES.items())
@law
@given(rows=_rows(["losses"], size=14))
def test_a_programmes_view_is_its_own(kpi: str, programme: str, rows: dict[str, list[Row]]) -> None:
    own = {"losses": [row for row in rows["losses"] if row["programme"] in {programme, None}]}
    for period in YEARS:
        assert _count(own, kpi, period) == _count(rows, kpi, period)


# ---- counted a second time, row by row


@pytest.mark.parametrize(("kpi", "programme"), PROGRAMMES.items())
@law
@given(rows=_rows(["losses"], size=14))
def test_money_is_what_a_count_by_hand_gives(kpi: str, programme: str, rows: dict[str, list[Row]]) -> None:
    real = [row for row in rows["losses"] if not row["is_test"] and row["programme"] in {programme, None}]
    for period in YEARS:
        total = 0
        for episode in {row["episode"] for row in real}:
            events = [row for row in real if row["episode"] == episode]
            begun = min(int(row["occurred_at"] or 0) for row in events)
            amounts = [
                int(row["amount_fen"] or 0)
                for row in events
                if (row["type"], row["programme"]) == ("assessed", programme) and row["tier"] in {"A", "B"}
            ]
            total += max(amounts, default=0) if period.start <= begun < period.end else 0
        assert _count(rows, kpi, period) == total


@law
@given(rows=_rows(["sightings", "verdicts"], size=10))
def test_k01_is_what_a_count_by_hand_gives(rows: dict[str, list[Row]]) -> None:
    real = [row for row in rows["sightings"] if not row["is_test"]]
    judged = [row for row in rows["verdicts"] if not row["is_test"]]
    for period in YEARS:
        count = 0
        for address in {row["address_id"] for row in real}:
            seen = [row for row in real if row["address_id"] == address]
            first = min(int(row["seen_at"] or 0) for row in seen)
            count += period.start <= first < period.end and _is_fraud(address, seen, real, judged)
        assert _count(rows, "K01", period) == count


def _is_fraud(address: Said, seen: list[Row], real: list[Row], judged: list[Row]) -> bool:
    on_it = [row for row in judged if row["address_id"] == address]
    on_host = [row for row in judged if row["is_bare"]]
    answer = _last_answer(on_it) or _last_answer(on_host)
    is_allowed = any(row["claim"] == -1 for row in [*seen, *(row for row in real if row["is_bare"])])
    is_named = any(row["claim"] == 1 for row in seen)
    return answer == "confirmed" or (answer in {None, "unsure"} and is_named and not is_allowed)


def _last_answer(judged: list[Row]) -> Said:
    order = ["confirmed", "unsure", "dismissed"]
    latest = max(judged, key=lambda row: (int(row["occurred_at"] or 0), order.index(str(row["answer"]))), default=None)
    return latest["answer"] if latest else None


@law
@given(rows=_rows(["interventions", "losses"], size=12))
def test_k40_is_what_a_count_by_hand_gives(rows: dict[str, list[Row]]) -> None:
    real = [row for row in rows["interventions"] if not row["is_test"]]
    lost_at: dict[Said, list[int]] = defaultdict(list)
    for row in rows["losses"]:
        if row["type"] == "realised" and not row["is_test"]:
            lost_at[row["subject"]].append(int(row["occurred_at"] or 0))
    people = {row["subject"] for row in real}
    expected = sum(
        _is_dissuaded([row for row in real if row["subject"] == person], lost_at[person]) for person in people
    )
    assert _count(rows, "K40") == expected


def _is_dissuaded(told: list[Row], lost_at: list[int]) -> bool:
    """Whether a connection of the year was confirmed, and none of the year's was followed by a loss."""
    talks = sorted(
        (row for row in told if row["type"] == "dissuasion_connected"),
        key=lambda row: (int(row["occurred_at"] or 0), str(row["event_key"])),
    )
    said: list[list[Row]] = [[talk] for talk in talks]
    for row in told:
        earlier = [n for n, talk in enumerate(talks) if int(talk["occurred_at"] or 0) <= int(row["occurred_at"] or 0)]
        if row["type"] == "dissuasion_outcome" and earlier:
            said[earlier[-1]].append(row)
    in_year = [of for of in said if YEAR.start <= int(of[0]["occurred_at"] or 0) < YEAR.end]
    confirmed = any(row["scam_confirmed"] for of in in_year for row in of)
    flagged = any(row["later_loss"] for of in in_year for row in of)
    gaps = [at - int(of[0]["occurred_at"] or 0) for of in in_year for at in lost_at]
    return confirmed and not flagged and not any(0 <= gap <= 30 * DAY_MS for gap in gaps)
