"""WHOIS, for the registries that have no RDAP: which server to ask, and what of its free text can be told."""

import re
from collections.abc import Iterator
from typing import Final

from db.whereabouts import Party
from spiders.registry.answers import Told, check_mailboxes
from spiders.registry.limits import TEXT_LETTERS

_LINE: Final = re.compile(r"[ \t]*([A-Za-z][A-Za-z /-]{1,60}?)[. ]*:[ \t]*(\S.*?)[ \t]*")
_REGISTRAR: Final = frozenset({"registrar", "sponsoring registrar", "registrar name"})
_ABUSE: Final = frozenset({"registrar abuse contact email", "abuse-mailbox", "abuse contact", "abuse email"})
_STATUS: Final = frozenset({"domain status", "status"})
_SERVER: Final = frozenset({"whois", "refer"})


def server_of(answer: str) -> str:
    """The WHOIS server of a top-level domain, in IANA's answer; empty where there is none."""
    return next((value for name, value in _lines(answer) if name in _SERVER), "")


def read_whois(answer: str) -> Told:
    """What a registry's answer about a domain says; nothing of the person who registered it."""
    lines = list(_lines(answer))
    name = next((value for name, value in lines if name in _REGISTRAR), "")
    mailboxes, faults = check_mailboxes([value for name, value in lines if name in _ABUSE])
    statuses = dict.fromkeys(_status(value) for name, value in lines if name in _STATUS)
    return Told(Party("registrar", name, "", mailboxes, "WHOIS"), tuple(statuses), faults=tuple(faults))


def _status(value: str) -> str:
    """A status in RDAP's words: `clientHold https://...` is `client hold`."""
    word = (value.split() or [""])[0]
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", word).lower()


def _lines(answer: str) -> Iterator[tuple[str, str]]:
    for line in answer.splitlines():
        found = _LINE.fullmatch(line[:1_000])
        if found:
            value = "".join(letter if letter.isprintable() else " " for letter in found[2])
            yield found[1].strip().lower(), value.strip()[:TEXT_LETTERS]
