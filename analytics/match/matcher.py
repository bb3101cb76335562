"""Hosts and apps against the brands: what imitates whom, how surely, and why. docs/matching.md tells the method."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from operator import attrgetter
from typing import Final

import polars as pl

from analytics.match.apps import AppMatcher
from analytics.match.evidence import Reading, Target
from analytics.match.forms import Form, derive_forms
from analytics.match.hosts import Cut, cut_hosts
from analytics.match.official import OfficialNames
from analytics.match.popularity import popular_names
from analytics.match.readings import LabelReader
from analytics.match.rows import Weighed, row_of
from analytics.match.surroundings import HostParts, combine, is_kin, surround
from analytics.match.weigh import confidence
from db.brands import Brand, public_suffix, suffix_kind

MATCHER_VERSION: Final = "1"
"""Changes whenever the same host and brands may give another match; what is stored is then matched anew."""
LEAST_CONFIDENCE: Final = 30
"""Below, nothing is returned: the least threshold worth setting, with room to look at what just misses it."""
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

    def official(self, host: str) -> str | None:
        """The id of the brand to which a host officially belongs, or none."""
        return self._official.owner(host, public_suffix(host))

    def forms(self, brand: Brand) -> list[Form]:
        """The forms in which a brand's names are looked for."""
        return derive_forms(brand)

    @cached_property
    def _reader(self) -> LabelReader:
        return LabelReader(self._targets)

    @cached_property
    def _apps(self) -> AppMatcher:
        return AppMatcher(list(self._brands.values()), self._targets)

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
        name, suffix = str(host["host"]), str(host["public_suffix"])
        if self._official.owner(name, suffix):
            return
        labels = [str(label) for label in host["labels"]]  # type: ignore[attr-defined]
        weighed = [self._weigh(name, suffix, labels, place, reading) for place, reading in _outermost(met)]
        best = max(entry.confidence for entry in weighed)
        if best < LEAST_CONFIDENCE:
            return
        told: set[str] = set()
        for entry in sorted(weighed, key=attrgetter("rank")):
            if entry.confidence == best and entry.reading.target.brand not in told:
                told.add(entry.reading.target.brand)
                yield row_of(name, entry)

    def _weigh(self, host: str, suffix: str, labels: list[str], place: int, reading: Reading) -> Weighed:
        brand = self._brands[reading.target.brand]
        is_shared = suffix_kind(suffix) == "private"
        parts = HostParts(host, labels, place, suffix, is_shared, reading.target.keywords, brand.domains)
        around = surround(parts)
        where = next(kind for kind in ("tenant", "registrable", "subdomain") if kind in around.facts)
        facts = combine(reading.facts | around.facts)
        if where == "registrable" and {"same", "whole"} <= facts and is_kin(reading.label, suffix, parts.domains):
            facts |= {"kin domain"}
        if self._popular and not is_shared and f"{labels[-1]}.{suffix}" in popular_names():
            facts |= {"popular"}
        return Weighed(reading, around, where, confidence(facts), facts)


def _outermost(met: list[tuple[int, Reading]]) -> list[tuple[int, Reading]]:
    """The readings but for those inside another brand's longer name, which says all that they say."""
    return [
        (place, reading)
        for place, reading in met
        if not any(place == other_place and _is_inside(reading, other) for other_place, other in met)
    ]


def _is_inside(reading: Reading, other: Reading) -> bool:
    inner, outer = reading.span, other.span
    longer = outer.end - outer.start > inner.end - inner.start
    return longer and outer.edits == 0 and outer.start <= inner.start and inner.end <= outer.end
