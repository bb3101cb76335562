"""`fanzha match`, the whole command from file to file, against bare passes, against itself, against openSquat."""

import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from db.brands import Brand
from flows.simulate.names import latin_name
from tests.bench import synthetic
from tests.bench.frame import Measured, compare, timed
from tests.bench.thinking import domain_labels, extractor
from tests.bench.workload import MATCHED, Workload

FLOOR: Final = "one tldextract pass plus one cdist pass over the hosts, one process, files and start-up not counted"
OPENSQUAT: Final = f"openSquat {version('opensquat')}, on a part of the keywords; its time grows with them"
_BRANDS: Final = 100
_MANY_BRANDS: Final = 1_000
_KEYWORDS: Final = 480
_NAMES: Final = 40_000
_OPENSQUAT: Final = """
import sys
from opensquat.app import Domain
if __name__ == "__main__":
    Domain().main(sys.argv[1], 1, sys.argv[2], dns=False)
"""
"""Its own way through files, keywords and processes, without the start that asks for updates."""
_LARGEST: Final = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def measure_ranked(workload: Workload) -> Measured:
    """Names that people visit."""
    return _against_floor(workload, "ranked", workload.ranked)


def measure_suspected(workload: Workload) -> Measured:
    """Names of which one in six is an imitation and gives a row."""
    return _against_floor(workload, "suspected", workload.suspected)


def _against_floor(workload: Workload, name: str, hosts: list[str]) -> Measured:
    brands = workload.brands[:_BRANDS]
    names, extract = [latin_name(brand) for brand in brands], extractor()
    command = _Command(workload, f"{name}.txt", hosts, brands)

    def floor() -> None:
        labels = domain_labels(extract, hosts)
        cdist(labels, names, scorer=OSA.distance, score_cutoff=2, dtype=np.uint8, workers=1)

    measured = compare(command.seconds, lambda: timed(floor), workload.rounds)
    return Measured(measured.value, f"{measured.seen}, {len(hosts):,} hosts x {len(brands)} brands, {command.rows()}")


def measure_brands(workload: Workload) -> Measured:
    """Ten times as many brands."""
    hosts = workload.ranked[: workload.share(MATCHED, 12)]
    many = _Command(workload, "ranked-part.txt", hosts, synthetic.make_brands(_MANY_BRANDS, workload.brands))
    few = _Command(workload, "ranked-part.txt", hosts, workload.brands[:_BRANDS])
    measured = compare(many.seconds, few.seconds, workload.rounds)
    return Measured(measured.value, f"{measured.seen}, {len(hosts):,} hosts")


def measure_memory(workload: Workload) -> Measured:
    """The largest process's memory with ten times the lines."""
    hosts = workload.ranked[: workload.share(MATCHED, 5)]
    few = _Command(workload, "few.txt", hosts, workload.brands[:_BRANDS])
    many = _Command(workload, "many.txt", (host for _ in range(10) for host in hosts), workload.brands[:_BRANDS])
    ours, base = many.megabytes(), few.megabytes()
    return Measured(ours / base, f"{ours:,.0f} MB : {base:,.0f} MB, {10 * len(hosts):,} lines")


def measure_opensquat(workload: Workload) -> Measured:
    """Our seconds for each of theirs: all keywords here, a part of them there, so many times its seconds."""
    brands = synthetic.make_keywords(_KEYWORDS, workload.brands)
    part = brands[: workload.share(_KEYWORDS, 2.5)]
    hosts = workload.ranked[: workload.share(_NAMES, 50)]
    ours = _Command(workload, "names.txt", hosts, brands)
    names, keywords = ours.hosts, workload.file("keywords.txt", (brand.names[0] for brand in part))
    theirs = [sys.executable, str(workload.file("peer.py", [_OPENSQUAT])), str(keywords), str(names)]
    times = len(brands) / len(part)
    measured = compare(
        ours.seconds,
        lambda: times * timed(lambda: subprocess.run(theirs, check=True, capture_output=True, cwd=workload.folder)),
        1,
    )
    return Measured(measured.value, f"{measured.seen}, {len(brands)} keywords x {len(hosts):,} names")


class _Command:
    """One call of the command, result into a file."""

    def __init__(self, workload: Workload, name: str, hosts: Iterable[str], brands: Sequence[Brand]) -> None:
        self.hosts = workload.file(name, hosts)
        listed = workload.file(f"{name}-{len(brands)}.toml", map(synthetic.brand_toml, brands))
        self._out = workload.folder / "matches.csv"
        self._call = [str(Path(sys.executable).with_name("fanzha")), "match", "--brands", str(listed), str(self.hosts)]

    def seconds(self) -> float:
        return timed(self._run)

    def megabytes(self) -> float:
        """The largest memory that one of its processes had. A small process asks: a child of ours begins with ours."""
        asked = [sys.executable, "-c", _LARGEST, *self._call]
        return int(subprocess.run(asked, check=True, capture_output=True).stdout) / 1024

    def rows(self) -> str:
        return f"{self._out.read_bytes().count(10) - 1:,} rows"

    def _run(self) -> None:
        with self._out.open("wb") as out:
            code = subprocess.run(self._call, stdout=out, stderr=subprocess.DEVNULL, check=False).returncode
        if code > 1:  # 1: some of the names are none
            raise RuntimeError(f"{' '.join(self._call)} ended with code {code}")
