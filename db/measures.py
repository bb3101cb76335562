"""What is known of each attack, from events and from probes, as its measures take it."""

from collections.abc import Mapping
from typing import Final

import polars as pl
from sqlite_utils import Database

from db.frames import read_query

_COLUMNS: Final[Mapping[str, tuple[str, type[pl.DataType]]]] = {
    "attack_key": ("attack.attack_key", pl.String),
    "brand": ("attack.brand", pl.String),
    "is_own": ("attack.is_own", pl.Boolean),
    "fraud_type": ("attack.fraud_type", pl.String),
    "provider": ("NULL", pl.String),
    "registrar": ("NULL", pl.String),
    "country": ("NULL", pl.String),
    "first_seen_at": ("attack.first_seen_at", pl.Int64),
    "confirmed_at": ("attack.confirmed_at", pl.Int64),
    "notified_at": ("attack.first_action_at", pl.Int64),
    "acknowledged_at": ("NULL", pl.Int64),
    "last_up_at": ("site.last_up_at", pl.Int64),
    "first_down_at": ("site.first_down_at", pl.Int64),
    "down_at": ("site.down_at", pl.Int64),
    "closed_at": ("attack.closed_at", pl.Int64),
    "cause": ("attack.cause", pl.String),
    "last_probe_at": ("site.last_probe_at", pl.Int64),
    "last_telling_at": ("site.last_telling_at", pl.Int64),
    "reopened": ("max(attack.reopened, coalesce(site.reopened, 0))", pl.Int64),
    "previous": ("attack.previous", pl.String),
    "state": (
        """CASE WHEN attack.closed_at IS NOT NULL THEN 'closed' WHEN attack.confirmed_at IS NOT NULL THEN 'confirmed'
            ELSE 'suspected' END""",
        pl.String,
    ),
}
"""Column of the frame -> where it stands; what no table holds yet is null."""

_ATTACKS: Final = f"""
    WITH site AS (
        SELECT host.name AS target, probe_state.*, (
            SELECT max(probe.probed_at) FROM probe JOIN term ON term.term_id = probe.outcome_id
            WHERE probe.url_id = probe_state.url_id AND term.name <> 'unknown'
                AND probe.probed_at BETWEEN probe_state.first_probe_at AND probe_state.last_probe_at) AS last_telling_at
        FROM probe_state JOIN url USING (url_id) JOIN host USING (host_id)
    ), followed AS (
        SELECT *, lead(first_seen_at) OVER (
            PARTITION BY target, brand, CASE WHEN brand IS NULL THEN fraud_type END ORDER BY first_seen_at, attack_key
        ) AS next_at FROM attack
    ), paired AS (
        SELECT attack.attack_key, site.*, row_number() OVER (
            PARTITION BY attack.attack_key ORDER BY site.first_probe_at DESC, site.url_id DESC) AS place
        FROM followed AS attack JOIN site USING (target)
        WHERE site.last_probe_at >= attack.first_seen_at
            AND (attack.next_at IS NULL OR site.first_probe_at < attack.next_at)
    )
    SELECT {", ".join(expression for expression, _ in _COLUMNS.values())}
    FROM attack LEFT JOIN paired AS site ON site.attack_key = attack.attack_key AND site.place = 1
    ORDER BY attack.attack_key"""  # noqa: S608 - our own names
"""Of a target's episodes, an attack has the last that began before the next attack on it and did not end before its
own first sighting."""


def read_attacks(database: Database) -> pl.DataFrame:
    """One row an attack, instants in Unix ms: the columns of `analytics.measures.lives.ATTACKS`."""
    return read_query(database, _ATTACKS, {name: dtype for name, (_, dtype) in _COLUMNS.items()})
