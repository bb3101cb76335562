"""What is installed, started for real: a Prefect server, a worker, deployments, a schedule that fires."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from db.store import hold
from flows.prefect_server import prefect_server
from tests.running import FANZHA, children_of

ROOT = Path(__file__).parent.parent.parent
PATIENCE_SECONDS = 150
CATALOGUE = """
[[source]]
name = "synthetic-list"
title = "Synthetic list"
publisher = "tests"
licence = "Apache-2.0"
path = "synthetic-list.txt"
format = "list"
yields = "malicious"
synthetic = true
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "sources.toml").write_text(CATALOGUE, "utf-8")
    (tmp_path / "synthetic-list.txt").write_text("360jletiao.example\nhttp://paypa1-login.example/x\n", "utf-8")
    return tmp_path


@pytest.fixture
def environ(home: Path, prefect_home: Path) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "FANZHA_"))}
    return own | {
        "PREFECT_HOME": str(prefect_home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "FANZHA_DB": str(home / "fanzha.db"),
        "FANZHA_HOME": str(home),
    }


@pytest.fixture
def api(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with prefect_server() as address:
        environ["PREFECT_API_URL"] = address
        yield address


def prefect(environ: Mapping[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "prefect", "--no-prompt", *arguments]
    done = subprocess.run(
        command, env=environ, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
    return done.stdout


def sightings(home: Path) -> int:
    try:
        with sqlite3.connect(f"file:{home / 'fanzha.db'}?mode=ro", uri=True) as connection:
            return int(connection.execute("SELECT count(*) FROM sighting").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def wait_for_sightings(home: Path, running: "subprocess.Popen[bytes]") -> int:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and running.poll() is None:
        if found := sightings(home):
            return found
        time.sleep(0.5)
    return 0


def test_deployed_daily_flow_finishes_on_a_worker(home: Path, environ: dict[str, str], api: str) -> None:
    prefect(environ, "work-pool", "create", "fanzha", "--type", "process")
    prefect(environ, "deploy", "--all")
    listed = json.loads(prefect(environ, "deployment", "ls", "-o", "json"))
    assert {one["name"] for one in listed} == {"daily", "collect", "match", "probe", "follow-up", "roll-up"}
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "fanzha"]
    with subprocess.Popen(command, env=environ, cwd=home, start_new_session=True) as worker:
        try:
            parameters = json.dumps({"sources": str(home / "sources.toml")})
            prefect(
                environ, "deployment", "run", "daily/daily", "--params", parameters, "--watch", "--watch-timeout", "140"
            )
        finally:
            os.killpg(worker.pid, signal.SIGTERM)
    assert sightings(home) == 2
    assert {"sources", f"kpi-{datetime.now(ZoneInfo('Asia/Shanghai')).year}"} <= artifacts(api)


def artifacts(api: str) -> set[str]:
    """The keys of what the flows tell an operator."""
    asked = urllib.request.Request(
        f"{api}/artifacts/latest/filter", b"{}", {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return {one["key"] for one in json.load(answer)}


@pytest.fixture
def run_that_waits(home: Path, environ: dict[str, str]) -> Iterator[tuple["subprocess.Popen[bytes]", ExitStack]]:
    """`fanzha run`, kept in its middle by another process that holds its source, until that is closed."""
    environ["PREFECT_LOGGING_LEVEL"] = "INFO"
    with (home / "run.log").open("wb") as stderr, ExitStack() as held:
        held.enter_context(hold(home / "fanzha.db", "source-synthetic-list"))
        command = [str(FANZHA), "run", "--sources", "sources.toml"]
        with subprocess.Popen(command, env=environ, cwd=home, stderr=stderr, stdout=subprocess.DEVNULL) as run:
            yield run, held
            run.kill()


def wait_until(reached: Callable[[], bool], run: "subprocess.Popen[bytes] | None" = None) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and (run is None or run.poll() is None):
        if reached():
            return True
        time.sleep(0.2)
    return False


def test_a_source_that_another_run_holds_is_tried_again(
    home: Path, run_that_waits: tuple["subprocess.Popen[bytes]", ExitStack]
) -> None:
    run, held = run_that_waits
    assert wait_until(lambda: b"Retry 1/" in (home / "run.log").read_bytes(), run)
    assert sightings(home) == 0
    held.close()
    assert run.wait(timeout=PATIENCE_SECONDS) == 0
    assert sightings(home) == 2


def processes_with(setting: str) -> set[int]:
    """The processes that have a `NAME=value` in their environment; they inherit it."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if setting.encode() in path.read_bytes().split(b"\0"):
                found.add(int(path.parent.name))
        except OSError:  # it ended meanwhile, or is another user's
            continue
    return found


@pytest.mark.parametrize("moment", ["its server starts", "its flow runs"])
def test_a_run_that_is_killed_leaves_nothing_running(
    home: Path, run_that_waits: tuple["subprocess.Popen[bytes]", ExitStack], moment: str
) -> None:
    run, _ = run_that_waits
    ours = f"PREFECT_HOME={home / 'prefect'}"
    reached = {
        "its server starts": lambda: len(processes_with(ours)) > 1,
        "its flow runs": lambda: b"Retry 1/" in (home / "run.log").read_bytes(),
    }
    assert wait_until(reached[moment], run)
    assert len(processes_with(ours)) > 1
    run.kill()
    run.wait()
    assert wait_until(lambda: not processes_with(ours)), "fanzha run left something running"


def test_a_run_whose_server_is_killed_ends_with_one_line(
    home: Path, environ: dict[str, str], run_that_waits: tuple["subprocess.Popen[bytes]", ExitStack]
) -> None:
    run, held = run_that_waits
    log = home / "run.log"
    assert wait_until(lambda: b"Retry 1/" in log.read_bytes(), run)
    told = len(log.read_bytes())
    (server,) = children_of(run.pid)
    os.kill(server, signal.SIGKILL)
    assert run.wait(timeout=PATIENCE_SECONDS) == 1
    line = "fanzha: the Prefect server was killed by signal 9; what was done is kept, run again\n"
    assert log.read_text("utf-8")[told:] == line
    held.close()
    command = [str(FANZHA), "run", "--sources", "sources.toml"]
    subprocess.run(command, env=environ, cwd=home, check=True, capture_output=True, timeout=PATIENCE_SECONDS)
    assert sightings(home) == 2


def test_an_error_in_the_middle_of_a_run_is_one_line(home: Path, environ: dict[str, str]) -> None:
    brands = home / "brands.toml"
    os.mkfifo(brands)  # good when the call is checked, bad when the flow reads it
    command = [str(FANZHA), "run", "--sources", "sources.toml", "--brands", "brands.toml"]
    with subprocess.Popen(command, env=environ, cwd=home, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        brands.write_text('[[brand]]\nid = "x"\nnames = ["Example"]\ndomains = ["example.org"]\n', "utf-8")
        assert wait_until(lambda: sightings(home) > 0, run)
        brands.write_text("[[brand", "utf-8")
        out, err = run.communicate(timeout=PATIENCE_SECONDS)
    assert (run.returncode, out) == (2, b"")
    assert err.startswith(b"fanzha: brands.toml")
    assert err.count(b"\n") == 1


def test_fanzha_schedule_fires_by_itself(home: Path, environ: dict[str, str]) -> None:
    deployment = {
        "name": "soon",
        "description": "every few seconds",
        "entrypoint": "flows.daily.collect",
        "parameters": {"sources": str(home / "sources.toml")},
        "schedules": [{"interval": 3}],
        "concurrency_limit": {"limit": 1, "collision_strategy": "CANCEL_NEW"},
    }
    (home / "prefect.yaml").write_text(json.dumps({"deployments": [deployment]}), "utf-8")
    command = [str(FANZHA), "schedule"]
    with subprocess.Popen(command, env=environ, cwd=home, start_new_session=True) as schedule:
        try:
            assert wait_for_sightings(home, schedule) == 2
        finally:
            schedule.send_signal(signal.SIGINT)
            schedule.wait(timeout=60)
    assert not _alive_in_session(schedule.pid), "fanzha schedule left something running"


def _alive_in_session(leader: int) -> list[str]:
    """The commands still running in a session (field 6 of /proc/PID/stat), zombies aside."""
    alive = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text("utf-8", "replace")
        except OSError:  # it ended meanwhile
            continue
        name, _, rest = text.rpartition(")")
        state, _, _, session = rest.split()[:4]
        if int(session) == leader and state != "Z":
            alive.append(name)
    return alive
