"""One look at one site: names, connections, redirects, page. It ends with a finding, whatever the site does."""

import asyncio
import hashlib
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

from OpenSSL import SSL
from scrapy import Request
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.core.engine import ExecutionEngine
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from scrapy.http import Response
from twisted.internet.error import ConnectError

from db.vocabulary import Probed
from spiders.guard import Guard, host_key
from spiders.probe.asking import Finding, Page, Target
from spiders.probe.limits import ANSWER_SECONDS, FINAL_LETTERS, ICON_BYTES, PAGE_BYTES, REDIRECTS, VISIT_SECONDS
from spiders.probe.names import Names
from spiders.probe.pages import READABLE, Shown, read_page, unpack
from spiders.probe.signs import is_official, judge
from spiders.probe.vantage import Vantage
from spiders.spool import put

_LOG: Final = logging.getLogger("fanzha.probe")
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_PLAIN: Final = re.compile(r"[^\x00-\x1f\x7f]*")
_OWN_SITE: Final = "the brand's own site: it may hide from us, or be the brand's"
_RAISED: Final[Mapping[type[Exception], str]] = {
    IgnoreRequest: "refused: {told}",
    DownloadTimeoutError: f"no answer within {ANSWER_SECONDS:g} s",
    CannotResolveHostError: "no address to connect to",
    TunnelError: "the proxy opens no tunnel",
    DownloadFailedError: "the connection is lost, or what came is no HTTP",
    ConnectError: "no connection",
    ValueError: "a faulty address",
}
"""What asking raises and says nothing of the site; the first that fits."""


