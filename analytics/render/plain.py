"""The report as JSON, for programs."""

import json
from dataclasses import asdict

from analytics.render.report import Report


def render_json(report: Report) -> str:
    """The whole report as one JSON object of the fields of `Report`, both languages whatever its own.

    Args:
        report: the year's figures; counts become integers, money and rates decimal strings, unknown ones null.
    """
    return json.dumps(asdict(report), ensure_ascii=False, indent=2) + "\n"
