"""The addresses that rows may change the count of, with all that is said of each: what K01 needs of them, no more."""

from collections.abc import Iterable, Mapping
from typing import Final

import polars as pl
from sqlite_utils import Database

from db.packed import read_together
from db.turns import SharedConnection

_SIGHTINGS: Final = """
FROM (SELECT sighting.url_id, min(seen_at) AS first_seen_at, max(claim) = 1 AS is_named, min(claim) = -1 AS is_allowed
    FROM temp.touched CROSS JOIN sighting ON sighting.url_id = touched.url_id
    WHERE NOT is_test GROUP BY sighting.url_id) AS told
CROSS JOIN sighting ON sighting.url_id = told.url_id AND NOT sighting.is_test
JOIN url ON url.url_id = told.url_id JOIN host ON host.host_id = url.host_id
JOIN source ON source.source_id = sighting.source_id"""
_HOST_ALLOWED: Final = """EXISTS (SELECT 1 FROM url AS bare CROSS JOIN sighting AS listed ON listed.url_id = bare.url_id
    WHERE bare.host_id = url.host_id AND bare.tail = '' AND listed.claim = -1 AND NOT listed.is_test)"""
_OF_SIGHTINGS: Final = {
    "address_id": ("told.url_id", pl.Int64),
    "host_id": ("url.host_id", pl.Int64),
    "registrable_domain": ("host.registrable_domain", pl.String),
    "seen_at": ("sighting.seen_at", pl.Int64),
    "claim": ("sighting.claim", pl.Int8),
    "first_seen_at": ("told.first_seen_at", pl.Int64),
    "is_named": ("told.is_named", pl.Boolean),
    "is_allowed": (f"(told.is_allowed OR {_HOST_ALLOWED})", pl.Boolean),
    "source": ("source.name", pl.String),
}
# a verdict on an address itself, and one on its host
_VERDICTS: Final = """
FROM (SELECT url_id FROM temp.touched UNION
    SELECT bare.url_id FROM temp.touched CROSS JOIN url USING (url_id)
        CROSS JOIN url AS bare ON bare.host_id = url.host_id AND bare.tail = '') AS judged
CROSS JOIN verdict ON verdict.url_id = judged.url_id AND NOT verdict.is_test
JOIN url ON url.url_id = verdict.url_id JOIN term AS answer ON answer.term_id = verdict.answer_id"""
_OF_VERDICTS: Final = {
    "address_id": ("verdict.url_id", pl.Int64),
    "host_id": ("url.host_id", pl.Int64),
    "is_bare": ("url.tail = ''", pl.Boolean),
    "answer": ("answer.name", pl.String),
    "occurred_at": ("verdict.occurred_at", pl.Int64),
}
_ON_HOSTS: Final = """INSERT OR IGNORE INTO temp.touched SELECT other.url_id
    FROM (SELECT value AS url_id FROM json_each(?)) AS said CROSS JOIN url AS bare ON bare.url_id = said.url_id
    CROSS JOIN url AS other ON other.host_id = bare.host_id WHERE bare.tail = ''"""


def touch(database: Database, addresses: Iterable[int], speaking_of_hosts: Iterable[int]) -> None:
    """Name the addresses that are touched, in place of those before; call within a transaction.

    Args:
        database: theirs.
        addresses: `url_id` of those of which something is said.
        speaking_of_hosts: `url_id` of those of which something is said that holds, of a bare host, for all on it.
    """
    database.execute("DROP TABLE IF EXISTS temp.touched")
    database.execute("CREATE TEMP TABLE touched (url_id INTEGER PRIMARY KEY)")
    database.conn.executemany("INSERT OR IGNORE INTO temp.touched VALUES (?)", ((one,) for one in addresses))
    database.execute(_ON_HOSTS, [f"[{', '.join(map(str, speaking_of_hosts))}]"])


def touched_frames(database: Database) -> dict[str, pl.DataFrame]:
    """What is said of the touched addresses just now: the frames `sightings` and `verdicts`, without tests."""
    return {
        "sightings": _read(database, _OF_SIGHTINGS, _SIGHTINGS),
        "verdicts": _read(database, _OF_VERDICTS, _VERDICTS),
    }


def _read(database: Database, columns: Mapping[str, tuple[str, type[pl.DataType]]], query: str) -> pl.DataFrame:
    shared = database.conn
    assert isinstance(shared, SharedConnection)  # noqa: S101 - as db.connection opens it
    selected = {name: sql for name, (sql, _) in columns.items()}
    schema = {name: dtype for name, (_, dtype) in columns.items()}
    return read_together(shared, selected, schema, query).with_columns(is_test=pl.lit(value=False))
