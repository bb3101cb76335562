"""The tables, by sqlite-utils migrations: one numbered SQL file each, applied once, in one transaction."""

from collections.abc import Callable
from importlib.resources import files
from typing import Final

from sqlite_utils import Database, Migrations

MIGRATIONS: Final = Migrations("fanzha")


def _statements(name: str) -> list[str]:
    # not executescript: it commits, and a half-made migration could not be rolled back
    text = files("db").joinpath("schema", name).read_text("utf-8")
    code = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    return [statement for part in code.split(";\n") if (statement := part.strip().removesuffix(";"))]


def _migration(name: str) -> Callable[[Database], None]:
    def apply(database: Database) -> None:
        for statement in _statements(name):
            database.execute(statement)

    return apply


for _name in sorted(entry.name for entry in files("db").joinpath("schema").iterdir() if entry.name.endswith(".sql")):
    MIGRATIONS(name=_name.removesuffix(".sql"))(_migration(_name))
