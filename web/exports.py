"""Around the SQL pages: headers that keep a page to itself, and CSV in which no cell is a formula."""

import re
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from db.defang import defuse_cell

_HEADERS: Final = {
    # Datasette's own scripts and styles stand in its pages, hence unsafe-inline; nothing is loaded from, sent to or
    # framed by another site
    "content-security-policy": (
        "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
_FIELD: Final = re.compile(r'("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n|\n|\Z)')


def guarded(app: ASGIApp) -> ASGIApp:
    """The app for reading only, with these headers on every answer, and its CSV exports defused."""

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        reads = scope["method"] in {"GET", "HEAD"}
        answering = app if reads else PlainTextResponse("these pages are for reading", status_code=405)
        await answering(scope, receive, _Answer(send, is_csv=scope["path"].endswith(".csv")))

    return guard


def defuse_csv(records: str) -> str:
    r"""Whole CSV records with every cell defused that a spreadsheet would run.

    >>> defuse_csv('a,=1+1\n"@x,y",-2\n').splitlines()
    ["a,'=1+1", '"\'@x,y",-2']
    """
    return _FIELD.sub(_defused, records)


def _defused(found: re.Match[str]) -> str:
    field, end = found.groups()
    is_quoted = field.startswith('"')
    cell = defuse_cell(field[1:-1] if is_quoted else field)
    return (f'"{cell}"' if is_quoted else cell) + end


class _Answer:
    """One answer on its way out. CSV is held back until a record is whole."""

    def __init__(self, send: Send, *, is_csv: bool) -> None:
        self._send = send
        self._is_csv = is_csv
        self._held = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begin(message)
        elif message["type"] == "http.response.body" and self._is_csv:
            message = {**message, "body": self._whole_records(message)}
        await self._send(message)

    def _begin(self, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        headers.update(_HEADERS)
        self._is_csv = self._is_csv and message["status"] == 200
        if self._is_csv:
            headers["content-type"] = "text/csv; charset=utf-8"  # asked to trace, Datasette would send it as a page
            del headers["content-length"]

    def _whole_records(self, message: Message) -> bytes:
        self._held += message.get("body", b"")
        is_whole = self._held.endswith(b"\n") and self._held.count(b'"') % 2 == 0
        if not is_whole and message.get("more_body", False):
            return b""
        records, self._held = self._held, b""
        return defuse_csv(records.decode("utf-8", "replace")).encode()
