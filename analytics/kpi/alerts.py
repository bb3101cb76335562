"""Records under K19 to K21: security alerts raised, after repeats within an hour, and important ones dealt with."""

from collections.abc import Sequence
from typing import Final

import polars as pl

from analytics.kpi.definition import Apart, Beside, Definition, Records, units_where
from analytics.kpi.display import EXACT, Rule
from analytics.kpi.frames import Frames, key_of, real_in
from db.period import Period

SUPPRESSED_MS: Final = 3_600_000
"""An alert is followed by so long a time in which the same rule says nothing new of the same thing."""
IMPORTANT: Final = ("important", "critical")
_MINUTE_MS: Final = 60_000
_IS_RAISED: Final = pl.col("state") == "raised"
_IS_DONE: Final = (pl.col("state") == "closed") & pl.col("disposition").is_not_null()


def _raised(domain: str) -> Records:
    """The alerts of a domain raised in the period; unit: the alert that opened the hour they fall into.

    The year begins with no hour open, so that it can be counted from its own alerts.
    """

    def records(frames: Frames, period: Period) -> pl.LazyFrame:
        rows = real_in(frames["soc_alerts"], period, "occurred_at").filter(_IS_RAISED, pl.col("domain") == domain)
        about = pl.coalesce("entity", pl.col("subject").cast(pl.String))
        same = key_of(pl.col("rule"), pl.col("entity"), pl.col("subject"), needs=pl.col("rule") + about)
        schema = pl.Schema({**rows.collect_schema(), "unit": pl.String()})
        return rows.with_columns(unit=same).map_batches(
            _suppressed, schema=schema, predicate_pushdown=False, projection_pushdown=False, slice_pushdown=False
        )

    return records


def _suppressed(rows: pl.DataFrame) -> pl.DataFrame:
    """Alerts whose `unit` says which are alike: it becomes the key of the one that opened their hour."""
    ordered = rows.sort("unit", "occurred_at", "event_key")
    places = _openers(ordered["unit"].rle_id().to_list(), ordered["occurred_at"].to_list())
    return ordered.with_columns(unit=ordered["event_key"].cast(pl.String).gather(places))


def _openers(alike: Sequence[int], instants: Sequence[int]) -> list[int]:
    """For each alert, in order, the place of the one that opened its hour."""
    places, opened = [], 0
    for place, (group, at) in enumerate(zip(alike, instants, strict=True)):
        if group != alike[opened] or at >= instants[opened] + SUPPRESSED_MS:
            opened = place
        places.append(opened)
    return places


def _findings(domain: str, frames: Frames, period: Period) -> tuple[Apart, ...]:
    """Beside K19 and K20: what the alerts raised in the period were found to be by its end."""
    told = real_in(frames["soc_alerts"], period, "occurred_at")
    raised = told.filter(_IS_RAISED, pl.col("domain") == domain).select("alert")
    closed = told.filter(_IS_DONE).join(raised, on="alert", how="semi")
    counts = dict(closed.group_by("disposition").agg(pl.col("alert").n_unique()).collect().iter_rows())
    return (
        Apart("抑制前告警中已判为真实", "before suppression, found true", counts.get("true_positive", 0)),
        Apart("判为误报", "found false", counts.get("false_positive", 0)),
    )


