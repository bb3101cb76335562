"""What the database knows of addresses and packages: many asked at once, each answered by index."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from db.vocabulary import Answer, Claim

ROOTS: Final = ("http:/", "https:/")
"""Tails of a host's front page: who names the page names the host."""


@dataclass(frozen=True, slots=True)
class SourceClaim:
    """What a source last said of a value."""

    source: str
    is_verified: bool
    claim: Claim
    named_brand: str | None
    """The brand that the source says is imitated, in its words."""
    is_of_host: bool
    """Said of the bare host, not of the URL that was asked for."""


@dataclass(frozen=True, slots=True)
class GivenVerdict:
    """An analyst's answer."""

    answer: Answer
    by: str
    named_brand: str | None
    occurred_at: int
    is_of_host: bool


@dataclass(frozen=True, slots=True)
class BrandMatch:
    """A brand that something resembles, and how surely."""

    brand: str
    confidence: int
    threshold: int
    explanation_zh: str
    explanation_en: str

    @property
    def is_above(self) -> bool:
        """Whether the brand counts it as a match."""
        return self.confidence >= self.threshold


@dataclass(frozen=True, slots=True)
class Known:
    """Everything known of one value; nothing of it for a value never seen."""

    claims: tuple[SourceClaim, ...] = ()
    """Each source once, its last word; sources that merely saw it claim nothing."""
    verdict: GivenVerdict | None = None
    """The latest; the URL's own before its host's, and an `unsure` one gives way to the next."""
    first_seen_at: int | None = None
    last_seen_at: int | None = None
    named_urls: int = 0
    """Of a bare host: URLs on it that a source or an analyst calls fraudulent."""
    matches: tuple[BrandMatch, ...] = ()
    """Of a package: the brands its apps imitate, the likeliest first."""


# `near` orders what is said of a URL (0), of the same page by the other scheme (1) and of its host (2)
_ASKED: Final = """
WITH asked AS MATERIALIZED (SELECT json_extract(value, '$[0]') AS number,
    json_extract(value, '$[1]') AS host, json_extract(value, '$[2]') AS tail, json_extract(value, '$[3]') AS near
    FROM json_each(?))"""
_CLAIMS: Final = """
SELECT asked.number, asked.near, source.name, source.is_verified, sighting.claim, max(named.name),
    min(sighting.seen_at), max(sighting.seen_at) AS last_at
FROM asked CROSS JOIN host ON host.name = asked.host
CROSS JOIN url ON url.host_id = host.host_id AND url.tail = asked.tail
CROSS JOIN sighting ON sighting.url_id = url.url_id CROSS JOIN source ON source.source_id = sighting.source_id
LEFT JOIN term AS named ON named.term_id = sighting.named_id
WHERE NOT sighting.is_test GROUP BY asked.number, asked.near, source.source_id, sighting.claim"""
_VERDICTS: Final = """
SELECT asked.number, asked.near, answer.name, verdict."by", named.name, verdict.occurred_at, verdict.event_id
FROM asked CROSS JOIN host ON host.name = asked.host
CROSS JOIN url ON url.host_id = host.host_id AND url.tail = asked.tail
CROSS JOIN verdict ON verdict.url_id = url.url_id JOIN term AS answer ON answer.term_id = verdict.answer_id
LEFT JOIN term AS named ON named.term_id = verdict.named_id
WHERE NOT verdict.is_test"""
# a URL's latest verdict goes before what sources say of it
_HOSTS: Final = """
SELECT page.number, min(page.first_at), max(page.last_at), sum(page.tail NOT IN ('', 'http:/', 'https:/')
    AND (page.answer IS 'confirmed' OR (coalesce(page.claim, 0) = 1 AND page.answer IS NOT 'dismissed')))
FROM (
    SELECT asked.number, url.tail, min(sighting.seen_at) AS first_at, max(sighting.seen_at) AS last_at,
        max(sighting.claim) AS claim,
        (SELECT answer.name FROM verdict JOIN term AS answer ON answer.term_id = verdict.answer_id
            WHERE verdict.url_id = url.url_id AND NOT verdict.is_test
            ORDER BY verdict.occurred_at DESC, verdict.event_id DESC LIMIT 1) AS answer
    FROM asked CROSS JOIN host ON host.name = asked.host CROSS JOIN url ON url.host_id = host.host_id
    LEFT JOIN sighting ON sighting.url_id = url.url_id AND NOT sighting.is_test
    GROUP BY asked.number, url.url_id) AS page
GROUP BY page.number"""
_MATCHES: Final = """
SELECT asked.number, brand.id, match.confidence, brand.threshold, match.explanation_zh, match.explanation_en
FROM match_state CROSS JOIN asked CROSS JOIN host ON host.name = asked.host AND host.host_id <= match_state.host_id
LEFT JOIN match ON match.host_id = host.host_id LEFT JOIN brand ON brand.brand_id = match.brand_id AND brand.is_listed
WHERE match_state.matcher_version = asked.tail
    AND NOT EXISTS (SELECT 1 FROM rematch WHERE rematch.finished_at IS NULL)"""
