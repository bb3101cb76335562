"""Format `table`: a company's own exports (CSV, TSV, JSON Lines, Parquet, Excel) by a declared mapping."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import polars as pl

from db.errors import UnreadableFile
from spiders.catalogue import Source
from spiders.formats.documents import BadRow, as_object, as_text, load_text
from spiders.formats.draft import Draft, read_lines
from spiders.formats.parsed import Parsed, rejected_frame
from spiders.formats.records import no_column, read_records
from spiders.formats.sheets import read_parquet, read_workbook
from spiders.formats.text import split_lines

_PARQUET: Final = b"PAR1"
_ZIP: Final = b"PK"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"


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
    records = read_records(lines, delimiter=source.delimiter)
    if not set(source.columns.values()) <= set(records.header):
        tabbed = read_records(lines, delimiter="\t")
        records = tabbed if set(source.columns.values()) <= set(tabbed.header) else records
    fields = {name: records.column(column) for name, column in source.columns.items()}
    return replace(records.draft, frame=records.draft.frame.select("position", **fields))


def _read_json_lines(content: bytes, source: Source) -> Draft:
    draft = read_lines(content, source.encoding, comment=r"^$")
    rows: list[tuple[int, Sequence[str | None]]] = []
    rejected: list[tuple[int, str, str]] = []
    keys: dict[str, None] = {}
    for position, line in draft.frame.iter_rows():
        try:
            found = as_object(load_text(line))
            rows.append((position, [as_text(found.get(column)) for column in source.columns.values()]))
        except (BadRow, UnreadableFile) as error:
            rejected.append((position, line, str(error)))
            continue
        if not found.keys() <= keys.keys():
            keys.update(dict.fromkeys(found))
    for column in source.columns.values():
        if rows and column not in keys:
            raise no_column(column, tuple(keys))
    columns = {
        name: pl.Series([values[at] for _, values in rows], dtype=pl.String) for at, name in enumerate(source.columns)
    }
    positions = pl.Series([position for position, _ in rows], dtype=pl.Int64)
    everything = pl.concat([draft.rejected, rejected_frame(rejected)]).sort("position")
    return replace(draft, frame=pl.DataFrame({"position": positions, **columns}), rejected=everything)
