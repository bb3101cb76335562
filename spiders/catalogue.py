"""The source catalogue: one declaration a source. Adding a source of a known format takes no code."""

import json
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from cssselect import ExpressionError, HTMLTranslator, SelectorError
from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, ValidationError, field_validator, model_validator

from db.errors import UsageError
from db.kinds import APP, KINDS
from db.toml import read_toml
from db.vocabulary import Yields
from db.wording import told_faults
from spiders.guard import declarable

_EXTRACTS = re.compile(r"::(text|attr\([\w-]+\))$")
"""What Scrapy's selectors add to CSS: the text or an attribute of what was selected."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_FILLED_IN = re.compile(r"\{\w+\}")
_HEADER = re.compile(r"\s*\[\[\s*source\s*\]\]\s*(#.*)?")
_ONE_FOR_ALL = {"subject": "makes all persons one", "event_id": "makes all rows one event"}
"""Field that tells rows apart -> what a constant in its place does."""

FormatName = Literal[
    "phishtank", "urlhaus", "list", "hosts", "adblock", "tweetfeed", "phishunt",
    "polkadot", "misp", "stix", "fdroid", "store", "table",
]  # fmt: skip


@cache
def _zones() -> frozenset[str]:
    """The names of IANA's list, not whatever this machine has a file for: `localtime`, `posix/...`, `right/...`."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split()) - {"Factory"}


def _checked_selector(selector: str) -> str:
    try:
        HTMLTranslator().css_to_xpath(_EXTRACTS.sub("", selector) or "*")
    except (SelectorError, ExpressionError) as error:
        raise ValueError(f"{selector!r} is no CSS selector: {error}") from None
    return selector


