"""Lives on loopback: at each instant of an injected clock, names, servers and mailboxes are as the script has them."""

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from typing import Any, Final

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from flows.demo.loopback import serving
from spiders.probe.vantage import Vantage
from tests.spiders.farm import Site, World, living
from tests.spiders.loopback import Answer, Asked, redirect, reply
from tests.spiders.registries import ASN, Registrars, domain_answer, network_answer, registering, system_answer
from tests.world.lives import DAY, DEAF, START, Life
from tests.world.truth import Mail

ADDRESSES: Final = {"a": "127.0.0.51", "b": "127.0.0.52"}
"""Network -> the source address that it looks from."""
REGISTRAR: Final = "abuse@registrar.example"
CARRIER: Final = "abuse@carrier.example"
_HOME, _AWAY, _NOBODY = "127.0.4.1", "127.0.5.1", "127.0.6.1"
"""Where sites live, where some of them move to, and where nothing listens."""
_SUSPENDED: Final = b"<title>Account Suspended</title><p>This account has been suspended.</p>"
_PARKED: Final = "<title>welcome</title><p>该域名正在出售 · Buy this domain</p>".encode()
_STRANGER: Final = (
    "<title>山城花店</title><p>每日鲜花配送，生日花束，开业花篮，婚庆布置，欢迎来电预订，市区两小时内送达。"
    "本店经营二十年，诚信为本。</p><form><input name=q></form>"
).encode()


def hosting(number: int) -> str:
    """The mailbox of a hosting company."""
    return f"abuse@hosting{number}.example"


class Mailboxes:
    """A mail server's handler: what came since it was last asked; one mailbox refuses everything."""

    def __init__(self) -> None:
        self.came: list[tuple[str, bytes]] = []

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address == hosting(DEAF):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - likewise
        assert isinstance(envelope.content, bytes)
        self.came += [(address, envelope.content) for address in envelope.rcpt_tos]
        return "250 OK"


class Stage:
    """The servers, and the lives that they play."""

    def __init__(self, lives: Sequence[Life], world: World, site: Site, registrars: Registrars) -> None:
        self.lives = {life.plan.host: life for life in lives}
        self.world = world
        self.site = site
        self.declared = registrars.declared
        self.mailboxes = Mailboxes()
        self.mails: list[Mail] = []
        self.now = START
        world.addresses["elsewhere.example"] = (_AWAY,)
        site.answers["elsewhere.example"] = _kit(0, self)
        for life in lives:
            _register(registrars, life)

    @property
    def port(self) -> int:
        return int(self.site.server_address[1])

    def vantages(self) -> list[Vantage]:
        """Two networks, each with a source address of its own."""
        return [
            Vantage(name=name, network=name, bind_address=address, dns=(self.world.dns,))
            for name, address in ADDRESSES.items()
        ]

    def at(self, now: int) -> None:
        """Let the world be as it is at an instant."""
        self.now = now
        for life in self.lives.values():
            shows = life.shows(now)
            self.world.addresses[life.plan.host] = _addresses(shows)
            self.site.answers[life.plan.host] = self._answer(life.plan.number, shows)

    def read_mails(self) -> None:
        """Whoever got mail reads it, and may act on it later."""
        for recipient, content in self.mailboxes.came:
            mail = _mail(self.now, recipient, content)
            self.mails.append(mail)
            self.lives[mail.host].notify("registrar" if recipient == REGISTRAR else "hosting", self.now)
        self.mailboxes.came.clear()

    def _answer(self, number: int, shows: str) -> Answer:
        kit = _kit(number, self)
        answers = {
            "redirect": redirect(f"http://elsewhere.example:{self.port}/{number}"),
            "cloak": _for_one(kit, ADDRESSES[min(ADDRESSES) if number % 2 else max(ADDRESSES)]),
            "gone": reply(b"", 404),
            "suspended": _html(_SUSPENDED),
            "parked": _html(_PARKED),
            "stranger": _html(_STRANGER),
        }
        return answers.get(shows, kit)


@contextmanager
def playing(lives: Sequence[Life]) -> Iterator[tuple[Stage, dict[str, Any]]]:
    """A stage with its servers, and the table of rules that names its mail server."""
    with living(site=Site(_HOME)) as (world, site), registering() as registrars:
        other = Site(_AWAY, site.server_address[1])
        other.answers = site.answers
        stage = Stage(lives, world, site, registrars)
        with serving(other), socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
            free.close()
            controller = Controller(stage.mailboxes, hostname="127.0.0.1", port=port)
            controller.start()
            try:
                yield stage, {"host": "127.0.0.1", "port": port, "starttls": False}
            finally:
                controller.stop()


def _register(registrars: Registrars, life: Life) -> None:
    """As registries know it: the name servers that they are asked beside know another address than the probes' do."""
    plan = life.plan
    address = f"1.2.3.{plan.hosting}"
    registrars.world.addresses[plan.host] = (address,)
    registrars.answer(f"/domain/{plan.host}", domain_answer(plan.host, REGISTRAR))
    told = network_answer(hosting(plan.hosting), arin_originas0_originautnums=[ASN])
    registrars.answer(f"/ip/{address}", told)
    registrars.answer(f"/autnum/{ASN}", system_answer(CARRIER))


def _mail(now: int, recipient: str, content: bytes) -> Mail:
    message = message_from_bytes(content, policy=default)
    (attached,) = message.iter_attachments()
    report = json.loads(attached.get_content())
    host = str(report["url"]).split("/")[2].partition(":")[0]
    return Mail(now, host, recipient, str(message["Message-ID"]), str(message["Subject"]))


def _addresses(shows: str) -> tuple[str, ...]:
    if shows == "no-name":
        return ()
    return ({"refused": _NOBODY, "moved": _AWAY}.get(shows, _HOME),)


def _html(body: bytes) -> Answer:
    return reply(body, Content_Type="text/html; charset=utf-8")


def _kit(number: int, stage: Stage) -> Answer:
    """A login page with the day on it: no two days' bytes are the same."""

    def answer(asked: Asked) -> None:
        day = (stage.now - START) // DAY
        text = (
            f"<title>奇富借条 {number}</title><form><input name=phone><input type=password name=pwd></form>"
            f"<p>尊敬的客户您好，请输入手机号码和密码登录，审核通过后资金当天到账，最高额度二十万元，"
            f"年化利率低至百分之七，客服编号 {number}，今天是第 {day} 天。</p>"
        )
        _html(text.encode())(asked)

    return answer


def _for_one(kit: Answer, address: str) -> Answer:
    """What shows itself to one network only."""

    def answer(asked: Asked) -> None:
        (kit if asked.client_address[0] == address else reply(b"", 404))(asked)

    return answer
