"""The spool: where a child process puts bodies for its parent to land, each under the digest of its content."""

import hashlib
import os
from pathlib import Path
from tempfile import mkstemp


def put(spool: Path, body: bytes) -> str:
    """Write a body, whole or not at all; returns its SHA-256, hexadecimal.

    The parent may be reading the same body of another source or site just now: written in place it would be cut.
    Several children write into one spool, each in several threads.

    Raises:
        OSError: the disk is full or failing; nothing of the body is left, so that a smaller one may fit.
    """
    digest = hashlib.sha256(body).hexdigest()
    descriptor, name = mkstemp(dir=spool, suffix=".part")
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
    except OSError:
        draft.unlink()
        raise
    draft.replace(spool / digest)
    return digest
