"""Calling the command line in a folder of its own, empty or with a little in its database."""

import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from flows.cli.main import run
from tests.flows.calls import CATALOGUE, CHECKS, Call, Result


@pytest.fixture
def call(tmp_path: Path, key_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run one command line in an empty folder; gives exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FANZHA_DB", str(tmp_path / "fanzha.db"))
    monkeypatch.setenv("FANZHA_KEY_FILE", str(key_file))

    def one(*arguments: str, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(stdin)))
        code = run(list(arguments))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return one


@pytest.fixture
def filled(call: Call, tmp_path: Path) -> Call:
    (tmp_path / "urls.txt").write_text(
        "# synthetic\nhttp://360jletiao.example/x\npaypa1.com\nno host at all\n", "utf-8"
    )
    (tmp_path / "sources.toml").write_text(CATALOGUE, "utf-8")
    (tmp_path / "checks.csv").write_text(CHECKS, "utf-8")
    assert call("import", "list", "urls.txt")[0] == 1
    assert call("import", "table", "checks.csv", "--source", "checks", "--sources", "sources.toml")[0] == 0
    return call
