"""Commands on what comes in: import, formats, sources, status, quarantine."""

from contextlib import suppress
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from db.errors import Busy, SourceFailed
from flows.cli.options import DB, Catalogue, Db, Json, key_path
from flows.show import Cell, say, show_json, show_rows, tell


class _SourcesAction(StrEnum):
    LIST = "list"
    CHECK = "check"


class _QuarantineAction(StrEnum):
    LIST = "list"
    REPLAY = "replay"


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("import")(import_files)
    app.command("formats")(formats)
    app.command("sources")(sources)
    app.command("status")(status)
    app.command("quarantine")(quarantine)


def import_files(
    format_name: Annotated[str, typer.Argument(metavar="FORMAT")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    source: Annotated[str, typer.Option("--source", help="The declared source they belong to.")] = "",
    sources: Catalogue = None,
    as_json: Json = False,
    db: Db = DB,
) -> int:
    """Read files through the same path as a fetched source."""
    from db.corrections import unmet_corrections
    from db.store import hold, open_store
    from flows.files import check_named
    from flows.importing import Imported, import_file, source_for
    from flows.rollup import follow_up, refresh

    declared = source_for(format_name, source, sources)
    for file in files:
        check_named(file)
    done: list[Imported] = []
    code = 0
    with open_store(db, key_path()) as store:
        for file in files:
            try:
                imported = import_file(store, declared, file)
            except SourceFailed as error:
                say(f"fanzha: {file}: {error}")
                code = 2
                continue
            done.append(imported)
            if imported.is_beyond_limit:
                share = f"{imported.counts.quarantined:,} of {imported.counts.rows:,} rows are quarantined"
                say(f"fanzha: {file}: {share}; fanzha quarantine list shows why")
                code = max(code, 1)
        if declared.kind == "correction":
            with suppress(Busy), hold(store.path, "follow-up"):
                follow_up(store)  # a corrected closure or verdict is the end of what was made of it
        refresh(store)
        if declared.kind == "correction" and (unmet := unmet_corrections(store.database)):
            what = "correction names an event" if unmet == 1 else "corrections name events"
            say(f"fanzha: {unmet:,} {what} that no source has brought yet; in view v_corrections their kind is empty")
    rows: list[dict[str, Cell]] = [one.row() for one in done]
    columns = ("file", "rows", "stored", "duplicates", "ignored", "quarantined")
    show_json(rows) if as_json else show_rows("Imported", rows, columns)
    return code


def formats() -> None:
    """What can be read."""
    from spiders.formats.registry import FORMATS

    rows: list[dict[str, Cell]] = [
        {"format": name, "title_zh": one.title_zh, "title_en": one.title_en, "position": one.unit}
        for name, one in FORMATS.items()
    ]
    show_rows("Formats", rows, ("format", "title_zh", "title_en", "position"))


def sources(
    action: Annotated[_SourcesAction, typer.Argument()] = _SourcesAction.LIST,
    file: Annotated[Path | None, typer.Argument(help="A catalogue, as --sources.")] = None,
    catalogue: Catalogue = None,
    as_json: Json = False,
) -> int:
    """The catalogue of sources; check says what is wrong with one, line by line."""
    from spiders.catalogue import check_catalogue, load_catalogue

    path = file or catalogue
    if action is _SourcesAction.CHECK:
        known, faults = check_catalogue(path)
        for fault in faults:
            say(fault)
        if as_json:
            show_json({"sources": len(known), "faults": faults})
        elif not faults:
            tell(f"{len(known)} sources, nothing wrong")
        return 2 if faults else 0
    listed = load_catalogue(path)
    if as_json:
        show_json([one.model_dump(mode="json") for one in listed])
        return 0
    rows: list[dict[str, Cell]] = [
        {
            "name": one.name,
            "title": one.title_zh or one.title,
            "publisher": one.publisher,
            "licence": one.licence,
            "format": one.format,
            "yields": one.yields,
            "verified": one.verified,
            "schedule": one.schedule or "daily",
            "expects": _expectation(one.normal.min_rows, one.normal.max_rows, one.normal.max_age_hours),
        }
        for one in listed
    ]
    show_rows("Sources", rows, tuple(rows[0]))
    return 0


def _expectation(least: int, most: int | None, age: float | None) -> str:
    rows = f"{least:,}-{most:,} rows" if most else f">= {least:,} rows"
    return f"{rows}, <= {age:,.0f} h" if age else rows


def status(as_json: Json = False, db: Db = DB) -> None:
    """Health of each source: last success, age, rows, new, quarantined, failures, why."""
    from db.connection import open_database
    from db.health import read_health
    from db.store import now_ms

    with open_database(db, read_only=True) as database:
        health = read_health(database, now_ms())
    rows: list[dict[str, Cell]] = [asdict(one) for one in health]
    if as_json:
        show_json(rows)
        return
    columns = (
        "source",
        "last_outcome",
        "last_success",
        "age_hours",
        "rows",
        "new",
        "quarantined",
        "failures",
        "reason",
    )
    show_rows("Sources", rows, columns)


def quarantine(
    action: Annotated[_QuarantineAction, typer.Argument()],
    source: Annotated[str, typer.Option("--source", help="Only rows of this source.")] = "",
    as_json: Json = False,
    db: Db = DB,
) -> int:
    """Rejected rows with place and reason; replay parses their files again."""
    if action is _QuarantineAction.REPLAY:
        return _replay(db, source)
    from db.connection import open_database
    from db.health import read_quarantine

    with open_database(db, read_only=True) as database:
        rows: list[dict[str, Cell]] = [*read_quarantine(database, source or None)]
    columns = ("source", "file", "position", "reason", "raw")
    show_json(rows) if as_json else show_rows("Quarantine", rows, columns)
    return 0


def _replay(db: Path, source: str) -> int:
    from db.store import open_store
    from flows.importing import replay_quarantine
    from flows.rollup import refresh

    with open_store(db, key_path()) as store:
        done = replay_quarantine(store, source or None)
        refresh(store)
    for fault in done.faults:
        say(f"fanzha: {fault}")
    readable, stored = f"{done.resolved:,} rejected rows are readable now", f"{done.counts.stored:,} rows stored"
    tell(f"{readable}, {stored}, {done.left:,} still rejected")
    return 1 if done.faults else 0
