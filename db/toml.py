"""Reading the TOML files that people write: brands, catalogues, vantage points."""

import tomllib
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from db.errors import UsageError
from db.files import read_bounded


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
