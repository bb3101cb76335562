"""What the KPIs on opinion, kits, channels, alerts, cases and services count, rule by rule; and as reported, else."""

from decimal import Decimal

import polars as pl
import pytest

from analytics.kpi.counting import records_under, tally
from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.figures import compute, figure_json
from db.period import DAY_MS, Period
from tests.analytics.kpi_rows import (
    AMOUNT,
    MID,
    YEAR,
    Row,
    account,
    actor,
    alert,
    case,
    channel,
    detained,
    figures_of,
    frames_of,
    handled,
    item,
    kit,
    pupil,
    reported,
    session,
    value,
    video,
    view,
)

HOUR_MS = 3_600_000
BEFORE, LAST = YEAR.start - 1, YEAR.end - 1
FRAME_OF = {
    "K06": "opinion_items", "K07": "opinion_items", "K08": "opinion_items", "K16": "kits", "K17": "channels_and_actors",
    "K18": "channels_and_actors", "K19": "soc_alerts", "K20": "soc_alerts", "K21": "soc_alerts", "K31": "case_events",
    "K32": "case_events", "K33": "case_events", "K34": "case_events", "K35": "case_events", "K36": "case_events",
    "K37": "service_events", "K42": "service_events", "K43": "service_events",
}  # fmt: skip


def closing(at: int, n: int = 0, **said: str | None) -> Row:
    return case(at, n, **{"type": "closed", "closure": "solved", **said})


def linked(at: int, n: int = 0, **said: str | int | None) -> Row:
    return case(at, 0, **{"type": "person_linked", "subject": n, "role": "suspected_borrower", **said})


