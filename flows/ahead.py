"""Files of path sources taken in ahead: by other processes, while what came before them is being stored."""

import json
import os
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from tempfile import mkstemp
from typing import Final

import polars as pl
from pydantic import TypeAdapter

from db.errors import FanzhaError, Interrupted, SourceFailed, UnreadableFile, UsageError
from db.landing import Landed, Landing, writing
from db.sources import read_cursor
from db.store import Store, now_ms
from flows.files import fresh_files, read_file, shown
from flows.preparing import Prepared
from flows.spread import ChildEnded, cores, spread
from flows.taking import Document, Taken, take
from flows.weighing import Weight
from spiders.catalogue import Source
from spiders.reading import Reader

_MODULE: Final = "flows.ahead_child"
_MOST_PROCESSES: Final = 2
"""They read more quickly than one stores, and take some 500 MB each at their most."""
_FILES_AHEAD: Final = 50
"""Read and not yet stored: some 20 MB each on the disk, and enough that a large source is read while those before it
are stored."""
_WORTH_BYTES: Final = 32 << 20
"""Of files: less is read in the time that a process takes to start."""
_RAISED: Final = {error.__name__: error for error in (Interrupted, UnreadableFile, UsageError)}


@dataclass(frozen=True, slots=True)
class Fresh:
    """A file that is new or changed."""

    source: Source
    path: Path
    stamp: str

    @property
    def key(self) -> tuple[str, Path, str]:
        """What makes it this one."""
        return self.source.name, self.path, self.stamp


@dataclass(frozen=True, slots=True)
class Answer:
    """A line from a reading process, before the frame of what was rejected.

    Attributes:
        error, message: what was raised, and what it says.
        name, fetched_at, landed, fault, weight: as in `Taken`.
        kind, ignored: as in `Prepared`; without a kind there is no frame.
        rows: file that the rows are in.
    """

    error: str = ""
    message: str = ""
    name: str = ""
    fetched_at: int = 0
    landed: Landed | None = None
    fault: str = ""
    weight: Weight | None = None
    kind: str = ""
    ignored: int = 0
    rows: str = ""


_ANSWER: Final = TypeAdapter(Answer)


class Ahead:
    """What was taken in of files whose turn has not come; each is asked for once, in the order they were planned in."""

    def __init__(self, planned: Sequence[Fresh], taken: Iterator[tuple[Fresh, Taken | FanzhaError]]) -> None:
        self._planned = {fresh.key for fresh in planned}
        self._taken = taken

    def take(self, source: Source, path: Path, stamp: str) -> Taken | None:
        """What was taken in of a file; None where it was not planned, as it is, or has been asked for.

        Raises:
            Interrupted: the disk is full.
            UnreadableFile: it cannot be opened, is too large, or ended the process that read it.
        """
        key = source.name, path, stamp
        if key not in self._planned:
            return None
        for fresh, found in self._taken:
            self._planned.remove(fresh.key)  # what is passed over was stored by somebody else meanwhile
            if fresh.key != key:
                continue
            if isinstance(found, FanzhaError):
                raise found
            return found
        self._planned.clear()  # something unforeseen was raised earlier and ended it: the rest is read in its turn
        return None


@contextmanager
def taking_ahead(store: Store, sources: Sequence[Source], base: Path, spool: Path) -> Generator[Ahead]:
    """Take in what path sources have that is new, as far as that is worth other processes; they end with the block.

    Args:
        store: theirs.
        sources: in the order in which they will be stored.
        base: what their paths are relative to.
        spool: a folder for rows on their way to the store.
    """
    planned = _plan(store, sources, base)
    size = sum(_size(fresh.path) for fresh in planned)
    if size < _WORTH_BYTES or cores() == 1:
        planned = []
    with closing(_taken(store, planned, spool)) as taken:
        yield Ahead(planned, taken)


def _plan(store: Store, sources: Sequence[Source], base: Path) -> list[Fresh]:
    """The files that are new or changed, in the order of their sources; a source with a fault is left to its turn."""
    planned: list[Fresh] = []
    for source in sources:
        with suppress(SourceFailed, UsageError):
            known = read_cursor(store.database, source.name).events
            fresh = fresh_files(source, base, known)
            if fresh and source.has_people:
                store.require_key()
            planned += [Fresh(source, path, stamp) for path, stamp in fresh.items()]
    return planned


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _taken(store: Store, planned: Sequence[Fresh], spool: Path) -> Generator[tuple[Fresh, Taken | FanzhaError]]:
    """Each file and what was taken in of it; one that ends its process is unreadable, and another reads the rest."""
    key = None if store.key_path is None else str(store.key_path)
    task = json.dumps({"landing": str(store.landing.root), "key": key, "spool": str(spool)}).encode()
    processes = min(cores(), _MOST_PROCESSES)
    left = deque(planned)
    while left:
        try:
            for _, said in spread(_MODULE, lambda: task, list(left), _packed, processes, _FILES_AHEAD):
                yield left.popleft(), _unpacked(said)
        except ChildEnded as ended:
            fresh = left.popleft()
            why = f"{shown(fresh.path)}: its reader {ended.how}: it is damaged, or too large"
            yield fresh, UnreadableFile(why)


def _packed(fresh: Fresh) -> bytes:
    return json.dumps({"source": fresh.source.model_dump_json(), "path": str(fresh.path)}).encode()


def answer(landing: Landing, source: Source, path: Path, reader: Reader, spool: Path) -> bytes:
    """What a reading process says of a file; the rows are left in a file of the spool."""
    rows = ""
    try:
        taken = take(landing, source, Document(path.name, read_file(path, source), now_ms()), reader)
        if taken.prepared:
            rows = _spooled(taken.prepared.rows, spool)
    except tuple(_RAISED.values()) as error:
        return _ANSWER.dump_json(Answer(error=type(error).__name__, message=str(error))) + b"\n"
    told = Answer("", "", taken.name, taken.fetched_at, taken.landed, taken.fault, taken.weight)
    if taken.prepared is None:
        return _ANSWER.dump_json(told) + b"\n"
    rejected = BytesIO()
    taken.prepared.rejected.write_ipc(rejected)
    told = replace(told, kind=taken.prepared.kind, ignored=taken.prepared.ignored, rows=rows)
    return b"".join((_ANSWER.dump_json(told), b"\n", rejected.getvalue()))


def _spooled(rows: pl.DataFrame, spool: Path) -> str:
    with writing(spool):
        handle, name = mkstemp(dir=spool, suffix=".rows")
        with os.fdopen(handle, "wb") as file:
            rows.write_ipc(file, compression="lz4")
    return name


def _unpacked(message: bytes) -> Taken | FanzhaError:
    head, _, rejected = message.partition(b"\n")
    told = _ANSWER.validate_json(head)
    if told.landed is None:
        return _RAISED[told.error](told.message)
    prepared = spooled = None
    if told.kind:
        spooled = Path(told.rows)
        prepared = Prepared(told.kind, pl.DataFrame(), pl.read_ipc(rejected), told.ignored)
    return Taken(told.name, told.fetched_at, told.landed, told.fault, told.weight, prepared, spooled)
