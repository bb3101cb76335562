"""Drafts of takedown notices: whom they go to, what they say, and that there is one."""

import base64
import gzip
from typing import Any

import pytest
import xarf

from analytics.notices.contacts import choose
from db.connection import transaction
from db.errors import UsageError
from db.matches import save_brands
from db.notices import read_open_attacks, read_seen
from db.probes import PageRow, ProbeRow, save_probes, save_vantage
from db.store import Store, now_ms
from db.verify import verify_store
from db.whereabouts import Party, Whereabouts
from flows.notices.answering import answer, close
from flows.notices.drafting import Drafted, draft
from flows.notices.origin import read_document
from flows.notices.sending import Sent, send
from flows.notices.waiting import queue
from flows.rollup import follow_up
from tests.flows.takedowns import (
    ALL,
    BRANDS,
    EVE,
    EVENTS,
    HOSTING,
    LOGIN,
    NETWORK,
    REGISTRAR,
    SITE,
    event,
    mail_of,
    more,
    notices,
    one,
    place,
    rules,
    states,
)
from tests.flows.test_ingest import make_source, take


def test_registrar_and_host_are_told_at_once(attacked: Store) -> None:
    done = draft(attacked, rules())
    assert (done.attacks, len(done.written), done.approved, done.faults) == (1, 2, [], [])
    assert {(one.channel, one.means, one.recipient, one.state) for one in notices(attacked)} == {
        ("registrar", "mail", "abuse@registrar.example", "drafted"),
        ("hosting", "mail", "abuse@hosting.example", "drafted"),
    }
    assert draft(attacked, rules()).written == []
    assert verify_store(attacked)[1] == []


def test_an_older_event_that_arrives_late_makes_no_second_notice(attacked: Store) -> None:
    draft(attacked, rules())
    text = f"event_id,occurred_at,type,address,brand\nlate,2025-12-30 00:00:00,confirmation,{SITE},qifu\n"
    take(attacked, make_source(name="events-real", synthetic=False, **EVENTS), text)
    follow_up(attacked)
    assert draft(attacked, rules()).written == []


def test_a_site_that_is_back_gets_a_notice_again(attacked: Store) -> None:
    place(attacked, SITE, REGISTRAR, HOSTING, NETWORK, at=EVE)
    draft(attacked, rules(), now=EVE)
    more(attacked, "c,01-04,closure", "r,01-06,reactivation")
    assert len(draft(attacked, rules()).written) == 2
    assert draft(attacked, rules()).written == []
    _, text, _ = mail_of(read_document(attacked, notices(attacked)[-1].document_id))
    assert "is back" in text


def test_a_return_from_before_a_notice_makes_no_second_one(attacked: Store) -> None:
    assert len(draft(attacked, rules()).written) == 2
    more(attacked, "c,01-04,closure", "r,01-06,reactivation")
    assert draft(attacked, rules()).written == []
    assert [row["what"] for row in queue(attacked.database, rules(), now_ms())] == ["approve", "approve"]


def test_a_mailbox_written_in_other_letters_is_the_same(attacked: Store) -> None:
    draft(attacked, rules())
    place(attacked, SITE, Party("registrar", "R", "US", ("Abuse@Registrar.example",)), at=now_ms() + 1)
    assert draft(attacked, rules()).written == []


def test_with_probes_and_a_page_all_that_is_known_is_told(attacked: Store) -> None:
    landed = attacked.landing.keep(LOGIN, encrypt=False)
    with transaction(attacked.database):
        page = PageRow(landed.digest, len(LOGIN), is_cut=False, title="奇富借条 登录", simhash=1, fields=("pwd",))
        url_id = read_open_attacks(attacked.database)[0].url_id
        row = ProbeRow(url_id, 1_767_400_000_000, "up", "HTTP 200", 200, "", page, "", "ab" * 32, 9, 1)
        vantage_id = save_vantage(attacked.database, "a", "a")
        save_probes(attacked.database, attacked.terms, vantage_id, [row])
    draft(attacked, rules())
    mail, text, report = mail_of(read_document(attacked, notices(attacked)[0].document_id))
    assert (mail["From"], mail["To"], mail["Reply-To"]) == (
        "reports@qifu.com",
        "abuse@registrar.example",
        "soc@qifu.com",
    )
    assert mail["Message-ID"] == f"<{notices(attacked)[0].notice_key}@qifu.com>"
    assert "hxxp://login[.]bad[.]shop/a?b=c" in text
    assert f"http://{SITE}" not in text
    assert text.count("奇富借条 登录") == 2
    assert ("您好" in text, "Dear Synthetic Registrar" in text) == (True, True)
    parsed = xarf.parse(report)
    assert (parsed.errors, report["type"], report["credential_fields"]) == ([], "phishing", ["pwd"])
    assert (report["url"], report["ssl_certificate"]) == (f"http://{SITE}/a?b=c", {"fingerprint": "ab" * 32})
    packed = base64.b64decode(report["evidence"][1]["payload"])
    assert gzip.decompress(packed) == LOGIN


