"""Takedown notices: whom they go to, what they say, that each leaves once and not without a word; on loopback."""

import base64
import gzip
import json
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import xarf
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from analytics.notices.contacts import choose
from db.brands import Brand
from db.connection import transaction
from db.errors import Busy, UsageError
from db.matches import save_brands
from db.notices import Notice, read_notices, read_open_attacks, read_seen
from db.probes import PageRow, ProbeRow, save_probes, save_vantage
from db.store import Store, hold, now_ms
from db.takedown_rules import Rules, load_rules
from db.verify import verify_store
from db.whereabouts import Party, Whereabouts, save_whereabouts
from flows.notices.answering import answer, approve, close
from flows.notices.drafting import Drafted, draft
from flows.notices.origin import read_document
from flows.notices.registries import registries
from flows.notices.sending import Sent, send
from flows.notices.settings import smtp_of
from flows.notices.waiting import queue
from flows.rollup import follow_up
from flows.tracing import trace_records
from tests.flows.calls import Call
from tests.flows.test_ingest import make_source, take
from tests.spiders.loopback import reply
from tests.spiders.registries import Registrars, registering
from tests.spiders.test_crawl_guard import self_signed

HOUR = 3_600_000
DAY = 24 * HOUR
EVE = 1_767_398_400_000  # 2026-01-03T00:00:00Z
SITE, DOMAIN = "login.bad.shop", "bad.shop"
BRANDS = (
    Brand(id="qifu", names=("奇富借条", "Qifu"), domains=("qifu.com",), own=True, follow=True),
    Brand(id="demopay", names=("演示支付",), domains=("demopay.com",)),
)
EVENTS = {
    "format": "table",
    "yields": "events",
    "kind": "attack_event",
    "columns": {name: name for name in ("event_id", "occurred_at", "type", "address", "brand")},
}
VERDICT = ("event_id", "occurred_at", "address", "answer", "by")
LOGIN = "<title>奇富借条 登录</title><form><input type=password name=pwd></form>".encode()


def event(
    store: Store, address: str, kind: str = "confirmation", *, brand: str = "qifu", synthetic: bool = False
) -> None:
    source = make_source(name=f"events-{'synthetic' if synthetic else 'real'}", synthetic=synthetic, **EVENTS)
    text = f"event_id,occurred_at,type,address,brand\n{kind}-{address},2026-01-01 00:00:00,{kind},{address},{brand}\n"
    take(store, source, text)
    follow_up(store)


def more(store: Store, *rows: str) -> None:
    """Further events of the site: `event_id,occurred_at,type`, the time as month and day of 2026."""
    lines = (f"{name},2026-{day} 00:00:00,{kind},{SITE},qifu" for name, day, kind in (row.split(",") for row in rows))
    text = "\n".join(("event_id,occurred_at,type,address,brand", *lines))
    take(store, make_source(name="events-real", synthetic=False, **EVENTS), text)


def dismiss(store: Store) -> None:
    """An analyst's word that the site is none, of now."""
    source = make_source(
        name="analysts",
        synthetic=False,
        **{**EVENTS, "kind": "verdict", "columns": {name: name for name in VERDICT}},
    )
    take(store, source, f"event_id,occurred_at,address,answer,by\nv,{now_ms()},http://{SITE}/,dismissed,li\n")


def place(store: Store, target: str, *parties: Party, at: int | None = None) -> None:
    found = Whereabouts(target, now_ms() if at is None else at, DOMAIN, ("1.2.3.4",), 64496, (), parties)
    with transaction(store.database):
        save_whereabouts(store.database, found)


REGISTRAR = Party("registrar", "Synthetic Registrar", "US", ("abuse@registrar.example",))
HOSTING = Party("hosting", "Synthetic Hosting", "NL", ("abuse@hosting.example",))
NETWORK = Party("network", "Synthetic Carrier", "DE", ("abuse@carrier.example",))


@pytest.fixture
def attacked(store: Store) -> Store:
    """A store with one open attack, and all known of where it stands."""
    with transaction(store.database):
        save_brands(store.database, BRANDS)
    event(store, f"http://{SITE}/a?b=c")
    place(store, SITE, REGISTRAR, HOSTING, NETWORK)
    return store


def rules(**tables: Any) -> Rules:  # noqa: ANN401 - what a file of rules may hold
    sender = {"organisation": "奇富科技 Qifu", "mailbox": "reports@qifu.com", "reply_to": "soc@qifu.com"}
    return Rules.model_validate({"sender": sender, **tables})


