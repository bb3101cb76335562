"""What criminals wrote, made harmless to look at: no live link, no formula, nothing hidden."""

import re
from typing import Final

from db.unseen import show_lines

_LIVE: Final = re.compile(r"\b(ht|f)t?(ps?)(:/{1,3})([^\s/?#\\\"'<>]+)", re.IGNORECASE)
_HOST: Final = re.compile(r"(?<![\w.\[-])(?:[\w-]+\.)+(?:[^\W\d_][\w-]*|\d{1,3})(?![\w\]-])")
"""A dotted name or an IPv4 address, wherever it stands in a text."""
_DOT: Final = re.compile(r"(?<!\[)\.(?!\])")
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet runs; the full-width forms are read like the others by some."""
NUMBER: Final = r"[+-]?[0-9]+(?:\.[0-9]+)?"


def defang_links(text: str) -> str:
    """A text in which no URL can be followed.

    >>> defang_links("see https://a.qifu-login-demo.example/x.php")
    'see hxxps://a[.]qifu-login-demo[.]example/x.php'
    """
    return _LIVE.sub(_dead, text)


def defang_hosts(text: str) -> str:
    """A text in which no URL can be followed and no host name be clicked.

    >>> defang_hosts("qifu-login-demo.example looks like qifu.com, 3.5 times")
    'qifu-login-demo[.]example looks like qifu[.]com, 3.5 times'
    """
    return _HOST.sub(_bracket_host, defang_links(text))


def defuse_cell(cell: str) -> str:
    """A cell that a spreadsheet shows instead of running, all that is in it visible; numbers stay numbers.

    >>> [defuse_cell(cell) for cell in ("=cmd|' /C calc'!A0", "-1", "qifu")]
    ["'=cmd|' /C calc'!A0", '-1', 'qifu']
    """
    shown = show_lines(cell)
    return f"'{shown}" if shown.startswith(FORMULA) and not re.fullmatch(NUMBER, shown) else shown


def _dead(found: re.Match[str]) -> str:
    head, tail, slashes, authority = found.groups()
    scheme = "fx" if head.lower() == "f" else "hxx"
    return f"{scheme}{tail.lower()}{slashes}{_DOT.sub('[.]', authority)}"


def _bracket_host(found: re.Match[str]) -> str:
    name = found[0]
    is_number = re.fullmatch(r"[0-9]+(?:\.[0-9]+){1,2}", name)
    return name if is_number else name.replace(".", "[.]")
