"""Which events speak of the same thing: a case, or a brand (of a brandless site, a fraud type) on a target."""

from collections.abc import Collection, Mapping
from typing import Final

import polars as pl

RANKS: Final = {
    "report": 0,
    "dismissal": 1,
    "confirmation": 2,
    "action": 3,
    "unreachable": 4,
    "closure": 5,
    "reactivation": 6,
    "up": 7,
}
"""The order of events of one instant: a site is reported, judged, acted on, closed, then back."""

_SAYS: Final = " said by the confirmation"
_IDENTITY: Final = ("brand", "fraud_type")
_INHERITED: Final = ("attack", "brand", "is_own", "fraud_type")
_ANCHORS: Final = ("confirmation", "report")

_COLUMNS: Final[Mapping[str, pl.DataType]] = {
    "event_key": pl.String(),
    "occurred_at": pl.Int64(),
    "type": pl.String(),
    "attack": pl.String(),
    "target": pl.String(),
    "brand": pl.String(),
    "is_own": pl.Boolean(),
    "fraud_type": pl.String(),
    "cause": pl.String(),
    "address": pl.String(),
    "basis": pl.String(),
    "confidence": pl.Int64(),
    "usual_type": pl.String(),
    "outcome": pl.String(),
    "noted_at": pl.Int64(),
    "is_of_site": pl.Boolean(),
}
"""What is read of an event; a column that a frame lacks is null."""


def unite(
    company: pl.DataFrame, ours: pl.DataFrame, of_targets: pl.DataFrame, followed: Collection[str]
) -> pl.DataFrame:
    """All events in one frame, as `derive_attacks` takes them; columns that one frame lacks are null for its rows.

    Args:
        company: a company's own events.
        ours: reports, and what confirms them, each of a target and a brand: `basis` is `likeness`, `source`, `rule`
            or `verdict`. One that names a brand and target of a company's case belongs to the case.
        of_targets: what is said of a target whoever is imitated there: what probes found (`basis` `probe`), and
            dismissals (`basis` `verdict`; where they name a brand, of that one alone). Each comes once for each thing
            on the target that other events speak of; a case of several targets is left to the company.
        followed: ids of the brands of which `of_targets` counts; of others the company alone speaks.
    """
    in_cases = company.filter(pl.col("type") == "confirmation", ~pl.col("is_test").fill_null(value=False))
    named = _follow(_complete(ours), in_cases.filter(pl.col("target").is_not_null()), ["target", "brand"])
    events = pl.concat([company, named], how="diagonal")
    return pl.concat([events, _spread(of_targets, events, followed)], how="diagonal")


def _spread(of_targets: pl.DataFrame, events: pl.DataFrame, followed: Collection[str]) -> pl.DataFrame:
    real = events.filter(~pl.col("is_test").fill_null(value=False), pl.col("target").is_not_null())
    targets_of_case = pl.when(pl.col("attack").is_not_null()).then(pl.col("target").n_unique().over("attack"))
    whole = (
        real.filter(targets_of_case.fill_null(1) == 1)
        .filter(pl.col("brand").is_in(list(followed)))
        .group_by("target", "attack", "brand")
        .agg(pl.col("is_own").any())
        .with_columns(thing=_json(pl.col("attack"), pl.col("brand")))
    )
    said = of_targets.rename({"brand": "only"}).drop("attack", "is_own", "fraud_type", strict=False)
    spread = said.join(whole, on="target").filter((pl.col("only") == pl.col("brand")) | pl.col("only").is_null())
    return spread.with_columns(event_key=pl.concat_str("event_key", "thing", separator=" ")).drop("only", "thing")


def grouped(events: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """Each event that is no test with its `group` and `rank`, in the order in which attacks are walked."""
    real = events.filter(~pl.col("is_test").fill_null(value=False))
    known = _complete(real).select(pl.col(name).cast(dtype) for name, dtype in _COLUMNS.items()).unique()
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
    rank = pl.col("type").replace_strict(RANKS, return_dtype=pl.Int64)
    whole = named.with_columns(group=group, is_case=pl.col("attack").is_not_null(), rank=rank)
    return whole.sort("group", "occurred_at", "rank", "event_key").select(columns)


def _complete(events: pl.DataFrame) -> pl.DataFrame:
    missing = {name: dtype for name, dtype in _COLUMNS.items() if name not in events.columns}
    return events.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in missing.items())


def _json(*parts: pl.Expr) -> pl.Expr:
    """Parts as one text from which they can be told apart again, whatever a criminal wrote into them."""
    return pl.struct(part.alias(str(place)) for place, part in enumerate(parts)).struct.json_encode()


def _inherit(events: pl.DataFrame) -> pl.DataFrame:
    """A company's events that say less than the confirmation or report they follow take its case and name.

    What an event says itself is kept: it is compared with the confirmations of the same target that agree with it.
    """
    is_anchor, has_target = pl.col("type").is_in(_ANCHORS), pl.col("target").is_not_null()
    has_brand, has_type = (pl.col(name).is_not_null() for name in _IDENTITY)
    anchors = events.filter(is_anchor, has_target)
    is_loose = ~is_anchor & has_target & pl.col("attack").is_null() & pl.col("basis").is_null()
    agreeing = (
        (has_brand, ["target", "brand"]),
        (~has_brand & has_type, ["target", "fraud_type"]),
        (~has_brand & ~has_type, ["target"]),
    )
    followed = [_follow(events.filter(is_loose & says), anchors, by) for says, by in agreeing]
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
    filled = chosen.with_columns(is_own).join(said, on="confirmation", how="left", suffix=_SAYS)
    return filled.with_columns(pl.coalesce(name, name + _SAYS) for name in _INHERITED).select(loose.columns)
