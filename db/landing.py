"""The landing folder: what arrived, as it came, under the digest of its content, compressed."""

import hashlib
import hmac
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from db.errors import FanzhaError, UsageError
from db.keys import Key

_NONCE_BYTES: Final = 12
_LEVEL: Final = 3
"""Half the time of zlib's default 6, for files a tenth larger."""


class DamagedLanding(FanzhaError):
    """Raised where a landed file is missing or does not hold what its digest says."""


@dataclass(frozen=True, slots=True)
class Landed:
    """A file in the landing folder."""

    digest: str
    """SHA-256 of the content; of a file about persons an HMAC, so that nobody can test a guess against it."""
    bytes: int
    is_encrypted: bool


@dataclass(frozen=True, slots=True)
class Landing:
    """The folder beside a database; nothing in it is ever changed."""

    root: Path
    key: Key | None = None

    def keep(self, content: bytes, *, encrypt: bool) -> Landed:
        """Keep content; the same content is kept once. It is on disk when this returns."""
        digest = self._digest(content, encrypt=encrypt)
        path = self.path(digest, is_encrypted=encrypt)
        if not path.exists():
            packed = zlib.compress(content, _LEVEL)
            _write(path, self._seal(packed, digest) if encrypt else packed)
        return Landed(digest, len(content), encrypt)

    def read(self, digest: str, *, is_encrypted: bool) -> bytes:
        """The content kept under a digest.

        Raises:
            DamagedLanding: it is missing or damaged.
            UsageError: it is encrypted and no key, or another, is at hand.
        """
        path = self.path(digest, is_encrypted=is_encrypted)
        try:
            stored = path.read_bytes()
            content = zlib.decompress(self._open(stored, digest) if is_encrypted else stored)
        except FileNotFoundError:
            raise DamagedLanding(f"landing file {path}: is missing; restore it from a backup") from None
        except zlib.error:
            raise DamagedLanding(f"landing file {path}: is damaged; restore it from a backup") from None
        if self._digest(content, encrypt=is_encrypted) != digest:
            raise DamagedLanding(f"landing file {path}: holds other content than it should; restore it from a backup")
        return content

    def path(self, digest: str, *, is_encrypted: bool) -> Path:
        """Where content with this digest lies; plain files are zlib streams."""
        return self.root / digest[:2] / f"{digest}{'.enc' if is_encrypted else '.z'}"

    def _digest(self, content: bytes, *, encrypt: bool) -> str:
        if encrypt:
            return hmac.new(self._key().landing, content, hashlib.sha256).hexdigest()
        return hashlib.sha256(content).hexdigest()

    def _key(self) -> Key:
        if self.key is None:
            raise UsageError("landed files about persons need their key: set FANZHA_KEY_FILE to the key file")
        return self.key

    def _seal(self, packed: bytes, digest: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self._key().landing).encrypt(nonce, packed, digest.encode())

    def _open(self, stored: bytes, digest: str) -> bytes:
        nonce, sealed = stored[:_NONCE_BYTES], stored[_NONCE_BYTES:]
        try:
            return AESGCM(self._key().landing).decrypt(nonce, sealed, digest.encode())
        except (InvalidTag, ValueError):
            raise DamagedLanding(
                f"landing file {self.path(digest, is_encrypted=True)}: is damaged, or FANZHA_KEY_FILE names another key"
            ) from None


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