ALL = rules(approve=[{"kinds": ["first", "reminder", "escalation"]}])


class Inbox:
    """A mail server's handler: what came, and what it says to whom."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], bytes]] = []
        self.refuses: dict[str, str] = {}
        self.kill: int | None = None
        self.says = "250 OK"
        self.meanwhile: Callable[[], None] | None = None

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - likewise
        assert isinstance(envelope.content, bytes)
        if self.meanwhile:
            self.meanwhile()
        self.mails.append((str(envelope.mail_from), list(envelope.rcpt_tos), envelope.content))
        return self.says


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, dict[str, Any]]]:
    """A mail server on loopback, and the rules' table that names it."""
    handler = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield handler, {"host": "127.0.0.1", "port": port, "starttls": False}
    finally:
        controller.stop()


def sending(smtp: dict[str, Any], **tables: Any) -> Rules:  # noqa: ANN401 - likewise
    return rules(smtp=smtp, approve=[{"kinds": ["first", "reminder", "escalation"]}], **tables)


def notices(store: Store) -> list[Notice]:
    return read_notices(store.database)


def states(store: Store) -> dict[str, str]:
    return {notice.recipient: notice.state for notice in notices(store)}


def mail_of(content: bytes) -> tuple[EmailMessage, str, dict[str, Any]]:
    mail = message_from_bytes(content, policy=default)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain",))
    (attached,) = mail.iter_attachments()
    assert body is not None
    return mail, body.get_content(), json.loads(attached.get_content())


def one(store: Store, query: str) -> dict[str, object]:
    return next(store.database.query(query))


# ---- drafting


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


def test_what_was_dismissed_since_the_last_follow_up_is_not_sent(
    attacked: Store, inbox: tuple[Inbox, dict[str, Any]]
) -> None:
    handler, smtp = inbox
    draft(attacked, sending(smtp))
    dismiss(attacked)
    assert send(attacked, sending(smtp)) == Sent(withdrawn=[1, 2])
    assert handler.mails == []


def test_what_is_approved_leaves_once_and_is_an_action(attacked: Store, inbox: tuple[Inbox, dict[str, Any]]) -> None:
    handler, smtp = inbox
    draft(attacked, rules())
    first = notices(attacked)[0].notice_id
    approve(attacked, [first], "li", "checked")
    assert send(attacked, sending(smtp)) == Sent(sent=[first])
    assert send(attacked, sending(smtp)) == Sent()
    ((sender, recipients, content),) = handler.mails
    assert (sender, recipients) == ("reports@qifu.com", ["abuse@registrar.example"])
    row = one(attacked, f"SELECT * FROM v_takedowns WHERE notice = {first}")
    assert (row["state"], row["approved_by"], row["registrar"], row["country"]) == (
        "sent",
        "li",
        "Synthetic Registrar",
        "NL",
    )
    assert (attacked.landing.root / str(row["file"])).exists()
    assert mail_of(content)[0]["Date"]
    action = one(attacked, "SELECT first_action_at IS NOT NULL AS acted FROM attack")
    assert action == {"acted": 1}
    year = int(str(row["sent"])[:4])
    (traced,) = trace_records(attacked.database, attacked.path, "K10", year, None, 0)
    assert traced["source"] == "fanzha-notices"
    digest = str(traced["file"]).rpartition("/")[2].removesuffix(".z")
    assert attacked.landing.read(digest, is_encrypted=False) == content
    assert verify_store(attacked)[1] == []


FARES = {
    "recipient refused": ("550 no such user", "250 OK", "bounced", 0),
    "recipient later": ("450 try again", "250 OK", "approved", 0),
    "message refused": ("", "554 spam", "bounced", 1),
    "message later": ("", "451 later", "approved", 1),
}


@pytest.mark.parametrize("case", FARES)
def test_what_a_mail_server_says_is_recorded(attacked: Store, inbox: tuple[Inbox, dict[str, Any]], case: str) -> None:
    at_rcpt, at_data, state, came = FARES[case]
    handler, smtp = inbox
    handler.says = at_data
    if at_rcpt:
        handler.refuses["abuse@registrar.example"] = at_rcpt
    only = sending(smtp, ignore=[{"mailbox": "*@hosting.example"}])
    draft(attacked, only)
    done = send(attacked, only)
    assert (states(attacked), len(handler.mails)) == ({"abuse@registrar.example": state}, came)
    assert (at_rcpt or at_data)[:3] in done.faults[1]
    assert one(attacked, "SELECT count(*) AS n FROM attack_event WHERE event_id NOT LIKE 'conf%'") == {"n": 0}


