"""Format `phishtank`: PhishTank's CSV (with or without the later columns) and JSON."""

from typing import Final

import polars as pl

from spiders.catalogue import Source
from spiders.formats.documents import Row, as_address, as_entries, as_object, as_text, gather, load
from spiders.formats.parsed import Parsed
from spiders.formats.records import read_records
from spiders.formats.text import split_lines

_COLUMNS: Final = ("url", "submission_time", "target", "verified")
_NO_BRAND: Final = "Other"
"""PhishTank's word for a target it has no name for."""


def parse(content: bytes, source: Source) -> Parsed:
    """One row a record or entry; what PhishTank has not verified claims nothing.

    Returns:
        rows of kind `address`; `position` the line, of JSON the entry.

    Raises:
        UnreadableFile: no column `url` or `submission_time`, or not an array.
    """
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"[", b"{"}:
        entries = as_entries(load(content, source.encoding), "phishtank")
        return gather("address", entries, _read)
    records = read_records(split_lines(content, source.encoding), _COLUMNS)
    target = records.column_or_null("target")
    fields = {
        "address": records.column("url"),
        "published": records.column("submission_time"),
        "brand": pl.when(target != _NO_BRAND).then(target),
        "claim": pl.when(records.column_or_null("verified").str.to_lowercase() == "no").then(pl.lit("none")),
    }
    return records.draft.parsed("address", fields)


def _read(entry: object) -> tuple[Row]:
    found = as_object(entry)
    target = as_text(found.get("target"))
    row = {
        "address": as_address(found.get("url")),
        "published": as_text(found.get("submission_time")),
        "brand": None if target == _NO_BRAND else target,
        "claim": "none" if (as_text(found.get("verified")) or "").lower() == "no" else None,
    }
    return (row,)
