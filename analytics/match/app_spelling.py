"""How a brand's name is spelt in an app's: as it is, with letters that look alike, misspelt; or another name."""

from typing import Final

from rapidfuzz.distance import OSA

from analytics.match import fold, words
from analytics.match.forms import Form

RARE: Final = 4
"""Letters, or Chinese characters, from which a name is seldom met by chance."""
_EDITABLE: Final = 6
"""Letters from which a misspelt name is no other name."""
_EDITED_TWICE: Final = 11
FAR: Final = frozenset({"core pinyin", "initials", "mixed", "core characters"})
"""Derivations of forms that are far from the name."""


def spelling_of(window: str, form: Form) -> set[str] | None:
    """How a name is spelt: as it is, alike, misspelt; None where it is another word or name."""
    if window == form.text:
        return set()
    if fold.strict(window) == fold.strict(form.text):
        return {"lookalike"} if _is_plainly_alike(window, form) else None
    edits = OSA.distance(window, form.text, score_cutoff=2)
    if edits > 2 or form.derivation != "name" or window[0] != form.text[0] or words.zipf(window):
        return None
    if len(form.text) >= _EDITED_TWICE:
        return {"misspelt" if edits == 1 else "badly misspelt"}
    own = _own_part(form.text)
    is_long = len(own) >= _EDITABLE - 1 or (len(own) >= RARE and window.startswith(own))
    is_slip = sorted(window) == sorted(form.text) or fold.squeeze(window) == fold.squeeze(form.text)
    is_plain = is_long or len(form.text) > _EDITABLE if is_slip else is_long and not _is_two_words(window)
    return {"misspelt"} if edits == 1 and is_plain and len(form.text) >= _EDITABLE else None


def _is_plainly_alike(window: str, form: Form) -> bool:
    """Whether lookalike letters make a name, and not another short one: 0lx and olx, but gis and gls are two."""
    is_long = len(form.text) >= RARE or any(
        ours.isalpha() and char in "01" for ours, char in zip(form.text, window, strict=False)
    )
    return is_long and form.derivation not in FAR


def _own_part(text: str) -> str:
    """A name without the word at its end that many firms share: td of tdbank."""
    return next((text.removesuffix(word) for word in _SHARED if text.endswith(word)), text)


_SHARED: Final = ("bank", "pay", "wallet", "card", "mobile", "cash", "app")


def _is_two_words(text: str) -> bool:
    """Whether letters are two words side by side: icedrive and paypay are names of their own.

    >>> _is_two_words("neatdrive"), _is_two_words("paypay"), _is_two_words("instagtam")
    (True, True, False)
    """
    return any(_is_known(text[:cut]) and _is_known(text[cut:]) for cut in range(3, len(text) - 2))


def _is_known(word: str) -> bool:
    return word in _SHARED or word == "cam" or (len(word) >= RARE and words.zipf(word) > _USUAL)


_USUAL: Final = 3.6
"""Zipf value of words that names are made of."""
