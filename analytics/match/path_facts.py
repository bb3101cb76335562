"""What speaks for and against a name in a URL's tail: facts, their weights, and the confidence they add up to."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from analytics.match import words
from analytics.match.hosts import spoken
from analytics.match.path_names import Name
from analytics.match.pieces import ADDRESS, ASSET, FOLDER, PAGE, VALUE, Piece
from analytics.match.stretch import kind_of

MOST: Final = 88
"""Confidence that a tail reaches at most: what stands in the host is seen, what stands behind it is mostly not."""
WEIGHTS: Final = {
    "": -14,
    "official": 8,
    "characters": 10,
    "two characters": -4,
    "looks": 6,
    "word": -14,
    "short": -5,
    "whole": 6,
    "with strong": 11,
    "with weak": 0,
    "login beside": 6,
    "among words": -6,
    "glued": -40,
    "page": 4,
    "value": 0,
    "passed on": -24,
    "address": -60,
    "asset": -30,
    "hidden": 12,
    "tilde": 16,
    "login behind": 16,
    "login before": 3,
    "logged in by": -8,
    "code behind": 14,
    "again": 8,
    "site folder": 10,
    "sent on": -14,
    "writing": -22,
    "slug": -22,
    "no host name": 14,
    "cheap suffix": 8,
    "tenant": 5,
    "restricted suffix": -8,
    "named place": 18,
    "popular": -20,
}
"""Points; ten are a factor of e in the odds, as in analytics.match.weigh."""

_LOGIN: Final = re.compile(
    r"log[-_]?[io]n(?!g)|sign[-_]?[io]n(?![a-z])|webscr|verif|confirm|passw|authenti|unlock|suspen|validat|einlogg|"
    r"identi[ft]|recover|restor|acc(?:oun)?ts?(?![a-z])|acces(?:s|so|o)(?![a-z])|secur(?:e|ity)|updat(?:e|ing)|billing|"
    r"denglu|yanzheng|renzheng|zhanghu|登录|登陆|验证|认证|账户|账号"
)
"""What a page asks for that takes an account away; of the keywords of host names too many are ordinary in paths."""
_CODE: Final = re.compile(r"(?<![0-9a-f])(?=[a-f]{0,15}[0-9])[0-9a-f]{20,}")
"""A visitor's own folder, as kits make it: an MD5 or SHA-1 in hexadecimal."""
_SITE: Final = """
wp-content wp-includes wp-admin .well-known cgi-bin tmp temp cache uploads upload plugins themes components modules
administrator includes vendor images img js css fonts media
"""
_SITE_FOLDERS: Final = frozenset(_SITE.split())
"""Where a page lies that somebody put into another's site."""
_SENT: Final = """
oauth oauth2 callback callbacks share sharer sharing sso connect follow social redirect redir go out exit links
integration integrations provider providers ipn checkout payment payments gateway
"""
_SENT_ON: Final = frozenset(_SENT.split())
"""Sites that log in, pay or send by somebody else's service name it there."""
_DOORS: Final = """
auth login logon signin sign-in signup sign-up register users user accounts
"""
_LOGGED_IN_BY: Final = frozenset(_DOORS.split())
"""Right before a name: `/login/facebook` logs in with it."""
_TEXTS: Final = """
blog blogs news article articles story stories wiki tag tags topic topics category categories review reviews press
docs doc documentation help faq forum forums thread threads question questions answers software download downloads
apps jobs careers company companies coupon coupons promo-code promo-codes vouchers deals stores brands brand product
products shop shops search archive archives guide guides tutorial tutorials book books video videos movie movies watch
torrent hotel hotels stock stocks quote quotes people profile about legal privacy policies policy terms compare
alternatives alternative vs list listing item items package packages project projects issues pull blob tree commit
releases repo sport sports music travel event events post posts entry site sites website domain whois baike
"""
_WRITING: Final = frozenset(_TEXTS.split())
"""Where one writes about a firm, sells its goods, or keeps its programs."""
_YEAR: Final = re.compile(r"(?:19|20)[0-9]{2}")
_SLUG: Final = 5
"""Words in one piece from which it is a headline."""
_PASSED: Final = re.compile(
    r"utm_\w+|ref|referrer|referer|source|src|q|s|query|search|keyword|share|via|network|provider|title"
)
"""Parameters that say where a visitor came from, or what was searched."""
_FEW: Final = 3
"""Words beside a name and a keyword in one piece; with more it is a sentence."""
_WORD: Final = re.compile(r"[^\W_]+")
_UNRELATED: Final = frozenset({"words", "unknown", "letter", "infra"})
"""What is glued to a name only by chance, or by those who write about it."""
_TRIMMINGS: Final = "~._- "


