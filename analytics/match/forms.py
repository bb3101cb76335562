"""The ways a brand's name can be written in a host name, each with where it comes from and its risk of collision."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from typing import Final

from analytics.match import fold, keywords, sounds, words
from db.brands import Brand, suffix_kind

_LEAST_DOMAIN: Final = 5
"""Letters of a domain's label that stands for the brand though no name says so: scdn.co is short for anything."""
_LEAST_MAIN: Final = 6
"""Letters of the first domain's label from which it counts as a name; shorter ones are short for anything."""
_LEAST_CORE: Final = 4
"""Letters of a domain's label that is a name without its firm's words: the sber of Sberbank."""
_LEAST_GLUED: Final = 8
"""Letters of what is left of a name in one word without these, where no domain says so: Interactivebrokersllc."""
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


OF_DOMAINS: Final = frozenset({"domain", "domain word", "main domain"})


@dataclass(frozen=True, slots=True)
class _Draft:
    text: str
    derivation: str


@lru_cache(maxsize=10_000)
def derive_forms(brand: Brand) -> tuple[Form, ...]:
    """Every form of a brand, the closest to its names first, no text twice.

    A domain label that contains another form (paypalobjects) says nothing new and is left out.
    """
    found: dict[str, str] = {}
    drafts = (*_from_names(brand.names), *_from_written(brand), *_from_domains(brand.domains))
    for draft in drafts:
        if len(draft.text) >= SHORTEST and (draft.text not in found or draft.derivation in _OWN_WORDS):
            found[draft.text] = draft.derivation
    kept = {
        text: derivation
        for text, derivation in found.items()
        if derivation not in OF_DOMAINS
        or not any(len(other) > 3 and other in text and other != text for other in found)
    }
    return tuple(Form(text, derivation, _risk(text, derivation)) for text, derivation in kept.items())


def has_name(brand: Brand) -> bool:
    """Whether a name as it is written is a form; quicker than to derive all of them."""
    drafts = _from_names(brand.names)
    return any(draft.derivation in _OWN_WORDS and len(draft.text) >= SHORTEST for draft in drafts)


@cache
def _risk(text: str, derivation: str) -> str:
    if fold.has_han(text):
        return LOW if len(text) > SHORTEST else MEDIUM
    if len(text) <= 3 or text.isdigit() or words.is_common_word(text):
        return HIGH
    if (
        len(text) <= 5
        or derivation in {"initials", "mixed", "core pinyin", "domain", "main domain"}
        or words.zipf(text)
    ):
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
        yield _short_name(kept)
    if len(pieces) == 1:
        core = _without_firm_words(name := pieces[0])
        if core != name and len(core) >= _LEAST_GLUED and words.zipf(core) < words.KNOWN:
            yield _short_name(core)


def _short_name(text: str) -> _Draft:
    return _Draft(text, "everyday short name" if _is_everyday(text) else "short name")


def _without_firm_words(name: str) -> str:
    """A name in one word without the words at its end that many firms share."""
    for word in keywords.GENERIC_NAME_WORDS:
        if len(word) > SHORTEST and name.endswith(word) and len(name) > len(word):
            return _without_firm_words(name.removesuffix(word))
    return name


def _from_written(brand: Brand) -> Iterator[_Draft]:
    """What a name and a domain say together: the raiffeisen of Raiffeisenbank, the booking of Booking.com."""
    written = ["".join(_PLAIN.split(fold.read_text(name))) for name in brand.names]
    for domain in brand.domains:
        label = _label_of(domain)
        rests = [text.replace(label, "", 1) for text in written if text.startswith(label) or text.endswith(label)]
        firm = any(rest and _without_firm_words(rest) in keywords.GENERIC_NAME_WORDS for rest in rests)
        is_dotted = domain in {name.lower() for name in brand.names}
        if (firm or is_dotted) and len(label) >= _LEAST_CORE:
            yield _short_name(label)


def _label_of(domain: str) -> str:
    return _PLAIN.sub("", fold.read_label(domain.split(".", 1)[0]))


def _is_everyday(text: str) -> bool:
    """Whether a remainder is too usual to stand for the brand: the trust of Trust Wallet, the royal of Royal Bank."""
    return words.is_common_word(text) or words.zipf(text) > 4.2


def _from_domains(domains: Sequence[str]) -> Iterator[_Draft]:
    for place, domain in enumerate(domains):
        label = _label_of(domain)
        is_name = len(label) >= _LEAST_DOMAIN and not label.isdigit() and words.zipf(label) < _TOO_USUAL
        if is_name and not suffix_kind(domain):
            is_main = place == 0 and len(_without_firm_words(label)) >= _LEAST_MAIN
            yield _Draft(label, "domain word" if _is_everyday(label) else "main domain" if is_main else "domain")


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
    is_usual = "".join(core) in words.usual_chinese()
    if all(fold.has_han(run) for run in core) and size >= SHORTEST and not is_usual:
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
