"""From a figure to its records, and from each of them to the landed file and the position in it."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import polars as pl
from sqlite_utils import Database

from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.figures import records_under
from db.archives import reading_archived
from db.connection import landing_root, snapshot
from db.errors import UsageError
from db.period import Period
from flows.rollup import read_records
from spiders.formats.registry import FORMATS

Cell = str | int | float | bool | None
_UNITS: Final = {name: form.unit for name, form in FORMATS.items()} | {"probe": "probe"}
"""Format -> what a position counts; what fanzha itself makes are events."""
_FIRST: Final = ("source", "document", "file", "position")


def trace_records(
    database: Database, path: Path, kpi: str, year: int, sample: int | None, seed: int
) -> list[dict[str, Cell]]:
    """The records under a figure, in a stable order.

    Args:
        database: where they are.
        path: its file, beside which the landing folder lies.
        kpi: the KPI's id.
        year: the year.
        sample: draw so many of them; None gives all.
        seed: of the draw.

    Raises:
        UsageError: no KPI has that id.
    """
    definition = DEFINITIONS.get(kpi.upper())
    if definition is None:
        raise UsageError(f"KPI {kpi!r} is not defined; defined are {', '.join(DEFINITIONS)}")
    period = Period(year)
    with snapshot(database), reading_archived():
        records = records_under(definition, read_records(database, period), period).collect()
    ordered = records.sort("source", "document", "position", "unit")
    rows = ordered if sample is None or sample >= ordered.height else ordered[_draw(ordered, sample, seed)]
    landing = landing_root(path).name
    return [_row(row, landing) for row in rows.iter_rows(named=True)]


def _draw(records: pl.DataFrame, sample: int, seed: int) -> list[int]:
    return sorted(random.Random(seed).sample(range(records.height), sample))  # noqa: S311 - an auditor must be able to draw it again


def _row(record: Mapping[str, object], landing: str) -> dict[str, Cell]:
    own = {name: _cell(name, value) for name, value in record.items() if name not in {"landed", "format", *_FIRST}}
    file = f"{landing}/{record['landed']}" if record["landed"] else None
    unit = _UNITS.get(str(record["format"]), "event")
    position = None if record["position"] is None else f"{unit} {record['position']}"
    return {
        "source": _cell("source", record["source"]),
        "document": _cell("document", record["document"]),
        "file": file,
        "position": position,
        **own,
    }


def _cell(name: str, value: object) -> Cell:
    if isinstance(value, int) and not isinstance(value, bool) and name.endswith("_at"):
        return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return str(value)
