"""A database, its landing folder and the key that goes with them: what a run works on."""

import fcntl
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from db.connection import landing_root, open_database, transaction
from db.errors import Busy, UsageError
from db.keys import Key, load_key
from db.landing import DamagedLanding, Landing, writing
from db.terms import Terms

_TRIED: Final = 5
"""Landed files that a key is tried on: one may be damaged, not all of them."""


@dataclass(frozen=True, slots=True)
class Store:
    """An open database with what belongs to it."""

    path: Path
    database: Database
    landing: Landing
    terms: Terms
    key_path: Path | None

    def require_key(self) -> Key:
        """The key, from now on the one of this database; call outside a transaction.

        Raises:
            UsageError: there is none, it is too short, or not the one that the database was filled with.
        """
        key = self.landing.key or load_key(self.key_path)
        if not self.knows(key):
            with transaction(self.database):
                self.database.execute(
                    "INSERT INTO key (only, fingerprint) VALUES (1, ?) ON CONFLICT (only) DO NOTHING", [key.fingerprint]
                )
            self.knows(key)  # another run may have been first, with another key
        return key

    def knows(self, key: Key) -> bool:
        """Whether the database was filled with this key; False where with none so far.

        Raises:
            UsageError: it was filled with another, under which every person would be somebody else.
        """
        row = self.database.execute("SELECT fingerprint FROM key").fetchone()
        if row is None and self._opens_landed_files(key):
            return False
        if row is None or row[0] != key.fingerprint:
            raise UsageError(
                f"key file {self.key_path}: is not the key that database {self.path} was filled with, and every person "
                "would be counted twice; set FANZHA_KEY_FILE to that key, or --db to another database"
            )
        return True

    def _opens_landed_files(self, key: Key) -> bool:
        """Of a database from before fingerprints were kept: whether the key opens what it has about persons."""
        digests = self.database.execute(
            "SELECT digest FROM document WHERE is_encrypted ORDER BY document_id DESC LIMIT ?", [_TRIED]
        ).fetchall()
        return not digests or any(_opens(Landing(self.landing.root, key), digest) for (digest,) in digests)


@contextmanager
def open_store(path: Path, key_path: Path | None) -> Generator[Store]:
    """Open the database at path for writing, with its landing folder.

    Raises:
        UsageError: the database, its landing folder or a named key file is unusable, or they do not belong together.
    """
    key = load_key(key_path) if key_path else None
    with open_database(path) as database:
        with writing(landing_root(path)):
            landing_root(path).mkdir(parents=True, exist_ok=True)
        store = Store(path, database, Landing(landing_root(path), key), Terms(database), key_path)
        if key:
            store.knows(key)
        yield store


def _opens(landing: Landing, digest: str) -> bool:
    try:
        landing.read(digest, is_encrypted=True)
    except DamagedLanding:
        return False
    return True


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
