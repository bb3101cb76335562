"""The brands file: who is imitated, by which names, and what is theirs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from db.errors import UsageError
from db.files import read_bounded

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")

DEFAULT_THRESHOLD = 60
"""Confidence from which a match counts where the brand names none."""


class Brand(BaseModel):
    """One `[[brand]]` of the file; the file's keys are these fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: str
    names: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
    domains: Annotated[tuple[str, ...], Field(strict=False)]
    packages: Annotated[tuple[str, ...], Field(strict=False)] = ()
    certificates: Annotated[tuple[str, ...], Field(strict=False)] = ()
    keywords: Annotated[tuple[str, ...], Field(strict=False)] = ()
    sector: str = ""
    own: bool = False
    follow: bool = False
    threshold: Annotated[int, Field(ge=0, le=100)] = DEFAULT_THRESHOLD
    confirm_at: Annotated[int, Field(ge=0, le=100)] | None = None

    @field_validator("id")
    @classmethod
    def _id(cls, value: str) -> str:
        if not _ID.fullmatch(value):
            raise ValueError("an id is a-z, 0-9 and hyphens, at most 64")
        return value

    @field_validator("names")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not name.strip() for name in value):
            raise ValueError("a name is empty")
        return value

    @field_validator("certificates")
    @classmethod
    def _certificates(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        cleaned = tuple(certificate.lower().replace(":", "") for certificate in value)
        for certificate in cleaned:
            if not _SHA256.fullmatch(certificate):
                raise ValueError(f"{certificate!r} is no SHA-256 of a certificate (64 hexadecimal digits)")
        return cleaned

    @field_validator("domains")
    @classmethod
    def _domains(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        cleaned = tuple(domain.strip().lower().rstrip(".") for domain in value)
        for domain in cleaned:
            if "." not in domain:
                raise ValueError(f"{domain!r} is a bare top-level domain; every name under it would be official")
        return tuple(domain.encode("idna").decode() if not domain.isascii() else domain for domain in cleaned)

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
        UsageError: the file cannot be read, a brand is faulty, or an id stands twice; one line, nothing is loaded.
    """
    shown = str(path) if path else "the bundled brands"
    try:
        text = read_bounded(path).decode() if path else files("db").joinpath("brands.toml").read_text("utf-8")
        document = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{shown}: cannot be read as a brands file: {error}") from error
    entries = document.pop("brand", [])
    if document:
        raise UsageError(f"{shown}: unknown key {min(document)!r}; a brands file holds [[brand]] tables only")
    if not isinstance(entries, list) or not entries:
        raise UsageError(f"{shown}: no [[brand]] in it")
    brands = tuple(_brand(entry, shown, number) for number, entry in enumerate(entries, 1))
    seen: set[str] = set()
    for brand in brands:
        if brand.id in seen:
            raise UsageError(f"{shown}: brand id {brand.id!r} stands twice; give one of them another id")
        seen.add(brand.id)
    return brands


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


def _rules(text: str) -> Iterator[str]:
    for line in text.splitlines():
        rule = line.split(maxsplit=1)[0] if line.strip() else ""
        if rule and not rule.startswith("//"):
            yield rule if rule.isascii() else ".".join(_a_label(label) for label in rule.split("."))


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
    labels = host.split(".")
    for place in range(len(labels)):
        name = ".".join(labels[place:])
        if f"!{name}" in suffix_rules():
            return ".".join(labels[place + 1 :])
        if suffix_kind(name):
            return name
    return ""


def brand_warnings(brands: Iterable[Brand]) -> list[str]:
    """What is allowed in a brands file and yet worth a look, a line each: official domains that are public suffixes."""
    effect = {
        "icann": "is a public suffix: every name under it counts as official",
        "private": "is a public suffix of a landlord: only the name itself counts as official, not its tenants",
    }
    return [
        f"brand {brand.id!r}: domain {domain!r} {effect[kind]}"
        for brand in brands
        for domain in brand.domains
        if (kind := suffix_kind(domain))
    ]


def _brand(entry: object, shown: str, number: int) -> Brand:
    label = repr(entry.get("id", "?")) if isinstance(entry, dict) else "?"
    try:
        return Brand.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the table"
        message = first["msg"].removeprefix("Value error, ")
        raise UsageError(f"{shown}: brand {number} ({label}): {where}: {message}") from None
