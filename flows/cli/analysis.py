"""Commands for analysts: match, check, review, verdict, brands."""

import sys
from enum import StrEnum
from functools import cache
from io import BufferedIOBase
from pathlib import Path
from typing import Annotated, Final, cast

import typer

from db.brands import Brand
from db.errors import UsageError
from flows.cli.options import DB, Brands, Db, Json, listed_brands
from flows.show import Cell, say, show_json, show_rows, tell

_STDIN: Final = "-"


class _OutputFormat(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"


class _Switch(StrEnum):
    ON = "on"
    OFF = "off"


class _Answer(StrEnum):
    CONFIRM = "confirm"
    DISMISS = "dismiss"
    UNSURE = "unsure"


class _BrandsAction(StrEnum):
    LIST = "list"
    SHOW = "show"
    CHECK = "check"


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("match")(match)
    app.command("check")(check)
    app.command("review")(review)
    app.command("verdict")(verdict)
    app.command("brands")(brands)


def match(
    file: Annotated[str, typer.Argument(metavar="[FILE|-]", help="Hosts or URLs, one a line.")] = _STDIN,
    brands_file: Brands = None,
    output: Annotated[
        _OutputFormat,
        typer.Option(
            "--format",
            help="csv is safe to look at: unseen characters are written \\uXXXX, and ' stands before what a "
            "spreadsheet would run; jsonl has each line exactly.",
        ),
    ] = _OutputFormat.CSV,
    min_confidence: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=100,
            help="Only matches from this confidence; default: each brand's threshold. Below 30 nothing is ever told.",
        ),
    ] = None,
    popular: Annotated[_Switch, typer.Option(help="Whether popularity lists lower confidence.")] = _Switch.ON,
) -> int:
    """Find the brand that each host or URL imitates; one row a match on stdout."""
    from flows.cli.match_many import match_lines
    from flows.cli.match_work import MOST_REASONS, Task

    @cache
    def task() -> Task:
        listed = listed_brands(brands_file)
        thresholds = {brand.id: brand.threshold if min_confidence is None else min_confidence for brand in listed}
        return Task(listed, thresholds, output.value, popular is _Switch.ON)

    if file == _STDIN:
        task()  # whoever types lines hears of a faulty file before
    with _open_lines(file) as source:
        refused = match_lines(source, sys.stdout, task, say)
    if refused:
        more = f"; the first {MOST_REASONS:,} are named" if refused > MOST_REASONS else ""
        lines = "lines are" if refused > 1 else "line is"
        say(f"fanzha: {refused:,} {lines} no host or URL{more}")
    return 1 if refused else 0


def _open_lines(file: str) -> BufferedIOBase:
    if file == _STDIN:
        return cast("BufferedIOBase", sys.stdin.buffer)
    try:
        return Path(file).open("rb")
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from error


def check(
    values: Annotated[list[str], typer.Argument(metavar="URL|HOST|PACKAGE...")],
    as_json: Json = False,
    db: Db = DB,
) -> None:
    """What is known of an address or app; each call on a database is a URL check event of staff."""
    from flows.cli.checking import check_values

    assessed = [one.row() for one in check_values(db, values)]
    if as_json:
        show_json(assessed)
        return
    rows: list[dict[str, Cell]] = [{**row, "reasons": "; ".join(row["reasons"])} for row in assessed]
    show_rows(
        "Check", rows, ("input", "kind", "assessment", "brand", "confidence", "reasons", "first_seen", "last_seen")
    )


def review(as_json: Json = False, db: Db = DB) -> None:
    """What waits for an analyst, what matters most first."""
    from db.connection import open_database
    from web.review import review_queue

    with open_database(db, read_only=True) as database:
        rows = review_queue(database)
    if as_json:
        show_json(rows)
        return
    show_rows("Review", rows, tuple(rows[0]) if rows else ("value",))


def verdict(
    answer: Annotated[_Answer, typer.Argument()],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="A URL, host or package.")],
    by: Annotated[str, typer.Option("--by", help="Who judges.")],
    why: Annotated[str, typer.Option("--why", help="Why.")],
    brand: Annotated[
        str, typer.Option("--brand", metavar="ID", help="The brand it imitates; default: the one it resembles most.")
    ] = "",
    fraud_type: Annotated[
        str, typer.Option("--type", metavar="FRAUD_TYPE", help="Of what is confirmed; default: usual for the brand.")
    ] = "",
    db: Db = DB,
) -> None:
    """Record an analyst's answer; it stands beside older ones, never over them."""
    from flows.cli.checking import give_verdict

    if not by.strip() or not why.strip():
        raise UsageError("a verdict needs --by and --why, neither of them empty")
    if fraud_type and answer is not _Answer.CONFIRM:
        raise UsageError("--type says what kind of fraud is confirmed: it goes with confirm alone")
    target = give_verdict(db, answer.value, value, {"by": by, "why": why, "brand": brand, "fraud_type": fraud_type})
    tell(f"{answer.value}: {target}")


def brands(
    action: Annotated[_BrandsAction, typer.Argument()],
    subject: Annotated[
        str | None, typer.Argument(metavar="[ID|FILE]", help="For show: the brand; for check: a brands file.")
    ] = None,
    brands_file: Brands = None,
    as_json: Json = False,
) -> None:
    """The brands, the forms under which each is looked for, and how noisy each form will be."""
    if action is _BrandsAction.CHECK:
        from flows.cli.noise import check_brands

        check_brands(listed_brands(brands_file if subject is None else Path(subject)), as_json=as_json)
        return
    listed = listed_brands(brands_file)
    if action is _BrandsAction.SHOW:
        _show_brand(listed, subject or "", as_json=as_json)
        return
    rows: list[dict[str, Cell]] = [
        {
            "id": one.id,
            "names": "、".join(one.names),
            "domains": " ".join(one.domains),
            "sector": one.sector,
            "own": one.own,
        }
        for one in listed
    ]
    show_json(rows) if as_json else show_rows("Brands", rows, tuple(rows[0]))


def _show_brand(listed: tuple[Brand, ...], brand_id: str, *, as_json: bool) -> None:
    from analytics.match.matcher import Matcher

    found = next((brand for brand in listed if brand.id == brand_id), None)
    if found is None:
        raise UsageError(f"brand {brand_id!r} is not listed; fanzha brands list shows the ids")
    rows: list[dict[str, Cell]] = [
        {"form": form.text, "derived": form.derivation, "risk": form.risk} for form in Matcher(listed).forms(found)
    ]
    if as_json:
        show_json({**found.model_dump(mode="json"), "forms": rows})
        return
    tell(found.id, "、".join(found.names), " ".join(found.domains))
    show_rows("Forms", rows, ("form", "derived", "risk"))
