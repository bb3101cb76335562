"""Everything here is synthetic."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.vocabulary import Claim
from tests.web.filled import DAY, NOON, Records, filled
from web.review import review_queue

HOST = "qifu-login-demo.example"
APP = "com.demo.qifu"


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with filled(tmp_path) as made:
        made.source("feed")
        made.source("police", verified=True)
        yield made


def queue(records: Records) -> list[object]:
    return [row["value"] for row in review_queue(records.store.database)]


def look_alike(records: Records, host: str = HOST, claim: str = "none", confidence: int = 90, **more: object) -> None:
    records.sight("feed", f"https://{host}/login", claim, **more)  # type: ignore[arg-type]
    records.match(host, confidence=confidence)


def test_a_likeness_waits_with_all_an_analyst_needs(records: Records) -> None:
    look_alike(records)
    assert review_queue(records.store.database) == [
        {
            "value": HOST,
            "kind": "host",
            "brand": "qifu",
            "confidence": 90,
            "technique": "combination",
            "sources": "feed",
            "first_seen": "2024-06-01T12:00:00Z",
            "explanation_zh": "形似 qifu",
            "explanation_en": "like qifu",
        }
    ]


@pytest.mark.parametrize(
    ("brand", "confidence", "claim", "waits"),
    [
        ("qifu", 60, "none", True),
        ("qifu", 59, "none", False),
        ("qifu", 59, "malicious", True),
        ("demopay", 70, "none", True),
        ("demopay", 69, "malicious", False),
    ],
    ids=["threshold", "below", "below, followed, reported", "own threshold", "below, reported, not followed"],
)
def test_what_waits(records: Records, brand: str, confidence: int, claim: str, *, waits: bool) -> None:
    records.sight("feed", HOST, claim)
    records.match(HOST, brand, confidence)
    assert queue(records) == ([HOST] if waits else [])


@pytest.mark.parametrize(
    ("judged", "answers", "waits"),
    [
        (HOST, ["confirmed"], False),
        (HOST, ["dismissed"], False),
        (HOST, ["unsure"], True),
        (HOST, ["confirmed", "unsure"], True),
        (HOST, ["unsure", "dismissed"], False),
        (f"https://{HOST}/login", ["confirmed"], False),
        (f"https://{HOST}/login", ["dismissed"], True),
        (f"www.{HOST}", ["confirmed"], True),
    ],
)
def test_verdicts_take_it_off_the_queue(records: Records, judged: str, answers: list[str], *, waits: bool) -> None:
    look_alike(records)
    for day, answer in enumerate(answers):
        records.judge(judged, answer, NOON + day * DAY)
    assert queue(records) == ([HOST] if waits else [])


@pytest.mark.parametrize(
    ("source", "value", "claim", "waits"),
    [
        ("police", f"https://{HOST}/login", "malicious", False),
        ("police", f"https://{HOST}/login", "none", True),
        ("feed", HOST, "benign", False),
        ("feed", f"https://{HOST}/other", "benign", True),
    ],
)
def test_sources_take_it_off_the_queue(records: Records, source: str, value: str, claim: str, *, waits: bool) -> None:
    look_alike(records)
    records.sight(source, value, claim, NOON + DAY)
    assert queue(records) == ([HOST] if waits else [])


def test_a_reported_host_waits_though_it_is_on_an_allowlist(records: Records) -> None:
    look_alike(records, claim="malicious")
    records.sight("feed", HOST, "benign", NOON + DAY)
    assert queue(records) == [HOST]


def test_test_rows_decide_nothing(records: Records) -> None:
    look_alike(records)
    records.sight("police", HOST, "malicious", is_test="true")
    records.judge(HOST, "confirmed", is_test="true")
    assert [(row["value"], row["sources"]) for row in review_queue(records.store.database)] == [(HOST, "feed")]


def test_what_matters_most_comes_first(records: Records) -> None:
    for host, confidence in (("surest", 95), ("unsure", 99), ("early", 90), ("late", 90), ("seen-twice", 90)):
        look_alike(records, f"{host}.example", confidence=confidence, at=NOON + DAY * (host != "early"))
    records.sight("feed", "seen-twice.example", "none", NOON + 2 * DAY)
    records.sight("feed", "other-brand.example", "none")
    records.match("other-brand.example", "demopay", 90)
    records.judge("unsure.example", "unsure")
    expected = ["surest", "seen-twice", "early", "late", "other-brand", "unsure"]
    assert queue(records) == [f"{host}.example" for host in expected]
    assert len(review_queue(records.store.database, rows=2)) == 2


def test_a_host_that_resembles_two_brands_waits_once(records: Records) -> None:
    look_alike(records)
    records.match(HOST, "demopay", 95)
    assert [(row["value"], row["brand"]) for row in review_queue(records.store.database)] == [(HOST, "demopay")]


def test_the_versions_of_an_app_wait_once_and_are_judged_together(records: Records) -> None:
    app = {"package": APP, "name": "奇富", "store": "demo-store"}
    records.save(
        "app",
        "feed",
        [{**app, "version": "1"}, {**app, "version": "2"}, {"name": "no package", "store": "demo-store"}],
        Claim.NONE,
    )
    records.match_app(APP)
    assert [(row["value"], row["kind"]) for row in review_queue(records.store.database)] == [(APP, "package")]
    records.judge(APP, "dismissed", package=True)
    assert queue(records) == []
