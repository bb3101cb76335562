"""From what is known of attacks to how long each stood: one end, three clocks, censored where nobody knows."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from analytics.measures.declared import CAUSES, Clock
from analytics.survival import Curve, kaplan_meier
from db.period import DAY_MS, Period

HOUR_MS: Final = 3_600_000
FOLLOW_MS: Final = 30 * DAY_MS
"""How long after the period's end attacks of it are followed: what is published is counted over no more, ever."""
SETTLED_MS: Final = 2 * DAY_MS
"""An outage is known to be one after a day and a probe. What began later is not decided: who counted the closures
known so far and took the rest as standing would find sites to live longer than they do."""

ATTACKS: Final = pl.Schema(
    {
        "attack_key": pl.String(),
        "brand": pl.String(),
        "is_own": pl.Boolean(),
        "fraud_type": pl.String(),
        "provider": pl.String(),
        "registrar": pl.String(),
        "country": pl.String(),
        "first_seen_at": pl.Int64(),
        "confirmed_at": pl.Int64(),
        "notified_at": pl.Int64(),
        "acknowledged_at": pl.Int64(),
        "last_up_at": pl.Int64(),
        "first_down_at": pl.Int64(),
        "down_at": pl.Int64(),
        "closed_at": pl.Int64(),
        "cause": pl.String(),
        "last_probe_at": pl.Int64(),
        "last_telling_at": pl.Int64(),
        "reopened": pl.Int64(),
        "previous": pl.String(),
        "state": pl.String(),
    }
)
"""One row an attack; instants are Unix ms and, like the words, null where not known. `last_telling_at` is the last
probe that found the site up or failing, `state` is `suspected`, `confirmed`, `dismissed` or `closed`."""

FATES: Final = ("closed", "open", "failing", "unknown", "unprobed")
STARTS: Final = {Clock.CONFIRMED: "confirmed_at", Clock.SEEN: "first_seen_at", Clock.NOTIFIED: "notified_at"}


@dataclass(frozen=True, slots=True)
class Span:
    """A period as it is measured at an instant."""

    period: Period
    as_of: int
    """The present, Unix ms: what happened later is not known."""

    @property
    def end(self) -> int:
        """The period's end, or the present while it runs."""
        return min(self.period.end, self.as_of)

    @property
    def followed(self) -> int:
        """Up to when attacks of the period are followed."""
        return min(self.period.end + FOLLOW_MS, self.as_of)

    @property
    def is_followed(self) -> bool:
        """Whether the attacks of the period were followed to the end."""
        return self.as_of >= self.period.end + FOLLOW_MS

    @property
    def settled(self) -> int:
        """Up to when it is decided what is down."""
        return min(self.period.end + FOLLOW_MS, self.as_of - SETTLED_MS)


def lives(attacks: pl.DataFrame, span: Span) -> pl.DataFrame:
    """Attacks that were ever confirmed and not dismissed, with how long each stood.

    The start of an outage that probes found lies in (last seen up, first found failing]: its middle is taken. What
    an event tells has the event's instant. What still stands is followed to the last telling probe; where no probe
    tells, to the end of the span: nobody said that it is down.

    Args:
        attacks: the columns of `ATTACKS`, a row an attack, in any order.
        span: the period, and the present.

    Returns:
        The columns of `ATTACKS` and: `shut_at` (instant by which it is known closed, Unix ms, null while open),
        `width` (hours between which its start is known, null where no probe found it), `cause_id` (0 open within the
        span, else 1 + place in `CAUSES`), `ended_at` (Unix ms, null while open), `is_in` (confirmed in the period),
        `fate` (where it stands, of `FATES`), and of each clock `time_X` and `entry_X` (hours; null where it did not
        stand or was not followed then).
    """
    known = attacks.filter(pl.col("confirmed_at") < span.as_of, pl.col("state").ne_missing("dismissed")).with_columns(
        is_in=span.period.holds("confirmed_at")
    )
    ended = known.with_columns(*_outage()).with_columns(
        ended_at=pl.when("is_probed").then((pl.col("lower") + pl.col("first_down_at")) // 2).otherwise("closed_at"),
        shut_at=pl.when("is_probed").then(pl.min_horizontal("first_down_at", "closed_at")).otherwise("closed_at"),
        width=pl.when("is_probed").then((pl.col("first_down_at") - pl.col("lower")) / HOUR_MS),
    )
    is_over = (pl.col("ended_at") <= span.settled).fill_null(value=False)
    stood = pl.min_horizontal(pl.col("last_telling_at").fill_null(span.settled), pl.lit(span.settled))
    cause = pl.col("cause").replace_strict(
        {cause: place for place, cause in enumerate(CAUSES, 1)}, default=len(CAUSES), return_dtype=pl.Int64
    )
    whole = ended.with_columns(
        _fate(span).alias("fate"),
        until=pl.when(is_over).then("ended_at").when(pl.col("ended_at").is_null()).then(stood).otherwise(span.settled),
        cause_id=pl.when(is_over).then(cause).otherwise(0),
    )
    return whole.with_columns(hours for clock in Clock for hours in _clock(clock)).drop("lower", "is_probed", "until")


def availability(attacks: pl.DataFrame, span: Span) -> Curve:
    """How long the attacks confirmed in the period stood from their confirmation on, in hours: the curve of `measure`.

    Args:
        attacks: as for `lives`.
        span: the period, and the present.
    """
    stood = lives(attacks, span).filter("is_in", pl.col("time_confirmed").is_not_null())
    times, entries = (stood[f"{name}_{Clock.CONFIRMED}"].to_numpy() for name in ("time", "entry"))
    return kaplan_meier(times, stood["cause_id"].to_numpy() > 0, entries)


def _outage() -> tuple[pl.Expr, pl.Expr]:
    """Whether probes found how it ended, and until when it is known to have stood before."""
    down = pl.col("first_down_at")
    is_probed = pl.col("down_at").is_not_null() & (pl.col("closed_at") >= down).fill_null(value=True)
    stood = (
        pl.when(pl.col(name) <= down).then(pl.col(name)) for name in ("last_up_at", "confirmed_at", "first_seen_at")
    )
    lower = pl.coalesce(pl.max_horizontal(*stood), down)
    return is_probed.alias("is_probed"), lower.alias("lower")


def _fate(span: Span) -> pl.Expr:
    """What is known of an attack at the end of the time in which it is followed."""
    shut, is_shut = pl.col("shut_at"), pl.col("shut_at").is_not_null()
    return (
        pl.when(shut < span.followed)
        .then(pl.lit("closed"))
        .when(pl.col("last_probe_at").is_null() & ~is_shut)
        .then(pl.lit("unprobed"))
        .when(pl.col("last_telling_at").is_null() & ~is_shut)
        .then(pl.lit("unknown"))
        .when(pl.col("first_down_at").is_not_null() & ~is_shut)
        .then(pl.lit("failing"))
        .otherwise(pl.lit("open"))
    )


def _clock(clock: Clock) -> tuple[pl.Expr, pl.Expr]:
    """Hours on a clock, and when on it the attack came under watch: at its confirmation, if that was later."""
    start, until, confirmed = pl.col(STARTS[clock]), pl.col("until"), pl.col("confirmed_at")
    late = confirmed > start
    stood = pl.when(late).then(until > confirmed).otherwise(until >= start)
    time, entry = ((instant - start) / HOUR_MS for instant in (until, confirmed))
    return (
        pl.when(stood).then(time).alias(f"time_{clock}"),
        pl.when(stood).then(pl.when(late).then(entry).otherwise(-1.0)).alias(f"entry_{clock}"),
    )
