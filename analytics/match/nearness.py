"""How near a form comes to any stretch of a label, for very many pairs at once: what cannot be met is dropped unseen.

The distance is OSA (insert, leave out, replace, swap neighbours) to the nearest stretch, by the bit-parallel method of
Myers with Hyyro's term for swaps: a form's letters are the bits of a 64-bit word, all pairs take one letter of their
labels at a time.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from analytics.match import fold
from analytics.match.costs import BESIDE, CHEAP, LONGER, SHORTER, is_lookalike, most_cost

Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Letters = npt.NDArray[np.uint32]
Truths = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_CODE: Final = bytes(_LETTERS.find(chr(byte)) + 1 for byte in range(256))
COMPARED: Final = 60
"""Letters of a form that are compared; the beginning of a longer name is never farther than all of it."""
_BATCH: Final = 16_384
"""Pairs gone through together: what is known of them fits a core's cache."""
_ONE: Final = np.uint64(1)


@dataclass(frozen=True)
class _Forms:
    """Forms ready to be compared; row f * len(_LETTERS + 1) + c of masks has the places of letter c in form f."""

    masks: Words
    lengths: Places
    letters: Words
    """Which letters each form has, a bit each."""


@lru_cache(maxsize=16)
def _prepared(forms: tuple[str, ...]) -> _Forms:
    """Forms are the same from call to call."""
    codes, begins = _coded([form[:COMPARED] for form in forms])
    lengths = np.diff(begins)
    rows, places = np.repeat(np.arange(len(forms)), lengths), np.arange(begins[-1]) - np.repeat(begins[:-1], lengths)
    masks = np.zeros((len(forms), len(_LETTERS) + 1), np.uint64)
    np.bitwise_or.at(masks, (rows, codes[: begins[-1]]), _ONE << places.astype(np.uint64))
    masks[:, 0] = 0
    return _Forms(masks.reshape(-1), lengths, _held(codes, begins))


def _held(codes: Bytes, begins: Places) -> Words:
    letters: Words = np.bitwise_or.reduceat(_ONE << codes.astype(np.uint64), begins[:-1])
    return letters


def are_near(forms: tuple[str, ...], labels: Sequence[str], pairs: tuple[Places, Places], most: Floats) -> Truths:
    """Whether each pair's form (place in forms) is at most so many edits from a stretch of its label (place in labels).

    Each letter that is not in the label is an edit, and so is each that a longer form has more: that is asked first.
    """
    prepared = _prepared(forms)
    codes, begins = _coded(labels)
    lacking = np.bitwise_count(prepared.letters[pairs[0]] & ~_held(codes, begins)[pairs[1]])
    near: Truths = np.maximum(lacking, prepared.lengths[pairs[0]] - np.diff(begins)[pairs[1]]) <= most
    left = np.flatnonzero(near)
    form_rows, label_rows = pairs[0][left], pairs[1][left]
    sizes = np.diff(begins)[label_rows]
    order = np.argsort(-sizes.astype(np.int16), kind="stable")  # labels are short, and sixteen bits sorted at once
    for first in range(0, len(order), _BATCH):
        batch = order[first : first + _BATCH]
        least = _scan(prepared, form_rows[batch], codes, begins[label_rows[batch]], sizes[batch])
        near[left[batch]] = least <= most[left[batch]]
    return near


