"""Reading the TOML files that people write: brands, catalogues, vantage points."""

import re
import tomllib
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from db.errors import UsageError
from db.files import read_bounded

_KEY_PARTS: Final = 128
"""A host has 127 labels at most; of keys with more parts tomllib takes the square of their number."""
_LONG_KEY: Final = re.compile(rf"""(?<![\w-])(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){{{_KEY_PARTS}}}""")


def read_toml(file: Path | Traversable, shown: str, what: str) -> tuple[dict[str, Any], str]:
    """The document of a file, and its text; a byte-order mark, as editors leave one, is none of it.

    Args:
        file: where it is.
        shown: how messages name it.
        what: what it is said to be, as in `a brands file`.

    Raises:
        UsageError: it cannot be read, or is no TOML; one line.
    """
    said = f"{shown}: cannot be read as {what}"
    content = b""
    try:
        content = read_bounded(file)
        text = content.decode("utf-8-sig")
        if found := _LONG_KEY.search(text):
            line = text.count("\n", 0, found.start()) + 1
            raise UsageError(f"{said}: line {line:,} has a key of more than {_KEY_PARTS} parts; write a shorter one")
        return tomllib.loads(text), text
    except OSError as error:
        raise UsageError(f"{said}: {error}") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{said}: line {line:,} is no UTF-8 text; save the file as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{said}: {error}; mend the TOML there") from error
    except RecursionError as error:
        raise UsageError(f"{said}: it is nested too deep; take brackets out") from error
    except ValueError as error:  # what Python says of such a number is about Python
        raise UsageError(f"{said}: a number in it has thousands of digits; write a shorter one") from error
