"""What holds between the records under figures: parts within wholes, programmes that overlap, what stands by law."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

import polars as pl

from analytics.kpi.balance import PROGRAMMES
from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.figures import FEN_IN_YUAN, Figure
from analytics.kpi.frames import Frames, real
from db.period import DAY_MS, Period

Values = Mapping[str, int | Decimal | None]
_PROGRAMMES: Final = ("K04", "K41")


class Finding(NamedTuple):
    """What was found; `holds` is None where it could not be checked."""

    holds: bool | None
    zh: str
    en: str


def not_checked() -> Finding:
    """What is said where a figure that a check needs is unknown."""
    return Finding(holds=None, zh="有数据未知，无法核对", en="not checked: a figure is unknown")


def known(value: int | Decimal | None) -> int | None:
    """A count, where it is one."""
    return value if isinstance(value, int) else None


def part_of(frames: Frames, period: Period, values: Values, part: str, whole: str) -> Finding:
    """Whether each unit of one figure is a unit of another."""
    if values[part] is None or values[whole] is None:
        return not_checked()
    outside = _units(frames, period, part).join(_units(frames, period, whole), on="unit", how="anti")
    count = outside.select(pl.len()).collect().item()
    if not count:
        return Finding(holds=True, zh=f"{part}全部包含在{whole}内", en=f"all of {part} is in {whole}")
    return Finding(
        holds=False,
        zh=f"{part}中有 {count:,} 个不在{whole}内，并列披露时须说明",
        en=f"{count:,} of {part} are not in {whole}: say so where they stand side by side",
    )


def remainder(values: Values) -> Finding:
    """Whether the other types are what is left of all."""
    whole, part, rest = (known(values[kpi]) for kpi in ("K10", "K11", "K12"))
    if whole is None or part is None or rest is None:
        return not_checked()
    text = f"{whole:,} − {part:,} = {whole - part:,}; K12 = {rest:,}"
    return Finding(whole - part == rest, text, text)


def programmes(frames: Frames, period: Period, figures: Mapping[str, Figure]) -> Finding:
    """The two programmes' money is not added; whom both claim, and what falls out between them, says why."""
    if any(figures[kpi].value is None for kpi in _PROGRAMMES):
        return not_checked()
    one, other = (_people(frames, period, kpi) for kpi in _PROGRAMMES)
    shared = one.join(other, on="subject", how="semi").select(pl.len()).collect().item()
    added = sum(int(figures[kpi].value or 0) for kpi in _PROGRAMMES)
    group = figures["B07"].value
    out = "" if group is None else f"{Decimal(added - int(group)) / FEN_IN_YUAN:,.2f}"
    return Finding(
        shared == 0,
        f"两个项目的金额不相加：同时出现在两个项目中的有 {shared:,} 人；合并后的上限见B07，抵销 {out or '未知'} 元",
        f"the two programmes are not added: people in both {shared:,}; the group's high bound is B07, after CNY "
        f"{out or 'unknown'} eliminated",
    )


def little(frames: Frames, period: Period, figures: Mapping[str, Figure]) -> Finding:
    """Whether a rate of 100 % at the year's end can be: by Little's law, what arrives must stand somewhere."""
    rate, snapshot = figures["K15"].value, figures["B02"].value
    if rate is None or snapshot is None:
        return not_checked()
    own = frames["attacks"].filter(pl.col("is_own"), period.holds("confirmed_at"), pl.col("dismissed_at").is_null())
    hours = (pl.col("closed_at") - pl.col("confirmed_at")).clip(lower_bound=0).mean()
    number, lasted = own.select(pl.len(), hours).collect().row(0)
    days = (period.end - period.start) / DAY_MS
    standing = number / days * (lasted or 0.0) / DAY_MS
    return Finding(
        not (snapshot == 100 and standing > 1),
        f"期末时点关停率 {snapshot}%；按利特尔法则期末应有 {standing:.1f} 个在线（每日确认 {number / days:.2f} 个）",
        f"{snapshot} % closed at the year's end; by Little's law {standing:.1f} should have stood then "
        f"({number / days:.2f} confirmed a day)",
    )


def types_without_end(frames: Frames, period: Period, acted: int | Decimal | None) -> Finding:
    """What became of each type that was acted on: closed, or nothing known of it."""
    if acted is None:
        return not_checked()
    attacks = DEFINITIONS["K10"].records(frames, period).unique("attack_key")
    told = (
        attacks.group_by(pl.col("fraud_type").fill_null("-"))
        .agg(pl.len(), closed=pl.col("closed_at").is_not_null().sum())
        .sort("fraud_type")
        .collect()
    )
    rows = [(name, count, closed) for name, count, closed in told.iter_rows()]
    text = "; ".join(f"{name} {count:,} / {closed:,}" for name, count, closed in rows)
    without = [name for name, _, closed in rows if not closed]
    return Finding(
        not without,
        f"各类型处置/关停：{text}" + (f"；未见任何结果：{'、'.join(without)}" if without else ""),
        f"acted on / closed by type: {text}" + (f"; no outcome at all: {', '.join(without)}" if without else ""),
    )


def sums_to(months: Sequence[int], value: int | Decimal | None) -> Finding:
    """Whether the months add up to the year."""
    if value is None:
        return not_checked()
    total = sum(months)
    return Finding(
        total == value, f"各月之和 {total:,}，全年 {value:,}", f"the months sum to {total:,}, the year is {value:,}"
    )


def unregistered(frames: Frames, registered: frozenset[str]) -> Finding:
    """Names that events use and no register has: programmes, brands."""
    said = real(frames["losses"]).select(pl.col("programme").drop_nulls().unique()).collect()["programme"]
    strange = sorted(set(said) - set(PROGRAMMES))
    if registered:
        brands = frames["attacks"].select(pl.col("brand").drop_nulls().unique()).collect()["brand"]
        strange += sorted(set(brands) - registered)
    shown = ", ".join(strange[:10]) + (" ..." if len(strange) > 10 else "")
    return Finding(
        not strange,
        f"未登记的项目或品牌名称：{shown}" if strange else "项目与品牌名称均已登记",
        f"programmes or brands that no register has: {shown}"
        if strange
        else "all programmes and brands are registered",
    )


def _units(frames: Frames, period: Period, kpi: str) -> pl.LazyFrame:
    return DEFINITIONS[kpi].records(frames, period).select("unit").unique()


def _people(frames: Frames, period: Period, kpi: str) -> pl.LazyFrame:
    return DEFINITIONS[kpi].records(frames, period).select(pl.col("subject").drop_nulls().unique())
