"""What follows a takedown notice: reminders, answers, and registries that are asked anew."""

from typing import Any

import pytest

from db.errors import UsageError
from db.store import Store, now_ms
from db.verify import verify_store
from flows.notices.answering import answer, approve
from flows.notices.drafting import draft
from flows.notices.registries import registries
from flows.notices.sending import send
from flows.notices.waiting import queue
from tests.flows.takedowns import (
    DAY,
    DOMAIN,
    HOSTING,
    HOUR,
    NETWORK,
    REGISTRAR,
    SITE,
    Inbox,
    mail_of,
    notices,
    one,
    place,
    rules,
    sending,
)
from tests.spiders.loopback import reply
from tests.spiders.registries import Registrars


def test_who_does_nothing_is_reminded_and_then_others_are_told(
    attacked: Store, inbox: tuple[Inbox, dict[str, Any]]
) -> None:
    handler, smtp = inbox
    given = sending(smtp, escalate={"mailboxes": ["cert@cert.example"]})
    now = now_ms()

    def later(hours: int) -> list[str]:
        before = len(handler.mails)
        place(attacked, SITE, REGISTRAR, HOSTING, NETWORK, at=now + hours * HOUR)
        draft(attacked, given, now=now + hours * HOUR)
        send(attacked, given, now=now + hours * HOUR)
        return sorted(to for _, (to,), _ in handler.mails[before:])

    assert later(0) == ["abuse@hosting.example", "abuse@registrar.example"]
    answer(attacked, 1, "actioned", "li", "suspended, they say")
    assert later(47) == []
    assert later(49) == ["abuse@hosting.example"]
    assert later(50) == []
    assert later(97) == ["abuse@hosting.example"]
    assert later(121) == ["abuse@carrier.example", "cert@cert.example"]
    assert later(122) == []
    kinds = [(one.kind, one.step) for one in notices(attacked)]
    assert kinds == [("first", 0), ("first", 0), ("reminder", 1), ("reminder", 2), ("escalation", 0), ("escalation", 0)]
    _, text, _ = mail_of(handler.mails[2][2])
    assert "A first notice was sent at" in text
    waiting = queue(attacked.database, given, now + 200 * HOUR)
    assert {row["what"] for row in waiting} == {"past deadline", "remind"}


def test_each_reminder_waits_for_the_one_before(attacked: Store, inbox: tuple[Inbox, dict[str, Any]]) -> None:
    given = sending(inbox[1], ignore=[{"mailbox": "*@hosting.example"}])
    draft(attacked, given)
    send(attacked, given)
    by_hand = rules(ignore=[{"mailbox": "*@hosting.example"}])
    now = now_ms()
    for hours in (49, 97, 110):
        place(attacked, SITE, REGISTRAR, HOSTING, NETWORK, at=now + hours * HOUR)
        draft(attacked, by_hand, now=now + hours * HOUR)
    assert [(one.step, one.state) for one in notices(attacked)] == [(0, "sent"), (1, "drafted")]


ANSWERS = [
    ("acknowledged", "sent", True),
    ("refused", "sent", True),
    ("actioned", "sent", True),
    ("bounced", "sent", True),
    ("noted", "sent", True),
    ("sent", "sent", False),
    ("unsent", "sent", False),
    ("withdrawn", "sent", False),
    ("withdrawn", "drafted", True),
    ("actioned", "drafted", False),
    ("sent", "drafted", False),
]


@pytest.mark.parametrize(("word", "state", "is_possible"), ANSWERS)
def test_an_answer_fits_the_state(
    attacked: Store, inbox: tuple[Inbox, dict[str, Any]], word: str, state: str, is_possible: bool
) -> None:
    draft(attacked, sending(inbox[1]) if state == "sent" else rules())
    send(attacked, sending(inbox[1]))
    if is_possible:
        answer(attacked, 1, word, "li", "they wrote")
        log = one(attacked, "SELECT * FROM notice_event WHERE notice_id = 1 ORDER BY notice_event_id DESC LIMIT 1")
        assert (log["type"], log["by"], log["why"]) == (word, "li", "they wrote")
        return
    with pytest.raises(UsageError, match=f"notice 1: is {state}; only one that is"):
        answer(attacked, 1, word, "li", "they wrote")


