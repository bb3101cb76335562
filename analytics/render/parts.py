"""Tables of what stands beside the figures: panel, series, breakdowns, lives of attacks, losses, basis, sign-off."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from analytics.render.report import FigureRow, MeasureRow, Plain, Point, PublishedRow, Report
from analytics.render.standards import DISCLOSURES, Disclosure
from analytics.render.tables import Cell, Number, Shape, Table, exact, number, said
from analytics.render.words import say, word
from db.period import shanghai_text

_UNITS: Final[dict[str, Shape]] = {"attacks": "count", "hours": "hours", "%": "percent", "per attack": "hours"}
_UNITS_ZH: Final = {"attacks": "个", "hours": "小时", "%": "%", "per attack": "每个攻击"}
_ROLES: Final = ("preparer", "reviewer", "approver")


def panel(report: Report) -> Table:
    """The headline figures as they are displayed."""
    rows = tuple(
        (say(report.lang, row.label_zh, row.label_en), say(report.lang, row.display_zh, row.display_en), row.kpi)
        for row in report.panel
    )
    return _table(report, "panel", ("kpi", "shown", "id"), rows, (60, 40, 10))


def paragraphs(report: Report) -> Table:
    """The paragraphs, a row each."""
    rows = tuple((", ".join(row.kpis), say(report.lang, row.zh, row.en)) for row in report.paragraphs)
    return _table(report, "paragraphs", ("id", "text"), rows, (24, 120))


def series(report: Report, group: str, *, weekly: bool) -> Table | None:
    """The figures of a group by month, and by week where that is asked for; None where none of them is known."""
    known = {figure.id: figure for figure in report.figures if figure.group == group}
    found = [row for row in report.series if row.kpi in known]
    if not found:
        return None
    rows = [*_spans(report, known, [row.monthly for row in found], [row.kpi for row in found])]
    if weekly:
        rows += _spans(report, known, [row.weekly for row in found], [row.kpi for row in found])
    names = tuple(_column(report, known[row.kpi]) for row in found)
    title = word(report, "weeks" if weekly else "series")
    return Table(title, (word(report, "span"), *names), tuple(rows), (24, *(20 for _ in names)))


def _column(report: Report, figure: FigureRow) -> str:
    return f"{figure.id} {said(report, figure, 'name')} ({said(report, figure, 'unit')})"


def _spans(
    report: Report, known: dict[str, FigureRow], columns: Sequence[Sequence[Point]], kpis: Sequence[str]
) -> list[tuple[Cell, ...]]:
    """A row each month or week, and their total, which is the figure."""
    labels = list(dict.fromkeys(point.label for points in columns for point in points))
    values = [{point.label: point.value for point in points} for points in columns]
    rows: list[tuple[Cell, ...]] = [
        (
            word(report, "outside") if label == "outside" else label,
            *(number(known[kpi], parts.get(label, 0)) for kpi, parts in zip(kpis, values, strict=True)),
        )
        for label in sorted(labels, key=lambda label: (label == "outside", label))
    ]
    return [*rows, (word(report, "total"), *(number(known[kpi], known[kpi].value) for kpi in kpis))]


def likeness(report: Report) -> tuple[Table, ...]:
    """Addresses by brand, and by technique."""
    parts = (("brand", report.brands), ("technique", report.techniques))
    return tuple(
        Table(
            word(report, "likeness"),
            (word(report, name), word(report, "addresses")),
            tuple((say(report.lang, row.label_zh, row.label_en), _count(row.count)) for row in rows),
            (50, 16),
        )
        for name, rows in parts
        if rows
    )


def availability(report: Report) -> Table:
    """How long attacks stood, each measure with its interval and base."""
    names = ("measure", "unit", "value", "low", "high", "over", "population", "reason")
    rows = tuple(_measured(report, row) for row in report.measures)
    return _table(report, "availability", names, rows, (48, 14, 14, 16, 16, 12, 48, 36))


def _measured(report: Report, row: MeasureRow) -> tuple[Cell, ...]:
    shape = _UNITS[row.unit]
    # of what is counted out, an interval is not unknown: there is none
    no_end = None if row.reason_en else ""
    return (
        say(report.lang, row.name_zh, row.name_en),
        say(report.lang, _UNITS_ZH[row.unit], row.unit),
        _level(row.value, shape, None),
        _level(row.low, shape, no_end),
        _level(row.high, shape, no_end),
        _count(row.over),
        say(report.lang, row.over_zh, row.over_en),
        say(report.lang, row.reason_zh, row.reason_en),
    )


def _level(level: float | None, shape: Shape, otherwise: str | None) -> Cell:
    return otherwise if level is None else Number(Decimal(str(level)), shape)


def losses(report: Report) -> Table:
    """Prevented losses by programme and tier; no total over programmes."""
    rows = tuple(
        (row.kpi, row.programme, row.tier, _count(row.episodes), Number(Decimal(row.amount), "money"))
        for row in report.tiers
    )
    return _table(report, "losses", ("id", "programme", "tier", "episodes", "amount"), rows, (10, 24, 8, 14, 22))


def eliminations(report: Report) -> Table:
    """What the two programmes have in common."""
    rows = tuple(
        (
            say(report.lang, row.name_zh, row.name_en),
            say(report.lang, row.unit_zh, row.unit_en),
            _plain(row.one),
            _plain(row.other),
            "" if row.shared is None else _count(row.shared),
        )
        for row in report.eliminations
    )
    header = (word(report, "kpi"), word(report, "unit"), "K04", "K41", word(report, "both"))
    return Table(word(report, "eliminations"), header, rows, (48, 16, 22, 22, 16))


def published(report: Report) -> Table:
    """Figures as published beside those computed, each with what to mind."""
    names = ("id", "kpi", "as_published", "as_computed", "difference", "document", "remark")
    rows = tuple(_compared(report, row) for row in report.published)
    return _table(report, "published", names, rows, (12, 34, 22, 22, 18, 34, 70))


def _compared(report: Report, row: PublishedRow) -> tuple[Cell, ...]:
    one, other = exact(row.published), exact(row.computed)
    page = f", {word(report, 'page')} {row.page}" if row.page else ""
    raw = f" ({word(report, 'as_imported')}: {row.published_text})" if one is None else ""
    return (
        row.kpi,
        say(report.lang, row.name_zh, row.name_en),
        None if one is None else Number(one, row.measure),
        None if other is None else Number(other, row.measure),
        _difference(row, one, other),
        f"{row.document}{page}{raw}",
        say(report.lang, row.remark_zh, row.remark_en),
    )


def _difference(row: PublishedRow, one: Decimal | None, other: Decimal | None) -> Number | None:
    if one is None or other is None:
        return None
    if row.measure == "percent":
        return Number(other - one, "points")
    return Number(100 * (other - one) / one, "growth") if one else None


def card(report: Report, figure: FigureRow) -> Table | None:
    """The card of a KPI, a field a row; None where it has none."""
    if not figure.card:
        return None
    rows = tuple(
        (say(report.lang, field.label_zh, field.label_en), say(report.lang, field.text_zh, field.text_en))
        for field in figure.card
    )
    title = f"{figure.id} {said(report, figure, 'name')} v{figure.definition_version}"
    return Table(title, (word(report, "field"), word(report, "text")), rows, (40, 110))


def cards(report: Report) -> Table | None:
    """All cards in one table; None where no KPI has one."""
    rows = tuple(
        (figure.id, *row)
        for figure in report.figures
        for found in [card(report, figure)]
        if found
        for row in found.rows
    )
    return _table(report, "cards", ("id", "field", "text"), rows, (10, 40, 110)) if rows else None


def standards(report: Report) -> Table:
    """Where reporting standards are answered, and why not where they are not."""
    known = {figure.id for figure in report.figures if figure.value is not None}
    rows = tuple(
        (
            one.standard,
            one.code,
            say(report.lang, one.title_zh, one.title_en),
            ", ".join(kpi for kpi in one.kpis if kpi in known),
            _considered(report, one, known),
        )
        for one in DISCLOSURES
    )
    return _table(
        report, "standards", ("standard", "disclosure", "text", "answered", "considered"), rows, (22, 28, 44, 24, 70)
    )


def _considered(report: Report, one: Disclosure, known: set[str]) -> str:
    reason = say(report.lang, one.reason_zh, one.reason_en)
    unknown = ", ".join(kpi for kpi in one.kpis if kpi not in known)
    return f"{reason} ({word(report, 'unknown')}: {unknown})" if unknown else reason


def sample(report: Report) -> Table:
    """The auditor's sample, each record with where it landed."""
    names = ("unit_key", "source", "document", "landed", "position", "occurred", "event")
    rows = tuple(
        (row.unit, row.source, row.document, row.file, row.position, row.occurred_at, row.event)
        for row in (report.sample.rows if report.sample else ())
    )
    return _table(report, "sample", names, rows, (34, 22, 28, 60, 12, 26, 30))


def signoffs(report: Report) -> tuple[Table, ...]:
    """Who signed, and lines to sign on."""
    acts = tuple(
        (word(report, one.action), one.by, one.why, shanghai_text(one.at), one.code_version) for one in report.signoffs
    )
    signed = _table(report, "signoffs", ("action", "by", "why", "at", "code"), acts, (12, 24, 60, 28, 24))
    lines = tuple((word(report, role), "", "") for role in _ROLES)
    blank = _table(report, "signoffs", ("role", "name", "signature"), lines, (30, 40, 50))
    return (signed, blank) if acts else (blank,)


def _table(
    report: Report,
    title: str,
    names: Sequence[str],
    rows: Iterable[tuple[Cell, ...]],
    widths: tuple[int, ...],
) -> Table:
    return Table(word(report, title), tuple(word(report, name) for name in names), tuple(rows), widths)


def _count(count: int) -> Number:
    return Number(Decimal(count), "count")


def _plain(plain: Plain) -> Number | None:
    """A count, or money: a decimal string."""
    value = exact(plain)
    return None if value is None else Number(value, "money" if isinstance(plain, str) else "count")
