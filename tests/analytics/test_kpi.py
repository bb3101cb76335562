"""One family test over all KPI declarations, the contract's form, the checks between figures, periods."""

from collections.abc import Callable, Mapping
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.kpi.checks import Check, Context, checks
from analytics.kpi.counting import tally
from analytics.kpi.definition import Definition, Tally
from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.figures import compute, figure_json
from analytics.kpi.frames import FRAMES, Frames
from db.errors import UsageError
from db.kinds import KINDS
from db.period import DAY_MS, Period, shanghai_day
from tests.analytics.kpi_rows import (
    AMOUNT,
    MID,
    YEAR,
    Row,
    Rows,
    Said,
    account,
    actor,
    alert,
    app_sighting,
    attack,
    block,
    case,
    channel,
    check,
    connection,
    detained,
    figures_of,
    frames_of,
    handled,
    item,
    kit,
    loss,
    own,
    pupil,
    reminder,
    reported,
    session,
    sighting,
    video,
    view,
    warning,
)


def trailing(at: int) -> int:
    """K17 looks at the year's last 30 days alone: what is of its beginning goes to theirs."""
    return at if at > MID else at + YEAR.end - 30 * DAY_MS - (YEAR.start if at < MID else MID - DAY_MS)


EXAMPLES: Mapping[str, Callable[[int, int], dict[str, list[Row]]]] = {
    "K01": lambda at, n: {"sightings": [sighting(at, n)]},
    "K02": lambda at, n: {"app_sightings": [app_sighting(at, n)]},
    "K03": lambda at, n: {"warnings": [warning(at, n)]},
    "K04": lambda at, n: {"losses": [loss(at, n)]},
    "K05": lambda at, n: {"url_checks": [check(at, n)]},
    "K10": lambda at, n: {"attack_events": attack(at, n)},
    "K11": lambda at, n: {"attack_events": attack(at, n)},
    "K12": lambda at, n: {"attack_events": attack(at, n, fraud_type="transaction", brand=None)},
    "K13": lambda at, n: {"attack_events": attack(at, n)},
    "K14": lambda at, n: {"attack_events": attack(at, n)},
    "K15": lambda at, n: {"attack_events": attack(at, n)},
    "K06": lambda at, n: {"opinion_items": [item(at, n)]},
    "K07": lambda at, n: {"opinion_items": [video(at, n)]},
    "K08": lambda at, n: {"opinion_items": [item(at, n)]},
    "K16": lambda at, n: {"kits": [kit(at, n)]},
    "K17": lambda at, n: {"channels_and_actors": [channel(trailing(at), n)]},
    "K18": lambda at, n: {"channels_and_actors": [actor(at, n)]},
    "K19": lambda at, n: {"soc_alerts": [alert(at, n)]},
    "K20": lambda at, n: {"soc_alerts": [alert(at, n, domain="office")]},
    "K21": lambda at, n: {"soc_alerts": [handled(at, n)]},
    "K31": lambda at, n: {"case_events": [case(at, n)]},
    "K32": lambda at, n: {"case_events": [case(at, n, type="closed", closure="solved")]},
    "K33": lambda at, n: {"case_events": [case(at, 0, type="person_linked", subject=n, role="suspected_borrower")]},
    "K34": lambda at, n: {"case_events": [account(at, n)]},
    "K35": lambda at, n: {"case_events": [detained(at, n)]},
    "K36": lambda at, n: {"case_events": [detained(at, n, type="arrest_approved")]},
    "K37": lambda at, n: {"service_events": [session(at, n)]},
    "K42": lambda at, n: {"service_events": [view(at, n)]},
    "K43": lambda at, n: {"service_events": [pupil(at, n)]},
    "K38": lambda at, n: {"warnings": [reminder(at, n)]},
    "K39": lambda at, n: {"interventions": [block(at, n)]},
    "K40": lambda at, n: {"interventions": [connection(at, n)]},
    "K41": lambda at, n: {"losses": [loss(at, n, programme="dissuasion")]},
    "B01": lambda at, n: {"attack_events": attack(at, n)},
    "B02": lambda at, n: {"attack_events": attack(at, n)},
    "B03": lambda at, n: {"warnings": [reminder(at, n)]},
    "B04": lambda at, n: {"interventions": [connection(at, n, later_loss=True)]},
    "B05": lambda at, n: {"interventions": [block(at, n), block(at, n, type="block_released")]},
    "B06": lambda at, n: {"losses": [loss(at, n, confirmed_by="victim")]},
    "B07": lambda at, n: {"losses": [loss(at, n)]},
    "B08": lambda at, n: {"losses": [loss(at, n, type="realised", bearer="user")]},
    "B09": lambda at, n: {"losses": [loss(at, n, type="recovered")]},
}
COUNTED = {kpi: definition for kpi, definition in DEFINITIONS.items() if definition.frame}
"""All but what can only be reported."""
family = pytest.mark.parametrize("definition", COUNTED.values(), ids=list(COUNTED))


