"""The landing folder: what arrived, as it came, under the digest of its content, compressed."""

import errno
import hashlib
import hmac
import os
import re
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from db.errors import FanzhaError, Interrupted, UsageError
from db.keys import Key

_NONCE_BYTES: Final = 12
_LEVEL: Final = 3
"""Half the time of zlib's default 6, for files a tenth larger."""
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What a full or failing disk says; making room mends it, but not a file where a folder should be."""
_DRAFT: Final = re.compile(r"[0-9a-f]{64}\.([0-9]{1,9})\.part")
"""Name of a file that is being written, with the number of the process that writes it."""
_SPOOL: Final = re.compile(r"spool-([0-9]{1,9})-.*")
"""Name of a folder of what is on its way into the database, with the number of the process that it belongs to."""
_MEND: Final = "import the same file again, or restore it from a backup"


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
    """The folder beside a database; nothing in it is ever changed, but what is damaged is made whole again."""

    root: Path
    key: Key | None = None

    def keep(self, content: bytes, *, encrypt: bool) -> Landed:
        """Keep content; the same content is kept once, and anew where its file is damaged. It is on disk at the end.

        Raises:
            Interrupted: the disk is full or failing; no half of the file is left.
            UsageError: something else stands where the file or its folder should be.
        """
        digest = self._digest(content, encrypt=encrypt)
        if not self._holds(digest, encrypt=encrypt):
            packed = zlib.compress(content, _LEVEL)
            with writing(self.root):
                _write(self.path(digest, is_encrypted=encrypt), self._seal(packed, digest) if encrypt else packed)
        return Landed(digest, len(content), encrypt)

    def _holds(self, digest: str, *, encrypt: bool) -> bool:
        try:
            self.read(digest, is_encrypted=encrypt)
        except DamagedLanding:
            return False
        return True

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
            raise DamagedLanding(f"landing file {path}: is missing; {_MEND}") from None
        except OSError as error:
            raise DamagedLanding(f"landing file {path}: cannot be read: {error.strerror}; {_MEND}") from None
        except zlib.error:
            raise DamagedLanding(f"landing file {path}: is damaged; {_MEND}") from None
        if self._digest(content, encrypt=is_encrypted) != digest:
            raise DamagedLanding(f"landing file {path}: holds other content than it should; {_MEND}")
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


@contextmanager
def writing(root: Path) -> Generator[None]:
    """Something that writes into a landing folder: what goes wrong with the disk is one line.

    Raises:
        Interrupted: the disk is full or failing.
        UsageError: the folder cannot be used.
    """
    try:
        yield
    except OSError as error:
        said = f"landing folder {root}: cannot be written: {error.strerror}"
        if error.errno in _NO_ROOM:
            raise Interrupted(f"{said}; what was committed is kept, make room and run again") from error
        place = error.filename2 or error.filename or root
        raise UsageError(f"{said}: {place}; move away what stands there, or give access to it") from error


def is_alive(process: int) -> bool:
    """Whether a process of this number runs: what a dead one left half done is cleared away."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def spools(root: Path) -> Iterator[tuple[Path, bool]]:
    """The folders of what is on its way into the database, and whether the process of each still runs."""
    for path in root.glob("spool-*"):
        if named := _SPOOL.fullmatch(path.name):
            yield path, is_alive(int(named[1]))


def _write(path: Path, content: bytes) -> None:
    root = path.parent.parent
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in root.glob("*.part"):
        if (draft_of := _DRAFT.fullmatch(left.name)) and not is_alive(int(draft_of[1])):
            left.unlink(missing_ok=True)
    draft = root / f"{path.stem}.{os.getpid()}.part"
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
