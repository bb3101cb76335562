"""Where questions are asked: one answer by HTTP or WHOIS, bounded and guarded, each server's turn kept."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin, urlsplit

from scrapy import Request
from scrapy.core.engine import ExecutionEngine
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from scrapy.http import Response
from twisted.internet.error import ConnectError

from spiders.guard import Guard, host_key
from spiders.probe.names import Names
from spiders.registry.limits import ANSWER_BYTES, ANSWER_SECONDS, AT_ONCE, REDIRECTS, SILENCES, WHOIS_BYTES, WHOIS_PORT

_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_RAISED: Final[dict[type[Exception], str]] = {
    IgnoreRequest: "refused: {told}",
    DownloadCancelledError: "larger than is taken",
    DownloadTimeoutError: f"no answer within {ANSWER_SECONDS:g} s",
    CannotResolveHostError: "no address to connect to",
    DownloadConnectionRefusedError: "the connection is refused",
    DownloadFailedError: "the connection is lost, or what came is no HTTP",
    ConnectError: "no connection",
    TimeoutError: f"no answer within {ANSWER_SECONDS:g} s",
    OSError: "the connection is lost",
    ValueError: "a faulty address",
}
"""What asking raises; the first that fits."""
RAISED: Final = tuple(_RAISED)
NEVER_LEFT: Final = (IgnoreRequest, CannotResolveHostError, DownloadConnectionRefusedError, ConnectError, ValueError)
"""What is raised before anything was sent."""


class Unanswered(Exception):
    """Raised where a question has no answer; with the reason, in a line."""


class Missing(Unanswered):
    """Raised where a server says that it has no such thing."""


class RegistryNames(Names):
    """Name look-ups that also read texts."""

    async def texts(self, name: str) -> tuple[str, ...]:
        """The TXT records of a name; none where nobody tells."""
        records, _ = await self._ask(self._client.lookupText, name)
        return tuple(
            b"".join(record.payload.data).decode("ascii", "replace")
            for record in records
            if hasattr(record.payload, "data")
        )


@dataclass(slots=True)
class Desk:
    """What questions share: engine, guard, names, and what is known of how servers behave."""

    engine: ExecutionEngine
    guard: Guard
    names: RegistryNames
    loopback: bool
    _turns: defaultdict[str, asyncio.Semaphore] = field(
        default_factory=lambda: defaultdict(lambda: asyncio.Semaphore(AT_ONCE))
    )
    _silences: Counter[str] = field(default_factory=Counter)

    async def get(self, url: str, accept: str, limit: int = ANSWER_BYTES) -> bytes:
        """The body of a 200; followed through redirects.

        Raises:
            Unanswered: there is none.
        """
        for _ in range(REDIRECTS + 1):
            response = await self._get(url, accept, limit)
            location = (response.headers.get("Location") or b"").decode("latin-1").strip()
            if response.status not in _MOVED or not location:
                return _body(response)
            url = _next(url, location)
        raise Unanswered(f"more than {REDIRECTS} redirects")

    async def _get(self, url: str, accept: str, limit: int) -> Response:
        try:
            server = urlsplit(url).netloc
        except ValueError:
            raise Unanswered("a faulty address") from None
        meta = {
            "download_timeout": ANSWER_SECONDS,
            "download_maxsize": limit,
            "download_slot": server,
            "handle_httpstatus_all": True,
        }
        async with self._turn(server):
            try:
                return await self.engine.download_async(Request(url, meta=meta, headers={"Accept": accept}))
            except RAISED as error:
                raise Unanswered(self._told(error, server)) from error

    @asynccontextmanager
    async def _turn(self, server: str) -> AsyncIterator[None]:
        """Wait for a server's turn; what is silent is not waited for again and again."""
        async with self._turns[server]:
            if self._silences[server] >= SILENCES:
                raise Unanswered(f"not asked: {server} was silent {SILENCES} times")
            yield

    def _told(self, error: Exception, server: str) -> str:
        if isinstance(error, DownloadTimeoutError | TimeoutError):
            self._silences[server] += 1
        return told(error)

    async def whois(self, server: str, question: str) -> str:
        """A WHOIS server's answer.

        Raises:
            Unanswered: there is none.
        """
        host, _, port = server.partition(":")
        number = int(port) if self.loopback and port.isdecimal() else WHOIS_PORT
        async with self._turn(server):
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    return await self._talk(await self._address(host), number, question)
            except (TimeoutError, OSError) as error:
                raise Unanswered(self._told(error, server)) from error

    async def _address(self, host: str) -> str:
        found = await self.names.look_up(host)
        admitted = [address for address in found.addresses if self.guard.admits(host, address)]
        if not admitted:
            reason = self.guard.refused.get(host_key(host))
            raise Unanswered(f"refused: {reason}" if reason else "no address to connect to")
        return admitted[0]

    async def _talk(self, address: str, port: int, question: str) -> str:
        reader, writer = await asyncio.open_connection(address, port, limit=WHOIS_BYTES)
        try:
            writer.write(f"{question}\r\n".encode("ascii", "ignore"))
            await writer.drain()
            answer = bytearray()
            while len(answer) < WHOIS_BYTES and (part := await reader.read(4_096)):
                answer += part
        finally:
            writer.close()
        return bytes(answer[:WHOIS_BYTES]).decode("utf-8", "replace")


def told(error: Exception) -> str:
    """What was raised (one of `RAISED`), in our words."""
    reason = next(known for kind, known in _RAISED.items() if isinstance(error, kind))
    return reason.format(told=error)


def now_ms() -> int:
    """The present, in Unix milliseconds."""
    return int(time.time() * 1000)


def _body(response: Response) -> bytes:
    if response.status in {404, 410}:
        raise Missing(f"HTTP {response.status}")
    if response.status != 200:
        raise Unanswered(f"HTTP {response.status}")
    if response.headers.get("Content-Encoding"):
        raise Unanswered("a content encoding that was not asked for")
    return bytes(response.body)


def _next(url: str, location: str) -> str:
    try:
        following = urljoin(url, location)
        scheme, host = urlsplit(following).scheme, urlsplit(following).hostname
    except ValueError:
        raise Unanswered("a redirect to a faulty address") from None
    if scheme not in {"http", "https"} or not host:
        raise Unanswered(f"refused: a redirect to {scheme[:20]}:, only http and https are asked")
    return following
