"""The parts of a report as plain rows, from the records of a year: series, breakdowns, measures, sample, comparison."""

from collections.abc import Iterable, Mapping, Sequence
from math import isnan
from typing import Any, Final

import numpy as np
import polars as pl
from sqlite_utils import Database

from analytics.kpi.breakdowns import PROGRAMMES, likeness, shared, tiers
from analytics.kpi.cards import card
from analytics.kpi.definition import Definition
from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.figures import Figure, plain_value
from analytics.kpi.frames import Frames
from analytics.kpi.losses import PROGRAMME_OF
from analytics.kpi.profiles import PROFILES
from analytics.kpi.reported import published_value
from analytics.kpi.series import series
from analytics.match.explain import TECHNIQUES
from analytics.measures.declared import REASONS
from analytics.measures.lives import Span, availability
from analytics.measures.measured import Measured, measure
from analytics.render.remarks import REMARKS, Remark
from analytics.render.report import (
    NO_BRAND,
    OTHER_BRANDS,
    CardField,
    CountRow,
    CurvePoint,
    EliminationRow,
    EvidenceRow,
    MeasureRow,
    Plain,
    Point,
    PublishedRow,
    Sample,
    SeriesRow,
    SignOff,
    TierRow,
)
from analytics.survival import Curve
from db.ledger import read_entries
from db.matches import brand_names, read_likest
from db.measures import read_attacks
from db.period import Period
from flows.tracing import Trace, drawn

_SAMPLED: Final = "K10"
_SAMPLE: Final = 25
"""Records that an auditor re-performs by hand; of a smaller population all."""
_SEED: Final = 7
_BRANDS: Final = 20
"""Brands that are named; the rest stand together."""
_POINTS: Final = 300
"""Points of a curve: more than a printed line shows."""
_NO_REMARK: Final = Remark("", "", "", "")


def series_rows(frames: Frames, period: Period, figures: Iterable[Figure]) -> tuple[SeriesRow, ...]:
    """The figures that were counted, by month and week; what stands at the year's end has neither."""
    flows = (one.definition for one in figures if one.records is not None and not PROFILES[one.id].is_stock)
    found = ((definition, series(definition, frames, period)) for definition in flows)
    return tuple(
        SeriesRow(one.kpi, _points(definition, one.monthly), _points(definition, one.weekly))
        for definition, one in found
        if one
    )


def _points(definition: Definition, parts: Iterable[tuple[str, int]]) -> tuple[Point, ...]:
    return tuple(Point(label, plain_value(definition, part)) for label, part in parts)


def likeness_rows(
    database: Database, frames: Frames, period: Period
) -> tuple[tuple[CountRow, ...], tuple[CountRow, ...]]:
    """The addresses of K01 by brand and by technique, most first, what is like no brand last."""
    found = likeness(frames, period, read_likest(database))
    names = brand_names(database)
    brands = _counted(
        found, "brand_id", {brand: names.get(brand, NO_BRAND) for brand in found["brand_id"].drop_nulls()}
    )
    return _shortened(brands), _counted(found, "technique", TECHNIQUES)


def _counted(found: pl.DataFrame, key: str, labels: Mapping[Any, tuple[str, str]]) -> tuple[CountRow, ...]:
    parts = (
        found.group_by(key)
        .agg(pl.col("count").sum())
        .sort([pl.col(key).is_null(), "count", key], descending=[False, True, False])
    )
    return tuple(
        CountRow(*(NO_BRAND if value is None else labels.get(value, (str(value), str(value)))), count)
        for value, count in parts.iter_rows()
    )


def _shortened(rows: tuple[CountRow, ...]) -> tuple[CountRow, ...]:
    named = [row for row in rows if (row.label_zh, row.label_en) != NO_BRAND]
    rest = sum(row.count for row in named[_BRANDS:])
    others = [CountRow(*OTHER_BRANDS, rest)] if rest else []
    return (*named[:_BRANDS], *others, *(row for row in rows if (row.label_zh, row.label_en) == NO_BRAND))


def attack_rows(database: Database, period: Period, now: int) -> tuple[tuple[MeasureRow, ...], tuple[CurvePoint, ...]]:
    """How long the attacks of a year stood: measures and curve, as known now; neither of a year that has not begun."""
    if now <= period.start:
        return (), ()
    attacks, span = read_attacks(database), Span(period, now)
    return tuple(_measure_row(row) for row in measure(attacks, span)), _curve(availability(attacks, span))


def _measure_row(row: Measured) -> MeasureRow:
    declared, (reason_zh, reason_en) = row.measure, REASONS[row.reason] if row.reason else ("", "")
    value, low, high = (None if each is None else round(each, 2) for each in (row.value, row.low, row.high))
    return MeasureRow(
        id=declared.id,
        name_zh=declared.zh,
        name_en=declared.en,
        unit=declared.unit,
        value=value,
        low=low,
        high=high,
        over=row.over,
        over_zh=declared.over_zh,
        over_en=declared.over_en,
        reason_zh=reason_zh,
        reason_en=reason_en,
    )


