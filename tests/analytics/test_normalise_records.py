"""Rows of all kinds. Names, subjects and addresses are synthetic."""

import hashlib
import hmac
import json
from collections.abc import Mapping

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.normalise.records import Normalised, normalise_rows
from db.kinds import KINDS
from db.vocabulary import CHOICES, Claim

KEY = b"synthetic key of thirty-two bytes"
SOUND = {
    "subject": None,
    "address": "https://login.qifu-demo.example/",
    "published": "2024-01-02 03:04:05",
    "occurred_at": "2024-01-02 03:04:05",
    "published_at": "2024-01-02 03:04:05",
    "detected_at": "2024-01-02 03:04:05",
    "amount": "1,234.50",
    "year": "2024",
    "value": "99.98",
    "claim": "benign",
    "certificate": "ab" * 32,
    "apk_sha256": "cd" * 32,
    "kit_sha256": "ef" * 32,
}
"""A value for every field that not any text will do for; choices take their first word."""


def frame(kind: str, *rows: Mapping[str, str | None]) -> pl.DataFrame:
    columns = KINDS[kind].columns
    positions = pl.Series("position", range(1, len(rows) + 1), dtype=pl.Int64)
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String)).insert_column(0, positions)


def normalise(kind: str, *rows: Mapping[str, str | None], claim: Claim = Claim.NONE) -> Normalised:
    key = KEY if any(row.get("subject") for row in rows) else None
    return normalise_rows(kind, frame(kind, *rows), zone="Asia/Shanghai", claim=claim, key=key)


def sound_row(kind: str) -> dict[str, str | None]:
    fields = KINDS[kind].fields
    return {
        field.name: CHOICES[field.choice][0] if field.form == "choice" else SOUND.get(field.name, "1")
        for field in fields
    }


def one(kind: str, **fields: str | None) -> dict[str, object]:
    """The single row that a sound row becomes with these fields changed."""
    normalised = normalise(kind, sound_row(kind) | fields)
    assert normalised.rejected.is_empty(), normalised.rejected["reason"].item()
    return normalised.rows.row(0, named=True)


def refused(kind: str, **fields: str | None) -> str:
    normalised = normalise(kind, sound_row(kind) | fields)
    assert normalised.rows.is_empty()
    reason = normalised.rejected["reason"].item()
    assert isinstance(reason, str)
    return reason


@pytest.mark.parametrize("kind", KINDS)
def test_a_sound_row_of_each_kind(kind: str) -> None:
    row = one(kind)
    assert row["position"] == 1
    assert [name for name, value in row.items() if value is None] == (["subject"] if "subject" in row else [])


@pytest.mark.parametrize(
    ("kind", "field"), [(kind.name, field.name) for kind in KINDS.values() for field in kind.fields if field.required]
)
@pytest.mark.parametrize("absent", [None, "", " \t"])
def test_required_fields(kind: str, field: str, absent: str | None) -> None:
    assert refused(kind, **{field: absent}) == f"{field}: missing"


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (kind.name, field.name)
        for kind in KINDS.values()
        for field in kind.fields
        if field.form not in {"text", "word", "subject"} or field.name in {"certificate", "apk_sha256", "kit_sha256"}
    ],
)
def test_each_form_refuses_what_it_cannot_read(kind: str, field: str) -> None:
    assert refused(kind, **{field: "?no?"}).startswith(f"{field}: ")


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_does_not_depend_on_the_rows(kind: str) -> None:
    some, none = normalise(kind, sound_row(kind)), normalise(kind)
    faulty = normalise(kind, {})
    assert some.rows.schema == none.rows.schema == faulty.rows.schema
    assert some.rejected.schema == none.rejected.schema == faulty.rejected.schema


VALUES = st.none() | st.sampled_from(
    ["", "?", "1", "qifu.example", "2024-01-02", "A", "emitted", "malicious", "x" * 1_001]
)


@st.composite
def batches(draw: st.DrawFn) -> tuple[str, list[dict[str, str | None]]]:
    kind = draw(st.sampled_from([*KINDS]))
    columns = [name for name in KINDS[kind].columns if name != "subject"]
    changes = st.dictionaries(st.sampled_from(columns), VALUES, max_size=3)
    return kind, [sound_row(kind) | change for change in draw(st.lists(changes, max_size=4))]