COUNTED: list[tuple[str, list[Row], int]] = [
    # K06: relevant news and complaints, by text and place, once for ever
    ("K06", [item(MID), item(MID), item(MID, address_id=9), item(MID, cluster="other")], 3),
    ("K06", [item(MID, source_class="complaint_channel"), item(MID, 1, source_class="social"), video(MID)], 1),
    ("K06", [item(MID, relevance="rejected"), item(MID, 1, relevance=None), item(MID, 2, relevance="open")], 0),
    ("K06", [item(MID, cluster=None), item(MID, cluster=None), item(MID, address_id=None)], 2),
    ("K06", [item(MID, cluster=None, address_id=None), item(MID, cluster=None, address_id=None)], 2),
    ("K06", [item(BEFORE), item(MID), item(MID, 1)], 1),
    ("K06", [item(BEFORE, is_test=True), item(MID)], 1),
    # K07: videos, and no comments on them
    ("K07", [video(MID), video(MID + 1), video(MID, platform="other"), video(MID, 2, relevance=None), item(MID)], 3),
    ("K07", [video(MID, item=None), video(MID, item=None), video(BEFORE, 5), video(MID, 5)], 2),
    # K16: families that an analyst confirmed
    ("K16", [kit(MID), kit(MID, kit_sha256="other"), kit(MID, 1, analyst_confirmed=False), kit(MID, 2)], 2),
    ("K16", [kit(MID, family=None), kit(MID, family=None), kit(MID, 1, family=None, kit_sha256=None)], 2),
    ("K16", [kit(MID, analyst_confirmed=None), kit(MID, analyst_confirmed=False)], 0),
    # K17: a stock of the year's last 30 days
    ("K17", [channel(LAST), channel(YEAR.end - 30 * DAY_MS, 1), channel(YEAR.end - 30 * DAY_MS - 1, 2)], 2),
    ("K17", [channel(LAST), channel(LAST, 1, relevant=False), channel(LAST, 2, relevant=None), channel(MID, 3)], 1),
    ("K17", [channel(MID), channel(YEAR.end, 1)], 0),
    # K18: people, first assessed so in the year
    ("K18", [actor(MID), actor(MID + 1, outcome="referred"), actor(MID, 1, risk="low"), actor(MID, 2, role=None)], 1),
    ("K18", [actor(BEFORE, risk="medium"), actor(MID), actor(BEFORE, 1), actor(MID, 1)], 1),
    ("K18", [actor(MID, subject=None), actor(MID, subject=None)], 2),
    # K19, K20: an hour opens with what counts, and the year with none
    ("K19", [alert(MID), alert(MID + HOUR_MS - 1), alert(MID + HOUR_MS)], 2),
    ("K19", [alert(MID + step * 50 * 60_000) for step in range(5)], 3),
    ("K19", [alert(MID), alert(MID, rule="r2"), alert(MID, 1), alert(MID, subject=4), alert(MID, domain="office")], 4),
    ("K19", [alert(MID, rule=None), alert(MID, rule=None), alert(MID, entity=None), alert(MID, entity=None)], 4),
    ("K19", [alert(MID, entity=None, subject=1), alert(MID + 1, entity=None, subject=1)], 1),
    ("K19", [alert(BEFORE), alert(YEAR.start), alert(MID, 2, is_test=True), alert(MID, 3, state="triaged")], 1),
    ("K20", [alert(MID, domain="office"), alert(MID, 1), alert(MID, 2, domain=None)], 1),
    # K21: important alerts closed with a finding, by incident
    ("K21", [handled(MID), handled(MID + 1), handled(MID, 1, severity="critical"), handled(MID, 2, severity="low")], 2),
    ("K21", [handled(MID, 1, incident="i"), handled(MID, 2, incident="i"), handled(MID, 3, disposition=None)], 1),
    ("K21", [handled(MID, severity=None), alert(MID - 1, severity="important"), handled(MID, 1, severity=None)], 1),
    ("K21", [handled(MID, alert=None), handled(MID, alert=None), alert(MID, 5, severity="critical")], 2),
    ("K21", [handled(MID, 1), handled(MID, 2, incident="i"), alert(MID, 1, state="triaged", incident="i")], 1),
    # K31, K32: cases, filed once, closed once, in one of four ways
    ("K31", [case(MID), case(MID + 1), case(MID, 1), case(BEFORE, 2), case(MID, 2), case(MID, 3, type="referred")], 2),
    ("K31", [case(MID, case_number=None, referral="l"), case(MID, case_number=None, referral="l")], 1),
    ("K32", [closing(MID), closing(MID + 1, closure="judgment"), closing(MID, 1, closure="other"), case(MID, 2)], 1),
    ("K32", [closing(MID, n, closure=way) for n, way in enumerate(("prosecution", "withdrawn", "judgment"))], 3),
    ("K32", [closing(BEFORE), closing(MID), closing(MID, 1, closure=None)], 0),
    # K33: borrowers in numbered cases
    ("K33", [linked(MID), linked(MID, case_number="c9"), linked(MID, 1), linked(MID, 2, role="victim")], 2),
    ("K33", [linked(MID, subject=None), linked(MID, 3, case_number=None, referral="l"), linked(BEFORE, 4)], 0),
    # K34: each account once, at its largest
    ("K34", [account(MID), account(MID + 1, amount_fen=AMOUNT + 5), account(MID, 1, amount_fen=None)], AMOUNT + 5),
    ("K34", [account(MID), account(BEFORE), account(MID, 1, type="person_linked"), account(MID, 2, amount_fen=7)], 7),
    ("K34", [account(MID, account=None, amount_fen=3), account(MID, account=None, amount_fen=4)], 7),
    # K35, K36: people by case
    ("K35", [detained(MID), detained(MID + 1), detained(MID, case_number="other"), detained(MID, 1, role="victim")], 2),
    ("K35", [detained(MID, subject=None), detained(MID, 1, role=None), detained(BEFORE, 2), detained(MID, 2)], 0),
    ("K36", [detained(MID, n, type="arrest_approved", role=role) for n, role in enumerate(["victim", None])], 2),
    # K37: sessions of users with one service
    ("K37", [session(MID), session(MID + 1), session(MID, 1, visitor=None), session(MID, 2, visitor="bot")], 2),
    ("K37", [session(MID, service="elsewhere"), session(MID, 1, visitor="staff"), session(MID, session=None)], 1),
    # K42: person x content x day, for a second
    ("K42", [view(MID), view(MID + 1), view(MID + DAY_MS), view(MID, content="other"), view(MID, 1)], 4),
    ("K42", [view(MID, seconds=0), view(MID, 1, seconds=None), view(MID, 2, visitor="bot"), view(MID, 3)], 1),
    ("K42", [view(MID, subject=None), view(MID, subject=None)], 2),
    # and those who took part
    ("K43", [pupil(MID), pupil(MID + DAY_MS), pupil(MID, 1, attendee="teacher"), pupil(MID, subject=None)], 3),
]  # fmt: skip


