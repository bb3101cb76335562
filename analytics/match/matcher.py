"""Hosts and apps against the brands: what imitates whom, how surely, and why. docs/matching.md tells the method."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import polars as pl

from analytics.match import evidence, fold, words
from analytics.match.apps import AppMatcher
from analytics.match.evidence import Reading, Target
from analytics.match.explain import Story, tell
from analytics.match.forms import Form, derive_forms
from analytics.match.hosts import Cut, cut_hosts, split_names
from analytics.match.index import FormIndex
from analytics.match.official import OfficialNames
from analytics.match.popularity import popular_names
from analytics.match.spans import Span, find_span, overlapping
from analytics.match.surroundings import HostParts, Surroundings, combine, is_kin, surround
from analytics.match.tokens import TokenIndex
from analytics.match.weigh import confidence, points
from db.brands import DEFAULT_THRESHOLD, Brand, public_suffix, suffix_kind

MATCHER_VERSION: Final = "1"
"""Changes whenever the same host and brands may give another match; what is stored is then matched anew."""
LEAST_CONFIDENCE: Final = 30
"""Below, nothing is returned: the least threshold worth setting, with room to look at what just misses it."""
_HOPELESS: Final = -45
"""Points of a label below which no surroundings make a match (they bring 50 at most)."""
_CHUNK: Final = 200_000
"""Labels looked through at once; their packed windows take about 200 MB."""

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


@dataclass(frozen=True)
class _Weighed:
    """A reading in its host."""

    reading: Reading
    around: Surroundings
    where: str
    confidence: int
    facts: frozenset[str]


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
        self._latin = [target for target in self._targets if target.form.text.isascii()]
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
    def _apps(self) -> AppMatcher:
        return AppMatcher(list(self._brands.values()), self._targets)

    @cached_property
    def _form_index(self) -> FormIndex:
        written = frozenset(target.form.text for target in self._latin if evidence.is_exact_only(target.form))
        return FormIndex([target.form.text for target in self._latin], exact=written)

    @cached_property
    def _token_index(self) -> TokenIndex:
        own = {word for brand in self._brands.values() for word in brand.keywords}
        return TokenIndex([target.form.text for target in self._latin], own)

    def _label_readings(self, cut: Cut) -> Iterator[tuple[int, Reading]]:
        """Each label's best reading for each brand that it may imitate."""
        texts = cut.labels["reading"]
        other = cut.labels.filter(pl.col("label") != pl.col("reading"))
        decoded = {row: fold.decode_label(label) for row, label in other.select("label_row", "label").iter_rows()}
        for begin in range(0, len(texts), _CHUNK):
            chunk = texts.slice(begin, _CHUNK)
            labels, forms = self._form_index.candidates(chunk.to_list())
            pairs = pl.concat(
                [
                    pl.DataFrame({"label": labels, "form": forms}),
                    self._token_index.candidates(chunk),
                ]
            ).unique()
            pairs = self._promising(chunk, pairs)
            for place, text, form_rows in self._by_label(chunk, pairs):
                row = begin + place
                original = decoded.get(row, text)
                found = (self._read(text, self._latin[form_row], original) for form_row in form_rows)
                yield from ((row, reading) for reading in _best_each(found))
        yield from self._chinese_readings(decoded)

    @staticmethod
    def _by_label(texts: pl.Series, pairs: pl.DataFrame) -> Iterator[tuple[int, str, list[int]]]:
        grouped = pairs.group_by("label").agg("form")
        yield from zip(grouped["label"], texts.gather(grouped["label"]), grouped["form"].to_list(), strict=True)

    def _promising(self, texts: pl.Series, pairs: pl.DataFrame) -> pl.DataFrame:
        """The pairs (label, form) whose letters overlap enough; coarse letters let more through."""
        forms = [self._latin[row].form.text for row in pairs["form"]]
        plain = texts.gather(pairs["label"]).str.replace_all("-", "", literal=True).to_list()
        return pairs.filter(pl.Series(overlapping(forms, plain), dtype=pl.Boolean))

    def _read(self, text: str, target: Target, original: str) -> Reading | None:
        span = find_span(text, target.form.text)
        if span is None or not evidence.may_stand(text, span, target.form):
            return None
        facts, beside = evidence.gather(text, span, target)
        if not evidence.is_plausible(facts, span, target.form):
            return None
        if original != text and not fold.has_han(original):
            facts |= {"foreign letters"}
            span = replace(span, technique="homoglyph", cost=max(span.cost, 0.4))
        reading = Reading(target, text, span, facts, beside, original)
        return reading if points(facts) > _HOPELESS else None

    def _chinese_readings(self, decoded: dict[int, str]) -> Iterator[tuple[int, Reading]]:
        chinese = [target for target in self._targets if not target.form.text.isascii()]
        for row, text in decoded.items():
            if not fold.has_han(text):
                continue
            plain = text.translate(words.simplified())
            found = (_read_chinese(text, plain, target) for target in chinese if target.form.text in plain)
            yield from ((row, reading) for reading in _best_each(found))

    def _split_readings(self, cut: Cut) -> Iterator[tuple[int, int, Reading]]:
        """Names written over two labels: host row, place of the right-hand label, reading."""
        targets = {target.form.text: target for target in reversed(self._latin)}
        found = split_names(cut, pl.Series([text for text in targets if len(text) > 3], dtype=pl.String))
        for host_row, place, text in found.iter_rows():
            reading = self._read(text, targets[text.replace("-", "")], text)
            if reading:
                yield host_row, place, replace(reading, span=replace(reading.span, technique="subdomain"))

    def _by_host(self, cut: Cut) -> Iterator[tuple[dict[str, object], list[tuple[int, Reading]]]]:
        """Each host with readings, and these with their label's place in it."""
        in_labels = list(self._label_readings(cut))
        in_pairs = list(self._split_readings(cut))
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
        for row in cut.hosts.join(met.group_by("host_row").agg("place", "reading"), on="host_row").iter_rows(
            named=True
        ):
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
        for entry in sorted(weighed, key=lambda each: (-each.confidence, -len(each.reading.target.form.text))):
            if entry.confidence == best and entry.reading.target.brand not in told:
                told.add(entry.reading.target.brand)
                yield _row(name, entry)

    def _weigh(self, host: str, suffix: str, labels: list[str], place: int, reading: Reading) -> _Weighed:
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
        return _Weighed(reading, around, where, confidence(facts), facts)


