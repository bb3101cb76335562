"""What records bring to the figures that are counted from millions of them: sums and keys that add up.

A figure follows from its facts as it does from its records: which records those are, its declaration says. Facts of
some records add up with those of others where no unit has records among both, or the key of each unit is kept.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import polars as pl

from analytics.kpi import balance, intelligence, protection
from analytics.kpi.counting import Measured, Tallied, is_reported
from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.fingerprints import fingerprints
from analytics.kpi.frames import Frames, real_in
from db.keysets import Fact, Integers, Keyset
from db.period import Period

_REPORTED: Final = "reported"
_HEADLINE: Final = ""
_ACTED: Final = "acted"
_CHUNK: Final = 200_000
"""Records in memory at once, beside the numbers that stand for them."""


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
        records: with `label` (what a record counts for), `source`, and the columns named next.
        units: columns whose distinct values are counted: no other records have the same ones.
        keys: columns whose distinct values are kept: other records may have the same ones.
        measured: the figure.
    """

    records: Callable[[Frames, Period], pl.LazyFrame]
    units: tuple[str, ...]
    keys: tuple[str, ...]
    measured: Callable[[Known], Measured]


def _addresses(frames: Frames, period: Period) -> pl.LazyFrame:
    records = intelligence.address_records(frames, period)
    return records.select("source", address="address_id", domain="registrable_domain", label=pl.lit(_HEADLINE))


def _of_addresses(known: Known) -> Measured:
    domains = known.distinct.get(f"{_HEADLINE}/domain", 0)
    return Measured(known.tallied(known.sums.get(f"{_HEADLINE}/address", 0), known.records(), domains))


def _warnings(frames: Frames, period: Period) -> pl.LazyFrame:
    label = pl.when(protection.IS_EMITTED).then(pl.lit(_HEADLINE)).otherwise("stage")
    return real_in(frames["warnings"], period, "occurred_at").select("source", "warning", label=label)


def _of_warnings(known: Known) -> Measured:
    stages = {what.removesuffix("/records") for what, n in known.sums.items() if n and what.endswith("/records")}
    counts = {stage: known.keys("warning", stage) for stage in stages}
    return Measured(known.tallied(counts.get(_HEADLINE, 0)), protection.by_stage(counts))


def _reminders(frames: Frames, period: Period) -> pl.LazyFrame:
    records = protection.reminder_records(frames, period)
    person = pl.col("subject").cast(pl.String)
    return records.select("source", reminder="unit", person=person, label=pl.lit(_HEADLINE))


def _of_reminders(known: Known) -> Measured:
    people = known.distinct.get(f"{_HEADLINE}/person", 0)
    return Measured(known.tallied(known.keys("reminder"), known.records(), people))


def _seen(frames: Frames, period: Period) -> pl.LazyFrame:
    shown = balance.shown_records(frames, period).with_columns(label=pl.lit(_HEADLINE))
    acted = balance.acted_records(frames, period).with_columns(label=pl.lit(_ACTED))
    person = pl.col("subject").cast(pl.String)
    return pl.concat([shown, acted]).select("source", "label", seen="unit", person=person)


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
    counted = COUNTED[kpi]
    sums: Counter[str] = Counter()
    numbers: dict[str, list[Integers]] = defaultdict(list)
    for label, part in _portions(counted.records(frames, period)):
        sums[f"{label}/records"] += part.height
        sums.update({f"{label}/from {source}": n for source, n in part["source"].value_counts().iter_rows()})
        for column in (*counted.units, *counted.keys):
            there = part[column].drop_nulls()
            sums[f"{label}/no {column}"] += part.height - there.len()
            numbers[f"{label}/{column}"].append(_numbers(there))
    sums[_REPORTED] = int(is_reported(DEFINITIONS[kpi], frames, period))
    keys: dict[str, Keyset] = {}
    for what in list(numbers):
        # one after the other: of a year each is some hundred MiB
        keyset = Keyset.of(np.concatenate(numbers.pop(what)))
        if what.split("/")[1] in counted.units:
            sums[what] = len(keyset.keys)
        else:
            keys[what] = keyset
    return Fact(dict(sums), keys)


def without_reports(fact: Fact) -> Fact:
    """The same, of records that are taken away: others may still report that there is something to count from."""
    return Fact({what: n for what, n in fact.sums.items() if what != _REPORTED}, fact.keys)


def measured_of(kpi: str, known: Known) -> Measured:
    """What `measure` would say, from the facts of all records."""
    if not (known.sums.get(_REPORTED, 0) > 0 or known.records()):
        return Measured(None)
    return COUNTED[kpi].measured(known)


def _portions(records: pl.LazyFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """The records, by label."""
    for portion in records.collect_batches(chunk_size=_CHUNK, maintain_order=False, engine="streaming"):
        for (label,), part in portion.partition_by("label", as_dict=True).items():
            yield str(label), part


def _numbers(values: pl.Series) -> Integers:
    return fingerprints(values) if values.dtype == pl.String else values.cast(pl.Int64).to_numpy()
