"""What is known of each attack, from events and from probes, as its measures take it."""

from collections.abc import Mapping
from typing import Final

import polars as pl
from sqlite_utils import Database

from db.frames import read_query
from db.views import TARGET_SQL

_ANSWERED: Final = """(SELECT min(event.at) FROM notice JOIN notice_event AS event USING (notice_id)
    WHERE notice.target = attack.target AND notice.brand = attack.brand AND event.type IN ('acknowledged', 'actioned')
        AND event.at >= attack.first_seen_at AND (followed.next_at IS NULL OR event.at < followed.next_at))"""

_COLUMNS: Final[Mapping[str, tuple[str, type[pl.DataType]]]] = {
    "attack_key": ("attack.attack_key", pl.String),
    "brand": ("attack.brand", pl.String),
    "is_own": ("attack.is_own", pl.Boolean),
    "fraud_type": ("attack.fraud_type", pl.String),
    "provider": ("place.provider", pl.String),
    "registrar": ("place.registrar", pl.String),
    "country": ("place.country", pl.String),
    "first_seen_at": ("attack.first_seen_at", pl.Int64),
    "confirmed_at": ("attack.confirmed_at", pl.Int64),
    "notified_at": ("attack.first_action_at", pl.Int64),
    "acknowledged_at": (_ANSWERED, pl.Int64),
    "last_up_at": ("site.last_up_at", pl.Int64),
    "first_down_at": ("site.first_down_at", pl.Int64),
    "down_at": ("CASE WHEN attack.closed_at IS NOT NULL THEN site.down_at END", pl.Int64),
    "closed_at": ("attack.closed_at", pl.Int64),
    "cause": ("attack.cause", pl.String),
    "last_probe_at": ("site.last_probe_at", pl.Int64),
    "last_telling_at": ("site.last_telling_at", pl.Int64),
    "reopened": ("attack.reopened", pl.Int64),
    "previous": ("attack.previous", pl.String),
    "state": ("attack.state", pl.String),
}
"""Column of the frame -> where it stands."""

_ATTACKS: Final = f"""
    WITH site AS (
        SELECT {TARGET_SQL} AS target, probe_state.*, (
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
    FROM attack JOIN followed USING (attack_key)
    LEFT JOIN paired AS site ON site.attack_key = attack.attack_key AND site.place = 1
    LEFT JOIN whereabouts AS place ON place.target = substr(attack.target, 1, instr(attack.target || '/', '/') - 1)
        AND place.asked_at = (SELECT max(asked_at) FROM whereabouts AS latest WHERE latest.target = place.target)
    ORDER BY attack.attack_key"""  # noqa: S608 - our own names
"""Of a target's episodes, an attack has the last that began before the next attack on it and did not end before its
own first sighting. Whether it is closed, and how often it came back, is the attack's to say, as in K14 and v_attacks:
of a brand that is not followed probes say nothing."""


def read_attacks(database: Database) -> pl.DataFrame:
    """One row an attack, instants in Unix ms: the columns of `analytics.measures.lives.ATTACKS`."""
    return read_query(database, _ATTACKS, {name: dtype for name, (_, dtype) in _COLUMNS.items()})
