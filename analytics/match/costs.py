"""What it costs to take one spelling for another, and by which of dnstwist's techniques the one came from the other."""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from rapidfuzz.distance import OSA

from analytics.match import fold

_KEYS: Final = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_VOWELS: Final = frozenset("aeiou")
CHEAP: Final = 0.4
"""Cost of a difference that the eye skips: a lookalike letter, a repeated letter."""
GLANCE: Final = 0.55
"""Cost of letters of one coarse class that an attentive reader tells apart (b and d)."""
LOOKS: Final = 0.65
"""The greatest cost of one such letter, the first of the name."""
_AGAIN: Final = 0.25
"""Cost of another such letter: who has overlooked one overlooks the next."""
BESIDE: Final = 0.04
"""Cost of a lookalike beside another difference: who doubts the name doubts it for the other, which shows more."""
_LEAST_BESIDE: Final = 5
"""Letters of a name that bears both."""
_HALF_READ: Final = 4
"""Letters of a name of which half must stand for the others to be digits: a188 is not albb."""
_FIRST_LOST: Final = 7
"""Letters from which a name is known without its first."""
LONGER: Final = 2
"""Letters by which a lookalike may be longer: dl for d, twice."""
SHORTER: Final = -1
"""The same; m for rn makes it shorter."""
MANY: Final = 1 << 15
"""Answers that are kept: what resembles a form stands in many labels, and three of four questions are asked again."""
_SLIP: Final = 0.9
"""Cost of what fingers do: neighbouring keys, vowels, two letters swapped."""


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
    for shortest, cost in ((14, 4.0), (12, 3.0), (8, 2.1), (4, 1.15)):
        if length >= shortest:
            return cost
    return 0.5


@lru_cache(maxsize=MANY)
def cost_of(form: str, window: str, *, is_framed: bool = True) -> float:
    """What it costs to take `window` for `form`: 0 for the same letters, about one for each plain difference.

    Args:
        form: the brand's.
        window: letters of a label.
        is_framed: whether the window begins and ends where a word does; else i for l is no lookalike beside an edit.
    """
    distance = OSA.distance(form, window)
    if distance == 0:
        return 0.0
    looks = distance if _has_m_for_r(form, window) else _looks_cost(form, window, distance)
    if distance == 1:
        return min(looks, _edit_cost(form, window))
    if looks > CHEAP + BESIDE:
        looks = min(looks, _beside_cost(form, window, is_framed=is_framed))
    _, ours, theirs = middles(form, window)
    return min(looks, 1.0 if (ours, theirs) == ("", "es") else distance)  # a plural of a part: microsesoft


def _looks_cost(form: str, window: str, distance: int) -> float:
    """The cost where the differences are lookalikes or repeats, large otherwise."""
    folds, strict_window = folds_of(form), fold.strict(window)
    if folds.strict == strict_window and (
        distance == 1 or len(form) > _HALF_READ or _numbers(form, window) * 2 <= len(form)
    ):
        return CHEAP
    if _is_alike(form, window):
        return GLANCE + _AGAIN * (min(distance, 3) - 1)
    if is_lookalike(form, window):
        return GLANCE + _AGAIN
    squeezed_window = fold.squeeze(strict_window)
    if folds.squeezed_strict == squeezed_window and len(strict_window) >= len(folds.squeezed):
        return CHEAP if len(strict_window) > len(folds.strict) else _single_cost(folds, window)
    if len(window) > len(form) + 1:
        return GLANCE + OSA.distance(folds.squeezed_strict, squeezed_window)
    return CHEAP + OSA.distance(folds.coarse_strict, fold.coarse(strict_window))


def _beside_cost(form: str, window: str, *, is_framed: bool) -> float:
    """The cost where one edit is left when ASCII lookalikes are read as the letters they pass for, large otherwise."""
    unlike = float(len(form))
    if len(form) < _LEAST_BESIDE or abs(len(window) - len(form)) > LONGER:
        return unlike
    folds = folds_of(form)
    read = ((folds.spelt, fold.spelt(window)), (folds.strict, fold.strict(window)))
    near = [pair for pair in read if OSA.distance(*pair, score_cutoff=1) == 1]
    if not near or _numbers(form, window) * 3 > len(window):
        return unlike
    if not _bears_both(form, window, is_framed=is_framed, is_first_lost=near[0][0][0] != near[0][1][0]):
        return unlike
    return min(_edit_cost(*pair) for pair in near) + BESIDE


def _bears_both(form: str, window: str, *, is_framed: bool, is_first_lost: bool) -> bool:
    """Whether a lookalike and an edit may both be meant.

    In the midst of a word five letters are a part of anything, and a digit at either end is a number's; many words
    have i for l by chance.
    """
    has_number = window[0].isdigit() or window[-1].isdigit()
    if has_number and len(window) < _LEAST_BESIDE:
        return False  # bot5 is no boots
    if not is_framed and (len(form) == _LEAST_BESIDE or has_number):
        return False
    return not _is_ambiguous(form, window) or (is_framed and (not is_first_lost or len(form) >= _FIRST_LOST))


