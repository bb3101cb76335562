"""Opening the database: one SQLite file, WAL, foreign keys, checked to be ours."""

import fcntl
import sqlite3
import stat
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from db.errors import Busy, FanzhaError, Interrupted, UsageError
from db.migrations import MIGRATIONS
from db.turns import SharedConnection
from db.views import ensure_views

APPLICATION_ID: Final = 0x46414E5A
"""'FANZ' in the file's header: another program's database is never written to."""
BUSY_MILLISECONDS: Final = 30_000
"""How long a writer waits for another: longer than any batch takes, short enough for an operator to notice."""
WAL_BYTES: Final = 64 << 20
"""What is left of the write-ahead log once it is in the database: behind a long reader it grows without bound."""
_CACHE_KIB: Final = 262_144
"""Page cache: the indexes that a batch of a full year touches stay in it; an eighth of the 2 GiB a year may take."""


def landing_root(path: Path) -> Path:
    """The landing folder of a database."""
    return path.with_name(f"{path.name}.landing")


def is_there(path: Path) -> bool:
    """Whether there is a file at path.

    Raises:
        UsageError: no database can be there: it is a folder or a device, or its name is too long.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    except OSError as error:
        raise UsageError(f"database {path}: {error.strerror}; name another file with --db or FANZHA_DB") from error
    if not stat.S_ISREG(mode):
        raise UsageError(f"database {path}: is no file; name one with --db or FANZHA_DB")
    return True


@contextmanager
def open_database(path: Path, *, read_only: bool = False) -> Generator[Database]:
    """The database at path, made or migrated where needed; with read_only it must be there.

    Raises:
        UsageError: it is missing (read_only), no fanzha database, of a newer fanzha, damaged or not writable.
    """
    if not is_there(path) and read_only:
        raise UsageError(f"database {path}: is not there; fanzha run or fanzha import makes one, --db names another")
    try:
        with closing(_connect(path, read_only=read_only)) as connection:
            database = Database(connection, use_counts_table=False)
            _check_ours(database, path)
            if not read_only:
                _migrate(database, path)
            elif MIGRATIONS.pending(database):
                raise UsageError(f"database {path}: is older than this fanzha; fanzha run or fanzha import updates it")
            yield database
    except sqlite3.Error as error:
        raise explain(error, path) from error


def explain(error: sqlite3.Error, path: Path) -> FanzhaError:
    """What SQLite's error means to an operator, and how to mend it."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return UsageError(f"database {path}: is damaged or no database ({error}); restore it from a backup")
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
        return UsageError(f"database {path}: cannot be opened for this ({error}); check the path and its permissions")
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
        return Interrupted(
            f"database {path}: the disk is full or failing ({error}); what was committed is kept, "
            "make room and run again"
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Busy(f"database {path}: another process holds it; what was committed is kept, run again later")
    return FanzhaError(f"database {path}: {error}")


@contextmanager
def transaction(database: Database) -> Generator[None]:
    """Everything inside is committed together, or nothing of it."""
    connection = database.conn
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.rollback()
        raise
    connection.commit()


@contextmanager
def snapshot(database: Database) -> Generator[None]:
    """Everything read inside is of one instant, whoever writes meanwhile."""
    database.conn.execute("BEGIN")
    try:
        yield
    finally:
        database.conn.rollback()


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    if not read_only:
        _make_folder(path.parent)
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    # polars reads frames from threads of its own, one at a time (db.frames)
    connection = sqlite3.connect(
        uri,
        uri=True,
        isolation_level=None,
        timeout=BUSY_MILLISECONDS / 1000,
        check_same_thread=False,
        factory=SharedConnection,
    )
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute("PRAGMA temp_store = MEMORY")
    if not read_only:
        connection.execute(
            "PRAGMA synchronous = NORMAL"
        )  # with WAL, kill -9 loses nothing; a power cut no more than the last batch
        connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
    return connection


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"folder {folder}: cannot be made: {error.strerror}; --db names another place") from error


def _check_ours(database: Database, path: Path) -> None:
    if sqlite3.sqlite_version_info < (3, 37):
        raise UsageError(
            f"SQLite {sqlite3.sqlite_version} is too old for strict tables; use a Python with 3.37 or newer"
        )
    found = database.execute("PRAGMA application_id").fetchone()[0]
    tables = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and found != APPLICATION_ID:
        raise UsageError(f"database {path}: belongs to another program; name another file with --db or FANZHA_DB")


def _migrate(database: Database, path: Path) -> None:
    if not MIGRATIONS.pending(database):
        ensure_views(database)
        return
    _make_folder(landing_root(path))
    with (landing_root(path) / ".migrating").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two first runs at once would both find every migration pending
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        MIGRATIONS.apply(database)
        ensure_views(database)
