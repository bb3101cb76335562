"""Does the database hold what it says it holds?"""

import sqlite3
from collections.abc import Iterator
from itertools import chain
from typing import Final

from db.archive import archive_faults
from db.corrections import CORRECTED
from db.errors import FanzhaError, UsageError
from db.landing import spools
from db.ledger import ledger_faults
from db.store import Store
from db.tally import KINDS, tally_faults

_RULES: Final = {
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
    "attack, its state": (
        "an attack in a state that its instants do not bear out",
        """SELECT attack_key || ': ' || state FROM attack
           WHERE state <> CASE WHEN dismissed_at IS NOT NULL THEN 'dismissed' WHEN closed_at IS NOT NULL THEN 'closed'
                   WHEN confirmed_at IS NOT NULL THEN 'confirmed' ELSE 'suspected' END
               OR (closed_at IS NULL AND (cause IS NOT NULL OR down_at IS NOT NULL))
               OR (closed_at IS NOT NULL AND unconfirmed_at IS NOT NULL)""",
    ),
    "attack, its closure": (
        "an attack that was closed, and nothing that says so",
        """SELECT attack_key FROM attack WHERE closed_at IS NOT NULL
               AND closed_at NOT IN (SELECT occurred_at FROM attack_event)
               AND closed_at NOT IN (SELECT occurred_at FROM site_event WHERE type = 'closure')""",
    ),
    "attack, the one before": (
        "an attack that continues one that is not there",
        "SELECT attack_key FROM attack WHERE previous NOT IN (SELECT attack_key FROM attack)",
    ),
    "site_event": (
        "what is told of a site, and no probe that shows it",
        """SELECT site_event.url_id || ': ' || site_event.type || ' at ' || site_event.occurred_at FROM site_event
           WHERE NOT EXISTS (SELECT 1 FROM probe
               WHERE probe.url_id = site_event.url_id AND probe.probed_at = site_event.noted_at)
               OR NOT EXISTS (SELECT 1 FROM probe
               WHERE probe.url_id = site_event.url_id AND probe.probed_at = site_event.occurred_at)""",
    ),
    "sighting": (
        "a sighting whose time is neither the source's nor its file's",
        """SELECT document.name || ', position ' || sighting.position FROM sighting
           JOIN document USING (document_id)
           WHERE sighting.seen_at <> CASE published_at WHEN 0 THEN document.fetched_at ELSE published_at END""",
    ),
    "probe_state": (
        "a site whose states are not those of its probes",
        """SELECT url_id || ': ' || count(*) || ' probes, states of ' || coalesce(
               (SELECT sum(probes) FROM probe_state WHERE probe_state.url_id = probe.url_id), 0)
           FROM probe GROUP BY url_id HAVING count(*) <> coalesce(
               (SELECT sum(probes) FROM probe_state WHERE probe_state.url_id = probe.url_id), 0)""",
    ),
    "notice": (
        "a notice that left without approval, or without a claim",
        """SELECT 'notice ' || notice_id FROM notice_event AS sent WHERE type = 'sent' AND (
               SELECT count(DISTINCT type) FROM notice_event AS before WHERE before.notice_id = sent.notice_id
               AND before.notice_event_id < sent.notice_event_id AND type IN ('approved', 'sending')) < 2""",
    ),
    "notice_event": (
        "a sent notice that is no action, or an action that no sent notice stands behind",
        """SELECT notice_key FROM notice JOIN notice_event USING (notice_id) WHERE type = 'sent' AND notice_key NOT IN
               (SELECT event_id FROM attack_event JOIN source USING (source_id) WHERE source.name = 'fanzha-notices')
           UNION ALL SELECT event_id FROM attack_event JOIN source USING (source_id)
               WHERE source.name = 'fanzha-notices' AND event_id NOT IN
               (SELECT notice_key FROM notice JOIN notice_event USING (notice_id) WHERE type = 'sent')""",
    ),
    "source": (
        "a source whose last good answer is known, and no attempt that brought it",
        """SELECT name FROM source WHERE digest IS NOT NULL AND source_id NOT IN
           (SELECT source_id FROM fetch WHERE outcome = 'stored')""",
    ),
    "kept": (
        "a source whose attempts have stored rows, and the count of them is lost",
        """SELECT DISTINCT name FROM fetch JOIN source USING (source_id) WHERE stored > 0
               AND source_id NOT IN (SELECT source_id FROM kept)""",
    ),
    "correction": (
        "an event that a correction names, and that counts still",
        " UNION ALL ".join(
            f"""SELECT '{kind} ' || correction.source || '/' || correction.corrected FROM correction
                JOIN source ON source.name = correction.source AND source.format <> 'fanzha'
                JOIN {kind} ON {kind}.source_id = source.source_id AND {kind}.event_id = correction.corrected
                WHERE NOT correction.is_test"""  # noqa: S608 - our own names
            for kind in CORRECTED
        ),
    ),
    "voided": (
        "an event that is void, and no correction says so",
        """SELECT source.name || '/' || voided.event_id FROM voided JOIN source USING (source_id)
           WHERE NOT EXISTS (SELECT 1 FROM correction WHERE correction.source = source.name
               AND correction.corrected = voided.event_id AND NOT correction.is_test)""",
    ),
    "quarantine": (
        "rejected rows are lost",
        """SELECT name || ': ' || most || ' in one answer, ' || held || ' held' FROM
           (SELECT source_id, max(quarantined) AS most FROM fetch GROUP BY source_id) JOIN
           (SELECT source.source_id, source.name, count(position) AS held FROM source
               LEFT JOIN document USING (source_id) LEFT JOIN quarantine USING (document_id) GROUP BY 1)
           USING (source_id) WHERE most > held""",
    ),
    "match_state": (
        "hosts or apps that are said to be matched are lost",
        """SELECT 'up to host ' || host_id || ' and app ' || app_id FROM match_state
           WHERE host_id > (SELECT coalesce(max(host_id), 0) FROM host)
               OR app_id > (SELECT coalesce(max(app_id), 0) FROM app)""",
    ),
}
"""Table (and what of it) -> (what is wrong, query whose every row names a breach)."""
_DRAFT: Final = ".part"
"""Ending of what a killed run was writing: no landing file yet."""


