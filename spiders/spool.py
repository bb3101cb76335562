"""The spool: where a child process puts bodies for its parent to land, each under the digest of its content."""

import hashlib
from pathlib import Path
from tempfile import NamedTemporaryFile


def put(spool: Path, body: bytes) -> str:
    """Write a body, whole or not at all; returns its SHA-256, hexadecimal.

    The parent may be reading the same body of another source or site just now: written in place it would be cut.
    Several children write into one spool, each in several threads.
    """
    digest = hashlib.sha256(body).hexdigest()
    with NamedTemporaryFile(dir=spool, suffix=".part", delete=False) as draft:
        draft.write(body)
    Path(draft.name).replace(spool / digest)
    return digest
