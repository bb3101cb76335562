"""Events that were moved out of the database: where their files are, and how they are read beside those in it."""

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

import polars as pl
from sqlite_utils import Database

from db.errors import FanzhaError

MOVED: Final = MappingProxyType(
    {
        "url_check": "url_checks",
        "warning": "warnings",
        "intervention": "interventions",
        "loss": "losses",
        "soc_alert": "soc_alerts",
        "service_event": "service_events",
    }
)
"""Tables whose events are moved, and their name for people. What sources say of addresses and apps, verdicts and
attacks are looked up by what they are about, as long as there is a database: they stay. So do kinds of a few rows."""
NAME: Final = re.compile(r"[a-z_]+_[0-9]{4}-[0-9]{2}_[0-9a-f]{12}\.parquet")
_MEND: Final = "restore it from a backup"


class Span(NamedTuple):
    """From an instant to another, Unix ms; the second is without."""

    start: int
    end: int


class ArchivedFile(NamedTuple):
    """A registered file."""

    archive_id: int
    kind: str
    file: str
    digest: str
    bytes: int
    rows: int
    first_at: int
    last_at: int


def archive_root(path: Path) -> Path:
    """The archive folder of a database."""
    return path.with_name(f"{path.name}.archive")


def database_path(database: Database) -> Path:
    """The file of an open database."""
    return Path(database.execute("PRAGMA database_list").fetchone()[2])


def archived_files(database: Database) -> list[ArchivedFile]:
    """All that is registered, by kind and time."""
    return [
        ArchivedFile(*row)
        for row in database.execute(
            """SELECT archive_id, kind, file, digest, bytes, rows, first_at, last_at FROM archive
               ORDER BY kind, first_at, file"""
        )
    ]


def join_archived(
    database: Database, live: Mapping[str, pl.LazyFrame], kinds: Mapping[str, str], bounds: Mapping[str, Span | None]
) -> dict[str, pl.LazyFrame]:
    """Frames of events with those that were moved to files; the same columns, no other order.

    Args:
        database: whose; the files lie beside it.
        live: name -> what the database holds.
        kinds: name -> table.
        bounds: name -> what of it is asked for, by `occurred_at`; None: all.

    Raises:
        FanzhaError: a file is missing or damaged.
    """
    files = archived_files(database)
    if not files:
        return dict(live)
    root = archive_root(database_path(database))
    joined = dict(live)
    for name, kind in kinds.items():
        span = bounds[name]
        paths = [
            whole_file(root / one.file, one.bytes)
            for one in files
            if one.kind == kind and (span is None or (one.last_at >= span.start and one.first_at < span.end))
        ]
        if paths:
            void = _void_events(database, kind)
            joined[name] = pl.concat([live[name], _moved(paths, live[name].collect_schema(), span, void)])
    return joined


def _void_events(database: Database, kind: str) -> pl.DataFrame:
    """The archived events of a kind that were corrected since: they stay in their files, and count no more."""
    query = "SELECT source_id, event_id FROM voided WHERE kind = ? AND archive_id IS NOT NULL"
    schema = {"source_id": pl.Int64, "event_id": pl.String}
    return pl.DataFrame(database.execute(query, [kind]).fetchall(), schema=schema, orient="row")


def read_archived(paths: list[Path]) -> pl.LazyFrame:
    """Archived events of one kind; `occurred_at` in Unix ms, as everywhere."""
    moved = pl.scan_parquet(paths, missing_columns="insert", extra_columns="ignore", glob=False)
    return moved.with_columns(pl.col("occurred_at").dt.epoch("ms"))


def _moved(paths: list[Path], schema: pl.Schema, span: Span | None, void: pl.DataFrame) -> pl.LazyFrame:
    moved = read_archived(paths)
    if void.height:
        moved = moved.join(void.lazy(), on=void.columns, how="anti")
    if span is not None:
        moved = moved.filter(pl.col("occurred_at").is_between(span.start, span.end, closed="left"))
    held = moved.collect_schema()
    # a column that came into use later is unknown of events that were moved before
    return moved.select(
        pl.col(name) if name in held else pl.lit(None, kind).alias(name) for name, kind in schema.items()
    )


def whole_file(path: Path, size: int) -> Path:
    """An archived file that is as long as it was written.

    Raises:
        FanzhaError: it is missing or cut.
    """
    if not path.is_file():
        raise FanzhaError(f"archive file {path}: is missing, and no figure is whole without it; {_MEND}")
    if path.stat().st_size != size:
        raise FanzhaError(f"archive file {path}: is damaged, and no figure is whole without it; {_MEND}")
    return path


@contextmanager
def reading_archived() -> Generator[None]:
    """Collecting frames that may come from archived files.

    Raises:
        FanzhaError: one of them is damaged inside.
    """
    try:
        yield
    except pl.exceptions.ComputeError as error:
        if "parquet" not in str(error).lower() and "zstd" not in str(error).lower():
            raise
        raise FanzhaError("an archive file is damaged; fanzha verify says which, restore it from a backup") from error
