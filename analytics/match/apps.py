"""Apps against the brands: the signing certificate first, then the package, the name, and who says to have made it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from analytics.match.app_names import Named, NameIndex, as_maker
from analytics.match.app_packages import ALIKE, FIRM, OWN, Likeness, NameSpaces, PackageIndex, Way
from analytics.match.evidence import Target
from analytics.match.explain import Story, tell
from db.brands import Brand

APP_SCHEMA: Final = pl.Schema(
    {
        "app_id": pl.Int64,
        "brand": pl.String,
        "technique": pl.String,
        "similarity": pl.Int64,
        "confidence": pl.Int64,
        "matched": pl.String,
        "explanation_zh": pl.String,
        "explanation_en": pl.String,
    }
)
POINTS: Final[Mapping[str, int]] = {
    # of the name: what stands beside the brand's
    "alone": 88,
    "edition": 88,
    "bait": 90,
    "among words": 54,
    "with a bait": 10,
    "long characters": 8,
    "made for it": -20,
    # how it is spelt
    "lookalike": 5,
    "by sound": -12,
    "two characters": -14,
    "misspelt": -12,
    "badly misspelt": -34,
    # which name it is
    "word": -12,
    "short": -12,
    "two letters": 0,
    "derived": -14,
    "far": -20,
    "everyday": -40,
    # what else is known of the app
    "no package listed": -12,
    "package alike": 8,
    "developer alike": 6,
    "own name space": -34,
    "firm's name space": -14,
    "own developer": -14,
    "another certificate": 0,
}
"""What each fact about an app's name adds to its confidence, or takes away."""
_SPACES: Final[Mapping[str, str]] = {OWN: "own name space", FIRM: "firm's name space", ALIKE: "package alike"}
_IN_FAVOUR: Final = frozenset({"own name space", "firm's name space", "own developer"})
"""What anybody may claim, and no certificate confirms."""
_MOST: Final = 97
_LEAST: Final = 30
_LONGEST: Final = 200
"""Characters of a package and of a developer's name that are read; stores allow fewer."""
_MAKER: Final[Mapping[str, int]] = {"lookalike": 66, "misspelt": 62}
"""Confidence where only the developer's name passes for the brand's, by how it is spelt."""
_WHOLE: Final = frozenset({"alone", "edition"})
_NO_FIRM: Final = frozenset({"far", "everyday", "badly misspelt"})
_TOLD: Final[Mapping[str, tuple[str, str]]] = {
    "lookalike": ("有形近字符", "with lookalike characters"),
    "by sound": ("读音相同", "by its sound"),
    "misspelt": ("差一个字母", "a letter differs"),
    "badly misspelt": ("差两个字母", "two letters differ"),
    "edition": ("加了版本词", "named as an edition of it"),
    "bait": ("加了诱导词", "beside words that bait"),
    "package alike": ("包名也近似官方包名", "the package resembles an official one too"),
    "developer alike": ("开发者名近似但不是该品牌", "the developer's name is near the brand's without being it"),
    "another certificate": ("签名证书不是官方的", "signed with a certificate that is not the official one"),
    "made for it": ("但像是其配套工具", "but it reads as made for it"),
    "own name space": ("但包名在该品牌域名之下", "but the package stands below the brand's own domain"),
    "firm's name space": ("但包名与其官方应用同一前缀", "but the package begins as its official ones do"),
    "own developer": ("但开发者名与该品牌相同（可自称）", "but the developer bears the brand's name, as anybody may"),
    "word": ("但该名也是普通词", "but the name is an ordinary word too"),
}
"""What an explanation says of a fact, zh and en."""


@dataclass(frozen=True, slots=True)
class _App:
    """One app as it is compared."""

    package: str
    certificate: str
    named: Sequence[Named]
    makers: Mapping[str, Named]
    """What the developer's name is of brands, by brand."""
    developer: str


@dataclass(frozen=True, slots=True)
class _Found:
    brand: str
    technique: str
    similarity: int
    confidence: int
    shown: str
    form: str
    facts: frozenset[str] = frozenset()
    way: Way | None = None


