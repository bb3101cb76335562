"""Where a host's public suffix and registrable domain begin, by the suffix list that tldextract carries.

tldextract splits about 300,000 hosts a second; a year's feeds hold more. So its rules are unrolled here into
a table with one row for each name on the way to a rule, which a frame of hosts is joined with level by level.
The answers are tldextract's own (a test compares them), but for names under a top-level domain that the
list does not know: they follow the list's prevailing rule `*`, so that `a.b.example` is registered as `b.example`.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from functools import lru_cache
from typing import Final

import polars as pl

from db.brands import suffix_rules

SUFFIX_SCHEMA: Final = pl.Schema(
    {"registrable_length": pl.Int64, "suffix_length": pl.Int64, "is_shared": pl.Boolean},
)
_FEW: Final = 200
"""Hosts for which the table is not worth its making, 0.07 s."""


@dataclass(frozen=True, slots=True)
class Suffix:
    """How much of a host's end is its registrable domain and its public suffix, in characters.

    Attributes:
        registrable_length: 0 where the host is itself a public suffix; the whole host for an IP address.
        suffix_length: 0 for an IP address.
        is_shared: the registrable domain stands under a private suffix: `github.io` is the landlord of `a.github.io`.
    """

    registrable_length: int
    suffix_length: int
    is_shared: bool


@dataclass(frozen=True, slots=True)
class _Node:
    """A name on the way to a rule: the answer for a host whose labels lead here and no further."""

    suffix_length: int
    """Length of the longest rule met on the way here; 0: none was."""
    is_private: bool
    has_wildcard: bool
    """A rule `*.name` makes the next label, if there is one, part of the suffix."""
    wildcard_private: bool
    has_more: bool
    """Longer names lead on from here."""


def _parent(name: str) -> str:
    return name.partition(".")[2]


def _names_of(rule: str) -> list[str]:
    """The names a walk from the right meets on its way to the rule, itself included, shortest first."""
    labels = rule.removeprefix("*.").removeprefix("!").split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1, -1, -1)]


@lru_cache(maxsize=1)
def _nodes() -> dict[str, _Node]:
    rules = suffix_rules()
    names = sorted({name for rule in rules for name in _names_of(rule)}, key=lambda name: name.count("."))
    parents = {_parent(name) for name in names}
    nodes: dict[str, _Node] = {}
    for name in names:
        length, private = _longest_rule(name, rules, nodes)
        wildcard = f"*.{name}"
        nodes[name] = _Node(length, private, wildcard in rules, rules.get(wildcard, False), name in parents)
    return nodes


def _longest_rule(name: str, rules: Mapping[str, bool], nodes: dict[str, _Node]) -> tuple[int, bool]:
    above = _parent(name)
    if name in rules:
        return len(name), rules[name]
    if f"!{name}" in rules:  # an exception to `*.above`: the suffix ends above it
        return len(above), rules[f"*.{above}"]
    return (nodes[above].suffix_length, nodes[above].is_private) if above else (0, False)


@lru_cache(maxsize=1)
def _levels() -> tuple[pl.DataFrame, ...]:
    """The nodes with one label, with two, and so on; an empty level at the end."""
    nodes = _nodes()
    frame = pl.DataFrame(
        {
            "name": list(nodes),
            "suffix_length": [node.suffix_length for node in nodes.values()],
            "is_private": [node.is_private for node in nodes.values()],
            "has_wildcard": [node.has_wildcard for node in nodes.values()],
            "wildcard_private": [node.wildcard_private for node in nodes.values()],
            "has_more": [node.has_more for node in nodes.values()],
        },
        schema_overrides={"suffix_length": pl.Int64},
    ).with_columns(depth=pl.col("name").str.count_matches(".", literal=True))
    levels = [level.drop("depth") for level in frame.partition_by("depth", maintain_order=True)]
    return (*levels, frame.clear().drop("depth"))  # the last level's wildcards reach one label further


def _is_ip(host: str) -> bool:
    return host.endswith("]") or host.rpartition(".")[2].isdecimal()


def suffix_of(host: str) -> Suffix:
    """Split one canonical host; see `suffix_frame` for many.

    >>> suffix_of("login.qifu.com.cn")
    Suffix(registrable_length=11, suffix_length=6, is_shared=False)
    >>> suffix_of("qifu.github.io").is_shared
    True
    """
    if _is_ip(host):
        return Suffix(len(host), 0, is_shared=False)
    length, private = _public_suffix(host)
    if length == len(host):
        return Suffix(0, length, is_shared=False)
    label = host[: -length - 1].rpartition(".")[2]
    return Suffix(len(label) + 1 + length, length, private)


def _public_suffix(host: str) -> tuple[int, bool]:
    """The length of the longest rule's name that the host is or ends in, and whether the rule is a landlord's."""
    rules, name = suffix_rules(), host
    while name:
        above = _parent(name)
        if f"!{name}" in rules:
            return len(above), rules[f"*.{above}"]
        if name in rules:
            return len(name), rules[name]
        if f"*.{above}" in rules and not _leads_on(name):
            return len(name), rules[f"*.{above}"]
        name = above
    return len(host.rpartition(".")[2]), False


@lru_cache(maxsize=10_000)
def _leads_on(name: str) -> bool:
    """Whether rules stand below a name: it is then none of those that a wildcard stands for, as tldextract has it."""
    return any(rule.endswith(f".{name}") for rule in suffix_rules())


def suffix_frame(hosts: pl.Series) -> pl.DataFrame:
    """Split canonical hosts (String): `SUFFIX_SCHEMA`, one row a host in their order; nulls for a null."""
    if len(hosts) < _FEW:
        split = [astuple(suffix_of(host)) if host is not None else (None,) * len(SUFFIX_SCHEMA) for host in hosts]
        return pl.DataFrame(split, schema=SUFFIX_SCHEMA, orient="row")
    first, second, *_ = _levels()
    host, pair = pl.col("host"), pl.col("pair")
    dots = host.str.count_matches(".", literal=True)
    named = (
        pl.DataFrame({"host": hosts})
        .with_row_index("row")
        .with_columns(name=_last_labels(1), pair=pl.when(dots == 1).then(host).otherwise(_last_labels(2)))
        .join(first, on="name", how="left", maintain_order="left")
    )
    # nine of ten hosts: no longer name is on the way to a rule
    is_plain = ~pair.is_in(second["name"].implode()) & ~pl.col("has_wildcard").fill_null(value=False) & ~_is_address()
    plain = named.filter(is_plain).select("row", *_plain_suffix())
    other = named.filter(~is_plain | (dots == 0)).select("row", "host", "name")
    if other.is_empty() and plain.height == hosts.len():
        return plain.drop("row")
    nothing = [pl.lit(None, kind).alias(name) for name, kind in SUFFIX_SCHEMA.items()]
    nulls = named.filter(host.is_null()).select("row", *nothing)
    return pl.concat([plain, *_other_suffixes(other), nulls]).sort("row").drop("row")


def _is_address() -> pl.Expr:
    return pl.col("name").str.contains(r"^[0-9]+$|\]$")


def _plain_suffix() -> list[pl.Expr]:
    """Where the top-level domain alone decides."""
    has_rule = (pl.col("suffix_length") > 0).fill_null(value=False)
    length = pl.col("name").str.len_bytes().cast(pl.Int64)
    return [
        pl.col("pair").str.len_bytes().cast(pl.Int64).alias("registrable_length"),
        pl.when(has_rule).then("suffix_length").otherwise(length).alias("suffix_length"),
        (has_rule & pl.col("is_private")).fill_null(value=False).alias("is_shared"),
    ]


def _other_suffixes(named: pl.DataFrame) -> list[pl.DataFrame]:
    addresses = named.filter(_is_address()).select(
        "row",
        registrable_length=pl.col("host").str.len_bytes().cast(pl.Int64),
        suffix_length=pl.lit(0, pl.Int64),
        is_shared=pl.lit(value=False),
    )
    walking = named.filter(~_is_address()).with_columns(
        length=pl.col("name").str.len_bytes().cast(pl.Int64),
        private=pl.lit(value=False),
        wildcard=pl.lit(value=False),
        wildcard_is_private=pl.lit(value=False),
    )
    return [addresses, _registrables(_walk(walking))]


def _last_labels(count: int) -> pl.Expr:
    return pl.col("host").str.extract(rf"((?:[^.]+\.){{{count - 1}}}[^.]+)$")


def _walk(walking: pl.DataFrame) -> pl.DataFrame:
    """Walk all hosts label by label; `length` and `private` are those of the suffix found so far."""
    arrived: list[pl.DataFrame] = []
    for count, level in enumerate(_levels(), 1):
        met = walking.join(level, on="name", how="left").with_columns(_suffix_so_far())
        goes_on = (pl.col("has_more") | pl.col("has_wildcard")).fill_null(value=False) & (
            pl.col("name") != pl.col("host")
        )
        arrived.append(met.filter(~goes_on).select("row", "host", "length", "private"))
        walking = met.filter(goes_on).select(
            "row",
            "host",
            _last_labels(count + 1).alias("name"),
            "length",
            "private",
            wildcard="has_wildcard",
            wildcard_is_private="wildcard_private",
        )
    return pl.concat(arrived)


def _suffix_so_far() -> list[pl.Expr]:
    """After one label more: the node's own answer, else the wildcard before it, else what it was."""
    off_the_way, has_rule = pl.col("suffix_length").is_null(), pl.col("suffix_length") > 0
    by_wildcard = off_the_way & pl.col("wildcard")
    length = pl.col("name").str.len_bytes().cast(pl.Int64)
    return [
        pl.when(by_wildcard).then(length).when(has_rule).then("suffix_length").otherwise("length").alias("length"),
        pl.when(by_wildcard)
        .then("wildcard_is_private")
        .when(has_rule)
        .then("is_private")
        .otherwise("private")
        .alias("private"),
    ]


def _registrables(found: pl.DataFrame) -> pl.DataFrame:
    above = pl.col("host").str.len_bytes().cast(pl.Int64) - pl.col("length") - 1
    label = pl.col("host").str.head(above.clip(0)).str.extract(r"([^.]+)$").str.len_bytes().cast(pl.Int64)
    is_suffix = above < 0
    return found.select(
        "row",
        registrable_length=pl.when(is_suffix).then(0).otherwise(label + 1 + pl.col("length")),
        suffix_length="length",
        is_shared=pl.col("private") & ~is_suffix,
    )
