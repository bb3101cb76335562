"""Killed at instants by lot, called again: a year ends as if nothing had happened, down to the last row and figure.

`python -m tests.faults.kills` does the same on a larger year, as often as wanted.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from db.connection import landing_root
from tests.faults.comparing import differences
from tests.faults.kills import Kill, Measured, draw, try_kill
from tests.faults.works import DB, world

SEED = 6
TURNS = ("day", "day on an older database", "import", "day", "simulate", "day")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    with world(tmp_path_factory.mktemp("kills"), "0.001") as made:
        yield Measured(made, TURNS)


@pytest.fixture(scope="module")
def drawn(measured: Measured) -> list[Kill]:
    return list(islice(draw(measured, TURNS, Random(SEED)), len(TURNS)))  # noqa: S311 - a test's lot


@pytest.mark.parametrize("number", range(len(TURNS)))
def test_a_killed_command_called_again_ends_as_if_nothing_had_happened(
    measured: Measured, drawn: list[Kill], number: int
) -> None:
    outcome = try_kill(drawn[number], measured, Random(SEED + number))  # noqa: S311 - likewise
    assert outcome.faults == [], f"{outcome.phase}, {outcome.how}"


def _run(statement: str) -> Callable[[Path], None]:
    def harm(path: Path) -> None:
        with closing(sqlite3.connect(path)) as database:
            database.execute(statement)
            database.commit()

    return harm


def _lose_landed(path: Path) -> None:
    next(file for file in landing_root(path).rglob("*.z")).unlink()


HARMS: dict[str, tuple[Callable[[Path], None], str]] = {
    "a lost row": (_run("DELETE FROM loss WHERE event_id = (SELECT min(event_id) FROM loss)"), "loss: "),
    "a changed figure": (_run("UPDATE kpi_run SET value = '1' WHERE kpi = 'K03' AND year = 2024"), "kpi_run: "),
    "another source's row": (
        _run("UPDATE warning SET source_id = 1 WHERE event_id = (SELECT min(event_id) FROM warning)"),
        "warning: ",
    ),
    "a lost landing file": (_lose_landed, "landing: "),
}


@pytest.mark.parametrize("harm", HARMS)
def test_what_differs_is_told(measured: Measured, tmp_path: Path, harm: str) -> None:
    whole, (change, told) = measured.folder(measured.works["day"]), HARMS[harm]
    shutil.copytree(whole, tmp_path / "changed")
    assert differences(tmp_path / "changed" / DB, whole / DB) == []
    change(tmp_path / "changed" / DB)
    found = differences(tmp_path / "changed" / DB, whole / DB)
    assert found
    assert all(line.startswith(told) for line in found)
