"""The process that risky documents are read in: a source on stdin, then its documents; an answer for each on stdout.

Started as `python -m spiders.reading_child MEMORY SECONDS`: it bounds itself, and ends where its parent's pipe does.
"""

import io
import os
import resource
import signal
import sys
from typing import BinaryIO

import polars as pl

from db.errors import UnreadableFile
from spiders.catalogue import Source
from spiders.formats.registry import FORMATS
from spiders.reading import ANSWER, LENGTH, Answer


def main() -> None:
    """Answer every document on stdin."""
    memory, seconds = map(int, sys.argv[1:])
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else prints must not stand between the answers
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would have the document in it
    source = Source.model_validate_json(sys.stdin.buffer.readline())
    while length := sys.stdin.buffer.read(LENGTH):
        signal.alarm(seconds)  # its default action ends the process, wherever in machine code it is
        _answer(sys.stdin.buffer.read(int.from_bytes(length, "big")), source, out)
        signal.alarm(0)


def _answer(content: bytes, source: Source, out: BinaryIO) -> None:
    answer, frames = _read(content, source)
    out.write(ANSWER.dump_json(answer) + b"\n")
    out.writelines(frames)
    out.flush()


def _read(content: bytes, source: Source) -> tuple[Answer, tuple[memoryview, ...]]:
    try:
        parsed = FORMATS[source.format].parse(content, source)
        rows, rejected = _packed(parsed.rows), _packed(parsed.rejected)
    except UnreadableFile as error:
        return Answer(fault=str(error)), ()
    except MemoryError:
        return Answer(fault="takes more memory than one document may"), ()
    return Answer("", parsed.kind, parsed.ignored, rows.nbytes, rejected.nbytes), (rows, rejected)


def _packed(frame: pl.DataFrame) -> memoryview:
    stream = io.BytesIO()
    frame.write_ipc_stream(stream)
    return stream.getbuffer()


if __name__ == "__main__":
    main()