def test_a_filter_s_page_is_no_evidence(attacked: Store) -> None:
    url_id = read_open_attacks(attacked.database)[0].url_id
    for at, name, is_filtered in ((1, "open", False), (2, "behind", True)):
        page = PageRow(name, 1, is_cut=False, title=name, simhash=1, fields=())
        row = ProbeRow(url_id, at, "up", "HTTP 200", 200, "", page, "", "", 9, 1)
        with transaction(attacked.database):
            vantage_id = save_vantage(attacked.database, name, name, is_filtered=is_filtered)
            save_probes(attacked.database, attacked.terms, vantage_id, [row])
    seen = read_seen(attacked.database, url_id)
    assert seen is not None
    assert seen.title == "open"


def test_without_a_probe_no_more_is_told_than_the_likeness(attacked: Store) -> None:
    draft(attacked, rules())
    _, text, report = mail_of(read_document(attacked, notices(attacked)[0].document_id))
    assert (xarf.parse(report).errors, report["type"]) == ([], "brand_infringement")
    assert ("Last visit" in text, "verified_at" in report) == (False, False)


def test_nothing_a_criminal_or_a_registry_wrote_begins_a_header(attacked: Store) -> None:
    evil = "Evil\r\nBcc: victim@example.com\r\n\r\nBody"
    place(attacked, SITE, Party("registrar", evil, "US", ("abuse@registrar.example",)), at=now_ms() + 1)
    draft(attacked, rules(sender={"organisation": "Qifu", "mailbox": "reports@qifu.com"}))
    mail, text, report = mail_of(read_document(attacked, notices(attacked)[0].document_id))
    assert mail["Bcc"] is None
    assert sorted(mail.keys()) == sorted(
        ["From", "To", "Reply-To", "Subject", "Message-ID", "Auto-Submitted", "X-XARF", "MIME-Version", "Content-Type"]
    )
    assert "Dear Evil Bcc: victim@example[.]com Body" in text
    assert xarf.parse(report).errors == []


CHOSEN: dict[str, tuple[dict[str, Any], set[tuple[str, str]]]] = {
    "replaced by another mailbox": (
        {"replace": [{"provider": "*registrar", "to": "takedown@r.example"}]},
        {("mail", "takedown@r.example"), ("mail", "abuse@hosting.example")},
    ),
    "replaced by a form": (
        {"replace": [{"mailbox": "abuse@hosting.*", "form": "https://h.example/report"}]},
        {("form", "https://h.example/report"), ("mail", "abuse@registrar.example")},
    ),
    "replaced by the webhook, of one channel": (
        {
            "replace": [{"host": "*.shop", "channel": "hosting", "webhook": True}],
            "webhook": {"url": "https://t.example/"},
        },
        {("webhook", "https://t.example/"), ("mail", "abuse@registrar.example")},
    ),
    "ignored": ({"ignore": [{"mailbox": "*@hosting.example"}]}, {("mail", "abuse@registrar.example")}),
    "both to one address": (
        {"replace": [{"host": "*", "to": "one@r.example"}]},
        {("mail", "one@r.example")},
    ),
}


@pytest.mark.parametrize("case", CHOSEN)
def test_rules_choose_whom_to_tell(attacked: Store, case: str) -> None:
    tables, expected = CHOSEN[case]
    draft(attacked, rules(**tables))
    assert {(one.means, one.recipient) for one in notices(attacked)} == expected


def test_the_brand_s_own_mailboxes_are_never_written_to(attacked: Store) -> None:
    place(attacked, SITE, Party("registrar", "Own", "CN", ("abuse@mail.qifu.com",)), at=now_ms() + 1)
    done = draft(attacked, rules())
    assert notices(attacked) == []
    assert done.faults == [f"{SITE}: registrar: abuse@mail.qifu.com is the brand's own; hosting: no contact is known"]


def test_the_reported_site_s_own_mailboxes_are_never_written_to(attacked: Store) -> None:
    place(attacked, SITE, Party("registrar", "Own", "CN", ("abuse@bad.shop", "abuse@ns.bad.shop")), at=now_ms() + 1)
    done = draft(attacked, rules())
    assert notices(attacked) == []
    said = "registrar: abuse@ns.bad.shop is the reported site's own; hosting: no contact is known"
    assert done.faults == [f"{SITE}: {said}"]


def test_a_landlord_s_abuse_desk_may_be_on_its_own_domain() -> None:
    where = Whereabouts(
        "sites.google.com", 1, "google.com", parties=(Party("hosting", "G", "US", ("abuse@google.com",)),)
    )
    (told,) = choose(where, rules(), ["qifu.com"], is_shared=False).recipients
    assert told.address == "abuse@google.com"


@pytest.mark.parametrize("case", ["synthetic", "not followed", "closed", "named by a synthetic list", "unconfirmed"])
def test_what_is_not_to_be_told_is_neither_looked_up_nor_drafted(attacked: Store, case: str) -> None:
    event(attacked, SITE, "closure")
    match case:
        case "synthetic":
            event(attacked, "x.example", synthetic=True)
        case "not followed":
            event(attacked, "x.example", brand="demopay")
        case "closed":
            event(attacked, "x.example")
            event(attacked, "x.example", "closure")
        case "named by a synthetic list":
            event(attacked, "x.example")
            take(attacked, make_source(name="synthetic-list"), "x.example\n")
        case _:
            event(attacked, "x.example", "action")
    assert draft(attacked, rules()) == Drafted(0)
    assert one(attacked, "SELECT count(*) AS n FROM whereabouts WHERE target = 'x.example'") == {"n": 0}
    with pytest.raises(UsageError, match="no confirmed attack on a followed brand is open there"):
        draft(attacked, rules(), ["x.example"])


