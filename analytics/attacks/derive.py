"""Attacks from events: which reports, judgements, actions and closures speak of the same fraud site or app listing.

An attack is the company's case number where one is given, else one brand (or, for a brandless fraud site, one
fraud type) on one target, its reports chained by gaps of at most 7 days; while probes tell how the site is, by any.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Final

import polars as pl

from analytics.attacks.groups import grouped
from analytics.attacks.walk import Attack, Event, attacks_of

ATTACKS: Final = pl.Schema(
    {
        "attack_key": pl.String(),
        "state": pl.String(),
        "target": pl.String(),
        "address": pl.String(),
        "brand": pl.String(),
        "is_own": pl.Boolean(),
        "fraud_type": pl.String(),
        "confidence": pl.Int64(),
        "first_seen_at": pl.Int64(),
        "confirmed_at": pl.Int64(),
        "dismissed_at": pl.Int64(),
        "first_action_at": pl.Int64(),
        "unconfirmed_at": pl.Int64(),
        "closed_at": pl.Int64(),
        "down_at": pl.Int64(),
        "cause": pl.String(),
        "reopened": pl.Int64(),
        "reopened_at": pl.Int64(),
        "previous": pl.String(),
        "events": pl.Int64(),
    }
)
"""One row an attack. `address` is what to visit and to report: the URL last reported, else what was, else the target.
`closed_at` and `cause` are of the final closure, null while it stands: the first that no reactivation followed, however
often it was noted again; `down_at` is when probes had shown it. `unconfirmed_at` is since when one network alone finds
it down. `previous` is the key of the attack that this one continues."""


def derive_attacks(events: pl.DataFrame) -> pl.DataFrame:
    """The attacks that events speak of, whatever order the events come in; test rows count nowhere.

    Args:
        events: one row an event: `event_key` (unique text), `occurred_at` (Unix ms), `type`, `attack` (the company's
            case number), `target` (site or app package), `brand`, `is_own`, `fraud_type`, `cause`, `is_test`; all
            but the first three may be null. What is not the company's word has a `basis` (`groups.unite`), and may
            have `address`, `confidence`, `usual_type`, `outcome`, `noted_at`; a closure `is_of_site`. Other
            columns are not read.

    Returns:
        A frame of the columns of `ATTACKS`, by first event and key.
    """
    return _attacks(_walk(events))


def attack_of(events: pl.DataFrame) -> pl.DataFrame:
    """Which attack each event belongs to: `event_key`, `attack_key`.

    No row for a test event, nor for a probe or dismissal from before anything was reported.

    Args:
        events: as for `derive_attacks`.
    """
    return _belonging(_walk(events))


def derive_both(events: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What `derive_attacks` and `attack_of` answer, from one walk."""
    walked = list(_walk(events))
    return _attacks(walked), _belonging(walked)


def _attacks(walked: Iterable[Attack]) -> pl.DataFrame:
    rows = [_row(attack) for attack in walked]
    return pl.DataFrame(rows, schema=ATTACKS, orient="row").sort("first_seen_at", "attack_key")


def _belonging(walked: Iterable[Attack]) -> pl.DataFrame:
    pairs = [(event.event_key, attack.key) for attack in walked for event in attack.events]
    return pl.DataFrame(pairs, schema={"event_key": pl.String, "attack_key": pl.String}, orient="row").sort("event_key")


def _walk(events: pl.DataFrame) -> Iterator[Attack]:
    rows = grouped(events, Event._fields).iter_rows()
    for _, of_group in groupby(map(Event._make, rows), itemgetter(0)):
        yield from attacks_of(of_group)


def _row(attack: Attack) -> tuple[str | int | bool | None, ...]:
    """The attack as a row of `ATTACKS`; what its events say differently, the latest verdict or confirmation says."""
    told = sorted(attack.events, key=_weight)
    branded = next((event for event in told if event.brand is not None), None)
    target = next((event.target for event in told if event.target is not None), None)
    closure = attack.closure
    return (
        attack.key,
        attack.state,
        target,
        _address(attack) or target,
        branded.brand if branded else None,
        bool(branded and branded.is_own),
        _fraud_type(told),
        max((event.confidence for event in told if event.confidence is not None), default=None),
        attack.events[0].occurred_at,
        attack.confirmed_at,
        attack.dismissed_at,
        attack.first_action_at,
        attack.unconfirmed_at,
        closure.occurred_at if closure else None,
        closure.noted_at if closure else None,
        attack.cause,
        attack.reopened,
        attack.reopened_at,
        attack.previous.key if attack.previous else None,
        len(attack.events),
    )


def _weight(event: Event) -> tuple[int, int]:
    if event.type != "confirmation":
        return 2, 0
    return (0, -event.occurred_at) if event.basis == "verdict" else (1, 0)


def _fraud_type(told: list[Event]) -> str | None:
    said = (event.fraud_type for event in told if event.fraud_type is not None)
    usual = (event.usual_type for event in told if event.usual_type is not None)
    return next(said, None) or next(usual, None)


def _address(attack: Attack) -> str | None:
    reported = [event.address for event in reversed(attack.events) if event.address and event.basis != "probe"]
    return next((address for address in reported if "/" in address), reported[0] if reported else None)