def test_what_people_say_is_recorded_at_the_time_that_is_given(
    attacked: Store, inbox: tuple[Inbox, dict[str, Any]]
) -> None:
    form = rules(replace=[{"channel": "hosting", "host": "*", "form": "https://h.example/report"}], smtp=inbox[1])
    attacked.database.execute("UPDATE whereabouts SET asked_at = ?", [DAY])
    draft(attacked, form, now=DAY)
    approve(attacked, [1, 2], "li", "checked", now=2 * DAY)
    send(attacked, form, now=3 * DAY)
    answer(attacked, 1, "actioned", "li", "they wrote", now=4 * DAY)
    answer(attacked, 2, "sent", "li", "filled in", now=5 * DAY)
    log = attacked.database.execute("SELECT notice_id, type, at FROM notice_event ORDER BY notice_event_id").fetchall()
    assert [(number, word, at // DAY) for number, word, at in log if number == 1 or word != "drafted"] == [
        (1, "drafted", 1),
        (1, "approved", 2),
        (2, "approved", 2),
        (1, "sending", 3),
        (1, "sent", 3),
        (1, "actioned", 4),
        (2, "sending", 5),
        (2, "sent", 5),
    ]


# ---- registries


def test_registries_are_fetched_kept_and_fetched_anew_when_old(attacked: Store, made: Registrars) -> None:
    made.stand(SITE, DOMAIN)
    attacked.database.execute("DELETE FROM whereabouts")
    done = draft(attacked, rules(), declared=made.declared, loopback=True)
    assert (done.faults, len(done.written)) == ([], 2)
    row = one(attacked, "SELECT registrar, provider, country, asn FROM whereabouts")
    assert row == {
        "registrar": "Synthetic Registrar Ltd",
        "provider": "Synthetic Hosting BV",
        "country": "NL",
        "asn": 64496,
    }
    lists = {path for path in made.rdap.paths() if path.startswith("/iana/")}
    assert len(lists) == 5
    assert verify_store(attacked)[1] == []
    made.rdap.asked.clear()
    attacked.database.execute("DELETE FROM whereabouts")
    draft(attacked, rules(), declared=made.declared, loopback=True)
    assert "/domain/bad.shop" in made.rdap.paths()
    assert not lists & set(made.rdap.paths())
    made.rdap.answers["/iana/dns.json"] = reply(b"<html>not now</html>")
    who, faults = registries(attacked, made.declared, loopback=True, now=now_ms() + 8 * DAY)
    assert lists <= set(made.rdap.paths())
    assert [fault.partition(";")[0] for fault in faults] == [
        "source rdap-dns: no registry of RDAP servers: JSONDecodeError: Expecting value: line 1 column 1 (char 0)"
    ]
    assert '"shop"' in who.bootstrap


def test_what_a_clock_that_was_ahead_dated_is_asked_anew(attacked: Store, made: Registrars) -> None:
    made.stand(SITE, DOMAIN)
    attacked.database.execute("DELETE FROM whereabouts")
    for ahead, expected in ((400 * DAY, True), (0, True), (HOUR, False)):
        made.rdap.asked.clear()
        draft(attacked, rules(), declared=made.declared, loopback=True, now=now_ms() + ahead)
        assert ("/domain/bad.shop" in made.rdap.paths(), "/iana/dns.json" in made.rdap.paths()) == (expected, expected)


def test_what_is_old_is_asked_anew_by_the_clock_that_is_given(attacked: Store, made: Registrars) -> None:
    made.stand(SITE, DOMAIN)
    attacked.database.execute("DELETE FROM whereabouts")
    asked = []
    for hours in (0, 23, 24, 8 * 24):
        made.rdap.asked.clear()
        draft(attacked, rules(), declared=made.declared, loopback=True, now=100 * DAY + hours * HOUR)
        asked.append(("/iana/dns.json" in made.rdap.paths(), "/domain/bad.shop" in made.rdap.paths()))
    assert asked == [(True, True), (False, False), (False, True), (True, True)]


def test_without_registries_that_is_told(attacked: Store, made: Registrars) -> None:
    made.rdap.answers.clear()
    made.world.addresses[SITE] = ("1.2.3.4",)
    attacked.database.execute("DELETE FROM whereabouts")
    done = draft(attacked, rules(), declared=made.declared, loopback=True)
    assert "RDAP is not asked: registries were never fetched: asn, dns, ipv4, ipv6, object" in done.faults
    assert notices(attacked) == []
