"""Follow-up and roll-up: attacks from their events, figures from the records."""

from collections.abc import Mapping, Sequence
from unicodedata import normalize

import polars as pl
from sqlite_utils import Database

from analytics.attacks import attack_of, derive_attacks
from analytics.kpi.figures import Figure, compute
from db.brands import Brand, load_brands
from db.connection import snapshot, transaction
from db.figures import StoredFigure, save_attacks, save_figures
from db.frames import scan_frames
from db.matches import read_brands
from db.period import Period
from db.store import Store, now_ms


def follow_up(store: Store) -> int:
    """Derive the attacks from their events and store them; returns how many there are."""
    events = scan_frames(store.database)["attack_events"].collect()
    attacks = derive_attacks(_named(store.database, events))
    with transaction(store.database):
        save_attacks(store.database, attacks)
    return attacks.height


def figures(database: Database, year: int) -> list[Figure]:
    """All KPIs of a year, computed from the records."""
    period = Period(year)
    with snapshot(database):
        return compute(read_records(database, period), period)


def roll_up(store: Store, year: int) -> list[Figure]:
    """Compute a year's KPIs and store those that changed."""
    computed = figures(store.database, year)
    with transaction(store.database):
        save_figures(store.database, year, [_stored(figure) for figure in computed], now_ms())
    return computed


def read_records(database: Database, period: Period) -> Mapping[str, pl.LazyFrame]:
    """The frames that a period's KPIs are computed from; collect them within one `snapshot`."""
    frames = scan_frames(database, period)
    events = _named(database, frames["attack_events"].collect())
    keyed = events.join(attack_of(events), on="event_key", how="left")
    return frames | {"attack_events": keyed.lazy(), "attacks": derive_attacks(events).lazy()}


def _named(database: Database, events: pl.DataFrame) -> pl.DataFrame:
    """Attack events, with the brand that each names resolved to its id where it is a listed one."""
    named = _named_brands(read_brands(database) or load_brands())
    return (
        events.with_columns(key=pl.col("named").str.normalize("NFKC").str.to_lowercase())
        .join(named, on="key", how="left")
        # two spellings of a brand that is not listed are one brand too
        .with_columns(pl.coalesce("brand", "key").alias("brand"), pl.col("is_own").fill_null(value=False))
        .drop("key", "named")
    )


def _named_brands(brands: Sequence[Brand]) -> pl.DataFrame:
    known = {
        normalize("NFKC", name).lower(): (brand.id, brand.own) for brand in brands for name in (*brand.names, brand.id)
    }
    rows = [(name, brand_id, own) for name, (brand_id, own) in known.items()]
    return pl.DataFrame(rows, schema={"key": pl.String, "brand": pl.String, "is_own": pl.Boolean}, orient="row")


def _stored(figure: Figure) -> StoredFigure:
    return StoredFigure(
        figure.definition.id,
        str(figure.definition.version),
        None if figure.value is None else str(figure.value),
        None if figure.prior is None else str(figure.prior),
        figure.display_zh,
        figure.display_en,
        " / ".join(filter(None, (figure.note_zh, figure.note_en))),
    )
