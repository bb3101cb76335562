"""Collecting from a real server on loopback into a real store: what is new, what is not, what fails alone."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from db.errors import UnreadableFile, UsageError
from db.sources import read_cursor
from db.store import Store, now_ms
from db.vocabulary import Outcome
from flows.collect import SourceResult, choose, fetch, spool, take_files, take_outcome
from flows.demo.server import CATALOGUE, serve_samples
from flows.files import read_file
from spiders.catalogue import Source, load_catalogue
from tests.flows.test_ingest import make_source
from tests.spiders.hostile import endless_workbook


def collect(store: Store, sources: list[Source], url: str) -> dict[str, SourceResult]:
    with spool(store.path) as folder:
        fetched = fetch(store, sources, folder, {"FANZHA_DEMO_URL": url}, loopback=True)
        return {
            source.name: take_outcome(store, source, outcome, folder, now_ms()) for source, outcome in list(fetched)
        }


def test_a_second_visit_finds_everything_unchanged(store: Store) -> None:
    sources = [source for source in load_catalogue(CATALOGUE) if source.name != "demo-suspended"]
    with serve_samples() as url:
        first = collect(store, sources, url)
        before = [tuple(row) for row in store.database.execute("SELECT count(*) FROM sighting")]
        second = collect(store, sources, url)
    assert {result.outcome for result in first.values()} == {Outcome.STORED}
    assert {result.outcome for result in second.values()} == {Outcome.UNCHANGED}
    assert [tuple(row) for row in store.database.execute("SELECT count(*) FROM sighting")] == before
    assert not list(store.path.parent.rglob("spool-*"))


def test_one_sources_failure_is_its_own_and_leaves_its_last_good_state(store: Store) -> None:
    good = make_source(name="good", path="", url="{FANZHA_DEMO_URL}/synthetic-list.txt")
    with serve_samples() as url:
        collect(store, [good], url)
        cursor = read_cursor(store.database, "good")
        gone = good.model_copy(update={"url": "{FANZHA_DEMO_URL}/synthetic-suspended.csv"})
        keyless = make_source(name="keyless", path="", url="{FANZHA_DEMO_URL}/{NO_SUCH_KEY}/x", terms="ask the tests")
        other = make_source(name="other", path="", url="{FANZHA_DEMO_URL}/synthetic-hosts.txt", format="hosts")
        results = collect(store, [gone, keyless, other], url)
    assert results["good"].outcome is Outcome.FAILED
    assert "an HTML page in place of" in results["good"].reason
    assert results["keyless"].reason == "needs NO_SUCH_KEY in the environment: ask the tests"
    assert results["other"].outcome is Outcome.STORED
    assert read_cursor(store.database, "good") == cursor


def test_loopback_is_refused_unless_it_is_an_argument(store: Store) -> None:
    source = make_source(path="", url="{FANZHA_DEMO_URL}/synthetic-list.txt")
    with serve_samples() as url, spool(store.path) as folder:
        [(_, outcome)] = fetch(store, [source], folder, {"FANZHA_DEMO_URL": url}, loopback=False)
    assert outcome.outcome == "failed"
    assert "loopback" in outcome.reason


def test_files_are_taken_once_and_again_when_they_change(store: Store, tmp_path: Path) -> None:
    source = make_source(path="inbox/*.txt")
    assert take_files(store, source, tmp_path, now_ms()).reason == "no file at inbox/*.txt"
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "a.txt").write_text("a.example\n", "utf-8")
    (inbox / "b.txt").write_text("b.example\nb2.example\n", "utf-8")
    assert take_files(store, source, tmp_path, now_ms()).counts.stored == 3
    assert take_files(store, source, tmp_path, now_ms()).outcome is Outcome.UNCHANGED
    (inbox / "b.txt").write_text("b.example\nb2.example\nb3.example\n", "utf-8")
    counts = take_files(store, source, tmp_path, now_ms()).counts
    assert (counts.stored, counts.duplicates) == (1, 2)


EXPORT = make_source(
    path="inbox",
    format="table",
    kind="sighting",
    columns={"address": "url"},
    normal={"min_rows": 3, "max_rows": 4, "max_rejected_share": 0.3},
)


def fill(tmp_path: Path, **files: str) -> Path:
    (tmp_path / "inbox").mkdir(exist_ok=True)
    for name, text in files.items():
        (tmp_path / "inbox" / f"{name}.csv").write_text(text, "utf-8")
    return tmp_path / "inbox"


def test_the_new_files_of_a_source_are_weighed_together(store: Store, tmp_path: Path) -> None:
    fill(tmp_path, a="url\n", b="url\na.example\nno host\n", c="", d="url\nb.example\nc.example\n")
    result = take_files(store, EXPORT, tmp_path, now_ms())
    assert (result.outcome, result.reason) == (Outcome.STORED, "")
    assert (result.counts.stored, result.counts.quarantined) == (3, 1)
    assert take_files(store, EXPORT, tmp_path, now_ms()).outcome is Outcome.UNCHANGED


ABNORMAL = {
    "too few": ({"a": "url\na.example\n", "b": "url\nb.example\n"}, "2 rows, normal is at least 3 in 2 files"),
    "too many": ({"a": "url\n" + "a.example\n" * 3, "b": "url\nb.example\nc.example\n"}, "5 rows, normal is at most 4"),
    "none": ({"a": "url\n", "b": ""}, "0 rows, normal is at least 3 in 2 files"),
    "unreadable rows": (
        {"a": "url\na.example\nb.example\n", "b": "url\nno host\nnone\n"},
        "2 of 4 rows cannot be read",
    ),
}


@pytest.mark.parametrize(("files", "told"), ABNORMAL.values(), ids=ABNORMAL)
def test_of_files_that_are_not_normal_together_none_is_stored(
    store: Store, tmp_path: Path, files: dict[str, str], told: str
) -> None:
    fill(tmp_path, **files)
    for _ in range(2):
        result = take_files(store, EXPORT, tmp_path, now_ms())
        assert result.outcome is Outcome.FAILED
        assert result.reason.startswith(told)
    assert store.database.execute("SELECT count(*) FROM sighting").fetchone() == (0,)
    assert store.database.execute("SELECT count(*) FROM document").fetchone() == (2,), "what arrived is kept"


def test_a_file_that_cannot_be_read_fails_its_source_and_stops_no_other(store: Store, tmp_path: Path) -> None:
    inbox = fill(tmp_path, b="url\na.example\nb.example\nc.example\n", c="name\nx\n")
    (inbox / "a.xlsx").write_bytes(endless_workbook())
    for stored in (3, 0):
        result = take_files(store, EXPORT.model_copy(update={"path": "inbox/*.*"}), tmp_path, now_ms())
        assert result.outcome is Outcome.FAILED
        assert "a.xlsx: broke its reader (SIGABRT)" in result.reason
        assert result.reason.endswith(" (and 1 more)")
        assert result.counts.stored == stored
    (inbox / "a.xlsx").unlink()
    fill(tmp_path, c="url\nd.example\ne.example\nf.example\n")
    assert take_files(store, EXPORT, tmp_path, now_ms()).counts.stored == 3
    outcomes = store.database.execute("SELECT outcome FROM fetch ORDER BY fetch_id").fetchall()
    assert outcomes == [("stored",), ("failed",), ("failed",), ("stored",)]


@pytest.mark.parametrize("held", [0, 1 << 30])
def test_an_answer_that_does_not_fit_in_memory_is_stored_all_the_same(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr("flows.ingest.HELD_BYTES", held)
    columns = {"event_id": "id", "occurred_at": "at", "stage": "stage", "subject": "user", "sink": "sink"}
    people = make_source(path="inbox", format="table", yields="events", kind="warning", columns=columns)
    people = people.model_copy(update={"normal": EXPORT.normal.model_copy(update={"max_rows": 4})})
    head, row = "id,at,stage,user,sink\n", "{0},2024-01-01 00:00:00,emitted,u{0},s\n"
    fill(tmp_path, a=head + row.format(1) + row.format(2), b=head + row.format(3))
    assert take_files(store, people, tmp_path, now_ms()).counts.stored == 3
    fill(tmp_path, a=head + row.format(4) + "5,never,emitted,u,s\n" * 3)
    assert "3 of 4 rows cannot be read" in take_files(store, people, tmp_path, now_ms()).reason
    assert store.database.execute("SELECT count(*) FROM quarantine").fetchone() == (3,)


def test_a_misp_folder_is_one_thing(store: Store, tmp_path: Path) -> None:
    [declared] = [source for source in load_catalogue(CATALOGUE) if source.name == "demo-misp"]
    feed = tmp_path / "misp"
    shutil.copytree(CATALOGUE.parent / "samples" / "misp", feed)
    (feed / "hashes.csv").write_text("not,a,json\n", "utf-8")
    source = declared.model_copy(update={"url": "", "path": "misp"})
    first = take_files(store, source, tmp_path, now_ms())
    assert (first.outcome, first.reason) == (Outcome.STORED, "")
    assert first.counts.rows >= 44
    assert take_files(store, source, tmp_path, now_ms()).outcome is Outcome.UNCHANGED
    os.utime(feed / "manifest.json", (0, 0))
    again = take_files(store, source, tmp_path, now_ms())
    assert (again.outcome, again.counts.rows, again.counts.stored) == (Outcome.STORED, first.counts.rows, 0)


def special_files(folder: Path) -> None:
    """What opening or reading would wait for, or never end."""
    os.mkfifo(folder / "pipe.json")
    (folder / "endless.json").symlink_to("/dev/zero")
    (folder / "gone.json").symlink_to(folder / "nowhere")
    (folder / "folder.json").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "s.json"))


def test_only_regular_files_of_a_folder_are_read(store: Store, tmp_path: Path) -> None:
    special_files(fill(tmp_path, a="url\na.example\nb.example\nc.example\n"))
    for path in ("inbox", "inbox/*"):
        result = take_files(store, EXPORT.model_copy(update={"path": path}), tmp_path, now_ms())
        assert result.outcome in {Outcome.STORED, Outcome.UNCHANGED}, result.reason


@pytest.mark.parametrize("name", ["pipe.json", "endless.json", "gone.json", "folder.json", "s.json"])
def test_a_file_that_has_become_something_else_is_refused(tmp_path: Path, name: str) -> None:
    special_files(tmp_path)
    with pytest.raises(UnreadableFile, match=r"^[^\n]+(is no regular file|cannot be read: [^\n]+)$"):
        read_file(tmp_path / name, EXPORT)


def test_files_are_bounded_in_number_and_size(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, a="url\na.example\n", b="url\nb.example\n", c="url\nc.example\n")
    small = EXPORT.model_copy(update={"max_bytes": 5})
    assert "a.csv: is larger than 5 bytes; raise max_bytes" in take_files(store, small, tmp_path, now_ms()).reason
    monkeypatch.setattr("flows.files._MOST", 2)
    for path in ("inbox", "inbox/*"):
        source = EXPORT.model_copy(update={"path": path})
        assert "more than 2 files" in take_files(store, source, tmp_path, now_ms()).reason


def test_a_name_that_is_not_utf_8_fails_its_source_and_stops_no_other(store: Store, tmp_path: Path) -> None:
    inbox = fill(tmp_path, a="url\na.example\nb.example\nc.example\n")
    (inbox / "b\udcff.csv").write_text("url\nd.example\n", "utf-8")
    result = take_files(store, EXPORT, tmp_path, now_ms())
    assert result.reason.endswith("b\\xff.csv: its name is not UTF-8; rename it")
    assert result.counts.stored == 3


@pytest.mark.parametrize("path", ["/", "inbox/**a", "inbox/\0", "x" * 5_000])
def test_a_path_that_names_nothing_fails_its_source_in_one_line(store: Store, tmp_path: Path, path: str) -> None:
    fill(tmp_path)
    result = take_files(store, EXPORT.model_copy(update={"path": path}), tmp_path, now_ms())
    assert result.outcome is Outcome.FAILED
    assert "\n" not in result.reason


def test_a_file_that_cannot_be_opened_fails_its_source_alone(store: Store, tmp_path: Path) -> None:
    (tmp_path / "memory.txt").symlink_to("/proc/self/mem")
    result = take_files(store, make_source(path="memory.txt"), tmp_path, now_ms())
    assert result.outcome is Outcome.FAILED
    assert "cannot be read" in result.reason


def test_what_a_killed_run_left_in_its_spool_is_gone_after_the_next(store: Store) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    left = store.path.with_name(f"{store.path.name}.landing") / f"spool-{dead.pid}-x"
    left.mkdir(parents=True)
    (left / "body").write_bytes(b"subject,13800138000")
    with spool(store.path) as folder:
        assert folder.is_dir()
        assert not left.exists()


def test_only_names_that_are_there_can_be_chosen() -> None:
    catalogue = load_catalogue()
    assert [source.name for source in choose(catalogue, ["urlhaus"])] == ["urlhaus"]
    assert all(source.enabled for source in choose(catalogue, []))
    with pytest.raises(UsageError, match="'nope' is not in the catalogue"):
        choose(catalogue, ["nope"])
