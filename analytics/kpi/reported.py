"""Figures as published, imported from documents: what a computed figure is compared with."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

import polars as pl

from analytics.kpi.definition import Definition, Measure


@dataclass(frozen=True, slots=True)
class Reported:
    """What is published of one KPI for one year."""

    value: int | Decimal | None = None
    """As `Figure.value`; None where nothing usable is published."""
    document: str = ""
    page: str = ""
    is_synthetic: bool = False
    remarks: tuple[tuple[str, str], ...] = ()
    """Why there is no value although something is published, or what to know of it; zh and en."""


def is_of(definition: Definition, year: int) -> pl.Expr:
    """Which rows of the frame `reported_figures` are of a KPI and year."""
    return (pl.col("kpi").str.normalize("NFKC").str.to_uppercase() == definition.id) & (pl.col("year") == year)


def reported_of(reported: pl.DataFrame, definition: Definition, year: int) -> Reported:
    """The published figure of a KPI for a year, if one is published and all publications agree.

    Args:
        reported: the frame `reported_figures`.
        definition: the KPI.
        year: the year it was published for.
    """
    found = reported.filter(is_of(definition, year)).sort("document_title", "page", "value")
    if found.is_empty():
        return Reported()
    values = {text: _parsed(text, definition.measure) for text in found["value"]}
    texts = ", ".join(values)
    if None in values.values():
        zh = f"{year}年披露数据（{texts}）不合{definition.id}的单位，未采用"
        return Reported(
            remarks=((zh, f"what is published for {year} ({texts}) does not fit the unit and is not used"),)
        )
    if len(set(values.values())) > 1:
        zh = f"{year}年披露数据互不一致（{texts}），未采用"
        return Reported(remarks=((zh, f"the figures published for {year} disagree ({texts}) and are not used"),))
    document, page = (str(found[name].drop_nulls().first() or "") for name in ("document_title", "page"))
    value, is_synthetic = values[found["value"][0]], bool(found["is_synthetic"].any())
    made_up = ((f"{year}年披露数据为合成数据", f"the figure published for {year} is synthetic"),)
    return Reported(value, document, page, is_synthetic, made_up if is_synthetic else ())


def _parsed(text: str, measure: Measure) -> int | Decimal | None:
    """A published number in the unit in which figures are kept, None where it is not one."""
    try:
        value = Decimal(text)
        if measure in {"percent", "points"}:
            return value.quantize(Decimal("0.01"), ROUND_HALF_EVEN)
        counted = value.scaleb(2) if measure == "money" else value
        return int(counted) if counted >= 0 and counted == int(counted) else None
    except (InvalidOperation, ValueError, OverflowError):
        return None
