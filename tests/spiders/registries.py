"""Registries on loopback: IANA's lists, an RDAP server and a WHOIS server, with answers that we wrote (synthetic)."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from spiders.registry.asking import Registries
from spiders.registry.declared import Declared
from tests.spiders.farm import World, living
from tests.spiders.loopback import Server, reply, serving

ADDRESS = "1.2.3.4"
"""Of a criminal's host: nothing is ever sent to it."""
ASN = 64496


def card(*lines: tuple[str, object]) -> list[object]:
    return ["vcard", [[name, {}, "text", value] for name, value in lines]]


def entity(role: str, *lines: tuple[str, object], inside: list[Any] | None = None) -> dict[str, Any]:
    return {
        "objectClassName": "entity",
        "handle": f"H-{role}",
        "roles": [role],
        "vcardArray": card(*lines),
        "entities": inside or [],
    }


def domain_answer(name: str, mailbox: str = "abuse@registrar.example", **more: object) -> dict[str, Any]:
    desk = entity("abuse", ("fn", "Abuse"), ("email", mailbox)) if mailbox else entity("technical", ("fn", "NOC"))
    registrar = entity("registrar", ("fn", "Synthetic Registrar Ltd"), inside=[desk])
    return {"objectClassName": "domain", "ldhName": name, "status": ["active"], "entities": [registrar], **more}


def network_answer(mailbox: str = "abuse@hosting.example", **more: object) -> dict[str, Any]:
    owner = entity("registrant", ("fn", "Synthetic Hosting BV"), ("url", "https://www.hosting.example/"))
    desk = [entity("abuse", ("fn", "Abuse desk"), ("email", mailbox))] if mailbox else []
    found = {"objectClassName": "ip network", "handle": "NET-1", "name": "SYNTH-NET", "country": "NL"}
    return {**found, "entities": [owner, *desk], **more}


def system_answer(mailbox: str = "abuse@carrier.example") -> dict[str, Any]:
    desk = entity("abuse", ("fn", "Synthetic Carrier"), ("email", mailbox))
    return {"objectClassName": "autnum", "handle": f"AS{ASN}", "name": "CARRIER", "country": "DE", "entities": [desk]}


class _Whois(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Question)
        self.answers: dict[str, bytes] = {}


class _Question(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        asked = self.rfile.readline().strip().decode()
        self.wfile.write(self.server.answers.get(asked, b""))  # type: ignore[attr-defined]


@dataclass
class Registrars:
    """What stands on loopback, and how it is asked."""

    world: World
    rdap: Server
    whois: dict[str, bytes]
    whois_server: str
    lists: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        url = [self.rdap.url("/")]
        self.lists = {
            "asn": [[[f"{ASN}-{ASN}"], url]],
            "dns": [[["shop", "example"], url]],
            "ipv4": [[["1.0.0.0/8"], url]],
            "ipv6": [[["2a00::/12"], url]],
            "object": [[["x@example.com"], ["SYN"], url]],
        }
        for name, services in self.lists.items():
            self.rdap.answers[f"/iana/{name}.json"] = reply(json.dumps({"services": services}).encode())

    def answer(self, path: str, told: object) -> None:
        self.rdap.answers[path] = reply(json.dumps(told).encode(), Content_Type="application/rdap+json")

    def stand(self, host: str, domain: str) -> None:
        """A site that all registries know."""
        self.world.addresses[host] = (ADDRESS,)
        self.answer(f"/domain/{domain}", domain_answer(domain))
        self.answer(f"/ip/{ADDRESS}", network_answer(arin_originas0_originautnums=[ASN]))
        self.answer(f"/autnum/{ASN}", system_answer())

    @property
    def registries(self) -> Registries:
        bootstrap = {"timestamp": 1, **{name: {"services": services} for name, services in self.lists.items()}}
        return Registries(
            json.dumps(bootstrap), self.whois_server, "origin.example", "origin6.example", (self.world.dns,)
        )

    @property
    def declared(self) -> Declared:
        return Declared.model_validate(
            {
                "whois": self.whois_server,
                "dns": [self.world.dns],
                "registry": [{"name": name, "url": self.rdap.url(f"/iana/{name}.json")} for name in self.lists],
            }
        )


@contextmanager
def registering() -> Iterator[Registrars]:
    """Registries that tests fill, stopped at the end."""
    whois = _Whois()
    thread = threading.Thread(target=whois.serve_forever, args=(0.02,))
    thread.start()
    try:
        with living() as (world, _), serving() as rdap:
            yield Registrars(world, rdap, whois.answers, f"127.0.0.1:{whois.server_address[1]}")
    finally:
        whois.shutdown()
        whois.server_close()
        thread.join()
