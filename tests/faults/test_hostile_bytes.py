"""Hostile files of every layout, through reader and store: rows that are accounted for, or one clear line."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.keys import make_key_file
from db.store import Store, now_ms, open_store
from db.vocabulary import Outcome
from flows.collect import take_files
from spiders.catalogue import load_catalogue
from tests.faults.fuzz import fuzz
from tests.faults.hostile import ARCHIVES, cases_of, records_with_values, with_values
from tests.faults.judging import Judge, check_said, judging
from tests.faults.mutating import KINDS, Step, mutated
from tests.faults.samples import FEW, TARGETS

BOMBS = ("list", "stix")
"""Packing is undone before a layout is looked at: two layouts are enough for it."""
SLOW = {"only quotes": "list", "a million keys in a field": "phishtank-json"}
"""Some seconds each, by a way that many layouts share -> the one that takes it."""
CASES = {
    f"{name}: {case}": (name, declared)
    for name in FEW
    for case, declared in cases_of(TARGETS[name]).items()
    if (name in BOMBS or case not in ARCHIVES) and SLOW.get(case, name) == name
}
TOTAL = ("csv", "json", "jsonl", "parquet", "excel")
"""Shapes in which each record is a row, whatever it holds."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("hostile")
    make_key_file(folder / "key")
    with open_store(folder / "fanzha.db", folder / "key") as opened:
        yield opened


@pytest.fixture(scope="module")
def judges() -> Iterator[dict[str, Judge]]:
    """Of the layout in hand; its child reads all of its files."""
    held: dict[str, Judge] = {}
    yield held
    for judge in held.values():
        judge.reader.__exit__(None, None, None)


def judge_of(name: str, place: Store, judges: dict[str, Judge]) -> Judge:
    if name not in judges:
        for other in list(judges):
            judges.pop(other).reader.__exit__(None, None, None)
        with judging(place, TARGETS[name]) as judge:
            judges[name] = judge
    return judges[name]


@pytest.mark.parametrize("case", CASES)
def test_a_hostile_file_is_read_or_refused_and_costs_little(place: Store, judges: dict[str, Judge], case: str) -> None:
    name, declared = CASES[case]
    verdict = judge_of(name, place, judges).take(declared.make(TARGETS[name]))
    if declared.told:
        told = "cannot be read as table" if TARGETS[name].source.has_people else declared.told
        assert re.search(told, verdict.fault), verdict
    if declared.rows is not None:
        assert (verdict.fault, verdict.counts.rows) == ("", declared.rows)


@pytest.mark.parametrize("name", TARGETS)
def test_a_hostile_value_costs_its_row_only(place: Store, judges: dict[str, Judge], name: str) -> None:
    target = TARGETS[name]
    verdict = judge_of(name, place, judges).take(with_values(target))
    assert verdict.fault == ""
    assert verdict.counts.stored > 0
    if target.shape in TOTAL:
        assert verdict.counts.rows == len(records_with_values(target))


@pytest.mark.parametrize("name", FEW)
def test_a_file_of_another_layout_is_read_or_refused(place: Store, judges: dict[str, Judge], name: str) -> None:
    for other in FEW:
        judge_of(name, place, judges).take(TARGETS[other].good)


def step() -> st.SearchStrategy[Step]:
    share = st.floats(0, 1, exclude_max=True)
    return st.builds(Step, st.integers(0, len(KINDS) - 1), share, st.integers(1, 2_000), st.integers(0, 1 << 16))


@pytest.mark.parametrize("name", FEW)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step(), min_size=1, max_size=5))
def test_a_good_file_made_bad_is_read_or_refused(
    place: Store, judges: dict[str, Judge], name: str, steps: list[Step]
) -> None:
    judge_of(name, place, judges).take(mutated(TARGETS[name].good, steps))


def test_the_fuzzer_tells_a_line_a_layout_and_finds_nothing() -> None:
    told: list[str] = []
    assert fuzz(2, 1, told.append) == 0
    assert len(told) == len(TARGETS) + 1
    assert re.search(r"^all +[1-9][0-9,]* tried", told[-1])


@pytest.mark.parametrize("column", ["stage", "programme", "subject"])
def test_a_character_that_becomes_eighteen_costs_no_memory(place: Store, judges: dict[str, Judge], column: str) -> None:
    target = TARGETS["warning-csv"]
    content = target.write([{**target.record, column: "\ufdfa" * 20_000}] * 300)
    verdict = judge_of(target.name, place, judges).take(content)
    assert verdict.counts.quarantined == 300
    assert verdict.peak < 10 * len(content), "spelt out, the column alone would take as much"


NAMES = ("good.txt", "a\nb.txt", "\x1b]0;owned\x07.txt", "\u202etxt.exe", "=cmd|' C'!A0.txt", "--help.txt", "'; --.txt")


def test_a_folder_of_hostile_names_links_and_pipes_harms_nobody(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        (folder / name).write_bytes(
            b"%d.example\n" % number if name == "good.txt" else bytes((number,)) * 9_000 + b"\n"
        )
    (folder / "link-outside.txt").symlink_to("/dev/zero")
    (folder / "link-round").symlink_to(folder)
    (folder / "link-nowhere.txt").symlink_to(tmp_path / "nowhere")
    os.mkfifo(folder / "pipe.txt")
    (folder / "bomb.txt").write_bytes(cases_of(TARGETS["list"])["gzip bomb"].make(TARGETS["list"]))
    (tmp_path / "good.txt").write_text("good.example\n", "utf-8")
    common = 'title = "t"\npublisher = "p"\nlicence = "l"\nformat = "list"\nyields = "malicious"\n'
    lenient = "[source.normal]\nmax_rejected_share = 1\n"
    (tmp_path / "c.toml").write_text(
        f'[[source]]\nname = "bad"\npath = "hostile"\n{common}{lenient}'
        f'[[source]]\nname = "good"\npath = "good.txt"\n{common}',
        "utf-8",
    )
    bad, good = (take_files(store, source, tmp_path, now_ms()) for source in load_catalogue(tmp_path / "c.toml"))
    assert bad.outcome is Outcome.FAILED
    assert "expands to more than" in bad.reason
    check_said(bad.reason)
    assert bad.counts.stored == 1, "the good file beside them"
    assert (good.outcome, good.counts.stored) == (Outcome.STORED, 1)
    assert bad.counts.rows == len(NAMES)
