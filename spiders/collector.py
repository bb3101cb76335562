"""The one spider: visits sources side by side, each to its own end, and reports each as soon as it is complete."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import BinaryIO, Final

import scrapy

from db.errors import SourceFailed
from spiders.collect import collect
from spiders.crawl import OUTCOME, CrawlOutcome, Job
from spiders.fetching import Visit
from spiders.guard import Guard
from spiders.settings import SOURCES_AT_ONCE

_LOG: Final = logging.getLogger("fanzha.crawl")


class Collector(scrapy.Spider):
    """Visits every source of a job; its items are their outcomes."""

    name = "fanzha"

    def __init__(self, job: Job, guard: Guard, out: BinaryIO) -> None:
        super().__init__()
        self.job = job
        self.guard = guard
        self.out = out
        self._room = asyncio.Semaphore(SOURCES_AT_ONCE)

    async def start(self) -> AsyncIterator[CrawlOutcome]:
        """Yield outcomes in the order in which the sources complete."""
        turns = defaultdict[str, asyncio.Lock](asyncio.Lock)
        visits = [Visit(request, self.crawler.engine, self.job.spool, turns) for request in self.job.requests]
        running = {asyncio.create_task(self._visit(visit)): visit for visit in visits}
        while running:
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield _outcome(task, running.pop(task))

    @staticmethod
    def line(item: CrawlOutcome) -> bytes:
        """An outcome as the parent reads it."""
        return OUTCOME.dump_json(item)

    async def _visit(self, visit: Visit) -> CrawlOutcome:
        async with self._room:
            return await collect(visit)


def _outcome(task: asyncio.Task[CrawlOutcome], visit: Visit) -> CrawlOutcome:
    error = task.exception()
    if error is None:
        return task.result()
    if isinstance(error, SourceFailed | OSError):
        return visit.failed(str(error))
    _LOG.error("source %s", visit.request.source.name, exc_info=error)
    return visit.failed(f"unexpected {type(error).__name__}: {error}")