class AppMatcher:
    """The brands' packages, certificates and names, ready to be looked for."""

    def __init__(self, brands: Sequence[Brand], targets: Sequence[Target]) -> None:
        self._brands = {brand.id: brand for brand in brands}
        self._certificates = {certificate for brand in brands for certificate in brand.certificates}
        self._packages, self._spaces = PackageIndex(brands), NameSpaces(brands)
        self._names = NameIndex(targets)

    def match(self, apps: pl.DataFrame) -> pl.DataFrame:
        """The best match of each app, more rows where brands are equally likely; genuine apps have none."""
        rows = [(app_id, *_told(each)) for app_id, found in self._by_app(apps) for each in _strongest(found)]
        return pl.DataFrame(rows, schema=APP_SCHEMA, orient="row")

    def meets(self, apps: pl.DataFrame) -> pl.Series:
        """Whether each app resembles a brand's, however faintly, or is its own."""
        certificates = [_digits(each) in self._certificates for each in apps["certificate"]]
        own = pl.Series(certificates, dtype=pl.Boolean) | apps["package"].is_in(list(self._packages.owners))
        return own.fill_null(value=False) | pl.Series(
            [bool(found) for _, found in self._by_app(apps)], dtype=pl.Boolean
        )

    def _by_app(self, apps: pl.DataFrame) -> Iterator[tuple[int, list[_Found]]]:
        names, developers = ((apps[column].drop_nulls().unique().to_list()) for column in ("name", "developer"))
        met = dict(zip(names, self._names.named(names), strict=True))
        makers = dict(zip(developers, map(_makers, self._names.named([*map(as_maker, developers)])), strict=True))
        columns = ("app_id", "package", "name", "developer", "certificate")
        for app_id, package, name, developer, certificate in apps.select(columns).iter_rows():
            named, of_maker = met.get(name, ()), makers.get(developer, {})
            app = _App((package or "")[:_LONGEST], _digits(certificate), named, of_maker, (developer or "")[:_LONGEST])
            yield app_id, list(self._found(app))

    def _found(self, app: _App) -> Iterator[_Found]:
        if app.certificate in self._certificates:
            return
        if app.package in self._packages.owners:
            owners = self._packages.owners[app.package]
            if app.certificate and all(owner.certificates for owner in owners):
                for owner in owners:
                    yield _Found(owner.id, "certificate", 100, 100, app.package, app.package)
            return
        alike = list(self._packages.likenesses(app.package)) if app.package else []
        yield from (_packaged(each, app.package) for each in alike)
        yield from (self._named(named, app, alike) for named in _outermost(app.named))
        for maker in app.makers.values():
            points = max((_MAKER[fact] for fact in _MAKER if fact in maker.facts), default=0)
            if points:
                yield _Found(maker.brand, "developer", maker.similarity, points, app.developer, maker.form)

    def _named(self, named: Named, app: _App, alike: Sequence[Likeness]) -> _Found:
        brand = self._brands[named.brand]
        facts = set(named.facts)
        if any(each.brand == brand.id for each in alike):
            facts.add("package alike")
        elif space := self._spaces.kind(app.package, brand.id):
            facts.add(_SPACES[space])
        if maker := app.makers.get(brand.id):
            facts.add("developer alike" if maker.facts & _MAKER.keys() else "own developer")
        if not brand.packages:
            facts.add("no package listed")
        if app.certificate and brand.certificates:
            facts = (facts - _IN_FAVOUR) | {"another certificate"}
        confidence = max(0, min(_MOST, sum(POINTS[fact] for fact in facts)))
        return _Found(brand.id, "name", named.similarity, confidence, named.shown, named.form, frozenset(facts))


def _makers(named: Sequence[Named]) -> dict[str, Named]:
    """The brands whose name a developer's is, or passes for; written as it is goes first."""
    whole = [each for each in named if each.facts & _WHOLE and not each.facts & _NO_FIRM]
    return {each.brand: each for each in sorted(whole, key=lambda one: len(one.facts & _MAKER.keys()), reverse=True)}


def _digits(certificate: str | None) -> str:
    """A SHA-256 as the brands file has it."""
    return (certificate or "").lower().replace(":", "")


def _packaged(alike: Likeness, package: str) -> _Found:
    way = alike.way
    return _Found(alike.brand, "package", alike.similarity, way.confidence, package, alike.official, way=way)


def _outermost(named: Sequence[Named]) -> list[Named]:
    """The names but for those inside another brand's longer one: 京东 in 京东金融."""
    return [each for each in named if not any(_is_inside(each, other) for other in named)]


def _is_inside(inner: Named, outer: Named) -> bool:
    return inner.brand != outer.brand and inner.form != outer.form and inner.form in outer.form


def _strongest(found: Sequence[_Found]) -> list[_Found]:
    best = max((each.confidence for each in found), default=0)
    kept: dict[str, _Found] = {}
    for each in sorted(found, key=lambda one: (-one.confidence, one.form not in one.shown, -len(one.form))):
        if each.confidence == best >= _LEAST:
            kept.setdefault(each.brand, each)
    return list(kept.values())


def _told(found: _Found) -> tuple[object, ...]:
    where = found.technique if found.technique in {"name", "developer"} else "package"
    zh, en = tell(Story(found.technique, found.shown, found.form, where))
    said = [_TOLD[fact] for fact in _TOLD if fact in found.facts]
    said += [(found.way.zh, found.way.en)] if found.way else []
    return (
        found.brand, found.technique, found.similarity, found.confidence, f"{found.shown} ~ {found.form}",
        "；".join([zh, *(each for each, _ in said)]), "; ".join([en, *(each for _, each in said)]),
    )  # fmt: skip
