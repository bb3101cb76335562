"""A made-up world of fraud sites on loopback: what each shows at which hour, who registered and who hosts it."""

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from db.errors import UsageError
from flows.demo.loopback import MailServer, NameServer, WebServer, serving
from spiders.probe.vantage import Vantage
from spiders.registry.declared import Declared

_HTML: Final = "text/html; charset=utf-8"
_NETWORKS: Final = {"AS64496": "127.0.0.51", "AS64497": "127.0.0.52"}
"""Two networks that are looked from, each with its source address."""
_NOBODY: Final = "127.0.5.1"
"""Nothing listens there."""
_ASN: Final = 64498
_ORIGINS: Final = "origin.example"
_LOGIN: Final = (
    "<title>奇富借条 登录（合成演示页 synthetic）</title>"
    "<form><input name=phone><input type=password name=pwd></form>"
    "<p>尊敬的客户您好，请输入手机号码和密码登录，审核通过后资金当天到账，最高额度二十万元。{host}</p>"
)
_PAGES: Final = {
    "suspended": "<title>Account Suspended</title><p>This account has been suspended. {host}</p>",
    "fans": "<title>齐福球迷会（合成演示页 synthetic）</title><p>本周赛程与合影，欢迎老球迷回家看看。{host}</p>",
}
"""What a site shows in place of the login page."""
_RULES: Final = """# The demo's rules for takedown notices; nothing that they name is real (合成).

[sender]
organisation = "反诈演示（合成） fanzha demo (synthetic)"
mailbox = "reports@demo.example"

[smtp]                      # stands while the demo runs
host = "127.0.0.1"
port = {port}
starttls = false

[after]                     # hours
remind = [72]
look_up = 72
escalate = 120
deadline = 168

[[replace]]                 # registries of addresses know nobody in 127.0.0.0/8, where the sites stand
host = "*.example"
channel = "hosting"
to = "abuse@hosting.example"

[[approve]]                 # others wait for a person
channel = "registrar"
kinds = ["first", "reminder"]
"""


@dataclass(frozen=True, slots=True)
class Site:
    """A site and its life.

    Attributes:
        host: under .example, which nobody can register.
        address: where it stands.
        registrar: number of one of two.
        scenes: (hour of the world, what it shows from then on): `login`, `cloak` (the login page, but hidden from the
            second network), `suspended`, `fans`, `refused`, `held` (the registrar has taken its name out).
    """

    host: str
    address: str
    registrar: int
    scenes: Sequence[tuple[int, str]]

    def shows(self, hour: float) -> str:
        """What it shows at an hour."""
        return next(shows for since, shows in reversed(self.scenes) if since <= hour)


SITES: Final = (
    Site("360jietiao-vip.example", "127.0.4.1", 1, [(0, "login")]),
    Site("q1fu-jietiao.example", "127.0.4.2", 2, [(0, "login"), (60, "suspended")]),
    Site("qifujietiao.example", "127.0.4.3", 2, [(0, "login"), (84, "held")]),
    Site("qifu-jietiao-login.example", "127.0.4.4", 1, [(0, "login"), (40, "refused"), (112, "login")]),
    Site("360jletiao.example", "127.0.4.5", 1, [(0, "cloak")]),
    Site("qifu-fans.example", "127.0.4.6", 2, [(0, "fans")]),
)
"""One lives on, one is suspended, one loses its name, one is back after three days, one cloaks; one is a mistake."""


@dataclass(slots=True)
class World:
    """The servers, while they stand; what is not here does not exist."""

    names: dict[str, str]
    """Host -> address, empty where its name is gone."""
    name_servers: Sequence[NameServer]
    """One for each network: two networks that ask one server would be one opinion."""
    web: Mapping[str, WebServer]
    registries: WebServer
    mail: MailServer

    @property
    def url(self) -> str:
        """Of the registries."""
        return f"http://127.0.0.1:{self.registries.server_port}"

    def address_of(self, site: Site) -> str:
        """What a feed reports."""
        return f"http://{site.host}:{self.web[site.address].server_port}/login"

    def at(self, hour: float) -> None:
        """Let the world be as it is at an hour."""
        self.registries.pages = _answers(self.url, hour)
        for site in SITES:
            shows = site.shows(hour)
            self.names[site.host] = {"held": "", "refused": _NOBODY}.get(shows, site.address)
            page = _PAGES.get(shows, _LOGIN).format(host=site.host)
            self.web[site.address].pages = {"/login": (_HTML, page.encode())}
            self.web[site.address].hides_from = _NETWORKS["AS64497"] if shows == "cloak" else ""

    def vantages(self) -> list[Vantage]:
        """Two networks to look from."""
        return [
            Vantage(name=f"demo-{network.lower()}", network=network, bind_address=address, dns=(server.named,))
            for (network, address), server in zip(_NETWORKS.items(), self.name_servers, strict=True)
        ]

    def declared(self) -> Declared:
        """Who is asked about domains and addresses."""
        registry = [{"name": name, "url": f"{self.url}/{name}.json"} for name in _services("")]
        return Declared.model_validate({"dns": [self.name_servers[0].named], "origins": _ORIGINS, "registry": registry})

    def rules(self) -> str:
        """A file of takedown rules: our mail server, and what may leave without a person's word."""
        return _RULES.format(port=self.mail.server_address[1])