def test_a_server_that_is_not_there_keeps_nothing_from_leaving_later(
    attacked: Store, inbox: tuple[Inbox, dict[str, Any]]
) -> None:
    handler, smtp = inbox
    draft(attacked, ALL)
    nobody = {"host": "127.0.0.1", "port": 9, "starttls": False}
    assert set(send(attacked, sending(nobody)).faults) == {1, 2}
    assert set(states(attacked).values()) == {"approved"}
    assert send(attacked, sending(smtp)).sent == [1, 2]
    assert len(handler.mails) == 2


def test_a_closed_attack_s_notices_are_withdrawn(attacked: Store, inbox: tuple[Inbox, dict[str, Any]]) -> None:
    handler, smtp = inbox
    draft(attacked, ALL)
    assert close(attacked, SITE, "third_party", "li", "the registrar called") == 1
    assert one(attacked, "SELECT cause FROM attack") == {"cause": "third_party"}
    assert send(attacked, sending(smtp)) == Sent(withdrawn=[1, 2])
    assert handler.mails == []
    assert verify_store(attacked)[1] == []


KILLED = """
import os, sys
from pathlib import Path
from db.store import open_store
from db.takedown_rules import Rules
from flows.notices.sending import send
with open_store(Path(sys.argv[1]), None) as store:
    print(os.getpid(), flush=True)
    send(store, Rules.model_validate_json(sys.argv[2]))
"""


@pytest.mark.parametrize(("place_of_death", "came"), [("before", 0), ("after", 1)])
def test_killed_while_sending_nothing_is_sent_twice(
    attacked: Store, inbox: tuple[Inbox, dict[str, Any]], place_of_death: str, came: int
) -> None:
    handler, smtp = inbox
    only = sending(smtp, ignore=[{"mailbox": "*@hosting.example"}])
    draft(attacked, only)
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", KILLED, str(attacked.path), only.model_dump_json()]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        number = int(child.stdout.readline())

        def kill() -> None:
            child.send_signal(signal.SIGKILL)
            child.wait()

        assert number == child.pid
        handler_data, handler_rcpt = handler.handle_DATA, handler.handle_RCPT

        async def dying_rcpt(*what: Any) -> str:  # noqa: ANN401 - as aiosmtpd calls it
            kill()
            return await handler_rcpt(*what)

        async def dying_data(*what: Any) -> str:  # noqa: ANN401 - likewise
            said = await handler_data(*what)
            kill()
            return said

        setattr(handler, *(("handle_RCPT", dying_rcpt) if place_of_death == "before" else ("handle_DATA", dying_data)))
        assert child.wait(30) == -signal.SIGKILL
    handler.handle_DATA, handler.handle_RCPT = handler_data, handler_rcpt  # type: ignore[method-assign]
    assert states(attacked) == {"abuse@registrar.example": "in_doubt"}
    assert send(attacked, only) == Sent()
    assert len(handler.mails) == came
    assert [row["what"] for row in queue(attacked.database, only, now_ms())] == ["in doubt"]
    assert verify_store(attacked)[1] == []
    answer(attacked, 1, "sent" if came else "unsent", "li", "asked the mail server")
    assert send(attacked, only).sent == ([] if came else [1])
    assert len(handler.mails) == 1
    assert states(attacked) == {"abuse@registrar.example": "sent"}
    assert one(attacked, "SELECT count(*) AS n FROM attack_event WHERE event_id NOT LIKE 'conf%'") == {"n": 1}


@pytest.fixture
def made() -> Iterator[Registrars]:
    with registering() as registrars:
        yield registrars


def hooked(made: Registrars) -> Rules:
    webhook = {"url": made.rdap.url("/hook"), "secret_env": "HOOK_SECRET"}
    return rules(webhook=webhook, replace=[{"host": "*", "webhook": True}], approve=[{}])


