"""Which addresses may be connected to. What arrives from a feed must never reach the inside of a network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_SPECIAL: Final[tuple[tuple[Network, str], ...]] = tuple(
    (ip_network(network), what)
    for network, what in (
        # these lie in ranges that a source may declare, or in public ones; what answers there hands out credentials
        ("100.100.100.200/32", "a cloud's metadata service"),
        ("168.63.129.16/32", "a cloud's metadata service"),
        ("fd00:ec2::/32", "a cloud's metadata service"),
        ("fd20:ce::/32", "a cloud's metadata service"),
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by a carrier (CGNAT)"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "for documentation"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "for benchmarking"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("64:ff9b::/96", "a NAT64 address"),  # reaches whatever IPv4 address it embeds; `is_global` is true for it
        ("64:ff9b:1::/48", "a NAT64 address"),
        ("2001::/32", "a Teredo address"),
        ("2001::/23", "reserved"),  # benchmarking, ORCHID and other protocol assignments
        ("2001:db8::/32", "for documentation"),
        ("2002::/16", "a 6to4 address"),
        ("3fff::/20", "for documentation"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
_UNICAST: Final = IPv6Network("2000::/3")
"""The only part of IPv6 that is given out; all else is reserved."""
_EMBEDDING: Final = (IPv6Network("::ffff:0:0/96"), IPv6Network("::/96"))
"""IPv4-mapped and IPv4-compatible addresses: the last 32 bits are what is reached."""
_DECLARABLE: Final = tuple(
    ip_network(network) for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
"""Where an operator's own sources live (RFC 1918, RFC 6598, RFC 4193). Loopback is the argument's to admit, not a
catalogue's; nothing lives on link-local, multicast or reserved addresses that a source could be."""
_DECLARABLE_KINDS: Final = frozenset({"private", "shared by a carrier (CGNAT)"})


def declarable(networks: tuple[Network, ...]) -> tuple[Network, ...]:
    """The networks of a declaration, if each may be declared; else ValueError says why not."""
    for network in networks:
        if reason := undeclarable(network):
            raise ValueError(reason)
    return networks


def refusal(ip: str, networks: tuple[Network, ...] = (), *, loopback: bool = False) -> str | None:
    """Why an address may not be connected to; None if it may.

    Args:
        ip: an IPv4 or IPv6 address, with or without a scope.
        networks: what the source has declared to live in; admits exactly these, but private addresses only.
        loopback: admits 127.0.0.0/8 and ::1, nothing else.

    >>> refusal("::ffff:127.0.0.1")
    '::ffff:127.0.0.1 is loopback'
    >>> refusal("10.1.2.3", (ip_network("10.1.0.0/16"),))
    """
    address = _embedded(ip_address(ip.partition("%")[0]))
    what = _special(address)
    if what is None or (loopback and what == "loopback"):
        return None
    if what in _DECLARABLE_KINDS and any(address in network for network in networks):
        return None
    return f"{ip} is {what}"


def undeclarable(network: Network) -> str | None:
    """Why a source may not declare to live in a network; None if it may.

    >>> undeclarable(ip_network("10.1.0.0/16"))
    >>> undeclarable(ip_network("0.0.0.0/0"))
    '0.0.0.0/0 is not within a private range (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, fc00::/7)'
    """
    if any(_is_within(network, private) for private in _DECLARABLE):
        return None
    return f"{network} is not within a private range ({', '.join(map(str, _DECLARABLE))})"


def _is_within(network: Network, outer: Network) -> bool:
    if isinstance(network, IPv4Network) and isinstance(outer, IPv4Network):
        return network.subnet_of(outer)
    return isinstance(network, IPv6Network) and isinstance(outer, IPv6Network) and network.subnet_of(outer)


def _embedded(address: Address) -> Address:
    if isinstance(address, IPv6Address) and int(address) > 1 and any(address in network for network in _EMBEDDING):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _special(address: Address) -> str | None:
    for network, what in _SPECIAL:
        if address in network:
            return what
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return "reserved"
    return None


def host_key(host: str) -> str:
    """One spelling of a host name: resolvers are asked in Unicode, URLs are written in A-labels."""
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return host.lower()


@dataclass(frozen=True, slots=True)
class Guard:
    """What one crawl may connect to, and what it refused.

    Attributes:
        admitted: host of a source's own address -> the networks that the source declares.
        loopback: whether this crawl may reach the machine itself (the demo, tests).
        refused: host -> why none of its addresses was used.
    """

    admitted: Mapping[str, tuple[Network, ...]]
    loopback: bool
    refused: dict[str, str] = field(default_factory=dict)

    def admits(self, host: str, ip: str) -> bool:
        """Whether `host` may be reached at `ip`; a refusal is remembered under the host."""
        key = host_key(host)
        reason = refusal(ip, self.admitted.get(key, ()), loopback=self.loopback)
        if reason:
            self.refused[key] = reason
        return reason is None
