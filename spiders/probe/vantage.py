"""Vantage points: the places that sites are looked at from, declared in a file."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, ValidationError, field_validator, model_validator

from db.errors import UsageError
from db.toml import read_toml
from db.wording import told_faults
from spiders.guard import declarable

_DNS_PORT: Final = 53


class Vantage(BaseModel):
    """One `[[vantage]]`: a source address of this machine, a proxy, or (with neither) this machine as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    network: Annotated[str, Field(min_length=1, max_length=64)]
    """Whose network it looks from, as `AS4134`: two vantage points of one network are one opinion."""
    bind_address: str = ""
    proxy: str = ""
    """`http://host:port`. It sees names, not addresses: it must refuse private ranges itself."""
    networks: tuple[IPvAnyNetwork, ...] = ()
    """Private networks that the proxy lives in."""
    dns: tuple[str, ...] = ()
    """Name servers, `address` or `address:port`; empty: this machine's. Two networks that ask one server are one
    opinion on whether a name exists."""
    filtered: bool = False
    """Its network or resolver keeps its users from known fraud sites: what fails there is blocked, not down."""

    @field_validator("bind_address")
    @classmethod
    def _bind_address(cls, value: str) -> str:
        if value:
            ip_address(value)
        return value

    @field_validator("dns")
    @classmethod
    def _dns(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for server in value:
            dns_server(server)
        return value

    @field_validator("proxy")
    @classmethod
    def _proxy(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme != "http" or not parts.hostname or not parts.port):
            raise ValueError(f"{value!r} is no http://host:port")
        return value

    _networks = field_validator("networks")(declarable)

    @model_validator(mode="after")
    def _one_way(self) -> "Vantage":
        if self.bind_address and self.proxy:
            raise ValueError("give either bind_address or proxy")
        if self.networks and not self.proxy:
            raise ValueError("networks are those that a proxy lives in; sites in private networks are not probed")
        return self


HERE: Final = Vantage(name="here", network="here")
"""What there is without a file: a site can be down, unconfirmed then."""


def dns_server(text: str) -> tuple[str, int]:
    """Address and port of a name server.

    >>> dns_server("127.0.0.1:5353"), dns_server("9.9.9.9")
    (('127.0.0.1', 5353), ('9.9.9.9', 53))

    Raises:
        ValueError: it is neither `address` nor `address:port`.
    """
    address, colon, port = text.rpartition(":") if text.count(":") == 1 else (text, "", "")
    number = int(port) if colon else _DNS_PORT
    if not 0 < number < 65_536:
        raise ValueError(f"{text!r} has no port between 1 and 65535")
    return str(ip_address(address)), number


def load_vantages(path: Path | None) -> tuple[Vantage, ...]:
    """The vantage points of a file; without one, this machine.

    Raises:
        UsageError: the first fault in it, in one line.
    """
    if path is None:
        return (HERE,)
    try:
        entries, _ = read_toml(path, str(path), "a file of vantage points")
        vantages = tuple(Vantage.model_validate(entry) for entry in _tables(entries))
    except ValidationError as error:
        raise UsageError(f"{path}: vantage: {told_faults(error, Vantage)[0]}") from None
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None
    names = [vantage.name for vantage in vantages]
    if len(set(names)) < len(names):
        raise UsageError(f"{path}: a vantage's name stands twice; give each its own")
    return vantages


def _tables(document: dict[str, object]) -> list[object]:
    entries = document.pop("vantage", [])
    if document:
        raise ValueError(f"unknown key {min(document)!r}; the file holds [[vantage]] tables only")
    if not isinstance(entries, list) or not entries:
        raise ValueError("no [[vantage]] in it")
    return entries
