"""One target looked up: its domain, its address, the system that announces it. It ends with what was found."""

import asyncio
import logging
import re
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import whoisit
from whoisit.errors import WhoisItError

from db.brands import public_suffix
from db.whereabouts import Party, Whereabouts
from spiders.guard import refusal
from spiders.registry.answers import Told, Unreadable, check_mailboxes, read_answer
from spiders.registry.asking import Asked, Registries
from spiders.registry.desk import Desk, Missing, Unanswered, now_ms
from spiders.registry.limits import SECURITY_TXT_BYTES
from spiders.registry.whois import read_whois, server_of

_LOG: Final = logging.getLogger("fanzha.registry")
_RDAP: Final = "application/rdap+json, application/json"
_CONTACT: Final = re.compile(r"contact:\s*mailto:(\S+)\s*", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\s*(\d{1,10})\b.*")
_PARTIES: Final = ("registrar", "hosting", "network")


async def look(desk: Desk, asked: Asked, registries: Registries) -> Whereabouts:
    """Find out where a target stands; what cannot be found out is told and holds up nothing."""
    looking = _Look(desk, asked, registries)
    began = now_ms()
    try:
        await looking.all()
    except Exception as error:  # noqa: BLE001 - one target must not end the look at others
        _LOG.exception("%s", asked.host)
        looking.faults.append(f"unexpected {type(error).__name__}")
    return looking.found(began)


@dataclass(slots=True)
class _Look:
    desk: Desk
    asked: Asked
    registries: Registries
    told: dict[str, Told] = field(default_factory=dict)
    """Channel -> what was told of it."""
    addresses: tuple[str, ...] = ()
    asn: int | None = None
    faults: list[str] = field(default_factory=list)

    async def all(self) -> None:
        """The domain and the address at the same time: neither needs the other."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._domain())
            tasks.create_task(self._address())
        for channel in _PARTIES:
            await self._security_txt(channel)

    def found(self, began: int) -> Whereabouts:
        """What came of it."""
        registrar = self.told.get("registrar")
        for channel, told in self.told.items():
            self.faults += [f"{channel}: {fault}" for fault in told.faults]
        return Whereabouts(
            self.asked.host,
            began,
            self.asked.domain,
            self.addresses,
            self.asn,
            registrar.statuses if registrar else (),
            tuple(self.told[channel].party for channel in _PARTIES if channel in self.told),
            tuple(self.faults),
        )

    async def _domain(self) -> None:
        domain = self.asked.domain
        if not domain:
            return
        try:
            url = whoisit.build_query(query_type="domain", query_value=domain)[1]
        except WhoisItError:
            await self._whois(domain)
            return
        told = await self._rdap("domain", domain, url)
        if told and not told.party.mailboxes and told.more:
            more = await self._rdap("domain", domain, told.more)  # the registry is thin; the registrar knows itself
            told = _fill(told, more) if more else told
        if told:
            self.told["registrar"] = told

    async def _whois(self, domain: str) -> None:
        """The registry has no RDAP, or IANA's list of those that have was not to be had."""
        suffix = domain.rpartition(".")[2]
        if not self.registries.whois:
            self.faults.append(f"registrar: .{suffix} has no RDAP, and WHOIS is not asked")
            return
        try:
            server = server_of(await self.desk.whois(self.registries.whois, suffix))
            if not server:
                raise Missing(f".{suffix} has neither RDAP nor WHOIS")
            self.told["registrar"] = read_whois(await self.desk.whois(server, domain))
        except Unanswered as error:
            self.faults.append(f"registrar: WHOIS: {error}")

    async def _address(self) -> None:
        found = await self.desk.names.look_up(self.asked.host)
        self.addresses = found.addresses
        if not found.addresses:
            why = "the name servers do not answer" if found.fault == "silent" else "the name has no address"
            self.faults.append(f"hosting: {why}")
            return
        address = found.addresses[0]
        if reason := refusal(address, loopback=self.desk.loopback):
            self.faults.append(f"hosting: {reason}: nobody to tell")
            return
        if url := self._network_url(address):
            told = await self._rdap("ip", address, url)
            if told:
                self.told["hosting"] = told
        self.asn = await self._origin(address)
        if self.asn:
            await self._system(self.asn)

    def _network_url(self, address: str) -> str:
        """Where to ask for an address; whoisit's guess where no registry has it is not asked."""
        try:
            _, url, is_exact = whoisit.build_query(query_type="ip", query_value=address)
        except (WhoisItError, ValueError):
            is_exact = False
        if not is_exact:
            self.faults.append(f"hosting: no registry is known for {address}")
            return ""
        return str(url)

    async def _origin(self, address: str) -> int | None:
        told = self.told.get("hosting")
        if told and told.asn:
            return told.asn
        ip = ip_address(address)
        zone = self.registries.origins if ip.version == 4 else self.registries.origins6
        if not zone:
            return None
        labels = ip.reverse_pointer.rpartition(".in-addr" if ip.version == 4 else ".ip6")[0]
        for text in await self.desk.names.texts(f"{labels}.{zone}"):
            if (number := _NUMBER.fullmatch(text)) and 0 < int(number[1]) < 2**32:
                return int(number[1])
        return None

    async def _system(self, asn: int) -> None:
        try:
            _, url, is_exact = whoisit.build_query(query_type="asn", query_value=asn)
        except (WhoisItError, ValueError):
            is_exact = False
        if not is_exact:
            self.faults.append(f"network: no registry is known for AS{asn}")
            return
        told = await self._rdap("asn", str(asn), url)
        if told:
            self.told["network"] = told

    async def _rdap(self, kind: str, asked: str, url: str) -> Told | None:
        try:
            return read_answer(kind, asked, await self.desk.get(url, _RDAP))
        except (Unanswered, Unreadable) as error:
            channel = {"domain": "registrar", "ip": "hosting", "asn": "network"}[kind]
            self.faults.append(f"{channel}: RDAP: {error}")
            return None

    async def _security_txt(self, channel: str) -> None:
        """The last resort: where a provider that registers no abuse desk says whom its security people are."""
        told = self.told.get(channel)
        if not told or told.party.mailboxes:
            return
        site = next((site for site in map(self._provider_site, told.sites) if site), "")
        if not site:
            return
        try:
            body = await self.desk.get(f"{site}/.well-known/security.txt", "text/plain", SECURITY_TXT_BYTES)
        except Unanswered as error:
            self.faults.append(f"{channel}: security.txt: {error}")
            return
        lines = body.decode("utf-8", "replace").splitlines()
        mailboxes, faults = check_mailboxes([found[1] for line in lines if (found := _CONTACT.fullmatch(line[:500]))])
        party = replace(told.party, mailboxes=mailboxes, origin="security.txt")
        self.told[channel] = replace(told, party=party, faults=(*told.faults, *faults)) if mailboxes else told

    def _provider_site(self, named: str) -> str:
        """The front page of a provider's own domain; never of the one that is reported: criminals would read it."""
        try:
            parts = urlsplit(named if "//" in named else f"https://{named}")
            host = (parts.hostname or "").encode("idna").decode()
        except ValueError:
            return ""
        suffix = public_suffix(host) or host.rpartition(".")[2]
        label = host.removesuffix(f".{suffix}").rpartition(".")[2]
        domain = f"{label}.{suffix}"
        if not label or "." not in host or host == suffix or domain == self.asked.domain:
            return ""
        if self.desk.loopback:
            return f"{parts.scheme}://{parts.netloc}"  # tests have no port 443
        return f"https://{domain}"


def _fill(told: Told, more: Told) -> Told:
    """What the registry says, with what the registrar adds."""
    party = Party("registrar", told.party.name or more.party.name, told.party.country, more.party.mailboxes)
    return replace(told, party=party, sites=told.sites or more.sites, faults=(*told.faults, *more.faults))
