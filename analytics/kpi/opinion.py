"""Records under K06 to K09: public-opinion items collected, and how soon the relevant ones were noticed."""

from typing import Final

import polars as pl

from analytics.kpi.definition import RECORDS, Beside, Definition, Tally, units_where
from analytics.kpi.display import PointsRule, RatioRule, Rule
from analytics.kpi.frames import Frames, key_of, new_in, real
from db.period import DAY_MS, Period

TIMELY_MS: Final = DAY_MS
"""How soon after its publication an item has to be noticed."""
SHORT_VIDEO: Final = "short_video"
_TEXTS: Final = ("news", "complaint_channel")
_IS_RELEVANT: Final = (pl.col("relevance") == "confirmed").fill_null(value=False)


def text_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K06: relevant news and complaints first collected in the period; unit: text cluster x address."""
    return new_in(_items(frames).filter(pl.col("source_class").is_in(_TEXTS), _IS_RELEVANT), period)


def video_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K07: short videos first collected in the period; unit: the platform's video."""
    return new_in(_items(frames).filter(pl.col("source_class") == SHORT_VIDEO), period)


def relevant_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K08: relevant items of every source first collected in the period; unit: the item.

    `meets` says whether it was noticed within a day of its publication; what was never noticed, or published nobody
    knows when, was not.
    """
    published, detected = (pl.col(name).min().over("unit") for name in ("published_at", "detected_at"))
    meets = (detected - published).is_between(0, TIMELY_MS).fill_null(value=False)
    return new_in(_items(frames).filter(_IS_RELEVANT).with_columns(meets=meets), period)


def untold_records(frames: Frames, _period: Period) -> pl.LazyFrame:
    """K09: nothing that happens tells how quick people were."""
    return frames["reported_figures"].clear().with_columns(unit="kpi", meets=pl.lit(value=False))


def _items(frames: Frames) -> pl.LazyFrame:
    """All items that are no tests; a video is known by its id, a text by its wording and where it stands."""
    video = key_of(pl.col("platform"), pl.col("item"), needs=pl.col("item"))
    needs = pl.coalesce("cluster", pl.col("address_id").cast(pl.String))
    text = key_of(pl.col("cluster"), pl.col("address_id"), needs=needs)
    is_video = pl.col("source_class") == SHORT_VIDEO
    return real(frames["opinion_items"]).with_columns(unit=pl.when(is_video).then(video).otherwise(text))


def _class(name: str, zh: str, en: str) -> Beside:
    return Beside(zh, en, units_where(pl.col("source_class") == name))


DEFINITIONS: Final = (
    Definition(
        id="K06",
        name_zh="新闻舆情及主流投诉渠道信息",
        name_en="News and complaint-channel items collected",
        unit_zh="条",
        unit_en="items",
        definition_zh="期内首次采集、经确认相关的新闻与投诉渠道信息，同一近似文本、同一网址计一条；两者皆无的每个事件计一"
        "条。不含短视频（见K07），不含测试数据。投诉渠道条目不等于客户投诉数量。",
        definition_en="Relevant items from news and complaint channels first collected in the period: one for each "
        "cluster of nearly the same text and address; with neither, one an event. Without short videos (K07) and test "
        "rows. Items from complaint channels are not the number of customers' complaints.",
        kinds=("opinion_item",),
        frame="opinion_items",
        records=text_records,
        dedup=("cluster", "address_id"),
        display=Rule("万", 2),
        is_reported=pl.col("source_class").is_in(_TEXTS),
        may_be_reported=True,
        beside=(
            RECORDS,
            _class("news", "其中新闻", "news"),
            _class("complaint_channel", "投诉渠道", "complaint channels"),
            Beside("不重复文本", "distinct texts", pl.col("cluster").drop_nulls().n_unique()),
        ),
    ),
    Definition(
        id="K07",
        name_zh="主流短视频舆情抓取",
        name_en="Short-video public-opinion items captured",
        unit_zh="条",
        unit_en="videos",
        definition_zh="期内首次采集的短视频，以平台视频编号为准（其评论不另计），无编号的每个事件计一条；与K06不重叠。不"
        "含测试数据。",
        definition_en="Short videos first collected in the period, by the platform's id of the video (comments on it "
        "are no more of them), else one an event; none of them is in K06. Without test rows.",
        kinds=("opinion_item",),
        frame="opinion_items",
        records=video_records,
        dedup=("platform", "item"),
        is_reported=pl.col("source_class") == SHORT_VIDEO,
        may_be_reported=True,
        beside=(RECORDS, Beside("其中经确认相关", "of these relevant", units_where(_IS_RELEVANT))),
    ),
    Definition(
        id="K08",
        name_zh="舆情发现及时率提升",
        name_en="Increase of the timely-detection rate of public opinion",
        unit_zh="百分点",
        unit_en="pp",
        definition_zh="本年及时率减上年及时率，以百分点计；两年按同一口径由记录计算，相对变动另示。及时率＝期内首次采集的"
        "相关条目中，发布后24小时内发现的比例；未发现、迟发现及发布时间不明的留在分母。上年无记录则为未知。不含测试数据。",
        definition_en="The timely-detection rate of the year less that of the year before, in percentage points, both "
        "counted alike from records; the relative change stands beside it. The rate is the share, of the relevant "
        "items first collected in the period, noticed within 24 hours of publication; what was noticed late or never, "
        "or published nobody knows when, stays in the denominator. Unknown without records of the year before. "
        "Without test rows.",
        kinds=("opinion_item",),
        frame="opinion_items",
        records=relevant_records,
        dedup=("cluster", "address_id", "platform", "item"),
        display=PointsRule(2),
        tally=Tally.IMPROVEMENT,
        is_reported=_IS_RELEVANT,
        may_be_reported=True,
        beside=(
            Beside("本年及时", "timely this year", units_where(pl.col("meets"))),
            Beside("迟发现、未发现或无法判断", "late, never or untold", units_where(~pl.col("meets"))),
        ),
    ),
    Definition(
        id="K09",
        name_zh="采集效率较人工提升",
        name_en="Increase of collection efficiency over manual work",
        unit_zh="%",
        unit_en="%",
        definition_zh="（自动采集每人时条目数÷同一来源与精度下人工每人时条目数）－1；须有计时的人工基线研究，业务记录无法"
        "计算，只按披露数列示。+300%即4倍。",
        definition_en="Items per staff-hour collected automatically / items per staff-hour by hand from the same "
        "sources at the same precision, less 1. It takes a timed study of manual work, which no record of events "
        "tells: it stands as reported or is unknown. +300% is four times.",
        kinds=("reported_figure",),
        frame="",
        records=untold_records,
        dedup=("kpi", "year"),
        display=RatioRule(0, is_signed=True),
        tally=Tally.SHARE,
        may_be_reported=True,
    ),
)
