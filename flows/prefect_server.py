"""A Prefect server on loopback that lives as long as the process that started it (`python -m flows.prefect_server`)."""

import atexit
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from db.errors import FanzhaError
from flows.show import say

_HOST: Final = "127.0.0.1"
_EMBEDDED: Final = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}
"""What Prefect tells the temporary server that it starts by itself."""
_LOOK_SECONDS: Final = 0.5
"""How often a server looks whether its parent is still there."""
_PATIENCE_SECONDS: Final = 120
"""A cold start takes 10 s on two quiet cores; a busy machine several times that."""


@contextmanager
def prefect_server(*, embedded: bool = False) -> Iterator[str]:
    """Start a server on a free port; yields its API address, stops it afterwards.

    Args:
        embedded: for flows called from this process alone: without schedules, late runs and the user interface; where
            it ends before, so does this process, with one line: Prefect would ask for minutes, traceback by traceback.

    Raises:
        FanzhaError: it ends, or does not answer in time.
    """
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-P", "-m", "flows.prefect_server", str(port), str(os.getpid())]
    environ = os.environ | (_EMBEDDED if embedded else {})
    is_wanted = threading.Event()
    with subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL) as server:  # noqa: S603 - our own module
        try:
            api = f"http://{_HOST}:{port}/api"
            _wait_for(api, server)
            is_wanted.set()
            if embedded:
                threading.Thread(target=_die_with_server, args=[server, is_wanted], daemon=True).start()
            yield api
        finally:
            is_wanted.clear()
            server.terminate()
            try:
                server.wait(timeout=15)
            except subprocess.TimeoutExpired:
                server.kill()


def ensure_api() -> None:
    """Give the flows of this process an API: the one that the operator names, else a server until this process ends.

    Prefect would start one by itself, and that one would outlive a parent that is killed.

    Raises:
        FanzhaError: the server does not start.
    """
    from prefect.context import refresh_global_settings_context  # noqa: PLC0415 - takes a second
    from prefect.settings import PREFECT_API_URL  # noqa: PLC0415 - likewise

    if PREFECT_API_URL.value():
        return
    server = ExitStack()
    os.environ["PREFECT_API_URL"] = server.enter_context(prefect_server(embedded=True))
    atexit.register(server.close)  # not sooner: at exit Prefect still sends what it has to tell, before this
    refresh_global_settings_context()


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


def _die_with_server(server: "subprocess.Popen[bytes]", is_wanted: threading.Event) -> None:
    """End this process once its server is gone; each transaction is whole or not there, whenever that is."""
    code = server.wait()
    if is_wanted.is_set():
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        say(f"fanzha: the Prefect server {how}; what was done is kept, run again")
        os._exit(1)


def _die_with_parent(parent: int) -> None:
    """End this process once the one that started it is gone, even by kill -9.

    Linux's "parent death signal" would come when the parent's *thread* ends, and other systems have none.
    """
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)


def main() -> None:
    """Run the server: port and parent's process id are the arguments."""
    port, parent = int(sys.argv[1]), int(sys.argv[2])
    threading.Thread(target=_die_with_parent, args=[parent], daemon=True).start()
    import uvicorn  # noqa: PLC0415 - after the tie to the parent: importing Prefect takes a second

    uvicorn.run(
        "prefect.server.api.server:create_app", factory=True, host=_HOST, port=port, log_level="error", access_log=False
    )


if __name__ == "__main__":
    main()
