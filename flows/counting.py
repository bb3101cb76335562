"""Facts of figures, kept up with the rows: what a batch changes is added in the transaction that stores it."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import polars as pl
from sqlite_utils import Database

from analytics.kpi.counting import Measured
from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.facts import COUNTED, Known, fact_of, facts_of, measured_of, without_reports
from db.archives import reading_archived
from db.connection import snapshot, transaction
from db.corrections import CORRECTED, Named, corrected_events, named_among, named_by, void_events
from db.facts import (
    add_fact,
    announce,
    complete,
    drop_facts,
    fold,
    is_untouched,
    is_whole,
    kept_facts,
    whole_facts,
)
from db.frames import scan_frames
from db.keysets import Fact
from db.period import Period, Years, year_of
from db.store import Store
from db.touched import touch, touched_frames
from db.writes import Provenance, save_rows

_OF_TABLE: Final = {"warning": ("K03", "K38", "B03"), "sighting": ("K01",), "verdict": ("K01",)}
"""Table -> the KPIs whose facts its rows change."""
_WORDS: Final = ("stage", "sink", "channel", "campaign")
_BENIGN: Final = -1
_TRIES: Final = 5


def save_counted(store: Store, kind: str, rows: pl.DataFrame, origin: Provenance) -> int:
    """Store normalised rows of a kind and what they change of the facts that are kept; call within a transaction.

    Returns:
        How many were new; the others were held already.
    """
    kept = kept_facts(store.database)
    witness = _Changes(store.database, kept)
    stored = save_rows(store.database, store.terms, kind, rows, origin, witness if kept else None)
    if kept and stored:
        _note_years(store.database, rows, origin.fetched_at)
    if stored:
        _correct(store.database, witness, _named(store.database, kind, rows, origin.source_id), origin.fetched_at)
    return stored


def _named(database: Database, kind: str, rows: pl.DataFrame, source_id: int) -> Iterable[Named]:
    """What corrections name of what has just come, or these corrections of what is there."""
    if kind == "correction":
        return named_by(database, rows)
    return named_among(database, kind, source_id, rows["event_id"]) if kind in CORRECTED else ()


def _correct(database: Database, witness: "_Changes", named: Iterable[Named], at: int) -> None:
    """Void the events that corrections name and that count still; the facts that are kept follow."""
    for taken in [one for each in list(named) for one in corrected_events(database, each)]:
        if taken.archive_id is None:
            witness.before(taken.kind, taken.rows)
        void_events(database, taken)
        if taken.archive_id is None:
            witness.taken(taken.kind, taken.rows)
        else:
            witness.forget(taken.kind, taken.rows["occurred_at"])
        _note_years(database, taken.rows, at)


def _note_years(database: Database, rows: pl.DataFrame, fetched_at: int) -> None:
    """Remember on this connection in which years rows may lie."""
    clock = next((name for name in ("occurred_at", "published") if name in rows.columns), None)
    instants = rows[clock].fill_null(fetched_at) if clock else pl.Series([fetched_at])
    database.execute("CREATE TEMP TABLE IF NOT EXISTS changed_year (year INTEGER PRIMARY KEY)")
    years = {(year,) for _, year in _years_of("", of=instants)}
    database.conn.executemany("INSERT OR IGNORE INTO temp.changed_year VALUES (?)", years)


def changed_years(database: Database) -> list[int]:
    """The years whose facts are kept and in which this connection has stored rows since it last asked."""
    database.execute("CREATE TEMP TABLE IF NOT EXISTS changed_year (year INTEGER PRIMARY KEY)")
    query = "SELECT DISTINCT year FROM kpi_fact JOIN temp.changed_year USING (year) ORDER BY year"
    years = [int(year) for (year,) in database.execute(query)]
    database.execute("DELETE FROM temp.changed_year")
    return years


class _Changes:
    """What a batch changes."""

    def __init__(self, database: Database, kept: Iterable[tuple[str, int]]) -> None:
        self._database = database
        self._kept = sorted(kept)
        self._before: dict[str, pl.DataFrame] = {}

    def before(self, table: str, rows: pl.DataFrame) -> None:
        """These rows are about to be stored, as far as they are new."""
        if table in {"sighting", "verdict"} and self._years(table):
            named = rows.filter(pl.col("url_id").is_not_null())
            of_hosts = named if table == "verdict" else named.filter(pl.col("claim") == _BENIGN)
            touch(self._database, named["url_id"].unique(), of_hosts["url_id"].unique())
            self._before = touched_frames(self._database)

    def after(self, table: str, rows: pl.DataFrame) -> None:
        """They are stored; of warnings, these are the new ones."""
        years = self._years(table)
        if not years or rows.is_empty():
            return
        if table == "warning":
            frame = _warnings(self._database, rows)
            for kpi, year in years & _years_of(*_OF_TABLE["warning"], of=frame["occurred_at"]):
                add_fact(self._database, kpi, year, fact_of(kpi, {"warnings": frame.lazy()}, Period(year)))
            return
        now = touched_frames(self._database)
        for kpi, year in years & _years_of("K01", of=now["sightings"]["seen_at"]):
            change = _fact(kpi, now, year) - _fact(kpi, self._before, year)
            add_fact(self._database, kpi, year, change)

    def taken(self, table: str, rows: pl.DataFrame) -> None:
        """They are void: what `after` added is taken away."""
        if table != "warning":
            self.after(table, rows)
            return
        years = self._years(table)
        frame = _warnings(self._database, rows) if years else rows
        for kpi, year in years & _years_of(*_OF_TABLE["warning"], of=frame["occurred_at"]):
            fact = fact_of(kpi, {"warnings": frame.lazy()}, Period(year))
            add_fact(self._database, kpi, year, without_reports(Fact() - fact))
            self._forget_empty(kpi, year)

    def forget(self, table: str, instants: pl.Series) -> None:
        """Rows of these instants are void of which the facts are not known: they are counted from the records anew."""
        for kpi, year in self._years(table) & _years_of(*_OF_TABLE.get(table, ()), of=instants):
            drop_facts(self._database, kpi, year)

    def _forget_empty(self, kpi: str, year: int) -> None:
        """Where no record is left, whether there is something to count from is seen by the rows alone."""
        known = known_measures(self._database, year).get(kpi)
        if known is not None and known.tallied is not None and not known.tallied.records:
            drop_facts(self._database, kpi, year)

    def _years(self, table: str) -> set[tuple[str, int]]:
        return {(kpi, year) for kpi, year in self._kept if kpi in _OF_TABLE.get(table, ())}


def _fact(kpi: str, frames: Mapping[str, pl.DataFrame], year: int) -> Fact:
    return fact_of(kpi, {name: frame.lazy() for name, frame in frames.items()}, Period(year))


def _years_of(*kpis: str, of: pl.Series) -> set[tuple[str, int]]:
    """Each KPI with each year in which instants (Unix ms) may lie."""
    first, last = of.min(), of.max()
    if not (isinstance(first, int) and isinstance(last, int)):
        return set()
    return {(kpi, year) for kpi in kpis for year in range(year_of(first), year_of(last) + 1)}


def _warnings(database: Database, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of the table `warning`, all of one source, as the frame `warnings` has them."""
    (source,) = database.execute("SELECT name FROM source WHERE source_id = ?", [rows["source_id"][0]]).fetchone()
    ids = sorted({one for word in _WORDS for one in rows[f"{word}_id"].drop_nulls().unique()})
    query = "SELECT term_id, name FROM term WHERE term_id IN (SELECT value FROM json_each(?))"
    names = dict(database.execute(query, [json.dumps(ids)]).fetchall())
    return rows.select(
        "occurred_at",
        pl.col("is_test").cast(pl.Boolean),
        "warning",
        *(pl.col(f"{word}_id").replace_strict(names, return_dtype=pl.String).alias(word) for word in _WORDS),
        event_key=pl.concat_str(pl.lit(f"{source}/"), "event_id"),
        subject=pl.col("subject_id"),
        address_id=pl.col("url_id"),
        source=pl.lit(source),
    )


