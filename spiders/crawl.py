"""Fetching, seen from the rest of fanzha: requests in, documents in a folder and outcomes out.

Scrapy's reactor runs once per process, so that each crawl is a child process (`spiders.child`), one for many sources.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote

from pydantic import TypeAdapter

from db.errors import SourceFailed
from spiders.catalogue import Source
from spiders.lifeline import lines, running

_KEY: Final = re.compile(r"\{([A-Z][A-Z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class CrawlRequest:
    """One source to be fetched, and what is known from the last time.

    Attributes:
        source: its declaration.
        url: its address with keys filled in (`resolve_url`).
        etag, last_modified, cursor: as the last good outcome had them.
    """

    source: Source
    url: str
    etag: str = ""
    last_modified: str = ""
    cursor: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """One body as it came, content encoding undone, in the spool under its digest.

    Attributes:
        name: its address as declared or linked, keys hidden; redirects, which change and may carry tokens, do not show.
        digest: SHA-256, hexadecimal: the file's name.
        size: bytes.
        fetched_at: Unix milliseconds.
    """

    name: str
    digest: str
    size: int
    fetched_at: int


@dataclass(frozen=True, slots=True)
class CrawlOutcome:
    """How one source ended.

    Attributes:
        source: its name.
        outcome: `unchanged` brings no documents, nor does `failed`.
        reason: one line for people, keys hidden: why it failed, or what of it could not be fetched.
        status: HTTP status of the last answer, if there was one.
        etag, last_modified, cursor: for the next request, once the documents are stored. A cursor holds digests by
            document or, for a MISP feed, timestamps by event; blank validators mean that there is more to come.
        documents: in the order fetched.
    """

    source: str
    outcome: Literal["fetched", "unchanged", "failed"]
    reason: str = ""
    status: int | None = None
    etag: str = ""
    last_modified: str = ""
    cursor: Mapping[str, str] = field(default_factory=dict)
    documents: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """What a child is told."""

    requests: tuple[CrawlRequest, ...]
    spool: Path
    loopback: bool


JOB: Final = TypeAdapter(Job)
OUTCOME: Final = TypeAdapter(CrawlOutcome)


def resolve_url(source: Source, environ: Mapping[str, str]) -> str:
    """A source's address with each `{NAME}` replaced by the environment's NAME.

    Raises:
        SourceFailed: the environment has no such name, or it is empty.
    """

    def value(found: re.Match[str]) -> str:
        if not environ.get(found[1]):
            raise SourceFailed(f"needs {found[1]} in the environment: {source.terms or 'see ' + source.publisher}")
        return quote(environ[found[1]], safe=":/")  # a NAME may also hold where a mirror stands

    return _KEY.sub(value, source.url)


def secrets(request: CrawlRequest) -> dict[str, str]:
    """What was filled into an address -> the `{NAME}` to show in its place."""
    parts = _KEY.split(request.source.url)
    pattern = "".join("(.+?)" if number % 2 else re.escape(part) for number, part in enumerate(parts))
    found = re.fullmatch(pattern, request.url)
    return {value: f"{{{name}}}" for name, value in zip(parts[1::2], found.groups(), strict=True)} if found else {}


def crawl(requests: Sequence[CrawlRequest], spool: Path, *, loopback: bool = False) -> Iterator[CrawlOutcome]:
    """Fetch sources, many at a time; yields each one's outcome as soon as it is complete, exactly one a source.

    Args:
        requests: the sources; their names are distinct.
        spool: folder for the documents' bodies, made if absent; its reader empties it.
        loopback: lets the crawl reach this machine. For the demo's and the tests' own servers only.
    """
    missing = {request.source.name for request in requests}
    if not missing:
        return
    spool.mkdir(parents=True, exist_ok=True)
    job = JOB.dump_json(Job(tuple(requests), spool.absolute(), loopback))
    with running("spiders.child") as child:
        for line in lines(child, job):
            outcome = OUTCOME.validate_json(line)
            missing.discard(outcome.source)
            yield outcome
            if not missing:
                return
        ending = _ending(child.wait())
    for name in sorted(missing):
        yield CrawlOutcome(name, "failed", ending)


def _ending(code: int) -> str:
    if code < 0:
        return f"the crawl was killed (signal {-code})"
    return f"the crawl ended before this source was fetched (exit {code})"
