import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from spiders.catalogue import Store
from spiders.crawl import CrawlOutcome, CrawlRequest
from tests.spiders.crawling import GOOD, Ran, again, fetch, fetch_all, make_request, page
from tests.spiders.loopback import Answer, Server, redirect, reply, serving, validated

# ---- a MISP feed directory

EVENTS = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(203)]


def serve_misp(server: Server, stamps: dict[str, int], etag: str = '"m"') -> CrawlRequest:
    manifest = {uuid: {"info": "synthetic", "timestamp": str(stamp)} for uuid, stamp in stamps.items()}
    server.answers = {f"/misp/{uuid}.json": reply(f'{{"Event": {{"uuid": "{uuid}"}}}}'.encode()) for uuid in stamps}
    server.answers["/misp/manifest.json"] = validated(json.dumps(manifest).encode(), etag)
    return make_request(server.url("/misp/"), "misp", format="misp")


def uuids(outcome: CrawlOutcome) -> list[str]:
    return [document.name.rpartition("/")[2].removesuffix(".json") for document in outcome.documents]


def test_of_a_misp_feed_only_changed_events_are_fetched_newest_first(server: Server, spool: Path) -> None:
    request = serve_misp(server, {EVENTS[0]: 999, EVENTS[1]: 1000, EVENTS[2]: 20})
    first = fetch(request, spool)
    assert uuids(first) == [EVENTS[1], EVENTS[0], EVENTS[2]]
    assert first.cursor == {EVENTS[0]: "999", EVENTS[1]: "1000", EVENTS[2]: "20"}
    assert fetch(again(first, request), spool).status == 304
    request = serve_misp(server, {EVENTS[0]: 999, EVENTS[1]: 1001}, '"n"')
    second = fetch(again(first, request), spool)
    assert uuids(second) == [EVENTS[1]]
    assert second.cursor == {EVENTS[0]: "999", EVENTS[1]: "1001"}
    request = serve_misp(server, {EVENTS[0]: 999, EVENTS[1]: 1001}, '"o"')
    third = fetch(again(second, request), spool)
    assert (third.outcome, third.status, third.etag) == ("unchanged", 200, '"o"')


def test_a_large_misp_feed_is_fetched_in_several_visits(server: Server, spool: Path) -> None:
    request = serve_misp(server, {uuid: 1000 + number for number, uuid in enumerate(EVENTS)})
    first = fetch(request, spool)
    assert (len(first.documents), first.reason, first.etag) == (200, "3 events are left for the next run", "")
    second = fetch(again(first, request), spool)
    assert (sorted(uuids(second)), second.reason, second.etag) == (EVENTS[:3], "", '"m"')


def test_an_event_that_is_missing_is_told_and_tried_again(server: Server, spool: Path) -> None:
    request = serve_misp(server, {EVENTS[0]: 1, EVENTS[1]: 2})
    missing = server.answers.pop(f"/misp/{EVENTS[1]}.json")
    first = fetch(request, spool)
    assert (first.outcome, first.reason) == ("fetched", "1 not fetched, the first because: HTTP 404")
    assert (uuids(first), first.etag, dict(first.cursor)) == ([EVENTS[0]], "", {EVENTS[0]: "1"})
    failed = fetch(again(first, request), spool)
    assert (failed.outcome, failed.reason) == ("failed", "HTTP 404")
    server.answers[f"/misp/{EVENTS[1]}.json"] = missing
    assert uuids(fetch(again(first, request), spool)) == [EVENTS[1]]


NO_MANIFEST = "manifest.json is not the manifest of a MISP feed"
MANIFESTS = {
    b"<html>suspended</html>": NO_MANIFEST,
    b"[]": NO_MANIFEST,
    b"[" * 100_000: NO_MANIFEST,
    b'{"x": {}}': NO_MANIFEST,
    b'{"../../secret": {"timestamp": "1"}}': "manifest.json names an event that is no UUID: '../../secret'",
}


def test_a_manifest_that_is_none_fails_the_source(server: Server, spool: Path) -> None:
    server.answers = {f"/{number}/manifest.json": reply(manifest) for number, manifest in enumerate(MANIFESTS)}
    outcomes = fetch_all([make_request(server.url(path), path[1], format="misp") for path in server.answers], spool)
    assert [outcomes[str(number)].reason for number in range(len(MANIFESTS))] == list(MANIFESTS.values())
    assert len(server.asked) == len(MANIFESTS)


# ---- an app store


APP = 'class="app" href="{}"'.format
NEXT = 'class="next" href="{}"'.format
TEN = {f"/app/{number}": GOOD for number in range(10)}


