"""What a simulated year must come to: the published figures times the scale, by themselves and not by counting."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Final

import numpy as np

from db.errors import UsageError
from db.period import Period
from flows.simulate.draw import Draw, Whole

LEAST_SCALE: Final = Decimal("0.001")
"""With less some figures would be 0, and the noise around them could not be."""
PUBLISHED: Final[Mapping[str, int]] = MappingProxyType(
    {
        "K01": 13_840_000,
        "K02": 48_000,
        "K03": 21_400_000,
        "K05": 11_500,
        "K10": 14_055,
        "K11": 4_120,
        "K14": 4_120,
        "K16": 20,
        "K17": 200,
        "K18": 473,
        "K19": 226_000,
        "K20": 355_000,
        "K21": 1_055,
        "K38": 138_263,
        "K39": 119_106,
        "K40": 29_744,
    }
)
"""Counts of the reference year."""
PUBLISHED_FEN: Final[Mapping[str, int]] = MappingProxyType({"K04": 25_900_000_000, "K41": 28_449_290_000})
PRIOR: Final = 5_244
"""K10 of the year before."""
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Plan:
    """A simulation: which year, how much of it, drawn from which seed.

    Attributes:
        period: the year.
        scale: share of the published figures.
        seed: the same one gives the same bytes.
        chunk: rows made at once, which is what bounds the memory; another one gives other rows.
    """

    period: Period
    scale: Decimal
    seed: int
    chunk: int = 50_000

    def count(self, kpi: str) -> int:
        """The figure that a count must come to."""
        return self.scaled(PUBLISHED[kpi])

    def fen(self, kpi: str) -> int:
        """The figure that an amount must come to, in fen."""
        return self.scaled(PUBLISHED_FEN[kpi])

    @property
    def prior(self) -> int:
        """What is said to have been reported as K10 for the year before."""
        return self.scaled(PRIOR)

    def scaled(self, published: int) -> int:
        """A published figure times the scale, half up."""
        return int((published * self.scale).quantize(Decimal(1), ROUND_HALF_UP))

    def some(self, count: int, share: float) -> int:
        """How many of so many are noise of some kind: a share of them, and two at least."""
        return max(2, round(count * share))

    def draw(self, stream: int, block: int, count: int) -> Draw:
        """Random columns for a block of rows of a stream."""
        return Draw([self.seed, stream, block], count)

    def blocks(self, count: int) -> Iterator[Whole]:
        """The numbers below a count, a chunk at a time."""
        for first in range(0, count, self.chunk):
            yield np.arange(first, min(first + self.chunk, count))

    def expected(self) -> dict[str, int | str]:
        """KPI -> value, as `fanzha kpi --json` prints it."""
        counts: dict[str, int | str] = {kpi: self.count(kpi) for kpi in PUBLISHED}
        money: dict[str, int | str] = {kpi: f"{Decimal(self.fen(kpi)).scaleb(-2):.2f}" for kpi in PUBLISHED_FEN}
        acted, growth = self.count("K10"), Decimal(100 * (self.count("K10") - self.prior)) / self.prior
        rates = {"K13": str(growth.quantize(_CENT, ROUND_HALF_EVEN)), "K15": "100.00"}
        return dict(sorted((counts | money | rates | {"K12": acted - self.count("K11")}).items()))


def read_scale(text: str) -> Decimal:
    """A scale as a person writes it.

    Raises:
        UsageError: it is none.
    """
    scale = Decimal(text) if text.replace(".", "", 1).isdecimal() and text.isascii() else Decimal(0)
    if not LEAST_SCALE <= scale <= 1:
        raise UsageError(f"--scale {text}: is no share of a year; give one from {LEAST_SCALE} to 1, as 0.01")
    return scale
