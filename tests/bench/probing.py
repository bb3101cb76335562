"""Probing of many sites, slow, broken, huge and hostile ones among them, against bare fetches of the same sites."""

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from db.brands import Brand
from db.connection import transaction
from db.matches import save_brands
from db.sources import read_cursor
from db.store import Store, open_store
from flows.ingest import ingest
from flows.probing import probe_due
from flows.rollup import follow_up
from flows.taking import Document
from spiders.catalogue import Source
from spiders.probe.limits import ANSWER_SECONDS, AT_ONCE, PAGE_BYTES
from spiders.probe.vantage import Vantage
from tests.bench.farm import address, farming, host
from tests.bench.frame import Measured
from tests.bench.workload import Workload

FLOOR: Final = "asyncio alone: one GET of each, no names, redirects, icons, parsing or storing"
_SITES: Final = 10_000
_COLUMNS: Final = ("event_id", "occurred_at", "type", "address", "brand")


def measure_probing(workload: Workload) -> Measured:
    """A whole round, from what is due to states and pages on disk; once, for it takes minutes."""
    count = workload.share(_SITES, 5)
    with farming() as (names, web):
        with workload.fresh_store() as store:
            _open_attacks(store, count, web)
            command = [sys.executable, "-m", "tests.bench.probing", str(store.path), f"127.0.0.1:{names}"]
            done = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        began = time.perf_counter()
        asyncio.run(_fetch_all(count, web))
        floor = time.perf_counter() - began
    an_hour = count / done["seconds"] * 3600
    seen = (
        f"{count:,} sites: {done['seconds']:.0f} s : {floor:.0f} s; {an_hour:,.0f} an hour, {done['cpu']:.0f} s of CPU,"
        f" {done['child_mib']} + {done['own_mib']} MiB; {done['outcomes']}"
    )
    return Measured(done["seconds"] / floor, seen)


def _open_attacks(store: Store, count: int, web: int) -> None:
    rows = [f"e{number},2026-01-01 00:00:00,confirmation,http://{host(number)}:{web}/,qifu" for number in range(count)]
    source = Source.model_validate(
        {
            "name": "farm",
            "title": "Farm",
            "publisher": "bench",
            "licence": "Apache-2.0",
            "path": "farm.csv",
            "format": "table",
            "yields": "events",
            "kind": "attack_event",
            "columns": {name: name for name in _COLUMNS},
        }
    )
    brand = Brand(id="qifu", names=("奇富借条",), domains=("qifu.com",), follow=True)
    with transaction(store.database):
        save_brands(store.database, [brand])
    text = "\n".join([",".join(_COLUMNS), *rows]) + "\n"
    document = Document("farm.csv", text.encode(), 0)
    ingest(store, source, [document], read_cursor(store.database, "farm"), started_at=0, normal=None)
    follow_up(store)


async def _fetch_all(count: int, web: int) -> None:
    waiting = iter(range(count))

    async def fetch() -> None:
        for number in waiting:
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(ANSWER_SECONDS):
                    async for _ in _answer(number, web):
                        pass

    await asyncio.gather(*(fetch() for _ in range(AT_ONCE)))


async def _answer(number: int, web: int) -> AsyncIterator[bytes]:
    reader, writer = await asyncio.open_connection(address(number), web)
    try:
        writer.write(f"GET / HTTP/1.1\r\nHost: {host(number)}\r\n\r\n".encode())
        room = PAGE_BYTES
        while room > 0 and (chunk := await reader.read(65_536)):
            room -= len(chunk)
            yield chunk
    finally:
        writer.transport.abort()


def main() -> None:
    """Probe what a store holds, and say what it took."""
    path, names = sys.argv[1:]
    with open_store(Path(path), None) as store:
        began = time.perf_counter()
        done = probe_due(store, [Vantage(name="farm", network="farm", dns=(names,))], loopback=True)
        seconds = time.perf_counter() - began
    child, own = (resource.getrusage(who) for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF))
    told = {
        "seconds": seconds,
        "cpu": child.ru_utime + child.ru_stime + own.ru_utime + own.ru_stime,
        "child_mib": child.ru_maxrss // 1024,
        "own_mib": own.ru_maxrss // 1024,
        "outcomes": ", ".join(f"{count} {outcome}" for outcome, count in done.outcomes.most_common()),
    }
    print(json.dumps(told))  # noqa: T201 - its parent reads it


if __name__ == "__main__":
    main()
