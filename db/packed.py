"""Rows read by the column: SQLite strings a column's values together, polars takes them apart.

It takes a third of the time of making a Python object of each value.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import polars as pl

from db.turns import SharedConnection

_ROWS: Final = 20_000
"""Rows read at once: texts of some megabytes; even of 50 KB a value they stay below SQLite's 1 GB."""
_Value = int | str
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
        key: a table, and one or two columns in whose order its rows lie; rows that are alike in them are read together.
        bounds: arguments of the query, after `{among}`.
    """
    packed = ", ".join(_packed(sql, schema[name]) for name, sql in selected.items())
    asked = f"SELECT count(*), {packed} {query}"
    for height, *texts in _portions(shared, asked, key, bounds):
        if height:
            yield pl.DataFrame(
                [_unpacked(name, schema[name], text) for name, text in zip(selected, texts, strict=True)]
            )


def _portions(
    shared: SharedConnection, query: str, key: tuple[str, Sequence[str]], bounds: Sequence[int]
) -> Iterator[tuple[Any, ...]]:
    """What SQLite answers, portion by portion."""
    portion: _Portion | None = None
    while True:
        with shared.turn:
            if shared.is_closed or (portion := _portion(shared, key, portion)) is None:
                return
            asked = query.format(among=_among(key, portion))
            answer = shared.execute(asked, (*portion.values, *bounds)).fetchone()
        yield answer


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


class _Portion(NamedTuple):
    """Rows that are read together: of one group, in which all but the last column of the key are alike."""

    group: tuple[_Value, ...]
    after: _Value | None
    """Where the last column begins, which is without; None: at the first."""
    last: _Value | None
    """Where it ends, which is within; None: with the group."""

    @property
    def values(self) -> tuple[_Value, ...]:
        """What `_among` compares with."""
        return (*self.group, *(end for end in (self.after, self.last) if end is not None))


def _portion(shared: SharedConnection, key: tuple[str, Sequence[str]], before: _Portion | None) -> _Portion | None:
    """The portion after another.

    Each is a span of one column: of two columns together SQLite would compare each row with both ends.
    """
    table, (*_, inner) = key
    within = before if before and before.last is not None else None
    group = within.group if within else _group(shared, key, before)
    if group is None:
        return None
    start = _Portion(group, within.last if within else None, None)
    query = f"SELECT {inner} FROM {table} WHERE {_among(key, start)} ORDER BY {inner} LIMIT 1 OFFSET {_ROWS - 1}"  # noqa: S608 - our own names
    found = shared.execute(query, start.values).fetchone()
    return start._replace(last=found and found[0])


def _group(
    shared: SharedConnection, key: tuple[str, Sequence[str]], before: _Portion | None
) -> tuple[_Value, ...] | None:
    """The group after that of a portion; None: there is no other."""
    table, (*outer, _) = key
    if not outer:
        return None if before else ()
    (name,) = outer
    where, values = (f"WHERE {name} > ?", before.group) if before else ("", ())
    (found,) = shared.execute(f"SELECT min({name}) FROM {table} {where}", values).fetchone()  # noqa: S608 - our own names
    return None if found is None else (found,)


def _among(key: tuple[str, Sequence[str]], portion: _Portion) -> str:
    table, (*outer, inner) = key
    conditions = [f"{table}.{name} = ?" for name in outer]
    ends = ((">", portion.after), ("<=", portion.last))
    conditions += [f"{table}.{inner} {sign} ?" for sign, end in ends if end is not None]
    return " AND ".join(conditions) or "TRUE"
