"""Files that other processes take in while those before them are stored: the same rows, and the same faults."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from db.connection import landing_root
from db.keys import make_key_file
from db.period import Period
from db.store import Store, now_ms, open_store
from db.vocabulary import Outcome
from flows import ahead, spread
from flows.ahead import Ahead, taking_ahead
from flows.collect import SourceResult, spool, take_files
from flows.files import fresh_files
from flows.simulate.plan import LEAST_SCALE, Plan
from flows.simulate.year import simulate
from flows.taking import Taken
from spiders.catalogue import Source, load_catalogue
from tests.flows.test_ingest import WARNINGS, make_source
from tests.running import children_of

_STORED = """
SELECT source.name, document.name, document.digest, document.bytes, kept.kind, kept.rows, kept.last_position
FROM document JOIN source USING (source_id) LEFT JOIN kept USING (source_id, document_id) ORDER BY document_id"""
_TABLES = ("host", "url", "app", "subject", "warning", "loss", "warning_day")
_REJECTED = "SELECT document_id, position, reason, raw FROM quarantine"
_SIGHTINGS = "SELECT url_id, source_id, published_at, claim, is_test, document_id, position FROM sighting"


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """However little there is to read, and on however few cores."""
    monkeypatch.setattr(ahead, "_WORTH_BYTES", 1)
    monkeypatch.setattr(ahead, "cores", lambda: 2)


@contextmanager
def ahead_of(store: Store, sources: Sequence[Source], base: Path) -> Iterator[Ahead]:
    with spool(store.path) as folder, taking_ahead(store, sources, base, folder) as taken:
        yield taken


def collected(store: Store, sources: Sequence[Source], base: Path) -> dict[str, SourceResult]:
    with ahead_of(store, sources, base) as taken:
        return {source.name: take_files(store, source, base, now_ms(), taken) for source in sources}


def each_by_itself(store: Store, sources: Sequence[Source], base: Path) -> dict[str, SourceResult]:
    return {source.name: take_files(store, source, base, now_ms()) for source in sources}


Way = Callable[[Store, Sequence[Source], Path], dict[str, SourceResult]]


@contextmanager
def another(tmp_path: Path, name: str) -> Iterator[Store]:
    """A store of its own, with the key that all of a test share."""
    (tmp_path / name).mkdir()
    if not (tmp_path / "key").exists():
        make_key_file(tmp_path / "key")
    with open_store(tmp_path / name / "fanzha.db", tmp_path / "key") as store:
        yield store


def lists(folder: Path, *, sources: int = 2, files: int = 5) -> list[Source]:
    """Sources of some small files each."""
    declared = [make_source(name=f"s{number}", path=f"s{number}/*.txt") for number in range(sources)]
    for source in declared:
        (folder / source.name).mkdir(parents=True)
        for number in range(files):
            (folder / source.name / f"{number}.txt").write_text(f"{source.name}-{number}.example\n", "utf-8")
    return declared


@pytest.mark.parametrize("held", [0, 1 << 30])
def test_a_year_is_the_same_whoever_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int) -> None:
    monkeypatch.setattr("flows.ingest.HELD_BYTES", held)
    simulate(Plan(Period(2024), LEAST_SCALE, 3), tmp_path / "year")
    wanted = {"sim-phishtank", "sim-misp", "sim-apps", "sim-warnings", "sim-losses", "sim-verdicts"}
    sources = [one for one in load_catalogue(tmp_path / "year" / "sources.toml") if one.name in wanted]
    found = []
    for way in (each_by_itself, collected):
        with another(tmp_path, way.__name__) as store:
            results = way(store, sources, tmp_path / "year")
            rows = [store.database.execute(f"SELECT * FROM {table}").fetchall() for table in _TABLES]
            stored = [store.database.execute(query).fetchall() for query in (_STORED, _SIGHTINGS, _REJECTED)]
            landed = sorted(path.name for path in landing_root(store.path).rglob("*.*"))
            found.append((results, rows, stored, landed))
            again = way(store, sources, tmp_path / "year")
            assert {one.outcome for one in again.values()} == {Outcome.UNCHANGED}
    assert found[0][0].keys() == wanted
    assert all(rows for rows in found[0][1])
    assert found[0] == found[1]


def no_key(folder: Path) -> list[Source]:
    (folder / "w.csv").write_text("id,at,stage,user,sink\n1,2024-01-01 00:00:00,emitted,u,s\n", "utf-8")
    return [WARNINGS.model_copy(update={"path": "w.csv"}), *lists(folder)]


def too_large(folder: Path) -> list[Source]:
    first, second = lists(folder)
    return [first.model_copy(update={"max_bytes": 3}), second]


def no_table(folder: Path) -> list[Source]:
    (folder / "w.csv").write_text("nothing,of,it\n1,2,3\n", "utf-8")
    table = {"format": "table", "yields": "events", "kind": "sighting", "columns": {"address": "url"}}
    return [make_source(name="t", path="w.csv", **table), *lists(folder)]


def broken_parquet(folder: Path) -> list[Source]:
    (folder / "w.csv").write_bytes(b"PAR1 and nothing that follows PAR1")
    table = {"format": "table", "yields": "events", "kind": "sighting", "columns": {"address": "url"}}
    return [make_source(name="t", path="w.csv", **table), *lists(folder)]


def no_files(folder: Path) -> list[Source]:
    return [make_source(name="none", path="nothing/*.txt"), *lists(folder)]


def changed_abnormally(folder: Path) -> list[Source]:
    first, second = lists(folder)
    return [first.model_copy(update={"normal": first.normal.model_copy(update={"min_rows": 1_000})}), second]


@pytest.mark.parametrize(
    "fault", [no_key, too_large, no_table, broken_parquet, no_files, changed_abnormally], ids=lambda case: case.__name__
)
def test_a_fault_is_told_alike_whoever_reads(tmp_path: Path, fault: Callable[[Path], list[Source]]) -> None:
    (tmp_path / "in").mkdir()
    sources = fault(tmp_path / "in")
    found = []
    for way in (each_by_itself, collected):
        (tmp_path / way.__name__).mkdir()
        with open_store(tmp_path / way.__name__ / "fanzha.db", None) as store:
            results = way(store, sources, tmp_path / "in")
            found.append((results, store.database.execute(_STORED).fetchall()))
    outcomes = [one.outcome for one in found[0][0].values()]
    assert (outcomes[0], outcomes[-1]) == (Outcome.FAILED, Outcome.STORED)
    assert found[0] == found[1]


def in_the_way(folder: Path) -> None:
    """Files where the landing has its folders."""
    folder.mkdir()
    for number in range(256):
        (folder / f"{number:02x}").write_text("in the way", "utf-8")


def test_a_landing_that_cannot_be_written_is_told_alike(tmp_path: Path) -> None:
    sources = lists(tmp_path / "in", sources=1, files=1)
    said = []
    for way in (each_by_itself, collected):
        path = tmp_path / way.__name__ / "fanzha.db"
        path.parent.mkdir()
        in_the_way(landing_root(path))
        with open_store(path, None) as store:
            said.append(way(store, sources, tmp_path / "in")["s0"].reason.replace(way.__name__, ""))
    assert "cannot be written" in said[0]
    assert said[0] == said[1]


def test_a_file_whose_reader_is_killed_fails_its_source_and_is_read_again(store: Store, tmp_path: Path) -> None:
    sources = lists(tmp_path / "in", files=8)
    with ahead_of(store, sources, tmp_path / "in") as taken:
        killing = Killing(taken)
        results = [take_files(store, source, tmp_path / "in", now_ms(), killing) for source in sources]
    assert [one.outcome for one in results] == [Outcome.FAILED, Outcome.STORED]
    assert "its reader was killed by signal 9" in results[0].reason
    assert results[0].counts.stored >= 8 - 2 * 2 - 1
    again = collected(store, sources, tmp_path / "in")
    assert [one.outcome for one in again.values()] == [Outcome.STORED, Outcome.UNCHANGED]
    assert store.database.execute("SELECT count(*) FROM sighting").fetchone() == (16,)
    assert not children_of(os.getpid())


class Killing(Ahead):
    """Kills the processes that read, once, before the second file is asked for."""

    def __init__(self, taken: Ahead) -> None:
        self._real, self._asked = taken, 0

    def take(self, source: Source, path: Path, stamp: str) -> Taken | None:
        self._asked += 1
        if self._asked == 2:
            for child in children_of(os.getpid()):
                with suppress(ProcessLookupError):  # one that had nothing to read ends by itself
                    os.kill(child, signal.SIGKILL)
        return self._real.take(source, path, stamp)


def test_what_nobody_foresaw_costs_only_its_own_source(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = lists(tmp_path / "in")
    with ahead_of(store, sources, tmp_path / "in") as taken:
        with monkeypatch.context() as patched:
            patched.setattr(ahead, "_ANSWER", None)
            with pytest.raises(AttributeError):
                take_files(store, sources[0], tmp_path / "in", now_ms(), taken)
        assert take_files(store, sources[1], tmp_path / "in", now_ms(), taken).counts.stored == 5


def test_what_another_run_has_stored_meanwhile_is_passed_over(store: Store, tmp_path: Path) -> None:
    sources = lists(tmp_path / "in", sources=3)
    with ahead_of(store, sources, tmp_path / "in") as taken:
        assert each_by_itself(store, sources[:2], tmp_path / "in")["s1"].counts.stored == 5
        results = [take_files(store, source, tmp_path / "in", now_ms(), taken) for source in sources]
    assert [one.outcome for one in results] == [Outcome.UNCHANGED, Outcome.UNCHANGED, Outcome.STORED]
    assert store.database.execute("SELECT count(*) FROM sighting").fetchone() == (15,)


def test_a_file_that_has_changed_since_is_read_as_it_is_now(store: Store, tmp_path: Path) -> None:
    sources = lists(tmp_path / "in")
    with ahead_of(store, sources, tmp_path / "in") as taken:
        (tmp_path / "in" / "s0" / "3.txt").write_text("another.example\nand-one-more.example\n", "utf-8")
        (tmp_path / "in" / "s0" / "9.txt").write_text("new.example\n", "utf-8")
        results = [take_files(store, source, tmp_path / "in", now_ms(), taken) for source in sources]
    assert [one.counts.stored for one in results] == [7, 5]
    assert "another.example" in {name for (name,) in store.database.execute("SELECT name FROM host")}


def test_a_source_may_be_asked_for_twice(store: Store, tmp_path: Path) -> None:
    """As a task does that another process was in the way of."""
    [source] = lists(tmp_path / "in", sources=1)
    with ahead_of(store, [source], tmp_path / "in") as taken:
        store.database.execute("CREATE TEMP TRIGGER stop BEFORE INSERT ON fetch BEGIN SELECT RAISE(ABORT, 'stop'); END")
        with pytest.raises(Exception, match="stop"):
            take_files(store, source, tmp_path / "in", now_ms(), taken)
        store.database.execute("DROP TRIGGER stop")
        assert take_files(store, source, tmp_path / "in", now_ms(), taken).counts.rows == 5
    assert store.database.execute("SELECT count(*) FROM sighting").fetchone() == (5,)


def test_who_reads_ahead_gives_way_and_keeps_within_bounds(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "_FILES_AHEAD", 6)
    [source] = lists(tmp_path / "in", sources=1, files=20)
    paths = sorted((tmp_path / "in").rglob("*.txt"))
    with spool(store.path) as folder, taking_ahead(store, [source], tmp_path / "in", folder) as taken:
        stamps = fresh_files(source, tmp_path / "in", {})
        assert taken.take(source, paths[0], stamps[paths[0]])
        behind = min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)
        assert {os.getpriority(os.PRIO_PROCESS, child) for child in children_of(os.getpid())} == {behind}
        deadline = time.monotonic() + 30
        while len(list(folder.iterdir())) < 7 and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        assert len(list(folder.iterdir())) == 7, "the one taken, and six whose turn has not come"


def test_little_is_read_without_another_process(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_WORTH_BYTES", 10_000)
    monkeypatch.setattr(spread, "_Child", None)
    results = collected(store, lists(tmp_path / "in"), tmp_path / "in")
    assert [one.counts.stored for one in results.values()] == [5, 5]
