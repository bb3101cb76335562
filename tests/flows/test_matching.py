"""Matching the database: new things alone, anew what a change may change, killed and gone on with, told in figures."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analytics.match.matcher import MATCHER_VERSION
from db.brands import Brand
from db.connection import transaction
from db.errors import Interrupted
from db.matches import MatchState, read_brands, read_state
from db.rematches import read_rematch
from db.store import Store, open_store
from flows import matching
from flows.matching import MatchReport, match_new, shown_changes, told_rematch
from flows.spread import cores
from tests.flows.test_ingest import make_source, take
from tests.running import children_of, fanzha

ROOT = Path(__file__).parent.parent.parent
ZYRQON = Brand(
    id="zyrqon",
    names=("Zyrqon", "泽启借条"),
    domains=("zyrqon.com",),
    packages=("com.zyrqon.loan",),
    keywords=("loan",),
)
VRAMPFEN = Brand(id="vrampfen", names=("Vrampfen",), domains=("vrampfen.net",), packages=("com.vrampfen.pay",))
QUUX = Brand(id="quuxbank", names=("Quuxbank",), domains=("quux.org",), keywords=("zzkey",))
BRANDS = (ZYRQON, VRAMPFEN, QUUX, *(Brand(id=f"idle-{n}", names=(f"Idlexq{n}zz",), domains=()) for n in range(2)))
IDLE = BRANDS[3:]
LABELS = ("zyrqon-login", "zyrq0n", "vrampfen", "my-vrampfen", "quuxbank-zzkey", "flowers", "zyrqon.quux", "bakery-{}")
APPS = (
    ("com.zyrq0n.loan", "Loan"),
    ("com.synthetic.a", "泽启借条"),
    ("com.vrampfen.pay", "Vrampfen"),
    ("com.synthetic.b", "Vrampfen Pro"),
    ("com.synthetic.c", "Notes"),
)


def fill(store: Store, begin: int = 0, end: int = 12) -> None:
    """Hosts and apps, synthetic, some of which imitate; `begin` and `end` number them."""
    hosts = [f"{label.format(n)}.{suffix}" for n in range(begin, end) for label in LABELS for suffix in (f"s{n}.top",)]
    take(store, make_source(), "".join(f"http://{host}/\n" for host in [*hosts, "www.zyrqon.com", "a.quux.org"]))
    rows = [(f"{package}{n}", package, name) for n in range(begin, end) for package, name in APPS]
    with transaction(store.database):
        store.database.conn.executemany("INSERT INTO app (key, store, package, name) VALUES (?, 'shop', ?, ?)", rows)


def stored(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All matches, by name: what is seen of them."""
    columns = "brand.id, technique, similarity, confidence, matched, explanation_zh, explanation_en"
    with closing(sqlite3.connect(path)) as database:
        return {
            table: database.execute(
                f"SELECT {name}, {columns} FROM {table} JOIN {of} USING ({of}_id) JOIN brand USING (brand_id) "
                "ORDER BY 1, 2"
            ).fetchall()
            for table, of, name in (("match", "host", "host.name"), ("app_match", "app", "app.key"))
        }


def from_scratch(path: Path, brands: Sequence[Brand], end: int = 12) -> dict[str, list[tuple[Any, ...]]]:
    with open_store(path, None) as store:
        fill(store, 0, end)
        match_new(store, brands)
    return stored(path)


