"""What is archived is counted and traced as before, stays a duplicate, and is in one place whenever it is killed."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from db import archive
from db.archive import archive_events
from db.archives import MOVED, archive_root
from db.backup import make_backup
from db.connection import landing_root
from db.errors import Busy, UsageError
from db.figures import years_with_records
from db.keys import make_key_file
from db.period import Period
from db.restore import restore
from db.store import Store, now_ms, open_store
from flows.collect import take_files
from flows.rollup import computed_figures, follow_up, roll_up
from flows.simulate.plan import Plan
from flows.simulate.year import simulate
from flows.tracing import trace_records
from flows.verifying import verify
from spiders.catalogue import load_catalogue
from tests.flows.calls import Call
from tests.flows.test_ingest import WARNINGS, take
from tests.flows.test_rollup import take as take_rows

SMALL = Plan(Period(2024), Decimal("0.001"), 5)
JULY = date(2024, 7, 15)
KPIS = ("K03", "K04", "K05", "K19", "K21", "K37", "K38", "K39", "K40", "K41")
SPRING = date(2024, 3, 1)
ROWS = (
    "id,at,stage,user,sink\n"
    "1,2023-12-31 23:59:59,emitted,u1,s\n2,2024-01-01 00:00:00,emitted,u2,s\n3,2024-01-31 23:59:59,emitted,u1,s\n"
    "4,2024-02-29 23:59:59,emitted,u3,s\n5,2024-03-01 00:00:00,emitted,u2,s\n"
)
SHANGHAI_ROWS = WARNINGS.model_copy(update={"zone": "Asia/Shanghai"})


# ---- a whole year


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Store]]:
    """A simulated year, taken in and rolled up."""
    folder = tmp_path_factory.mktemp("archived")
    simulate(SMALL, folder / "year")
    make_key_file(folder / "key")
    with open_store(folder / "fanzha.db", folder / "key") as store:
        take_year(store, folder)
        visit = {"type": "session", "service": "consumer_protection_centre"}
        months = [{"session": f"s{month}", "occurred_at": f"2024-{month:02}-10"} for month in range(1, 13)]
        take_rows(store, "service_event", *(visit | month for month in months))
        follow_up(store)
        roll_up(store, 2024)
        yield folder, store


def take_year(store: Store, folder: Path) -> int:
    sources = load_catalogue(folder / "year" / "sources.toml")
    return sum(take_files(store, source, folder / "year", now_ms()).counts.stored for source in sources)


def sizes(store: Store) -> dict[str, int]:
    return {kind: store.database.execute(f"SELECT count(*) FROM {kind}").fetchone()[0] for kind in MOVED}


def test_a_year_is_counted_traced_and_kept_as_before(year: tuple[Path, Store]) -> None:
    folder, store = year
    before, held = computed_figures(store.database, 2024), sizes(store)
    traced = {kpi: trace_records(store.database, store.landing, kpi, 2024, None, 0) for kpi in KPIS}
    moved = archive_events(store, JULY)
    assert sum(one.rows for one in moved) + sum(sizes(store).values()) == sum(held.values())
    assert all(sizes(store)[kind] < held[kind] for kind in MOVED)

    assert computed_figures(store.database, 2024) == before
    assert {figure.id: str(figure.value) for figure in before if figure.id == "K03"} == {"K03": "21400"}
    for kpi in KPIS:
        assert trace_records(store.database, store.landing, kpi, 2024, None, 0) == traced[kpi]
    assert verify(store, deep=True)[1] == []

    assert archive_events(store, JULY) == []
    assert take_year(store, folder) == 0, "what was moved is a duplicate still"
    assert sum(one.rows for one in moved) + sum(sizes(store).values()) == sum(held.values())

    assert make_backup(store, folder / "b.tar", replace=False).archived == len(moved)
    restore(folder / "b.tar", folder / "n.db")
    with open_store(folder / "n.db", folder / "key") as restored:
        assert verify(restored, deep=False)[1] == []
        assert computed_figures(restored.database, 2024) == before

    assert archive_events(store, date(2026, 1, 1)) != []
    assert sizes(store) == dict.fromkeys(MOVED, 0)
    assert computed_figures(store.database, 2024) == before
    assert {2023, 2024, 2025} & set(years_with_records(store.database)) >= {2024}


# ---- small ones


@pytest.fixture
def few(store: Store) -> Store:
    take(store, SHANGHAI_ROWS, ROWS)
    take_rows(store, "loss", {"event_id": "1", "occurred_at": "2024-01-02 10:00:00", "type": "assessed", "episode": "e",
                              "amount": "7", "tier": "a", "programme": "shanhai"})  # fmt: skip
    follow_up(store)
    roll_up(store, 2024)
    return store


def archived(store: Store) -> pl.DataFrame:
    return pl.read_parquet(archive_root(store.path) / "warnings_*.parquet").sort("event_id")


def test_files_are_of_months_in_shanghai_and_explain_themselves(few: Store) -> None:
    moved = archive_events(few, SPRING)
    assert [(one.file[:-21], one.rows) for one in moved] == [
        ("warnings_2023-12", 1),
        ("warnings_2024-01", 2),
        ("warnings_2024-02", 1),
        ("losses_2024-01", 1),
    ]
    rows = archived(few)
    assert rows.select("event_id", "stage", "sink", "source", "document", "is_test").rows() == [
        (number, "emitted", "s", "synthetic-warnings", "synthetic.txt", False) for number in "1234"
    ]
    assert rows["day"].cast(str).to_list() == ["2023-12-31", "2024-01-01", "2024-01-31", "2024-02-29"]
    assert str(rows["occurred_at"][0]) == "2023-12-31 15:59:59+00:00"
    plain = {pl.String, pl.Int64, pl.Boolean, pl.Date, pl.Datetime("ms", "UTC")}
    for file in archive_root(few.path).iterdir():
        assert set(pl.read_parquet_schema(file).values()) <= plain
        assert "fanzha archive: " in pl.read_parquet_metadata(file)["title"]
    (loss,) = pl.read_parquet(archive_root(few.path) / "losses_*.parquet").rows(named=True)
    assert (loss["amount_fen"], loss["episode"], loss["tier"], loss["programme"]) == (700, "e", "A", "shanhai")


def test_every_column_of_a_table_is_in_its_file(few: Store) -> None:
    archive_events(few, SPRING)
    for kind, name in (("warning", "warnings"), ("loss", "losses")):
        own = {row[1] for row in few.database.execute(f"PRAGMA table_info({kind})")}
        words = {"url_id": "address", "subject_id": "subject", "document_id": "document_id", "source_id": "source_id"}
        expected = {words.get(column, column if column == "event_id" else column.removesuffix("_id")) for column in own}
        (first, *_) = archive_root(few.path).glob(f"{name}_*.parquet")
        assert expected <= set(pl.read_parquet_schema(first))


def test_duckdb_reads_them_as_they_are(few: Store) -> None:
    duckdb = pytest.importorskip("duckdb")
    archive_events(few, SPRING)
    query = f"SELECT day::VARCHAR, count(*) FROM '{archive_root(few.path)}/warnings_*.parquet' GROUP BY 1 ORDER BY 1"
    assert duckdb.sql(query).fetchall() == [(str(day), 1) for day in archived(few)["day"].sort()]


def test_a_late_row_of_an_archived_month_is_stored_once_and_moves_too(few: Store) -> None:
    archive_events(few, SPRING)
    late = ROWS + "6,2024-01-15 00:00:00,emitted,u9,s\n"
    assert take(few, SHANGHAI_ROWS, late).stored == 1
    assert take(few, SHANGHAI_ROWS, late.replace("2024-01-31", "2024-05-31")).stored == 0, (
        "the key decides, not the time"
    )
    assert verify(few, deep=True)[1] == []
    assert [one.rows for one in archive_events(few, SPRING)] == [1]
    assert archived(few)["event_id"].to_list() == ["1", "2", "3", "4", "6"]
    assert take(few, SHANGHAI_ROWS, late).stored == 0
    assert verify(few, deep=True)[1] == []


def test_the_command(call: Call, few: Store, tmp_path: Path) -> None:
    before = call("kpi", "2024", "--json"), call("trace", "K04", "2024", "--json")
    code, out, err = call("archive", "--before", "2024-03-01")
    assert (code, err) == (0, "")
    assert out.startswith("file\trows\tbytes\nwarnings_2023-12_")
    assert (call("kpi", "2024", "--json"), call("trace", "K04", "2024", "--json")) == before
    assert call("verify")[0] == 0
    assert call("archive", "--before", "2999-01-01")[0] == 2
    assert call("archive", "--before", "May")[0] == 2
    assert call("archive", "--before", "2024-03-01", "--db", "none.db")[0] == 2
    next(archive_root(few.path).glob("losses*")).unlink()
    assert call("kpi", "2024", "--json") == before[0], "as it was computed"
    code, _, err = call("trace", "K04", "2024")
    assert code == 1
    assert "is missing, and no figure is whole without it; restore it from a backup" in err
    assert not (tmp_path / "none.db").exists()


def _file(change: Callable[[Path], object]) -> Callable[[Store], object]:
    return lambda store: change(min(archive_root(store.path).iterdir()))


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[8:200] = bytes(192)
    file.write_bytes(content)


def _run(statement: str) -> Callable[[Store], None]:
    def harm(store: Store) -> None:
        with sqlite3.connect(store.path) as other:
            other.execute(statement)

    return harm


FAULTS: dict[str, tuple[Callable[[Store], object], str]] = {
    "missing": (_file(lambda file: file.unlink()), ".parquet: is missing; restore it from a backup"),
    "damaged": (_file(lambda file: file.write_bytes(b"x")), ".parquet: is damaged; restore it from a backup"),
    "changed": (
        _file(lambda file: pl.read_parquet(file).with_columns(pl.lit("x").alias("stage")).write_parquet(file)),
        ".parquet: is damaged; restore it from a backup",
    ),
    "damaged inside": (_file(_flip), ".parquet: is damaged; restore it from a backup"),
    "keys": (_run("DELETE FROM archived WHERE event_id = '2'"), "1 keys of its 2 events are there"),
    "its record": (_run("DELETE FROM archive WHERE kind = 'loss'"), ".parquet: no record names it"),
}


@pytest.mark.parametrize(("harm", "told"), FAULTS.values(), ids=FAULTS)
def test_what_is_wrong_with_the_archive_is_named(few: Store, harm: Callable[[Store], object], told: str) -> None:
    archive_events(few, SPRING)
    assert verify(few, deep=False)[1] == []
    harm(few)
    faults = verify(few, deep=False)[1]
    assert any(told in fault for fault in faults), faults


def test_a_file_whose_record_is_lost_is_not_swept(few: Store) -> None:
    archive_events(few, SPRING)
    _run("DELETE FROM archive WHERE kind = 'loss'")(few)
    archive_events(few, SPRING)
    assert len(list(archive_root(few.path).glob("losses*"))) == 1


def test_what_comes_while_a_month_is_written_is_written_too(few: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    write, late = archive._write, iter([ROWS + "6,2024-01-15 00:00:00,emitted,u9,s\n"])

    def write_and_take(*arguments: object) -> Path:
        file: Path = write(*arguments)  # type: ignore[arg-type]
        if text := next(late, ""):
            take(few, SHANGHAI_ROWS, text.replace("\n1,", "\n7,"))
        return file

    monkeypatch.setattr(archive, "_write", write_and_take)
    archive_events(few, SPRING)
    assert archived(few)["event_id"].to_list() == ["1", "2", "3", "4", "6", "7"]
    assert verify(few, deep=True)[1] == []


def test_a_month_to_which_rows_keep_coming_is_left_for_later(few: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    write, number = archive._write, iter(range(10, 99))

    def write_and_take(*arguments: object) -> Path:
        file: Path = write(*arguments)  # type: ignore[arg-type]
        take(few, SHANGHAI_ROWS, f"id,at,stage,user,sink\n{next(number)},2023-12-01 00:00:00,emitted,u,s\n")
        return file

    monkeypatch.setattr(archive, "_write", write_and_take)
    with pytest.raises(Busy, match="events of 2023-12 keep coming; run fanzha archive again"):
        archive_events(few, SPRING)
    assert list(archive_root(few.path).iterdir()) == []
    assert verify(few, deep=True)[1] == []


def test_a_day_to_come_is_refused(few: Store) -> None:
    with pytest.raises(UsageError, match="is still to come"):
        archive_events(few, date(2999, 1, 1))


# ---- killed

_KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from db.archive import archive_events
from db.store import open_store
done = 0
def count(*_):
    global done
    done += 1
    if done == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
with open_store(Path(sys.argv[1]), Path(sys.argv[2])) as store:
    sys.addaudithook(lambda event, _: count() if event in {"os.rename", "os.remove", "os.mkdir"} else None)
    store.database.conn.set_trace_callback(count)
    archive_events(store, date(2024, 3, 1))
print(done)
"""


