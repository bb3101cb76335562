"""Printing results: for people a table, for a pipe plain text, for programs JSON."""

import json
import os
import select
import sys
from collections.abc import Mapping, Sequence
from typing import Final, TextIO

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

_MESSAGE_LIMIT: Final = 2_000
"""Characters of a line for a person: a value that somebody typed or sent may be a million long."""

Cell = str | int | float | bool | None


def say(message: str) -> None:
    """One line for the person, on stderr."""
    text = clean(message)
    if len(text) > _MESSAGE_LIMIT:
        text = f"{text[: _MESSAGE_LIMIT // 2]} ... {text[-_MESSAGE_LIMIT // 2 :]}"
    _put(text, sys.stderr)


def tell(text: str) -> None:
    """A line of a result, on stdout."""
    _put(text, sys.stdout)


def reader_is_gone() -> bool:
    """Whether what reads our output has closed its pipe, as `head` does once it has enough."""
    outputs = select.poll()
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            outputs.register(stream.fileno(), 0)
    return any(event & select.POLLERR for _, event in outputs.poll(0))


def _put(text: str, stream: TextIO) -> None:
    try:
        typer.echo(text, file=stream)
    except BrokenPipeError:
        # nobody reads on: the rest goes nowhere, and the command goes on to its end and its exit code
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def show_json(value: object) -> None:
    """A result for programs."""
    tell(json.dumps(value, ensure_ascii=False, indent=2))


def show_rows(title: str, rows: Sequence[Mapping[str, Cell]], columns: Sequence[str]) -> None:
    """Rows as a table on a terminal, as tab-separated lines with a header in a pipe."""
    cells = [[_text(row.get(column)) for column in columns] for row in rows]
    if sys.stdout.isatty():
        _show_table(title, cells, columns)
        return
    tell("\t".join(columns))
    for line in cells:
        tell("\t".join(line))


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
