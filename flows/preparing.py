"""From a document's bytes to rows that are ready to be stored."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

from analytics.normalise.records import normalise_rows
from db.keys import Key, load_key
from flows.weighing import Weight
from spiders.catalogue import Source
from spiders.reading import Reader

BATCH_ROWS: Final = 250_000
"""Rows of one transaction: large enough that commits cost nothing, small enough to hold in memory."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document's rows, parsed and normalised.

    Attributes:
        kind: of the rows.
        rows: as `db.writes.save_rows` takes them.
        rejected: `position`, `raw`, `reason`.
        ignored: number of rows of a kind that is not ours.
    """

    kind: str
    rows: pl.DataFrame
    rejected: pl.DataFrame
    ignored: int

    @property
    def size(self) -> int:
        """Bytes that it takes in memory."""
        return int(self.rows.estimated_size() + self.rejected.estimated_size())

    def batches(self) -> Iterator["Prepared"]:
        """Slices of the rows, one at least; what was rejected or ignored goes with the first."""
        yield Prepared(self.kind, self.rows.slice(0, BATCH_ROWS), self.rejected, self.ignored)
        for start in range(BATCH_ROWS, self.rows.height, BATCH_ROWS):
            yield Prepared(self.kind, self.rows.slice(start, BATCH_ROWS), self.rejected.clear(), 0)


def prepare(key: Key | None, source: Source, content: bytes, reader: Reader) -> Prepared:
    """Parse and normalise a document.

    Args:
        key: the database's, for the pseudonyms of a source that names persons.
        source: the declaration.
        content: the document's bytes.
        reader: of the source.

    Raises:
        UnreadableFile: it is not what its source says it is.
        UsageError: the source names persons and there is no key.
    """
    subjects = (key or load_key(None)).subjects if source.has_people else None  # load_key says what is missing
    parsed = reader.read(content)
    rows = parsed.rows
    if parsed.kind == "app":
        rows = rows.with_columns(pl.col("store").fill_null(source.name))
    normalised = normalise_rows(parsed.kind, rows, zone=source.zone, claim=source.yields.claim, key=subjects)
    parser_rejects = parsed.rejected.with_columns(raw=pl.lit("")) if source.has_people else parsed.rejected
    rejected = pl.concat([parser_rejects, normalised.rejected]).sort("position")
    return Prepared(parsed.kind, normalised.rows, rejected, parsed.ignored)


def weigh(prepared: Prepared, start: bytes | None) -> Weight:
    """What of a document is weighed.

    Args:
        prepared: its rows.
        start: its first bytes; None where they may not be quoted.
    """
    rows = prepared.rows
    newest = rows["published"].max() if "published" in rows.columns and rows.height else None
    total = rows.height + prepared.rejected.height + prepared.ignored
    told = None if start is None else start.decode("ascii", "replace")
    return Weight(total, prepared.rejected.height, newest if isinstance(newest, int) else None, told)
