"""A world on loopback: a real name server and real sites on many addresses of 127.0.0.0/8, in a process' threads."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingUDPServer

from twisted.names import dns

from flows.demo.loopback import serving
from spiders.resolver import Provider
from tests.spiders.loopback import Asked, Server

Records = dict[str, tuple[str, ...]]


class _NameServer(ThreadingUDPServer):
    """Answers A, AAAA and NS from tables; a name that is not in them does not exist."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, world: "World") -> None:
        super().__init__(("127.0.0.1", 0), _Query)
        self.world = world

    def handle_error(self, request: object, client_address: object) -> None:
        """What cannot be answered is asked again."""


class _Query(BaseRequestHandler):
    def handle(self) -> None:
        data, sock = self.request
        asked = dns.Message()
        asked.fromStr(data)
        query = asked.queries[0]
        world: World = self.server.world  # type: ignore[attr-defined]
        name = str(query.name).lower()
        world.looked_up.append(name)
        if name in world.silent:
            return
        answer = dns.Message(id=asked.id, answer=1, recDes=1, recAv=1)
        answer.queries = asked.queries
        answer.answers = list(world.records(name, query.type))
        if not world.exists(name):
            answer.rCode = dns.ENAME
        sock.sendto(answer.toStr(), self.client_address)


@dataclass
class World:
    """Names, their addresses and name servers; a sequence of lists in `turns` is answered one after the other."""

    addresses: dict[str, tuple[str, ...]] = field(default_factory=dict)
    turns: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    name_servers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    wildcards: dict[str, tuple[str, ...]] = field(default_factory=dict)
    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    looked_up: list[str] = field(default_factory=list)
    dns: str = ""

    def exists(self, name: str) -> bool:
        return bool(self._of(name)) or name in self.name_servers or name in self.texts

    def records(self, name: str, kind: int) -> Iterator[Provider]:
        if kind == dns.A:
            yield from (_record(name, kind, dns.Record_A, ip) for ip in self._of(name) if ":" not in ip)
            if len(self.turns.get(name, [])) > 1:
                self.turns[name].pop(0)
        elif kind == dns.AAAA:
            yield from (_record(name, kind, dns.Record_AAAA, ip) for ip in self._of(name) if ":" in ip)
        elif kind == dns.NS:
            yield from (_record(name, kind, dns.Record_NS, server) for server in self.name_servers.get(name, ()))
        elif kind == dns.TXT:
            yield from (_record(name, kind, _text, text) for text in self.texts.get(name, ()))

    def _of(self, name: str) -> tuple[str, ...]:
        if self.turns.get(name):
            return self.turns[name][0]
        return self.addresses.get(name) or self.wildcards.get(name.partition(".")[2], ())


def _record(name: str, kind: int, payload: Provider, value: str) -> Provider:
    return dns.RRHeader(name, kind, dns.IN, 60, payload(value, 60))


def _text(value: str, ttl: int) -> Provider:
    text: Provider = dns.Record_TXT
    return text(value.encode(), ttl=ttl)


class Site(Server):
    """A server on one port of all of 127.0.0.0/8: the table is by host name and path, else by path."""

    request_queue_size = 256

    def __init__(self, address: str = "0.0.0.0", port: int = 0) -> None:  # noqa: S104 - all of loopback; tests only
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super(Server, self).__init__((address, port), _HostAsked)
        self.answers = {}
        self.asked = []

    def verify_request(self, _request: object, client_address: tuple[str, int]) -> bool:
        """Nobody but this machine."""
        return client_address[0].startswith("127.") or client_address[0] == "::1"


class _HostAsked(Asked):
    def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
        host = str(self.headers.get("Host", "")).partition(":")[0]
        self.server.asked.append((f"{host}{self.path}", dict(self.headers.items())))
        found = self.server.answers.get(f"{host}{self.path}") or self.server.answers.get(host)
        (found or _missing)(self)


def _missing(asked: Asked) -> None:
    asked.send_response(404)
    asked.send_header("Content-Length", "0")
    asked.end_headers()


@contextmanager
def living(context: ssl.SSLContext | None = None, site: Site | None = None) -> Iterator[tuple[World, Site]]:
    """A world with one web server; names get addresses as tests say."""
    world, site = World(), site or Site()
    if context:
        site.socket = context.wrap_socket(site.socket, server_side=True, do_handshake_on_connect=False)
    name_server = _NameServer(world)
    world.dns = f"127.0.0.1:{name_server.server_address[1]}"
    with serving(name_server), serving(site):
        yield world, site
