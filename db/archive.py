"""Moving closed events to Parquet files beside the database. Killed anywhere, each event is in one place."""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

import polars as pl
from sqlite_utils import Database

from db.archives import MOVED, NAME, Span, archive_root, archived_files, read_archived
from db.backup_file import CHUNK
from db.connection import transaction
from db.errors import Busy, UsageError
from db.frames import scan_events
from db.landing import is_alive, writing
from db.period import SHANGHAI, shanghai_day
from db.store import Store, hold
from db.tally import take_off

_CHINA: Final = timezone(timedelta(hours=8))
_MONTH: Final = "strftime('%Y-%m', occurred_at / 1000 + 28800, 'unixepoch')"
_DRAFT: Final = re.compile(r"[a-z_]+\.([0-9]{1,9})\.part")
_TRIES: Final = 3
_STAYS: Final = """CREATE TRIGGER IF NOT EXISTS {kind}_stays_archived BEFORE INSERT ON {kind} WHEN EXISTS (
    SELECT 1 FROM archived JOIN archive USING (archive_id)
    WHERE archived.source_id = NEW.source_id AND archived.event_id = NEW.event_id AND archive.kind = '{kind}')
    BEGIN SELECT RAISE(IGNORE); END"""
"""An event that was moved and comes again is a duplicate, whoever stores it. Made with the first file."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A file that events were moved to."""

    file: str
    rows: int
    bytes: int


class _Grown(Exception):
    """Raised where events of a month came, or were corrected, while it was written out."""


def archive_events(store: Store, before: date) -> list[Moved]:
    """Move all events from before a day (Shanghai) to files, one a kind and month; those moved already stay.

    Raises:
        UsageError: the day is still to come.
        Busy: another process is at it, or goes on storing such events.
        Interrupted: the disk is full; what was moved so far is.
    """
    if before > datetime.now(SHANGHAI).date():
        raise UsageError(f"{before}: is still to come; give a day up to today, before which nothing more happens")
    end = _instant(before)
    moved = []
    with hold(store.path, "archive"), writing(archive_root(store.path)):
        archive_root(store.path).mkdir(exist_ok=True)
        _sweep(store)
        for kind in MOVED:
            for month, span in list(_months(store.database, kind, end)):
                moved.append(_move(store, kind, month, span))
    return moved


def archive_faults(store: Store) -> Iterator[str]:
    """Each archived file that is missing or damaged, lacks the keys of its events, or that no record names."""
    root, files = archive_root(store.path), archived_files(store.database)
    keys = Counter(archive_id for (archive_id,) in store.database.execute("SELECT archive_id FROM archived"))
    for one in files:
        path = root / one.file
        if not path.is_file():
            yield f"archive file {path}: is missing; restore it from a backup"
        elif _digest(path) != one.digest:
            yield f"archive file {path}: is damaged; restore it from a backup"
        if keys[one.archive_id] != one.rows:
            lost = f"{keys[one.archive_id]:,} keys of its {one.rows:,} events are there"
            yield f"table archived: {one.file}: {lost}, and events may be stored twice; restore a backup"
    for path in sorted(set(root.glob("*.parquet")) - {root / one.file for one in files}):
        yield (
            f"archive file {path}: no record names it; a killed run left it, and the next fanzha archive removes it, "
            "or its record is lost: then restore a backup"
        )


def _move(store: Store, kind: str, month: str, span: Span) -> Moved:
    for _ in range(_TRIES):
        draft = archive_root(store.path) / f"{kind}.{os.getpid()}.part"
        try:
            void = _void(store.database, kind)
            file = _write(store.database, kind, month, span, draft)
            return _register(store, kind, file, span, void)
        except _Grown:
            continue
        finally:
            draft.unlink(missing_ok=True)
    raise Busy(f"table {kind}: events of {month} keep coming; run fanzha archive again once they are in")


def _write(database: Database, kind: str, month: str, span: Span, draft: Path) -> Path:
    """A month's events as a file under its final name, on disk; nothing of the database has changed yet."""
    events = scan_events(database, kind, span)
    said = {
        "title": f"fanzha archive: {MOVED[kind]} of {month} (Asia/Shanghai), moved out of the database",
        "columns": "occurred_at: UTC; day: in Shanghai; subject: number of a person in the database; landed, "
        "position: landing file and place in it; *_fen: CNY 0.01",
    }
    events.with_columns(
        pl.from_epoch("occurred_at", time_unit="ms").dt.replace_time_zone("UTC").dt.cast_time_unit("ms"),
        shanghai_day(pl.col("occurred_at")).alias("day"),
    ).sink_parquet(
        draft, compression="zstd", statistics=True, row_group_size=250_000, metadata=said, engine="streaming"
    )
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    file = draft.with_name(f"{MOVED[kind]}_{month}_{_digest(draft)[:12]}.parquet")
    draft.replace(file)
    _sync(file.parent)
    return file


