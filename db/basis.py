"""What attacks and figures rest on: as long as it is the same, a figure that differs was changed by somebody."""

import hashlib
from typing import Final

from sqlite_utils import Database

_SIZES: Final = """SELECT
    (SELECT coalesce(sum(rows), 0) FROM kept) + (SELECT coalesce(sum(rows), 0) FROM archive),
    (SELECT count(*) FROM attack_event), (SELECT count(*) FROM probe), (SELECT count(*) FROM site_event),
    (SELECT coalesce(max(rematch_id), 0) FROM rematch), (SELECT count(*) FROM rematch WHERE finished_at IS NULL),
    (SELECT coalesce(max(host_id), 0) FROM match_state), (SELECT coalesce(max(app_id), 0) FROM match_state),
    (SELECT coalesce(group_concat(is_listed || declaration), '') FROM
        (SELECT is_listed, declaration FROM brand ORDER BY position, brand_id)),
    (SELECT coalesce(group_concat(declaration), '') FROM (SELECT declaration FROM source ORDER BY source_id)),
    (SELECT count(*) FROM ledger_entry)"""


def basis_of(database: Database) -> str:
    """A digest of what is derived from: nothing of it is ever changed, so that how much there is tells it."""
    return hashlib.sha256(repr(database.execute(_SIZES).fetchone()).encode()).hexdigest()


def note_basis(database: Database, what: str, basis: str) -> None:
    """Remember what something was derived from; call within the transaction that stores it."""
    database.execute(
        "INSERT INTO derived (what, basis) VALUES (?, ?) ON CONFLICT (what) DO UPDATE SET basis = excluded.basis",
        [what, basis],
    )


def rebase(database: Database, before: str, after: str, *, but: str) -> None:
    """Something was added that nothing derived rests on, one thing apart; call within the transaction that adds it."""
    database.execute("UPDATE derived SET basis = ? WHERE basis = ? AND what <> ?", [after, before, but])


def still_based(database: Database) -> set[str]:
    """What was derived from just what is there now."""
    now = basis_of(database)
    return {str(what) for (what,) in database.execute("SELECT what FROM derived WHERE basis = ?", [now])}
