"""Options that several commands share."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from db.brands import Brand, brand_warnings, load_brands
from flows.show import say

Db = Annotated[Path, typer.Option("--db", envvar="FANZHA_DB", help="The database, one SQLite file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Catalogue = Annotated[Path | None, typer.Option("--sources", help="A catalogue of sources; default: the bundled one.")]
Brands = Annotated[Path | None, typer.Option("--brands", help="A brands file; default: the bundled one.")]
Year = Annotated[int, typer.Argument(min=1993, max=2099, help="A calendar year in Asia/Shanghai.")]

DB: Final = Path("fanzha.db")


def key_path() -> Path | None:
    """The key file that FANZHA_KEY_FILE names."""
    named = os.environ.get("FANZHA_KEY_FILE")
    return Path(named) if named else None


def listed_brands(path: Path | None) -> tuple[Brand, ...]:
    """Load a brands file; of a person's own, say what is allowed in it and yet worth a look.

    Raises:
        UsageError: it is faulty.
    """
    brands = load_brands(path)
    if path is not None:
        for warning in brand_warnings(brands):
            say(f"fanzha: {path}: {warning}")
    return brands
