"""What is to be probed, what probes found, and the states that follow from it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl
from sqlite_utils import Database

from db.errors import UsageError
from db.frames import read_query
from db.period import DAY_MS
from db.terms import Terms
from db.views import ADDRESS_SQL, TARGET_SQL

WATCHED_MS: Final = 15 * DAY_MS
"""How long after its closure an attack may reopen, and is looked at."""


@dataclass(frozen=True, slots=True)
class ProbeSite:
    """A site that stands open, and how far its probes have come (null where none has been made)."""

    url_id: int
    address: str
    is_bare: bool
    registrable_domain: str
    suffix: str
    """The public suffix, where a registry runs it; else empty."""
    opened_at: int
    state: str | None
    since: int | None
    last_probe_at: int | None


@dataclass(frozen=True, slots=True)
class PageRow:
    """A page that a probe met, kept in the landing folder."""

    digest: str
    bytes: int
    is_cut: bool
    title: str
    simhash: int
    fields: Sequence[str]


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """A probe as it is kept."""

    url_id: int
    probed_at: int
    outcome: str
    reason: str
    status: int | None
    final: str
    page: PageRow | None
    favicon: str
    certificate: str
    bytes: int
    ms: int


_SITES: Final = f"""
    WITH invented AS (
        SELECT url.host_id FROM attack_event JOIN source USING (source_id) JOIN url USING (url_id) WHERE is_synthetic
        UNION SELECT url.host_id FROM verdict JOIN source USING (source_id) JOIN url USING (url_id) WHERE is_synthetic
    ), stands AS (
        SELECT attack.target, host.host_id, min(coalesce(attack.confirmed_at, attack.first_seen_at)) AS opened_at
        FROM attack JOIN brand ON brand.id = attack.brand
        JOIN host ON host.name = substr(attack.target, 1, instr(attack.target || '/', '/') - 1)
        WHERE brand.is_followed AND brand.is_listed AND attack.dismissed_at IS NULL
            AND (attack.closed_at IS NULL OR attack.closed_at >= :since)
            AND host.host_id NOT IN (SELECT host_id FROM invented)
            AND NOT EXISTS (SELECT 1 FROM url JOIN sighting USING (url_id) JOIN source USING (source_id)
                WHERE url.host_id = host.host_id AND source.is_synthetic)
        GROUP BY attack.target
    ), place AS (
        SELECT stands.target, url.url_id, {ADDRESS_SQL} AS address, url.tail <> '' AS is_page,
            EXISTS (SELECT 1 FROM probe WHERE probe.url_id = url.url_id) AS is_probed
        FROM stands JOIN host USING (host_id) JOIN url ON url.host_id = host.host_id
        WHERE {TARGET_SQL} = stands.target
    ), ranked AS (
        SELECT target, url_id, row_number() OVER (PARTITION BY target ORDER BY is_probed DESC,
            address IN (SELECT address FROM attack WHERE attack.target = place.target) DESC, is_page DESC, url_id DESC)
            AS turn
        FROM place
    ), chosen AS (
        SELECT stands.opened_at, ranked.url_id FROM stands JOIN ranked USING (target) WHERE turn = 1
    )
    SELECT url.url_id, {ADDRESS_SQL}, url.tail = '', host.registrable_domain,
        CASE WHEN host.is_shared THEN '' ELSE host.public_suffix END,
        chosen.opened_at, probe_state.state, probe_state.since,
        CASE WHEN probe_state.last_probe_at > :now THEN
            (SELECT max(probed_at) FROM probe WHERE probe.url_id = url.url_id AND probed_at <= :now)
        ELSE probe_state.last_probe_at END AS last_probe_at
    FROM chosen JOIN url USING (url_id) JOIN host ON host.host_id = url.host_id
    LEFT JOIN probe_state ON probe_state.url_id = url.url_id AND probe_state.episode =
        (SELECT max(episode) FROM probe_state AS latest WHERE latest.url_id = url.url_id)
    ORDER BY last_probe_at, url.url_id"""  # noqa: S608 - our own names
"""A site keeps the address that its first probe went to: the states of two addresses do not make one history.

