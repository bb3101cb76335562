"""Format `tweetfeed`: TweetFeed's CSV without a header."""

from typing import Final

import polars as pl

from spiders.catalogue import Source
from spiders.formats.parsed import Parsed
from spiders.formats.records import read_records
from spiders.formats.text import quotable, split_lines

_COLUMNS: Final = ("date", "user", "type", "value", "tags", "tweet")
_WANTED: Final = ("date", "type", "value")
_OURS: Final = ("url", "domain")
_OTHERS: Final = ("ip", "md5", "sha1", "sha256")


def parse(content: bytes, source: Source) -> Parsed:
    """URLs and domains are rows; IPs and file hashes are ignored, a type that is neither is rejected.

    Returns:
        rows of kind `address` with `published`, `position` the line.
    """
    records = read_records(split_lines(content, source.encoding), _WANTED, header=_COLUMNS)
    word = records.column("type").str.strip_chars().str.to_lowercase()
    draft = records.draft.ignore(word.is_in(_OTHERS))
    draft = draft.reject(~word.is_in(_OURS), pl.format("an unknown type: {}", quotable(word)))
    return draft.parsed("address", {"address": records.column("value"), "published": records.column("date")})
