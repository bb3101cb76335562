"""Records under K04 and K41: a programme's own view of the losses it prevented, at face value.

Each programme's figure stands for itself, before elimination between programmes; the two are never added.
"""

from types import MappingProxyType
from typing import Final

import polars as pl

from analytics.kpi.definition import FEN, Beside, Definition, Records, Tally
from analytics.kpi.display import Rule
from analytics.kpi.frames import Frames, real
from db.period import Period

PROGRAMME_OF: Final = MappingProxyType({"K04": "shanhai", "K41": "dissuasion"})
"""KPI -> the programme whose view it is."""
_TIERS: Final = ("A", "B")
"""Money actually held, and money a person had documented the intention to send; modelled amounts (C) never count."""
_BY_TIER: Final = tuple(
    Beside(f"{tier}档（元）", f"tier {tier} (CNY)", FEN.filter(pl.col("tier") == tier).sum(), "money")
    for tier in _TIERS
)


def _episodes_of(programme: str) -> Records:
    """The assessed losses of one programme's episodes that began in the period; unit: the episode.

    An episode begins with its first event of any kind (a loss may be realised before it is assessed, and be assessed
    at tier C first), and belongs to that period as a whole, later events included. The programme's own events and
    those that name no programme tell when; what another programme says of an episode is no part of its own view.
    """

    def records(frames: Frames, period: Period) -> pl.LazyFrame:
        told = real(frames["losses"]).filter(pl.col("programme").fill_null(programme) == programme)
        begun = told.group_by("episode").agg(pl.col("occurred_at").min()).filter(period.holds("occurred_at"))
        is_counted = (pl.col("type") == "assessed") & (pl.col("programme") == programme) & pl.col("tier").is_in(_TIERS)
        return told.filter(is_counted).join(begun, on="episode", how="semi").with_columns(unit="episode")

    return records


def _prevented(kpi: str, other: str, names: tuple[str, str], display: Rule) -> Definition:
    programme, (name_zh, name_en) = PROGRAMME_OF[kpi], names
    return Definition(
        id=kpi,
        name_zh=name_zh,
        name_en=name_en,
        unit_zh="元",
        unit_en="CNY",
        definition_zh=f"项目{programme}自身口径、跨项目抵销前：期内开始的各损失事件之最大评估金额合计，A档与B档按面值，"
        "不含C档与测试数据；损失事件归属其首条记录所在期间，该记录不论为评估、实际损失或追回、不论档次，为本项目的或未注"
        "明项目的。此为拦截的风险敞口，不是已证实的挽回；"
        f"与{other}的用户群重叠，两者不得相加。",
        definition_en=f"Programme {programme}'s own view, before elimination between programmes: the largest assessed "
        "amount of each loss episode begun in the period, summed; tiers A and B at face value, without tier C and test "
        "rows; an episode belongs to the period of its first record, be it assessed, realised or recovered, of any "
        "tier, the programme's own or of no named programme. Exposure interrupted, not savings proven; its "
        f"users overlap with those of {other}: the two are never added.",
        kinds=("loss",),
        frame="losses",
        records=_episodes_of(programme),
        dedup=("episode",),
        display=display,
        tally=Tally.LARGEST,
        version=2,
        is_reported=pl.col("programme") == programme,
        beside=(Beside("损失事件", "episodes", pl.len()), *_BY_TIER),
    )


DEFINITIONS: Final = (
    _prevented("K04", "K41", ("止损（山海）", "Loss stopped (programme shanhai)"), Rule("亿", 3, "约")),
    _prevented("K41", "K04", ("避免用户损失", "User loss avoided (programme dissuasion)"), Rule("亿", 3)),
)