def _coded(labels: Sequence[str]) -> tuple[Bytes, Places]:
    """All labels' letters as codes, one after another, and where each begins; one more than labels."""
    text = "\n".join(labels).encode("ascii", "replace")
    ends = np.append(np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n")), len(text))
    begins = np.concatenate([[0], ends + 1])
    codes = np.frombuffer(text.translate(_CODE) + b"\0", np.uint8)
    begins[1:] -= np.arange(1, len(begins))
    return np.delete(codes, ends[:-1]), begins


def _scan(forms: _Forms, rows: Places, codes: Bytes, begins: Places, sizes: Places) -> Places:
    """Letter by letter through labels sorted by length, the longest first: those at their end drop out."""
    masks, lengths = forms.masks, forms.lengths[rows]
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


def may_meet(forms: Sequence[str], plain: Sequence[str], pairs: tuple[Places, Places]) -> Truths:
    """Whether each pair's form may be met in its label (no hyphens), by any of the ways of analytics.match.spans.

    Generous: what it refuses find_span refuses as well. The cheap questions are asked first.
    """
    form_rows, label_rows = pairs
    if not len(form_rows):
        return np.zeros(0, np.bool_)
    most = np.array([most_cost(len(form)) for form in forms])[form_rows]
    missing = missing_letters(forms, letter_sets(plain), pairs)
    near: Truths = missing <= most
    near[near] = are_near(tuple(forms), plain, (form_rows[near], label_rows[near]), most[near])
    paired = _paired(forms)[form_rows] | _paired(plain)[label_rows]
    for change, least_cost in _LOOKS:
        may_be = paired if change is fold.strict else True  # without pairs it does what fold.spelt does
        left = np.flatnonzero(~near & (missing <= most - least_cost) & may_be)
        theirs, places = _changed_labels(plain, label_rows[left], change)
        near[left] = are_near(
            _changed(tuple(forms), change), theirs, (form_rows[left], places), most[left] - least_cost
        )
    for change in (fold.coarse, fold.glance, _squeezed_coarse):
        left = np.flatnonzero(~near & (missing == 0))
        ours, (theirs, places) = _changed(tuple(forms), change), _changed_labels(plain, label_rows[left], change)
        rows = zip(form_rows[left].tolist(), places.tolist(), strict=True)
        near[left] = [ours[form] in theirs[label] for form, label in rows]
    longer = np.array(list(map(len, plain)))[label_rows] - np.array(list(map(len, forms)))[form_rows]
    left = np.flatnonzero(~near & (longer >= SHORTER) & (longer <= LONGER) & (missing <= _IN_TWO_PLACES))
    rows = zip(form_rows[left].tolist(), label_rows[left].tolist(), strict=True)
    near[left] = [is_lookalike(forms[form], plain[label]) for form, label in rows]
    return near


def may_look_like(form: str, plain: str) -> bool:
    """Whether a form may be met in a label (no hyphens) with a cost of LOOKS at most.

    Letters that pass for each other are of one class; only some pairs make a letter of another.
    """
    if _PAIR.search(form) or _PAIR.search(plain):
        return True
    return _squeezed_coarse(form) in _squeezed_coarse(plain)


_PAIR: Final = re.compile("lc|1c|cl|c1|lb|1b|dl|lh")
_IN_TWO_PLACES: Final = 2
"""Letters that a lookalike may lack of those that its form needs: one in each place that differs."""


def _paired(texts: Sequence[str]) -> Truths:
    """Whether each text holds a pair that passes for one letter."""
    return np.array(list(map(fold.has_pairs, texts)), np.bool_)


def _changed_labels(plain: Sequence[str], rows: Places, change: Callable[[str], str]) -> tuple[list[str], Places]:
    """The labels that rows name, changed, each once; and where among them each row's is."""
    labels, places = np.unique(rows, return_inverse=True)
    return fold.each([plain[label] for label in labels.tolist()], change), places


@lru_cache(maxsize=16)
def _changed(forms: tuple[str, ...], change: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(fold.each(forms, change))


def _coarse_strict(text: str) -> str:
    return fold.coarse(fold.strict(text))


def _squeezed_coarse(text: str) -> str:
    return fold.squeeze(fold.coarse(text))


def _squeezed_strict(text: str) -> str:
    return fold.squeeze(fold.strict(text))


_LOOKS: Final = ((_coarse_strict, CHEAP), (_squeezed_strict, CHEAP), (fold.spelt, BESIDE), (fold.strict, BESIDE))
"""The ways to look alike beside other differences, and what they cost at least."""


def missing_letters(forms: Sequence[str], letters: Letters, pairs: tuple[Places, Places]) -> Bytes:
    """For each pair how many of the letters that its form needs, in any way of looking at it, its label lacks.

    An edit can make up for one of them. Letters of one class (fold.coarse) are one.
    """
    missing: Bytes = np.bitwise_count(_needed(tuple(forms))[pairs[0]] & ~letters[pairs[1]])
    return missing


def letter_sets(labels: Sequence[str]) -> Letters:
    """The classes of letters in each label, a bit each, and those that two of its letters may pass for."""
    return _sets(labels, _NEW_LETTERS)


def _sets(texts: Sequence[str], pairs: Iterable[tuple[bytes, np.uint32]] = ()) -> Letters:
    """The classes of letters in each text, and those of its pairs."""
    raw = np.frombuffer(("\t" + "\t".join(texts)).encode("ascii", "replace"), np.uint8)
    bits = _BITS[raw]
    for (first, second), taken_for in pairs:
        bits[:-1][(raw[:-1] == first) & (raw[1:] == second)] |= taken_for
    sets: Letters = np.bitwise_or.reduceat(bits, np.flatnonzero(raw == ord("\t")))
    return sets


@lru_cache(maxsize=16)
def _needed(forms: tuple[str, ...]) -> Letters:
    compared = [form[:COMPARED] for form in forms]
    return _sets(compared) & _sets(fold.each(compared, fold.strict)) & _sets(fold.each(compared, fold.glance))


_CLASSES: Final = sorted({fold.coarse(char) for char in _LETTERS})
_BITS: Final = np.array(
    [1 << _CLASSES.index(fold.coarse(chr(byte))) if chr(byte) in _LETTERS else 0 for byte in range(256)], np.uint32
)
_NEW_LETTERS: Final = tuple((pair, _BITS[ord(single)]) for pair, single in ((b"lc", "k"), (b"rr", "n"), (b"cl", "d")))
"""Of the pairs that pass for one letter (fold.glance) those for which this is not the class of either."""
