"""Undoing what people do to an address so that nobody opens it, and what mail and chat put around it."""

import re
from typing import Final

_AROUND: Final = ' \t\r\n\v\f\u00a0\u3000\ufeff"<>“”‘’«»`'
"""White space, the byte order mark, and quotes that no address ends in."""
# At most three blanks around a wrapped dot: with any number, a text of blanks would take the square of its length.
_WRAPPED_DOT: Final = re.compile(r"\s{0,3}(?:\[\.\]|\{\.\}|\[dot\]|\{dot\})\s{0,3}", re.IGNORECASE)
_WRAPPED_DOT_OF_HOST: Final = re.compile(r"\s{0,3}(?:\(\.\)|\(dot\))\s{0,3}|\\\.", re.IGNORECASE)
_AUTHORITY: Final = re.compile(r"(?:[^/?#\\]|\\\.(?=[^./\\?#]))*")
"""Up to the path, query or fragment, or the backslash that browsers read as a slash; one before a dot defangs it."""


def unwrapped(text: str) -> str:
    """The text without the white space and quotes around it; single quotes only where one stands in front.

    >>> unwrapped(" <'https://a.example/'> ")
    'https://a.example/'
    """
    bare = text.strip(_AROUND)
    return bare.strip("'" + _AROUND) if bare.startswith("'") else bare


def refanged(text: str) -> str:
    """Colons and dots out of the brackets and braces they were put in.

    Parentheses are left to `split_authority`: in a path they are characters like any other.

    >>> refanged("hxxps[://]qifu[.]example[/]")
    'hxxps://qifu.example[/]'
    """
    if "[" not in text and "{" not in text:
        return text
    return _WRAPPED_DOT.sub(".", text.replace("[://]", "://").replace("[:]", ":"))


def split_authority(text: str) -> tuple[str, str]:
    """What stands before the path, its wrapped dots undone, and the rest.

    >>> split_authority("qifu(dot)example/a(.)b")
    ('qifu.example', '/a(.)b')
    """
    end = next(found.end() for found in _AUTHORITY.finditer(text))
    return _WRAPPED_DOT_OF_HOST.sub(".", text[:end]), text[end:]
