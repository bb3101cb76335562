"""Checks of addresses that fanzha answered, kept as events: canonical already, and quick even for one alone."""

import json
import secrets
from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlite_utils import Database

from db.tally import tally_own
from db.terms import Terms

_HOST_IDS: Final = """
SELECT host.name, host.host_id FROM json_each(?) AS asked CROSS JOIN host ON host.name = asked.value"""
_NEW_HOSTS: Final = "INSERT INTO host (name, registrable_length, suffix_length, is_shared) VALUES (?, ?, ?, ?)"
_NEW_URLS: Final = "INSERT INTO url (host_id, tail) VALUES (?, ?) ON CONFLICT (host_id, tail) DO NOTHING"
_EVENTS: Final = """
INSERT INTO url_check (source_id, event_id, occurred_at, url_id, actor_id, result_id, is_test, position)
SELECT ?, ?, ?, url.url_id, ?, ?, 0, ? FROM url WHERE url.host_id = ? AND url.tail = ?"""
_RANDOM_BYTES: Final = 10
"""Of an event's id, behind its time in milliseconds: rows that come together stand together in the table."""


class Checked(NamedTuple):
    """A canonical address that was asked about, and what was answered."""

    host: str
    registrable_length: int
    suffix_length: int
    is_shared: bool
    tail: str
    result: str


def save_checks(database: Database, terms: Terms, source_id: int, checks: Sequence[Checked], at: int) -> None:
    """Store a URL check event of staff for each; call within a transaction.

    Args:
        database: written to.
        terms: its.
        source_id: of a source of fanzha's own.
        checks: in the order in which they were asked for.
        at: when, Unix ms.
    """
    if not checks:
        return
    ids = _host_ids(database, checks)
    results = {result: terms.id("result", result) for result in dict.fromkeys(one.result for one in checks)}
    actor = terms.id("actor", "staff")
    addresses = [(ids[one.host], one.tail) for one in checks]
    database.conn.executemany(_NEW_URLS, sorted(set(addresses)))
    database.conn.executemany(
        _EVENTS,
        (
            (source_id, f"{at:012x}{secrets.token_hex(_RANDOM_BYTES)}", at, actor, results[one.result], place, *address)
            for place, (one, address) in enumerate(zip(checks, addresses, strict=True), 1)
        ),
    )
    tally_own(database, "url_check", source_id, len(checks))


def _host_ids(database: Database, checks: Sequence[Checked]) -> dict[str, int]:
    """The ids of all hosts by name; those that are new are added."""
    hosts = {one.host: one for one in checks}
    ids = dict(database.execute(_HOST_IDS, [json.dumps(sorted(hosts))]))
    new = sorted(hosts.keys() - ids.keys())
    if new:
        database.conn.executemany(_NEW_HOSTS, [hosts[name][:4] for name in new])
        ids |= database.execute(_HOST_IDS, [json.dumps(new)])
    return ids
