"""Where in a label a form stands, which letters differ, and by which of dnstwist's techniques."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Final, NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from analytics.match import fold
from analytics.match.costs import CHEAP, cost_of, folds_of, is_lookalike, most_cost, technique_of

_BOUNDED: Final = 0.4
"""Cost that a window between boundaries may have more than another: hermeds is hermes and a d, not hermed and an s."""
_CROSSING: Final = 0.15
"""Cost of a hyphen between the first and the last letter, beside other differences."""


class Span(NamedTuple):
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


def find_span(label: str, form: str) -> Span | None:
    """The best place of `form` in a label as read (ASCII, lower case), or none.

    The same letters win over lookalikes, these over repeated letters, these over other edits; of equals, the one
    between boundaries (hyphens, digits, the label's ends), then the longest.
    """
    plain = label.replace("-", "") if "-" in label else label
    places = range(len(label)) if plain == label else [place for place, char in enumerate(label) if char != "-"]
    may_repeat = len(plain) > len(form) and plain[0] == form[0] and plain[-1] == form[-1]
    if may_repeat and fold.squeeze(plain) == folds_of(form).squeezed:
        return Span(0, len(label), "repetition", CHEAP, len(plain) - len(form))
    if form in plain:
        return _exact(label, plain, places, form)
    if is_lookalike(form, plain):
        return Span(0, len(label), "homoglyph", cost_of(form, plain), OSA.distance(form, plain))
    best = min((_rated(label, plain, places, form, window) for window in _windows(plain, form)), default=None)
    if best is None or best[-1] > most_cost(len(form)):
        return None
    _, _, length, start, cost = best
    window = plain[start : start - length]
    edits = OSA.distance(form, window)
    return Span(places[start], places[start - length - 1] + 1, technique_of(form, window), cost, edits)


def _rated(
    label: str, plain: str, places: Sequence[int], form: str, window: tuple[int, int]
) -> tuple[float, int, int, int, float]:
    """What decides between windows, the least first; their start and cost."""
    start, end = window
    crossing = places[end - 1] - places[start] > end - 1 - start
    boundaries = _boundaries(label, places, start, end)
    cost = cost_of(form, plain[start:end], is_framed=boundaries == 2) + _CROSSING * crossing
    return cost - _BOUNDED * (boundaries == 2), -boundaries, start - end, start, cost


def _exact(label: str, plain: str, places: Sequence[int], form: str) -> Span:
    start = plain.index(form)
    if plain.find(form, start + 1) >= 0:
        starts = [place for place in range(start, len(plain)) if plain.startswith(form, place)]
        start = max(starts, key=lambda place: _boundaries(label, places, place, place + len(form)))
    first, last = places[start], places[start + len(form) - 1] + 1
    split = last - first > len(form)
    return Span(first, last, "hyphenation" if split else "", CHEAP / 2 if split else 0.0, 0)


def _boundaries(label: str, places: Sequence[int], start: int, end: int) -> int:
    """How many of a window's two ends are at a hyphen, where digits meet letters, or at the label's end."""
    return is_boundary(label, places[start]) + is_boundary(label, places[end - 1] + 1)


def is_boundary(label: str, place: int) -> bool:
    """Whether a name may begin or end before `place`."""
    if place == 0 or place == len(label):
        return True
    left, right = label[place - 1], label[place]
    return "-" in (left, right) or left.isdigit() != right.isdigit()


def _windows(plain: str, form: str) -> list[tuple[int, int]]:
    """Stretches of the label worth comparing: the nearest to the form in coarse letters, and with pairs as letters."""
    squeezed, folds = list(_squeezed(plain, form)), folds_of(form)
    near = _nearest(plain, form, folds.coarse, squeezed)
    if fold.has_pairs(plain):
        folded, sources = fold.without_pairs(plain)
        alike = _nearest(folded, folds.paired, folds.coarse_strict, [])
        near += [(sources[start], sources[end]) for start, end in alike]
    return near + squeezed


def _nearest(plain: str, form: str, pattern: str, more: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Of the stretches around the best alignments, and more, the nearest in coarse letters."""
    text, distance_to = fold.coarse(plain), OSA.distance
    near: list[tuple[int, int]] = []
    least = _FAR
    for window in _around({*_aligned(plain, text, form, pattern)}, len(plain)).union(more):
        distance = distance_to(pattern, text[window[0] : window[1]], score_cutoff=least)
        if distance < least:
            near, least = [window], distance
        elif distance == least:
            near.append(window)
    if least > _differences_allowed(len(form)) and folds_of(form).glance not in fold.glance(plain):
        near = []
    return near


@cache
def _differences_allowed(length: int) -> int:
    return 1 + int(most_cost(length) - 0.15)


_FAR: Final = 6
"""More differences than any form may have."""


def _around(stretches: Iterable[tuple[int, int]], length: int) -> set[tuple[int, int]]:
    return {
        (first, last)
        for start, end in stretches
        for first in range(max(0, start - 1), min(start + 2, length))
        for last in range(max(first + 1, end - 1), min(end + 2, length + 1))
    }


def _aligned(plain: str, text: str, form: str, pattern: str) -> Iterator[tuple[int, int]]:
    if len(text) <= len(pattern) + 2:
        yield 0, len(text)
    if len(text) <= len(pattern) + 1:
        return
    for whole, part in ((text, pattern), (plain, form)):
        found = fuzz.partial_ratio_alignment(part, whole, score_cutoff=50)
        if found:
            yield found.dest_start, found.dest_end


def _squeezed(plain: str, form: str) -> Iterator[tuple[int, int]]:
    if not fold.has_repeats(plain):
        return
    kept = [place for place, char in enumerate(plain) if place == 0 or char != plain[place - 1]]
    text, pattern = "".join(plain[place] for place in kept), folds_of(form).squeezed
    found = fuzz.partial_ratio_alignment(pattern, text, score_cutoff=70)
    if found and len(text) >= len(pattern):
        ends = [*kept[1:], len(plain)]
        yield kept[found.dest_start], ends[found.dest_end - 1]
