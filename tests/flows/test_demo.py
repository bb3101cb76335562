"""`fanzha demo` as a stranger sees it, and `fanzha run` twice."""

import json
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from socketserver import TCPServer
from typing import Any

import pytest

from db.errors import UsageError
from flows.demo.follow import ANALYST, SOURCES
from flows.demo.server import CATALOGUE
from flows.demo.world import SITES, living
from spiders.catalogue import load_catalogue
from tests.flows.demo_balance import count_balance
from tests.flows.demo_truth import count_demo
from tests.running import fanzha
from tests.test_readme import READMES, block

SAMPLES = CATALOGUE.parent / "samples"


@pytest.mark.parametrize("name", READMES)
@pytest.mark.parametrize("mark", ["demo", "follow"])
def test_the_demo_prints_what_is_shown(
    name: str, mark: str, demo: tuple[Path, subprocess.CompletedProcess[str]]
) -> None:
    shown = [line for line in block(name, mark).splitlines() if line not in {"", "..."}]
    printed = demo[1].stdout.splitlines()
    assert len(shown) > 20
    assert [line for line in shown if line not in printed] == []


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
from types import SimpleNamespace
from flows.demo import server, show
server._SAMPLES = Path("samples")
show._follow = lambda directory: SimpleNamespace(faults=[])  # the second part has tests of its own
show._show_more = lambda db, followed: None
sys.exit(show.run_demo(Path("demo")))
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
    assert {name: figures[name]["value"] for name in figures} == count_demo(SAMPLES) | count_balance(SAMPLES)
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


# ---- the second part: followed until they are down

KEY = {"FANZHA_KEY_FILE": "demo/demo.key"}
LIVES = {
    "360jietiao-vip.example": ("confirmed", None, None, 0),
    "q1fu-jietiao.example": ("closed", "2025-03-05T13:50", "us", 0),
    "qifujietiao.example": ("closed", "2025-03-06T14:10", "us", 0),
    "qifu-jietiao-login.example": ("confirmed", None, None, 1),
    "360jletiao.example": ("confirmed", None, None, 0),
    "qifu-fans.example": ("dismissed", None, None, 0),
}
"""Site -> state, first unreachable, cause, how often it came back."""


def rows(folder: Path, query: str) -> list[dict[str, Any]]:
    with sqlite3.connect(folder / "demo" / "follow.db") as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(query)]


@pytest.mark.parametrize("host", LIVES)
def test_each_followed_site_comes_to_its_end(demo: tuple[Path, subprocess.CompletedProcess[str]], host: str) -> None:
    (row,) = rows(demo[0], f"SELECT * FROM v_attacks WHERE target = '{host}'")
    assert (row["state"], row["closed"] and row["closed"][:16], row["cause"], row["reopened"]) == LIVES[host]
    assert (row["brand"], row["first_seen"]) == ("qifu-jietiao", "2025-03-03T00:30:00Z")
    assert (row["confirmed"] is None) is (row["state"] == "dismissed")
    assert (row["first_action"] is None) is (row["state"] == "dismissed")
    if row["closed"]:
        assert row["confirmed"] <= row["first_action"] < row["closed"] < row["down"]
    (line,) = [line.split("\t") for line in demo[1].stdout.splitlines() if line.startswith(f"{host}\t")]
    assert line[3] == "03-03 00:30"
    assert line[6] == (row["closed"][5:16].replace("T", " ") if row["closed"] else "-")


