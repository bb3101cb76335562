"""What is kept up to date with the rows, so that nobody has to count a year of them: within the same transaction."""

from typing import Final, Literal

import polars as pl
from sqlite_utils import Database

from db.period import DAY_MS, SHANGHAI_MS

FIRST_SEEN_SQL: Final = """(SELECT min(sighting.seen_at) FROM url CROSS JOIN sighting ON sighting.url_id = url.url_id
    WHERE url.host_id = {host} AND NOT sighting.is_test)"""
"""When any source first saw a host; `host` is the expression of its id."""
_EARLIER: Final = f"""UPDATE match SET first_seen_at = {FIRST_SEEN_SQL.format(host="match.host_id")}
    WHERE host_id = ? AND (first_seen_at IS NULL OR first_seen_at > ?)"""  # noqa: S608 - our own names
WARNING_WORDS: Final = ("stage", "channel", "sink", "programme")
_WARNING_KEY: Final = ("day", "source_id", *(f"{word}_id" for word in WARNING_WORDS))
_COUNTED: Final = f"""INSERT INTO warning_day ({", ".join(_WARNING_KEY)}, events) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET events = events + excluded.events"""  # noqa: S608 - likewise


def note_seen(database: Database, sightings: pl.DataFrame) -> None:
    """Let matches of hosts know of an earlier sighting; matches yet to be made find it themselves.

    Args:
        database: within a transaction that has stored the sightings.
        sightings: `host_id`, `seen_at` (Unix ms), `is_test`.
    """
    state = database.execute("SELECT host_id FROM match_state").fetchone()
    known = sightings.filter(pl.col("host_id") <= (state[0] if state else 0), ~pl.col("is_test").cast(pl.Boolean))
    earliest = known.group_by("host_id").agg(pl.col("seen_at").min()).sort("host_id")
    database.conn.executemany(_EARLIER, earliest.iter_rows())


def count_warnings(database: Database, warnings: pl.DataFrame, each: Literal[1, -1] = 1) -> None:
    """Add to `warning_day` what these warnings, each of them new, bring; or take it away.

    Args:
        database: within the transaction that stores or removes them.
        warnings: `occurred_at` (Unix ms), `is_test`, and the ids of the table's key.
        each: -1: they are removed.
    """
    day = (pl.col("occurred_at") + SHANGHAI_MS) // DAY_MS
    real = warnings.filter(~pl.col("is_test").cast(pl.Boolean)).with_columns(
        day.alias("day"), pl.col("channel_id", "sink_id", "programme_id").fill_null(0)
    )
    counts = real.group_by(_WARNING_KEY).agg(pl.len().cast(pl.Int64) * each).sort(_WARNING_KEY)
    database.conn.executemany(_COUNTED, counts.iter_rows())
    if each < 0:
        database.execute("DELETE FROM warning_day WHERE events = 0")
