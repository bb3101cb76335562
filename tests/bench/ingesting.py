"""Ingest, from files' bytes to committed rows, against SQLite alone taking the same final rows."""

import gc
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from db.connection import transaction
from db.sources import Counts, Cursor
from db.store import Store
from flows.ingest import ingest
from flows.taking import Document
from spiders.catalogue import Source
from tests.bench.frame import Measured, compare, timed
from tests.bench.workload import Workload

_AT: Final = 1_735_660_800_000
"""When all files are fetched: the first instant of 2025 in Shanghai."""
_CHUNK: Final = 250_000
"""Ready tuples held at once; a full year of them would fill the memory."""


def _source(**keys: object) -> Source:
    told = {
        "publisher": "tests",
        "licence": "Apache-2.0",
        "path": "synthetic",
        "synthetic": True,
        "title": keys["name"],
    }
    return Source.model_validate(told | keys)


@dataclass(frozen=True, slots=True)
class Feed:
    """Files and how they are to be read."""

    source: Source
    contents: Callable[[Workload], list[bytes]]


LIST: Final = Feed(_source(name="synthetic-list", format="list", yields="malicious"), lambda load: load.url_lists)
PHISHTANK: Final = Feed(
    _source(name="synthetic-phishtank", format="phishtank", yields="malicious", verified=True),
    lambda load: load.phishtank,
)
_WARNING_COLUMNS: Final = {
    "event_id": "id",
    "occurred_at": "time",
    "stage": "stage",
    "channel": "channel",
    "sink": "sink",
    "campaign": "campaign",
    "address": "url",
    "subject": "person",
    "is_test": "test",
}
WARNINGS: Final = Feed(
    _source(
        name="synthetic-warnings",
        format="table",
        yields="events",
        kind="warning",
        zone="Asia/Shanghai",
        columns=_WARNING_COLUMNS,
    ),
    lambda load: load.warnings,
)


def take(store: Store, feed: Feed, workload: Workload) -> Counts:
    """Ingest a feed's files in one go."""
    documents = [Document(f"{number}", content, _AT) for number, content in enumerate(feed.contents(workload))]
    return ingest(store, feed.source, documents, Cursor(), started_at=_AT, normal=None)


def measure_ingest(feed: Feed) -> Callable[[Workload], Measured]:
    """A benchmark of one feed."""

    def measure(workload: Workload) -> Measured:
        with workload.fresh_store() as final:
            take(final, feed, workload)

            def ours() -> float:
                with workload.fresh_store() as store:
                    return timed(lambda: take(store, feed, workload))

            def floor() -> float:
                with workload.fresh_store() as store:
                    return write_rows(final.database, store.database).all_seconds

            return compare(ours, floor, workload.rounds)

    return measure


@dataclass(frozen=True, slots=True)
class Written:
    """What bare SQLite wrote: rows, and the seconds for those of each table and for the commit at the end."""

    rows: int
    seconds: Mapping[str, float]
    commit: float

    @property
    def all_seconds(self) -> float:
        """For everything."""
        return sum(self.seconds.values()) + self.commit

    def seconds_without(self, tables: Collection[str]) -> float:
        """For all other tables, with their share of the commit."""
        kept = sum(seconds for table, seconds in self.seconds.items() if table not in tables)
        return self.all_seconds * kept / sum(self.seconds.values())


def write_rows(final: Database, empty: Database) -> Written:
    """Write all rows of one database into another from ready tuples; only what sqlite3 does is timed."""
    gc.collect()
    seconds: dict[str, float] = defaultdict(float)
    count = 0
    with transaction(empty):
        for table, statement, rows in _ready_rows(final):
            begin = time.perf_counter()
            empty.conn.executemany(statement, rows)
            seconds[table] += time.perf_counter() - begin
            count += len(rows)
        begin = time.perf_counter()
    return Written(count, seconds, time.perf_counter() - begin)


def _ready_rows(final: Database) -> Iterator[tuple[str, str, list[tuple[Any, ...]]]]:
    """Tables, statements and their rows, in the tables' own order, which is the quickest to write."""
    for table in (name for name in final.table_names() if "sqlite_" not in name):
        # the generated columns are not in table_info, and need not be written
        columns = ", ".join(f'"{row[1]}"' for row in final.execute(f'PRAGMA table_info("{table}")'))
        cursor = final.execute(f'SELECT {columns} FROM "{table}"')
        marks = ", ".join("?" * len(cursor.description))
        while rows := cursor.fetchmany(_CHUNK):
            yield table, f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', rows
