"""What makes matching quick drops nothing: the cheap questions refuse only what the dear ones refuse too."""

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analytics.match import fold, words
from analytics.match.costs import LONGER, LOOKS, SHORTER, is_lookalike
from analytics.match.index import FormIndex
from analytics.match.lexicon import Lexicon
from analytics.match.matcher import Matcher
from analytics.match.nearness import letter_sets, may_look_like, may_meet, missing_letters
from analytics.match.spans import find_span
from db.brands import load_brands

FORMS = [
    "zyrqon",
    "velmarkt",
    "klarcredit",
    "dorrnwella",
    "qrr",
    "wonnclid",
    "bankofzyrland",
    "hhello5bd",
    "lcvv",
    "aa",
]
PAIRS = [
    ("m", "rn"),
    ("m", "nn"),
    ("w", "vv"),
    ("d", "cl"),
    ("k", "lc"),
    ("b", "lb"),
    ("d", "dl"),
    ("h", "lh"),
    ("n", "rr"),
]
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def disguised(form: str, seed: int) -> str:
    """A form after a few of the changes that a matcher looks through."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, no secret
    text = form
    for _ in range(chance.randrange(4)):
        one, two = chance.choice(PAIRS)
        text = chance.choice([text.replace(one, two), text.replace(two, one), text])
        place = chance.randrange(max(1, len(text)))
        letter = chance.choice([*LETTERS, *fold.COARSE_CLASSES[chance.randrange(4)], text[place : place + 1]])
        kept = chance.choice([place, place + 1])
        text = text[:place] + chance.choice(["", letter]) + text[kept:]
    return text


@given(
    st.sampled_from(FORMS),
    st.integers(0, 10**9),
    st.sampled_from(["", "my", "x9", "rr"]),
    st.sampled_from(["", "l", "24", "cl"]),
)
@example("lcvv", 750053, "", "l")  # `lclevl`: letters of one class, and a doubled one once
@settings(max_examples=1_500, deadline=None)
def test_what_may_be_met_is_never_dropped(form: str, seed: int, before: str, after: str) -> None:
    label = before + disguised(form, seed) + after
    pair = (np.array([FORMS.index(form)]), np.array([1]))
    if find_span(label, form):
        assert may_meet(FORMS, ["elsewhere", label], pair).tolist() == [True]


@given(
    st.sampled_from([*FORMS, "pinggan", "xiaomi", "zhaoshang", "nnxlc", "weixin"]),
    st.integers(0, 10**9),
    st.sampled_from(["", "my", "x9", "rr", "c", "l"]),
    st.sampled_from(["", "l", "24", "cl", "c", "n"]),
)
@settings(max_examples=1_500, deadline=None)
def test_what_differs_in_looks_only_is_never_dropped(form: str, seed: int, before: str, after: str) -> None:
    label = before + disguised(form, seed) + after
    span = find_span(label, form)
    if span and span.cost <= LOOKS:
        assert may_look_like(form, label)


@pytest.mark.parametrize(
    ("form", "label", "missing"),
    [
        ("zyrqon", "zyrqon", 0),
        ("zyrqon", "my2yrq0n", 0),
        ("zyrqon", "zyron", 1),
        ("zyrqon", "", 5),  # r and n are of one class
        ("velmarkt", "velrrarkt", 0),
        ("velmarkt", "velmarlct", 0),
        ("dorf", "clorf", 0),
        ("clorf", "dorf", 0),
    ],
)
def test_letters_that_pass_for_each_other_are_not_missing(form: str, label: str, missing: int) -> None:
    pair = (np.array([0]), np.array([1]))
    assert missing_letters([form], letter_sets(["xyz", label, "abc"]), pair).tolist() == [missing]


def test_a_label_has_the_same_candidates_in_any_company() -> None:
    index = FormIndex(FORMS)
    labels = [disguised(form, seed) or "x" for form in FORMS for seed in range(3_000)]
    together = set(zip(*(side.tolist() for side in index.candidates(labels)), strict=True))
    assert len(labels) > 16_384, "more than one batch"
    assert len(together) > len(labels) // 3
    for row in random.Random(5).sample(range(len(labels)), 300):  # noqa: S311 - reproducible, no secret
        _, forms = index.candidates([labels[row]])
        assert {(row, form) for form in forms.tolist()} == {pair for pair in together if pair[0] == row}


def test_of_equal_readings_the_same_one_is_told_in_any_company() -> None:
    names = ["chinaciticbank", "citibank", "bankofchina", "jdfinance", "icbc-citi", "abcchina"]
    hosts = [f"{disguised(name, seed) or 'x'}{seed}.kefu.icu" for name in names for seed in range(60)]
    frame = pl.DataFrame({"host": hosts}).unique(maintain_order=True)
    frame = frame.with_columns(registrable_domain=pl.lit("kefu.icu"), public_suffix=pl.lit("icu"))
    matcher = Matcher(load_brands())
    together = matcher.match_hosts(frame).sort("host", "brand")
    halves = [matcher.match_hosts(half) for half in (frame[::2].reverse(), frame[1::2])]
    assert together.height > 50
    assert pl.concat(halves).sort("host", "brand").equals(together)


@given(st.sampled_from(FORMS), st.integers(0, 10**9))
@settings(max_examples=1_500, deadline=None)
def test_a_lookalike_is_told_as_if_all_were_written_down(form: str, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - reproducible, no secret
    written = sorted(fold.lookalikes(form))
    window = chance.choice([chance.choice(written), disguised(form, seed), disguised(chance.choice(written), seed)])
    is_far = not SHORTER <= len(window) - len(form) <= LONGER
    is_unlike = len(window) == len(form) and any({*pair} == {"m", "r"} for pair in zip(form, window, strict=True))
    assert is_lookalike(form, window) == (window in written and not is_far and not is_unlike)


LISTED = [
    "apple",
    "apples",
    "pineapple",
    "grappled",
    "appl",
    "it",
    "it's",
    "anana",
    "bananana",
    "extraordinarily",
    "app",
]


@pytest.mark.parametrize("edge", ["leading", "trailing", "inside"])
@pytest.mark.parametrize("text", ["app", "apple", "ana", "it", "it's", "pp", "extraordinarily", "zz", "eapplex", "s"])
def test_words_are_found_alike_with_tables_and_without(text: str, edge: str) -> None:
    lexicon = Lexicon(LISTED)
    before = list(lexicon.holding(text, edge))
    for _ in range(1_000):
        list(lexicon.holding("app", "leading"))
    assert lexicon.is_indexed
    assert list(lexicon.holding(text, edge)) == before
    assert set(before) == {word for word in LISTED if HOLDS[edge](word, text)}


HOLDS = {"leading": str.startswith, "trailing": str.endswith, "inside": str.__contains__}


START = """
import sys
calls = 0
def count(frame, event, argument):
    global calls
    calls += event == "call"
