"""The registries' own process: reads a job on stdin, asks in one reactor, writes what was found, a line a target."""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator
from importlib import import_module
from ipaddress import ip_network
from typing import BinaryIO, Final
from urllib.parse import urlsplit

import scrapy
import whoisit
from scrapy import Request
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.utils.reactor import install_reactor

from db.whereabouts import Whereabouts
from spiders.guard import Guard, host_key
from spiders.lifeline import die_with_parent
from spiders.probe.vantage import dns_server
from spiders.registry.asking import DELIVERED, FOUND, JOB, Delivered, Job, Post
from spiders.registry.desk import NEVER_LEFT, RAISED, Desk, RegistryNames, told
from spiders.registry.limits import ANSWER_SECONDS
from spiders.registry.looking import look
from spiders.resolver import GuardedResolver, Provider
from spiders.settings import crawl_settings

_HANDLER: Final = "spiders.probe.handler.BoundedHandler"
_LATER: Final = frozenset({408, 425, 429, 503})
"""HTTP statuses that say: not now."""


class Clerk(scrapy.Spider):
    """Asks all that a job names, or delivers its message."""

    name = "fanzha-registry"

    def __init__(self, job: Job, guard: Guard, names: RegistryNames, out: BinaryIO) -> None:
        super().__init__()
        self.job = job
        self.guard = guard
        self.names = names
        self.out = out

    async def start(self) -> AsyncIterator[Whereabouts | Delivered]:
        """Yield what was found in the order in which it is complete: who waits for a slow server holds up nobody."""
        desk = Desk(self.crawler.engine, self.guard, self.names, self.job.loopback)
        if self.job.post:
            yield await self._deliver(self.job.post)
        looks = [asyncio.create_task(look(desk, asked, self.job.registries)) for asked in self.job.asked]
        for done in asyncio.as_completed(looks):
            yield await done

    async def _deliver(self, post: Post) -> Delivered:
        meta = {"download_timeout": ANSWER_SECONDS, "handle_httpstatus_all": True}
        headers = {**post.headers, "Content-Type": "application/json"}
        request = Request(post.url, method="POST", body=post.body.encode(), headers=headers, meta=meta)
        try:
            response = await self.crawler.engine.download_async(request)
        except RAISED as error:
            return Delivered("unsent" if isinstance(error, NEVER_LEFT) else "doubtful", told(error))
        if 200 <= response.status < 300:
            return Delivered("taken", f"HTTP {response.status}")
        if response.status in _LATER:
            return Delivered("unsent", f"HTTP {response.status}")
        return Delivered("refused" if response.status < 500 else "doubtful", f"HTTP {response.status}")

    @staticmethod
    def line(item: Whereabouts | Delivered) -> bytes:
        """An item as the parent reads it."""
        return FOUND.dump_json(item) if isinstance(item, Whereabouts) else DELIVERED.dump_json(item)


def _settings() -> dict[str, object]:
    return {
        **crawl_settings(loopback=True),  # pauses are kept by the desk: AT_ONCE a server
        "DOWNLOAD_HANDLERS": {"data": None, "file": None, "ftp": None, "s3": None, "http": _HANDLER, "https": _HANDLER},
        "REDIRECT_ENABLED": False,  # each hop is counted and judged before it is asked
        "ROBOTSTXT_OBEY": False,  # an interface for programs
        "CONCURRENT_REQUESTS": 64,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
        "LOG_LEVEL": "ERROR",
    }


def _guard(job: Job) -> Guard:
    if not job.post or not job.post.networks:
        return Guard({}, loopback=job.loopback)
    host = host_key(urlsplit(job.post.url).hostname or "")
    return Guard({host: tuple(ip_network(network) for network in job.post.networks)}, loopback=job.loopback)


def main() -> None:
    """Run the job on stdin."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    job = JOB.validate_json(sys.stdin.buffer.readline())
    threading.Thread(target=die_with_parent, daemon=True).start()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else prints must not stand between the lines
    logging.basicConfig(level=logging.CRITICAL)
    logging.getLogger("fanzha").setLevel(logging.ERROR)
    if job.registries.bootstrap:
        whoisit.load_bootstrap_data(job.registries.bootstrap, allow_insecure=job.loopback)
    settings = _settings()
    install_reactor(str(settings["TWISTED_REACTOR"]))
    reactor: Provider = import_module("twisted.internet.reactor")
    guard = _guard(job)
    names = RegistryNames([dns_server(server) for server in job.registries.dns])
    reactor.installNameResolver(GuardedResolver(names, guard))
    crawl = AsyncCrawlerRunner(settings).crawl(Clerk, job=job, guard=guard, names=names, out=out)
    crawl.add_done_callback(lambda _: reactor.stop())
    reactor.run(installSignalHandlers=False)
    crawl.result()


if __name__ == "__main__":
    main()
