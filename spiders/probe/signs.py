"""Whether what answers is still the site: by status, by what the page says, by whose addresses it has."""

import json
import re
import tomllib
from collections.abc import Collection
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from ipaddress import IPv4Address, IPv4Network, ip_address, ip_network
from pathlib import Path
from typing import Any, Final

from db.brands import public_suffix
from db.vocabulary import Probed
from spiders.guard import host_key
from spiders.probe.pages import Shown

_HOST: Final = re.compile(r"[a-z0-9-]+\.[a-z]{2,}", re.IGNORECASE)
_GONE: Final = frozenset({404, 410, 451})
_ADDRESS_LISTS: Final = {"parking-domain": "a parking network's", "sinkholes": "a known sinkhole's"}
_SHARED_LISTS: Final = ("cloudflare", "fastly", "microsoft-azure")
"""Addresses that thousands of sites share: the lists above name some of them, for one of those sites."""


def judge(status: int, shown: Shown, addresses: tuple[str, ...], name_servers: tuple[str, ...]) -> tuple[Probed, str]:
    """What an answer means, and why.

    A page that asks for a password is up, whoever owns its address and whatever its status: a false "down" would let
    it work on. One that asks for anything else is neither gone nor suspended, but may be one that offers the domain.
    """
    if not shown.asks_secret and (sign := _sign(shown, addresses, name_servers)):
        return sign
    if shown.asks_secret or (shown.asks and status in _GONE):
        return Probed.UP, f"HTTP {status}"
    if status in _GONE:
        return Probed.CONTENT_GONE, f"HTTP {status}"
    if not 200 <= status < 300:
        return Probed.UNKNOWN, f"HTTP {status}"
    return Probed.UP, f"HTTP {status}"


def _sign(shown: Shown, addresses: tuple[str, ...], name_servers: tuple[str, ...]) -> tuple[Probed, str] | None:
    declared = _declared()
    said = f"{shown.title}\n{shown.text if len(shown.text) <= declared['short'] else ''}".lower()
    for outcome, phrases in declared["phrases"].items():
        for phrase in phrases:
            if phrase in said and not (shown.asks and outcome == Probed.SUSPENDED_PAGE):
                return Probed(outcome), f"the page says {phrase!r}"
    owners = [address_owner(address) for address in addresses]
    if owners and all(owners):  # one of several is put beside the others in no time
        return Probed.PARKED, f"the address is {owners[0]}"
    # registrars' ordinary name servers are on the list too: alone they say nothing; a page that is made by a script
    # may have no text, but is seldom called after its domain
    is_bare = len(shown.text) <= declared["parked_short"] and not shown.fields
    if is_bare and (not shown.title or _HOST.search(shown.title)) and any(map(is_parking, name_servers)):
        return Probed.PARKED, "a page without content on a parking network's name servers"
    return None


def is_official(host: str, domains: Collection[str]) -> bool:
    """Whether a host is, or stands under, one of a brand's domains, strangers' names under a landlord's aside.

    >>> is_official("www.qifu.com", ["qifu.com"]), is_official("a.blob.core.windows.net", ["windows.net"])
    (True, False)
    """
    name = host_key(host).rstrip(".")
    owners = [domain for domain in domains if name == domain or name.endswith(f".{domain}")]
    return any(domain == name or len(domain) > len(public_suffix(name)) for domain in owners)


@cache
def _declared() -> dict[str, Any]:
    return tomllib.loads(files("spiders.probe").joinpath("signs.toml").read_text("utf-8"))


def _listed(name: str) -> list[str]:
    spec = find_spec("pymispwarninglists")
    if spec is None or spec.origin is None:  # pragma: no cover - a run-time requirement
        raise ModuleNotFoundError("pymispwarninglists")
    path = Path(spec.origin).parent / "data" / "misp-warninglists" / "lists" / name / "list.json"
    return list(json.loads(path.read_text("utf-8"))["list"])


def _networks(name: str) -> list[IPv4Network]:
    return [ip_network(entry, strict=False) for entry in _listed(name) if ":" not in entry]  # type: ignore[misc]


@cache
def _owners() -> tuple[tuple[IPv4Network, str], ...]:
    shared = [network for name in _SHARED_LISTS for network in _networks(name)]
    return tuple(
        (network, owner)
        for name, owner in _ADDRESS_LISTS.items()
        for network in _networks(name)
        if not any(network.overlaps(other) for other in shared)
    )


@cache
def _parking_servers() -> frozenset[str]:
    return frozenset(name.rstrip(".").lower() for name in _listed("parking-domain-ns"))


def address_owner(address: str) -> str:
    """Whose an address is, if a parking network's or a sinkhole's; else empty.

    >>> address_owner("103.224.182.7"), address_owner("127.0.0.1")
    ("a parking network's", '')
    """
    given = ip_address(address)
    if not isinstance(given, IPv4Address):
        return ""
    return next((owner for network, owner in _owners() if given in network), "")


def is_parking(name_server: str) -> bool:
    """Whether a name server is listed as a parking network's.

    >>> is_parking("ns1.bodis.com."), is_parking("ns1.notbodis.com")
    (True, False)
    """
    labels = name_server.rstrip(".").lower().split(".")
    return any(".".join(labels[place:]) in _parking_servers() for place in range(len(labels)))
