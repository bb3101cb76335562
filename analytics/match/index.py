"""Which labels may hold which form: exact or one edit away, anywhere in the label, a million labels in a second or two.

Labels and forms are compared in coarse letters (fold.coarse: o and 0, l and 1 ... are one), without hyphens and without
repeats of a letter. A form with at most one edit has its first or its last half untouched: a table knows all runs of
five letters with which such a half may begin (or, read backwards, end), and where one of them stands in a label, the
rest is compared by a few operations on words of 64 bits, five bits a letter, twelve letters.
What this returns are candidates; analytics.match.spans looks at the letters themselves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from analytics.match import fold

Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

WIDTH: Final = 12
"""Letters in a 64-bit word of five bits each."""
SEED: Final = 3
"""Letters that must stand untouched; three make 32,768 different seeds, a table of 256 KB."""
_OPENING: Final = SEED + 2
"""Letters by which places are chosen: the seed and two more, of which an edit spoils all but one."""
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
_LONG_TRICKS: Final = (*_TRICKS, ("li", "l"), ("il", "l"))
"""Of names with room for an edit; netfllx has one l when it is without repeats."""
_PLAIN: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_ALPHABET: Final = sorted({fold.coarse(char) for char in _PLAIN})
_BREAK: Final = 0
_CODE: Final = bytes(
    _ALPHABET.index(fold.coarse(chr(byte))) + 1 if chr(byte) in _PLAIN else _BREAK for byte in range(256)
)
_RADIX: Final = len(_ALPHABET) + 1
"""Nineteen classes of letters make 2.5 million openings, a byte each: they fit a core's cache, or nearly."""
_FORWARD: Final = np.uint8(1)
_BACKWARD: Final = np.uint8(2)
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
        self._openings = _openings(self._forward, self._backward)

    def candidates(self, labels: Sequence[str]) -> tuple[Places, Places]:
        """Pairs (label, form) that may meet, by their places; distinct and sorted. Labels are ASCII, lower case."""
        batches = [self._in_batch(labels, first) for first in range(0, len(labels), _BATCH)]
        pairs = np.concatenate([np.empty(0, np.int64), *batches])
        return pairs >> 32, pairs & 0xFFFFFFFF

    def _in_batch(self, labels: Sequence[str], first: int) -> Places:
        text = _Text(labels[first : first + _BATCH])
        opens = self._openings[text.runs()]
        found = []
        for patterns, direction, begin in ((self._forward, _FORWARD, 0), (self._backward, _BACKWARD, _OPENING - 1)):
            places = np.flatnonzero(opens & direction) + begin
            which, owners = _look(patterns, text.windows(places, step=1 if begin == 0 else -1))
            found.append(text.label_of(places[which]) << 32 | owners)
        return _distinct(np.concatenate(found)) + (first << 32)


def _distinct(values: Places) -> Places:
    """The values sorted, each once; quicker than np.unique, which hashes."""
    values.sort()
    distinct: Places = values[np.append(True, values[1:] != values[:-1])[: len(values)]]
    return distinct


def _patterns(form: str) -> set[str]:
    tricked = {form, *_tricked(form)}
    texts = {fold.coarse(text) for spelt in tricked for text in (spelt, fold.squeeze(spelt))}
    swapped = {text[:2] + text[3] + text[2] + text[4:] for text in texts if len(text) == 2 * SEED}
    return {part for text in texts | swapped for part in _parts(text) if len(part) > SEED}


def _tricked(form: str) -> Iterator[str]:
    """The form with letters replaced wherever they stand; where it is long, also at each place by itself."""
    is_long = len(form) >= FUZZY
    for ours, theirs in _LONG_TRICKS if is_long else _TRICKS:
        yield form.replace(ours, theirs)
        places = [place for place in range(len(form)) if form.startswith(ours, place)] if is_long else []
        yield from (form[:place] + theirs + form[place + len(ours) :] for place in places)


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


def _pack(entries: Sequence[tuple[int, str, bool]]) -> _Patterns:
    coded = b"".join(text.encode().translate(_CODE).ljust(WIDTH, b"\0") for _, text, _ in entries)
    packed = np.zeros(len(entries), np.uint64)
    for codes in np.frombuffer(coded, np.uint8).reshape(-1, WIDTH).T:
        packed = packed << _FIVE | codes
    order = np.argsort(packed, kind="stable")  # a seed's letters are the highest bits
    begins = np.searchsorted(packed[order] >> np.uint64(5 * (WIDTH - SEED)), np.arange(32**SEED + 1, dtype=np.uint64))
    return _Patterns(
        packed=packed[order],
        masks=np.array([_mask(len(text)) for _, text, _ in entries], np.uint64)[order],
        fuzzy=np.array([fuzzy for *_, fuzzy in entries], np.bool_)[order],
        owners=np.array([owner for owner, *_ in entries], np.int64)[order],
        begins=begins.astype(np.int64),
    )


