from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.spiders.loopback import Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as started:
        yield started


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"
