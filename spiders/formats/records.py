"""CSV by records: lines without a quote are split in one go, the others by the csv module, and none gets lost.

polars' own reader pads short rows, cuts long ones, and gives a whole file up for one bad quote.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from db.errors import UnreadableFile
from spiders.formats.draft import Draft, rejected_lines

SPAN_LIMIT: Final = 50
"""Lines of one record; a quote that stays open longer is a broken one, and would swallow the rest of the file."""
_WIDTH_LIMIT: Final = 1_000
_SHOWN: Final = 30
_WRONG: Final = "{} fields where there should be {}"


@dataclass(frozen=True, slots=True)
class Records:
    """A CSV file's records: a draft whose frame has `position` (line where the record starts) and `0`, `1` ...

    Attributes:
        header: the columns' names, stripped.
        draft: the rows, columns named by their place.
    """

    header: tuple[str, ...]
    draft: Draft

    def column(self, name: str) -> pl.Expr:
        """The text of a column.

        Raises:
            UnreadableFile: there is no such column, or there are two of that name.
        """
        if self.header == ("",):  # a file without a single record
            return pl.lit(None, pl.String)
        if self.header.count(name) == 1:
            return pl.col(str(self.header.index(name)))
        if name in self.header:
            raise UnreadableFile(f"the column {name!r} stands twice")
        raise no_column(name, self.header)

    def column_or_null(self, name: str) -> pl.Expr:
        """The text of a column that not every edition of the file has."""
        return self.column(name) if name in self.header else pl.lit(None, pl.String)


def no_column(name: str, header: Sequence[str]) -> UnreadableFile:
    """What to raise where a column is missing; it names those there are."""
    shown = ", ".join(repr(other[:40]) for other in header[:_SHOWN])
    more = ", ..." if len(header) > _SHOWN else ""
    return UnreadableFile(f"no column {name!r}; the columns are {shown}{more}")


def read_records(
    lines: pl.DataFrame, *, delimiter: str = ",", comment: str = "", header: Sequence[str] | None = None
) -> Records:
    """Read CSV records (RFC 4180, quoted newlines and all) from lines as `split_lines` gives them.

    A record that has more or fewer fields than the header, or is broken by a quote, is rejected alone.

    Args:
        lines: `position`, `line`, `fault`.
        delimiter: one character.
        comment: what a comment line starts with; empty: there are none.
        header: the columns, where the file does not begin with them.

    Raises:
        UnreadableFile: the header cannot be read.
    """
    blank = pl.col("line").str.strip_chars() == ""
    idle = blank | pl.col("line").str.starts_with(comment) if comment else blank
    lines = lines.with_columns(is_idle=idle).with_columns(
        is_quoted=~pl.col("is_idle") & pl.col("line").str.contains('"', literal=True)
    )
    if header is None:
        header, lines = _split_header(lines, delimiter)
    if len(header) > _WIDTH_LIMIT:
        raise UnreadableFile(f"{len(header)} columns; at most {_WIDTH_LIMIT} are read")
    names = tuple(name.strip() for name in header)
    return Records(names, _read(lines, len(names), delimiter))


def _split_header(lines: pl.DataFrame, delimiter: str) -> tuple[Sequence[str], pl.DataFrame]:
    first = lines["is_idle"].arg_min()
    if first is None or lines["is_idle"].all():
        return ("",), lines.clear()  # no record at all
    if fault := lines["fault"][first]:
        raise UnreadableFile(f"its header cannot be read: {fault}")
    if not lines["is_quoted"][first]:
        return lines["line"][first].split(delimiter), lines.slice(first + 1)
    _, end, fields = next(_run(lines["line"].slice(first, SPAN_LIMIT + 1).to_list(), b"\1", 0, delimiter))
    if isinstance(fields, str):
        raise UnreadableFile(f"its header cannot be read: {fields}")
    return fields, lines.slice(first + end)


def _read(lines: pl.DataFrame, width: int, delimiter: str) -> Draft:
    texts = lines.select("position", "line")
    lines = lines.with_row_index("at")
    rows = lines.filter(~pl.col("is_idle"))
    if not rows["is_quoted"].any():
        return Draft(texts, *_split(rows, pl.col("line"), delimiter, width))
    rows = rows.with_columns(is_plain=pl.col("is_quoted") & _is_plain(delimiter))
    odd = _odd_records(lines, rows, delimiter)
    inner = [at for begin, end, _ in odd for at in range(begin + 1, end)]
    rows = rows.filter(~pl.col("at").is_in(inner)) if inner else rows
    unquoted = pl.col("line").str.strip_prefix('"').str.strip_suffix('"')
    parts = (
        _split(rows.filter(~pl.col("is_quoted")), pl.col("line"), delimiter, width),
        _split(rows.filter("is_plain"), unquoted, f'"{delimiter}"', width),
        _join(lines, odd, width),
    )
    frame, rejected = (pl.concat(part).sort("position") for part in zip(*parts, strict=True))
    return Draft(texts, frame, rejected)


def _is_plain(delimiter: str) -> pl.Expr:
    """Whether all fields of a line are quoted and none holds a quote: such a line is a record by itself."""
    return pl.col("line").str.contains(rf'^"[^"]*"(?:{re.escape(delimiter)}"[^"]*")*$')


def _split(rows: pl.DataFrame, text: pl.Expr, delimiter: str, width: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Lines that are one record each: (those of the right width, split; the others, rejected)."""
    found = text.str.count_matches(delimiter, literal=True).cast(pl.Int64) + 1
    wrong = pl.when(found != width).then(pl.format(_WRONG, found, pl.lit(width)))
    rows = rows.select("position", "line", text.alias("text"), pl.coalesce("fault", wrong).alias("reason"))
    good = rows.filter(pl.col("reason").is_null())
    names = [str(at) for at in range(width)]
    fields = good["text"].str.split_exact(delimiter, width - 1).struct.rename_fields(names).struct.unnest()
    return good.select("position").hstack(fields), rejected_lines(rows.filter(pl.col("reason").is_not_null()))


