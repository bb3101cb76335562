"""Follow-up and roll-up: attacks from their events, figures from the records."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final
from unicodedata import normalize

import polars as pl
from sqlite_utils import Database

from analytics.attacks.derive import derive_attacks, derive_both
from analytics.attacks.groups import unite
from analytics.kpi.definition import Definition
from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.figures import Figure, compute
from analytics.probes import derive_events
from db.archives import reading_archived
from db.basis import basis_of
from db.brands import Brand, load_brands
from db.connection import snapshot, transaction
from db.figures import StoredFigure, kept_figures, save_attacks, save_figures
from db.follow import CLOSURES, read_followed, read_reports, read_told, read_untold, read_verdicts, save_told
from db.frames import scan_frames
from db.matches import read_brands
from db.period import Period
from db.store import Store, now_ms
from flows.site_log import read_site_log

_SITES: Final = 500
"""Sites whose probes are in memory at once."""


def follow_up(store: Store) -> int:
    """Derive the attacks from their events and store them; returns how many there are."""
    _tell_sites(store)
    with transaction(store.database):
        attacks = derived_attacks(store.database)
        save_attacks(store.database, attacks)
    return attacks.height


def derived_attacks(database: Database) -> pl.DataFrame:
    """The attacks as their events have them, columns as in the table; collect within a transaction."""
    return derive_attacks(_events(database, scan_frames(database)["attack_events"].collect()))


def _tell_sites(store: Store) -> None:
    """Bring what probes tell up to their log."""
    untold = read_untold(store.database)
    for start in range(0, len(untold), _SITES):
        sites = untold[start : start + _SITES]
        with transaction(store.database):
            save_told(store.database, sites, derive_events(read_site_log(store.database, sites)))


def figures(database: Database, year: int) -> list[Figure]:
    """All KPIs of a year: as they were computed last where nothing they rest on has changed, else from the records."""
    with snapshot(database):
        kept = _kept(database, year)
    return kept or computed_figures(database, year)


def computed_figures(database: Database, year: int) -> list[Figure]:
    """All KPIs of a year, computed from the records."""
    return _computed(database, year)[0]


def _computed(database: Database, year: int) -> tuple[list[Figure], str]:
    """The figures, and the basis that they were computed from: both of one instant."""
    period = Period(year)
    with snapshot(database), reading_archived():
        return compute(read_records(database, period), period), basis_of(database)


def roll_up(store: Store, year: int) -> list[Figure]:
    """Compute a year's KPIs and store those that changed; where nothing they rest on has, they are as they were."""
    if kept := _kept(store.database, year):
        return kept
    computed, basis = _computed(store.database, year)
    with transaction(store.database):
        save_figures(store.database, year, [_stored(figure) for figure in computed], basis, now_ms())
    return computed


def _kept(database: Database, year: int) -> list[Figure]:
    """A year's figures as they were stored, if those of today's definitions are all there."""
    kept = {(one.kpi, one.definition_version): one for one in kept_figures(database, year)}
    wanted = [(definition, kept.get((definition.id, str(definition.version)))) for definition in DEFINITIONS.values()]
    return [_read(definition, year, one) for definition, one in wanted if one] if all(one for _, one in wanted) else []


def read_records(database: Database, period: Period) -> Mapping[str, pl.LazyFrame]:
    """The frames that a period's KPIs are computed from; collect them within one `snapshot`."""
    frames = scan_frames(database, period)
    events = _events(database, frames["attack_events"].collect())
    attacks, belonging = derive_both(events)
    keyed = events.join(belonging, on="event_key", how="left")
    return frames | {"attack_events": keyed.lazy(), "attacks": attacks.lazy()}


def _events(database: Database, imported: pl.DataFrame) -> pl.DataFrame:
    """All that is said of attacks: by the company, by sightings of lookalikes, by analysts, by probes."""
    followed = read_followed(database)
    verdicts = _named(database, read_verdicts(database))
    is_confirmed = pl.col("type") == "confirmation"
    # a verdict that names no brand is of the brand which is resembled most; of a brand that is not followed, of none
    confirmed = verdicts.filter(is_confirmed).with_columns(pl.coalesce("brand", "best"))
    judged = confirmed.drop("is_own", "best").join(followed, on="brand")
    ours = pl.concat([read_reports(database), judged], how="diagonal")
    dismissed = verdicts.filter(~is_confirmed).drop("is_own", "best")
    told = read_told(database).with_columns(brand=pl.lit(None, pl.String))
    of_targets = pl.concat([dismissed, told], how="diagonal")
    said = _named(database, imported).with_columns(is_of_site=pl.col("source") == CLOSURES)
    return unite(said, ours, of_targets, followed["brand"].to_list())


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
        figure.note_zh,
        figure.note_en,
        figure.numerator,
        figure.denominator,
        figure.is_synthetic,
    )


def _read(definition: Definition, year: int, stored: StoredFigure) -> Figure:
    """The figure that `_stored` made this of."""
    value, prior = (_number(definition, text) for text in (stored.value, stored.prior))
    notes = (stored.note_zh, stored.note_en, stored.numerator, stored.denominator, stored.is_synthetic)
    return Figure(definition, year, value, prior, *notes)


def _number(definition: Definition, text: str | None) -> int | Decimal | None:
    if text is None:
        return None
    return Decimal(text) if definition.measure in {"percent", "points"} else int(text)
