"""What the database knows of addresses and packages: many asked at once, each answered by index."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlite_utils import Database

from db.known import BrandMatch, Judged, Known, Said, StoredHost, Words, ruling

_ROOTS: Final = ("http:/", "https:/")
"""Tails of a host's front page: who names the page names the host."""
_OTHER: Final = {"http": "https", "https": "http"}
_NOTHING: Final = Known()
_AT_ONCE: Final = (600, 30, 3)
"""Rows of `asked` that go with one statement: few sizes, each prepared once; by threes, as addresses ask for three."""

# `place` is four times the number of what is asked for, and how near to it that is which is looked up (`db.known.Said`)
_SAID: Final = """
SELECT asked.place, url.url_id, sighting.source_id, sighting.claim, sighting.named_id, sighting.seen_at
FROM asked CROSS JOIN url ON url.host_id = asked.host_id AND url.tail = asked.tail
LEFT JOIN sighting ON sighting.url_id = url.url_id AND NOT sighting.is_test"""
_VERDICTS: Final = """
SELECT verdict.url_id, answer.name, verdict."by", named.name, verdict.occurred_at, verdict.event_id
FROM json_each(?) AS asked CROSS JOIN verdict ON verdict.url_id = asked.value
JOIN term AS answer ON answer.term_id = verdict.answer_id LEFT JOIN term AS named ON named.term_id = verdict.named_id
WHERE NOT verdict.is_test"""
# a URL's latest verdict goes before what sources say of it
_HOSTS: Final = """
SELECT seen.host_id, min(seen.first_at), max(seen.last_at), sum(seen.tail NOT IN ('', 'http:/', 'https:/')
    AND (seen.answer IS 'confirmed' OR (coalesce(seen.claim, 0) = 1 AND seen.answer IS NOT 'dismissed')))
FROM (
    SELECT url.host_id, url.tail, min(sighting.seen_at) AS first_at, max(sighting.seen_at) AS last_at,
        max(sighting.claim) AS claim,
        (SELECT answer.name FROM verdict JOIN term AS answer ON answer.term_id = verdict.answer_id
            WHERE verdict.url_id = url.url_id AND NOT verdict.is_test
            ORDER BY verdict.occurred_at DESC, verdict.event_id DESC LIMIT 1) AS answer
    FROM json_each(?) AS asked CROSS JOIN url ON url.host_id = asked.value
    LEFT JOIN sighting ON sighting.url_id = url.url_id AND NOT sighting.is_test
    GROUP BY url.host_id, url.url_id) AS seen
GROUP BY seen.host_id"""
_STORED: Final = """
SELECT host.name, host.host_id,
    host.host_id <= (SELECT match_state.host_id FROM match_state WHERE match_state.matcher_version = ?2
        AND NOT EXISTS (SELECT 1 FROM rematch WHERE rematch.finished_at IS NULL)),
    brand.id, match.confidence, brand.threshold, match.explanation_zh, match.explanation_en
FROM json_each(?1) AS asked CROSS JOIN host ON host.name = asked.value
LEFT JOIN match ON match.host_id = host.host_id
LEFT JOIN brand ON brand.brand_id = match.brand_id AND brand.is_listed"""
_HELD_PACKAGES: Final = """
SELECT asked.value FROM json_each(?) AS asked WHERE EXISTS (SELECT 1 FROM app WHERE app.package = asked.value)
    OR EXISTS (SELECT 1 FROM verdict WHERE verdict.package = asked.value)"""
_PACKAGE_SAID: Final = """
SELECT asked.value, 0, app_sighting.source_id, app_sighting.claim, app_sighting.named_id, app_sighting.seen_at
FROM json_each(?) AS asked CROSS JOIN app ON app.package = asked.value
CROSS JOIN app_sighting ON app_sighting.app_id = app.app_id AND NOT app_sighting.is_test"""
_PACKAGE_VERDICTS: Final = """
SELECT asked.value, 0, answer.name, verdict."by", named.name, verdict.occurred_at, verdict.event_id
FROM json_each(?) AS asked CROSS JOIN verdict ON verdict.package = asked.value
JOIN term AS answer ON answer.term_id = verdict.answer_id LEFT JOIN term AS named ON named.term_id = verdict.named_id
WHERE NOT verdict.is_test"""
_PACKAGE_MATCHES: Final = """
SELECT asked.value, brand.id, max(app_match.confidence), brand.threshold, app_match.explanation_zh,
    app_match.explanation_en
FROM json_each(?) AS asked CROSS JOIN app ON app.package = asked.value
CROSS JOIN app_match ON app_match.app_id = app.app_id JOIN brand ON brand.brand_id = app_match.brand_id
WHERE brand.is_listed GROUP BY asked.value, brand.brand_id ORDER BY asked.value, 3 DESC, brand.id"""

_SOURCES: Final = "SELECT source_id, name, is_verified FROM source"
_TERMS: Final = "SELECT term.term_id, term.name FROM json_each(?) AS asked JOIN term ON term.term_id = asked.value"


def stored_hosts(database: Database, hosts: Iterable[str], version: str) -> dict[str, StoredHost]:
    """Those of canonical hosts that the database holds, by name.

    Args:
        database: read only.
        hosts: in any order.
        version: of the matcher; what another one matched is not matched yet, nor is anything while a part of the
            matches is still to be made anew.
    """
    found: dict[str, StoredHost] = {}
    asked = json.dumps(sorted(set(hosts)))  # in the order of the index
    for name, host_id, is_matched, *match in database.execute(_STORED, [asked, version]):
        met = [BrandMatch(*match)] if match[0] else []
        if met and name in found:
            met = [*(found[name].matches or ()), *met]
        found[name] = StoredHost(host_id, met if is_matched else None)
    return found


