"""Predicates that SQLite decides: never a row less than polars keeps, and what is pinned is so."""

import sqlite3
from contextlib import closing
from itertools import product
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.frames import _FRAMES
from db.pushdown import Domain, conjuncts, decide
from db.targets import TARGETS

WORDS: dict[str | bool | None, int | None] = {"emitted": 1, "rendered": 2, "connected": 3, None: None}
FLAGS: dict[str | bool | None, int | None] = {True: 1, False: 0, None: None}
DOMAINS = {"stage": Domain("t.stage_id", WORDS), "sink": Domain("t.sink_id", WORDS), "is_test": Domain("t.test", FLAGS)}
ROWS: list[dict[str, Any]] = [
    {"stage": stage, "sink": sink, "is_test": flag, "at": at}
    for at, (stage, sink, flag) in enumerate(product(WORDS, WORDS, FLAGS))
]
FRAME = pl.DataFrame(ROWS, schema={"stage": pl.String, "sink": pl.String, "is_test": pl.Boolean, "at": pl.Int64})
COLUMNS = st.sampled_from(["stage", "sink"])
NAMES = st.sampled_from(["emitted", "rendered", "nowhere"])
LEAVES = st.one_of(
    st.builds(lambda column, name: pl.col(column) == name, COLUMNS, NAMES),
    st.builds(lambda column, name: pl.col(column) != name, COLUMNS, NAMES),
    st.builds(lambda column, names: pl.col(column).is_in(names), COLUMNS, st.lists(NAMES, max_size=2)),
    st.builds(lambda column: pl.col(column).is_null(), COLUMNS),
    st.builds(lambda column, name: pl.col(column).fill_null("emitted") == name, COLUMNS, NAMES),
    st.just(~pl.col("is_test").fill_null(value=False)),
    st.builds(lambda at: pl.col("at") < at, st.integers(0, 40)),
)
PREDICATES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda one, other: one & other, inner, inner),
        st.builds(lambda one, other: one | other, inner, inner),
        st.builds(lambda one: ~one.fill_null(value=False), inner),
    ),
    max_leaves=5,
)


def read(sql: str) -> list[int]:
    """The rows that a condition of SQL keeps."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE t (stage_id, sink_id, test, at)")
        values = [(WORDS[row["stage"]], WORDS[row["sink"]], FLAGS[row["is_test"]], row["at"]) for row in ROWS]
        database.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", values)
        return [at for (at,) in database.execute(f"SELECT at FROM t WHERE {sql or 'TRUE'}")]


@settings(max_examples=150, deadline=None)
@given(predicate=PREDICATES)
def test_no_row_is_lost_and_what_is_pinned_is_so(predicate: pl.Expr) -> None:
    decided = decide(predicate, DOMAINS)
    kept = FRAME.filter(predicate)
    assert set(kept["at"]) <= set(read(decided.sql))
    for name, value in decided.pinned.items():
        assert kept[name].to_list() == [value] * kept.height
    if not {"at"} & set(predicate.meta.root_names()):
        assert FRAME.filter(predicate, pl.col("at").is_in(read(decided.sql)))["at"].to_list() == kept["at"].to_list()


@pytest.mark.parametrize(
    ("predicate", "sql", "pinned"),
    [
        (pl.col("stage") == "emitted", "((t.stage_id IS 1))", {"stage": "emitted"}),
        (pl.col("stage") == "nowhere", "(FALSE)", {}),
        (~pl.col("is_test").fill_null(value=False), "NOT (t.test IS 1)", {}),
        (pl.col("at") > 3, "", {}),
        ((pl.col("at") > 3) & (pl.col("sink") == "rendered"), "((t.sink_id IS 2))", {"sink": "rendered"}),
        ((pl.col("at") > 3) | (pl.col("sink") == "rendered"), "", {}),
    ],
    ids=str,
)
def test_what_it_becomes(predicate: pl.Expr, sql: str, pinned: dict[str, str]) -> None:
    decided = decide(predicate, DOMAINS)
    assert (decided.sql, dict(decided.pinned)) == (sql, pinned)


def test_too_many_combinations_are_left_to_polars() -> None:
    many = Domain("t.stage_id", {str(number): number for number in range(200)})
    assert decide(pl.col("stage") == pl.col("sink"), {"stage": many, "sink": many}).sql == ""


def test_the_parts_of_a_predicate_are_all_of_it() -> None:
    one, two, three = pl.col("stage") == "x", pl.col("at") > 1, (pl.col("sink") == "y") | (pl.col("at") > 2)
    assert sorted(map(str, conjuncts(one & two & three))) == sorted(map(str, (one, two, three)))


def test_a_frames_words_are_of_the_vocabulary_that_is_written() -> None:
    """A value that its vocabulary lacked would be taken for one that no row has."""
    written = {target.table: target.terms for target in TARGETS.values()}
    named = {"named": "brand"}
    for frame in _FRAMES.values():
        for word, vocabulary in frame.words.items():
            assert written[frame.table][named.get(word, word)] == vocabulary
