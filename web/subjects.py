"""What a person may mean by a text, and everything known of each meaning."""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple, Protocol

import polars as pl
from sqlite_utils import Database

from analytics.match.matcher import MATCHER_VERSION
from analytics.normalise.address import (
    BROKEN_PUNYCODE,
    Address,
    NotAnAddress,
    canonical_address,
    has_broken_label,
    normalise_addresses,
)
from db.brands import Brand, suffix_kind
from db.known import BrandMatch, Known, StoredHost
from db.lookups import known_addresses, known_packages, stored_hosts
from db.vocabulary import Claim

_PACKAGE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)+")
_RESERVED: Final = frozenset({"example", "test", "invalid", "localhost", "local", "internal", "onion"})
"""Last labels that no registry sells (RFC 6761 and its kind): what ends with one is a host and no package."""
_APPS: Final = pl.Schema(
    {"app_id": pl.Int64, "package": pl.String, "name": pl.String, "developer": pl.String, "certificate": pl.String}
)
_URLS: Final = pl.Schema(
    {"host": pl.String, "tail": pl.String, "registrable_domain": pl.String, "public_suffix": pl.String}
)
_UNKNOWN: Final = Known()
_MANY: Final = 32
"""Texts from which on a frame reads them: it costs as much as some twenty of them one by one."""


class BrandMatcher(Protocol):
    """What `analytics.match.matcher.Matcher` does."""

    def match_hosts(self, hosts: pl.DataFrame) -> pl.DataFrame:
        """The matches of distinct `host`s with their `registrable_domain` and `public_suffix`."""

    def match_urls(self, urls: pl.DataFrame) -> pl.DataFrame:
        """The matches of what follows the hosts: `tail` beside the columns of hosts; distinct."""

    def match_apps(self, apps: pl.DataFrame) -> pl.DataFrame:
        """The matches of apps: `app_id`, `package`, `name`, `developer`, `certificate`."""

    def official(self, host: str) -> str | None:
        """The id of the brand to which a host officially belongs."""


class Subject(NamedTuple):
    """A text read as one kind of thing, with what is known of it; a tuple like `db.known.Known`."""

    text: str
    kind: str
    """`url`, `host` or `package`; `unreadable` where it is none of them."""
    address: Address | None = None
    refusal: str = ""
    """Why it is unreadable."""
    known: Known = _UNKNOWN
    official: str | None = None
    """The brand whose own it is."""
    match: BrandMatch | None = None
    """The brand that it resembles most."""

    @property
    def is_own_site(self) -> bool:
        """Whether its host is registered by somebody, and no public suffix."""
        return self.address is not None and self.address.registrable_length > 0

    @property
    def evidence(self) -> Hashable:
        """All that the rules of `web.rules` go by: of what has the same they answer the same."""
        claims, verdict, _, _, named_urls, _ = self.known
        own = self.is_own_site, self.official
        return (self.kind, self.refusal, *own, self.match, claims, verdict, named_urls)

    @property
    def brand(self) -> str | None:
        """Whose it is, else whom it clearly imitates, else whom others name, else whom it faintly resembles.

        A URL on an official host imitates only where strangers choose the path; then it is not the host's owner's.
        """
        clear = [self.match.brand] if self.match and self.match.is_above else []
        owned = [*clear, self.official] if self.kind == "url" else [self.official, *clear]
        given = [self.known.verdict.named_brand] if self.known.verdict else []
        named = [claim.named_brand for claim in self.known.claims if claim.claim is Claim.MALICIOUS]
        faint = [self.match.brand] if self.match else []
        return next((brand for brand in (*owned, *given, *named, *faint) if brand), None)


def read_subjects(
    database: Database | None, texts: Sequence[str], brands: Sequence[Brand], matcher: BrandMatcher
) -> list[Subject]:
    """The subjects of texts, in their order; one that could be a host and a package gives both, the host first."""
    packages = _packages(database, texts, brands, matcher)
    others = [text for text in dict.fromkeys(texts) if text.strip() not in packages or _may_be_host(text.strip())]
    hosts = _hosts(database, others, brands, matcher)
    return [subject for text in texts for subject in _meanings(text, hosts, packages)]


