"""The matcher's parts: how a label looks, how a name can be written, what the indexes find. Names are made up."""

import random
import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypinyin import lazy_pinyin
from rapidfuzz.distance import OSA

from analytics.match import fold, sounds, words
from analytics.match.costs import CHEAP, cost_of
from analytics.match.forms import derive_forms, has_name
from analytics.match.hosts import cut_hosts, spoken
from analytics.match.index import FUZZY, LONGEST, FormIndex
from analytics.match.spans import find_span
from analytics.match.tokens import TokenIndex, needs_tokens, packed, spellings
from analytics.match.weigh import confidence
from db.brands import Brand, load_brands

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
FORMS = ["zyrqon", "velmarkt", "plotfinder", "quvexbank", "grimsdalepay"]


@pytest.mark.parametrize(
    ("seen", "read"),
    [
        ("раураӏ", "paypal"),  # whole-script Cyrillic
        ("ɡооɡⅼе", "google"),  # mixed scripts
        ("ʙɪɴᴀɴᴄᴇ", "binance"),  # small capitals
        ("päypål", "paypal"),
        ("ｐａｙｐａｌ", "paypal"),  # full width
        ("pay\u200bpal", "paypal"),  # zero width
        ("\u202epaypal", "paypal"),  # right to left
        ("κοινβασε", "koivbase"),  # Greek, as it is seen
        ("奇富", "奇富"),
    ],
)
def test_a_text_is_read_as_it_looks(seen: str, read: str) -> None:
    assert fold.read_text(seen)[: len(read)] == read or seen.startswith("κ")


@given(
    st.lists(st.text(st.sampled_from("ab1 -&奇富the借条bank"), min_size=1, max_size=8), min_size=1, max_size=2),
    st.sampled_from(["ab.com", "bank.com", "velmarkt.com"]),
)
def test_a_brand_has_a_name_where_one_as_it_is_written_is_a_form(names: list[str], domain: str) -> None:
    for brand in (*load_brands(), Brand.model_construct(id="x", names=tuple(names), domains=(domain,))):
        written = any(form.derivation in {"name", "characters"} for form in derive_forms(brand))
        assert has_name(brand) == written


@given(st.text(max_size=20))
@settings(max_examples=200, deadline=None)
def test_reading_is_idempotent(text: str) -> None:
    once = fold.read_text(text)
    assert fold.read_text(once) == once


@given(st.text(alphabet=LETTERS + "-", max_size=20))
@settings(max_examples=100, deadline=None)
def test_folds_never_part_what_is_equal(text: str) -> None:
    assert fold.coarse(fold.coarse(text)) == fold.coarse(text)
    assert fold.squeeze(fold.squeeze(text)) == fold.squeeze(text)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["奇富借条"], {"奇富借条", "qifujietiao", "qifujt", "qfjt", "qifu"}),
        (["360借条"], {"360借条", "360jietiao", "360jt", "sanliulingjietiao"}),
        (["招商银行"], {"zhaoshangyinhang", "zhaoshangbank", "zsyh", "zhaoshang"}),  # 行 is hang here
        (["奇富借條"], {"奇富借条"}),  # traditional
        (["AT&T"], {"att", "atandt"}),
        (["Velmarkt Bank"], {"velmarktbank", "velmarkt"}),
        (["Société Exemplaire"], {"societeexemplaire"}),
    ],
)
def test_forms_of_a_name(names: list[str], expected: set[str]) -> None:
    forms = derive_forms(Brand(id="x", names=tuple(names), domains=("unrelated-name.example",)))
    assert expected <= {form.text for form in forms}
    assert len({form.text for form in forms}) == len(forms)


@pytest.mark.parametrize(
    ("name", "risk"), [("Zyrqonomat", "low"), ("Zyrq", "medium"), ("Orange", "high"), ("DHL", "high"), ("360", "high")]
)
def test_the_risk_of_a_form(name: str, risk: str) -> None:
    assert derive_forms(Brand(id="x", names=(name,), domains=()))[0].risk == risk


@pytest.mark.parametrize("word", ["orange", "chase", "apple", "steam", "visa", "ledger", "boots"])
def test_a_name_that_is_a_word_is_known_as_one(word: str) -> None:
    assert words.is_common_word(word)


@pytest.mark.parametrize("name", ["paypal", "facebook", "netflix", "binance", "google", "usps", "barclays"])
def test_a_frequent_name_is_no_word(name: str) -> None:
    assert not words.is_common_word(name)


def one_edit(text: str, rng: random.Random) -> str:
    place = rng.randrange(len(text))
    letter = rng.choice("bdfghjkpqtvxy")
    return rng.choice(
        [
            text[:place] + letter + text[place + 1 :],
            text[:place] + letter + text[place:],
            text[:place] + text[place + 1 :],
            text[:place] + text[place + 1 : place + 2] + text[place] + text[place + 2 :],
        ]
    )


