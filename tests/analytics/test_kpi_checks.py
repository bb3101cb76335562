"""Each of the 17 checks: what makes it hold, and what makes it fail."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from analytics.kpi.checks import Check, Context
from db.period import DAY_MS
from tests.analytics.kpi_rows import MID, YEAR, Row, Rows, attack, figures_of, loss, own, reminder, reported, warning
from tests.analytics.test_kpi import found

ATTACKS: Rows = {"attack_events": [*own(1, MID, MID, MID), *attack(MID, 2, fraud_type="transaction", is_own=False)]}
MONEY: list[Row] = [loss(MID), loss(MID, 1, programme="dissuasion")]
STANDING: Rows = {
    "attack_events": [row for n in range(30) for row in own(n, MID + n * DAY_MS, MID + n * DAY_MS, MID + 60 * DAY_MS)]
}
Changed = Callable[[Context], Context]


def with_figure(kpi: str, **said: object) -> Changed:
    def changed(context: Context) -> Context:
        figure = replace(context.figures[kpi], **said)  # type: ignore[arg-type]
        return replace(context, figures={**context.figures, kpi: figure})

    return changed


def told(**said: object) -> Changed:
    return lambda context: replace(context, **said)  # type: ignore[arg-type]


def check(name: str, rows: Rows, changed: Changed = lambda context: context) -> Check:
    return next(one for one in found(rows, changed) if one.id == name)


@pytest.mark.parametrize(
    ("name", "holds", "fails"),
    [
        (
            "X1 K04 + K41",
            ({"losses": MONEY}, told()),
            ({"losses": [loss(MID), loss(MID, programme="dissuasion")]}, told()),
        ),
        ("X2 K11 ⊆ K10", (ATTACKS, told()), None),
        ("X2 K14 ⊆ K11", (ATTACKS, told()), ({"attack_events": attack(MID, fraud_type="transaction")}, told())),
        ("X2 K12 = K10 − K11", (ATTACKS, told()), (ATTACKS, with_figure("K12", value=7))),
        (
            "X2 K14 ≠ K11",
            ({"attack_events": [*own(1, MID, MID, MID), *own(2, MID, MID, None)]}, told()),
            ({"attack_events": attack(MID)}, told()),
        ),
        ("X2 K15 = 100%", (ATTACKS, told()), (STANDING, told())),
        ("X3", (ATTACKS, told()), ({"attack_events": own(1, MID, MID, None)}, told())),
        ("X4 K13", ({**ATTACKS, "reported_figures": [reported("K10", "2")]}, told()), None),
        (
            "X6 K03 : K38",
            ({"warnings": [warning(MID), reminder(MID)]}, told()),
            ({"warnings": [reminder(MID), *(warning(MID, n) for n in range(100))]}, told()),
        ),
        ("X9", (ATTACKS, told()), (ATTACKS, with_figure("K10", units=9))),
        ("X10 K10", (ATTACKS, told(series={"K10": [1, 1]})), (ATTACKS, told(series={"K10": [1, 0]}))),
        ("X8", (ATTACKS, told()), (ATTACKS, with_figure("K10", shown=("3个", "4")))),
        ("X11", (ATTACKS, told(series={"K10": [2]})), (ATTACKS, told(series={"K17": [2]}))),
        ("X12", (ATTACKS, told(panel=["K10"])), (ATTACKS, told(panel=["K09"]))),
        ("X13", (ATTACKS, told(panel=["B02"])), (ATTACKS, told(panel=["K10"]))),
        ("X14", (ATTACKS, told(index=["K10", "B01"])), (ATTACKS, told(index=["K10", "K99"]))),
        (
            "X15",
            ({"losses": MONEY}, told()),
            ({"losses": [loss(MID, programme="shan-hai")]}, told()),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_check_holds_and_fails(name: str, holds: tuple[Rows, Changed], fails: tuple[Rows, Changed] | None) -> None:
    one = check(name, *holds)
    assert one.holds is True, one
    assert one.finding_zh
    assert one.finding_en
    if fails:
        assert check(name, *fails).holds is False


def test_a_brand_that_no_register_has_is_named() -> None:
    listed = check("X15", ATTACKS, told(registered=frozenset({"demo-jietiao"})))
    assert listed.holds is True
    strange = check("X15", ATTACKS, told(registered=frozenset({"other"})))
    assert (strange.holds, "demo-jietiao" in strange.finding_en) == (False, True)


def test_a_hundred_per_cent_is_weighed_by_littles_law() -> None:
    one = check("X2 K15 = 100%", STANDING)
    assert figures_of(STANDING)["K15"].value == 100
    # 30 in 366 days, each standing 60 days less its day of the month
    assert "3.7 should have stood" in one.finding_en
    assert (YEAR.end - YEAR.start) // DAY_MS == 366


def test_all_seventeen_are_run_and_say_why_where_they_were_not() -> None:
    told_of = {one.id.split(" ")[0] for one in found({})}
    assert told_of == {f"X{number}" for number in range(1, 18)}
    assert all(one.finding_zh and one.finding_en for one in found({}))
