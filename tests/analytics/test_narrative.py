"""What the report says in words. Every figure in it is made up (synthetic)."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.figures import compute
from analytics.kpi.profile import GROUPS
from analytics.render.narrative import panel_rows, paragraphs
from analytics.render.remarks import REMARKS
from analytics.render.report import FigureRow
from analytics.render.standards import DISCLOSURES
from flows.reporting import figure_row
from tests.analytics.kpi_rows import YEAR, frames_of
from tests.analytics.reports import COUNT, RATE, UNKNOWN

NAMES = {kpi: (one.name_zh, one.name_en) for kpi, one in DEFINITIONS.items()}


def row(kpi: str, shown: str | None) -> FigureRow:
    zh, en = NAMES[kpi]
    if shown is None:
        return replace(COUNT, id=kpi, name_zh=zh, name_en=en, value=None, display_zh="未知", display_en="unknown")
    return replace(
        COUNT,
        id=kpi,
        name_zh=zh,
        name_en=en,
        display_zh=f"{shown}甲",
        display_en=f"{shown}x",
        numerator=1,
        denominator=2,
    )


@given(st.dictionaries(st.sampled_from(sorted(DEFINITIONS)), st.none() | st.just("9,876")))
def test_each_known_figure_is_told_as_displayed_and_an_unknown_one_only_as_unknown(
    shown: dict[str, str | None],
) -> None:
    figures = [row(kpi, one) for kpi, one in shown.items()]
    told = paragraphs(2024, figures)
    assert sorted(kpi for one in told for kpi in one.kpis) == sorted(shown)
    zh, en = "".join(one.zh for one in told), "".join(one.en for one in told)
    known = [kpi for kpi, one in shown.items() if one and (kpi != "K13" or "K10" in shown)]
    unknown = set(shown) - set(known)
    assert (zh.count("9,876甲"), en.count("9,876x")) == (len(known), len(known))
    if unknown:
        assert all(NAMES[kpi][0] in zh.split("未知的指标：", 1)[1] for kpi in unknown)
        assert all(NAMES[kpi][1] in en.split("Unknown for 2024: ", 1)[1] for kpi in unknown)
    assert {one.kpi: one.display_zh for one in panel_rows(figures)}.items() <= {
        (figure.id, figure.display_zh) for figure in figures
    }


def test_growth_is_told_with_both_levels_or_not_at_all() -> None:
    growth = row("K13", "+168%")
    (told,) = paragraphs(2024, [COUNT, growth])
    assert "较上年披露的5,244个变动+168%" in told.zh
    assert "against the 5,244 published for the year before" in told.en
    (told,) = paragraphs(2024, [replace(COUNT, prior=None), growth])
    assert "+168%" not in told.zh + told.en


def test_a_rate_is_told_with_its_denominator() -> None:
    (told,) = paragraphs(2024, [RATE])
    assert "5,000个中" in told.zh
    assert "4,999个" in told.zh
    assert "of 5,000 own-brand attacks" in told.en


def test_money_is_never_told_as_saved() -> None:
    said = " ".join(one.zh + one.en for one in paragraphs(2024, [row("K04", "1"), row("K41", "1")]))
    assert "敞口" in said
    assert "exposure" in said


def test_every_kpi_is_told_has_a_remark_and_stands_in_a_group() -> None:
    figures = [figure_row(figure) for figure in compute(frames_of({}), YEAR)]
    assert {kpi for one in paragraphs(2024, figures) for kpi in one.kpis} == set(DEFINITIONS)
    assert {kpi for kpi in DEFINITIONS if kpi.startswith("K")} <= set(REMARKS)
    assert {figure.group for figure in figures} == set(GROUPS)
    assert all(all(remark) for remark in REMARKS.values())
    assert set(REMARKS) == {f"K{n:02}" for n in (*range(1, 22), *range(31, 44))}


def test_each_disclosure_names_figures_or_a_considered_reason() -> None:
    for one in DISCLOSURES:
        assert one.kpis or (one.reason_zh and one.reason_en)
        assert set(one.kpis) <= {*REMARKS, *DEFINITIONS}
    (told,) = paragraphs(2024, [UNKNOWN])
    assert told.en == "Unknown for 2024: Warnings."
