"""Which labels hold a short form as a word of their own, or glued to keywords only: dhl-box, mydhlparcel, chsae-online.

Forms of few letters stand inside innocent words everywhere, so they are looked for where a word begins and ends. Those
of four to seven letters are looked for with one edit as well, by listing every spelling one edit away.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import polars as pl

from analytics.match import fold, keywords
from analytics.match.index import FUZZY

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_LEAST_FUZZY: Final = 4
_ALIKE: Final = (("o", "0"), ("l", "1"), ("i", "1"), ("i", "l"), ("l", "i"), ("s", "5"), ("e", "3"), ("a", "4"))
_LONGEST: Final = 9
"""Letters of the longest spelling: seven, and room for an edit."""
_KEYWORDS: Final = keywords.STRONG | keywords.WEAK


def needs_tokens(form: str) -> bool:
    """Whether the index of windows (analytics.match.index) cannot see every spelling of this form."""
    return len(form) <= _LONGEST - 2 and len(fold.squeeze(form)) <= FUZZY


def spellings(form: str) -> set[str]:
    """The form, and what is one edit away from it; from a form of two or three letters, lookalikes only.

    >>> sorted(spellings("dhl"))
    ['dh1', 'dhi', 'dhl']
    """
    if len(form) < _LEAST_FUZZY:
        return {form} | {form.replace(ours, theirs) for ours, theirs in _ALIKE if ours in form}
    return {form, *_edits(form)}


def _edits(form: str) -> Iterator[str]:
    for place in range(len(form) + 1):
        head, tail = form[:place], form[place:]
        yield from (head + letter + tail for letter in _LETTERS)
        if tail:
            yield head + tail[1:]
            yield from (head + letter + tail[1:] for letter in _LETTERS)
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]


class TokenIndex:
    """The spellings of all short forms, ready to be looked for among the words of labels."""

    def __init__(self, forms: Sequence[str], brand_keywords: Iterable[str]) -> None:
        """Prepare for `forms` (by their place in the sequence) and the brands' own keywords beside the generic ones."""
        listed = [(text, owner) for owner, form in enumerate(forms) if needs_tokens(form) for text in spellings(form)]
        self._spellings = pl.DataFrame(
            {"word": [text for text, _ in listed], "form": [owner for _, owner in listed]},
            schema={"word": pl.String, "form": pl.Int64},
        ).unique()
        self._lengths = sorted({len(text) for text, _ in listed})
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
        met = pl.concat([self._whole(words), *(self._glued(words, length) for length in self._lengths)])
        return tokens.join(met, on="token").select("label", "form").unique()

    def _peeled(self, words: pl.DataFrame) -> pl.DataFrame:
        """The words without a keyword in front: my-dhl-parcel written as one."""
        return pl.concat(
            words.filter(pl.col("token").str.head(length).is_in(self._keywords.implode()))
            .with_columns(word=pl.col("token").str.slice(length))
            .filter(pl.col("word").str.len_bytes() > 1)
            for length in range(2, _LONGEST)
        )

    def _whole(self, words: pl.DataFrame) -> pl.DataFrame:
        trimmed = words.with_columns(word=pl.col("word").str.strip_chars("0123456789"))
        both = pl.concat([words, trimmed]).filter(pl.col("word").str.len_bytes() <= _LONGEST)
        return both.join(self._spellings, on="word").select("token", "form")

    def _glued(self, words: pl.DataFrame, length: int) -> pl.DataFrame:
        """Words that begin or end with a spelling of `length` letters, the rest a keyword or digits."""
        word = pl.col("word")
        longer = words.filter(word.str.len_bytes() > length)
        ends = pl.concat(
            [
                longer.select("token", rest=word.str.slice(length), word=word.str.head(length)),
                longer.select("token", rest=word.str.head(word.str.len_bytes() - length), word=word.str.tail(length)),
            ]
        )
        met = ends.join(self._spellings, on="word").with_columns(rest=pl.col("rest").str.strip_chars("0123456789"))
        return met.filter((pl.col("rest") == "") | self._begins_or_ends("rest")).select("token", "form")

    def _begins_or_ends(self, column: str) -> pl.Expr:
        """Whether a column is a keyword, or begins or ends with one of four letters and more: expressindonesia."""
        text, words = pl.col(column), self._keywords.implode()
        parts = [
            part.is_in(words) for size in range(4, _LONGEST) for part in (text.str.head(size), text.str.tail(size))
        ]
        return pl.any_horizontal(text.is_in(words), *parts)
