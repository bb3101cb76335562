"""What people decide and learn of notices and attacks: approvals, answers, closures."""

import json
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import Any, Final

from db.connection import transaction
from db.errors import UsageError
from db.follow import CLOSURES
from db.notices import Event, log_event, read_notices
from db.store import Store, hold, now_ms
from db.views import TARGET_SQL
from flows.notices.origin import keep, own_source, spellings
from flows.notices.sending import settle_sent
from flows.rollup import follow_up

ANSWERS: Final = {"unsent": "deferred"}
"""A person's word -> the event that it is, where it has another name."""
_SETTLING: Final = frozenset({"sent", "unsent", "bounced"})
"""Words that say of a notice in doubt what became of it."""


def approve(store: Store, notice_ids: Iterable[int], by: str, why: str, *, now: int | None = None) -> None:
    """Let notices leave; all of them or, where one cannot be approved, none.

    Args:
        store: holds the notices.
        notice_ids: their numbers.
        by: who lets them.
        why: why.
        now: Unix ms of when; default: the present.

    Raises:
        UsageError: one is not there, or no draft.
    """
    at = now_ms() if now is None else now
    with transaction(store.database):
        for notice_id in notice_ids:
            log_event(store.database, notice_id, Event("approved", at, by, why))


def answer(store: Store, notice_id: int, word: str, by: str, why: str, *, now: int | None = None) -> None:
    """Record what became of a notice, or a remark on it (`noted`).

    Args:
        store: holds the notice.
        notice_id: its number.
        word: what became of it.
        by: who says so.
        why: why.
        now: Unix ms of when; default: the present.

    Raises:
        UsageError: it is not there, or that cannot happen to one in its state.
        Busy: what may be on its way just now is to be settled, while another process drafts or sends.
    """
    at = now_ms() if now is None else now
    # a claim of a process that is at work has its result to come: who settled it would let the notice leave twice
    with hold(store.path, "notices") if word in _SETTLING else nullcontext():
        _answer(store, notice_id, word, Event(ANSWERS.get(word, word), at, by, why))


def _answer(store: Store, notice_id: int, word: str, event: Event) -> None:
    if word == "sent":
        found = read_notices(store.database, [notice_id])
        if not found:
            raise UsageError(f"notice {notice_id}: is not there; fanzha takedown queue lists notices")
        settle_sent(store, found[0], event.by, event.why, event.at)
        follow_up(store)
        return
    with transaction(store.database):
        log_event(store.database, notice_id, event)


_STANDING: Final = f"""
    SELECT attack.attack_key, attack.brand, attack.fraud_type, (
            SELECT max(url_id) FROM host JOIN url USING (host_id)
            WHERE host.name = substr(attack.target, 1, instr(attack.target || '/', '/') - 1)
                AND {TARGET_SQL} = attack.target) AS url_id, attack.target
    FROM attack WHERE target = ? AND state IN ('suspected', 'confirmed')"""  # noqa: S608 - our own names
"""Where no address is such a target it is an app's package."""


def close(store: Store, target: str, cause: str | None, by: str, why: str, *, now: int | None = None) -> int:
    """Record an operator's word that a site or app is gone, as a closure of each attack that stands open there.

    Returns:
        How many it closed: of several cases of one company on a brand and target, only the latest.

    Raises:
        UsageError: none did.
    """
    follow_up(store)
    asked = (store.database.execute(_STANDING, [name]).fetchall() for name in spellings(target))
    standing = next(filter(None, asked), [])
    if not standing:
        raise UsageError(f"{target}: no attack stands open there; v_attacks lists them")
    at = now_ms() if now is None else now
    told = {"target": target, "cause": cause, "by": by, "why": why, "at": at}
    content = json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
    with transaction(store.database):
        document_id = keep(store, CLOSURES, f"closure-{target}.json", content, at)
        for number, (_, *row) in enumerate(standing):
            _save_closure(store, row, f"{target}/{at}/{number}", cause, document_id, at)
    follow_up(store)
    closed = store.database.execute("SELECT attack_key FROM attack WHERE state = 'closed'").fetchall()
    return len({key for key, *_ in standing} & {key for (key,) in closed})


def _save_closure(store: Store, row: Sequence[Any], event_id: str, *what: str | int | None) -> None:
    brand, fraud_type, url_id, target = row
    cause, document_id, at = what
    terms = store.terms
    store.database.execute(
        """INSERT INTO attack_event (source_id, event_id, occurred_at, type_id, url_id, package, named_id,
               fraud_type_id, cause_id, is_test, document_id, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 1)""",
        [
            own_source(store, CLOSURES),
            event_id,
            at,
            terms.id("attack_event", "closure"),
            url_id,
            None if url_id else target,
            terms.id("brand", brand) if brand else None,
            terms.id("fraud_type", fraud_type) if fraud_type else None,
            terms.id("cause", str(cause)) if cause else None,
            document_id,
        ],
    )