@pytest.fixture
def matched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database that is matched, ten hosts or apps a batch."""
    monkeypatch.setattr(matching, "BATCH", 10)
    monkeypatch.setattr(matching, "cores", lambda: 1)
    with open_store(tmp_path / "fanzha.db", None) as store:
        fill(store)
        match_new(store, BRANDS)
    return tmp_path / "fanzha.db"


def run(path: Path, brands: Sequence[Brand] = BRANDS) -> MatchReport:
    with open_store(path, None) as store:
        return match_new(store, brands)


def change(brand: Brand, **fields: object) -> Brand:
    return brand.model_copy(update=fields)


EDITS: dict[str, tuple[tuple[Brand, ...], int, int]] = {
    # the brands in force; hosts and apps looked at anew, at least and at most, of 98 hosts and 60 apps
    "nothing": (BRANDS, 0, 0),
    "what no match depends on": ((change(ZYRQON, threshold=90, own=True), *BRANDS[1:]), 0, 0),
    "one removed": ((ZYRQON, QUUX, *IDLE), 48, 60),
    "one added": ((*BRANDS, Brand(id="flowers", names=("Flowers",), domains=())), 12, 24),
    "another name": ((ZYRQON, change(VRAMPFEN, names=("Bakery",)), QUUX, *IDLE), 36, 70),
    "an official domain": ((ZYRQON, VRAMPFEN, change(QUUX, domains=("quux.org", "s3.top")), *IDLE), 8, 40),
    "an official domain less": ((ZYRQON, VRAMPFEN, change(QUUX, domains=()), *IDLE), 1, 40),
    "another keyword": ((ZYRQON, VRAMPFEN, change(QUUX, keywords=("flowers",)), *IDLE), 24, 60),
    "another package": ((change(ZYRQON, packages=("com.synthetic.a",)), *BRANDS[1:]), 24, 90),
    "another order": ((QUUX, VRAMPFEN, ZYRQON, *IDLE), 158, 158),
    "most": ((change(ZYRQON, names=("Bakery",)), change(VRAMPFEN, names=("Flowers",)), QUUX), 158, 158),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_changed_brand_ends_with_what_matching_from_scratch_gives(matched: Path, tmp_path: Path, edit: str) -> None:
    brands, least, most = EDITS[edit]
    report = run(matched, brands)
    assert (report.host_matches, report.app_matches) == (0, 0), "nothing is new"
    assert least <= sum(one.examined for one in report.rematches) <= most
    assert stored(matched) == from_scratch(tmp_path / "scratch.db", brands)
    with open_store(matched, None) as store:
        assert read_brands(store.database) == brands
    assert run(matched, brands).rematches == ()


def test_a_new_batch_is_matched_alone(matched: Path, tmp_path: Path) -> None:
    before = stored(matched)
    with open_store(matched, None) as store:
        fill(store, 12, 14)
        report = match_new(store, BRANDS)
    assert report.rematches == ()
    after = stored(matched)
    new = {table: [row for row in rows if row not in before[table]] for table, rows in after.items()}
    assert (report.host_matches, report.app_matches) == (len(new["match"]), len(new["app_match"]))
    assert all(new.values())
    assert after == from_scratch(tmp_path / "scratch.db", BRANDS, 14)


def age(path: Path) -> None:
    """Make the matches those of an older matcher: one missing, one too many, one fainter, one of another brand."""
    with closing(sqlite3.connect(path)) as database, database:
        ids = dict(database.execute("SELECT name, host_id FROM host"))
        brands = dict(database.execute("SELECT id, brand_id FROM brand"))
        database.execute("UPDATE match_state SET matcher_version = 'older'")
        database.execute("DELETE FROM match WHERE host_id = ?", [ids["zyrq0n.s1.top"]])
        database.execute("UPDATE match SET confidence = 45 WHERE host_id = ?", [ids["zyrq0n.s2.top"]])
        database.execute(
            "UPDATE match SET brand_id = ? WHERE host_id = ?", [brands["quuxbank"], ids["vrampfen.s3.top"]]
        )
        database.execute("UPDATE match SET explanation_en = 'as it was' WHERE host_id = ?", [ids["vrampfen.s4.top"]])
        row = database.execute("SELECT * FROM match LIMIT 1").fetchone()
        marks = ", ".join("?" * len(row))
        database.execute(f"INSERT INTO match VALUES ({marks})", [ids["flowers.s5.top"], *row[1:]])


def test_a_newer_matcher_matches_all_anew_and_says_what_changed(matched: Path) -> None:
    expected = stored(matched)
    age(matched)
    (rematch,) = run(matched).rematches
    assert stored(matched) == expected
    assert (rematch.examined, rematch.appeared, rematch.gone, rematch.moved) == (158, 1, 1, 2)
    assert told_rematch(rematch) == (
        f"matched anew, matcher older to {MATCHER_VERSION}: 158 hosts and apps; 1 new, 1 gone, 2 moved"
    )
    shown = {(one["change"], one["host or app"]): (one["before"], one["after"]) for one in shown_changes(rematch)}
    assert set(shown) == {
        ("new", "zyrq0n[.]s1[.]top"),
        ("gone", "flowers[.]s5[.]top"),
        ("moved", "zyrq0n[.]s2[.]top"),
        ("moved", "vrampfen[.]s3[.]top"),
    }
    assert shown["moved", "zyrq0n[.]s2[.]top"][0] == "zyrqon 45"
    assert shown["moved", "vrampfen[.]s3[.]top"][0].startswith("quuxbank ")
    assert shown["gone", "flowers[.]s5[.]top"][1] == "-"
    assert run(matched).rematches == ()


def test_whoever_reads_meanwhile_sees_every_match(matched: Path) -> None:
    age(matched)
    certain = "SELECT count(*) FROM match JOIN host USING (host_id) WHERE name LIKE 'zyrqon-login.%'"
    seen: list[int] = []
    with open_store(matched, None) as store, closing(sqlite3.connect(matched)) as reader:
        store.database.conn.set_trace_callback(lambda _: seen.append(reader.execute(certain).fetchone()[0]))
        match_new(store, (ZYRQON, VRAMPFEN, *IDLE))
    assert len(seen) > 100
    assert set(seen) == {12}


def test_many_hosts_are_spread_over_processes_and_a_killed_one_loses_nothing(
    matched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "cores", lambda: 2)
    real = matching._advanced

    def deadly(state: MatchState, key: str, subjects: pl.DataFrame) -> MatchState:
        for child in children_of(os.getpid()):
            with suppress(ProcessLookupError):  # of the second batch: the first has ended it
                os.kill(child, signal.SIGKILL)
        advanced: MatchState = real(state, key, subjects)
        return advanced

    monkeypatch.setattr(matching, "_advanced", deadly)
    with open_store(tmp_path / "spread.db", None) as store:
        fill(store)
        with pytest.raises(Interrupted, match="was killed by signal 9; what was matched before is kept, run again"):
            match_new(store, BRANDS)
    monkeypatch.setattr(matching, "_advanced", real)
    run(tmp_path / "spread.db")
    assert stored(tmp_path / "spread.db") == stored(matched)


def test_no_more_hosts_are_held_than_a_few_batches_however_many_there_are() -> None:
    taken = 0

    def batches() -> Iterator[pl.DataFrame]:
        nonlocal taken
        for number in range(20):
            taken += 1
            host = f"zyrqon{number}.icu"
            parts = {"host": [host], "registrable_domain": [host], "public_suffix": ["icu"]}
            yield pl.DataFrame({"host_id": [number], **parts})

    held = [taken - answered for answered, _ in enumerate(matching._spread(BRANDS, batches()))]
    assert len(held) == taken == 20
    assert max(held) <= 2 * cores() + 1


KILLED = """
import os, signal, sys
from pathlib import Path
from db.store import open_store
from flows import matching
from tests.flows.test_matching import BRANDS
matching.BATCH = 10
calls, real = 0, getattr(matching, sys.argv[2])
def dying(*arguments):
    global calls
    calls += 1
    result = real(*arguments)
    if calls == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    return result
