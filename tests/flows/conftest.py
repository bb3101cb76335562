"""Calling the command line in a folder of its own, empty or with a little in its database."""

import socket
import sys
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from db.connection import transaction
from db.matches import save_brands
from db.store import Store
from flows.cli.main import run
from tests.flows.calls import CATALOGUE, CHECKS, Call, Result
from tests.flows.takedowns import BRANDS, HOSTING, NETWORK, REGISTRAR, SITE, Inbox, event, place
from tests.spiders.registries import Registrars, registering


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


@pytest.fixture
def attacked(store: Store) -> Store:
    """A store with one open attack, and all known of where it stands."""
    with transaction(store.database):
        save_brands(store.database, BRANDS)
    event(store, f"http://{SITE}/a?b=c")
    place(store, SITE, REGISTRAR, HOSTING, NETWORK)
    return store


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, dict[str, Any]]]:
    """A mail server on loopback, and the rules' table that names it."""
    handler = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield handler, {"host": "127.0.0.1", "port": port, "starttls": False}
    finally:
        controller.stop()


@pytest.fixture
def made() -> Iterator[Registrars]:
    with registering() as registrars:
        yield registrars
