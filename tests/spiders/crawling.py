"""Requests to servers on loopback, crawled for real: in a child process, by Scrapy."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spiders.catalogue import Source
from spiders.crawl import CrawlOutcome, CrawlRequest, crawl
from tests.spiders.loopback import Answer, Server, reply


def make_source(name: str, url: str, **declared: object) -> Source:
    common = {"title": name, "publisher": "synthetic", "licence": "none", "format": "list", "yields": "malicious"}
    return Source.model_validate({**common, "name": name, "url": url, **declared})


def make_request(url: str, name: str = "feed", **declared: object) -> CrawlRequest:
    return CrawlRequest(make_source(name, url, **declared), url)


def fetch_all(requests: Sequence[CrawlRequest], spool: Path, *, loopback: bool = True) -> dict[str, CrawlOutcome]:
    return {outcome.source: outcome for outcome in crawl(requests, spool, loopback=loopback)}


def fetch(request: CrawlRequest, spool: Path) -> CrawlOutcome:
    (outcome,) = crawl([request], spool, loopback=True)
    return outcome


def again(outcome: CrawlOutcome, request: CrawlRequest) -> CrawlRequest:
    return CrawlRequest(request.source, request.url, outcome.etag, outcome.last_modified, outcome.cursor)


def page(*links: str) -> Answer:
    return reply("".join(f"<a {link}>…</a>" for link in links).encode(), Content_Type="text/html; charset=utf-8")


@dataclass(frozen=True)
class Ran:
    outcomes: dict[str, CrawlOutcome]
    servers: dict[str, Server]
    spool: Path


GOOD = reply(b"https://qifu-login-demo.example/\n")