APPROVED = {
    "all": ({}, 2),
    "of the brand": ({"brand": "qifu"}, 2),
    "of another brand": ({"brand": "demopay"}, 0),
    "of a channel": ({"channel": "hosting"}, 1),
    "of verified ones": ({"verified": True}, 0),
    "above a confidence": ({"confidence": 95}, 0),
    "of reminders": ({"kinds": ["reminder"]}, 0),
}


@pytest.mark.parametrize("case", APPROVED)
def test_a_rule_lets_out_what_it_names(attacked: Store, case: str) -> None:
    rule, count = APPROVED[case]
    assert len(draft(attacked, rules(approve=[rule])).approved) == count
    logged = one(attacked, """SELECT count(*) AS n FROM notice_event WHERE type = 'approved' AND "by" = 'a rule'""")
    assert logged == {"n": count}


SPELT = ("http://login.bad.shop/a?b=c", "LOGIN.BAD.SHOP.", "login[.]bad[.]shop", "hxxps://login.bad.shop:8443/x")


@pytest.mark.parametrize("site", SPELT)
def test_a_site_is_named_in_any_spelling(attacked: Store, site: str) -> None:
    assert draft(attacked, rules(), [site]).attacks == 1
    assert close(attacked, site, None, "li", "gone") == 1


PLACED = {
    "sites.google.com/view/Qifu": 1,
    "https://sites.google.com/view/Qifu/?x=1": 1,
    "https://sites.google.com/x": 0,
}


@pytest.mark.parametrize("site", PLACED)
def test_a_page_among_strangers_is_named_with_its_path(attacked: Store, site: str) -> None:
    event(attacked, "https://sites.google.com/view/Qifu")
    event(attacked, "sites.google.com")
    if PLACED[site]:
        assert close(attacked, site, None, "li", "gone") == PLACED[site]
    else:
        with pytest.raises(UsageError, match="no attack stands open there"):
            close(attacked, site, None, "li", "gone")


def test_what_was_withdrawn_for_an_attack_that_stands_after_all_is_drafted_again(attacked: Store) -> None:
    draft(attacked, ALL)
    with transaction(attacked.database):
        save_brands(attacked.database, [brand.model_copy(update={"follow": False}) for brand in BRANDS])
    answer(attacked, 2, "withdrawn", "li", "they know")
    assert send(attacked, ALL) == Sent(withdrawn=[1])
    with transaction(attacked.database):
        save_brands(attacked.database, BRANDS)
    done = draft(attacked, rules())
    assert (done.written, done.approved) == ([1], [])
    assert list(states(attacked).values()) == ["drafted", "withdrawn"]
    assert verify_store(attacked)[1] == []


def test_a_second_mailbox_on_a_channel_waits_for_a_person(attacked: Store) -> None:
    draft(attacked, ALL)
    place(attacked, SITE, Party("hosting", "H", "NL", ("victim@bank.example",)), at=now_ms() + 1)
    done = draft(attacked, ALL)
    assert (done.written, done.approved) == ([3], [])
    answer(attacked, 2, "withdrawn", "li", "it is not theirs")
    place(attacked, SITE, Party("hosting", "H", "NL", ("other@hosting.example",)), at=now_ms() + 2)
    answer(attacked, 3, "withdrawn", "li", "nor theirs")
    assert draft(attacked, ALL).approved == [4]


def test_of_a_webhook_no_more_than_its_host_is_kept(attacked: Store) -> None:
    hook = {"url": "https://user:word@hooks.example/T0/secret"}
    draft(attacked, rules(webhook=hook, replace=[{"host": "*", "webhook": True}]))
    (notice,) = notices(attacked)
    assert notice.recipient == "https://hooks.example/"
    assert b"secret" not in read_document(attacked, notice.document_id)
    assert not any("secret" in line for line in attacked.database.conn.iterdump())


# ---- sending


LANGUAGES = {
    "both": ({}, (True, True)),
    "by country": ({"by_country": {"US": ["zh"]}}, (True, False)),
    "by channel": ({"by_channel": {"registrar": ["en"]}}, (False, True)),
}


@pytest.mark.parametrize("case", LANGUAGES)
def test_a_notice_speaks_the_language_of_its_recipient(attacked: Store, case: str) -> None:
    languages, expected = LANGUAGES[case]
    draft(attacked, rules(languages=languages))
    mail, text, _ = mail_of(read_document(attacked, notices(attacked)[0].document_id))
    assert ("您好" in text, "Dear" in text) == expected
    assert ("仿冒" in mail["Subject"], "Takedown request" in mail["Subject"]) == expected


# ---- the commands