def _best_each(readings: Iterator[Reading | None]) -> list[Reading]:
    """The best reading for each brand."""
    best: dict[str, Reading] = {}
    for reading in readings:
        if reading and (
            reading.target.brand not in best or points(reading.facts) > points(best[reading.target.brand].facts)
        ):
            best[reading.target.brand] = reading
    return list(best.values())


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


def _read_chinese(text: str, plain: str, target: Target) -> Reading:
    form = target.form.text
    start = plain.index(form)
    facts = {"characters", "same", "whole" if len(plain) == len(form) else "leading"}
    if len(form) <= 2:
        facts.add("short characters")
    return Reading(target, text, Span(start, start + len(form), "", 0.0, 0), frozenset(facts))


def _row(host: str, entry: _Weighed) -> tuple[object, ...]:
    reading, form = entry.reading, entry.reading.target.form
    technique = _technique(entry)
    shown = reading.shown
    against = (
        "word" if "word" in reading.facts else "reading" if reading.facts & {"loss 1", "loss 3", "is a word"} else ""
    )
    story = Story(
        technique, shown, form.text, entry.where, reading.beside or entry.around.keyword, entry.around.embedded,
        popular="popular" in entry.facts, weakened_by=against if entry.confidence < DEFAULT_THRESHOLD else "",
    )  # fmt: skip
    similarity = max(0, round(100 * (1 - reading.span.cost / len(form.text))))
    return (
        host, reading.target.brand, technique, similarity, entry.confidence, f"{shown} ~ {form.text}", *tell(story),
    )  # fmt: skip


def _technique(entry: _Weighed) -> str:
    reading = entry.reading
    if reading.span.technique:
        return reading.span.technique
    if entry.around.embedded or (entry.where != "registrable" and "whole" in reading.facts):
        return "subdomain"
    if "whole" in reading.facts:
        return "tld-swap"
    rest = reading.label[reading.span.end :]
    return "addition" if reading.span.start == 0 and len(rest) == 1 else "dictionary"
