"""Fingerprints: the same number for a text wherever it stands among others, for good."""

from functools import reduce
from hashlib import sha256, shake_256

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from analytics.kpi import fingerprints
from analytics.kpi.fingerprints import fingerprints as of

_TABLE = shake_256(b"fanzha").digest(65 * 256 * 8)


def by_hand(text: str) -> int:
    """The exclusive or of the numbers of its bytes, each at its place, and of the end."""
    written = text.encode() if len(text.encode()) <= 64 else sha256(text.encode()).hexdigest().encode()
    places = (8 * (place * 256 + byte) for place, byte in enumerate([*written, 0]))
    numbers = (int.from_bytes(_TABLE[at : at + 8], "little", signed=True) for at in places)
    return reduce(lambda one, other: one ^ other, numbers)


@given(texts=st.lists(st.text(max_size=70), max_size=9))
def test_a_text_has_its_number_whatever_stands_beside_it(texts: list[str]) -> None:
    assert of(pl.Series(texts, dtype=pl.String)).tolist() == [by_hand(text) for text in texts]


def test_more_texts_than_are_taken_at_once_have_theirs() -> None:
    texts = [str(number) for number in range(fingerprints._AT_ONCE + 2)]
    assert of(pl.Series(texts))[-2:].tolist() == [by_hand(text) for text in texts[-2:]]
