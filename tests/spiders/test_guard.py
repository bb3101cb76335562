import inspect
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spiders.guard import Guard, host_key, refusal, undeclarable
from spiders.resolver import GuardedResolver

REFUSED = {
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "0.0.0.0": "unspecified",  # noqa: S104 - an address to refuse, not to bind
    "10.0.0.1": "private",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.168.1.1": "private",
    "169.254.169.254": "link-local",
    "100.64.0.1": "shared by a carrier (CGNAT)",
    "192.0.0.170": "reserved",
    "192.0.2.1": "for documentation",
    "198.51.100.7": "for documentation",
    "203.0.113.9": "for documentation",
    "198.18.0.1": "for benchmarking",
    "192.88.99.1": "a 6to4 relay",
    "224.0.0.1": "multicast",
    "255.255.255.255": "reserved",
    "::": "unspecified",
    "::1": "loopback",
    "::ffff:127.0.0.1": "loopback",
    "::ffff:7f00:1": "loopback",
    "::127.0.0.1": "loopback",
    "::ffff:10.0.0.1": "private",
    "64:ff9b::7f00:1": "a NAT64 address",
    "64:ff9b:1::1": "a NAT64 address",
    "2001::1": "a Teredo address",
    "2001:2::1": "reserved",
    "2001:db8::1": "for documentation",
    "2002:7f00:1::1": "a 6to4 address",
    "3fff::1": "for documentation",
    "100::1": "reserved",
    "5f00::1": "reserved",
    "fc00::1": "private",
    "fd12:3456::1": "private",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
    "100.100.100.200": "a cloud's metadata service",
    "168.63.129.16": "a cloud's metadata service",
    "::ffff:100.100.100.200": "a cloud's metadata service",
    "fd00:ec2::254": "a cloud's metadata service",
    "fd20:ce::254": "a cloud's metadata service",
}
PUBLIC = ["8.8.8.8", "1.1.1.1", "100.128.0.1", "172.32.0.1", "198.20.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]


@pytest.mark.parametrize(("ip", "what"), REFUSED.items())
def test_an_address_inside_is_refused_with_its_kind(ip: str, what: str) -> None:
    assert refusal(ip) == f"{ip} is {what}"


@pytest.mark.parametrize("ip", PUBLIC)
def test_a_public_address_is_admitted(ip: str) -> None:
    assert refusal(ip) is None


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6).filter(lambda address: int(address) >> 48))
def test_what_is_admitted_is_global_unicast_by_the_standard_library_too(address: IPv4Address | IPv6Address) -> None:
    if refusal(str(address)) is None:
        assert address.is_global
        assert not any([address.is_multicast, address.is_reserved, address.is_loopback])


@given(st.ip_addresses(v=4).filter(lambda address: int(address) > 1), st.booleans())
def test_an_embedded_ipv4_address_is_judged_as_itself(address: IPv4Address, loopback: bool) -> None:
    plain = refusal(str(address), loopback=loopback)
    for disguise in (f"::ffff:{address}", f"::{address}"):
        reason = refusal(disguise, loopback=loopback)
        assert (reason is None) == (plain is None)
        assert reason is None or reason.partition(" ")[2] == str(plain).partition(" ")[2]


LOCAL = [ip_network("10.1.0.0/16"), ip_network("100.64.7.0/24"), ip_network("fd00:1::/32")]


@given(st.sampled_from(LOCAL).flatmap(lambda network: st.ip_addresses(network=str(network))), st.sampled_from(LOCAL))
def test_a_declared_network_admits_exactly_its_addresses(address: IPv4Address | IPv6Address, declared: object) -> None:
    networks = tuple(network for network in LOCAL if network == declared)
    assert (refusal(str(address), networks) is None) == any(address in network for network in networks)


PRIVATE = ("private", "shared by a carrier (CGNAT)")
EVERYTHING = tuple(
    ip_network(network) for network in ("0.0.0.0/0", "::/0", "169.254.0.0/16", "fe80::/10", "fd00::/8", "100.64.0.0/10")
)


@pytest.mark.parametrize(("ip", "what"), REFUSED.items())
def test_no_declared_network_admits_anything_but_private_addresses(ip: str, what: str) -> None:
    assert (refusal(ip, EVERYTHING) is None) == (what in PRIVATE)


