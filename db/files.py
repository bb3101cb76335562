"""Reading files that a call names: whole, and never more than fits."""

import errno
import os
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

LIMIT: Final = 16 * 1024 * 1024
"""Bytes: a hundred times the largest catalogue or brands file that a person keeps; `/dev/zero` has no end."""


def read_bounded(path: Path | Traversable, limit: int = LIMIT) -> bytes:
    """The content of a file.

    Raises:
        OSError: it cannot be read, or is larger than limit.
    """
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return content
