"""Sending: what is approved leaves, once.

Before anything goes over the network a claim is committed; a claim that no result follows is in doubt, and only a
person says what became of it.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Final

from sqlite_utils import Database

from db.connection import transaction
from db.errors import UsageError
from db.landing import DamagedLanding
from db.notices import Event, Notice, claimed, log_event, read_notices, read_open_attacks, save_action
from db.store import Store, hold, now_ms
from db.takedown_rules import Rules
from flows.notices.origin import NOTICES, keep, own_source, read_document
from flows.notices.settings import sender_of, smtp_of, webhook_of
from flows.rollup import follow_up
from spiders.registry.asking import Delivered, Post, deliver
from spiders.registry.mail import send_mail

_EVENTS: Final = {"taken": "sent", "refused": "bounced", "unsent": "deferred", "doubtful": "noted"}
"""How a message fared -> what happened to its notice; of a doubtful one the claim stays without a result."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending: numbers of notices."""

    sent: list[int] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    by_hand: list[int] = field(default_factory=list)
    """Forms, which a person fills in."""
    faults: dict[int, str] = field(default_factory=dict)
    """Those that were not taken, and why."""


def send(
    store: Store,
    rules: Rules,
    chosen: Iterable[int] = (),
    *,
    environ: Mapping[str, str] = os.environ,
    loopback: bool = False,
    now: int | None = None,
) -> Sent:
    """Send what is approved; a notice whose attack does not stand open any more is withdrawn instead.

    Args:
        store: holds the notices.
        rules: by which server.
        chosen: numbers of notices; none: all that are approved.
        environ: where secrets are.
        loopback: lets the webhook be on this machine; the demo's and the tests' own servers only.
        now: Unix ms of what happens; default: the present.

    Raises:
        UsageError: something chosen is not approved, or the rules do not say how to send what is.
        Busy: another process drafts or sends.
    """
    with hold(store.path, "notices"):
        notices = _approved(store.database, list(chosen))
        if notices:
            follow_up(store)  # what was dismissed or found down since must not be told of
        standing = {(attack.target, attack.brand) for attack in read_open_attacks(store.database)}
        open_ones = [notice for notice in notices if (notice.target, notice.brand) in standing]
        _check_means(rules, open_ones, environ)
        work = _Sending(store, rules, environ, loopback, now)
        for notice in notices:
            if (notice.target, notice.brand) not in standing:
                work.withdraw(notice)
            elif notice.means == "form":
                work.done.by_hand.append(notice.notice_id)
            else:
                work.send(notice)
    done = work.done
    if done.sent:
        follow_up(store)
    return done


def _approved(database: Database, chosen: list[int]) -> list[Notice]:
    notices = read_notices(database, chosen or None)
    for number in chosen:
        found = next((notice for notice in notices if notice.notice_id == number), None)
        if found is None or found.state != "approved":
            state = f"is {found.state}" if found else "is not there"
            raise UsageError(f"notice {number}: {state}; only one that is approved can be sent")
    return [notice for notice in notices if notice.state == "approved"]


def _check_means(rules: Rules, notices: list[Notice], environ: Mapping[str, str]) -> None:
    means = {notice.means for notice in notices}
    if "mail" in means:
        sender_of(rules)
        smtp_of(rules, environ)
    if "webhook" in means:
        webhook_of(rules, environ)


_TOLD: Final = {
    "bounced": "refused",
    "deferred": "not sent, and will be tried again",
    "noted": "in doubt: find out whether it arrived, then fanzha takedown note",
}


@dataclass(frozen=True, slots=True)
class _Sending:
    """One time of sending, and what has come of it so far."""

    store: Store
    rules: Rules
    environ: Mapping[str, str]
    loopback: bool
    now: int | None
    done: Sent = field(default_factory=Sent)

    def withdraw(self, notice: Notice) -> None:
        """Take back what has nothing to be about any more."""
        event = Event("withdrawn", self._at(), "fanzha", "the attack does not stand open any more")
        with transaction(self.store.database):
            log_event(self.store.database, notice.notice_id, event)
        self.done.withdrawn.append(notice.notice_id)

    def send(self, notice: Notice) -> None:
        """Claim, hand over, and write down how it fared; what cannot be claimed holds up no other."""
        try:
            content, document_id = self._claimed(notice)
        except (DamagedLanding, UsageError) as error:
            self.done.faults[notice.notice_id] = str(error)
            return
        fared = self._hand_over(notice, content)
        event = Event(_EVENTS[fared.how], self._at(), "fanzha", fared.why)
        with transaction(self.store.database):
            log_event(self.store.database, notice.notice_id, event)
            if event.type == "sent":
                _record(self.store, notice, document_id, event.at)
        if event.type == "sent":
            self.done.sent.append(notice.notice_id)
        else:
            self.done.faults[notice.notice_id] = f"{_TOLD[event.type]}: {fared.why}"

    def _claimed(self, notice: Notice) -> tuple[bytes, int]:
        """The message that is handed over, and its document."""
        content = read_document(self.store, notice.document_id)
        if notice.means == "mail":
            content = f"Date: {formatdate(self._at() / 1000, usegmt=True)}\r\n".encode() + content
        return content, self._claim(notice, content)

    def _claim(self, notice: Notice, content: bytes) -> int:
        """Write down, on disk, that a notice is about to be handed over; returns the document that will be."""
        database, ending = self.store.database, "json" if notice.means == "webhook" else "eml"
        database.execute("PRAGMA synchronous = FULL")  # a power cut must not undo the claim of what has left
        with transaction(database):
            at = self._at()
            document_id = keep(self.store, NOTICES, f"notice-{notice.notice_key}.{ending}", content, at)
            log_event(database, notice.notice_id, Event("sending", at, "fanzha", document_id=document_id))
        database.execute("PRAGMA synchronous = NORMAL")
        return document_id

    def _hand_over(self, notice: Notice, content: bytes) -> Delivered:
        if notice.means == "mail":
            smtp, password = smtp_of(self.rules, self.environ)
            return send_mail(smtp, password, sender_of(self.rules).mailbox, notice.recipient, content)
        webhook, secret = webhook_of(self.rules, self.environ)
        headers = {"Idempotency-Key": notice.notice_key}
        if secret:
            headers["Authorization"] = f"Bearer {secret}"
        networks = tuple(map(str, webhook.networks))
        return deliver(Post(webhook.url, headers, content.decode(), networks), loopback=self.loopback)

    def _at(self) -> int:
        return now_ms() if self.now is None else self.now


def _record(store: Store, notice: Notice, document_id: int, at: int) -> None:
    """As an action, which the figures count and lead back to the very message."""
    save_action(store.database, store.terms, notice, own_source(store, NOTICES), document_id, at)


def settle_sent(store: Store, notice: Notice, by: str, why: str, now: int) -> None:
    """Record a person's word, said `now` (Unix ms), that a notice left: one in doubt, at its claim; a form, now."""
    with transaction(store.database):
        if notice.means == "form" and notice.state == "approved":
            claim = Event("sending", now, by, document_id=notice.document_id)
            log_event(store.database, notice.notice_id, claim)
        log_event(store.database, notice.notice_id, Event("sent", now, by, why))
        at, document_id = claimed(store.database, notice.notice_id)
        _record(store, notice, document_id, at)
