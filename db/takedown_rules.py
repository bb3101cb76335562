"""The file of rules for takedown notices: who sends, through what, to whom instead, what may leave, and when."""

import re
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, Literal, cast
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, ValidationError, field_validator, model_validator

from db.errors import UsageError
from db.files import read_bounded

Channel = Literal["registrar", "hosting", "network"]
Language = Literal["zh", "en"]
Kind = Literal["first", "reminder", "escalation"]

MAILBOX: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
"""A mail address as it may stand in a header: no display name, no quoting, nothing that begins another header."""


def _checked_mailbox(value: str) -> str:
    if value and not MAILBOX.fullmatch(value):
        raise ValueError(f"{value!r} is no mail address")
    return value


def _checked_url(value: str) -> str:
    parts = urlsplit(value)  # which refuses what is no port or no IPv6 address
    if value and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0):
        raise ValueError(f"{value!r} is no http or https address")
    return value


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sender(_Table):
    """`[sender]`: who reports."""

    organisation: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
    mailbox: str
    reply_to: str = ""

    _mailboxes = field_validator("mailbox", "reply_to")(_checked_mailbox)

    @model_validator(mode="after")
    def _named(self) -> "Sender":
        if not self.mailbox:
            raise ValueError("mailbox is empty")
        return self

    @property
    def domain(self) -> str:
        """The mailbox's."""
        return self.mailbox.rpartition("@")[2].lower()


class Smtp(_Table):
    """`[smtp]`: the operator's own mail server, which is trusted with what it is given."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    starttls: bool = True
    user: str = ""
    password_env: str = ""
    password_file: str = ""

    @model_validator(mode="after")
    def _one_place(self) -> "Smtp":
        if self.password_env and self.password_file:
            raise ValueError("give either password_env or password_file")
        if bool(self.user) != bool(self.password_env or self.password_file):
            raise ValueError("user and one of password_env, password_file belong together")
        if self.user and not self.starttls:
            raise ValueError("a password is sent with starttls = true only")
        return self


class Webhook(_Table):
    """`[webhook]`: the operator's own ticket system."""

    url: Annotated[str, Field(min_length=1)]
    secret_env: str = ""
    networks: tuple[IPvAnyNetwork, ...] = ()

    _url = field_validator("url")(_checked_url)

    @property
    def origin(self) -> str:
        """Scheme and host: the rest may be a secret, and is kept nowhere.

        >>> Webhook(url="https://name:word@hooks.example:8443/T0/secret").origin
        'https://hooks.example:8443/'
        """
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/"


Hours = Annotated[int, Field(ge=1, le=8_760)]


class After(_Table):
    """`[after]`: hours."""

    remind: Annotated[tuple[Hours, ...], Field(max_length=10)] = (48, 96)
    escalate: Hours = 120
    deadline: Hours = 168
    look_up: Hours = 24

    @field_validator("remind")
    @classmethod
    def _rising(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if list(value) != sorted(set(value)):
            raise ValueError("each reminder comes later than the one before")
        return value


class Escalate(_Table):
    """`[escalate]`: who is told of what stands too long."""

    channels: tuple[Channel, ...] = ("network",)
    mailboxes: tuple[str, ...] = ()

    @field_validator("mailboxes")
    @classmethod
    def _mailboxes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(_checked_mailbox, value))


Languages = Annotated[tuple[Language, ...], Field(min_length=1, max_length=2)]


class ByLanguage(_Table):
    """`[languages]`: what a notice is written in."""

    default: Languages = ("zh", "en")
    by_country: Mapping[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], Languages] = Field(default_factory=dict)
    by_channel: Mapping[Channel, Languages] = Field(default_factory=dict)

    def of(self, channel: str, country: str) -> tuple[Language, ...]:
        """The languages of a notice: by the recipient's country, else by channel, else the default."""
        return self.by_country.get(country) or self.by_channel.get(cast("Channel", channel)) or self.default