DECLARABLE = (
    "10.0.0.0/8", "10.1.2.3/32", "172.16.0.0/12", "192.168.7.0/24", "100.64.0.0/10", "fc00::/7", "fd00:1::/32",
)  # fmt: skip
UNDECLARABLE = (
    "0.0.0.0/0", "0.0.0.0/1", "8.0.0.0/6", "10.0.0.0/7", "172.0.0.0/11", "192.168.0.0/15", "100.0.0.0/9",
    "8.8.8.8/32", "169.254.0.0/16", "169.254.169.254/32", "127.0.0.0/8", "127.0.0.1/32", "224.0.0.0/4", "240.0.0.0/4",
    "0.0.0.0/8", "::/0", "::1/128", "fc00::/6", "fe80::/10", "fec0::/10", "ff00::/8", "::ffff:10.0.0.0/104",
    "64:ff9b::/96", "2000::/3",
)  # fmt: skip


@pytest.mark.parametrize("network", [*DECLARABLE, *UNDECLARABLE])
def test_only_networks_within_private_ranges_may_be_declared(network: str) -> None:
    reason = undeclarable(ip_network(network))
    assert (reason is None) == (network in DECLARABLE)
    assert reason is None or reason.startswith(f"{ip_network(network)} is not within a private range (10.0.0.0/8, ")


@given(st.ip_addresses())
def test_loopback_permission_admits_loopback_and_nothing_else(address: IPv4Address | IPv6Address) -> None:
    without = refusal(str(address))
    admitted = None if str(without).endswith(" is loopback") else without
    assert refusal(str(address), loopback=True) == admitted


@pytest.mark.parametrize("ip", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_admitted_by_the_argument(ip: str) -> None:
    assert refusal(ip, loopback=True) is None
    assert refusal(ip) is not None


def test_loopback_permission_is_an_argument_without_a_default_from_anywhere() -> None:
    assert inspect.signature(refusal).parameters["loopback"].default is False
    assert inspect.signature(Guard).parameters["loopback"].default is inspect.Parameter.empty


@given(st.text(max_size=20))
def test_what_is_no_address_never_passes(text: str) -> None:
    try:
        ip_address(text.partition("%")[0])
    except ValueError:
        with pytest.raises(ValueError, match="does not appear to be"):
            refusal(text)


def test_a_guard_remembers_why_under_every_spelling_of_the_host() -> None:
    guard = Guard({"intern.example": (ip_network("10.0.0.0/8"),)}, loopback=False)
    assert guard.admits("intern.example", "10.0.0.5")
    assert guard.admits("INTERN.example", "10.0.0.5")
    assert not guard.admits("other.example", "10.0.0.5")
    assert not guard.admits("奇富.example", "10.0.0.5")
    assert guard.refused == {"other.example": "10.0.0.5 is private", "xn--mtso2d.example": "10.0.0.5 is private"}


@given(st.text(max_size=80))
def test_a_host_key_is_stable(host: str) -> None:
    assert host_key(host_key(host)) == host_key(host)


class Names:
    """A name server that changes its mind: each look-up gets the next set of addresses."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)

    def resolveHostName(self, receiver: "Receiver", _name: str, portNumber: int = 0) -> None:  # noqa: N802, N803
        for ip in self._answers.pop(0):
            receiver.addressResolved(SimpleNamespace(host=ip, port=portNumber))
        receiver.resolutionComplete()


class Receiver:
    """What Twisted's endpoint does: connects to what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def addressResolved(self, address: SimpleNamespace) -> None:  # noqa: N802
        self.told.append(address.host)

    def resolutionBegan(self, _: object) -> None:  # noqa: N802
        """Nothing to prepare."""

    def resolutionComplete(self) -> None:  # noqa: N802
        """Nothing to close."""


def test_a_name_is_judged_by_each_address_at_each_look_up() -> None:
    guard = Guard({}, loopback=False)
    answers = [["8.8.8.8"], ["10.0.0.1", "1.1.1.1", "::1"], ["127.0.0.1"], []]
    resolver = GuardedResolver(Names(*answers), guard)
    seen = []
    for _ in answers:
        receiver = Receiver()
        resolver.resolveHostName(receiver, "rebinding.example", portNumber=80)
        seen.append((receiver.told, guard.refused.get("rebinding.example")))
    assert seen == [(["8.8.8.8"], None), (["1.1.1.1"], "::1 is loopback"), ([], "127.0.0.1 is loopback"), ([], None)]