@settings(max_examples=25, deadline=None)
@given(batches())
def test_every_row_ends_once(batch: tuple[str, list[dict[str, str | None]]]) -> None:
    kind, rows = batch
    normalised = normalise(kind, *rows)
    positions = [*normalised.rows["position"], *normalised.rejected["position"]]
    assert sorted(positions) == list(range(1, len(rows) + 1))
    assert all(normalised.rejected["reason"])
    alone = [normalise(kind, row) for row in rows]
    assert normalised.rejected.drop("position").rows() == [row[1:] for each in alone for row in each.rejected.rows()]
    assert normalised.rows.drop("position").rows() == [row[1:] for each in alone for row in each.rows.rows()]


def test_the_first_fault_is_named_and_the_row_kept() -> None:
    rejected = normalise("address", {"address": "localhost", "published": "?", "brand": "奇富借条"}).rejected
    assert rejected.rows() == [
        (
            1,
            '{"address": "localhost", "published": "?", "brand": "奇富借条"}',
            "address: its host is a single label without a dot",
        ),
    ]


def test_a_huge_row_is_kept_in_part() -> None:
    assert normalise("address", {"address": "a" * 10_000}).rejected["raw"].str.len_chars().item() == 2_000


def test_rows_of_people_are_not_quoted() -> None:
    shifted = sound_row("url_check") | {"occurred_at": "张三"}
    somebody = sound_row("url_check") | {"subject": "13800000000"}
    rejected = normalise("url_check", shifted, somebody).rejected
    assert rejected.rows() == [(1, "", "occurred_at: the value is no time between 1990 and 2100")]
    assert "张三" in normalise("url_check", shifted).rejected["raw"].item()


def test_a_long_value_is_quoted_in_part() -> None:
    assert refused("warning", stage="x" * 200).startswith(f"stage: '{'x' * 80}…' is none of generated, emitted")


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("  奇富 借条 ", "奇富 借条"),
        ("a\x00b", "ab"),
        ("a\r\nb", "a b"),
        ("\x07 ", None),
        (None, None),
        ("x" * 1_000, "x" * 1_000),
    ],
)
def test_text(text: str | None, stored: str | None) -> None:
    assert one("address", brand=text)["brand"] == stored


def test_text_too_long() -> None:
    assert refused("address", brand="x" * 1_001).endswith("' is longer than 1,000 characters")


@pytest.mark.parametrize("name", ["programme", "stage", "subject", "campaign", "occurred_at"])
def test_a_value_beyond_any_spelling_is_too_long(name: str) -> None:
    told = refused("warning", **{name: "\ufdfa" * 20_000})
    assert told.startswith(f"{name}: ")
    assert told.endswith("is longer than 1,000 characters")


def test_a_reason_quotes_nothing_that_breaks_its_line() -> None:
    told = refused("warning", stage="a\u2028b\u202ec\x85d")
    assert told.startswith("stage: 'a\ufffdb\ufffdc")


def test_instants() -> None:
    assert one("warning")["occurred_at"] == 1_704_135_845_000
    assert one("warning", occurred_at=None)["occurred_at"] is None
    assert refused("warning", occurred_at="2100-01-01") == "occurred_at: '2100-01-01' is no time between 1990 and 2100"


def test_addresses() -> None:
    row = one("warning", address="hxxps://Login.qifu-demo[.]example:443/a")
    assert [row[name] for name in ("host", "tail", "registrable_length", "suffix_length", "is_shared")] == [
        "login.qifu-demo.example",
        "https:/a",
        len("qifu-demo.example"),
        len("example"),
        False,
    ]
    assert "address" not in row
    assert one("warning", address=" ")["host"] is None


def test_subjects_become_pseudonyms() -> None:
    expected = hmac.digest(KEY, b"13800000000", "sha256")[:16]
    rows = [sound_row("loss") | {"subject": subject} for subject in ("13800000000", " １３８00000000\n", None, "other")]
    subjects = normalise("loss", *rows).rows["subject"].to_list()
    assert subjects[:3] == [expected, expected, None]
    assert subjects[3] not in {None, expected}


def test_subjects_need_a_key() -> None:
    rows = frame("loss", sound_row("loss") | {"subject": "13800000000"})
    with pytest.raises(ValueError, match="no key"):
        normalise_rows("loss", rows, zone="UTC", claim=Claim.NONE, key=None)
    nobody = rows.with_columns(subject=pl.lit(None, pl.String))
    assert normalise_rows("loss", nobody, zone="UTC", claim=Claim.NONE, key=None).rows.height == 1


