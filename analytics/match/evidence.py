"""What speaks for and against a label's imitating a brand: named facts, weighed in analytics.match.weigh."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, NamedTuple

from analytics.match import sounds, words
from analytics.match.costs import CHEAP, LOOKS, MANY, most_cost
from analytics.match.forms import Form
from analytics.match.spans import Span
from analytics.match.stretch import Stretch, cut_at, edges, has_help, keyword_among, kind_of

_BRAND_PIECE: Final = 4.6
"""log10 cost of a brand's name in the reading of a label: that of a word of Zipf value 4.9, a usual one."""
_EDIT: Final = 1.7
"""log10 cost of an edit: about one name in fifty is misspelt, at the place and with the letter seen."""


@dataclass(frozen=True)
class Target:
    """A form of a brand, with what belongs to it."""

    brand: str
    form: Form
    keywords: frozenset[str]
    """The brand's own."""


class Reading(NamedTuple):
    """A form met in a label, and the facts about it."""

    target: Target
    label: str
    """As read: ASCII, hyphens in place."""
    span: Span
    facts: frozenset[str]
    beside: str = ""
    """The keyword that stands in the label with the name, empty if none."""
    original: str = ""
    """The label decoded, where it reads otherwise (punycode)."""


def gather(label: str, span: Span, target: Target) -> tuple[frozenset[str], str] | None:
    """The facts about a span, and the keyword beside it if there is one; None where nobody takes it for the name."""
    form, own, edge = target.form, target.keywords, edges(label, span)
    if not _may_stand(edge, span, form):
        return None
    within, stretch = label[span.start : span.end], cut_at(label, span)
    window = within.replace("-", "")
    of_window = _window_facts(form.text, window, span.technique)
    if not _is_plausible(target, span, edge, of_window, stretch.rests):
        return None
    kinds = kind_of(stretch.rests[0], own), kind_of(stretch.rests[1], own)
    facts = {edge, *_form_facts(form), *_span_facts(len(form.text), span.cost, span.technique), *of_window}
    facts.update([f"rest {kind}" for kind in kinds if kind])
    facts.update([f"other {kind_of(other, own)}" for other in stretch.others])
    facts |= _overlap_facts(form.text, kinds)
    facts |= _gain_facts(form.text, span, stretch)
    facts |= _sound_facts(form.text, span, stretch)
    if "-" in within and edge != "whole":
        facts.add(f"over a hyphen, {edge}")
    if edge in _GLUED and not _COMPANY.isdisjoint(kinds):
        facts.add(f"in words {_zipf_step(words.zipf_around(window, edge))}")
    if span.cost == 0 and _within_a_word(form, stretch.token):
        facts.add("within a word")
    elif span.cost == 0 and len(label) == span.end - span.start + 1:
        facts.add("one more character")
    if "-" in label:
        facts.add("hyphens" if label.count("-") < 3 else "many hyphens")
    return frozenset(facts), keyword_among((*stretch.rests, *stretch.others), own)


_EXACT_ONLY: Final = frozenset({"domain", "domain word", "everyday short name"})
_SOUNDS: Final = frozenset({"pinyin", "core pinyin", "initials", "mixed", "spoken digits"})
_EDGED: Final = frozenset({"whole", "both edges"})
_ONE_EDGE: Final = frozenset({"leading", "trailing"})


def is_exact_only(form: Form) -> bool:
    """Whether a form counts as it is written only: domains' labels stand for the brand, but nobody misspells them."""
    return form.derivation in _EXACT_ONLY


def _is_plausible(target: Target, span: Span, edge: str, of_window: frozenset[str], rests: tuple[str, str]) -> bool:
    """Whether anybody would take it for the brand at all; what is not is dropped before anything is weighed.

    A name from a domain or an everyday word counts as it is written only; a name with an edit needs the more
    boundaries the shorter it is.
    """
    if is_exact_only(target.form):
        return edge in _EDGED or has_help(rests, target.keywords)
    if span.cost <= LOOKS or span.technique == "homoglyph":
        return True
    if "is an ordinary word" in of_window or ("the word alone" in of_window and edge != "whole"):
        return False
    if len(target.form.text) > 5 or edge in _EDGED:
        return True
    return edge in _ONE_EDGE and has_help(rests, target.keywords)


