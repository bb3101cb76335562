"""Commands on takedown notices: takedown queue, draft, approve, send, note, close."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from db.errors import UsageError
from flows.cli.measures import measures
from flows.cli.options import DB, Db, Json, key_path
from flows.show import say, show_json, show_rows, tell

Rules = Annotated[
    Path | None,
    typer.Option("--rules", envvar="FANZHA_TAKEDOWN", help="A file of takedown rules; default: the bundled one."),
]
By = Annotated[str, typer.Option("--by", help="Who.")]
Why = Annotated[str, typer.Option("--why", help="Why.")]


class _Cause(StrEnum):
    US = "us"
    THIRD_PARTY = "third_party"
    SELF_EXPIRED = "self_expired"


class _Word(StrEnum):
    ACKNOWLEDGED = "acknowledged"
    ACTIONED = "actioned"
    BOUNCED = "bounced"
    NOTED = "noted"
    REFUSED = "refused"
    SENT = "sent"
    UNSENT = "unsent"
    WITHDRAWN = "withdrawn"


def register(app: typer.Typer) -> None:
    """Add these commands."""
    takedown = typer.Typer(help="Notices to those who can take sites down.", no_args_is_help=True)
    takedown.command("queue")(queue)
    takedown.command("draft")(draft)
    takedown.command("approve")(approve)
    takedown.command("send")(send)
    takedown.command("note")(note)
    takedown.command("close")(close)
    takedown.command("measures")(measures)
    app.add_typer(takedown, name="takedown")


def queue(
    notice: Annotated[int | None, typer.Argument(metavar="[NOTICE]", help="Show this one: its text and log.")] = None,
    rules: Rules = None,
    as_json: Json = False,
    db: Db = DB,
) -> None:
    """What waits for an operator, what matters most first."""
    from db.connection import open_database
    from db.store import now_ms
    from flows.notices.settings import load_settings
    from flows.notices.waiting import COLUMNS
    from flows.notices.waiting import queue as waiting

    settings = load_settings(rules)
    if notice is not None:
        _show(db, notice, as_json=as_json)
        return
    with open_database(db, read_only=True) as database:
        rows = waiting(database, settings, now_ms())
    if as_json:
        show_json([{name: row.get(name) for name in COLUMNS} for row in rows])
        return
    show_rows("Takedowns", rows, COLUMNS)


def _show(db: Path, number: int, *, as_json: bool) -> None:
    from db.notices import read_notices
    from db.store import open_store
    from flows.notices.waiting import shown_notice

    with open_store(db, key_path()) as store:
        found = read_notices(store.database, [number])
        if not found:
            raise UsageError(f"notice {number}: is not there; fanzha takedown queue lists notices")
        text, log = shown_notice(store, found[0])
    if as_json:
        show_json({"notice": number, "state": found[0].state, "text": text, "log": log})
        return
    for line in text.splitlines():
        tell(line)
    show_rows("Log", log, ("at", "type", "by", "why"))


def draft(
    attacks: Annotated[
        list[str] | None, typer.Argument(metavar="[ATTACK|HOST]...", help="Default: all open confirmed attacks.")
    ] = None,
    rules: Rules = None,
    db: Db = DB,
) -> int:
    """Find out whom to tell of open attacks, and write the notices; nothing is sent."""
    from db.store import open_store
    from flows.notices.drafting import draft as write
    from flows.notices.settings import load_settings, sender_of

    settings = load_settings(rules)
    sender_of(settings)
    with open_store(db, key_path()) as store:
        done = write(store, settings, attacks or ())
    for fault in done.faults:
        say(f"fanzha: {fault}")
    tell(
        f"{done.attacks:,} open attacks: {len(done.written):,} notices drafted, of which rules approved "
        f"{len(done.approved):,}"
    )
    return 1 if done.faults else 0


def approve(notices: Annotated[list[int], typer.Argument(metavar="NOTICE...")], by: By, why: Why, db: Db = DB) -> None:
    """Let drafted notices leave, on record; all of them or none."""
    from db.store import open_store
    from flows.notices.answering import approve as let

    _check_said(by, why)
    with open_store(db, key_path()) as store:
        let(store, notices, by, why)
    tell(f"{len(notices):,} notices approved")


def send(
    notices: Annotated[
        list[int] | None, typer.Argument(metavar="[NOTICE]...", help="Default: all approved ones.")
    ] = None,
    rules: Rules = None,
    db: Db = DB,
) -> int:
    """Send approved notices, each once."""
    from db.store import open_store
    from flows.notices.sending import send as hand_over
    from flows.notices.settings import load_settings

    settings = load_settings(rules)
    with open_store(db, key_path()) as store:
        done = hand_over(store, settings, notices or ())
    for number, why in done.faults.items():
        say(f"fanzha: notice {number}: {why}")
    tell(
        f"{len(done.sent):,} notices sent, {len(done.faults):,} not; {len(done.withdrawn):,} withdrawn, as their "
        f"attacks are over; {len(done.by_hand):,} forms to be filled in by hand"
    )
    return 1 if done.faults else 0


def note(
    notice: Annotated[int, typer.Argument(metavar="NOTICE")],
    answer: Annotated[_Word, typer.Option("--answer", help="What became of it; noted is a remark.")],
    by: By,
    why: Why,
    db: Db = DB,
) -> None:
    """Record an answer to a notice; settle one that is in doubt (sent, unsent)."""
    from db.store import open_store
    from flows.notices.answering import answer as record

    _check_said(by, why)
    with open_store(db, key_path()) as store:
        record(store, notice, answer.value, by, why)
    tell(f"notice {notice}: {answer.value}")


def close(
    target: Annotated[str, typer.Argument(metavar="HOST", help="A site or app, in any spelling.")],
    by: By,
    why: Why,
    cause: Annotated[_Cause | None, typer.Option("--cause", help="Who closed it.")] = None,
    db: Db = DB,
) -> None:
    """Record that a site is gone; its attacks are closed."""
    from db.store import open_store
    from flows.notices.answering import close as record

    _check_said(by, why)
    with open_store(db, key_path()) as store:
        count = record(store, target, cause.value if cause else None, by, why)
    tell(f"{target}: {count:,} attacks closed")


def _check_said(by: str, why: str) -> None:
    if not by.strip() or not why.strip():
        raise UsageError("this needs --by and --why, neither of them empty")
