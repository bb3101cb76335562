"""What analysts ask: how each is looked up, and what it answers. Every record here is synthetic."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from db.connection import open_database
from db.plans import read_plan
from db.vocabulary import Claim, Yields
from tests.web.filled import DAY, NOON, Records, filled
from web.questions import LARGE, QUESTIONS, Question

HOST = "login.qifu-demo.example"
BESIDE = "pay.qifu-demo.example"
OTHER = "harmless.example"
LATER = NOON + 7 * DAY


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with filled(tmp_path) as made:
        _fill(made)
        yield made


def _fill(records: Records) -> None:
    records.source("feed")
    records.source("police", verified=True)
    records.sight("feed", f"https://{HOST}/a", brand="Qifu")
    records.sight("feed", f"https://{HOST}/a", at=LATER)
    records.sight("police", f"https://{HOST}/a", at=NOON + 1)
    records.sight("police", f"https://{BESIDE}/b", at=NOON - DAY)
    records.sight("feed", OTHER, "none", at=NOON)
    records.sight("feed", f"https://{HOST}/test", at=NOON, is_test="1")
    records.match(HOST)
    records.match(BESIDE, "demopay", 69)  # its threshold is 70
    records.judge(f"https://{HOST}/a", "confirmed", NOON + 2)
    app: dict[str, object] = {
        "package": "com.demo.qifu",
        "name": "奇富",
        "developer": "dev",
        "certificate": "ab" * 32,
        "store": "s",
    }
    records.save("app", "feed", [app], Claim.MALICIOUS)
    records.match_app("com.demo.qifu")
    company = records.source("company", Yields.EVENTS)
    warned = {"stage": "emitted", "channel": "sms", "occurred_at": NOON}
    records.save("warning", company, [{**warned, "event_id": f"w{n}"} for n in range(3)])
    records.save("warning", company, [{**warned, "event_id": f"w{n}", "occurred_at": LATER} for n in range(2, 5)])
    lost = {"type": "realised", "episode": "e", "programme": "p", "tier": "A", "occurred_at": NOON}
    records.save("loss", company, [{**lost, "event_id": f"l{n}", "amount": "10.25"} for n in range(2)])
    records.store.database.execute(
        """INSERT INTO attack (attack_key, target, address, brand, is_own, state, first_seen_at, confirmed_at, reopened,
            events) VALUES ('k', ?1, 'https://' || ?1 || '/a', 'qifu', 1, 'confirmed', ?2, ?2, 0, 1)""",
        [HOST, NOON],
    )


def ask(records: Records, question_name: str, /, **given: str) -> list[dict[str, Any]]:
    question = next(one for one in QUESTIONS if one.name == question_name)
    return list(records.store.database.query(question.sql, {**question.example, **given}))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.name)
def test_no_large_table_is_read_from_end_to_end_unless_it_is_said(tmp_path: Path, question: Question) -> None:
    with open_database(tmp_path / "fanzha.db") as database:
        steps = read_plan(database, question.sql, question.example)
    assert steps
    assert {step.table for step in steps if step.is_scan} & LARGE == set(question.scans)


def test_a_scan_is_seen_by_whatever_name(tmp_path: Path) -> None:
    with open_database(tmp_path / "fanzha.db") as database:
        plan = read_plan(database, "SELECT sum(seen.claim) FROM sighting AS seen LEFT JOIN url USING (url_id)", {})
    assert [(step.table, step.is_scan) for step in plan] == [("sighting", True), ("url", False)]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.name)
def test_a_question_says_what_it_wants_to_know(question: Question) -> None:
    assert set(re.findall(r"[^:]:([a-z]+)", question.sql)) == set(question.example)
    assert all(f":{name}" in question.title for name in question.example)
    assert re.fullmatch(r".*[\u4e00-\u9fff].* · .*[a-z].*", question.title)


def test_the_history_of_a_host_tells_everything_in_order(records: Records) -> None:
    told = [(row["what"], row["who"], row["says"], row["brand"]) for row in ask(records, "host-history", host=HOST)]
    assert told == [
        ("attack", "k", "confirmed", "qifu"),
        ("likeness", "combination", "90 like qifu", "qifu"),
        ("sighting", "feed", "malicious", "Qifu"),
        ("sighting", "police", "malicious", None),
        ("verdict", "li", "confirmed", None),
        ("sighting", "feed", "malicious", None),
    ]
    assert ask(records, "host-history", host=HOST.upper().replace(".", "[.]")) == ask(
        records, "host-history", host=HOST
    )


ANSWERS = [
    (
        "host-over-time",
        {"host": HOST},
        [("2024-05-27", 2, 1, "feed,police"), ("2024-06-03", 1, 1, "feed")],
    ),
    ("host-search", {"part": "QIFU[.]EX"}, []),
    (
        "host-search",
        {"part": "qifu-demo"},
        [(BESIDE, "qifu-demo.example", "demopay", 69, 1), (HOST, "qifu-demo.example", "qifu", 90, 4)],
    ),
    (
        "neighbours",
        {"host": BESIDE},
        [
            (f"https://{HOST}/a", 1, 3, "2024-06-01T12:00:00Z", "2024-06-08T12:00:00Z"),
            (f"https://{BESIDE}/b", 1, 1, "2024-05-31T12:00:00Z", "2024-05-31T12:00:00Z"),
        ],
    ),
    (
        "new-lookalikes",
        {"brand": "qifu", "day": "2024-06-01"},
        [("2024-06-01T12:00:00Z", HOST, "qifu", "combination", 90, "形似 qifu", "like qifu")],
    ),
    ("new-lookalikes", {"brand": "demopay", "day": "2024-06-01"}, []),
    ("new-lookalikes", {"brand": "qifu", "day": "2024-06-02"}, []),
    ("new-lookalikes", {"brand": "", "day": ""}, []),
    ("lookalikes-by-week", {"year": "2024"}, [("2024-05-27", "qifu", 1, 90)]),
    ("lookalikes-by-week", {"year": "2023"}, []),
    ("lookalikes-by-technique", {"year": "2024"}, [("combination", 1, 1, 90.0)]),
    ("source-day", {"source": "feed", "day": "2024-06-01"}, [(2, 2, 2, 1)]),
    ("source-day", {"source": "police", "day": "2024-06-01"}, [(1, 1, 0, 0)]),
    ("source-day", {"source": "police", "day": "2024-05-31"}, [(1, 1, 1, 1)]),
    ("source-day", {"source": "nobody", "day": "2024-06-01"}, [(0, 0, 0, 0)]),
    ("busiest-domains", {"day": "2024-06-01"}, [("qifu-demo.example", 0, 1, 1, 2)]),
    (
        "warnings-by-week",
        {"year": "2024"},
        [("2024-05-27", "sms", "emitted", 3), ("2024-06-03", "sms", "emitted", 2)],
    ),
    ("losses", {"year": "2024"}, [("p", "A", "realised", 2, 1, "20.50")]),
    ("losses", {"year": "2023"}, []),
]


@pytest.mark.parametrize(("name", "given", "answer"), ANSWERS)
def test_what_is_answered(records: Records, name: str, given: dict[str, str], answer: list[tuple[object, ...]]) -> None:
    assert [tuple(row.values()) for row in ask(records, name, **given)] == answer


def test_an_open_attack_is_listed_with_its_age(records: Records) -> None:
    (row,) = ask(records, "open-attacks")
    assert (row["attack"], row["target"], row["confirmed"]) == ("k", HOST, "2024-06-01T12:00:00Z")
    assert row["days_open"] > 700


@pytest.mark.parametrize("name", ["com.demo.qifu", "dev", "ab" * 32])
def test_apps_are_found_by_what_they_share(records: Records, name: str) -> None:
    (row,) = ask(records, "apps-alike", name=name)
    assert (row["package"], row["brands"], row["first_seen"]) == ("com.demo.qifu", "qifu", "2024-06-01T12:00:00Z")
    assert ask(records, "apps-alike", name="none") == []
