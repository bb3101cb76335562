"""CSV by records: lines without a quote are split in one go, the others by the csv module, and none gets lost.

polars' own reader pads short rows, cuts long ones, and gives a whole file up for one bad quote. Of each record only the
wanted columns are kept, and few records at a time are split, so that a file of many columns costs no more memory.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
import polars as pl

from db.errors import UnreadableFile
from spiders.formats.draft import Draft, rejected_lines
from spiders.formats.parsed import RAW_LIMIT
from spiders.formats.text import listed, printable

SPAN_LIMIT: Final = 50
"""Lines of one record; a quote that stays open longer is a broken one, and would swallow the rest of the file."""
_WIDTH_LIMIT: Final = 1_000
_FIELDS_AT_ONCE: Final = 8_000_000
"""Fields split in one go: 16 bytes each, whatever they hold; a million records of PhishTank's eight columns."""
_ODD_AT_ONCE: Final = 100_000
"""Records of the csv module held as Python objects, some hundred bytes each."""
_WRONG: Final = "{} fields where there should be {}"


@dataclass(frozen=True, slots=True)
class Records:
    """A CSV file's records: a draft whose frame has `position` (line where the record starts) and columns by place.

    Attributes:
        header: the columns' names, stripped.
        draft: the rows; of the columns, those that were wanted, named by their place (`0`, `3` ...).
    """

    header: tuple[str, ...]
    draft: Draft

    def column(self, name: str) -> pl.Expr:
        """The text of a wanted column.

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
    return UnreadableFile(f"no column {name!r}; the columns are {listed(header)}")


def read_records(
    lines: pl.DataFrame,
    wanted: Sequence[str],
    *,
    delimiter: str = ",",
    comment: str = "",
    header: Sequence[str] | None = None,
) -> Records:
    """Read CSV records (RFC 4180, quoted newlines and all) from lines as `split_lines` gives them.

    A record that has more or fewer fields than the header, or is broken by a quote, is rejected alone.

    Args:
        lines: `position`, `line`, `fault`.
        wanted: names of the columns to keep, where they are there.
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
    kept = tuple(sorted({names.index(name) for name in wanted if name in names}))
    return Records(names, _read(lines, _Layout(delimiter, len(names), kept)))


@dataclass(frozen=True, slots=True)
class _Layout:
    """How records are written, how many fields they have, and the places of those that are kept."""

    delimiter: str
    width: int
    kept: tuple[int, ...]


def _split_header(lines: pl.DataFrame, delimiter: str) -> tuple[Sequence[str], pl.DataFrame]:
    first = lines["is_idle"].arg_min()
    if first is None or lines["is_idle"].all():
        return ("",), lines.clear()  # no record at all
    if fault := lines["fault"][first]:
        raise UnreadableFile(f"its header cannot be read: {fault}")
    if not lines["is_quoted"][first]:
        return lines["line"][first].split(delimiter), lines.slice(first + 1)
    texts = _Texts(lines["line"].slice(first, SPAN_LIMIT + 1))
    _, end, fields = next(_run(texts, b"\1", 0, delimiter))
    if isinstance(fields, str):
        raise UnreadableFile(f"its header cannot be read: {fields}")
    return fields, lines.slice(first + end)


def _read(lines: pl.DataFrame, layout: _Layout) -> Draft:
    texts = lines.select("position", "line")
    lines = lines.with_row_index("at")
    rows = lines.filter(~pl.col("is_idle"))
    if not rows["is_quoted"].any():
        return Draft(texts, *_split(rows, pl.col("line"), layout.delimiter, layout))
    rows = rows.with_columns(is_plain=pl.col("is_quoted") & _is_plain(layout.delimiter))
    odd, inner = _join_odd(lines, rows, layout)
    rows = rows.filter(~inner.gather(rows["at"]))
    unquoted = pl.col("line").str.strip_prefix('"').str.strip_suffix('"')
    parts = (
        _split(rows.filter(~pl.col("is_quoted")), pl.col("line"), layout.delimiter, layout),
        _split(rows.filter("is_plain"), unquoted, f'"{layout.delimiter}"', layout),
        *odd,
    )
    frame, rejected = (pl.concat(part).sort("position") for part in zip(*parts, strict=True))
    return Draft(texts, frame, rejected)


def _is_plain(delimiter: str) -> pl.Expr:
    """Whether all fields of a line are quoted and none holds a quote: such a line is a record by itself."""
    return pl.col("line").str.contains(rf'^"[^"]*"(?:{re.escape(delimiter)}"[^"]*")*$')


_Part = tuple[pl.DataFrame, pl.DataFrame]
"""Records: (those of the right width, split; the others, rejected)."""


