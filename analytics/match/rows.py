"""One match as a row: the technique's name, what stands in the host, and the story told."""

from typing import Final, NamedTuple

from analytics.match import fold, weigh
from analytics.match.evidence import Reading
from analytics.match.explain import Story, tell
from analytics.match.shown import differences, shown_span
from analytics.match.surroundings import Surroundings
from db.brands import DEFAULT_THRESHOLD


class Weighed(NamedTuple):
    """A reading in its host."""

    reading: Reading
    place: int
    """Of the label among the host's."""
    around: Surroundings
    where: str
    facts: frozenset[str]
    points: int
    """What the facts add up to; it tells apart what the greatest confidence does not."""

    @property
    def confidence(self) -> int:
        """0-100."""
        return weigh.confidence_of(self.points)

    def rivals(self, other: "Weighed") -> bool:
        """Whether both speak of the same brand, or of the same letters: then the surer is told alone, or the first."""
        ours, theirs = self.reading.span, other.reading.span
        is_same_place = self.place == other.place and ours.start < theirs.end and theirs.start < ours.end
        is_surer = other.points > self.points
        return self.reading.target.brand == other.reading.target.brand or (is_same_place and is_surer)

    @property
    def rank(self) -> tuple[int, bool, int]:
        """What is told before what: the surest, then characters before their sounds, then the longest form."""
        form = self.reading.target.form.text
        return -self.points, not fold.has_han(form), -len(form)


def row_of(host: str, entry: Weighed) -> tuple[object, ...]:
    """The row of MATCH_SCHEMA."""
    reading, form = entry.reading, entry.reading.target.form
    technique = technique_of(entry)
    shown = shown_span(reading)
    story = Story(
        technique, shown, form.text, entry.where, reading.beside or entry.around.keyword, entry.around.embedded,
        popular="popular" in entry.facts, weakened_by=_against(entry), differing=differences(reading),
        is_sound=form.text.isascii() and fold.has_han(shown),
    )  # fmt: skip
    similarity = max(0, round(100 * (1 - reading.span.cost / len(form.text))))
    return (
        host, reading.target.brand, technique, similarity, entry.confidence, f"{shown} ~ {form.text}", *tell(story),
    )  # fmt: skip


def _against(entry: Weighed) -> str:
    if entry.confidence >= DEFAULT_THRESHOLD:
        return ""
    if "word" in entry.reading.facts:
        return "word"
    return "reading" if entry.reading.facts & _READS_OTHERWISE else ""


_READS_OTHERWISE: Final = frozenset({"plain gain -6", "plain gain -4", "plain gain -2", "is a word"})


def technique_of(entry: Weighed) -> str:
    """The technique in dnstwist's words."""
    reading = entry.reading
    if reading.span.technique:
        return reading.span.technique
    if reading.target.form.text.isascii() and fold.has_han(shown_span(reading)):
        return "replacement"  # characters of the same sound
    if entry.around.embedded or (entry.where != "registrable" and "whole" in reading.facts):
        return "subdomain"
    if "whole" in reading.facts:
        return "tld-swap"
    rest = reading.label[reading.span.end :]
    return "addition" if reading.span.start == 0 and len(rest) == 1 else "dictionary"
