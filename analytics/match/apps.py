"""Apps against the brands: the signing certificate first, then the package, then the name."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl
from rapidfuzz.distance import OSA

from analytics.match import fold, keywords, words
from analytics.match.evidence import Target
from analytics.match.explain import Story, tell
from analytics.match.forms import Form
from analytics.match.hosts import spoken
from analytics.match.index import FormIndex
from analytics.match.nearness import may_meet
from analytics.match.spans import Span, find_span, is_boundary
from analytics.match.tokens import TokenIndex
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
_EDITIONS_ZH: Final = """官方版? 正版 正式版 极速版 专业版 最新版 企业版 国际版 尊享版 旗舰版 升级版
安卓版? 手机版? 客户端 下载
服务 中心 平台 贷款 借款 借钱 借贷 放款 提额 快贷 现金贷 金融 理财 钱包 银行 支付 商城 客服 安全 版"""
_EDITIONS_EN: Final = frozenset({"app", "apk", "pro", "plus", "vip", "lite", "hd", "max", "new", "official", "android"})
_DECORATIONS: Final = re.compile(
    "|".join([*_EDITIONS_ZH.split(), *sorted(keywords.STRONG | _EDITIONS_EN, key=len, reverse=True)])
)
"""What is put round a brand's name to make it look like an edition of the app."""
_SEPARATORS: Final = re.compile(r"[^a-z0-9\u3400-\u9fff]+")
_NAMED_WHOLE: Final = 88
"""Confidence where nothing but the brand's name and decorations is in the app's name."""
_NAMED_PART: Final = 66
"""Where it stands among other words."""
_COMMON: Final = 12
"""Less for an ordinary word, and for two or three letters."""
_DERIVED: Final = 14
"""Less for a form that is not the name itself: pinyin, initials, a domain's label."""
_MADE_FOR: Final = 20
"""Less in `Stickers for WhatsApp`: who says what it is for does not say that it is it."""
_PACKAGE: Final = 92
_SUBPACKAGE: Final = 86
_LEAST: Final = 30
_RARE: Final = 4
"""Letters from which a name is seldom met by chance."""
_LOOKS: Final = 0.65
"""Cost up to which a difference is one of looks (spans.py)."""


@dataclass(frozen=True, slots=True)
class _Found:
    brand: str
    technique: str
    similarity: int
    confidence: int
    shown: str
    form: str


