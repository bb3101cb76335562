import gzip
import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from spiders.catalogue import Store
from spiders.crawl import JOB, CrawlOutcome, CrawlRequest, Job, crawl
from tests.spiders.crawling import GOOD, Ran, again, fetch_all, make_request, page
from tests.spiders.loopback import Answer, Asked, Server, after, redirect, reply, serving, stream, turns, validated

# ---- one document: what may happen to it. All cases run in one crawl, each against a server of its own.


@dataclass(frozen=True)
class Case:
    answer: Answer
    reason: str
    requests: int = 1
    declared: dict[str, object] = field(default_factory=dict)


def hang_up(asked: Asked) -> None:
    asked.close_connection = True
    asked.connection.shutdown(socket.SHUT_RDWR)


def break_off(asked: Asked) -> None:
    reply(b"half", Content_Length="100")(asked)
    hang_up(asked)


def drip(asked: Asked) -> None:
    asked.send_response(200)
    asked.send_header("Content-Length", "1000")
    asked.end_headers()
    for _ in range(100):
        asked.wfile.write(b".")
        asked.wfile.flush()
        time.sleep(0.05)


SOON = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
SMALL: dict[str, object] = {"max_bytes": 1000}
CASES = {
    "good": Case(GOOD, ""),
    "hiccup": Case(turns(reply(b"", 503), GOOD), "", 2),
    "busy": Case(turns(reply(b"", 429, Retry_After="1"), GOOD), "", 2),
    "busy-until": Case(turns(reply(b"", 503, Retry_After=SOON), GOOD), "", 2),
    "busy-unclear": Case(turns(reply(b"", 503, Retry_After="later"), GOOD), "", 2),
    "busy-for-long": Case(reply(b"", 429, Retry_After="3600"), "HTTP 429, asks to wait 3,600 s"),
    "broken": Case(reply(b"", 503), "HTTP 503, tried 3 times", 3),
    "over-limit": Case(reply(b"", 509), "HTTP 509"),
    "gone": Case(reply(b"", 404), "HTTP 404"),
    "forbidden": Case(reply(b"", 403), "HTTP 403"),
    "unasked-304": Case(reply(b"", 304), "HTTP 304"),
    "part": Case(reply(b"half", 206), "HTTP 206"),
    "hangs-up": Case(hang_up, "connection lost, tried 3 times", 3),
    "breaks-off": Case(break_off, "the answer breaks off, tried 3 times", 3),
    "too-large": Case(reply(b"x" * 1001), "larger than 1,000 bytes", 1, SMALL),
    "just-fits": Case(reply(b"x" * 1000), "", 1, SMALL),
    "too-large-undeclared": Case(stream(b"x" * 600, b"x" * 600), "larger than 1,000 bytes", 1, SMALL),
    "undeclared": Case(stream(b"x" * 600), "", 1, SMALL),
    "gzip": Case(reply(gzip.compress(b"x" * 900), Content_Encoding="gzip"), "", 1, SMALL),
    "gzip-twice-over": Case(reply(gzip.compress(b"a") + gzip.compress(b"b"), Content_Encoding="gzip"), ""),
    "gzip-bomb": Case(
        reply(gzip.compress(b"\0" * 50_000_000), Content_Encoding="gzip"),
        "larger than 100,000 bytes",
        1,
        {"max_bytes": 100_000},
    ),
    "gzip-breaks-off": Case(
        reply(gzip.compress(os.urandom(500))[:-20], Content_Encoding="gzip"),
        "the answer's compression is faulty: Compressed file ended before the end-of-stream marker was reached",
    ),
    "no-gzip": Case(
        reply(b"plain", Content_Encoding="gzip"),
        "the answer's compression is faulty: Not a gzipped file (b'pl')",
    ),
    "brotli": Case(reply(b"x", Content_Encoding="br"), "a content encoding that was not asked for: br"),
    "drips": Case(drip, "timed out after 0.6 s, tried 3 times", 3, {"timeout_seconds": 0.6}),
    "to-metadata": Case(redirect("http://169.254.169.254/latest/meta-data"), "refused: 169.254.169.254 is link-local"),
    "to-private": Case(redirect("http://10.0.0.1/"), "refused: 10.0.0.1 is private"),
    "to-integer": Case(redirect("http://167772161/"), "refused: 10.0.0.1 is private"),
    "to-mapped": Case(redirect("http://[::ffff:10.0.0.1]/"), "refused: ::ffff:10.0.0.1 is private"),
    "to-link-local": Case(redirect("http://[fe80::1]/"), "refused: fe80::1 is link-local"),
    "to-unspecified": Case(redirect("http://0.0.0.0/"), "refused: 0.0.0.0 is unspecified"),
    "to-nat64": Case(redirect("http://[64:ff9b::a00:1]/"), "refused: 64:ff9b::a00:1 is a NAT64 address"),
    "to-file": Case(redirect("file:///etc/passwd"), "refused: a redirect to file:, only http and https are fetched"),
    "to-ftp": Case(redirect("ftp://127.0.0.1/"), "refused: a redirect to ftp:, only http and https are fetched"),
    "to-data": Case(redirect("data:text/plain,x"), "refused: a redirect to data:, only http and https are fetched"),
    "to-itself": Case(redirect("/feed"), "more than 5 redirects", 6),
    "to-nonsense": Case(redirect("http://[::1/"), "a faulty address: Invalid IPv6 URL"),
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    spool = tmp_path_factory.mktemp("spool")
    with ExitStack() as stack:
        servers = {name: stack.enter_context(serving()) for name in CASES}
        for name, case in CASES.items():
            servers[name].answers["/feed"] = case.answer
        requests = [make_request(servers[name].url("/feed"), name, **case.declared) for name, case in CASES.items()]
        yield Ran(fetch_all(requests, spool), servers, spool)


@pytest.mark.parametrize("name", CASES)
def test_a_source_ends_as_its_server_answers(name: str, ran: Ran) -> None:
    case, outcome = CASES[name], ran.outcomes[name]
    assert outcome.reason == case.reason
    assert outcome.outcome == ("failed" if case.reason else "fetched")
    assert bool(outcome.documents) == (not case.reason)
    assert len(ran.servers[name].asked) == case.requests


def test_a_body_is_spooled_under_its_digest(ran: Ran) -> None:
    body = b"https://qifu-login-demo.example/\n"
    (document,) = ran.outcomes["good"].documents
    assert document.digest == hashlib.sha256(body).hexdigest()
    assert (ran.spool / document.digest).read_bytes() == body
    assert document.size == len(body)
    assert abs(document.fetched_at / 1000 - time.time()) < 60
    assert document.name == ran.servers["good"].url("/feed")


@pytest.mark.parametrize(
    ("name", "body"), [("gzip", b"x" * 900), ("gzip-twice-over", b"ab"), ("undeclared", b"x" * 600)]
)
def test_content_encoding_is_undone_whole(name: str, body: bytes, ran: Ran) -> None:
    assert (ran.spool / ran.outcomes[name].documents[0].digest).read_bytes() == body


def test_only_what_is_fetched_is_spooled(ran: Ran) -> None:
    kept = {document.digest for outcome in ran.outcomes.values() for document in outcome.documents}
    assert {path.name for path in ran.spool.iterdir()} == kept


def test_we_say_who_we_are_and_carry_nothing_else(ran: Ran) -> None:
    (_, headers), *_ = ran.servers["good"].asked
    assert re.fullmatch(r"fanzha/\S+ \(\+anti-fraud research\)", headers["User-Agent"])
    assert not {"Cookie", "Referer", "Authorization", "If-None-Match", "If-Modified-Since"} & set(headers)


def test_a_feed_is_fetched_without_asking_robots_txt(ran: Ran) -> None:
    assert {path for server in ran.servers.values() for path in server.paths()} == {"/feed"}


# ---- what is remembered from the last time


def serve_changing(server: Server) -> list[CrawlRequest]:
    """Three kinds of source that stay the same once, then change."""
    server.answers = {
        "/validators": turns(*[validated(b"a", '"v1"')] * 2, validated(b"b", '"v2"')),
        "/bytes": turns(reply(b"a"), reply(b"a"), reply(b"b")),
        "/store": page('class="app" href="/app"'),
        "/app": turns(reply(b"a"), reply(b"a"), reply(b"b")),
    }
    store = {"format": "store", "store": Store(detail=".app::attr(href)")}
    declared: dict[str, dict[str, object]] = {"validators": {}, "bytes": {}, "store": store}
    return [make_request(server.url(f"/{name}"), name, **options) for name, options in declared.items()]


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, CrawlOutcome]]:
    done: list[dict[str, CrawlOutcome]] = []
    with serving() as server:
        requests = serve_changing(server)
        for _ in range(3):
            done.append(fetch_all(requests, tmp_path_factory.mktemp("spool")))
            requests = [again(done[-1][request.source.name], request) for request in requests]
    return done


