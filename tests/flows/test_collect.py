"""Collecting from a real server on loopback into a real store: what is new, what is not, what fails alone."""

import subprocess
import sys
from pathlib import Path

import pytest

from db.errors import UsageError
from db.sources import read_cursor
from db.store import Store, now_ms
from db.vocabulary import Outcome
from flows.collect import SourceResult, choose, fetch, spool, take_files, take_outcome
from flows.demo.server import CATALOGUE, serve_samples
from spiders.catalogue import Source, load_catalogue
from tests.flows.test_ingest import make_source


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


def test_a_file_that_cannot_be_read_fails_its_source_alone(store: Store, tmp_path: Path) -> None:
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
