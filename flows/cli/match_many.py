"""The blocks of `fanzha match`: cut from the input, spread over processes, answered in their order.

A short input is answered in this process alone, a longer one by as many as there are cores.
"""

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterable, Iterator
from io import BufferedIOBase
from itertools import chain, islice, repeat
from typing import Final, TextIO

from db.errors import Interrupted, UsageError
from flows.cli.match_work import (
    COLUMNS,
    MOST_REASONS,
    Answer,
    Block,
    Task,
    pack_block,
    pack_task,
    unpack_answer,
)
from flows.show import printing

_BLOCK_BYTES: Final = 1 << 20
"""Some 60,000 hosts: enough for the vectors to pay, few enough to stay in a core's cache."""
_FIRST_BYTES: Final = (1 << 18, 1 << 19)
"""Of the first blocks: 40,000 hosts are work for two processes already."""
_LINE_BYTES: Final = 65_536
"""A longer line is no address; it is cut, not held."""


def match_lines(source: BufferedIOBase, out: TextIO, task: Callable[[], Task], complain: Callable[[str], None]) -> int:
    """Match each line of source (hosts or URLs) and write one row a match.

    Args:
        source: where the lines come from.
        out: where the rows go.
        task: gives the brands, and how they are looked for; called once, before anything is written.
        complain: told of each line that is no address, MOST_REASONS of them at most.

    Returns:
        How many lines were no address.

    Raises:
        UsageError: source is UTF-16 or the like; nothing is written.
        Interrupted: a process ended before its time, or out takes no more; what was written until then is right.
    """
    refused = 0

    def begin() -> Task:
        told = task()
        if told.output == "csv":
            _write(out, ",".join(COLUMNS) + "\n")
        return told

    for answer in _answers(begin, read_blocks(source)):
        _write(out, answer.rows)
        for number, reason in answer.reasons[: max(0, MOST_REASONS - refused)]:
            complain(f"line {number}: {reason}")
        refused += answer.refused
    return refused


def _write(out: TextIO, rows: str) -> None:
    with printing(out):
        out.write(rows)


def read_blocks(source: BufferedIOBase) -> Iterator[Block]:
    """Whole lines, about a MiB at once; of a line that is longer than any address only the beginning.

    Raises:
        UsageError: it is UTF-16 or the like.
    """
    first, begun, is_cut = 1, b"", False
    sizes = chain(_FIRST_BYTES, repeat(_BLOCK_BYTES))
    reads = iter(lambda: _read(source, min(next(sizes), _BLOCK_BYTES)), b"")
    for read in chain([_without_mark(next(reads, b""))], reads):
        rest = read[read.find(b"\n") :] if b"\n" in read else b""
        text = begun + (rest if is_cut else read)
        whole, end, begun = text.rpartition(b"\n")
        is_cut = len(begun) >= _LINE_BYTES
        begun = begun[:_LINE_BYTES]
        if end:
            yield Block(first, whole + end)
            first += whole.count(b"\n") + 1
    if begun:
        yield Block(first, begun)


def _without_mark(start: bytes) -> bytes:
    """How a text begins, without UTF-8's byte-order mark."""
    even, odd = start[:8:2], start[1:8:2]
    is_wide = len(start) > 3 and ((0 not in even and not any(odd)) or (0 not in odd and not any(even)))
    if is_wide or start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise UsageError("the input is UTF-16 or the like, not UTF-8; save it as UTF-8, or pipe it through iconv")
    return start.removeprefix(BOM_UTF8)


def _read(source: BufferedIOBase, left: int) -> bytes:
    """A block's bytes, fewer at the end; piece by piece, since Ctrl-C is not heard within one call."""
    pieces: list[bytes] = []
    while left and (piece := source.read1(left)):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _answers(task: Callable[[], Task], blocks: Iterator[Block]) -> Iterator[Answer]:
    ahead = list(islice(blocks, 2))
    if len(ahead) < 2:
        return _answered_here(task, ahead)
    from flows.spread import cores

    processes = cores()
    if processes < 2:
        return _answered_here(task, chain(ahead, blocks))
    return _answered_by(processes, task, chain(ahead, blocks))


def _answered_here(task: Callable[[], Task], blocks: Iterable[Block]) -> Iterator[Answer]:
    from flows.cli.match_lines import LineMatcher

    return map(LineMatcher(task()).answer, blocks)


def _answered_by(processes: int, task: Callable[[], Task], blocks: Iterable[Block]) -> Iterator[Answer]:
    from flows.spread import ChildEnded, spread

    try:
        for _, answer in spread("flows.cli.match_child", lambda: pack_task(task()), blocks, pack_block, processes):
            yield unpack_answer(answer)
    except ChildEnded as ended:
        raise Interrupted(
            f"a matching process {ended.how} at the lines from {ended.block.first:,} on; the rows before are complete"
        ) from ended
