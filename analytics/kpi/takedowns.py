"""Records under K10 to K15: attacks acted on, and own-brand attacks closed.

Each record is an event of an attack, beside what is known of the attack as a whole (its type, brand, instants).
"""

from typing import Final

import polars as pl

from analytics.kpi.definition import Apart, Beside, Definition, Tally, units_where
from analytics.kpi.display import RatioRule
from analytics.kpi.frames import Frames, real
from db.period import DAY_MS, Period
from db.vocabulary import CHOICES, LABELS_ZH

LOAN: Final = "loan_impersonation"
FOLLOW_MS: Final = 30 * DAY_MS
"""How long after the period's end a closure still counts for the closure rate."""

_ATTACK: Final = (
    "attack_key",
    "target",
    "brand",
    "is_own",
    "fraud_type",
    "cause",
    "confirmed_at",
    "first_action_at",
    "closed_at",
)
_IS_LOAN: Final = (pl.col("fraud_type") == LOAN).fill_null(value=False)
_COUNTED: Final = "counted"
_FATES_ZH: Final = {
    "carried over from earlier years": "以前年度结转",
    "closed by third parties": "第三方关停",
    "expired by themselves": "自行消失",
    "closed, cause not stated": "关停原因不明",
    "closed before any action": "处置前已关停",
    "closed without an action in the period": "关停而期内无处置",
}
_IS_ACTION: Final = (pl.col("type") == "action") & (pl.col("occurred_at") == pl.col("first_action_at"))
_IS_CLOSURE: Final = (pl.col("type") == "closure") & (pl.col("occurred_at") == pl.col("closed_at"))
_IS_CONFIRMATION: Final = (
    # what opens a new attack on a site confirmed before, confirms it
    pl.col("type").is_in(["confirmation", "reactivation", "report", "up"])
    & (pl.col("occurred_at") == pl.col("confirmed_at"))
)
IS_REPORTED: Final = (pl.col("type") != "dismissal") & (
    pl.col("basis").is_null() | pl.col("basis").is_in(["verdict", "source", "rule"])
)
"""Lookalikes that are merely seen, and what probes find, do not tell that nothing was done about them."""


def _counting(frames: Frames) -> pl.LazyFrame:
    """The attacks that count: not what an analyst dismissed, nor what only looked like one and was never acted on."""
    is_suspicion = pl.all_horizontal(
        pl.col("confidence").is_not_null(), pl.col("confirmed_at").is_null(), pl.col("first_action_at").is_null()
    )
    return frames["attacks"].filter(pl.col("dismissed_at").is_null(), ~is_suspicion)


def action_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K10: the first enforcement actions in the period; unit: the attack."""
    return _events(frames, _counting(frames).filter(period.holds("first_action_at")), _IS_ACTION)


def loan_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K11: those of K10 that impersonate a lender."""
    return action_records(frames, period).filter(_IS_LOAN)


def other_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K12: those of K10 of any other type, or of none."""
    return action_records(frames, period).filter(~_IS_LOAN)


def closed_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K14: first action and final closure of the own-brand attacks that we acted on and closed; unit: the attack."""
    counted = _own_closures(frames, period).filter(pl.col("fate") == _COUNTED)
    return _events(frames, counted, _IS_ACTION | _IS_CLOSURE)


def closed_apart(frames: Frames, period: Period) -> tuple[Apart, ...]:
    """Beside K14: own-brand closures of the period that are not in it, and what was acted on but still stands."""
    closures = _own_closures(frames, period).group_by("fate").len().collect()
    counts = dict(closures.iter_rows())
    acted_on = _counting(frames).filter(pl.col("is_own"), period.holds("first_action_at"))
    standing = acted_on.filter((pl.col("closed_at") >= period.end).fill_null(value=True))
    is_unconfirmed = (pl.col("unconfirmed_at") < period.end).fill_null(value=False)
    open_, unconfirmed = standing.select(pl.len(), is_unconfirmed.sum().alias("unconfirmed")).collect().row(0)
    return (
        *(Apart(zh, fate, counts.get(fate, 0)) for fate, zh in _FATES_ZH.items()),
        Apart("已处置而期末未关停", "acted on, not closed by the end", open_),
        Apart("其中仅一个网络见其关停，未经确认", "of these down, unconfirmed", unconfirmed),
    )


