"""The weight of each fact, and the confidence they add up to. docs/matching.md explains what the numbers mean."""

import math
import tomllib
from collections.abc import Iterable
from itertools import repeat
from pathlib import Path
from typing import Final

WEIGHTS_FILE: Final = Path(__file__).with_name("weights.toml")
"""Made by `make fit`."""
WEIGHTS: Final[dict[str, int]] = tomllib.loads(WEIGHTS_FILE.read_text("utf-8"))
"""Points; ten are a factor of e (2.7) in the odds. The empty fact is what every match starts from."""


def confidence(facts: Iterable[str]) -> int:
    """0-100 from the facts, cut to whole numbers; unknown facts weigh nothing.

    >>> confidence(["same", "plain whole"]) > confidence(["same", "inside"])
    True
    """
    return confidence_of(points(facts))


def confidence_of(total: int) -> int:
    """0-100 from the sum of the facts' weights."""
    return min(99, int(100 / (1 + math.exp(-total / 10))))


def points(facts: Iterable[str]) -> int:
    """The sum of the facts' weights, and of the one that every match starts from."""
    return WEIGHTS[""] + sum(map(WEIGHTS.get, facts, repeat(0)))
