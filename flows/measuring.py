"""Measures of a year's attacks, as a person or a program reads them."""

from sqlite_utils import Database

from analytics.measures.declared import BESIDE, REASONS, Grouping
from analytics.measures.lives import Span
from analytics.measures.measured import Measured, measure
from db.errors import UsageError
from db.measures import read_attacks
from db.period import Period
from flows.show import Cell


def measures(database: Database, year: int, by: Grouping | None, now: int) -> list[Measured]:
    """The measures of the attacks confirmed in a year, as known now (Unix ms).

    Raises:
        UsageError: the year has not begun.
    """
    period = Period(year)
    if now <= period.start:
        raise UsageError(f"{year} has not begun: no attack of it can be measured; name an earlier year")
    return measure(read_attacks(database), Span(period, now), by)


def measured_json(row: Measured) -> dict[str, object]:
    """A measure as one JSON object; times in hours, shares in percent, to two places."""
    zh, en = REASONS[row.reason] if row.reason else ("", "")
    return {
        "measure": row.measure.id,
        "name_zh": row.measure.zh,
        "name_en": row.measure.en,
        "group": row.group,
        "value": _rounded(row.value),
        "low": _rounded(row.low),
        "high": _rounded(row.high),
        "unit": row.measure.unit,
        "over": row.over,
        "over_zh": row.measure.over_zh,
        "over_en": row.measure.over_en,
        "beside": dict(row.beside),
        "reason_zh": zh,
        "reason_en": en,
    }


def measured_cells(row: Measured) -> dict[str, Cell]:
    """A measure as a line of a table."""
    reason = REASONS[row.reason] if row.reason else ()
    # what is not there needs no word, but what is said with yes or no does
    told = [(key, value) for key, value in row.beside.items() if isinstance(value, bool) or value]
    beside = [f"{' '.join(BESIDE[key])}: {_told(value)}" for key, value in told]
    return {
        "group": row.group,
        "measure": f"{row.measure.zh} · {row.measure.en}",
        "value": _with_unit(row.value, row.measure.unit),
        "interval_95": None if row.low is None and row.high is None else f"{_end(row.low)} - {_end(row.high)}",
        "over": f"{row.over:,}",
        "over_what": f"{row.measure.over_zh} · {row.measure.over_en}",
        "note": "; ".join(filter(None, (" · ".join(reason), *beside))),
    }


def _rounded(value: float | None) -> float | int | None:
    if value is None or value == int(value):
        return None if value is None else int(value)
    return round(value, 2)


def _with_unit(value: float | None, unit: str) -> str | None:
    if value is None:
        return None
    shown = {"%": f"{value:.1f} %", "hours": f"{value:,.1f} h"}
    return shown.get(unit, f"{_rounded(value):,}")


def _end(value: float | None) -> str:
    return "?" if value is None else f"{value:,.1f}"


def _told(value: Cell) -> str:
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    return f"{value:,}" if isinstance(value, int | float) else str(value)
