"""The demo's publisher: the bundled samples, served on loopback as feeds, a company's exports and app stores are."""

import hashlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote, urlsplit

from flows.demo.loopback import serving

CATALOGUE: Final = Path(__file__).with_name("sources.toml")
"""The demo's own sources; each address begins with `{FANZHA_DEMO_URL}`."""
_SAMPLES: Final = Path(__file__).with_name("samples")
_INDEX: Final = "index.html"
_TYPES: Final = MappingProxyType(
    {
        ".bz2": "application/x-bzip2",
        ".csv": "text/csv",
        ".gz": "application/gzip",
        ".html": "text/html; charset=utf-8",
        ".json": "application/json",
        ".jsonl": "application/x-ndjson",
        ".parquet": "application/vnd.apache.parquet",
        ".tsv": "text/tab-separated-values",
        ".txt": "text/plain; charset=utf-8",
        ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)


@dataclass(frozen=True, slots=True)
class _Page:
    """What one address answers."""

    body: bytes
    content_type: str
    etag: str


class _Server(ThreadingHTTPServer):
    def __init__(self, pages: Mapping[str, _Page]) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.pages = pages


class _Answer(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Answer from the pages read at the start: an address that is none of them names nothing on this machine."""
        page = self.server.pages.get(unquote(urlsplit(self.path).path))
        if page is None:
            self._send(HTTPStatus.NOT_FOUND, b"", {})
        elif page.etag in (self.headers.get("If-None-Match") or ""):
            self._send(HTTPStatus.NOT_MODIFIED, b"", {"ETag": page.etag})
        else:
            self._send(HTTPStatus.OK, page.body, {"ETag": page.etag, "Content-Type": page.content_type})

    def _send(self, status: HTTPStatus, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """Keep quiet: the demo's output is for people."""


@contextmanager
def serve_samples() -> Generator[str]:
    """Serve the bundled samples on a free port of 127.0.0.1 until the context ends; yields `http://127.0.0.1:PORT`.

    The demo's catalogue expects it under the name FANZHA_DEMO_URL.
    """
    server = _Server(_read_pages(_SAMPLES))
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}"


def _read_pages(folder: Path) -> dict[str, _Page]:
    """Address -> page; a folder with an index answers for itself."""
    found = {f"/{file.relative_to(folder).as_posix()}": file for file in sorted(folder.rglob("*")) if file.is_file()}
    pages = {address: _page(file) for address, file in found.items()}
    return pages | {address.removesuffix(_INDEX): page for address, page in pages.items() if address.endswith(_INDEX)}


def _page(file: Path) -> _Page:
    body = file.read_bytes()
    # a suspended account's page comes in place of whatever was asked for
    suffix = ".html" if body.startswith(b"<!doctype html") else file.suffix
    return _Page(body, _TYPES[suffix], f'"{hashlib.sha256(body).hexdigest()[:32]}"')
