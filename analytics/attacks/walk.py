"""The attacks of one group, of its events in order: opened, judged, acted on, closed, back."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, NamedTuple

from db.period import DAY_MS

CHAIN_MS: Final = 7 * DAY_MS
"""Reports at most this far apart are of one attack (the rule of the published phishing landscapes)."""
REOPEN_MS: Final = 15 * DAY_MS
"""A reactivation at most this long after the closure reopens the attack; a later one is a new, linked attack."""

_BLOCKED_ONLY: Final = "blocked_only"
"""Blocked in browsers or networks, but still standing: not a closure."""
_BY_OTHERS: Final = frozenset({"suspended_page", "client_hold"})
"""Outcomes that a site does not bring about by itself."""
_BACK: Final = frozenset({"reactivation", "up"})
_REPORTS: Final = frozenset({"report", "confirmation"})


class Event(NamedTuple):
    """One event of a group; the group's events come in order."""

    group: str
    """JSON of what makes events speak of one thing: a case, or an identity and a target."""
    is_case: bool
    rank: int
    event_key: str
    occurred_at: int
    type: str
    target: str | None
    brand: str | None
    is_own: bool | None
    fraud_type: str | None
    usual_type: str | None
    """The fraud type of such attacks, where nobody says otherwise."""
    cause: str | None
    address: str | None
    basis: str | None
    """What it rests on: `likeness`, `source`, `rule`, `verdict`, `probe`; null: the company says so."""
    confidence: int | None
    outcome: str | None
    """What a probe found."""
    noted_at: int | None
    """When an outage was seen to be one, which is later than when it began."""
    is_of_site: bool | None
    """A closure that speaks of whatever stands on the target, as an operator's word does."""


@dataclass(slots=True)
class Attack:
    """An attack while its events are walked in order."""

    key: str
    reported_at: int
    """The latest confirmation or reactivation, before any the latest event: what a report is chained to."""
    previous: "Attack | None"
    events: list[Event] = field(default_factory=list)
    told_at: int = 0
    """When a probe last told how the site is."""
    confirmed_at: int | None = None
    dismissed_at: int | None = None
    first_action_at: int | None = None
    closure: Event | None = None
    cause: str | None = None
    unconfirmed_at: int | None = None
    """Since when one network alone finds the site down."""
    reopened: int = 0
    reopened_at: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether it stands, as far as anybody told."""
        return self.closure is None and self.dismissed_at is None

    @property
    def state(self) -> str:
        """`dismissed`, `closed`, `confirmed` or `suspected`: the first of these that holds."""
        if self.dismissed_at is not None:
            return "dismissed"
        if self.closure:
            return "closed"
        return "suspected" if self.confirmed_at is None else "confirmed"


def attacks_of(events: Iterable[Event]) -> list[Attack]:
    """The attacks of one group, of its events in order."""
    attacks: list[Attack] = []
    ruling: str | None = None
    for event in events:
        if _opens(attacks[-1] if attacks else None, event):
            attacks.append(_open(attacks[-1] if attacks else None, event, ruling))
        for attack in _reached(attacks, event):
            _take(attack, event)
        ruling = event.type if event.basis == "verdict" else ruling
    return attacks


def _reached(attacks: list[Attack], event: Event) -> list[Attack]:
    """The latest attack; what is said of the site at large, also those before it of which nobody told the end."""
    if event.type == "dismissal" or (event.type == "closure" and (event.basis == "probe" or event.is_of_site)):
        return [*(attack for attack in attacks[:-1] if attack.is_open), *attacks[-1:]]
    return attacks[-1:]


def _opens(current: Attack | None, event: Event) -> bool:
    if current is None:
        # a probe of a site that nobody has reported opens nothing, and a dismissal neither
        return event.basis != "probe" and event.type != "dismissal"
    return _is_new(current, event)


def _is_new(current: Attack, event: Event) -> bool:
    if event.type in _REPORTS:
        return event.basis != "verdict" and _is_unchained(current, event)
    if event.type in _BACK and current.closure is not None and current.dismissed_at is None:
        return event.occurred_at - current.closure.occurred_at > REOPEN_MS
    return False


def _is_unchained(current: Attack, event: Event) -> bool:
    """Whether a report is of something later: nobody tells what has become of the site since."""
    if event.is_case and (event.basis is None or current.closure is None):
        return False
    closed_at = current.closure.occurred_at if current.closure and event.basis else 0
    if closed_at and event.occurred_at - closed_at > REOPEN_MS:
        return True  # nobody looks there any more: only this report can say that it is back
    return event.occurred_at - max(current.reported_at, current.told_at, closed_at) > CHAIN_MS


def _open(current: Attack | None, event: Event, ruling: str | None) -> Attack:
    # the first attack of a case keeps its key when an earlier event of the case arrives late
    named = [event.group] if event.is_case and current is None else [event.group, event.occurred_at]
    key = sha256(json.dumps(named).encode()).hexdigest()[:32]
    previous = current if event.type in _BACK or event.basis else None
    attack = Attack(key, event.occurred_at, previous)
    is_back = event.type in _BACK and previous is not None and previous.confirmed_at is not None
    if is_back or ruling == "confirmation":
        # what was confirmed before needs no second confirmation; left out, it would leave the closure rate's base
        attack.confirmed_at = event.occurred_at
    elif ruling == "dismissal":
        attack.dismissed_at = event.occurred_at
    return attack


def _take(attack: Attack, event: Event) -> None:
    """Let an event act on the attack it belongs to."""
    attack.events.append(event)
    _chain(attack, event)
    if event.type == "confirmation":
        _confirm(attack, event)
    elif event.type == "dismissal" and attack.dismissed_at is None:
        attack.dismissed_at = event.occurred_at
    elif event.type == "action" and attack.first_action_at is None:
        attack.first_action_at = event.occurred_at
    elif event.type == "closure" and event.cause != _BLOCKED_ONLY and attack.closure is None:
        # nobody closes what stayed closed: what says so again notes the same closure, and must not move a closed year
        attack.closure, attack.cause, attack.unconfirmed_at = event, _cause(attack, event), None
    elif event.type == "unreachable" and attack.closure is None and attack.unconfirmed_at is None:
        attack.unconfirmed_at = event.occurred_at
    elif event.type in _BACK:
        _reopen(attack, event)


def _chain(attack: Attack, event: Event) -> None:
    if event.basis == "probe":
        attack.told_at = event.occurred_at
    elif event.basis is None:
        if attack.confirmed_at is None or event.type in {"confirmation", "reactivation"}:
            attack.reported_at = event.occurred_at
    elif event.type in _REPORTS and attack.closure is None:
        # late reports of what is down must not keep a site from being looked at again
        attack.reported_at = event.occurred_at


def _confirm(attack: Attack, event: Event) -> None:
    if event.basis == "verdict":
        attack.dismissed_at = None
    if attack.confirmed_at is None:
        attack.confirmed_at = event.occurred_at


def _cause(attack: Attack, event: Event) -> str | None:
    """Who closed it: as the company says; of what probes found down, as follows from what came before."""
    if event.basis != "probe":
        return event.cause
    if attack.first_action_at is not None:
        return "us"
    return "third_party" if event.outcome in _BY_OTHERS else "self_expired"


def _reopen(attack: Attack, event: Event) -> None:
    attack.unconfirmed_at = None
    if attack.closure is not None:
        attack.closure = attack.cause = None
        attack.reopened += 1
        attack.reopened_at = event.occurred_at
