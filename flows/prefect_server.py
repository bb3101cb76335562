"""A Prefect server on loopback that lives as long as the process that started it (`python -m flows.prefect_server`)."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from db.errors import FanzhaError

_HOST: Final = "127.0.0.1"
_PR_SET_PDEATHSIG: Final = 1
_PATIENCE_SECONDS: Final = 120
"""A cold start takes 10 s on two quiet cores; a busy machine several times that."""


@contextmanager
def prefect_server() -> Iterator[str]:
    """Start a server with its schedule services on a free port; yields its API address, stops it afterwards.

    Raises:
        FanzhaError: it ends, or does not answer in time.
    """
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-P", "-m", "flows.prefect_server", str(port), str(os.getpid())]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as server:  # noqa: S603 - our own module
        try:
            api = f"http://{_HOST}:{port}/api"
            _wait_for(api, server)
            yield api
        finally:
            server.terminate()
            try:
                server.wait(timeout=15)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_for(api: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise FanzhaError(f"the Prefect server ended at its start (exit {server.returncode}); see above")
        try:
            with urllib.request.urlopen(f"{api}/health", timeout=5):  # noqa: S310 - loopback, our own server
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
    raise FanzhaError(f"the Prefect server does not answer within {_PATIENCE_SECONDS} s")


def _die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when the thread that started it ends, even by kill -9."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        sys.exit("the parent process is gone")


def main() -> None:
    """Run the server: port and parent's process id are the arguments."""
    port, parent = int(sys.argv[1]), int(sys.argv[2])
    _die_with_parent(parent)
    import uvicorn  # noqa: PLC0415 - after the tie to the parent: importing Prefect takes a second

    uvicorn.run(
        "prefect.server.api.server:create_app", factory=True, host=_HOST, port=port, log_level="error", access_log=False
    )


if __name__ == "__main__":
    main()
