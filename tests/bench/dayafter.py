"""A day's events on top of a year: how soon its figures are right, and what taking them in costs more."""

import json
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Final

from analytics.kpi.figures import Figure, figure_json
from db.period import Period
from db.store import Store, now_ms, open_store
from flows.collect import take_files
from flows.rollup import computed_figures, refresh
from flows.simulate.plan import LEAST_SCALE, Plan
from flows.simulate.year import simulate
from spiders.catalogue import load_catalogue
from tests.bench.frame import Measured, timed

_SEED: Final = 2
_DAYS: Final = 366
_PROGRAM: Final = str(Path(sys.executable).with_name("fanzha"))


def measure_day_after(path: Path, key: Path, year: int, scale: Decimal) -> Measured:
    """Seconds of `fanzha kpi` once a day's events of every kind are in; what it shows is what the records give.

    Args:
        path: a database with a year, rolled up; the day stays in it.
        key: its key file.
        year: which.
        scale: of the year.
    """
    day = path.with_name("day")
    simulate(Plan(Period(year), max(LEAST_SCALE, (scale / _DAYS).quantize(LEAST_SCALE)), _SEED), day)
    catalogue = day / "sources.toml"
    catalogue.write_text(catalogue.read_text("utf-8").replace('name = "sim-', 'name = "day-'), "utf-8")
    with open_store(path, key) as store:
        rows, taking = _take(store, day)
        rolling = timed(lambda: refresh(store))
        shown, seconds = _shown(path, year)
        computed = computed_figures(store.database, year)
    _must_be(computed, shown)
    seen = f"{rows:,} rows in {taking:.1f} s, {rolling:.1f} s of that command's end to roll up"
    return Measured(seconds, seen)


def _take(store: Store, day: Path) -> tuple[int, float]:
    begin, rows = time.perf_counter(), 0
    for source in load_catalogue(day / "sources.toml"):
        rows += take_files(store, source, day, now_ms()).counts.stored
    return rows, time.perf_counter() - begin


def _shown(path: Path, year: int) -> tuple[list[dict[str, object]], float]:
    begin = time.perf_counter()
    command = [_PROGRAM, "kpi", str(year), "--json", "--db", str(path)]
    done = subprocess.run(command, capture_output=True, check=True)
    return json.loads(done.stdout), time.perf_counter() - begin


def _must_be(computed: list[Figure], shown: list[dict[str, object]]) -> None:
    wrong = [(one["id"], one["value"]) for one, right in zip(shown, computed, strict=True) if one != figure_json(right)]
    if wrong:
        raise RuntimeError(f"figures are not what the records give after the day (shown): {wrong}")