@pytest.mark.parametrize("name", ["validators", "bytes", "store"])
def test_only_what_has_changed_is_brought(name: str, rounds: list[dict[str, CrawlOutcome]]) -> None:
    first, second, third = (outcomes[name] for outcomes in rounds)
    assert [first.outcome, second.outcome, third.outcome] == ["fetched", "unchanged", "fetched"]
    assert second.documents == ()
    assert (second.etag, second.last_modified, second.cursor) == (first.etag, first.last_modified, first.cursor)
    assert len(third.documents) == len(first.documents)


def test_what_has_validators_is_asked_for_conditionally(rounds: list[dict[str, CrawlOutcome]]) -> None:
    assert [outcomes["validators"].status for outcomes in rounds] == [200, 304, 200]
    assert [outcomes["validators"].etag for outcomes in rounds] == ['"v1"', '"v1"', '"v2"']


# ---- many sources


def test_a_slow_source_does_not_hold_the_others(server: Server, spool: Path) -> None:
    release = threading.Event()
    server.answers["/feed"] = after(release, GOOD)
    with serving() as quick:
        quick.answers["/feed"] = GOOD
        requests = [make_request(server.url("/feed"), "slow"), make_request(quick.url("/feed"), "quick")]
        outcomes = crawl(requests, spool, loopback=True)
        assert next(outcomes).source == "quick"
        release.set()
        assert [outcome.source for outcome in outcomes] == ["slow"]


