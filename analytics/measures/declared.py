"""What is measured of attacks, in both languages: names, units, and what each figure is counted over."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

Unit = Literal["attacks", "hours", "%", "per attack"]


class Clock(StrEnum):
    """From when availability is counted."""

    CONFIRMED = "confirmed"
    SEEN = "first_seen"
    NOTIFIED = "notified"


class Grouping(StrEnum):
    """What attacks are told apart by; a column of `ATTACKS`."""

    BRAND = "brand"
    PROVIDER = "provider"
    REGISTRAR = "registrar"
    COUNTRY = "country"
    FRAUD_TYPE = "fraud_type"
    IS_OWN = "is_own"


@dataclass(frozen=True, slots=True)
class Measure:
    """The declaration of one measure."""

    id: str
    zh: str
    en: str
    unit: Unit
    over_zh: str
    over_en: str


_COHORT: Final = ("期内确认的攻击", "attacks confirmed in the period")
_CLOCKS: Final = {
    Clock.CONFIRMED: (
        "自确认起",
        "from confirmation",
        "期内确认、确认时仍在线",
        "confirmed in the period, standing then",
    ),
    Clock.SEEN: (
        "自首次出现起",
        "from first sighting",
        "期内确认，确认前不计入风险集",
        "confirmed in the period, at risk from then on",
    ),
    Clock.NOTIFIED: (
        "自首次通知起",
        "from first notice",
        "期内确认、通知时仍在线",
        "confirmed in the period, standing when notified",
    ),
}
_AVAILABILITY: Final[tuple[tuple[str, str, str, Unit], ...]] = (
    ("median", "存活时间中位数", "median availability", "hours"),
    ("down_24h", "24小时内关停", "down within 24 hours", "%"),
    ("down_72h", "72小时内关停", "down within 72 hours", "%"),
    ("mean_7d", "7日内平均存活时间", "mean time standing within 7 days", "hours"),
)
CAUSES: Final = MappingProxyType(
    {
        "us": ("由我方关停", "by us"),
        "third_party": ("第三方关停", "by third parties"),
        "self_expired": ("自行消失", "expired by themselves"),
        "not_stated": ("原因不明", "cause not stated"),
    }
)
"""Cause of a closure -> its labels; each cause competes with the others."""


def _of_clock(clock: Clock) -> tuple[Measure, ...]:
    zh, en, over_zh, over_en = _CLOCKS[clock]
    return tuple(
        Measure(f"{name}_from_{clock}", f"{name_zh}（{zh}）", f"{name_en}, {en}", unit, over_zh, over_en)
        for name, name_zh, name_en, unit in _AVAILABILITY
    )


def _of_cause(cause: str) -> Measure:
    zh, en = CAUSES[cause]
    _, _, over_zh, over_en = _CLOCKS[Clock.CONFIRMED]
    return Measure(f"closed_30d_{cause}", f"30日内关停：{zh}", f"closed within 30 days: {en}", "%", over_zh, over_en)


MEASURES: Final = MappingProxyType(
    {
        measure.id: measure
        for measure in (
            Measure("confirmed", "期内确认的攻击", "attacks confirmed", "attacks", *_COHORT),
            Measure(
                "carried_over",
                "结转关停：期前确认、期内关停",
                "carry-over: confirmed before the period, closed in it",
                "attacks",
                "期内关停的攻击，不论何时确认",
                "attacks closed in the period, whenever confirmed",
            ),
            *_of_clock(Clock.CONFIRMED),
            *_of_clock(Clock.SEEN),
            *_of_clock(Clock.NOTIFIED),
            Measure("closed_cohort", "关停率（期末后30日为止）", "closed by the period's end + 30 days", "%", *_COHORT),
            Measure("closed_snapshot", "期末关停率", "closed at the period's end", "%", *_COHORT),
            *(_of_cause(cause) for cause in CAUSES),
            Measure(
                "reactivated",
                "15日内复活",
                "back within 15 days of a closure",
                "%",
                "期内确认且曾关停的攻击，关停满15日或已复活",
                "attacks confirmed in the period that were closed 15 days ago or longer, or came back",
            ),
            Measure("open", "目前未关停", "open now", "attacks", "全部已确认的攻击", "all attacks ever confirmed"),
            Measure("oldest_open", "未关停最久者", "oldest open", "hours", "目前未关停的攻击", "attacks open now"),
            Measure(
                "unprobed", "未关停且从未探测", "open, never probed", "attacks", "目前未关停的攻击", "attacks open now"
            ),
            Measure(
                "outage_width",
                "关停起点的不确定区间（中位数）",
                "interval that an outage's start is known to, median",
                "hours",
                "期内确认、由探测判定关停的攻击",
                "attacks confirmed in the period whose closure probes found",
            ),
            Measure(
                "expected_open",
                "期末应有未关停数（利特尔法则）",
                "open at the period's end by Little's law",
                "attacks",
                *_COHORT,
            ),
        )
    }
)
"""Id -> measure, in the order in which they are shown."""

BESIDE: Final = MappingProxyType(
    {
        "closed": ("已关停", "closed"),
        "open": ("仍在线", "standing"),
        "failing": ("不可用但未确认关停", "unreachable, not confirmed down"),
        "unknown": ("探测无结论", "probes do not tell"),
        "unprobed": ("从未探测", "never probed"),
        "unfollowed": ("此后无任何信息", "not followed after that"),
        "down_before": ("当时已关停", "already down by then"),
        "never_notified": ("未通知", "never notified"),
        "acknowledged": ("已获回应", "acknowledged"),
        "reopened": ("曾复活", "came back"),
        "continues": ("超过15日后再现", "continue one closed more than 15 days before"),
        "too_recent": ("关停未满15日", "closed less than 15 days ago"),
        "since_start": ("其中期内确认", "of which confirmed in the period"),
        "widest": ("最大小时数", "widest, in hours"),
        "oldest": ("攻击编号", "attack"),
        "actual_open": ("实际未关停", "open in fact"),
        "rate": ("每日确认", "confirmed a day"),
        "mean_hours": ("平均存活小时数", "mean hours standing"),
        "agrees": ("相符", "agree"),
        "is_final": ("观察期已满", "followed to the end"),
    }
)
"""What stands beside a figure -> its labels."""

REASONS: Final = MappingProxyType(
    {
        "none": ("无可计算的攻击", "nothing to count over"),
        "not_reached": ("未达到：半数以上仍在线", "not reached: more than half still stand"),
        "high_not_reached": ("区间上限未达到", "the interval's upper end is not reached"),
        "not_followed": ("无攻击被跟踪到该时长", "nothing was followed so long"),
        "gap": ("早期在观察者全部关停时，其余尚未进入观察", "all under watch closed before others came under watch"),
        "no_interval": ("全部或无一关停，公式无区间", "all or none closed: the formula has no interval"),
    }
)
"""Why a figure, or its interval, is unknown -> in words."""
