"""Commands for security operations: run, demo, simulate, schedule, serve, verify, backup, restore, archive, key."""

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from db.errors import UsageError
from flows.cli.options import DB, Brands, Catalogue, Db, Year, key_path, listed_brands
from flows.show import Cell, say, show_rows, tell

_MOVED: Final = ("file", "rows", "bytes")
_MOST_SEED: Final = 2**31 - 1


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("demo")(demo)
    app.command("run")(run)
    app.command("schedule")(schedule)
    app.command("serve")(serve)
    app.command("simulate")(simulate)
    app.command("verify")(verify)
    app.command("backup")(backup)
    app.command("restore")(restore)
    app.command("archive")(archive)
    keys = typer.Typer(help="Key files: what pseudonyms and landed personal files are made with.", no_args_is_help=True)
    keys.command("new")(new_key)
    app.add_typer(keys, name="key")


def demo(
    directory: Annotated[Path, typer.Option("--dir", help="Where it works; emptied first.")] = Path("build/demo"),
) -> int:
    """The daily flow on bundled synthetic samples, then sites followed until they are down, over loopback."""
    from flows.demo.show import run_demo

    return run_demo(directory)


def run(
    sources: Catalogue = None,
    brands: Brands = None,
    only: Annotated[list[str] | None, typer.Option("--only", help="Only this source; may be repeated.")] = None,
    db: Db = DB,
) -> int:
    """The daily flow: collect, match, follow up, roll up."""
    from db.keys import load_key
    from db.store import open_store
    from flows.collect import choose
    from flows.prefect_home import keep_to_one_line, prepare
    from flows.prefect_server import ensure_api
    from spiders.catalogue import load_catalogue

    # what is wrong with the call is said before Prefect takes seconds to start
    chosen = choose(load_catalogue(sources), only or ())
    listed_brands(brands)
    if any(source.has_people for source in chosen):
        load_key(key_path())
    with open_store(db, key_path()):
        pass
    prepare(os.environ)
    ensure_api()
    keep_to_one_line()
    from flows.daily import daily
    from flows.matching import shown_changes, told_rematch

    report = daily(str(db), str(sources or ""), str(brands or ""), only or [])
    rows: list[dict[str, Cell]] = [
        {
            "source": one.source,
            "outcome": one.outcome.value,
            "rows": one.counts.rows,
            "new": one.counts.stored,
            "quarantined": one.counts.quarantined,
            "why": one.reason,
        }
        for one in report.sources
    ]
    show_rows("Sources", rows, ("source", "outcome", "rows", "new", "quarantined", "why"))
    tell(
        f"{report.matches.host_matches:,} new matches of hosts, {report.matches.app_matches:,} of apps, "
        f"{report.attacks:,} attacks, years rolled up: {', '.join(map(str, report.figures)) or 'none'}"
    )
    for rematch in report.matches.rematches:
        tell(told_rematch(rematch))
        if rematch.examples:
            show_rows("What changed", shown_changes(rematch), ("change", "host or app", "before", "after"))
    for failed in report.failed:
        say(f"fanzha: source {failed.source} failed: {failed.reason}")
    return 1 if report.failed else 0


def schedule() -> None:
    """Serve the deployments of prefect.yaml with their schedules until stopped."""
    from flows.prefect_home import prepare
    from flows.scheduling import serve_schedules

    prepare(os.environ)
    serve_schedules()


def serve(
    port: Annotated[int, typer.Option(min=0, max=65_535, help="On 127.0.0.1.")] = 8001,
    db: Db = DB,
) -> None:
    """The database in a browser: Datasette, read-only, on 127.0.0.1."""
    from web.pages import serve as serve_pages

    serve_pages(db, port)