def test_a_host_is_visited_by_one_connection_at_a_time(server: Server, spool: Path) -> None:
    turn, alone = threading.Lock(), []

    def answer(asked: Asked) -> None:
        alone.append(turn.acquire(blocking=False))
        time.sleep(0.1)
        if alone[-1]:
            turn.release()
        GOOD(asked)

    server.answers = {f"/{number}": answer for number in range(4)}
    outcomes = fetch_all([make_request(server.url(path), f"feed-{path[1]}") for path in server.answers], spool)
    assert {outcome.outcome for outcome in outcomes.values()} == {"fetched"}
    assert alone == [True] * 4


def test_a_fault_in_the_collector_fails_one_source(
    server: Server, spool: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server.answers = {"/feed": GOOD, "/store": reply(b"<html>")}
    store = make_request(server.url("/store"), "store", format="store", store=Store(next="undeclared|a"))
    outcomes = fetch_all([store, make_request(server.url("/feed"))], spool)
    assert outcomes["store"].reason.startswith("unexpected ValueError: ")
    assert outcomes["feed"].outcome == "fetched"
    assert "ValueError" in capfd.readouterr().err


def test_a_body_that_cannot_be_kept_fails_its_source(server: Server, spool: Path) -> None:
    def answer(asked: Asked) -> None:
        spool.rmdir()
        GOOD(asked)

    server.answers["/feed"] = answer
    (outcome,) = crawl([make_request(server.url("/feed"))], spool, loopback=True)
    assert (outcome.outcome, outcome.status) == ("failed", 200)
    told = (
        f"folder {spool.parent}: cannot be written: No such file or directory; make room or give access, then run again"
    )
    assert outcome.reason == told


def test_no_requests_start_no_process(spool: Path) -> None:
    assert list(crawl([], spool)) == []
    assert not spool.exists()


# ---- processes


def children(parent: int) -> list[int]:
    tasks = Path(f"/proc/{parent}/task")
    return [int(pid) for task in tasks.iterdir() for pid in (task / "children").read_text().split()]


def crawling() -> list[int]:
    """The crawl that this process has begun; other tests of it may have left children of other kinds."""
    return [pid for pid in children(os.getpid()) if b"spiders.child" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


needs_proc = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds child processes in /proc")


@needs_proc
def test_a_child_that_is_killed_fails_what_it_still_had_to_fetch(server: Server, spool: Path) -> None:
    release = threading.Event()
    server.answers = {"/feed": after(release, GOOD)}
    with serving() as quick:
        quick.answers["/feed"] = GOOD
        requests = [make_request(server.url("/feed"), "slow"), make_request(quick.url("/feed"), "quick")]
        outcomes = crawl(requests, spool, loopback=True)
        assert next(outcomes).outcome == "fetched"
        (child,) = crawling()
        os.kill(child, signal.SIGKILL)
        assert list(outcomes) == [CrawlOutcome("slow", "failed", "the crawl was killed (signal 9)")]
    release.set()


def test_a_child_that_cannot_start_fails_every_source(spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    requests = [make_request("http://127.0.0.1:9/" + "x" * 100_000, name) for name in ("one", "two")]
    outcomes = fetch_all(requests, spool)
    reason = "the crawl ended before this source was fetched (exit 1)"
    assert {outcome.reason for outcome in outcomes.values()} == {reason}
    assert sorted(outcomes) == ["one", "two"]


@needs_proc
def test_a_reader_who_stops_early_ends_the_child(server: Server, spool: Path) -> None:
    server.answers = {"/feed": after(threading.Event(), GOOD)}
    with serving() as quick:
        quick.answers["/feed"] = GOOD
        requests = [make_request(server.url("/feed"), "slow"), make_request(quick.url("/feed"), "quick")]
        outcomes = crawl(requests, spool, loopback=True)
        next(outcomes)
        (child,) = crawling()
        outcomes.close()  # type: ignore[attr-defined]  # a generator by nature, an iterator by promise
        assert not is_running(child)


def listening(pid: int) -> set[str]:
    """Inodes of the sockets on which a process waits for connections."""
    own = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            own.add(str(link.readlink()).removeprefix("socket:[").removesuffix("]"))
    tables = [Path(f"/proc/{pid}/net/{name}").read_text() for name in ("tcp", "tcp6")]
    lines = [line.split() for table in tables for line in table.splitlines()]
    return own & {line[9] for line in lines if line[3] == "0A"}


@needs_proc
def test_a_crawl_opens_no_port(server: Server, spool: Path) -> None:
    release = threading.Event()
    server.answers = {"/feed": after(release, GOOD)}
    outcomes = crawl([make_request(server.url("/feed"))], spool, loopback=True)
    ended = threading.Thread(target=list, args=(outcomes,))
    ended.start()
    wait_for(lambda: server.asked)
    (child,) = crawling()
    assert listening(child) == set()
    assert listening(os.getpid())
    release.set()
    ended.join()


PARENT = """
import sys
from pathlib import Path
from spiders.crawl import JOB, crawl
job = JOB.validate_json(sys.stdin.read())
list(crawl(job.requests, job.spool, loopback=True))
"""


@needs_proc
def test_the_child_does_not_outlive_its_parent(server: Server, spool: Path) -> None:
    server.answers = {"/feed": after(threading.Event(), GOOD)}
    job = JOB.dump_json(Job((make_request(server.url("/feed")),), spool, loopback=True))
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE) as parent:
        assert parent.stdin is not None
        parent.stdin.write(job)
        parent.stdin.close()
        wait_for(lambda: server.asked)
        (child,) = children(parent.pid)
        parent.kill()
    wait_for(lambda: not is_running(child), 5)
