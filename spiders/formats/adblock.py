"""Format `adblock`: filter lists; the rules that block a whole host or one address are rows."""

from dataclasses import replace
from typing import Final

import polars as pl

from spiders.catalogue import Source
from spiders.formats.draft import read_lines
from spiders.formats.parsed import Parsed

_COMMENT: Final = r"^(?:!|#[^#@?$%]|#$|\[(?i:ad|ublock))"
_OPTION: Final = r"~?[a-zA-Z][\w-]*(?:=[^,]*)?"
_OPTIONS: Final = rf"\$({_OPTION}(?:,{_OPTION})*)$"
_OTHER: Final = (
    r"^@@",  # an exception
    r"#[@?$%]*#",  # cosmetic: hides a part of a page
    r"^/.*/(?:\$.*)?$",  # a regular expression
    r"\*",  # a wildcard: names no one address
    r"\$(?:.*,)?badfilter\b",  # switches another rule off
)
"""Kinds of rules that name no address to block: ignored rows."""
_BLOCKED: Final = r"^(?:\|\||\|?(?:[a-zA-Z][a-zA-Z0-9+.-]*://))[^\s^|]+$|^[^\s^|/:@,]+\.[^\s^|/:@,]+$"


def parse(content: bytes, source: Source) -> Parsed:
    """One row a rule: `||host^`, `||host/path`, `|http://...|`, plain URLs and hosts; options are left out.

    Exceptions, cosmetic rules, regular expressions and wildcards are ignored rows.

    Returns:
        rows of kind `address`, `position` the line.
    """
    draft = read_lines(content, source.encoding, _COMMENT)
    draft = draft.ignore(pl.any_horizontal(pl.col("line").str.contains(kind) for kind in _OTHER))
    rule = pl.col("line").str.replace(_OPTIONS, "").str.replace(r"\s*[\^|]*$", "")
    draft = replace(draft, frame=draft.frame.select("position", rule.alias("rule")))
    draft = draft.reject(~pl.col("rule").str.contains(_BLOCKED), "not a rule that blocks one address")
    return draft.parsed("address", {"address": pl.col("rule").str.strip_prefix("||").str.strip_prefix("|")})