def _meanings(text: str, hosts: Mapping[str, Subject], packages: Mapping[str, Subject]) -> list[Subject]:
    package = packages.get(text.strip())
    host = hosts.get(text)
    if package is None or host is None:
        return [one for one in (host, package and package._replace(text=text)) if one]
    as_package = package._replace(text=text)
    return [as_package] if host.kind == "unreadable" else [host, as_package]


def _addresses(texts: Sequence[str]) -> dict[str, Address | NotAnAddress]:
    """Each text as an address, or why it is none; many are read as a frame, which says the same sooner."""
    plain = list(dict.fromkeys(text for text in texts if text.isascii()))
    if len(plain) < _MANY:
        return {text: _address(text) for text in texts}
    rows = zip(plain, normalise_addresses(pl.Series(plain)).drop("address").iter_rows(), strict=True)
    found = {text: NotAnAddress(reason) if reason else Address(*of) for text, (*of, reason) in rows}
    return {text: found[text] if text in found else _address(text) for text in texts}


def _address(text: str) -> Address | NotAnAddress:
    try:
        return canonical_address(text)
    except NotAnAddress as refusal:
        return refusal


def _may_be_host(package: str) -> bool:
    """Whether a name that is spelt like a package may be a host: `com.demo.loan` may, `com.demo.kehuduan` may not."""
    first, *_, last = package.lower().split(".")
    return not (_is_suffix(first) and not _is_last_label(last))


def _may_be_package(name: str) -> bool:
    """Packages are host names turned round: the suffix comes first, and their end is seldom one."""
    first, *_, last = name.lower().split(".")
    return _is_suffix(first) or not _is_last_label(last)


def _is_last_label(label: str) -> bool:
    return label in _RESERVED or _is_suffix(label)


@cache
def _is_suffix(label: str) -> bool:
    return suffix_kind(label) == "icann"


def _packages(
    database: Database | None, texts: Sequence[str], brands: Sequence[Brand], matcher: BrandMatcher
) -> dict[str, Subject]:
    """Those of the texts that are packages: they look like one, are a brand's own, or are in the database."""
    official = {package: brand.id for brand in brands for package in brand.packages}
    spelt = [text for text in dict.fromkeys(map(str.strip, texts)) if _PACKAGE.fullmatch(text)]
    known = known_packages(database, spelt) if database else [_UNKNOWN] * len(spelt)
    meant = {
        name: one
        for name, one in zip(spelt, known, strict=True)
        if one != _UNKNOWN or name in official or _may_be_package(name)
    }
    live = _app_matches([name for name in meant if name not in official], brands, matcher)
    return {
        name: Subject(
            name, "package", known=one, official=official.get(name), match=_best([*one.matches, *live.get(name, ())])
        )
        for name, one in meant.items()
    }


def _hosts(
    database: Database | None, texts: Sequence[str], brands: Sequence[Brand], matcher: BrandMatcher
) -> dict[str, Subject]:
    """The texts as hosts and URLs, or why they are none."""
    read = _addresses(texts)
    addresses = {text: one for text, one in read.items() if isinstance(one, Address)}
    hosts = dict.fromkeys(address.host for address in addresses.values())
    stored = stored_hosts(database, hosts, MATCHER_VERSION) if database else {}
    known = _known(database, list(addresses.values()), stored)
    met = _address_matches(list(addresses.values()), stored, brands, matcher)
    official = {host: matcher.official(host) for host in hosts}
    found = {
        text: _host(text, address, one, official[address.host], met)
        for (text, address), one in zip(addresses.items(), known, strict=True)
    }
    return found | {
        text: Subject(text, "unreadable", refusal=one.reason)
        for text, one in read.items()
        if isinstance(one, NotAnAddress)
    }