def killed(path: Path, key: Path, at: int) -> int:
    """Archive in a process that is killed at its nth statement or change of a folder; returns how many there were."""
    command = [sys.executable, "-c", _KILLED, str(path), str(key), str(at)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode in {0, -9}, ended.stderr
    return int(ended.stdout) if ended.returncode == 0 else -1


def test_killed_anywhere_nothing_is_lost_and_nothing_twice(few: Store, key_file: Path, tmp_path: Path) -> None:
    make_backup(few, tmp_path / "b.tar", replace=False)
    before = computed_figures(few.database, 2024)
    restore(tmp_path / "b.tar", tmp_path / "0" / "n.db")
    steps = killed(tmp_path / "0" / "n.db", key_file, 0)
    for at in range(2, steps, max(1, steps // 12)):
        path = tmp_path / str(at) / "n.db"
        restore(tmp_path / "b.tar", path)
        assert killed(path, key_file, at) == -1
        with open_store(path, key_file) as store:
            assert computed_figures(store.database, 2024) == before
            assert [fault for fault in verify(store, deep=True)[1] if "a killed run left it" not in fault] == []
            assert take(store, SHANGHAI_ROWS, ROWS).stored == 0
            archive_events(store, SPRING)
            assert archived(store)["event_id"].to_list() == ["1", "2", "3", "4"]
            assert sizes(store) == dict.fromkeys(MOVED, 0) | {"warning": 1}
            assert len(list(archive_root(path).iterdir())) == 4
            assert verify(store, deep=True)[1] == []
            assert computed_figures(store.database, 2024) == before
            assert landing_root(path).is_dir()
