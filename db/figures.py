"""Writing what the roll-up derives: attacks, and each figure as it was computed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Final

import polars as pl
from sqlite_utils import Database

from db.basis import basis_of, note_basis, noted_bases
from db.tally import KINDS

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
    definition_hash: str
    code_version: str
    basis: str
    """Digest of what it was computed from (`db.basis`)."""
    rows_of_kind: int | None
    """Rows in the year of the kind it is counted from."""
    rows_of_test: int | None
    """Of these, tests."""
    records: int | None
    """Rows that meet the definition."""
    units: int | None
    """Distinct units among them."""


_COLUMNS: Final = tuple(field.name for field in fields(StoredFigure))
_TELLING: Final = tuple(name for name in _COLUMNS if name != "basis")
"""What makes a computation worth keeping beside the last: anything but that records came which it ignores."""


def save_attacks(database: Database, attacks: pl.DataFrame) -> None:
    """Store the attacks in force, in place of those of the last derivation."""
    database.execute("DELETE FROM attack")
    marks = ", ".join("?" * attacks.width)
    database.conn.executemany(
        f"INSERT INTO attack ({', '.join(attacks.columns)}) VALUES ({marks})",  # noqa: S608 - our own names
        attacks.iter_rows(),
    )
    note_basis(database, "attacks", basis_of(database, KINDS))


def save_figures(database: Database, year: int, figures: Sequence[StoredFigure], computed_at: int) -> int:
    """Append the figures that differ from their last computation; what one was before stays on record.

    Args:
        database: within a transaction.
        year: theirs.
        figures: as they were computed, each from its `basis`, taken at the same instant: more may have come since.
        computed_at: Unix ms.

    Returns:
        How many differed.
    """
    same = " AND ".join(f"{name} IS :{name}" for name in _TELLING)
    cursor = database.conn.executemany(
        f"""INSERT INTO kpi_run (year, computed_at, {", ".join(_COLUMNS)})
            SELECT :year, :computed_at, {", ".join(f":{name}" for name in _COLUMNS)} WHERE NOT EXISTS (
                SELECT 1 FROM kpi_run WHERE kpi_run_id =
                    (SELECT max(kpi_run_id) FROM kpi_run WHERE year = :year AND kpi = :kpi)
                AND {same})""",  # noqa: S608 - our own names
        [{**asdict(figure), "year": year, "computed_at": computed_at} for figure in figures],
    )
    for figure in figures:
        note_basis(database, f"{figure.kpi} {year}", figure.basis)
    return cursor.rowcount


def save_findings(database: Database, year: int, found: Iterable[tuple[str, bool | None, str, str]]) -> None:
    """Store what the checks of a year found, in place of what they found before; within a transaction.

    Args:
        database: whose.
        year: theirs.
        found: id, whether it holds (None: not checked), the finding in Chinese and in English; in order.
    """
    database.execute("DELETE FROM kpi_check WHERE year = ?", [year])
    database.conn.executemany(
        "INSERT INTO kpi_check (year, place, check_id, holds, finding_zh, finding_en) VALUES (?, ?, ?, ?, ?, ?)",
        [(year, place, *one) for place, one in enumerate(found)],
    )


def failing_checks(database: Database, year: int) -> list[tuple[str, str, str]]:
    """The checks of a year that do not hold, in order: id, the finding in Chinese and in English."""
    query = "SELECT check_id, finding_zh, finding_en FROM kpi_check WHERE year = ? AND holds = 0 ORDER BY place"
    return [(name, zh, en) for name, zh, en in database.execute(query, [year])]


def kept_figures(database: Database, year: int, bases: Mapping[str, str]) -> list[StoredFigure]:
    """A year's figures as they were computed last, those of them for which what they rest on is the same still.

    Args:
        database: where they are.
        year: theirs.
        bases: KPI -> what it rests on now.
    """
    noted = noted_bases(database)
    rows = database.execute(
        f"SELECT {', '.join(_COLUMNS)} FROM kpi_run WHERE kpi_run_id IN "  # noqa: S608 - our own names
        "(SELECT max(kpi_run_id) FROM kpi_run WHERE year = ? GROUP BY kpi)",
        [year],
    )
    stored = (StoredFigure(*row) for row in rows)
    return [
        replace(one, is_synthetic=bool(one.is_synthetic))
        for one in stored
        if noted.get(f"{one.kpi} {year}") == bases.get(one.kpi, "")
    ]


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
