"""What a label looks like to a reader: punycode decoded, lookalike characters as the ASCII letters they imitate."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Final

_LETTER_NAME: Final = re.compile(
    r"LATIN (?:LETTER )?(?:SMALL |CAPITAL )?(?:CAPITAL )?(?:LETTER )?"
    r"(?:SMALL CAPITAL |SCRIPT |OPEN |DOTLESS |LONG |TURNED )?([A-Z])(?: WITH .*| BAR)?"
)
_BY_SHAPE: Final = {
    # letters that Unicode names by sound and UTS #39 leaves alone or sends to another script
    "ӏ": "l", "ԍ": "g", "ϲ": "c", "Ϲ": "c",
    "ƅ": "b", "ь": "b", "ƻ": "2", "ƽ": "5", "ƿ": "p", "þ": "p", "ə": "a", "ʒ": "3", "ĸ": "k", "ŋ": "n", "ɑ": "a",
    "ɩ": "i", "ɪ": "i", "ʊ": "u", "æ": "ae", "œ": "oe", "ð": "d", "ß": "b", "ɛ": "e", "ε": "e", "ρ": "p", "ν": "v",
    "η": "n", "κ": "k", "τ": "t", "ω": "w", "μ": "u", "ш": "w", "щ": "w", "и": "u", "й": "u", "л": "n", "я": "r",
    "з": "3", "б": "6", "ф": "o", "п": "n", "ц": "u", "г": "r", "є": "e", "э": "e", "ы": "bl", "ю": "lo", "ж": "x",
    "д": "d", "ч": "4",
}  # fmt: skip

_PAIRS: Final = (("rn", "m"), ("nn", "m"), ("vv", "w"), ("cl", "d"))
PAIRS: Final = dict(_PAIRS)
"""Letters that together are read as one."""
_PAIR: Final = re.compile("|".join(PAIRS))
_MORE_PAIRS: Final = (
    *(("lc", "k"), ("1c", "k"), *_PAIRS, ("c1", "d"), ("lb", "b"), ("1b", "b"), ("dl", "d"), ("lh", "h"), ("rr", "n")),
    *(("uu", "w"), ("uv", "w"), ("vu", "w")),
)
"""And those that merely pass at a glance."""
_GLYPHS: Final = {
    "b": ("d", "lb", "6", "8"), "c": ("e",), "d": ("b", "cl", "dl"), "e": ("c", "3"), "g": ("q", "9"), "h": ("lh",),
    "i": ("1", "l"), "k": ("lc",), "l": ("1", "i"), "m": ("n", "nn", "rn"), "n": ("m", "r"), "o": ("0",), "q": ("g",),
    "s": ("5",), "u": ("v",), "v": ("u",), "w": ("vv",), "a": ("4",), "t": ("7",), "z": ("2",), "0": ("o",),
    "1": ("l", "i"), "3": ("8",), "6": ("9",), "8": ("3",), "9": ("6",), "rn": ("m",), "cl": ("d",),
}  # fmt: skip
"""What is written in a letter's place by those who count on a glance; the keys of two letters stand for one."""

COARSE_CLASSES: Final = ("o0", "li1j", "ec3", "s5", "bd86", "gq9", "mnr", "uvw", "a4", "t7", "z2")
"""Characters that pass for each other at a glance; the first stands for its class."""

_COARSE: Final = str.maketrans({other: group[0] for group in COARSE_CLASSES for other in group[1:]})
_STRICT: Final = str.maketrans("01i53894", "ollsebga")
_REPEATS: Final = re.compile(r"(.)\1+")
_FIRST: Final = itemgetter(1)
"""What a template `\\1` says, but read by no Python code at each call."""
_HAN: Final = re.compile(r"[\u3400-\u9fff]")


@cache
def _confusables() -> dict[str, str]:
    """UTS #39 as the package has it: each character's ASCII lookalike, lower-case letters preferred to digits."""
    spec = find_spec("confusable_homoglyphs")
    if spec is None or spec.origin is None:  # pragma: no cover - a run-time requirement
        return {}
    table = json.loads((Path(spec.origin).parent / "confusables.json").read_text("utf-8"))
    return {
        char: best
        for char, alike in table.items()
        if not char.isascii() and (best := _best_ascii(entry["c"] for entry in alike))
    }


def _best_ascii(alike: Iterable[str]) -> str:
    ranked = sorted((text for text in alike if text.isascii() and text.isalnum()), key=_ascii_rank)
    return ranked[0].lower() if ranked else ""


def _ascii_rank(text: str) -> tuple[int, int, str]:
    return (len(text), 0 if text.islower() else 1 if text.isdigit() else 2, text)


@cache
def ascii_of(char: str) -> str:
    """The ASCII letters a character passes for; the character itself where there are none (a Han character)."""
    if char.isascii():
        return char.lower()
    if char in _BY_SHAPE or has_han(char):
        return _BY_SHAPE.get(char, char)
    stripped = "".join(part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part))
    if stripped != char and stripped:
        return "".join(ascii_of(part) for part in stripped)
    named = _LETTER_NAME.fullmatch(unicodedata.name(char, ""))
    if named:
        return named.group(1).lower()
    if unicodedata.category(char) in {"Cf", "Mn"}:
        return ""  # zero-width and direction marks: seen by nobody
    return _confusables().get(char) or _other_case(char)


