"""Ordinary words of some Latin-script languages, and the likeliest way to read a run of letters as words.

The lists are wordfreq's small ones: words seen at least about once in a million (Zipf value 3 and more), so that a
product name seen now and then is no ordinary word. They are read when the first candidate needs them.
"""

import gzip
import math
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.util import find_spec
from operator import itemgetter
from pathlib import Path
from typing import Final

import msgpack

from analytics.match import keywords
from analytics.match.lexicon import Lexicon

_LANGUAGES: Final = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "tr", "id", "ro", "cs", "da", "fil")
_FOREIGN: Final = 0.8
"""Zipf points by which a word of another language than English counts less: host names are mostly English."""
_RAREST: Final = 600
"""Centibels: words met once in a million are ordinary still, Zipf value 3."""
_READ: Final = 1 << 16
"""Bytes of a list read at once; pieces as small as msgpack asks for cost a third more."""
_RAREST_FOREIGN: Final = 550
"""Rarer ones are left unread, three fifths of all: they would cost every call 0.15 s."""
UNKNOWN_LETTER: Final = 1.9
"""log10 cost of a letter that belongs to no word: a little more than log10(36) = 1.56, as if at random."""
WORD_START: Final = 0.5
KNOWN: Final = 3.2
"""Zipf value of a word that its readers know: herpes, revolt."""
_INFLECTIONS: Final = ("s", "es", "d", "ed", "ing", "er", "ers", "n", "e", "en")


def _data_folder() -> Path:
    spec = find_spec("wordfreq")
    if spec is None or spec.origin is None:  # pragma: no cover - a run-time requirement
        raise ModuleNotFoundError("wordfreq")
    return Path(spec.origin).parent / "data"


def _read_list(language: str) -> Iterator[tuple[float, list[str]]]:
    """The words of a language by the cost of meeting them, the most frequent first, as far as they matter."""
    least, more = (_RAREST, 0.0) if language == "en" else (_RAREST_FOREIGN, _FOREIGN)
    with gzip.open(_data_folder() / f"small_{language}.msgpack.gz") as stream:
        lists = msgpack.Unpacker(stream, raw=False, read_size=_READ)
        rarities = lists.read_array_header() - 1  # behind a header the words of rarity 0, 1, 2 ... centibels
        lists.skip()
        for centibels in range(min(rarities, least)):
            yield centibels / 100 + WORD_START + more, lists.unpack()


@cache
def _costs() -> dict[str, float]:
    """Each ordinary word's cost in a reading: log10 of how rare it is, and of how seldom a word begins here."""
    ranked = [entry for language in _LANGUAGES for entry in _read_list(language)]
    ranked.sort(key=itemgetter(0), reverse=True)  # the most frequent last: it stays
    return {word: cost for cost, words in ranked for word in words if word.isascii()}


def zipf(word: str) -> float:
    """The Zipf value of an ASCII word (log10 of occurrences in a thousand million words), 0 where it is none."""
    cost = _costs().get(word)
    return 0.0 if cost is None else 9 + WORD_START - cost


@cache
def is_common_word(word: str) -> bool:
    """Whether a brand's name is a word of the language as well (orange, chase): it is inflected like one.

    Frequency does not tell: `facebook` is more frequent than `orange`. Its plural is not.
    """
    if word in keywords.ALSO_WORDS:
        return True
    own = zipf(word)
    if own < 2.9:
        return False
    stems = [word[: -len(end)] for end in ("s", "es", "e") if word.endswith(end) and len(word) > len(end) + 2]
    kin = [word + end for end in _INFLECTIONS] + ([word[:-1] + "ing"] if word.endswith("e") else [])
    is_plural = any(zipf(stem) > max(_STEM, own - _PLURAL_MORE) for stem in stems)
    return is_plural or any(zipf(other) > own - 1.7 for other in kin)


@cache
def lexicon() -> Lexicon:
    """All the words, to look for stretches in."""
    return Lexicon(_costs().keys())


@lru_cache(maxsize=100_000)
def zipf_around(text: str, edge: str) -> float:
    """The Zipf value of all longer words together that begin (`leading`), end (`trailing`) with a text, or hold it.

    Left out are its own inflections and what is ten times rarer, which comes from it (facebooka). High for `citi`
    (cities, citizen), 0 for `usps`.
    """
    own, kin = zipf(text) - 1, _inflected(text)
    total = sum(10 ** zipf(word) for word in lexicon().holding(text, edge) if word not in kin and zipf(word) > own)
    return math.log10(total) if total else 0.0


def _inflected(word: str) -> set[str]:
    return {word, *(word + end for end in _INFLECTIONS)}


@cache
def usual_chinese() -> frozenset[str]:
    """The commonest Chinese words, Zipf value 4.8 and more: 中国, 台湾, 农业."""
    with gzip.open(_data_folder() / "small_zh.msgpack.gz") as stream:
        lists = msgpack.Unpacker(stream, raw=False)
        lists.read_array_header()
        lists.skip()
        return frozenset(word for _ in range(_USUAL_CHINESE + 1) for word in lists.unpack())


