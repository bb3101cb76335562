"""What speaks for and against a label's imitating a brand: named facts, weighed in analytics.match.weigh."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from analytics.match import keywords, words
from analytics.match.forms import Form
from analytics.match.spans import Span, is_boundary

_BRAND_PIECE: Final = 4.6
"""log10 cost of a brand's name in the reading of a label: that of a word of Zipf value 4.9, a usual one."""
_EDIT: Final = 1.7
"""log10 cost of an edit: about one name in fifty is misspelt, at the place and with the letter seen."""
_WORDY: Final = 1.15
"""log10 cost a letter below which a stretch reads as words; random letters cost 1.6 and more."""


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

    @property
    def shown(self) -> str:
        """The part of the label that met, in its own characters where each is read as one."""
        text = self.original if len(self.original) == len(self.label) else self.label
        return text[self.span.start : self.span.end]


@dataclass(frozen=True)
class _Stretch:
    """A label with a span in it."""

    label: str
    span: Span
    target: Target

    @cached_property
    def token(self) -> tuple[int, int]:
        """Ends of the word between hyphens that holds the span; a hyphen inside the span does not end it."""
        before = self.label.rfind("-", 0, self.span.start) + 1
        after = self.label.find("-", self.span.end)
        return before, after if after >= 0 else len(self.label)

    @cached_property
    def rests(self) -> tuple[str, str]:
        """What is left of the word before and after the span."""
        before, after = self.token
        return self.label[before : self.span.start].strip("-"), self.label[self.span.end : after].strip("-")

    @cached_property
    def others(self) -> list[str]:
        """The label's other words."""
        before, after = self.token
        return [part for part in (self.label[:before] + self.label[after:]).split("-") if part]


def gather(label: str, span: Span, target: Target) -> tuple[frozenset[str], str]:
    """The facts about a span, and the keyword beside it if there is one."""
    stretch = _Stretch(label, span, target)
    kinds = [kind_of(rest, target.keywords) for rest in stretch.rests]
    facts = {*_form_facts(target.form), *_span_facts(target.form, span), edges(label, span)}
    facts |= {f"rest {kind}" for kind in kinds if kind}
    facts |= {f"other {kind}" for kind in {kind_of(other, target.keywords) for other in stretch.others}}
    facts |= _reading_facts(stretch) | _overlap_facts(stretch, kinds)
    if span.cost == 0 and len(label) == span.end - span.start + 1:
        facts.add("one more character")
    if "-" in label:
        facts.add("hyphens" if label.count("-") < 3 else "many hyphens")
    return frozenset(facts), _keyword_beside(stretch)


_EVERYDAY: Final = frozenset({"domain word", "everyday short name"})
_SOUNDS: Final = frozenset({"pinyin", "core pinyin", "initials", "mixed", "spoken digits"})
_EDGED: Final = frozenset({"whole", "both edges"})
_ONE_EDGE: Final = frozenset({"leading", "trailing"})
_HELPED: Final = frozenset({"rest own", "rest strong"})


def is_exact_only(form: Form) -> bool:
    """Whether a form counts as it is written only: domains' labels stand for the brand, but nobody misspells them."""
    return form.derivation in {"domain", *_EVERYDAY}


def is_plausible(facts: frozenset[str], span: Span, form: Form) -> bool:
    """Whether anybody would take it for the brand at all; what is not is dropped before anything is weighed.

    A name from a domain or an everyday word counts as it is written only; a name with an edit needs the more
    boundaries the shorter it is.
    """
    edited = span.cost > 0.65
    if form.derivation in _EVERYDAY and not facts & (_EDGED | _HELPED):
        return False
    if not edited:
        return True
    if "the word alone" in facts and "whole" not in facts:
        return False
    if len(form.text) <= 5:
        return bool(facts & _EDGED) or (bool(facts & _ONE_EDGE) and bool(facts & _HELPED))
    return len(form.text) > 6 or "inside" not in facts or bool(facts & _HELPED)


