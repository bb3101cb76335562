"""A connection that several threads read from in turn, and that closes between two reads, never within one."""

import sqlite3
from threading import RLock
from typing import Any


class SharedConnection(sqlite3.Connection):
    """A connection whose `turn` is held while it is used by another thread than its maker's.

    polars goes on reading in threads of its own after it has answered (the first row of many, an error elsewhere): to
    close the connection beneath such a read would end the process.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - sqlite3's own
        super().__init__(*arguments, **options)
        self.turn = RLock()
        self.is_closed = False

    def close(self) -> None:
        """Close it, once nobody reads."""
        with self.turn:
            self.is_closed = True
            super().close()
