"""What of a polars predicate SQLite can decide by itself, so that rows which are filtered out are never read.

A condition on columns of few values (terms, flags) is decided for every combination of their values, by polars itself;
what it answers becomes SQL. Nothing is parsed, and a condition that is not understood is left to polars.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import polars as pl

_MOST_COMBINATIONS: Final = 20_000
"""Combinations of values that are tried: a company names some dozens of stages, sinks and channels."""
_MOST_LISTED: Final = 50
"""Combinations that a condition names in SQL; of more, polars decides."""


@dataclass(frozen=True, slots=True)
class Domain:
    """A column of few values.

    Attributes:
        sql: the expression that SQLite compares.
        values: each value as a frame shows it -> as SQLite has it; with None, where it may be null.
    """

    sql: str
    values: Mapping[str | bool | None, int | None]


def conjuncts(predicate: pl.Expr) -> list[pl.Expr]:
    """The conditions that must all hold for the predicate to hold."""
    parts = predicate.meta.pop()
    if len(parts) == 2:
        one, other = parts
        if predicate.meta.eq(one & other) or predicate.meta.eq(other & one):
            return [*conjuncts(one), *conjuncts(other)]
    return [predicate]


@dataclass(frozen=True, slots=True)
class Decided:
    """What SQLite decides.

    Attributes:
        sql: holds wherever the predicate does, and as seldom otherwise as can be told; empty where nothing can.
        pinned: columns that have one value wherever it holds: they need not be read.
    """

    sql: str = ""
    pinned: Mapping[str, str | bool | None] = field(default_factory=dict)


def decide(predicate: pl.Expr, domains: Mapping[str, Domain]) -> Decided:
    """What of a predicate SQLite can decide."""
    told = [_decided(each, domains) for each in conjuncts(predicate)]
    pinned = {name: value for each in told for name, value in each.pinned.items()}
    return Decided(" AND ".join(filter(None, (each.sql for each in told))), pinned)


def _decided(condition: pl.Expr, domains: Mapping[str, Domain]) -> Decided:
    names = sorted(set(condition.meta.root_names()))
    if not names or not set(names) <= domains.keys():
        return Decided()
    combinations = pl.DataFrame({names[0]: list(domains[names[0]].values)}, strict=False)
    for name in names[1:]:
        if combinations.height * len(domains[name].values) > _MOST_COMBINATIONS:
            return Decided()
        combinations = combinations.join(pl.DataFrame({name: list(domains[name].values)}, strict=False), how="cross")
    holds = combinations.select(condition.alias("holds")).to_series().fill_null(value=False)
    kept, left = combinations.filter(holds), combinations.filter(~holds)
    if kept.height <= min(left.height, _MOST_LISTED):
        rows = kept.to_dicts()
        sql = f"({' OR '.join(_spelt(row, domains) for row in rows) or 'FALSE'})"
        return Decided(sql, rows[0] if len(rows) == 1 else {})
    if left.height <= _MOST_LISTED:
        return Decided(" AND ".join(f"NOT {_spelt(row, domains)}" for row in left.to_dicts()))
    return Decided()


def _spelt(row: Mapping[str, str | bool | None], domains: Mapping[str, Domain]) -> str:
    """IS, not =: a null is a value like any other here."""
    parts = (f"{domains[name].sql} IS {_literal(domains[name].values[value])}" for name, value in row.items())
    return f"({' AND '.join(parts)})"


def _literal(value: int | None) -> str:
    return "NULL" if value is None else str(int(value))
