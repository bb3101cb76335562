"""One source's requests: tries and pauses, limits, conditions, and what has been brought so far."""

import asyncio
import gzip
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.engine import ExecutionEngine
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Response

from db.errors import SourceFailed
from spiders.crawl import CrawlOutcome, CrawlRequest, Document, secrets
from spiders.faults import RAISED, Fault, check_status, fault_of, header
from spiders.settings import MISSES, PAUSES
from spiders.spool import put


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer: 200, or 304 where that was asked for; the body without content encoding."""

    status: int
    url: str
    body: bytes
    etag: str
    last_modified: str
    fetched_at: int


@dataclass(slots=True)
class Visit:
    """One source being fetched: what it has brought and what it missed on the way."""

    request: CrawlRequest
    engine: ExecutionEngine
    spool: Path
    turns: Mapping[str, asyncio.Lock]
    """Site -> whose turn it is: Scrapy's slots let a burst of requests through before the first of it has begun."""
    documents: list[Document] = field(default_factory=list)
    misses: list[Fault] = field(default_factory=list)
    status: int | None = None
    obeys_robots: bool = False

    @property
    def gives_up(self) -> bool:
        """Whether so many pages failed that it is the server, not the pages."""
        return sum(not miss.is_gone for miss in self.misses) >= MISSES

    async def fetch(self, url: str, *, conditional: bool = False) -> Answer:
        """Fetch one address, with tries and pauses.

        Args:
            url: where; followed through redirects.
            conditional: ask only for what has changed since; the answer may be a 304 then.

        Raises:
            Fault: with the reason, in one line without addresses.
        """
        headers = _conditions(self.request) if conditional else {}
        for pause in PAUSES:
            try:
                return await self._try(url, headers)
            except Fault as fault:
                if not fault.passing:
                    raise
                await asyncio.sleep(max(fault.pause, pause))
        try:
            return await self._try(url, headers)
        except Fault as fault:
            raise Fault(f"{fault}, tried {len(PAUSES) + 1} times", is_gone=fault.is_gone) from None

    async def _try(self, url: str, headers: Mapping[str, str]) -> Answer:
        try:
            async with self.turns[urlsplit(url).netloc]:
                response = await self.engine.download_async(self._request(url, headers))
        except tuple(RAISED) as error:
            raise fault_of(error, self.request.source) from error
        self.status = response.status
        check_status(response, conditional=bool(headers))
        validators = header(response, "ETag"), header(response, "Last-Modified")
        return Answer(response.status, response.url, self._body(response), *validators, int(time.time() * 1000))

    def _request(self, url: str, headers: Mapping[str, str]) -> Request:
        meta = {
            "download_timeout": self.request.source.timeout_seconds,
            "download_maxsize": self._room,
            "dont_obey_robotstxt": not self.obeys_robots,
            "download_slot": urlsplit(url).netloc,  # two ports of one machine are two servers
        }
        return Request(url, headers={"Accept": "*/*", "Accept-Encoding": "gzip", **headers}, meta=meta)

    @property
    def _room(self) -> int:
        """Bytes that the source may still bring: its limit is for the visit. At least 1, as 0 is no limit to Scrapy."""
        return max(1, self.request.source.max_bytes - sum(document.size for document in self.documents))

    def _body(self, response: Response) -> bytes:
        encoding = header(response, "Content-Encoding").lower()
        if not response.body or encoding in {"", "identity"}:
            return response.body
        if encoding not in {"gzip", "x-gzip"}:
            raise Fault(f"a content encoding that was not asked for: {encoding[:20]}")
        try:
            body = gzip.GzipFile(fileobj=BytesIO(response.body)).read(self._room + 1)
        except (EOFError, OSError, zlib.error) as error:
            raise Fault(f"the answer's compression is faulty: {error}") from error
        if len(body) > self._room:
            raise fault_of(DownloadCancelledError(), self.request.source)
        return body

    def keep(self, name: str, answer: Answer) -> Document:
        """Write a body into the spool, under its digest."""
        try:
            digest = put(self.spool, answer.body)
        except OSError as error:
            raise SourceFailed(
                f"folder {self.spool.parent}: cannot be written: {error.strerror}; make room or give access, "
                "then run again"
            ) from error
        document = Document(self.hide(name), digest, len(answer.body), answer.fetched_at)
        self.documents.append(document)
        return document

    def hide(self, text: str) -> str:
        """A text without the keys that were filled into the address."""
        return hide(text, secrets(self.request))

    def unchanged(self, answer: Answer | None = None) -> CrawlOutcome:
        """The outcome of a source that has nothing new; what was known of it stays."""
        known = self.request
        return CrawlOutcome(
            known.source.name,
            "unchanged",
            status=self.status,
            etag=(answer.etag if answer else "") or known.etag,
            last_modified=(answer.last_modified if answer else "") or known.last_modified,
            cursor=known.cursor,
        )

    def fetched(self, cursor: Mapping[str, str], answer: Answer | None = None, *, more: str = "") -> CrawlOutcome:
        """The outcome of a source that brought documents.

        Args:
            cursor: what to remember of them.
            answer: brings the validators of the next conditional request, if nothing was missed and nothing remains.
            more: what remains, where something does.

        Raises:
            Fault: everything was missed.
        """
        if not self.documents:
            raise self.misses[0]
        missed = f"{len(self.misses)} not fetched, the first because: {self.misses[0]}" if self.misses else ""
        whole = None if missed or more else answer
        return CrawlOutcome(
            self.request.source.name,
            "fetched",
            self.hide("; ".join(filter(None, [missed, more]))),
            self.status,
            etag=whole.etag if whole else "",
            last_modified=whole.last_modified if whole else "",
            cursor=cursor,
            documents=tuple(self.documents),
        )

    def failed(self, reason: str) -> CrawlOutcome:
        """The outcome of a source that could not be fetched."""
        return CrawlOutcome(self.request.source.name, "failed", self.hide(reason), self.status)


def _conditions(known: CrawlRequest) -> dict[str, str]:
    given = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in given.items() if value}


def hide(text: str, keys: Mapping[str, str]) -> str:
    """A text with each key replaced by the name that stands for it."""
    for value, shown in keys.items():
        text = text.replace(value, shown)
    return text
