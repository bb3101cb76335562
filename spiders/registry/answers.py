"""Answers of RDAP servers: cut to what is read of them, parsed by whoisit, and what they say of whom to tell.

Whoever registers a network or runs a registrar writes these. So only known keys of the right type, few and short ones,
reach the parser, and what it makes of them is checked again.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import whoisit

from db.takedown_rules import MAILBOX
from db.whereabouts import Party
from spiders.registry.limits import CARD_LINES, DEPTH, ENTITIES, MAILBOXES, TEXT_LETTERS

_CLASSES: Final = {"domain": "domain", "ip": "ip network", "asn": "autnum"}
_CHANNELS: Final = {"domain": "registrar", "ip": "hosting", "asn": "network"}
_ROLES: Final = ("registrant", "registrar", "abuse", "administrative", "technical", "noc")
_CARD: Final = frozenset({"fn", "org", "email", "url", "kind"})

_COUNTRY: Final = re.compile(r"[A-Z]{2}")


class Unreadable(ValueError):
    """Raised where an answer is not what was asked for; with the reason, in a line."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one RDAP answer says.

    Attributes:
        party: who stands behind the domain, network or autonomous system.
        statuses: of a domain.
        asn: of a network, where the registry knows which autonomous system announces it.
        more: where the registrar itself may tell more of a domain.
        sites: web sites and mail domains of the party: where a security.txt may be.
        faults: what of it was not taken.
    """

    party: Party
    statuses: tuple[str, ...] = ()
    asn: int | None = None
    more: str = ""
    sites: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def read_answer(kind: str, asked: str, body: bytes) -> Told:
    """Read the answer to a question of a kind (`domain`, `ip`, `asn`).

    Raises:
        Unreadable: it is no such answer.
    """
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"no JSON: {type(error).__name__}") from None
    if not isinstance(given, dict):
        raise Unreadable("no JSON object")
    if given.get("objectClassName") not in {None, _CLASSES[kind]}:
        raise Unreadable("an answer to another question")
    kept = _Cut(kind).answer(given, _CLASSES[kind], asked)
    try:
        parsed = whoisit.parse(whoisit._bootstrap, kind, asked, kept)  # noqa: SLF001 - its parser asks for its registries
    except Exception as error:  # noqa: BLE001 - whatever somebody wrote into an answer, it is one answer that is unreadable
        raise Unreadable(f"no answer that can be read: {type(error).__name__}") from None
    return _told(kind, parsed, _number_of_entities(given))


def check_mailboxes(named: list[str]) -> tuple[tuple[str, ...], list[str]]:
    r"""Those of some names that are mail addresses, at most `MAILBOXES`; and what is said of the others.

    >>> check_mailboxes(["abuse@host.example", "a@b.example\nBcc: c@d.example"])
    (('abuse@host.example',), ['1 of 2 contacts is no mail address'])
    """
    good = [name for name in dict.fromkeys(named) if MAILBOX.fullmatch(name) and len(name) <= 254]
    faulty, many = len(set(named)) - len(good), len(good) > MAILBOXES
    faults = (
        [f"{faulty:,} of {len(set(named)):,} contacts {'is' if faulty == 1 else 'are'} no mail address"]
        if faulty
        else []
    )
    faults += [f"{len(good):,} contacts, the first {MAILBOXES} are taken"] if many else []
    return tuple(good[:MAILBOXES]), faults


def _told(kind: str, parsed: dict[str, Any], entities: int) -> Told:
    groups: dict[str, list[dict[str, Any]]] = parsed.get("entities", {})
    abuse = [mailbox for entity in groups.get("abuse", []) for mailbox in entity.get("emails", [])]
    mailboxes, faults = check_mailboxes(abuse)
    if entities > ENTITIES:
        faults.append(f"{entities:,} entities, the first {ENTITIES} are read")
    roles = ("registrar",) if kind == "domain" else ("registrant", "administrative", "abuse")
    owners = [entity for role in roles for entity in groups.get(role, [])]
    name = next((str(entity["name"]) for entity in owners if entity.get("name")), "")
    if not name and kind != "domain":
        name = str(parsed.get("name", ""))
    country = str(parsed.get("country", "")).upper()
    party = Party(_CHANNELS[kind], _line(name), country if _COUNTRY.fullmatch(country) else "", mailboxes)
    numbers = parsed.get("origin_autnums") or [None]
    statuses = tuple(_line(status).lower() for status in parsed.get("status", []))
    return Told(party, statuses, numbers[0], str(parsed.get("registrar_url", "")), tuple(_sites(owners)), tuple(faults))


def _sites(owners: list[dict[str, Any]]) -> Iterator[str]:
    for owner in owners:
        yield from owner.get("websites", [])
        yield from (mailbox.rpartition("@")[2] for mailbox in owner.get("emails", []))


def _line(text: object) -> str:
    """One line of printable letters, whatever was sent."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in str(text)).split())[:TEXT_LETTERS]


