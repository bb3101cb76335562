"""What a visit to each kind of source fetches. Links are followed here; what pages say is left to the formats."""

import json
import re
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import urljoin, urlsplit

from parsel import Selector

from db.errors import SourceFailed
from spiders.catalogue import Store
from spiders.crawl import CrawlOutcome
from spiders.faults import Fault
from spiders.fetching import Answer, Visit
from spiders.settings import EVENTS_AT_ONCE

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MANIFEST: Final = "manifest.json"


async def collect(visit: Visit) -> CrawlOutcome:
    """Fetch what a source has that is new.

    Raises:
        SourceFailed: with the reason, in one line.
    """
    source = visit.request.source
    if source.store:
        return await _collect_store(visit, source.store)
    if source.format == "misp" and source.url.endswith(("/", _MANIFEST)):
        return await _collect_misp(visit)
    return await _collect_document(visit)


async def _collect_document(visit: Visit) -> CrawlOutcome:
    answer = await visit.fetch(visit.request.url, conditional=True)
    if answer.status == 304:
        return visit.unchanged(answer)
    document = visit.keep(visit.request.source.url, answer)
    cursor = {document.name: document.digest}
    if cursor == visit.request.cursor:  # many servers send no validators
        return visit.unchanged(answer)
    return visit.fetched(cursor, answer)


async def _collect_misp(visit: Visit) -> CrawlOutcome:
    """A feed directory: the events whose timestamp in the manifest is not the one of the last time."""
    folder = visit.request.url.removesuffix(_MANIFEST)
    manifest = await visit.fetch(folder + _MANIFEST, conditional=True)
    if manifest.status == 304:
        return visit.unchanged(manifest)
    listed = _listed_events(manifest)
    known = visit.request.cursor
    cursor = {uuid: known[uuid] for uuid in listed if uuid in known}
    changed = [uuid for uuid in listed if known.get(uuid) != listed[uuid]]
    if not changed:
        return visit.unchanged(manifest)
    for uuid in changed[:EVENTS_AT_ONCE]:
        if not visit.gives_up and await _take(visit, f"{folder}{uuid}.json"):
            cursor[uuid] = listed[uuid]
    left = len(changed) - EVENTS_AT_ONCE
    return visit.fetched(cursor, manifest, more=f"{left} events are left for the next run" if left > 0 else "")


def _listed_events(manifest: Answer) -> dict[str, str]:
    """Event -> timestamp, newest first."""
    try:
        listed = {uuid: str(event["timestamp"]) for uuid, event in json.loads(manifest.body).items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise SourceFailed("manifest.json is not the manifest of a MISP feed") from error
    for uuid in listed:
        if not _UUID.fullmatch(uuid):
            raise SourceFailed(f"manifest.json names an event that is no UUID: {uuid[:40]!r}")
    return dict(sorted(listed.items(), key=lambda event: (len(event[1]), event[1]), reverse=True))


async def _collect_store(visit: Visit, store: Store) -> CrawlOutcome:
    """Listing pages one after the other, then the detail pages that they link to; all on the site of the first."""
    visit.obeys_robots = True
    listings, details = deque([visit.request.url]), deque[str]()
    seen = {visit.request.url}
    site = ""
    while (listings or details) and len(visit.documents) < store.max_pages and not visit.gives_up:
        queue = listings or details
        page = await _take(visit, queue.popleft(), site)
        if page is None or queue is details:
            continue
        site = site or _site(page.url)
        for selector, found in ((store.next, listings), (store.detail, details)):
            new = [link for link in _links(page, selector, visit.request.source.encoding) if _site(link) == site]
            found.extend(link for link in dict.fromkeys(new) if link not in seen)
            seen.update(new)
    cursor = {document.name: document.digest for document in visit.documents}
    if cursor == visit.request.cursor and not visit.misses:
        return visit.unchanged()
    left = len(listings) + len(details)
    return visit.fetched(cursor, more=f"{left} pages are left out (max_pages = {store.max_pages})" if left else "")


def _links(page: Answer, selector: str, encoding: str) -> Iterator[str]:
    if selector:
        html = Selector(text=page.body.decode(encoding, "replace"), type="html")
        for link in html.css(selector).getall():
            with suppress(ValueError):  # brackets that hold no address
                yield urljoin(page.url, link.strip()).partition("#")[0]


def _site(url: str) -> str:
    return urlsplit(url).netloc.lower()


async def _take(visit: Visit, url: str, site: str = "") -> Answer | None:
    """Fetch and keep one page of several; None where it is missed, which the outcome will tell."""
    try:
        answer = await visit.fetch(url)
    except Fault as fault:
        visit.misses.append(fault)
        return None
    if site and _site(answer.url) != site:
        visit.misses.append(Fault("a redirect leaves the site", is_gone=True))
        return None
    visit.keep(url, answer)
    return answer
