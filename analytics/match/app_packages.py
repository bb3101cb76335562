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
_GENERIC: Final = frozenset({
    "activity", "android", "app", "apps", "bank", "browser", "client", "cn", "co", "com", "gp", "io", "loan", "main",
    "mall", "messenger", "mobile", "my", "net", "official", "org", "pay", "phone", "prod", "release", "store", "wallet",
    "www",
})  # fmt: skip
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
"""Letters of a segment that are looked at, and segments of a package: hostile ones may have thousands."""
_DEEPEST: Final = 10


@dataclass(frozen=True, slots=True)
class Way:
    """How a package is like an official one: the confidence that this gives, and its name, zh and en."""

    confidence: int
    zh: str
    en: str


_ALIKE: Final = Way(97, "看上去相同", "it reads the same")
_SEPARATED: Final = Way(92, "仅分隔符不同", "only its dots differ")
_EDITED: Final = Way(88, "一段差一个字母", "one segment differs by a letter")
_TWICE: Final = Way(80, "两段各差一个字母", "two segments differ by a letter")
_EDITION: Final = Way(86, "官方包名后加版本词", "the official one, continued as an edition")
_CONTINUED: Final = Way(70, "官方包名后再加一段", "the official one, continued")
_PART: Final = Way(80, "官方包名是其一部分", "the official one is a part of it")
_PUT_IN: Final = Way(78, "官方包名中插入一段", "the official one with segments put in")
_ORDER: Final = Way(84, "各段次序不同", "its segments in another order")
_TOP: Final = Way(84, "首段不同", "under another top segment")
_LONGER: Final = Way(84, "末段加了词", "its last segment made longer")


@dataclass(frozen=True, slots=True)
class Likeness:
    """A package like an official one."""

    brand: str
    official: str
    way: Way
    similarity: int


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
    return [part[:_LONGEST] for part in _PLAIN.split(package.lower()) if part][:_DEEPEST]


def _bare(segment: str) -> str:
    """A segment without what is glued to its end: whatsapp of whatsapp2 and whatsapppro."""
    kept = segment.rstrip("0123456789")
    ends = (kept[:cut] for cut in range(_LEAST, len(kept)) if app_words.is_made_of(kept[cut:], _DECORATIONS))
    return next(ends, kept)


_DECORATIONS: Final = frozenset(word for word in app_words.EDITIONS | app_words.BAITS if word.isascii())


def _way(package: str, official: str) -> Way | None:
    """How a package is like an official one, both in lower case; None where it is not."""
    if package == official or fold.strict(package) == fold.strict(official):
        return _ALIKE
    if _PLAIN.sub("", package) == _PLAIN.sub("", official):
        return _SEPARATED
    ours, theirs = _segments(official), _segments(package)
    if len(ours) == len(theirs):
        return _same_length(ours, theirs)
    return _longer(ours, theirs) if len(theirs) > len(ours) else None


def _same_length(ours: list[str], theirs: list[str]) -> Way | None:
    differing = [(our, their) for our, their in zip(ours, theirs, strict=True) if our != their]
    if sorted(ours) == sorted(theirs):
        return _ORDER if len(ours) > 2 or len(ours[-1]) > _LEAST else None
    if ours[1:] == theirs[1:]:
        return _TOP if _is_top(theirs[0]) and _is_telling(ours[1:]) else None
    if len(differing) == 1 and (ours[-1] != theirs[-1]) and _is_longer(ours, theirs):
        return _LONGER
    if len(differing) <= 2 and all(_is_edited(our, their) for our, their in differing) and _is_left(ours, differing):
        return _EDITED if len(differing) == 1 else _TWICE
    return None


def _longer(ours: list[str], theirs: list[str]) -> Way | None:
    size = len(ours)
    if theirs[:size] == ours:
        is_edition = all(app_words.is_made_of(part, _DECORATIONS) for part in theirs[size:])
        return _EDITION if is_edition else _CONTINUED
    if size < _TOLD or not _is_telling(ours[1:]):
        return None  # a firm's name alone: what is put round it is anybody's
    runs = [theirs[start : start + size] for start in range(len(theirs) - size + 1)]
    tails = [theirs[start : start + size - 1] for start in range(len(theirs) - size + 2)]
    if ours in runs or ours[1:] in tails:
        return _PART
    rest = iter(theirs)
    is_within = len(theirs) - size <= _MORE and all(part in rest for part in ours)
    return _PUT_IN if is_within else None


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


OWN, FIRM, ALIKE = "own", "firm", "alike"


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
        """OWN below a domain of the brand or the same name in a country, FIRM beside its packages, else empty.

        ALIKE where a segment passes for the label of a domain without being it: com.paypa1.mobile.
        """
        lower = f"{package.lower()}."
        if any(lower.startswith(space) for space in self._domains[brand]) or self._is_kin(package, brand):
            return OWN
        if self._is_alike(package, brand):
            return ALIKE
        return FIRM if any(lower.startswith(space) for space in self._firms[brand]) else ""

    def _is_alike(self, package: str, brand: str) -> bool:
        labels = self._labels[brand]
        looks = {fold.strict(label) for label in labels if len(label) > _LEAST}
        return any(part not in labels and fold.strict(part) in looks for part in _segments(package)[1:])

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
