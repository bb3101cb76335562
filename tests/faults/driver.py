"""A command in a process that can be killed: says on stdout what it is at, a line a moment.

`python -m tests.faults.driver day DB CATALOGUE BRANDS` is the daily flow's steps as Prefect's tasks take them, without
Prefect, with sources over loopback; anything else is a command line of fanzha's own.
"""

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Final

from db.brands import load_brands
from db.errors import Busy, FanzhaError
from db.figures import years_with_records
from db.store import Store, hold, now_ms, open_store
from db.vocabulary import Outcome
from flows import collect, matching, rollup
from flows.ahead import Ahead, taking_ahead
from spiders.catalogue import Source, load_catalogue
from tests.running import children_of

MOMENTS: Final = {
    "migrate": ("db.connection", "_migrate"),
    "crawl": ("flows.collect", "crawl"),
    "land": ("db.landing", "writing"),
    "read": ("flows.taking", "prepare"),
    "store": ("flows.ingest", "_save_rows"),
    "log": ("flows.ingest", "log_attempt"),
    "match": ("flows.matching", "_begin"),
    "store matches": ("flows.matching", "save_matches"),
    "follow up": ("flows.rollup", "derive_attacks"),
    "roll up": ("flows.rollup", "computed_figures"),
    "store figures": ("flows.rollup", "save_figures"),
    "simulate": ("flows.simulate.year", "simulate"),
}
"""What a process is at -> the function whose call begins it."""
PATIENCE_SECONDS: Final = 120


def main(arguments: list[str]) -> int:
    """Run a command; stdout is for the moments alone."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    for name, (module, function) in MOMENTS.items():
        _announce(out, name, module, function)
    if arguments[0] == "day":
        return _told(day, *map(Path, arguments[1:]))
    from flows.cli.main import run  # noqa: PLC0415 - imports the commands, after the moments are in place

    return run(arguments)


def day(db: Path, catalogue: Path, brands: Path) -> int:
    """Collect, match, follow up, roll up; 1 where a source failed."""
    failed = [result for result in _collect(db, catalogue) if result.outcome is Outcome.FAILED]
    for result in failed:
        say(f"source {result.source} failed: {result.reason}")
    listed = load_brands(brands)
    _held(db, "match", lambda store: matching.match_new(store, listed))
    _held(db, "follow-up", rollup.follow_up)
    with open_store(db, _key()) as store:
        years = years_with_records(store.database)
    for year in years:
        _held(db, "roll-up", partial(_roll_up, year))
    return 1 if failed else 0


def _roll_up(year: int, store: Store) -> None:
    rollup.roll_up(store, year)


def _collect(db: Path, catalogue: Path) -> list[collect.SourceResult]:
    results, started_at, base = [], now_ms(), catalogue.parent
    listed = load_catalogue(catalogue)
    filed = [source for source in listed if source.path]
    with (
        open_store(db, _key()) as store,
        collect.spool(db) as folder,
        taking_ahead(store, filed, base, folder) as ahead,
    ):
        for source in filed:
            take = partial(_take_files, source, base, started_at, ahead)
            results.append(_held(db, f"source-{source.name}", take))
    remote = [source for source in listed if source.url]
    with open_store(db, _key()) as store, collect.spool(db) as folder:
        for source, outcome in collect.fetch(store, remote, folder, os.environ, loopback=True):
            with hold(db, f"source-{source.name}"):
                results.append(collect.take_outcome(store, source, outcome, folder, started_at))
    return results


def _take_files(source: Source, base: Path, started_at: int, ahead: Ahead, store: Store) -> collect.SourceResult:
    return collect.take_files(store, source, base, started_at, ahead)


def _held(db: Path, name: str, step: Callable[[Store], Any]) -> Any:  # noqa: ANN401 - what the step gives
    """Take a step, as Prefect's tasks do: again where another process is in its way."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with open_store(db, _key()) as store, hold(db, name):
                return step(store)
        except Busy:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _key() -> Path:
    return Path(os.environ["FANZHA_KEY_FILE"])


def _told(command: Callable[..., int], *arguments: Path) -> int:
    try:
        return command(*arguments)
    except FanzhaError as error:
        say(str(error))
        return error.exit_code


def say(line: str) -> None:
    sys.stderr.write(f"fanzha: {line}\n")


def _announce(out: BinaryIO, name: str, module: str, function: str) -> None:
    """Have each call of a function say that it begins."""
    place = import_module(module)
    real = getattr(place, function)

    def announced(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the function takes
        out.write(f"{name}\t{len(children_of(os.getpid()))}\n".encode())
        out.flush()
        return real(*arguments, **named)

    setattr(place, function, announced)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
