"""Commands for signing a year off: ledger close, restate, list."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.options import DB, Db, Json, Year, key_path
from flows.show import Cell, show_json, show_rows, tell

if TYPE_CHECKING:
    from db.ledger import Entry

By = Annotated[str, typer.Option("--by", help="Who signs.")]
Why = Annotated[str, typer.Option("--why", help="For what reason.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    ledger = typer.Typer(help="Signing a year's figures off, restating them, and the history.", no_args_is_help=True)
    ledger.command("close")(close)
    ledger.command("restate")(restate)
    ledger.command("list")(list_entries)
    app.add_typer(ledger, name="ledger")


def close(year: Year, by: By, why: Why, db: Db = DB) -> None:
    """Sign a year off: its figures stand as they are now, whatever comes later."""
    from db.store import open_store
    from flows.ledger import close as sign_off

    _check_there(db)
    with open_store(db, key_path()) as store:
        _tell_signed(sign_off(store, year, by, why))


def restate(year: Year, by: By, why: Why, db: Db = DB) -> None:
    """Sign a closed year anew with all that is pending."""
    from db.store import open_store
    from flows.ledger import restate as sign_anew

    _check_there(db)
    with open_store(db, key_path()) as store:
        _tell_signed(sign_anew(store, year, by, why))


def list_entries(year: Year, as_json: Json = False, db: Db = DB) -> None:
    """Who signed a year, when, why, what was restated, and what is pending."""
    from db.connection import open_database
    from flows.ledger import history
    from flows.ledger_shown import history_json

    with open_database(db, read_only=True) as database:
        told = history_json(year, history(database, year))
    if as_json:
        show_json(told)
        return
    if not told["entries"]:
        tell(f"{year} is open: nothing is signed off")
        return
    show_rows(f"Ledger {year}", told["entries"], ("entry", "action", "by", "why", "at", "code_version", "digest"))
    signed = told["entries"][-1]["figures"]
    _show_if(
        f"Signed of {year}",
        signed,
        ("id", "name_zh", "display_zh", "display_en", "value", "prior", "definition_version"),
    )
    restated = [{"entry": entry["entry"], **figure} for entry in told["entries"] for figure in entry["restated"]]
    _show_if(f"Restated of {year}", restated, ("entry", "id", "effect", "cause_zh", "cause_en", "beyond_threshold"))
    _show_if(f"Pending of {year}", told["pending"], ("id", "effect", "threshold", "must_restate", "told_zh", "told_en"))


def _show_if(title: str, rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    if rows:
        tell("")
        shown: list[dict[str, Cell]] = [{name: row[name] for name in columns} for row in rows]
        show_rows(title, shown, columns)


def _check_there(db: Db) -> None:
    from db.connection import is_there
    from db.errors import UsageError

    if not is_there(db):
        raise UsageError(f"database {db}: is not there; --db or FANZHA_DB names another")


def _tell_signed(entry: "Entry") -> None:
    restated = sum(figure.is_restated for figure in entry.figures.values())
    what = f"{restated} restated" if entry.action == "restate" else "signed off"
    tell(
        f"{entry.year}: {len(entry.figures)} figures, {what}, ledger entry {entry.entry_id}; note its digest in the "
        f"disclosure, for it vouches for all entries so far: {entry.digest}"
    )
