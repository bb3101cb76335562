"""What opens, judges and closes attacks beside a company's own events: sightings, verdicts, and what probes tell.

Each is read as rows of the frame `attack_events` (db.frames), with what analytics.attacks takes beside. It starts from
the matches of followed brands, which are few; the sightings, which are many, are reached from them by key.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl
from sqlite_utils import Database

from db.frames import LANDED_SQL, read_query
from db.views import ADDRESS_SQL, TARGET_SQL
from db.vocabulary import USUAL_TYPES

PROBES: Final = "fanzha probe"
"""Stands as the source of what probes tell."""
CLOSURES: Final = "fanzha-closures"
"""The source of operators' words that a site is gone."""

Schema = Mapping[str, type[pl.DataType] | pl.DataType]

_ORIGIN: Final[Schema] = {
    "source": pl.String,
    "document": pl.String,
    "landed": pl.String,
    "format": pl.String,
    "position": pl.Int64,
}
_EVENT: Final[Schema] = {
    "event_key": pl.String,
    "occurred_at": pl.Int64,
    "type": pl.String,
    "basis": pl.String,
    "target": pl.String,
    "address": pl.String,
}
_BRANDED: Final[Schema] = {"brand": pl.String, "is_own": pl.Boolean, "sector": pl.String}
_NEVER: Final[Mapping[str, bool]] = {"is_test": False, "is_synthetic": False}
"""Test rows and synthetic sources open nothing: they are not read."""
_LATEST_ANSWER: Final = """(SELECT answer.name FROM verdict JOIN term AS answer ON answer.term_id = verdict.answer_id
    WHERE verdict.url_id = url.url_id AND NOT verdict.is_test
    ORDER BY verdict.occurred_at DESC, verdict.event_id DESC LIMIT 1)"""

_REPORTS: Final = f"""
WITH likeness AS MATERIALIZED (
    SELECT match.host_id, match.confidence, brand.id, brand.is_own, brand.sector,
        coalesce(match.confidence >= json_extract(brand.declaration, '$.confirm_at'), 0) AS is_sure,
        EXISTS (SELECT 1 FROM url AS bare JOIN sighting AS listed USING (url_id) WHERE bare.host_id = match.host_id
            AND bare.tail = '' AND listed.claim = -1 AND NOT listed.is_test) AS is_allowed
    FROM brand CROSS JOIN match ON match.brand_id = brand.brand_id AND match.confidence >= brand.threshold
    WHERE brand.is_listed AND brand.is_followed),
report AS (
    SELECT likeness.*, sighting.*, source.name, source.format, {TARGET_SQL} AS target, {ADDRESS_SQL} AS address,
        CASE WHEN sighting.claim = 1 AND source.is_verified THEN 'source' WHEN likeness.is_sure THEN 'rule'
            ELSE 'likeness' END AS basis
    FROM likeness CROSS JOIN host ON host.host_id = likeness.host_id CROSS JOIN url ON url.host_id = host.host_id
    CROSS JOIN sighting ON sighting.url_id = url.url_id JOIN source ON source.source_id = sighting.source_id
    WHERE NOT sighting.is_test AND NOT source.is_synthetic
        AND (sighting.claim = 1 OR (sighting.claim = 0 AND NOT likeness.is_allowed))
        AND {_LATEST_ANSWER} IS NOT 'dismissed')
SELECT report.name || '/' || report.url_id || '/' || report.published_at || '/' || report.id,
    min(report.seen_at, document.fetched_at),
    iif(report.basis = 'likeness', 'report', 'confirmation'), report.basis, report.target, report.address,
    report.id, report.is_own, report.sector, report.confidence,
    report.name, document.name, {LANDED_SQL}, report.format, report.position
FROM report JOIN document ON document.document_id = report.document_id"""  # noqa: S608 - our own names
"""A URL that an analyst dismissed reports nothing; an allowlisted host is reported by who calls it malicious alone.
Nobody saw anything after telling us of it: a list's date in the future would open a site anew that has closed."""

_VERDICTS: Final = f"""
SELECT source.name || '/' || verdict.event_id, verdict.occurred_at,
    iif(answer.name = 'confirmed', 'confirmation', 'dismissal'), 'verdict', {TARGET_SQL}, {ADDRESS_SQL},
    named.name, fraud_type.name,
    (SELECT brand.id FROM match JOIN brand USING (brand_id) WHERE match.host_id = host.host_id AND brand.is_listed
        ORDER BY match.confidence >= brand.threshold DESC, match.confidence DESC, brand.is_own DESC, brand.id LIMIT 1),
    source.name, document.name, {LANDED_SQL}, source.format, verdict.position
FROM verdict JOIN source ON source.source_id = verdict.source_id JOIN url ON url.url_id = verdict.url_id
JOIN host ON host.host_id = url.host_id JOIN term AS answer ON answer.term_id = verdict.answer_id
LEFT JOIN term AS named ON named.term_id = verdict.named_id
LEFT JOIN term AS fraud_type ON fraud_type.term_id = verdict.fraud_type_id
LEFT JOIN document ON document.document_id = verdict.document_id
WHERE NOT verdict.is_test AND NOT source.is_synthetic AND (answer.name = 'confirmed' OR (answer.name = 'dismissed'
    AND (url.tail IN ('', 'http:/', 'https:/') OR {TARGET_SQL} <> host.name)))"""  # noqa: S608 - our own names
"""A URL that is dismissed says nothing of the rest of its host."""