def test_a_webhook_is_told_with_its_secret(attacked: Store, made: Registrars) -> None:
    draft(attacked, hooked(made))
    with pytest.raises(UsageError, match=r"webhook.secret_env: HOOK_SECRET is not in the environment"):
        send(attacked, hooked(made), environ={})
    secret = {"HOOK_SECRET": "s3cret"}
    assert "refused: 127.0.0.1 is loopback" in send(attacked, hooked(made), environ=secret).faults[1]
    made.rdap.answers["POST /hook"] = reply(b"", 201)
    assert send(attacked, hooked(made), environ=secret, loopback=True).sent == [1]
    headers = made.rdap.asked[-1][1]
    assert (headers["Authorization"], headers["Idempotency-Key"]) == ("Bearer s3cret", notices(attacked)[0].notice_key)
    told = json.loads(made.rdap.posted[0])
    assert (told["target"], told["channel"], xarf.parse(told["xarf"]).errors) == (SITE, "registrar", [])
    assert all(
        "s3cret" not in str(row) for table in attacked.database.table_names() for row in attacked.database[table].rows
    )


def test_a_webhook_that_fails_half_way_is_in_doubt(attacked: Store, made: Registrars) -> None:
    made.rdap.answers["POST /hook"] = reply(b"", 500)
    draft(attacked, hooked(made))
    done = send(attacked, hooked(made), environ={"HOOK_SECRET": "x"}, loopback=True)
    assert done.faults == {1: "in doubt: find out whether it arrived, then fanzha takedown note: HTTP 500"}
    assert send(attacked, hooked(made), environ={"HOOK_SECRET": "x"}, loopback=True) == Sent()
    assert len(made.rdap.posted) == 1


def test_a_form_is_filled_in_by_a_person(attacked: Store) -> None:
    forms = rules(replace=[{"host": "*", "form": "https://h.example/report"}], approve=[{}])
    draft(attacked, forms)
    assert send(attacked, forms) == Sent(by_hand=[1])
    assert [row["what"] for row in queue(attacked.database, forms, now_ms())] == ["fill in"]
    answer(attacked, 1, "sent", "li", "filled in")
    assert states(attacked) == {"https://h.example/report": "sent"}
    assert verify_store(attacked)[1] == []


PASSWORD = "hunter2"


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_password_goes_only_to_a_server_that_somebody_vouches_for(
    attacked: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_trusted: bool
) -> None:
    certificate, given = self_signed(tmp_path), []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def authenticate(*what: Any) -> AuthResult:  # noqa: ANN401 - as aiosmtpd calls it
        given.append(what[-1].password)
        return AuthResult(success=True)

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    handler = Inbox()
    controller = Controller(
        handler, hostname="127.0.0.1", port=port, tls_context=context, authenticator=authenticate, auth_required=True
    )
    controller.start()
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server = {"host": "localhost", "port": port, "user": "u", "password_env": "P"}
    only = sending(server, ignore=[{"mailbox": "*@hosting.example"}])
    draft(attacked, only)
    try:
        done = send(attacked, only, environ={"P": PASSWORD})
    finally:
        controller.stop()
    if is_trusted:
        assert (done, given, len(handler.mails)) == (Sent(sent=[1]), [PASSWORD.encode()], 1)
        return
    assert "certificate verify failed" in done.faults[1]
    assert (given, states(attacked)) == ([], {"abuse@registrar.example": "approved"})


# ---- time passes


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
    for hours in (49, 97, 110):
        draft(attacked, by_hand, now=now_ms() + hours * HOUR)
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


def test_a_damaged_draft_and_one_that_was_withdrawn_meanwhile_hold_up_no_other(
    attacked: Store, inbox: tuple[Inbox, dict[str, Any]]
) -> None:
    handler, smtp = inbox
    place(attacked, SITE, REGISTRAR, Party("hosting", "H", "NL", ("late@hosting.example",)), at=now_ms() + 1)
    draft(attacked, sending(smtp))
    place(attacked, SITE, REGISTRAR, HOSTING, at=now_ms() + 2)
    draft(attacked, sending(smtp))
    first, second, third = notices(attacked)
    approve(attacked, [third.notice_id], "li", "both are theirs")
    path = attacked.database.execute("SELECT digest FROM document WHERE document_id = ?", [first.document_id])
    attacked.landing.path(path.fetchone()[0], is_encrypted=False).write_bytes(b"damaged")
    handler.meanwhile = lambda: answer(attacked, third.notice_id, "withdrawn", "li", "why")
    done = send(attacked, sending(smtp))
    assert (done.sent, set(done.faults)) == ([second.notice_id], {first.notice_id, third.notice_id})
    assert [recipients for _, recipients, _ in handler.mails] == [["late@hosting.example"]]
    assert verify_store(attacked)[1][0].startswith("landing file")


