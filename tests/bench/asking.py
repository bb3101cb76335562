"""What analysts ask and what `check` answers, of a store with a year's addresses, warnings and matches."""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median

from analytics.match.matcher import Matcher
from db.brands import Brand
from db.checks import save_checks
from db.connection import transaction
from db.sources import save_own_source
from db.store import Store, now_ms
from db.views import ADDRESS_SQL
from flows.matching import match_new
from flows.simulate.names import make_hosts
from tests.bench.frame import Measured, compare, timed
from tests.bench.ingesting import PHISHTANK, WARNINGS, take
from tests.bench.workload import Workload
from web.check import assess, checks
from web.questions import QUESTIONS

CHECKED: int = 10_000
"""Addresses of a batch, as many as there are at most."""
_ALONE: int = 50
"""Addresses checked one by one."""
_SEED: int = 100
"""Of hosts that are in no store: other seeds make those."""
_KNOWN = f"""SELECT host.name, url.tail, {ADDRESS_SQL} FROM url JOIN host USING (host_id)
    ORDER BY url_id * 2654435761 % 4294967296 LIMIT ?"""
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


def measure_known(workload: Workload) -> Measured:
    """One address that is known, and its event stored: the median of fifty."""
    with _filled(workload) as store:
        return _alone(store, [row[2] for row in _known(store, _ALONE)], workload)


def measure_unknown(workload: Workload) -> Measured:
    """One host that nobody has seen, likewise."""
    with _filled(workload) as store:
        return _alone(store, _unknown(workload, _ALONE, 0), workload)


def measure_batch(workload: Workload) -> Measured:
    """Many known addresses at once, against SQLite alone finding what is said of the very same."""
    with _filled(workload) as store:
        matcher = Matcher(workload.brands)
        rows = _known(store, CHECKED)
        values, keys = [row[2] for row in rows], [row[:2] for row in rows]
        measured = compare(
            lambda: timed(lambda: assess(store.database, values, workload.brands, matcher)),
            lambda: timed(lambda: [store.database.execute(_LOOK_UP, key).fetchall() for key in keys]),
            workload.rounds,
        )
    return Measured(measured.value, f"{measured.seen}, {len(values):,} addresses")


def measure_many(unknown: float) -> Callable[[Workload], Measured]:
    """Ten thousand at once, this share of them hosts that nobody has seen, the others known; events stored."""

    def measure(workload: Workload) -> Measured:
        with _filled(workload) as store:
            known = [row[2] for row in _known(store, CHECKED)]
            count = round(len(known) * unknown)
            matcher = Matcher(workload.brands)

            def check(turn: int) -> float:
                values = known[count:] + _unknown(workload, count, turn)
                seconds = timed(lambda: _check(store, values, workload.brands, matcher))
                return seconds * CHECKED / len(values)

            check(0)
            seconds = median(check(turn) for turn in range(1, workload.rounds + 1))
        return Measured(seconds, f"{CHECKED / seconds:,.0f} a second, {len(known):,} at once")

    return measure


def _known(store: Store, count: int) -> list[tuple[str, str, str]]:
    """Addresses from all over the store, the same each time: host, tail and text."""
    return store.database.execute(_KNOWN, [count]).fetchall()


def _unknown(workload: Workload, count: int, turn: int) -> list[str]:
    """Made-up hosts, one in six an imitation, others at each turn."""
    return make_hosts(count, _SEED + turn, workload.brands).to_list() if count else []


def _alone(store: Store, values: Sequence[str], workload: Workload) -> Measured:
    matcher = Matcher(workload.brands)
    _check(store, ["first-of-all.example", "https://first-of-all.example/a"], workload.brands, matcher)

    def check(value: str) -> float:
        begin = time.perf_counter()
        _check(store, [value], workload.brands, matcher)
        return time.perf_counter() - begin

    gc.collect()  # once: before each it takes ten times as long as what is measured
    seconds = sorted(map(check, values))
    return Measured(median(seconds), f"slowest {seconds[-1]:.3f} s of {len(seconds)}")


def _check(store: Store, values: Sequence[str], brands: Sequence[Brand], matcher: Matcher) -> None:
    """As `fanzha check` does, once all is loaded."""
    assessed = assess(store.database, values, brands, matcher)
    with transaction(store.database):
        source_id = save_own_source(store.database, "fanzha-check", "fanzha check")
        save_checks(store.database, store.terms, source_id, checks(assessed), now_ms())
