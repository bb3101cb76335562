"""The command that measures how long attacks stood and what closed them: takedown measures."""

from typing import Annotated

import typer

from analytics.measures.declared import Grouping
from flows.cli.options import DB, Db, Json
from flows.show import show_json, show_rows

_COLUMNS = ("measure", "value", "interval_95", "over", "over_what", "note")


def measures(
    year: Annotated[
        int | None, typer.Argument(min=1993, max=2099, help="A calendar year in Asia/Shanghai; default: this one.")
    ] = None,
    by: Annotated[Grouping | None, typer.Option("--by", help="Tell the attacks apart by this.")] = None,
    as_json: Json = False,
    db: Db = DB,
) -> None:
    """How long a year's attacks stood, what closed them, what is open: each with its interval and its base."""
    from db.connection import open_database
    from db.period import year_of
    from db.store import now_ms
    from flows.measuring import measured_cells, measured_json
    from flows.measuring import measures as measure_year

    now = now_ms()
    named = year_of(now) if year is None else year
    with open_database(db, read_only=True) as database:
        rows = measure_year(database, named, by, now)
    if as_json:
        show_json([measured_json(row) for row in rows])
        return
    columns = _COLUMNS if by is None else ("group", *_COLUMNS)
    show_rows(f"{named}", [measured_cells(row) for row in rows], columns)
