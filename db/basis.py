"""What attacks and figures rest on: as long as it is the same, a figure that differs was changed by somebody."""

import hashlib
import json
from collections.abc import Collection
from typing import Final

from sqlite_utils import Database

_ROWS: Final = """SELECT kind, sum(rows) FROM (SELECT kind, rows FROM kept UNION ALL SELECT kind, rows FROM archive)
    WHERE kind IN (SELECT value FROM json_each(?1)) GROUP BY 1
    UNION ALL SELECT kind || ', void', count(*) FROM voided
    WHERE kind IN (SELECT value FROM json_each(?1)) GROUP BY 1 ORDER BY 1"""
_SOURCES: Final = """SELECT name, declaration FROM source
    WHERE source_id IN (SELECT source_id FROM kept WHERE kind IN (SELECT value FROM json_each(?))) ORDER BY 1"""
_OTHERS: Final = """SELECT
    (SELECT count(*) FROM attack_event), (SELECT count(*) FROM probe), (SELECT count(*) FROM site_event),
    (SELECT coalesce(max(rematch_id), 0) FROM rematch), (SELECT count(*) FROM rematch WHERE finished_at IS NULL),
    (SELECT coalesce(max(host_id), 0) FROM match_state), (SELECT coalesce(max(app_id), 0) FROM match_state),
    (SELECT coalesce(group_concat(is_listed || declaration), '') FROM
        (SELECT is_listed, declaration FROM brand ORDER BY position, brand_id))"""


_REPORTS: Final = """SELECT EXISTS (SELECT 1 FROM brand CROSS JOIN match ON match.brand_id = brand.brand_id
    AND match.confidence >= brand.threshold WHERE brand.is_listed AND brand.is_followed)"""


def are_sightings_reports(database: Database) -> bool:
    """Whether attacks follow from sightings too: some host resembles a brand that is followed."""
    return bool(database.execute(_REPORTS).fetchone()[0])


def basis_of(database: Database, kinds: Collection[str], *, is_derived: bool = True) -> str:
    """A digest of what is derived from: nothing of it is ever changed, so that how much there is tells it.

    Args:
        database: whose.
        kinds: tables of what sources say (`db.tally.KINDS`).
        is_derived: whether it is also derived from matches, probes and brands, as attacks are.
    """
    asked = [json.dumps(sorted(kinds))]
    told: list[object] = [database.execute(query, asked).fetchall() for query in (_ROWS, _SOURCES)]
    if is_derived:
        told.append(database.execute(_OTHERS).fetchone())
    return hashlib.sha256(repr(told).encode()).hexdigest()


def note_basis(database: Database, what: str, basis: str) -> None:
    """Remember what something was derived from; call within the transaction that stores it."""
    database.execute(
        "INSERT INTO derived (what, basis) VALUES (?, ?) ON CONFLICT (what) DO UPDATE SET basis = excluded.basis",
        [what, basis],
    )


def noted_bases(database: Database) -> dict[str, str]:
    """What was derived -> the basis that it was derived from."""
    return {str(what): str(basis) for what, basis in database.execute("SELECT what, basis FROM derived")}