setattr(matching, sys.argv[2], dying)
with open_store(Path(sys.argv[1]), None) as store:
    matching.match_new(store, BRANDS)
"""


def kill(path: Path, function: str, call: int) -> None:
    """Match in a process of its own that kills itself, without a word, behind a call of a function."""
    command = [sys.executable, "-c", KILLED, str(path), function, str(call)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -9


AGED = ("zyrq0n.s1.top", "zyrq0n.s2.top", "vrampfen.s3.top", "vrampfen.s4.top", "flowers.s5.top")


@pytest.mark.parametrize(
    ("function", "call", "batches"),
    [
        ("save_rematch", 1, 0),  # planned, not committed
        ("save_rematch", 2, 0),  # the first batch is written, not committed
        ("drop_matches", 6, 5),  # the old matches of the sixth batch are dropped, not committed
        ("save_matches", 9, 8),
        ("save_rematch", 18, 16),  # all is done but to say so
    ],
)
def test_a_killed_rematch_goes_on_and_tells_all(matched: Path, function: str, call: int, batches: int) -> None:
    expected = stored(matched)
    age(matched)
    before = stored(matched)
    kill(matched, function, call)
    now = stored(matched)
    with closing(sqlite3.connect(matched)) as database:
        ids = dict(database.execute("SELECT name, host_id FROM host"))
    for host in AGED:
        shown = [row for row in now["match"] if row[0] == host]
        due = expected if ids[host] <= 10 * batches else before
        assert shown == [row for row in due["match"] if row[0] == host]
    (rematch,) = run(matched).rematches
    assert stored(matched) == expected
    assert (rematch.examined, rematch.appeared, rematch.gone, rematch.moved) == (158, 1, 1, 2)
    assert len(rematch.examples) == 4


def test_a_change_upon_an_unfinished_rematch_takes_over_what_was_left(matched: Path, tmp_path: Path) -> None:
    edited = (ZYRQON, change(VRAMPFEN, names=("Flowers",)), QUUX, *IDLE)
    again = (ZYRQON, VRAMPFEN, change(QUUX, names=("Bakery",)), *IDLE)
    with open_store(matched, None) as store:
        matching._begin(store, edited)
        pending = read_rematch(store.database)
        assert pending
        matching._begin(store, again)
        both = read_rematch(store.database)
        assert both
        assert both.brands
        assert {brand.id for brand in both.brands} == {"vrampfen", "quuxbank"}
        assert {brand.names for brand in both.brands} == {("Vrampfen",), ("Flowers",), ("Quuxbank",), ("Bakery",)}
        fill(store, 12, 14)
    (rematch,) = run(matched, again).rematches
    assert rematch.cause == "1 brand changed (vrampfen), 2 brands changed (quuxbank, vrampfen)"
    assert rematch.examined < 158
    assert stored(matched) == from_scratch(tmp_path / "s.db", again, 14)
    age(matched)
    with open_store(matched, None) as store:
        matching._begin(store, BRANDS)
        matching._begin(store, edited)
        total = read_rematch(store.database)
        assert total
        assert total.brands is None, "what a newer matcher left is everything, whichever brand changes upon it"
    run(matched, edited)
    assert stored(matched) == from_scratch(tmp_path / "t.db", edited, 14)


def test_verdicts_stay_as_they_are(matched: Path) -> None:
    verdict = "http://zyrqon-login.s1.top/"
    environ = {"FANZHA_DB": str(matched)}
    done = fanzha("verdict", "dismiss", verdict, "--by", "li", "--why", "ours", cwd=matched.parent, environ=environ)
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(matched)) as database:
        before = database.execute("SELECT * FROM verdict").fetchall()
        age(matched)
        run(matched, (ZYRQON,))
        assert database.execute("SELECT * FROM verdict").fetchall() == before != []


def test_a_database_of_the_first_version_is_matched_anew_once(tmp_path: Path) -> None:
    path = tmp_path / "fanzha.db"
    run(path)
    with closing(sqlite3.connect(path)) as database, database:  # as it was before migration 0003
        database.execute("DROP TABLE rematch")
        database.execute("ALTER TABLE match_state ADD COLUMN brands_digest TEXT NOT NULL DEFAULT ''")
        database.execute("ALTER TABLE brand DROP COLUMN position")
        database.execute("UPDATE match_state SET matcher_version = 'older'")
        database.execute("DELETE FROM _sqlite_migrations WHERE name = '0003_rematch'")
    with open_store(path, None) as store:
        fill(store)
        report = match_new(store, BRANDS)
        assert report.host_matches > 0
        state = read_state(store.database)
        assert state
        assert state.matcher_version == MATCHER_VERSION


def test_fanzha_run_says_what_a_newer_matcher_changed(tmp_path: Path, prefect_home: Path) -> None:
    (tmp_path / "hosts.txt").write_text("paypa1-login.example\nflowers.example\n", "utf-8")
    (tmp_path / "sources.toml").write_text(
        '[[source]]\nname = "made-up"\ntitle = "Synthetic"\npublisher = "tests"\nlicence = "Apache-2.0"\n'
        'path = "hosts.txt"\nformat = "list"\nyields = "malicious"\n',
        "utf-8",
    )
    environ = {"PREFECT_HOME": str(prefect_home), "FANZHA_DB": str(tmp_path / "fanzha.db")}
    environ |= {"PATH": os.environ["PATH"]}
    first = fanzha("run", "--sources", "sources.toml", cwd=tmp_path, environ=environ)
    assert "matched anew" not in first.stdout
    with closing(sqlite3.connect(tmp_path / "fanzha.db")) as database, database:
        database.execute("DELETE FROM match")
        database.execute("UPDATE match_state SET matcher_version = 'older'")
    second = fanzha("run", "--sources", "sources.toml", cwd=tmp_path, environ=environ)
    assert second.returncode == 0, second.stderr
    lines = second.stdout.splitlines()
    told = next(line for line in lines if line.startswith("matched anew, matcher older to "))
    assert told.endswith(": 2 hosts and apps; 1 new, 0 gone, 0 moved")
    assert any(line.startswith("new\tpaypa1-login[.]example\t-\tpaypal ") for line in lines), second.stdout