def _number_of_entities(given: dict[str, Any]) -> int:
    entities = given.get("entities")
    return len(entities) if isinstance(entities, list) else 0


class _Cut:
    """Takes of an answer what the parser reads, where it has the type that it should have."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._left = ENTITIES

    def answer(self, given: dict[str, Any], kind: str, asked: str) -> dict[str, Any]:
        numbers = given.get("arin_originas0_originautnums")
        return {
            # without a handle, which few registries of domains give, nothing would be read
            "handle": _text(given.get("handle")) or asked,
            "objectClassName": kind,
            "name": _text(given.get("name")),
            "ldhName": _text(given.get("ldhName")),
            "country": _text(given.get("country")),
            "status": [_text(status) for status in _list(given.get("status"))[:20]],
            "links": [_link(link) for link in _list(given.get("links"))[:20] if isinstance(link, dict)],
            "arin_originas0_originautnums": [n for n in _list(numbers)[:5] if type(n) is int and 0 < n < 2**32],
            "entities": self._entities(given.get("entities"), 1),
        }

    def _entities(self, given: object, depth: int) -> list[dict[str, Any]]:
        kept: list[dict[str, Any]] = []
        for entity in _list(given):
            if self._left == 0 or depth > DEPTH:
                break
            self._left -= 1
            if isinstance(entity, dict):
                kept.append(self._entity(entity, depth))
        return kept

    def _entity(self, given: dict[str, Any], depth: int) -> dict[str, Any]:
        said = [_text(role).lower() for role in _list(given.get("roles"))]
        roles = [role for role in _ROLES if role in said]
        entities = self._entities(given.get("entities"), depth + 1)
        if self._kind == "domain" and "registrant" in roles:
            roles, entities = ["registrant"], []  # of a domain that is the criminal, whose "abuse desk" may be anybody
        return {
            "objectClassName": "entity",
            "handle": _text(given.get("handle")),
            "roles": roles,
            "vcardArray": _card(given.get("vcardArray")),
            "entities": entities,
        }


def _card(given: object) -> list[object]:
    """A jCard's lines of one text each."""
    lines = given[1] if isinstance(given, list) and len(given) == 2 and isinstance(given[1], list) else []
    return ["vcard", [[line[0], {}, "text", _text(line[3])] for line in lines[:CARD_LINES] if _is_read(line)]]


def _is_read(line: object) -> bool:
    """Whether a line of a jCard is one of those that are read: a name and, last of four, a text."""
    if not isinstance(line, list) or len(line) != 4:
        return False
    return isinstance(line[0], str) and line[0] in _CARD and isinstance(line[3], str)


def _link(given: dict[str, Any]) -> dict[str, str]:
    return {name: _text(given.get(name), 2_000) for name in ("rel", "href", "type")}


def _text(given: object, limit: int = TEXT_LETTERS) -> str:
    return given[:limit] if isinstance(given, str) else ""


def _list(given: object) -> list[Any]:
    return given if isinstance(given, list) else []