Probes that a clock once ahead dated after `now` do not tell when a site was last looked at: else it would not be again.
"""


def read_sites(database: Database, now: int) -> list[ProbeSite]:
    """Sites of followed brands' attacks, suspected or confirmed, that stand or may reopen; longest not probed first.

    What a synthetic source names is not among them, whoever else names it.
    """
    rows = database.execute(_SITES, {"since": now - WATCHED_MS, "now": now})
    return [ProbeSite(url_id, address, bool(is_bare), *rest) for url_id, address, is_bare, *rest in rows]


def read_imitated(database: Database) -> list[tuple[str, str]]:
    """Each host of an attack with the brand that it is an attack on."""
    rows = database.execute("SELECT DISTINCT target, brand FROM attack WHERE target IS NOT NULL AND brand IS NOT NULL")
    return sorted({(target.partition("/")[0], brand) for target, brand in rows})


def save_vantage(database: Database, name: str, network: str, *, is_filtered: bool = False) -> int:
    """The id of a vantage point; call within a transaction.

    Raises:
        UsageError: it is on record as filtered and shall be so no longer, or the other way round.
    """
    key = [name, network]
    database.execute(
        "INSERT INTO vantage (name, network, is_filtered) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", [*key, is_filtered]
    )
    vantage_id, was_filtered = database.execute(
        "SELECT vantage_id, is_filtered FROM vantage WHERE name = ? AND network = ?", key
    ).fetchone()
    if bool(was_filtered) is not is_filtered:
        raise UsageError(
            f"vantage {name!r} is on record with filtered = {'true' if was_filtered else 'false'}: its probes are read"
            " so; give it another name"
        )
    return int(vantage_id)


def save_probes(database: Database, terms: Terms, vantage_id: int, probes: Iterable[ProbeRow]) -> int:
    """Append probes; returns how many were not held already. Call within a transaction."""

    def row(probe: ProbeRow) -> tuple[object, ...]:
        return (
            probe.url_id,
            probe.probed_at,
            vantage_id,
            terms.id("probe_outcome", probe.outcome),
            terms.id("probe_reason", probe.reason),
            probe.status,
            probe.final or None,
            _page_id(database, probe.page) if probe.page else None,
            terms.id("favicon", probe.favicon) if probe.favicon else None,
            terms.id("certificate", probe.certificate) if probe.certificate else None,
            probe.bytes,
            probe.ms,
        )

    rows = [row(probe) for probe in probes]
    return database.conn.executemany(
        f"INSERT INTO probe VALUES ({', '.join('?' * 12)}) ON CONFLICT DO NOTHING",  # noqa: S608 - question marks
        rows,
    ).rowcount


def _page_id(database: Database, page: PageRow) -> int:
    database.execute(
        """INSERT INTO page (digest, bytes, is_cut, title, simhash, fields) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (digest) DO NOTHING""",
        [page.digest, page.bytes, page.is_cut, page.title, page.simhash, json.dumps(page.fields, ensure_ascii=False)],
    )
    return int(database.execute("SELECT page_id FROM page WHERE digest = ?", [page.digest]).fetchone()[0])


_LOG: Final[Mapping[str, type[pl.DataType]]] = {
    "url_id": pl.Int64,
    "probed_at": pl.Int64,
    "outcome": pl.String,
    "network": pl.String,
    "is_filtered": pl.Boolean,
    "page": pl.Int64,
    "title": pl.String,
    "simhash": pl.Int64,
    "fields": pl.String,
    "favicon": pl.Int64,
    "certificate": pl.Int64,
}


def read_log(database: Database, url_ids: Iterable[int] | None = None) -> pl.DataFrame:
    """All probes of some sites, or of all: when, what, where from, and what is compared of the page that it met."""
    which = "" if url_ids is None else "WHERE probe.url_id IN (SELECT value FROM json_each(?))"
    return read_query(
        database,
        f"""SELECT probe.url_id, probed_at, term.name, vantage.network, vantage.is_filtered, page_id, page.title,
                page.simhash, page.fields, favicon_id, certificate_id
            FROM probe JOIN term ON term.term_id = probe.outcome_id JOIN vantage USING (vantage_id)
            LEFT JOIN page USING (page_id) {which}""",  # noqa: S608 - ours
        _LOG,
        () if url_ids is None else (json.dumps(list(url_ids)),),
    )


def save_states(database: Database, states: pl.DataFrame) -> None:
    """Store the episodes of sites in place of those of their last derivation; call within a transaction."""
    sites = [(url_id,) for url_id in states["url_id"].unique()]
    database.conn.executemany("DELETE FROM probe_state WHERE url_id = ?", sites)
    marks = ", ".join("?" * states.width)
    database.conn.executemany(
        f"INSERT INTO probe_state ({', '.join(states.columns)}) VALUES ({marks})",  # noqa: S608 - our own names
        states.iter_rows(),
    )
