"""The probes' own process: reads rounds of sites on stdin, looks at them in one reactor, writes a finding a line."""

import asyncio
import logging
import os
import signal
import threading
import time
import warnings
from collections.abc import AsyncIterator
from importlib import import_module
from ipaddress import ip_network
from queue import Queue
from typing import BinaryIO, Final
from urllib.parse import urlsplit

import scrapy
from scrapy import Request, signals
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.exceptions import StopDownload
from scrapy.utils.reactor import install_reactor

from spiders.guard import Guard, host_key
from spiders.lifeline import take_orders
from spiders.probe.asking import FINDING, JOB, ROUND, Finding, Job, Round
from spiders.probe.limits import AT_ONCE, USER_AGENT
from spiders.probe.names import Names
from spiders.probe.vantage import Vantage, dns_server
from spiders.probe.visit import Place, visit
from spiders.resolver import GuardedResolver, Provider
from spiders.settings import crawl_settings

_HANDLER: Final = "spiders.probe.handler.BoundedHandler"


class Prober(scrapy.Spider):
    """Looks at every site of each round; its items are findings."""

    name = "fanzha-probe"

    def __init__(self, job: Job, orders: "Queue[bytes]", guard: Guard, names: Names, out: BinaryIO) -> None:
        super().__init__()
        self.job = job
        self.orders = orders
        self.guard = guard
        self.names = names
        self.out = out

    async def start(self) -> AsyncIterator[Finding]:
        """Yield findings in the order in which the visits end; one that takes long holds one place of many."""
        self.crawler.signals.connect(self.cut, signals.bytes_received)
        while True:  # until the parent ends us
            order = ROUND.validate_json(await asyncio.to_thread(self.orders.get))
            self.names.forget()
            async for finding in self.look(order):
                yield finding

    async def look(self, order: Round) -> AsyncIterator[Finding]:
        """Look at the sites of one round."""
        job = self.job
        place = Place(self.crawler.engine, self.guard, self.names, job.vantage, job.spool, order.ahead)
        waiting = iter(order.targets)
        done = asyncio.Queue[Finding]()

        async def look() -> None:
            for target in waiting:
                await done.put(await visit(place, target))

        lookers = [asyncio.create_task(look()) for _ in range(AT_ONCE)]
        for _ in order.targets:
            yield await done.get()
        await asyncio.gather(*lookers)

    def cut(self, data: bytes, request: Request) -> None:
        """Stop an answer that is larger or takes longer than it may; what has come of it is looked at."""
        if "room" in request.meta:
            request.meta["room"] -= len(data)
            if request.meta["room"] <= 0 or time.monotonic() > request.meta["until"]:
                raise StopDownload(fail=False)

    @staticmethod
    def line(item: Finding) -> bytes:
        """A finding as the parent reads it."""
        return FINDING.dump_json(item)


def probe_settings() -> dict[str, object]:
    """Scrapy's settings for looking at what criminals put up."""
    return {
        **crawl_settings(loopback=True),  # no pauses: each site is asked once or twice in an hour
        "USER_AGENT": USER_AGENT,
        "DOWNLOAD_HANDLERS": {"data": None, "file": None, "ftp": None, "s3": None, "http": _HANDLER, "https": _HANDLER},
        "DOWNLOAD_VERIFY_CERTIFICATES": False,  # a phishing site with a bad certificate is up
        "REDIRECT_ENABLED": False,  # each hop is judged before it is asked
        "ROBOTSTXT_OBEY": False,  # it is evidence that is taken, not content
        "DOWNLOAD_MAXSIZE": 0,  # cut by ourselves, so that what came is kept
        "DOWNLOAD_FAIL_ON_DATALOSS": False,
        "CONCURRENT_REQUESTS": AT_ONCE,
        "LOG_LEVEL": "ERROR",
    }


def _guard(vantage: Vantage, *, loopback: bool) -> Guard:
    if not vantage.networks:
        return Guard({}, loopback=loopback)
    proxy = host_key(urlsplit(vantage.proxy).hostname or "")
    return Guard({proxy: tuple(ip_network(network) for network in vantage.networks)}, loopback=loopback)


def main() -> None:
    """Run the job and the rounds on stdin."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    orders = Queue[bytes]()
    threading.Thread(target=take_orders, args=[orders.put], daemon=True).start()
    job = JOB.validate_json(orders.get())
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else prints must not stand between the findings
    logging.basicConfig(level=logging.CRITICAL)
    warnings.simplefilter("ignore")  # what libraries think of criminals' pages is no news to whoever runs this
    logging.getLogger("fanzha").setLevel(logging.ERROR)
    settings = probe_settings()
    install_reactor(str(settings["TWISTED_REACTOR"]))
    reactor: Provider = import_module("twisted.internet.reactor")
    guard = _guard(job.vantage, loopback=job.loopback)
    names = Names([dns_server(server) for server in job.vantage.dns])
    reactor.installNameResolver(GuardedResolver(names, guard))
    crawl = AsyncCrawlerRunner(settings).crawl(Prober, job=job, orders=orders, guard=guard, names=names, out=out)
    crawl.add_done_callback(lambda _: reactor.stop())
    reactor.run(installSignalHandlers=False)
    crawl.result()


if __name__ == "__main__":
    main()