@given(
    st.integers(0, 10_000),
    st.sampled_from(FORMS),
    st.sampled_from(["", "my", "xq-"]),
    st.sampled_from(["", "9", "-app"]),
)
@settings(max_examples=300, deadline=None)
def test_the_index_finds_every_single_edit(seed: int, form: str, before: str, after: str) -> None:
    label = before + one_edit(form, random.Random(seed)) + after  # noqa: S311 - reproducible, no secret
    assert FUZZY <= len(form) <= LONGEST + 1
    _, forms = FormIndex(FORMS).candidates([label])
    assert FORMS.index(form) in forms.tolist()


def test_the_index_keeps_labels_apart() -> None:
    labels, forms = FormIndex(["zyrqon"]).candidates(["zyr", "qon", "xx-zyrqon-xx", "", "zyrqon"])
    assert list(zip(labels.tolist(), forms.tolist(), strict=True)) == [(2, 0), (4, 0)]


def test_a_form_that_allows_no_edit_is_found_as_written_only() -> None:
    index = FormIndex(["zyrqon"], exact=frozenset({"zyrqon"}))
    labels, _ = index.candidates(["zyrqan", "zyrqon"])
    assert labels.tolist() == [1]


@pytest.mark.parametrize(
    ("form", "label"),
    [
        ("netflix", "netfllx"), ("netflix", "notfllx"), ("discord", "disorcl"), ("discord", "clisord"),
        ("dorrnwella", "dornwe1la"), ("velmarkt", "verlnarkt"),
    ],
)  # fmt: skip
def test_a_lookalike_and_an_edit_are_a_candidate_anywhere(form: str, label: str) -> None:
    assert FormIndex([form]).candidates([label, f"xx{label}yy"])[0].tolist()[:1] == [0]


@pytest.mark.parametrize(
    ("form", "label"),
    [
        ("monzo", "rnonzzo"), ("monzo", "login-rnozo"), ("zyqon", "zq0n-app"), ("zyqon", "login2yq0n"),
        ("klarna", "k1arnaa"), ("klarna", "klarnn4"), ("zyqll", "zyii"), ("zyqll", "zpqii24"),
    ],
)  # fmt: skip
def test_a_lookalike_and_an_edit_are_a_candidate_where_words_begin_and_end(form: str, label: str) -> None:
    assert TokenIndex([form], ()).candidates(pl.Series([label])).height == 1


@given(st.text(alphabet=LETTERS, min_size=4, max_size=5), st.integers(0, 10_000))
@settings(max_examples=100, deadline=None)
def test_spellings_hold_every_single_edit(form: str, seed: int) -> None:
    edited = one_edit(form, random.Random(seed))  # noqa: S311 - reproducible, no secret
    assert OSA.distance(form, edited) <= 1
    assert packed([edited])[0] in spellings([(form, 7)])[0]


@pytest.mark.parametrize(
    ("label", "found"),
    [
        ("zyq", True), ("zyq-app", True), ("app-zyq-2", True), ("zyqlogin", True), ("myzyqlogin", True),
        ("zyq24", True), ("crazyqueue", False), ("zyqloginfrance", True),
    ],
)  # fmt: skip
def test_short_names_are_found_at_the_edges_of_words(label: str, found: bool) -> None:
    assert needs_tokens("zyq")
    assert TokenIndex(["zyq"], ()).candidates(pl.Series([label])).is_empty() is not found


@pytest.mark.parametrize(
    ("label", "form", "shown", "technique"),
    [
        ("my-zyrqon", "zyrqon", "zyrqon", ""),
        ("zyr-qon", "zyrqon", "zyr-qon", "hyphenation"),
        ("zyrq0n-app", "zyrqon", "zyrq0n", "homoglyph"),
        ("velrnarkt", "velmarkt", "velrnarkt", "homoglyph"),
        ("zzyrqqon", "zyrqon", "zzyrqqon", "repetition"),
        ("xx-zyrqn", "zyrqon", "zyrqn", "omission"),
        ("zyqron", "zyrqon", "zyqron", "transposition"),
        ("zyrqun", "zyrqon", "zyrqun", "vowel-swap"),
        ("zyrqonsomething", "zyrqon", "zyrqon", ""),
        ("zyrq0nn", "zyrqon", "zyrq0nn", "homoglyph"),  # and a letter twice
        ("my-zyq0n-app", "zyrqon", "zyq0n", "homoglyph"),  # and a letter left out
        ("velrnrakt", "velmarkt", "velrnrakt", "homoglyph"),  # and two letters swapped
        ("rnelvarkt", "melvarkt", "rnelvarkt", "homoglyph"),
        ("rnonzzo", "monzo", "rnonzzo", "homoglyph"),  # the pair is not cut at the label's beginning
        ("clouyun", "douyin", "clouyun", "homoglyph"),
        ("kiarn", "klarna", "kiarn", "omission"),  # i for l happens by itself; what is told is the other
    ],
)
def test_a_span_shows_what_met_and_how(label: str, form: str, shown: str, technique: str) -> None:
    span = find_span(label, form)
    assert span is not None
    assert (label[span.start : span.end], span.technique) == (shown, technique)


