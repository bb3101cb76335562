"""Good files made bad, by steps that can be drawn, shrunk and repeated."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from tests.faults.hostile import VALUES

TOKENS: Final = (
    *(value.encode("utf-8", "surrogatepass") for value in VALUES if len(value) < 100),
    *(b"\xff", b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\x80"),
    *(
        b"\r",
        b"\n",
        b"\r\n",
        b",",
        b"\t",
        b";",
        b"'",
        b'"',
        b'""',
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b"[[[[",
        b"{}",
        b"[]",
        b"null",
    ),
    *(b"\x1f\x8b\x08", b"BZh91AY&SY", b"\xfd7zXZ\0", b"PK\x03\x04", b"PK\x05\x06", b"PAR1", b"(\xb5/\xfd", b"x\x9c"),
    *(
        b"<",
        b">",
        b"<!--",
        b"-->",
        b"<html>",
        b"<script>",
        b"&#0;",
        b"#",
        b"!",
        b"||",
        b"^",
        b"$",
        b"@@",
        b"##",
        b"*",
        b"%",
    ),
    *(b"\\u0000", b"\\ud800", b"\\", b"0.0.0.0 ", b"::1 ", b"http://", b"IN ('a')", b"AND", b"url:value = '", b"|"),
    *(
        b"\0" * 8,
        b"\xff" * 4,
        b"\x7f\xff\xff\xff",
        b"\x80\0\0\0",
        b"a" * 70_000,
        b"[" * 2_000,
        b'{"a":' * 2_000,
        b"\n" * 500,
    ),
)
"""What is put into files."""


@dataclass(frozen=True, slots=True)
class Step:
    """One distortion: which, where (share of the file), how much, and of what."""

    kind: int
    at: float
    size: int
    token: int


def steps(source: random.Random) -> list[Step]:
    """Some steps, mostly few."""
    return [
        Step(source.randrange(len(KINDS)), source.random(), 1 << source.randrange(12), source.randrange(1 << 16))
        for _ in range(1 + min(source.randrange(8), source.randrange(8)))
    ]


def mutated(content: bytes, chosen: Sequence[Step]) -> bytes:
    """A file after some steps."""
    for step in chosen:
        content = KINDS[step.kind](content, step)
    return content


def _place(content: bytes, step: Step) -> int:
    return int(step.at * len(content))


def _flip(content: bytes, step: Step) -> bytes:
    at = _place(content, step)
    return content[:at] + bytes(byte ^ 1 << step.token % 8 for byte in content[at : at + 1]) + content[at + 1 :]


def _set(content: bytes, step: Step) -> bytes:
    at = _place(content, step)
    return content[:at] + bytes((step.token & 0xFF,)) + content[at + 1 :]


def _cut(content: bytes, step: Step) -> bytes:
    return content[: _place(content, step)]


def _without(content: bytes, step: Step) -> bytes:
    at = _place(content, step)
    return content[:at] + content[at + step.size :]


def _doubled(content: bytes, step: Step) -> bytes:
    at = _place(content, step)
    return content[: at + step.size] + content[at:]


def _spliced(content: bytes, step: Step) -> bytes:
    at, other = _place(content, step), step.token % (len(content) + 1)
    return content[:at] + content[other : other + step.size] + content[at:]


def _inserted(content: bytes, step: Step) -> bytes:
    at = _place(content, step)
    return content[:at] + TOKENS[step.token % len(TOKENS)] + content[at:]


def _overwritten(content: bytes, step: Step) -> bytes:
    at, token = _place(content, step), TOKENS[step.token % len(TOKENS)]
    return content[:at] + token + content[at + len(token) :]


def _lines_again(content: bytes, step: Step) -> bytes:
    lines = content.splitlines(keepends=True) or [b""]
    at = int(step.at * len(lines))
    return b"".join([*lines[:at], *lines[at : at + 1] * min(step.size, 50), *lines[at + 1 :]])


def _field(content: bytes, step: Step) -> bytes:
    """Another value for what stands between two separators, whatever the layout."""
    for separator in (b'"', b"\t", b",", b"\n"):
        parts = content.split(separator)
        if len(parts) > 2:
            value = VALUES[step.token % len(VALUES)].encode("utf-8", "surrogatepass")
            parts[int(step.at * len(parts))] = value
            return separator.join(parts)
    return content


def _node(content: bytes, step: Step) -> bytes:
    """Another value for a node of a JSON document, or the node put elsewhere; what is no JSON stays."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return content
    nodes = list(islice(_walk(document), 200))
    if not nodes:
        return content
    holder, key = nodes[int(step.at * len(nodes))]
    others: tuple[object, ...] = (
        None,
        True,
        -0.0,
        1e999,
        [],
        {},
        [[]],
        10**300,
        VALUES[step.size % len(VALUES)],
        document,
    )
    other = others[step.token % len(others)]
    try:
        holder[key] = json.loads(json.dumps(other))
        return json.dumps(document).encode()
    except (ValueError, RecursionError):
        return content


def _walk(node: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - any JSON
    """Each (holder, key) of a document."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in list(pairs):
        yield node, key
        yield from _walk(child)


KINDS: Final[tuple[Callable[[bytes, Step], bytes], ...]] = (
    *(
        _flip,
        _set,
        _cut,
        _without,
        _doubled,
        _spliced,
        _inserted,
        _overwritten,
        _lines_again,
        _field,
        _field,
        _node,
        _node,
    ),
)
"""What a step may do; what knows the layout comes twice."""
