"""Format `urlhaus`: abuse.ch's CSV, its header in the banner of comments or bare."""

from typing import Final

import polars as pl

from spiders.catalogue import Source
from spiders.formats.parsed import Parsed
from spiders.formats.records import read_records
from spiders.formats.text import split_lines

_HEADER: Final = r"^#\s*id\s*,.*$"


def parse(content: bytes, source: Source) -> Parsed:
    """One row a record.

    Returns:
        rows of kind `address` with `published`, `position` the line.

    Raises:
        UnreadableFile: no column `url` or `dateadded`.
    """
    lines = split_lines(content, source.encoding)
    banner = lines.filter(pl.col("line").str.contains(_HEADER))["line"]
    header = banner[0].lstrip("# ").split(",") if len(banner) else None
    records = read_records(lines, ("url", "dateadded"), comment="#", header=header)
    fields = {"address": records.column("url"), "published": records.column("dateadded")}
    return records.draft.parsed("address", fields)
