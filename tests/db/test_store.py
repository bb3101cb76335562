"""A database and the one key that it is filled with."""

from collections.abc import Callable
from pathlib import Path

import pytest

from db.connection import transaction
from db.errors import UsageError
from db.keys import load_key, make_key_file
from db.sources import SourceRow, save_document, save_source
from db.store import Store, open_store
from db.vocabulary import Yields

SOURCE = SourceRow(
    "synthetic",
    "Synthetic",
    "tests",
    "Apache-2.0",
    format="table",
    yields=Yields.EVENTS,
    is_verified=False,
    is_synthetic=True,
    schedule="",
    declaration="{}",
)


@pytest.fixture
def other_key(tmp_path: Path) -> Path:
    path = tmp_path / "other.key"
    make_key_file(path)
    return path


def land(store: Store, content: bytes) -> None:
    """A file about persons, as an ingest leaves it."""
    landed = store.landing.keep(content, encrypt=True)
    with transaction(store.database):
        save_document(store.database, save_source(store.database, SOURCE), "persons.csv", landed, 0)


def test_the_first_key_that_is_needed_is_the_databases(store: Store, key_file: Path, other_key: Path) -> None:
    with open_store(store.path, other_key):  # as long as none was needed, any may be named
        pass
    store.require_key()
    with open_store(store.path, key_file) as again:
        assert again.require_key().fingerprint == store.require_key().fingerprint
    with open_store(store.path, None):  # what needs no key does without
        pass
    with pytest.raises(UsageError, match="is not the key that database") as caught, open_store(store.path, other_key):
        pass
    assert "\n" not in str(caught.value)
    assert {str(other_key), str(store.path)} <= set(str(caught.value).replace(":", "").split())


def test_of_two_first_runs_with_two_keys_one_is_refused(store: Store, other_key: Path) -> None:
    with open_store(store.path, other_key) as rival:
        store.require_key()
        with pytest.raises(UsageError, match="is not the key that database"):
            rival.require_key()
    assert store.database.execute("SELECT count(*) FROM key").fetchone() == (1,)


def test_what_the_database_keeps_of_a_key_tells_nothing_of_it(store: Store, key_file: Path) -> None:
    key = store.require_key()
    (kept,) = store.database.execute("SELECT fingerprint FROM key").fetchone()
    assert kept not in {key_file.read_bytes(), key.subjects, key.landing}
    files = b"".join(path.read_bytes() for path in store.path.parent.glob(f"{store.path.name}*") if path.is_file())
    assert kept in files
    assert not any(secret in files for secret in (key_file.read_bytes(), key.subjects, key.landing))


def _nothing(_: Store) -> None:
    """As it is."""


def _one_damaged(store: Store) -> None:
    land(store, b"user\nu2\n")
    (digest,) = store.database.execute("SELECT digest FROM document ORDER BY document_id DESC").fetchone()
    store.landing.path(digest, is_encrypted=True).write_bytes(b"damaged")


@pytest.mark.parametrize("harm", [_nothing, _one_damaged])
def test_a_database_from_before_fingerprints_takes_the_key_that_opens_its_files(
    store: Store, key_file: Path, other_key: Path, harm: Callable[[Store], None]
) -> None:
    land(store, b"user\nu1\n")
    harm(store)
    assert store.database.execute("SELECT count(*) FROM key").fetchone() == (0,)
    with pytest.raises(UsageError, match="is not the key that database"), open_store(store.path, other_key):
        pass
    with open_store(store.path, key_file) as opened:
        assert opened.require_key().fingerprint == load_key(key_file).fingerprint
    assert store.database.execute("SELECT count(*) FROM key").fetchone() == (1,)


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/urandom"])
def test_a_key_is_no_endless_device(path: str) -> None:
    with pytest.raises(UsageError, match="File too large"):
        load_key(Path(path))