def _split(rows: pl.DataFrame, text: pl.Expr, delimiter: str, layout: _Layout) -> _Part:
    """Lines that are one record each."""
    found = text.str.count_matches(delimiter, literal=True).cast(pl.Int64) + 1
    wrong = pl.when(found != layout.width).then(pl.format(_WRONG, found, pl.lit(layout.width)))
    rows = rows.select("position", "line", text.alias("text"), pl.coalesce("fault", wrong).alias("reason"))
    good = rows.filter(pl.col("reason").is_null()).select("position", "text")
    last = max(layout.kept, default=0)
    names = [str(at) for at in range(last + 1)]
    step = max(1, _FIELDS_AT_ONCE // len(names))
    kept = [str(at) for at in layout.kept]
    parts: list[pl.DataFrame] = []
    for start in range(0, max(1, good.height), step):
        part = good.slice(start, step)
        fields = part["text"].str.split_exact(delimiter, last).struct.rename_fields(names).struct.unnest()
        parts.append(part.select("position").hstack(fields.select(kept)))
    return pl.concat(parts), rejected_lines(rows.filter(pl.col("reason").is_not_null()))


_Odd = tuple[int, int, Sequence[str]]
"""A record with quotes: its first line, the line behind its last, and its fields; as text: what is wrong with it."""


def _join_odd(lines: pl.DataFrame, rows: pl.DataFrame, layout: _Layout) -> tuple[list[_Part], pl.Series]:
    """The records that only the csv module can read, and which lines are within them and do not begin one."""
    odd = _odd_records(lines, rows, layout)
    faults = _marks(lines.height, lines.select(pl.col("fault").is_not_null().arg_true()).to_series())
    parts: list[_Part] = []
    inner = np.zeros(lines.height, dtype=np.bool_)
    while some := list(islice(odd, _ODD_AT_ONCE)):
        parts.append(_join(lines, some, faults, layout))
        for begin, end, _ in some:
            inner[begin + 1 : end] = True
    return parts, pl.Series(inner)


def _marks(height: int, places: pl.Series) -> bytes:
    """A byte a line, 1 at the places given: so is the next of them found, in little memory."""
    marks = np.zeros(height, dtype=np.uint8)
    marks[places.to_numpy()] = 1
    return marks.tobytes()


def _odd_records(lines: pl.DataFrame, rows: pl.DataFrame, layout: _Layout) -> Iterator[_Odd]:
    """Each with its kept fields only."""
    flags = _marks(lines.height, rows.filter("is_quoted", ~pl.col("is_plain"))["at"])
    texts = _Texts(lines["line"])
    end = 0
    while (begin := flags.find(1, end)) >= 0:
        for start, end, fields in _run(texts, flags, begin, layout.delimiter):
            yield start, end, _chosen(fields, layout)


def _chosen(fields: Sequence[str], layout: _Layout) -> Sequence[str]:
    if isinstance(fields, str):
        return fields
    if len(fields) != layout.width:
        return _WRONG.format(len(fields), layout.width)
    return [fields[at] for at in layout.kept]


class _Texts:
    """Lines by their place, few at a time as Python strings; asked for one behind the other."""

    def __init__(self, lines: pl.Series) -> None:
        self._lines = lines
        self._held: list[str] = []
        self._begin = 0

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, at: int) -> str:
        if not 0 <= at - self._begin < len(self._held):
            self._held = self._lines.slice(at, _ODD_AT_ONCE).to_list()
            self._begin = at
        return self._held[at - self._begin]


class _Feed(Iterator[str]):
    """Lines for one csv reader, which asks for more until a record is complete."""

    def __init__(self, lines: _Texts, begin: int) -> None:
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


def _run(lines: _Texts, flags: bytes, begin: int, delimiter: str) -> Iterator[_Odd]:
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
        yield feed.begin, feed.begin + 1, f"broken quoting: {printable(str(error))}"


def _join(lines: pl.DataFrame, odd: list[_Odd], faults: bytes, layout: _Layout) -> _Part:
    """Records with quotes."""
    good: list[tuple[int, Sequence[str]]] = []
    bad: list[tuple[int, str, str]] = []
    positions, texts = lines["position"], lines["line"]
    for begin, end, fields in odd:
        faulty = faults.find(1, begin, end)
        reason = lines["fault"][faulty] if faulty >= 0 else ""
        if reason or isinstance(fields, str):
            bad.append((positions[begin], "\n".join(texts[begin:end])[:RAW_LIMIT], reason or str(fields)))
        else:
            good.append((begin, fields))
    frame = pl.DataFrame(
        {"position": positions.gather([begin for begin, _ in good])}
        | {
            str(at): pl.Series([fields[number] for _, fields in good], dtype=pl.String)
            for number, at in enumerate(layout.kept)
        }
    )
    schema = {"position": pl.Int64, "line": pl.String, "reason": pl.String}
    return frame, rejected_lines(pl.DataFrame(bad, schema=schema, orient="row"))
