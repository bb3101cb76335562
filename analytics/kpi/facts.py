"""What records bring to the figures that are counted from millions of them: sums and keys that add up.

A figure follows from its facts as it does from its records: which records those are, its declaration says. Facts of
some records add up with those of others where no unit has records among both, or the key of each unit is kept.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import polars as pl

from analytics.kpi import balance, intelligence, protection
from analytics.kpi.counting import Measured, Tallied, reported_years
from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.fingerprints import fingerprints
from analytics.kpi.frames import Frames, real_in
from db.keysets import Fact, Growing, Integers, Keyset
from db.period import Period, Years, shanghai_year

_REPORTED: Final = "reported"
_HEADLINE: Final = ""
_YEAR: Final = shanghai_year(pl.col("at"))
_ACTED: Final = "acted"
_CHUNK: Final = 200_000
"""Records in memory at once, beside the numbers that stand for them."""
_MOST_HELD: Final = 40_000_000
"""Numbers in memory at once, 8 bytes each, of more than one year: what years have beyond that is read year by year."""


@dataclass(frozen=True, slots=True)
class Known:
    """Facts that are kept.

    Attributes:
        sums: `label/what` -> how many.
        distinct: `label/column` -> how many distinct keys.
        synthetic: names of the sources of made-up records.
    """

    sums: Mapping[str, int]
    distinct: Mapping[str, int]
    synthetic: Collection[str]

    def records(self, label: str = _HEADLINE) -> int:
        """How many records there are."""
        return self.sums.get(f"{label}/records", 0)

    def keys(self, column: str, label: str = _HEADLINE) -> int:
        """Distinct keys; a record without one counts for itself."""
        return self.distinct.get(f"{label}/{column}", 0) + self.sums.get(f"{label}/no {column}", 0)

    def tallied(self, count: int, *beside: int) -> Tallied:
        """The figure, with what stands beside it."""
        made_up = (self.sums.get(f"{_HEADLINE}/from {source}", 0) > 0 for source in self.synthetic)
        return Tallied(count, count, self.records(), beside, any(made_up))


@dataclass(frozen=True, slots=True)
class Counted:
    """How the facts of a KPI are taken from its records, and the figure from the facts.

    Attributes:
        records: of one year or several, with `label` (what a record counts for), `source`, `at` (when), and the
            columns named next.
        units: columns whose distinct values are counted: no other records have the same ones.
        keys: columns whose distinct values are kept: other records may have the same ones.
        measured: the figure.
    """

    records: Callable[[Frames, Period], pl.LazyFrame]
    units: tuple[str, ...]
    keys: tuple[str, ...]
    measured: Callable[[Known], Measured]


def _addresses(frames: Frames, period: Period) -> pl.LazyFrame:
    # an address is of the year in which it was first seen, as are its sightings of that year
    records = intelligence.address_records(frames, period).filter(
        shanghai_year(pl.col("seen_at")) == shanghai_year(pl.col("first_seen_at"))
    )
    return records.select(
        "source", address="address_id", domain="registrable_domain", label=pl.lit(_HEADLINE), at="seen_at"
    )


def _of_addresses(known: Known) -> Measured:
    domains = known.distinct.get(f"{_HEADLINE}/domain", 0)
    return Measured(known.tallied(known.sums.get(f"{_HEADLINE}/address", 0), known.records(), domains))


def _warnings(frames: Frames, period: Period) -> pl.LazyFrame:
    label = pl.when(protection.IS_EMITTED).then(pl.lit(_HEADLINE)).otherwise("stage")
    warnings = real_in(frames["warnings"], period, "occurred_at")
    return warnings.select("source", "warning", label=label, at="occurred_at")


def _of_warnings(known: Known) -> Measured:
    stages = {what.removesuffix("/records") for what, n in known.sums.items() if n and what.endswith("/records")}
    counts = {stage: known.keys("warning", stage) for stage in stages}
    return Measured(known.tallied(counts.get(_HEADLINE, 0)), protection.by_stage(counts))


def _reminders(frames: Frames, period: Period) -> pl.LazyFrame:
    records = protection.reminder_records(frames, period)
    person = pl.col("subject").cast(pl.String)
    return records.select("source", reminder="unit", person=person, label=pl.lit(_HEADLINE), at="occurred_at")


def _of_reminders(known: Known) -> Measured:
    people = known.distinct.get(f"{_HEADLINE}/person", 0)
    return Measured(known.tallied(known.keys("reminder"), known.records(), people))


def _seen(frames: Frames, period: Period) -> pl.LazyFrame:
    shown = balance.shown_records(frames, period).with_columns(label=pl.lit(_HEADLINE))
    acted = balance.acted_records(frames, period).with_columns(label=pl.lit(_ACTED))
    person = pl.col("subject").cast(pl.String)
    return pl.concat([shown, acted]).select("source", "label", seen="unit", person=person, at="occurred_at")


def _of_seen(known: Known) -> Measured:
    people = known.distinct.get(f"{_HEADLINE}/person", 0)
    tallied = known.tallied(known.keys("seen"), known.records(), people)
    return Measured(tallied, balance.acted_on(known.keys("seen", _ACTED)))


COUNTED: Final = MappingProxyType(
    {
        "K01": Counted(_addresses, ("address",), ("domain",), _of_addresses),
        "K03": Counted(_warnings, (), ("warning",), _of_warnings),
        "K38": Counted(_reminders, (), ("reminder", "person"), _of_reminders),
        "B03": Counted(_seen, (), ("seen", "person"), _of_seen),
    }
)
"""The KPIs whose facts are kept."""


def fact_of(kpi: str, frames: Frames, period: Period) -> Fact:
    """What records bring to a KPI of a year, read in portions.

    Args:
        kpi: one of `COUNTED`.
        frames: all records, or those that may have the same units.
        period: the year.
    """
    return facts_of(kpi, frames, [period.year])[period.year]


def facts_of(kpi: str, frames: Frames, years: Collection[int]) -> dict[int, Fact]:
    """What records bring to a KPI of years, of all of them in one reading.

    Returns:
        Year -> fact; without the largest years where all together are too many for memory, but of one at least.
    """
    span = Years(min(years), max(years))
    counts = {year: _Counts() for year in years}
    for year, label, part in _portions(COUNTED[kpi].records(frames, span)):
        if year in counts:
            counts[year].add(COUNTED[kpi], label, part)
            _make_room(counts)
    reported = reported_years(DEFINITIONS[kpi], frames, years)
    # one after the other: of a year each is some hundred MiB
    return {year: counts.pop(year).fact(COUNTED[kpi], is_reported=year in reported) for year in list(counts)}


def _make_room(counts: dict[int, "_Counts"]) -> None:
    while len(counts) > 1 and sum(each.held for each in counts.values()) > _MOST_HELD:
        del counts[max(counts, key=lambda year: counts[year].held)]


@dataclass(slots=True)
class _Counts:
    """What the records of a year bring, as far as they are read."""

    sums: Counter[str] = field(default_factory=Counter)
    numbers: dict[str, Growing] = field(default_factory=dict)

    @property
    def held(self) -> int:
        """How many numbers are in memory."""
        return sum(each.length for each in self.numbers.values())

    def add(self, counted: Counted, label: str, part: pl.DataFrame) -> None:
        """Add records of one label."""
        self.sums[f"{label}/records"] += part.height
        self.sums.update({f"{label}/from {source}": n for source, n in part["source"].value_counts().iter_rows()})
        for column in (*counted.units, *counted.keys):
            there = part[column].drop_nulls()
            self.sums[f"{label}/no {column}"] += part.height - there.len()
            self.numbers.setdefault(f"{label}/{column}", Growing()).add(_numbers(there))

    def fact(self, counted: Counted, *, is_reported: bool) -> Fact:
        """The fact; the numbers are handed on."""
        self.sums[_REPORTED] = int(is_reported)
        keys: dict[str, Keyset] = {}
        for what in list(self.numbers):
            keyset = Keyset.of(self.numbers.pop(what).whole())
            if what.split("/")[1] in counted.units:
                self.sums[what] = len(keyset.keys)
            else:
                keys[what] = keyset
        return Fact(dict(self.sums), keys)


def without_reports(fact: Fact) -> Fact:
    """The same, of records that are taken away: others may still report that there is something to count from."""
    return Fact({what: n for what, n in fact.sums.items() if what != _REPORTED}, fact.keys)


def measured_of(kpi: str, known: Known) -> Measured:
    """What `measure` would say, from the facts of all records."""
    if not (known.sums.get(_REPORTED, 0) > 0 or known.records()):
        return Measured(None)
    return COUNTED[kpi].measured(known)


def _portions(records: pl.LazyFrame) -> Iterator[tuple[int, str, pl.DataFrame]]:
    """The records, by year and label."""
    dated = records.with_columns(_YEAR.alias("year")).drop("at")
    for portion in dated.collect_batches(chunk_size=_CHUNK, maintain_order=False, engine="streaming"):
        for (year, label), part in portion.partition_by("year", "label", as_dict=True).items():
            yield int(year), str(label), part


def _numbers(values: pl.Series) -> Integers:
    return fingerprints(values) if values.dtype == pl.String else values.cast(pl.Int64).to_numpy()
