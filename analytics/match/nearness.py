"""How near a form comes to any stretch of a label, for very many pairs at once: what cannot be met is dropped unseen.

The distance is OSA (insert, leave out, replace, swap neighbours) to the nearest stretch, by the bit-parallel method of
Myers with Hyyro's term for swaps: a form's letters are the bits of a 64-bit word, all pairs take one letter of their
labels at a time.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from analytics.match import fold
from analytics.match.costs import CHEAP, is_lookalike, most_cost

Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_CODE: Final = bytes(_LETTERS.find(chr(byte)) + 1 for byte in range(256))
_LONGEST: Final = 60
"""Letters of a form that are compared; the beginning of a longer name is never farther than all of it."""
_BATCH: Final = 16_384
"""Pairs gone through together: what is known of them fits a core's cache."""
_ONE: Final = np.uint64(1)


def least_distances(forms: Sequence[str], labels: Sequence[str], pairs: tuple[Places, Places]) -> Places:
    """For each pair (place in forms, place in labels) the least OSA distance of the form to a stretch of the label."""
    form_rows, label_rows = pairs
    masks, lengths = _letter_masks(forms), np.array([min(len(form), _LONGEST) for form in forms], np.int64)
    codes, begins = _coded(labels)
    sizes = np.diff(begins)[label_rows]
    order = np.argsort(-sizes, kind="stable")
    least = np.empty(len(order), np.int64)
    for first in range(0, len(order), _BATCH):
        batch = order[first : first + _BATCH]
        rows = form_rows[batch]
        least[batch] = _scan(masks, rows, lengths[rows], codes, begins[label_rows[batch]], sizes[batch])
    return least


def _letter_masks(forms: Sequence[str]) -> Words:
    """For each form and letter code the bits of the places where the letter stands."""
    masks = np.zeros((len(forms), len(_LETTERS) + 1), np.uint64)
    for row, form in enumerate(forms):
        for place, code in enumerate(form[:_LONGEST].encode("ascii", "replace").translate(_CODE)):
            masks[row, code] |= np.uint64(1 << place)
    masks[:, 0] = 0
    return masks.reshape(-1)


def _coded(labels: Sequence[str]) -> tuple[Bytes, Places]:
    """All labels' letters as codes, one after another, and where each begins; one more than labels."""
    text = "\n".join(labels).encode("ascii", "replace")
    ends = np.append(np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n")), len(text))
    begins = np.concatenate([[0], ends + 1])
    codes = np.frombuffer(text.translate(_CODE) + b"\0", np.uint8)
    begins[1:] -= np.arange(1, len(begins))
    return np.delete(codes, ends[:-1]), begins


def _scan(masks: Words, rows: Places, lengths: Places, codes: Bytes, begins: Places, sizes: Places) -> Places:
    """Letter by letter through labels sorted by length, the longest first: those at their end drop out."""
    last = _ONE << (lengths.astype(np.uint64) - _ONE)
    rows = rows * (len(_LETTERS) + 1)
    more = np.full(len(rows), np.iinfo(np.uint64).max, np.uint64)
    less, level, before = (np.zeros(len(rows), np.uint64) for _ in range(3))
    distance, least = lengths.copy(), lengths.copy()
    for place in range(int(sizes[0]) if len(sizes) else 0):
        count = int(np.searchsorted(-sizes, -place, side="left"))
        live = slice(0, count)
        here = masks[rows[live] + codes[begins[live] + place]]
        swapped = ((~level[live] & here) << _ONE) & before[live]
        level[live] = (((here & more[live]) + more[live]) ^ more[live]) | here | less[live] | swapped
        rising = less[live] | ~(level[live] | more[live])
        falling = level[live] & more[live]
        distance[live] += ((rising & last[live]) != 0).astype(np.int64)
        distance[live] -= (falling & last[live]) != 0
        least[live] = np.minimum(least[live], distance[live])
        rising <<= _ONE
        more[live] = (falling << _ONE) | ~(level[live] | rising)
        less[live] = rising & level[live]
        before[live] = here
    return least


def may_meet(forms: Sequence[str], plain: Sequence[str], pairs: tuple[Places, Places]) -> npt.NDArray[np.bool_]:
    """Whether each pair's form may be met in its label (no hyphens), by any of the ways of analytics.match.spans.

    Generous: what it refuses find_span refuses as well.
    """
    most = np.array([most_cost(len(form)) for form in forms])[pairs[0]]
    near: npt.NDArray[np.bool_] = least_distances(forms, plain, pairs) <= most
    for change, least_cost in _LOOKS:
        left = np.flatnonzero(~near)
        folded = [change(form) for form in forms], fold.each(plain, change)
        near[left] = least_distances(*folded, (pairs[0][left], pairs[1][left])) <= most[left] - least_cost
    for change in (fold.coarse, fold.glance):
        left = np.flatnonzero(~near)
        ours, theirs = [change(form) for form in forms], fold.each(plain, change)
        rows = zip(pairs[0][left].tolist(), pairs[1][left].tolist(), strict=True)
        near[left] = [ours[form] in theirs[label] for form, label in rows]
    left = np.flatnonzero(~near)
    rows = zip(pairs[0][left].tolist(), pairs[1][left].tolist(), strict=True)
    near[left] = [is_lookalike(forms[form], plain[label]) for form, label in rows]
    return near


_LOOKS: Final[tuple[tuple[Callable[[str], str], float], ...]] = (
    (lambda text: fold.coarse(fold.strict(text)), CHEAP),
    (lambda text: fold.squeeze(fold.strict(text)), CHEAP),
)
"""The ways to look alike beside other differences, and what they cost at least."""
