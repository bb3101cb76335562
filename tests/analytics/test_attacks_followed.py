"""Attacks from what fanzha itself sees and is told: reports, verdicts, probes."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.attacks.derive import attack_of, derive_attacks
from analytics.attacks.groups import RANKS
from db.period import DAY_MS
from tests.analytics.attack_rows import EVENTS, OWN, SITE, T0, Said, days, event, frame, ours, report, told, united


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
@given(events=EVENTS)
def test_where_a_company_alone_speaks_uniting_changes_nothing(events: list[dict[str, Said]]) -> None:
    assert derive_attacks(united(events)).equals(derive_attacks(frame(*events)))