@pytest.mark.parametrize(
    ("amount", "fen"),
    [
        *(("0", 0), ("0.1", 10), ("0.01", 1), ("1234", 123_400), ("1,234.5", 123_450), ("1,234,567.89", 123_456_789)),
        *(
            ("¥ 12", 1_200),
            ("￥12", 1_200),
            ("CNY12.30", 1_230),
            ("rmb 12", 1_200),
            ("99999999999.99", 9_999_999_999_999),
            ("100,000,000,000", 10**13),
            ("0" * 40 + "100000000000.00", 10**13),
        ),
    ],
)
def test_money(amount: str, fen: int) -> None:
    assert one("loss", amount=amount)["amount_fen"] == fen


@pytest.mark.parametrize("amount", ["1.234", "-1", "$5", "USD 5", "1,23", "1234,567", "1.", ".5", "1e3", "１", "5万"])
def test_what_is_no_money(amount: str) -> None:
    assert refused("loss", amount=amount) == f"amount: '{amount}' is no amount in CNY with at most two decimals"


@pytest.mark.parametrize(
    "amount", ["100000000000.01", "100,000,000,001", "9" * 15, "9" * 16, "1" * 900, "¥92233720368547758.08"]
)
def test_an_amount_that_nobody_can_lose_is_refused(amount: str) -> None:
    shown = amount if len(amount) <= 80 else amount[:80] + "…"
    reason = f"amount: '{shown}' is more than 100,000,000,000 CNY, the most that one amount may be"
    assert refused("loss", amount=amount) == reason


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 10**13)))
def test_money_is_exact(amounts: list[int]) -> None:
    shown = [f"{fen // 100:{group}}.{fen % 100:02}" for fen in amounts for group in ("", ",")]
    rows = normalise("loss", *({**sound_row("loss"), "amount": amount} for amount in shown)).rows
    assert rows["amount_fen"].to_list() == [fen for fen in amounts for _ in range(2)]


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        *((yes, True) for yes in ("1", "true", "YES", "y", "是")),
        *((no, False) for no in ("0", "False", "no", "N", "否")),
    ],
)
def test_flags(text: str, flag: bool) -> None:
    row = one("intervention", scam_confirmed=text, is_test=text)
    assert (row["scam_confirmed"], row["is_test"]) == (flag, flag)


def test_absent_flags() -> None:
    row = one("intervention", scam_confirmed=None, is_test=None)
    assert (row["scam_confirmed"], row["is_test"]) == (None, False)


@pytest.mark.parametrize(
    ("kind", "field", "word"),
    [
        (kind.name, field.name, word)
        for kind in KINDS.values()
        for field in kind.fields
        if field.form == "choice" and field.choice != "claim"
        for word in CHOICES[field.choice]
    ],
)
def test_choices_in_any_spelling(kind: str, field: str, word: str) -> None:
    fullwidth = "".join(chr(ord(letter) + 0xFEE0) for letter in word)
    for spelt in (f" {word.swapcase()} ", word.replace("_", "\u3000"), word.replace("_", "-") + "\u200b", fullwidth):
        assert one(kind, **{field: spelt})[field] == word


@pytest.mark.parametrize(
    ("kind", "field"),
    [(kind.name, field.name) for kind in KINDS.values() for field in kind.fields if field.choice],
)
def test_an_unknown_word_of_a_closed_vocabulary_is_refused_with_those_that_are_known(kind: str, field: str) -> None:
    words = next(each.choice for each in KINDS[kind].fields if each.name == field)
    assert refused(kind, **{field: "Other Word"}) == f"{field}: 'Other Word' is none of {', '.join(CHOICES[words])}"


@pytest.mark.parametrize(
    ("kind", "field"),
    [(kind.name, field.name) for kind in KINDS.values() for field in kind.fields if field.form == "word"],
)
def test_words_of_open_vocabularies_are_stored_as_they_are_compared(kind: str, field: str) -> None:
    for spelt in ("victim_risk", " Victim  RISK\t", "victim-risk", "\ufeffｖictim＿risk", "VICTIM\u3000risk"):
        assert one(kind, **{field: spelt})[field] == "victim_risk"
    assert one(kind, **{field: " \u200b "})[field] is None
    assert one(kind, **{field: "受害风险"})[field] == "受害风险"
    assert refused(kind, **{field: "x" * 1_001}) == f"{field}: '{'x' * 80}…' is longer than 1,000 characters"


