"""The key file: from its bytes come the key of pseudonyms and the key of landed personal files."""

import os
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from db.errors import UsageError
from db.files import read_bounded

KEY_BYTES: Final = 32
"""Fewest random bytes of a key file: as many as the keys made from it have."""


class Key:
    """A key file's secret; the two keys and the fingerprint made from it do not tell each other."""

    def __init__(self, secret: bytes) -> None:
        self.subjects: bytes = _derive(secret, b"fanzha subjects")
        self.landing: bytes = _derive(secret, b"fanzha landing")
        self.fingerprint: bytes = _derive(secret, b"fanzha fingerprint")


def load_key(path: Path | None) -> Key:
    """The key of a key file.

    Raises:
        UsageError: no file is named, it cannot be read, or it is shorter than `KEY_BYTES`.
    """
    if path is None:
        raise UsageError("a source names persons: set FANZHA_KEY_FILE to a key file (fanzha key new FILE makes one)")
    try:
        secret = read_bounded(path)
    except OSError as error:
        raise UsageError(f"key file {path}: {error.strerror}; set FANZHA_KEY_FILE to a readable key file") from error
    if len(secret) < KEY_BYTES:
        raise UsageError(f"key file {path}: {len(secret)} bytes; a key file holds at least {KEY_BYTES} random bytes")
    return Key(secret)


def make_key_file(path: Path) -> None:
    """Write a new key file that only its owner can read.

    Raises:
        UsageError: the file is there already (a key overwritten is every pseudonym lost), or cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(f"key file {path}: is there already; a key is never overwritten") from None
    except OSError as error:
        raise UsageError(f"key file {path}: {error.strerror}") from error
    with os.fdopen(handle, "wb") as file:
        file.write(os.urandom(KEY_BYTES))


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(secret)
