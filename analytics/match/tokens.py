"""Which labels hold a short form as a word of their own, or glued to keywords only: dhl-box, mydhlparcel, chsae-online.

Forms of few letters stand inside innocent words everywhere, so they are looked for where a word begins and ends. Those
of four to seven letters are looked for with one edit as well, by listing every spelling one edit away: as numbers, six
bits a letter, so that the beginnings and ends of all words are looked up at once.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.match import fold, keywords
from analytics.match.index import FUZZY

Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_CODE: Final = bytes(_LETTERS.find(chr(byte)) + 1 or 63 for byte in range(256))
_BITS: Final = 6
_LEAST_FUZZY: Final = 4
_ALIKE: Final = (("o", "0"), ("l", "1"), ("i", "1"), ("i", "l"), ("l", "i"), ("s", "5"), ("e", "3"), ("a", "4"))
_LONGEST: Final = 8
"""Letters of the longest spelling: seven, and room for an edit."""
_KEYWORDS: Final = keywords.STRONG | keywords.WEAK
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
"""An odd number near 2**64 by the golden ratio: its products spread over all high bits."""


def needs_tokens(form: str) -> bool:
    """Whether the index of windows (analytics.match.index) cannot see every spelling of this form."""
    return len(form) < _LONGEST and len(fold.squeeze(form)) <= FUZZY


def packed(text: str) -> int:
    """A text of at most ten letters as a number; texts of other lengths have other numbers."""
    value = 0
    for code in text.encode("ascii", "replace").translate(_CODE):
        value = value << _BITS | code
    return value


def spellings(form: str) -> Words:
    """The form, what is one edit away from it or looks like it, packed; of two or three letters, lookalikes only.

    >>> sorted(spellings("dhl").tolist()) == sorted(map(packed, ["dhl", "dh1", "dhi"]))
    True
    """
    if len(form) < _LEAST_FUZZY:
        alike = {form} | {form.replace(ours, theirs) for ours, theirs in _ALIKE if ours in form}
        return np.array(sorted(map(packed, alike)), np.uint64)
    looks = [packed(text) for text in fold.lookalikes(form) if len(text) <= _LONGEST]
    return np.unique(np.concatenate([np.array([packed(form), *looks], np.uint64), *_edits(form)]))


def _edits(form: str) -> Iterator[Words]:
    letters = np.arange(1, len(_LETTERS) + 1, dtype=np.uint64)
    for place in range(len(form) + 1):
        head, tail, rest = packed(form[:place]), packed(form[place:]), len(form) - place
        yield letters << np.uint64(_BITS * rest) | np.uint64(head << _BITS * (rest + 1) | tail)
        if rest:
            shorter = packed(form[place + 1 :])
            yield letters << np.uint64(_BITS * (rest - 1)) | np.uint64(head << _BITS * rest | shorter)
            yield np.array([head << _BITS * (rest - 1) | shorter], np.uint64)
        if rest > 1:
            swapped = form[place + 1] + form[place] + form[place + 2 :]
            yield np.array([head << _BITS * rest | packed(swapped)], np.uint64)


class _Table:
    """Numbers, each with its owners, ready for millions of questions."""

    def __init__(self, listed: Sequence[tuple[int, Words]]) -> None:
        values = np.concatenate([np.empty(0, np.uint64), *(values for _, values in listed)])
        owners = np.repeat([owner for owner, _ in listed], [len(values) for _, values in listed]).astype(np.int64)
        order = np.argsort(values, kind="stable")
        self._values, self._owners = values[order], owners[order]
        self._shift = np.uint64(64 - max(16, int(16 * len(values)).bit_length()))
        self._filled = np.zeros(1 << (64 - int(self._shift)), np.bool_)
        self._filled[self._hashed(values)] = True

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
        self._table = _Table([(owner, spellings(form)) for owner, form in enumerate(forms) if needs_tokens(form)])
        self._keywords = pl.Series(sorted(_KEYWORDS | set(brand_keywords)), dtype=pl.String)

    def candidates(self, labels: pl.Series) -> pl.DataFrame:
        """Pairs `label` (place in the series), `form` that may meet; labels are ASCII, lower case."""
        tokens = (
            pl.DataFrame({"token": labels})
            .with_row_index("label")
            .with_columns(pl.col("label").cast(pl.Int64), pl.col("token").str.split("-"))
            .explode("token")
            .filter(pl.col("token").str.len_bytes() > 1)
        )
        words = tokens.select(pl.col("token").unique())
        words = pl.concat([words.with_columns(word="token"), self._peeled(words)])
        trimmed = words.with_columns(word=pl.col("word").str.strip_chars("0123456789"))
        words = pl.concat([words, trimmed.filter((trimmed["word"] != words["word"]) & (trimmed["word"] != ""))])
        met = self._met(words)
        return tokens.join(met, on="token").select("label", "form").unique()

    def _peeled(self, words: pl.DataFrame) -> pl.DataFrame:
        """The words without a keyword in front: my-dhl-parcel written as one."""
        return pl.concat(
            words.filter(pl.col("token").str.head(length).is_in(self._keywords.implode()))
            .with_columns(word=pl.col("token").str.slice(length))
            .filter(pl.col("word").str.len_bytes() > 1)
            for length in range(2, _LONGEST + 1)
        )

    def _met(self, words: pl.DataFrame) -> pl.DataFrame:
        """Words that begin or end with a spelling, the rest nothing, digits or a keyword: `token`, `form`."""
        heads, tails, sizes = _heads_and_tails(words["word"])
        found = []
        for length in range(2, _LONGEST + 1):
            rows = np.flatnonzero(sizes >= length)
            head, tail = heads[rows] >> np.uint64(_BITS * (_LONGEST - length)), tails[rows] & np.uint64(64**length - 1)
            for spelt, cut in ((head, length), (tail, 0)):
                which, forms = self._table.find(spelt)
                found.append(np.stack([rows[which], forms, np.full_like(forms, cut), np.full_like(forms, length)]))
        rows, forms, cuts, lengths = np.concatenate(found, axis=1)
        text, size = pl.col("word"), pl.lit(pl.Series(lengths))
        rest = text.str.slice(pl.lit(pl.Series(cuts)), text.str.len_chars().cast(pl.Int64) - size)
        met = words[rows].select("token", form=pl.lit(pl.Series(forms)), rest=rest.str.strip_chars("0123456789"))
        is_kept = (pl.col("rest") == "") | self._begins_or_ends("rest")
        kept: pl.DataFrame = met.filter(is_kept).select("token", "form")
        return kept

    def _begins_or_ends(self, column: str) -> pl.Expr:
        """Whether a column is a keyword, or begins or ends with one of four letters and more: expressindonesia."""
        text, words = pl.col(column), self._keywords.implode()
        parts = [
            part.is_in(words) for size in range(4, _LONGEST + 1) for part in (text.str.head(size), text.str.tail(size))
        ]
        return pl.any_horizontal(text.is_in(words), *parts)


def _heads_and_tails(words: pl.Series) -> tuple[Words, Words, Places]:
    """The first eight and the last eight letters of each word, packed, and how many letters it has.

    Of a shorter word the first letters stand highest, the last lowest; what is beside them is not its own.
    """
    sizes = words.str.len_chars().to_numpy().astype(np.int64)
    ends = np.cumsum(sizes) + _LONGEST
    text = words.str.join("").item().encode("ascii", "replace").translate(_CODE)
    codes = np.zeros(len(text) + 2 * _LONGEST, np.uint8)
    codes[_LONGEST : len(codes) - _LONGEST] = np.frombuffer(text, np.uint8)
    heads, tails = np.zeros(len(words), np.uint64), np.zeros(len(words), np.uint64)
    for place in range(_LONGEST):
        heads = heads << np.uint64(_BITS) | codes[ends - sizes + place]
        tails = tails << np.uint64(_BITS) | codes[ends - _LONGEST + place]
    return heads, tails, sizes