@pytest.mark.parametrize(("kpi", "rows", "expected"), COUNTED)
def test_what_counts(kpi: str, rows: list[Row], expected: int) -> None:
    definition = DEFINITIONS[kpi]
    for given in (rows, rows[::-1]):
        records = definition.records(frames_of({FRAME_OF[kpi]: given}), YEAR)
        assert tally(definition, records).count == expected


UNTOLD: list[tuple[str, Row]] = [
    ("K06", video(MID)),
    ("K07", item(MID)),
    ("K08", item(MID, relevance="rejected")),
    ("K16", kit(YEAR.end)),
    ("K17", actor(MID)),
    ("K18", channel(MID)),
    ("K19", alert(MID, domain="office")),
    ("K20", alert(MID)),
    ("K21", alert(MID, severity="critical")),
    ("K31", account(MID)),
    ("K32", linked(MID)),
    ("K33", case(MID)),
    ("K34", case(MID)),
    ("K35", case(MID)),
    ("K36", account(MID)),
    ("K37", session(MID, service="elsewhere")),
    ("K42", session(MID)),
    ("K43", view(MID)),
]


@pytest.mark.parametrize(("kpi", "row"), UNTOLD)
def test_what_tells_of_something_else_leaves_a_figure_unknown(kpi: str, row: Row) -> None:
    assert value(kpi, **{FRAME_OF[kpi]: [row]}) is None


@pytest.mark.parametrize(
    ("kpi", "rows", "note"),
    [
        ("K06", [item(MID), item(MID, 1, source_class="complaint_channel")], "news 1; complaint channels 1"),
        ("K16", [kit(MID), kit(BEFORE), kit(MID, 1, analyst_confirmed=False)],
         ("apart: not confirmed by an analyst 1; apart: of these in families extracted in earlier years 1")),
        ("K17", [channel(BEFORE), channel(BEFORE, 1), channel(LAST, 1), channel(LAST, 2), channel(MID, 3)],
         ("apart: active at the beginning 2; apart: come since 1; apart: gone since 1; "
          "apart: active at any time of the year 3")),
        ("K18", [actor(MID), actor(MID + 1, outcome="referred"), actor(MID, 1, outcome="closed"), actor(MID, 2)],
         "of these referred 1; closed 1; outcome unknown 1"),
        ("K19", [alert(MID), alert(MID + 1, alert="b"), alert(MID + 1, alert="b"),
                 handled(MID + 2, alert="b"), handled(MID, disposition="false_positive")],
         "before suppression 2; apart: before suppression, found true 1; apart: found false 1"),
        ("K21", [alert(MID, severity="important"), alert(MID, 1, severity="critical"),
                 alert(MID + 120_000, state="triaged"), handled(MID + 5 * HOUR_MS)],
         ("of these true 1; median minutes until triage 2; median minutes until closure 300; "
          "apart: important ones raised 2; apart: of these open at the end 1")),
        ("K21", [alert(MID), handled(MID + 1), alert(MID, 1, severity="important"), handled(MID, 1, disposition=None)],
         "of these true 1; apart: important ones raised 1; apart: of these open at the end 1"),
        ("K31", [case(MID, fraud_class="borrower_fraud"), case(MID, 1, proof=None), case(MID, type="referred")],
         "without a document 1; borrower_fraud 1; class not stated 1; apart: leads handed over (our act) 1"),
        ("K32", [closing(MID), closing(MID, 1, closure="withdrawn")], "solved 1; withdrawn 1; class not stated 2"),
        ("K33", [linked(MID), linked(MID, 1, case_number="case7"), linked(MID, 2, role="victim"), closing(MID, 7)],
         "apart: of these in cases that are closed 1; apart: in the role victim 1"),
        ("K35", [detained(MID), detained(MID, 1, attribution="third_party"), detained(MID, 2, attribution=None),
                 detained(MID, 3, role=None), detained(MID, 4, subject=None)],
         ("third party outcome, supported 1; third party outcome, not supported 1; attribution not stated 1; "
          "apart: detained in another role or in none 1; apart: records without a known person 1")),
        ("K37", [session(MID, subject=1), session(MID, 2, subject=1), session(MID, 3, visitor="bot")],
         "people 1; apart: staff and bots, left out 1"),
        ("K42", [view(MID), view(MID + DAY_MS), view(MID, 2, seconds=0), view(MID, 3, seconds=None)],
         "people reached 1; apart: records shorter than a second 1; apart: records of unknown length 1"),
        ("K43", [pupil(MID), pupil(MID, 1, attendee="teacher", confirmed_by="school")],
         "of these students 1; teachers 1; confirmed by the school 1"),
    ],
)  # fmt: skip
def test_what_stands_beside_a_figure(kpi: str, rows: list[Row], note: str) -> None:
    assert note in figures_of({FRAME_OF[kpi]: rows})[kpi].note_en


