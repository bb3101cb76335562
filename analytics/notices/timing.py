"""What is due by its age: reminders of notices that nobody acted on, escalation, deadlines."""

from collections.abc import Iterable, Sequence
from typing import Final

from db.notices import Notice, OpenAttack
from db.takedown_rules import After

HOUR_MS: Final = 3_600_000
_WAITING: Final = frozenset({"sent", "acknowledged"})


def notices_of(notices: Iterable[Notice], attack: OpenAttack) -> list[Notice]:
    """The notices of an open attack since it last came back, withdrawn ones too."""
    return [
        notice
        for notice in notices
        if (notice.target, notice.brand) == (attack.target, attack.brand) and notice.drafted_at >= attack.since
    ]


def due_reminders(notices: Sequence[Notice], after: After, now: int) -> list[tuple[Notice, int]]:
    """Notices of one attack that are to be recalled, each with the reminder's number, from 1.

    One reminder at a time: the next one waits until the one before has left.
    """
    due = []
    for first in notices:
        if first.step or first.state not in _WAITING or first.sent_at is None:
            continue
        earlier = [one for one in notices if one.recipient == first.recipient and one.step]
        number = len(earlier) + 1
        is_time = number <= len(after.remind) and now - first.sent_at >= after.remind[number - 1] * HOUR_MS
        if is_time and all(one.state in _WAITING for one in earlier):
            due.append((first, number))
    return due


def is_to_escalate(notices: Sequence[Notice], after: After, now: int) -> bool:
    """Whether so long after the first notice of an attack others are to be told."""
    first = first_sent_at(notices)
    return first is not None and now - first >= after.escalate * HOUR_MS


def first_sent_at(notices: Iterable[Notice]) -> int | None:
    """When the first of some notices left; None where none has."""
    return min((notice.sent_at for notice in notices if notice.sent_at is not None), default=None)


def is_past_deadline(notice: Notice, now: int) -> bool:
    """Whether a notice of an open attack has waited for longer than it should."""
    return notice.sent_at is not None and now - notice.sent_at >= notice.deadline_hours * HOUR_MS
