"""Writing what the roll-up derives: attacks, and each figure as it was computed."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from typing import Final

import polars as pl
from sqlite_utils import Database

from db.basis import basis_of, note_basis, still_based

FIRST_YEAR: Final = 1993
"""The first whole year of China's clocks at UTC+8 all year round; a feed's row from before breaks no roll-up."""

_EVENTS: Final = (
    "url_check",
    "warning",
    "intervention",
    "loss",
    "attack_event",
    "site_event",
    "opinion_item",
    "kit",
    "channel_or_actor",
    "soc_alert",
    "case_event",
    "service_event",
)


@dataclass(frozen=True, slots=True)
class StoredFigure:
    """A figure as it is kept; values as exact text."""

    kpi: str
    definition_version: str
    value: str | None
    prior: str | None
    display_zh: str
    display_en: str
    note: str
    note_zh: str
    note_en: str
    numerator: int | None
    denominator: int | None
    is_synthetic: bool


def save_attacks(database: Database, attacks: pl.DataFrame) -> None:
    """Store the attacks in force, in place of those of the last derivation."""
    database.execute("DELETE FROM attack")
    marks = ", ".join("?" * attacks.width)
    database.conn.executemany(
        f"INSERT INTO attack ({', '.join(attacks.columns)}) VALUES ({marks})",  # noqa: S608 - our own names
        attacks.iter_rows(),
    )
    note_basis(database, "attacks", basis_of(database))


def save_figures(database: Database, year: int, figures: Sequence[StoredFigure], basis: str, computed_at: int) -> int:
    """Append the figures that differ from their last computation; what one was before stays on record.

    Args:
        database: within a transaction.
        year: theirs.
        figures: as they were computed.
        basis: `basis_of` what they were computed from, taken at the same instant: more may have come since.
        computed_at: Unix ms.

    Returns:
        How many differed.
    """
    cursor = database.conn.executemany(
        """INSERT INTO kpi_run (year, computed_at, kpi, definition_version, value, prior, display_zh, display_en, note,
               note_zh, note_en, numerator, denominator, is_synthetic)
           SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14 WHERE NOT EXISTS (
               SELECT 1 FROM kpi_run WHERE kpi_run_id =
                   (SELECT max(kpi_run_id) FROM kpi_run WHERE year = ?1 AND kpi = ?3)
               AND definition_version = ?4 AND value IS ?5 AND prior IS ?6 AND note = ?9)""",
        [(year, computed_at, *astuple(figure)) for figure in figures],
    )
    note_basis(database, str(year), basis)
    return cursor.rowcount


def kept_figures(database: Database, year: int) -> list[StoredFigure]:
    """A year's figures as they were computed last, where what they rest on is the same still; else none."""
    if str(year) not in still_based(database):
        return []
    names = ", ".join(field.name for field in fields(StoredFigure))
    rows = database.execute(
        f"SELECT {names} FROM kpi_run WHERE kpi_run_id IN "  # noqa: S608 - our own names
        "(SELECT max(kpi_run_id) FROM kpi_run WHERE year = ? GROUP BY kpi)",
        [year],
    )
    return [replace(StoredFigure(*row), is_synthetic=bool(row[-1])) for row in rows]


def years_with_records(database: Database) -> list[int]:
    """The Shanghai years in which anything was seen or happened."""
    tables = {"sighting": "seen_at", "app_sighting": "seen_at"} | dict.fromkeys(_EVENTS, "occurred_at")
    union = " UNION ".join(
        f"SELECT CAST(strftime('%Y', {column} / 1000 + 28800, 'unixepoch') AS INTEGER) FROM {table}"  # noqa: S608 - our own names
        for table, column in tables.items()
    )
    union += " UNION SELECT CAST(strftime('%Y', first_at / 1000 + 28800, 'unixepoch') AS INTEGER) FROM archive"
    years = (int(row[0]) for row in database.execute(union))
    return sorted(year for year in years if year >= FIRST_YEAR)


def latest_figures(database: Database) -> dict[int, list[tuple[str, str, str | None, str | None]]]:
    """Year -> id, definition version, value and prior of each figure, as it was computed last."""
    latest: dict[int, list[tuple[str, str, str | None, str | None]]] = {}
    for year, *figure in database.execute(
        """SELECT year, kpi, definition_version, value, prior FROM kpi_run
           WHERE kpi_run_id IN (SELECT max(kpi_run_id) FROM kpi_run GROUP BY year, kpi) ORDER BY year, kpi"""
    ):
        latest.setdefault(int(year), []).append((figure[0], figure[1], figure[2], figure[3]))
    return latest
