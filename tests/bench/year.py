"""A synthetic year by the real command, from files to figures, against SQLite alone taking the same final rows."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from analytics.kpi.figures import plain_value
from db.keys import make_key_file
from db.period import Period
from db.store import open_store
from flows.rollup import computed_figures
from flows.simulate.plan import LEAST_SCALE, Plan
from flows.simulate.year import simulate
from tests.bench.dayafter import measure_day_after
from tests.bench.frame import Measured
from tests.bench.ingesting import write_rows
from tests.bench.recomputing import measure_recomputation
from tests.bench.workload import YEAR, Workload
from tests.running import children_of

FLOOR: Final = "sqlite3 executemany of all its final rows into the same schema, from ready tuples"
SMALLER: Final = "a tenth of its rows"
_TIMES: Final = 5
"""Of the bench's scale: at 0.02 a tenth of a year, big enough that indexes matter; at 1 the year."""
_SEED: Final = 1
_PAUSE: Final = 0.25
"""Seconds between two looks at the memory."""
_DERIVED: Final = frozenset({"match", "app_match", "match_state", "attack", "kpi_run", "kpi_check"})
"""Tables that matching and roll-up write, not the ingest."""
_INSTANTS: Final = """
SELECT min(started_at), max(finished_at), (SELECT max(computed_at) FROM kpi_run) FROM fetch"""
_PROGRAM: Final = str(Path(sys.executable).with_name("fanzha"))


@dataclass(frozen=True, slots=True)
class Taken:
    """A year that went through.

    Attributes:
        rows: in all tables.
        ingest: seconds from the first source to the last one's commit.
        whole: seconds from the first source to the last figure.
        command: seconds of `fanzha run`, start and end of Prefect's server included.
        peak: GiB of all its processes together, what they share counted once.
        ingest_floor: seconds that bare SQLite took for the rows of the ingest.
        whole_floor: likewise, with the derived rows.
        bytes: of the database.
    """

    rows: int
    ingest: float
    whole: float
    command: float
    peak: float
    ingest_floor: float
    whole_floor: float
    bytes: int

    @property
    def told(self) -> str:
        """How much it is."""
        return f"{self.rows:,} rows"


def measure_year_ingest(workload: Workload) -> Measured:
    """All sources, from files to committed rows."""
    year = _year(workload)
    return Measured(year.ingest / year.ingest_floor, f"{year.ingest:.1f} s : {year.ingest_floor:.1f} s, {year.told}")


def measure_year(workload: Workload) -> Measured:
    """The whole year, cold: collect, match, follow up, roll up. Its figures are what they must be."""
    year = _year(workload)
    seen = f"{year.whole:.1f} s : {year.whole_floor:.1f} s, {year.told}; the command {year.command:.0f} s"
    return Measured(year.whole / year.whole_floor, seen)


def measure_year_memory(workload: Workload) -> Measured:
    """All processes at their peak."""
    year = _year(workload)
    return Measured(year.peak, f"{year.told}, {year.bytes / 2**20:,.0f} MiB of database")


def measure_growth(workload: Workload) -> Measured:
    """Ten times the rows: how many times the time."""
    many, few = _year(workload), _smaller(workload)
    return Measured(
        many.whole / few.whole, f"{many.whole:.1f} s : {few.whole:.1f} s, {many.rows:,} : {few.rows:,} rows"
    )


def measure_memory_growth(workload: Workload) -> Measured:
    """Ten times the rows: how many times the memory."""
    many, few = _year(workload), _smaller(workload)
    return Measured(many.peak / few.peak, f"{many.peak:.2f} GiB : {few.peak:.2f} GiB")


def measure_after(workload: Workload) -> Measured:
    """A day's events more."""
    folder, scale = _folder(workload)
    return measure_day_after(folder / "year.db", folder / "bench.key", YEAR, scale)


def measure_anew(workload: Workload) -> Measured:
    """The figures from the events, all anew."""
    folder, _ = _folder(workload)
    with open_store(folder / "year.db", folder / "bench.key") as store:
        return measure_recomputation(store.database, YEAR, folder / "parquet")


def _folder(workload: Workload) -> tuple[Path, Decimal]:
    """Where the year is that was taken in, and its scale."""
    _year(workload)
    scale = _scale(workload.share(1_000_000, _TIMES))
    return workload.folder / f"year-{scale}", scale


def _year(workload: Workload) -> Taken:
    return _taken(workload, _scale(workload.share(1_000_000, _TIMES)))


def _smaller(workload: Workload) -> Taken:
    return _taken(workload, _scale(workload.share(100_000, _TIMES)))


def _scale(millionths: int) -> Decimal:
    return max(Decimal(millionths) / 1_000_000, LEAST_SCALE)


@cache
def _taken(workload: Workload, scale: Decimal) -> Taken:
    """Take a year of this scale in; it is simulated first."""
    folder = workload.folder / f"year-{scale}"
    plan = Plan(Period(YEAR), scale, _SEED)
    simulate(plan, folder)
    key, path = folder / "bench.key", folder / "year.db"
    make_key_file(key)
    command, peak = _run(folder, path, key)
    with open_store(path, key) as store:
        begun, collected, counted = store.database.execute(_INSTANTS).fetchone()
        _must_be(plan.expected(), store.database)
        with workload.fresh_store() as empty:
            floor = write_rows(store.database, empty.database)
    return Taken(
        floor.rows,
        (collected - begun) / 1_000,
        (counted - begun) / 1_000,
        command,
        peak,
        floor.seconds_without(_DERIVED),
        floor.all_seconds,
        path.stat().st_size,
    )


def _run(folder: Path, path: Path, key: Path) -> tuple[float, float]:
    """The command from start to end: its seconds, and the most memory in GiB."""
    call = [_PROGRAM, "run", "--db", str(path)]
    call += ["--sources", str(folder / "sources.toml"), "--brands", str(folder / "brands.toml")]
    begin, peak = time.perf_counter(), 0
    log = folder / "run.log"
    with log.open("wb") as out:
        environ = os.environ | {"FANZHA_KEY_FILE": str(key)}
        command = subprocess.Popen(call, stdout=out, stderr=subprocess.STDOUT, env=environ)
        while command.poll() is None:
            peak = max(peak, sum(map(_shared_out, _family(command.pid))))
            time.sleep(_PAUSE)
    if command.returncode:
        raise RuntimeError(f"{' '.join(call)} ended with code {command.returncode}: {log.read_text()[-2_000:]}")
    return time.perf_counter() - begin, peak / 2**20


def _family(process: int) -> Iterator[int]:
    """A process and all that descend from it, as Linux lists them; one that is gone has none."""
    yield process
    for child in children_of(process):
        yield from _family(child)


def _shared_out(process: int) -> int:
    """KiB of memory in use; of pages that processes share, each counts its part."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def _must_be(expected: Mapping[str, int | str], database: Database) -> None:
    """The figures that the run left must be those of the plan: what is quick and wrong is not measured."""
    computed = {figure.id: plain_value(figure.definition, figure.value) for figure in computed_figures(database, YEAR)}
    wrong = {kpi: (value, computed[kpi]) for kpi, value in expected.items() if computed[kpi] != value}
    if wrong:
        raise RuntimeError(f"figures are not what they must be (planned, computed): {wrong}")