@contextmanager
def living(folder: Path) -> Generator[World]:
    """The world, until the context ends; mails come to `folder`/mails.

    Raises:
        UsageError: this machine has no more of loopback than 127.0.0.1.
    """
    with ExitStack() as stack:
        names: dict[str, str] = {}
        texts = {_origin(site.address): f"{_ASN} | synthetic" for site in SITES}
        name_servers = [NameServer(names, texts) for _ in _NETWORKS]
        registries, mail = WebServer("127.0.0.1"), MailServer(folder / "mails")
        for server in (*name_servers, registries, mail):
            stack.enter_context(serving(server))
        web: dict[str, WebServer] = {}
        for site in SITES:
            web[site.address] = _site_server(site.address, next(iter(web.values())).server_port if web else 0)
            stack.enter_context(serving(web[site.address]))
        yield World(names, name_servers, web, registries, mail)


def _site_server(address: str, port: int) -> WebServer:
    try:
        return WebServer(address, port)
    except OSError as error:
        raise UsageError(
            f"{address}:{port}: {error.strerror}; the demo's sites stand on 127.0.0.0/8, which Linux has as a whole, "
            f"others by sudo ifconfig lo0 alias {address}"
        ) from error


def _origin(address: str) -> str:
    """The name under which a DNS zone tells whose system announces an address."""
    return f"{'.'.join(reversed(address.split('.')))}.{_ORIGINS}"


def _answers(url: str, hour: float) -> dict[str, tuple[str, bytes]]:
    """What IANA's lists and an RDAP server say of the sites at an hour, by path."""
    told: dict[str, Any] = {f"/{name}.json": {"services": [one]} for name, one in _services(f"{url}/").items()}
    for site in SITES:
        told[f"/domain/{site.host}"] = _registered(site, hour)
    carrier = _desk("合成运营商 Synthetic Carrier", "abuse@carrier.example")
    told[f"/autnum/{_ASN}"] = {"objectClassName": "autnum", "handle": f"AS{_ASN}", "name": "DEMO", "entities": carrier}
    return {path: ("application/rdap+json", json.dumps(one).encode()) for path, one in told.items()}


def _services(url: str) -> dict[str, list[list[str]]]:
    return {
        "asn": [[f"{_ASN}-{_ASN}"], [url]],
        "dns": [["example"], [url]],
        "ipv4": [["127.0.0.0/8"], [url]],
        "ipv6": [["::1/128"], [url]],
        "object": [["demo@demo.example"], ["DEMO"], [url]],
    }


def _registered(site: Site, hour: float) -> dict[str, Any]:
    name = f"合成注册商 Synthetic Registrar {site.registrar}"
    registrar, desk = _desk(name, f"abuse@registrar{site.registrar}.example")
    return {
        "objectClassName": "domain",
        "ldhName": site.host,
        "status": ["client hold" if site.shows(hour) == "held" else "active"],
        "entities": [registrar | {"roles": ["registrar"], "entities": [desk]}],
    }


def _desk(name: str, mailbox: str) -> list[dict[str, Any]]:
    """Who answers for a domain or network, and their abuse desk."""
    return [_entity("registrant", ("fn", name)), _entity("abuse", ("fn", name), ("email", mailbox))]


def _entity(role: str, *card: tuple[str, str]) -> dict[str, Any]:
    lines = [[name, {}, "text", value] for name, value in card]
    return {"objectClassName": "entity", "handle": f"DEMO-{role}", "roles": [role], "vcardArray": ["vcard", lines]}
