"""How each form of field (`db.kinds.Form`) is read: text as published -> columns as stored, or a fault."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import polars as pl

from analytics.normalise.address import normalise_addresses
from analytics.normalise.instants import END_YEAR, FIRST_YEAR, parse_instants
from db.kinds import Field, Form
from db.vocabulary import CHOICES, Claim

LONGEST_TEXT: Final = 1_000
"""Characters of a text field: names, reasons, ids are shorter by far; what is longer is another column's content."""
_SHOWN: Final = 80
"""Characters of a faulty value that its reason quotes."""
_PSEUDONYM_BYTES: Final = 16
"""Of HMAC-SHA256: among 10^9 persons two share a pseudonym with a chance of 10^-21."""
_ENDLESS: Final = 16 * LONGEST_TEXT
"""Bytes of a field other than an address: with more it is too long, however it would be spelt. Known beforehand, since
a character can become eighteen where it is spelt out."""
_BREAKING: Final = r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]"
"""What would break a reason's line, or a terminal."""
_CONTROL: Final = r"[\x00-\x1f\x7f-\x9f]"
_GROUPED: Final = r"(?:[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})"
"""Digits, in groups of three or not."""
_AMOUNT: Final = r"^(?i:¥|￥|CNY|RMB)?\s*(?P<yuan>[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.(?P<fen>[0-9]{1,2}))?$"
LARGEST_YUAN: Final = 100_000_000_000
"""One amount is of one person's loss; a hundred billion yuan is more than any lender holds, and a slipped column."""
_DECIMAL: Final = rf"^[+-]?{_GROUPED}(?:\.[0-9]{{1,15}})?$"
_INTEGER: Final = r"^[+-]?[0-9]{1,18}(?:\.0+)?$"
_SHA256: Final = r"^[0-9a-f]{64}$"
_FLAGS: Final = {
    **dict.fromkeys(("1", "true", "yes", "y", "是"), True),
    **dict.fromkeys(("0", "false", "no", "n", "否"), False),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """How the rows of one batch are to be read.

    Attributes:
        zone: of times that name none.
        claim: of rows that make none.
        key: for pseudonyms; None where no row has a subject.
        has_people: whether reasons must not quote the rows.
    """

    zone: str
    claim: Claim
    key: bytes | None
    has_people: bool


@dataclass(frozen=True, slots=True)
class Read:
    """One field of all rows, read.

    Attributes:
        columns: as stored; null where the field is absent or faulty.
        fault: String: what is wrong with it; null where nothing is.
    """

    columns: tuple[pl.Series, ...]
    fault: pl.Series


Reader = Callable[[Field, pl.Series, Reading], Read]


def read_field(field: Field, given: pl.Series, reading: Reading) -> Read:
    """Read one field (String, as published) by its form; where a required one is missing, that is its fault."""
    reader = _read_digest if field.name in _DIGESTS else _READERS[field.form]
    read = _read_bounded(reader, field, given, reading)
    if not field.required:
        return read
    is_missing = read.columns[0].is_null() & read.fault.is_null()
    missing = pl.select(pl.when(is_missing).then(pl.lit(f"{field.name}: missing"))).to_series()
    return Read(read.columns, read.fault.zip_with(read.fault.is_not_null(), missing))


def _read_bounded(reader: Reader, field: Field, given: pl.Series, reading: Reading) -> Read:
    is_endless = (given.str.len_bytes() > _ENDLESS).fill_null(value=False)
    if field.form == "address" or not is_endless.any():
        return reader(field, given, reading)
    read = reader(field, given.set(is_endless, None), reading)
    fault = _fault(field, is_endless, given, f"is longer than {LONGEST_TEXT:,} characters", reading)
    return Read(read.columns, fault.zip_with(is_endless, read.fault))


def tidied(given: pl.Series) -> pl.Series:
    """Text without control characters and surrounding white space; null where nothing is left."""
    text = given
    if given.str.contains(_CONTROL).any():
        text = given.str.replace_all(r"[\t\n\x0b\f\r]+", " ").str.replace_all(_CONTROL, "")
    stripped = text.str.strip_chars()
    return stripped.set(stripped == "", None)


def worded(given: pl.Series) -> pl.Series:
    """Words as they are compared: NFKC, lower case, white space and hyphens as one underscore, nothing invisible.

    >>> worded(pl.Series([" Victim  Risk", "ＡＩ", "third-party"])).to_list()
    ['victim_risk', 'ai', 'third_party']
    """
    distinct = given.drop_nulls().unique()
    plain = tidied(distinct.str.normalize("NFKC").str.replace_all(r"\p{Cf}", ""))
    words = plain.str.to_lowercase().str.replace_all(r"[\s_-]+", "_")
    return given.replace_strict(distinct, words, default=None, return_dtype=pl.String)


def pseudonyms(subjects: pl.Series, key: bytes) -> pl.Series:
    """Sixteen bytes of HMAC-SHA256 (Binary) for each subject (String); null stays null."""
    distinct = subjects.drop_nulls().unique().alias("subject")
    keyed = hmac.new(key, digestmod=hashlib.sha256)
    digests = [_pseudonym(keyed.copy(), subject) for subject in distinct]
    known = distinct.to_frame().with_columns(pseudonym=pl.Series(digests, dtype=pl.Binary))
    joined = subjects.alias("subject").to_frame().join(known, on="subject", how="left", maintain_order="left")
    return joined["pseudonym"].rename(subjects.name)


def _pseudonym(keyed: hmac.HMAC, subject: str) -> bytes:
    """The key's state is made once and copied: to make it anew for each subject takes twice as long."""
    keyed.update(subject.encode())
    return keyed.digest()[:_PSEUDONYM_BYTES]


def _fault(field: Field, is_bad: pl.Series, given: pl.Series, phrase: str, reading: Reading) -> pl.Series:
    if not is_bad.any():
        return pl.repeat(None, is_bad.len(), dtype=pl.String, eager=True)
    shown = pl.lit("the value")
    if not reading.has_people:
        cut = pl.when(given.str.len_chars() > _SHOWN).then(given.str.head(_SHOWN) + "…").otherwise(given)
        shown = pl.format("'{}'", cut.str.replace_all(_BREAKING, "\ufffd"))
    reason = pl.format("{}: {} {}", pl.lit(field.name), shown, pl.lit(phrase))
    return pl.select(pl.when(is_bad).then(reason)).to_series()


def _read_text(field: Field, given: pl.Series, reading: Reading) -> Read:
    text = tidied(given)
    is_bad = (text.str.len_chars() > LONGEST_TEXT).fill_null(value=False)
    return Read((text,), _fault(field, is_bad, text, f"is longer than {LONGEST_TEXT:,} characters", reading))


def _read_word(field: Field, given: pl.Series, reading: Reading) -> Read:
    return _read_text(field, worded(given), reading)


def _read_instant(field: Field, given: pl.Series, reading: Reading) -> Read:
    text = tidied(given)
    at = parse_instants(text, reading.zone)
    is_bad = text.is_not_null() & at.is_null()
    return Read((at,), _fault(field, is_bad, text, f"is no time between {FIRST_YEAR} and {END_YEAR}", reading))


def _read_address(field: Field, given: pl.Series, _reading: Reading) -> Read:
    text = given.set(given.str.strip_chars() == "", None)
    addresses = normalise_addresses(text)
    columns = addresses.drop("address", "reason").get_columns()
    return Read(tuple(columns), pl.select(pl.format(f"{field.name}: {{}}", addresses["reason"])).to_series())


def _read_subject(field: Field, given: pl.Series, reading: Reading) -> Read:
    is_ascii = (given.str.len_bytes() == given.str.len_chars()).all()
    text = tidied(given if is_ascii else given.str.normalize("NFKC"))
    is_bad = (text.str.len_chars() > LONGEST_TEXT).fill_null(value=False)
    if reading.key is None and text.null_count() < text.len():
        raise ValueError("rows name subjects, and there is no key to make pseudonyms with")
    fault = _fault(field, is_bad, text, f"is longer than {LONGEST_TEXT:,} characters", reading)
    return Read((pseudonyms(text, reading.key or b""),), fault)


def _read_money(field: Field, given: pl.Series, reading: Reading) -> Read:
    text = tidied(given)
    parts = text.str.extract_groups(_AMOUNT).struct
    digits = parts.field("yuan").str.replace_all(",", "", literal=True).str.strip_chars_start("0")
    is_long = (digits.str.len_bytes() > len(str(LARGEST_YUAN))).fill_null(value=False)
    yuan = digits.set(is_long | (digits == ""), "0").cast(pl.Int64)
    amount = yuan * 100 + parts.field("fen").fill_null("0").str.pad_end(2, "0").cast(pl.Int64)
    is_large = is_long | (amount > LARGEST_YUAN * 100).fill_null(value=False)
    is_bad = text.is_not_null() & amount.is_null()
    faults = (
        _fault(field, is_bad, text, "is no amount in CNY with at most two decimals", reading),
        _fault(field, is_large, text, f"is more than {LARGEST_YUAN:,} CNY, the most that one amount may be", reading),
    )
    return Read((amount.alias(f"{field.name}_fen"),), pl.select(pl.coalesce(faults)).to_series())


def _read_words(field: Field, given: pl.Series, words: Mapping[str, bool | int | str], reading: Reading) -> Read:
    text = tidied(given)
    dtype = pl.Series(list(words.values())).dtype
    known = worded(given).replace_strict(words, default=None, return_dtype=dtype)
    is_bad = text.is_not_null() & known.is_null()
    shown = CHOICES[field.choice] if field.choice else words
    return Read((known,), _fault(field, is_bad, text, f"is none of {', '.join(shown)}", reading))


def _read_flag(field: Field, given: pl.Series, reading: Reading) -> Read:
    read = _read_words(field, given, _FLAGS, reading)
    if field.name != "is_test":
        return read
    return Read((read.columns[0].fill_null(value=False),), read.fault)


def _read_choice(field: Field, given: pl.Series, reading: Reading) -> Read:
    words = CHOICES[field.choice]
    if field.choice != "claim":
        return _read_words(field, given, {word.lower(): word for word in words}, reading)
    read = _read_words(field, given, {word: Claim[word.upper()].value for word in words}, reading)
    return Read((read.columns[0].fill_null(reading.claim.value).cast(pl.Int8),), read.fault)


def _read_integer(field: Field, given: pl.Series, reading: Reading) -> Read:
    text = tidied(given)
    sound = text.set(~text.str.contains(_INTEGER), None)
    number = sound.str.replace(r"\.0+$", "").str.strip_prefix("+").cast(pl.Int64)
    is_bad = text.is_not_null() & number.is_null()
    return Read((number,), _fault(field, is_bad, text, "is no whole number", reading))


def _read_decimal(field: Field, given: pl.Series, reading: Reading) -> Read:
    text = tidied(given)
    sound = text.set(~text.str.contains(_DECIMAL), None).str.replace_all(r"[,+]", "")
    plain = sound.str.replace(r"^(-?)0+([0-9])", "$1$2").str.replace(r"(\.[0-9]*?)0+$", "$1").str.strip_chars_end(".")
    is_bad = text.is_not_null() & plain.is_null()
    return Read((plain.set(plain == "-0", "0"),), _fault(field, is_bad, text, "is no decimal number", reading))


def _read_digest(field: Field, given: pl.Series, reading: Reading) -> Read:
    text = tidied(given)
    digest = text.str.replace_all(r"[:\s]", "").str.to_lowercase()
    is_bad = (~digest.str.contains(_SHA256)).fill_null(value=False)
    return Read((digest,), _fault(field, is_bad, text, "is no SHA-256 of 64 hexadecimal digits", reading))


_DIGESTS: Final = frozenset({"certificate", "apk_sha256", "kit_sha256"})
"""Text fields that hold a SHA-256."""
_READERS: Final[Mapping[Form, Reader]] = MappingProxyType(
    {
        "text": _read_text,
        "word": _read_word,
        "instant": _read_instant,
        "address": _read_address,
        "subject": _read_subject,
        "money": _read_money,
        "flag": _read_flag,
        "choice": _read_choice,
        "integer": _read_integer,
        "decimal": _read_decimal,
    },
)