@cache
def _mask(length: int) -> int:
    return ((1 << 5 * length) - 1) << 5 * (WIDTH - length)


def _openings(forward: _Patterns, backward: _Patterns) -> Bytes:
    """For each run of letters (see `_Text.runs`) whether a place where it stands is to be looked at, and which way."""
    table = np.zeros((_RADIX,) * _OPENING, np.uint8)
    _mark(table, forward, _FORWARD)
    _mark(table.transpose(), backward, _BACKWARD)
    return table.reshape(-1)


def _mark(table: Bytes, patterns: _Patterns, direction: np.uint8) -> None:
    """Mark the seeds with any two letters after them that an equal pattern, or one an edit away, may have there."""
    one, two, three, *after = ((patterns.packed >> np.uint64(5 * (WIDTH - 1 - place)) & _LETTER) for place in range(6))
    seeds, everything = (one, two, three), slice(None)
    has_fourth, has_fifth = (patterns.masks & _mask(SEED + more) == _mask(SEED + more) for more in (1, 2))
    for which, second, third in (
        (~has_fourth, everything, everything),
        (has_fourth & ~has_fifth | patterns.fuzzy, after[0], everything),
        (has_fifth, after[0], after[1]),
        (patterns.fuzzy, everything, after[1]),  # another letter
        (patterns.fuzzy, everything, after[0]),  # one more letter
        (patterns.fuzzy, after[1], after[2]),  # a letter left out
        (patterns.fuzzy, after[1], after[0]),  # two letters swapped
    ):
        chosen = (*seeds, second, third)
        table[tuple(each if isinstance(each, slice) else each[which] for each in chosen)] |= direction


class _Text:
    """Labels one after another, a break before each and one behind (one may pass for an inserted letter)."""

    def __init__(self, labels: Sequence[str]) -> None:
        text = ("\t" + "\n\t".join(labels)).encode("ascii", "replace").replace(b"-", b"")
        self._raw = np.frombuffer(text, np.uint8)
        self._raw_codes = np.frombuffer(text.translate(_CODE), np.uint8)
        kept = np.ones(len(text), np.bool_)
        kept[1:] = self._raw[1:] != self._raw[:-1]
        beyond = np.zeros(WIDTH, np.uint8)
        self._codes = np.concatenate([beyond, self._raw_codes[kept], beyond])
        self._breaks = np.flatnonzero(self._raw[kept] == ord("\n"))

    def runs(self) -> npt.NDArray[np.uint32]:
        """The five letters from each place on, as a number to the base of the classes of letters."""
        one = self._codes[WIDTH:].astype(np.uint32)
        two = one[:-1] * np.uint32(_RADIX) + one[1:]
        four = two[:-2] * np.uint32(_RADIX**2) + two[2:]
        return four[:-1] * np.uint32(_RADIX) + one[4:]

    def windows(self, places: Places, step: int) -> Words:
        """The twelve letters from each of some places on, forwards or backwards, packed."""
        packed = np.zeros(len(places), np.uint64)
        for offset in range(WIDTH):
            packed = packed << _FIVE | self._codes[places + (WIDTH + step * offset)]
        return packed

    def label_of(self, places: Places) -> Places:
        """In which label each of some places is."""
        return np.searchsorted(self._breaks, places, side="right")


def _look(patterns: _Patterns, windows: Words) -> tuple[Places, Places]:
    """Which of the windows begin with a pattern with at most one edit after its seed, and whose it is."""
    seeds = (windows >> np.uint64(5 * (WIDTH - SEED))).astype(np.int64)
    counts = patterns.begins[seeds + 1] - patterns.begins[seeds]
    ends = np.cumsum(counts)
    which = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
    rows = np.repeat(patterns.begins[seeds], counts) + which
    places = np.repeat(np.arange(len(windows)), counts)
    met = _meets(windows[places], patterns, rows)
    return places[met], patterns.owners[rows[met]]


def _meets(text: Words, patterns: _Patterns, rows: Places) -> Truths:
    """Whether text and pattern are equal or one substitution, insertion, deletion or transposition apart."""
    pattern, mask = patterns.packed[rows], patterns.masks[rows]
    delta = (text ^ pattern) & mask
    met: Truths = delta == 0
    edited = np.flatnonzero(patterns.fuzzy[rows] & ~met)
    met[edited] = _is_one_edit(text[edited], pattern[edited], mask[edited], delta[edited])
    return met


def _is_one_edit(text: Words, pattern: Words, mask: Words, delta: Words) -> Truths:
    differs = _differences(delta)
    lowest = _lowest(differs)
    inserted = _differences((text ^ (pattern >> _FIVE)) & (mask >> _FIVE))
    omitted = _differences((text ^ (pattern << _FIVE)) & (mask << _FIVE))
    one_edit: Truths = (
        (differs == lowest)
        | _follows(inserted << _FIVE, differs)
        | _follows(omitted, differs)
        | _transposed(delta, pattern, differs, lowest)
    )
    return one_edit


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
