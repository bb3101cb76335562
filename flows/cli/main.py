"""fanzha 反诈: counterfeit sites and apps, collected, matched to brands, followed, counted."""

import gc
import os
import sys
from typing import Final

import typer

from db.errors import FanzhaError
from flows.cli import analysis, figures, operation, records
from flows.show import say

app: Final = typer.Typer(
    name="fanzha",
    help=__doc__,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _room in (operation, records, analysis, figures):
    _room.register(app)
_OBJECTS: Final = 50_000
"""Objects made between two searches for garbage; there is little of it, and a search takes longer than to import."""


def main() -> None:
    """The program: every error a person can mend is one line on stderr and an exit code."""
    gc.set_threshold(_OBJECTS)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; returns its exit code."""
    try:
        return int(app(arguments, standalone_mode=False) or 0)
    except FanzhaError as error:
        say(f"fanzha: {error}")
        return error.exit_code
    except typer.TyperException as error:
        say(f"fanzha: {_message(error)}")
        return 2
    except (KeyboardInterrupt, typer.Abort):
        say("fanzha: stopped; what was committed is kept")
        return 130
    except BrokenPipeError:
        # the reader of the pipe has gone; python would complain once more when it flushes stdout at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _message(error: typer.TyperException) -> str:
    text = error.format_message() if hasattr(error, "format_message") else str(error)
    return f"{' '.join(text.split())} (fanzha --help)"
