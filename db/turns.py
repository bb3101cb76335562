"""A connection that several threads read from in turn, and that closes between two reads, never within one."""

import sqlite3
from collections.abc import Iterator
from threading import Condition, RLock
from typing import Any, Final, TypeVar

_Step = TypeVar("_Step")
_PATIENCE: Final = 10.0
"""Seconds: a step takes a twentieth of one, more on a machine that is busy elsewhere."""


class SharedConnection(sqlite3.Connection):
    """A connection whose `turn` is held while it is used by another thread than its maker's.

    polars goes on reading in threads of its own after it has answered (the first row of many, an error elsewhere): to
    close the connection beneath such a read would end the process, and so would an interpreter that ends meanwhile.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - sqlite3's own
        super().__init__(*arguments, **options)
        self.turn = RLock()
        self.is_closed = False
        self._under_way = 0
        self._ended = Condition()

    def read(self, steps: Iterator[_Step]) -> Iterator[_Step]:
        """The same steps; a connection that closes waits for those under way, not for what nobody asks for any more."""
        while True:
            self._count(1)
            try:
                step = next(steps)
            except StopIteration:
                return
            finally:
                self._count(-1)
            yield step

    def close(self) -> None:
        """Close it, once nobody reads."""
        with self.turn:
            self.is_closed = True
            super().close()
        with self._ended:
            self._ended.wait_for(lambda: not self._under_way, _PATIENCE)

    def _count(self, change: int) -> None:
        with self._ended:
            self._under_way += change
            self._ended.notify_all()
