"""CSV by records: what the fast path, the quoted path and the csv module say is the same, and no row is lost."""

import csv
import io
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spiders.formats.records import SPAN_LIMIT, Records, read_records
from spiders.formats.text import split_lines

HEADER = ("a", "b", "c")
FIELDS = st.text(alphabet='ab,;"\n 奇\t#', max_size=6)
ROWS = st.lists(st.tuples(FIELDS, FIELDS, FIELDS), max_size=25)


def records(text: str, **how: str) -> Records:
    return read_records(split_lines(text.encode(), "utf-8"), HEADER, header=HEADER, **how)


def written(rows: list[tuple[str, str, str]], delimiter: str, quoting: Literal[0, 1]) -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, quoting=quoting, lineterminator="\n").writerows(rows)
    return stream.getvalue()


@settings(max_examples=150, deadline=None)
@given(rows=ROWS, delimiter=st.sampled_from(",;\t"), quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
def test_what_is_written_is_read_back(rows: list[tuple[str, str, str]], delimiter: str, quoting: Literal[0, 1]) -> None:
    # a row that is white space alone stands in the file as a blank line does
    rows = [row for row in rows if "".join(row).strip() or quoting == csv.QUOTE_ALL or delimiter != "\t"]
    draft = records(written(rows, delimiter, quoting), delimiter=delimiter).draft
    assert draft.rejected.is_empty()
    assert [row[1:] for row in draft.frame.rows()] == rows


@settings(max_examples=150, deadline=None)
@given(text=st.text(alphabet='ab,"\n', max_size=80))
def test_every_line_ends_up_in_exactly_one_record_or_rejection(text: str) -> None:
    draft = records(text).draft
    kept = [field for row in draft.frame.rows() for field in row[1:]]
    shown = "".join([*kept, *draft.rejected["raw"]])
    assert sorted(letter for letter in shown if letter in "ab") == sorted(letter for letter in text if letter in "ab")
    positions = [*draft.frame["position"], *draft.rejected["position"]]
    assert len(set(positions)) == len(positions)


@settings(deadline=None)
@given(rows=st.lists(st.lists(st.text(alphabet="ab 奇#", max_size=4), min_size=1, max_size=5), max_size=30))
def test_unquoted_lines_are_read_as_the_csv_module_reads_them(rows: list[list[str]]) -> None:
    text = "\n".join(",".join(row) for row in rows)
    wanted = [row for row in csv.reader(io.StringIO(text)) if "".join(row).strip() or len(row) > 1]
    draft = records(text).draft
    assert [list(row[1:]) for row in draft.frame.rows()] == [row for row in wanted if len(row) == len(HEADER)]
    assert draft.rejected.height == sum(len(row) != len(HEADER) for row in wanted)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ('1,"open,3', "broken quoting: "),
        ('1,"closed"late,3', "broken quoting: "),
        ("1,2", "2 fields where there should be 3"),
        ('1,2,"3",4', "4 fields where there should be 3"),
        ('"1","2"', "2 fields where there should be 3"),
    ],
)
def test_a_broken_record_is_rejected_alone(broken: str, reason: str) -> None:
    behind = [f'{number},"x",y' for number in range(SPAN_LIMIT * 2)]
    draft = records("\n".join(["p,q,r", broken, *behind])).draft
    assert draft.frame.height == 1 + len(behind)
    assert draft.rejected["position"].to_list() == [2]
    assert draft.rejected["raw"].to_list() == [broken]
    assert draft.rejected["reason"][0].startswith(reason)


@pytest.mark.parametrize("lines", [3, SPAN_LIMIT * 3])
def test_a_quote_left_open_does_not_swallow_the_rest(lines: int) -> None:
    draft = records("\n".join(['1,2,"open', *(f"{number},x,y" for number in range(lines))])).draft
    assert draft.frame.height == lines
    assert draft.rejected["position"].to_list() == [1]


def test_a_quoted_newline_belongs_to_its_record_up_to_a_limit() -> None:
    longest = '1,"' + "\n" * (SPAN_LIMIT - 1) + '",3\n4,5,6'
    draft = records(longest).draft
    assert draft.frame["position"].to_list() == [1, SPAN_LIMIT + 1]
    assert draft.frame["1"][0] == "\n" * (SPAN_LIMIT - 1)


def test_lines_that_look_plain_inside_a_quoted_field_stay_in_it() -> None:
    draft = records('1,"x\n"",""\n\n# no comment\nu,v,w\ny",3\n4,5,6', comment="#").draft
    assert draft.frame.rows() == [(1, "1", 'x\n","\n\n# no comment\nu,v,w\ny', "3"), (7, "4", "5", "6")]


def test_a_bad_byte_inside_a_quoted_field_rejects_the_whole_record() -> None:
    lines = split_lines(b'1,"a\n\xff\nb",3\n4,5,6\n"7","\xff","9"', "utf-8")
    draft = read_records(lines, HEADER, header=HEADER).draft
    assert draft.frame["position"].to_list() == [4]
    assert draft.rejected.rows() == [
        (1, '1,"a\n\\xff\nb",3', "bytes that are not utf-8"),
        (5, '"7","\\xff","9"', "bytes that are not utf-8"),
    ]


def test_a_header_may_be_quoted_and_behind_comments() -> None:
    lines = split_lines(b'# made up\n\n"a","b\nb"\n1,2\n', "utf-8")
    found = read_records(lines, ["b\nb", "c"], comment="#")
    assert found.header == ("a", "b\nb")
    assert found.draft.frame.rows() == [(5, "2")]
    assert found.draft.frame.columns == ["position", "1"]


@pytest.mark.parametrize("at_once", [1, 7, 1_000])
def test_records_read_a_few_at_a_time_are_the_same_records(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    kinds = ["p,q,{}", '"p","q","{}"', 'p,"q\nq",{}', "p,{}", '"p"x,q,{}']
    text = "\n".join(kinds[number % 5].format(number) for number in range(100))
    whole = records(text).draft
    monkeypatch.setattr("spiders.formats.records._FIELDS_AT_ONCE", at_once)
    monkeypatch.setattr("spiders.formats.records._ODD_AT_ONCE", at_once)
    parts = records(text).draft
    assert parts.frame.equals(whole.frame)
    assert parts.rejected.equals(whole.rejected)
    assert whole.frame.height == 60
