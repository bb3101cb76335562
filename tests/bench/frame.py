"""What a benchmark is: a declaration and a function; how pairs are measured, and how results are shown."""

import gc
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from flows.show import Cell, say, show_rows
from tests.bench.workload import Workload

Timer = Callable[[], float]
"""Does something once and returns the seconds that count; what it prepares and clears away does not."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A benchmark's answer.

    Attributes:
        value: in the benchmark's unit; less is better.
        seen: the times behind it, for people.
    """

    value: float
    seen: str


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One line of the table.

    Attributes:
        name: what is measured.
        against: the floor it is compared with, measured in the same run.
        unit: of value and target: `x`, a ratio, `s` or `GiB`.
        measure: does it.
        target: the greatest value that is good enough; None where the value only informs.
    """

    name: str
    against: str
    unit: str
    measure: Callable[[Workload], Measured]
    target: float | None = None

    def entry(self, measured: Measured) -> dict[str, Cell]:
        """The object of `bench.json`; `holds` is null where there is no target."""
        value = round(measured.value, 3)
        return {
            "name": self.name,
            "value": value,
            "unit": self.unit,
            "target": self.target,
            "holds": None if self.target is None else value <= self.target,
            "against": self.against,
        }


def timed(work: Callable[[], object]) -> float:
    """Seconds that work takes, without the garbage of what ran before."""
    gc.collect()
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def compare(ours: Timer, floor: Timer, rounds: int) -> Measured:
    """The ratio of ours to the floor: both by turns, so that a busy machine slows both; the median of the pairs."""
    pairs = [(ours(), floor()) for _ in range(rounds)]
    seconds = [median(side) for side in zip(*pairs, strict=True)]
    return Measured(median(one / other for one, other in pairs), "{:.2f} s : {:.2f} s".format(*seconds))


def measure_all(benchmarks: Sequence[Benchmark], workload: Workload) -> list[tuple[Benchmark, Measured]]:
    """Measure one after the other, saying on stderr which."""
    measured: list[tuple[Benchmark, Measured]] = []
    for benchmark in benchmarks:
        say(f"{benchmark.name} ...")
        measured.append((benchmark, benchmark.measure(workload)))
    return measured


def save(results: Sequence[tuple[Benchmark, Measured]], out: Path) -> None:
    """Write `bench.json`."""
    out.parent.mkdir(parents=True, exist_ok=True)
    entries = [benchmark.entry(measured) for benchmark, measured in results]
    out.write_text(json.dumps(entries, ensure_ascii=False, indent=2) + "\n", "utf-8")


def show(results: Sequence[tuple[Benchmark, Measured]], title: str) -> None:
    """Print the entries as a table, the times behind each value beside it."""
    rows = [_shown(benchmark.entry(measured), measured) for benchmark, measured in results]
    show_rows(title, rows, ("name", "value", "unit", "target", "holds", "seen", "against"))


def _shown(entry: Mapping[str, Cell], measured: Measured) -> dict[str, Cell]:
    return {**entry, "value": f"{measured.value:.2f}", "seen": measured.seen}
