"""Printing results: for people a table, for a pipe plain text, for programs JSON."""

import json
import sys
from collections.abc import Mapping, Sequence

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

Cell = str | int | float | bool | None


def say(message: str) -> None:
    """One line for the person, on stderr."""
    typer.echo(clean(message), err=True)


def show_json(value: object) -> None:
    """A result for programs."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def show_rows(title: str, rows: Sequence[Mapping[str, Cell]], columns: Sequence[str]) -> None:
    """Rows as a table on a terminal, as tab-separated lines with a header in a pipe."""
    cells = [[_text(row.get(column)) for column in columns] for row in rows]
    if sys.stdout.isatty():
        _show_table(title, cells, columns)
        return
    typer.echo("\t".join(columns))
    for line in cells:
        typer.echo("\t".join(line))


def clean(text: str) -> str:
    """The text without control and direction-changing characters: what criminals wrote shall not steer a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _text(value: Cell) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return clean(str(value))


def _show_table(title: str, cells: Sequence[Sequence[str]], columns: Sequence[str]) -> None:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for line in cells:
        table.add_row(*(Text(cell) for cell in line))
    Console().print(table)
