"""A synthetic year in native formats, with its catalogue, its brands and the figures it must come to."""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

import polars as pl

from db.brands import Brand, load_brands
from db.errors import UsageError
from db.period import Period
from db.store import now_ms
from flows.simulate.addresses import Rows, make_addresses
from flows.simulate.alerts import make_alerts
from flows.simulate.apps import make_apps
from flows.simulate.attacks import make_attacks
from flows.simulate.losses import make_losses
from flows.simulate.output import Output, Written, open_folder
from flows.simulate.people import make_blocks, make_checks, make_dissuasions
from flows.simulate.plan import Plan, read_scale
from flows.simulate.underground import make_channels, make_kits
from flows.simulate.warnings import make_reminders, make_warnings

_DOCUMENT: Final = "Synthetic figure, by fanzha simulate"


def write_year(year: int, scale: str, seed: int, folder: Path) -> Written:
    """Write what a person asks for.

    Raises:
        UsageError: the year is not over, the scale is none, or the folder holds something else.
    """
    period = Period(year)
    if period.end > now_ms():
        raise UsageError(f"{year} is not over, and what has no time would count in it; name an earlier year")
    return simulate(Plan(period, read_scale(scale), seed), folder)


def simulate(plan: Plan, folder: Path) -> Written:
    """Write a synthetic year into a folder, in place of an earlier one.

    Raises:
        UsageError: the folder holds something else.
    """
    brands = load_brands()
    open_folder(folder)
    with Output(folder, plan.period) as output:
        for source, rows, part in _year(plan, brands):
            output.take(source, rows, part)
        mark = {
            "synthetic": True,
            "year": plan.period.year,
            "scale": str(plan.scale),
            "seed": plan.seed,
            "expected": plan.expected(),
        }
        return output.finish(brands, mark)


def _year(plan: Plan, brands: Sequence[Brand]) -> Iterator[Rows]:
    return chain(
        make_addresses(plan, brands),
        make_apps(plan, brands),
        make_warnings(plan, brands),
        make_reminders(plan),
        make_checks(plan, brands),
        make_blocks(plan),
        make_dissuasions(plan),
        make_losses(plan),
        make_attacks(plan, brands),
        make_kits(plan),
        make_channels(plan),
        make_alerts(plan),
        [("sim-reported", _reported(plan), "")],
    )


def _reported(plan: Plan) -> pl.DataFrame:
    year = plan.period.year - 1
    return pl.DataFrame({"kpi": ["K10"], "year": [year], "value": [plan.prior], "document": [_DOCUMENT], "page": ["1"]})
