"""What can go wrong around a run: each fault is one clear line and an exit code, a later run ends with everything."""

import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from db.connection import landing_root, open_database, transaction
from flows.cli.main import run
from tests.faults.comparing import differences
from tests.faults.driver import _told, day
from tests.faults.kills import Kill, Moment, call
from tests.faults.works import DB, Work, World, world

SOURCES = ("sim-list", "sim-losses", "sim-tweetfeed", "sim-url-checks")
"""Lists, CSV, Parquet that a child reads, and a file about persons."""
Said = tuple[int, list[str]]


@dataclass(frozen=True)
class Small:
    """Some sources of a year, taken in whole."""

    world: World
    catalogue: Path
    brands: Path
    whole: Path

    def work(self) -> Work:
        arguments = ("day", DB, str(self.catalogue), str(self.brands))
        return Work("day", arguments, lambda one, other: differences(one / DB, other / DB))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    with world(tmp_path_factory.mktemp("faults"), "0.001") as made, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FANZHA_KEY_FILE", str(made.folder / "key"))
        year = made.folder / "year"
        parts = (year / "sources.toml").read_text("utf-8").split("[[source]]")
        kept = [part for part in parts if any(f'name = "{name}"' in part for name in SOURCES)]
        (year / "small.toml").write_text("".join(f"[[source]]{part}" for part in kept), "utf-8")
        one = Small(made, year / "small.toml", year / "brands.toml", made.folder / "whole" / DB)
        assert _told(day, one.whole, one.catalogue, one.brands) == 0
        yield one


