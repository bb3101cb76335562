"""An open attack, where it stands, whom it is told to: what tests of takedown notices are made of."""

import json
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from db.brands import Brand
from db.connection import transaction
from db.notices import Notice, read_notices
from db.store import Store, now_ms
from db.takedown_rules import Rules
from db.whereabouts import Party, Whereabouts, save_whereabouts
from flows.rollup import follow_up
from tests.flows.test_ingest import make_source, take
from tests.spiders.registries import Registrars

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


def hooked(made: Registrars) -> Rules:
    webhook = {"url": made.rdap.url("/hook"), "secret_env": "HOOK_SECRET"}
    return rules(webhook=webhook, replace=[{"host": "*", "webhook": True}], approve=[{}])
