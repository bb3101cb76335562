"""Reading what is to be matched, writing what matched, and how far matching has come."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl
from sqlite_utils import Database

from db.brands import Brand, stored_brand
from db.daily import FIRST_SEEN_SQL
from db.frames import read_query

_MATCH_COLUMNS: Final[Mapping[str, type[pl.DataType]]] = {
    "technique": pl.String,
    "similarity": pl.Int64,
    "confidence": pl.Int64,
    "matched": pl.String,
    "explanation_zh": pl.String,
    "explanation_en": pl.String,
}
"""What is stored of a match beside whose it is."""


@dataclass(frozen=True, slots=True)
class MatchState:
    """Hosts and apps up to these ids are matched; since the last finished re-match (db.rematches) by this matcher."""

    matcher_version: str
    host_id: int = 0
    app_id: int = 0


def save_brands(database: Database, brands: Sequence[Brand]) -> None:
    """Store the brands in force; those no longer listed stay, marked so, for the matches that name them."""
    database.execute("UPDATE brand SET is_listed = 0 WHERE is_listed")
    database.conn.executemany(
        """INSERT INTO brand (id, name_zh, name_en, sector, is_own, is_followed, threshold, declaration,
               position, is_listed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
           ON CONFLICT (id) DO UPDATE SET name_zh = excluded.name_zh, name_en = excluded.name_en,
               sector = excluded.sector, is_own = excluded.is_own, is_followed = excluded.is_followed,
               threshold = excluded.threshold, declaration = excluded.declaration, position = excluded.position,
               is_listed = 1""",
        [
            (
                brand.id,
                brand.name_zh,
                brand.name_en,
                brand.sector,
                brand.own,
                brand.follow,
                brand.threshold,
                brand.model_dump_json(),
                position,
            )
            for position, brand in enumerate(brands)
        ],
    )


def read_brands(database: Database) -> tuple[Brand, ...]:
    """The brands in force, in the order of their file; none before the first matching."""
    rows = database.execute("SELECT declaration FROM brand WHERE is_listed ORDER BY position, brand_id")
    return tuple(stored_brand(json.loads(row[0])) for row in rows)


def read_state(database: Database) -> MatchState | None:
    """How far matching has come; None before the first."""
    row = database.execute("SELECT matcher_version, host_id, app_id FROM match_state").fetchone()
    return MatchState(*row) if row else None


def save_state(database: Database, state: MatchState) -> None:
    """Record how far matching has come; in the same transaction as the matches."""
    database.execute(
        "INSERT OR REPLACE INTO match_state (only, matcher_version, host_id, app_id) VALUES (1, ?, ?, ?)",
        [state.matcher_version, state.host_id, state.app_id],
    )


def read_hosts(database: Database, after: int, last: int, limit: int) -> pl.DataFrame:
    """The next hosts by id, from above `after` to `last`.

    Returns:
        `host_id`, `host`, `registrable_domain` (null of a public suffix), `public_suffix`.
    """
    hosts = read_query(
        database,
        """SELECT host_id, name, registrable_length, suffix_length
           FROM host WHERE host_id > ? AND host_id <= ? ORDER BY host_id LIMIT ?""",
        {"host_id": pl.Int64, "host": pl.String, "registrable_length": pl.Int64, "suffix_length": pl.Int64},
        (after, last, limit),
    )
    host, registrable = pl.col("host"), pl.col("registrable_length")
    # cut here: as texts of SQLite's own the parts take twice the time
    return hosts.select(
        "host_id",
        "host",
        registrable_domain=pl.when(registrable > 0).then(host.str.tail(registrable)),
        public_suffix=host.str.tail("suffix_length"),
    )


def read_apps(database: Database, after: int, last: int, limit: int) -> pl.DataFrame:
    """The next apps by id, from above `after` to `last`: `app_id`, `package`, `name`, `developer`, `certificate`."""
    return read_query(
        database,
        """SELECT app_id, package, name, developer, certificate FROM app
           WHERE app_id > ? AND app_id <= ? ORDER BY app_id LIMIT ?""",
        {"app_id": pl.Int64, "package": pl.String, "name": pl.String, "developer": pl.String, "certificate": pl.String},
        (after, last, limit),
    )


def read_matches(database: Database, table: str, key: str, after: int, last: int) -> pl.DataFrame:
    """The stored matches of the hosts or apps above `after` and up to `last`, with the brand's id in `brand`."""
    return read_query(
        database,
        f"""SELECT {key}, brand.id, {", ".join(_MATCH_COLUMNS)} FROM {table} JOIN brand USING (brand_id)
            WHERE {key} > ? AND {key} <= ?""",  # noqa: S608 - our own names
        {key: pl.Int64, "brand": pl.String, **_MATCH_COLUMNS},
        (after, last),
    )


def read_likest(database: Database) -> pl.DataFrame:
    """The listed brand that a host is likest, where one reaches its threshold: `host_id`, `brand_id`, `technique`."""
    return read_query(
        database,
        """SELECT host_id, brand_id, technique FROM (
               SELECT match.host_id, match.brand_id, match.technique, row_number() OVER (
                   PARTITION BY match.host_id ORDER BY match.confidence DESC, match.similarity DESC, brand.id) AS place
               FROM match JOIN brand USING (brand_id)
               WHERE brand.is_listed AND match.confidence >= brand.threshold)
           WHERE place = 1""",
        {"host_id": pl.Int64, "brand_id": pl.Int64, "technique": pl.String},
    )


def brand_names(database: Database) -> dict[int, tuple[str, str]]:
    """Brand id -> what it is called in Chinese and in English."""
    rows = database.execute("SELECT brand_id, name_zh, name_en FROM brand")
    return {brand_id: (zh, en) for brand_id, zh, en in rows}


def drop_matches(database: Database, table: str, key: str, subjects: Iterable[int]) -> None:
    """Drop the matches of these hosts or apps, to be written anew in the same transaction."""
    database.conn.executemany(f"DELETE FROM {table} WHERE {key} = ?", ((one,) for one in subjects))  # noqa: S608 - ours


def save_matches(database: Database, table: str, key: str, matches: pl.DataFrame) -> int:
    """Store matches of hosts (`match`, `host_id`) or apps (`app_match`, `app_id`); returns how many."""
    columns = tuple(_MATCH_COLUMNS)
    more, value = (", first_seen_at", f", {FIRST_SEEN_SQL.format(host='?1')}") if table == "match" else ("", "")
    database.conn.executemany(
        f"""INSERT OR REPLACE INTO {table} ({key}, brand_id, {", ".join(columns)}{more})
            VALUES (?1, (SELECT brand_id FROM brand WHERE id = ?2), ?3, ?4, ?5, ?6, ?7, ?8{value})""",  # noqa: S608 - our own names
        matches.select(key, "brand", *columns).iter_rows(),
    )
    return matches.height