class Runs:
    """The daily flow and fanzha's commands on one database; each gives its exit code and the lines on stderr."""

    def __init__(self, small: Small, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.small, self.path, self._capsys = small, path, capsys

    def day(self) -> Said:
        code = _told(day, self.path, self.small.catalogue, self.small.brands)
        return code, self._capsys.readouterr().err.splitlines()

    def command(self, *arguments: str) -> Said:
        code = run([*arguments, "--db", str(self.path)])
        return code, self._capsys.readouterr().err.splitlines()

    def ends_with_everything(self) -> None:
        assert self.day() == (0, [])
        assert differences(self.path, self.small.whole) == []


@pytest.fixture
def runs(small: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Runs:
    monkeypatch.setenv("FANZHA_KEY_FILE", str(small.world.folder / "key"))
    return Runs(small, tmp_path / DB, capsys)


def copied(runs: Runs) -> None:
    """The database of a whole run."""
    shutil.copy(runs.small.whole, runs.path)
    shutil.copytree(landing_root(runs.small.whole), landing_root(runs.path))


# ---- others at the database


def test_two_runs_at_once_do_everything_once(runs: Runs, tmp_path: Path) -> None:
    work, environ = runs.small.work(), runs.small.world.environ
    both = [
        subprocess.Popen(work.command, cwd=tmp_path, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    assert [(one.communicate()[1], one.returncode) for one in both] == [(b"", 0)] * 2
    assert differences(runs.path, runs.small.whole) == []
    with closing(sqlite3.connect(runs.path)) as database:
        stored = database.execute("SELECT count(*) FROM fetch WHERE outcome = 'stored'").fetchone()
    assert stored == (len(SOURCES),)
    assert runs.command("verify") == (0, [])


def test_a_reader_in_a_long_transaction_holds_nobody_up(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.connection.WAL_BYTES", 50_000)
    with open_database(runs.path) as kept, closing(sqlite3.connect(runs.path)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM sighting").fetchone() == (0,)
        assert runs.day() == (0, [])
        assert reader.execute("SELECT count(*) FROM sighting").fetchone() == (0,)
        log = runs.path.with_name(f"{DB}-wal")
        assert log.stat().st_size > 500_000, "what the reader does not see yet waits in the log"
        reader.rollback()
        for name in ("one", "two"):  # the first moves the log into the database, the second begins it anew
            with transaction(kept):
                kept.execute("INSERT INTO term (vocabulary, name) VALUES ('fault', ?)", [name])
            kept.execute("PRAGMA wal_checkpoint")
        assert log.stat().st_size <= 50_000
        kept.execute("DELETE FROM term WHERE vocabulary = 'fault'")
    runs.ends_with_everything()


# ---- the disk


def mount(place: Path, *options: str) -> None:
    place.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tiny", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk is not allowed here")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Where a small disk may be mounted; it goes with the test."""
    place = tmp_path / "disk"
    yield place
    for one in (place / f"{DB}.landing", place):
        subprocess.run(["umount", str(one)], capture_output=True, check=False)


FULL = {
    "before there is a table": ("", "16k", "database {0}: the disk is full or failing"),
    "while tables are made": ("", "100k", "database {0}: the disk is full or failing"),
    "where the first file is landed": ("", "860k", "landing folder {0}.landing: cannot be written: No space left"),
    "while rows are stored": ("", "940k", "database {0}: the disk is full or failing"),
    "of the landing folder alone": (f"{DB}.landing", "40k", "landing folder {0}.landing: cannot be written: No space"),
}


@pytest.mark.parametrize("when", FULL)
def test_a_full_disk_is_one_line_and_a_run_with_room_ends_with_everything(runs: Runs, disk: Path, when: str) -> None:
    place, size, told = FULL[when]
    disk.mkdir()
    mount(disk / place, f"size={size}")
    runs.path = disk / DB
    code, said = runs.day()
    assert code == 1
    [line] = said
    assert line.startswith(f"fanzha: {told.format(runs.path)}")
    assert line.endswith("; what was committed is kept, make room and run again")
    mount(disk / place, "remount", "size=64m")
    runs.ends_with_everything()
    assert runs.command("verify") == (0, [])


def test_a_disk_too_full_for_a_fetched_body_fails_its_source_alone(runs: Runs, disk: Path) -> None:
    parts = (runs.small.catalogue.parent / "served.toml").read_text("utf-8").split("[[source]]")
    kept = [part for part in parts if any(f'name = "{name}"' in part for name in ("sim-list", "sim-hosts"))]
    (disk.parent / "served.toml").write_text("".join(f"[[source]]{part}" for part in kept), "utf-8")
    runs.small, runs.path = replace(runs.small, catalogue=disk.parent / "served.toml"), disk / DB
    disk.mkdir()
    mount(disk / f"{DB}.landing", "size=24k")
    told = f"fanzha: source sim-list failed: folder {runs.path}.landing: cannot be written: No space left on device; "
    assert runs.day() == (1, [f"{told}make room or give access, then run again"])
    mount(disk / f"{DB}.landing", "remount", "size=64m")
    assert runs.day() == (0, [])
    with closing(sqlite3.connect(runs.path)) as database:
        stored = database.execute("SELECT sum(stored) > 500 FROM fetch WHERE outcome = 'stored'").fetchone()
    assert stored == (1,)
    assert runs.command("verify") == (0, [])


def test_a_read_only_disk_is_one_line(runs: Runs, disk: Path) -> None:
    mount(disk)
    copied(runs)
    shutil.copytree(runs.path.parent, disk, dirs_exist_ok=True, ignore=shutil.ignore_patterns("disk"))
    runs.path = disk / DB
    new = runs.small.world.folder / "year" / "feeds" / "synthetic-hosts-0001.txt"
    mount(disk, "remount", "ro")
    for command in (("import", "hosts", str(new)), ("kpi", "2024"), ("status",), ("verify",)):
        code, said = runs.command(*command)
        assert code == 2, command
        [line] = said
        assert str(runs.path) in line
        assert "check the path and its permissions" in line or "give access to it" in line
    code, said = runs.day()
    assert (code, len(said)) == (2, 1)
    mount(disk, "remount", "rw")
    runs.ends_with_everything()


def _overwrite(at: float, count: int) -> Callable[[Path], None]:
    def harm(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(int(path.stat().st_size * at) // 4096 * 4096)
            file.write(b"\xa5" * count)

    return harm


def _cut(share: float) -> Callable[[Path], None]:
    def harm(path: Path) -> None:
        with path.open("r+b") as file:
            file.truncate(int(path.stat().st_size * share))

    return harm


CORRUPT = {
    "its header": _overwrite(0, 100),
    "all pages from the middle on": _overwrite(0.3, 400_000),
    "half of it is gone": _cut(0.5),
}


@pytest.mark.parametrize("harm", CORRUPT)
def test_a_corrupt_database_is_one_line_and_a_copy_goes_on(runs: Runs, harm: str) -> None:
    copied(runs)
    CORRUPT[harm](runs.path)
    for code, lines in (runs.command("trace", "K01", "2024"), runs.day()):
        assert code == 2
        [line] = lines
        assert line.startswith(f"fanzha: database {runs.path}: is damaged or no database (")
        assert line.endswith("); restore it from a backup")
    code, [line, *_] = runs.command("verify")
    assert code in {1, 2}, "1: it can be opened, and what is damaged be told"
    assert f"database {runs.path}: is damaged" in line
    assert line.endswith(("restore it from a backup", "restore a backup"))
    assert len(line) < 600
    shutil.copy(runs.small.whole, runs.path)
    runs.ends_with_everything()


@pytest.mark.parametrize("share", [0.02, 0.5])
def test_what_a_damaged_log_has_lost_comes_with_the_next_run(runs: Runs, tmp_path: Path, share: float) -> None:
    work = runs.small.work()
    log = runs.path.with_name(f"{DB}-wal")
    # on a busy machine a kill may come when no connection is open, and then there is no log
    for number in range(30, 20, -1):
        kill = Kill(work, Moment(number, "log", 0.0, has_child=False), 0.0, "all of it")
        assert call(work, tmp_path, runs.small.world, kill).code < 0
        if log.exists():
            break
        for left in tmp_path.glob(f"{DB}*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    _overwrite(share, 5_000)(log)
    runs.ends_with_everything()
    assert runs.command("verify") == (0, [])


# ---- the clock


CLOCKS: dict[str, Callable[[int, int], int]] = {
    "an hour back at each look": lambda now, looks: now - looks * 3_600_000_000_000,
    "a year behind": lambda now, looks: now - 365 * 86_400_000_000_000,  # noqa: ARG005
    "400 days ahead": lambda now, looks: now + 400 * 86_400_000_000_000,  # noqa: ARG005
}


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_wrong_clock_loses_nothing(runs: Runs, monkeypatch: pytest.MonkeyPatch, clock: str) -> None:
    looks, real = iter(range(1_000_000)), time.time_ns
    with monkeypatch.context() as wrong:
        wrong.setattr(time, "time_ns", lambda: CLOCKS[clock](real(), next(looks)))
        assert runs.day() == (0, [])
    assert runs.day() == (0, [])
    found = differences(runs.path, runs.small.whole, most=1_000)
    dated = re.compile(
        r'((kpi_run|kpi_fact|kpi_sum): [-+] \["[KB]\d\d",|derived: [-+] \["[KB]\d\d |kpi_check: [-+] \[)20\d\d[,"]'
    )  # lists without times count in the year they came
    assert [line for line in found if not dated.match(line)] == []
    assert not any(",2024," in line[:30] for line in found)
    assert runs.command("verify") == (0, [])
    assert runs.command("status")[0] == 0


# ---- the landing folder


def rejected(runs: Runs) -> Path:
    """The landing file of a document that has rejected rows."""
    with closing(sqlite3.connect(runs.path)) as database:
        [digest] = database.execute(
            "SELECT document.digest FROM quarantine JOIN document USING (document_id) JOIN source USING (source_id) "
            "WHERE source.name = 'sim-tweetfeed' LIMIT 1"
        ).fetchone()
    return landing_root(runs.path) / str(digest)[:2] / f"{digest}.z"


DAMAGED: dict[str, tuple[Callable[[Path], None], str]] = {
    "missing": (Path.unlink, "is missing"),
    "cut": (_cut(0.5), "is damaged"),
    "of other bytes": (_overwrite(0, 50), "is damaged"),
}


@pytest.mark.parametrize("harm", DAMAGED)
def test_a_damaged_landing_file_is_one_line_and_the_same_file_mends_it(runs: Runs, harm: str) -> None:
    copied(runs)
    file = rejected(runs)
    DAMAGED[harm][0](file)
    told = f"landing file {file}: {DAMAGED[harm][1]}; import the same file again, or restore it from a backup"
    assert runs.command("verify") == (1, [told])
    code, said = runs.command("quarantine", "replay")
    assert (code, [line.partition(": ")[2].partition(": ")[2] for line in said]) == (1, [told])
    assert runs.command("trace", "K01", "2024") == (0, [])
    feed = runs.small.world.folder / "year" / "feeds" / "synthetic-tweetfeed-0001.csv"
    assert (
        runs.command(
            "import", "tweetfeed", str(feed), "--source", "sim-tweetfeed", "--sources", str(runs.small.catalogue)
        )[0]
        == 0
    )
    assert runs.command("verify") == (0, [])


def test_bytes_that_a_killed_run_landed_and_nobody_knows_are_told(runs: Runs, tmp_path: Path) -> None:
    """What came between is kept, as evidence or to be removed: a person decides, not the next run."""
    catalogue, feed = tmp_path / "one.toml", tmp_path / "list.txt"
    parts = runs.small.catalogue.read_text("utf-8").split("[[source]]")
    [declared] = [part for part in parts if 'name = "sim-list"' in part]
    catalogue.write_text("[[source]]" + re.sub('path = ".*"', 'path = "list.txt"', declared), "utf-8")
    whole = (runs.small.world.folder / "year" / "feeds" / "synthetic-list-0001.txt").read_text("utf-8")
    feed.write_text(whole + "first.example\n", "utf-8")
    work = Work("day", ("day", DB, str(catalogue), str(runs.small.brands)), lambda *_: [])
    names: Sequence[str] = [one.phase for one in call(work, tmp_path, runs.small.world).moments]
    runs.path.unlink()
    shutil.rmtree(landing_root(runs.path))
    kill = Kill(work, Moment(names.index("store"), "store", 0.0, has_child=False), 0.0, "all of it")
    assert call(work, tmp_path, runs.small.world, kill).code < 0
    feed.write_text(whole + "second.example\n", "utf-8")
    assert call(work, tmp_path, runs.small.world).code == 0
    code, said = runs.command("verify")
    assert code == 1
    [line] = said
    assert line.endswith(": no document names it; its rows are lost, or a killed run left it (then remove it)")
