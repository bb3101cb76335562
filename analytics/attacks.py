"""Attacks from events: which confirmations, actions and closures speak of the same fraud site or app listing.

An attack is the company's case number where one is given, else one brand (or, for a brandless fraud site, one
fraud type) on one target, its confirmations chained by gaps of at most 7 days.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

import polars as pl

from db.period import DAY_MS

CHAIN_MS: Final = 7 * DAY_MS
"""Confirmations at most this far apart are reports of one attack (the rule of the published phishing landscapes)."""
REOPEN_MS: Final = 15 * DAY_MS
"""A reactivation at most this long after the closure reopens the attack; a later one is a new, linked attack."""

_RANKS: Final = {"confirmation": 0, "action": 1, "closure": 2, "reactivation": 3}
"""The order of events of one instant: a site is confirmed, then acted on, then closed, then back."""
_BLOCKED_ONLY: Final = "blocked_only"
"""Blocked in browsers or networks, but still standing: not a closure."""
_IDENTITY: Final = ("brand", "fraud_type")
_INHERITED: Final = ("attack", "brand", "is_own", "fraud_type")
_SAID: Final = " said by the confirmation"

ATTACKS: Final = pl.Schema(
    {
        "attack_key": pl.String(),
        "target": pl.String(),
        "brand": pl.String(),
        "is_own": pl.Boolean(),
        "fraud_type": pl.String(),
        "first_seen_at": pl.Int64(),
        "confirmed_at": pl.Int64(),
        "first_action_at": pl.Int64(),
        "closed_at": pl.Int64(),
        "cause": pl.String(),
        "reopened": pl.Int64(),
        "previous": pl.String(),
        "events": pl.Int64(),
    }
)
"""One row an attack. `closed_at` and `cause` are of the final closure, null while it stands: the first that no
reactivation followed, however often it was noted again. `previous` is the key of the attack that this one continues
more than 15 days after its closure."""

_EVENT: Final = pl.Schema(
    {
        "event_key": pl.String(),
        "occurred_at": pl.Int64(),
        "type": pl.String(),
        "attack": pl.String(),
        "target": pl.String(),
        "brand": pl.String(),
        "is_own": pl.Boolean(),
        "fraud_type": pl.String(),
        "cause": pl.String(),
    }
)


class _Event(NamedTuple):
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
    cause: str | None


@dataclass(slots=True)
class _Attack:
    """An attack while its events are walked in order."""

    key: str
    reported_at: int
    """The latest confirmation or reactivation, before any the latest event: what a confirmation is chained to."""
    previous: "_Attack | None"
    events: list[_Event] = field(default_factory=list)
    confirmed_at: int | None = None
    first_action_at: int | None = None
    closure: _Event | None = None
    reopened: int = 0


def derive_attacks(events: pl.DataFrame) -> pl.DataFrame:
    """The attacks that events speak of, whatever order the events come in; test rows count nowhere.

    Args:
        events: one row an event: `event_key` (unique text), `occurred_at` (Unix ms), `type`, `attack` (the company's
            case number), `target` (host or app package), `brand`, `is_own`, `fraud_type`, `cause`, `is_test`; all
            but the first three may be null. Other columns are not read.

    Returns:
        A frame of the columns of `ATTACKS`, by first event and key.
    """
    rows = [_row(attack) for attack in _walk(events)]
    return pl.DataFrame(rows, schema=ATTACKS, orient="row").sort("first_seen_at", "attack_key")


def attack_of(events: pl.DataFrame) -> pl.DataFrame:
    """Which attack each event belongs to: `event_key`, `attack_key`; no row for a test event.

    Args:
        events: as for `derive_attacks`.
    """
    pairs = [(event.event_key, attack.key) for attack in _walk(events) for event in attack.events]
    return pl.DataFrame(pairs, schema={"event_key": pl.String, "attack_key": pl.String}, orient="row").sort("event_key")


def _walk(events: pl.DataFrame) -> Iterator[_Attack]:
    grouped = _grouped(events.filter(~pl.col("is_test").fill_null(value=False)))
    for _, of_group in groupby(map(_Event._make, grouped.iter_rows()), itemgetter(0)):
        yield from _attacks_of(of_group)


def _grouped(events: pl.DataFrame) -> pl.DataFrame:
    """Each event with its group, in the order in which the attacks are walked."""
    known = events.select(pl.col(name).cast(dtype) for name, dtype in _EVENT.items()).unique()
    named = _inherit(known)
    identity = pl.when(pl.col("brand").is_not_null()).then(pl.lit("brand")).otherwise(pl.lit("type"))
    group = (
        pl.when(pl.col("attack").is_not_null())
        .then(_json(pl.lit("case"), pl.col("attack")))
        # of an event that names no target nobody can say that it speaks of the same one as another
        .when(pl.col("target").is_null())
        .then(_json(pl.lit("event"), pl.col("event_key")))
        .otherwise(_json(identity, pl.coalesce(*_IDENTITY), pl.col("target")))
    )
    rank = pl.col("type").replace_strict(_RANKS, return_dtype=pl.Int64)
    whole = named.with_columns(group=group, is_case=pl.col("attack").is_not_null(), rank=rank)
    return whole.sort("group", "occurred_at", "rank", "event_key").select(_Event._fields)


def _json(*parts: pl.Expr) -> pl.Expr:
    """Parts as one text from which they can be told apart again, whatever a criminal wrote into them."""
    return pl.struct(part.alias(str(place)) for place, part in enumerate(parts)).struct.json_encode()


def _inherit(events: pl.DataFrame) -> pl.DataFrame:
    """Actions, closures and reactivations that say less than the confirmation they follow take its case and name.

    What an event says itself is kept: it is compared with the confirmations of the same target that agree with it.
    """
    is_confirmation, has_target = pl.col("type") == "confirmation", pl.col("target").is_not_null()
    has_brand, has_type = (pl.col(name).is_not_null() for name in _IDENTITY)
    confirmed = events.filter(is_confirmation, has_target)
    is_loose = ~is_confirmation & has_target & pl.col("attack").is_null()
    agreeing = (
        (has_brand, ["target", "brand"]),
        (~has_brand & has_type, ["target", "fraud_type"]),
        (~has_brand & ~has_type, ["target"]),
    )
    followed = [_follow(events.filter(is_loose & says), confirmed, by) for says, by in agreeing]
    return pl.concat([events.filter(~is_loose), *followed])


def _follow(loose: pl.DataFrame, confirmed: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Fill nulls from the latest confirmation up to each event, else from the first after it."""
    offered = confirmed.select("occurred_at", *by, confirmation="event_key").sort("occurred_at", "confirmation")
    in_time = loose.sort("occurred_at")
    earlier = in_time.join_asof(offered, on="occurred_at", by=by, strategy="backward", check_sortedness=False)
    later = in_time.join_asof(offered, on="occurred_at", by=by, strategy="forward", check_sortedness=False)
    chosen = earlier.with_columns(pl.coalesce("confirmation", later["confirmation"]))
    said = confirmed.select(pl.col("event_key").alias("confirmation"), *_INHERITED)
    # whose brand it is goes with the brand: an event that names none says nothing of that, whatever its column holds
    is_own = pl.when(pl.col("brand").is_not_null()).then("is_own")
    filled = chosen.with_columns(is_own).join(said, on="confirmation", how="left", suffix=_SAID)
    return filled.with_columns(pl.coalesce(name, name + _SAID) for name in _INHERITED).select(loose.columns)


