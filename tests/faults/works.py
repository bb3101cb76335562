"""What is killed: commands on a synthetic year, each with what it must have done in the end."""

import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Final

from sqlite_utils import Database

from db.connection import APPLICATION_ID, landing_root
from db.keys import make_key_file
from db.migrations import MIGRATIONS
from flows.demo.loopback import serving
from tests.faults.comparing import differences
from tests.running import fanzha

ROOT: Final = Path(__file__).parent.parent.parent
DB: Final = "fanzha.db"
_ALONE: Final = re.compile(
    r'^path = "((?:feeds|company)/synthetic-(?:list|hosts|apps|reminders|url-checks))-\*(\.\w+)"$', re.MULTILINE
)
"""Sources of one file, plain or about persons: these are fetched over loopback."""
_DERIVED: Final = ("brand", "match_state", "match", "app_match", "attack", "kpi_run", "kpi_check", "rematch")
"""Tables that an older database need not bring: the next run makes them."""


@dataclass(frozen=True)
class World:
    """A synthetic year in a folder, with a key, and its publisher on loopback."""

    folder: Path
    scale: str

    @property
    def environ(self) -> dict[str, str]:
        """What a command is told: nothing of the user's own."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "FANZHA_"))}
        home = {"PREFECT_HOME": str(self.folder / "prefect"), "PYTHONPATH": str(ROOT)}
        return own | home | {"FANZHA_KEY_FILE": str(self.folder / "key"), "FANZHA_DB": DB}


@dataclass(frozen=True)
class Work:
    """A command that is killed and called again.

    Attributes:
        name: of it.
        arguments: of the driver.
        compare: where the first folder's outcome differs from the second's.
        prepare: what stands in its folder before; of an undisturbed run's folder and by lot.
    """

    name: str
    arguments: tuple[str, ...]
    compare: Callable[[Path, Path], list[str]]
    prepare: Callable[[Path, Path, Random], None] | None = None

    @property
    def command(self) -> list[str]:
        """The whole command line."""
        return [sys.executable, "-P", "-m", "tests.faults.driver", *self.arguments]


@contextmanager
def world(folder: Path, scale: str) -> Generator[World]:
    """A year written into a folder; part of it is served."""
    folder.mkdir(parents=True, exist_ok=True)
    made = World(folder, scale)
    make_key_file(folder / "key")
    wrote = fanzha("simulate", "2024", "--scale", scale, "--out", str(folder / "year"), cwd=folder)
    assert wrote.returncode == 0, wrote.stderr
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder / "year")))
    with serving(server):
        declared = (folder / "year" / "sources.toml").read_text("utf-8")
        url = rf'url = "http://127.0.0.1:{server.server_port}/\1-0001\2"'
        served, count = _ALONE.subn(url, declared)
        assert count == 5
        (folder / "year" / "served.toml").write_text(served, "utf-8")
        yield made


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """Say nothing."""


def works(made: World) -> dict[str, Work]:
    """All of them, by name."""
    year = made.folder / "year"
    brands = ("--brands", str(year / "brands.toml"))
    warnings = str(year / "company" / "synthetic-warnings-0001.csv")
    named = ("--source", "sim-warnings", "--sources", str(year / "sources.toml"))
    day = ("day", DB, str(year / "served.toml"), str(year / "brands.toml"))
    listed = (
        Work("day", day, _databases),
        Work("day on an older database", day, _databases, _older),
        Work("run", ("run", "--sources", str(year / "sources.toml"), *brands), _databases),
        Work("import", ("import", "table", warnings, *named), _databases),
        Work("simulate", ("simulate", "2024", "--scale", made.scale, "--out", "out"), _folders),
    )
    return {work.name: work for work in listed}


def _databases(one: Path, other: Path) -> list[str]:
    return differences(one / DB, other / DB)


def _folders(one: Path, other: Path) -> list[str]:
    ours, theirs = ({(p.relative_to(f), _digest(p)) for p in f.rglob("*") if p.is_file()} for f in (one, other))
    return [str(path) for path, _ in sorted(ours ^ theirs)]


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _older(folder: Path, whole: Path, lot: Random) -> None:
    """The database of an undisturbed run as an older fanzha would have left it, up to a schema file by lot."""
    make_older(folder / DB, whole / DB, lot.choice([one.name for one in MIGRATIONS.pending(Database(memory=True))[1:]]))


def make_older(path: Path, whole: Path, stop_before: str) -> None:
    """A database of the schema before a migration, with the records and landing files of a whole one."""
    with closing(Database(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        MIGRATIONS.apply(database, stop_before=stop_before)
    shutil.copytree(landing_root(whole), landing_root(path))
    with closing(sqlite3.connect(path)) as older:
        older.execute("ATTACH ? AS whole", [str(whole)])
        tables = [name for (name,) in older.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'")]
        for table in tables:
            if table not in _DERIVED and not table.startswith(("_", "sqlite_")):
                columns = ", ".join(f'"{name}"' for name in _columns(older, table))
                older.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM whole.{table}")
        _forget_newer(older, tables)
        older.commit()


def _forget_newer(older: sqlite3.Connection, tables: list[str]) -> None:
    """Sources of kinds that the older fanzha had no table for: it cannot have read them."""
    whole = [name for (name,) in older.execute("SELECT name FROM whole.sqlite_schema WHERE type = 'table'")]
    newer = [name for name in whole if name not in tables and {"source_id", "position"} <= _names(older, name)]
    for name in newer:
        for (source,) in older.execute(f"SELECT DISTINCT source_id FROM whole.{name}").fetchall():
            of_documents = "document_id IN (SELECT document_id FROM main.document WHERE source_id = ?)"
            older.execute(f"DELETE FROM main.quarantine WHERE {of_documents}", [source])
            for table in ("kept", "fetch", "document", "source"):
                if table in tables:
                    older.execute(f"DELETE FROM main.{table} WHERE source_id = ?", [source])


def _names(older: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in older.execute(f"PRAGMA whole.table_info({table})")}


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    return [name for _, name, *_ in database.execute(f"PRAGMA main.table_info({table})")]
