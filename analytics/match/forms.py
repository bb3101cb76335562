"""The ways a brand's name can be written in a host name, each with where it comes from and its risk of collision."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Final

from analytics.match import fold, keywords, sounds, words
from db.brands import Brand, suffix_kind

_LEAST_DOMAIN: Final = 5
"""Letters of a domain's label that stands for the brand though no name says so: scdn.co is short for anything."""
_LEAST_SOUND: Final = 5
"""Letters of pinyin from which it is more than a syllable or two of anything: the bian of 币安."""
_TOO_USUAL: Final = 4.8
"""Zipf value of the thousand commonest words; what is left of a name stands for nobody then: the china of its banks."""
SHORTEST: Final = 2
"""A single letter is nobody's name in a host."""
_DIGITS_ZH: Final = dict(
    zip("0123456789", ("ling", "yi", "er", "san", "si", "wu", "liu", "qi", "ba", "jiu"), strict=True)
)
_PLAIN: Final = re.compile(r"[^a-z0-9]+")
_RUNS: Final = re.compile(r"[\u3400-\u9fff]|[a-z]+|[0-9]+")

LOW: Final = "low"
MEDIUM: Final = "medium"
HIGH: Final = "high"


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a brand's name."""

    text: str
    """Lower-case ASCII letters and digits, or Chinese characters."""
    derivation: str
    """How it came from the brand: name, short name, domain, domain word, characters, pinyin, initials, mixed ..."""
    risk: str
    """low: nobody else writes this; medium: short or derived; high: an ordinary word, or two or three letters."""

    @property
    def is_word(self) -> bool:
        """Whether an ordinary word is written the same."""
        return self.text.isascii() and words.is_common_word(self.text)


_OWN_WORDS: Final = frozenset({"name", "characters"})
"""Derivations that change nothing in the name; they stand where the same text is derived from another name as well."""


@dataclass(frozen=True, slots=True)
class _Draft:
    text: str
    derivation: str


def derive_forms(brand: Brand) -> list[Form]:
    """Every form of a brand, the closest to its names first, no text twice.

    A domain label that contains another form (paypalobjects) says nothing new and is left out.
    """
    found: dict[str, str] = {}
    for draft in (*_from_names(brand.names), *_from_domains(brand.domains)):
        if len(draft.text) >= SHORTEST and (draft.text not in found or draft.derivation in _OWN_WORDS):
            found[draft.text] = draft.derivation
    kept = {
        text: derivation
        for text, derivation in found.items()
        if not derivation.startswith("domain")
        or not any(len(other) > 3 and other in text and other != text for other in found)
    }
    return [Form(text, derivation, _risk(text, derivation)) for text, derivation in kept.items()]


@cache
def _risk(text: str, derivation: str) -> str:
    if fold.has_han(text):
        return LOW if len(text) > SHORTEST else MEDIUM
    if len(text) <= 3 or text.isdigit() or words.is_common_word(text):
        return HIGH
    if len(text) <= 5 or derivation in {"initials", "mixed", "core pinyin", "domain"} or words.zipf(text):
        return MEDIUM
    return LOW


def _from_names(names: Sequence[str]) -> Iterator[_Draft]:
    for name in names:
        if fold.has_han(name):
            yield from _from_chinese(name)
        else:
            yield from _from_latin(name)


def _from_latin(name: str) -> Iterator[_Draft]:
    pieces = [piece for piece in _PLAIN.split(fold.read_text(name).replace("'", "")) if piece]
    yield _Draft("".join(pieces), "name")
    if "&" in name and pieces:
        yield _Draft("".join(_PLAIN.split(fold.read_text(name).replace("&", "and"))), "name")
    kept = "".join(piece for piece in pieces if piece not in keywords.GENERIC_NAME_WORDS)
    if kept and kept != "".join(pieces) and words.zipf(kept) < _TOO_USUAL:
        yield _Draft(kept, "everyday short name" if _is_everyday(kept) else "short name")


def _is_everyday(text: str) -> bool:
    """Whether a remainder is too usual to stand for the brand: the trust of Trust Wallet, the royal of Royal Bank."""
    return words.is_common_word(text) or words.zipf(text) > 4.2


def _from_domains(domains: Sequence[str]) -> Iterator[_Draft]:
    for domain in domains:
        label = _PLAIN.sub("", fold.read_label(domain.split(".", 1)[0]))
        is_name = len(label) >= _LEAST_DOMAIN and not label.isdigit() and words.zipf(label) < _TOO_USUAL
        if is_name and not suffix_kind(domain):
            yield _Draft(label, "domain word" if _is_everyday(label) else "domain")


def _from_chinese(name: str) -> Iterator[_Draft]:
    text = name.translate(words.simplified()).lower()
    runs = _RUNS.findall(text)
    yield _Draft("".join(runs), "characters")
    core = _core(runs)
    syllables = _syllables(runs)
    if len("".join(syllables)) >= _LEAST_SOUND:
        yield _Draft("".join(syllables), "pinyin")
    if len(core) < len(runs):
        yield from _from_core(runs, core, syllables)
    initials = "".join(_initial(syllable) for syllable in syllables)
    if len(syllables) > 2:
        yield _Draft(initials, "initials")
    if any(run.isdigit() for run in runs):
        yield _Draft("".join(_spoken(syllable) for syllable in syllables), "spoken digits")


def _from_core(runs: list[str], core: list[str], syllables: list[str]) -> Iterator[_Draft]:
    size = len(core)
    if all(fold.has_han(run) for run in core) and size >= SHORTEST:
        yield _Draft("".join(core), "core characters")
        yield _Draft("".join(syllables[:size]), "core pinyin")
    rest = "".join(_initial(syllable) for syllable in syllables[size:])
    yield _Draft("".join(syllables[:size]) + rest, "mixed")
    if "".join(runs[size:]) == "银行":
        yield _Draft("".join(syllables[:size]) + "bank", "mixed")


def _core(runs: list[str]) -> list[str]:
    """The runs of a name without the word that many firms share; the whole name where nothing would be left."""
    text = "".join(runs)
    for suffix in keywords.GENERIC_SUFFIXES_ZH:
        if text.endswith(suffix) and len(runs) > len(suffix):
            return runs[: -len(suffix)]
    return runs


def _syllables(runs: list[str]) -> list[str]:
    """The sounds of a name; characters side by side are read together."""
    grouped = groupby(runs, key=fold.has_han)
    return [each for is_han, group in grouped for each in (sounds.syllables("".join(group)) if is_han else group)]


def _initial(syllable: str) -> str:
    return syllable if syllable.isdigit() or len(syllable) == 1 else syllable[0]


def _spoken(syllable: str) -> str:
    return "".join(_DIGITS_ZH[digit] for digit in syllable) if syllable.isdigit() else syllable