def _attacks_of(events: Iterable[_Event]) -> Iterator[_Attack]:
    """The attacks of one group, of its events in order."""
    current: _Attack | None = None
    for event in events:
        if current is None or _is_new(current, event):
            if current is not None:
                yield current
            current = _open(current, event)
        _take(current, event)
    if current is not None:
        yield current


def _is_new(current: _Attack, event: _Event) -> bool:
    if event.type == "confirmation":
        return not event.is_case and event.occurred_at - current.reported_at > CHAIN_MS
    if event.type == "reactivation" and current.closure is not None:
        return event.occurred_at - current.closure.occurred_at > REOPEN_MS
    return False


def _open(current: _Attack | None, event: _Event) -> _Attack:
    # the first attack of a case keeps its key when an earlier event of the case arrives late
    named = [event.group] if event.is_case and current is None else [event.group, event.occurred_at]
    key = sha256(json.dumps(named).encode()).hexdigest()[:32]
    previous = current if event.type == "reactivation" else None
    attack = _Attack(key, event.occurred_at, previous)
    if previous is not None and previous.confirmed_at is not None:
        # what was confirmed before needs no second confirmation; left out, it would leave the closure rate's base
        attack.confirmed_at = event.occurred_at
    return attack


def _take(attack: _Attack, event: _Event) -> None:
    """Let an event act on the attack it belongs to."""
    attack.events.append(event)
    if attack.confirmed_at is None or event.type in {"confirmation", "reactivation"}:
        attack.reported_at = event.occurred_at
    if event.type == "confirmation" and attack.confirmed_at is None:
        attack.confirmed_at = event.occurred_at
    elif event.type == "action" and attack.first_action_at is None:
        attack.first_action_at = event.occurred_at
    elif event.type == "closure" and event.cause != _BLOCKED_ONLY and attack.closure is None:
        # nobody closes what stayed closed: what says so again notes the same closure, and must not move a closed year
        attack.closure = event
    elif event.type == "reactivation" and attack.closure is not None:
        attack.closure = None
        attack.reopened += 1


def _row(attack: _Attack) -> tuple[str | int | bool | None, ...]:
    """The attack as a row of `ATTACKS`; what its events say differently, the confirmation says."""
    told = sorted(attack.events, key=lambda event: event.type != "confirmation")
    branded = next((event for event in told if event.brand is not None), None)
    return (
        attack.key,
        next((event.target for event in told if event.target is not None), None),
        branded.brand if branded else None,
        bool(branded and branded.is_own),
        next((event.fraud_type for event in told if event.fraud_type is not None), None),
        attack.events[0].occurred_at,
        attack.confirmed_at,
        attack.first_action_at,
        attack.closure.occurred_at if attack.closure else None,
        attack.closure.cause if attack.closure else None,
        attack.reopened,
        attack.previous.key if attack.previous else None,
        len(attack.events),
    )