def example(definition: Definition, *places: tuple[int, int], **said: Said) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    for at, n in places:
        for name, made in EXAMPLES[definition.id](at, n).items():
            rows.setdefault(name, []).extend({**row, **said} for row in made)
    return rows


def counted(definition: Definition, rows: Rows) -> int:
    return tally(definition, definition.records(frames_of(rows), YEAR)).count


def worth(definition: Definition, units: int) -> int:
    return units * (AMOUNT if definition.measure == "money" else 1)


@family
def test_a_declaration_is_complete(definition: Definition) -> None:
    texts = [getattr(definition, name) for name in Definition.__slots__ if name.endswith(("_zh", "_en"))]
    assert all(texts)
    assert set(definition.kinds) <= set(KINDS)
    assert definition.time in FRAMES[definition.frame]
    assert definition.dedup
    assert definition.parent in {"", *DEFINITIONS}


@family
def test_units_at_both_edges_of_the_year_count_and_beyond_them_do_not(definition: Definition) -> None:
    within = [(YEAR.start, 1), (MID, 2), (YEAR.end - 1, 3)]
    beyond = [(YEAR.start - 1, 4), (YEAR.end, 5)]
    assert counted(definition, example(definition, *within)) == worth(definition, 3)
    assert counted(definition, example(definition, *within, *beyond)) == worth(definition, 3)


@family
def test_test_rows_and_repeated_rows_change_nothing(definition: Definition) -> None:
    once = example(definition, (MID, 1), (MID, 2))
    tests = example(definition, (MID, 1), (MID, 3), is_test=True)
    repeated = {name: rows * 2 + tests[name] for name, rows in once.items()}
    assert counted(definition, repeated) == counted(definition, once) == worth(definition, 2)


@family
def test_the_traced_records_give_the_same_figure_again(definition: Definition) -> None:
    frames = frames_of(example(definition, (MID, 1), (MID, 1), (MID + DAY_MS, 2), (YEAR.end, 3)))
    records = definition.records(frames, YEAR)
    traced = records.collect()
    assert {"unit", "source", "document", "position", "is_synthetic"} <= set(traced.columns)
    performed = tally(definition, records)
    assert tally(definition, traced.sample(fraction=1, shuffle=True, seed=7).lazy()) == performed
    if definition.tally in {Tally.DISTINCT, Tally.GROWTH}:
        assert traced["unit"].n_unique() == performed.count


@family
def test_no_record_of_the_kind_in_the_year_is_unknown_and_one_that_does_not_count_is_nought(
    definition: Definition,
) -> None:
    assert figures_of(example(definition, (YEAR.end, 1)))[definition.id].value is None
    synthetic = figures_of(example(definition, (MID, 1), is_synthetic=True))[definition.id]
    assert synthetic.is_synthetic
    assert "合成" in synthetic.note_zh
    assert "synthetic" in synthetic.note_en


def finding(rows: Rows, name: str) -> bool | None:
    return next(check.holds for check in found(rows) if check.id.split(" ", 1)[-1] == name)


def found(rows: Rows, changed: Callable[[Context], Context] = lambda context: context) -> tuple[Check, ...]:
    frames = frames_of(rows)
    figures = {figure.id: figure for figure in compute(frames, YEAR)}
    return checks(changed(Context(frames, YEAR, figures)))


