"""What a report holds, as plain rows: the one value that every format is rendered from."""

from dataclasses import dataclass
from typing import Literal

Lang = Literal["zh", "en", "both"]
Measure = Literal["count", "money", "percent", "points"]
Plain = int | str | None
"""A figure as the contract prints it: counts are integers, money and rates decimal strings, None is unknown."""


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One KPI of the year."""

    id: str
    name_zh: str
    name_en: str
    unit_zh: str
    unit_en: str
    measure: Measure
    value: Plain
    prior: Plain
    display_zh: str
    display_en: str
    definition_zh: str
    definition_en: str
    definition_version: str
    note_zh: str
    note_en: str


@dataclass(frozen=True, slots=True)
class CheckRow:
    """What one check of the figures found."""

    id: str
    holds: bool | None
    """None where it could not be checked."""
    finding_zh: str
    finding_en: str


@dataclass(frozen=True, slots=True)
class SourceRow:
    """How one source stood when the report was made."""

    name: str
    outcome: str
    """What its last attempt came to (`db.vocabulary.Outcome`), or nothing where it was never tried."""
    last_success_at: int | None
    """Unix ms."""
    rows: int | None
    reason: str
    """Why it failed, where it did."""


@dataclass(frozen=True, slots=True)
class Report:
    """A year's figures with what is needed to judge them."""

    year: int
    lang: Lang
    figures: tuple[FigureRow, ...]
    checks: tuple[CheckRow, ...]
    sources: tuple[SourceRow, ...]
    is_synthetic: bool
    """Whether made-up records lie beneath any figure."""
    generated_at: int
    """Unix ms."""
    generator: str
    """The program and its version."""