class _Declaration(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Normal(_Declaration):
    """What is normal for a source; anything else fails loudly and leaves the last good state."""

    min_rows: Annotated[int, Field(ge=0)] = 1
    """Fewest rows of a healthy answer: about 80 % of what it usually has."""
    max_rows: Annotated[int, Field(ge=1)] | None = None
    max_age_hours: Annotated[float, Field(gt=0)] | None = None
    """Greatest time without a change of what the source answers."""
    max_rejected_share: Annotated[float, Field(ge=0, le=1)] = 0.02
    """Share of rows that may fail to parse."""


class Store(_Declaration):
    """How to read an app store's pages: CSS selectors (`::text`, `::attr(name)`) as Scrapy has them."""

    app: str = ""
    """Selector of one app's element on a listing page; empty: JSON-LD `SoftwareApplication` / `MobileApplication`."""
    next: str = ""
    """Selector of the address of the next listing page."""
    detail: str = ""
    """Selector of the addresses of detail pages, each holding one app; empty: listing pages have all."""
    fields: dict[str, str] = Field(default_factory=dict)
    """Field of the `app` kind -> selector within the app's element."""
    max_pages: Annotated[int, Field(ge=1, le=10_000)] = 100

    @field_validator("app", "next", "detail")
    @classmethod
    def _selector(cls, value: str) -> str:
        return _checked_selector(value)

    @field_validator("fields")
    @classmethod
    def _fields(cls, value: dict[str, str]) -> dict[str, str]:
        for name, selector in value.items():
            if name not in APP.columns:
                raise ValueError(f"an app has no field {name!r}; it has {', '.join(APP.columns)}")
            _checked_selector(selector)
        return value


class Source(_Declaration):
    """One `[[source]]` of a catalogue; the file's keys are these fields."""

    name: str
    title: str
    title_zh: str = ""
    publisher: str
    licence: str
    terms: str = ""
    """Terms of use, or where they stand."""
    url: str = ""
    """Where to fetch it; `{NAME}` is replaced by the environment's NAME, which the source needs then."""
    path: str = ""
    """A file, folder or pattern of files instead, relative to the catalogue."""
    format: FormatName
    encoding: str = "utf-8"
    zone: str = "UTC"
    """Zone of times that name none."""
    schedule: str = ""
    """Cron expression in UTC that is right for this source; empty: with the daily flow."""
    yields: Yields
    verified: bool = False
    """Whether the source's word confirms by itself."""
    synthetic: bool = False
    enabled: bool = True
    kind: str = ""
    """For format `table`: the kind of its rows (design: what a company sends)."""
    columns: dict[str, str] = Field(default_factory=dict)
    """For format `table`: field of the kind -> column of the file."""
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    """For format `table`: field -> {value in the file: our word}; what is not named stays as it is."""
    constants: dict[str, str] = Field(default_factory=dict)
    """For format `table`: field -> the value every row has."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    sheet: str = ""
    networks: tuple[IPvAnyNetwork, ...] = ()
    """Private networks that this source lives in; without them private addresses are refused."""
    max_bytes: Annotated[int, Field(ge=1)] = 256 * 1024 * 1024
    """Greatest size, before and after decompression."""
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 120
    normal: Normal = Normal()
    store: Store | None = None

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        if not _NAME.fullmatch(value):
            raise ValueError("a name is a-z, 0-9 and hyphens, at most 64")
        return value

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://", "{")):
            raise ValueError(f"{value!r} is no http or https address")
        parts = urlsplit(_FILLED_IN.sub("1", value))  # which refuses what is no port or no IPv6 address
        if value.startswith("http") and (not parts.hostname or parts.port == 0):
            raise ValueError(f"{value!r} is no http or https address")
        return value

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if value not in _zones():
            raise ValueError(f"no time zone {value!r}; give one of IANA's names, as Asia/Shanghai or UTC")
        return value

    _networks = field_validator("networks")(declarable)

    @field_validator("path")
    @classmethod
    def _path(cls, value: str) -> str:
        if value and ("\0" in value or not Path(value).name):
            raise ValueError(f"{value!r} names no file, folder or pattern of files")
        return value

    @field_validator("encoding")
    @classmethod
    def _encoding(cls, value: str) -> str:
        try:
            "".encode(value)
        except LookupError:
            raise ValueError(f"no encoding {value!r}") from None
        return value

    @model_validator(mode="after")
    def _consistent(self) -> "Source":
        if bool(self.url) == bool(self.path):
            raise ValueError("give either url or path")
        if self.format == "table":
            self._check_table()
        elif self.kind or self.columns or self.values or self.constants:
            raise ValueError("kind, columns, values and constants belong to format table")
        if (self.format == "store") != (self.store is not None):
            raise ValueError("format store and [source.store] belong together")
        return self

    def _check_table(self) -> None:
        kind = KINDS.get(self.row_kind)
        if kind is None:
            kinds = ", ".join(["sighting", *(name for name in KINDS if name not in {"address", "app"})])
            raise ValueError(f"kind {self.kind!r} is none of {kinds}")
        given = {*self.columns, *self.constants}
        for name in (*given, *self.values):
            if name not in kind.columns:
                raise ValueError(f"{self.kind} has no field {name!r}; it has {', '.join(kind.columns)}")
        for name in self.constants:
            if name in _ONE_FOR_ALL:
                raise ValueError(f"a constant {name} {_ONE_FOR_ALL[name]}; map a column to it, or leave it out")
            if name in self.columns:
                raise ValueError(f"{name!r} has a column and a constant; leave one out")
        for field in kind.fields:
            if field.required and field.name not in given:
                raise ValueError(f"{self.kind} needs a column for {field.name!r}")

    @property
    def row_kind(self) -> str:
        """The kind of a table's rows; a sighting is of an address or of an app, by its columns."""
        if self.kind == "sighting":
            return "address" if "address" in self.columns else "app"
        return self.kind

    @property
    def has_people(self) -> bool:
        """Whether rows name persons: landed encrypted, quarantined without text."""
        return "subject" in self.columns


def load_catalogue(path: Path | None = None) -> tuple[Source, ...]:
    """Read a catalogue; without a path the one that comes with fanzha.

    Raises:
        UsageError: the first fault in it, in one line.
    """
    sources, faults = check_catalogue(path)
    if faults:
        raise UsageError(faults[0])
    return sources


def check_catalogue(path: Path | None = None) -> tuple[tuple[Source, ...], list[str]]:
    """The sources of a catalogue, and what is wrong with it, `file:line: what` each.

    Raises:
        UsageError: the file cannot be read at all.
    """
    shown = str(path) if path else "the bundled catalogue"
    document, text = read_toml(path or files("spiders").joinpath("sources.toml"), shown, "a catalogue")
    entries, faults = _entries(shown, document, text)
    sources: list[Source] = []
    for place, label, entry in entries:
        try:
            source = Source.model_validate(entry)
        except ValidationError as error:
            faults += [f"{place}: source {label!r}: {fault}" for fault in told_faults(error, Source)]
            continue
        if any(other.name == source.name for other in sources):
            faults.append(f"{place}: source {label!r}: the name stands twice")
        sources.append(source)
    return tuple(sources), faults


def stored_source(declaration: str) -> Source:
    """A source as the database keeps it.

    Raises:
        UsageError: what was in force once is refused now.
    """
    try:
        return Source.model_validate_json(declaration)
    except ValidationError as error:
        name = json.loads(declaration).get("name")
        said = told_faults(error, Source)[0]
        raise UsageError(f"source {name!r}: its stored declaration is refused: {said}; mend it and run it") from None


def _entries(
    shown: str, document: dict[str, Any], text: str
) -> tuple[list[tuple[str, object, dict[str, Any]]], list[str]]:
    """Place, label and keys of each `[[source]]`; and what is wrong with all that is none."""
    entries = document.pop("source", [])
    faults = [f"{shown}: unknown key {key!r}; a catalogue holds [[source]] tables only" for key in document]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return [], [*faults, f"{shown}: 'source' is no list of tables; head each source with [[source]], not [source]"]
    if not entries:
        faults.append(f"{shown}: no [[source]] in it")
    lines = [str(number) for number, line in enumerate(text.splitlines(), 1) if _HEADER.fullmatch(line)]
    lines += ["?"] * (len(entries) - len(lines))
    named = zip(lines, enumerate(entries, 1), strict=False)
    found = [(f"{shown}:{line}", entry.get("name", f"number {number}"), entry) for line, (number, entry) in named]
    return found, faults