class AppMatcher:
    """The brands' packages, certificates and names, ready to be looked for."""

    def __init__(self, brands: Sequence[Brand], targets: Sequence[Target]) -> None:
        self._brands = {brand.id: brand for brand in brands}
        self._packages = {package: brand for brand in brands for package in brand.packages}
        self._certificates = {certificate for brand in brands for certificate in brand.certificates}
        self._chinese = [(fold.strict(each.form.text), each) for each in targets if fold.has_han(each.form.text)]
        self._latin = [target for target in targets if target.form.text.isascii()]
        forms = [target.form.text for target in self._latin]
        self._windows, self._tokens = FormIndex(forms), TokenIndex(forms, ())

    def match(self, apps: pl.DataFrame) -> pl.DataFrame:
        """The best match of each app, more rows where brands are equally likely; genuine apps have none."""
        rows = [(app_id, *_told(each)) for app_id, found in self._by_app(apps) for each in _strongest(found)]
        return pl.DataFrame(rows, schema=APP_SCHEMA, orient="row")

    def meets(self, apps: pl.DataFrame) -> pl.Series:
        """Whether each app resembles a brand's, however faintly, or is its own."""
        own = apps["certificate"].is_in(list(self._certificates)) | apps["package"].is_in(list(self._packages))
        return own.fill_null(value=False) | pl.Series(
            [bool(found) for _, found in self._by_app(apps)], dtype=pl.Boolean
        )

    def _by_app(self, apps: pl.DataFrame) -> Iterator[tuple[int, list[_Found]]]:
        names = apps["name"].drop_nulls().unique().to_list()
        met = dict(zip(names, self._name_matches(names), strict=True))
        for app_id, package, name, certificate in apps.select("app_id", "package", "name", "certificate").iter_rows():
            yield app_id, self._app(package or "", (certificate or "").lower().replace(":", ""), met.get(name, []))

    def _app(self, package: str, certificate: str, named: list[_Found]) -> list[_Found]:
        if certificate in self._certificates:
            return []
        owner = self._packages.get(package)
        if owner:
            forged = certificate and owner.certificates
            return [_Found(owner.id, "certificate", 100, 100, package, package)] if forged else []
        packaged = list(self._package_matches(package)) if package else []
        return [*packaged, *(_backed(each, packaged) for each in named)]

    def _package_matches(self, package: str) -> Iterator[_Found]:
        for official, brand in self._packages.items():
            if package.startswith(f"{official}."):
                yield _Found(
                    brand.id, "package", round(100 * len(official) / len(package)), _SUBPACKAGE, package, official
                )
            elif len(official) > 6 and abs(len(package) - len(official)) <= 2:
                yield from _near_package(package, official, brand.id)

    def _name_matches(self, names: list[str]) -> list[list[_Found]]:
        texts = [fold.read_text(name).translate(words.simplified()).lower() for name in names]
        slugs = pl.Series([_SEPARATORS.sub("-", spoken(text)).strip("-") for text in texts], dtype=pl.String)
        found = [list(self._chinese_names(text)) for text in texts]
        label_rows, form_rows = self._windows.candidates(slugs.to_list())
        pairs = pl.concat(
            [pl.DataFrame({"label": label_rows, "form": form_rows}), self._tokens.candidates(slugs)]
        ).unique()
        plain = slugs.str.replace_all("-", "", literal=True).to_list()
        forms = [target.form.text for target in self._latin]
        near = may_meet(forms, plain, (pairs["form"].to_numpy(), pairs["label"].to_numpy()))
        for row, form_row in pairs.filter(pl.Series(near, dtype=pl.Boolean)).iter_rows():
            each = self._latin_name(texts[row], slugs[row], self._latin[form_row])
            found[row] += [each] if each else []
        return found

    def _chinese_names(self, text: str) -> Iterator[_Found]:
        if not fold.has_han(text):
            return
        compact = fold.strict(_SEPARATORS.sub("", text))
        for form, target in self._chinese:
            if form in compact:
                is_whole = not _DECORATIONS.sub("", compact.replace(form, "", 1)).strip("0123456789")
                less = 0 if target.form.derivation == "characters" else _DERIVED
                yield self._found(target, text, 100, (_NAMED_WHOLE if is_whole else _NAMED_PART) - less)

    def _latin_name(self, text: str, slug: str, target: Target) -> _Found | None:
        form, span = target.form, find_span(slug, target.form.text)
        if span is None or not _is_itself(text, slug, span, form):
            return None
        rest = slug[: span.start] + slug[span.end :]
        is_whole = not _DECORATIONS.sub("", rest).strip("-0123456789")
        is_edged = is_boundary(slug, span.start) and is_boundary(slug, span.end)
        if not is_whole and (form.is_word or len(form.text) < _RARE or not is_edged):
            return None
        less = (
            _COMMON * (form.is_word + (len(form.text) < _RARE))
            + _DERIVED * (form.derivation != "name")
            + _MADE_FOR * ("-for-" in f"-{slug[: span.start]}")
            + round(10 * span.cost)
        )
        similarity = round(100 * (1 - span.cost / len(form.text)))
        return self._found(target, text, similarity, (_NAMED_WHOLE if is_whole else _NAMED_PART) - less)

    def _found(self, target: Target, text: str, similarity: int, confidence: int) -> _Found:
        """A name met; less is known of a brand whose official packages are not listed."""
        less = 0 if self._brands[target.brand].packages else 15
        return _Found(target.brand, "name", similarity, max(0, confidence - less), text, target.form.text)


def _is_itself(text: str, slug: str, span: Span, form: Form) -> bool:
    """Whether what met is the name, and not another word: sounds of Chinese characters must be the very same."""
    if span.cost <= _LOOKS:
        return span.cost == 0 or not fold.has_han(text)
    return len(form.text) > _RARE + 1 and not fold.has_han(text) and not words.zipf(slug[span.start : span.end])


def _near_package(package: str, official: str, brand: str) -> Iterator[_Found]:
    alike = fold.strict(package) == fold.strict(official)
    edits = OSA.distance(package, official, score_cutoff=2)
    if alike or edits <= 1 + (len(official) > 14):
        similarity = round(100 * (1 - min(edits, 1 if alike else edits) / len(official)))
        yield _Found(
            brand, "package", similarity, _PACKAGE + 5 * alike - 8 * (edits - 1) * (not alike), package, official
        )


def _backed(named: _Found, packaged: list[_Found]) -> _Found:
    """A name, surer where the package resembles the same brand's."""
    if any(each.brand == named.brand for each in packaged):
        return _Found(named.brand, "name", named.similarity, min(95, named.confidence + 8), named.shown, named.form)
    return named


def _strongest(found: list[_Found]) -> list[_Found]:
    best = max((each.confidence for each in found), default=0)
    kept: dict[str, _Found] = {}
    for each in sorted(found, key=lambda one: (-one.confidence, one.form not in one.shown, -len(one.form))):
        if each.confidence == best >= _LEAST:
            kept.setdefault(each.brand, each)
    return list(kept.values())


def _told(found: _Found) -> tuple[object, ...]:
    where = "name" if found.technique == "name" else "package"
    told = tell(Story(found.technique, found.shown, found.form, where))
    return found.brand, found.technique, found.similarity, found.confidence, f"{found.shown} ~ {found.form}", *told
