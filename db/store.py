"""A database, its landing folder and the key that goes with them: what a run works on."""

import fcntl
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from db.connection import landing_root, open_database
from db.errors import Busy
from db.keys import Key, load_key
from db.landing import Landing, writing
from db.terms import Terms


@dataclass(frozen=True, slots=True)
class Store:
    """An open database with what belongs to it."""

    path: Path
    database: Database
    landing: Landing
    terms: Terms
    key_path: Path | None

    def require_key(self) -> Key:
        """The key.

        Raises:
            UsageError: there is none, or it is too short.
        """
        return self.landing.key or load_key(self.key_path)


@contextmanager
def open_store(path: Path, key_path: Path | None) -> Generator[Store]:
    """Open the database at path for writing, with its landing folder.

    Raises:
        UsageError: the database, its landing folder or a named key file is unusable.
    """
    key = load_key(key_path) if key_path else None
    with open_database(path) as database:
        with writing(landing_root(path)):
            landing_root(path).mkdir(parents=True, exist_ok=True)
        yield Store(path, database, Landing(landing_root(path), key), Terms(database), key_path)


@contextmanager
def hold(path: Path, name: str) -> Generator[None]:
    """Do something on a database (fetch one source, match, roll up) in one process at a time.

    The kernel lets go of it when its holder dies, however it dies.

    Raises:
        Busy: another process is doing it.
        UsageError: the landing folder cannot be written.
    """
    root = landing_root(path)
    with writing(root):
        root.mkdir(parents=True, exist_ok=True)
        file = (root / f".lock-{name}").open("a")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"database {path}: another run is at {name} just now; let it end, then run again") from None
        yield


def now_ms() -> int:
    """The present, in Unix milliseconds."""
    return time.time_ns() // 1_000_000
