"""Records under K03, K05, K38, K39 and K40: checks, warnings, blocks and dissuasions of end users."""

from collections.abc import Mapping
from typing import Final

import polars as pl

from analytics.kpi.definition import RECORDS, Apart, Beside, Definition, units_where
from analytics.kpi.display import Rule
from analytics.kpi.frames import Frames, key_of, real, real_in
from db.period import DAY_MS, Period, shanghai_day

SECURITY_CENTRE: Final = "jietiao_security_centre"
"""The sink that K03 is about: the security centre inside the company's lending app."""
VICTIM_RISK: Final = "victim_risk"
"""The reason of a block that protects the person, not the lender."""
AI: Final = "ai"
FOLLOW_MS: Final = 30 * DAY_MS
"""How long a dissuaded person is followed: a loss within it undoes the success."""

_STAGES_ZH: Final = {
    "generated": "生成",
    "emitted": "输出",
    "delivered": "送达",
    "connected": "接通",
    "rendered": "展示",
    "engaged": "互动",
    "acted": "采取行动",
}

DISTINCT_WARNINGS: Final = pl.col("warning").drop_nulls().n_unique() + pl.col("warning").null_count()
"""Distinct warnings, those without an id by their events, each of which stands once in the frame. At 21 million the
same from `unit` would need 2 GiB for texts that nobody reads."""


IS_EMITTED: Final = ((pl.col("stage") == "emitted") & (pl.col("sink") == SECURITY_CENTRE)).fill_null(value=False)
"""The warnings that K03 counts; the others are shown beside it."""


def emitted_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K03: warnings handed to the security centre; unit: the warning, by its own id or its event."""
    emitted = real_in(frames["warnings"], period, "occurred_at").filter(
        pl.col("stage") == "emitted", pl.col("sink") == SECURITY_CENTRE
    )
    return emitted.with_columns(unit=key_of(pl.col("warning"), needs=pl.col("warning")))


def other_stages(frames: Frames, period: Period) -> tuple[Apart, ...]:
    """Beside K03: the distinct warnings of every other stage, and those emitted to other sinks."""
    others = real_in(frames["warnings"], period, "occurred_at").filter(~IS_EMITTED)
    counted = others.group_by("stage").agg(count=DISTINCT_WARNINGS).collect(engine="streaming")
    return by_stage(dict(counted.iter_rows()))


def by_stage(counts: Mapping[str, int]) -> tuple[Apart, ...]:
    """What stands beside K03: distinct warnings of each stage that has any, of `emitted` those to other sinks."""
    return tuple(
        Apart(
            "输出至其他系统" if stage == "emitted" else zh,
            "emitted elsewhere" if stage == "emitted" else stage,
            counts[stage],
        )
        for stage, zh in _STAGES_ZH.items()
        if stage in counts
    )


def check_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K05: URL checks by end users that gave a result; unit: person x address x Shanghai day."""
    checks = real_in(frames["url_checks"], period, "occurred_at").filter(
        pl.col("actor") == "end_user", pl.col("result") != "error"
    )
    subject, day = pl.col("subject"), shanghai_day(pl.col("occurred_at"))
    return checks.with_columns(unit=key_of(subject, pl.col("address_id"), day, needs=subject))


def reminder_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K38: AI reminders that reached a person; unit: person x campaign x Shanghai day."""
    reached = real_in(frames["warnings"], period, "occurred_at").filter(
        pl.col("stage").is_in(["rendered", "connected"]), pl.col("channel") == AI
    )
    subject, day = pl.col("subject"), shanghai_day(pl.col("occurred_at"))
    return reached.with_columns(unit=key_of(subject, pl.col("campaign"), day, needs=subject))


def block_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K39: blocks applied for victim risk; unit: the order."""
    blocks = real_in(frames["interventions"], period, "occurred_at").filter(
        pl.col("type") == "block_applied", pl.col("reason") == VICTIM_RISK
    )
    return blocks.with_columns(unit=key_of(pl.col("order"), needs=pl.col("order")))


