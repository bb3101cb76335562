"""One of the processes among which `fanzha match` spreads a long input.

A task comes on stdin, then blocks; answers go to stdout. It lives as long as its parent, which holds stdin open.
"""

import gc
import os
import signal
import sys
from typing import Final

from flows.cli.match_lines import LineMatcher
from flows.cli.match_work import receive_block, receive_task, send

_OBJECTS: Final = 100_000
"""Objects made between two searches for garbage; matching makes no cycles, and searches took a tenth of its time."""


def main() -> None:
    """Answer blocks until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else prints must not stand between the answers
    try:
        matcher = LineMatcher(receive_task(sys.stdin.buffer))
        gc.freeze()
        gc.set_threshold(_OBJECTS)
        while True:
            send(out, matcher.answer(receive_block(sys.stdin.buffer)))
    except (EOFError, BrokenPipeError):
        os._exit(0)  # the parent has all it wanted, or is gone


if __name__ == "__main__":
    main()