def test_what_is_on_its_way_cannot_be_settled(attacked: Store) -> None:
    draft(attacked, ALL)
    with hold(attacked.path, "notices"):
        for word in ("sent", "unsent", "bounced"):
            with pytest.raises(Busy):
                answer(attacked, 1, word, "li", "why")
        answer(attacked, 1, "noted", "li", "why")


# ---- the file of rules


GOOD = """
[sender]
organisation = "Qifu"
mailbox = "reports@qifu.com"
"""
FAULTY = {
    "x = 1": "x: Extra inputs are not permitted",
    "[sender]\nmailbox = 'a@b.cn'": "sender.organisation: Field required",
    "[sender]\norganisation = 'Q'\nmailbox = 'a@b.cn, c@d.cn'": "sender.mailbox: 'a@b.cn, c@d.cn' is no mail address",
    "[sender]\norganisation = 'Q'\nmailbox = ''": "sender: mailbox is empty",
    '[sender]\norganisation = "Q\\nBcc: x"\nmailbox = "a@b.cn"': "sender.organisation: String should match pattern",
    "[smtp]\nhost = 'h'\npassword = 'x'": "smtp.password: Extra inputs are not permitted",
    "[smtp]\nhost = 'h'\nport = 0": "smtp.port: Input should be greater than or equal to 1",
    "[smtp]\nhost = 'h'\nuser = 'u'": "smtp: user and one of password_env, password_file belong together",
    "[smtp]\nhost = 'h'\nuser = 'u'\npassword_env = 'P'\nstarttls = false": "smtp: a password is sent with starttls",
    "[smtp]\nhost = 'h'\nuser = 'u'\npassword_env = 'P'\npassword_file = 'f'": "smtp: give either password_env or",
    "[webhook]\nurl = 'ftp://h/'": "webhook.url: 'ftp://h/' is no http or https address",
    "[webhook]\nurl = 'https://h/'\nnetworks = ['8.8.8.0/24']": "webhook.networks: 8.8.8.0/24 is not within a private",
    "[after]\nremind = [48, 24]": "after.remind: each reminder comes later than the one before",
    "[after]\ndeadline = 0": "after.deadline: Input should be greater than or equal to 1",
    "[escalate]\nchannels = ['police']": "escalate.channels.1: Input should be 'registrar', 'hosting' or 'network'",
    "[escalate]\nmailboxes = ['x']": "escalate.mailboxes: 'x' is no mail address",
    "[languages]\ndefault = ['fr']": "languages.default.1: Input should be 'zh' or 'en'",
    "[[ignore]]\nwhy = 'x'": "ignore.1.mailbox: Field required",
    "[[replace]]\nto = 'a@b.cn'": "replace.1: give host, provider or mailbox",
    "[[replace]]\nhost = '*'": "replace.1: give one of to, form, webhook = true",
    "[[replace]]\nhost = '*'\nform = 'x'": "replace.1.form: 'x' is no http or https address",
    "[[replace]]\nhost = '*'\nwebhook = true": "a [[replace]] names the webhook, and there is no [webhook]",
    "[[approve]]\nconfidence = 101": "approve.1.confidence: Input should be less than or equal to 100",
    "[[approve]]\nkinds = ['second']": "approve.1.kinds.1: Input should be 'first', 'reminder' or 'escalation'",
    "[[approve": "cannot be read as takedown rules",
}


@pytest.mark.parametrize("text", FAULTY)
def test_a_faulty_file_of_rules_is_told_in_a_line(call: Call, tmp_path: Path, text: str) -> None:
    (tmp_path / "t.toml").write_text(text, "utf-8")
    code, out, err = call("takedown", "draft", "--rules", "t.toml")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"fanzha: t.toml: {FAULTY[text]}")
    assert not (tmp_path / "fanzha.db").exists()


def test_the_bundled_rules_let_nothing_leave(call: Call) -> None:
    given = load_rules()
    assert (given.sender, given.smtp, given.webhook, given.approve, given.replace) == (None, None, None, (), ())
    assert call("takedown", "draft")[2].startswith("fanzha: the takedown rules have no [sender]")


