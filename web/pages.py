"""The SQL pages: Datasette on the database, read-only, on this machine only."""

import signal
import socket
import sqlite3
import sys
from pathlib import Path
from typing import Final

import uvicorn
from datasette.app import Datasette
from datasette.database import Database
from datasette.plugins import pm
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp

from db.connection import BUSY_MILLISECONDS, open_database
from db.errors import UsageError
from web import plugin
from web.exports import guarded
from web.queries import DATABASE, metadata

ADDRESS: Final = "127.0.0.1"
_SETTINGS: Final = {
    "allow_download": False,
    "default_page_size": 50,
    "max_returned_rows": 5_000,
    "sql_time_limit_ms": 10_000,  # a count over a year of sightings takes seconds; one that never ends must not stay
    "suggest_facets": False,  # suggesting tries each column of a view over millions of rows
    "truncate_cells_html": plugin.LONGEST_CELL,
}
_GRACE_SECONDS: Final = 3
"""How long answers under way may take when it is told to stop."""


def make_pages(path: Path) -> ASGIApp:
    """The SQL pages of the database at path, as an ASGI app that answers to this machine's names only.

    Raises:
        UsageError: the database is missing or unusable.
    """
    with open_database(path, read_only=True):
        pass
    if not pm.is_registered(plugin):
        pm.register(plugin, plugin.__name__)
        pm.unregister(name="datasette.handle_exception")
    datasette = Datasette(metadata=metadata(), settings=_SETTINGS)
    datasette.remove_database("_memory")
    datasette.add_database(_ReadOnly(datasette, str(path)), name=DATABASE)
    # else a page elsewhere could point its own name at this machine and read along
    return TrustedHostMiddleware(guarded(datasette.app()), allowed_hosts=[ADDRESS, "localhost"])


def serve(path: Path, port: int) -> None:
    """Serve the SQL pages on loopback and print where, until Ctrl-C or SIGTERM.

    Args:
        path: the database.
        port: 0 takes any that is free.

    Raises:
        UsageError: the database is missing or unusable, or the port cannot be had.
    """
    app = make_pages(path)
    with _listen(port) as listener:
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=_GRACE_SECONDS)
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            # uvicorn raises a signal again once it has stopped; to whoever typed Ctrl-C that would look like a crash
            signal.signal(number, server.handle_exit)
        sys.stdout.write(f"http://{ADDRESS}:{listener.getsockname()[1]}/\n")
        sys.stdout.flush()
        server.run(sockets=[listener])


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((ADDRESS, port))
        listener.listen()  # before the address is printed: whoever reads it may come at once
    except (OSError, OverflowError) as error:
        listener.close()
        reason = error.strerror if isinstance(error, OSError) else "no such port"
        raise UsageError(f"port {port} on {ADDRESS}: {reason}; name another with --port") from error
    return listener


class _ReadOnly(Database):  # type: ignore[misc]  # Datasette carries no types
    """The file opened for reading whatever is asked for; with ? or # in its path, which Datasette would misread."""

    def connect(self, write: bool = False) -> sqlite3.Connection:  # noqa: ARG002, FBT001, FBT002 - Datasette's signature
        connection = sqlite3.connect(
            f"{Path(self.path).absolute().as_uri()}?mode=ro",
            uri=True,
            check_same_thread=False,
            timeout=BUSY_MILLISECONDS / 1000,
        )
        connection.execute("PRAGMA query_only = ON")
        self._all_file_connections.append(connection)
        return connection

    async def foreign_keys_for_table(self, table: str) -> list[dict[str, str]]:
        """As Datasette finds them; it stumbles over a key that leaves its target, the primary key, unsaid."""
        keys = await super().foreign_keys_for_table(table)
        return [{**key, "other_column": (await self.primary_keys(key["other_table"]))[0]} for key in keys]