def _void(database: Database, kind: str) -> int:
    """How many events of a kind corrections have taken out; while it stays the same, rows are only added."""
    return int(database.execute("SELECT count(*) FROM voided WHERE kind = ?", [kind]).fetchone()[0])


def _register(store: Store, kind: str, file: Path, span: Span, void: int) -> Moved:
    """The step from one place to the other: from here on the file counts, and the rows are gone.

    Raises:
        _Grown: there are other events than were written; the file goes.
    """
    written = read_archived([file])
    sizes = written.select(pl.len(), pl.min("occurred_at").alias("first"), pl.max("occurred_at").alias("last"))
    rows, first, last = sizes.collect(engine="streaming").row(0)
    origins = written.group_by("source_id", "document_id").len().collect(engine="streaming").rows()
    moved = Moved(file.name, rows, file.stat().st_size)
    try:
        with transaction(store.database):
            archive_id = store.database.conn.execute(
                "INSERT INTO archive (kind, file, digest, bytes, rows, first_at, last_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [kind, file.name, _digest(file), moved.bytes, rows, first, last],
            ).lastrowid
            _take_out(store.database, kind, span, archive_id, (rows, void))
            take_off(store.database, kind, origins)
    except _Grown:
        file.unlink()
        raise
    return moved


def _take_out(database: Database, kind: str, span: Span, archive_id: int | None, written: tuple[int, int]) -> None:
    """Keep the events' keys and delete them: so many as were written, none void since."""
    rows, void = written
    where = f"FROM {kind} WHERE occurred_at >= ? AND occurred_at < ?"
    kept = f"INSERT INTO archived SELECT source_id, event_id, {archive_id} {where}"
    keys = database.conn.execute(kept, span).rowcount
    if keys != rows or _void(database, kind) != void or database.conn.execute(f"DELETE {where}", span).rowcount != rows:
        raise _Grown
    database.execute(_STAYS.format(kind=kind))


def _months(database: Database, kind: str, end: int) -> Iterator[tuple[str, Span]]:
    """Each month of Shanghai in which events happened, up to an instant."""
    found = database.execute(f"SELECT DISTINCT {_MONTH} FROM {kind} WHERE occurred_at < ? ORDER BY 1", [end])  # noqa: S608 - our own names
    for (month,) in found.fetchall():
        first = date.fromisoformat(f"{month}-01")
        after = (first + timedelta(days=31)).replace(day=1)
        yield month, Span(_instant(first), min(_instant(after), end))


def _instant(day: date) -> int:
    """When a day begins in Shanghai."""
    return int(datetime(day.year, day.month, day.day, tzinfo=_CHINA).astimezone(UTC).timestamp()) * 1000


def _sweep(store: Store) -> None:
    """Remove what killed runs left: drafts, and files that were never registered, whose events are all still here."""
    root = archive_root(store.path)
    known = {one.file for one in archived_files(store.database)}
    for left in root.iterdir():
        draft = _DRAFT.fullmatch(left.name)
        if (draft and not is_alive(int(draft[1]))) or (
            NAME.fullmatch(left.name) and left.name not in known and _is_still_here(store.database, left)
        ):
            left.unlink()


def _is_still_here(database: Database, file: Path) -> bool:
    kind = next((kind for kind, name in MOVED.items() if file.name.startswith(f"{name}_")), None)
    try:
        keys = pl.read_parquet(file, columns=["source_id", "event_id"])
    except (pl.exceptions.PolarsError, OSError):
        return False
    database.execute("DROP TABLE IF EXISTS temp.moved")
    database.execute("CREATE TEMP TABLE moved (source_id, event_id)")
    database.conn.executemany("INSERT INTO temp.moved VALUES (?, ?)", keys.iter_rows())
    held = database.execute(
        f"""SELECT (SELECT count(*) FROM temp.moved CROSS JOIN {kind} USING (source_id, event_id)) +
            (SELECT count(*) FROM temp.moved CROSS JOIN voided USING (source_id, event_id)
                WHERE voided.kind = '{kind}' AND voided.archive_id IS NULL)"""  # noqa: S608 - our own names
    )
    return kind is not None and int(held.fetchone()[0]) == keys.height


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
