"""What holds of a file whatever is in it: rows that are all accounted for, or one clear line; bounded either way."""

import re
import resource
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

from db.sources import Counts, Cursor
from db.store import Store, now_ms
from flows.ingest import Intake
from flows.taking import Document
from spiders.formats.unpack import unpack
from spiders.reading import Limits, Reader
from tests.faults.samples import Target

LIMITS: Final = Limits()
LONGEST_SAID: Final = 2_000
"""Characters of a reason; thirty columns' names of forty are among the longest."""
SECONDS: Final = 60.0
"""Most time for one hostile file; the slowest takes a tenth of it on an idle machine."""
_CODE: Final = 256 << 20
"""Bytes of libraries and their tables, which a child's limit does not count."""
_TABLE: Final = {"address": "sighting", "app": "app_sighting"}
_NUMBERS: Final = count(1)
"""Of files, whichever judge takes them: the same bytes again are another document."""
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(slots=True)
class Verdict:
    """How a file ended: `fault` where it was refused, else its counts; and what it cost."""

    fault: str
    counts: Counts = field(default_factory=Counts)
    seconds: float = 0.0
    peak: int = 0
    """Bytes of memory that this process took on for it; what its child held is checked apart."""


class Judge:
    """Takes files of one layout in, through reader and store, as a run does."""

    def __init__(self, store: Store, target: Target, reader: Reader) -> None:
        self.store = store
        self.target = target
        self.reader = reader
        self._name = ""

    def take(self, content: bytes) -> Verdict:
        """Take a file in and check all that must hold of it."""
        began, before = time.monotonic(), _reset_peak()
        verdict = self._take(content)
        verdict.seconds = time.monotonic() - began
        verdict.peak = _peak("self") - before
        self._check(verdict, content)
        return verdict

    def _take(self, content: bytes) -> Verdict:
        self._name = f"hostile-{next(_NUMBERS)}"
        with ExitStack() as aside:
            intake = Intake(self.store, self.target.source, now_ms(), self.reader, aside)
            if fault := intake.take(Document(self._name, content, now_ms())):
                intake.keep_refused()
                return Verdict(fault)
            return Verdict("", intake.finish(Cursor(), None))

    def _check(self, verdict: Verdict, content: bytes) -> None:
        assert verdict.seconds < SECONDS
        assert verdict.peak < LIMITS.memory
        child = self.reader._child
        assert max(_peak(str(child.pid)) if child else 0, _ended_peak()) < LIMITS.memory + _CODE
        if verdict.fault:
            check_said(verdict.fault)
            return
        document = self._number("SELECT max(document_id) FROM document WHERE name = ?", self._name)
        table = _TABLE.get(self.target.source.row_kind, self.target.source.row_kind) or self._feed_table()
        stored = self._number(f'SELECT count(*) FROM "{table}" WHERE document_id = ?', document)
        assert stored >= verdict.counts.stored, "each row that is said to be stored is"
        self._check_quarantine(document, verdict.counts)
        plain = unpack(content, self.target.source.max_bytes)
        if (wanted := self.target.count(plain)) is not None:
            assert verdict.counts.rows == wanted, "no row is lost, none made up"

    def _feed_table(self) -> str:
        return "app_sighting" if self.target.source.format in {"fdroid", "store"} else "sighting"

    def _check_quarantine(self, document: int, counts: Counts) -> None:
        rows = self.store.database.execute(
            "SELECT position, raw, reason FROM quarantine WHERE document_id = ?", [document]
        ).fetchall()
        assert bool(rows) is bool(counts.quarantined)
        assert len(rows) <= counts.quarantined
        for position, raw, reason in rows:
            assert position > 0
            assert len(raw) <= 2_000
            assert raw == "" if self.target.source.has_people else raw != "" or reason == "no address"
            check_said(reason)

    def _number(self, query: str, given: int | str) -> int:
        return int(self.store.database.execute(query, [given]).fetchone()[0])


def check_said(text: str) -> None:
    """A reason is one line that can be shown, and no page of them."""
    assert text
    assert len(text) <= LONGEST_SAID
    assert not _UNPRINTABLE.search(text), ascii(text)


@contextmanager
def judging(store: Store, target: Target, limits: Limits = LIMITS) -> Iterator[Judge]:
    """A judge of one layout, with a reader of its own."""
    with Reader(target.source, limits) as reader:
        yield Judge(store, target, reader)


def _reset_peak() -> int:
    """Forget this process's peak; returns what it holds."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    return _peak("self")


def _ended_peak() -> int:
    """The most memory that any child held that has ended, in bytes."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10


def _peak(process: str) -> int:
    """The most memory that a process has held, in bytes; 0 where it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text("ascii")
    except FileNotFoundError:
        return 0
    found = re.search(r"VmHWM:\s+([0-9]+) kB", status)
    return int(found[1]) << 10 if found else 0
