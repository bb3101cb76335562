"""Tables that are no text: Parquet files and Excel workbooks, every value as the text it stands for."""

import io
from collections.abc import Mapping
from typing import Final

import fastexcel
import polars as pl

from db.errors import UnreadableFile
from spiders.formats.bounds import bound_rows, bound_text
from spiders.formats.draft import Draft
from spiders.formats.parsed import rejected_frame
from spiders.formats.records import no_column
from spiders.formats.text import LINE_LIMIT, first_line, listed, printable

_SHOWN: Final = 80
"""Characters of a column's type: a structure may have thousands of fields."""


def read_parquet(content: bytes, columns: Mapping[str, str]) -> Draft:
    """The mapped columns (field -> column) of a Parquet file.

    Times become ISO 8601 (with Z where they have a zone), whole numbers lose `.0`.

    Returns:
        a draft whose frame has `position` (row, from 1) and the fields.

    Raises:
        UnreadableFile: it is broken, has too many rows, a mapped column is missing or holds no plain values.
    """
    try:
        scan = pl.scan_parquet(io.BytesIO(content))
        bound_rows(scan.select(pl.len()).collect().item())  # run-length encoding lets a small file claim any number
        frame = scan.select(**_texts(scan.collect_schema(), columns)).collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise UnreadableFile(f"not readable as Parquet: {first_line(error)}") from error
    return _draft(frame.with_row_index("position", offset=1))


def _texts(schema: pl.Schema, columns: Mapping[str, str]) -> dict[str, pl.Expr]:
    for column in columns.values():
        if column not in schema:
            raise no_column(column, tuple(schema))
    return {name: _text(pl.col(column), schema[column], column) for name, column in columns.items()}


def _text(column: pl.Expr, dtype: pl.DataType, name: str) -> pl.Expr:
    if dtype.is_nested() or dtype in {pl.Binary, pl.Object, pl.Duration}:
        raise UnreadableFile(
            f"the column {name!r} holds {printable(str(dtype)[:_SHOWN])}; text, numbers and times are read"
        )
    if isinstance(dtype, pl.Datetime) and dtype.time_zone:
        return column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
    if isinstance(dtype, pl.Datetime):
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.3f")
    if dtype.is_float():
        return column.cast(pl.String).str.strip_suffix(".0")
    return column.cast(pl.String)


def read_workbook(content: bytes, columns: Mapping[str, str], sheet: str) -> Draft:
    """The mapped columns (field -> column) of a sheet; its first row that is not blank is the header.

    Args:
        content: an Excel workbook, bounded by `unpack`.
        columns: field -> column.
        sheet: the sheet's name; empty: the first.

    Returns:
        a draft whose frame has `position` (row of the sheet, from 1) and the fields; blank rows are no rows.

    Raises:
        UnreadableFile: it is broken, the sheet or a mapped column is missing or stands twice.
    """
    frame = _sheet(content, sheet).with_row_index("position", offset=1)
    cells = pl.exclude("position")
    frame = frame.filter(pl.any_horizontal(cells.is_not_null(), pl.lit(value=False)))
    if frame.is_empty():
        return _draft(frame.select("position", **dict.fromkeys(columns, pl.lit(None, pl.String))))
    header = [str(name or "").strip() for name in frame.drop("position").row(0)]
    texts: dict[str, pl.Expr] = {}
    for name, column in columns.items():
        if header.count(column) != 1:
            raise no_column(column, header) if column not in header else _twice(column)
        texts[name] = pl.col(frame.columns[header.index(column) + 1])
    return _draft(frame.slice(1).select("position", **texts))


def _twice(column: str) -> UnreadableFile:
    return UnreadableFile(f"the column {column!r} stands twice")


def _sheet(content: bytes, sheet: str) -> pl.DataFrame:
    try:
        workbook = fastexcel.read_excel(content)
        names = workbook.sheet_names
        if sheet and sheet not in names:
            raise UnreadableFile(f"no sheet {sheet!r}; the sheets are {listed(names)}")
        loaded = workbook.load_sheet(sheet or 0, header_row=None, skip_rows=0, dtypes="string")
        return loaded.to_polars()
    except (fastexcel.FastExcelError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise UnreadableFile(f"not readable as Excel: {first_line(error)}") from error


def _draft(frame: pl.DataFrame) -> Draft:
    """A draft of rows of text; those with a value that cannot be stored are rejected.

    Raises:
        UnreadableFile: too much text: a dictionary lets a small file have any number of long values.
    """
    fields = [name for name in frame.columns if name != "position"]
    bound_text(frame.select(pl.sum_horizontal(pl.col(fields).str.len_bytes().cast(pl.Int64).sum())).item() or 0)
    frame = frame.with_columns(pl.col("position").cast(pl.Int64))
    nul = pl.any_horizontal(pl.col(name).str.contains("\0", literal=True).fill_null(value=False) for name in fields)
    long = pl.any_horizontal((pl.col(name).str.len_bytes() > LINE_LIMIT).fill_null(value=False) for name in fields)
    faulty = frame.filter(nul | long)
    shown = pl.concat_str(fields, separator=",", ignore_nulls=True).str.replace_all("\0", "\\x00", literal=True)
    lines = frame.select("position", line=shown)
    draft = Draft(lines, frame, rejected_frame())
    if faulty.is_empty():
        return draft
    return draft.reject(nul, "a NUL byte").reject(long, f"a value longer than {LINE_LIMIT} bytes")