def _curve(curve: Curve) -> tuple[CurvePoint, ...]:
    """The steps of the curve from 1 on, up to what was followed; of very many some, evenly chosen, with the last."""
    if isnan(curve.until):
        return ()
    bands = (curve.low, curve.high)
    places = np.unique(np.linspace(0, curve.times.size - 1, min(_POINTS, curve.times.size)).round().astype(int))
    steps = [
        CurvePoint(_exact(curve.times[place]), _exact(curve.survival[place]), *(_band(level[place]) for level in bands))
        for place in places
    ]
    last = steps[-1] if steps else CurvePoint(0.0, 1.0, None, None)
    end = CurvePoint(_exact(curve.until), last.share, last.low, last.high)
    return (CurvePoint(0.0, 1.0, None, None), *steps, *([end] if end.hours > last.hours else []))


def _exact(level: float) -> float:
    """Of a NumPy number, to a few seconds or a millionth."""
    return round(float(level), 6)


def _band(level: float) -> float | None:
    return None if isnan(level) else _exact(level)


def loss_rows(
    frames: Frames, period: Period, figures: Sequence[Figure]
) -> tuple[tuple[TierRow, ...], tuple[EliminationRow, ...]]:
    """Prevented losses by tier and programme, and what both have in common; nothing where either is unknown."""
    values = {figure.id: figure.value for figure in figures}
    if any(values[kpi] is None for kpi in PROGRAMMES):
        return (), ()
    money = DEFINITIONS[PROGRAMMES[0]]
    by_tier = tuple(
        TierRow(one.kpi, PROGRAMME_OF[one.kpi], one.tier, one.episodes, str(plain_value(money, one.fen)))
        for one in tiers(frames, period)
    )
    both = shared(frames, period)
    one, other = (plain_value(DEFINITIONS[kpi], values[kpi]) for kpi in PROGRAMMES)
    of_one, of_other = (plain_value(money, fen) for fen in both.fen)
    return by_tier, (
        EliminationRow("项目自身口径金额", "the programme's own view", "元", "CNY", one, other, None),
        EliminationRow("损失事件", "loss episodes", "个", "episodes", *both.episodes),
        EliminationRow("人数", "people", "人", "people", *both.people),
        EliminationRow(
            "其中涉及同时在两个项目中的人的金额", "of it, of people in both", "元", "CNY", of_one, of_other, None
        ),
    )


def published_rows(reported: pl.DataFrame, year: int, figures: Sequence[Figure]) -> tuple[PublishedRow, ...]:
    """What is published for the year beside what is computed, a row each publication."""
    known = {figure.id: figure for figure in figures}
    kpi = pl.col("kpi").str.normalize("NFKC").str.to_uppercase().alias("kpi")
    rows = reported.filter(pl.col("year") == year).select(kpi, "value", "document_title", "page").unique()
    return tuple(
        _published_row(known.get(row["kpi"]), row)
        for row in rows.sort("kpi", "document_title", "value", "page").to_dicts()
    )


def _counted_value(figure: Figure | None) -> Plain:
    """What was counted; None of what stands as published."""
    return None if figure is None or figure.records is None else plain_value(figure.definition, figure.value)


def _published_row(figure: Figure | None, row: Mapping[str, str | None]) -> PublishedRow:
    kpi, text = str(row["kpi"]), str(row["value"])
    remark = REMARKS.get(kpi, _NO_REMARK)
    definition = figure.definition if figure else None
    value: Plain = None
    if definition:
        value = plain_value(definition, published_value(text, definition.measure))
    elif remark is not _NO_REMARK:
        count = published_value(text, "count")
        value = None if count is None else int(count)
    return PublishedRow(
        kpi=kpi,
        name_zh=definition.name_zh if definition else remark.name_zh,
        name_en=definition.name_en if definition else remark.name_en,
        measure=definition.measure if definition else "count",
        published=value,
        published_text=text,
        document=row["document_title"] or "",
        page=row["page"] or "",
        computed=_counted_value(figure),
        remark_zh=remark.zh,
        remark_en=remark.en,
    )


def sample_rows(trace: Trace, frames: Frames, period: Period, figures: Sequence[Figure]) -> Sample | None:
    """The auditor's sample: what `fanzha trace` draws with the same seed; None where its KPI is unknown."""
    if next(figure.value for figure in figures if figure.id == _SAMPLED) is None:
        return None
    records = DEFINITIONS[_SAMPLED].records(frames, period).collect()
    rows = drawn(trace, records, _SAMPLE, _SEED)
    return Sample(_SAMPLED, _SEED, _SAMPLE, tuple(_evidence(row) for row in rows))


def card_fields(definition: Definition) -> tuple[CardField, ...]:
    """The card of a KPI, its 18 fields."""
    return tuple(CardField(one.label_zh, one.label_en, one.text_zh, one.text_en) for one in card(definition))


def months_of(series: Iterable[SeriesRow]) -> dict[str, list[int]]:
    """KPI -> its count by month, of those that are counts."""
    counted = (row for row in series if DEFINITIONS[row.kpi].measure == "count")
    return {row.kpi: [int(point.value or 0) for point in row.monthly] for row in counted}


def signoff_rows(database: Database, year: int) -> tuple[SignOff, ...]:
    """Who signed the year's figures off or restated them, and why."""
    entries = read_entries(database, year)
    return tuple(SignOff(one.action, one.by, one.why, one.at, one.code_version) for one in entries)


def _evidence(row: Mapping[str, object]) -> EvidenceRow:
    names = ("unit", "source", "document", "file", "position", "occurred_at", "event_key")
    return EvidenceRow(*("" if row[name] is None else str(row[name]) for name in names))
