"""Columns drawn at random, a seed and a place giving the same ones for ever; texts are put together by the column."""

from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

Whole = NDArray[np.int64]
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_LETTERS: Final = np.frombuffer(_ALPHABET.encode(), dtype=np.uint8)
_HEX: Final = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_TOKEN_LENGTH: Final = 7
_TOKENS: Final = len(_ALPHABET) ** _TOKEN_LENGTH
_SCATTER: Final = 1_000_000_007
"""Coprime to the number of tokens: consecutive numbers give tokens far apart, and no two the same."""


class Words:
    """Texts to choose from, and which one each row has: written out only for the rows that need it."""

    def __init__(self, choices: pl.Series, index: Whole) -> None:
        self._choices, self._index = choices, index

    def text(self, rows: Whole) -> pl.Series:
        """The texts of some rows."""
        return self._choices.gather(self._index[rows])


class Draw:
    """Columns drawn at random, each of the same length."""

    def __init__(self, seed: Sequence[int], count: int) -> None:
        self.random = np.random.default_rng(seed)
        self.count = count

    def fork(self, count: int) -> "Draw":
        """Columns of another length, by a seed of their own."""
        return Draw([int(self.random.integers(2**32))], count)

    @property
    def everywhere(self) -> Whole:
        """All rows."""
        return np.arange(self.count)

    def index(self, end: int) -> Whole:
        """Whole numbers in [0, end)."""
        return self.random.integers(0, end, self.count)

    def share(self) -> NDArray[np.float64]:
        """Numbers in [0, 1)."""
        return self.random.random(self.count)

    def chosen(self, weights: Mapping[str, float]) -> Whole:
        """Places of choices, by weight."""
        edges = np.cumsum(list(weights.values()))
        chosen: Whole = np.searchsorted(edges, self.share() * edges[-1], side="right")
        return chosen

    def weighted(self, weights: Mapping[str, float]) -> pl.Series:
        """Choices by weight."""
        return pl.Series(list(weights), dtype=pl.String).gather(self.chosen(weights))

    def one_of(self, choices: Sequence[str]) -> Words:
        """Choices, each as likely as the other."""
        return Words(pl.Series(choices, dtype=pl.String), self.index(len(choices)))

    def letters(self) -> pl.Series:
        """Ten letters and digits without sense."""
        return _texts(_LETTERS[self.random.integers(0, len(_ALPHABET), (self.count, 10))])

    def shaped(self, parts: "Parts", weights: Mapping[str, float]) -> pl.Series:
        """Texts by weighted shapes, each a pattern such as `{word}-{number}` over the parts."""
        chosen = self.chosen(weights)
        order = np.argsort(chosen, kind="stable")
        ends = np.searchsorted(chosen[order], np.arange(len(weights) + 1))
        filled = [parts.filled(shape, order[ends[at] : ends[at + 1]]) for at, shape in enumerate(weights)]
        return pl.concat(filled).gather(np.argsort(order, kind="stable"))


class Parts:
    """Named columns that patterns are filled from."""

    def __init__(self, columns: Mapping[str, pl.Series | Words]) -> None:
        self.columns = columns

    def filled(self, pattern: str, rows: Whole) -> pl.Series:
        """The pattern's text for some rows."""
        pieces: list[pl.Expr] = []
        for at, (literal, column, _, _) in enumerate(Formatter().parse(pattern)):
            pieces += [pl.lit(literal)] if literal else []
            pieces += [pl.lit(self._text(column, rows)).alias(str(at))] if column else []
        if not any(field for _, field, _, _ in Formatter().parse(pattern)):
            return pl.Series([pattern], dtype=pl.String).new_from_index(0, len(rows))
        return pl.select(pl.concat_str(pieces)).to_series().rename("")

    def with_part(self, name: str, column: pl.Series) -> "Parts":
        """These and one more."""
        return Parts({**self.columns, name: column})

    def _text(self, name: str, rows: Whole) -> pl.Series:
        column = self.columns[name]
        return column.text(rows) if isinstance(column, Words) else column.gather(rows)


def tokens(numbers: Whole, seed: int) -> pl.Series:
    """A text of seven letters and digits for each number below a billion, another for each other number.

    >>> tokens(np.array([0, 1, 2]), 1).n_unique()
    3
    """
    rest = (numbers * _SCATTER + seed * 7_919) % _TOKENS
    places = np.empty((len(numbers), _TOKEN_LENGTH), dtype=np.uint8)
    for place in range(_TOKEN_LENGTH):
        rest, digit = np.divmod(rest, len(_ALPHABET))
        places[:, place] = _LETTERS[digit]
    return _texts(places)


def digests(draw: Draw) -> pl.Series:
    """Texts of 64 hexadecimal digits; no two are alike among as many as there will ever be."""
    return _texts(_HEX[draw.random.integers(0, 16, (draw.count, 64))])


def _texts(letters: NDArray[np.uint8]) -> pl.Series:
    return pl.Series(letters.view(f"S{letters.shape[1]}").ravel(), dtype=pl.Binary).cast(pl.String)
