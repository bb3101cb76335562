"""Hosts and apps against the brands: what imitates whom, how surely, and why. docs/matching.md tells the method."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import polars as pl

from analytics.match.evidence import Reading, Target
from analytics.match.forms import Form, derive_forms
from analytics.match.hosts import Cut, cut_hosts
from analytics.match.official import OfficialNames
from analytics.match.popularity import popular_names
from analytics.match.readings import LabelReader
from analytics.match.rows import Weighed, row_of
from analytics.match.surroundings import HostParts, combine, is_kin, surround
from analytics.match.weigh import points
from db.brands import LEAST_CONFIDENCE, Brand, public_suffix, suffix_kind

if TYPE_CHECKING:
    from analytics.match.apps import AppMatcher
    from analytics.match.paths import PathMatcher

MATCHER_VERSION: Final = "3"
"""Changes whenever the same host and brands may give another match; what is stored is then matched anew."""
MATCH_SCHEMA: Final = pl.Schema(
    {
        "host": pl.String,
        "brand": pl.String,
        "technique": pl.String,
        "similarity": pl.Int64,
        "confidence": pl.Int64,
        "matched": pl.String,
        "explanation_zh": pl.String,
        "explanation_en": pl.String,
    }
)
URL_MATCH_SCHEMA: Final = pl.Schema([("host", pl.String), ("tail", pl.String), *list(MATCH_SCHEMA.items())[1:]])
"""MATCH_SCHEMA, and which URL on the host."""


class Matcher:
    """The brands, ready to be looked for."""

    def __init__(self, brands: Sequence[Brand], *, popular: bool = False) -> None:
        """Prepare for the brands.

        Args:
            brands: who is imitated.
            popular: whether names in popularity lists count as less suspicious.
        """
        self._brands = {brand.id: brand for brand in brands}
        self._popular = popular
        self._targets = [
            Target(brand.id, form, frozenset(brand.keywords)) for brand in brands for form in derive_forms(brand)
        ]
        self._official = OfficialNames(brands)

    def match_hosts(self, hosts: pl.DataFrame) -> pl.DataFrame:
        """The best match of each host: one row, more where two brands are equally likely, none for most.

        Args:
            hosts: `host` (A-labels, lower case), `registrable_domain` (null where the host is a public suffix),
                `public_suffix`; distinct hosts.

        Returns:
            `host`, `brand`, `technique`, `similarity` and `confidence` (0-100), `matched`, `explanation_zh`,
            `explanation_en`; confidence is at least LEAST_CONFIDENCE.
        """
        cut = cut_hosts(hosts)
        rows = [row for host, met in self._by_host(cut) for row in self._host_rows(host, met)]
        return pl.DataFrame(rows, schema=MATCH_SCHEMA, orient="row")

    def facts(self, hosts: pl.DataFrame) -> Iterator[tuple[str, str, frozenset[str]]]:
        """What is weighed, before it is: each reading of each host as host, brand and facts; none of official hosts.

        Args:
            hosts: as `match_hosts` takes them.
        """
        for host, met in self._by_host(cut_hosts(hosts)):
            yield from (
                (str(host["host"]), entry.reading.target.brand, entry.facts) for entry in self._weighed(host, met)
            )

    def match_urls(self, urls: pl.DataFrame) -> pl.DataFrame:
        """What path and query of each URL name, by the same rules; `match_hosts` tells what the hosts do.

        Args:
            urls: `tail` (what follows the host, as `analytics.normalise` writes it) beside what `match_hosts` takes;
                distinct. A URL on an official host gives nothing.

        Returns:
            URL_MATCH_SCHEMA; the technique is `path`.
        """
        rows = [] if urls.is_empty() else list(self._paths.rows(urls, LEAST_CONFIDENCE))
        return pl.DataFrame(rows, schema=URL_MATCH_SCHEMA, orient="row")

    def match_apps(self, apps: pl.DataFrame) -> pl.DataFrame:
        """The best match of each app; genuine ones have none.

        An official certificate is genuine, and an official package where the brand lists no certificate.

        Args:
            apps: `app_id`, and as text or null `package`, `name`, `developer`, `certificate` (SHA-256).

        Returns:
            `app_id`, `brand`, `technique` (certificate, package, name), `similarity`, `confidence` (0-100), `matched`,
            `explanation_zh`, `explanation_en`.
        """
        return self._apps.match(apps)

    def meets_hosts(self, hosts: pl.DataFrame) -> pl.Series:
        """Whether a form of a brand is met in each host, however faintly, or the host is official of one.

        All other hosts these brands leave as they are, beside whatever other brands (analytics.match.reach).
        """
        met = {str(host["host"]) for host, _ in self._by_host(cut_hosts(hosts))}
        asked = hosts.select("host", pl.col("public_suffix").fill_null("")).iter_rows()
        return pl.Series(
            [host in met or bool(self._official.owner(host, suffix)) for host, suffix in asked], dtype=pl.Boolean
        )

    def meets_apps(self, apps: pl.DataFrame) -> pl.Series:
        """Whether anything of a brand is met in each app, however faintly, or the app is a brand's own."""
        return self._apps.meets(apps)

    def official(self, host: str) -> str | None:
        """The id of the brand to which a host officially belongs, or none."""
        return self._official.owner(host, public_suffix(host))

    def forms(self, brand: Brand) -> tuple[Form, ...]:
        """The forms in which a brand's names are looked for."""
        return derive_forms(brand)

    @cached_property
    def _reader(self) -> LabelReader:
        return LabelReader(self._targets)

    @cached_property
    def _apps(self) -> "AppMatcher":
        from analytics.match.apps import AppMatcher  # noqa: PLC0415 - hosts need none of it

        return AppMatcher(list(self._brands.values()), self._targets)

    @cached_property
    def _paths(self) -> "PathMatcher":
        from analytics.match.paths import PathMatcher  # noqa: PLC0415 - hosts need none of it

        return PathMatcher(list(self._brands.values()), self._targets, self._official, popular=self._popular)

    def _by_host(self, cut: Cut) -> Iterator[tuple[dict[str, object], list[tuple[int, Reading]]]]:
        """Each host with readings, and these with their label's place in it."""
        in_labels = list(self._reader.label_readings(cut))
        in_pairs = list(self._reader.split_readings(cut))
        readings = [reading for _, reading in in_labels] + [reading for _, _, reading in in_pairs]
        first = pl.DataFrame({"label_row": pl.Series([row for row, _ in in_labels], dtype=pl.Int64)}).with_row_index(
            "reading"
        )
        second = pl.DataFrame(
            [(host_row, place, len(in_labels) + order) for order, (host_row, place, _) in enumerate(in_pairs)],
            schema={"host_row": cut.places["host_row"].dtype, "place": cut.places["place"].dtype, "reading": pl.UInt32},
            orient="row",
        )
        met = pl.concat([cut.places.join(first, on="label_row").select(second.columns), second])
        met = met.sort("host_row", "place", "reading").group_by("host_row", maintain_order=True).agg("place", "reading")
        for row in cut.hosts.join(met, on="host_row").iter_rows(named=True):
            yield row, [(place, readings[which]) for place, which in zip(row["place"], row["reading"], strict=True)]

    def _host_rows(self, host: dict[str, object], met: list[tuple[int, Reading]]) -> Iterator[tuple[object, ...]]:
        weighed = sorted(self._weighed(host, met), key=attrgetter("rank"))
        best = max((entry.confidence for entry in weighed), default=0)
        if best < LEAST_CONFIDENCE:
            return
        told: list[Weighed] = []
        for entry in weighed:
            if entry.confidence == best and not any(entry.rivals(other) for other in told):
                told.append(entry)
                yield row_of(str(host["host"]), entry)

    def _weighed(self, host: dict[str, object], met: list[tuple[int, Reading]]) -> list[Weighed]:
        name, suffix = str(host["host"]), str(host["public_suffix"])
        if self._official.owner(name, suffix):
            return []
        labels = [str(label) for label in host["labels"]]  # type: ignore[attr-defined]
        return [self._weigh(name, suffix, labels, place, reading) for place, reading in _outermost(met)]

    def _weigh(self, host: str, suffix: str, labels: list[str], place: int, reading: Reading) -> Weighed:
        brand = self._brands[reading.target.brand]
        is_shared = suffix_kind(suffix) == "private"
        parts = HostParts(host, labels, place, suffix, is_shared, reading.target.keywords, brand.domains)
        around = surround(parts)
        where = next(kind for kind in ("tenant", "registrable", "subdomain") if kind in around.facts)
        facts = combine(reading.facts | around.facts)
        is_name = {"same", "whole"} <= facts and "foreign letters" not in facts
        if where == "registrable" and is_name and is_kin(reading.label, suffix, parts.domains):
            facts |= {"kin domain"}
        if self._popular and not is_shared and f"{labels[-1]}.{suffix}" in popular_names():
            facts |= {"popular"}
        return Weighed(reading, place, around, where, facts, points(facts))


def _outermost(met: list[tuple[int, Reading]]) -> list[tuple[int, Reading]]:
    """The readings but for those inside another brand's longer name, which says all that they say."""
    if len(met) == 1:
        return met
    return [
        (place, reading)
        for place, reading in met
        if not any(place == other_place and _is_inside(reading, other) for other_place, other in met)
    ]


def _is_inside(reading: Reading, other: Reading) -> bool:
    inner, outer = reading.span, other.span
    longer = outer.end - outer.start > inner.end - inner.start
    return longer and outer.edits == 0 and outer.start <= inner.start and inner.end <= outer.end
