"""One address in every spelling, to one: a bare host, or a URL. The rules stand in docs/normalising.md."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from analytics.normalise.hosts import canonical_host, ipv6_host
from analytics.normalise.refusal import NotAnAddress
from analytics.normalise.spellings import refanged, split_authority, unwrapped
from analytics.normalise.suffixes import suffix_of
from analytics.normalise.tails import canonical_path, canonical_query

LONGEST: Final = 8_192
"""Characters of an address as published, and of its canonical text: what servers commonly accept as a request line."""
_DEFAULT_PORTS: Final = {"http": 80, "https": 443, "ftp": 21}
_SCHEME: Final = re.compile(r"(h(?:tt|xx|\*\*)ps?|ftp):[/\\]*", re.IGNORECASE)
_OTHER_SCHEME: Final = re.compile(r"[a-z][a-z0-9+-]*:(?![0-9]+(?:[/?#\\]|$))", re.IGNORECASE)
"""A word and a colon, unless a port follows: `javascript:`, `mailto:`, but not `qifu.example:8080`."""
_BARE_IPV6: Final = re.compile(r"[0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*", re.IGNORECASE)
_NO_LABELS: Final = re.compile(r"[^\w.-]+|_")
"""What stands between the words before an @ and is no part of them."""
_NUMERIC: Final = "address.invalid"
"""Stands for a host that is no name, so that what is put in front of it may be one."""
_SMALL_NUMBER: Final = re.compile(r"[0-9]{1,7}")
"""Alone, it is a count or an id that slipped into the column, not an address in 0.0.0.0/8."""


@dataclass(frozen=True, slots=True)
class Address:
    """A canonical address.

    Attributes:
        host: A-labels in lower case, IPv4 dotted decimal, or IPv6 compressed in brackets.
        tail: empty for a bare host; else `scheme:[port]/path[?query]`: `https:/login?x=1`, `http:8080/a`.
        registrable_length: characters at the host's end that are its registrable domain; all of it for an IP
            address, 0 where the host is itself a public suffix.
        suffix_length: characters at the host's end that are its public suffix; 0 for an IP address.
        is_shared: the registrable domain stands under a private suffix (`github.io`).
    """

    host: str
    tail: str
    registrable_length: int
    suffix_length: int
    is_shared: bool

    @property
    def text(self) -> str:
        """The bare host, or `scheme://host[:port]/path[?query]`."""
        return _joined(self.host, self.tail)


def canonical_address(text: str) -> Address:
    """The one spelling of an address; the spelling of what it returns is its own.

    Raises:
        NotAnAddress: the text names no host that could be looked up, or is an address of another kind.

    >>> canonical_address("hxxps[:]//user@WWW[.]Qifu.example:443/a/../b#top").text
    'https://www.qifu.example/b'
    >>> canonical_address("0x7f.1").text
    '127.0.0.1'
    """
    host, tail = canonical_parts(text)
    suffix = suffix_of(host)
    return Address(host, tail, suffix.registrable_length, suffix.suffix_length, suffix.is_shared)


def canonical_parts(text: str) -> tuple[str, str]:
    """Host and tail of `canonical_address`, without the look-up of its suffix.

    Raises:
        NotAnAddress: as there.
    """
    if len(text) > LONGEST:
        raise NotAnAddress(f"it is longer than {LONGEST:,} characters")
    bare = refanged(unwrapped(text))
    if _BARE_IPV6.fullmatch(bare):
        return ipv6_host(bare), ""
    scheme, rest = _split_scheme(bare)
    authority, after = split_authority(rest)
    path, _, query = after.partition("#")[0].partition("?")
    is_url = bool(scheme or path not in {"", "/", "\\"} or query)
    host, port = _split_port(_without_userinfo(authority, is_url=is_url))
    if not (is_url or port):
        return canonical_host(_no_small_number(host)), ""
    name, tail = canonical_host(host), _tail(scheme or "http", port, canonical_path(path), canonical_query(query))
    if len(_joined(name, tail)) > LONGEST:
        raise NotAnAddress(f"it is longer than {LONGEST:,} characters when percent-encoded")
    return name, tail


def bait_host(text: str) -> str:
    """The host with what stands before its @ as labels in front of it, as a hasty reader takes both; empty without.

    >>> bait_host("https://PayPal.com:login@evil.example/a"), bait_host("https://evil.example/@paypal.com")
    ('paypal.com-login.evil.example', '')
    """
    try:
        authority, _ = split_authority(_split_scheme(refanged(unwrapped(text[:LONGEST])))[1])
        userinfo, _, place = authority.rpartition("@")
        host = canonical_host(_split_port(place)[0])
        bait = "-".join(_NO_LABELS.split(unquote(userinfo))).strip("-.")
        return canonical_host(f"{bait}.{host if suffix_of(host).suffix_length else _NUMERIC}") if bait else ""
    except NotAnAddress:
        return ""


def _split_scheme(text: str) -> tuple[str, str]:
    """The scheme in its own spelling, empty where there is none, and what follows it."""
    if not text:
        raise NotAnAddress("it is empty")
    if found := _SCHEME.match(text):
        return re.sub(r"xx|\*\*", "tt", found[1].lower()), text[found.end() :]
    if _OTHER_SCHEME.match(text):
        raise NotAnAddress("its scheme is none of http, https and ftp")
    return "", text.removeprefix("//")


def _without_userinfo(authority: str, *, is_url: bool) -> str:
    """Browsers send what stands before the last @ as a name and password: it is bait, `bank.example@evil.example`."""
    if "@" in authority and not is_url:
        raise NotAnAddress("it is an e-mail address")
    return authority.rpartition("@")[2]


def _split_port(authority: str) -> tuple[str, int | None]:
    if authority.startswith("["):
        host, bracket, port = authority.partition("]")
        if port and not port.startswith(":"):
            raise NotAnAddress("after its host's closing bracket comes no port")
        return host + bracket, _port(port[1:])
    host, _, port = authority.partition(":")
    return host, _port(port)


def _port(text: str) -> int | None:
    if not text:
        return None
    significant = text.lstrip("0")
    if not re.fullmatch(r"[0-9]{1,5}", significant) or int(significant) > 65_535:
        raise NotAnAddress("its port is no number from 1 to 65,535")
    return int(significant)


def _no_small_number(host: str) -> str:
    if _SMALL_NUMBER.fullmatch(host):
        raise NotAnAddress("it is a bare number")
    return host


def _tail(scheme: str, port: int | None, path: str, query: str) -> str:
    shown = "" if port in {None, _DEFAULT_PORTS[scheme]} else port
    return f"{scheme}:{shown}{path}{'?' if query else ''}{query}"


def _joined(host: str, tail: str) -> str:
    if not tail:
        return host
    scheme, _, rest = tail.partition(":")
    port = rest[: rest.index("/")]
    return f"{scheme}://{host}{':' if port else ''}{rest}"
