"""The 17 checks of a year's figures against each other, and what each found, in plain words.

What published figures are contradicted by, figure by figure, these look for in ours before anybody publishes them:
parts within wholes, money that is never added, stages, units, stock and flow, displays, attribution.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from analytics.kpi.definition import Definition, Tally
from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.display import PointsRule, RatioRule, rounded, shown_number
from analytics.kpi.figures import FEN_IN_YUAN, Figure
from analytics.kpi.frames import Frames
from analytics.kpi.profile import ATTRIBUTIONS, FRAUD_CLASSES
from analytics.kpi.profiles import PROFILES
from analytics.kpi.relations import (
    Finding,
    known,
    little,
    not_checked,
    part_of,
    programmes,
    remainder,
    sums_to,
    types_without_end,
    unregistered,
)
from db.period import Period

_PARTS: Final = (
    *((definition.id, definition.parent) for definition in DEFINITIONS.values() if definition.parent),
    # not so by definition: an own-brand attack may be of another type than lending, and then has to be explained
    ("K14", "K11"),
)
_UNFAVOURABLE: Final = ("B02", "B04", "B05", "B08")
_STAGES_APART: Final = 100
"""How many times as many warnings may be output as are seen before the two must be told apart in so many words."""


@dataclass(frozen=True, slots=True)
class Context:
    """What checks look at."""

    frames: Frames
    period: Period
    figures: Mapping[str, Figure]
    registered: frozenset[str] = frozenset()
    """Ids of the brands that are listed."""
    series: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """KPI -> its count by month, where it was told by month."""
    panel: Sequence[str] = ()
    """The KPIs of the headline panel, where one is made."""
    index: Sequence[str] = ()
    """The KPIs that the disclosure index names, where one is made."""


@dataclass(frozen=True, slots=True)
class Check:
    """What one check of a year's figures found."""

    id: str
    """X1 to X17, and what was compared."""
    holds: bool | None
    """None where it could not be checked."""
    finding_zh: str
    finding_en: str


def checks(context: Context) -> tuple[Check, ...]:
    """All checks of a year, in order; each at least once.

    Args:
        context: the figures, and the records that they were computed from.
    """
    return tuple(
        Check(f"{number} {name}".strip(), *finding) for number, run in _CHECKS.items() for name, finding in run(context)
    )


def _money(context: Context) -> Iterable[tuple[str, Finding]]:
    yield "K04 + K41", programmes(context.frames, context.period, context.figures)


def _parts(context: Context) -> Iterable[tuple[str, Finding]]:
    values = {kpi: figure.value for kpi, figure in context.figures.items()}
    for part, whole in _PARTS:
        yield f"{part} ⊆ {whole}", part_of(context.frames, context.period, values, part, whole)
    yield "K12 = K10 − K11", remainder(values)
    yield "K14 ≠ K11", _equal(values, "K14", "K11")
    yield "K15 = 100%", little(context.frames, context.period, context.figures)


def _equal(values: Mapping[str, int | Decimal | None], part: str, whole: str) -> Finding:
    one, other = values[part], values[whole]
    if one is None or other is None:
        return not_checked()
    if one != other or not one:
        return Finding(holds=True, zh=f"{part} {one:,}，{whole} {other:,}", en=f"{part} {one:,}, {whole} {other:,}")
    return Finding(
        holds=False,
        zh=f"{part}与{whole}同为 {one:,}：每一个{whole}都是自有品牌且已关停，还是抄写所致，须说明",
        en=f"{part} and {whole} are both {one:,}: either each of {whole} is on an own brand and closed, or one was "
        "copied; say which",
    )


def _outcomes(context: Context) -> Iterable[tuple[str, Finding]]:
    yield "", types_without_end(context.frames, context.period, context.figures["K10"].value)


def _growth(context: Context) -> Iterable[tuple[str, Finding]]:
    for figure in context.figures.values():
        if figure.definition.tally is Tally.GROWTH:
            yield figure.id, _levels(figure)


def _levels(figure: Figure) -> Finding:
    compared = figure.definition.compared
    if figure.value is None:
        return Finding(holds=None, zh="没有上年数，不列增长", en="no level of the year before: no growth is shown")
    base, now = figure.denominator or 0, (figure.denominator or 0) + (figure.numerator or 0)
    return Finding(
        holds=True,
        zh=f"{compared}：上年 {base:,}，本年 {now:,}，两年数值并列",
        en=f"{compared}: {base:,} the year before, {now:,} this year; both levels stand beside it",
    )


