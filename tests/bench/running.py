"""What is measured in seconds: the figures of a year, and how soon the program answers."""

import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Final

from flows.rollup import computed_figures
from tests.bench.frame import Measured, timed
from tests.bench.ingesting import PHISHTANK, WARNINGS, take
from tests.bench.workload import YEAR, Workload

_HOST: Final = b"360jietia0-login.example\n"


def measure_figures(workload: Workload) -> Measured:
    """All KPIs of a store with a year's URLs and warnings."""
    with workload.fresh_store() as store:
        stored = sum(take(store, feed, workload).stored for feed in (PHISHTANK, WARNINGS))
        seconds = [timed(lambda: computed_figures(store.database, YEAR)) for _ in range(workload.rounds)]
    return Measured(median(seconds), f"{stored:,} records")


def measure_start(workload: Workload) -> Measured:
    """`fanzha match` with one host, from start to end; beside it, Python that does nothing."""
    program = Path(sys.executable).with_name("fanzha")
    pairs = [(_run([str(program), "match"]), _run([sys.executable, "-c", ""])) for _ in range(workload.rounds)]
    ours, bare = (median(side) for side in zip(*pairs, strict=True))
    return Measured(ours, f"bare Python {bare:.2f} s")


def _run(command: list[str]) -> float:
    return timed(lambda: subprocess.run(command, input=_HOST, check=True, capture_output=True))
