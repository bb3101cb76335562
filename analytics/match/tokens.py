"""Which labels hold a short form as a word of their own, or glued to keywords only: dhl-box, mydhlparcel, chsae-online.

Forms of few letters stand inside innocent words everywhere, so they are looked for where a word begins and ends. Those
of four to seven letters are looked for with one edit as well, by listing every spelling one edit away: as numbers, six
bits a letter, so that the beginnings and ends of all words are looked up at once.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.match import fold, keywords
from analytics.match.index import FUZZY

Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_OTHER: Final = 63
_CODE: Final = bytes(_LETTERS.find(fold.spelt(chr(byte))) + 1 or _OTHER for byte in range(256))
"""Characters that pass for a letter are coded as it (fold.spelt), so that they stand beside an edit for free."""
_USED: Final = sorted({_CODE[ord(char)] for char in _LETTERS})
_BITS: Final = 6
_LEAST_FUZZY: Final = 4
_LONGEST: Final = 8
"""Letters of the longest spelling: seven, and room for an edit."""
_KEYWORDS: Final = keywords.STRONG | keywords.WEAK
_ONE: Final = np.uint64(1)
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
"""An odd number near 2**64 by the golden ratio: its products spread over all high bits."""


def needs_tokens(form: str) -> bool:
    """Whether the index of windows (analytics.match.index) cannot see every spelling of this form."""
    return len(form) < _LONGEST and len(fold.squeeze(form)) <= FUZZY


def packed(texts: Iterable[str]) -> Words:
    """Each of some texts of at most eight letters as a number; texts of other lengths have other numbers."""
    coded = b"".join(text.encode("ascii", "replace").translate(_CODE).rjust(_LONGEST, b"\0") for text in texts)
    values = np.zeros(len(coded) // _LONGEST, np.uint64)
    for codes in np.frombuffer(coded, np.uint8).reshape(-1, _LONGEST).T:
        values = values << np.uint64(_BITS) | codes
    return values


def spellings(forms: Sequence[tuple[str, int]]) -> tuple[Words, Places]:
    """What is one edit away from forms or looks like them, and themselves; of two or three letters, themselves only.

    Args:
        forms: each with its owner.

    Returns:
        The spellings, packed, and whose each is.

    >>> set(spellings([("dhl", 0)])[0].tolist()) == set(packed(["dhl", "dh1", "dhi"]).tolist())
    True
    """
    spelt = [*forms, *((look, owner) for form, owner in forms for look in _lookalikes(form))]
    found = [(packed(text for text, _ in spelt), np.array([owner for _, owner in spelt], np.int64))]
    for length in range(_LEAST_FUZZY, _LONGEST):
        long = [(form, owner) for form, owner in forms if len(form) == length]
        owners = np.array([owner for _, owner in long], np.int64)
        edits = _edits(packed(form for form, _ in long), length)
        found += [(edited.reshape(-1), np.repeat(owners, edited.shape[1])) for edited in edits]
    values, owners = (np.concatenate(column) for column in zip(*found, strict=True))
    return values, owners


def _lookalikes(form: str) -> list[str]:
    return [text for text in fold.lookalikes(form) if len(text) <= _LONGEST] if len(form) >= _LEAST_FUZZY else []


def _edits(words: Words, length: int) -> Iterator[Words]:
    """All that is one edit away from packed words of so many letters, a row a word."""
    words, letters = words[:, None], np.array(_USED, np.uint64)
    for rest in range(length + 1):
        here, above = np.uint64(_BITS * rest), np.uint64(_BITS * (rest + 1))
        tail = words & ((_ONE << here) - _ONE)
        yield words >> here << above | letters << here | tail
        if rest == length:
            return
        yield words >> above << above | letters << here | tail
        yield words >> above << here | tail
        swap = (words >> above ^ words >> here) & np.uint64(_OTHER)
        yield words ^ (swap << here | swap << above) if rest < length - 1 else words


class _Table:
    """Numbers, each with its owners, ready for millions of questions."""

    def __init__(self, values: Words, owners: Places) -> None:
        """Take numbers and their owners; what stands there twice is taken once."""
        order = np.lexsort((owners, values))
        values, owners = values[order], owners[order]
        differs = (values[1:] != values[:-1]) | (owners[1:] != owners[:-1])
        kept = np.append(True, differs)[: len(values)]
        self._values, self._owners = values[kept], owners[kept]
        self._shift = np.uint64(64 - max(16, int(16 * len(self._values)).bit_length()))
        self._filled = np.zeros(1 << (64 - int(self._shift)), np.bool_)
        self._filled[self._hashed(self._values)] = True

    def _hashed(self, values: Words) -> Words:
        return (values * _MIX) >> self._shift

    def find(self, values: Words) -> tuple[Places, Places]:
        """For each value that is in the table its place in `values`, and an owner; again for each other owner."""
        likely = np.flatnonzero(self._filled[self._hashed(values)])
        begins = np.searchsorted(self._values, values[likely], side="left")
        counts = np.searchsorted(self._values, values[likely], side="right") - begins
        ends = np.cumsum(counts)
        which = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
        return np.repeat(likely, counts), self._owners[np.repeat(begins, counts) + which]


class TokenIndex:
    """The spellings of all short forms, ready to be looked for among the words of labels."""

    def __init__(self, forms: Sequence[str], brand_keywords: Iterable[str]) -> None:
        """Prepare for `forms` (by their place in the sequence) and the brands' own keywords beside the generic ones."""
        short = [(form, owner) for owner, form in enumerate(forms) if needs_tokens(form)]
        read = {(text, owner) for form, owner in short for text in (form, fold.without_pairs(form)[0])}
        self._table = _Table(*spellings(sorted(read)))
        listed = sorted(_KEYWORDS | set(brand_keywords))
        heads = packed(word for word in listed if len(word) <= _LONGEST and not word.strip(_LETTERS))
        self._short_keywords = _Table(heads, np.zeros(len(heads), np.int64))
        self._keywords = pl.Series(listed, dtype=pl.String)

    def candidates(self, labels: pl.Series) -> pl.DataFrame:
        """Pairs `label` (place in the series), `form` that may meet; labels are ASCII, lower case."""
        tokens = (
            pl.DataFrame({"token": labels})
            .with_row_index("label")
            .with_columns(pl.col("label").cast(pl.Int64), pl.col("token").str.split("-"))
            .explode("token")
            .filter(pl.col("token").str.len_bytes() > 1)
        )
        tokens = pl.concat([tokens, _without_pairs(tokens)])
        distinct = tokens["token"].unique()
        text = _Text(distinct)
        words = [text.whole(), self._peeled(text)]
        met = self._met(text, _joined([*words, text.trimmed(_joined(words))]))
        met = met.select("form", token=distinct.gather(met["token"]))
        return tokens.join(met, on="token").select("label", "form").unique()

    def _peeled(self, text: "_Text") -> "_Words":
        """The tokens without a keyword in front: my-dhl-parcel written as one."""
        whole = text.whole()
        heads, _ = text.heads_and_tails(whole)
        peeled = []
        for length in range(2, _LONGEST + 1):
            rows = np.flatnonzero(whole.ends - whole.begins > length + 1)
            kept, _ = self._short_keywords.find(heads[rows] >> np.uint64(_BITS * (_LONGEST - length)))
            rows = rows[kept]
            peeled.append(_Words(rows, whole.begins[rows] + length, whole.ends[rows]))
        return _joined(peeled)

    def _met(self, text: "_Text", words: "_Words") -> pl.DataFrame:
        """Words that begin or end with a spelling, the rest nothing, digits or a keyword: `token`, `form`."""
        heads, tails = text.heads_and_tails(words)
        sizes = words.ends - words.begins
        found = []
        for length in range(2, _LONGEST + 1):
            rows = np.flatnonzero(sizes >= length)
            head, tail = heads[rows] >> np.uint64(_BITS * (_LONGEST - length)), tails[rows] & np.uint64(64**length - 1)
            for spelt, before, after in ((head, length, 0), (tail, 0, length)):
                which, forms = self._table.find(spelt)
                met = rows[which]
                found.append(np.stack([words.tokens[met], forms, words.begins[met] + before, words.ends[met] - after]))
        tokens, forms, begins, ends = np.concatenate(found, axis=1)
        rest = pl.Series("rest", text.slices(begins, ends), dtype=pl.String).str.strip_chars("0123456789")
        pairs = pl.DataFrame({"token": tokens, "form": forms, "rest": rest})
        return pairs.filter((pl.col("rest") == "") | self._begins_or_ends("rest")).select("token", "form").unique()

    def _begins_or_ends(self, column: str) -> pl.Expr:
        """Whether a column is a keyword, or begins or ends with one of four letters and more: expressindonesia."""
        text, words = pl.col(column), self._keywords.implode()
        parts = [
            part.is_in(words) for size in range(4, _LONGEST + 1) for part in (text.str.head(size), text.str.tail(size))
        ]
        return pl.any_horizontal(text.is_in(words), *parts)