def _other_case(char: str) -> str:
    """What the character passes for in its other case: м is drawn like a small M."""
    lower = char.lower()
    if lower != char:
        return ascii_of(lower) if len(lower) == 1 else char
    return _confusables().get(char.upper(), char)


def decode_label(label: str) -> str:
    """A label as a browser may show it; broken punycode stays as it is.

    >>> decode_label("xn--pypal-4ve")
    'pаypal'
    """
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError, OverflowError):
        return label


def read_text(text: str) -> str:
    """Any text as lower-case ASCII where characters pass for ASCII; Han characters stay.

    >>> read_text("раураӏ")
    'paypal'
    """
    return text.lower() if text.isascii() else "".join(ascii_of(char) for char in text)


def read_label(label: str) -> str:
    """A host label, decoded and read.

    >>> read_label("xn--pypal-4ve")
    'paypal'
    """
    return read_text(decode_label(label))


def coarse(text: str) -> str:
    """A text with every character replaced by its class; equal results may pass for each other at a glance."""
    return text.translate(_COARSE)


def strict(text: str) -> str:
    """A text with the digits and letter pairs that are read as another letter replaced by it.

    >>> strict("rnicr0s0ft"), strict("paypa1"), strict("vvells")
    ('mlcrosoft', 'paypal', 'wells')
    """
    for pair, single in _PAIRS:
        text = text.replace(pair, single)
    return spelt(text)


def has_pairs(text: str) -> bool:
    """Whether letters stand side by side that are read as one."""
    return bool(_PAIR.search(text))


def without_pairs(text: str) -> tuple[str, list[int]]:
    """A text with the pairs that are read as one letter replaced, and where each letter of it began, and its end.

    >>> without_pairs("rnonzo")
    ('monzo', [0, 2, 3, 4, 5, 6])
    """
    sources, letters, end = [], [], 0
    for pair in _PAIR.finditer(text):
        sources += [*range(end, pair.start()), pair.start()]
        letters += [text[end : pair.start()], PAIRS[pair[0]]]
        end = pair.end()
    return "".join([*letters, text[end:]]), [*sources, *range(end, len(text) + 1)]


def spelt(text: str) -> str:
    """A text with the characters that pass for a letter each as that letter; i as l, since 1 passes for both.

    >>> spelt("k1arnna"), spelt("v1sa") == spelt("visa")
    ('klarnna', True)
    """
    return text.translate(_STRICT)


def glance(text: str) -> str:
    """A text as a hasty reader may take it: pairs that look like one letter replaced, then coarse.

    >>> glance("lclarna") == glance("klarna")
    True
    """
    for pair, single in _MORE_PAIRS:
        text = text.replace(pair, single)
    return coarse(text)


def lookalikes(text: str) -> set[str]:
    """The texts that differ from `text` in one place or two, by letters that pass for its own at a glance.

    >>> {"paypa1", "qaypal", "clhl", "dh1"} & (lookalikes("paypal") | lookalikes("dhl")) == {"paypa1", "clhl", "dh1"}
    True
    """
    once = reglyphed(text)
    return once | {twice for other in once for twice in reglyphed(other)} - {text}


def reglyphed(text: str) -> set[str]:
    """The texts that differ from `text` in one place, by letters that pass for its own at a glance."""
    return _rewritten(text, _GLYPHS)


def deglyphed(text: str) -> set[str]:
    """The texts of which `text` is one of the reglyphed: what may have been meant where one place is no lookalike.

    >>> "dhl" in deglyphed("dh1") and "dh1" in reglyphed("dhl")
    True
    """
    return _rewritten(text, _MEANT)


def _rewritten(text: str, table: Mapping[str, Sequence[str]]) -> set[str]:
    return {
        text[:start] + other + text[start + size :]
        for size in (1, 2)
        for start in range(len(text) - size + 1)
        for other in table.get(text[start : start + size], ())
    }


_MEANT: Final = {
    glyph: tuple(letters for letters, glyphs in _GLYPHS.items() if glyph in glyphs)
    for glyph in dict.fromkeys(chain(*_GLYPHS.values()))
}


def squeeze(text: str) -> str:
    """Runs of one character as one.

    >>> squeeze("ppayypalll")
    'paypal'
    """
    return _REPEATS.sub(_FIRST, text)


def has_repeats(text: str) -> bool:
    """Whether a character stands twice side by side."""
    return bool(_REPEATS.search(text))


def each(texts: Sequence[str], change: Callable[[str], str]) -> list[str]:
    """`change` (one of this module's that work letter by letter) of every text, all in one go; none has a line break.

    >>> each(["paypa1", "vvells"], strict)
    ['paypal', 'wells']
    """
    return change("\n".join(texts)).split("\n") if texts else []


def has_han(text: str) -> bool:
    """Whether a Chinese character is in it."""
    return bool(_HAN.search(text))
