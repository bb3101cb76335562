"""App names against the brands' names: how much of a name is the brand's, and what stands beside it."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import polars as pl
from rapidfuzz.distance import OSA

from analytics.match import app_words, fold, sounds, words
from analytics.match.app_spelling import FAR, RARE, spelling_of
from analytics.match.evidence import Target
from analytics.match.forms import SHORTEST, Form
from analytics.match.index import FormIndex
from analytics.match.nearness import may_meet
from analytics.match.spans import Span, find_span, is_boundary
from analytics.match.tokens import TokenIndex

_SEPARATORS: Final = re.compile(r"[^a-z0-9\u3400-\u9fff]+")
_HAN_RUN: Final = re.compile(r"[\u3400-\u9fff]+")
_ALONE: Final = re.compile(r"(?<![a-z0-9])[a-z0-9](?:-[a-z0-9])+(?![a-z0-9])")
_LONGEST: Final = 200
"""Characters of an app's name that are read; stores show fewer."""
_GLUE: Final = 3
"""Letters from which what is glued to a name may be a word."""
_GLUED: Final = frozenset(word for word in app_words.EDITIONS if word.isascii() and len(word) > 2)
"""What is glued to short names: UBSLite."""
_AMPERSAND: Final = re.compile(r"(?<=[a-z])&(?=[a-z])")
_KINDS: Final = {
    "derived": frozenset({"pinyin", "domain", "main domain", "spoken digits", "short name"}),
    "far": FAR,
    "everyday": frozenset({"domain word", "everyday short name"}),
}
"""What a form is called that is not the name itself, by how it was derived."""


@dataclass(frozen=True, slots=True)
class Named:
    """A brand's name met in an app's."""

    brand: str
    form: str
    shown: str
    """The app's name as given."""
    similarity: int
    facts: frozenset[str]


class NameIndex:
    """The brands' names, ready to be looked for in app names."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._chinese = [(target, app_words.seen(target.form.text)) for target in targets if _is_told(target.form)]
        self._latin = [target for target in targets if target.form.text.isascii()]
        forms = [target.form.text for target in self._latin]
        self._windows, self._tokens = FormIndex(forms), TokenIndex(forms, _GLUED)

    @cached_property
    def _by_sound(self) -> dict[tuple[str, ...], list[tuple[Target, list[str]]]]:
        """Names by their first two syllables; made for the first Chinese app's name, since pypinyin takes 0.4 s."""
        found: dict[tuple[str, ...], list[tuple[Target, list[str]]]] = defaultdict(list)
        for target, _ in self._chinese:
            if target.form.derivation == "characters":
                spoken = _syllables(target.form.text)
                found[tuple(spoken[:2])].append((target, spoken))
        return found

    def named(self, names: Sequence[str]) -> list[list[Named]]:
        """For each app's name the brands' names met in it, however faintly."""
        given = [name[:_LONGEST] for name in names]
        found = [[*self._in_characters(name), *self._in_sounds(name)] for name in given]
        slugs = [slug(name) for name in given]
        for row, target in self._candidates(pl.Series(slugs, dtype=pl.String)):
            met = _latin_facts(given[row], slugs[row], target)
            if met:
                found[row].append(_named(target, given[row], *met))
        return found

    def _candidates(self, slugs: pl.Series) -> Iterator[tuple[int, Target]]:
        label_rows, form_rows = self._windows.candidates(slugs.to_list())
        seen = [pl.DataFrame({"label": label_rows, "form": form_rows}), self._tokens.candidates(slugs)]
        pairs = pl.concat(seen).unique().sort("label", "form")
        plain = slugs.str.replace_all("-", "", literal=True).to_list()
        forms = [target.form.text for target in self._latin]
        near = may_meet(forms, plain, (pairs["form"].to_numpy(), pairs["label"].to_numpy()))
        for row, form in pairs.filter(pl.Series(near, dtype=pl.Boolean)).iter_rows():
            yield row, self._latin[form]

    def _in_characters(self, name: str) -> Iterator[Named]:
        """Names whose characters are met, or characters that pass for them."""
        characters = app_words.compact(name)
        looks = app_words.seen(characters) if fold.has_han(characters) else ""
        if len(looks) != len(characters):  # rn read as one letter: places would differ
            characters = looks
        for target, form in self._chinese if looks else ():
            start = looks.find(form)
            if start >= 0:
                window = characters[start : start + len(form)]
                facts = {"lookalike"} if window != target.form.text else set()
                yield _named(target, name, *_characters_facts(characters, (start, len(form)), target, facts))

    def _in_sounds(self, name: str) -> Iterator[Named]:
        """Names of which other characters have the very sound: 借贝 for 借呗."""
        characters = app_words.compact(name)
        spoken = _syllables(characters) if fold.has_han(characters) else []
        for start in range(len(spoken) - 1):
            for target, sound in self._by_sound.get(tuple(spoken[start : start + 2]), ()):
                window = characters[start : start + len(sound)]
                if spoken[start : start + len(sound)] == sound and _is_homophone(window, target.form.text):
                    yield _named(
                        target, name, *_characters_facts(characters, (start, len(sound)), target, {"by sound"})
                    )