def _without_pairs(tokens: pl.DataFrame) -> pl.DataFrame:
    """The tokens that hold letters which together pass for one, written so."""
    token = pl.col("token")
    paired = tokens.filter(token.str.contains("|".join(fold.PAIRS)))
    return paired.with_columns(token.str.replace_many(fold.PAIRS))


@dataclass(frozen=True, slots=True)
class _Words:
    """Stretches of tokens: whose they are, where in all tokens' text they begin and end."""

    tokens: Places
    begins: Places
    ends: Places


def _joined(parts: Sequence[_Words]) -> _Words:
    columns = zip(*((part.tokens, part.begins, part.ends) for part in parts), strict=True)
    return _Words(*(np.concatenate(column) for column in columns))


class _Text:
    """Tokens one after another, as letters' codes with room for a window before the first and behind the last."""

    def __init__(self, tokens: pl.Series) -> None:
        self._text = tokens.str.join("").item() or ""
        self._ends = np.cumsum(tokens.str.len_chars().to_numpy().astype(np.int64))
        self._codes = np.zeros(len(self._text) + 2 * _LONGEST, np.uint8)
        coded = self._text.encode("ascii", "replace").translate(_CODE)
        self._codes[_LONGEST : len(self._codes) - _LONGEST] = np.frombuffer(coded, np.uint8)

    def whole(self) -> _Words:
        """The tokens as they are."""
        return _Words(np.arange(len(self._ends)), np.append(0, self._ends[:-1])[: len(self._ends)], self._ends)

    def trimmed(self, words: _Words) -> _Words:
        """The words without the digits around them, where there are some and something is left."""
        raw = np.frombuffer(self._text.encode("ascii", "replace"), np.uint8)
        is_digit = (raw >= ord("0")) & (raw <= ord("9"))
        rows = np.flatnonzero(is_digit[words.begins] | is_digit[words.ends - 1])
        others = np.flatnonzero(~is_digit)
        begins = np.append(others, len(raw))[np.searchsorted(others, words.begins[rows])]
        ends = np.append(0, others + 1)[np.searchsorted(others, words.ends[rows])]
        left = begins < ends
        return _Words(words.tokens[rows[left]], begins[left], ends[left])

    def heads_and_tails(self, words: _Words) -> tuple[Words, Words]:
        """The first eight and the last eight letters of each word, packed.

        Of a shorter word the first letters stand highest, the last lowest; what is beside them is not its own.
        """
        heads, tails = np.zeros(len(words.tokens), np.uint64), np.zeros(len(words.tokens), np.uint64)
        for place in range(_LONGEST):
            heads = heads << np.uint64(_BITS) | self._codes[words.begins + (_LONGEST + place)]
            tails = tails << np.uint64(_BITS) | self._codes[words.ends + place]
        return heads, tails

    def slices(self, begins: Places, ends: Places) -> list[str]:
        """Stretches of the text."""
        return [self._text[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]
