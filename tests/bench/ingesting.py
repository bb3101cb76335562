"""Ingest, from files' bytes to committed rows, against SQLite alone taking the same final rows."""

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from db.connection import transaction
from db.sources import Counts, Cursor
from db.store import Store
from flows.ingest import Document, ingest
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
                    return write_rows(final.database, store.database)

            return compare(ours, floor, workload.rounds)

    return measure


def write_rows(final: Database, empty: Database) -> float:
    """Write all rows of one database into another; returns the seconds that sqlite3 took for ready tuples."""
    gc.collect()
    seconds = 0.0
    with transaction(empty):
        for statement, rows in _ready_rows(final):
            begin = time.perf_counter()
            empty.conn.executemany(statement, rows)
            seconds += time.perf_counter() - begin
        begin = time.perf_counter()
    return seconds + time.perf_counter() - begin


def _ready_rows(final: Database) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """Statements with their rows, in the tables' own order, which is the quickest to write."""
    for table in (name for name in final.table_names() if "sqlite_" not in name):
        # the generated columns are not in table_info, and need not be written
        columns = ", ".join(f'"{row[1]}"' for row in final.execute(f'PRAGMA table_info("{table}")'))
        cursor = final.execute(f'SELECT {columns} FROM "{table}"')
        marks = ", ".join("?" * len(cursor.description))
        while rows := cursor.fetchmany(_CHUNK):
            yield f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', rows
