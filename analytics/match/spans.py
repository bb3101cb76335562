"""Where in a label a form stands, which letters differ, and by which of dnstwist's techniques."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from analytics.match import fold

_KEYS: Final = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_VOWELS: Final = frozenset("aeiou")
_CHEAP: Final = 0.4
"""Cost of a difference that the eye skips: a lookalike letter, a repeated letter."""
_GLANCE: Final = 0.55
"""Cost of letters of one coarse class that an attentive reader tells apart (b and d)."""
_SLIP: Final = 0.9
"""Cost of what fingers do: neighbouring keys, vowels, two letters swapped."""


_CROSSING: Final = 0.15
"""Cost of a hyphen between the first and the last letter, beside other differences."""


@dataclass(frozen=True, slots=True)
class Span:
    """A form met in a label."""

    start: int
    """First place in the label as read (hyphens count)."""
    end: int
    technique: str
    """How the letters differ; empty where they are the same."""
    cost: float
    """0 for the same letters; about one for each difference, less where it is hard to see."""
    edits: int
    """Differences in letters."""


def _neighbours() -> dict[str, frozenset[str]]:
    near: dict[str, set[str]] = {char: set() for row in _KEYS for char in row}
    for y, row in enumerate(_KEYS):
        for x, char in enumerate(row):
            beside = [row[x + 1 : x + 2]] + ([_KEYS[y + 1][max(0, x - 1) : x + 1]] if y + 1 < len(_KEYS) else [])
            for other in "".join(beside):
                near[char].add(other)
                near[other].add(char)
    return {char: frozenset(others) for char, others in near.items()}


_NEIGHBOURS: Final = _neighbours()


def most_cost(length: int) -> float:
    """The greatest cost at which a form of `length` letters still counts as met."""
    for shortest, cost in ((12, 3.0), (8, 2.1), (4, 1.15)):
        if length >= shortest:
            return cost
    return 0.5


def find_span(label: str, form: str) -> Span | None:
    """The best place of `form` in a label as read (ASCII, lower case), or none.

    The same letters win over lookalikes, these over repeated letters, these over other edits; of equals, the one
    between boundaries (hyphens, digits, the label's ends), then the longest.
    """
    places = [place for place, char in enumerate(label) if char != "-"]
    plain = label.replace("-", "") if len(places) != len(label) else label
    if form in plain:
        return _exact(label, plain, places, form)
    best = min((_rated(label, plain, places, form, window) for window in _windows(plain, form)), default=None)
    if best is None or best[0] > most_cost(len(form)):
        return None
    cost, _, length, start = best
    window = plain[start : start - length]
    edits = OSA.distance(form, window)
    return Span(places[start], places[start - length - 1] + 1, _technique(form, window), cost, edits)


def overlapping(forms: Sequence[str], plain: Sequence[str]) -> list[bool]:
    """Whether each form shares enough letters in order with its label (no hyphens) to be met in it; generous."""
    patterns = [_folds(form) for form in forms]
    coarse = [fold.coarse(text) for text in plain]
    as_written = process.cpdist([folds.coarse for folds in patterns], coarse, scorer=fuzz.partial_ratio)
    squeezed = process.cpdist(
        [fold.squeeze(folds.coarse) for folds in patterns],
        [fold.squeeze(text) for text in coarse],
        scorer=fuzz.partial_ratio,
    )
    return [
        max(one, other) >= _OVERLAP.get(min(len(form), len(text)), 74)
        for form, text, one, other in zip(forms, plain, as_written, squeezed, strict=True)
    ]


_OVERLAP: Final = {1: 65, 2: 65, 3: 65, 4: 74, 5: 79, 6: 82, 7: 84, 8: 74, 9: 76, 10: 79, 11: 80}
"""Least share of letters in common, in percent, by the shorter's length: one edit (two from eight letters on)."""


def _rated(
    label: str, plain: str, places: list[int], form: str, window: tuple[int, int]
) -> tuple[float, int, int, int]:
    start, end = window
    crossing = places[end - 1] - places[start] > end - 1 - start
    cost = _cost(form, plain[start:end]) + _CROSSING * crossing
    return cost, -_boundaries(label, places, start, end), start - end, start


def _exact(label: str, plain: str, places: list[int], form: str) -> Span:
    starts = [start for start in range(len(plain) - len(form) + 1) if plain.startswith(form, start)]
    start = max(starts, key=lambda place: _boundaries(label, places, place, place + len(form)))
    first, last = places[start], places[start + len(form) - 1] + 1
    split = last - first > len(form)
    return Span(first, last, "hyphenation" if split else "", _CHEAP / 2 if split else 0.0, 0)


def _boundaries(label: str, places: list[int], start: int, end: int) -> int:
    """How many of a window's two ends are at a hyphen, where digits meet letters, or at the label's end."""
    return is_boundary(label, places[start]) + is_boundary(label, places[end - 1] + 1)


def is_boundary(label: str, place: int) -> bool:
    """Whether a name may begin or end before `place`."""
    if place == 0 or place == len(label):
        return True
    left, right = label[place - 1], label[place]
    return "-" in (left, right) or left.isdigit() != right.isdigit()


def _windows(plain: str, form: str) -> list[tuple[int, int]]:
    """Stretches of the label worth comparing: of those around the best alignments, the nearest in coarse letters."""
    text, pattern = fold.coarse(plain), _folds(form).coarse
    near: list[tuple[int, int]] = []
    least = _FAR
    squeezed = list(_squeezed(plain, form))
    for window in {*_around(_aligned(plain, text, form, pattern), len(plain)), *squeezed}:
        distance = OSA.distance(pattern, text[window[0] : window[1]], score_cutoff=least)
        if distance < least:
            near, least = [], distance
        if distance == least:
            near.append(window)
    if least > _differences_allowed(len(form)) and _folds(form).glance not in fold.glance(plain):
        near = []
    return near + squeezed


def _differences_allowed(length: int) -> int:
    return 1 + int(most_cost(length) - 0.15)


_FAR: Final = 6
"""More differences than any form may have."""


def _around(stretches: Iterable[tuple[int, int]], length: int) -> Iterator[tuple[int, int]]:
    for start, end in stretches:
        for first in range(max(0, start - 1), min(start + 2, length)):
            for last in range(max(first + 1, end - 1), min(end + 2, length + 1)):
                yield first, last


def _aligned(plain: str, text: str, form: str, pattern: str) -> Iterator[tuple[int, int]]:
    if len(text) <= len(pattern) + 1:
        yield 0, len(text)
        return
    for whole, part in ((text, pattern), (plain, form)):
        found = fuzz.partial_ratio_alignment(part, whole, score_cutoff=50)
        if found:
            yield found.dest_start, found.dest_end


def _squeezed(plain: str, form: str) -> Iterator[tuple[int, int]]:
    kept = [place for place, char in enumerate(plain) if place == 0 or char != plain[place - 1]]
    if len(kept) == len(plain):
        return
    text, pattern = "".join(plain[place] for place in kept), _folds(form).squeezed
    found = fuzz.partial_ratio_alignment(pattern, text, score_cutoff=70)
    if found and len(text) >= len(pattern):
        ends = [*kept[1:], len(plain)]
        yield kept[found.dest_start], ends[found.dest_end - 1]


def _cost(form: str, window: str) -> float:
    distance = OSA.distance(form, window)
    if distance == 0:
        return 0.0
    looks = _looks_cost(form, window, distance)
    return min(looks, _edit_cost(form, window) if distance == 1 else distance)


def _looks_cost(form: str, window: str, distance: int) -> float:
    """The cost where the differences are lookalikes or repeats, large otherwise."""
    folds, strict_window = _folds(form), fold.strict(window)
    if folds.strict == strict_window:
        return _CHEAP
    if folds.glance == fold.glance(window) or folds.coarse == fold.coarse(window):
        return min(distance, 3) * _GLANCE
    squeezed_window = fold.squeeze(strict_window)
    if folds.squeezed_strict == squeezed_window:
        return _CHEAP
    if len(window) > len(form) + 1:
        return _GLANCE + OSA.distance(folds.squeezed_strict, squeezed_window)
    return _CHEAP + OSA.distance(folds.coarse_strict, fold.coarse(strict_window))


@dataclass(frozen=True, slots=True)
class _Folds:
    """What a form looks like in the ways of analytics.match.fold."""

    coarse: str
    strict: str
    glance: str
    squeezed: str
    squeezed_strict: str
    coarse_strict: str


@cache
def _folds(form: str) -> _Folds:
    strict = fold.strict(form)
    return _Folds(
        fold.coarse(form), strict, fold.glance(form), fold.squeeze(form), fold.squeeze(strict), fold.coarse(strict)
    )


def _middles(form: str, window: str) -> tuple[int, str, str]:
    """Where the two begin to differ, and the different parts."""
    head = 0
    while head < min(len(form), len(window)) and form[head] == window[head]:
        head += 1
    tail = 0
    while tail < min(len(form), len(window)) - head and form[-1 - tail] == window[-1 - tail]:
        tail += 1
    return head, form[head : len(form) - tail], window[head : len(window) - tail]


def _edit_cost(form: str, window: str) -> float:
    head, ours, theirs = _middles(form, window)
    first = 0.1 if head == 0 else 0.0  # the eye reads the first letter
    if not ours:
        return (_CHEAP if theirs in (form[head - 1 : head], form[head : head + 1]) else 1.0) + first
    if len(ours) == len(theirs) == 1:
        return _substitution_cost(ours, theirs) + first
    return (_SLIP if len(ours) == len(theirs) else 1.0) + first


def _substitution_cost(ours: str, theirs: str) -> float:
    if fold.strict(ours) == fold.strict(theirs):
        return _CHEAP
    if fold.coarse(ours) == fold.coarse(theirs):
        return _GLANCE
    if theirs in _NEIGHBOURS.get(ours, ()) or {ours, theirs} <= _VOWELS:
        return _SLIP
    return 1.0


def _technique(form: str, window: str) -> str:
    if fold.glance(form) == fold.glance(window) or fold.coarse(form) == fold.coarse(window):
        return "homoglyph"
    if fold.squeeze(form) == fold.squeeze(window) and len(window) > len(form):
        return "repetition"
    head, ours, theirs = _middles(form, window)
    if not ours:
        return _inserted(form, head, theirs)
    if len(ours) == len(theirs):
        return _substituted(ours, theirs)
    return "insertion" if len(ours) < len(theirs) else "omission"


def _inserted(form: str, head: int, letters: str) -> str:
    if letters in {"s", "es"} and head > 2:
        return "plural"
    return "addition" if head == len(form) else "insertion"


def _substituted(ours: str, theirs: str) -> str:
    if len(ours) > 1:
        return "transposition" if ours == theirs[::-1] else "replacement"
    if {ours, theirs} <= _VOWELS:
        return "vowel-swap"
    if theirs in _NEIGHBOURS.get(ours, ()):
        return "replacement"
    return "bitsquatting" if (ord(ours) ^ ord(theirs)).bit_count() == 1 else "replacement"
