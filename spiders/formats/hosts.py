"""Format `hosts`: `0.0.0.0 name` lines as /etc/hosts has them."""

from dataclasses import replace
from typing import Final

import polars as pl

from spiders.catalogue import Source
from spiders.formats.bounds import bound_rows
from spiders.formats.draft import read_lines
from spiders.formats.parsed import Parsed

_BEGIN: Final = r"^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:%\w+)?)(?:[\s#]|$)"
_OWN: Final = (
    "0.0.0.0",  # noqa: S104 - nothing listens: lists begin with "0.0.0.0 0.0.0.0"
    "broadcasthost",
    "ip6-allhosts",
    "ip6-allnodes",
    "ip6-allrouters",
    "ip6-localhost",
    "ip6-localnet",
    "ip6-loopback",
    "ip6-mcastprefix",
    "local",
    "localhost",
    "localhost.localdomain",
)
"""Names of the machine itself that every hosts file begins with."""


def parse(content: bytes, source: Source) -> Parsed:
    """One row a *name*: of the several names that a line may hold none is lost; they share the line's position.

    Names of the machine itself (localhost ...) are ignored rows.

    Returns:
        rows of kind `address`, `position` the line.
    """
    draft = read_lines(content, source.encoding, "^#")
    draft = draft.reject(~pl.col("line").str.contains(_BEGIN), "it does not begin with an IP address")
    names = pl.col("line").str.replace(r"^\S+\s*", "").str.replace(r"\s*#.*$", "")
    draft = replace(draft, frame=draft.frame.select("position", names.alias("name")))
    draft = draft.reject(pl.col("name") == "", "no name behind the IP address")
    several = pl.col("name").str.contains(r"\s")
    counted = draft.frame.select(pl.col("name").filter(several).str.count_matches(r"\S+").cast(pl.Int64).sum())
    bound_rows(draft.frame.height + counted.item())
    split = draft.frame.filter(several).with_columns(pl.col("name").str.extract_all(r"\S+")).explode("name")
    draft = replace(draft, frame=pl.concat([draft.frame.filter(~several), split]).sort("position", maintain_order=True))
    draft = draft.ignore(pl.col("name").str.to_lowercase().is_in(_OWN))
    return draft.parsed("address", {"address": pl.col("name")})
