"""`python -m tests.faults.fuzz --seconds 600 --seed 1`: good files made bad, of every layout, taken in as a run does.

Prints a line a layout; a file that breaks a promise is kept in build/fuzz, and the exit code is 1.
"""

import argparse
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from db.keys import make_key_file
from db.store import Store, open_store
from tests.faults.hostile import cases_of
from tests.faults.judging import Judge, judging
from tests.faults.mutating import mutated, steps
from tests.faults.samples import TARGETS, Target

KEPT: Final = Path("build/fuzz")
_AT_ONCE: Final = 30
"""Files of a layout before it is another's turn; when all have had theirs, a new store is begun."""
_HEAVY: Final = ("bomb", "many cells", "million", "zip in zip", "10 MB", "100,000")


def fuzz(seconds: float, seed: int, tell: Callable[[str], None] = print) -> int:
    """Take mutated files in until the time is over; returns how many broke a promise."""
    source, ends = random.Random(seed), time.monotonic() + seconds  # noqa: S311 - to be repeated, not to be secret
    counts = {name: Counter[str]() for name in TARGETS}
    while time.monotonic() < ends:
        with tempfile.TemporaryDirectory() as folder, _opened(Path(folder)) as store:
            _fuzz_some(store, source, counts, ends)
    for name, count in counts.items():
        tell(_line(name, count))
    total = sum(counts.values(), Counter[str]())
    tell(_line("all", total))
    return total["failures"]


def _fuzz_some(store: Store, source: random.Random, counts: Mapping[str, Counter[str]], ends: float) -> None:
    for name in source.sample(list(TARGETS), len(TARGETS)):
        with judging(store, TARGETS[name]) as judge:
            for _ in range(_AT_ONCE):
                if time.monotonic() >= ends:
                    return
                _try(judge, _drawn(judge.target, source), counts[name])


def _drawn(target: Target, source: random.Random) -> bytes:
    """Mostly a good file made bad; now and then one of the corpus, made worse or not."""
    chosen = steps(source)
    if source.random() < 0.8:
        return mutated(target.good, chosen)
    light = [case for name, case in cases_of(target).items() if not any(word in name for word in _HEAVY)]
    return mutated(source.choice(light).make(target), chosen[: source.randrange(3)])


def _try(judge: Judge, content: bytes, count: Counter[str]) -> None:
    count["tried"] += 1
    try:
        verdict = judge.take(content)
    except Exception:  # noqa: BLE001 - whatever gets here is what is looked for
        count["failures"] += 1
        KEPT.mkdir(parents=True, exist_ok=True)
        path = KEPT / f"{judge.target.name}-{count['failures']}"
        path.write_bytes(content)
        sys.stderr.write(f"{path}:\n{traceback.format_exc(limit=-4)}\n")
        return
    count["refused" if verdict.fault else "read"] += 1
    count["rows"] += verdict.counts.rows
    count["stored"] += verdict.counts.stored
    count["quarantined"] += verdict.counts.quarantined


def _opened(folder: Path) -> AbstractContextManager[Store]:
    make_key_file(folder / "key")
    return open_store(folder / "fanzha.db", folder / "key")


def _line(name: str, count: Mapping[str, int]) -> str:
    words = ("tried", "read", "refused", "rows", "stored", "quarantined", "failures")
    return f"{name:24}" + "".join(f"{count[word]:>9,} {word}" for word in words)


def main() -> int:
    """Fuzz as the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    return 1 if fuzz(asked.seconds, asked.seed) else 0


if __name__ == "__main__":
    sys.exit(main())