def test_a_password_comes_from_a_file_or_the_environment(tmp_path: Path) -> None:
    smtp = {"host": "h", "user": "u"}
    (tmp_path / "p").write_text("hunter2\n", "utf-8")
    assert smtp_of(rules(smtp={**smtp, "password_file": str(tmp_path / "p")}))[1] == "hunter2"
    assert smtp_of(rules(smtp={**smtp, "password_env": "P"}), {"P": "hunter3"})[1] == "hunter3"
    for where in ({"password_file": str(tmp_path / "none")}, {"password_env": "P"}):
        with pytest.raises(UsageError, match=r"takedown rules: smtp\.password_"):
            smtp_of(rules(smtp={**smtp, **where}), {})


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


def test_the_commands_lead_a_notice_from_draft_to_answer(
    call: Call, attacked: Store, tmp_path: Path, inbox: tuple[Inbox, dict[str, Any]]
) -> None:
    handler, smtp = inbox
    server = f'[smtp]\nhost = "127.0.0.1"\nport = {smtp["port"]}\nstarttls = false\n'
    (tmp_path / "t.toml").write_text(GOOD + server, "utf-8")
    given = ("--rules", "t.toml")
    said = ("--by", "li", "--why", "checked")
    assert [row["what"] for row in json.loads(call("takedown", "queue", "--json")[1])] == ["no notice"]
    assert call("takedown", "draft", SITE, *given) == (
        0,
        "1 open attacks: 2 notices drafted, of which rules approved 0\n",
        "",
    )
    shown = call("takedown", "queue", "1")[1]
    assert "hxxp://login[.]bad[.]shop/a?b=c" in shown
    assert call("takedown", "send", *given)[1].startswith("0 notices sent, 0 not;")
    assert call("takedown", "approve", "1", "2", *said)[:2] == (0, "2 notices approved\n")
    handler.refuses["abuse@hosting.example"] = "550 no such user"
    code, out, err = call("takedown", "send", *given)
    assert (code, out.startswith("1 notices sent, 1 not;")) == (1, True)
    assert err == "fanzha: notice 2: refused: SMTP 550 no such user\n"
    rows = json.loads(call("takedown", "queue", "--json")[1])
    assert [(row["what"], row["notice"]) for row in rows] == [("bounced", 2)]
    assert call("takedown", "note", "1", "--answer", "actioned", *said)[:2] == (0, "notice 1: actioned\n")
    assert [entry["type"] for entry in json.loads(call("takedown", "queue", "1", "--json")[1])["log"]] == [
        "drafted",
        "approved",
        "sending",
        "sent",
        "actioned",
    ]
    assert call("takedown", "close", SITE, "--cause", "us", *said)[:2] == (0, f"{SITE}: 1 attacks closed\n")
    assert json.loads(call("takedown", "queue", "--json")[1]) == []
    assert verify_store(attacked)[1] == []


WRONG = {
    "no such notice": (("approve", "9", "--by", "a", "--why", "b"), "notice 9: is not there"),
    "approved twice": (("approve", "1", "1", "--by", "a", "--why", "b"), "notice 1: is approved; only one that is"),
    "nobody": (("approve", "1", "--by", " ", "--why", "b"), "this needs --by and --why, neither of them empty"),
    "not approved": (("send", "1"), "notice 1: is drafted; only one that is approved can be sent"),
    "unknown": (("send", "9"), "notice 9: is not there; only one that is approved can be sent"),
    "not in doubt": (("note", "1", "--answer", "sent", "--by", "a", "--why", "b"), "notice 1: is drafted; only one"),
    "no word": (("note", "1", "--answer", "lost", "--by", "a", "--why", "b"), "Invalid value for '--answer'"),
    "no attack": (("close", "x.example", "--by", "a", "--why", "b"), "x.example: no attack stands open there"),
    "not shown": (("queue", "9"), "notice 9: is not there"),
    "no number": (("approve", "x", "--by", "a", "--why", "b"), "Invalid value for 'NOTICE...'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_call_is_one_line_and_changes_nothing(call: Call, attacked: Store, case: str) -> None:
    draft(attacked, rules())
    arguments, told = WRONG[case]
    code, out, err = call("takedown", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"fanzha: {told}")
    assert set(states(attacked).values()) == {"drafted"}


def test_mail_without_a_server_is_not_claimed(call: Call, attacked: Store) -> None:
    draft(attacked, ALL)
    assert call("takedown", "send")[2].startswith("fanzha: the takedown rules have no [sender]")
    assert set(states(attacked).values()) == {"approved"}