def _stages(context: Context) -> Iterable[tuple[str, Finding]]:
    staged = {kpi: PROFILES[kpi].stage for kpi in context.figures if PROFILES[kpi].stage}
    unnamed = [kpi for kpi in context.figures if PROFILES[kpi].counts == "warnings" and kpi not in staged]
    told = "、".join(f"{kpi} {stage}" for kpi, stage in staged.items())
    yield "", Finding(not unnamed, f"各预警指标的阶段：{told}", f"the stage of each warning figure: {told}")
    output, seen = (known(context.figures[kpi].value) for kpi in ("K03", "K38"))
    if output is None or not seen:
        yield "K03 : K38", not_checked()
        return
    times = output // seen
    yield (
        "K03 : K38",
        Finding(
            times < _STAGES_APART,
            f"输出的预警是用户所见AI提醒的 {times:,} 倍：阶段不同，不可互换",
            f"{times:,} times as many warnings were output as AI reminders were seen: other stages, never interchanged",
        ),
    )


def _units(context: Context) -> Iterable[tuple[str, Finding]]:
    rates = [one.definition for one in context.figures.values() if one.definition.measure in {"percent", "points"}]
    wrong = [rate.id for rate in rates if PROFILES[rate.id].counts not in {"percent", "points"}]
    told = "、".join(f"{rate.id} {rate.unit_zh}" for rate in rates)
    yield "", Finding(not wrong, f"比率的单位：{told}", f"the units of rates: {told}")


def _displays(context: Context) -> Iterable[tuple[str, Finding]]:
    shown = [figure for figure in context.figures.values() if figure.value is not None]
    wrong = [figure.id for figure in shown if not _is_shown_alike(figure)]
    yield (
        "",
        Finding(
            not wrong,
            f"{len(shown)} 个指标的中英文披露形式均由同一数值得出" + (f"，不符：{'、'.join(wrong)}" if wrong else ""),
            f"the displays of {len(shown)} figures, in both languages, are of one value"
            + (f"; not so: {', '.join(wrong)}" if wrong else ""),
        ),
    )


def _is_shown_alike(figure: Figure) -> bool:
    """Whether both displays read back as the rounded value."""
    rule = figure.definition.display
    zh, en = shown_number(figure.display_zh), shown_number(figure.display_en)
    if isinstance(rule, RatioRule | PointsRule):
        return zh == en
    base = FEN_IN_YUAN if figure.definition.measure == "money" else 1
    return zh == en == Decimal(rounded(int(figure.value or 0), rule, base)) / base


def _people(context: Context) -> Iterable[tuple[str, Finding]]:
    """Distinct things are at most as many as the records that name them, and people are counted in people."""
    counted = [one for one in context.figures.values() if one.records is not None and one.units is not None]
    wrong = [one.id for one in counted if (one.units or 0) > (one.records or 0)]
    wrong += [one.id for one in context.figures.values() if _counts_people_otherwise(one.definition)]
    yield (
        "",
        Finding(
            not wrong,
            "人数 ≤ 人次 ≤ 事件数，人以人计" + (f"，不符：{'、'.join(wrong)}" if wrong else ""),
            "people ≤ person-times ≤ events, and people are counted in people"
            + (f"; not so: {', '.join(wrong)}" if wrong else ""),
        ),
    )


def _counts_people_otherwise(definition: Definition) -> bool:
    return PROFILES[definition.id].counts == "people" and definition.unit_zh not in {"人", "名"}


def _sums(context: Context) -> Iterable[tuple[str, Finding]]:
    if not context.series:
        yield "", Finding(holds=None, zh="未按月列示", en="not told by month here")
    for kpi, months in context.series.items():
        figure = context.figures[kpi]
        if not PROFILES[kpi].is_stock and figure.definition.tally is Tally.DISTINCT:
            yield kpi, sums_to(months, figure.value)


def _stocks(context: Context) -> Iterable[tuple[str, Finding]]:
    stocks = [kpi for kpi in context.figures if PROFILES[kpi].is_stock]
    summed = [kpi for kpi in stocks if kpi in context.series]
    told_zh = "、".join(stocks) if stocks else "无"
    yield (
        "",
        Finding(
            not summed,
            f"期末存量：{told_zh}；其余为期间流量，存量不按月相加",
            f"stocks at the year's end: {', '.join(stocks) or 'none'}; all others are flows, and no stock is summed",
        ),
    )


def _estimates(context: Context) -> Iterable[tuple[str, Finding]]:
    at_face = [kpi for kpi in context.figures if PROFILES[kpi].nature == "exposure"]
    estimated = [kpi for kpi in context.figures if PROFILES[kpi].nature == "estimate"]
    shown = sorted(set(estimated) & set(context.panel))
    yield (
        "",
        Finding(
            not shown,
            f"估计数：{'、'.join(estimated) or '无'}，不得列入看板；按面值的敞口：{'、'.join(at_face)}",
            f"estimates, barred from the panel: {', '.join(estimated) or 'none'}; exposure at face value: "
            f"{', '.join(at_face)}",
        ),
    )


