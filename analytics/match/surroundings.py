"""What the rest of a host says about a name in one of its labels."""

import re
from typing import Final, NamedTuple

from analytics.match import keywords
from analytics.match.stretch import kind_of

_SUPPORT: Final = frozenset(
    {"rest own", "rest strong", "other own", "other strong", "keyword elsewhere", "official embedded", "cheap suffix"}
)
_ASKING: Final = frozenset({"rest strong", "other strong"})
_SHORT: Final = frozenset({"letters 2", "letters 3"})
_SMALL: Final = frozenset({"letters 4", "letters 5"})
_EXACT: Final = frozenset({"same", "characters"})
_TOLD_APART: Final = ("rest ", "other ", "plain gain ", "by ", "in words ", "reads ")
_APART: Final = frozenset(
    {"whole", "both edges", "leading", "trailing", "inside", "first letter", "is a word", "is a rare word"}
    | {"is an ordinary word"}
    | {
        "country suffix",
        "keyword elsewhere",
        "subdomain",
        "tenant",
        "unsupported",
        "one more character",
        "number",
        "digit at its end",
        "made of words",
    }
    | {"the word alone", "alone in front", "before an end", "behind www"}
)


def combine(facts: frozenset[str]) -> frozenset[str]:
    """The facts; with them those that depend on what met, told once more with its kind; and those of whole labels."""
    kind = _kind(facts)
    if kind == "short" and facts & _ASKING:
        facts -= {"country suffix"}  # a country's firms share two letters with a brand, but need no login beside them
    facts = facts if facts & _SUPPORT else facts | {"unsupported"}
    more = {f"{kind}, {fact}" for fact in facts if fact in _APART or fact.startswith(_TOLD_APART)}
    if kind == "word" and "unsupported" in facts and facts & _ORDINARY:
        more.add("word among words")
    if "whole" in facts:
        more |= {
            f"{kind} whole, {fact}" for fact in facts if fact in _WHOLE_WITH or fact.startswith(("letters ", "by "))
        }
    return facts | more


def _kind(facts: frozenset[str]) -> str:
    """What met: a word, a short name, a small or a long one, or a small or long one that is misspelt."""
    is_small = bool(facts & (_SMALL | _SHORT))
    if not facts & _EXACT:
        return "small edited" if is_small else "edited"
    if "word" in facts:
        return "word"
    return "short" if facts & _SHORT else "small" if is_small else "long"


_ORDINARY: Final = frozenset({"rest words", "other words"})
_WHOLE_WITH: Final = frozenset(
    {
        "alone in front",
        "is an ordinary word",
        "country suffix",
        "cheap suffix",
        "is a word",
        "is a rare word",
        "first letter",
        "made of words",
        "the word alone",
    }
)


class Surroundings(NamedTuple):
    """What the rest of the host says."""

    facts: frozenset[str]
    keyword: str = ""
    embedded: str = ""
    """The official domain that the host carries in front of its own."""


class HostParts(NamedTuple):
    """A host, cut up: what its surroundings are asked about."""

    host: str
    labels: list[str]
    """Without the public suffix, left to right, as read."""
    place: int
    """Which of them holds the span."""
    suffix: str
    is_shared: bool
    """Whether the suffix is a landlord's, and the label before it a tenant's."""
    own_keywords: frozenset[str]
    domains: tuple[str, ...]
    """The brand's official ones."""


def surround(parts: HostParts) -> Surroundings:
    """The facts about the host around the label that holds the span."""
    last = len(parts.labels) - 1
    facts = {
        "tenant" if parts.is_shared and parts.place == last else "registrable" if parts.place == last else "subdomain"
    }
    if parts.place == last:
        facts |= _suffix_facts(parts.suffix)
    if parts.suffix in keywords.RISKY_SUFFIXES:
        facts.add("cheap suffix")
    tokens = [token for place, label in enumerate(parts.labels) if place != parts.place for token in label.split("-")]
    kinds = {kind_of(token, parts.own_keywords): token for token in tokens if token != "www"}  # noqa: S105 - a label
    keyword = next((kinds[kind] for kind in ("own", "strong") if kind in kinds), "")
    if keyword:
        facts.add("keyword elsewhere")
    if parts.place < last:
        facts |= _before_facts(parts.labels, parts.place)
    embedded = next((domain for domain in parts.domains if _carries(parts.host, domain)), "")
    if embedded:
        facts.add("official embedded")
    return Surroundings(frozenset(facts), keyword, embedded)


def _before_facts(labels: list[str], place: int) -> set[str]:
    """How a name stands before another registered name: alone, behind www, as if it were an address of its own."""
    facts = {"before an end"} if _END.match(labels[place + 1]) else set()
    if place == 0:
        return facts | ({"alone in front"} if len(labels) == _NAME_AND_ONE else set())
    return facts | ({"behind www"} if labels[0] == "www" else set())


_NAME_AND_ONE: Final = 2
_END: Final = re.compile(r"(?:com?|net|org|info)(?:-|$)|[a-z]{2}$")


def _suffix_facts(suffix: str) -> set[str]:
    """What the suffix says of who has the registered name before it."""
    labels = suffix.split(".")
    if labels[0] in keywords.RESTRICTED_SUFFIXES and len(labels) <= 2 and (len(labels) > 1 or len(suffix) > 2):
        return {"restricted suffix"}
    country = len(labels[-1]) == 2 and labels[-1] not in keywords.GENERIC_COUNTRIES
    return {"country suffix"} if country else set()


def is_kin(label: str, suffix: str, domains: tuple[str, ...]) -> bool:
    """Whether a brand that holds its name under many suffixes may well hold it under this country's too."""
    held = sum(domain.startswith(label + ".") for domain in domains)
    country = suffix.rsplit(".", 1)[-1]
    return held >= _MANY_SUFFIXES and len(country) == 2 and country not in keywords.GENERIC_COUNTRIES


_MANY_SUFFIXES: Final = 5


def _carries(host: str, domain: str) -> bool:
    """Whether an official domain stands in a host in front of another: paypal.com.evil.icu, paypal.com-login.top."""
    if domain.partition(".")[0] not in host:
        return False  # nearly always, and quickly told
    framed = f".{host}"
    written = (
        f".{domain}.",
        f".{domain}-",
        f".{domain.replace('.', '-')}",
        f"-{domain}.",
        f"-{domain.replace('.', '-')}.",
    )
    return any(text in framed for text in written)
