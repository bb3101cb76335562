"""`fanzha demo` as a stranger sees it, and `fanzha run` twice."""

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

from flows.demo.server import CATALOGUE
from spiders.catalogue import load_catalogue
from tests.flows.demo_truth import count_demo
from tests.running import fanzha

SAMPLES = CATALOGUE.parent / "samples"


def test_demo_succeeds_with_one_source_failing_as_meant(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, done = demo
    assert done.returncode == 0, done.stderr
    failing = [line for line in done.stdout.splitlines() if "\tfailed\t" in line]
    assert len(failing) == 1
    assert failing[0].startswith("demo-suspended\t")
    assert "Account Suspended" in failing[0]
    assert sum("\tstored\t" in line for line in done.stdout.splitlines()) == len(load_catalogue(CATALOGUE)) - 1


DEMO_OF_OTHER_SAMPLES = """
import sys
from pathlib import Path
from flows.demo import server
from flows.demo.show import run_demo
server._SAMPLES = Path("samples")
sys.exit(run_demo(Path("demo")))
"""


def test_demo_does_not_succeed_where_a_second_source_fails(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES, tmp_path / "samples")
    (tmp_path / "samples" / "synthetic-list.txt").write_text("<!doctype html><title>Gone</title>", "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", DEMO_OF_OTHER_SAMPLES],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    failing = {line.split("\t")[0] for line in done.stdout.splitlines() if "\tfailed\t" in line}
    assert failing == {"demo-suspended", "demo-list"}


def test_demo_leaves_the_users_own_alone(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = demo
    assert {path.name for path in folder.iterdir()} == {"demo", "home"}
    assert not any((folder / "home").iterdir())


def test_demo_shows_lookalikes_by_brand_and_technique(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, done = demo
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    found = {(line[0], line[1]): int(line[2]) for line in lines if len(line) == 3 and line[2].isdigit()}
    assert len({brand for brand, _ in found}) >= 8
    assert any(brand.startswith("奇富借条") for brand, _ in found)
    assert any(technique.startswith("app: ") for _, technique in found)
    assert {"homoglyph", "dictionary"} <= {technique for _, technique in found}


def test_demo_figures_are_those_of_an_independent_count(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = demo
    done = fanzha("kpi", "2024", "--json", "--db", "demo/demo.db", cwd=folder)
    figures = {one["id"]: one for one in json.loads(done.stdout)}
    assert {name: figures[name]["value"] for name in figures} == count_demo(SAMPLES)
    assert all("合成" in figure["note"] for figure in figures.values())


def test_demo_figures_are_re_performed_from_their_traced_records(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, _ = demo
    truth = count_demo(SAMPLES)
    for kpi in ("K01", "K02", "K03", "K05", "K10", "K11", "K12", "K38", "K39", "K40"):
        records = json.loads(fanzha("trace", kpi, "2024", "--json", "--db", "demo/demo.db", cwd=folder).stdout)
        assert len({record["unit"] for record in records}) == truth[kpi], kpi
        assert all((folder / "demo" / record["file"]).is_file() for record in records)


def test_the_genuine_app_is_not_called_a_fake(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = demo
    with sqlite3.connect(folder / "demo" / "demo.db") as database:
        packages = {row[0] for row in database.execute("SELECT package FROM v_fake_apps WHERE is_above_threshold")}
    assert "com.qihoo.loan" not in packages
    assert packages


def test_verify_holds_after_the_demo(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = demo
    done = fanzha("verify", "--db", "demo/demo.db", cwd=folder, environ={"FANZHA_KEY_FILE": "demo/demo.key"})
    assert done.returncode == 0, done.stderr


def contents(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with sqlite3.connect(path) as database:
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: database.execute(f'SELECT * FROM "{name}" ORDER BY 1, 2').fetchall() for name in tables}


def test_running_twice_changes_nothing_but_the_log_of_fetches(tmp_path: Path) -> None:
    source = (
        '[[source]]\nname = "{0}"\ntitle = "Synthetic"\npublisher = "tests"\nlicence = "Apache-2.0"\npath = "{1}"\n'
    )
    good = source.format("good", "good.txt") + 'format = "list"\nyields = "malicious"\n'
    gone = source.format("gone", "gone.txt") + 'format = "list"\nyields = "malicious"\n'
    (tmp_path / "sources.toml").write_text(good + gone, "utf-8")
    (tmp_path / "good.txt").write_text("http://paypa1-login.example/\n360jietiao-app.example\n", "utf-8")
    environ = {"PREFECT_HOME": str(tmp_path / "prefect"), "FANZHA_DB": str(tmp_path / "fanzha.db")}
    first = fanzha("run", "--sources", "sources.toml", cwd=tmp_path, environ=environ)
    before = contents(tmp_path / "fanzha.db")
    second = fanzha("run", "--sources", "sources.toml", cwd=tmp_path, environ=environ)
    after = contents(tmp_path / "fanzha.db")
    for done in (first, second):
        assert done.returncode == 1, done.stderr
        assert "fanzha: source gone failed: no file at gone.txt" in done.stderr
    assert len(before["match"]) >= 2
    assert len(after.pop("fetch")) == len(before.pop("fetch")) + 2
    assert after == before
