"""Fixtures that all rooms share: a store on a real SQLite file, a key file, the real feeds where they are."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from db.keys import make_key_file
from db.store import Store, open_store
from tests.running import fanzha

_LONG: Final = frozenset(
    {"test_bench.py", "test_prefect.py", "test_demo.py", "test_month.py", "test_kills.py", "test_faults.py"}
    | {"test_hostile_bytes.py", "test_simulate.py", "test_archive.py", "test_backup.py", "test_matching.py"}
)
"""Files that take a minute or more: they go first, so that no core waits for one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files first; else the order stays."""
    items.sort(key=lambda item: item.path.name not in _LONG)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "test.key"
    make_key_file(path)
    return path


@pytest.fixture
def store(tmp_path: Path, key_file: Path) -> Iterator[Store]:
    with open_store(tmp_path / "fanzha.db", key_file) as opened:
        yield opened


@pytest.fixture(scope="session")
def real_data() -> Path:
    named = os.environ.get("FANZHA_REAL_DATA")
    if not named or not Path(named).is_dir():
        pytest.skip("FANZHA_REAL_DATA names no folder of real feeds")
    return Path(named)


@pytest.fixture(scope="session")
def migrated_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of Prefect with its database: five seconds' work, done once for all processes of a test run."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with (shared / "prefect.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "migrated").exists():
            environ = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
            environ |= {"PREFECT_HOME": str(shared / "migrating"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
            command = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes"]
            subprocess.run(command, env=environ, cwd=shared, check=True, capture_output=True, timeout=240)
            (shared / "migrating").rename(shared / "migrated")
    return shared / "migrated"


@pytest.fixture
def prefect_home(migrated_home: Path, tmp_path: Path) -> Path:
    """A home of Prefect in which nothing has run yet."""
    return Path(shutil.copytree(migrated_home, tmp_path / "prefect"))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """`fanzha demo`, run once: the folder it ran in (its own is `demo` in it), and how it ended."""
    folder = tmp_path_factory.mktemp("demo")
    users_own = {
        "HOME": str(folder / "home"),
        "PREFECT_HOME": str(folder / "own-prefect"),
        "PREFECT_API_URL": "http://127.0.0.1:9/api",
        "FANZHA_DB": str(folder / "own.db"),
        "FANZHA_KEY_FILE": str(folder / "own.key"),
    }
    (folder / "home").mkdir()
    return folder, fanzha("demo", "--dir", "demo", cwd=folder, environ=users_own)
