"""What has moved a signed figure since, whether it must be restated for that, and how it is said."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

import polars as pl

from analytics.kpi import notes
from analytics.kpi.definition import FEN, Definition
from analytics.kpi.display import PointsRule, RatioRule, display_unit
from analytics.kpi.figures import Figure, plain_value
from analytics.kpi.frames import Frames
from analytics.kpi.notes import Remark
from db.period import Period, shanghai_text

Value = int | Decimal | None
_SHARE: Final = Decimal("0.01")
"""Of a figure, which it may move by."""
_FEN: Final = 100
_SUREST: Final = "A"
LATE: Final[Remark] = ("签认后到达的数据或研判", "records or judgements that came after it was signed")
NOT_SIGNED: Final[Remark] = ("未签认：签认时尚无此指标", "not signed: this figure was not among those signed off")


@dataclass(frozen=True, slots=True)
class Standing:
    """A figure as it stands in the ledger."""

    figure: Figure
    threshold: Decimal | None
    low: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """What would become of a signed figure if it were restated now."""

    before: Standing | None
    """None where the figure was not signed at all."""
    after: Figure
    causes: tuple[Remark, ...]
    is_beyond: bool
    """Whether it must be restated."""

    @property
    def id(self) -> str:
        """The KPI's id."""
        return self.after.id

    @property
    def effect(self) -> Value:
        """By how much the figure would change; None where it is unknown before or after."""
        return None if self.before is None else difference(self.before.figure.value, self.after.value)


def threshold(figure: Figure) -> Decimal | None:
    """What a figure may move by before it must be restated: one display unit, or 1 % of it where that is more.

    In the unit of the figure's value; None where it is unknown.
    """
    value = figure.value
    if value is None:
        return None
    return max(_display_step(figure.definition, value), abs(Decimal(value)) * _SHARE)


def _display_step(definition: Definition, value: int | Decimal) -> Decimal:
    rule = definition.display
    if isinstance(rule, RatioRule | PointsRule):
        return Decimal(1).scaleb(-rule.places)
    return Decimal(display_unit(abs(int(value)), rule, _FEN if definition.measure == "money" else 1))


def lower_bound(definition: Definition, frames: Frames, period: Period) -> int | None:
    """Of a money figure, in fen, what alone of it was really held (tier A); None of all others.

    The figure itself, at face value, is the upper bound.
    """
    if definition.measure != "money":
        return None
    held = definition.records(frames, period).filter(pl.col("tier") == _SUREST)
    largest = held.group_by("unit").agg(FEN.max().alias("amount"))
    return int(largest.select(pl.col("amount").sum()).collect().item() or 0)


def has_moved(before: Figure, after: Figure) -> bool:
    """Whether a figure, or what it is compared with, is not what was signed."""
    signed = (before.value, before.prior, before.definition.version)
    return signed != (after.value, after.prior, after.definition.version)


def judge(before: Standing | None, after: Figure, special: Sequence[Remark] = ()) -> Change:
    """What a figure that has moved means for what was signed.

    Args:
        before: as it was signed.
        after: as the records have it now.
        special: changes of source or boundary behind it; with one it must be restated, however little it moved.
    """
    if before is None:
        return Change(None, after, (NOT_SIGNED,), is_beyond=False)
    signed, causes = before.figure, [*special]
    versions = signed.definition.version, after.definition.version
    if versions[0] != versions[1]:
        causes.append(
            (f"口径由第{versions[0]}版改为第{versions[1]}版", "definition: version {} -> {}".format(*versions))
        )
    is_beyond = bool(causes)
    if signed.value != after.value and not causes:
        causes.append(LATE)
    if crosses := _crosses(before, after):
        causes.append(crosses)
    if signed.prior != after.prior:
        shown = f"{shown_value(signed.definition, signed.prior)} -> {shown_value(after.definition, after.prior)}"
        causes.append((f"上年数变化：{shown}", f"the figure of the year before: {shown}"))
    is_beyond |= bool(crosses) or is_over(before.threshold, signed.value, after.value)
    return Change(before, after, tuple(causes), is_beyond or _has_other_prior(signed, after))


