"""What can be known of an address or package, and how it follows from what sources and analysts said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from db.vocabulary import Answer, Claim


@dataclass(frozen=True, slots=True)
class SourceClaim:
    """What a source last said of a value."""

    source: str
    is_verified: bool
    claim: Claim
    named_brand: str | None
    """The brand that the source says is imitated, in its words."""
    is_of_host: bool
    """Said of the bare host, not of the URL that was asked for."""


@dataclass(frozen=True, slots=True)
class GivenVerdict:
    """An analyst's answer."""

    answer: Answer
    by: str
    named_brand: str | None
    occurred_at: int
    is_of_host: bool


@dataclass(frozen=True, slots=True)
class BrandMatch:
    """A brand that something resembles, and how surely."""

    brand: str
    confidence: int
    threshold: int
    explanation_zh: str
    explanation_en: str

    @property
    def is_above(self) -> bool:
        """Whether the brand counts it as a match."""
        return self.confidence >= self.threshold


class StoredHost(NamedTuple):
    """A host that the database holds."""

    host_id: int
    matches: Sequence[BrandMatch] | None
    """The brands that it imitates, as the matcher asked for would say; None where none has matched it yet."""


class Known(NamedTuple):
    """Everything known of one value; nothing of it for a value never seen.

    A tuple, as of ten thousand asked at once each has its own: made in a third of the time.
    """

    claims: tuple[SourceClaim, ...] = ()
    """Each source once, its last word; sources that merely saw it claim nothing."""
    verdict: GivenVerdict | None = None
    """The latest; the URL's own before its host's, and an `unsure` one gives way to the next."""
    first_seen_at: int | None = None
    last_seen_at: int | None = None
    named_urls: int = 0
    """Of a bare host: URLs on it that a source or an analyst calls fraudulent."""
    matches: tuple[BrandMatch, ...] = ()
    """Of a package: the brands its apps imitate, the likeliest first."""


Said = tuple[int, int, int, int | None, int]
"""A sighting: how near that which was seen is to what is asked for (itself 0, the same page by the other scheme 1, its
host 2), the ids of its source, its claim, the id of the brand named, when (Unix ms)."""
Judged = tuple[int, str, str, str | None, int, str]
"""A verdict: how near, answer, by whom, the brand named, when, the event's id."""


@dataclass(slots=True)
class Words:
    """What sources say, in words: many sightings say the same, which is then made once."""

    sources: Mapping[int, tuple[str, bool]]
    """Name, and whether it is verified, by id."""
    terms: Mapping[int, str]
    """Brands named, by id."""
    _told: dict[tuple[Any, ...], tuple[SourceClaim, ...]] = field(default_factory=dict)

    def last(self, said: Sequence[Said]) -> tuple[SourceClaim, ...]:
        """Each source's last claim of the nearest thing it speaks of; of two at once the graver."""
        ordered = (said[0][:4],) if len(said) == 1 else tuple([one[:4] for one in sorted(said, key=_claim_order)])
        if (told := self._told.get(ordered)) is None:
            told = self._told[ordered] = self._last(ordered)
        return told

    def _last(self, ordered: Sequence[tuple[int, int, int, int | None]]) -> tuple[SourceClaim, ...]:
        words: dict[str, SourceClaim] = {}
        for near, source_id, claim, _ in ordered:
            source, is_verified = self.sources[source_id]
            if source not in words:
                named = [one[3] for one in ordered if one[:3] == (near, source_id, claim)]
                brand = max((self.terms[term_id] for term_id in named if term_id is not None), default=None)
                words[source] = SourceClaim(source, is_verified, Claim(claim), brand, near == 2)
        return tuple(words[source] for source in sorted(words))


def _claim_order(said: Said) -> tuple[bool, int, int, int]:
    near, _, claim, _, seen_at = said
    return claim == Claim.NONE, near, -seen_at, -claim


def ruling(judged: Sequence[Judged]) -> GivenVerdict | None:
    """The latest verdict of the nearest level that has a decided one; `unsure` only where nothing else was said."""
    latest: dict[int, Judged] = {}
    for one in sorted(judged, key=lambda one: (one[0], -one[4], one[5])):
        latest.setdefault(one[0], one)
    verdicts = [
        GivenVerdict(Answer(answer), by, named, at, near == 2) for near, answer, by, named, at, _ in latest.values()
    ]
    return next((one for one in verdicts if one.answer is not Answer.UNSURE), verdicts[0] if verdicts else None)
