"""Keys and how many records have each, as arrays: what distinct counts are kept of, added to and taken from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Counts = NDArray[np.signedinteger[Any]]

PART: Final = 1 << 20
"""Keys of a part: 8 MiB, read for a few keys as quickly as for many."""
_SLACK: Final = 8
"""A part of what is held, by which an array grows beyond what it needs: pages that are moved, not copied."""
_WIDTHS: Final = (np.int8, np.int16, np.int32, np.int64)


@dataclass(frozen=True, slots=True)
class Keyset:
    """Distinct keys in order, and the number of records of each; below 0 what is taken away.

    >>> one, other = Keyset.of(np.array([7, 3, 7])), Keyset.of(np.array([7]))
    >>> one.keys.tolist(), one.counts.tolist(), joined([one, other.negative]).counts.tolist()
    ([3, 7], [1, 2], [1, 1])
    """

    keys: Integers = field(default_factory=lambda: np.empty(0, np.int64))
    counts: Counts = field(default_factory=lambda: np.empty(0, np.int64))

    @classmethod
    def of(cls, keys: Integers) -> "Keyset":
        """The keys of records, in any order; the array is made into the keyset, a second one need not be in memory."""
        keys.sort()
        counts, distinct = [np.empty(0, np.int8)], 0
        before = -1
        for start in range(0, len(keys), PART):
            lasts = start + np.flatnonzero(_is_last(keys, start))
            counts.append(_narrow(np.diff(lasts, prepend=before)))
            keys[distinct : distinct + len(lasts)] = keys[lasts]
            distinct, before = distinct + len(lasts), lasts[-1] if len(lasts) else before
        return cls(keys[:distinct], np.concatenate(counts))

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
        narrow = _narrow(self.counts)
        return self.keys.astype("<i8").tobytes(), narrow.astype(narrow.dtype.newbyteorder("<")).tobytes()

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
        before = np.where(self.keys[places] == added.keys, self.counts[places], 0).astype(np.int64)
        return int(np.count_nonzero(before + added.counts > 0)) - int(np.count_nonzero(before > 0))


class Growing:
    """Numbers that come one after the other, in one array: to join parts in the end would take twice the memory."""

    def __init__(self) -> None:
        self.length = 0
        self._held: Integers = np.empty(0, np.int64)

    def add(self, numbers: Integers) -> None:
        """Put numbers behind those before."""
        before, self.length = self.length, self.length + len(numbers)
        if self.length > len(self._held):
            self._held.resize(self.length + self.length // _SLACK, refcheck=False)
        self._held[before : self.length] = numbers

    def whole(self) -> Integers:
        """All of them; nothing may be added any more."""
        self._held.resize(self.length, refcheck=False)
        return self._held


def joined(sets: Sequence[Keyset]) -> Keyset:
    """All of them together; keys that are taken away as often as they were added are gone."""
    if not sets:
        return Keyset()
    keys = np.concatenate([one.keys for one in sets])
    order = np.argsort(keys)
    keys = keys[order]
    firsts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else order
    counts = np.add.reduceat(np.concatenate([one.counts for one in sets], dtype=np.int64)[order], firsts)
    is_there = counts != 0
    return Keyset(keys[firsts[is_there]], counts[is_there])


def _is_last(keys: Integers, start: int) -> NDArray[np.bool_]:
    """Of a part of ordered keys: whether the next key is another."""
    part = keys[start : start + PART + 1]
    is_last = part[1:] != part[:-1]
    return is_last if len(part) > PART else np.append(is_last, np.True_)


def _narrow(counts: Counts) -> Counts:
    """The same, as narrow as they fit."""
    most = int(np.abs(counts).max(initial=0))
    return counts.astype(next(width for width in _WIDTHS if most <= np.iinfo(width).max))


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
