"""Lives on loopback: at each instant of an injected clock, names and servers are as the script has them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from db.store import Store
from flows.rollup import follow_up
from spiders.probe.vantage import Vantage
from tests.flows.test_ingest import make_source, take
from tests.spiders.farm import Site, World, living, serving
from tests.spiders.loopback import Answer, Asked, redirect, reply
from tests.world.lives import START, Life

ADDRESSES: Final = {"a": "127.0.0.51", "b": "127.0.0.52"}
"""Network -> the source address that it looks from."""
_HOME, _AWAY, _NOBODY = "127.0.4.1", "127.0.5.1", "127.0.6.1"
"""Where sites live, where some of them move to, and where nothing listens."""
_SUSPENDED: Final = b"<title>Account Suspended</title><p>This account has been suspended.</p>"
_PARKED: Final = "<title>welcome</title><p>该域名正在出售 · Buy this domain</p>".encode()
_STRANGER: Final = (
    "<title>山城花店</title><p>每日鲜花配送，生日花束，开业花篮，婚庆布置，欢迎来电预订，市区两小时内送达。"
    "本店经营二十年，诚信为本。</p><form><input name=q></form>"
).encode()
_EVENTS: Final = {"format": "table", "yields": "events", "kind": "attack_event", "synthetic": False}
_COLUMNS: Final = ("event_id", "occurred_at", "type", "address", "brand")


class Stage:
    """The servers, and the lives that they play."""

    def __init__(self, lives: Sequence[Life], world: World, site: Site) -> None:
        self.lives = lives
        self.world = world
        self.site = site
        self.now = START
        world.addresses["elsewhere.example"] = (_AWAY,)
        site.answers["elsewhere.example"] = _kit(0, self)

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
        for life in self.lives:
            shows = life.shows(now)
            self.world.addresses[life.host] = _addresses(shows)
            self.site.answers[life.host] = self._answer(life, shows)

    def _answer(self, life: Life, shows: str) -> Answer:
        kit = _kit(life.number, self)
        answers = {
            "redirect": redirect(f"http://elsewhere.example:{self.port}/{life.number}"),
            "cloak": _for_one(kit, ADDRESSES[min(ADDRESSES) if life.number % 2 else max(ADDRESSES)]),
            "gone": reply(b"", 404),
            "suspended": _html(_SUSPENDED),
            "parked": _html(_PARKED),
            "stranger": _html(_STRANGER),
        }
        return answers.get(shows, kit)


@contextmanager
def playing(lives: Sequence[Life]) -> Iterator[Stage]:
    """A stage with its servers."""
    with living(site=Site(_HOME)) as (world, site):
        other = Site(_AWAY, site.server_address[1])
        other.answers = site.answers
        with serving(other):
            yield Stage(lives, world, site)


def open_attacks(store: Store, stage: Stage, brand: str) -> None:
    """Confirm each life's site as an attack on a brand at START."""
    rows = [
        f"e{life.number},2026-03-01 00:00:00,confirmation,http://{life.host}:{stage.port}/login,{brand}"
        for life in stage.lives
    ]
    source = make_source(name="world", columns={name: name for name in _COLUMNS}, **_EVENTS)
    take(store, source, "\n".join([",".join(_COLUMNS), *rows]) + "\n", at=START)
    follow_up(store)


def _addresses(shows: str) -> tuple[str, ...]:
    if shows == "no-name":
        return ()
    return ({"refused": _NOBODY, "moved": _AWAY}.get(shows, _HOME),)


def _html(body: bytes) -> Answer:
    return reply(body, Content_Type="text/html; charset=utf-8")


def _kit(number: int, stage: Stage) -> Answer:
    """A login page with the day on it: no two days' bytes are the same."""

    def answer(asked: Asked) -> None:
        day = (stage.now - START) // 86_400_000
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
