"""fanzha 反诈: counterfeit sites and apps, collected, matched to brands, followed, counted."""

import errno
import gc
import sys
import traceback
from io import TextIOWrapper
from pathlib import Path
from typing import Final

import typer

from db.errors import FanzhaError, Interrupted, UsageError
from flows.cli import analysis, figures, following, ledger, operation, records, takedown
from flows.show import printing, reader_is_gone, say, silence

_CANNOT_BE_NAMED: Final = frozenset(
    {errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.ELOOP}
)
"""Where the system refuses the name of a file, not the work on it."""

app: Final = typer.Typer(
    name="fanzha",
    help=__doc__,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _room in (operation, records, analysis, figures, ledger, following, takedown):
    _room.register(app)
_OBJECTS: Final = 200_000
"""Objects made between two searches for garbage; there is little of it, and a search takes longer than to import."""


def main() -> None:
    """The program: every error a person can mend is one line on stderr and an exit code."""
    gc.set_threshold(_OBJECTS)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal may not have what a record has
    try:
        code = run(sys.argv[1:])
    except Exception as error:  # noqa: BLE001 - whatever it is, no traceback ever reaches the user
        say(f"fanzha: {unforeseen(error)}")
        code = 1
    sys.exit(code if _is_printed() else code or 1)


def _is_printed() -> bool:
    """Print what is held back of the result; says so where that cannot be done."""
    try:
        with printing(sys.stdout):
            sys.stdout.flush()
    except BrokenPipeError:
        silence(sys.stdout)
    except Interrupted as error:
        say(f"fanzha: {error}")
        return False
    return True


def run(arguments: list[str]) -> int:
    """Run one command line; returns its exit code."""
    try:
        _check_text(arguments)
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
    except OSError as error:
        return _tell_os_error(error)
    except SystemExit:
        return _tell_broken_pipe()


def unforeseen(error: Exception) -> str:
    """What is told of a fault of our own: where, not what, since its text may quote what a source sent."""
    place = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f" at {Path(frame.filename).name}:{frame.lineno}" for frame in place)
    return f"unexpected {type(error).__name__}{where}: a fault of fanzha's own; please report it"


def _check_text(arguments: list[str]) -> None:
    for number, argument in enumerate(arguments, 1):
        try:
            argument.encode()
        except UnicodeEncodeError:
            shown = argument.encode(errors="backslashreplace").decode()
            raise UsageError(
                f"argument {number}, {shown}: is no UTF-8 text; rename the file, or type it anew"
            ) from None


def _tell_broken_pipe() -> int:
    """Typer gives up where a pipe breaks, whichever it is; that nobody reads on is no error, all else is."""
    if reader_is_gone():
        return 0
    say("fanzha: a connection broke off; what was committed is kept, run again")
    return 1


def _tell_os_error(error: OSError) -> int:
    what = error.strerror or type(error).__name__
    if error.errno in _CANNOT_BE_NAMED:
        say(f"fanzha: {error.filename}: {what}; name another file or folder")
        return 2
    say(f"fanzha: {error.filename or 'the system'}: {what}; what was committed is kept, mend that and run again")
    return 1


def _message(error: typer.TyperException) -> str:
    text = error.format_message() if hasattr(error, "format_message") else str(error)
    return f"{' '.join(text.split())} (fanzha --help)"
