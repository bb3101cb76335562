"""What stands in a host where a form was met, in its own characters, and which of them are not the form's."""

from itertools import groupby
from typing import Final

from rapidfuzz.distance import Levenshtein

from analytics.match import fold, sounds, words
from analytics.match.costs import middles
from analytics.match.evidence import Reading

_TOGETHER: Final = 2
"""Letters told as one difference: two that were swapped, rn for m."""


def shown_span(reading: Reading) -> str:
    """The part of the label that met, as a browser may show it: `奇富借条` for the sounds qifujietiao."""
    begin, end = _own_places(reading)
    return (reading.original or reading.label)[begin:end]


def differences(reading: Reading) -> tuple[tuple[str, str], ...]:
    """Pairs: the form's letters, and what stands for them; one of the two empty where letters are wanting or too many.

    Characters of another script stand for the letters that they pass for; of Chinese characters met by their sounds
    nothing is said.
    """
    form, text = reading.target.form.text, shown_span(reading)
    if fold.has_han(text):
        return ()
    if not text.isascii():
        pairs = [(fold.ascii_of(char), char) for char in text if not char.isascii()]
        return tuple(dict.fromkeys(pairs))
    window = text.replace("-", "")
    return tuple(dict.fromkeys(_replaced(form, window)))


def _replaced(form: str, window: str) -> list[tuple[str, str]]:
    _, ours, theirs = middles(form, window)
    if max(len(ours), len(theirs)) <= _TOGETHER:
        return [(ours, theirs)] if ours or theirs else []
    pairs, ours, theirs = [], "", ""
    for step in Levenshtein.opcodes(form, window):
        if step.tag == "equal":
            pairs.append((ours, theirs))
            ours = theirs = ""
        else:
            ours += form[step.src_start : step.src_end]
            theirs += window[step.dest_start : step.dest_end]
    return [pair for pair in [*pairs, (ours, theirs)] if pair != ("", "")]


def _own_places(reading: Reading) -> tuple[int, int]:
    span, original = reading.span, reading.original
    if not original or original == reading.label:
        return span.start, span.end
    sources = _sources(original)
    if len(sources) != len(reading.label):  # read as Chinese characters, one by one
        return span.start, span.end
    return sources[span.start], sources[span.end - 1] + 1


def _sources(original: str) -> list[int]:
    """For each letter of the label as read (hosts.spoken) the place of the character that it was read from."""
    letters = [(place, letter) for place, char in enumerate(original) for letter in fold.ascii_of(char)]
    sources: list[int] = []
    for is_han, group in groupby(letters, key=lambda entry: fold.has_han(entry[1])):
        run = list(group)
        if not is_han:
            sources += [place for place, _ in run]
            continue
        said = sounds.syllables("".join(letter for _, letter in run).translate(words.simplified()))
        sources += [place for (place, _), syllable in zip(run, said, strict=True) for _ in syllable]
    return sources
