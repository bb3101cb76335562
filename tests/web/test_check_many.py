"""Many values at once are answered as each alone, from what is stored as from what is matched. All is synthetic."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from analytics.match.matcher import Matcher
from analytics.normalise.records import normalise_rows
from db.checks import Checked
from db.connection import open_database, transaction
from db.tally import tally_faults
from db.vocabulary import Assessment, Claim, Yields
from db.writes import Provenance, save_rows
from flows.matching import match_new
from spiders.formats.parsed import rows_frame
from tests.web.filled import BRANDS, DAY, NOON, Records, filled
from web.check import Assessed, assess, checks

LOOKALIKE = "demopay-login.com"
MATCHER = Matcher(BRANDS)
MANY = [
    *(f"https://{name}-{number}.example/{path}" for name in ("plain", "demopay-login", "paypal") for number in range(4)
      for path in ("", "qifu/login.php", "a?b=c")),
    LOOKALIKE, "www.demopay.com", "com.qihoo.loan", "com.demo.kehuduan", "harmless.example", "demopay.top", "",
    "no address", "\udcff.example", "bücher.example",
    "192.0.2.7", "3", "https://www.demopay.com/qifu/login",
]  # fmt: skip
"""More than are searched one by one."""
SOME = MANY[-20:]
ODD = [
    *(f"{value}{ending}" for value in ("said.example", "https://said.example") for ending in ("/", "/a", ":1/a", "/b")),
    "http://said.example/a", "said.example", "SAID[.]example", " said.example ", "http://said.example:80/a",
    "allowed.example", "https://allowed.example/a", "dismissed.example", "https://dismissed.example/a",
    "confirmed.example", "https://confirmed.example/a", "unsure.example", "https://unsure.example/a",
    "police.example", "https://police.example/a", "test.example", "only-checked.example", "xn--99999999.com",
    "tenant.github.io", "github.io", "https://github.io/a", "paged.example", "com.demo.loan", "com.demo.seen",
    "demo.judged", "com.qihoo.loan.pro", "qifu.com", "https://qifu.com/demopay.com/login.php",
    "mailto:li@plain.example", "http://", "10.0.0.1/a", "[2001:db8::1]",
]  # fmt: skip
"""Of each way to be known, official, allowed, dismissed, ambiguous or malformed at least one."""


KEPT = """SELECT host.name, host.registrable_length, host.suffix_length, host.is_shared, url.tail, actor.name,
    result.name, source.name, occurred_at, subject_id, programme_id, is_test, document_id
    FROM url_check JOIN url USING (url_id) JOIN host USING (host_id) JOIN source USING (source_id)
    JOIN term AS actor ON actor.term_id = actor_id JOIN term AS result ON result.term_id = result_id
    ORDER BY host.name, url.tail"""


def fill(records: Records) -> None:
    for value in MANY[::2]:
        if "." in value and value.isascii() and value != "com.qihoo.loan":
            records.sight("feed", value, "none")


def fill_oddly(records: Records) -> None:
    for name in (
        "said.example/a",
        "said.example/",
        "github.io/a",
        "paged.example/a",
        "dismissed.example",
        "tenant.github.io",
    ):
        records.sight("feed", f"https://{name}", brand="qifu" if name.startswith("said") else None)
    for day, source in enumerate(("feed", "police", "feed")):
        records.sight(source, "police.example", "none" if day == 2 else "malicious", NOON + day * DAY, brand="demopay")
    records.sight("friends", "allowed.example", "benign")
    records.sight("feed", "https://test.example/a", is_test="true")
    for word in ("confirmed", "dismissed", "unsure"):
        records.judge(f"{word}.example", word)
    records.judge("https://confirmed.example/a", "unsure", NOON + DAY)
    records.save("app", "feed", [{"package": "com.demo.seen", "store": "demo-store"}], Claim.MALICIOUS)
    records.judge("demo.judged", "confirmed", package=True)
    records.note_checks([Checked("only-checked.example", 20, 7, False, "", "unknown")])


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with sources(tmp_path) as made:
        yield made


@contextmanager
def sources(folder: Path) -> Iterator[Records]:
    with filled(folder) as made:
        made.source("feed")
        made.source("police", verified=True)
        made.source("friends", Yields.ALLOWLIST)
        yield made


@dataclass(frozen=True, repr=False)
class Mixed:
    """A database with everything in it, half of its hosts matched; and what is answered of each value alone."""

    database: Database
    alone: dict[str, list[Assessed]]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mixed]:
    with sources(tmp_path_factory.mktemp("mixed")) as records:
        fill(records)
        match_new(records.store, BRANDS)
        fill_oddly(records)
        with open_database(records.store.path, read_only=True) as database:
            yield Mixed(database, {value: assess(database, [value], BRANDS, MATCHER) for value in [*MANY, *ODD]})


def test_the_values_are_of_every_kind_and_assessment(mixed: Mixed) -> None:
    answers = [one for some in mixed.alone.values() for one in some]
    for kind in ("url", "host", "package"):
        assert {one.assessment for one in answers if one.kind == kind} == set(Assessment), kind
    assert any(one.kind == "unreadable" for one in answers)
    assert any(len(some) == 2 for some in mixed.alone.values())


ANY = st.sampled_from([*MANY, *ODD])


@pytest.mark.parametrize("step", [1, -1])
def test_all_at_once_are_answered_as_each_alone(mixed: Mixed, step: int) -> None:
    values = [*MANY, *ODD][::step]
    answers = assess(mixed.database, values, BRANDS, MATCHER)
    assert answers == [one for value in values for one in mixed.alone[value]]


@given(values=st.lists(ANY, max_size=12) | st.lists(ANY, min_size=40, max_size=90))
@settings(max_examples=40, deadline=None)
def test_many_at_once_are_answered_as_each_alone(mixed: Mixed, values: list[str]) -> None:
    answers = assess(mixed.database, values, BRANDS, MATCHER)
    assert answers == [one for value in values for one in mixed.alone[value]]


def test_more_than_go_with_one_statement_are_answered_as_each_alone(mixed: Mixed) -> None:
    urls = [value for value in [*MANY, *ODD] if "://" in value]
    values = [f"{value}#{number}" for number in range(12) for value in urls]  # browsers keep fragments to themselves
    assert len(values) > 400
    answers = {one.input: one for one in assess(mixed.database, [*values, *MANY], BRANDS, MATCHER)}
    for value in values:
        (alone,) = mixed.alone[value.partition("#")[0]]
        assert answers[value] == alone._replace(input=value)


def test_checks_are_kept_at_once_as_one_by_one(tmp_path: Path) -> None:
    kept = []
    for name, size in (("one", 1), ("many", len(MANY))):
        (tmp_path / name).mkdir()
        with sources(tmp_path / name) as records:
            fill(records)
            for start in range(0, len(SOME), size):
                found = assess(records.store.database, SOME[start : start + size], BRANDS, MATCHER)
                records.note_checks(checks(found))
            kept.append(records.store.database.execute(KEPT).fetchall())
            assert list(tally_faults(records.store.database, "url_check")) == []
    assert len(kept[0]) > 10
    assert kept[0] == kept[1]


def _check(records: Records) -> None:
    records.note_checks(checks(assess(records.store.database, [LOOKALIKE], BRANDS, MATCHER)))


def _judge(records: Records) -> None:
    """As `fanzha verdict` does."""
    row = {"position": 1, "address": LOOKALIKE, "answer": "unsure", "by": "li", "event_id": uuid4().hex}
    columns = {name: [value] for name, value in row.items()}
    rows = normalise_rows("verdict", rows_frame("verdict", columns), zone="UTC", claim=Claim.NONE, key=None).rows
    with transaction(records.store.database):
        save_rows(records.store.database, records.store.terms, "verdict", rows, Provenance(1, None, NOON))


@pytest.mark.parametrize("note", [_check, _judge])
def test_an_event_of_ones_own_costs_the_same_however_many_went_before(
    records: Records, note: Callable[[Records], None]
) -> None:
    """No statement of it counts what is there."""
    note(records)
    statements: list[str] = []
    records.store.database.conn.set_trace_callback(statements.append)
    note(records)
    records.store.database.conn.set_trace_callback(None)
    assert any("INSERT INTO kept" in statement for statement in statements)
    assert not [statement for statement in statements if "count(" in statement]
    assert [*tally_faults(records.store.database, "verdict"), *tally_faults(records.store.database, "url_check")] == []


def test_matches_that_are_stored_are_those_that_the_matcher_makes(records: Records) -> None:
    fill(records)
    made = assess(records.store.database, MANY, BRANDS, MATCHER)
    match_new(records.store, BRANDS)
    assert assess(records.store.database, MANY, BRANDS, MATCHER) == made
    assert any(one.confidence for one in made)


STALE = ["", "UPDATE match_state SET matcher_version = 'old'", "UPDATE match_state SET host_id = 0",
    "INSERT INTO rematch VALUES (1, 'x', NULL, '', 0, 9, 0, 9, 0, 0, 0, 0, '[]', NULL)"]  # fmt: skip


@pytest.mark.parametrize("stale", STALE)
def test_stored_matches_count_only_while_they_are_the_matchers(records: Records, stale: str) -> None:
    records.sight("feed", LOOKALIKE, "none")
    match_new(records.store, BRANDS)
    made = assess(records.store.database, [LOOKALIKE], BRANDS, MATCHER)[0]
    records.store.database.execute("UPDATE match SET confidence = 99, explanation_en = 'as stored'")
    if stale:
        records.store.database.execute(stale)
    (told,) = assess(records.store.database, [LOOKALIKE], BRANDS, MATCHER)
    assert (told != made, "as stored" in str(told.reasons)) == (not stale, not stale)
