"""Characters that nobody sees, or that make a text look like another: written out wherever they would be shown."""

import json
import re
from typing import Final

UNSEEN: Final = (
    r"[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff]"
)
"""Controls, line breaks, characters without width, those that turn the direction of writing; for `re` and polars."""
_UNSEEN: Final = re.compile(rf"{UNSEEN[:-1]}\ud800-\udfff]")
_WITHIN_LINES: Final = re.compile(rf"(?![\t\n\r]){_UNSEEN.pattern}")
_SHOWN: Final = 60
"""Characters of a value that are quoted in a message."""


def show_unseen(text: str) -> str:
    r"""A text on one line whose unseen characters are written out, as JSON does it: JSON stays the same JSON.

    >>> print(show_unseen("cod\u202ekpa\n"))
    cod\u202ekpa\u000a
    """
    return _UNSEEN.sub(_written_out, text)


def show_lines(text: str) -> str:
    """Likewise of a text laid out in lines and columns: what parts them stays."""
    return _WITHIN_LINES.sub(_written_out, text)


def unseen_in(text: str) -> str:
    """The first unseen character of a text; empty where there is none."""
    found = _UNSEEN.search(text)
    return found[0] if found else ""


def quoted(value: object) -> str:
    r"""A value of a file as a message quotes it: as JSON writes it, short and visible.

    >>> print(quoted("a\u200b"), quoted(60.5), quoted(True), quoted("x" * 100)[-5:])
    "a\u200b" 60.5 true x..."
    """
    text = json.dumps(value, ensure_ascii=False, default=str)
    cut = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 4]}...{text[-1]}"
    return show_unseen(cut)


def _written_out(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))
