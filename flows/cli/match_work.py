"""What the processes of `fanzha match` tell each other: task, blocks of lines, answers."""

from dataclasses import dataclass
from typing import Any, Final

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


def pack_task(task: Task) -> bytes:
    """A task as bytes."""
    brands = [brand.model_dump(mode="json") for brand in task.brands]
    return _pack((brands, task.thresholds, task.output, task.popular))


def unpack_task(frame: bytes) -> Task:
    """The task of `pack_task`."""
    brands, *more = _unpack(frame)
    return Task(tuple(map(stored_brand, brands)), *more)


def pack_block(block: Block) -> bytes:
    """A block as bytes."""
    return _pack((block.first, block.text))


def unpack_block(frame: bytes) -> Block:
    """The block of `pack_block`."""
    return Block(*_unpack(frame))


def pack_answer(answer: Answer) -> bytes:
    """An answer as bytes."""
    return _pack((answer.rows, answer.refused, answer.reasons))


def unpack_answer(frame: bytes) -> Answer:
    """The answer of `pack_answer`."""
    return Answer(*_unpack(frame))


def _pack(values: tuple[object, ...]) -> bytes:
    packed: bytes = msgpack.packb(values)
    return packed


def _unpack(frame: bytes) -> Any:  # noqa: ANN401 - what the other side packed
    return msgpack.unpackb(frame, use_list=False)
