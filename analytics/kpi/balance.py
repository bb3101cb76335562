"""The figures that keep the others honest: what was not closed, blocked by mistake, or lost after all."""

from typing import Final

import polars as pl

from analytics.kpi.definition import FEN, RECORDS, Apart, Beside, Definition, Tally, units_where
from analytics.kpi.display import RatioRule
from analytics.kpi.frames import Frames, key_of, real, real_in
from analytics.kpi.losses import PROGRAMME_OF
from analytics.kpi.protection import block_records, followed_connections
from analytics.kpi.takedowns import IS_REPORTED, confirmed_records
from db.period import DAY_MS, Period, shanghai_day
from db.vocabulary import CHOICES

PROGRAMMES: Final = tuple(PROGRAMME_OF.values())
"""The programmes whose losses prevented are reported."""
_LATER_MS: Final = 180 * DAY_MS
"""How long a later loss of an episode is set against what was prevented in it."""
_SURE: Final = ("police", "victim")
"""Who must have confirmed a scam for the low bound: one who is not paid for the figure."""
_HOUR_MS: Final = 3_600_000
_PAYMENT: Final = ("episode", "occurred_at", "amount_fen")
_MEETS: Final = pl.col("meets")
_BEARERS_ZH: Final = {"user": "用户承担", "lender": "出借方承担", "platform": "平台承担"}


def snapshot_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """B02: confirmation and closure of the own-brand attacks confirmed in the period; `meets`: closed by its end."""
    closed = (pl.col("closed_at") < period.end).fill_null(value=False)
    return confirmed_records(frames, period).filter("is_own").with_columns(meets=closed)


def shown_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """B03: warnings seen or answered by people; unit: person x address x Shanghai day."""
    return _by_person(frames, period, ("rendered", "connected"))


def acted_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """Beside B03: warnings on which people acted; unit: likewise."""
    return _by_person(frames, period, ("acted",))


def acted_on(count: int) -> tuple[Apart, ...]:
    """What stands beside B03: how many of the same were acted on."""
    return (Apart("其后采取行动", "acted on", count),)


def _acted(frames: Frames, period: Period) -> tuple[Apart, ...]:
    return acted_on(acted_records(frames, period).select(pl.col("unit").n_unique()).collect().item())


def _by_person(frames: Frames, period: Period, stages: tuple[str, ...]) -> pl.LazyFrame:
    reached = real_in(frames["warnings"], period, "occurred_at").filter(pl.col("stage").is_in(stages))
    subject, day = pl.col("subject"), shanghai_day(pl.col("occurred_at"))
    address = pl.lit("address ") + pl.col("address_id").cast(pl.String)
    about = pl.coalesce(address, pl.lit("campaign ") + pl.col("campaign"))
    return reached.with_columns(unit=key_of(subject, about, day, needs=subject))


def relapse_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """B04: connected dissuasions of people whose scam was confirmed; unit: the person; `meets`: lost within 30 days."""
    followed = followed_connections(frames, period).filter("is_confirmed")
    lost = followed.group_by("subject").agg(meets=pl.col("has_lost").any())
    return followed.with_columns(unit="subject").join(lost, on="subject")


def lifted_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """B05: blocks for victim risk; unit: the order; `meets`: it was released again, at whatever time."""
    released = real(frames["interventions"]).filter(pl.col("type") == "block_released", pl.col("order").is_not_null())
    lifted = released.group_by("order").agg(released_at=pl.col("occurred_at").min())
    return (
        block_records(frames, period)
        .join(lifted, on="order", how="left")
        .with_columns(meets=pl.col("released_at").is_not_null())
    )


