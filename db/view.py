"""What a SQL view is, and how instants are written in one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """A SQL view; `columns` describes each of its columns, in order."""

    name: str
    about: str
    columns: dict[str, str]
    sql: str


def instant(expression: str) -> str:
    """SQL of an expression of Unix ms as ISO 8601 in UTC."""
    return f"strftime('%Y-%m-%dT%H:%M:%SZ', {expression} / 1000, 'unixepoch')"


def shanghai_day(expression: str) -> str:
    """SQL of the day in Shanghai of an expression of Unix ms."""
    # China has kept UTC+8 all year round since 1992
    return f"date({expression} / 1000 + 28800, 'unixepoch')"
