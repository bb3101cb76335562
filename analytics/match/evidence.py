"""What speaks for and against a label's imitating a brand: named facts, weighed in analytics.match.weigh."""

from dataclasses import dataclass
from typing import Final

from analytics.match import words
from analytics.match.forms import Form
from analytics.match.spans import Span
from analytics.match.stretch import Stretch, cut_at, edges, keyword_among, kind_of

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


@dataclass(frozen=True)
class Reading:
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
    form = target.form
    if not _may_stand(label, span, form):
        return None
    stretch = cut_at(label, span, target.keywords)
    facts = {*_form_facts(form), *_span_facts(form, span), stretch.edges}
    facts |= {f"rest {kind}" for kind in stretch.kinds if kind}
    facts |= _window_facts(form.text, label[span.start : span.end].replace("-", ""))
    if not _is_plausible(facts, span, form):
        return None
    facts |= {f"other {kind}" for kind in {kind_of(other, target.keywords) for other in stretch.others}}
    facts |= _overlap_facts(form.text, stretch)
    facts.add(_gain_fact(_gain(form.text, span, stretch)))
    if span.cost == 0 and len(label) == span.end - span.start + 1:
        facts.add("one more character")
    if "-" in label:
        facts.add("hyphens" if label.count("-") < 3 else "many hyphens")
    return frozenset(facts), keyword_among((*stretch.rests, *stretch.others), target.keywords)


_EVERYDAY: Final = frozenset({"domain word", "everyday short name"})
_SOUNDS: Final = frozenset({"pinyin", "core pinyin", "initials", "mixed", "spoken digits"})
_EDGED: Final = frozenset({"whole", "both edges"})
_ONE_EDGE: Final = frozenset({"leading", "trailing"})
_HELPED: Final = frozenset({"rest own", "rest strong"})


def is_exact_only(form: Form) -> bool:
    """Whether a form counts as it is written only: domains' labels stand for the brand, but nobody misspells them."""
    return form.derivation in {"domain", *_EVERYDAY}


def _is_plausible(facts: set[str], span: Span, form: Form) -> bool:
    """Whether anybody would take it for the brand at all; what is not is dropped before anything is weighed.

    A name from a domain or an everyday word counts as it is written only; a name with an edit needs the more
    boundaries the shorter it is.
    """
    edited = span.cost > 0.65
    if is_exact_only(form) and not facts & (_EDGED | _HELPED):
        return False
    if not edited:
        return True
    if "the word alone" in facts and ("whole" not in facts or "first letter" in facts):
        return False
    if len(form.text) <= 5:
        return bool(facts & _EDGED) or (bool(facts & _ONE_EDGE) and bool(facts & _HELPED))
    return True


def _form_facts(form: Form) -> set[str]:
    facts = {f"length {min(len(form.text), 9) if len(form.text) < 7 else 7 if len(form.text) < 9 else 9}"}
    if form.is_word:
        facts.add("word")
    if form.derivation in {
        "domain",
        "domain word",
        "initials",
        "core pinyin",
        "mixed",
        "short name",
        "everyday short name",
    }:
        facts.add(form.derivation)
    return facts


def _span_facts(form: Form, span: Span) -> set[str]:
    if span.cost <= 0.2:
        return {"same"} if span.cost == 0 else {"same", "split"}
    size = "looks" if span.cost < 0.65 else "one edit" if span.cost <= 1.15 else "edits"
    return {f"{size} {_LENGTHS.get(len(form.text), 'long')}"}


_LENGTHS: Final = {2: "three", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "seven"}


def _may_stand(label: str, span: Span, form: Form) -> bool:
    """Whether a name may be met so at all, as far as its edits and edges tell; asked first, because it is quick."""
    if span.cost <= 0.2:
        return True
    if is_exact_only(form):
        return False
    if form.derivation in _SOUNDS and len(form.text) < 9 and span.cost > 0.65:
        return False  # a syllable that differs by a letter is another syllable: xiaomi and xiaoyi
    return span.cost <= 0.65 or len(form.text) > 5 or edges(label, span) != "inside"


def _gain(form: str, span: Span, stretch: Stretch) -> float:
    """How much likelier the label's word reads with the name in it than without, in powers of ten."""
    name = min(_BRAND_PIECE, 9.5 - words.zipf(form)) + _EDIT * span.cost
    left, right = (rest.replace("-", "") for rest in stretch.rests)
    return words.read_cost(stretch.token) - (name + words.read_cost(left) + words.read_cost(right))


def _window_facts(form: str, window: str) -> set[str]:
    """What the letters that met are, where they are not the form's own."""
    if window == form:
        return set()
    facts = {"first letter"} if window[0] != form[0] else set()
    if _word_alone(form, window):
        facts.add("the word alone")
    if len(window) > 2 and (frequency := words.zipf(window)):
        facts.add("is a word" if frequency >= _KNOWN else "is a rare word")
    return facts


def _overlap_facts(form: str, stretch: Stretch) -> set[str]:
    """Whether the name is a word and a letter that may belong to what stands beside it: fort-i-cloud, game-s-team."""
    left, right = (kind in {"words", "unknown", "letter"} for kind in stretch.kinds)
    tails = left and any(words.zipf(form[cut:]) > _USUAL for cut in (1, 2) if len(form) - cut > 3)
    heads = right and any(words.zipf(form[:-cut]) > _USUAL for cut in (1, 2) if len(form) - cut > 3)
    return {"overlaps a word"} if tails or heads else set()


_KNOWN: Final = 3.2
"""Zipf value of a word that its readers know: herpes, revolt."""
_USUAL: Final = 3.8
"""Zipf value of a word that host names are made of; about the 10,000 commonest."""


def _word_alone(form: str, window: str) -> bool:
    """Whether what met is but the ordinary word that the name is made of, and a letter or two: icloud and ycloud."""
    cuts = [cut for cut in (1, 2) if len(form) - cut >= 4]
    inner = [part for cut in cuts for part in (form[cut:], form[:-cut]) if words.zipf(part) > _USUAL]
    return any(part in window for part in inner)


def _gain_fact(gain: float) -> str:
    for least, name in ((6.0, "gain 6"), (3.0, "gain 3"), (1.0, "gain 1"), (-0.3, "gain 0"), (-2.0, "loss 1")):
        if gain >= least:
            return name
    return "loss 3"
