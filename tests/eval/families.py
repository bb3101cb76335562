"""Permutations of brands' domains as dnstwist makes them, family by family."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from importlib.metadata import version
from typing import Final
from zlib import crc32

import dnstwist
import polars as pl

from analytics.match.forms import derive_forms
from analytics.match.keywords import RESTRICTED_SUFFIXES
from db.brands import Brand

FAMILIES: Final = (
    "addition", "bitsquatting", "cyrillic", "dictionary", "homoglyph", "hyphenation", "insertion", "omission",
    "plural", "repetition", "replacement", "subdomain", "tld-swap", "transposition", "various", "vowel-swap",
)  # fmt: skip
GENERATOR: Final = f"dnstwist {version('dnstwist')}"
_BRANDS: Final = 25
_A_FAMILY: Final = 250
"""Permutations drawn of a brand and family; homoglyphs run into thousands."""
_WORDS: Final = (
    "account", "app", "auth", "bank", "help", "login", "online", "pay", "secure", "service", "shop", "support",
    "update", "verify", "wallet",
)  # fmt: skip
_SUFFIXES: Final = ("cc", "cn", "co", "de", "icu", "info", "io", "net", "online", "org", "ru", "shop", "top", "xyz")
_LEAST, _MOST = 4, 20
"""Letters of a name; shorter ones are apart in every figure, and a label holds no longer ones with room to spare."""


@dataclass(frozen=True, slots=True)
class Imitated:
    """A brand, and the domain of its that is imitated."""

    brand: str
    domain: str


def choose_brands(brands: Sequence[Brand], share: float = 1.0, count: int = _BRANDS) -> list[Imitated]:
    """`count` brands with a Latin name that is the label of one of their domains.

    Nobody picks them: of all such brands those whose ids have the smallest CRC-32, so that the choice stays as it is
    when the file grows, but for one or the other.
    """
    fit = [Imitated(brand.id, domain) for brand in brands if (domain := _named_domain(brand))]
    return nsmallest(max(1, round(count * share)), fit, key=lambda one: crc32(one.brand.encode()))


def unnamed_domains(brands: Sequence[Brand]) -> list[Imitated]:
    """The first domains whose label is a form of the brand, and none of its Latin names: raiffeisen.at."""
    listed = [Imitated(brand.id, brand.domains[0]) for brand in brands if brand.domains and not _named_domain(brand)]
    forms = {brand.id: {form.text for form in derive_forms(brand)} for brand in brands}
    return [one for one in listed if len(label_of(one.domain)) >= _LEAST and label_of(one.domain) in forms[one.brand]]


def _named_domain(brand: Brand) -> str | None:
    names = {re.sub("[^a-z0-9]", "", name.lower()) for name in brand.names if name.isascii()}
    fit = (
        domain
        for domain in brand.domains
        if (label := label_of(domain)) in names and _LEAST <= len(label) <= _MOST and not _is_restricted(domain)
    )
    return next(fit, None)


def _is_restricted(domain: str) -> bool:
    """Whether no stranger gets a name beside it: caixa.gov.br."""
    return not RESTRICTED_SUFFIXES.isdisjoint(domain.split(".")[1:])


def label_of(domain: str) -> str:
    """The name in a domain: its first label without hyphens."""
    return domain.partition(".")[0].replace("-", "")


def permutations(imitated: Sequence[Imitated]) -> pl.DataFrame:
    """`name`, `brand`, `family`, `letters` (of the brand's own); a name that two families make stands in both."""
    return pl.DataFrame(
        [
            (name, one.brand, family, len(label_of(one.domain)))
            for one in imitated
            for family, name in _permute(one.domain)
        ],
        schema={"name": pl.String, "brand": pl.String, "family": pl.String, "letters": pl.Int64},
        orient="row",
    )


def _permute(domain: str) -> Iterator[tuple[str, str]]:
    for family in FAMILIES:
        for label, listed in _sorted_by_looks(family, permute(domain, family)):
            yield from ((label, name) for name in nsmallest(_A_FAMILY, listed, key=lambda name: crc32(name.encode())))


def permute(domain: str, family: str) -> list[str]:
    """All permutations of one family, sorted."""
    fuzzer = dnstwist.Fuzzer(domain, dictionary=_WORDS, tld_dictionary=_SUFFIXES)
    fuzzer.generate(fuzzers=[family])
    return sorted({one["domain"] for one in fuzzer.domains} - {domain})


def _sorted_by_looks(family: str, names: list[str]) -> Iterator[tuple[str, list[str]]]:
    """The homoglyphs of dnstwist as two families: those of ASCII are easily seen, or easily lost among the others."""
    if family != "homoglyph":
        yield family, names
        return
    yield "homoglyph, ASCII", [name for name in names if "xn--" not in name]
    yield "homoglyph, punycode", [name for name in names if "xn--" in name]
