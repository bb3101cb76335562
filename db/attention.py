"""What an operator is to be told of, and what has been told."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlite_utils import Database

from db.views import ATTENTION_SQL


class Alert(NamedTuple):
    """A row of `v_attention`; kind, target, brand and instant are its key."""

    kind: str
    since: int
    target: str
    brand: str
    why_zh: str
    why_en: str


def read_untold(database: Database) -> list[Alert]:
    """What calls for attention and has not been told, oldest first."""
    rows = database.execute(
        f"""SELECT kind, since, target, brand, why_zh, why_en FROM ({ATTENTION_SQL}) AS attention
            WHERE NOT EXISTS (SELECT 1 FROM alert WHERE alert.kind = attention.kind AND alert.target = attention.target
                AND alert.brand = attention.brand AND alert.since = attention.since)
            ORDER BY since, kind, target, brand"""  # noqa: S608 - our own names
    )
    return [Alert(*row) for row in rows]


def save_told(database: Database, alerts: Iterable[Alert], at: int) -> None:
    """Note what has been told; call within a transaction."""
    database.conn.executemany(
        "INSERT INTO alert (kind, target, brand, since, told_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(alert.kind, alert.target, alert.brand, alert.since, at) for alert in alerts],
    )
