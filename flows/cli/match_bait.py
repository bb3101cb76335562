"""What stands before the @ of a URL: bait that no browser visits, read as labels in front of the host."""

from typing import Final

import polars as pl

from analytics.match.matcher import Matcher
from analytics.normalise.canonical import bait_host
from analytics.normalise.suffixes import suffix_frame

_HAS_BAIT: Final = r"^[^?#]{0,8000}@"
"""Lines worth taking apart; whether the @ stands before the host or in the path is for `bait_host` to say."""
_ZH, _EN = "；写在 @ 之前，浏览器并不访问", "; it stands before the @, where no browser goes"


def bait_matches(parts: pl.DataFrame, in_hosts: pl.DataFrame, matcher: Matcher) -> pl.DataFrame:
    """What the bait of lines names, where it says more than their hosts do: parts with the columns of a match.

    Args:
        parts: `input`, `host` and more; distinct or not.
        in_hosts: what the matcher said of the hosts.
        matcher: the brands.
    """
    lines = parts.filter(pl.col("input").str.contains(_HAS_BAIT))
    baits = [bait_host(text) for text in lines["input"]]
    baited = lines.with_columns(bait=pl.Series(baits, dtype=pl.String)).filter(pl.col("bait") != "")
    found = matcher.match_hosts(_as_hosts(baited["bait"].unique(maintain_order=True))).rename({"host": "bait"})
    said = in_hosts.group_by("host").agg(said=pl.col("confidence").max())
    return (
        baited.join(found, on="bait")
        .join(said, on="host", how="left")
        .filter(pl.col("confidence") > pl.col("said").fill_null(0))
        .with_columns(pl.col("explanation_zh") + _ZH, pl.col("explanation_en") + _EN)
    )


def _as_hosts(names: pl.Series) -> pl.DataFrame:
    host = pl.col("host")
    cut = suffix_frame(names).with_columns(host=names)
    return cut.select(
        "host",
        registrable_domain=host.str.tail(pl.col("registrable_length")),
        public_suffix=host.str.tail(pl.col("suffix_length")),
    ).filter(pl.col("public_suffix") != "")
