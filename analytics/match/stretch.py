"""A label with a name in it: where the name's word begins and ends, and what stands beside it."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from analytics.match import keywords, words
from analytics.match.costs import CHEAP
from analytics.match.spans import Span, is_boundary

_WORDY: Final = 1.15
"""log10 cost a letter below which a stretch reads as words; random letters cost 1.6 and more."""
_LEAST_GLUED: Final = 3
_RANK: Final = ["", "infra", "weak", "strong", "own"]
_HELP: Final = frozenset({"own", "strong"})


class Stretch(NamedTuple):
    """A label cut at a span."""

    token: str
    """The word between hyphens that holds the span; a hyphen inside the span does not end it. No hyphens."""
    rests: tuple[str, str]
    """What is left of that word before and after the span."""
    others: list[str]
    """The label's other words."""


def cut_at(label: str, span: Span) -> Stretch:
    """Cut a label at a span."""
    if "-" not in label:
        return Stretch(label, (label[: span.start], label[span.end :]), [])
    before = label.rfind("-", 0, span.start) + 1
    after = label.find("-", span.end)
    after = after if after >= 0 else len(label)
    left, right = label[before : span.start].strip("-"), label[span.end : after].strip("-")
    return Stretch(
        token=label[before:after].replace("-", ""),
        rests=(left, right),
        others=[part for part in (label[:before] + label[after:]).split("-") if part],
    )


def doubled(label: str, span: Span, own: frozenset[str]) -> Span:
    """A span with its last or first letter once more, where that is what parts it from a keyword: paypalllogin."""
    if span.cost > 0:
        return span
    again = label[span.end : span.end + 1] == label[span.end - 1]
    already = label[: span.start].endswith(label[span.start])
    if not (again or already):
        return span  # nearly always, and quickly told
    left, right = cut_at(label, span).rests
    after = again and _parts(right, right[1:], own)
    before = already and _parts(left, left[:-1], own)
    if not (after or before):
        return span
    return Span(span.start - before, span.end + after, "repetition", CHEAP, before + after)


def _parts(rest: str, without: str, own: frozenset[str]) -> bool:
    """Whether a rest is nothing or a keyword only without its letter beside the name."""
    return kind_of(rest, own) not in _RANK[1:] and (not without or kind_of(without, own) in _RANK[2:])


def edges(label: str, span: Span) -> str:
    """Whether the name begins and ends where a word does: whole, both edges, leading, trailing, inside."""
    if span.start == 0 and span.end == len(label):
        return "whole"
    begins, ends = is_boundary(label, span.start), is_boundary(label, span.end)
    if begins:
        return "both edges" if ends else "leading"
    return "trailing" if ends else "inside"


@lru_cache(maxsize=100_000)
def kind_of(rest: str, own: frozenset[str]) -> str:
    """What a stretch beside the name is: own, strong, weak or infra keywords, digits, letter, words, unknown, or ''."""
    if not rest:
        return ""
    letters = rest.strip("0123456789")
    if not letters:
        return "digits"
    kind = keyword_kind(letters, own)
    if kind:
        return kind
    if len(letters) == 1:
        return "letter"
    is_word = (
        len(letters) >= _LEAST_GLUED and words.zipf(letters) >= words.KNOWN
    )  # however short: the bees of applebees
    return "words" if is_word or words.read_cost(letters) / len(letters) < _WORDY else "unknown"


@lru_cache(maxsize=100_000)
def keyword_kind(letters: str, own: frozenset[str]) -> str:
    """The strongest kind of keyword where the stretch consists of keywords only (`securelogin`).

    Written together with others, a keyword has three letters: `bees` is neither `be` nor `es`.
    """
    if len(letters) < _LEAST_GLUED:
        return _keyword(letters, own)
    best: list[str | None] = [""] + [None] * len(letters)
    for end in range(_LEAST_GLUED, len(letters) + 1):
        for start in range(end - _LEAST_GLUED + 1):
            before = best[start]
            if before is not None and (kind := _keyword(letters[start:end], own)):
                best[end] = max(best[end] or "", kind, before, key=_RANK.index)
    return best[-1] or ""


def _keyword(word: str, own: frozenset[str]) -> str:
    return "own" if word in own else _GENERIC.get(word, "")


_GENERIC: Final = {
    **dict.fromkeys(keywords.WEAK, "weak"),
    **dict.fromkeys((word + end for word in keywords.STRONG for end in ("", "s")), "strong"),
    **dict.fromkeys(keywords.INFRA, "infra"),
}


def has_help(parts: Iterable[str], own: frozenset[str]) -> bool:
    """Whether one of the parts is a brand's own or a strong keyword, digits around it aside."""
    return any(keyword_kind(part.strip("0123456789"), own) in _HELP for part in parts)


def keyword_among(parts: Iterable[str], own: frozenset[str]) -> str:
    """The first part that is a brand's own or a strong keyword, without digits around it; empty where none is."""
    plain = (part.strip("0123456789") for part in parts)
    return next((letters for letters in plain if keyword_kind(letters, own) in _HELP), "")
