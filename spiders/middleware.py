"""Says why a host was refused, and keeps one source's networks from another's redirects."""

from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest

from spiders.guard import Guard, host_key


class Refused(IgnoreRequest):
    """Raised where the guard admits none of a host's addresses."""


class GuardMiddleware:
    """The guard's ears: the resolver can only be silent, which Scrapy reports as an unknown host."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor; the crawl's spider holds the guard."""
        spider: Any = crawler.spider
        return cls(spider.guard)

    def process_request(self, request: Request) -> None:
        """Refuse a redirect into the networks that are admitted for another source's host."""
        host = _host(request.url)
        origin = _host(request.meta.get("redirect_urls", [request.url])[0])
        if host != origin and host in self._guard.admitted:
            raise Refused(f"a redirect from {origin} into the network of {host}")

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Replace "cannot resolve" by the guard's reason, which no retry will change."""
        reason = self._guard.refused.get(_host(request.url))
        if reason and isinstance(exception, CannotResolveHostError):
            raise Refused(reason) from exception


def _host(url: str) -> str:
    return host_key(urlsplit(url).hostname or "")
