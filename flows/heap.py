"""Memory: what a step has freed goes back to the system before the next step begins."""

import ctypes
from contextlib import suppress


def give_back() -> None:
    """Have the C library return what is free; where it is not glibc it does so by itself, or not at all.

    Threads have heaps of their own, and what one of them has freed another does not take: after a year's roll-up half
    of the process's memory was such.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
