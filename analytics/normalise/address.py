"""Addresses, one (`canonical_address`) or many at once (`normalise_addresses`): the front of this stage.

Nineteen of twenty published addresses are ordinary: bare hosts, or already spelt as we would but for what a frame can
take apart by itself. Expressions say which; the others go through `canonical_address`, each distinct one once.
"""

from typing import Final

import polars as pl

from analytics.normalise.canonical import Address, canonical_address, canonical_parts
from analytics.normalise.hosts import BROKEN_PUNYCODE, FILE_ENDINGS, has_broken_label, to_unicode
from analytics.normalise.refusal import NotAnAddress
from analytics.normalise.suffixes import SUFFIX_SCHEMA, suffix_frame

__all__ = [
    "ADDRESSES_SCHEMA",
    "BROKEN_PUNYCODE",
    "Address",
    "NotAnAddress",
    "canonical_address",
    "has_broken_label",
    "normalise_addresses",
    "to_unicode",
]

ADDRESSES_SCHEMA: Final = pl.Schema(
    [
        *(("address", pl.String), ("host", pl.String), ("tail", pl.String)),
        *SUFFIX_SCHEMA.items(),
        ("reason", pl.String),
    ],
)
_SPELT_SCHEMA: Final = {"address": pl.String, "host": pl.String, "tail": pl.String, "reason": pl.String}

_NAME: Final = r"(?:[a-z0-9_-]+\.)+[a-z][a-z0-9-]*"
_OCTET: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_PORT: Final = r"(?:[1-9][0-9]{3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
"""1,000 to 65,535: none is a default port."""
_ENCODED: Final = r"%(?:2[0-9A-CF]|3[A-F]|40|5[B-E]|60|7[B-DF]|[018-9A-F][0-9A-F])"
"""Percent-encoding as we would write it: upper case, and of no character that needs none."""
_SEGMENT: Final = rf"(?:[A-Za-z0-9_~!$&'()*+,;=:@-]|{_ENCODED})"
"""How a path segment may begin: not with a dot, which could be a dot segment."""
_QUERY: Final = rf"\?(?:[A-Za-z0-9_~!$&'()*+,;=:@./?-]|{_ENCODED})+"
_HOST: Final = rf"(?:{_NAME}|{_OCTET}(?:\.{_OCTET}){{3}})"
_BARE: Final = rf"^{_HOST}$"
_ORDINARY: Final = (
    rf"^(?:https?://)?{_HOST}(?::{_PORT})?"
    rf"(?:(?:/(?:{_SEGMENT}(?:{_SEGMENT}|\.)*)?)+(?:{_QUERY})?)?$"
)
_ORDINARY_LENGTH: Final = 8_000
"""Bytes; below the limit of 8,192 with room for the scheme that a host with a path is given."""
_ORDINARY_HOST: Final = 63
"""Bytes; no label of such a host can be longer than a label may be."""

_ODD_AT_ONCE: Final = 100_000
"""Addresses held as Python objects, some hundred bytes each."""
_FILE_NAME: Final = rf"\.(?:{'|'.join(FILE_ENDINGS)})$"


def normalise_addresses(addresses: pl.Series) -> pl.DataFrame:
    """Canonical addresses: `ADDRESSES_SCHEMA`, one row a value, in the order given.

    Args:
        addresses: addresses as published (String). A null gives a row of nulls.

    Returns:
        `address` as given, `host`, `tail`, `registrable_length`, `suffix_length`, `is_shared` as in `Address`,
        null where the text is no address; `reason` then says why, and is null everywhere else.
    """
    frame = pl.DataFrame({"address": addresses.cast(pl.String)}).with_row_index("row")
    address = pl.col("address")
    is_bare = (address.str.contains(_BARE) & _is_plain(address)).fill_null(value=False)
    bare = frame.filter(is_bare).select("row", address, host=address, tail=pl.lit(""), reason=pl.lit(None, pl.String))
    other = frame.filter(~is_bare)
    spelt = pl.concat([bare, *_taken_apart(other)]).sort("row") if other.height else bare
    return pl.concat(
        [spelt.drop("row", "reason"), suffix_frame(spelt["host"]), spelt.select("reason")], how="horizontal"
    )


def _taken_apart(frame: pl.DataFrame) -> list[pl.DataFrame]:
    """Addresses that are no bare hosts: the ordinary ones, and the others one by one."""
    fits = frame["address"].str.contains(_ORDINARY) & (frame["address"].str.len_bytes() <= _ORDINARY_LENGTH)
    candidates = frame.filter(fits).with_columns(rest=_without_scheme()).with_columns(_authority())
    is_plain = _is_plain(pl.col("host"))
    ordinary = candidates.filter(is_plain).select("row", "address", "host", _tail(), reason=pl.lit(None, pl.String))
    odd = [frame.filter(~fits.fill_null(value=False)), candidates.filter(~is_plain).select("row", "address")]
    return [ordinary, _spelt_one_by_one(pl.concat(odd))]


def _is_plain(host: pl.Expr) -> pl.Expr:
    return (host.str.len_bytes() <= _ORDINARY_HOST) & ~host.str.contains(_FILE_NAME)


def _without_scheme() -> pl.Expr:
    return pl.col("address").str.strip_prefix("https://").str.strip_prefix("http://")


def _authority() -> list[pl.Expr]:
    parts = pl.col("rest").str.splitn("/", 2).struct
    authority = parts.field("field_0").str.splitn(":", 2).struct
    return [
        authority.field("field_0").alias("host"),
        authority.field("field_1").alias("port"),
        parts.field("field_1").alias("after"),
    ]


def _tail() -> pl.Expr:
    """Empty for a bare host; a host with a path or port but no scheme is read as http."""
    address, after, port = pl.col("address"), pl.col("after").fill_null(""), pl.col("port").fill_null("")
    has_scheme = address.str.len_bytes() > pl.col("rest").str.len_bytes()
    scheme = pl.when(address.str.starts_with("https://")).then(pl.lit("https:")).otherwise(pl.lit("http:"))
    is_bare = ~has_scheme & (after == "") & (port == "")
    return pl.when(is_bare).then(pl.lit("")).otherwise(pl.concat_str(scheme, port, pl.lit("/"), after)).alias("tail")


def _spelt_one_by_one(odd: pl.DataFrame) -> pl.DataFrame:
    distinct = odd["address"].drop_nulls().unique()
    starts = range(0, max(1, len(distinct)), _ODD_AT_ONCE)
    spelt = pl.concat([_spelt_each(distinct.slice(start, _ODD_AT_ONCE)) for start in starts])
    return odd.join(spelt, on="address", how="left")


def _spelt_each(some: pl.Series) -> pl.DataFrame:
    return pl.DataFrame([_spelt(text) for text in some], schema=_SPELT_SCHEMA, orient="row")


def _spelt(text: str) -> tuple[str, str | None, str | None, str | None]:
    try:
        return text, *canonical_parts(text), None
    except NotAnAddress as refusal:
        return text, None, None, refusal.reason
