"""Printing results: for people a table, for a pipe plain text, for programs JSON."""

import json
import os
import select
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, TextIO

import typer

from db.errors import Interrupted
from db.unseen import show_lines, show_unseen

_MESSAGE_LIMIT: Final = 2_000
"""Characters of a line for a person: a value that somebody typed or sent may be a million long."""

Cell = str | int | float | bool | None


def say(message: str) -> None:
    """One line for the person, on stderr."""
    text = show_unseen(message)
    if len(text) > _MESSAGE_LIMIT:
        text = f"{text[: _MESSAGE_LIMIT // 2]} ... {text[-_MESSAGE_LIMIT // 2 :]}"
    _put(text, sys.stderr)


def tell(*cells: str) -> None:
    """A line of a result, on stdout; several cells stand with tabs between them."""
    _put("\t".join(map(show_unseen, cells)), sys.stdout)


def reader_is_gone() -> bool:
    """Whether what reads our output has closed its pipe, as `head` does once it has enough."""
    outputs = select.poll()
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            outputs.register(stream.fileno(), 0)
    return any(event & select.POLLERR for _, event in outputs.poll(0))


@contextmanager
def printing(stream: TextIO) -> Iterator[None]:
    """Whatever writes to a stream.

    Raises:
        BrokenPipeError: nobody reads on.
        Interrupted: it takes no more, for want of room as a rule; the rest goes nowhere.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        silence(stream)
        what = error.strerror or type(error).__name__
        raise Interrupted(f"printing the result: {what}; it is not whole: make room, or send it elsewhere") from error


def silence(stream: TextIO) -> None:
    """Let what is still written to a stream go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _put(text: str, stream: TextIO) -> None:
    try:
        with printing(stream):
            typer.echo(text, file=stream)
    except BrokenPipeError:
        silence(stream)  # the command goes on to its end and its exit code


def show_json(value: object) -> None:
    """A result for programs; what a terminal would obey is written as JSON's escapes, the same to a program."""
    _put(show_lines(json.dumps(value, ensure_ascii=False, indent=2)), sys.stdout)


def show_rows(title: str, rows: Sequence[Mapping[str, Cell]], columns: Sequence[str]) -> None:
    """Rows as a table on a terminal, as tab-separated lines with a header in a pipe."""
    cells = [[_text(row.get(column)) for column in columns] for row in rows]
    if sys.stdout.isatty():
        _show_table(title, cells, columns)
        return
    tell(*columns)
    for line in cells:
        tell(*line)


def _text(value: Cell) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return show_unseen(str(value))


def _show_table(title: str, cells: Sequence[Sequence[str]], columns: Sequence[str]) -> None:
    from rich.console import Console  # noqa: PLC0415 - what prints no table does not wait for it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for line in cells:
        table.add_row(*(Text(cell) for cell in line))
    Console().print(table)