def as_maker(developer: str) -> str:
    """A developer's name without what all firms are called.

    >>> as_maker("PayPal, Inc."), as_maker("奇富信息科技有限公司")
    ('PayPal', '奇富')
    """
    kept = _FIRM_ZH.sub("", _FIRM.sub(" ", developer[:_LONGEST])).strip(" ,.")
    return kept or developer[:_LONGEST]


_FIRM: Final = re.compile(
    r"\b(?:inc|incorporated|ltd|limited|llc|llp|plc|corp|corporation|co|company|gmbh|ag|s\.?a|srl|bv|nv|ab|oy|pte|pty|group|"
    r"holdings?|technolog(?:y|ies)|tech|software|studios?|team|developers?|international|global|services?)\b[.,]?",
    re.IGNORECASE,
)
_FIRM_ZH: Final = re.compile(r"有限|责任|股份|公司|集团|网络|信息|科技|技术|软件|互联网|控股|团队|开发")


def slug(name: str) -> str:
    """A name as a label: words with hyphens between, letters that stand alone joined, Chinese characters apart.

    >>> slug("P a y P a l  Pro"), slug("Ｐａｙ\u200bＰａｌ！登录")
    ('paypal-pro', 'paypal-登录')
    """
    read = _AMPERSAND.sub("", fold.read_text(name).translate(words.simplified()).lower())
    text = _HAN_RUN.sub(lambda run: f"-{run.group()}-", read)
    return _ALONE.sub(lambda run: run.group().replace("-", ""), _SEPARATORS.sub("-", text).strip("-"))


def _is_told(form: Form) -> bool:
    """Whether a form in Chinese characters stands for the brand in an app's name: 交通 of 交通银行 does not."""
    if not fold.has_han(form.text):
        return False
    return form.derivation != "core characters" or not app_words.is_ordinary_zh(form.text)


def _syllables(text: str) -> list[str]:
    """One sound for each character; what is not Chinese sounds as it is written."""
    found: list[str] = []
    for run in re.findall(r"[\u3400-\u9fff]+|.", text, re.DOTALL):
        spoken = sounds.syllables(run) if fold.has_han(run) else [run]
        found += spoken if len(spoken) == len(run) else list(run)
    return found


def _is_homophone(window: str, form: str) -> bool:
    """Whether characters with the sound of a name pass for it: some are the name's own; two alone are no word."""
    own = sum(ours == theirs for ours, theirs in zip(form, window, strict=True))
    return 0 < own < len(form) and (len(form) > 2 or not app_words.is_ordinary_zh(window))


def _named(target: Target, name: str, facts: set[str], similarity: int) -> Named:
    return Named(target.brand, target.form.text, name, similarity, frozenset(facts))


