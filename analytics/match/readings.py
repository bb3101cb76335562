"""Which labels may be read as which brands: candidates from the indexes, the best reading of each brand."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import polars as pl

from analytics.match import evidence, fold, words
from analytics.match.costs import CHEAP, most_cost
from analytics.match.evidence import Reading, Target
from analytics.match.hosts import Cut, split_names, spoken
from analytics.match.index import FormIndex
from analytics.match.nearness import may_look_like, may_meet
from analytics.match.shown import shown_span
from analytics.match.spans import Span, find_span
from analytics.match.stretch import doubled, edges, keyword_among, kind_of
from analytics.match.tokens import TokenIndex
from analytics.match.weigh import points

_SHORT: Final = 3
_EDGED: Final = frozenset({"whole", "both edges"})
_CHUNK: Final = 200_000
"""Labels looked through at once; their packed windows take about 200 MB."""


class LabelReader:
    """The forms of all brands, ready to be met in labels."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._chinese = [target for target in targets if not target.form.text.isascii()]
        self._latin = [target for target in targets if target.form.text.isascii()]
        forms = [target.form.text for target in self._latin]
        self._written = np.array([evidence.is_exact_only(target.form) for target in self._latin], np.bool_)
        self._looks_only = np.array([evidence.is_looks_only(target.form) for target in self._latin], np.bool_)
        # a name of one brand may be a domain's label of another: it counts misspelt all the same
        misspelt = {form for form, is_written in zip(forms, self._written, strict=True) if not is_written}
        written = frozenset(forms) - misspelt
        own = {word for target in targets for word in target.keywords}
        self._form_index, self._token_index = FormIndex(forms, exact=written), TokenIndex(forms, own)

    def label_readings(self, cut: Cut) -> Iterator[tuple[int, Reading]]:
        """Each label's row, and its best reading for each brand that it may imitate."""
        texts = cut.labels["reading"]
        other = cut.labels.filter(pl.col("label") != pl.col("reading"))
        decoded = {row: fold.decode_label(label) for row, label in other.select("label_row", "label").iter_rows()}
        chinese = {row: self._chinese_readings(text) for row, text in decoded.items() if fold.has_han(text)}
        for begin in range(0, len(texts), _CHUNK):
            chunk = texts.slice(begin, _CHUNK)
            for place, text, form_rows in self._candidates(chunk):
                row = begin + place
                original = decoded.get(row, text)
                found = (self._read(text, self._latin[form_row], original) for form_row in form_rows)
                met = chinese.pop(row, [])
                named = {reading.target.brand for reading in met}
                sounds = [reading for reading in found if reading and reading.target.brand not in named]
                yield from ((row, reading) for reading in _best_each([*met, *sounds]))
        yield from ((row, reading) for row, met in chinese.items() for reading in met)

    def _candidates(self, texts: pl.Series) -> Iterator[tuple[int, str, list[int]]]:
        """Labels (their place, their text) with the forms that may be met in them."""
        labels, forms = self._form_index.candidates(texts.to_list())
        seen = [pl.DataFrame({"label": labels, "form": forms}), self._token_index.candidates(texts)]
        pairs = pl.concat(seen).unique().sort("label", "form")  # of equals the first counts, on every run
        grouped = self._promising(texts, pairs).group_by("label", maintain_order=True).agg("form")
        yield from zip(grouped["label"], texts.gather(grouped["label"]), grouped["form"].to_list(), strict=True)

    def _promising(self, texts: pl.Series, pairs: pl.DataFrame) -> pl.DataFrame:
        """The pairs (label, form) whose letters overlap enough; forms that allow no edit must stand as written."""
        rows, place = np.unique(pairs["label"].to_numpy(), return_inverse=True)
        plain = texts.gather(rows).str.replace_all("-", "", literal=True).to_list()
        forms, form_rows = [target.form.text for target in self._latin], pairs["form"].to_numpy()
        is_written = self._written[form_rows]
        met, written, other = np.empty(len(place), np.bool_), np.flatnonzero(is_written), np.flatnonzero(~is_written)
        entries = zip(form_rows[written].tolist(), place[written].tolist(), strict=True)
        met[written] = [forms[form] in plain[label] for form, label in entries]
        met[other] = may_meet(forms, plain, (form_rows[other], place[other]))
        looked = np.flatnonzero(met & self._looks_only[form_rows])
        entries = zip(form_rows[looked].tolist(), place[looked].tolist(), strict=True)
        met[looked] = [may_look_like(forms[form], plain[label]) for form, label in entries]
        return pairs.filter(pl.Series(met, dtype=pl.Boolean))

    def _read(self, text: str, target: Target, original: str) -> Reading | None:
        span = find_span(text, target.form.text)
        span = span and doubled(text, span, target.keywords)
        gathered = span and evidence.gather(text, span, target)
        if span is None or not gathered:
            return None
        reading = Reading(target, text, span, *gathered, original)
        return reading if original == text or fold.has_han(original) else _foreign(reading)

    def _chinese_readings(self, text: str) -> list[Reading]:
        plain = text.translate(words.simplified())
        return _best_each(_read_chinese(text, plain, each) for each in self._chinese if each.form.text in plain)

    def split_readings(self, cut: Cut) -> Iterator[tuple[int, int, Reading]]:
        """Names written over two labels: host row, place of the right-hand label, reading."""
        targets: dict[str, list[Target]] = {}
        for target in self._latin:
            targets.setdefault(target.form.text, []).append(target)
        found = split_names(cut, pl.Series([text for text in targets if len(text) > 3], dtype=pl.String))
        for host_row, place, text in found.iter_rows():
            for target in targets[text.replace("-", "")]:
                reading = self._read(text, target, text)
                if reading:
                    yield host_row, place, reading._replace(span=reading.span._replace(technique="subdomain"))