_USUAL_CHINESE: Final = 420
"""Centibels."""


_STEM: Final = 3.6
"""Zipf value of a word that has a plural: boot, not the usp of USPS or the barclay of Barclays."""
_PLURAL_MORE: Final = 0.3
"""Zipf points by which a plural may be more frequent than its stem: boots and boot."""


def is_made_of_words(text: str) -> bool:
    """Whether a text is two words that everybody knows, of three letters and more: open and api, ned and bank."""
    cuts = range(_TINIEST, len(text) - _TINIEST + 1)
    return any(min(zipf(text[:cut]), zipf(text[cut:])) >= KNOWN for cut in cuts)


def is_word_of(text: str, word: str) -> bool:
    """Whether a text is an ordinary word, or `word` inflected: purchase with chase in it, ledgers of ledger."""
    return zipf(text) > 0 or text in _inflected(word)


@cache
def simplified() -> dict[int, str]:
    """Traditional characters to simplified ones, wordfreq's table."""
    with gzip.open(_data_folder() / "_chinese_mapping.msgpack.gz") as stream:
        return dict(msgpack.load(stream, raw=False, strict_map_key=False))


@lru_cache(maxsize=100_000)
def read_cost(text: str) -> float:
    """The cost (log10, lower is likelier) of the best reading of `text` as words."""
    cost_of, length, heads, ends = _costs().get, len(text), _heads(), range(1, len(text) + 1)
    best = [0.0] + [math.inf] * length
    for start in range(length):
        here = best[start]
        if here + UNKNOWN_LETTER < best[start + 1]:  # noqa: PLR1730 - calls of min() double the time of the loop
            best[start + 1] = here + UNKNOWN_LETTER
        far = _LONGEST if heads is None or text[start : start + _HEAD] in heads else _HEAD - 1
        for end in ends[start : start + far]:
            piece = text[start:end]
            if end - start < _TINIEST and piece not in _TINY:
                continue
            cost = cost_of(piece)
            if cost is not None and here + cost < best[end]:
                best[end] = here + cost
    return best[-1]


@lru_cache(maxsize=100_000)
def read_costs(text: str, name: str) -> tuple[float, float]:
    """The costs of the best reading of `text` as words, and of the best in which `name` is none of them.

    >>> with_it, without = read_costs("googleplay", "google")
    >>> with_it < without
    True
    """
    cost_of, length, heads, ends = _costs().get, len(text), _heads(), range(1, len(text) + 1)
    derived = cost_of(name, 0) + 0.5  # rarer than the name it begins with: facebooka
    any_best, other_best = ([0.0] + [math.inf] * length for _ in range(2))
    for start in range(length):
        any_here, other_here = any_best[start], other_best[start]
        if any_here + UNKNOWN_LETTER < any_best[start + 1]:  # noqa: PLR1730 - calls of min() double the time of the loop
            any_best[start + 1] = any_here + UNKNOWN_LETTER
        if other_here + UNKNOWN_LETTER < other_best[start + 1]:  # noqa: PLR1730 - calls of min() double the time of the loop
            other_best[start + 1] = other_here + UNKNOWN_LETTER
        far = _LONGEST if heads is None or text[start : start + _HEAD] in heads else _HEAD - 1
        for end in ends[start : start + far]:
            piece = text[start:end]
            if end - start < _TINIEST and piece not in _TINY:
                continue
            cost = cost_of(piece)
            if cost is None:
                continue
            if cost > derived > 0.5 and piece.startswith(name):
                continue
            if any_here + cost < any_best[end]:  # noqa: PLR1730 - calls of min() double the time of the loop
                any_best[end] = any_here + cost
            if piece != name and other_here + cost < other_best[end]:
                other_best[end] = other_here + cost
    return any_best[-1], other_best[-1]


def _heads() -> frozenset[str] | None:
    """What longer words begin with, once so much was read that the table pays."""
    return heads() if read_costs.cache_info().misses > _FEW else None


@cache
def heads() -> frozenset[str]:
    """With which letters words of `_HEAD` and more begin: where none begins, no longer piece is looked up.

    Shorter words stand in it too.
    """
    return frozenset(map(itemgetter(slice(_HEAD)), _costs()))


_FEW: Final = 200
"""Texts read without the table, which takes 25 ms: what it saves with two thousand texts."""
_HEAD: Final = 5
"""Letters; with fewer too many places may begin a word, with more the shorter pieces are looked up for nothing."""
_LONGEST: Final = 18
"""Letters of the longest word that is read as one; nobody writes longer ones in a host."""
_TINIEST: Final = 3
"""Letters from which any word of the lists counts."""
_TINY: Final = frozenset(
    [
        "a",
        "i",
        "my",
        "we",
        "go",
        "to",
        "of",
        "in",
        "on",
        "at",
        "by",
        "us",
        "uk",
        "up",
        "tv",
        "it",
        "is",
        "me",
        "be",
        "do",
        "or",
        "an",
        "no",
        "so",
    ]
)
"""The words of one or two letters that stand in host names; the lists hold hundreds of abbreviations."""