def _panel(context: Context) -> Iterable[tuple[str, Finding]]:
    if not context.panel:
        yield "", Finding(holds=None, zh="此处未列数据看板", en="no headline panel is made here")
        return
    known_ones = [kpi for kpi, figure in context.figures.items() if figure.value is not None]
    left = [kpi for kpi in known_ones if kpi not in context.panel]
    bad = [kpi for kpi in _UNFAVOURABLE if kpi in known_ones]
    shown = [kpi for kpi in bad if kpi in context.panel]
    yield (
        "",
        Finding(
            bool(shown) or not bad,
            f"看板为既定的 {len(context.panel)} 项，不利指标：{'、'.join(shown) or '无'}；另表列示 {len(left)} 项",
            f"the panel is a declared set of {len(context.panel)}, of them unfavourable: {', '.join(shown) or 'none'}; "
            f"{len(left)} known figures stand in the tables only",
        ),
    )


def _links(context: Context) -> Iterable[tuple[str, Finding]]:
    if not context.index:
        yield "", Finding(holds=None, zh="此处未列披露索引", en="no disclosure index is made here")
        return
    dead = sorted(set(context.index) - set(context.figures))
    yield (
        "",
        Finding(
            not dead,
            f"索引所列 {len(set(context.index))} 个指标均存在" + (f"，缺：{'、'.join(dead)}" if dead else ""),
            f"the {len(set(context.index))} figures that the index names are there"
            + (f"; missing: {', '.join(dead)}" if dead else ""),
        ),
    )


def _names(context: Context) -> Iterable[tuple[str, Finding]]:
    yield "", unregistered(context.frames, context.registered)


def _attribution(context: Context) -> Iterable[tuple[str, Finding]]:
    others = {kpi: PROFILES[kpi] for kpi in context.figures if PROFILES[kpi].attribution != "own"}
    unsaid = [kpi for kpi, one in others.items() if one.attribution == "third_party" and "协助" not in one.claim_zh]
    zh = "；".join(f"{kpi} {ATTRIBUTIONS[one.attribution][0]}" for kpi, one in others.items())
    en = "; ".join(f"{kpi} {ATTRIBUTIONS[one.attribution][1]}" for kpi, one in others.items())
    yield "", Finding(not unsaid, zh or "均为本机构自身行为", en or "all of it is our own doing")


def _classes(context: Context) -> Iterable[tuple[str, Finding]]:
    of_money = [kpi for kpi, one in context.figures.items() if one.definition.measure == "money"]
    mixed = [one.id for one in context.figures.values() if not _is_of_its_parents_class(one.definition)]
    zh = "；".join(f"{kpi} {FRAUD_CLASSES[PROFILES[kpi].fraud_class][0]}" for kpi in of_money)
    en = "; ".join(f"{kpi} {FRAUD_CLASSES[PROFILES[kpi].fraud_class][1]}" for kpi in of_money)
    yield "", Finding(not mixed, f"金额不跨类别相加：{zh}", f"money of one class is never added to another's: {en}")


def _is_of_its_parents_class(definition: Definition) -> bool:
    parent = definition.parent and PROFILES[definition.parent].fraud_class
    return parent in {"", "any", PROFILES[definition.id].fraud_class}


def _cases(context: Context) -> Iterable[tuple[str, Finding]]:
    filed, closed = (known(context.figures[kpi].value) if kpi in context.figures else None for kpi in ("K31", "K32"))
    if filed is None or closed is None:
        yield "", not_checked()
        return
    text = f"{filed:,} / {closed:,}"
    yield (
        "K32 ≤ K31",
        Finding(closed <= filed, f"立案/办结 {text}；线索、立案、办结、侦破为四件事", f"filed / closed {text}"),
    )


_CHECKS: Final[Mapping[str, Callable[[Context], Iterable[tuple[str, Finding]]]]] = MappingProxyType(
    {
        "X1": _money,
        "X2": _parts,
        "X3": _outcomes,
        "X4": _growth,
        "X5": _cases,
        "X6": _stages,
        "X7": _units,
        "X8": _displays,
        "X9": _people,
        "X10": _sums,
        "X11": _stocks,
        "X12": _estimates,
        "X13": _panel,
        "X14": _links,
        "X15": _names,
        "X16": _attribution,
        "X17": _classes,
    }
)