from analytics.match import words
from flows.cli import match_lines, match_many
from flows.cli.main import run
sys.setprofile(count)
run(["match", sys.argv[1]])
sys.setprofile(None)
print(words.lexicon().is_indexed, words.heads.cache_info().currsize, calls, *sys.modules)
"""
DEAR = {"pypinyin", "prefect", "scrapy", "tldextract", "duckdb", "sqlite_utils", "asyncio", "rich.console"}
"""Packages that take long to import, and what only apps and paths need."""


def test_one_host_makes_nothing_that_only_many_need(tmp_path: Path) -> None:
    host = tmp_path / "host.txt"
    host.write_text("paypal-citiloginxq.example\n", "utf-8")
    ran = subprocess.run([sys.executable, "-c", START, str(host)], check=True, capture_output=True, text=True)
    _, matched, told = ran.stdout.splitlines()
    is_indexed, heads, calls, *modules = told.split()
    assert "paypal" in matched
    assert (is_indexed, heads) == ("False", "0")
    assert not (DEAR | {"analytics.match.apps", "analytics.match.paths"}).intersection(modules)
    assert int(calls) < MOST_CALLS


MOST_CALLS = 225_000
"""Python functions called, with the bundled brands; a tenth more than were counted. Seconds tell of the machine."""


def test_many_hosts_make_tables() -> None:
    words.lexicon.cache_clear()
    words.read_cost.cache_clear()
    words.read_costs.cache_clear()
    words.heads.cache_clear()
    labels = [f"{disguised('paypal', seed)}{disguised('velmarkt', seed)}" for seed in range(900)]
    frame = pl.DataFrame({"host": [f"{label}.icu" for label in labels]}).unique(maintain_order=True)
    hosts = frame.with_columns(registrable_domain=pl.col("host"), public_suffix=pl.lit("icu"))
    Matcher(load_brands()).match_hosts(hosts)
    assert words.lexicon().is_indexed
    assert words.heads.cache_info().currsize


READ = [
    "the",
    "qzx",
    "shop",
    "myshop",
    "securelogin",
    "internationalpaypal",
    "my7p74d06",
    "upload2go",
    "paypallcatalogue",
]


def test_texts_read_alike_with_and_without_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    cost, costs, found = words.read_cost.__wrapped__, words.read_costs.__wrapped__, []
    for few in (sys.maxsize, -1):
        monkeypatch.setattr(words, "_FEW", few)
        words.heads.cache_clear()
        found.append([(cost(text), costs(text, "paypal")) for text in READ])
        assert words.heads.cache_info().currsize == (few < 0)
    assert found[0] == found[1]