def released_blocks(frames: Frames, period: Period) -> tuple[Apart, ...]:
    """Beside K39: the blocked orders that were released again, at whatever time."""
    released = real(frames["interventions"]).filter(pl.col("type") == "block_released").select("order").drop_nulls()
    again = block_records(frames, period).join(released, on="order", how="semi").select(pl.col("unit").n_unique())
    return (Apart("其中后来解除", "of these released later", again.collect().item()),)


def dissuaded_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K40: the connected dissuasions of people whose scam was confirmed and who lost nothing; unit: the person.

    An outcome speaks of the latest connection before it. A person with a loss within 30 days of any connection of
    the period is out, whatever became of the others.
    """
    followed = followed_connections(frames, period)
    lost = followed.filter("has_lost").select("subject")
    return followed.filter("is_confirmed").join(lost, on="subject", how="anti").with_columns(unit="subject")


def other_dissuasions(frames: Frames, period: Period) -> tuple[Apart, ...]:
    """Beside K40: people attempted, connected, and lost to the scam after all; connections without a person."""
    is_connected = pl.col("type") == "dissuasion_connected"
    person = pl.col("subject")
    begun = real_in(frames["interventions"], period, "occurred_at").select(
        attempted=person.filter(pl.col("type") == "dissuasion_attempted").drop_nulls().n_unique(),
        nameless=person.filter(is_connected).null_count(),
    )
    followed = followed_connections(frames, period).select(
        connected=person.n_unique(), lost=person.filter("is_confirmed", "has_lost").n_unique()
    )
    (counts,) = pl.concat([begun, followed], how="horizontal").collect().to_dicts()
    labels = (
        ("尝试联系人数", "people attempted", "attempted"),
        ("接通人数", "people connected", "connected"),
        ("确认后30日内仍受损人数", "people confirmed who still lost within 30 days", "lost"),
        ("无法识别本人的接通次数", "connections without a known person", "nameless"),
    )
    return tuple(Apart(zh, en, counts[name]) for zh, en, name in labels)


def followed_connections(frames: Frames, period: Period) -> pl.LazyFrame:
    """Each connection of the period with a known person, whether its scam was confirmed, whether a loss followed."""
    known = real(frames["interventions"]).filter(pl.col("subject").is_not_null()).sort("occurred_at", "event_key")
    connected = known.filter(pl.col("type") == "dissuasion_connected")
    starts = connected.select("subject", "occurred_at", connection="event_key")
    outcomes = known.filter(pl.col("type") == "dissuasion_outcome").join_asof(
        starts, on="occurred_at", by="subject", check_sortedness=False
    )
    told = pl.concat([outcomes, connected.with_columns(connection="event_key")], how="diagonal")
    flags = told.group_by("connection").agg(
        is_confirmed=pl.col("scam_confirmed").fill_null(value=False).any(),
        has_lost=pl.col("later_loss").fill_null(value=False).any(),
    )
    followed = connected.filter(period.holds("occurred_at")).join(flags, left_on="event_key", right_on="connection")
    hit = _followed_by_loss(followed.select("subject", "occurred_at", "event_key"), frames)
    return (
        followed.join(hit, on="event_key", how="left")
        .with_columns(has_lost=pl.col("has_lost") | pl.col("is_hit").fill_null(value=False))
        .drop("is_hit")
    )


def _followed_by_loss(connected: pl.LazyFrame, frames: Frames) -> pl.LazyFrame:
    """The connections whose person realised a loss within 30 days after: `event_key`, `is_hit`."""
    losses = real(frames["losses"]).filter(pl.col("type") == "realised").select("subject", lost_at="occurred_at")
    gap = pl.col("lost_at") - pl.col("occurred_at")
    near = connected.join(losses, on="subject").filter(gap.is_between(0, FOLLOW_MS))
    return near.select("event_key").unique().with_columns(is_hit=pl.lit(value=True))


_PEOPLE: Final = Beside("涉及人数", "people", pl.col("subject").drop_nulls().n_unique())
DEFINITIONS: Final = (
    Definition(
        id="K03",
        name_zh="反诈预警（输出至借条安全中心）",
        name_en="Anti-fraud warnings output to the Jietiao security centre",
        unit_zh="次",
        unit_en="warnings",
        definition_zh="期内输出（emitted）至借条安全中心（jietiao_security_centre）的不重复预警，以预警编号为准，无编"
        "号则每个事件计一次；系统间输出，不等于用户看到的提醒。不含测试数据。",
        definition_en="Distinct warnings emitted in the period to the sink jietiao_security_centre, by the warning's "
        "id, else one an event. Handed from system to system: not the same as seen by a user. Without test rows.",
        kinds=("warning",),
        frame="warnings",
        records=emitted_records,
        dedup=("warning", "event_key"),
        display=Rule("万", 4),
        distinct=DISTINCT_WARNINGS,
        apart=other_stages,
    ),
    Definition(
        id="K05",
        name_zh="反诈、网址风险识别（用户侧）",
        name_en="URL-risk checks by end users",
        unit_zh="次",
        unit_en="checks",
        definition_zh="期内终端用户发起且结果非错误的网址识别，同一用户、同一网址、同一上海日计一次；无用户标识的每个"
        "事件计一次。不含员工与测试。",
        definition_en="URL checks by end users in the period with a result other than an error: one for each person, "
        "address and Shanghai day; without a person, one an event. Without staff and test rows.",
        kinds=("url_check",),
        frame="url_checks",
        records=check_records,
        dedup=("subject", "address_id", "day"),
        # `fanzha check` leaves checks by staff: they do not tell that users made none
        is_reported=pl.col("actor") == "end_user",
        display=Rule("万", 3, "约"),
        beside=(
            RECORDS,
            _PEOPLE,
            Beside("识别为恶意", "found malicious", units_where(pl.col("result") == "malicious")),
        ),
    ),
    Definition(
        id="K38",
        name_zh="AI反诈提醒",
        name_en="AI anti-fraud reminders",
        unit_zh="次",
        unit_en="reminders",
        definition_zh="期内经AI渠道展示或接通的预警，同一人、同一活动、同一上海日计一次；无用户标识的每个事件计一次。"
        "不含测试数据。",
        definition_en="Warnings rendered or connected over the AI channel in the period: one for each person, "
        "campaign and Shanghai day; without a person, one an event. Without test rows.",
        kinds=("warning",),
        frame="warnings",
        records=reminder_records,
        dedup=("subject", "campaign", "day"),
        beside=(RECORDS, _PEOPLE),
    ),
    Definition(
        id="K39",
        name_zh="涉骗阻断预警",
        name_en="Orders blocked for victim risk",
        unit_zh="次",
        unit_en="orders",
        definition_zh="期内因受害风险（victim_risk）被阻断的不重复订单；无订单号的每个事件计一次。后来解除的另列。不"
        "含测试数据。",
        definition_en="Distinct orders blocked in the period for victim risk; without an order number, one an event. "
        "Orders released later are shown beside it. Without test rows.",
        kinds=("intervention",),
        frame="interventions",
        records=block_records,
        dedup=("order",),
        beside=(RECORDS,),
        apart=released_blocks,
    ),
    Definition(
        id="K40",
        name_zh="劝阻潜在被骗者",
        name_en="Potential victims dissuaded",
        unit_zh="人",
        unit_en="people",
        definition_zh="期内劝阻接通、确认涉诈、且接通后30日内无损失的不重复人数；期内任何一次接通后30日内有损失的人不"
        "计。不含测试数据。",
        definition_en="Distinct people reached by a dissuasion in the period, whose scam was confirmed and who lost "
        "nothing within 30 days of being reached; a person with a loss within 30 days of any of these contacts is "
        "out. Without test rows.",
        kinds=("intervention", "loss"),
        frame="interventions",
        records=dissuaded_records,
        dedup=("subject",),
        apart=other_dissuasions,
    ),
)
