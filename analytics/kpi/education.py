"""Records under K37, K42 and K43: visits to the consumer-protection centre, views of campaigns, people taught."""

from typing import Final

import polars as pl

from analytics.kpi.definition import RECORDS, Apart, Beside, Definition, units_where
from analytics.kpi.display import Rule
from analytics.kpi.frames import Frames, key_of, real_in
from db.period import Period, shanghai_day

CENTRE: Final = "consumer_protection_centre"
"""The service that K37 is about."""
_PEOPLE: Final = Beside("人数", "people", pl.col("subject").drop_nulls().n_unique())
_IS_USER: Final = (pl.col("visitor") == "user").fill_null(value=True)
_IS_LONG_ENOUGH: Final = (pl.col("seconds") >= 1).fill_null(value=False)


def session_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K37: visits of users to the centre; unit: the session, else the event."""
    session = pl.col("session")
    visits = _events(frames, period, "session").filter(_IS_USER, pl.col("service") == CENTRE)
    return visits.with_columns(unit=key_of(session, needs=session))


def other_sessions(frames: Frames, period: Period) -> tuple[Apart, ...]:
    """Beside K37: sessions of staff and machines."""
    others = _events(frames, period, "session").filter(~_IS_USER, pl.col("service") == CENTRE)
    session = pl.col("session")
    count = others.select(session.drop_nulls().n_unique() + session.null_count())
    return (Apart("已剔除的员工与机器访问", "staff and bots, left out", count.collect().item()),)


def view_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K42: contents on a user's screen for a second or longer; unit: person x content x Shanghai day."""
    views = _events(frames, period, "content_view").filter(_IS_USER, _IS_LONG_ENOUGH)
    subject, day = pl.col("subject"), shanghai_day(pl.col("occurred_at"))
    return views.with_columns(unit=key_of(subject, pl.col("content"), day, needs=subject))


def other_views(frames: Frames, period: Period) -> tuple[Apart, ...]:
    """Beside K42: views that are too short, of unknown length, or by nobody."""
    views = _events(frames, period, "content_view")
    counts = views.select(
        short=(_IS_USER & (pl.col("seconds") < 1)).sum(),
        untold=(_IS_USER & pl.col("seconds").is_null()).sum(),
        others=(~_IS_USER).sum(),
    )
    short, untold, others = counts.collect().row(0)
    return (
        Apart("不足1秒的记录", "records shorter than a second", short),
        Apart("时长不明的记录", "records of unknown length", untold),
        Apart("员工与机器的记录", "records of staff and bots", others),
    )


def attendance_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K43: people who took part in classes; unit: the person, else the event."""
    subject = pl.col("subject")
    return _events(frames, period, "attendance").with_columns(unit=key_of(subject, needs=subject))


def _events(frames: Frames, period: Period, kind: str) -> pl.LazyFrame:
    return real_in(frames["service_events"], period, "occurred_at").filter(pl.col("type") == kind)


DEFINITIONS: Final = (
    Definition(
        id="K37",
        name_zh="消保安全中心服务用户",
        name_en="Visits to the consumer-protection security centre",
        unit_zh="次",
        unit_en="sessions",
        definition_zh="期内用户访问消保安全中心（consumer_protection_centre）的不重复会话，无会话号的每个事件计一次；用户人数另示：次"
        "与人不可混用。不含员工、机器与测试数据。",
        definition_en="Distinct sessions of users with the service consumer_protection_centre in the period, without "
        "an id one an event. The number of people stands beside it: visits are not people. Without staff, bots and "
        "test rows.",
        kinds=("service_event",),
        frame="service_events",
        records=session_records,
        dedup=("session",),
        display=Rule("万", 2),
        is_reported=(pl.col("type") == "session") & (pl.col("service") == CENTRE),
        may_be_reported=True,
        beside=(_PEOPLE,),
        apart=other_sessions,
    ),
    Definition(
        id="K42",
        name_zh="活动宣传累计浏览量",
        name_en="Views of campaigns",
        unit_zh="人次",
        unit_en="views",
        definition_zh="期内用户浏览1秒及以上的反诈宣传内容，同一人、同一内容、同一上海日计一次；无用户标识的每个事件计一次。触达人"
        "数另示。不含员工、机器、时长不明与测试数据。",
        definition_en="Contents of campaigns on a user's screen for a second or longer in the period: one for each "
        "person, content and Shanghai day; without a person, one an event. The people reached stand beside it. "
        "Without staff, bots, views of unknown length and test rows.",
        kinds=("service_event",),
        frame="service_events",
        records=view_records,
        dedup=("subject", "content", "day"),
        display=Rule("万", 2, "超"),
        is_reported=pl.col("type") == "content_view",
        may_be_reported=True,
        beside=(RECORDS, Beside("触达人数", "people reached", pl.col("subject").drop_nulls().n_unique())),
        apart=other_views,
    ),
    Definition(
        id="K43",
        name_zh="参与反诈知识教育师生",
        name_en="Students and teachers in anti-fraud classes",
        unit_zh="名",
        unit_en="people",
        definition_zh="期内有签到或学校确认记录的不重复参与人；无法识别本人的每条记录计一名。全校人数不是参与人数：只有总数的，不"
        "计入。不含测试数据。",
        definition_en="Distinct people with a record of attendance in the period, signed in or confirmed by the "
        "school; a record without a known person counts for itself. A school's size is no attendance: mere totals "
        "do not count. Without test rows.",
        kinds=("service_event",),
        frame="service_events",
        records=attendance_records,
        dedup=("subject",),
        display=Rule(figures=1, word="余"),
        is_reported=pl.col("type") == "attendance",
        may_be_reported=True,
        beside=(
            Beside("其中学生", "of these students", units_where(pl.col("attendee") == "student")),
            Beside("教师", "teachers", units_where(pl.col("attendee") == "teacher")),
            Beside("由学校确认", "confirmed by the school", units_where(pl.col("confirmed_by") == "school")),
        ),
    ),
)
