"""What a computed figure is compared with: the year before as it was signed off, else as it was published."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

import polars as pl

from analytics.kpi.definition import Definition, Measure


@dataclass(frozen=True, slots=True)
class Levels:
    """Figures of other years: the frames `signed_figures` and `reported_figures`."""

    signed: pl.DataFrame
    reported: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Reported:
    """What is signed off or published of one KPI for one year."""

    value: int | Decimal | None = None
    """As `Figure.value`; None where nothing usable is published."""
    document: str = ""
    page: str = ""
    is_synthetic: bool = False
    is_signed: bool = False
    """Whether it was signed off here; else it is as published."""
    remarks: tuple[tuple[str, str], ...] = ()
    """Why there is no value although something is published, or what to know of it; zh and en."""


def is_of(definition: Definition, year: int) -> pl.Expr:
    """Which rows of the frame `reported_figures` are of a KPI and year."""
    return (pl.col("kpi").str.normalize("NFKC").str.to_uppercase() == definition.id) & (pl.col("year") == year)


def level_of(levels: Levels, definition: Definition, year: int) -> Reported:
    """The figure of a KPI for another year: as signed off by the same definition, else as published.

    What was signed off by another version of the definition is not comparable, and nothing takes its place.

    Args:
        levels: of other years.
        definition: the KPI.
        year: the year it is asked for.
    """
    rows = levels.signed.filter(pl.col("kpi") == definition.id, pl.col("year") == year).to_dicts()
    if not rows:
        return reported_of(levels.reported, definition, year)
    signed = rows[0]
    if signed["definition_version"] != str(definition.version):
        versions = f"v{signed['definition_version']}", f"v{definition.version}"
        zh = f"与{year}年不可比：{definition.id}当年按{versions[0]}口径签认，现为{versions[1]}"
        en = "not comparable with {}: {} was signed off by {} of its definition, now {}"
        return Reported(remarks=((zh, en.format(year, definition.id, *versions)),))
    if signed["value"] is None:
        en = f"{definition.id} was signed off as unknown for {year}"
        return Reported(remarks=((f"{definition.id}的{year}年数签认为未知", en),))
    value = _parsed_exact(signed["value"], definition.measure)
    entry = signed["entry"]
    remark = f"{year}年数据见台账第{entry}条", f"{year} as signed off in ledger entry {entry}"
    return Reported(value, "", signed["is_synthetic"], is_signed=True, remarks=(remark,))


def _parsed_exact(text: str, measure: Measure) -> int | Decimal:
    """A value as the ledger keeps it: a count, fen, or a rate."""
    return Decimal(text) if measure in {"percent", "points"} else int(text)


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
    values = {text: published_value(text, definition.measure) for text in found["value"]}
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
    return Reported(value, document, page, is_synthetic, remarks=made_up if is_synthetic else ())


def published_value(text: str, measure: Measure) -> int | Decimal | None:
    """A published number in the unit in which figures are kept, None where it is not one.

    Args:
        text: as it was imported: a count, yuan or percent.
        measure: of the KPI.
    """
    try:
        value = Decimal(text)
        if measure in {"percent", "points"}:
            return value.quantize(Decimal("0.01"), ROUND_HALF_EVEN)
        counted = value.scaleb(2) if measure == "money" else value
        return int(counted) if counted >= 0 and counted == int(counted) else None
    except (InvalidOperation, ValueError, OverflowError):
        return None
