"""What a person may mean by a text, and everything known of each meaning."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final, Protocol

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
from db.lookups import BrandMatch, Known, known_addresses, known_packages, stored_matches
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


@dataclass(frozen=True, slots=True)
class Subject:
    """A text read as one kind of thing, with what is known of it."""

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
    addresses = _addresses(texts)
    meant = [subject for text in texts for subject in _meanings(text, addresses[text], packages)]
    hosts = [subject for subject in meant if subject.address]
    known = _known_hosts(database, hosts)
    matches = _address_matches(database, [subject.address for subject in hosts if subject.address], brands, matcher)

    def told(subject: Subject, address: Address) -> Subject:
        if known[address] == _UNKNOWN and has_broken_label(address.host):
            return Subject(subject.text, "unreadable", refusal=BROKEN_PUNYCODE)
        met = [match for text in _texts(address) for match in matches[text]]
        return replace(subject, known=known[address], official=matcher.official(address.host), match=_best(met))

    return [told(subject, subject.address) if subject.address else subject for subject in meant]


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


def _meanings(text: str, address: Address | NotAnAddress, packages: Mapping[str, Subject]) -> list[Subject]:
    stripped = text.strip()
    as_package = [replace(packages[stripped], text=text)] if stripped in packages else []
    if as_package and not _may_be_host(stripped):
        return as_package
    if isinstance(address, NotAnAddress):
        return as_package or [Subject(text, "unreadable", refusal=address.reason)]
    return [Subject(text, "url" if address.tail else "host", address), *as_package]


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
    spelt = list(dict.fromkeys(text.strip() for text in texts if _PACKAGE.fullmatch(text.strip())))
    known = known_packages(database, spelt) if database else [_UNKNOWN] * len(spelt)
    live = _app_matches([name for name in spelt if name not in official], brands, matcher)
    return {
        name: Subject(
            name, "package", known=seen, official=official.get(name), match=_best([*seen.matches, *live.get(name, ())])
        )
        for name, seen in zip(spelt, known, strict=True)
        if seen != _UNKNOWN or name in official or _may_be_package(name)
    }


def _known_hosts(database: Database | None, subjects: Sequence[Subject]) -> dict[Address | None, Known]:
    addresses = [subject.address for subject in subjects if subject.address]
    if database is None:
        return dict.fromkeys(addresses, _UNKNOWN)
    known = known_addresses(database, [(address.host, address.tail) for address in addresses])
    return dict(zip(addresses, known, strict=True))


def _address_matches(
    database: Database | None, addresses: Sequence[Address], brands: Sequence[Brand], matcher: BrandMatcher
) -> dict[str, list[BrandMatch]]:
    """What each of `_texts` of the addresses resembles; one of its tails says nothing of a host.

    Of hosts that are stored with their matches these are taken; the others are matched here and now.
    """
    rows = [
        (
            address.host,
            address.tail,
            address.host[-address.registrable_length :] if address.registrable_length else None,
            _suffix(address),
        )
        for address in dict.fromkeys(addresses)
    ]
    hosts = list(dict.fromkeys(address.host for address in addresses))
    stored = stored_matches(database, hosts, MATCHER_VERSION) if database else {}
    new = {row[0]: row for row in rows if row[0] not in stored}
    tails = [row for row in rows if row[1]]
    met = defaultdict(list, {f"{host} ": matches for host, matches in stored.items()})
    if new:
        in_hosts = matcher.match_hosts(pl.DataFrame(list(new.values()), schema=_URLS, orient="row").drop("tail"))
        met |= _brand_matches(in_hosts.with_columns(text=pl.col("host") + " "), "text", brands)
    if tails:
        in_tails = matcher.match_urls(pl.DataFrame(tails, schema=_URLS, orient="row"))
        met |= _brand_matches(in_tails.with_columns(text=pl.col("host") + " " + pl.col("tail")), "text", brands)
    return met


def _texts(address: Address) -> tuple[str, ...]:
    """The host, and the whole address if there is more of it."""
    return tuple(dict.fromkeys((f"{address.host} ", f"{address.host} {address.tail}")))


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
    by_id = _brand_matches(matcher.match_apps(frame), "app_id", brands)
    return {package: by_id[number] for number, package in enumerate(packages)}


def _brand_matches(matches: pl.DataFrame, key: str, brands: Sequence[Brand]) -> dict[Any, list[BrandMatch]]:
    thresholds = {brand.id: brand.threshold for brand in brands}
    found: dict[Any, list[BrandMatch]] = defaultdict(list)
    columns = (key, "brand", "confidence", "explanation_zh", "explanation_en")
    for value, brand, confidence, zh, en in matches.select(columns).iter_rows():
        found[value].append(BrandMatch(brand, confidence, thresholds[brand], zh, en))
    return found


def _best(matches: Sequence[BrandMatch]) -> BrandMatch | None:
    return max(matches, key=lambda match: (match.is_above, match.confidence), default=None)
