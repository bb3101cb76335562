"""Format `phishunt`: phishunt.io's CSV and JSON."""

from typing import Final

import polars as pl

from spiders.catalogue import Source
from spiders.formats.documents import Row, as_address, as_entries, as_object, as_text, gather, load
from spiders.formats.parsed import Parsed
from spiders.formats.records import read_records
from spiders.formats.text import split_lines

_COLUMNS: Final = ("url", "first_seen", "date", "company")


def parse(content: bytes, source: Source) -> Parsed:
    """One row a record or entry; `published` is when it was first seen, `brand` the company.

    Returns:
        rows of kind `address`; `position` the line, of JSON the entry.

    Raises:
        UnreadableFile: no column `url`, or not an array.
    """
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"[", b"{"}:
        entries = as_entries(load(content, source.encoding), "phishunt")
        return gather("address", entries, _read)
    records = read_records(split_lines(content, source.encoding), _COLUMNS)
    seen = [records.column_or_null(name) for name in ("first_seen", "date")]
    published = pl.coalesce(pl.when(text != "").then(text) for text in seen)
    fields = {"address": records.column("url"), "published": published, "brand": records.column_or_null("company")}
    return records.draft.parsed("address", fields)


def _read(entry: object) -> tuple[Row]:
    found = as_object(entry)
    published = as_text(found.get("first_seen")) or as_text(found.get("date"))
    return ({"address": as_address(found.get("url")), "published": published, "brand": as_text(found.get("company"))},)
