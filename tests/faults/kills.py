"""Kill commands at random instants, call them again, and compare with runs that nothing disturbed.

`python -m tests.faults.kills --times 50 --scale 0.01 --seed 1` tells how often each phase was hit, and how often all
came out right; exit 1 where it did not.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Final

from tests.faults.works import Work, World, works, world
from tests.running import children_of

HOWS: Final = ("all of it", "all of it", "the parent alone", "a child alone")
"""A crash takes the whole process group; the memory killer one of it."""
TURNS: Final = ("day", "day", "day on an older database", "day", "import", "day", "run", "day", "simulate", "day")
"""Most kills go to what has most phases; those of `run` cost a Prefect server each."""
PATIENCE_SECONDS: Final = 600
ORPHAN_SECONDS: Final = 15


@dataclass(frozen=True)
class Moment:
    """A stretch of a run, from one thing that it says it is at to the next."""

    number: int
    phase: str
    seconds: float
    has_child: bool


@dataclass(frozen=True)
class Kill:
    """When and what to kill."""

    work: Work
    moment: Moment
    share: float
    """Of the moment's duration."""
    how: str


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    moments: list[Moment]
    stderr: str


@dataclass(frozen=True)
class Outcome:
    """What came of a kill: the phase that it hit in the end, and what was not right; nothing: all was."""

    phase: str
    how: str
    faults: list[str]


class Measured:
    """Runs that nothing disturbed: how long each moment of each work takes, and what it leaves."""

    def __init__(self, made: World, names: Sequence[str]) -> None:
        self.world = made
        self.works = {name: work for name, work in works(made).items() if name in {*names, "day"}}
        self.moments = {name: self._measure(work) for name, work in self.works.items()}

    def folder(self, work: Work) -> Path:
        """Where the undisturbed outcome of a work is: all ways of a day end alike."""
        return self.world.folder / ("whole-day" if work.name.startswith("day") else f"whole-{work.name}")

    def _measure(self, work: Work) -> list[Moment]:
        place = self.folder(work)
        if work.prepare:  # its first run is measured aside
            place = self.world.folder / "aside"
        place.mkdir()
        if work.prepare:
            work.prepare(place, self.folder(work), Random(0))  # noqa: S311 - a test's lot
        ended = call(work, place, self.world)
        assert ended.code == 0, ended.stderr
        faults = work.compare(place, self.folder(work)) if work.prepare else []
        assert not faults, faults
        return ended.moments


def draw(measured: Measured, turns: Sequence[str], lot: Random) -> Iterator[Kill]:
    """Kills without end: the works take turns, in each its phases do, the instant is by lot."""
    phases = {name: cycle(_shuffled({one.phase for one in moments}, lot)) for name, moments in measured.moments.items()}
    hows = {name: cycle(HOWS) for name in measured.works}
    for name in cycle(turns):
        how, phase = next(hows[name]), next(phases[name])
        moments = measured.moments[name]
        fitting = [one for one in moments if one.has_child] if how == "a child alone" else []
        if not fitting:
            how = HOWS[0] if how == "a child alone" else how
            fitting = [one for one in moments if one.phase == phase]
        [moment] = lot.choices(fitting, [one.seconds + 0.001 for one in fitting])
        yield Kill(measured.works[name], moment, lot.random(), how)


def _shuffled(phases: set[str], lot: Random) -> list[str]:
    return lot.sample(sorted(phases), len(phases))


