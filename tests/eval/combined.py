"""Names of our own making: for every form of every brand with words, and of two techniques at once."""

from collections.abc import Iterator, Sequence
from heapq import nsmallest
from typing import Final
from zlib import crc32

import polars as pl
from rapidfuzz.distance import OSA

from analytics.match.costs import middles
from analytics.match.forms import Form, derive_forms
from db.brands import Brand
from tests.eval.families import Imitated, label_of, permute

_WORDS: Final = ("login", "secure", "account", "verify", "support", "online", "pay", "kefu", "app", "vip")
_ENDS: Final = ("com", "top", "net", "xyz", "org", "cc")
_LOOKS: Final = (("o", "0"), ("l", "1"), ("i", "1"), ("m", "rn"), ("w", "vv"), ("e", "3"), ("a", "4"), ("s", "5"))
_ASCII_LOOKS: Final = (*_LOOKS, ("m", "nn"), ("d", "cl"), ("i", "l"), ("l", "i"), ("g", "9"), ("b", "8"))
"""What is written for a letter, one place at a time: all that analytics.match.fold.strict reads as the letter."""
PAIRED: Final = (
    "addition", "hyphenation", "insertion", "omission", "repetition", "replacement", "transposition", "vowel-swap",
)  # fmt: skip
"""The techniques that are combined with a lookalike of ASCII."""
_BESIDE: Final = "login"
_A_PAIR: Final = 25
"""Names of a brand and pair, of each kind."""
_LEAST_PAIRED: Final = 5
"""Letters from which a name bears two changes."""
_A_FAMILY: Final = 12
"""Names of a brand and family."""
_LEAST: Final = 6
"""Letters of a name that is misspelt and has company besides."""


def combinations(brands: Sequence[Brand]) -> pl.DataFrame:
    """`name`, `brand`, `family`: form and word, typo and word, looks and hyphen; the same ones each time."""
    rows = [
        (name, brand.id, family)
        for brand in brands
        for family, names in _families(brand).items()
        for name in nsmallest(_A_FAMILY, names, key=lambda name: crc32(name.encode()))
    ]
    return pl.DataFrame(rows, schema={"name": pl.String, "brand": pl.String, "family": pl.String}, orient="row")


def pairs(imitated: Sequence[Imitated]) -> pl.DataFrame:
    """`name`, `brand`, `family` (`omission + homoglyph`), `kind` (`alone`, `with a word`): two techniques at once."""
    rows = [
        (name, one.brand, f"{technique} + homoglyph", kind)
        for one in imitated
        if len(label_of(one.domain)) >= _LEAST_PAIRED
        for technique in PAIRED
        for kind, names in _paired(one.domain, technique).items()
        for name in nsmallest(_A_PAIR, names, key=lambda name: crc32(name.encode()))
    ]
    return pl.DataFrame(rows, schema=["name", "brand", "family", "kind"], orient="row")


def _paired(domain: str, technique: str) -> dict[str, set[str]]:
    label, _, suffix = domain.partition(".")
    changed = (name.partition(".")[0] for name in permute(domain, technique))
    labels = {twice for once in changed for twice in _looks_beside(once, label)}
    return {
        "alone": {f"{label}.{suffix}" for label in labels},
        "with a word": {f"{label}-{_BESIDE}.{suffix}" for label in labels},
    }


def _looks_beside(changed: str, label: str) -> Iterator[str]:
    """A changed label with one letter, which the change left alone, as a lookalike."""
    head, _, theirs = middles(label, changed)
    for place, letter in enumerate(changed):
        if not head <= place < head + len(theirs):
            twice = (changed[:place] + glyph + changed[place + 1 :] for one, glyph in _ASCII_LOOKS if one == letter)
            yield from (text for text in twice if OSA.distance(label, text) > 1)


def _families(brand: Brand) -> dict[str, set[str]]:
    forms = [form for form in derive_forms(brand) if form.text.isascii() and not form.derivation.startswith("domain")]
    short = [form.text for form in forms if len(form.text) < _LEAST]
    long = [form.text for form in forms if len(form.text) >= _LEAST and not form.is_word]
    return {
        "form and word": set(_ended(text for form in forms for text in _with_word(form.text))),
        "derived form": set(_ended(form.text for form in forms if _stands_alone(form))),
        "looks and word": set(_ended(text for name in short for like in _looks(name) for text in _with_word(like))),
        "typo and word": set(_ended(text for name in long for typo in _typos(name) for text in _with_word(typo))),
        "looks and hyphen": set(_ended(text for name in long for like in _looks(name) for text in _hyphenated(like))),
    }


def _stands_alone(form: Form) -> bool:
    return len(form.text) > 4 and not form.is_word


def _ended(labels: Iterator[str]) -> Iterator[str]:
    return (f"{label}.{end}" for label in labels for end in _ENDS)


def _with_word(text: str) -> Iterator[str]:
    for word in _WORDS:
        yield from (f"{text}-{word}", f"{word}-{text}", f"{text}{word}", f"{word}{text}")


def _typos(name: str) -> Iterator[str]:
    for place in range(1, len(name) - 1):
        yield name[:place] + name[place + 1] + name[place] + name[place + 2 :]
        yield name[:place] + name[place + 1 :]


def _looks(name: str) -> Iterator[str]:
    return (name.replace(ours, theirs) for ours, theirs in _LOOKS if ours in name)


def _hyphenated(name: str) -> Iterator[str]:
    return (f"{name[:place]}-{name[place:]}" for place in range(2, len(name) - 1))