def _numbers(form: str, window: str) -> int:
    """How many digits stand for letters."""
    return sum(map(str.isdigit, window)) - sum(map(str.isdigit, form))


def _is_ambiguous(form: str, window: str) -> bool:
    """Whether i and l are all that is alike beside an edit: many words have them by chance, none a digit or vv."""
    return OSA.distance(form.replace("i", "l"), window.replace("i", "l"), score_cutoff=1) == 1


def _is_alike(form: str, window: str) -> bool:
    """Whether two texts pass for each other at a glance."""
    folds = folds_of(form)
    is_same = folds.glance == fold.glance(window) or folds.coarse == fold.coarse(window)
    return is_same and not _has_m_for_r(form, window)


def _has_m_for_r(form: str, window: str) -> bool:
    """Whether m stands for r or r for m: both pass for n, neither for the other (hrpassport)."""
    return len(form) == len(window) and not _M_AND_R.isdisjoint(zip(form, window, strict=True))


_M_AND_R: Final = frozenset({("m", "r"), ("r", "m")})


def _single_cost(folds: "Folds", window: str) -> float:
    """The cost of a double letter written once (alegro), with lookalikes besides (bot5 for boots)."""
    return GLANCE if folds.squeezed == fold.squeeze(window) else GLANCE + _SLIP


def is_lookalike(form: str, window: str) -> bool:
    """Whether `window` is `form` with a letter or two that pass for its own (fold.lookalikes)."""
    longer = len(window) - len(form)
    if not SHORTER <= longer <= LONGER or window == form:
        return False
    most = _TWO_PLACES + (_TWO_PLACES if "rn" in form or "cl" in form else abs(longer))
    if OSA.distance(form, window, score_cutoff=most) > most:
        return False  # quickly told
    once = _reglyphed(form)
    return (window in once or not once.isdisjoint(fold.deglyphed(window))) and not _has_m_for_r(form, window)


_TWO_PLACES: Final = 2
"""Edits that two letters in the place of two amount to; a pair for a letter, or a letter for a pair, is one more."""


@lru_cache(maxsize=4_096)
def _reglyphed(form: str) -> set[str]:
    return fold.reglyphed(form)


@dataclass(frozen=True, slots=True)
class Folds:
    """What a form looks like in the ways of analytics.match.fold."""

    coarse: str
    strict: str
    glance: str
    squeezed: str
    squeezed_strict: str
    coarse_strict: str
    spelt: str
    paired: str


@cache
def folds_of(form: str) -> Folds:
    """What a form looks like; forms are few and asked about often."""
    strict = fold.strict(form)
    return Folds(
        fold.coarse(form),
        strict,
        fold.glance(form),
        fold.squeeze(form),
        fold.squeeze(strict),
        fold.coarse(strict),
        fold.spelt(form),
        fold.without_pairs(form)[0],
    )


def middles(form: str, window: str) -> tuple[int, str, str]:
    """Where the two begin to differ, and the different parts."""
    head = 0
    while head < min(len(form), len(window)) and form[head] == window[head]:
        head += 1
    tail = 0
    while tail < min(len(form), len(window)) - head and form[-1 - tail] == window[-1 - tail]:
        tail += 1
    return head, form[head : len(form) - tail], window[head : len(window) - tail]


def _edit_cost(form: str, window: str) -> float:
    head, ours, theirs = middles(form, window)
    first = 0.1 if head == 0 else 0.0  # the eye reads the first letter
    if not ours:
        return (CHEAP if theirs in (form[head - 1 : head], form[head : head + 1]) else 1.0) + first
    if len(ours) == len(theirs) == 1:
        return _substitution_cost(ours, theirs) + first
    return (_SLIP if len(ours) == len(theirs) else 1.0) + first


def _substitution_cost(ours: str, theirs: str) -> float:
    if fold.strict(ours) == fold.strict(theirs):
        return CHEAP
    if _is_alike(ours, theirs):
        return GLANCE
    if theirs in _NEIGHBOURS.get(ours, ()) or {ours, theirs} <= _VOWELS:
        return _SLIP
    return 1.0


@lru_cache(maxsize=MANY)
def technique_of(form: str, window: str) -> str:
    """The word of dnstwist for the way from `form` to `window`; looks go before slips where both fit."""
    is_longer = len(window) > len(form)
    if is_longer and fold.squeeze(form) == fold.squeeze(window):  # before looks: nn passes for m, and m for n
        return "repetition"
    if _is_alike(form, window) or is_lookalike(form, window):
        return "homoglyph"
    if not _is_ambiguous(form, window) and _beside_cost(form, window, is_framed=True) < len(form):
        return "homoglyph"
    head, ours, theirs = middles(form, window)
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
