"""The note of a figure: what it rests on, what stands beside it and why it is unknown, in Chinese and English."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from analytics.kpi.definition import Apart, Beside, Definition
from analytics.kpi.reported import Reported
from analytics.survival import wilson
from db.kinds import KINDS

Remark = tuple[str, str]

SYNTHETIC: Final[Remark] = ("含合成数据，不是真实业务结果", "synthetic: made-up records lie beneath it")


def nothing_came_in(definition: Definition, year: int) -> Remark:
    """Why a figure is unknown of whose kind the year has no record."""
    kind = KINDS[definition.kinds[0]]
    return (
        f"未知：{year}年没有可供计算的{kind.title_zh}记录",
        f"unknown: no record of kind {kind.title_en} to count from in {year}",
    )


def as_reported(published: Reported) -> Remark:
    """Where a figure comes from that was not computed."""
    page_zh, page_en = (f"，第{published.page}页", f", page {published.page}") if published.page else ("", "")
    title_zh = f"《{published.document}》" if published.document else "未注明文件"
    title_en = f"“{published.document}”" if published.document else "no document named"
    return (
        f"按披露数列示，非本系统计算：{title_zh}{page_zh}",
        f"as reported, not computed: {title_en}{page_en}",
    )


def rate(definition: Definition, year: int, numerator: int, denominator: int, base: Reported) -> Remark:
    """Both levels of a rate, or why it has none."""
    if definition.compared and base.value is None and base.remarks:
        return f"未知：无可比基数；本年为 {numerator:,}", f"unknown: no comparable base; this year's is {numerator:,}"
    if definition.compared and base.value is None:
        return (
            f"未知：没有{year - 1}年{definition.compared}的披露数据；本年为 {numerator:,}",
            f"unknown: no figure of {definition.compared} is published for {year - 1}; this year's is {numerator:,}",
        )
    if not denominator:
        return "未知：分母为0", "unknown: the denominator is 0"
    zh, en = f"分子 {numerator:,}，分母 {denominator:,}", f"numerator {numerator:,}, denominator {denominator:,}"
    if definition.has_interval:
        _, low, high = wilson(numerator, denominator)
        zh, en = f"{zh}，95%区间 {low:.2%}–{high:.2%}", f"{en}, 95 % interval {low:.2%}-{high:.2%}"
    if not definition.compared or base.is_signed:
        return zh, en
    title_zh, title_en = (f"，见《{base.document}》", f" in “{base.document}”") if base.document else ("", "")
    return f"{zh}（{year - 1}年披露数据{title_zh}）", f"{en} (as published for {year - 1}{title_en})"


def prior(level: Reported, year: int) -> list[Remark]:
    """What to know of the figure of the year before: in which document it was published, or why there is none."""
    where = (f"{year}年数据见《{level.document}》", f"{year} as published in “{level.document}”")
    return [*([where] if level.document else ()), *level.remarks]


def beside(declared: Sequence[Beside], counts: Sequence[int]) -> list[Remark]:
    """The numbers beside the headline; zeros are left out."""
    shown = [(each, _number(each, count)) for each, count in zip(declared, counts, strict=True) if count]
    return [(f"{each.zh} {number}", f"{each.en} {number}") for each, number in shown]


def apart(counted: Iterable[Apart]) -> list[Remark]:
    """The numbers that are expressly not in the headline; zeros are left out."""
    shown = [each for each in counted if each.count]
    return [(f"另列：{each.zh} {each.count:,}", f"apart: {each.en} {each.count:,}") for each in shown]


def joined(remarks: Iterable[Remark]) -> Remark:
    """Remarks as one note in each language."""
    chinese, english = zip(*remarks, strict=True) if (remarks := list(remarks)) else ((), ())
    return "；".join(chinese), "; ".join(english)


def _number(each: Beside, count: int) -> str:
    return f"{Decimal(count).scaleb(-2):,f}" if each.measure == "money" else f"{count:,}"