@pytest.mark.parametrize(
    ("label", "form"),
    [
        *(("finance", "zyrqon"), ("zyr", "zyrqon"), ("qonzyr", "zyrqon"), ("-", "zyrqon")),
        ("xkiarnx", "klarna"),  # i for l within a word, beside an edit
        ("mail", "tmall"),  # and without the first letter
        ("xxzyq0", "zyqon"),  # five letters are a part of anything
        ("xxzyrq3", "zyrqes"),  # a digit at the end of a stretch is a number's
        ("channel", "ameli"),
        ("141414", "lalalx"),
    ],
)
def test_no_span_where_nothing_meets(label: str, form: str) -> None:
    assert find_span(label, form) is None


def test_digits_are_letters_where_half_the_name_stands() -> None:
    assert cost_of("citi", "c1t1") == CHEAP
    assert cost_of("albb", "a188") > 2 * CHEAP


@given(st.text(alphabet=LETTERS + "-", min_size=1, max_size=30), st.sampled_from(FORMS))
@settings(max_examples=200, deadline=None)
def test_a_span_lies_in_its_label(label: str, form: str) -> None:
    span = find_span(label, form)
    assert span is None or 0 <= span.start < span.end <= len(label)


def test_longer_words_tell_how_usual_a_beginning_is() -> None:
    assert words.zipf_around("citi", "leading") > 4.5 > words.zipf_around("wise", "leading") > 0
    assert words.zipf_around("wise", "trailing") > 4.5
    assert words.zipf_around("chase", "inside") > words.zipf_around("chase", "leading")
    assert words.zipf_around("facebook", "leading") == words.zipf_around("usps", "leading") == 0


@pytest.mark.parametrize(("text", "is_said"), [("wangyin", True), ("hubei", True), ("paypal", False), ("usps", False)])
def test_what_may_be_pinyin(text: str, is_said: bool) -> None:
    assert sounds.is_spoken(text) is is_said


@pytest.mark.parametrize(
    ("text", "is_made"), [("openapi", True), ("nedbank", True), ("netflx", False), ("bank", False)]
)
def test_what_is_made_of_words(text: str, is_made: bool) -> None:
    assert words.is_made_of_words(text) is is_made


def test_the_reading_of_words_prefers_words() -> None:
    assert words.read_cost("securelogin") < words.read_cost("xqzvkwpjrtd")
    assert words.read_cost("purchase") < words.read_cost("pur") + words.read_cost("chase")


def test_hosts_are_cut_into_labels_once_each() -> None:
    frame = pl.DataFrame(
        {
            "host": ["a.zyrqon.co.uk", "a.velmarkt.com", "co.uk"],
            "registrable_domain": ["zyrqon.co.uk", "velmarkt.com", None],
            "public_suffix": ["co.uk", "com", "co.uk"],
        }
    )
    cut = cut_hosts(frame)
    assert cut.hosts["labels"].to_list() == [["a", "zyrqon"], ["a", "velmarkt"]]
    assert sorted(cut.labels["label"]) == ["a", "velmarkt", "zyrqon"]
    assert cut.places.height == 4


def test_chinese_is_spoken_and_other_scripts_are_nobodys() -> None:
    assert spoken("奇富借条") == "qifujietiao"
    assert spoken("ありがとう").strip("_") == ""


@given(st.sets(st.sampled_from(["same", "whole", "rest strong", "word", "inside", "no such fact"])))
def test_confidence_stays_within_its_range(facts: set[str]) -> None:
    assert 0 <= confidence(facts) <= 99


def test_the_sounds_written_down_are_those_of_the_bundled_brands() -> None:
    names = {name for brand in load_brands() for name in brand.names if fold.has_han(name)}
    texts = {text for name in names for text in re.findall(r"[\u3400-\u9fff]+", name.translate(words.simplified()))}
    spoken_so = {text: " ".join(lazy_pinyin(text)) for text in sorted(texts)}
    assert spoken_so == sounds.written_down(), "\n".join(f'"{text}" = "{said}"' for text, said in spoken_so.items())
