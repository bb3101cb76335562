"""The disclosure of a year: figures, checks and sources put together, rendered, written."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from sqlite_utils import Database

from analytics.kpi.checks import Check, Context, checks
from analytics.kpi.figures import Figure, figure_json
from analytics.kpi.profile import GROUPS
from analytics.kpi.profiles import PROFILES
from analytics.render.markdown import render_markdown
from analytics.render.narrative import panel_rows, paragraphs
from analytics.render.plain import render_csv, render_json
from analytics.render.report import CheckRow, FigureRow, Group, Lang, Report, SourceRow
from analytics.render.standards import DISCLOSURES
from analytics.render.workbook import render_xlsx
from db.archives import database_path, reading_archived
from db.connection import landing_root, snapshot
from db.health import Health, read_health
from db.landing import Landing
from db.period import Period
from db.store import now_ms
from flows import report_rows as rows_of
from flows.ledger import presented
from flows.manifests import code_version
from flows.rollup import figures_within, read_records, registered_brands
from flows.tracing import Trace, last_signed

_RENDERERS: Final[MappingProxyType[str, Callable[[Report], str | bytes]]] = MappingProxyType(
    {"xlsx": render_xlsx, "md": render_markdown, "csv": render_csv, "json": render_json}
)


def write_report(database: Database, year: int, form: str, lang: Lang, output: Path) -> None:
    """Write the disclosure of a year to a file.

    Args:
        database: the records.
        year: the year.
        form: `xlsx`, `html`, `docx`, `md`, `csv` or `json`.
        lang: its language; csv and json have both.
        output: the file, written whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    rendered = _renderer(form)(make_report(database, year, lang))
    draft = output.with_name(f".{output.name}.part")
    draft.write_bytes(rendered.encode() if isinstance(rendered, str) else rendered)
    draft.replace(output)


def _renderer(form: str) -> Callable[[Report], str | bytes]:
    if form == "html":
        from analytics.render.page import render_html  # noqa: PLC0415 - what draws charts takes long to import

        return render_html
    if form == "docx":
        from analytics.render.document import render_docx  # noqa: PLC0415 - likewise what writes documents

        return render_docx
    return _RENDERERS[form]


def make_report(database: Database, year: int, lang: Lang) -> Report:
    """What the disclosure of a year holds."""
    period, now = Period(year), now_ms()
    with snapshot(database), reading_archived():
        frames = read_records(database, period)
        computed = figures_within(database, year)
        figures = presented(database, year, computed)
        rows = tuple(figure_row(figure) for figure in figures)
        brands, techniques = rows_of.likeness_rows(database, frames, period)
        measures, curve = rows_of.attack_rows(database, period, now)
        tiers, eliminations = rows_of.loss_rows(frames, period, figures)
        panel, series = panel_rows(rows), rows_of.series_rows(frames, period, computed)
        context = Context(
            frames,
            period,
            {one.id: one for one in computed},
            registered_brands(database),
            rows_of.months_of(series),
            [row.kpi for row in panel],
            [kpi for disclosure in DISCLOSURES for kpi in disclosure.kpis],
        )
        landing = Landing(landing_root(database_path(database)), None)
        return Report(
            year=year,
            lang=lang,
            figures=rows,
            checks=tuple(_check_row(check) for check in checks(context)),
            sources=_source_rows(read_health(database, now)),
            is_synthetic=any(figure.is_synthetic for figure in figures),
            generated_at=now,
            generator=f"fanzha {code_version()}",
            groups=tuple(Group(name, *group.name) for name, group in GROUPS.items()),
            panel=panel,
            paragraphs=paragraphs(year, rows),
            series=series,
            brands=brands,
            techniques=techniques,
            measures=measures,
            curve=curve,
            tiers=tiers,
            eliminations=eliminations,
            published=rows_of.published_rows(frames["reported_figures"].collect(), year, computed),
            sample=rows_of.sample_rows(Trace(database, landing, last_signed(database, year)), frames, period, figures),
            signoffs=rows_of.signoff_rows(database, year),
        )


def figure_row(figure: Figure) -> FigureRow:
    """A figure as the report has it."""
    definition, plain = figure.definition, figure_json(figure)
    return FigureRow(
        id=definition.id,
        name_zh=definition.name_zh,
        name_en=definition.name_en,
        unit_zh=figure.unit_labels[0],
        unit_en=figure.unit_labels[1],
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
        group=PROFILES[definition.id].group,
        numerator=figure.numerator,
        denominator=figure.denominator,
        card=rows_of.card_fields(definition),
    )


def _check_row(check: Check) -> CheckRow:
    return CheckRow(check.id, check.holds, check.finding_zh, check.finding_en)


def _source_rows(health: Sequence[Health]) -> tuple[SourceRow, ...]:
    return tuple(SourceRow(one.source, one.last_outcome, one.last_success_at, one.rows, one.reason) for one in health)
