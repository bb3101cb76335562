"""Servers of the demo's second world, on loopback: names, sites, registries, a mail server; stopped when it ends."""

import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from email import message_from_bytes
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, BaseServer, StreamRequestHandler, ThreadingTCPServer, ThreadingUDPServer
from typing import Final

from twisted.names import dns

from spiders.resolver import Provider

_POLL_SECONDS: Final = 0.02
"""The half second that serve_forever sleeps by default would be added to every stop."""
_TTL: Final = 60
_MAIL_LINE: Final = 10_000


@contextmanager
def serving(server: BaseServer) -> Generator[None]:
    """Let a server serve until the context ends; nothing listens then."""
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class NameServer(ThreadingUDPServer):
    """Answers A and TXT from tables, by name; what has nothing in either does not exist."""

    daemon_threads = True

    def __init__(self, addresses: Mapping[str, str], texts: Mapping[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Query)
        self.addresses = addresses
        self.texts = texts

    @property
    def named(self) -> str:
        """As vantage points and registries name it, `address:port`."""
        return f"127.0.0.1:{self.server_address[1]}"


class _Query(BaseRequestHandler):
    server: NameServer

    def handle(self) -> None:
        data, socket = self.request
        asked = dns.Message()
        asked.fromStr(data)
        query = asked.queries[0]
        name = str(query.name).lower()
        address, text = self.server.addresses.get(name), self.server.texts.get(name)
        answer = dns.Message(id=asked.id, answer=1, recDes=1, recAv=1, rCode=dns.OK if address or text else dns.ENAME)
        answer.queries = asked.queries
        if address and query.type == dns.A:
            answer.answers = [_record(name, dns.A, dns.Record_A, address)]
        if text and query.type == dns.TXT:
            answer.answers = [_record(name, dns.TXT, dns.Record_TXT, text.encode())]
        socket.sendto(answer.toStr(), self.client_address)


def _record(name: str, kind: int, payload: Provider, value: str | bytes) -> Provider:
    return dns.RRHeader(name, kind, dns.IN, _TTL, payload(value, ttl=_TTL))


class WebServer(ThreadingHTTPServer):
    """Answers from a table, path -> content type and body; to the address that it hides from it has nothing."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: str, port: int = 0) -> None:
        super().__init__((address, port), _Asked)
        self.pages: Mapping[str, tuple[str, bytes]] = {}
        self.hides_from = ""


class _Asked(BaseHTTPRequestHandler):
    server: WebServer

    def do_GET(self) -> None:
        """Answer from the table."""
        page = self.server.pages.get(self.path)
        if page is None or self.client_address[0] == self.server.hides_from:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        content_type, body = page
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """Keep quiet: the demo's output is for people."""


class MailServer(ThreadingTCPServer):
    """Takes every mail and puts it into a folder, `NUMBER-RECIPIENT.eml`; nothing goes any further."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        folder.mkdir()
        self.folder = folder
        self.taken: list[Path] = []

    def take(self, mail: bytes) -> None:
        """Keep a mail."""
        recipient = str(message_from_bytes(mail)["To"])
        path = self.folder / f"{len(self.taken) + 1:02}-{recipient}.eml"
        path.write_bytes(mail)
        self.taken.append(path)


class _Session(StreamRequestHandler):
    """As much of SMTP as one who hands over a mail needs."""

    server: MailServer

    def handle(self) -> None:
        self._say("220 fanzha demo (synthetic)")
        while line := self.rfile.readline(_MAIL_LINE):
            match line[:4].strip().upper():
                case b"DATA":
                    self._say("354 go on, a dot ends it")
                    self.server.take(self._mail())
                    self._say("250 taken")
                case b"QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 yes")

    def _mail(self) -> bytes:
        lines = []
        while (line := self.rfile.readline(_MAIL_LINE)) not in {b".\r\n", b""}:
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())
