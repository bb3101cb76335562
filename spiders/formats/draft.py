"""Rows of a text file on their way to `Parsed`: each stands in exactly one of frame, rejected and ignored."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from spiders.formats.parsed import RAW_LIMIT, Parsed, rejected_frame, rows_frame
from spiders.formats.text import split_lines


@dataclass(frozen=True, slots=True)
class Draft:
    """Rows being read.

    Attributes:
        lines: `position`, `line`: the text that a rejected row is shown with.
        frame: `position` and what has been read so far.
        rejected: as in `Parsed`.
        ignored: number of rows set aside.
    """

    lines: pl.DataFrame
    frame: pl.DataFrame
    rejected: pl.DataFrame
    ignored: int = 0

    def reject(self, where: pl.Expr, reason: pl.Expr | str) -> "Draft":
        """Move the rows where the (never null) condition holds to the rejected ones."""
        bad = self.frame.filter(where)
        if bad.is_empty():
            return self
        told = bad.select("position", reason=pl.lit(reason) if isinstance(reason, str) else reason)
        raw = told.join(self.lines, on="position", how="left", maintain_order="left")
        return replace(
            self,
            frame=self.frame.filter(~where),
            rejected=pl.concat([self.rejected, rejected_lines(raw)]).sort("position", maintain_order=True),
        )

    def ignore(self, where: pl.Expr) -> "Draft":
        """Set the rows aside where the (never null) condition holds: they are of a kind that is not ours."""
        frame = self.frame.filter(~where)
        return replace(self, frame=frame, ignored=self.ignored + self.frame.height - frame.height)

    def parsed(self, kind: str, fields: Mapping[str, pl.Expr]) -> Parsed:
        """The rows of a kind: each field from an expression over the frame; empty text is null.

        A sighting without an address is rejected.
        """
        texts = {name: pl.when(text.cast(pl.String) != "").then(text) for name, text in fields.items()}
        draft = replace(self, frame=self.frame.select("position", **texts))
        if kind == "address":
            draft = draft.reject(pl.col("address").is_null(), "no address")
        return Parsed(kind, rows_frame(kind, draft.frame.to_dict()), draft.rejected, draft.ignored)


def rejected_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """A frame of rejected rows from `position`, `line`, `reason`."""
    raw = pl.col("line").fill_null("").str.slice(0, RAW_LIMIT)
    return lines.select("position", raw.alias("raw"), "reason").cast(rejected_frame().schema)


def read_lines(content: bytes, encoding: str, comment: str) -> Draft:
    """The lines of a file that are rows: not blank, no comment (a regular expression on the stripped line).

    Returns:
        a draft whose frame has `position` and `line`, stripped.
    """
    lines = split_lines(content, encoding)
    faulty = lines.filter(pl.col("fault").is_not_null()).rename({"fault": "reason"})
    frame = lines.filter(pl.col("fault").is_null()).select("position", pl.col("line").str.strip_chars())
    frame = frame.filter(pl.col("line") != "", ~pl.col("line").str.contains(comment))
    return Draft(lines.select("position", "line"), frame, rejected_lines(faulty))
