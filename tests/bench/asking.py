"""What analysts ask and what `check` answers, of a store with a year's addresses, warnings and matches."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from analytics.match.matcher import Matcher
from db.store import Store
from db.views import ADDRESS_SQL
from flows.matching import match_new
from tests.bench.frame import Measured, compare, timed
from tests.bench.ingesting import PHISHTANK, WARNINGS, take
from tests.bench.workload import Workload
from web.check import assess
from web.questions import QUESTIONS

CHECKED: int = 10_000
"""Addresses of a batch, as many as there are at most."""
_ALONE: int = 100
"""Addresses checked one by one."""
_KNOWN = f"SELECT host.name, url.tail, {ADDRESS_SQL} FROM url JOIN host USING (host_id) ORDER BY url_id LIMIT ?"
_LOOK_UP = """SELECT sighting.claim FROM host JOIN url USING (host_id) JOIN sighting USING (url_id)
    WHERE host.name = ? AND url.tail = ?"""


@contextmanager
def _filled(workload: Workload) -> Iterator[Store]:
    with workload.fresh_store() as store:
        for feed in (PHISHTANK, WARNINGS):
            take(store, feed, workload)
        match_new(store, workload.brands)
        yield store


def measure_questions(workload: Workload) -> Measured:
    """The slowest of what analysts ask, each asked of a host, source and day that have an answer."""
    with _filled(workload) as store:
        host = store.database.execute("SELECT name FROM host ORDER BY host_id DESC LIMIT 1").fetchone()[0]
        met = {"host": host, "source": PHISHTANK.source.name, "brand": "", "part": "login-q"}

        def ask(sql: str, given: dict[str, str]) -> float:
            return timed(lambda: store.database.execute(sql, given).fetchall())

        seconds = {
            one.name: median(
                ask(one.sql, {name: met.get(name, value) for name, value in one.example.items()})
                for _ in range(workload.rounds)
            )
            for one in QUESTIONS
        }
    slowest = max(seconds, key=lambda name: seconds[name])
    return Measured(seconds[slowest], f"{slowest}; all {len(seconds)} in {sum(seconds.values()):.2f} s")


def measure_check(workload: Workload) -> Measured:
    """One address at a time, as the median of a hundred."""
    with _filled(workload) as store:
        matcher = Matcher(workload.brands)
        values = [row[2] for row in store.database.execute(_KNOWN, [_ALONE])]
        assess(store.database, values, workload.brands, matcher)

        def check(value: str) -> float:
            begin = time.perf_counter()
            assess(store.database, [value], workload.brands, matcher)
            return time.perf_counter() - begin

        seconds = sorted(map(check, values))
    return Measured(median(seconds), f"slowest {seconds[-1]:.3f} s of {len(seconds)}")


def measure_batch(workload: Workload) -> Measured:
    """Many addresses at once, against SQLite alone finding what is said of the very same."""
    with _filled(workload) as store:
        matcher = Matcher(workload.brands)
        rows = store.database.execute(_KNOWN, [CHECKED]).fetchall()
        values, keys = [row[2] for row in rows], [row[:2] for row in rows]
        measured = compare(
            lambda: timed(lambda: assess(store.database, values, workload.brands, matcher)),
            lambda: timed(lambda: [store.database.execute(_LOOK_UP, key).fetchall() for key in keys]),
            workload.rounds,
        )
    return Measured(measured.value, f"{measured.seen}, {len(values):,} addresses")
