"""Name look-ups by our own DNS client: any number at a time, and it tells "no such name" from "no answer"."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import TimeoutError as DnsTimeout
from twisted.internet.interfaces import IHostnameResolver, IHostResolution
from twisted.names import client, dns
from twisted.names.error import DNSNameError, DomainError
from zope.interface import implementer

from spiders.guard import host_key
from spiders.resolver import Provider

_PATIENCE: Final = (1, 2, 4)
"""Seconds before a query is sent again; together 7, less than a visit may take."""
_MOST_ADDRESSES: Final = 8
"""Of one name: an answer may hold hundreds, each of them a connection to try."""


@dataclass(frozen=True, slots=True)
class Found:
    """A name's addresses; without any, whether that is the name servers' word (`absent`) or their silence."""

    addresses: tuple[str, ...]
    fault: Literal["", "absent", "silent"] = ""


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Nothing to cancel: the look-up ends by itself, and others may wait for it too."""


@implementer(IHostnameResolver)
class Names:
    """An IHostnameResolver that asks name servers itself.

    A name is looked up once a round: what it turns into meanwhile is not looked at, and the guard stands before each
    connection.
    """

    def __init__(self, servers: Sequence[tuple[str, int]]) -> None:
        """Ask these servers; without any those of the machine."""
        resolv = None if servers else "/etc/resolv.conf"
        self._client = client.Resolver(  # type: ignore[no-untyped-call]
            resolv=resolv, servers=list(servers), timeout=_PATIENCE
        )
        self._known: dict[str, asyncio.Future[Found]] = {}

    def forget(self) -> None:
        """Begin a new round."""
        self._known.clear()

    async def look_up(self, host: str) -> Found:
        """The addresses of a name or a literal, IPv4 first."""
        key = host_key(host)
        if key not in self._known:
            self._known[key] = asyncio.ensure_future(self._look_up(key))
        return await asyncio.shield(self._known[key])

    async def sibling(self, suffix: str) -> Found:
        """The addresses of a name that nobody has registered."""
        key = f"*.{suffix}"
        if key not in self._known:
            self._known[key] = asyncio.ensure_future(self._look_up(f"fz{secrets.token_hex(12)}.{suffix}"))
        return await asyncio.shield(self._known[key])

    async def exists(self, domain: str) -> bool:
        """Whether a domain exists; False only by the name servers' word."""
        ask: Callable[[str], Provider] = self._client.lookupNameservers
        try:
            await ask(domain).asFuture(asyncio.get_running_loop())
        except DNSNameError:
            return False
        except (DomainError, DnsTimeout, OSError, ValueError):
            return True
        return True

    async def name_servers(self, domain: str) -> tuple[str, ...]:
        """The names of a domain's name servers; none where nobody tells."""
        records, _ = await self._ask(self._client.lookupNameservers, domain)
        return tuple(str(record.payload.name).lower() for record in records if record.type == dns.NS)

    async def _look_up(self, host: str) -> Found:
        if literal := _literal(host):
            return Found((literal,))
        asked = (self._client.lookupAddress, self._client.lookupIPV6Address)
        answers = await asyncio.gather(*(self._ask(ask, host) for ask in asked))
        found = [_address(record) for records, _ in answers for record in records]
        addresses = tuple(address for address in found if address)[:_MOST_ADDRESSES]
        if addresses:
            return Found(addresses)
        return Found((), "silent" if any(is_silent for _, is_silent in answers) else "absent")

    async def _ask(self, ask: Callable[[str], Provider], name: str) -> tuple[Sequence[Provider], bool]:
        """The records of an answer; and whether there was none."""
        try:
            records, _, _ = await ask(name).asFuture(asyncio.get_running_loop())
        except DNSNameError:
            return (), False
        except (DomainError, DnsTimeout, OSError, ValueError):  # ValueError: no name that can be put into a query
            return (), True
        return records, False

    def resolveHostName(  # noqa: N802 - the interface's name
        self,
        resolutionReceiver: Provider,  # noqa: N803 - the interface's name
        hostName: str,  # noqa: N803 - the interface's name
        portNumber: int = 0,  # noqa: N803 - the interface's name
        *_how: Provider,
        **_what: Provider,
    ) -> Provider:
        """Resolve a name for a connection."""
        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)

        async def answer() -> None:
            for address in (await self.look_up(hostName)).addresses:
                kind = IPv6Address if ":" in address else IPv4Address
                resolutionReceiver.addressResolved(kind("TCP", address, portNumber))
            resolutionReceiver.resolutionComplete()

        self._keep(answer())
        return resolution

    def _keep(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        _RUNNING.add(task)
        task.add_done_callback(_RUNNING.discard)


_RUNNING: Final[set["asyncio.Future[None]"]] = set()
"""Tasks that nobody else holds would be collected as rubbish."""


def _literal(host: str) -> str:
    from twisted.internet.abstract import isIPAddress, isIPv6Address  # noqa: PLC0415 - imports the default reactor

    bare = host.strip("[]")
    return bare if isIPAddress(bare) or isIPv6Address(bare) else ""


def _address(record: Provider) -> str:
    if record.type == dns.A:
        return str(record.payload.dottedQuad())
    if record.type == dns.AAAA:
        import socket  # noqa: PLC0415 - for its notation alone

        return socket.inet_ntop(socket.AF_INET6, record.payload.address)
    return ""