@pytest.mark.parametrize(
    ("rows", "name", "holds"),
    [
        ({"attack_events": attack(MID)}, "K11 ⊆ K10", True),
        ({"attack_events": attack(MID)}, "K14 ⊆ K11", True),
        ({"attack_events": attack(MID, fraud_type="transaction")}, "K14 ⊆ K11", False),
        ({"attack_events": attack(MID, fraud_type="transaction")}, "K14 ⊆ K10", True),
        ({"attack_events": attack(MID)}, "K12 = K10 − K11", True),
        ({}, "K12 = K10 − K11", None),
        ({}, "K14 ⊆ K10", None),
        ({}, "K04 + K41", None),
        ({"losses": [loss(MID), loss(MID, 1, programme="dissuasion")]}, "K04 + K41", True),
        ({"losses": [loss(MID), loss(MID, episode="x", programme="dissuasion")]}, "K04 + K41", False),
    ],
)
def test_checks_tell_what_holds_between_figures(rows: Rows, name: str, holds: bool | None) -> None:
    assert finding(rows, name) is holds


def test_the_json_form_is_what_the_contract_says() -> None:
    rows: dict[str, list[Row]] = {
        "losses": [loss(MID, amount_fen=28_449_290_000, programme="dissuasion")],
        "attack_events": own(1, MID, MID, MID),
        "reported_figures": [reported("K41", "1234.5"), reported("K10", "2")],
    }
    printed = {form["id"]: form for form in map(figure_json, figures_of(rows).values())}
    assert list(printed) == list(DEFINITIONS)
    assert list(printed["K41"]) == (
        ["id", "name_zh", "name_en", "value", "unit", "display_zh", "display_en", "prior", "definition_version", "note"]
    )
    assert (printed["K41"]["value"], printed["K41"]["prior"]) == ("284492900.00", "1234.50")
    assert (printed["K41"]["display_zh"], printed["K41"]["unit"]) == ("2.84亿元", "元 (CNY)")
    assert (printed["K10"]["value"], printed["K10"]["prior"]) == (1, 2)
    assert (printed["K13"]["value"], printed["K15"]["value"], printed["K15"]["unit"]) == ("-50.00", "100.00", "%")
    assert (printed["K03"]["value"], printed["K03"]["display_en"]) == (None, "unknown")
    assert printed["K03"]["note"]


@settings(max_examples=20, deadline=None)
@given(
    places=st.lists(st.tuples(st.integers(-2, 2), st.integers(0, 3)), max_size=6),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_order_of_records_changes_no_figure(places: list[tuple[int, int]], seed: int) -> None:
    rows: dict[str, list[Row]] = {}
    for definition in COUNTED.values():
        rows.update(example(definition, *((YEAR.end + day * DAY_MS, n) for day, n in places)))
    frames = frames_of(rows)
    mixed: Frames = {
        name: frame.collect().sample(fraction=1, shuffle=True, seed=seed).lazy() for name, frame in frames.items()
    }
    assert [figure_json(figure) for figure in compute(mixed, YEAR)] == [
        figure_json(figure) for figure in compute(frames, YEAR)
    ]


@given(instant=st.integers(Period(1992).start, Period(9998).end - 1))
def test_an_instant_lies_in_the_year_of_its_shanghai_day(instant: int) -> None:
    day = pl.select(shanghai_day(pl.lit(instant))).item()
    year = Period(day.year)
    assert year.start <= instant < year.end
    assert (instant - year.start) // DAY_MS == (day - date(day.year, 1, 1)).days


@pytest.mark.parametrize("year", [1991, 9999, -1])
def test_a_year_nobody_reports_on_is_refused(year: int) -> None:
    with pytest.raises(UsageError, match=str(year)):
        Period(year)


def test_a_synthetic_prior_year_is_named_as_such() -> None:
    rows = {"attack_events": attack(MID), "reported_figures": [reported("K10", "2", is_synthetic=True)]}
    figures = figures_of(rows)
    assert (figures["K10"].is_synthetic, figures["K13"].is_synthetic) == (False, True)
    assert "the figure published for 2023 is synthetic" in figures["K10"].note_en