def cohort_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K15: confirmation and final closure of the own-brand attacks confirmed in the period; unit: the attack.

    `meets` says whether it was closed by the period's end + 30 days; what nobody knows of was not.
    """
    meets = (pl.col("closed_at") < period.end + FOLLOW_MS).fill_null(value=False)
    return confirmed_records(frames, period).filter("is_own").with_columns(meets=meets)


def confirmed_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """Confirmation and final closure of the attacks confirmed in the period; unit: the attack."""
    cohort = _counting(frames).filter(period.holds("confirmed_at"))
    return _events(frames, cohort, _IS_CONFIRMATION | _IS_CLOSURE)


def _own_closures(frames: Frames, period: Period) -> pl.LazyFrame:
    """The own-brand attacks finally closed in the period, and why each is in K14 or not: `fate`."""
    is_carried = (pl.min_horizontal("confirmed_at", "first_action_at") < period.start).fill_null(value=False)
    cause = pl.col("cause")
    fate = (
        pl.when(is_carried)
        .then(pl.lit("carried over from earlier years"))
        .when(cause == "third_party")
        .then(pl.lit("closed by third parties"))
        .when(cause == "self_expired")
        .then(pl.lit("expired by themselves"))
        .when(cause.is_null())
        .then(pl.lit("closed, cause not stated"))
        # whatever the cause says: what came after the closure did not bring it about
        .when((pl.col("first_action_at") > pl.col("closed_at")).fill_null(value=False))
        .then(pl.lit("closed before any action"))
        .when(period.holds("first_action_at").fill_null(value=False))
        .then(pl.lit(_COUNTED))
        .otherwise(pl.lit("closed without an action in the period"))
    )
    return _counting(frames).filter(pl.col("is_own"), period.holds("closed_at")).with_columns(fate=fate)


def _events(frames: Frames, attacks: pl.LazyFrame, bearing: pl.Expr) -> pl.LazyFrame:
    """The events that bear a figure out, each beside its attack; what both say, the attack says."""
    whole = attacks.select(_ATTACK)
    is_block = (pl.col("type") == "closure") & (pl.col("cause") == "blocked_only").fill_null(value=False)
    said = real(frames["attack_events"]).filter(~is_block)
    events = said.select(pl.exclude([name for name in _ATTACK if name != "attack_key"]))
    return events.join(whole, on="attack_key").filter(bearing).with_columns(unit="attack_key")


_ACTIONS_ZH: Final = {
    "takedown_notice": "下线通知",
    "registrar_hold": "域名停用",
    "blocklist": "列入黑名单",
    "police_report": "报警",
    "app_delist": "应用下架",
    "other": "其他处置",
}
_BY_ACTION: Final = tuple(
    Beside(f"首次处置为{_ACTIONS_ZH[action]}", f"first action {action}", units_where(pl.col("action") == action))
    for action in CHOICES["action"]
)
_BY_TYPE: Final = (
    *(
        Beside(LABELS_ZH[fraud_type], fraud_type, units_where(pl.col("fraud_type") == fraud_type))
        for fraud_type in CHOICES["fraud_type"]
        if fraud_type != "loan_impersonation"
    ),
    Beside("类型不明", "type not stated", units_where(pl.col("fraud_type").is_null())),
)
_MET: Final = pl.col("meets")

DEFINITIONS: Final = (
    Definition(
        id="K10",
        name_zh="打击诈骗网站",
        name_en="Fraud websites acted against",
        unit_zh="个",
        unit_en="attacks",
        definition_zh="首次处置（下线通知、域名停用、黑名单、报警、应用下架等）落在期内的攻击数。一个攻击＝案件号；无"
        "案件号的，为同一品牌（无品牌者同一诈骗类型）×同一网站（由他人自选路径的主机为主机加路径）或应用，相隔7日内的"
        "举报与确认相连为一，探测能说明网站状态期间不论相隔多久。不含测试数据与研判已排除者。",
        definition_en="Attacks whose first enforcement action (notice, registrar hold, blocklist, police report, "
        "delisting ...) falls in the period. An attack is a case number; without one, a brand (brandless: a fraud "
        "type) on one site (where strangers choose the path, host and path) or app listing, reports and confirmations "
        "within 7 days of each other chained, while probes tell how the site is any. Without test rows and what an "
        "analyst dismissed.",
        kinds=("attack_event",),
        frame="attack_events",
        records=action_records,
        dedup=("attack_key",),
        version=2,
        is_reported=IS_REPORTED,
        beside=(*_BY_ACTION, Beside("未经确认", "never confirmed", units_where(pl.col("confirmed_at").is_null()))),
    ),
    Definition(
        id="K11",
        name_zh="其中：仿冒借贷",
        name_en="of which: impersonating lending",
        unit_zh="个",
        unit_en="attacks",
        definition_zh="K10中诈骗类型为仿冒借贷（loan_impersonation）的攻击。",
        definition_en="The attacks of K10 whose fraud type is loan impersonation.",
        kinds=("attack_event",),
        frame="attack_events",
        records=loan_records,
        dedup=("attack_key",),
        version=2,
        is_reported=IS_REPORTED,
        parent="K10",
        beside=(Beside("其中自有品牌", "of these on own brands", units_where(pl.col("is_own"))),),
    ),
    Definition(
        id="K12",
        name_zh="其余诈骗类型（交易、虚假投资、传销杀猪、黑产账号盗取等）",
        name_en="Other fraud types (transaction, fake investment, pyramid and romance, account theft ...)",
        unit_zh="个",
        unit_en="attacks",
        definition_zh="K10减K11，按诈骗类型列示；每个攻击只有一个主要类型。",
        definition_en="K10 less K11, by fraud type; each attack has one primary type.",
        kinds=("attack_event",),
        frame="attack_events",
        records=other_records,
        dedup=("attack_key",),
        version=2,
        is_reported=IS_REPORTED,
        parent="K10",
        beside=_BY_TYPE,
    ),
    Definition(
        id="K13",
        name_zh="打击诈骗网站较上年增长",
        name_en="Increase of fraud websites acted against over the year before",
        unit_zh="%",
        unit_en="%",
        definition_zh="（本年K10－上年K10）÷上年K10；上年数取已导入的已披露数据，无则为未知。",
        definition_en="(K10 of the year - K10 of the year before) / K10 of the year before; the latter is an "
        "imported reported figure, without which this is unknown.",
        kinds=("attack_event", "reported_figure"),
        frame="attack_events",
        records=action_records,
        dedup=("attack_key",),
        version=2,
        is_reported=IS_REPORTED,
        display=RatioRule(0, is_signed=True),
        tally=Tally.GROWTH,
        compared="K10",
    ),
    Definition(
        id="K14",
        name_zh="全年关停仿冒借条",
        name_en="Own-brand attacks shut down",
        unit_zh="个",
        unit_en="attacks",
        definition_zh="针对自有品牌、首次处置与最终关停均在期内、处置不晚于关停、且由我方关停的攻击。仅被拦截不算关停；以"
        "前年度结转（此前已确认或已处置）、第三方关停、自行消失、处置前已关停的另列，不计入。关停以首次记录为准，重复记录"
        "不改变其时间与原因；关停后15日内复活的视为未关停。探测所见的关停须至少2个网络、24小时以上、3次以上失败，自首次失败"
        "起算：此前已有处置的为我方关停，停用页或注册局停用为第三方，其余为自行消失；仅一个网络所见的未经确认，另列。不含"
        "研判已排除者。",
        definition_en="Attacks on own brands with their first enforcement action and, not before it, their final "
        "closure in the period, closed by us. Blocked only is not closed; what was carried over (confirmed or acted "
        "on before the period), closed by third parties, expired by itself or closed before any action is shown "
        "apart. A closure is dated and explained by its first note, whatever is noted again; back within 15 days of "
        "it, an attack is open again. A closure seen by probes takes 3 failing ones over 24 hours from 2 networks and "
        "dates from the first: by us where we had acted before, by third parties where a suspension page or a "
        "registry's hold is seen, else expired by itself; seen from one network it is unconfirmed and shown apart. "
        "Without what an analyst dismissed.",
        kinds=("attack_event",),
        frame="attack_events",
        records=closed_records,
        dedup=("attack_key",),
        version=3,
        is_reported=IS_REPORTED,
        parent="K10",
        apart=closed_apart,
    ),
    Definition(
        id="K15",
        name_zh="关停率",
        name_en="Shut-down rate",
        unit_zh="%",
        unit_en="%",
        definition_zh="期内确认的自有品牌攻击中，期末后30日内最终关停的比例（不论由谁关停，以关停的首次记录为准；探测所见的"
        "自首次失败起算，仅一个网络所见的不算）；去向不明的留在分母。不含研判已排除者。",
        definition_en="Of the own-brand attacks confirmed in the period, the share finally closed (by whomever, as "
        "first noted; as seen by probes from the first failing one, from one network alone not) before its end + 30 "
        "days; those of which nothing is known stay in the denominator. Without what an analyst dismissed.",
        kinds=("attack_event",),
        frame="attack_events",
        records=cohort_records,
        dedup=("attack_key",),
        version=3,
        is_reported=IS_REPORTED,
        display=RatioRule(2),
        tally=Tally.SHARE,
        beside=(
            Beside("其中由我方关停", "closed by us", units_where(_MET & (pl.col("cause") == "us"))),
            Beside("第三方关停", "by third parties", units_where(_MET & (pl.col("cause") == "third_party"))),
            Beside("自行消失", "expired by themselves", units_where(_MET & (pl.col("cause") == "self_expired"))),
            Beside("未知或未关停", "unknown or not closed", units_where(~_MET)),
        ),
    ),
)