@dataclass(frozen=True)
class Walk:
    """A store's pages, what is asked for, what is brought, and what is said of the rest."""

    answers: dict[str, Answer]
    asked: list[str]
    brought: list[str]
    reason: str = ""
    max_pages: int = 100
    max_bytes: int = 10_000


WALKS = {
    "listings-first": Walk(
        {"/apps": page(APP("/app/1"), APP(" /app/2#top "), NEXT("?page=2")), "/apps?page=2": page(APP("/app/3"))} | TEN,
        ["/apps", "/apps?page=2", "/app/1", "/app/2", "/app/3"],
        ["/apps", "/apps?page=2", "/app/1", "/app/2", "/app/3"],
    ),
    "each-once": Walk(
        {"/apps": page(APP("/app/1"), APP("/app/1"), NEXT("/apps")), "/app/1": page(APP("/app/2"), NEXT("/apps?2"))},
        ["/apps", "/app/1"],
        ["/apps", "/app/1"],
    ),
    "same-site": Walk(
        {"/apps": page(*map(APP, ["http://elsewhere.example/", "mailto:a@b.example", "http://[::1/", "//"]))},
        ["/apps"],
        ["/apps"],
    ),
    "robots": Walk(
        {"/robots.txt": reply(b"User-agent: fanzha\nDisallow: /app/1\n"), "/apps": page(APP("/app/1"), APP("/app/2"))}
        | TEN,
        ["/apps", "/app/2"],
        ["/apps", "/app/2"],
        "1 not fetched, the first because: robots.txt forbids it",
    ),
    "closed": Walk(
        {"/robots.txt": reply(b"User-agent: *\nDisallow: /\n"), "/apps": page()}, [], [], "robots.txt forbids it"
    ),
    "gone": Walk(
        {"/apps": page(*map(APP, ["/gone/1", "/gone/2", "/gone/3", "/gone/4", "/app/1"]))} | TEN,
        ["/apps", "/gone/1", "/gone/2", "/gone/3", "/gone/4", "/app/1"],
        ["/apps", "/app/1"],
        "4 not fetched, the first because: HTTP 404",
    ),
    "refusing": Walk(
        {"/apps": page(*map(APP, TEN))} | dict.fromkeys(TEN, reply(b"", 403)),
        ["/apps", "/app/0", "/app/1", "/app/2"],
        ["/apps"],
        "3 not fetched, the first because: HTTP 403",
    ),
    "page-limit": Walk(
        {"/apps": page(APP("/app/1"), APP("/app/2"), APP("/app/3"))} | TEN,
        ["/apps", "/app/1"],
        ["/apps", "/app/1"],
        "2 pages are left out (max_pages = 2)",
        max_pages=2,
    ),
    "size-limit": Walk(  # for all pages together
        {"/apps": page(APP("/app/1")), "/app/1": reply(b"x" * 990)},
        ["/apps", "/app/1"],
        ["/apps"],
        "1 not fetched, the first because: larger than 1,000 bytes",
        max_bytes=1000,
    ),
    "leaving": Walk(
        {"/apps": page(APP("/app/1"))},  # the redirect to another server is added once that has a port
        ["/apps", "/app/1"],
        ["/apps"],
        "1 not fetched, the first because: a redirect leaves the site",
    ),
}


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    spool = tmp_path_factory.mktemp("spool")
    with ExitStack() as stack:
        servers = {name: stack.enter_context(serving()) for name in (*WALKS, "elsewhere")}
        servers["elsewhere"].answers["/"] = page()
        requests = []
        for name, walk in WALKS.items():
            servers[name].answers = dict(walk.answers)
            store = Store(next=".next::attr(href)", detail=".app::attr(href)", max_pages=walk.max_pages)
            declared = {"format": "store", "store": store, "max_bytes": walk.max_bytes}
            requests.append(make_request(servers[name].url("/apps"), name, **declared))
        servers["leaving"].answers["/app/1"] = redirect(servers["elsewhere"].url("/"))
        yield Ran(fetch_all(requests, spool), servers, spool)


@pytest.mark.parametrize("name", WALKS)
def test_a_store_is_walked_within_its_bounds(name: str, walked: Ran) -> None:
    walk, outcome, server = WALKS[name], walked.outcomes[name], walked.servers[name]
    assert server.paths() == ["/robots.txt", *walk.asked]
    assert [document.name.removeprefix(server.url("")) for document in outcome.documents] == walk.brought
    assert outcome.reason.startswith(walk.reason)
    assert bool(outcome.reason) == bool(walk.reason)
