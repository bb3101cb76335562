"""Which labels may hold which form: exact or one edit away, anywhere in the label, a million labels in a second or two.

Labels and forms are compared in coarse letters (fold.coarse: o and 0, l and 1 ... are one), without hyphens and without
repeats of a letter, five bits a letter, twelve letters a 64-bit word. A form with at most one edit has its first or
its last half untouched: where that half stands in a label, the rest is compared by a few operations on whole words.
What this returns are candidates; analytics.match.spans looks at the letters themselves.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from analytics.match import fold

Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

WIDTH: Final = 12
"""Letters in a 64-bit word of five bits each."""
SEED: Final = 3
"""Letters that must stand untouched; three make 32,768 different seeds, a table of 256 KB."""
LONGEST: Final = WIDTH - 1
"""An inserted letter must still fit."""
HALVED: Final = 8
"""Forms from this length on are looked for by halves, so that two edits are found."""
FUZZY: Final = 6
"""Letters from which one edit is allowed anywhere in a label; shorter ones are for analytics.match.tokens."""
_PIECED: Final = 9
"""Forms from this length on are looked for by short pieces as well, for two edits that spoil both halves' seeds."""
_PIECE: Final = 4
_BATCH: Final = 16_384
"""Labels looked through together; their windows fit a core's cache, which makes it four times as fast."""
_TRICKS: Final = (("m", "rn"), ("d", "cl"), ("k", "lc"), ("cl", "d"), ("rn", "m"))
"""Letter pairs that coarse letters do not cover."""
_PLAIN: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_ALPHABET: Final = sorted({fold.coarse(char) for char in _PLAIN})
_BREAK: Final = 0
_CODE: Final = bytes(
    _ALPHABET.index(fold.coarse(chr(byte))) + 1 if chr(byte) in _PLAIN else _BREAK for byte in range(256)
)
_FLAGS: Final = np.uint64(sum(1 << 5 * place for place in range(WIDTH)))
_ONE: Final = np.uint64(1)
_FIVE: Final = np.uint64(5)
_LETTER: Final = np.uint64(31)


@dataclass(frozen=True)
class _Patterns:
    """One direction of the patterns: packed words sorted by seed, and where each seed's patterns begin."""

    packed: Words
    masks: Words
    """Bits of the pattern's letters; one letter less of them for a deletion is derived."""
    fuzzy: Truths
    owners: Places
    begins: Places
    """For each seed code its first pattern; 32,769 entries."""


class FormIndex:
    """The forms of all brands, ready to be looked for in labels."""

    def __init__(self, forms: Sequence[str], *, exact: frozenset[str] = frozenset()) -> None:
        """Prepare for `forms`: lower-case ASCII, by their place in the sequence; those in `exact` allow no edit."""
        entries = [
            (owner, text, len(text) >= FUZZY and form not in exact)
            for owner, form in enumerate(forms)
            for text in sorted({fold.coarse(fold.squeeze(form))[:LONGEST]} if form in exact else _patterns(form))
        ]
        long = [(owner, form) for owner, form in enumerate(forms) if len(form) >= _PIECED and form not in exact]
        entries += [(owner, piece, False) for owner, form in long for piece in sorted(_pieces(form))]
        self._forward = _pack(entries)
        self._backward = _pack([(owner, text[::-1], True) for owner, text, fuzzy in entries if fuzzy])

    def candidates(self, labels: Sequence[str]) -> tuple[Places, Places]:
        """Pairs (label, form) that may meet, by their places; distinct and sorted. Labels are ASCII, lower case."""
        batches = [self._in_batch(labels, first) for first in range(0, len(labels), _BATCH)]
        pairs = np.concatenate([np.empty(0, np.int64), *batches])
        return pairs >> 32, pairs & 0xFFFFFFFF

    def _in_batch(self, labels: Sequence[str], first: int) -> Places:
        codes, label_of = _codes(labels[first : first + _BATCH])
        found = [
            _look(self._forward, _windows(codes), label_of),
            _look(self._backward, _windows(codes[::-1]), label_of[::-1]),
        ]
        pairs: Places = np.unique(np.concatenate(found)) + (first << 32)
        return pairs


def _patterns(form: str) -> set[str]:
    tricked = {form} | {form.replace(single, pair) for single, pair in _TRICKS if single in form}
    texts = {fold.coarse(text) for spelt in tricked for text in (spelt, fold.squeeze(spelt))}
    swapped = {text[:2] + text[3] + text[2] + text[4:] for text in texts if len(text) == 2 * SEED}
    return {part for text in texts | swapped for part in _parts(text) if len(part) > SEED}


def _pieces(form: str) -> set[str]:
    """Stretches of a long form of which two edits leave one untouched, but for the unluckiest."""
    text = fold.coarse(fold.squeeze(form))
    return {text[start : start + _PIECE] for start in (*range(0, len(text) - _PIECE, SEED), len(text) - _PIECE)}


