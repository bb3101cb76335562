"""Does the database hold what it says it holds?"""

from collections.abc import Iterator

from db.errors import FanzhaError
from db.store import Store

_RULES = {
    "fetch": (
        "a logged attempt whose rows do not add up",
        "SELECT 'fetch ' || fetch_id FROM fetch WHERE rows <> stored + duplicates + ignored + quarantined",
    ),
    "host": (
        "a host whose registrable domain is longer than itself",
        "SELECT name FROM host WHERE registrable_length > length(name) OR suffix_length > length(name)",
    ),
    "attack": (
        "an attack that was closed before it was first seen",
        "SELECT attack_key FROM attack WHERE closed_at < first_seen_at",
    ),
    "sighting": (
        "a sighting whose time is neither the source's nor its file's",
        """SELECT document.name || ', position ' || sighting.position FROM sighting
           JOIN document USING (document_id)
           WHERE sighting.seen_at <> CASE published_at WHEN 0 THEN document.fetched_at ELSE published_at END""",
    ),
}
"""Table -> (what is wrong, query whose every row names a breach)."""


def verify_store(store: Store) -> tuple[int, list[str]]:
    """Check the file itself, its foreign keys, each rule, and every landed file against its digest.

    Returns:
        How many landed files were checked, and what is wrong, one line each.
    """
    landed = store.database.execute("SELECT DISTINCT digest, is_encrypted FROM document").fetchall()
    return len(landed), [*_database_faults(store), *_landing_faults(store, landed)]


def _database_faults(store: Store) -> Iterator[str]:
    for (answer,) in store.database.execute("PRAGMA integrity_check(20)"):
        if answer != "ok":
            yield f"database {store.path}: {answer}"
    for table, rowid, parent, _ in store.database.execute("PRAGMA foreign_key_check"):
        yield f"table {table}: row {rowid} names a row of {parent} that is not there"
    for table, (what, query) in _RULES.items():
        for (which,) in store.database.execute(query):
            yield f"table {table}: {what}: {which}"


def _landing_faults(store: Store, landed: list[tuple[str, int]]) -> Iterator[str]:
    for digest, is_encrypted in landed:
        try:
            store.landing.read(digest, is_encrypted=bool(is_encrypted))
        except FanzhaError as error:
            yield str(error)
