"""The crawl's own process: reads a job on stdin, fetches all of it in one reactor, writes an outcome a line to stdout.

It lives no longer than its parent: the parent holds stdin open, and the end of it is the end of the child.
"""

import logging
import os
import signal
import sys
import threading
from importlib import import_module
from ipaddress import ip_network
from urllib.parse import urlsplit

from scrapy.crawler import AsyncCrawlerRunner
from scrapy.utils.reactor import install_reactor

from spiders.collector import Collector
from spiders.crawl import JOB, CrawlRequest, Job, secrets
from spiders.fetching import hide
from spiders.guard import Guard, Network, host_key
from spiders.lifeline import die_with_parent
from spiders.resolver import GuardedResolver, Provider
from spiders.settings import QUIET, crawl_settings


def _admitted(requests: tuple[CrawlRequest, ...]) -> dict[str, tuple[Network, ...]]:
    """Each source's networks, for the host of its own address."""
    admitted: dict[str, tuple[Network, ...]] = {}
    for request in requests:
        if networks := tuple(ip_network(network) for network in request.source.networks):
            host = host_key(urlsplit(request.url).hostname or "")
            admitted[host] = admitted.get(host, ()) + networks
    return admitted


class _Hiding(logging.Formatter):
    """Keeps keys out of messages and tracebacks, whoever writes them."""

    def __init__(self, keys: dict[str, str]) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")
        self._keys = keys

    def format(self, record: logging.LogRecord) -> str:
        return hide(super().format(record), self._keys)


def _log_to_stderr(job: Job) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_Hiding({key: name for request in job.requests for key, name in secrets(request).items()}))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def main() -> None:
    """Run the job on stdin."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    job = JOB.validate_json(sys.stdin.buffer.readline())
    threading.Thread(target=die_with_parent, daemon=True).start()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else prints must not stand between the outcomes
    _log_to_stderr(job)
    settings = crawl_settings(loopback=job.loopback)
    install_reactor(str(settings["TWISTED_REACTOR"]))
    reactor: Provider = import_module("twisted.internet.reactor")
    guard = Guard(_admitted(job.requests), loopback=job.loopback)
    reactor.installNameResolver(GuardedResolver(reactor.nameResolver, guard))
    crawl = AsyncCrawlerRunner(settings).crawl(Collector, job=job, guard=guard, out=out)
    crawl.add_done_callback(lambda _: reactor.stop())
    reactor.run(installSignalHandlers=False)
    crawl.result()


if __name__ == "__main__":
    main()
