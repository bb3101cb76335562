"""`make bench` at a tiny scale: what it writes, and that its floor does the same work. No time is asserted."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from analytics.normalise.address import normalise_addresses
from db.brands import load_brands
from flows.simulate.names import make_hosts
from tests.bench import synthetic
from tests.bench.frame import Benchmark, Measured, compare
from tests.bench.ingesting import LIST, PHISHTANK, WARNINGS, Feed, take, write_rows
from tests.bench.run import BENCHMARKS, main
from tests.bench.workload import Workload

TINY = 0.00002
"""277 URLs, 428 warnings."""


@pytest.fixture
def workload(tmp_path: Path) -> Workload:
    return Workload(TINY, 1, tmp_path)


def test_the_command_writes_and_prints_every_declared_benchmark(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Path(os.path.relpath(tmp_path / "build" / "bench.json"))  # relative, as `make bench` gives it
    main(["--scale", str(TINY), "--rounds", "1", "--out", str(out)])
    written: list[dict[str, Any]] = json.loads(out.read_text("utf-8"))
    assert [(entry["name"], entry["against"], entry["unit"], entry["target"]) for entry in written] == [
        (one.name, one.against, one.unit, one.target) for one in BENCHMARKS
    ]
    for entry in written:
        assert list(entry) == ["name", "value", "unit", "target", "holds", "against"]
        assert entry["value"] > 0
        assert entry["holds"] == (None if entry["target"] is None else entry["value"] <= entry["target"])
    printed = capsys.readouterr().out
    assert all(one.name in printed for one in BENCHMARKS)
    assert list(out.parent.iterdir()) == [out], "the stores are gone"


@pytest.mark.parametrize("wrong", [["--scale", "0"], ["--scale", "much"], ["--rounds", "0"]])
def test_what_cannot_be_measured_is_refused(tmp_path: Path, wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as refusal:
        main([*wrong, "--out", str(tmp_path / "bench.json")])
    assert refusal.value.code == 2


@pytest.mark.parametrize(
    ("value", "target", "holds"), [(1.5, 1.5, True), (1.501, 1.5, False), (9.0, None, None)], ids=str
)
def test_a_target_holds_up_to_its_value(value: float, target: float | None, holds: bool | None) -> None:
    declared = Benchmark("synthetic", "nothing", "x", lambda _: Measured(value, ""), target)
    assert declared.entry(Measured(value, ""))["holds"] is holds


def test_pairs_are_taken_by_turns_and_the_median_ratio_counts() -> None:
    turns: list[str] = []
    ours, floor = iter((2.0, 9.0, 30.0)), iter((1.0, 3.0, 10.0))

    def measure(name: str, seconds: float) -> float:
        turns.append(name)
        return seconds

    measured = compare(lambda: measure("ours", next(ours)), lambda: measure("floor", next(floor)), 3)
    assert turns == ["ours", "floor"] * 3
    assert (measured.value, measured.seen) == (3.0, "9.00 s : 3.00 s")


@pytest.mark.parametrize("feed", [LIST, PHISHTANK, WARNINGS], ids=lambda feed: feed.source.name)
def test_the_floor_writes_the_same_rows(workload: Workload, feed: Feed) -> None:
    with workload.fresh_store() as ours, workload.fresh_store() as floor:
        counts = take(ours, feed, workload)
        assert counts.stored > 200
        assert counts.quarantined <= 2
        write_rows(ours.database, floor.database)
        for table in ours.database.table_names():
            if "sqlite_" not in table:
                rows = f'SELECT * FROM "{table}" ORDER BY 1, 2'
                assert floor.database.execute(rows).fetchall() == ours.database.execute(rows).fetchall()
        assert floor.database.execute("SELECT count(*) FROM document").fetchone() == (1,)


def test_the_same_seed_makes_the_same_input(tmp_path: Path) -> None:
    one, other = (Workload(TINY, 1, tmp_path) for _ in range(2))
    assert (one.phishtank, one.warnings) == (other.phishtank, other.warnings)
    assert (one.suspected, one.ranked) == (other.suspected, other.ranked)


def test_synthetic_urls_are_addresses_on_many_hosts() -> None:
    rows = normalise_addresses(synthetic.make_urls(5_000, 1, load_brands()))
    assert rows["reason"].is_not_null().sum() < 5
    assert 2_800 < rows["host"].n_unique() < 3_200
    assert 4_900 < rows.n_unique(["host", "tail"]) < 5_000, "a few stand twice"
    assert make_hosts(5_000, 1, load_brands()).n_unique() == 5_000
