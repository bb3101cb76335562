"""Packages against the brands' official ones: spelt alike, continued, turned round; and whose name space it is."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import OSA

from analytics.match import app_words, fold, words
from db.brands import Brand, suffix_kind

_PLAIN: Final = re.compile(r"[._-]+")
_GENERIC: Final = frozenset(
    [
        *(
            "com",
            "cn",
            "org",
            "net",
            "io",
            "co",
            "app",
            "apps",
            "android",
            "mobile",
            "client",
            "activity",
            "main",
            "www",
        ),
        *(
            "phone",
            "mall",
            "pay",
            "bank",
            "loan",
            "wallet",
            "my",
            "prod",
            "release",
            "gp",
            "official",
            "store",
            "browser",
        ),
        "messenger",
    ]
)
"""Segments that many packages have; alone they say nothing of whose it is."""
_LANDLORDS: Final = frozenset({"github", "gitlab", "bitbucket", "sourceforge"})
"""Segments below which everybody has packages: com.github and a user."""
_LEAST: Final = 4
"""Letters of a segment from which one edit is no other word, nor another country."""
_LONG: Final = 9
"""Letters from which two edits are still the same name."""
_TELLING: Final = 6
"""Letters without which the rest of a package behind its top could be anybody's."""
_TOLD: Final = 3
"""Segments of a package that is told from others by more than a firm's name."""
_MORE: Final = 3
"""Segments put in, at most, for a package to be still the same one."""
_LONGEST: Final = 40
"""Letters of a segment that may be the one to differ."""
_DEEPEST: Final = 10
"""Segments of a package that are looked at: hostile ones may have thousands."""
POINTS: Final = {
    "same looks": 97,
    "separators": 92,
    "segment edited": 88,
    "two segments edited": 80,
    "continued, as an edition": 86,
    "continued": 70,
    "part of a longer one": 80,
    "segments put in": 78,
    "segments in another order": 84,
    "another top": 84,
    "last segment longer": 84,
}
"""Ways in which a package is like an official one, and the confidence that each gives."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """A package like an official one."""

    brand: str
    official: str
    way: str
    similarity: int

    @property
    def confidence(self) -> int:
        """What the package alone says."""
        return POINTS[self.way]


class PackageIndex:
    """The brands' packages, ready to be compared with others."""

    def __init__(self, brands: Sequence[Brand]) -> None:
        self.owners: dict[str, list[Brand]] = defaultdict(list)
        self._by_key: dict[str, set[str]] = defaultdict(set)
        for brand in brands:
            for package in brand.packages:
                self.owners[package].append(brand)
                for key in _keys(package):
                    self._by_key[key].add(package)

    def likenesses(self, package: str) -> Iterator[Likeness]:
        """The official packages that this one is like, a row for each brand that has them; it is none of them."""
        keys = _keys(package) | _beginnings(package)
        met = {official for key in keys for official in self._by_key.get(key, ())}
        for official in sorted(met):
            way = _way(package.lower(), official.lower())
            if way:
                similarity = round(100 * OSA.normalized_similarity(package.lower(), official.lower()))
                yield from (Likeness(brand.id, official, way, similarity) for brand in self.owners[official])


def _keys(package: str) -> set[str]:
    """What two packages that are alike have in common: a telling segment, but for a letter, or all their letters."""
    segments = [part for part in _segments(package) if len(part) >= _LEAST]
    whole = "".join(_segments(package))
    own = [part for part in segments if part not in _GENERIC]
    behind = "".join(_segments(package)[1:])
    texts = {whole, behind, _bare(behind), *own, *map(_bare, own)}
    texts = {fold.strict(text) for text in texts if text}
    return {text[:cut] + text[cut + 1 :] for text in texts for cut in range(min(len(text), _LONGEST))} | texts


def _beginnings(package: str) -> set[str]:
    """All letters of the first two segments, three, four ...: of what may continue an official package."""
    segments = _segments(package)
    return {fold.strict("".join(segments[:count])) for count in range(2, len(segments))}


def _segments(package: str) -> list[str]:
    return [part for part in _PLAIN.split(package.lower()) if part][:_DEEPEST]


def _bare(segment: str) -> str:
    """A segment without what is glued to its end: whatsapp of whatsapp2 and whatsapppro."""
    kept = segment.rstrip("0123456789")
    ends = (kept[:cut] for cut in range(_LEAST, len(kept)) if app_words.is_made_of(kept[cut:], _DECORATIONS))
    return next(ends, kept)


_DECORATIONS: Final = frozenset(word for word in app_words.EDITIONS | app_words.BAITS if word.isascii())


def _way(package: str, official: str) -> str:
    """How a package is like an official one, both in lower case; empty where it is not."""
    if package == official or fold.strict(package) == fold.strict(official):
        return "same looks"
    if _PLAIN.sub("", package) == _PLAIN.sub("", official):
        return "separators"
    ours, theirs = _segments(official), _segments(package)
    if len(ours) == len(theirs):
        return _same_length(ours, theirs)
    return _longer(ours, theirs) if len(theirs) > len(ours) else ""