_COMPANY: Final = frozenset({"words", "unknown", "letter"})
"""What stands glued to a name and may be the rest of a word."""
_GLUED: Final = frozenset({"leading", "trailing", "inside"})


def _zipf_step(value: float) -> int:
    """A Zipf value by whole numbers from 3 to 6; 0 is below: hardly a word."""
    return 0 if value < 3 else min(int(value), 6)


def _within_a_word(form: Form, token: str) -> bool:
    """Whether the label's word is but an ordinary one that holds the name: ameliorate, purchase, ledgers."""
    if token == form.text:
        return False
    is_known = words.zipf(token) >= max(words.KNOWN, words.zipf(form.text))  # facebooka comes from the name
    return is_known or (form.is_word and words.is_word_of(token, form.text))


def _sound_facts(form: str, span: Span, stretch: Stretch) -> set[str]:
    """Of a name that may be pinyin: whether what met says something else, letter by letter of the alphabet alike."""
    if not sounds.is_spoken(form) or not sounds.is_spoken(stretch.token):
        return set()
    if span.cost > CHEAP:
        return {"other syllables"}
    left, right = stretch.rests
    cuts = any(rest and not sounds.is_spoken(rest) for rest in (left, right))
    return {"cuts a syllable"} if cuts else set()


@cache
def _form_facts(form: Form) -> frozenset[str]:
    facts = {f"letters {min(len(form.text), _LONG)}"}
    if form.is_word:
        facts.add("word")
    if form.derivation in _DERIVED:
        facts.add(form.derivation)
    return frozenset(facts)


_LONG: Final = 12
"""Letters from which a name is as good as any longer one."""
_DERIVED: Final = frozenset(
    {"domain", "domain word", "main domain", "initials", "core pinyin", "mixed", "short name", "everyday short name"}
)
_SIZES: Final = (
    (0.0, "same"), (0.2, "split"), (0.45, "looks"), (0.6, "glance"), (0.95, "slip"), (1.15, "edit"),
    (2.15, "two edits"),
)  # fmt: skip
"""What a cost amounts to: up to the number, in words; a cost is a sum of analytics.match.costs."""


def size_of(cost: float, technique: str) -> str:
    """How much differs, in a word: same, split, looks, glance, looks twice, slip, edit, two edits, more edits."""
    if technique == "homoglyph" and cost > 0.6:
        return "looks twice"
    return next((name for most, name in _SIZES if cost <= most), "more edits")


@lru_cache(maxsize=MANY)
def _span_facts(letters: int, cost: float, technique: str) -> frozenset[str]:
    size = size_of(cost, technique)
    return frozenset({"same", size} if cost <= 0.2 else {size, f"{size}, letters {min(letters, 9)}"})


def _may_stand(edge: str, span: Span, form: Form) -> bool:
    """Whether a name may be met so at all, as far as its edits and edges tell; asked first, because it is quick."""
    if span.cost <= 0.2:
        return True
    if is_exact_only(form):
        return False
    if form.derivation in _SOUNDS and span.cost > _most_of_sound(form):
        return False  # a syllable that differs by a letter is another syllable: xiaomi and xiaoyi
    return span.cost <= LOOKS or len(form.text) > 5 or edge != "inside"


def _most_of_sound(form: Form) -> float:
    """What may differ in a name by its sound: one edit of a long one, of initials nothing but looks."""
    is_long = len(form.text) >= _LONG_SOUND and form.derivation not in {"initials", "mixed"}
    return most_cost(_ONE_EDIT) if is_long else LOOKS