@dataclass(frozen=True)
class Sighting:
    """A name met in a tail, and the facts about it."""

    name: Name
    shown: str
    """What met, in its own characters where they are as many as the letters read."""
    facts: frozenset[str]
    keyword: str = ""
    """The word beside or behind it that asks for a login; empty if none."""

    @property
    def similarity(self) -> int:
        """0-100, as for hosts: a lookalike costs 0.4 of a letter."""
        return round(100 * (1 - 0.4 / len(self.name.text))) if "looks" in self.facts else 100


def points(facts: frozenset[str]) -> int:
    """The sum of the facts' weights, and of the one that every sighting starts from."""
    return WEIGHTS[""] + sum(WEIGHTS.get(fact, 0) for fact in facts)


def confidence(facts: frozenset[str]) -> int:
    """0 to MOST; unknown facts weigh nothing.

    >>> confidence(frozenset({"whole"})) < confidence(frozenset({"whole", "login behind"}))
    True
    """
    return min(MOST, round(100 / (1 + math.exp(-points(facts) / 10))))


def best_sighting(pieces: Sequence[Piece], name: Name) -> Sighting | None:
    """The place in a tail where a name stands best; None where it does not stand."""
    seen = (
        _sighting(pieces, place, name, span)
        for place, piece in enumerate(pieces)
        for span in name.spans(piece.reading)
        if _is_met(name, piece.reading[slice(*span)])
    )
    return max(seen, key=lambda sighting: points(sighting.facts), default=None)


def _is_met(name: Name, window: str) -> bool:
    """Whether it is more than an ordinary word that looks like the name."""
    return bool(name.domain) or window == name.text or not words.zipf(window)


def _sighting(pieces: Sequence[Piece], place: int, name: Name, span: tuple[int, int]) -> Sighting:
    piece, before, behind = pieces[place], pieces[:place], pieces[place + 1 :]
    shown = (piece.text if piece.is_aligned else piece.reading)[slice(*span)]
    stand, beside = _stand(piece, name, span)
    asked, led = _asked(behind), _asked(before)
    facts = {
        stand,
        *_form_facts(name, piece.reading[slice(*span)], shown),
        *_piece_facts(piece, before),
        *_surrounding_facts(pieces, before),
        *_repeated_facts([] if piece.kind == VALUE else [*before, *behind], behind, name),
        *(["login behind"] if asked else ["login before"] if led else []),
        *(["login beside"] if _LOGIN.search(beside) else []),
    }
    return Sighting(name, shown, frozenset(facts), beside or asked or led)


def _stand(piece: Piece, name: Name, span: tuple[int, int]) -> tuple[str, str]:
    """Whether the name is the whole piece, stands with keywords, among words, or glued to one; and the keyword."""
    start, end = span
    rest = (piece.reading[:start] + " " + piece.reading[end:]).strip(_TRIMMINGS)
    if name.domain:
        return "with strong" if rest else "whole", _login_word(piece.reading)
    if not rest:
        return "whole", ""
    own = name.target.keywords
    glued, others = ([(kind_of(word, own), word) for word in words] for words in _beside(piece, span))
    if name.text.isascii() and any(kind in _UNRELATED for kind, _ in glued):
        return "glued", ""
    by_kind = dict(reversed([*glued, *others]))
    keyword = by_kind.get("own") or by_kind.get("strong") or ""
    if keyword and len(others) <= _FEW:
        return "with strong", keyword
    return ("among words" if set(by_kind) - {"weak", "digits"} else "with weak"), ""