def verify_store(store: Store) -> tuple[int, list[str]]:
    """Check the file itself, its foreign keys, each rule, the rows against their counts, the landed files.

    Returns:
        How many landed files were checked, and what is wrong, one line each.

    Raises:
        UsageError: there are landed files about persons, and no key.
    """
    landed: list[tuple[str, int]] = []
    faults = [
        *guarded(store, "database", _file_faults(store)),
        *chain.from_iterable(
            guarded(store, f"table {name}", _breaches(store, name, *rule)) for name, rule in _RULES.items()
        ),
        *chain.from_iterable(guarded(store, f"table {kind}", tally_faults(store.database, kind)) for kind in KINDS),
        *guarded(store, "table archive", archive_faults(store)),
        *guarded(store, "the ledger", ledger_faults(store.database)),
        *guarded(store, "documents", _landing_faults(store, landed)),
    ]
    return len(landed), faults


def guarded(store: Store, what: str, faults: Iterator[str]) -> Iterator[str]:
    """Faults, each a line; that a damaged database cannot be read is one itself, and the other checks go on."""
    try:
        for fault in faults:
            yield " ".join(fault.split())
    except UsageError:
        raise
    except FanzhaError as error:
        yield str(error)
    except sqlite3.DatabaseError as error:
        yield f"database {store.path}: {what} cannot be read: {error}; restore a backup"


_SHOWN: Final = 200
"""Characters of what SQLite says of damaged pages, which may be all of them."""


def _file_faults(store: Store) -> Iterator[str]:
    for (answer,) in store.database.execute("PRAGMA integrity_check(20)"):
        if answer != "ok":
            said = " ".join(answer.split())
            yield f"database {store.path}: is damaged: {said[:_SHOWN]}; restore a backup"
    for table, rowid, parent, _ in store.database.execute("PRAGMA foreign_key_check"):
        row = "a row" if rowid is None else f"row {rowid}"
        yield f"table {table}: {row} names a row of {parent} that is not there; restore a backup"


def _breaches(store: Store, table: str, what: str, query: str) -> Iterator[str]:
    for (which,) in store.database.execute(query):
        yield f"table {table}: {what}: {which}"


def _landing_faults(store: Store, landed: list[tuple[str, int]]) -> Iterator[str]:
    """Each landed file that is damaged, or that nothing names.

    Args:
        store: whose.
        landed: takes digest and whether it is encrypted of each file that is named.
    """
    files = {path for path in store.landing.root.glob("[0-9a-f][0-9a-f]/*") if path.suffix != _DRAFT}
    landed += store.database.execute("SELECT digest, is_encrypted FROM document UNION SELECT digest, 0 FROM page")
    if any(is_encrypted for _, is_encrypted in landed):
        store.require_key()
    for digest, is_encrypted in landed:
        try:
            store.landing.read(digest, is_encrypted=bool(is_encrypted))
        except FanzhaError as error:
            yield str(error)
    named = {store.landing.path(digest, is_encrypted=bool(is_encrypted)) for digest, is_encrypted in landed}
    if any(is_used for _, is_used in spools(store.landing.root)):
        return  # a run is under way: it lands files before their rows are stored
    for path in sorted(files - named):
        yield f"landing file {path}: no document names it; its rows are lost, or a killed run left it (then remove it)"
