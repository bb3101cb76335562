"""IANA's registries of RDAP servers: fetched like sources, kept in the landing folder, and anew when they are old."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from db.connection import transaction
from db.errors import SourceFailed, UnreadableFile
from db.period import DAY_MS
from db.sources import Attempt, Cursor, SourceRow, log_attempt, read_cursor, save_cursor, save_document, save_source
from db.store import Store, now_ms
from db.vocabulary import Outcome, Yields
from flows.collect import spool
from spiders.crawl import CrawlOutcome, CrawlRequest, crawl
from spiders.registry.asking import Registries
from spiders.registry.declared import Declared, Registry, check_registry

_WANTED: Final = frozenset({"asn", "dns", "ipv4", "ipv6", "object"})


def registries(
    store: Store, declared: Declared, *, loopback: bool = False, now: int | None = None
) -> tuple[Registries, list[str]]:
    """Who is asked, after what is old has been fetched anew; and what went wrong with that, a line each.

    What cannot be fetched stays as it was last; where it never was, RDAP is not asked.
    """
    at = now_ms() if now is None else now
    due = [one for one in declared.registry if _age(store, one, at) > declared.days * DAY_MS]
    faults = _fetch(store, due, at, loopback=loopback) if due else []
    kept = {one.name: body for one in declared.registry if (body := _kept(store, one))}
    bootstrap = ""
    if set(kept) == _WANTED:
        bootstrap = json.dumps({"timestamp": at // 1000, **{name: json.loads(body) for name, body in kept.items()}})
    else:
        faults.append(f"RDAP is not asked: registries were never fetched: {', '.join(sorted(_WANTED - set(kept)))}")
    return Registries(bootstrap, declared.whois, declared.origins, declared.origins6, declared.dns), faults


def _age(store: Store, registry: Registry, at: int) -> int:
    """Milliseconds since it was last fetched, or found to be unchanged; what is dated after `at` does not count."""
    row = store.database.execute(
        """SELECT max(finished_at) FROM fetch JOIN source USING (source_id)
           WHERE source.name = ? AND outcome <> 'failed' AND finished_at <= ?""",
        [registry.source.name, at],
    ).fetchone()
    return at - int(row[0] or 0)


def _kept(store: Store, registry: Registry) -> bytes | None:
    row = store.database.execute(
        """SELECT document.digest FROM document JOIN source USING (source_id)
           WHERE source.name = ? AND document.digest = source.digest""",
        [registry.source.name],
    ).fetchone()
    return store.landing.read(str(row[0]), is_encrypted=False) if row else None


def _fetch(store: Store, due: Sequence[Registry], at: int, *, loopback: bool) -> list[str]:
    by_source = {one.source.name: one for one in due}
    faults = []
    with spool(store.path) as folder:
        requests = [_request(store, one) for one in due]
        for outcome in crawl(requests, folder, loopback=loopback):
            try:
                _take(store, by_source[outcome.source], outcome, folder, at)
            except (SourceFailed, UnreadableFile) as error:
                _log(store, by_source[outcome.source], Attempt(at, at, Outcome.FAILED, str(error)))
                faults.append(f"source {outcome.source}: {error}; what was known of it stays")
    return faults


def _request(store: Store, registry: Registry) -> CrawlRequest:
    known = read_cursor(store.database, registry.source.name)
    return CrawlRequest(registry.source, registry.url, known.etag or "", known.last_modified or "", known.events)


def _take(store: Store, registry: Registry, outcome: CrawlOutcome, folder: Path, at: int) -> None:
    if outcome.outcome == "failed":
        raise SourceFailed(outcome.reason)
    if outcome.outcome == "unchanged":
        _log(store, registry, Attempt(at, at, Outcome.UNCHANGED))
        return
    document = outcome.documents[0]
    body = (folder / document.digest).read_bytes()
    check_registry(registry.name, body)
    landed = store.landing.keep(body, encrypt=False)
    with transaction(store.database):
        source_id = _source_id(store, registry)
        save_document(store.database, source_id, document.name, landed, document.fetched_at)
        log_attempt(store.database, source_id, Attempt(at, at, Outcome.STORED))
        cursor = Cursor(outcome.etag, outcome.last_modified, landed.digest, outcome.cursor, document.fetched_at)
        save_cursor(store.database, source_id, cursor)


def _log(store: Store, registry: Registry, attempt: Attempt) -> None:
    with transaction(store.database):
        log_attempt(store.database, _source_id(store, registry), attempt)


def _source_id(store: Store, registry: Registry) -> int:
    source = registry.source
    return save_source(
        store.database,
        SourceRow(
            source.name,
            source.title,
            source.publisher,
            source.licence,
            format="fanzha",
            yields=Yields.CANDIDATES,
            is_verified=False,
            is_synthetic=False,
            schedule="",
            declaration=registry.model_dump_json(),
        ),
    )
