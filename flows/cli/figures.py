"""Commands for the ESG team: kpi, trace, report."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from db.errors import UsageError
from flows.cli.options import DB, Db, Json, Year, key_path
from flows.show import show_json, show_rows, tell


class _ReportFormat(StrEnum):
    XLSX = "xlsx"
    HTML = "html"
    DOCX = "docx"
    MD = "md"
    CSV = "csv"
    JSON = "json"


class _Lang(StrEnum):
    ZH = "zh"
    EN = "en"
    BOTH = "both"


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("kpi")(kpi)
    app.command("trace")(trace)
    app.command("report")(report)


def kpi(year: Year, as_json: Json = False, db: Db = DB) -> None:
    """The KPI table of a year; unknown ones too, with the reason."""
    from analytics.kpi.figures import figure_json
    from db.connection import open_database
    from db.figures import failing_checks
    from flows.ledger import shown_figures

    with open_database(db, read_only=True) as database:
        rows = [figure_json(figure) for figure in shown_figures(database, year)]
        failing = failing_checks(database, year)
    if as_json:
        show_json(rows)
        return
    show_rows(f"KPI {year}", rows, ("id", "name_zh", "display_zh", "display_en", "prior", "note"))
    for name, zh, en in failing:
        tell(f"{name}: {zh} / {en}")


def trace(
    kpi_id: Annotated[str, typer.Argument(metavar="KPI")],
    year: Year,
    sample: Annotated[int | None, typer.Option(min=1, help="Draw so many records instead of all.")] = None,
    seed: Annotated[int, typer.Option(help="Of the draw: the same seed draws the same records.")] = 0,
    as_json: Json = False,
    db: Db = DB,
) -> None:
    """The records under a figure, each with the landed file, its position in it and what stands there."""
    from db.connection import landing_root, open_database
    from db.keys import load_key
    from db.landing import Landing
    from flows.tracing import trace_records

    with open_database(db, read_only=True) as database:
        landing = Landing(landing_root(db), load_key(path) if (path := key_path()) else None)
        rows = trace_records(database, landing, kpi_id, year, sample, seed)
    if as_json:
        show_json(rows)
        return
    show_rows(f"{kpi_id} {year}", rows, tuple(rows[0]) if rows else ("source", "file", "position"))


def report(
    year: Year,
    to: Annotated[_ReportFormat, typer.Option("--to", help="Form of the disclosure.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Where it is written.")],
    lang: Annotated[_Lang, typer.Option(help="Its language.")] = _Lang.BOTH,
    db: Db = DB,
) -> None:
    """Write the ESG disclosure of a year."""
    from db.connection import open_database
    from flows.reporting import write_report

    _check_writable(output)
    with open_database(db, read_only=True) as database:
        try:
            write_report(database, year, to.value, lang.value, output)
        except OSError as error:
            raise UsageError(f"{output}: cannot be written: {error.strerror}; name another file with -o") from error
    tell(str(output))


def _check_writable(output: Path) -> None:
    """Refuse what a report cannot be moved to, before it is computed: a folder, a device, a name that is too long."""
    try:
        is_other = output.exists() and not output.is_file()
        is_nowhere = not output.parent.is_dir()
    except OSError as error:
        raise UsageError(f"{output}: cannot be written: {error.strerror}; name another file with -o") from error
    if is_other or is_nowhere or not output.name:
        what = f"{output.parent} is no folder" if is_nowhere else f"{output} is no file"
        raise UsageError(f"{what}; name the report's file with -o")
