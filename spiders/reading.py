"""Reading what a source sent: bytes in, rows out. What may bring its reader down is read by a child process.

Parquet, Excel and HTML are read by large libraries in machine code. A file made for it has them abort, hang or fill the
memory, and the process that called them ends; in a child with bounds of its own that is one source's failure. So is
large JSON. Lists and CSV, where nearly all rows are, are read right here.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import polars as pl
from pydantic import TypeAdapter

from db.errors import UnreadableFile
from spiders.catalogue import Source
from spiders.formats.parsed import Parsed
from spiders.formats.registry import FORMATS
from spiders.formats.unpack import unpack
from spiders.lifeline import pipe

LENGTH: Final = 8
"""Bytes of a document's length, which goes ahead of it."""
_KEPT: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "TZDIR", "TMPDIR")
"""Of the environment; the keys of sources, which stand there too, are no business of a parser's."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may cost where it is read by a child."""

    memory: int = 2 << 30
    """Bytes the child may hold: a workbook of 20 million cells needs about three quarters of it."""
    seconds: int = 300
    """Time, too: the same workbook takes a minute on a slow machine."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A line from the child, before its two frames.

    Attributes:
        fault: why the document cannot be read; empty: it can.
        kind, ignored: as in `Parsed`.
        rows, rejected: bytes of the frames in Arrow's stream format.
    """

    fault: str = ""
    kind: str = ""
    ignored: int = 0
    rows: int = 0
    rejected: int = 0


ANSWER: Final = TypeAdapter(Answer)


class Reader:
    """Reads the documents of one source. The child starts with the first that needs one and ends with the block."""

    def __init__(self, source: Source, limits: Limits | None = None) -> None:
        self._source = source
        self._format = FORMATS[source.format]
        self._limits = limits or Limits()
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child:
            self._child.kill()  # it has nothing left to do, or nobody to do it for
        self._end()

    def read(self, content: bytes) -> Parsed:
        """Rows of a file as it came, compressed or not.

        Raises:
            UnreadableFile: it is not what the source says it is, or costs too much; one line, without the file's name.
        """
        plain = unpack(content, self._source.max_bytes)
        if not self._format.is_risky(plain):
            return self._format.parse(plain, self._source)
        answer = _ask(self._child or self._start(), plain)
        if answer is None:
            raise UnreadableFile(self._ending())
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        # -P: a stray polars.py in the working directory must not be imported.
        command = [sys.executable, "-P", "-m", "spiders.reading_child"]
        limits = [str(self._limits.memory), str(self._limits.seconds)]
        environ = {name: os.environ[name] for name in _KEPT if name in os.environ} | {"POLARS_MAX_THREADS": "2"}
        self._child = subprocess.Popen(  # noqa: S603 - our own module
            [*command, *limits],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what a library says when it panics may quote persons
            env=environ,
        )
        with suppress(BrokenPipeError):  # it died at once; its missing answer says so
            pipe(self._child.stdin).write(self._source.model_dump_json().encode() + b"\n")
        return self._child

    def _ending(self) -> str:
        """Why the child is no longer there; the next document gets another one."""
        code, limits = self._end(), self._limits
        if code == -signal.SIGALRM:
            return f"takes more than {limits.seconds:,} s to read"
        cause = signal.Signals(-code).name if code < 0 else f"exit {code}"
        return f"broke its reader ({cause}): it is damaged, or takes more than {limits.memory >> 20:,} MiB of memory"

    def _end(self) -> int:
        child, self._child = self._child, None
        if child is None:
            return 0
        with suppress(BrokenPipeError):
            pipe(child.stdin).close()
        pipe(child.stdout).close()
        return child.wait()


def _ask(child: subprocess.Popen[bytes], content: bytes) -> Parsed | None:
    """The child's answer; None where it died of the question.

    Raises:
        UnreadableFile: it says why it cannot read it.
    """
    stdin, stdout = pipe(child.stdin), pipe(child.stdout)
    with suppress(BrokenPipeError):
        stdin.write(len(content).to_bytes(LENGTH, "big"))
        stdin.write(content)
        stdin.flush()
    head = stdout.readline()
    if not head.endswith(b"\n"):
        return None
    told = ANSWER.validate_json(head)
    if told.fault:
        raise UnreadableFile(told.fault)
    frames = [stdout.read(length) for length in (told.rows, told.rejected)]
    if (len(frames[0]), len(frames[1])) != (told.rows, told.rejected):
        return None
    rows, rejected = (pl.read_ipc_stream(frame) for frame in frames)
    return Parsed(told.kind, rows, rejected, told.ignored)
