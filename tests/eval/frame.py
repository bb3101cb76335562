"""What an evaluation says: figures, each of a share or a rate at one confidence, and how they are shown and kept."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from db.brands import DEFAULT_THRESHOLD
from flows.show import Cell, show_rows

HIGH: Final = 97
"""The high-confidence cut: what a rule, and not a person, could act upon."""
CUTS: Final = (DEFAULT_THRESHOLD, HIGH)
"""The two confidences that have targets."""
CURVE: Final = (*range(30, 100, 5), HIGH)
"""Confidences of the curves; the matcher returns nothing below the first."""
PERCENT: Final = "%"
RATE: Final = "per 100,000"


@dataclass(frozen=True, slots=True)
class Figure:
    """One entry of `eval.json`.

    Attributes:
        subject: what is measured: recall or flags of what.
        cut: the confidence from which a match counts.
        value: in the unit.
        unit: `%` or `per 100,000`.
        against: what it is measured on.
        target: what is to be reached; None where the value only informs.
        is_floor: whether the target is the least good value (recall), not the greatest (flags).
    """

    subject: str
    cut: int
    value: float
    unit: str
    against: str
    target: float | None = None
    is_floor: bool = True

    def entry(self) -> dict[str, Cell]:
        """The object of `eval.json`; `holds` is null where there is no target."""
        value = round(self.value, 2)
        return {
            "name": f"{self.subject} at {self.cut}",
            "value": value,
            "unit": self.unit,
            "target": self.target,
            "holds": None if self.target is None else self._holds(value, self.target),
            "against": self.against,
        }

    def _holds(self, value: float, target: float) -> bool:
        return value >= target if self.is_floor else value <= target


def save(figures: Iterable[Figure], out: Path) -> None:
    """Write `eval.json`."""
    out.parent.mkdir(parents=True, exist_ok=True)
    entries = [figure.entry() for figure in figures]
    out.write_text(json.dumps(entries, ensure_ascii=False, indent=2) + "\n", "utf-8")


def show(figures: Iterable[Figure], title: str) -> None:
    """Print the figures at the two cuts as a table; the rest of a curve is in the file and in `show_curve`."""
    rows = [figure.entry() for figure in figures if figure.cut in CUTS]
    show_rows(title, rows, ("name", "value", "unit", "target", "holds", "against"))


def show_curve(figures: Sequence[Figure], title: str) -> None:
    """Print figures as columns over the confidence, recall and flag rates side by side."""
    subjects = tuple(dict.fromkeys(figure.subject for figure in figures))
    values = {(figure.cut, figure.subject): f"{figure.value:.1f}" for figure in figures}
    rows: list[Mapping[str, Cell]] = [
        {"confidence": cut, **{subject: values.get((cut, subject)) for subject in subjects}} for cut in CURVE
    ]
    show_rows(title, rows, ("confidence", *subjects))


def show_frame(frame: pl.DataFrame, title: str) -> None:
    """Print a small frame as it is."""
    show_rows(title, list(frame.iter_rows(named=True)), tuple(frame.columns))
