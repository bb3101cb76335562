"""Everything asked for here is synthetic."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from analytics.match.matcher import MATCHER_VERSION
from db.connection import open_database
from db.known import Known
from db.lookups import known_addresses, known_packages, stored_hosts
from db.plans import read_plan
from db.vocabulary import Answer, Claim
from tests.web.filled import DAY, NOON, Records, filled

HOST = "qifu-login-demo.example"
PAGE = "https:/login?x=1"


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with filled(tmp_path) as made:
        made.source("feed")
        made.source("police", verified=True)
        yield made


def _known(database: Database, addresses: list[tuple[str, str]]) -> list[Known]:
    """As known addresses are asked for; of hosts that are not stored nothing can be known."""
    stored = stored_hosts(database, {host for host, _ in addresses}, MATCHER_VERSION)
    assert not stored or all(one.matches is None for one in stored.values()), "none has been matched"
    return [
        known_addresses(database, [(stored[host].host_id, tail)])[0] if host in stored else Known()
        for host, tail in addresses
    ]


def ask(records: Records, host: str = HOST, tail: str = "") -> Known:
    with open_database(records.store.path, read_only=True) as database:
        return _known(database, [(host, tail)])[0]


def test_nothing_is_known_of_what_was_never_seen(records: Records) -> None:
    assert ask(records) == Known()
    with open_database(records.store.path, read_only=True) as database:
        assert known_addresses(database, []) == []
        assert known_packages(database, ["com.demo.never"]) == [Known()]


@pytest.mark.parametrize(
    ("said_of", "asked", "is_of_host"),
    [
        (HOST, "", False),
        (f"https://{HOST}/login?x=1", PAGE, False),
        (f"http://{HOST}/login?x=1", PAGE, False),
        (f"https://{HOST}/", "", False),
        (HOST, PAGE, True),
    ],
)
def test_a_claim_reaches(records: Records, said_of: str, asked: str, *, is_of_host: bool) -> None:
    records.sight("police", said_of, brand="qifu")
    (claim,) = ask(records, tail=asked).claims
    assert (claim.source, claim.is_verified, claim.claim, claim.named_brand) == (
        "police",
        True,
        Claim.MALICIOUS,
        "qifu",
    )
    assert claim.is_of_host is is_of_host


@pytest.mark.parametrize(
    ("said_of", "asked"),
    [
        (f"https://{HOST}/other", PAGE),
        (f"https://{HOST}/other", ""),
        (f"https://{HOST}:8443/login?x=1", PAGE),
        (f"https://www.{HOST}/login?x=1", PAGE),
        (f"https://{HOST}/", PAGE),
    ],
)
def test_a_claim_does_not_reach(records: Records, said_of: str, asked: str) -> None:
    records.sight("police", said_of)
    assert ask(records, tail=asked).claims == ()


def test_test_rows_say_nothing(records: Records) -> None:
    records.sight("police", HOST, is_test="true")
    records.judge(HOST, "confirmed", is_test="true")
    assert ask(records) == Known()


def test_a_source_has_one_claim_its_last(records: Records) -> None:
    records.sight("feed", HOST, "malicious", NOON)
    records.sight("feed", HOST, "benign", NOON + DAY)
    records.sight("feed", HOST, "none", NOON + 2 * DAY)
    known = ask(records)
    assert [claim.claim for claim in known.claims] == [Claim.BENIGN]
    assert (known.first_seen_at, known.last_seen_at) == (NOON, NOON + 2 * DAY)


def test_a_page_has_its_own_times_and_its_hosts_where_it_was_not_seen(records: Records) -> None:
    records.sight("feed", f"https://{HOST}/login?x=1", at=NOON)
    records.sight("feed", f"https://{HOST}/other", at=NOON + DAY)
    assert (ask(records, tail=PAGE).first_seen_at, ask(records, tail=PAGE).last_seen_at) == (NOON, NOON)
    assert (ask(records).first_seen_at, ask(records).last_seen_at) == (NOON, NOON + DAY)
    assert ask(records, tail="https:/third").first_seen_at is None


def test_the_latest_verdict_counts(records: Records) -> None:
    records.judge(HOST, "confirmed", NOON + DAY)
    records.judge(HOST, "dismissed", NOON)
    verdict = ask(records).verdict
    assert verdict is not None
    assert (verdict.answer, verdict.by, verdict.occurred_at) == (Answer.CONFIRMED, "li", NOON + DAY)


def test_a_pages_own_verdict_goes_before_its_hosts(records: Records) -> None:
    records.judge(f"https://{HOST}/login?x=1", "dismissed", NOON)
    records.judge(HOST, "confirmed", NOON + DAY)
    page, other = ask(records, tail=PAGE).verdict, ask(records, tail="https:/other").verdict
    assert page is not None
    assert other is not None
    assert (page.answer, page.is_of_host) == (Answer.DISMISSED, False)
    assert (other.answer, other.is_of_host) == (Answer.CONFIRMED, True)


@pytest.mark.parametrize(("hosts", "expected"), [("confirmed", Answer.CONFIRMED), (None, Answer.UNSURE)])
def test_unsure_gives_way(records: Records, hosts: str | None, expected: Answer) -> None:
    records.judge(f"https://{HOST}/login?x=1", "confirmed", NOON)
    records.judge(f"https://{HOST}/login?x=1", "unsure", NOON + DAY)
    if hosts:
        records.judge(HOST, hosts, NOON)
    verdict = ask(records, tail=PAGE).verdict
    assert verdict is not None
    assert verdict.answer is expected


def test_of_a_host_its_fraudulent_urls_are_counted(records: Records) -> None:
    for page in ("a", "b", "c"):
        records.sight("feed", f"https://{HOST}/{page}")
    records.sight("feed", f"https://{HOST}/seen", "none")
    records.sight("feed", f"https://{HOST}/", "malicious")
    records.judge(f"https://{HOST}/b", "dismissed")
    records.judge(f"https://{HOST}/seen", "unsure", NOON)
    records.judge(f"https://{HOST}/seen", "confirmed", NOON + DAY)
    assert ask(records).named_urls == len(["a", "c", "seen"])
    assert ask(records, tail="https:/d").named_urls == 0


def test_packages_are_known_by_their_apps(records: Records) -> None:
    app = {"package": "com.demo.loan", "name": "演示", "store": "demo-store"}
    records.save(
        "app",
        "feed",
        [
            {**app, "version": version, "published": NOON + day * DAY, "brand": "qifu"}
            for day, version in enumerate(("1", "2"))
        ],
        Claim.MALICIOUS,
    )
    records.match_app("com.demo.loan", "demopay", 70)
    records.match_app("com.demo.loan", "qifu", 80)
    records.judge("com.demo.loan", "unsure", package=True)
    with open_database(records.store.path, read_only=True) as database:
        unknown, known = known_packages(database, ["com.demo.other", "com.demo.loan"])
    assert unknown == Known()
    assert [(claim.source, claim.claim, claim.named_brand) for claim in known.claims] == [
        ("feed", Claim.MALICIOUS, "qifu")
    ]
    assert [(match.brand, match.confidence, match.threshold) for match in known.matches] == [
        ("qifu", 80, 60),
        ("demopay", 70, 70),
    ]
    assert known.verdict is not None
    assert known.verdict.answer is Answer.UNSURE
    assert (known.first_seen_at, known.last_seen_at) == (NOON, NOON + DAY)


def test_many_are_answered_in_their_order(records: Records) -> None:
    hosts = [f"host-{number}.example" for number in range(500)]
    records.save("address", "feed", [{"address": host} for host in hosts[::2]], Claim.MALICIOUS)
    with open_database(records.store.path, read_only=True) as database:
        known = _known(database, [(host, PAGE) for host in hosts])
    assert [len(one.claims) for one in known] == [1, 0] * 250


def test_nothing_is_read_from_end_to_end(records: Records) -> None:
    """But for the sources, a catalogue's worth, and what is asked for."""
    records.sight("police", HOST)
    records.judge(HOST, "confirmed")
    records.save("app", "feed", [{"package": "com.demo.loan", "store": "demo-store"}])
    with open_database(records.store.path, read_only=True) as database:
        asked: list[str] = []
        database.conn.set_trace_callback(asked.append)
        _known(database, [(HOST, PAGE), (HOST, "")])
        known_packages(database, ["com.demo.loan"])
        database.conn.set_trace_callback(None)
        steps = [step for sql in asked for step in read_plan(database, sql, {})]
    assert len(steps) > 20
    assert {step.table for step in steps if step.is_scan} <= {"source", "match_state", "rematch"}
