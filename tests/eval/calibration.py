"""Whether a confidence is what it says: the share of imitations, where one name in ten imitates."""

from itertools import pairwise
from typing import Final

import polars as pl

from tests.eval.frame import PERCENT, Figure
from tests.eval.names import DEV, HELD

ONE_IN: Final = 10
"""The mix in which confidences come nearest to shares: a queue of reports, not the stream of all new names."""
_BANDS: Final = (30, 45, 60, 75, 90, 100)


def calibration_figures(imitations: pl.DataFrame, good: pl.DataFrame) -> list[Figure]:
    """Of names with a confidence in a band, the share that imitates; the middle of the band is to be met.

    Args:
        imitations: `half`, `most` (confidence in any brand, 0 where none).
        good: known-good names, the same columns.
    """
    return [
        Figure(f"calibration {low} to {high - 1} ({half})", low, share, PERCENT, f"one name in {ONE_IN} imitates")
        for half in (DEV, HELD)
        for low, high in pairwise(_BANDS)
        if (share := _share(imitations.filter(half=half), good.filter(half=half), low, high)) is not None
    ]


def _share(imitations: pl.DataFrame, good: pl.DataFrame, low: int, high: int) -> float | None:
    inside = pl.col("most").is_between(low, high, closed="left")
    imitating = imitations.filter(inside).height / max(1, imitations.height)
    innocent = (ONE_IN - 1) * good.filter(inside).height / max(1, good.height)
    return 100 * imitating / (imitating + innocent) if imitating + innocent else None
