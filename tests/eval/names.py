"""Names as the matcher takes them, and the half of the data that each belongs to."""

from typing import Final
from zlib import crc32

import polars as pl

from analytics.match.matcher import Matcher
from analytics.normalise.address import normalise_addresses

DEV: Final = "dev"
"""The half that may be looked at, and tuned on."""
HELD: Final = "held"
"""The half kept aside: only its totals are ever printed."""


def half_of(registrable_domain: str) -> str:
    """The half of a name and of all its siblings: the lowest bit of the CRC-32 of the registrable domain."""
    return HELD if crc32(registrable_domain.encode()) & 1 else DEV


def host_frame(names: pl.Series, matcher: Matcher) -> pl.DataFrame:
    """`name` as given, `host`, `registrable_domain`, `public_suffix`, `half`; each host once.

    Left out: what is no host name, addresses, hosts that are themselves public suffixes, and what is official of a
    brand, since the matcher says nothing of those.
    """
    host, length = pl.col("host"), pl.col("registrable_length")
    hosts = (
        normalise_addresses(names)
        .filter(pl.col("reason").is_null() & (length > 0) & (pl.col("suffix_length") > 0))
        .select(
            name="address",
            host="host",
            registrable_domain=host.str.tail(length),
            public_suffix=host.str.tail(pl.col("suffix_length")),
        )
        .unique("host", keep="first", maintain_order=True)
    )
    strangers = pl.Series([matcher.official(name) is None for name in hosts["host"]], dtype=pl.Boolean)
    halves = pl.Series("half", [half_of(name) for name in hosts["registrable_domain"]], dtype=pl.String)
    return hosts.with_columns(halves).filter(strangers)
