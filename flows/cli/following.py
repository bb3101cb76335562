"""Commands that follow attacks until they are down: probe."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.options import DB, Db, key_path
from flows.show import say, tell


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("probe")(probe)


def probe(
    once: Annotated[
        bool,
        typer.Option(
            "--once", help="One round; without it, rounds until stopped; one that has something to do is told."
        ),
    ] = False,
    vantages: Annotated[
        Path | None, typer.Option("--vantages", help="A file of vantage points; default: this machine alone.")
    ] = None,
    db: Db = DB,
) -> int:
    """Visit the sites of open attacks on followed brands, and derive which are down."""
    from db.store import open_store
    from flows.probing import Probing, probe_due, probe_on
    from spiders.probe.vantage import load_vantages

    def report(done: Probing) -> int:
        found = ", ".join(f"{count:,} {outcome}" for outcome, count in done.outcomes.most_common()) or "nothing to do"
        tell(f"{done.due:,} of {done.open:,} open sites visited: {found}; {done.states['down']:,} are down")
        if done.missed:
            say(f"fanzha: {done.missed:,} visits are missing: the probing process died; they come with the next round")
        return 1 if done.missed else 0

    points = load_vantages(vantages)
    with open_store(db, key_path()) as store:
        if once:
            return report(probe_due(store, points))
        for done in probe_on(store, points):
            report(done)
    return 0