_TOLD: Final = f"""
SELECT '{PROBES}/' || site_event.url_id || '/' || site_event.occurred_at || '/' || site_event.type,
    site_event.occurred_at, site_event.type, 'probe', {TARGET_SQL}, {ADDRESS_SQL}, site_event.outcome,
    site_event.noted_at, '{PROBES}', strftime('%Y-%m-%dT%H:%M:%SZ', site_event.noted_at / 1000, 'unixepoch') ||
        ' ' || probe.outcome || ', ' || probe.reason || ', ' || probe.network,
    substr(probe.digest, 1, 2) || '/' || probe.digest || '.z', 'probe', probe.number
FROM site_event JOIN url USING (url_id) JOIN host USING (host_id)
LEFT JOIN (
    SELECT probe.url_id, probe.probed_at, outcome.name AS outcome, reason.name AS reason, vantage.network, page.digest,
        max((outcome.name IN ('up', 'blocked_only')) * 1000000 + probe.vantage_id),
        (SELECT count(*) FROM probe AS before WHERE before.url_id = probe.url_id
            AND (before.probed_at, before.vantage_id) <= (probe.probed_at, probe.vantage_id)) AS number
    FROM site_event CROSS JOIN probe ON probe.url_id = site_event.url_id AND probe.probed_at = site_event.noted_at
    JOIN term AS outcome ON outcome.term_id = probe.outcome_id JOIN term AS reason ON reason.term_id = probe.reason_id
    JOIN vantage USING (vantage_id) LEFT JOIN page USING (page_id)
    WHERE CASE site_event.outcome WHEN 'up' THEN probe.page_id IS NOT NULL OR outcome.name IN ('up', 'blocked_only')
        WHEN 'client_hold' THEN outcome.name IN ('dns_failure', 'client_hold')
        ELSE outcome.name = site_event.outcome END
    GROUP BY site_event.url_id, site_event.occurred_at, site_event.type) AS probe
    ON probe.url_id = site_event.url_id AND probe.probed_at = site_event.noted_at"""  # noqa: S608 - our own names


def read_reports(database: Database) -> pl.DataFrame:
    """Sightings of lookalikes of followed brands: `report`s, and `confirmation`s where source or rule may confirm.

    Returns:
        `event_key`, `occurred_at`, `type`, `basis`, `target`, `address`, `brand`, `is_own`, `usual_type`,
        `confidence`, and provenance as in all frames.
    """
    rows = read_query(database, _REPORTS, {**_EVENT, **_BRANDED, "confidence": pl.Int64, **_ORIGIN})
    return _usual(rows)


def read_verdicts(database: Database) -> pl.DataFrame:
    """Analysts' answers on addresses: `confirmation`s and `dismissal`s.

    Returns:
        As `read_reports`, but `named` (the brand as the analyst names it), `fraud_type`, and `best` (the brand that
        the host resembles most) in place of `brand`, `is_own`, `usual_type` and `confidence`.
    """
    said = {"named": pl.String, "fraud_type": pl.String, "best": pl.String}
    rows = read_query(database, _VERDICTS, {**_EVENT, **said, **_ORIGIN})
    return rows.with_columns(pl.lit(value).alias(name) for name, value in _NEVER.items())


def read_followed(database: Database) -> pl.DataFrame:
    """The brands in force that are followed: `brand`, `is_own`, `usual_type`."""
    query = "SELECT id, is_own, sector FROM brand WHERE is_listed AND is_followed"
    return _usual(read_query(database, query, _BRANDED)).drop(*_NEVER)


def read_told(database: Database) -> pl.DataFrame:
    """What the probes of all sites tell, as last derived: `up`, `closure`, `unreachable`, each with its evidence.

    Returns:
        As `read_reports`, but `outcome` and `noted_at` in place of `brand`, `is_own`, `usual_type` and `confidence`.
    """
    rows = read_query(database, _TOLD, {**_EVENT, "outcome": pl.String, "noted_at": pl.Int64, **_ORIGIN})
    return rows.with_columns(pl.lit(value).alias(name) for name, value in _NEVER.items())


def read_untold(database: Database) -> list[int]:
    """Sites (`url_id`) with probes that their events are not derived from."""
    query = """SELECT probed.url_id FROM (SELECT url_id, sum(probes) AS probes FROM probe_state GROUP BY 1) AS probed
        LEFT JOIN site_told USING (url_id) WHERE probed.probes IS NOT site_told.probes"""
    return [int(row[0]) for row in database.execute(query)]


def save_told(database: Database, sites: Sequence[int], events: pl.DataFrame) -> None:
    """Store what the probes of sites tell, in place of their last derivation; call within a transaction."""
    which = "IN (SELECT value FROM json_each(?))"
    asked = json.dumps(list(sites))
    database.execute(f"DELETE FROM site_event WHERE url_id {which}", [asked])  # noqa: S608 - our own names
    database.conn.executemany(
        f"INSERT INTO site_event ({', '.join(events.columns)}) VALUES (?, ?, ?, ?, ?)",  # noqa: S608 - our own names
        events.iter_rows(),
    )
    database.execute(
        f"""INSERT OR REPLACE INTO site_told SELECT url_id, count(*) FROM probe WHERE url_id {which} GROUP BY 1""",  # noqa: S608 - ours
        [asked],
    )


def _usual(rows: pl.DataFrame) -> pl.DataFrame:
    usual = pl.col("sector").replace_strict(USUAL_TYPES, default=None, return_dtype=pl.String)
    known = rows.with_columns(usual_type=usual).drop("sector")
    return known.with_columns(pl.lit(value).alias(name) for name, value in _NEVER.items())
