"""What a command does when nobody reads what it prints: it goes on to its end and its exit code, without complaint."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.running import FANZHA, fanzha

PRINTING = {
    "help": (["--help"], 0),
    "formats": (["formats"], 0),
    "sources": (["sources"], 0),
    "sources as JSON": (["sources", "--json"], 0),
    "brands": (["brands", "list"], 0),
    "match": (["match", "hosts.txt"], 0),
    "check": (["check", "paypa1.com"], 0),
    "kpi": (["kpi", "2024"], 0),
    "trace": (["trace", "K01", "2024"], 0),
    "status": (["status"], 0),
    "verify": (["verify"], 0),
    "report": (["report", "2024", "--to", "md", "-o", "report.md"], 0),
    "rows quarantined beyond the limit": (["import", "list", "bad.txt"], 1),
    "a wrong call": (["kpi", "abc"], 2),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pipes")
    (folder / "hosts.txt").write_text("paypa1.com\n" * 5_000, "utf-8")
    (folder / "bad.txt").write_text("a.example\nno host at all\n", "utf-8")
    assert fanzha("import", "list", "hosts.txt", cwd=folder).returncode == 0
    return folder


def closed_pipe() -> int:
    reading, writing = os.pipe()
    os.close(reading)
    return writing


@pytest.mark.parametrize("both", [False, True], ids=["stdout", "stdout and stderr"])
@pytest.mark.parametrize(("arguments", "code"), PRINTING.values(), ids=PRINTING)
def test_a_closed_pipe_is_no_error(home: Path, arguments: list[str], code: int, both: bool) -> None:
    pipe = closed_pipe()
    try:
        done = subprocess.run(
            [FANZHA, *arguments],
            cwd=home,
            stdout=pipe,
            stderr=pipe if both else subprocess.PIPE,
            timeout=120,
            check=False,
        )
    finally:
        os.close(pipe)
    assert done.returncode == code
    if not both:
        complaints = [line for line in done.stderr.decode().splitlines() if not line.startswith("fanzha: ")]
        assert complaints == []
        assert bool(done.stderr) == (code > 0)


def test_match_stops_once_nobody_reads_on(home: Path) -> None:
    endless = subprocess.Popen(["yes", "paypa1.com"], stdout=subprocess.PIPE)
    with endless, subprocess.Popen([FANZHA, "match"], cwd=home, stdin=endless.stdout, stdout=subprocess.PIPE) as match:
        assert endless.stdout is not None
        assert match.stdout is not None
        endless.stdout.close()
        assert match.stdout.readline().startswith(b"input,host,")
        match.stdout.close()
        assert match.wait(timeout=120) == 0
        endless.kill()


def test_what_the_terminals_encoding_lacks_is_written_as_escapes(home: Path) -> None:
    done = fanzha("sources", "--json", cwd=home, environ={"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u" in done.stdout