def delays(frames: Frames, period: Period) -> tuple[Apart, ...]:
    """Beside B05: how long a block that was lifted had held an order, in whole hours, the median of the orders."""
    held = lifted_records(frames, period).filter("meets").group_by("unit")
    hours = held.agg((pl.col("released_at") - pl.col("occurred_at")).max() // _HOUR_MS).select("released_at")
    median = hours.median().collect().item()
    return () if median is None else (Apart("解除前历时中位数（小时）", "median hours until lifted", int(median)),)


def sure_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """B06: tier A of the period's episodes, confirmed by victim or police, less what was lost in them within 180 days.

    Unit: the episode; `amount_fen` is net of the loss, `gross_fen` as assessed.
    """
    stopped = _assessed(frames, period).filter(pl.col("tier") == "A", pl.col("confirmed_by").is_in(_SURE))
    lost = _happened(real(frames["losses"]), "realised").unique("unit")
    begun = stopped.group_by("episode").agg(pl.col("occurred_at").min().alias("stopped_at"))
    gap = pl.col("occurred_at") - pl.col("stopped_at")
    later = lost.join(begun, on="episode").filter(gap.is_between(0, _LATER_MS))
    # FEN is wider than an amount: a sum of many may be
    net = later.group_by("episode").agg(lost_fen=FEN.sum())
    left = (FEN - pl.col("lost_fen").fill_null(0)).clip(lower_bound=0).cast(pl.Int64)
    return stopped.join(net, on="episode", how="left").with_columns(gross_fen="amount_fen", amount_fen=left)


def exposed_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """B07: tiers A and B of the period's episodes; where one is at tier A, only that; unit: the episode."""
    assessed = _assessed(frames, period).filter(pl.col("tier").is_in(["A", "B"]))
    surest = assessed.group_by("episode").agg(pl.col("tier").min())
    return assessed.join(surest, on=["episode", "tier"], how="semi")


def _assessed(frames: Frames, period: Period) -> pl.LazyFrame:
    """The assessments, by either programme, of episodes whose first record of any kind falls in the period.

    What another programme says is in neither programme's view, so that nothing of it is to be eliminated.
    """
    told = real(frames["losses"]).filter(pl.col("programme").is_in(PROGRAMMES) | pl.col("programme").is_null())
    begun = told.group_by("episode").agg(pl.col("occurred_at").min()).filter(period.holds("occurred_at"))
    assessed = told.filter(pl.col("type") == "assessed", pl.col("programme").is_not_null())
    return assessed.join(begun, on="episode", how="semi").with_columns(unit="episode")


def incurred_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """B08: losses realised in the period; unit: as `_happened`."""
    return _happened(real_in(frames["losses"], period, "occurred_at"), "realised")


def recovered_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """B09: money recovered in the period; unit: as `_happened`."""
    return _happened(real_in(frames["losses"], period, "occurred_at"), "recovered")


def _happened(losses: pl.LazyFrame, event: str) -> pl.LazyFrame:
    """Money that moved; unit: episode x instant x amount, since two programmes may report one payment."""
    payment = [pl.col(name) for name in _PAYMENT]
    return losses.filter(pl.col("type") == event).with_columns(unit=key_of(*payment, needs=pl.col("episode")))


_BY_BEARER: Final = (
    *(
        Beside(_BEARERS_ZH[bearer], f"borne by the {bearer}", FEN.filter(pl.col("bearer") == bearer).sum(), "money")
        for bearer in CHOICES["bearer"]
    ),
    Beside("承担方不明", "bearer not stated", FEN.filter(pl.col("bearer").is_null()).sum(), "money"),
)

DEFINITIONS: Final = (
    Definition(
        id="B01",
        name_zh="确认的攻击",
        name_en="Attacks confirmed",
        unit_zh="个",
        unit_en="attacks",
        definition_zh="首次确认落在期内的攻击数（攻击的界定同K10），不论是否处置、是否自有品牌。不含测试数据与研判已排除者。",
        definition_en="Attacks (as in K10) whose first confirmation falls in the period, acted on or not, on own "
        "brands or others. Without test rows and what an analyst dismissed.",
        kinds=("attack_event",),
        frame="attack_events",
        records=confirmed_records,
        dedup=("attack_key",),
        is_reported=IS_REPORTED,
        beside=(Beside("其中自有品牌", "of these on own brands", units_where(pl.col("is_own"))),),
    ),
    Definition(
        id="B02",
        name_zh="期末时点关停率",
        name_en="Share closed at the year's end",
        unit_zh="%",
        unit_en="%",
        definition_zh="期内确认的自有品牌攻击中，期末时点已关停的比例；去向不明的留在分母。与K15的差别只在截止时点。",
        definition_en="Of the own-brand attacks confirmed in the period, the share closed when it ended; those of "
        "which nothing is known stay in the denominator. K15 differs in the cut-off alone.",
        kinds=("attack_event",),
        frame="attack_events",
        records=snapshot_records,
        dedup=("attack_key",),
        is_reported=IS_REPORTED,
        display=RatioRule(2),
        tally=Tally.SHARE,
        beside=(Beside("未知或未关停", "unknown or not closed", units_where(~_MEETS)),),
    ),
    Definition(
        id="B03",
        name_zh="用户所见预警",
        name_en="Warnings seen by people",
        unit_zh="次",
        unit_en="warnings",
        definition_zh="期内展示或接通的预警，同一人、同一网址（无网址者同一活动）、同一上海日计一次；无用户标识的每个事件计"
        "一次。不含测试数据。",
        definition_en="Warnings rendered or connected in the period: one for each person, address (or campaign) and "
        "Shanghai day; without a person, one an event. Without test rows.",
        kinds=("warning",),
        frame="warnings",
        records=shown_records,
        dedup=("subject", "address_id", "campaign", "day"),
        beside=(RECORDS, Beside("涉及人数", "people", pl.col("subject").drop_nulls().n_unique())),
        apart=_acted,
    ),
    Definition(
        id="B04",
        name_zh="预后被骗率",
        name_en="Victimisation after dissuasion",
        unit_zh="%",
        unit_en="%",
        definition_zh="期内劝阻接通且确认涉诈的人中，任何一次接通后30日内仍有损失的比例。不含测试数据。",
        definition_en="Of the people reached by a dissuasion in the period whose scam was confirmed, the share with a "
        "loss within 30 days of any of these contacts. Without test rows.",
        kinds=("intervention", "loss"),
        frame="interventions",
        records=relapse_records,
        dedup=("subject",),
        display=RatioRule(2),
        tally=Tally.SHARE,
        has_interval=True,
    ),
    Definition(
        id="B05",
        name_zh="误阻断率",
        name_en="Share of blocks lifted again",
        unit_zh="%",
        unit_en="%",
        definition_zh="期内因受害风险被阻断的订单（同K39）中，后来解除的比例，不论解除于何时。不含测试数据。",
        definition_en="Of the orders blocked in the period for victim risk (as K39), the share released again, "
        "whenever that was. Without test rows.",
        kinds=("intervention",),
        frame="interventions",
        records=lifted_records,
        dedup=("order",),
        display=RatioRule(2),
        tally=Tally.SHARE,
        has_interval=True,
        apart=delays,
    ),
    Definition(
        id="B06",
        name_zh="止损下限（各项目合并）",
        name_en="Loss prevented, low bound (all programmes)",
        unit_zh="元",
        unit_en="CNY",
        definition_zh="期内开始的损失事件中（项目shanhai与dissuasion），A档且经受害人（victim）或警方（police）确认的最大评估金额，减去该事件此后180日内"
        "已发生的损失（不低于0），各事件合计；各项目合并，每个事件计一次。不含测试数据。",
        definition_en="Of the episodes of programmes shanhai and dissuasion "
        "begun in the period, the largest amount assessed at tier A and confirmed by the "
        "victim or police, less what was lost in the episode within 180 days after (not below 0), summed; all "
        "programmes together, each episode once. Without test rows.",
        kinds=("loss",),
        frame="losses",
        records=sure_records,
        dedup=("episode",),
        tally=Tally.LARGEST,
        beside=(Beside("损失事件", "episodes", pl.len()),),
    ),
    Definition(
        id="B07",
        name_zh="止损上限：拦截风险敞口（各项目合并）",
        name_en="Exposure interrupted, high bound (all programmes)",
        unit_zh="元",
        unit_en="CNY",
        definition_zh="期内开始的损失事件（项目shanhai与dissuasion）的最大评估金额合计，按面值；A档优先于B档，不含C档；各项目合并抵销后，每个事件计一次。"
        "不含测试数据。",
        definition_en="The largest assessed amount of each episode of programmes shanhai and dissuasion "
        "begun in the period, at face value, summed; tier A "
        "goes before B, C never counts; all programmes together, after elimination, each episode once. Without test "
        "rows.",
        kinds=("loss",),
        frame="losses",
        records=exposed_records,
        dedup=("episode",),
        tally=Tally.LARGEST,
        beside=(
            Beside("损失事件", "episodes", pl.len()),
            *(
                Beside(f"{tier}档（元）", f"tier {tier} (CNY)", FEN.filter(pl.col("tier") == tier).sum(), "money")
                for tier in "AB"
            ),
        ),
    ),
    Definition(
        id="B08",
        name_zh="已发生的诈骗损失",
        name_en="Fraud losses incurred",
        unit_zh="元",
        unit_en="CNY",
        definition_zh="期内已发生（realised）的损失合计，按承担方分列；同一事件、同一时间、同一金额只计一次；不扣除追回。不含测试数据。",
        definition_en="Losses realised in the period, summed, by who bears them; the same episode, instant and amount "
        "once; recoveries are not taken off. Without test rows.",
        kinds=("loss",),
        frame="losses",
        records=incurred_records,
        dedup=_PAYMENT,
        tally=Tally.LARGEST,
        beside=_BY_BEARER,
    ),
    Definition(
        id="B09",
        name_zh="追回金额",
        name_en="Money recovered",
        unit_zh="元",
        unit_en="CNY",
        definition_zh="期内追回（recovered）的金额合计；单独列示，不与止损数据相加。不含测试数据。",
        definition_en="Money recovered in the period, summed; a line of its own, never added to what was prevented. "
        "Without test rows.",
        kinds=("loss",),
        frame="losses",
        records=recovered_records,
        dedup=_PAYMENT,
        tally=Tally.LARGEST,
    ),
)