def _parts(text: str) -> list[str]:
    whole = [text] if len(text) <= LONGEST else []
    if len(text) < HALVED:
        return whole
    half = min((len(text) + 1) // 2, LONGEST)
    return [*whole, text[:half], text[-half:]]


def _pack(entries: list[tuple[int, str, bool]]) -> _Patterns:
    def seed(text: str) -> int:
        return _packed(text[:SEED]) >> 5 * (WIDTH - SEED)

    ranked = sorted((seed(text), owner, text, fuzzy) for owner, text, fuzzy in entries)
    begins = np.searchsorted(np.array([code for code, *_ in ranked], np.int64), np.arange(32**SEED + 1))
    return _Patterns(
        packed=np.array([_packed(text) for _, _, text, _ in ranked], np.uint64),
        masks=np.array([_mask(len(text)) for _, _, text, _ in ranked], np.uint64),
        fuzzy=np.array([fuzzy for *_, fuzzy in ranked], np.bool_),
        owners=np.array([owner for _, owner, _, _ in ranked], np.int64),
        begins=begins.astype(np.int64),
    )


def _packed(text: str) -> int:
    value = 0
    for char in text.encode().translate(_CODE):
        value = value << 5 | char
    return value << 5 * (WIDTH - len(text))


def _mask(length: int) -> int:
    return ((1 << 5 * length) - 1) << 5 * (WIDTH - length)


def _codes(labels: Iterable[str]) -> tuple[npt.NDArray[np.uint8], Places]:
    """All labels' letters one after another, two breaks between (one may pass for an inserted letter); and whose."""
    text = "\n\t".join(labels).encode("ascii", "replace").replace(b"-", b"")
    raw = np.frombuffer(text.translate(_CODE), np.uint8)
    letters = np.frombuffer(text, np.uint8)
    label_of = np.cumsum(letters == ord("\n"), dtype=np.int64)
    kept = np.ones(len(raw), np.bool_)
    kept[1:] = letters[1:] != letters[:-1]
    return raw[kept], label_of[kept]


def _windows(codes: npt.NDArray[np.uint8]) -> Words:
    """The twelve letters from each place on, packed; letters of the next label follow a break, which no pattern has."""
    one = codes.astype(np.uint64)
    two = one << _FIVE | _shifted(one, 1)
    four = two << np.uint64(10) | _shifted(two, 2)
    eight = four << np.uint64(20) | _shifted(four, 4)
    return eight << np.uint64(20) | _shifted(four, 8)


def _shifted(values: Words, places: int) -> Words:
    result = np.zeros_like(values)
    result[:-places] = values[places:]
    return result


def _look(patterns: _Patterns, windows: Words, label_of: Places) -> Places:
    """Label and form, in one integer, of each place where a pattern stands with at most one edit after its seed."""
    seeds = (windows >> np.uint64(5 * (WIDTH - SEED))).astype(np.int64)
    counts = patterns.begins[seeds + 1] - patterns.begins[seeds]
    places = np.flatnonzero(counts)
    repeats = counts[places]
    ends = np.cumsum(repeats)
    which = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - repeats, repeats)
    rows = np.repeat(patterns.begins[seeds[places]], repeats) + which
    places = np.repeat(places, repeats)
    met = _meets(windows[places], patterns, rows)
    found: Places = label_of[places[met]] << 32 | patterns.owners[rows[met]]
    return found


def _meets(text: Words, patterns: _Patterns, rows: Places) -> Truths:
    """Whether text and pattern are equal or one substitution, insertion, deletion or transposition apart."""
    pattern, mask = patterns.packed[rows], patterns.masks[rows]
    delta = (text ^ pattern) & mask
    differs = _differences(delta)
    inserted = _differences((text ^ (pattern >> _FIVE)) & (mask >> _FIVE))
    omitted = _differences((text ^ (pattern << _FIVE)) & (mask << _FIVE))
    fuzzy = patterns.fuzzy[rows]
    lowest = _lowest(differs)
    one_edit = (
        (differs == lowest)
        | _follows(inserted << _FIVE, differs)
        | _follows(omitted, differs)
        | _transposed(delta, pattern, differs, lowest)
    )
    met: Truths = (differs == 0) | (fuzzy & one_edit)
    return met


def _differences(delta: Words) -> Words:
    """One flag, the lowest bit of five, for each letter that differs."""
    spread = delta | delta >> _ONE
    spread |= spread >> np.uint64(2)
    spread |= delta >> np.uint64(4)
    return spread & _FLAGS


def _lowest(flags: Words) -> Words:
    return flags & (~flags + _ONE)


def _follows(after: Words, before: Words) -> Truths:
    """Whether the first difference of the one comparison comes after the last difference of the other."""
    follows: Truths = (after == 0) | (_lowest(after) > before)
    return follows


def _transposed(delta: Words, pattern: Words, differs: Words, lowest: Words) -> Truths:
    """Whether exactly two neighbouring letters differ, and are each other's."""
    unit = np.maximum(lowest, _ONE)
    first, second = delta // unit >> _FIVE & _LETTER, delta // unit & _LETTER
    theirs = pattern // unit
    swapped = (theirs & _LETTER) ^ (theirs >> _FIVE & _LETTER)
    transposed: Truths = (differs == (lowest | lowest << _FIVE)) & (first == second) & (first == swapped)
    return transposed