def _beside(piece: Piece, span: tuple[int, int]) -> tuple[list[str], list[str]]:
    """What is glued to a name, and the piece's other words; a capital begins a word. Chinese as it sounds."""
    text, (start, end) = piece.text if piece.is_aligned else piece.reading, span
    left, right = text[:start], text[end:]
    begins = text[start].isupper() and left[-1:].islower()
    ends = text[end - 1].islower() and right[:1].isupper()
    before = "" if begins else left[len(left.rstrip(_letters(left))) :]
    after = "" if ends else right[: len(right) - len(right.lstrip(_letters(right)))]
    others = _WORD.findall(left[: len(left) - len(before)]) + _WORD.findall(right[len(after) :])
    return [spoken(each.lower()) for each in (before, after) if each], [spoken(word.lower()) for word in others]


def _letters(text: str) -> str:
    """The letters and digits that occur in a text."""
    return "".join({char for char in text if char.isalnum()})


def _form_facts(name: Name, window: str, shown: str) -> Iterator[str]:
    form = name.target.form
    plain = window if name.domain else re.sub("[-_. ]", "", window)
    if name.domain:
        yield "official"
    elif not form.text.isascii():
        yield "characters" if len(form.text) > 2 else "two characters"
        return
    elif len(form.text) < 4:
        yield "short"
    elif form.is_word:
        yield "word"
    if not shown.isascii() or not plain.endswith(name.text):
        yield "looks"


def _piece_facts(piece: Piece, before: Sequence[Piece]) -> Iterator[str]:
    if piece.kind != FOLDER:
        yield piece.kind
    if piece.kind == VALUE and before and _PASSED.fullmatch(before[-1].reading):
        yield "passed on"
    if piece.text.startswith("."):
        yield "hidden"
    if piece.text.startswith("~"):
        yield "tilde"
    if piece.kind in {FOLDER, PAGE} and len(piece.words) >= _SLUG and "." not in piece.text:
        yield "slug"
    if before and before[-1].reading in _LOGGED_IN_BY:
        yield "logged in by"


def _surrounding_facts(pieces: Sequence[Piece], before: Sequence[Piece]) -> Iterator[str]:
    above = {piece.reading for piece in before}
    path = {piece.reading for piece in pieces if piece.kind in {FOLDER, PAGE}}
    if any(piece.kind == ASSET for piece in pieces):
        yield "asset"
    if path & _SENT_ON:
        yield "sent on"
    if above & _SITE_FOLDERS:
        yield "site folder"
    elif path & _WRITING or any(_YEAR.fullmatch(text) for text in above):
        yield "writing"


def _repeated_facts(others: Sequence[Piece], behind: Sequence[Piece], name: Name) -> Iterator[str]:
    if any(_CODE.search(piece.reading) for piece in behind):
        yield "code behind"
    if any(True for piece in others if piece.kind in {FOLDER, PAGE} for _ in name.spans(piece.reading)):
        yield "again"


def _asked(pieces: Sequence[Piece]) -> str:
    """The first word of a login in the pieces, empty where none is."""
    found = (_login_word(piece.reading) for piece in pieces if piece.kind not in {ADDRESS, ASSET})
    return next(filter(None, found), "")


def _login_word(text: str) -> str:
    """The first word of a login in a text, up to where its letters end; empty where none is."""
    met = _LOGIN.search(text)
    if not met:
        return ""
    rest = text[met.end() :]
    return met[0] + rest[: len(rest) - len(rest.lstrip(_letters(rest)))]