def _host(
    text: str, address: Address, known: Known, official: str | None, met: Mapping[tuple[str, str], Sequence[BrandMatch]]
) -> Subject:
    if "xn--" in address.host and known == _UNKNOWN and has_broken_label(address.host):
        return Subject(text, "unreadable", refusal=BROKEN_PUNYCODE)
    alike = [*met.get((address.host, ""), ()), *(met.get((address.host, address.tail), ()) if address.tail else ())]
    return Subject(text, "url" if address.tail else "host", address, "", known, official, _best(alike))


def _known(database: Database | None, addresses: Sequence[Address], stored: Mapping[str, StoredHost]) -> list[Known]:
    """What is known of addresses, in their order: of one on a host that is not stored, nothing."""
    asked = [(stored[address.host].host_id, address.tail) for address in addresses if address.host in stored]
    known = iter(known_addresses(database, asked) if database else ())
    return [next(known) if address.host in stored else _UNKNOWN for address in addresses]


def _address_matches(
    addresses: Sequence[Address], stored: Mapping[str, StoredHost], brands: Sequence[Brand], matcher: BrandMatcher
) -> dict[tuple[str, str], Sequence[BrandMatch]]:
    """What hosts (with tail '') and what addresses' tails resemble, by host and tail; a tail says nothing of its host.

    Of hosts that are stored with their matches these are taken; the others are matched here and now.
    """
    met: dict[tuple[str, str], Sequence[BrandMatch]] = {
        (host, ""): one.matches for host, one in stored.items() if one.matches
    }
    matched = {host for host, one in stored.items() if one.matches is not None}
    new = {address.host: address for address in addresses if address.host not in matched}
    tails = {(address.host, address.tail): address for address in addresses if address.tail}
    if new:
        in_hosts = matcher.match_hosts(_frame(new.values()).drop("tail"))
        met |= _brand_matches(in_hosts.with_columns(tail=pl.lit("")), ("host", "tail"), brands)
    if tails:
        met |= _brand_matches(matcher.match_urls(_frame(tails.values())), ("host", "tail"), brands)
    return met


def _frame(addresses: Iterable[Address]) -> pl.DataFrame:
    """Addresses as the matcher takes them."""
    rows = [(one.host, one.tail, _registrable_domain(one), _suffix(one)) for one in addresses]
    return pl.DataFrame(rows, schema=_URLS, orient="row")


def _registrable_domain(address: Address) -> str | None:
    return address.host[-address.registrable_length :] if address.registrable_length else None


def _suffix(address: Address) -> str:
    return address.host[-address.suffix_length :] if address.suffix_length else ""


def _app_matches(
    packages: Sequence[str], brands: Sequence[Brand], matcher: BrandMatcher
) -> dict[str, list[BrandMatch]]:
    if not packages:
        return {}
    apps = pl.DataFrame({"app_id": range(len(packages)), "package": packages}, schema_overrides={"package": pl.String})
    frame = apps.select(
        pl.col(name).cast(dtype) if name in apps.columns else pl.lit(None, dtype).alias(name)
        for name, dtype in _APPS.items()
    )
    by_id = _brand_matches(matcher.match_apps(frame), ("app_id",), brands)
    return {package: by_id[number,] for number, package in enumerate(packages)}


def _brand_matches(
    matches: pl.DataFrame, key: Sequence[str], brands: Sequence[Brand]
) -> dict[tuple[Any, ...], list[BrandMatch]]:
    """What the matcher found, by the key of what it was asked for."""
    thresholds = {brand.id: brand.threshold for brand in brands}
    found: dict[tuple[Any, ...], list[BrandMatch]] = defaultdict(list)
    keys = matches.select(key).iter_rows()
    columns = ("brand", "confidence", "explanation_zh", "explanation_en")
    for of, (brand, confidence, zh, en) in zip(keys, matches.select(columns).iter_rows(), strict=True):
        found[of].append(BrandMatch(brand, confidence, thresholds[brand], zh, en))
    return found


def _best(matches: Sequence[BrandMatch]) -> BrandMatch | None:
    return max(matches, key=lambda match: (match.is_above, match.confidence), default=None) if matches else None