def is_looks_only(form: Form) -> bool:
    """Whether a form may differ in looks only (LOOKS)."""
    return form.derivation in _SOUNDS and _most_of_sound(form) == LOOKS


_LONG_SOUND: Final = 9
_ONE_EDIT: Final = 7
"""Letters of a name that allows one edit."""


def _gain_facts(form: str, span: Span, stretch: Stretch) -> set[str]:
    """How much likelier the label's word reads with the name in it than without, in powers of ten; see `_STEPS`.

    Told twice: `gain` against readings in which the name's own letters are no word, `plain gain` against any, since a
    famous name, and one that is an ordinary word, stands in the lists of words itself.
    """
    name = min(_BRAND_PIECE, 9.5 - words.zipf(form)) + _EDIT * span.cost
    left, right = (rest.replace("-", "") for rest in stretch.rests)
    beside = name + words.read_cost(left) + words.read_cost(right)
    plain, without = words.read_costs(stretch.token, form)
    return {_GAINS[_step(without - beside)], _PLAIN_GAINS[_step(plain - beside)]}


_STEPS: Final = (-6, -4, -2, -1, 0, 1, 2, 4, 6, 9)
"""Powers of ten between which a gain is told; the greatest step not above it is its name."""
_GAINS: Final = tuple(f"gain {step}" for step in _STEPS)
_PLAIN_GAINS: Final = tuple(f"plain gain {step}" for step in _STEPS)


def _step(gain: float) -> int:
    """Which of the steps."""
    return max(0, bisect_right(_STEPS, gain) - 1)


@lru_cache(maxsize=MANY)
def _window_facts(form: str, window: str, technique: str) -> frozenset[str]:
    """What the letters that met are, where they are not the form's own."""
    if window == form:
        return frozenset()
    facts = {f"by {technique}"} if technique else set()
    if window[0] != form[0]:
        facts.add("first letter")
    if _word_alone(form, window):
        facts.add("the word alone")
    facts.add(f"reads {min(int(words.read_cost(window) / len(window) * 5), 8)}")
    if _has_number(form, window):
        facts.add("number")
    if window[-1].isdigit() and not form[-1].isdigit():
        facts.add("digit at its end")
    if words.is_made_of_words(window):
        facts.add("made of words")
    if len(window) > 2 and (frequency := words.zipf(window)):
        facts.add("is a word" if frequency >= words.KNOWN else "is a rare word")
        if frequency >= _ORDINARY:
            facts.add("is an ordinary word")
    return frozenset(facts)


def _has_number(form: str, window: str) -> bool:
    """Whether digits stand side by side where the name has none: app13 is apple, or the thirteenth app."""
    return any(window[place : place + 2].isdigit() for place in range(len(window) - 1)) and form.isalpha()


@lru_cache(maxsize=MANY)
def _overlap_facts(form: str, kinds: tuple[str, str]) -> frozenset[str]:
    """Whether the name is a word and a letter that may belong to what stands beside it: fort-i-cloud, game-s-team."""
    left, right = (kind in {"words", "unknown", "letter"} for kind in kinds)
    tails = left and any(words.zipf(form[cut:]) > _USUAL for cut in (1, 2) if len(form) - cut > 3)
    heads = right and any(words.zipf(form[:-cut]) > _USUAL for cut in (1, 2) if len(form) - cut > 3)
    return frozenset({"overlaps a word"}) if tails or heads else frozenset()


_ORDINARY: Final = 4.0
"""Zipf value of a word that everybody uses: boats, boost, roots."""
_USUAL: Final = 3.8
"""Zipf value of a word that host names are made of; about the 10,000 commonest."""


def _word_alone(form: str, window: str) -> bool:
    """Whether what met is but the ordinary word that the name is made of, and a letter or two: icloud and ycloud."""
    cuts = [cut for cut in (1, 2) if len(form) - cut >= 4]
    inner = [part for cut in cuts for part in (form[cut:], form[:-cut]) if words.zipf(part) > _USUAL]
    return any(part in window for part in inner)
