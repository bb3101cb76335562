"""The file that says who is asked: IANA's registries of RDAP servers, WHOIS, and who knows autonomous systems."""

import json
import tomllib
from importlib.resources import files
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from db.errors import UnreadableFile, UsageError
from db.files import read_bounded
from spiders.catalogue import Source

_BYTES: Final = 8 * 1024 * 1024
"""Of a registry; the largest, of top-level domains, has a hundredth of it."""


class Registry(BaseModel):
    """One `[[registry]]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Literal["asn", "dns", "ipv4", "ipv6", "object"]
    url: Annotated[str, Field(pattern=r"^https?://[^/\s]+")]

    @property
    def source(self) -> Source:
        """It as a source; it is fetched like one, and no rows are read of it."""
        return Source.model_validate(
            {
                "name": f"rdap-{self.name}",
                "title": f"IANA: RDAP bootstrap registry, {self.name}",
                "publisher": "IANA",
                "licence": "public domain (CC0)",
                "url": self.url,
                "format": "list",
                "yields": "candidates",
                "max_bytes": _BYTES,
            }
        )


class Declared(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: Annotated[int, Field(ge=1)] = 7
    whois: str = ""
    origins: str = ""
    origins6: str = ""
    dns: tuple[str, ...] = ()
    """Name servers, `address` or `address:port`; empty: this machine's."""
    registry: tuple[Registry, ...]


def load_declared(path: Path | None = None) -> Declared:
    """Read the file; without a path the one that comes with fanzha.

    Raises:
        UsageError: the first fault in it, in one line.
    """
    shown = str(path) if path else "the bundled registries"
    try:
        text = read_bounded(path).decode() if path else files("spiders").joinpath("registries.toml").read_text("utf-8")
        return Declared.model_validate(tomllib.loads(text))
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"]))
        raise UsageError(f"{shown}: {where}: {fault['msg']}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{shown}: cannot be read as a file of registries: {error}") from error


def check_registry(name: str, body: bytes) -> None:
    """Refuse what is no bootstrap registry (RFC 9224) of that name.

    Raises:
        UnreadableFile: with the reason, in a line.
    """
    try:
        services = json.loads(body)["services"]
        if not services:
            raise ValueError("it names no services")  # noqa: TRY301 - told like what the parsers say
        for service in services:
            *_, selectors, urls = service  # of object tags a contact comes first
            _texts(urls)
            for selector in _texts(selectors):
                _check_selector(name, selector)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise UnreadableFile(f"no registry of RDAP servers: {type(error).__name__}: {error}") from None


def _texts(given: Any) -> list[str]:  # noqa: ANN401 - whatever stands in a file
    if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
        raise TypeError("a service is two lists of texts")
    return given


def _check_selector(name: str, selector: str) -> None:
    if name == "ipv4":
        IPv4Network(selector)
    elif name == "ipv6":
        IPv6Network(selector)
    elif name == "asn":
        first, _, last = selector.partition("-")
        int(first), int(last or first)
