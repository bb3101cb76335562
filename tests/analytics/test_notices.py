"""What notices say, whatever criminals and registries wrote: valid, on their own lines, and never a link."""

import json
import os
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Final

import xarf
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.notices.contacts import Recipient, choose
from analytics.notices.messages import compose_json, compose_mail
from analytics.notices.reports import compose_report
from analytics.notices.texts import Case, Letter
from db.brands import Brand
from db.notices import OpenAttack, SeenPage
from db.takedown_rules import Rules, Sender
from db.whereabouts import Party, Whereabouts

KEY: Final = "0123456789abcdef" * 2
BRAND: Final = Brand(id="qifu", names=("奇富借条", "Qifu"), domains=("qifu.com",))
SENDER: Final = Sender(organisation="奇富科技", mailbox="reports@qifu.com")
RULES: Final = Rules(sender=SENDER)
HEADERS: Final = {
    *("From", "To", "Reply-To", "Subject", "Message-ID", "Auto-Submitted", "X-XARF"),
    *("MIME-Version", "Content-Type"),
}
EVIL: Final = ("a\r\nBcc: x@y.example", "http://evil.example/x", "=?utf-8?q?x?=")
WORDS: Final = st.one_of(st.text(max_size=80), st.sampled_from(EVIL))


def case(
    party: str = "Registrar", title: str = "", final: str = "", why: str = "", fields: tuple[str, ...] = ()
) -> Case:
    named = ("login.bad.shop", "qifu", 1, "http://login.bad.shop/a", False, "bad.shop", False)
    attack = OpenAttack(*named, 0, 1, 0, 0, 97, why, why, is_verified=True)
    seen = SeenPage(2, "up", 200, final, "ab" * 32, title, "cd" * 32, is_cut=False, fields=fields)
    place = Whereabouts("login.bad.shop", 3, "bad.shop", ("1.2.3.4",), 1, (), (Party("registrar", party),))
    return Case(attack, BRAND, place, seen)


@settings(deadline=None, max_examples=50)
@given(WORDS, WORDS, WORDS, WORDS, st.lists(WORDS, max_size=3))
def test_whatever_others_wrote_a_notice_is_whole(
    party: str, title: str, final: str, why: str, fields: list[str]
) -> None:
    known = case(party, title, final, why, tuple(fields))
    report = compose_report(known, SENDER, KEY, 4, b"<html>")
    to = Recipient("registrar", "mail", "abuse@registrar.example", party)
    letter = Letter(KEY, "first")
    mail = message_from_bytes(compose_mail(known, letter, to, RULES, report), policy=default)
    assert isinstance(mail, EmailMessage)
    assert (set(mail.keys()), mail["To"]) == (HEADERS, "abuse@registrar.example")
    body = mail.get_body(("plain",))
    assert body is not None
    assert "http://" not in body.get_content()
    (attached,) = mail.iter_attachments()
    assert xarf.parse(json.loads(attached.get_content())).errors == []
    told = json.loads(compose_json(known, letter, to, RULES, report))
    assert told["xarf"] == json.loads(report)


def test_the_same_notice_is_the_same_bytes() -> None:
    to = Recipient("registrar", "mail", "abuse@registrar.example", "R")
    made = {
        compose_mail(case(), Letter(KEY, "first"), to, RULES, compose_report(case(), SENDER, KEY, 4, b"x"))
        for _ in range(3)
    }
    assert len(made) == 1


def test_a_landlord_s_registrar_is_not_told() -> None:
    place = Whereabouts("a.github.io", 1, parties=(Party("registrar", "R", "", ("abuse@r.example",)),))
    assert choose(place, RULES, (), is_shared=True).recipients == ()
    assert [one.address for one in choose(place, RULES, (), is_shared=False).recipients] == ["abuse@r.example"]


def test_a_page_that_is_too_large_is_left_out() -> None:
    with_page, without = (
        json.loads(compose_report(case(), SENDER, KEY, 4, page)) for page in (b"a" * 400_000, os.urandom(400_000))
    )
    assert (len(with_page["evidence"]), len(without["evidence"])) == (2, 1)
