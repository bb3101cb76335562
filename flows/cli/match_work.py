"""What the processes of `fanzha match` tell each other: task, blocks of lines, answers, each as a frame in a pipe."""

from dataclasses import astuple, dataclass
from typing import IO, Any, Final

import msgpack

from db.brands import Brand, stored_brand

COLUMNS: Final = (
    "input",
    "host",
    "registrable_domain",
    "brand",
    "technique",
    "similarity",
    "confidence",
    "matched",
    "explanation_zh",
    "explanation_en",
)
"""Of the rows that come out."""
MOST_REASONS: Final = 1_000
"""Refused lines of which more than the number is told: a file that holds no addresses is refused line by line."""
_SIZE: Final = 8
"""Bytes of a frame's own length."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done with the lines."""

    brands: tuple[Brand, ...]
    thresholds: dict[str, int]
    """Brand id -> least confidence."""
    output: str
    """`csv` or `jsonl`."""
    popular: bool
    """Whether names in popularity lists count as less suspicious."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some whole lines of the input."""

    first: int
    """The number of the first line."""
    text: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a block."""

    rows: str
    """The matches, ready to be written."""
    refused: int
    """How many lines were no address."""
    reasons: list[tuple[int, str]]
    """Number of the line, and why it is no address, for at most MOST_REASONS of the refused ones."""


def send(pipe: IO[bytes], value: Task | Block | Answer) -> None:
    """Write one of the three into a pipe."""
    if isinstance(value, Task):
        brands = [brand.model_dump(mode="json") for brand in value.brands]
        frame = msgpack.packb((brands, value.thresholds, value.output, value.popular))
    else:
        frame = msgpack.packb(astuple(value))
    pipe.write(len(frame).to_bytes(_SIZE, "big") + frame)
    pipe.flush()


def receive_task(pipe: IO[bytes]) -> Task:
    """The task; raises EOFError where the pipe ends before or within it."""
    brands, *more = _receive(pipe)
    return Task(tuple(map(stored_brand, brands)), *more)


def receive_block(pipe: IO[bytes]) -> Block:
    """The next block; raises EOFError where there is none."""
    return Block(*_receive(pipe))


def receive_answer(pipe: IO[bytes]) -> Answer:
    """The next answer; raises EOFError where there is none."""
    return Answer(*_receive(pipe))


def _receive(pipe: IO[bytes]) -> Any:  # noqa: ANN401 - what the other side packed
    head = pipe.read(_SIZE)
    size = int.from_bytes(head, "big")
    frame = pipe.read(size)
    if len(head) < _SIZE or len(frame) < size:
        raise EOFError
    return msgpack.unpackb(frame, use_list=False)