def _foreign(reading: Reading) -> Reading | None:
    """A reading of a label in letters of other scripts, or with marks: what matters is whether the name has them.

    Other languages have words of their own: with marks, two or three letters within a word are no name (the ätt of
    betalningsätt), and no long name is met that differs by more than an edit besides (båtbenet and battlenet).
    """
    if shown_span(reading).isascii():
        return reading
    is_short = len(reading.target.form.text) <= _SHORT
    if (is_short and not reading.facts & _EDGED) or reading.span.cost > most_cost(_SHORT + 1):
        return None
    if reading.span.cost > CHEAP / 2:
        return reading._replace(facts=reading.facts | {"foreign letters, edited"})
    span = reading.span._replace(technique="homoglyph", cost=CHEAP)
    return reading._replace(span=span, facts=reading.facts | {"foreign letters"})


def _best_each(readings: Iterable[Reading | None]) -> list[Reading]:
    """The best reading for each brand; the name itself goes before a part of it, which has company in the rest."""
    best: dict[str, Reading] = {}
    for reading in filter(None, readings):
        other = best.get(reading.target.brand)
        if other is None or _is_better(reading, other):
            best[reading.target.brand] = reading
    return list(best.values())


def _is_better(reading: Reading, other: Reading) -> bool:
    if _holds(reading, other) or _holds(other, reading):
        return _holds(reading, other)
    return points(reading.facts) > points(other.facts)


def _holds(reading: Reading, other: Reading) -> bool:
    """Whether a name stands as it is around another form's place."""
    inner, outer = other.span, reading.span
    is_longer = outer.end - outer.start > inner.end - inner.start
    return outer.cost == 0 and is_longer and outer.start <= inner.start and inner.end <= outer.end


def _read_chinese(text: str, plain: str, target: Target) -> Reading:
    form = target.form.text
    start = plain.index(form)
    span = Span(start, start + len(form), "", 0.0, 0)
    rests = [spoken(rest) for rest in plain.replace(form, "-", 1).split("-") if rest]
    facts = {"characters", "same", edges(plain, span), *(f"rest {kind_of(rest, target.keywords)}" for rest in rests)}
    if len(form) <= 2:
        facts.add("short characters")
    return Reading(target, text, span, frozenset(facts), keyword_among(rests, target.keywords), text)
