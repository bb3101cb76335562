"""Work spread over processes: one task for all of them, then block after block to whichever is free.

Each has the matcher of its own: polars has threads, so that to fork is unsafe. No more than a few blocks are held
however many there are, and answers come in the order of their blocks.
"""

import gc
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from typing import IO, Final, Generic, TypeVar

from spiders.lifeline import pipe

Block = TypeVar("Block")

_MOST_PROCESSES: Final = 8
"""Each takes 250 MB, more with many brands."""
_ENVIRON: Final = {"POLARS_MAX_THREADS": "1", "_RJEM_MALLOC_CONF": "dirty_decay_ms:0,muzzy_decay_ms:0"}
"""The processes are the threads; what polars frees goes back at once, so that who waits holds half as much."""
_SIZE: Final = 8
"""Bytes of a frame's own length."""
_OBJECTS: Final = 100_000
"""Objects made between two searches for garbage; matching makes no cycles, and searches took a tenth of its time."""


class ChildEnded(Exception, Generic[Block]):
    """Raised where a process ended before its time."""

    def __init__(self, how: str, block: Block) -> None:
        super().__init__(how)
        self.how = how
        self.block = block


def cores() -> int:
    """How many processes are worth their start."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(there, _MOST_PROCESSES)


def spread(
    module: str,
    task: Callable[[], bytes],
    blocks: Iterable[Block],
    pack: Callable[[Block], bytes],
    processes: int,
    ahead: int = 0,
) -> Iterator[tuple[Block, bytes]]:
    """Ask so many processes, whichever is free; end them on every way out.

    Args:
        module: of ours; its `main` calls `serve`.
        task: makes what each process is told first; called while they start.
        blocks: taken a few ahead of the answers, in the caller's thread.
        pack: makes bytes of a block.
        processes: how many; `cores` says how many are worth it.
        ahead: how many blocks they may be ahead of whoever takes their answers; at least two for each of them.

    Raises:
        ChildEnded: a process ended before its time; the answers before are complete.
    """
    children: list[_Child] = []
    free: SimpleQueue[_Child] = SimpleQueue()

    def ask(block: Block) -> bytes:
        child = free.get()
        try:
            return child.ask(pack(block))
        except (EOFError, OSError) as error:
            raise ChildEnded(child.end(), block) from error
        finally:
            free.put(child)

    asked: deque[tuple[Block, Future[bytes]]] = deque()
    pool = ThreadPoolExecutor(processes)
    try:
        children.extend(_Child(module) for _ in range(processes))
        told = task()
        for child in children:
            child.begin(told)
            free.put(child)
        for block in blocks:
            asked.append((block, pool.submit(ask, block)))
            if len(asked) > max(ahead, 2 * processes):
                yield _answered(asked)
        while asked:
            yield _answered(asked)
    finally:
        for child in children:
            child.kill()
        pool.shutdown(cancel_futures=True)  # whoever waits for a child has seen its end
        for child in children:
            child.close()


def _answered(asked: deque[tuple[Block, Future[bytes]]]) -> tuple[Block, bytes]:
    block, answer = asked.popleft()
    return block, answer.result()


def serve(begin: Callable[[bytes], Callable[[bytes], bytes]]) -> None:
    """The child's side: take the task, then answer blocks until there are no more; it lives as long as its parent.

    Args:
        begin: given the task, returns what answers a block.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else prints must not stand between the answers
    try:
        answer = begin(_receive(sys.stdin.buffer))
        gc.freeze()
        gc.set_threshold(_OBJECTS)
        while True:
            _send(out, answer(_receive(sys.stdin.buffer)))
    except (EOFError, BrokenPipeError):
        os._exit(0)  # the parent has all it wanted, or is gone


class _Child:
    """A process that answers blocks. It ends with its stdin, however we end."""

    def __init__(self, module: str) -> None:
        # -P: a stray flows.py in the working directory must not be imported. A session of its own: Ctrl-C shall not
        # reach it before it can say that it does not care.
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | _ENVIRON,
            start_new_session=True,
        )
        self._task: bytes | None = None

    def begin(self, task: bytes) -> None:
        """Hold what it is told with its first block: until it has started, a pipe takes no more than a little."""
        self._task = task

    def ask(self, block: bytes) -> bytes:
        if self._task is not None:
            _send(pipe(self._process.stdin), self._task)
            self._task = None
        _send(pipe(self._process.stdin), block)
        return _receive(pipe(self._process.stdout))

    def end(self) -> str:
        """How it ended, once it has."""
        code = self._process.wait()
        return f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        self._process.wait()
        pipe(self._process.stdout).close()
        with suppress(BrokenPipeError):
            pipe(self._process.stdin).close()


def _send(pipe: IO[bytes], frame: bytes) -> None:
    pipe.write(len(frame).to_bytes(_SIZE, "big") + frame)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes:
    """The next frame; raises EOFError where the pipe ends before or within it."""
    head = pipe.read(_SIZE)
    size = int.from_bytes(head, "big")
    frame = pipe.read(size)
    if len(head) < _SIZE or len(frame) < size:
        raise EOFError
    return frame
