"""What a change of brands can change: the hosts and apps to match anew, all others keep their matches.

A match depends on the official names and packages of all brands, on the brands' forms met, and on their keywords, which
lead to the short forms glued to them. So what may change is what an old or a new version of a changed brand meets,
however faintly, or owns, and what holds a keyword that came into use or went out of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from analytics.match.matcher import Matcher
from db.brands import Brand

_UNMATCHED: Final = frozenset({"sector", "own", "follow", "threshold", "confirm_at"})
"""Fields of a brand that no match depends on."""
_NOBODY: Final = "zqxjkvzqxjkv"
"""A name that nobody has: a matcher knows keywords only as some brand's."""


@dataclass(frozen=True)
class BrandChanges:
    """What differs between two lists of brands, as far as matches depend on it."""

    brands: tuple[Brand, ...] | None
    """Old and new versions of the brands that differ; None where any match may change."""
    keywords: frozenset[str] = frozenset()
    """Keywords that only one of the lists holds, whichever brand's."""

    @property
    def is_nothing(self) -> bool:
        """Whether all matches stay as they are."""
        return self.brands == ()

    @property
    def ids(self) -> list[str]:
        """The ids of the brands that differ."""
        return sorted({brand.id for brand in self.brands or ()})

    def and_then(self, later: "BrandChanges") -> "BrandChanges":
        """Both changes, one after the other, neither of them matched to its end."""
        if self.brands is None or later.brands is None:
            return EVERYTHING
        return BrandChanges(tuple(dict.fromkeys(self.brands + later.brands)), self.keywords | later.keywords)


EVERYTHING: Final = BrandChanges(None)


def brand_changes(before: Sequence[Brand], after: Sequence[Brand]) -> BrandChanges:
    """What differs; everything, where brands changed places (of equals the first counts) or most of them changed."""
    old, new = ({brand.id: brand for brand in brands} for brands in (before, after))
    if [key for key in old if key in new] != [key for key in new if key in old]:
        return EVERYTHING
    differing = [key for key in {**old, **new} if _matched(old.get(key)) != _matched(new.get(key))]
    versions = tuple(brands[key] for key in differing for brands in (old, new) if key in brands)
    if len(versions) > len(after):
        return EVERYTHING  # to look for them alone would cost more than to match all
    return BrandChanges(versions, _keywords(before) ^ _keywords(after))


def _matched(brand: Brand | None) -> object:
    return brand and brand.model_dump(exclude=set(_UNMATCHED))


def _keywords(brands: Sequence[Brand]) -> frozenset[str]:
    return frozenset(keyword for brand in brands for keyword in brand.keywords)


class Reach:
    """Changes, ready to be asked which hosts and apps they reach."""

    def __init__(self, changes: BrandChanges, in_force: Sequence[Brand]) -> None:
        self._keywords = sorted(changes.keywords)
        self._matcher = Matcher(list(_probes(changes, _keywords(in_force)))) if changes.brands is not None else None

    def hosts(self, hosts: pl.DataFrame) -> pl.DataFrame:
        """Those of the hosts (as Matcher.match_hosts takes them) whose matches may change."""
        if self._matcher is None:
            return hosts
        held = pl.col("host").str.contains_any(self._keywords) if self._keywords else pl.lit(value=False)
        hidden = pl.col("host").str.contains("xn--", literal=True) & bool(self._keywords)
        return hosts.filter(pl.lit(self._matcher.meets_hosts(hosts)) | held | hidden)

    def apps(self, apps: pl.DataFrame) -> pl.DataFrame:
        """Those of the apps (as Matcher.match_apps takes them) whose matches may change."""
        return apps if self._matcher is None else apps.filter(self._matcher.meets_apps(apps))


def _probes(changes: BrandChanges, keywords: frozenset[str]) -> Iterator[Brand]:
    """The versions as brands of their own, and one that holds every keyword there is or was."""
    versions = changes.brands or ()
    yield from (brand.model_copy(update={"id": str(number)}) for number, brand in enumerate(versions))
    every = keywords | changes.keywords | _keywords(versions)
    yield Brand(id="keywords", names=(_NOBODY,), domains=(), keywords=tuple(sorted(every)))
