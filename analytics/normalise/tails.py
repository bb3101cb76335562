"""What follows the host: path and query, by RFC 3986 sections 5.2.4 (dot segments) and 6.2.2 (percent-encoding)."""

import re
from typing import Final
from urllib.parse import quote

_ENCODED: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]")
_PATH: Final = "/!$&'()*+,;=:@%"
"""Characters that stand for themselves in a path, beside the unreserved ones; `%` once it is known to encode."""
_QUERY: Final = _PATH + "?"


def canonical_path(path: str) -> str:
    """A path with its dot segments resolved; empty is `/`. A backslash is a slash, as browsers read it.

    >>> canonical_path("/a/%7euser/./b/../中")
    '/a/~user/%E4%B8%AD'
    """
    return _without_dot_segments(_encoded(path.replace("\\", "/"), _PATH)) or "/"


def canonical_query(query: str) -> str:
    """A query without its question mark, parameters in the order published.

    >>> canonical_query("b=%2f%41&a=1 2")
    'b=%2FA&a=1%202'
    """
    return _encoded(query, _QUERY)


def _encoded(text: str, safe: str) -> str:
    sound = _STRAY_PERCENT.sub("%25", text)
    return quote(_ENCODED.sub(_one_encoded, sound), safe=safe, errors="replace")


def _one_encoded(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if _UNRESERVED.fullmatch(character) else match[0].upper()


def _without_dot_segments(path: str) -> str:
    if "/." not in path:
        return path
    kept: list[str] = []
    first, *segments = path.split("/")
    for segment in segments:
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/".join([first, *kept])
