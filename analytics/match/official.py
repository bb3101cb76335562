"""Whose a host is by the brands file: official names, and official names as content networks spell them."""

from collections.abc import Iterator, Sequence
from typing import Final

from db.brands import Brand, suffix_kind

_CONTENT_NETWORKS: Final = frozenset(
    [
        "edgekey.net",
        "edgesuite.net",
        "akadns.net",
        "akamai.net",
        "akamaized.net",
        "akamaiedge.net",
        "akamaihd.net",
        "cdn.cloudflare.net",
        "fastly.net",
        "fastlylb.net",
        "azureedge.net",
        "azurefd.net",
        "trafficmanager.net",
        "llnwd.net",
        "lldns.net",
        "footprint.net",
        "edgecastcdn.net",
        "systemcdn.net",
        "hwcdn.net",
        "cdn77.org",
        "incapdns.net",
        "impervadns.net",
        "queue-it.net",
        "b-cdn.net",
        "cdngslb.com",
        "alikunlun.com",
        "kunlunsl.com",
        "kunluncan.com",
        "wscdns.com",
        "wswebcdn.com",
        "lxdns.com",
        "ksyuncdn.com",
        "dnsv1.com",
        "cdntip.com",
        "tcdn.qq.com",
        "qcloudcdn.com",
        "bsgslb.cn",
        "cdn20.com",
        "ourwebpic.com",
    ]
)
"""Under these the customer's own host name stands in front of the network's: www.apple.com.edgekey.net."""


class OfficialNames:
    """The official domains of all brands."""

    def __init__(self, brands: Sequence[Brand]) -> None:
        self._owner: dict[str, str] = {}
        for brand in brands:
            for domain in brand.domains:
                self._owner.setdefault(domain, brand.id)
        self._suffixes = frozenset(domain for domain in self._owner if suffix_kind(domain) == "icann")

    def owner(self, host: str, public_suffix: str) -> str | None:
        """The brand whose official host this is, itself or through a content network; none otherwise.

        A domain under which strangers have names of their own (a private suffix at or below it, as
        `blob.core.windows.net` below `windows.net`) makes only itself official; `gov.uk`, a suffix of the registry's,
        everything below it.
        """
        for name in _parents(host):
            if name in self._owner and (name == host or name in self._suffixes or len(name) > len(public_suffix)):
                return self._owner[name]
        return self._delivered(host)

    def _delivered(self, host: str) -> str | None:
        network = next((name for name in _parents(host) if name in _CONTENT_NETWORKS and name != host), None)
        if network is None:
            return None
        served = host.removesuffix("." + network)
        return next((self._owner[name] for name in _parents(served) if name in self._owner), None)


def _parents(host: str) -> Iterator[str]:
    """The host and what it stands under, longest first.

    >>> list(_parents("a.b.c"))
    ['a.b.c', 'b.c', 'c']
    """
    labels = host.split(".")
    return (".".join(labels[place:]) for place in range(len(labels)))