def test_the_site_that_is_back_was_down_and_is_told_of_again(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, done = demo
    host = "qifu-jietiao-login.example"
    told = [line for line in done.stdout.splitlines() if line.endswith(f": {host}")]
    assert [re.sub(r"^.*?: (.*?): .*$", r"\1", line) for line in told] == [
        "不可用 failing, connection_refused",
        "确认关停 down, connection_refused",
        "再次在线 back",
    ]
    notices = rows(folder, f"SELECT kind, sent FROM v_takedowns WHERE target = '{host}' ORDER BY notice")
    assert [notice["kind"] for notice in notices] == ["first"] * 4 + ["reminder"] * 2
    (back,) = rows(folder, "SELECT target, since FROM v_attention WHERE kind = 'back'")
    assert back["target"] == host
    assert notices[2]["sent"] >= back["since"] > notices[1]["sent"]


@pytest.mark.parametrize(
    ("host", "how"), [("q1fu-jietiao.example", "suspended_page"), ("qifujietiao.example", "client_hold")]
)
def test_who_took_a_site_down_is_seen(demo: tuple[Path, subprocess.CompletedProcess[str]], host: str, how: str) -> None:
    assert f"确认关停 down, {how}: {host}" in demo[1].stdout
    (row,) = rows(demo[0], f"SELECT state, closure, networks FROM v_probes WHERE address LIKE '%/{host}:%'")
    assert row == {"state": "down", "closure": how, "networks": 2}


def test_a_site_that_one_network_does_not_see_stands(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    query = """SELECT DISTINCT network, term.name AS outcome FROM probe JOIN vantage USING (vantage_id)
        JOIN term ON term_id = outcome_id JOIN url USING (url_id) JOIN host USING (host_id)
        WHERE host.name = '360jletiao.example' ORDER BY 1"""
    assert rows(demo[0], query) == [
        {"network": "AS64496", "outcome": "up"},
        {"network": "AS64497", "outcome": "content_gone"},
    ]


def test_each_notice_is_approved_and_arrives_once(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, done = demo
    sent = rows(folder, "SELECT * FROM v_takedowns")
    mails = [message_from_bytes(path.read_bytes(), policy=default) for path in (folder / "demo/mails").iterdir()]
    assert len(mails) == len(sent) == 22
    assert f"{len(mails)} mails reached the demo's mail server" in done.stdout
    keys = {row["notice_key"] for row in rows(folder, "SELECT notice_key FROM notice")}
    assert {str(mail["Message-ID"]).strip("<>").partition("@")[0] for mail in mails} == keys
    assert {mail["From"] for mail in mails} == {"reports@demo.example"}
    assert all(str(mail["To"]).endswith(".example") for mail in mails)
    assert {(row["channel"], row["approved_by"]) for row in sent} == {
        ("registrar", "a rule"),
        ("hosting", ANALYST),
        ("network", ANALYST),
    }
    assert {row["state"] for row in sent} == {"sent", "actioned"}
    assert not any(row["target"] == "qifu-fans.example" for row in sent)


@pytest.mark.parametrize(("kpi", "value"), [("K10", 5), ("K14", 2)])
def test_followed_attacks_count_and_lead_to_their_evidence(
    demo: tuple[Path, subprocess.CompletedProcess[str]], kpi: str, value: int
) -> None:
    folder, _ = demo
    figures = json.loads(fanzha("kpi", "2025", "--json", "--db", "demo/follow.db", cwd=folder).stdout)
    assert next(figure["value"] for figure in figures if figure["id"] == kpi) == value
    records = json.loads(fanzha("trace", kpi, "2025", "--json", "--db", "demo/follow.db", cwd=folder).stdout)
    assert len({record["unit"] for record in records}) == value
    assert {record["source"] for record in records} == (
        {"fanzha-notices"} if kpi == "K10" else {"fanzha-notices", "fanzha probe"}
    )
    assert all((folder / "demo" / record["file"]).is_file() for record in records if record["file"])


def test_what_is_followed_holds_and_mixes_with_nothing(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, done = demo
    verified = fanzha("verify", "--db", "demo/follow.db", cwd=folder, environ=KEY)
    assert verified.returncode == 0, verified.stderr
    assert all("(synthetic)" in source.publisher for source in load_catalogue(SOURCES))
    assert all("合成" in source.title_zh for source in load_catalogue(SOURCES))
    assert all(site.host.endswith(".example") for site in SITES)
    assert "合成世界" in done.stdout
    with sqlite3.connect(folder / "demo" / "demo.db") as database:
        assert database.execute("SELECT count(*) FROM probe").fetchone() == (0,)
        assert database.execute("SELECT count(*) FROM notice").fetchone() == (0,)


def test_what_the_demo_names_of_the_second_part_works_after_it(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, done = demo
    named = [line.split()[1:] for line in done.stdout.splitlines() if re.match(r"  \S*fanzha .*follow\.db$", line)]
    again = [arguments for arguments in named if arguments[0] != "serve"]
    assert len(again) == 4
    for arguments in again:
        called = fanzha(*arguments, cwd=folder)
        assert (called.returncode, called.stderr) == (0, "")
        assert len(called.stdout.splitlines()) > 5


FOLLOWED_WITHOUT_A_MAIL_SERVER = """
import sys
from pathlib import Path
from types import SimpleNamespace
from flows.demo import show, world
show._run = lambda db: SimpleNamespace(failed=[SimpleNamespace(source=show.MEANT_TO_FAIL)])
show._show = lambda db, report: None
world._RULES = world._RULES.replace("{port}", "9")
sys.exit(show.run_demo(Path("demo")))
"""


def test_demo_does_not_succeed_where_its_second_part_fails(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FOLLOWED_WITHOUT_A_MAIL_SERVER]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 1, done.stderr
    fault = "fanzha: not sent, and will be tried again: mail server 127.0.0.1:9: Connection refused\n"
    assert done.stderr.endswith(fault)
    assert done.stderr.count(fault) == 1


def test_a_machine_without_all_of_loopback_is_told_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.demo.world.SITES", [replace(SITES[0], address="203.0.113.1")])
    with (
        pytest.raises(UsageError, match=r"203\.0\.113\.1:0: Cannot assign .*; the demo's sites stand on"),
        living(tmp_path),
    ):
        pass


def test_nothing_of_the_world_listens_after_it(tmp_path: Path) -> None:
    with living(tmp_path) as world:
        world.at(0)
        stood = [place(server) for server in (*world.web.values(), world.registries, world.mail)]
        names = [place(server) for server in world.name_servers]
        for address in stood:
            socket.create_connection(address, 5).close()
    for address in stood:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, 5)
    for address in names:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(address)


def place(server: TCPServer) -> tuple[str, int]:
    host, port = server.socket.getsockname()
    assert host.startswith("127.")
    return str(host), int(port)


def contents(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with sqlite3.connect(path) as database:
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: database.execute(f'SELECT * FROM "{name}" ORDER BY 1, 2').fetchall() for name in tables}


def test_running_twice_changes_nothing_but_the_log_of_fetches(tmp_path: Path, prefect_home: Path) -> None:
    source = (
        '[[source]]\nname = "{0}"\ntitle = "Synthetic"\npublisher = "tests"\nlicence = "Apache-2.0"\npath = "{1}"\n'
    )
    good = source.format("good", "good.txt") + 'format = "list"\nyields = "malicious"\n'
    gone = source.format("gone", "gone.txt") + 'format = "list"\nyields = "malicious"\n'
    (tmp_path / "sources.toml").write_text(good + gone, "utf-8")
    (tmp_path / "good.txt").write_text("http://paypa1-login.example/\n360jietiao-app.example\n", "utf-8")
    environ = {"PREFECT_HOME": str(prefect_home), "FANZHA_DB": str(tmp_path / "fanzha.db")}
    first = fanzha("run", "--sources", "sources.toml", cwd=tmp_path, environ=environ)
    before = contents(tmp_path / "fanzha.db")
    second = fanzha("run", "--sources", "sources.toml", cwd=tmp_path, environ=environ)
    after = contents(tmp_path / "fanzha.db")
    for done in (first, second):
        assert done.returncode == 1, done.stderr
        assert "fanzha: source gone failed: no file at gone.txt" in done.stderr
    with closing(sqlite3.connect(prefect_home / "prefect.db")) as database:
        tasks = [name for (name,) in database.execute("SELECT name FROM task_run ORDER BY start_time")]
    places = [
        next(at for at, name in enumerate(tasks) if name.startswith(step)) for step in ("derive", "keep", "count")
    ]
    assert places == sorted(places), "the facts of all years are counted at once, before the figures of each"
    assert len(before["match"]) >= 2
    assert len(after.pop("fetch")) == len(before.pop("fetch")) + 2
    assert after == before
