"""Keys and how many records have each, as arrays: what distinct counts are kept of, added to and taken from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

PART: Final = 1 << 20
"""Keys of a part: 8 MiB, read for a few keys as quickly as for many."""
_WIDTHS: Final = (np.int8, np.int16, np.int32, np.int64)


@dataclass(frozen=True, slots=True)
class Keyset:
    """Distinct keys in order, and the number of records of each; below 0 what is taken away.

    >>> one, other = Keyset.of(np.array([7, 3, 7])), Keyset.of(np.array([7]))
    >>> one.keys.tolist(), one.counts.tolist(), joined([one, other.negative]).counts.tolist()
    ([3, 7], [1, 2], [1, 1])
    """

    keys: Integers = field(default_factory=lambda: np.empty(0, np.int64))
    counts: Integers = field(default_factory=lambda: np.empty(0, np.int64))

    @classmethod
    def of(cls, keys: Integers) -> "Keyset":
        """The keys of records, in any order."""
        return cls(*np.unique(keys, return_counts=True))

    @classmethod
    def read(cls, keys: bytes, counts: bytes) -> "Keyset":
        """What `blobs` gave."""
        ordered = np.frombuffer(keys, "<i8")
        width = len(counts) // max(len(ordered), 1) or 1
        return cls(ordered, np.frombuffer(counts, f"<i{width}").astype(np.int64))

    @property
    def negative(self) -> "Keyset":
        """To take it away."""
        return Keyset(self.keys, -self.counts)

    @property
    def distinct(self) -> int:
        """How many keys there are."""
        return int(np.count_nonzero(self.counts > 0))

    def blobs(self) -> tuple[bytes, bytes]:
        """As the database keeps it: counts as narrow as they fit."""
        most = int(np.abs(self.counts).max(initial=0))
        narrow = next(width for width in _WIDTHS if most <= np.iinfo(width).max)
        return self.keys.astype("<i8").tobytes(), self.counts.astype(np.dtype(narrow).newbyteorder("<")).tobytes()

    def parts(self) -> Iterator["Keyset"]:
        """In parts of at most `PART` keys, one at least."""
        for start in range(0, max(len(self.keys), 1), PART):
            yield Keyset(self.keys[start : start + PART], self.counts[start : start + PART])

    def between(self, first: int, end: int | None) -> "Keyset":
        """The keys from first up to end, which is without; None: to the last."""
        start = np.searchsorted(self.keys, first)
        stop = len(self.keys) if end is None else np.searchsorted(self.keys, end)
        return Keyset(self.keys[start:stop], self.counts[start:stop])

    def growth(self, added: "Keyset") -> int:
        """How many more keys there are with what is added."""
        if not len(self.keys):
            return added.distinct
        places = np.minimum(np.searchsorted(self.keys, added.keys), len(self.keys) - 1)
        before = np.where(self.keys[places] == added.keys, self.counts[places], 0)
        return int(np.count_nonzero(before + added.counts > 0)) - int(np.count_nonzero(before > 0))


def joined(sets: Sequence[Keyset]) -> Keyset:
    """All of them together; keys that are taken away as often as they were added are gone."""
    if not sets:
        return Keyset()
    keys, places = np.unique(np.concatenate([one.keys for one in sets]), return_inverse=True)
    counts = np.bincount(places, np.concatenate([one.counts for one in sets]), len(keys)).astype(np.int64)
    return Keyset(keys[counts != 0], counts[counts != 0])


@dataclass(frozen=True, slots=True)
class Fact:
    """What some records bring to a figure; facts of different records add up."""

    sums: dict[str, int] = field(default_factory=dict)
    keys: dict[str, Keyset] = field(default_factory=dict)

    def __sub__(self, other: "Fact") -> "Fact":
        sums = {what: self.sums.get(what, 0) - other.sums.get(what, 0) for what in {*self.sums, *other.sums}}
        taken = {what: keyset.negative for what, keyset in other.keys.items()}
        keys = {what: joined(_there(self.keys.get(what), taken.get(what))) for what in {*self.keys, *taken}}
        return Fact(sums, keys)


def _there(*sets: Keyset | None) -> list[Keyset]:
    return [one for one in sets if one is not None]