def simulate(
    year: Year,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where it is written, in place of an earlier one.")],
    scale: Annotated[str, typer.Option("--scale", metavar="F", help="Share of a year, 0.001 to 1.")] = "0.01",
    seed: Annotated[int, typer.Option("--seed", min=0, max=_MOST_SEED, help="The same one gives the same bytes.")] = 1,
) -> None:
    """A synthetic year in native formats, whose KPIs are the published figures times F."""
    from flows.simulate.year import write_year

    written = write_year(year, scale, seed, out)
    tell(
        f"{out}: a synthetic year, {written.rows:,} rows in {written.files:,} files, {written.bytes:,} bytes; take it "
        f"in with fanzha run --sources {out}/sources.toml --brands {out}/brands.toml"
    )


def verify(
    deep: Annotated[
        bool, typer.Option("--deep", help="Read all landed files again and compare every row; takes as long as a year.")
    ] = False,
    db: Db = DB,
) -> int:
    """Check the database against its landing files, its counts, its figures and its own rules."""
    from db.connection import is_there
    from db.store import open_store
    from flows.verifying import verify as verify_all

    if not is_there(db):
        raise UsageError(f"database {db}: is not there; --db or FANZHA_DB names another")
    with open_store(db, key_path()) as store:
        checked, faults = verify_all(store, deep=deep)
    for fault in faults:
        say(fault)
    tell(f"{checked:,} landing files and all tables checked, {len(faults):,} faults")
    return 1 if faults else 0


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where it is written: a tar that any tool reads.")],
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of a file that is there.")] = False,
    db: Db = DB,
) -> int:
    """Copy the database and all its files into one, while others go on writing; the key is not in it."""
    from db.backup import make_backup
    from db.connection import is_there
    from db.store import open_store

    if not is_there(db):
        raise UsageError(f"database {db}: is not there; --db or FANZHA_DB names another")
    with open_store(db, key_path()) as store:
        made = make_backup(store, file, replace=replace)
    for fault in made.faults:
        say(fault)
    tell(
        f"{file}: {made.bytes:,} bytes, checked: the database, {made.landed:,} landing files, "
        f"{made.archived:,} archive files, {len(made.faults):,} faults"
    )
    tell(
        "备份不含密钥：请将密钥文件另处保管，否则含个人信息的文件无法打开 · the key is not in it: keep the key file "
        f"(FANZHA_KEY_FILE) in another place; without it {made.about_persons:,} files about persons cannot be opened"
    )
    if made.about_persons and not made.is_opened:
        say(f"fanzha: {made.about_persons:,} files about persons were copied unopened: FANZHA_KEY_FILE names no key")
    return 1 if made.faults else 0


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    db: Db = DB,
) -> None:
    """Put a backup in place as a new database, checked to its last byte before."""
    from db.restore import restore as restore_backup

    manifest = restore_backup(file, db)
    tell(
        f"{db}: restored as it was at {manifest.made_at}, {len(manifest.members):,} files; set FANZHA_KEY_FILE to its "
        "key, then run fanzha verify"
    )


def archive(
    before: Annotated[
        datetime,
        typer.Option(
            "--before", formats=["%Y-%m-%d"], metavar="DATE", help="In Shanghai: events of earlier days move."
        ),
    ],
    db: Db = DB,
) -> None:
    """Move warnings, checks, interventions, losses, alerts and services of earlier days to Parquet; all count them."""
    from db.archive import archive_events
    from db.connection import is_there
    from db.store import open_store

    if not is_there(db):
        raise UsageError(f"database {db}: is not there; --db or FANZHA_DB names another")
    with open_store(db, key_path()) as store:
        moved = archive_events(store, before.date())
    show_rows("Archived", [{"file": one.file, "rows": one.rows, "bytes": one.bytes} for one in moved], _MOVED)


def new_key(file: Annotated[Path, typer.Argument(metavar="FILE")]) -> None:
    """Make a key file that only its owner can read."""
    from db.keys import make_key_file

    make_key_file(file)
    tell(f"{file}: keep it apart from the database and its backups; export FANZHA_KEY_FILE={file}")
