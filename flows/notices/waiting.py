"""What waits for an operator: attacks that nobody was told of, notices to approve, send, settle, recall."""

from collections.abc import Iterator, Sequence
from email import message_from_bytes
from email.policy import default
from typing import Final

from sqlite_utils import Database

from analytics.notices.timing import HOUR_MS, due_reminders, is_past_deadline, is_to_escalate, notices_of
from db.notices import Notice, OpenAttack, by_site, read_log, read_notices, read_open_attacks
from db.store import Store
from db.takedown_rules import Rules
from db.whereabouts import Whereabouts, read_whereabouts
from flows.notices.origin import read_document

Row = dict[str, str | int | float | None]
COLUMNS: Final = ("what", "target", "brand", "notice", "kind", "channel", "recipient", "hours", "why")
_ORDER: Final = (
    "in doubt",
    "bounced",
    "past deadline",
    "approve",
    "send",
    "fill in",
    "remind",
    "escalate",
    "no notice",
)
_BY_STATE: Final = {"in_doubt": "in doubt", "bounced": "bounced", "drafted": "approve", "approved": "send"}


def queue(database: Database, rules: Rules, now: int) -> list[Row]:
    """What waits, what matters most first; rows of `COLUMNS`.

    `what` is `in doubt` (nobody knows whether it left), `bounced`, `past deadline`, `approve`, `send`, `fill in` (a
    form), `remind` and `escalate` (a draft is due), or `no notice`; `hours` since when it waits.
    """
    attacks, notices = read_open_attacks(database), read_notices(database)
    told = by_site(notices)
    places = read_whereabouts(database, [attack.host for attack in attacks], now)
    rows = [
        row
        for attack in attacks
        for row in _of_attack(attack, told[attack.target, attack.brand], places.get(attack.host), rules, now)
    ]
    standing = {(attack.target, attack.brand) for attack in attacks}
    rows += [
        _row(notice, "in doubt", notice.drafted_at, "its attack does not stand open any more", now)
        for notice in notices
        if notice.state == "in_doubt" and (notice.target, notice.brand) not in standing
    ]
    return sorted(rows, key=lambda row: (_ORDER.index(str(row["what"])), -float(row["hours"] or 0)))


def _of_attack(
    attack: OpenAttack, notices: Sequence[Notice], place: Whereabouts | None, rules: Rules, now: int
) -> Iterator[Row]:
    own = notices_of(notices, attack)
    if not own:
        why = "; ".join(place.faults) if place else "registries were not asked yet"
        hours = round((now - attack.confirmed_at) / HOUR_MS, 1)
        yield {"what": "no notice", "target": attack.target, "brand": attack.brand, "hours": hours, "why": why}
    for notice in own:
        yield from _of_notice(notice, now)
    for notice, number in due_reminders(own, rules.after, now):
        yield _row(notice, "remind", notice.sent_at, f"reminder {number} is due: fanzha takedown draft", now)
    if is_to_escalate(own, rules.after, now) and not any(notice.kind == "escalation" for notice in own):
        yield _row(own[0], "escalate", own[0].sent_at, "fanzha takedown draft", now)


def _of_notice(notice: Notice, now: int) -> Iterator[Row]:
    what = _BY_STATE.get(notice.state)
    if what == "send" and notice.means == "form":
        what = "fill in"
    if what:
        yield _row(notice, what, notice.sent_at or notice.drafted_at, "", now)
    elif notice.state != "withdrawn" and is_past_deadline(notice, now):
        yield _row(notice, "past deadline", notice.sent_at, f"{notice.state}, and the site stands", now)


def _row(notice: Notice, what: str, since: int | None, why: str, now: int) -> Row:
    return {
        "what": what,
        "target": notice.target,
        "brand": notice.brand,
        "notice": notice.notice_id,
        "kind": notice.kind,
        "channel": notice.channel,
        "recipient": notice.recipient,
        "hours": round((now - since) / HOUR_MS, 1) if since is not None else None,
        "why": why,
    }


def shown_notice(store: Store, notice: Notice) -> tuple[str, list[dict[str, str | int | None]]]:
    """What a notice says to people, and its log."""
    content = read_document(store, notice.document_id)
    if notice.means == "webhook":
        return content.decode(), read_log(store.database, notice.notice_id)
    mail = message_from_bytes(content, policy=default)
    body = mail.get_body(("plain",))
    head = "\n".join(f"{name}: {mail[name]}" for name in ("From", "To", "Subject"))
    return f"{head}\n\n{body.get_content() if body else ''}", read_log(store.database, notice.notice_id)
