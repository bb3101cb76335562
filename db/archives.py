"""Events that were moved out of the database: where their files are."""

from pathlib import Path


def archive_root(path: Path) -> Path:
    """The archive folder of a database."""
    return path.with_name(f"{path.name}.archive")
