"""One of the processes among which `fanzha match` spreads a long input."""

from collections.abc import Callable

from flows.cli.match_lines import LineMatcher
from flows.cli.match_work import pack_answer, unpack_block, unpack_task
from flows.spread import serve


def _begin(task: bytes) -> Callable[[bytes], bytes]:
    matcher = LineMatcher(unpack_task(task))
    return lambda block: pack_answer(matcher.answer(unpack_block(block)))


if __name__ == "__main__":
    serve(_begin)
