"""A child process with a reactor: job on stdin, a line an item on stdout, no longer alive than its parent."""

import asyncio
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, BinaryIO, Final, Self, TypeAlias

Child: TypeAlias = "subprocess.Popen[bytes]"
_CHUNK: Final = 1 << 16


@contextmanager
def running(module: str) -> Iterator[Child]:
    """A child that runs one of our modules; killed at the end."""
    # -P: a stray scrapy.py in the working directory must not be imported.
    command = [sys.executable, "-P", "-m", module]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:  # noqa: S603 - our own module
        try:
            yield child
        finally:
            child.kill()  # it has nothing left to do, or nobody to do it for
            with suppress(BrokenPipeError):
                pipe(child.stdin).close()


def lines(child: Child, job: bytes) -> Iterator[bytes]:
    """Give a child its job; yields the whole lines that it answers."""
    tell(child, job)
    yield from answers(child)


def tell(child: Child, line: bytes) -> None:
    """Give a child a line."""
    stdin = pipe(child.stdin)
    with suppress(BrokenPipeError):  # it died at once; its missing answers say so
        stdin.write(line + b"\n")
        stdin.flush()  # and stays open: its end tells the child that we are gone


def answers(child: Child) -> Iterator[bytes]:
    """The whole lines that a child answers, until it ends."""
    for line in pipe(child.stdout):
        if line.endswith(b"\n"):  # else it was killed while writing
            yield line


def pipe(stream: IO[bytes] | None) -> IO[bytes]:
    """A child's stream, which is there."""
    assert stream is not None  # noqa: S101 - for the type checker: Popen was asked for pipes
    return stream


def die_with_parent() -> None:
    """End this process when stdin ends or the parent is gone; for a thread of the child.

    Linux's "parent death signal" would come when the parent's *thread* ends, and Prefect's tasks are threads.
    """
    parent = os.getppid()
    while os.getppid() == parent and not select.select([sys.stdin], [], [], 1.0)[0]:
        pass
    os._exit(1)


def take_orders(take: Callable[[bytes], None]) -> None:
    """Pass on each line from the parent, and end this process as `die_with_parent` does; for a thread of the child."""
    parent, held = os.getppid(), b""
    while os.getppid() == parent:
        if not select.select([0], [], [], 1.0)[0]:
            continue
        if not (chunk := os.read(0, _CHUNK)):
            break
        *whole, held = (held + chunk).split(b"\n")
        for line in whole:
            take(line)
    os._exit(1)


class Report:
    """Writes items, in a thread: a reader who is busy storing must not stop the clock of what is being fetched."""

    def __init__(self, spider: Any) -> None:  # noqa: ANN401 - a spider with `out: BinaryIO` and `line(item) -> bytes`
        self._out: BinaryIO = spider.out
        self._line = spider.line
        self._turn = asyncio.Lock()

    @classmethod
    def from_crawler(cls, crawler: Any) -> Self:  # noqa: ANN401 - Scrapy's, imported by children only
        """Scrapy's constructor; the spider holds the stream."""
        return cls(crawler.spider)

    async def process_item(self, item: object) -> object:
        """Write one line, whole."""
        async with self._turn:
            await asyncio.to_thread(self._write, self._line(item) + b"\n")
        return item

    def _write(self, line: bytes) -> None:
        self._out.write(line)
        self._out.flush()
