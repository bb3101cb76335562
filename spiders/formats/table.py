"""Format `table`: a company's own exports (CSV, TSV, JSON Lines, Parquet, Excel) by a declared mapping."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

import polars as pl

from db.errors import UnreadableFile
from spiders.catalogue import Source
from spiders.formats.documents import BadRow, as_object, as_text, load_text
from spiders.formats.draft import Draft, read_lines
from spiders.formats.parsed import RAW_LIMIT, Parsed, rejected_frame
from spiders.formats.records import Records, no_column, read_records
from spiders.formats.sheets import read_parquet, read_workbook
from spiders.formats.text import split_lines

_PARQUET: Final = b"PAR1"
_ZIP: Final = b"PK"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_OBJECTS_AT_ONCE: Final = 100_000
"""Lines of JSON held as Python objects, some hundred bytes each."""
_KEYS: Final = 1_000
"""Different keys of JSON Lines that are remembered, to name them where a mapped one is missing."""


def parse(content: bytes, source: Source) -> Parsed:
    """One row a record; its fields are the mapped columns' text, exactly as published, or constants.

    Which layout it is shows in the content; where the mapped columns are not found with the declared
    delimiter, tabs are tried. Of a source that holds people, rejected rows keep no text.

    Returns:
        rows of the source's kind; `position` is the line of a text file, the row of a sheet or Parquet file.

    Raises:
        UnreadableFile: a mapped column is missing (those there are, are named), or the file is broken.
    """
    draft = _read(content, source)
    fields = {name: _translated(name, source.values.get(name, {})) for name in source.columns}
    fields |= {name: pl.lit(value) for name, value in source.constants.items()}
    parsed = draft.parsed(source.row_kind, fields)
    if source.has_people:
        return replace(parsed, rejected=parsed.rejected.with_columns(raw=pl.lit("")))
    return parsed


def _read(content: bytes, source: Source) -> Draft:
    """A draft whose frame has `position` and the mapped fields."""
    if content.startswith(_PARQUET):
        return read_parquet(content, source.columns)
    if content.startswith((_ZIP, _OLD_EXCEL)):
        return read_workbook(content, source.columns, source.sheet)
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _read_json_lines(content, source)
    return _read_csv(content, source)


def is_foreign(content: bytes) -> bool:
    """Whether only other people's machine code reads it: Parquet and Excel."""
    return content.startswith((_PARQUET, _ZIP, _OLD_EXCEL))


def _translated(name: str, words: Mapping[str, str]) -> pl.Expr:
    """The field's values in our words; what is not named stays as it is."""
    text = pl.col(name)
    if not words:
        return text
    return text.fill_null("").str.strip_chars().replace_strict(list(words), list(words.values()), default=text)


def _read_csv(content: bytes, source: Source) -> Draft:
    if source.delimiter in '"\r\n':
        raise UnreadableFile(f"the delimiter {source.delimiter!r} cannot separate columns")
    lines = split_lines(content, source.encoding)
    wanted = tuple(source.columns.values())
    records = _records(lines, wanted, source.delimiter)
    fields = {name: records.column(column) for name, column in source.columns.items()}
    return replace(records.draft, frame=records.draft.frame.select("position", **fields))


def _records(lines: pl.DataFrame, wanted: Sequence[str], delimiter: str) -> Records:
    """The records by the declared delimiter, or by tabs where only those give the mapped columns."""
    try:
        records = read_records(lines, wanted, delimiter=delimiter)
    except UnreadableFile:
        if tabbed := _tabbed(lines, wanted):
            return tabbed
        raise
    if set(wanted) <= set(records.header):
        return records
    return _tabbed(lines, wanted) or records


def _tabbed(lines: pl.DataFrame, wanted: Sequence[str]) -> Records | None:
    with suppress(UnreadableFile):
        records = read_records(lines, wanted, delimiter="\t")
        return records if set(wanted) <= set(records.header) else None
    return None


def _read_json_lines(content: bytes, source: Source) -> Draft:
    draft = read_lines(content, source.encoding, comment=r"^$")
    keys: dict[str, None] = {}
    starts = range(0, max(1, draft.frame.height), _OBJECTS_AT_ONCE)
    parts = [_read_objects(draft.frame.slice(start, _OBJECTS_AT_ONCE), source.columns, keys) for start in starts]
    frame, rejected = (pl.concat(part) for part in zip(*parts, strict=True))
    for column in source.columns.values():
        if frame.height and column not in keys:
            raise no_column(column, tuple(keys))
    return replace(draft, frame=frame, rejected=pl.concat([draft.rejected, rejected]).sort("position"))


def _read_objects(
    lines: pl.DataFrame, columns: Mapping[str, str], keys: dict[str, None]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Lines of JSON: (`position` and the mapped fields; the others, rejected). Adds to the keys that there are."""
    positions: list[int] = []
    values: list[list[str | None]] = []
    rejected: list[tuple[int, str, str]] = []
    for position, line in lines.iter_rows():
        try:
            found = as_object(load_text(line))
            values.append([as_text(found.get(column)) for column in columns.values()])
        except (BadRow, UnreadableFile) as error:
            rejected.append((position, line[:RAW_LIMIT], str(error)))
            continue
        positions.append(position)
        if not found.keys() <= keys.keys():
            keys.update(dict.fromkeys(found if len(keys) < _KEYS else found.keys() & {*columns.values()}))
    series = {name: pl.Series([row[at] for row in values], dtype=pl.String) for at, name in enumerate(columns)}
    return pl.DataFrame({"position": pl.Series(positions, dtype=pl.Int64), **series}), rejected_frame(rejected)
