"""The brands file: who is imitated, by which names, and what is theirs."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from db.brand_values import (
    app_package,
    brand_id,
    brand_name,
    certificate,
    keyword,
    official_domain,
    some_names,
    visible_text,
)
from db.errors import UsageError
from db.toml import read_toml
from db.unseen import quoted
from db.wording import told_faults

_T = TypeVar("_T")
_Texts = Annotated[tuple[_T, ...], Field(strict=False)]
"""A list of the file; strictness is for what stands in it."""
_MOST_FAULTS: Final = 5
"""Faults told in one line; of more the number."""
DEFAULT_THRESHOLD = 60
"""Confidence from which a match counts where the brand names none."""
LEAST_CONFIDENCE: Final = 30
"""Below, the matcher returns nothing: the least threshold worth setting, with room to look at what just misses it."""


class Brand(BaseModel):
    """One `[[brand]]` of the file; the file's keys are these fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: Annotated[str, AfterValidator(brand_id)]
    names: Annotated[_Texts[Annotated[str, AfterValidator(brand_name)]], AfterValidator(some_names)]
    domains: _Texts[Annotated[str, AfterValidator(official_domain)]]
    packages: _Texts[Annotated[str, AfterValidator(app_package)]] = ()
    certificates: _Texts[Annotated[str, AfterValidator(certificate)]] = ()
    keywords: _Texts[Annotated[str, AfterValidator(keyword)]] = ()
    sector: Annotated[str, Field(max_length=64), AfterValidator(visible_text)] = ""
    own: bool = False
    follow: bool = False
    threshold: Annotated[int, Field(ge=0, le=100)] = DEFAULT_THRESHOLD
    confirm_at: Annotated[int, Field(ge=0, le=100)] | None = None

    @property
    def name_zh(self) -> str:
        """The first name with a Chinese character, else the first."""
        return next((name for name in self.names if re.search(r"[\u4e00-\u9fff]", name)), self.names[0])

    @property
    def name_en(self) -> str:
        """The first name in ASCII, else the id."""
        return next((name for name in self.names if name.isascii()), self.id)


def load_brands(path: Path | None = None) -> tuple[Brand, ...]:
    """Read a brands file; without a path the list that comes with fanzha.

    Raises:
        UsageError: the file cannot be read, or something in it is faulty; one line with all faults but for the sixth
            and more, nothing is loaded.
    """
    shown = str(path) if path else "the bundled brands"
    document, _ = read_toml(path or files("db").joinpath("brands.toml"), shown, "a brands file")
    brands, faults = _checked(document)
    if faults:
        more = f"; and {len(faults) - _MOST_FAULTS:,} more" if len(faults) > _MOST_FAULTS else ""
        raise UsageError(f"{shown}: {'; '.join(faults[:_MOST_FAULTS])}{more}")
    return brands


def stored_brand(kept: Mapping[str, Any]) -> Brand:
    """A brand as it was dumped after it had been checked; what an older fanzha accepted is taken as it was."""
    return Brand.model_construct(
        None, **{key: tuple(one) if isinstance(one, list) else one for key, one in kept.items()}
    )


def _checked(document: dict[str, Any]) -> tuple[tuple[Brand, ...], list[str]]:
    """The sound brands of a document, and what is wrong with the rest."""
    entries = document.pop("brand", [])
    faults = [f"{quoted(key)} is no key here; a brands file holds [[brand]] tables only" for key in document]
    if isinstance(entries, dict):
        return (), [*faults, "[brand] is one table; head each brand with [[brand]]"]
    if not isinstance(entries, list) or not entries:
        return (), faults or ["no [[brand]] in it; write one for each brand"]
    brands: list[Brand] = []
    for number, entry in enumerate(entries, 1):
        try:
            brands.append(Brand.model_validate(entry))
        except ValidationError as error:
            label = quoted(entry["id"]) if isinstance(entry, dict) and "id" in entry else "without an id"
            faults += [f"brand {number} ({label}): {fault}" for fault in told_faults(error, Brand)]
    counted = Counter(brand.id for brand in brands)
    faults += [
        f"brand id {quoted(each)} stands twice; give each brand its own" for each in counted if counted[each] > 1
    ]
    return tuple(brands), faults


_PRIVATE: Final = "===BEGIN PRIVATE DOMAINS==="


@cache
def suffix_rules() -> Mapping[str, bool]:
    """Each rule in A-labels (`co.uk`, `*.ck`, `!www.ck`, `github.io`), and whether it is a landlord's (private).

    Read from the file that tldextract carries: tldextract itself takes 0.3 s to start.
    """
    spec = find_spec("tldextract")
    if spec is None or spec.origin is None:  # pragma: no cover - a run-time requirement
        raise ModuleNotFoundError("tldextract")
    text = (Path(spec.origin).parent / ".tld_set_snapshot").read_text("utf-8")
    registries, _, landlords = text.partition(_PRIVATE)
    return {rule: is_private for part, is_private in ((landlords, True), (registries, False)) for rule in _rules(part)}


def _rules(text: str) -> list[str]:
    found = _RULE.findall(text)
    return [rule if rule.isascii() else ".".join(map(_a_label, rule.split("."))) for rule in found]


_RULE: Final = re.compile(r"^(?!//)\S+", re.MULTILINE)


def _a_label(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode()


@cache
def suffix_kind(domain: str) -> Literal["icann", "private", ""]:
    """Whether a domain is itself a public suffix, and whose: a registry's (`gov.uk`) or a landlord's (`github.io`)."""
    rules = suffix_rules()
    met = [rules[rule] for rule in (domain, "*." + domain.partition(".")[2]) if rule in rules]
    if not met or f"!{domain}" in rules:
        return ""
    return "private" if all(met) else "icann"


def public_suffix(host: str) -> str:
    """The public suffix of a host (A-labels), a landlord's (`github.io`) included; empty for an IP address.

    As tldextract has it, a name under a top-level domain that the list does not know has none.
    """
    rules, name = suffix_rules(), host
    while name:
        above = name.partition(".")[2]
        if f"!{name}" in rules:
            return above
        if name in rules or f"*.{above}" in rules:
            return name
        name = above
    return ""


def brand_warnings(brands: Sequence[Brand]) -> list[str]:
    """What is allowed in a brands file and yet worth a look, a line each."""
    official = {domain for brand in brands for domain in brand.domains}
    return [
        f"brand {quoted(brand.id)}: {said}"
        for brand in brands
        for said in (*_domain_warnings(brand, official), *_confirm_warnings(brand))
    ]


_SUFFIX: Final = {
    "icann": "is a public suffix: every name under it counts as official",
    "private": "is a public suffix: only itself counts as official, not the names under it",
}


def _domain_warnings(brand: Brand, official: Collection[str]) -> Iterator[str]:
    """Of domains that are no registrable ones: a suffix, or a name under what nobody declares official."""
    for domain in brand.domains:
        if kind := suffix_kind(domain):
            yield f"domain {quoted(domain)} {_SUFFIX[kind]}"
            continue
        suffix = public_suffix(domain)
        registrable = ".".join(domain.split(".")[-suffix.count(".") - 2 :])
        if suffix and registrable != domain and registrable not in official:
            yield (
                f"domain {quoted(domain)} is a name under {registrable}, which is not official by it; "
                f"write {registrable} if all of it is the brand's"
            )


def _confirm_warnings(brand: Brand) -> Iterator[str]:
    if brand.confirm_at is not None and brand.confirm_at < brand.threshold:
        yield (
            f"confirm_at {brand.confirm_at} is below the threshold {brand.threshold}, from which a match counts; "
            "raise it, or lower the threshold"
        )
