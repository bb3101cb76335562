"""A real HTTP server on loopback that answers from a table and remembers what it was asked."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias

Answer: TypeAlias = Callable[["Asked"], None]


class Asked(BaseHTTPRequestHandler):
    """One request; answered by what the table has for its path, else by 404."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes: 40 ms a request otherwise
    server: "Server"

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers.items())))
        self.server.answers.get(self.path, reply(b"", 404))(self)

    def do_POST(self) -> None:
        self.server.asked.append((self.path, dict(self.headers.items())))
        self.server.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.answers.get(f"POST {self.path}", reply(b"", 404))(self)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


class Server(ThreadingHTTPServer):
    """Knows its answers by path; `asked` has the path and headers of each request, `posted` the bodies."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.posted: list[bytes] = []

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server_address[1]}{path}"

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what many tests are about."""


def reply(body: bytes, status: int = 200, **headers: str) -> Answer:
    """An answer; headers are written with underscores: `Content_Type`."""

    def answer(asked: Asked) -> None:
        asked.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            asked.send_header(name.replace("_", "-"), value)
        asked.end_headers()
        asked.wfile.write(body)

    return answer


def turns(*answers: Answer) -> Answer:
    """The first request gets the first answer; the last answer stays."""
    left = list(answers)

    def answer(asked: Asked) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(asked)

    return answer


def validated(body: bytes, etag: str, modified: str = "Tue, 02 Jan 2024 00:00:00 GMT") -> Answer:
    """An answer with validators that says 304 to whoever has both."""

    def answer(asked: Asked) -> None:
        given = asked.headers.get("If-None-Match"), asked.headers.get("If-Modified-Since")
        known = given == (etag, modified)
        reply(b"" if known else body, 304 if known else 200, ETag=etag, Last_Modified=modified)(asked)

    return answer


def redirect(target: str) -> Answer:
    """A redirect."""
    return reply(b"", 302, Location=target)


def stream(*parts: bytes) -> Answer:
    """An answer of undeclared length, ended by hanging up."""

    def answer(asked: Asked) -> None:
        asked.close_connection = True
        asked.send_response(200)
        asked.end_headers()
        for part in parts:
            asked.wfile.write(part)

    return answer


def after(event: threading.Event, answer: Answer) -> Answer:
    """An answer that comes when the test says so, or at most ten seconds later."""

    def waiting(asked: Asked) -> None:
        event.wait(10)
        answer(asked)

    return waiting


@contextmanager
def serving() -> Iterator[Server]:
    """A server on a free port of loopback, stopped at the end."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
