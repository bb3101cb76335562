"""The report for programs: all of it as JSON, its figures as CSV."""

import csv
import json
from dataclasses import asdict
from io import StringIO
from typing import Final

from analytics.render.report import Report
from db.defang import defuse_cell

_COLUMNS: Final = (
    "id",
    "name_zh",
    "name_en",
    "unit_zh",
    "unit_en",
    "value",
    "prior",
    "display_zh",
    "display_en",
    "definition_version",
    "note_zh",
    "note_en",
)
_BOM: Final = "\ufeff"
"""Without it Excel takes UTF-8 for the machine's own encoding."""


def render_json(report: Report) -> str:
    """The whole report as one JSON object of the fields of `Report`, both languages whatever its own.

    Args:
        report: the year's figures; counts become integers, money and rates decimal strings, unknown ones null.
    """
    return json.dumps(asdict(report), ensure_ascii=False, indent=2) + "\n"


def render_csv(report: Report) -> str:
    """The figures as CSV, a KPI a row, both languages; unknown ones are empty, and no cell is a formula.

    Args:
        report: the year's figures.
    """
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("year", *_COLUMNS))
    for figure in report.figures:
        cells = (getattr(figure, name) for name in _COLUMNS)
        writer.writerow((report.year, *("" if cell is None else defuse_cell(str(cell)) for cell in cells)))
    return _BOM + text.getvalue()
