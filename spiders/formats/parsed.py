"""What a parser returns, and how it refuses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from db.kinds import KINDS

REJECTED_SCHEMA: Final = pl.Schema({"position": pl.Int64, "raw": pl.String, "reason": pl.String})
RAW_LIMIT: Final = 2_000
"""Characters of a rejected row that are kept: enough to recognise it, too few to fill a disk."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """One file's rows as published: rows + rejected + ignored = all rows of the file.

    Attributes:
        kind: name of the rows' kind (`db.kinds.KINDS`).
        rows: `position` (Int64) and the kind's fields (String, null where absent).
        rejected: rows that could not be read: `position`, `raw`, `reason`.
        ignored: number of rows of a kind that is not ours (an IP in a URL feed, a file hash).
    """

    kind: str
    rows: pl.DataFrame
    rejected: pl.DataFrame
    ignored: int = 0

    @property
    def total(self) -> int:
        """All rows of the file."""
        return self.rows.height + self.rejected.height + self.ignored


def rows_frame(kind: str, columns: Mapping[str, pl.Series | Sequence[object]]) -> pl.DataFrame:
    """A frame of the kind's columns; those not given are null."""
    given = pl.DataFrame(columns)
    names = KINDS[kind].columns
    return given.select(
        pl.col("position").cast(pl.Int64),
        *(
            pl.col(name).cast(pl.String) if name in columns else pl.lit(None, dtype=pl.String).alias(name)
            for name in names
        ),
    )


def rejected_frame(rows: Sequence[tuple[int, str, str]] = ()) -> pl.DataFrame:
    """A frame of rejected rows from (position, raw, reason), the raw text cut to `RAW_LIMIT`."""
    cut = [(position, raw[:RAW_LIMIT], reason) for position, raw, reason in rows]
    return pl.DataFrame(cut, schema=REJECTED_SCHEMA, orient="row")