# ---- the increase of a rate


def late(at: int, n: int) -> Row:
    return item(at, n, detected_at=at + DAY_MS)


EARLIER = YEAR.start - 100 * DAY_MS
HALF = [item(EARLIER), late(EARLIER, 1)]


def test_k08_gives_both_levels_points_and_the_relative_change() -> None:
    rows = [*HALF, item(MID, 2), item(MID, 3), item(MID, 4), late(MID, 5)]
    figure = figures_of({"opinion_items": rows})["K08"]
    assert (figure.value, figure.display_zh, figure.display_en) == (Decimal("25.00"), "+25个百分点", "+25 pp")
    assert "2023: 50% (1/2); 2024: 75% (3/4); relative change +50%" in figure.note_en
    assert "2023年 50% (1/2)；2024年 75% (3/4)；相对变动 +50%" in figure.note_zh
    printed = figure_json(figure)
    assert (printed["value"], printed["unit"]) == ("25.00", "百分点 (pp)")


@pytest.mark.parametrize(
    ("said", "timely"),
    [
        ({"published_at": MID - DAY_MS}, 1),
        ({"published_at": MID - DAY_MS - 1}, 0),
        ({"published_at": None}, 0),
        ({"detected_at": None}, 0),
        ({"detected_at": MID - 2 * HOUR_MS}, 0),
        ({"relevance": "rejected"}, None),
    ],
)
def test_k08_keeps_what_was_late_or_nobody_knows_in_the_denominator(said: Row, timely: int | None) -> None:
    figure = figures_of({"opinion_items": [*HALF, item(MID, 9, **said)]})["K08"]
    assert (None if figure.value is None else int(figure.value + 50) // 100) == timely


def test_k08_takes_an_items_first_detection_whichever_record_tells_it() -> None:
    rows = [*HALF, item(MID, 9, detected_at=None), item(MID + DAY_MS, 9, published_at=None, detected_at=MID)]
    assert figures_of({"opinion_items": rows})["K08"].value == Decimal("50.00")


def test_k08_without_a_year_before_is_unknown_and_shows_the_level_that_there_is() -> None:
    figure = figures_of({"opinion_items": [item(MID)]})["K08"]
    assert (figure.value, figure.display_en) == (None, "unknown")
    assert "nothing comparable in 2023; 2024: 100% (1/1)" in figure.note_en
    assert figures_of({"opinion_items": HALF}, Period(1992))["K08"].value is None


# ---- as reported

TEXTS = (("25", 2024), ("7", 2023))
REPORTABLE = [kpi for kpi, definition in DEFINITIONS.items() if definition.may_be_reported]


def published(kpi: str, text: str, **said: str | int | bool) -> Row:
    return reported(kpi, text, **{"year": 2024, "page": "43", **said})


def test_which_kpis_may_stand_as_reported() -> None:
    assert sorted({*FRAME_OF, "K09"}) == REPORTABLE


def test_figures_stand_as_reported_where_that_is_allowed_and_say_so() -> None:
    rows = {"reported_figures": [published(kpi, text, year=year) for kpi in DEFINITIONS for text, year in TEXTS]}
    figures, frames = figures_of(rows), frames_of(rows)
    assert [kpi for kpi, figure in figures.items() if figure.value is not None] == REPORTABLE
    for kpi in REPORTABLE:
        figure = figures[kpi]
        assert figure_json(figure)["value"] == {"count": 25, "money": "25.00", "percent": "25.00"}[figure.measure]
        assert "as reported, not computed: “synthetic report”, page 43" in figure.note_en
        assert "按披露数列示，非本系统计算：《synthetic report》，第43页" in figure.note_zh
        traced = records_under(DEFINITIONS[kpi], frames, YEAR).collect()
        assert traced["value"].to_list() == ["25"]
        assert {"unit", "source", "document", "position"} <= set(traced.columns)


@pytest.mark.parametrize(("kpi", "row", "expected"), [("K16", kit(MID), 1), ("K31", case(MID, type="referred"), 0)])
def test_what_is_computed_goes_before_what_is_reported(kpi: str, row: Row, expected: int) -> None:
    rows = {FRAME_OF[kpi]: [row], "reported_figures": [published(kpi, "25")]}
    figure = figures_of(rows)[kpi]
    assert figure.value == expected
    assert "as reported" not in figure.note_en
    assert records_under(DEFINITIONS[kpi], frames_of(rows), YEAR).collect().height == expected


@pytest.mark.parametrize(
    ("texts", "remark"),
    [(["20", "21"], "disagree"), (["twenty"], "does not fit"), (["2.5"], "does not fit"), ([], "no record of kind")],
)
def test_what_cannot_be_taken_as_reported_is_unknown(texts: list[str], remark: str) -> None:
    figure = figures_of({"reported_figures": [published("K16", text) for text in texts]})["K16"]
    assert figure.value is None
    assert remark in figure.note_en


def test_a_synthetic_reported_figure_makes_a_synthetic_figure() -> None:
    figure = figures_of({"reported_figures": [published("K16", "20", is_synthetic=True)]})["K16"]
    assert (figure.value, figure.is_synthetic) == (20, True)


@pytest.mark.parametrize(
    ("text", "shown", "meant"),
    [
        ("90", "90% (points or relative: not stated)", "at most 10.00%, as a relative increase at most 52.63%"),
        ("150", "150% (points or relative: not stated)", "it can be no points, as a relative increase at most 40.00%"),
        ("-5", "-5% (points or relative: not stated)", ""),
    ],
)
def test_a_reported_increase_of_a_rate_is_taken_for_neither_points_nor_percent(
    text: str, shown: str, meant: str
) -> None:
    figure = figures_of({"reported_figures": [published("K08", text), published("K08", "8", year=2023)]})["K08"]
    assert (figure.display_en, figure.measure, figure.unit_labels) == (shown, "percent", ("%", "%"))
    assert figure.prior is None
    assert meant in figure.note_en


def test_k09_has_no_records_and_is_reported_or_unknown() -> None:
    assert value("K09") is None
    figure = figures_of({"reported_figures": [published("K09", "300")]})["K09"]
    assert (figure.value, figure.display_zh) == (Decimal("300.00"), "+300%")


def test_nought_of_made_up_records_is_made_up() -> None:
    figure = figures_of({"kits": [kit(MID, analyst_confirmed=False, is_synthetic=True)]})["K16"]
    assert (figure.value, figure.is_synthetic) == (0, True)


def test_alerts_of_ids_that_are_numbers_count_alike() -> None:
    frames = frames_of({"soc_alerts": [alert(MID), alert(MID + 1), alert(MID, 1)]})
    numbered = frames["soc_alerts"].with_columns(event_key=pl.int_range(pl.len()))
    assert {f.id: f.value for f in compute({**frames, "soc_alerts": numbered}, YEAR)}["K19"] == 2