def known_measures(database: Database, year: int) -> dict[str, Measured]:
    """The KPIs of a year whose facts are kept, as they follow from them; call within one snapshot."""
    synthetic = {str(name) for (name,) in database.execute("SELECT name FROM source WHERE is_synthetic")}
    known = {}
    for kpi in COUNTED:
        if numbers := whole_facts(database, kpi, year, str(DEFINITIONS[kpi].version)):
            known[kpi] = measured_of(kpi, Known(numbers.sums, numbers.distinct, synthetic))
    return known


def keep_facts(store: Store, years: Collection[int]) -> None:
    """Begin to keep the facts of years that are not kept yet: their records are read once, while others store more."""
    for kpi in COUNTED:
        version = str(DEFINITIONS[kpi].version)
        missing = [year for year in years if not is_whole(store.database, kpi, year, version)]
        for _ in range(_TRIES * len(missing)):
            if missing:
                missing = _keep_some(store, kpi, version, missing)


def _keep_some(store: Store, kpi: str, version: str, years: Sequence[int]) -> list[int]:
    """Keep the facts of years, as many as are in memory together; returns those that are left."""
    with transaction(store.database):
        for year in years:
            announce(store.database, kpi, year, version)
    facts = _whole_facts(store.database, kpi, years)
    for year in list(facts):
        with transaction(store.database):
            complete(store.database, kpi, year, facts.pop(year))
    return [year for year in years if not is_whole(store.database, kpi, year, version)]


def _whole_facts(database: Database, kpi: str, years: Sequence[int]) -> dict[int, Fact]:
    """What the records bring that were there when the facts were announced; not of years in which more came since."""
    with snapshot(database), reading_archived():
        untouched = [year for year in years if is_untouched(database, kpi, year)]
        span = Years(min(years), max(years))
        return facts_of(kpi, scan_frames(database, span), untouched) if untouched else {}


def fold_facts(database: Database, year: int) -> None:
    """Add up what came since the last time; call within a transaction."""
    for kpi in COUNTED:
        fold(database, kpi, year)
