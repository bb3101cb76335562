"""What a part of the evaluation hands back: its figures, and the cases behind them that went wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from db.brands import DEFAULT_THRESHOLD
from tests.eval.frame import HIGH, Figure
from tests.eval.names import DEV

_FLAGS: Final = {DEFAULT_THRESHOLD: 300.0, HIGH: 75.0}
_RANKINGS: Final = ("tranco", "crux", "majestic", "cloudflare-top")
"""What the name of a list of sites that people visit begins with or holds."""
WRONG_SCHEMA: Final = pl.Schema(
    {
        "set": pl.String,
        "host": pl.String,
        "imitated": pl.String,
        "brand": pl.String,
        "technique": pl.String,
        "confidence": pl.Int64,
        "matched": pl.String,
    }
)


@dataclass(frozen=True)
class Outcome:
    """Figures, and cases.

    Attributes:
        figures: what was measured.
        wrong: WRONG_SCHEMA: which set a `host` is of, `imitated` (the brand, null for a flag among good names), and
            what the matcher said of it, null where nothing.
    """

    figures: Sequence[Figure]
    wrong: pl.DataFrame


def flag_targets(list_name: str) -> dict[int, float]:
    """The flags allowed by cut: for lists that rank the sites people visit; others tell where flags come from.

    >>> flag_targets("tranco10k"), flag_targets("bank-website")
    ({60: 300.0, 97: 75.0}, {})
    """
    return _FLAGS if any(ranking in list_name for ranking in _RANKINGS) else {}


def missed(judged: pl.DataFrame, answers: pl.DataFrame, name: pl.Expr) -> pl.DataFrame:
    """The cases that were not found at the default threshold, under `name`."""
    best = answers.unique("host", keep="first", maintain_order=True)
    lost = judged.filter(pl.col("right") < DEFAULT_THRESHOLD).select("host", set=name, imitated="brand")
    return lost.join(best, on="host", how="left").select(WRONG_SCHEMA.names()).sort("set", "host")


def flagged(names: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """The names of `names` (`list`, `host`) that were flagged at the default threshold, the surest first."""
    best = answers.unique("host", keep="first", maintain_order=True).filter(pl.col("confidence") >= DEFAULT_THRESHOLD)
    met = names.select("host", set="list", imitated=pl.lit(None, pl.String)).join(best, on="host")
    return met.select(WRONG_SCHEMA.names()).sort("set", "confidence", "host", descending=[False, True, False])


def only_dev(frame: pl.DataFrame) -> pl.DataFrame:
    """The half that may be looked at."""
    return frame.filter(pl.col("half") == DEV)
