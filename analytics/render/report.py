"""What a report holds, as plain rows: the one value that every format is rendered from."""

from dataclasses import dataclass
from typing import Final, Literal

Lang = Literal["zh", "en", "both"]
Measure = Literal["count", "money", "percent", "points"]
Plain = int | str | None
"""A figure as the contract prints it: counts are integers, money and rates decimal strings, None is unknown."""


@dataclass(frozen=True, slots=True)
class Group:
    """KPIs that stand together."""

    id: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class CardField:
    """One field of a KPI's card: the basis that its figure was prepared on."""

    label_zh: str
    label_en: str
    text_zh: str
    text_en: str


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
    group: str
    """Id of its `Group`."""
    numerator: int | None = None
    """Of a rate."""
    denominator: int | None = None
    card: tuple[CardField, ...] = ()
    """The whole card; empty where there is none, and the definition stands for it."""


@dataclass(frozen=True, slots=True)
class PanelRow:
    """One headline figure: the display form of a KPI under a few words."""

    kpi: str
    label_zh: str
    label_en: str
    display_zh: str
    display_en: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph that figures were put into."""

    kpis: tuple[str, ...]
    """The KPIs it speaks of."""
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Point:
    """The part of a figure that belongs to one month or week."""

    label: str
    """`2024-01`, or the ISO week `2024-W01`; `outside` is what its first record puts outside the year."""
    value: Plain


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """A KPI by Shanghai month and by ISO week; each adds up to the figure."""

    kpi: str
    monthly: tuple[Point, ...]
    weekly: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class CountRow:
    """How many of a whole are of one kind."""

    label_zh: str
    label_en: str
    count: int


NO_BRAND: Final = ("未与任何品牌相似", "like no brand")
"""The labels of what no brand is like."""
OTHER_BRANDS: Final = ("其余品牌", "other brands")
"""The labels of the brands that are not named one by one."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The share of attacks that stand after so many hours, and its 95 % band; None where no band is known."""

    hours: float
    share: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """One measure of how long attacks stood; None where it is unknown, with the reason."""

    id: str
    name_zh: str
    name_en: str
    unit: str
    """`attacks`, `hours`, `%` or `per attack`."""
    value: float | None
    low: float | None
    high: float | None
    over: int
    over_zh: str
    over_en: str
    reason_zh: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class TierRow:
    """The prevented losses of one programme and tier."""

    kpi: str
    programme: str
    tier: str
    episodes: int
    amount: str
    """Yuan, a decimal string of two places."""


@dataclass(frozen=True, slots=True)
class EliminationRow:
    """What two programmes have in common: shown so that nobody adds them."""

    name_zh: str
    name_en: str
    unit_zh: str
    unit_en: str
    one: Plain
    """Of the first programme."""
    other: Plain
    shared: int | None
    """In both; None of money, which is never added."""


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """A figure as published for the year beside the one computed."""

    kpi: str
    name_zh: str
    name_en: str
    measure: Measure
    published: Plain
    """None where what was published is not of the KPI's unit."""
    published_text: str
    """As it was imported."""
    document: str
    page: str
    computed: Plain
    remark_zh: str
    remark_en: str


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One record of an auditor's sample, and where it landed."""

    unit: str
    source: str
    document: str
    file: str
    position: str
    occurred_at: str
    event: str


@dataclass(frozen=True, slots=True)
class Sample:
    """The sample that was drawn, so that it can be drawn again."""

    kpi: str
    seed: int
    size: int
    """Records asked for; there may be fewer."""
    rows: tuple[EvidenceRow, ...]


@dataclass(frozen=True, slots=True)
class SignOff:
    """Who signed the figures off, or restated them."""

    action: Literal["close", "restate"]
    by: str
    why: str
    at: int
    """Unix ms."""
    code_version: str


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
    groups: tuple[Group, ...] = ()
    """In the order of the report."""
    panel: tuple[PanelRow, ...] = ()
    paragraphs: tuple[Paragraph, ...] = ()
    series: tuple[SeriesRow, ...] = ()
    brands: tuple[CountRow, ...] = ()
    """The addresses of K01 by the brand that the matcher finds likest; they add up to it."""
    techniques: tuple[CountRow, ...] = ()
    """The same addresses by the technique of that likeness."""
    measures: tuple[MeasureRow, ...] = ()
    curve: tuple[CurvePoint, ...] = ()
    """How long the attacks confirmed in the year stood; empty where there is none."""
    tiers: tuple[TierRow, ...] = ()
    eliminations: tuple[EliminationRow, ...] = ()
    published: tuple[PublishedRow, ...] = ()
    sample: Sample | None = None
    signoffs: tuple[SignOff, ...] = ()
    """In the order they were made; empty: not signed off."""
