"""Keys and how many records have each: what a count by hand says, in no more memory than the keys take."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import keysets
from db.keysets import Growing, Keyset, joined

_NUMBERS = st.lists(st.one_of(st.integers(-3, 3), st.sampled_from([-(1 << 63), (1 << 63) - 1])), max_size=12)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keysets, "PART", 3)


def told(keyset: Keyset) -> list[tuple[int, int]]:
    return list(zip(keyset.keys.tolist(), keyset.counts.tolist(), strict=True))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(_NUMBERS, max_size=4))
def test_keys_are_counted_in_the_array_that_they_came_in(parts: list[list[int]]) -> None:
    growing = Growing()
    for part in parts:
        growing.add(np.array(part, np.int64))
    whole = growing.whole()
    assert whole.tolist() == [number for part in parts for number in part]
    keyset = Keyset.of(whole)
    assert told(keyset) == sorted(Counter(number for part in parts for number in part).items())
    assert not len(whole) or np.shares_memory(keyset.keys, whole)
    assert keyset.counts.dtype == np.int8
    assert told(Keyset.read(*keyset.blobs())) == told(keyset)


def test_a_key_of_many_parts_is_counted_once() -> None:
    assert told(Keyset.of(np.array([5] * 1_000 + [4, 6]))) == [(4, 1), (5, 1_000), (6, 1)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(added=st.lists(_NUMBERS, max_size=3), taken=_NUMBERS)
def test_keys_that_are_taken_away_as_often_as_they_were_added_are_gone(
    added: list[list[int]], taken: list[int]
) -> None:
    sets = [Keyset.of(np.array(numbers, np.int64)) for numbers in [*added, taken]]
    expected = Counter(number for numbers in added for number in numbers)
    expected.subtract(taken)
    together = joined([*sets[:-1], sets[-1].negative])
    assert told(together) == sorted((key, count) for key, count in expected.items() if count)
    assert together.distinct == sum(count > 0 for count in expected.values())