class _Ended(Exception):
    """Raised where a visit need not go on."""

    def __init__(self, outcome: Probed, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Place:
    """Where looks are taken from, and what they share."""

    engine: ExecutionEngine
    guard: Guard
    names: Names
    vantage: Vantage
    spool: Path
    ahead: int
    """Milliseconds that the clock goes ahead of the machine's: none but where time is simulated."""


async def visit(place: Place, target: Target) -> Finding:
    """Look at a site: at its addresses in turn, until one does not refuse the connection."""
    began, started = int(time.time() * 1000) + place.ahead, time.monotonic()
    finding = Finding(target.url_id, began, Probed.UNKNOWN, "")
    try:
        async with asyncio.timeout(VISIT_SECONDS):
            for address in target.addresses:
                finding = await _Look(place, target, finding).at(address)
                if finding.outcome is not Probed.CONNECTION_REFUSED:
                    break
    except TimeoutError:
        finding = replace(finding, outcome=Probed.UNKNOWN, reason=f"the visit took longer than {VISIT_SECONDS:g} s")
    except Exception as error:  # noqa: BLE001 - one site must not end the visits to others
        _LOG.exception("url %s", target.url_id)
        finding = replace(finding, outcome=Probed.UNKNOWN, reason=f"unexpected {type(error).__name__}")
    return replace(finding, ms=int((time.monotonic() - started) * 1000))


@dataclass(slots=True)
class _Look:
    """A look at one address of a site."""

    place: Place
    target: Target
    finding: Finding

    async def at(self, address: str) -> Finding:
        try:
            addresses = await self._addresses(address, is_first=True)
            response = await self._follow(address)
            await self._read(response, addresses)
        except _Ended as ended:
            self._note(outcome=ended.outcome, reason=ended.reason)
        return self.finding

    def _note(self, **what: object) -> None:
        self.finding = replace(self.finding, **what)  # type: ignore[arg-type]  # fields of Finding

    async def _addresses(self, url: str, *, is_first: bool) -> tuple[str, ...]:
        """The addresses of a URL's host, of which the guard admits one at least."""
        host = urlsplit(url).hostname or ""
        found = await self.place.names.look_up(host)
        if found.fault == "silent":
            raise _Ended(Probed.UNKNOWN, "the name servers do not answer")
        if found.fault and not is_first:
            raise _Ended(Probed.UNKNOWN, "a redirect to a name with no address")
        if found.fault:
            domain = self.target.registrable_domain
            is_there = not domain or await self.place.names.exists(domain)
            raise _Ended(Probed.DNS_FAILURE, "the name has no address" if is_there else "the domain does not exist")
        admitted = [address for address in found.addresses if self.place.guard.admits(host, address)]
        if not admitted or host_key(host) in self.place.guard.admitted:
            raise _Ended(Probed.UNKNOWN, f"refused: {self.place.guard.refused.get(host_key(host), 'the proxy itself')}")
        if is_first and self.target.suffix:
            sibling = await self.place.names.sibling(self.target.suffix)
            if set(sibling.addresses) & set(found.addresses):
                raise _Ended(Probed.DNS_FAILURE, f"every name under {self.target.suffix} has this address")
        return found.addresses

    async def _follow(self, url: str) -> Response:
        for _ in range(REDIRECTS + 1):
            response = await self._ask(url, PAGE_BYTES)
            moved_to = (response.headers.get("Location") or b"").decode("latin-1").strip()
            if response.status not in _MOVED or not moved_to:
                return response
            url = await self._next(url, moved_to)
        raise _Ended(Probed.UNKNOWN, f"more than {REDIRECTS} redirects")

    async def _next(self, url: str, location: str) -> str:
        try:
            following = urljoin(url, location)
            parts = urlsplit(following)
            host = parts.hostname
        except ValueError:
            raise _Ended(Probed.UNKNOWN, "a redirect to a faulty address") from None
        if parts.scheme not in {"http", "https"}:
            raise _Ended(Probed.UNKNOWN, f"refused: a redirect to {parts.scheme[:20]}:, only http and https are asked")
        if not host or not _PLAIN.fullmatch(location):
            raise _Ended(Probed.UNKNOWN, "a redirect to a faulty address")
        if is_official(host, self.target.official):
            self._note(final=following[:FINAL_LETTERS])
            raise _Ended(Probed.UNKNOWN, f"a redirect to {_OWN_SITE}")
        await self._addresses(following, is_first=False)
        self._note(final=following[:FINAL_LETTERS])
        return following

    async def _ask(self, url: str, limit: int) -> Response:
        """One answer; cut where it is larger than the limit or takes longer than an answer may."""
        vantage = self.place.vantage
        meta = {
            "download_timeout": ANSWER_SECONDS + 1,  # for what sends nothing; what drips is cut before
            "room": limit,
            "until": time.monotonic() + ANSWER_SECONDS,
            "download_slot": f"{self.target.url_id}",  # visits keep to one request at a time
            "handle_httpstatus_all": True,
            **({"bindaddress": vantage.bind_address} if vantage.bind_address else {}),
            **({"proxy": vantage.proxy} if vantage.proxy else {}),
        }
        try:
            response = await self.place.engine.download_async(
                Request(url, meta=meta, headers={"Accept-Encoding": "gzip"})
            )
        except DownloadConnectionRefusedError:
            if vantage.proxy:
                raise _Ended(Probed.UNKNOWN, "the proxy refuses the connection") from None
            raise _Ended(Probed.CONNECTION_REFUSED, "the connection is refused") from None
        except tuple(_RAISED) as error:
            raise _Ended(Probed.UNKNOWN, _told(error)) from error
        certificate = response.certificate.original.digest("sha256") if response.certificate else b""
        self._note(status=response.status, certificate=certificate.decode().replace(":", "").lower())
        return response

    async def _read(self, response: Response, addresses: tuple[str, ...]) -> None:
        encoding = (response.headers.get("Content-Encoding") or b"").decode("latin-1").strip().lower()
        body, is_cut = await asyncio.to_thread(unpack, response.body, encoding)
        is_cut = is_cut or "download_stopped" in response.flags
        shown, page = await asyncio.to_thread(_page, self.place.spool, body, response, is_cut=is_cut)
        self._note(page=page, size=len(response.body))
        servers: tuple[str, ...] = ()
        if shown.text or shown.title:
            servers = await self.place.names.name_servers(self.target.registrable_domain or "invalid")
        outcome, reason = judge(response.status, shown, addresses, servers)
        if outcome is Probed.UP and not body:
            raise _Ended(Probed.UNKNOWN, "an empty page")  # what a page that hides shows to whom it hides from
        if outcome is Probed.UP and shown.leads_to and not shown.fields:
            if is_official(urlsplit(shown.leads_to).hostname or "", self.target.official):
                raise _Ended(Probed.UNKNOWN, f"a page that leads to {_OWN_SITE}")
            reason += ", a page that leads elsewhere"
        if outcome is Probed.UP and encoding not in READABLE:
            reason += ", in an encoding that is not read"
        if outcome is Probed.UP and shown.icon:
            self._note(favicon=await self._icon(shown.icon))
        self._note(outcome=outcome, reason=reason)

    async def _icon(self, url: str) -> str:
        """SHA-256 of the site's icon; empty where it has none, which is no part of the outcome."""
        seen = self.finding
        try:
            await self._addresses(url, is_first=False)
            icon = await self._ask(url, ICON_BYTES)
        except _Ended:
            return ""
        finally:
            self.finding = seen
        return hashlib.sha256(icon.body).hexdigest() if icon.status == 200 and icon.body else ""


def _told(error: Exception) -> str:
    for failure in getattr(error.__cause__, "reasons", ()):
        if type(failure.value) is SSL.Error:
            return f"TLS: {failure.value.args[0][-1][-1] if failure.value.args and failure.value.args[0] else 'broken'}"
        if "headers are larger" in str(failure.value):
            return "refused: headers are larger than is taken"
    reason = next(known for kind, known in _RAISED.items() if isinstance(error, kind))
    return reason.format(told=error)


def _page(spool: Path, body: bytes, response: Response, *, is_cut: bool) -> tuple[Shown, Page]:
    """Read a page and put it into the spool."""
    content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
    shown = read_page(body, response.url, content_type)
    return shown, Page(put(spool, body), len(body), is_cut, shown.title, shown.simhash, shown.fields)