def _characters_facts(characters: str, place: tuple[int, int], target: Target, facts: set[str]) -> tuple[set[str], int]:
    start, length = place
    found = facts | _beside([characters[:start], characters[start + length :]], target) | _form_facts(target.form)
    if length >= RARE:
        found.add("long characters")
    if "by sound" in facts and length == 2:
        found.add("two characters")
    return found, 90 if facts else 100


def _beside(rests: Sequence[str], target: Target) -> set[str]:
    """What else is in a name: nothing (alone), an edition, a bait, other words."""
    parts = [part for part in rests if part.strip("0123456789")]
    own = set(target.keywords)
    if not parts:
        return {"alone"}
    if all(map(app_words.is_edition, parts)):
        return {"edition"}
    if all(app_words.is_bait(part, own) for part in parts):
        return {"bait"}
    facts = {"among words"}
    if app_words.says_for(parts):
        facts.add("made for it")
    if app_words.has_bait(parts, own):
        facts.add("with a bait")
    return facts


def _form_facts(form: Form) -> set[str]:
    facts = {kind for kind, derivations in _KINDS.items() if form.derivation in derivations}
    if form.is_word:
        facts.add("word")
    elif form.text.isascii() and len(form.text) < RARE:
        facts.add("short")
    if len(form.text) == SHORTEST and form.text.isascii():
        facts.add("two letters")
    return facts


def _latin_facts(name: str, label: str, target: Target) -> tuple[set[str], int] | None:
    form, span = target.form, find_span(label, target.form.text)
    if span is None:
        return None
    start, end = _to_the_edges(label, span)
    window = label[start:end].replace("-", "")
    spelling = spelling_of(window, form)
    if spelling is None:
        return None
    facts = _beside([*label[:start].split("-"), *label[end:].split("-")], target) | _form_facts(form) | spelling
    glued = [place for place, edge in ((start, start), (end - 1, end)) if not is_boundary(label, edge)]
    is_edged = not glued
    if any(words.zipf(_token(label, place)) for place in glued):
        return None  # the ing of banking
    if not (
        _may_be_among(facts, form) and is_edged
        if "among words" in facts
        else _may_be_decorated(facts, is_edged=is_edged)
    ):
        return None
    if window == form.text and form.text not in written(name):
        facts.add("lookalike")
    if spelling:
        facts.discard("word")  # what is written is none
    return facts, round(100 * OSA.normalized_similarity(window, form.text))


def _to_the_edges(label: str, span: Span) -> tuple[int, int]:
    """The span with what is glued to it and too short to be a word of its own: the me of ci-time, the l of fenqiel."""
    left = "" if is_boundary(label, span.start) else label[: span.start].rpartition("-")[2]
    right = "" if is_boundary(label, span.end) else label[span.end :].partition("-")[0]
    return span.start - len(left) * (len(left) < _GLUE), span.end + len(right) * (len(right) < _GLUE)


def _token(label: str, place: int) -> str:
    """The letters between hyphens and digits that a place is in."""
    start = next((begin for begin in range(place, 0, -1) if is_boundary(label, begin)), 0)
    return next((label[start:end] for end in range(place + 1, len(label)) if is_boundary(label, end)), label[start:])


def _may_be_among(facts: set[str], form: Form) -> bool:
    """Whether a name is met among any words: one that is no word, too long for chance, and written as it is."""
    return not facts & {"word", "misspelt", "badly misspelt"} and len(form.text) >= RARE


def _may_be_decorated(facts: set[str], *, is_edged: bool) -> bool:
    """Whether a name is met with nothing but decorations: glued to them the less, the more usual it is."""
    if "two letters" in facts:
        return is_edged and bool(facts & {"alone", "bait"})
    if facts & {"misspelt", "badly misspelt"}:
        return is_edged
    return is_edged or "edition" in facts or not facts & {"short", "word"}


def written(name: str) -> str:
    """The letters of a name as they are, without accents, spaces, marks."""
    plain = unicodedata.normalize("NFD", name.lower())
    return "".join(char for char in plain if char.isalnum())