_PACKAGE_CLAIMS: Final = """
SELECT asked.number, asked.near, source.name, source.is_verified, app_sighting.claim, max(named.name),
    min(app_sighting.seen_at), max(app_sighting.seen_at) AS last_at
FROM asked CROSS JOIN app ON app.package = asked.host CROSS JOIN app_sighting ON app_sighting.app_id = app.app_id
CROSS JOIN source ON source.source_id = app_sighting.source_id
LEFT JOIN term AS named ON named.term_id = app_sighting.named_id
WHERE NOT app_sighting.is_test GROUP BY asked.number, asked.near, source.source_id, app_sighting.claim"""
_PACKAGE_VERDICTS: Final = """
SELECT asked.number, asked.near, answer.name, verdict."by", named.name, verdict.occurred_at, verdict.event_id
FROM asked JOIN verdict ON verdict.package = asked.host JOIN term AS answer ON answer.term_id = verdict.answer_id
LEFT JOIN term AS named ON named.term_id = verdict.named_id
WHERE NOT verdict.is_test"""
_PACKAGE_MATCHES: Final = """
SELECT asked.number, brand.id, max(app_match.confidence), brand.threshold, app_match.explanation_zh,
    app_match.explanation_en
FROM asked CROSS JOIN app ON app.package = asked.host CROSS JOIN app_match ON app_match.app_id = app.app_id
JOIN brand ON brand.brand_id = app_match.brand_id
WHERE brand.is_listed GROUP BY asked.number, brand.brand_id ORDER BY asked.number, 3 DESC, brand.id"""

_Rows = dict[int, list[Any]]


def known_addresses(database: Database, addresses: Sequence[tuple[str, str]]) -> list[Known]:
    """What is known of canonical addresses, in their order.

    What is said of a bare host holds for every URL on it. What is said of a URL does not hold for its host, which may
    be shared by strangers: of a bare host, `named_urls` counts its URLs that are called fraudulent. The front page
    stands for the host, and a page by http for the same page by https.

    Args:
        database: read only.
        addresses: host and tail of each; tail '' is the bare host.
    """
    asked = [row for number, address in enumerate(addresses) for row in _near(number, *address)]
    claims = _by_number(database, _CLAIMS, asked)
    verdicts = _by_number(database, _VERDICTS, asked)
    hosts = _by_number(database, _HOSTS, [row for row in asked if row[2:] == ("", 0)])
    return [_known(claims[n], verdicts[n], hosts[n]) for n in range(len(addresses))]


def known_packages(database: Database, packages: Sequence[str]) -> list[Known]:
    """What is known of the apps of packages, whatever their store, version and certificate; in their order."""
    asked = [(number, package, "", 0) for number, package in enumerate(packages)]
    claims = _by_number(database, _PACKAGE_CLAIMS, asked)
    verdicts = _by_number(database, _PACKAGE_VERDICTS, asked)
    matches = _by_number(database, _PACKAGE_MATCHES, asked)
    return [
        _known(claims[n], verdicts[n], (), tuple(BrandMatch(*row) for row in matches[n])) for n in range(len(packages))
    ]


def stored_matches(database: Database, hosts: Sequence[str], version: str) -> dict[str, list[BrandMatch]]:
    """The brands that hosts imitate, as a matching run stored it; without those that none has matched yet.

    It is what the matcher of this version and the brands in force answer; empty while some is still to be matched anew.
    """
    asked = [(number, host, version, 0) for number, host in enumerate(hosts)]
    return {
        hosts[number]: [BrandMatch(*row) for row in rows if row[0] is not None]
        for number, rows in _by_number(database, _MATCHES, asked).items()
    }


def _near(number: int, host: str, tail: str) -> list[tuple[int, str, str, int]]:
    if not tail:
        return [(number, host, "", 0), *((number, host, root, 1) for root in ROOTS)]
    return [(number, host, tail, 0), *((number, host, twin, 1) for twin in _twins(tail)), (number, host, "", 2)]


def _twins(tail: str) -> list[str]:
    """The same page by the other scheme, where both stand at their default ports."""
    scheme, _, rest = tail.partition(":")
    other = {"http": "https", "https": "http"}.get(scheme)
    return [f"{other}:{rest}"] if other and rest.startswith("/") else []


def _by_number(database: Database, query: str, asked: Sequence[object]) -> _Rows:
    rows: _Rows = defaultdict(list)
    for number, *rest in database.execute(_ASKED + query, [json.dumps(asked)]) if asked else ():
        rows[number].append(rest)
    return rows


def _known(
    claims: Sequence[Any], verdicts: Sequence[Any], host: Sequence[Any], matches: tuple[BrandMatch, ...] = ()
) -> Known:
    first, last, named = host[0] if host else (None, None, 0)
    return Known(
        claims=_last_words(claims),
        verdict=_ruling(verdicts),
        first_seen_at=min(_instants(first, claims, 5), default=None),
        last_seen_at=max(_instants(last, claims, 6), default=None),
        named_urls=named,
        matches=matches,
    )


def _instants(at: int | None, claims: Iterable[Any], column: int) -> list[int]:
    return [value for value in (at, *(row[column] for row in claims)) if value is not None]


def _last_words(rows: Sequence[Any]) -> tuple[SourceClaim, ...]:
    """Each source's last claim of the nearest thing it speaks of; of two at once the graver."""
    words: dict[str, SourceClaim] = {}
    for near, source, is_verified, claim, named, _, _ in sorted(rows, key=_claim_order):
        words.setdefault(source, SourceClaim(source, bool(is_verified), Claim(claim), named, near == 2))
    return tuple(words[source] for source in sorted(words))


def _claim_order(row: Sequence[Any]) -> tuple[bool, int, int, int]:
    near, _, _, claim, _, _, last_at = row
    return claim == Claim.NONE, near, -last_at, -claim


def _ruling(rows: Sequence[Any]) -> GivenVerdict | None:
    """The latest verdict of the nearest level that has a decided one; `unsure` only where nothing else was said."""
    latest: dict[int, Any] = {}
    for row in sorted(rows, key=lambda row: (row[0], -row[4], row[5])):
        latest.setdefault(row[0], row)
    verdicts = [
        GivenVerdict(Answer(answer), by, named, at, near == 2) for near, answer, by, named, at, _ in latest.values()
    ]
    return next((one for one in verdicts if one.answer is not Answer.UNSURE), verdicts[0] if verdicts else None)
