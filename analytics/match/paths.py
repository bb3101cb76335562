"""URLs whose path or query names a brand: weaker evidence than a host's name, and told apart from innocent mention."""

from collections.abc import Iterator, Sequence
from typing import Final

import polars as pl

from analytics.match import keywords
from analytics.match.evidence import Target
from analytics.match.explain import Story, tell
from analytics.match.official import OfficialNames
from analytics.match.path_facts import Sighting, best_sighting, confidence
from analytics.match.path_names import PathNames
from analytics.match.pieces import cut_tail
from analytics.match.popularity import popular_names
from db.brands import DEFAULT_THRESHOLD, Brand, suffix_kind

_NAMED_PLACES: Final = frozenset({"sites.google.com"})
"""Official hosts where strangers choose the path, as they choose a label elsewhere."""


class PathMatcher:
    """The brands, ready to be looked for in what follows the host."""

    def __init__(
        self, brands: Sequence[Brand], targets: Sequence[Target], official: OfficialNames, *, popular: bool
    ) -> None:
        self._names = PathNames(brands, targets)
        self._official, self._popular = official, popular

    def rows(self, urls: pl.DataFrame, least: int) -> Iterator[tuple[object, ...]]:
        """The best sighting of each URL as a row: host, tail, and the columns of a match from `brand` on.

        Args:
            urls: `host`, `registrable_domain` (null where the host is a public suffix), `public_suffix`, `tail`;
                distinct. Official hosts give nothing.
            least: the confidence below which nothing is told.
        """
        candidates = self._names.candidates(urls["tail"])
        met = urls.select("host", "tail", "registrable_domain", "public_suffix")[candidates["row"]]
        for url, names in zip(met.iter_rows(), candidates["names"].to_list(), strict=True):
            host, tail, domain, suffix = url
            around = self._host_facts(host, domain, suffix or "")
            if around is not None:
                yield from self._url_rows(host, tail, names, around, least)

    def _url_rows(
        self, host: str, tail: str, names: Sequence[int], around: frozenset[str], least: int
    ) -> Iterator[tuple[object, ...]]:
        pieces = cut_tail(tail)
        met = [one for place in names if (one := best_sighting(pieces, self._names.names[place]))]
        weighed = [(confidence(one.facts | around), one) for one in _outermost(met)]
        best = max((sure for sure, _ in weighed), default=0)
        told: set[str] = set()
        for sure, one in sorted(weighed, key=lambda entry: -len(entry[1].name.text)):
            if sure == best >= least and one.name.target.brand not in told:
                told.add(one.name.target.brand)
                yield host, tail, *_row(one, sure, around)

    def _host_facts(self, host: str, domain: str | None, suffix: str) -> frozenset[str] | None:
        """What the host adds; None where it is official, and a name in its paths its owner's affair."""
        if host in _NAMED_PLACES:
            return frozenset({"named place"})
        if self._official.owner(host, suffix):
            return None
        is_shared = suffix_kind(suffix) == "private"
        facts = {
            "no host name": not suffix,
            "tenant": is_shared,
            "cheap suffix": suffix in keywords.RISKY_SUFFIXES,
            "restricted suffix": suffix.split(".", maxsplit=1)[0] in keywords.RESTRICTED_SUFFIXES,
            "popular": self._popular and not is_shared and domain in popular_names(),
        }
        return frozenset(fact for fact, holds in facts.items() if holds)


def _outermost(met: Sequence[Sighting]) -> list[Sighting]:
    """The sightings but for those inside a longer name, whoever's: what stands beside them is that name's rest."""
    longest = [one.shown.lower() for one in met if not one.name.domain]
    return [
        one for one in met if not any(len(shown) > len(one.shown) and one.shown.lower() in shown for shown in longest)
    ]


def _row(one: Sighting, sure: int, around: frozenset[str]) -> tuple[object, ...]:
    against = "word" if "word" in one.facts and sure < DEFAULT_THRESHOLD else ""
    form, is_popular = one.name.text, "popular" in around
    story = Story("path", one.shown, form, "path", one.keyword, popular=is_popular, weakened_by=against)
    signs = [told for fact, told in _TOLD.items() if fact in one.facts | around]
    zh, en = tell(story)
    explained = "；".join([zh, *(sign for sign, _ in signs)]), "; ".join([en, *(sign for _, sign in signs)])
    return one.name.target.brand, "path", one.similarity, sure, f"{one.shown} ~ {form}", *explained


_TOLD: Final = {
    "official": ("写出了官方域名", "an official domain written out"),
    "hidden": ("在隐藏目录中", "in a hidden folder"),
    "tilde": ("是用户主目录名", "as a user's folder"),
    "site folder": ("在建站程序的目录下", "below a site program's own folders"),
    "code behind": ("后接访客专用目录", "before a folder made for one visitor"),
    "no host name": ("主机是裸 IP 地址", "on a bare address"),
    "named place": ("网址路径由租户自选", "where strangers choose the path"),
}
"""Signs for it that an explanation names, zh and en."""
