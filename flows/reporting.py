"""The disclosure of a year: figures, checks and sources put together, rendered, written."""

from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Final

from sqlite_utils import Database

from analytics.kpi.checks import Check, checks
from analytics.kpi.figures import Figure, compute, figure_json
from analytics.render.markdown import render_markdown
from analytics.render.plain import render_json
from analytics.render.report import CheckRow, FigureRow, Lang, Report, SourceRow
from analytics.render.workbook import render_xlsx
from db.connection import snapshot
from db.health import Health, read_health
from db.period import Period
from db.store import now_ms
from flows.rollup import read_records

_RENDERERS: Final[MappingProxyType[str, Callable[[Report], str | bytes]]] = MappingProxyType(
    {"xlsx": render_xlsx, "md": render_markdown, "json": render_json}
)


def write_report(database: Database, year: int, form: str, lang: Lang, output: Path) -> None:
    """Write the disclosure of a year to a file.

    Args:
        database: the records.
        year: the year.
        form: `xlsx`, `md` or `json`.
        lang: its language.
        output: the file, written whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    rendered = _RENDERERS[form](make_report(database, year, lang))
    draft = output.with_name(f".{output.name}.part")
    draft.write_bytes(rendered.encode() if isinstance(rendered, str) else rendered)
    draft.replace(output)


def make_report(database: Database, year: int, lang: Lang) -> Report:
    """What the disclosure of a year holds."""
    period, now = Period(year), now_ms()
    with snapshot(database):
        frames = read_records(database, period)
        figures = compute(frames, period)
        found = checks(frames, period, figures)
    return Report(
        year=year,
        lang=lang,
        figures=tuple(_figure_row(figure) for figure in figures),
        checks=tuple(_check_row(check) for check in found),
        sources=_source_rows(read_health(database, now)),
        is_synthetic=any(figure.is_synthetic for figure in figures),
        generated_at=now,
        generator=f"fanzha {version('fanzha')}",
    )


def _figure_row(figure: Figure) -> FigureRow:
    definition, plain = figure.definition, figure_json(figure)
    return FigureRow(
        id=definition.id,
        name_zh=definition.name_zh,
        name_en=definition.name_en,
        unit_zh=figure.units[0],
        unit_en=figure.units[1],
        measure=figure.measure,
        value=plain["value"],
        prior=plain["prior"],
        display_zh=figure.display_zh,
        display_en=figure.display_en,
        definition_zh=definition.definition_zh,
        definition_en=definition.definition_en,
        definition_version=str(definition.version),
        note_zh=figure.note_zh,
        note_en=figure.note_en,
    )


def _check_row(check: Check) -> CheckRow:
    return CheckRow(check.id, check.holds, check.finding_zh, check.finding_en)


def _source_rows(health: Sequence[Health]) -> tuple[SourceRow, ...]:
    return tuple(SourceRow(one.source, one.last_outcome, one.last_success_at, one.rows, one.reason) for one in health)
