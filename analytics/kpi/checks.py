"""What must hold between figures, and what was found: parts within wholes, and programmes that are never added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.figures import Figure
from analytics.kpi.frames import Frames
from db.period import Period

_PARTS: Final = (
    *((definition.id, definition.parent) for definition in DEFINITIONS.values() if definition.parent),
    # not so by definition: an own-brand attack may be of another type than lending, and then has to be explained
    ("K14", "K11"),
)
_PROGRAMMES: Final = ("K04", "K41")


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a year's figures."""

    id: str
    holds: bool | None
    """None where a figure it needs is unknown."""
    finding_zh: str
    finding_en: str


def checks(frames: Frames, period: Period, figures: Sequence[Figure]) -> tuple[Check, ...]:
    """Check a year's figures against each other, on the records under them.

    Args:
        frames: the frames the figures were computed from.
        period: the year.
        figures: what `compute` gave for it.
    """
    values = {figure.id: figure.value for figure in figures}
    parts = (_part(frames, period, values, part, whole) for part, whole in _PARTS)
    return (*parts, _remainder(values), _programmes(frames, period, values))


def _part(frames: Frames, period: Period, values: Mapping[str, object], part: str, whole: str) -> Check:
    name = f"{part} ⊆ {whole}"
    if values[part] is None or values[whole] is None:
        return _open(name)
    outside = _units(frames, period, part).join(_units(frames, period, whole), on="unit", how="anti")
    count = outside.select(pl.len()).collect().item()
    if not count:
        return Check(
            name, holds=True, finding_zh=f"{part}全部包含在{whole}内", finding_en=f"all of {part} is in {whole}"
        )
    return Check(
        name,
        holds=False,
        finding_zh=f"{part}中有 {count:,} 个不在{whole}内，并列披露时须说明",
        finding_en=f"{count:,} of {part} are not in {whole}: say so where they stand side by side",
    )


def _remainder(values: Mapping[str, object]) -> Check:
    name = "K12 = K10 − K11"
    whole, part, rest = (values[kpi] for kpi in ("K10", "K11", "K12"))
    if not (isinstance(whole, int) and isinstance(part, int) and isinstance(rest, int)):
        return _open(name)
    text = f"{whole:,} − {part:,} = {whole - part:,}; K12 = {rest:,}"
    return Check(name, holds=whole - part == rest, finding_zh=text, finding_en=text)


def _programmes(frames: Frames, period: Period, values: Mapping[str, object]) -> Check:
    """The two programmes' money is not added; how many people stand in both says why."""
    name = "K04 + K41"
    if any(values[kpi] is None for kpi in _PROGRAMMES):
        return _open(name)
    one, other = (_people(frames, period, kpi) for kpi in _PROGRAMMES)
    shared = one.join(other, on="subject", how="semi").select(pl.len()).collect().item()
    return Check(
        name,
        holds=shared == 0,
        finding_zh=f"两个项目的金额不相加：同时出现在两个项目中的有 {shared:,} 人，重叠未经抵销",
        finding_en=f"the two programmes are not added: people in both, not eliminated: {shared:,}",
    )


def _units(frames: Frames, period: Period, kpi: str) -> pl.LazyFrame:
    return DEFINITIONS[kpi].records(frames, period).select("unit").unique()


def _people(frames: Frames, period: Period, kpi: str) -> pl.LazyFrame:
    return DEFINITIONS[kpi].records(frames, period).select(pl.col("subject").drop_nulls().unique())


def _open(name: str) -> Check:
    return Check(name, holds=None, finding_zh="有数据未知，无法核对", finding_en="not checked: a figure is unknown")
