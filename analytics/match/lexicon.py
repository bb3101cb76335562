"""The ordinary words as one text: which of them hold some letters.

For a few questions the words are searched as they are; for many, a table is made, which takes as long as some dozens
of searches. So `fanzha match` with one host makes none.
"""

from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from typing import Final

import numpy as np

_FEW: Final = 20
"""Questions that are answered without a table."""
_RUN: Final = 3
"""Letters by which places are told; three of 32 classes make a number of 15 bits, which numpy sorts in no time."""
_END: Final = "\n"
_CODE: Final = bytes(
    byte - ord("a") + 2 if chr(byte) in "abcdefghijklmnopqrstuvwxyz" else byte == ord(_END) for byte in range(256)
)


class Lexicon:
    """Words, ready for questions."""

    def __init__(self, words: Collection[str]) -> None:
        """Take the words (ASCII), each once; nothing is made of them yet."""
        self._words = words
        self._sought = 0

    @property
    def is_indexed(self) -> bool:
        """Whether so much was asked that a table was made."""
        return "_runs" in self.__dict__

    def holding(self, text: str, edge: str) -> Iterator[str]:
        """The words that begin (`leading`), end (`trailing`) with a text, or hold it; twice if they hold it twice."""
        before, after = (_END if edge == "leading" else ""), (_END if edge == "trailing" else "")
        sought, lines = before + text + after, self._lines
        self._sought += 1
        is_many = self._sought > _FEW and len(sought) >= _RUN
        places: Iterable[int] = self._runs.places(sought) if is_many else _places(lines, sought)
        for place in places:
            yield lines[lines.rfind(_END, 0, place + 1) + 1 : lines.index(_END, place + len(before))]

    @cached_property
    def _lines(self) -> str:
        return _END + _END.join(self._words) + _END

    @cached_property
    def _runs(self) -> "_Runs":
        return _Runs(self._lines)


def _places(lines: str, sought: str) -> Iterator[int]:
    place = -1
    while (place := lines.find(sought, place + 1)) >= 0:
        yield place


class _Runs:
    """Where in a text each run of three letters stands."""

    def __init__(self, lines: str) -> None:
        self._lines = lines
        codes = np.frombuffer(lines.encode("ascii", "replace").translate(_CODE), np.uint8).astype(np.uint16)
        self._keys = codes[:-2] << np.uint16(10) | codes[1:-1] << np.uint16(5) | codes[2:]
        self._order = np.argsort(self._keys, kind="stable").astype(np.int32)
        self._begins = [0, *np.cumsum(np.bincount(self._keys, minlength=1 << 5 * _RUN)).tolist()]

    def places(self, sought: str) -> list[int]:
        """Where a text of three letters and more stands, ascending."""
        codes, begins = sought.encode("ascii", "replace").translate(_CODE), self._begins
        keys = [one << 10 | two << 5 | three for one, two, three in zip(codes, codes[1:], codes[2:], strict=False)]
        rarest = min(range(len(keys)), key=lambda place: begins[keys[place] + 1] - begins[keys[place]])
        starts = self._order[begins[keys[rarest]] : begins[keys[rarest] + 1]] - rarest
        starts = starts[(starts >= 0) & (self._keys[starts] == keys[0])]
        return [start for start in starts.tolist() if self._lines.startswith(sought, start)]
