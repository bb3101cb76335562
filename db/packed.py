"""Rows read by the column: SQLite strings a column's values together, polars takes them apart.

It takes a third of the time of making a Python object of each value.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import polars as pl

from db.turns import SharedConnection

_ROWS: Final = 20_000
"""Rows read at once: texts of some megabytes; even of 50 KB a value they stay below SQLite's 1 GB."""
_Key = tuple[int | str, ...]
Schema = Mapping[str, type[pl.DataType] | pl.DataType]


def read_packed(
    shared: SharedConnection,
    selected: Mapping[str, str],
    schema: Schema,
    query: str,
    key: tuple[str, Sequence[str]],
    bounds: Sequence[int],
) -> Iterator[pl.DataFrame]:
    """What a query answers, in portions; the connection is held for each, and is not read once it is closed.

    Args:
        shared: whose.
        selected: column of the frame -> SQL expression; one at least.
        schema: column of the frame -> type: integers, flags or text.
        query: from `FROM` on, with `{among}` where a condition on the key stands.
        key: a table, and columns in whose order its rows lie; rows that are alike in them are read together.
        bounds: arguments of the query, after `{among}`.
    """
    packed = ", ".join(_packed(sql, schema[name]) for name, sql in selected.items())
    last: _Key | None = None
    is_more = True
    while is_more:
        with shared.turn:
            if shared.is_closed:
                return
            after, last = last, _end(shared, key, last)
            is_more = last is not None
            asked = f"SELECT count(*), {packed} {query.format(among=_among(key, after, last))}"
            height, *texts = shared.execute(asked, (*(after or ()), *(last or ()), *bounds)).fetchone()
        if height:
            yield pl.DataFrame(
                [_unpacked(name, schema[name], text) for name, text in zip(selected, texts, strict=True)]
            )


def read_together(shared: SharedConnection, selected: Mapping[str, str], schema: Schema, query: str) -> pl.DataFrame:
    """All that a query answers, of which there is not too much.

    Args:
        shared: whose.
        selected: column of the frame -> SQL expression.
        schema: column of the frame -> type: integers, flags or text.
        query: from `FROM` on.
    """
    packed = ", ".join(_packed(sql, schema[name]) for name, sql in selected.items())
    height, *texts = shared.execute(f"SELECT count(*), {packed} {query}").fetchone()
    if not height:
        return pl.DataFrame(schema=dict(schema))
    return _frame(selected, schema, texts)


def _frame(selected: Mapping[str, str], schema: Schema, texts: Sequence[str]) -> pl.DataFrame:
    columns = [_unpacked(name, schema[name], text) for name, text in zip(selected, texts, strict=True)]
    return pl.DataFrame(columns).rechunk()


def _packed(sql: str, dtype: type[pl.DataType] | pl.DataType) -> str:
    return f"json_group_array({sql})" if dtype == pl.String else f"group_concat(coalesce({sql}, ''))"


def _unpacked(name: str, dtype: type[pl.DataType] | pl.DataType, text: str) -> pl.Series:
    packed = pl.Series(name, [text])
    if dtype == pl.String:
        return packed.str.json_decode(pl.List(pl.String)).explode(empty_as_null=True)
    numbers = packed.str.split(",").explode(empty_as_null=True).cast(pl.Int64, strict=False)
    return numbers.cast(pl.Boolean) if dtype == pl.Boolean else numbers.cast(dtype)


def _end(shared: SharedConnection, key: tuple[str, Sequence[str]], after: _Key | None) -> _Key | None:
    """The key up to which the next portion goes; None: to the end."""
    table, names = key
    columns = ", ".join(names)
    where = f"WHERE {_compared(names, '>')}" if after else ""
    query = f"SELECT {columns} FROM {table} {where} ORDER BY {columns} LIMIT 1 OFFSET {_ROWS - 1}"  # noqa: S608 - likewise
    found: _Key | None = shared.execute(query, after or ()).fetchone()
    return found


def _among(key: tuple[str, Sequence[str]], after: object, last: object) -> str:
    table, names = key
    own = [f"{table}.{name}" for name in names]
    conditions = [_compared(own, sign) for sign, end in ((">", after), ("<=", last)) if end is not None]
    return " AND ".join(conditions) or "TRUE"


def _compared(columns: Sequence[str], sign: str) -> str:
    return f"({', '.join(columns)}) {sign} ({', '.join('?' * len(columns))})"
