"""Format `list`: URLs or hosts, one a line (OpenPhish, Phishing.Database, domain lists)."""

from typing import Final

import polars as pl

from spiders.catalogue import Source
from spiders.formats.draft import read_lines
from spiders.formats.parsed import Parsed

_COMMENT: Final = r"^[#;!]"
_INLINE: Final = r"\s+#.*$"
_PATTERN: Final = r"^(?:\(?\^|\\)"
"""A line that begins like this is a regular expression (Pi-hole lists hold them): it names no address."""


def parse(content: bytes, source: Source) -> Parsed:
    """One row a line; `#`, `;` and `!` begin comments, ` #` one behind an address; patterns are ignored rows.

    Returns:
        rows of kind `address`, `position` the line.
    """
    draft = read_lines(content, source.encoding, _COMMENT).ignore(pl.col("line").str.contains(_PATTERN))
    return draft.parsed("address", {"address": pl.col("line").str.replace(_INLINE, "")})