def handled_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K21: closures in the period, with a finding, of important alerts; unit: the incident, else the alert."""
    return _important(frames, period).filter(_IS_DONE)


def other_important(frames: Frames, period: Period) -> tuple[Apart, ...]:
    """Beside K21: important alerts raised in the period, and those of them that were open at its end."""
    units = _important(frames, period).group_by("unit").agg(raised=_IS_RAISED.any(), done=_IS_DONE.any())
    raised = units.filter("raised").select(pl.len(), (~pl.col("done")).sum().alias("still"))
    counted, still = raised.collect().row(0)
    return (
        Apart("期内产生的重要告警", "important ones raised", counted),
        Apart("其中期末未关闭", "of these open at the end", still),
    )


def _important(frames: Frames, period: Period) -> pl.LazyFrame:
    """What happened in the period to alerts that are important by any of their rows.

    `raised_at` and `triaged_at` are the alert's, `unit` the incident that any of its rows names. Of the many alerts
    that are raised without being important, nothing is read.
    """
    is_important = pl.col("severity").is_in(IMPORTANT).fill_null(value=False)
    rows = real_in(frames["soc_alerts"], period, "occurred_at").filter(is_important | (pl.col("state") != "raised"))
    told = rows.with_columns(is_important=is_important)
    alerts = (
        told.filter(pl.col("alert").is_not_null())
        .group_by("alert")
        .agg(
            whole=pl.col("is_important").any(),
            merged=pl.col("incident").min(),
            raised_at=pl.col("occurred_at").filter(_IS_RAISED).min(),
            triaged_at=pl.col("occurred_at").filter(pl.col("state") == "triaged").min(),
        )
    )
    incident = pl.coalesce("incident", "merged")
    unit = pl.coalesce(
        pl.format("incident {}", incident), pl.format("alert {}", "alert"), pl.format("event {}", "event_key")
    )
    known = told.join(alerts, on="alert", how="left").filter(pl.col("is_important") | pl.col("whole"))
    return known.with_columns(unit=unit).drop("is_important", "whole", "merged")


def _median(zh: str, en: str, ended: str) -> Beside:
    """Minutes from an alert's beginning until something, in the middle of all units."""
    minutes = pl.struct("unit", took=(pl.col(ended) - pl.col("raised_at")) // _MINUTE_MS).unique().struct.field("took")
    return Beside(
        f"{zh}中位用时（分钟）", f"median minutes until {en}", minutes.median().floor().fill_null(0).cast(pl.Int64)
    )


_BEFORE_SUPPRESSION: Final = Beside(
    "抑制前", "before suppression", pl.col("alert").drop_nulls().n_unique() + pl.col("alert").null_count()
)


def _alerts(kpi: str, domain: str, names: tuple[str, str], in_zh: str) -> Definition:
    return Definition(
        id=kpi,
        name_zh=names[0],
        name_en=names[1],
        unit_zh="次",
        unit_en="alerts",
        definition_zh=f"期内产生的{in_zh}（{domain}）告警，抑制重复后：一次告警后1小时内同一规则对同一对象的告警不另计，每年"
        "重新起算；无规则或无对象的各计一次。抑制前数量另示。数量随规则调整而变，不是绩效。不含测试数据。",
        definition_en=f"Alerts of the domain {domain} raised in the period, repeats suppressed: within an hour of an "
        "alert the same rule on the same entity counts no more; each year begins anew; without a rule or an entity, "
        "each counts. The number before suppression stands beside it. It moves with the tuning of rules: no measure "
        "of performance. Without test rows.",
        kinds=("soc_alert",),
        frame="soc_alerts",
        records=_raised(domain),
        dedup=("rule", "entity", "subject", "hour"),
        display=Rule("万", 3),
        is_reported=_IS_RAISED & (pl.col("domain") == domain),
        may_be_reported=True,
        beside=(_BEFORE_SUPPRESSION,),
        apart=lambda frames, period: _findings(domain, frames, period),
    )


DEFINITIONS: Final = (
    _alerts("K19", "business", ("业务风险告警", "Business-risk alerts"), "业务"),
    _alerts("K20", "office", ("办公风险告警", "Office-risk alerts"), "办公"),
    Definition(
        id="K21",
        name_zh="成功跟进和处置的重要告警",
        name_en="Important alerts followed up and dealt with",
        unit_zh="次",
        unit_en="incidents",
        definition_zh="期内关闭且有处置结论的重要及以上（important、critical）告警，并入同一事件的计一次，以告警编号为准，无编"
        "号则每个事件计一次；告警期内任一记录为重要即为重要。期内产生数与期末未关闭数另列。不含测试数据。",
        definition_en="Alerts of severity important or critical closed in the period with a finding: one for each "
        "incident that alerts were merged into, else each alert, else one an event; an alert is important if any of "
        "its records of the period says so. Those raised, and open at the end, stand beside it. Without test rows.",
        kinds=("soc_alert",),
        frame="soc_alerts",
        records=handled_records,
        dedup=("incident", "alert"),
        display=EXACT,
        is_reported=pl.col("state") == "closed",
        may_be_reported=True,
        beside=(
            Beside("其中真实", "of these true", units_where(pl.col("disposition") == "true_positive")),
            _median("响应", "triage", "triaged_at"),
            _median("关闭", "closure", "occurred_at"),
        ),
        apart=other_important,
    ),
)