def _same_length(ours: list[str], theirs: list[str]) -> str:
    differing = [(our, their) for our, their in zip(ours, theirs, strict=True) if our != their]
    if sorted(ours) == sorted(theirs):
        return "segments in another order" if len(ours) > 2 or len(ours[-1]) > _LEAST else ""
    if ours[1:] == theirs[1:]:
        return "another top" if _is_top(theirs[0]) and _is_telling(ours[1:]) else ""
    if len(differing) == 1 and (ours[-1] != theirs[-1]) and _is_longer(ours, theirs):
        return "last segment longer"
    if len(differing) <= 2 and all(_is_edited(our, their) for our, their in differing) and _is_left(ours, differing):
        return "segment edited" if len(differing) == 1 else "two segments edited"
    return ""


def _longer(ours: list[str], theirs: list[str]) -> str:
    size = len(ours)
    if theirs[:size] == ours:
        is_edition = all(app_words.is_made_of(part, _DECORATIONS) for part in theirs[size:])
        return "continued, as an edition" if is_edition else "continued"
    if size < _TOLD or not _is_telling(ours[1:]):
        return ""  # a firm's name alone: what is put round it is anybody's
    runs = [theirs[start : start + size] for start in range(len(theirs) - size + 1)]
    tails = [theirs[start : start + size - 1] for start in range(len(theirs) - size + 2)]
    if ours in runs or ours[1:] in tails:
        return "part of a longer one"
    rest = iter(theirs)
    is_within = len(theirs) - size <= _MORE and all(part in rest for part in ours)
    return "segments put in" if is_within else ""


def _is_top(segment: str) -> bool:
    return bool(suffix_kind(segment))


def _is_telling(segments: Sequence[str]) -> bool:
    """Whether segments behind the top are one brand's: long enough, and no ordinary word alone."""
    own = [part for part in segments if part not in _GENERIC]
    if len(segments) == 1:
        return bool(own) and len(own[0]) > _LEAST and not words.is_common_word(own[0])
    return not _LANDLORDS.issuperset(own) and sum(map(len, segments)) >= _TELLING


def _is_longer(ours: list[str], theirs: list[str]) -> bool:
    our, their = ours[-1], theirs[-1]
    is_told = len(our) >= _LEAST or _is_telling(ours[1:])
    if not is_told or not (their.startswith(our) or their.endswith(our)):
        return False
    return app_words.is_made_of(their.replace(our, "", 1), _DECORATIONS)


def _is_edited(our: str, their: str) -> bool:
    if fold.strict(our) == fold.strict(their):
        return True
    distance = OSA.distance(our, their, score_cutoff=2)
    return len(our) >= _LEAST and distance <= 1 + (len(our) >= _LONG)


def _is_left(ours: list[str], differing: Sequence[tuple[str, str]]) -> bool:
    """Whether something of the brand's is left as it is, or what differs is plainly no other word."""
    edited = [our for our, _ in differing]
    left = [part for part in ours if part not in _GENERIC and part not in edited]
    if any(len(part) >= _LEAST for part in left):
        return True
    is_telling = left or all(our not in _GENERIC for our in edited)
    return bool(is_telling) and all(len(our) > _LEAST and not words.zipf(their) for our, their in differing)


OWN, FIRM = "own", "firm"


class NameSpaces:
    """Where a brand's own packages stand: below its domains turned round, or below what its packages share."""

    def __init__(self, brands: Sequence[Brand]) -> None:
        self._domains = {brand.id: frozenset(_turned(brand.domains)) for brand in brands}
        self._labels = {brand.id: frozenset(_labels(brand.domains)) for brand in brands}
        self._firms = {
            brand.id: frozenset(".".join(package.lower().split(".")[:2]) + "." for package in brand.packages)
            for brand in brands
        }

    def kind(self, package: str, brand: str) -> str:
        """`own` below a domain of the brand or the same name in a country, `firm` beside its packages, else empty."""
        lower = f"{package.lower()}."
        if any(lower.startswith(space) for space in self._domains[brand]) or self._is_kin(package, brand):
            return OWN
        return FIRM if any(lower.startswith(space) for space in self._firms[brand]) else ""

    def _is_kin(self, package: str, brand: str) -> bool:
        """`au.com.hsbc.app`, `com.hsbc.app`: of a brand that holds hsbc under another suffix."""
        segments = package.lower().split(".")[:4]
        for size in (2, 1):
            top = ".".join(reversed(segments[:size]))
            if len(segments) > size and suffix_kind(top) == "icann" and segments[size] in self._labels[brand]:
                return len(segments[0]) == 2 or segments[0] == "com"
        return False


def _turned(domains: Iterable[str]) -> Iterator[str]:
    return (
        ".".join(reversed(domain.replace("-", "").split("."))) + "." for domain in domains if not suffix_kind(domain)
    )


def _labels(domains: Iterable[str]) -> Iterator[str]:
    for domain in domains:
        label, _, suffix = domain.partition(".")
        if suffix_kind(suffix) == "icann":
            yield label.replace("-", "")