def try_kill(kill: Kill, measured: Measured, lot: Random) -> Outcome:
    """Kill a command in a folder of its own, call it again, and compare."""
    place = Path(tempfile.mkdtemp(prefix="killed-", dir=measured.world.folder))
    try:
        return _try_kill(kill, measured, place, lot)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _try_kill(kill: Kill, measured: Measured, place: Path, lot: Random) -> Outcome:
    work = kill.work
    if work.prepare:
        work.prepare(place, measured.folder(work), lot)
    killed = call(work, place, measured.world, kill)
    phase = f"{work.name}: {kill.moment.phase if kill.how == HOWS[3] else killed.moments[-1].phase}"
    if killed.code >= 0 and kill.how != HOWS[3]:
        phase = "over before"
    faults = [] if killed.code != -signal.SIGALRM else ["orphans are left"]
    if "Traceback" in killed.stderr or "unexpected" in killed.stderr:
        faults.append(f"it said {killed.stderr[-500:]}")
    again = call(work, place, measured.world)
    if again.code:
        faults.append(f"called again, it ended with {again.code}: {again.stderr[-500:]}")
    return Outcome(phase, kill.how, faults + work.compare(place, measured.folder(work)))


def call(work: Work, place: Path, made: World, kill: Kill | None = None) -> Ended:
    """Run a command in a folder, killed or to its end; SIGALRM as its code: something that it started lives on."""
    with (place / "stderr").open("w+b") as stderr:
        command = {"args": work.command, "cwd": place, "env": made.environ}
        with subprocess.Popen(**command, stdout=subprocess.PIPE, stderr=stderr, start_new_session=True) as process:  # type: ignore[call-overload]
            moments = _moments(process, kill)
            code = process.wait(PATIENCE_SECONDS)
        if not _is_over(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
            code = -signal.SIGALRM
        stderr.seek(0)
        said = stderr.read().decode("utf-8", "replace")
    (place / "stderr").unlink()
    return Ended(code, moments, said)


def _moments(process: "subprocess.Popen[bytes]", kill: Kill | None) -> list[Moment]:
    assert process.stdout is not None
    begun: list[tuple[float, str, bool]] = []
    for line in process.stdout:
        phase, children = line.decode().split("\t")
        begun.append((time.monotonic(), phase, int(children) > 0))
        if kill and len(begun) == kill.moment.number + 1:
            time.sleep(kill.moment.seconds * kill.share)
            _kill(process, kill.how)
    ends = [at for at, *_ in begun[1:]] + [time.monotonic()]
    return [
        Moment(number, phase, end - at, has_child)
        for number, ((at, phase, has_child), end) in enumerate(zip(begun, ends, strict=True))
    ]


def _kill(process: "subprocess.Popen[bytes]", how: str) -> None:
    if process.poll() is not None:
        return
    if how == "a child alone":
        for child in children_of(process.pid):
            os.kill(child, signal.SIGKILL)
    elif how == "the parent alone":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)


def _is_over(leader: int) -> bool:
    """Whether all of a session ends in time."""
    deadline = time.monotonic() + ORPHAN_SECONDS
    while _alive_in(leader):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _alive_in(leader: int) -> bool:
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = path.read_text("utf-8", "replace").rpartition(")")[2].split()[:4]
        except OSError:  # it ended meanwhile
            continue
        if int(session) == leader and state != "Z":
            return True
    return False


def main() -> int:
    """Try as many kills as asked for; print the counts."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--times", type=int, default=50)
    asked.add_argument("--scale", default="0.01")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--works", nargs="*", default=list(TURNS))
    options = asked.parse_args()
    tried: Counter[str] = Counter()
    survived: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, world(Path(folder), options.scale) as made:
        lot, measured = Random(options.seed), Measured(made, options.works)  # noqa: S311 - likewise
        kills = draw(measured, options.works, lot)
        for _ in range(options.times):
            kill = next(kills)
            outcome = try_kill(kill, measured, lot)
            tried[outcome.phase] += 1
            survived[outcome.phase] += not outcome.faults
            sys.stdout.write(f"{outcome.phase}, {outcome.how}: {outcome.faults or 'all is as it should be'}\n")
            sys.stdout.flush()
    for phase, times in sorted(tried.items()):
        sys.stdout.write(f"{phase}\t{times} tried\t{survived[phase]} survived\n")
    sys.stdout.write(f"all\t{tried.total()} tried\t{survived.total()} survived\n")
    return 0 if tried == survived else 1


if __name__ == "__main__":
    sys.exit(main())