def test_which_fields_are_words() -> None:
    words = {(kind.name, field.name) for kind in KINDS.values() for field in kind.fields if field.form == "word"}
    named = {"programme", "channel", "sink", "reason", "confirmed_by", "platform", "service"}
    assert {name for _, name in words} == named
    assert all(field.form == "word" for kind in KINDS.values() for field in kind.fields if field.name == "programme")


@pytest.mark.parametrize("kind", ["address", "app"])
@pytest.mark.parametrize("default", Claim)
def test_claims(kind: str, default: Claim) -> None:
    rows = [sound_row(kind) | {"claim": claim} for claim in ("malicious", "Benign", "none", None)]
    claims = normalise(kind, *rows, claim=default).rows["claim"]
    assert claims.dtype == pl.Int8
    assert claims.to_list() == [1, -1, 0, default.value]


@pytest.mark.parametrize(("text", "number"), [("2024", 2024), ("+2024", 2024), ("2024.0", 2024), ("-5", -5)])
def test_integers(text: str, number: int) -> None:
    assert one("reported_figure", year=text)["year"] == number


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        *(
            ("99.98", "99.98"),
            ("0099.980", "99.98"),
            ("100.00", "100"),
            ("284,492,900.00", "284492900"),
            ("100", "100"),
        ),
        *(("+5", "5"), ("-26.5", "-26.5"), ("-0.0", "0"), ("0", "0"), ("0.10", "0.1"), ("-00.50", "-0.5")),
    ],
)
def test_decimals(text: str, canonical: str) -> None:
    assert one("reported_figure", value=text)["value"] == canonical


def test_app_keys() -> None:
    digest = one("app", apk_sha256=":".join(["CD"] * 32))
    assert (digest["apk_sha256"], digest["key"]) == ("cd" * 32, "apk:" + "cd" * 32)
    listing = {"apk_sha256": None, "store": "demo", "package": "com.qifu.demo", "version": "1.0", "certificate": None}
    assert one("app", **listing)["key"] == "demo|com.qifu.demo|1.0|"
    assert one("app", **listing | {"package": None, "name": "ＱＩＦＵ|借条"})["key"] == "demo|QIFU%7C借条|1.0|"
    assert refused("app", apk_sha256=None, package=None, name=None) == "it has neither package, name nor apk_sha256"


@pytest.mark.parametrize("kind", ["attack_event", "verdict"])
def test_events_of_an_address_or_a_package(kind: str) -> None:
    assert one(kind, address=None)["package"] == "1"
    assert one(kind, package=None)["host"] == "login.qifu-demo.example"
    assert refused(kind, address=None, package=None) == "it has neither address nor package"


def test_event_ids_are_kept_or_made_of_all_columns() -> None:
    bare = sound_row("warning") | {"event_id": None}
    changed = [bare | {name: None} for name in ("warning", "channel", "address", "campaign")]
    rows = [sound_row("warning"), bare, bare, *changed, bare | {"channel": "1campaign", "campaign": None}]
    ids = normalise("warning", *rows).rows["event_id"].to_list()
    assert ids[0] == "1"
    assert ids[1] == ids[2]
    assert len({*ids}) == len(ids) - 1
    assert all(len(event_id) == 32 for event_id in ids[1:])


def test_event_ids_do_not_change_between_versions_and_tell_nothing_of_the_subject() -> None:
    row = {"kpi": "K13", "year": "2023", "value": "5,244", "document": "年报"}
    text = "kpi=3:K13;year=4:2023;value=5:5,244;document=6:年报;"
    assert normalise("reported_figure", row).rows["event_id"].item() == hashlib.sha256(text.encode()).hexdigest()[:32]
    pseudonym = hmac.digest(KEY, b"13800000000", "sha256")[:16].hex()
    event = {"address": "qifu.example", "actor": "staff", "result": "benign", "subject": "13800000000"}
    text = f"address=12:qifu.example;actor=5:staff;result=6:benign;subject=32:{pseudonym};"
    assert normalise("url_check", event).rows["event_id"].item() == hashlib.sha256(text.encode()).hexdigest()[:32]


def test_raw_is_json() -> None:
    raw = normalise("app", {"name": 'a"b'} | {"version": "\n", "certificate": "?"}).rejected["raw"].item()
    assert json.loads(raw) == {"name": 'a"b', "version": "\n", "certificate": "?"}