_Odd = tuple[int, int, list[str] | str]
"""A record with quotes: its first line, the line behind its last, and its fields or what is wrong with it."""


def _odd_records(lines: pl.DataFrame, rows: pl.DataFrame, delimiter: str) -> list[_Odd]:
    """The records that only the csv module can read."""
    starts = rows.filter("is_quoted", ~pl.col("is_plain"))["at"].to_list()
    if not starts:
        return []
    flags = bytearray(lines.height)
    for at in starts:
        flags[at] = 1
    texts = lines["line"].to_list()
    found: list[_Odd] = []
    begin = starts[0]
    while begin >= 0:
        found += _run(texts, flags, begin, delimiter)
        begin = flags.find(1, found[-1][1])
    return found


class _Feed(Iterator[str]):
    """Lines for one csv reader, which asks for more until a record is complete."""

    def __init__(self, lines: list[str], begin: int) -> None:
        self.lines = lines
        self.begin = begin
        self.end = begin

    def __next__(self) -> str:
        if self.end - self.begin >= SPAN_LIMIT:
            raise csv.Error(f"a quoted field that runs over more than {SPAN_LIMIT} lines")
        if self.end == len(self.lines):
            raise StopIteration
        self.end += 1
        return self.lines[self.end - 1] + "\n"


def _run(lines: list[str], flags: bytes | bytearray, begin: int, delimiter: str) -> Iterator[_Odd]:
    """Records from line `begin` on, as long as each starts with a flagged line and none is broken."""
    feed = _Feed(lines, begin)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    try:
        for fields in reader:
            yield feed.begin, feed.end, fields
            feed.begin = feed.end
            if feed.begin == len(flags) or not flags[feed.begin]:
                return
    except csv.Error as error:
        yield feed.begin, feed.begin + 1, f"broken quoting: {error}"


def _join(lines: pl.DataFrame, odd: list[_Odd], width: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Records with quotes: (those of the right width; the others, rejected)."""
    faults = dict(lines.filter(pl.col("fault").is_not_null()).select("at", "fault").iter_rows())
    good: list[tuple[int, list[str]]] = []
    bad: list[tuple[int, str, str]] = []
    positions, texts = lines["position"], lines["line"]
    for begin, end, fields in odd:
        reason = next((faults[at] for at in range(begin, end) if at in faults), "") if faults else ""
        if reason or isinstance(fields, str) or len(fields) != width:
            reason = reason or (fields if isinstance(fields, str) else _WRONG.format(len(fields), width))
            bad.append((positions[begin], "\n".join(texts[begin:end]), reason))
        else:
            good.append((begin, fields))
    columns = zip(*(fields for _, fields in good), strict=True) if good else [()] * width
    frame = pl.DataFrame(
        {"position": positions.gather([begin for begin, _ in good])}
        | {str(at): pl.Series(column, dtype=pl.String) for at, column in enumerate(columns)}
    )
    schema = {"position": pl.Int64, "line": pl.String, "reason": pl.String}
    return frame, rejected_lines(pl.DataFrame(bad, schema=schema, orient="row"))