def _crosses(before: Standing, after: Figure) -> Remark | None:
    """Whether money has left the bounds that it was signed with."""
    high, low, value = before.figure.value, before.low, after.value
    if low is None or high is None or value is None or low <= value <= high:
        return None
    bounds = " - ".join(shown_value(after.definition, bound) for bound in (low, high))
    return f"越出签认时的敏感性区间 {bounds}", f"leaves the sensitivity bounds it was signed with, {bounds}"


def _has_other_prior(before: Figure, after: Figure) -> bool:
    return is_over(threshold(replace(before, value=before.prior)), before.prior, after.prior)


def is_over(most: Decimal | None, before: Value, after: Value) -> bool:
    """Whether a value has moved by more than it may; from known to unknown, or back, always.

    Args:
        most: what it may move by.
        before: as it was signed.
        after: as it is now.
    """
    moved = difference(before, after)
    if moved is None or most is None:
        return before != after
    return abs(Decimal(moved)) > most


def difference(before: Value, after: Value) -> Value:
    """By how much a value has changed; None where it is unknown before or after."""
    if before is None or after is None:
        return None
    return after - before if isinstance(before, int) and isinstance(after, int) else Decimal(after) - Decimal(before)


def shown_value(definition: Definition, value: Value) -> str:
    """A value in full, as people read it."""
    if value is None:
        return "?"
    plain = plain_value(definition, value)
    return f"{Decimal(str(plain)):,f}" + ("%" if definition.measure == "percent" else "")


def shown_effect(change: Change) -> str:
    """Old and new value and what is between them, alike in both languages."""
    signed = change.before.figure if change.before else change.after
    old, new = (shown_value(change.after.definition, one) for one in (signed.value, change.after.value))
    effect = change.effect
    if effect is None or effect == 0:
        return f"{old} -> {new}"
    by = shown_value(change.after.definition, effect if effect > 0 else -effect)
    sign = "+" if effect > 0 else "-"
    if change.after.definition.measure == "percent":
        return f"{old} -> {new} ({sign}{by.removesuffix('%')} pp)"
    share = f", {Decimal(100) * effect / signed.value:+.2f}%" if signed.value else ""
    return f"{old} -> {new} ({sign}{by}{share})"


def told(change: Change) -> Remark:
    """A pending restatement in a sentence."""
    effect, (causes_zh, causes_en) = shown_effect(change), notes.joined(change.causes)
    most = change.before.threshold if change.before else None
    shown = "" if most is None else f" {shown_threshold(change.after.definition, most)}"
    if change.is_beyond:
        verdict = "必须重述", "must be restated"
    else:
        verdict = f"未超过门槛{shown}，可不重述", f"within the threshold{shown}: may stay as signed"
    return (
        f"待重述：{effect}（{causes_zh}；{verdict[0]}）",
        f"pending restatement: {effect} ({causes_en}; {verdict[1]})",
    )


def shown_threshold(definition: Definition, most: Decimal) -> str:
    """A threshold as people read it."""
    if definition.measure == "percent":
        return f"{most.normalize():,f} pp"
    return f"{(most / _FEN if definition.measure == 'money' else most).normalize():,f}"


def present(standing: Standing, change: Change | None, entry: int, at: int) -> Figure:
    """The figure that is shown of a closed year: as signed, with what is pending in its note.

    Args:
        standing: as it was signed.
        change: what is pending, if anything is.
        entry: the number of its entry.
        at: when that was made, Unix ms.
    """
    day = shanghai_text(at)[:10]
    remarks = [(f"{day}签认，台账第{entry}条", f"signed off on {day}, ledger entry {entry}")]
    return with_remarks(standing.figure, [*remarks, *([told(change)] if change else ())])


def with_remarks(figure: Figure, remarks: Sequence[Remark]) -> Figure:
    """A figure with more in its note."""
    note_zh, note_en = notes.joined(
        [*([(figure.note_zh, figure.note_en)] if figure.note_zh or figure.note_en else ()), *remarks]
    )
    return replace(figure, note_zh=note_zh, note_en=note_en)