class Ignore(_Table):
    """One `[[ignore]]`: a recipient that is never written to."""

    mailbox: Annotated[str, Field(min_length=1)]
    why: str = ""

    def fits(self, mailbox: str) -> bool:
        """Whether it is meant."""
        return _fits(self.mailbox, mailbox)


class Replace(_Table):
    """One `[[replace]]`: where a provider takes reports instead."""

    host: str = ""
    provider: str = ""
    mailbox: str = ""
    channel: Channel | None = None
    to: str = ""
    form: str = ""
    webhook: bool = False

    _to = field_validator("to")(_checked_mailbox)
    _form = field_validator("form")(_checked_url)

    @model_validator(mode="after")
    def _whole(self) -> "Replace":
        if not (self.host or self.provider or self.mailbox):
            raise ValueError("give host, provider or mailbox: whom it is about")
        if bool(self.to) + bool(self.form) + self.webhook != 1:
            raise ValueError("give one of to, form, webhook = true: where reports go")
        return self

    def fits(self, channel: str, host: str, provider: str, mailboxes: tuple[str, ...]) -> bool:
        """Whether it is about a party of a site."""
        return (
            self.channel in {None, channel}
            and (not self.host or _fits(self.host, host))
            and (not self.provider or _fits(self.provider, provider))
            and (not self.mailbox or any(_fits(self.mailbox, mailbox) for mailbox in mailboxes))
        )


class Approve(_Table):
    """One `[[approve]]`: what may leave without a person's word."""

    brand: str = ""
    channel: Channel | None = None
    confidence: Annotated[int, Field(ge=0, le=100)] | None = None
    verified: bool = False
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)] = ("first",)

    def fits(self, brand: str, channel: str, confidence: int | None, kind: str, *, is_verified: bool) -> bool:
        """Whether it lets a notice leave."""
        return (
            self.brand in {"", brand}
            and self.channel in {None, channel}
            and (self.confidence is None or (confidence is not None and confidence >= self.confidence))
            and (is_verified or not self.verified)
            and kind in self.kinds
        )


class Rules(_Table):
    """The whole file."""

    sender: Sender | None = None
    smtp: Smtp | None = None
    webhook: Webhook | None = None
    after: After = After()
    escalate: Escalate = Escalate()
    languages: ByLanguage = ByLanguage()
    ignore: tuple[Ignore, ...] = ()
    replace: tuple[Replace, ...] = ()
    approve: tuple[Approve, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> "Rules":
        if self.webhook is None and any(rule.webhook for rule in self.replace):
            raise ValueError("a [[replace]] names the webhook, and there is no [webhook]")
        return self

    def approval(self, brand: str, channel: str, confidence: int | None, kind: str, *, is_verified: bool) -> int | None:
        """The number of the first `[[approve]]` that lets a notice leave, from 1; None where a person has to say so."""
        for number, rule in enumerate(self.approve, 1):
            if rule.fits(brand, channel, confidence, kind, is_verified=is_verified):
                return number
        return None


def load_rules(path: Path | None = None) -> Rules:
    """Read a file of rules; without a path the one that comes with fanzha, which lets nothing leave.

    Raises:
        UsageError: the first fault in it, in one line.
    """
    shown = str(path) if path else "the bundled takedown rules"
    try:
        text = read_bounded(path).decode() if path else files("db").joinpath("takedown.toml").read_text("utf-8")
        document = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{shown}: cannot be read as takedown rules: {error}") from error
    try:
        return Rules.model_validate(document)
    except ValidationError as error:
        raise UsageError(f"{shown}: {_say(error.errors()[0])}") from None


def _say(fault: Any) -> str:  # noqa: ANN401 - pydantic's own type is private
    where = ".".join(str(part + 1 if isinstance(part, int) else part) for part in fault["loc"])
    message = str(fault["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def _fits(pattern: str, text: str) -> bool:
    """Whether a text is what a pattern means; `*` is any letters, case does not matter."""
    return fnmatchcase(text.lower(), pattern.lower())
