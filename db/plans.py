"""What a query reads: SQLite's plan, with the tables' own names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

_STEP: Final = re.compile(r"(SCAN|SEARCH) (\w+)(?: USING (?:(?:COVERING )?INDEX )?(.*))?$")
_NAMED: Final = re.compile(r"\b(\w+) AS (\w+)")


@dataclass(frozen=True, slots=True)
class Step:
    """One table that is read."""

    table: str
    by: str
    """The index or key with what is sought in it; empty where the table itself is read from end to end."""
    is_scan: bool
    """Whether all of it is read, in the table or in an index."""


def read_plan(database: Database, sql: str, arguments: Mapping[str, object]) -> list[Step]:
    """The tables that a query reads, in the order in which SQLite opens them; what it makes on the way left out."""
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    told = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {sql}", dict(arguments))]
    meant = {alias: table for table, alias in _NAMED.findall(sql) if table in tables}
    steps = [found.groups("") for text in told if (found := _STEP.match(text.removesuffix(" LEFT-JOIN")))]
    return [
        Step(meant.get(name, name), by, verb == "SCAN") for verb, name, by in steps if meant.get(name, name) in tables
    ]