def known_addresses(database: Database, addresses: Sequence[tuple[int, str]]) -> list[Known]:
    """What is known of addresses on hosts that the database holds, in their order.

    What is said of a bare host holds for every URL on it. What is said of a URL does not hold for its host, which may
    be shared by strangers: of a bare host, `named_urls` counts its URLs that are called fraudulent. The front page
    stands for the host, and a page by http for the same page by https.

    Args:
        database: read only.
        addresses: the host's id and the tail of each; tail '' is the bare host.
    """
    in_order = sorted(enumerate(addresses), key=lambda one: one[1][0])  # of the index: its pages are met once
    asked = [value for number, (host_id, tail) in in_order for value in _near(4 * number, host_id, tail)]
    rows = list(_asked(database, _SAID, asked))
    said, judged = _said(rows), _judged(database, rows)
    hosts = _grouped(database, _HOSTS, {host_id for host_id, tail in addresses if not tail})
    words = _words(database, said)
    return [
        _known(words, said.get(number, ()), judged.get(number, ()), () if tail else hosts.get(host_id, ()))
        for number, (host_id, tail) in enumerate(addresses)
    ]


def known_packages(database: Database, packages: Sequence[str]) -> list[Known]:
    """What is known of the apps of packages, whatever their store, version and certificate; in their order."""
    held = [row[0] for row in database.execute(_HELD_PACKAGES, [json.dumps(packages)])] if packages else []
    said, judged, matches = (
        _grouped(database, query, held) for query in (_PACKAGE_SAID, _PACKAGE_VERDICTS, _PACKAGE_MATCHES)
    )
    words = _words(database, said)
    known = {
        package: _known(words, said.get(package, ()), judged.get(package, ()), ())._replace(
            matches=tuple(BrandMatch(*row) for row in matches.get(package, ()))
        )
        for package in held
    }
    return [known.get(package, _NOTHING) for package in packages]


def _near(place: int, host_id: int, tail: str) -> tuple[int | str | None, ...]:
    """What is looked up for an address: the values of its three rows."""
    if not tail:
        return place, host_id, "", place + 1, host_id, _ROOTS[0], place + 1, host_id, _ROOTS[1]
    return place, host_id, tail, place + 1, host_id, _twin(tail), place + 2, host_id, ""


def _twin(tail: str) -> str | None:
    """The same page by the other scheme, where both stand at their default ports."""
    scheme, _, rest = tail.partition(":")
    return f"{_OTHER[scheme]}:{rest}" if scheme in _OTHER and rest.startswith("/") else None


def _asked(database: Database, query: str, values: Sequence[int | str | None]) -> Iterator[tuple[Any, ...]]:
    """What a query answers of rows that go with it: to put them into a table first costs as much again."""
    start = 0
    for rows in _AT_ONCE:
        statement = f"WITH asked (place, host_id, tail) AS (VALUES {', '.join(['(?, ?, ?)'] * rows)}) {query}"
        while start + 3 * rows <= len(values):
            yield from database.conn.execute(statement, values[start : start + 3 * rows])
            start += 3 * rows


def _grouped(database: Database, query: str, asked: Collection[int | str]) -> dict[Any, list[Any]]:
    """What a query answers of values, by its first column."""
    found: dict[Any, list[Any]] = defaultdict(list)
    for key, *rest in database.execute(query, [json.dumps(sorted(asked))]) if asked else ():
        found[key].append(tuple(rest))
    return found


def _said(rows: Sequence[tuple[Any, ...]]) -> dict[int, list[Said]]:
    said: dict[int, list[Said]] = defaultdict(list)
    for place, _, source_id, claim, named_id, seen_at in rows:
        if source_id is not None:
            said[place >> 2].append((place & 3, source_id, claim, named_id, seen_at))
    return said


def _judged(database: Database, rows: Sequence[tuple[Any, ...]]) -> dict[int, list[Judged]]:
    judged: dict[int, list[Judged]] = defaultdict(list)
    given = _grouped(database, _VERDICTS, {row[1] for row in rows})
    for place, url_id in {row[:2] for row in rows if row[1] in given}:
        judged[place >> 2] += [(place & 3, *verdict) for verdict in given[url_id]]
    return judged


def _words(database: Database, said: Mapping[Any, Sequence[Said]]) -> Words:
    named = {one[3] for some in said.values() for one in some} - {None}
    sources = {source_id: (name, bool(is_verified)) for source_id, name, is_verified in database.execute(_SOURCES)}
    return Words(sources, dict(database.execute(_TERMS, [json.dumps(list(named))])))


def _known(words: Words, said: Sequence[Said], judged: Sequence[Judged], host: Sequence[Any]) -> Known:
    """What is known of one value; of a host also when it was first and last seen, and `Known.named_urls`."""
    first, last, named_urls = host[0] if host else (None, None, 0)
    if said:
        times = [one[4] for one in said] if first is None else [first, last, *(one[4] for one in said)]
        first, last = min(times), max(times)
    return Known(words.last(said) if said else (), ruling(judged) if judged else None, first, last, named_urls)
