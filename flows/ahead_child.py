"""One of the processes that take files in ahead of their turn."""

import json
import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from db.keys import load_key
from db.landing import Landing
from flows.ahead import answer
from flows.spread import serve
from spiders.catalogue import Source, stored_source
from spiders.reading import Reader

_BEHIND: Final = 10
"""Steps of niceness: who stores goes first, since everything waits for that in the end."""


class _Readers:
    """The reader of the source that is at work; the one before ends."""

    def __init__(self) -> None:
        self._held = ExitStack()
        self._source: Source | None = None
        self._reader: Reader | None = None

    def of(self, source: Source) -> Reader:
        if self._reader is None or source != self._source:
            self._held.close()
            self._source, self._reader = source, self._held.enter_context(Reader(source))
        return self._reader


def _begin(task: bytes) -> Callable[[bytes], bytes]:
    told = json.loads(task)
    landing = Landing(Path(told["landing"]), load_key(Path(told["key"])) if told["key"] else None)
    readers, spool = _Readers(), Path(told["spool"])

    def answered(block: bytes) -> bytes:
        asked = json.loads(block)
        source = stored_source(asked["source"])
        return answer(landing, source, Path(asked["path"]), readers.of(source), spool)

    return answered


def _give_way() -> None:
    os.nice(_BEHIND)
    with suppress(OSError):  # a kernel without groups: Linux shares the cores among sessions first, and ours is its own
        Path("/proc/self/autogroup").write_text(str(_BEHIND), "utf-8")


if __name__ == "__main__":
    _give_way()
    serve(_begin)
