"""Follow-up and roll-up: attacks from their events, figures from the records."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple
from typing import Final, NamedTuple
from unicodedata import normalize

import polars as pl
from sqlite_utils import Database

from analytics.attacks.derive import derive_attacks, derive_both
from analytics.attacks.groups import unite
from analytics.kpi.checks import Check, Context, checks
from analytics.kpi.definition import Definition
from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.figures import Figure, compute
from analytics.kpi.frames import FRAMES
from analytics.probes import derive_events
from db.archives import reading_archived
from db.brands import Brand, load_brands
from db.connection import snapshot, transaction
from db.errors import Busy
from db.figures import save_attacks, save_figures, save_findings
from db.follow import CLOSURES, read_followed, read_reports, read_told, read_untold, read_verdicts, save_told
from db.frames import scan_frames
from db.matches import read_brands
from db.period import Period
from db.store import Store, hold, now_ms
from flows.counting import changed_years, fold_facts, keep_facts, known_measures
from flows.manifests import manifests, standing_figures
from flows.site_log import read_site_log

_HELD: Final = {"intervention": "interventions", "loss": "losses"}
"""Kind of records -> its frame: some hundred thousand events a year, between which a figure goes back and forth."""
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
    """All KPIs of a year.

    Each is as it was computed last where nothing it rests on has changed, else it follows from its facts where they are
    kept, else from the records.
    """
    with snapshot(database), reading_archived():
        return figures_within(database, year)


def figures_within(database: Database, year: int) -> list[Figure]:
    """The same; call within one snapshot, reading what is archived too."""
    return list(_current(database, year).figures.values())


def computed_figures(database: Database, year: int) -> list[Figure]:
    """All KPIs of a year, computed from the records."""
    period = Period(year)
    with snapshot(database), reading_archived():
        return compute(_frames_for(DEFINITIONS.values(), database, period), period)


def compared_figures(database: Database, year: int) -> tuple[list[Figure], list[Figure]]:
    """All KPIs of a year as its records have them, those of which facts are kept as these have them, of one instant."""
    period = Period(year)
    with snapshot(database), reading_archived():
        records, known = _frames_for(DEFINITIONS.values(), database, period), known_measures(database, year)
        of_facts = compute(records, period, [DEFINITIONS[kpi] for kpi in known], known)
        return compute(records, period), of_facts


def roll_up(store: Store, year: int) -> list[Figure]:
    """Compute the KPIs of a year that rest on something new, store those that changed, and check all of them.

    The first time in a year the facts of the great ones are counted from its records; from then on they are kept.
    """
    keep_facts(store, [year])
    with snapshot(store.database), reading_archived():
        current = _current(store.database, year)
        stored = manifests(store.database, year, current.fresh)
        found = _checked(store.database, year, current) if current.fresh else None
    with transaction(store.database):
        save_figures(store.database, year, stored, now_ms())
        if found is not None:
            save_findings(store.database, year, [astuple(check) for check in found])
        fold_facts(store.database, year)
    return list(current.figures.values())


def refresh(store: Store) -> None:
    """Roll up again the years in which rows were stored; one that another process is at is left to that or the next."""
    for year in changed_years(store.database):
        with suppress(Busy), hold(store.path, "roll-up"):
            roll_up(store, year)


class _Current(NamedTuple):
    """The figures of a year, those of them that were computed anew, and what from."""

    figures: dict[str, Figure]
    fresh: list[Figure]
    frames: Mapping[str, pl.LazyFrame]


def _current(database: Database, year: int) -> _Current:
    """The figures of a year; call within one snapshot."""
    period = Period(year)
    kept = standing_figures(database, year)
    wanted = [definition for definition in DEFINITIONS.values() if definition.id not in kept]
    if not wanted:
        return _Current({kpi: kept[kpi] for kpi in DEFINITIONS}, [], {})
    known = known_measures(database, year)
    counted = [definition for definition in wanted if definition.id not in known]
    frames = _frames_for(counted, database, period)
    fresh = compute(frames, period, wanted, known)
    found = kept | {figure.id: figure for figure in fresh}
    return _Current({kpi: found[kpi] for kpi in DEFINITIONS}, fresh, frames)


def _frames_for(wanted: Iterable[Definition], database: Database, period: Period) -> Mapping[str, pl.LazyFrame]:
    """The frames that some KPIs are computed from; what one of them reads again and again is read once and held."""
    kinds = {kind for definition in wanted for kind in definition.kinds}
    frames = dict(read_records(database, period) if "attack_event" in kinds else scan_frames(database, period))
    for name in (name for kind, name in _HELD.items() if kind in kinds):
        columns = [column for column in FRAMES[name] if column not in {"source", "document", "position"}]
        frames[name] = frames[name].select(columns).collect(engine="streaming").lazy()
    return frames


def _checked(database: Database, year: int, current: _Current) -> tuple[Check, ...]:
    """What holds between the figures of a year; within the snapshot that they were computed in."""
    period = Period(year)
    frames = current.frames if "attacks" in current.frames else read_records(database, period)
    return checks(Context(frames, period, current.figures, registered_brands(database)))


def registered_brands(database: Database) -> frozenset[str]:
    """The ids of the brands that attacks may be of."""
    return frozenset(brand.id for brand in read_brands(database) or load_brands())


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
