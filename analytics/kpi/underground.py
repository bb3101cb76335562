"""Records under K16 to K18: kits extracted, grey-market channels watched, sellers of data assessed."""

from typing import Final

import polars as pl

from analytics.kpi.definition import RECORDS, Apart, Beside, Definition, units_where
from analytics.kpi.display import Rule
from analytics.kpi.frames import Frames, key_of, new_in, real, real_in
from db.period import DAY_MS, Period

ACTIVE_MS: Final = 30 * DAY_MS
"""A channel with a message about fraud so short a time ago is active."""
_IS_CONFIRMED: Final = pl.col("analyst_confirmed").fill_null(value=False)
_IS_SEEN: Final = pl.col("type") == "channel_observed"
_IS_ASSESSED: Final = pl.col("type") == "actor_assessed"
_SETTLED: Final = ("referred", "closed")


def kit_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K16: kits extracted in the period that an analyst confirmed; unit: the family, else the kit."""
    return _kits(frames, period).filter(_IS_CONFIRMED)


def other_kits(frames: Frames, period: Period) -> tuple[Apart, ...]:
    """Beside K16: families that no analyst confirmed, and those extracted before."""
    confirmed = kit_records(frames, period).select("unit")
    open_ = _kits(frames, period).join(confirmed, on="unit", how="anti").select(pl.col("unit").n_unique())
    earlier = _named(frames).filter(_IS_CONFIRMED, pl.col("occurred_at") < period.start).select("unit")
    again = confirmed.join(earlier, on="unit", how="semi").select(pl.col("unit").n_unique())
    return (
        Apart("未经分析员确认", "not confirmed by an analyst", open_.collect().item()),
        Apart("其中以前年度已提取过同族", "of these in families extracted in earlier years", again.collect().item()),
    )


def _kits(frames: Frames, period: Period) -> pl.LazyFrame:
    return _named(frames).filter(period.holds("occurred_at"))


def _named(frames: Frames) -> pl.LazyFrame:
    known = pl.coalesce("family", "kit_sha256", "kit")
    return real(frames["kits"]).with_columns(unit=key_of(known, needs=known))


def active_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K17: relevant observations of the last 30 days of the period; unit: the channel."""
    return _active(frames, period.end)


def channel_flow(frames: Frames, period: Period) -> tuple[Apart, ...]:
    """Beside K17, a stock: that of the beginning, what came and went, and all that were active at any time."""
    then, now = (_active(frames, at).select("unit").unique() for at in (period.start, period.end))
    seen = real_in(frames["channels_and_actors"], period, "occurred_at").filter(_IS_SEEN, "relevant")
    counts = (
        then.select(pl.len()),
        now.join(then, on="unit", how="anti").select(pl.len()),
        then.join(now, on="unit", how="anti").select(pl.len()),
        seen.select(pl.col("channel").n_unique()),
    )
    labels = (
        ("期初存量", "active at the beginning"),
        ("期内进入（期初不活跃、期末活跃）", "come since"),
        ("期内退出（期初活跃、期末不活跃）", "gone since"),
        ("期内曾活跃的渠道", "active at any time of the year"),
    )
    found = (count.collect().item() for count in counts)
    return tuple(Apart(zh, en, count) for (zh, en), count in zip(labels, found, strict=True))


def _active(frames: Frames, at: int) -> pl.LazyFrame:
    """The relevant observations of channels in the 30 days before an instant."""
    last = pl.col("occurred_at").is_between(at - ACTIVE_MS, at, closed="left")
    seen = real(frames["channels_and_actors"]).filter(_IS_SEEN, "relevant", last, pl.col("channel").is_not_null())
    return seen.with_columns(unit="channel")


def seller_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K18: people first assessed in the period as sellers of data at high risk; unit: the person."""
    is_seller = (pl.col("role") == "data_seller") & (pl.col("risk") == "high")
    assessed = real(frames["channels_and_actors"]).filter(_IS_ASSESSED, is_seller)
    subject = pl.col("subject")
    return new_in(assessed.with_columns(unit=key_of(subject, needs=subject)), period)


def _outcome(name: str) -> pl.Expr:
    return units_where(pl.col("outcome") == name)


DEFINITIONS: Final = (
    Definition(
        id="K16",
        name_zh="提取诈骗源码",
        name_en="Fraud source-code kits extracted",
        unit_zh="套",
        unit_en="kits",
        definition_zh="期内提取且经分析员确认的诈骗源码，同一家族（结构相近者）计一套，无家族的以SHA-256、再以源码编号为准"
        "，皆无的每个事件计一套。不含测试数据。",
        definition_en="Source-code kits of fraud sites extracted in the period and confirmed by an analyst: one for "
        "each family of like structure, else by SHA-256, else by the kit's id, else one an event. Without test rows.",
        kinds=("kit",),
        frame="kits",
        records=kit_records,
        dedup=("family", "kit_sha256", "kit"),
        may_be_reported=True,
        beside=(RECORDS, Beside("不重复文件", "distinct files", pl.col("kit_sha256").drop_nulls().n_unique())),
        apart=other_kits,
    ),
    Definition(
        id="K17",
        name_zh="监控活跃的黑灰产渠道",
        name_en="Active grey-market channels monitored",
        unit_zh="个",
        unit_en="channels",
        definition_zh="存量：期末最后30日内至少有一条涉诈消息的不重复渠道；期初存量与期内进出另列，期初＋进入－退出＝期末"
        "。不含测试数据。存量不得跨年相加。",
        definition_en="A stock: distinct channels with a message about fraud in the last 30 days of the period. The "
        "stock at its beginning and what came and went stand beside it (beginning + come - gone = end). Without test "
        "rows. Stocks of several years are never added.",
        kinds=("channel_or_actor",),
        frame="channels_and_actors",
        records=active_records,
        dedup=("channel",),
        display=Rule(figures=1, word="余"),
        is_reported=_IS_SEEN,
        may_be_reported=True,
        beside=(RECORDS,),
        apart=channel_flow,
    ),
    Definition(
        id="K18",
        name_zh="排查高危数据贩卖人员",
        name_en="High-risk sellers of data screened",
        unit_zh="个",
        unit_en="people",
        definition_zh="期内首次被评估为高危数据贩卖者的不重复人员（同一人的多个账号计一个），无法识别本人的每次评估计一个"
        "。排查不等于查实，处置结果另示。不含测试数据。",
        definition_en="People first assessed in the period as sellers of data at high risk, the handles of one person "
        "being one; an assessment without a known person counts for itself. Screened is not proven: outcomes stand "
        "beside it. Without test rows.",
        kinds=("channel_or_actor",),
        frame="channels_and_actors",
        records=seller_records,
        dedup=("subject",),
        is_reported=_IS_ASSESSED,
        may_be_reported=True,
        beside=(
            RECORDS,
            Beside("其中移送", "of these referred", _outcome("referred")),
            Beside("结案", "closed", _outcome("closed")),
            Beside(
                "结果未知",
                "outcome unknown",
                pl.col("unit").n_unique() - units_where(pl.col("outcome").is_in(_SETTLED)),
            ),
        ),
    ),
)