def kind_of(rest: str, own: frozenset[str]) -> str:
    """What a stretch beside the name is: own, strong, weak or infra keywords, digits, letter, words, unknown, or ''."""
    if not rest:
        return ""
    letters = rest.strip("0123456789")
    if not letters:
        return "digits"
    kind = _keyword_kind(letters, own)
    if kind:
        return kind
    if len(letters) == 1:
        return "letter"
    return "words" if words.read_cost(letters) / len(letters) < _WORDY else "unknown"


def _keyword_kind(letters: str, own: frozenset[str]) -> str:
    """The strongest kind of keyword where the stretch consists of keywords only (`securelogin`)."""
    best: list[str | None] = [""] + [None] * len(letters)
    for end in range(2, len(letters) + 1):
        for start in range(end - 1):
            before, kind = best[start], _keyword(letters[start:end], own)
            if kind and before is not None:
                best[end] = max(best[end] or "", kind, before, key=_RANK.index)
    return best[-1] or ""


_RANK: Final = ["", "infra", "weak", "strong", "own"]


def _keyword(word: str, own: frozenset[str]) -> str:
    if word in own:
        return "own"
    if word in keywords.INFRA:
        return "infra"
    return "strong" if word in keywords.STRONG else "weak" if word in keywords.WEAK else ""


def _keyword_beside(stretch: _Stretch) -> str:
    for rest in (*stretch.rests, *stretch.others):
        letters = rest.strip("0123456789")
        if _keyword_kind(letters, stretch.target.keywords) in {"own", "strong"}:
            return letters
    return ""


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


def edges(label: str, span: Span) -> str:
    """Whether the name begins and ends where a word does: whole, both edges, leading, trailing, inside."""
    if span.start == 0 and span.end == len(label):
        return "whole"
    count = is_boundary(label, span.start) + is_boundary(label, span.end)
    if count == 1:
        return "leading" if is_boundary(label, span.start) else "trailing"
    return "both edges" if count else "inside"


def may_stand(label: str, span: Span, form: Form) -> bool:
    """Whether a name may be met so at all, as far as its edits and edges tell; asked first, because it is quick."""
    if span.cost <= 0.2:
        return True
    if is_exact_only(form):
        return False
    if form.derivation in _SOUNDS and len(form.text) < 9 and span.cost > 0.65:
        return False  # a syllable that differs by a letter is another syllable: xiaomi and xiaoyi
    return span.cost <= 0.65 or len(form.text) > 5 or edges(label, span) != "inside"


def _reading_facts(stretch: _Stretch) -> set[str]:
    """How much likelier the label's word reads with the name in it than without, in powers of ten."""
    before, after = stretch.token
    token = stretch.label[before:after].replace("-", "")
    form, span = stretch.target.form.text, stretch.span
    window = stretch.label[span.start : span.end].replace("-", "")
    name = min(_BRAND_PIECE, 9.5 - words.zipf(form)) + _EDIT * span.cost
    left, right = (rest.replace("-", "") for rest in stretch.rests)
    gain = words.read_cost(token) - (name + words.read_cost(left) + words.read_cost(right))
    facts = {_gain_fact(gain)}
    if window != form and _word_alone(form, window):
        facts.add("the word alone")
    if window != form and window[0] != form[0]:
        facts.add("first letter")
    if window != form and words.zipf(window) >= 2.2 and len(window) > 2:
        facts.add("is a word")
    return facts


def _overlap_facts(stretch: _Stretch, kinds: list[str]) -> set[str]:
    """Whether the name is a word and a letter that may belong to what stands beside it: fort-i-cloud, game-s-team."""
    form = stretch.target.form.text
    left, right = (kind in {"words", "unknown", "letter"} for kind in kinds)
    tails = left and any(words.zipf(form[cut:]) > _USUAL for cut in (1, 2) if len(form) - cut > 3)
    heads = right and any(words.zipf(form[:-cut]) > _USUAL for cut in (1, 2) if len(form) - cut > 3)
    return {"overlaps a word"} if tails or heads else set()


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
