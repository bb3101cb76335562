"""Characters that nobody sees are written out, and nothing else changes."""

import json
import re
import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.unseen import UNSEEN, quoted, show_lines, show_unseen, unseen_in

TEXTS = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from('\u202e\x1b\x9b\\"\t\n\U000e0041')))


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a\u202eb", "a\\u202eb"),
        ("a\u200bb", "a\\u200bb"),
        ("a\x00\x1b[31m\x9b\x7f", "a\\u0000\\u001b[31m\\u009b\\u007f"),
        ("奇富\t借条\n", "奇富\\u0009借条\\u000a"),
        ("\ufeff\u2028\u3164\u2800", "\\ufeff\\u2028\\u3164\\u2800"),
        ("\U000e0041", "\\udb40\\udc41"),
        ("\ud800", "\\ud800"),
        ("奇富借条 é 😀\ufe0f\u3000", "奇富借条 é 😀\ufe0f\u3000"),
    ],
)
def test_hidden_characters_are_written_out(written: str, shown: str) -> None:
    assert show_unseen(written) == shown
    assert bool(unseen_in(written)) == (written != shown)


@pytest.mark.parametrize("category", ["Cc", "Zl", "Zp", "Cs"])
def test_no_control_and_no_line_break_is_left_as_it_is(category: str) -> None:
    every = [chr(code) for code in range(0x11_0000) if unicodedata.category(chr(code)) == category]
    assert every
    assert [each for each in every if show_unseen(each) == each] == []


def test_nothing_that_turns_the_direction_is_left_as_it_is() -> None:
    turning = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
    every = [chr(code) for code in range(0x11_0000) if unicodedata.bidirectional(chr(code)) in turning]
    assert len(every) == 9
    assert [each for each in [*every, "\u200e", "\u200f", "\u061c"] if show_unseen(each) == each] == []


@given(st.dictionaries(TEXTS, TEXTS, max_size=3))
def test_json_stays_the_same_json(value: dict[str, str]) -> None:
    assert json.loads(show_unseen(json.dumps(value, ensure_ascii=False))) == value
    assert json.loads(show_lines(json.dumps(value, ensure_ascii=False, indent=2))) == value


@given(TEXTS)
def test_lines_and_columns_stay_where_they_part_text(text: str) -> None:
    assert re.split(r"[\t\n\r]", show_lines(text)) == [show_unseen(part) for part in re.split(r"[\t\n\r]", text)]


@given(TEXTS)
def test_polars_finds_the_same_characters(text: str) -> None:
    assert pl.Series([text]).str.contains(UNSEEN).to_list() == [bool(unseen_in(text))]


def test_a_quoted_value_is_short_and_visible() -> None:
    told = quoted("x" * 100_000 + "\u202e")
    assert len(told) <= 60
    assert quoted("a\u202e\n") == '"a\\u202e\\n"'
