"""Running the installed program as its user does: a process of its own, with nothing of ours in its environment."""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

FANZHA = Path(sys.executable).parent / "fanzha"


def fanzha(*arguments: str, cwd: Path, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "FANZHA_"))}
    return subprocess.run(
        [FANZHA, *arguments],
        cwd=cwd,
        env=clean | dict(environ or {}),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def children_of(process: int) -> list[int]:
    """The processes that a process has started, as Linux lists them; none of one that is gone."""
    found: list[int] = []
    for listed in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):  # the thread has ended meanwhile
            found += map(int, listed.read_text("utf-8").split())
    return found
