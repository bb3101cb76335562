"""The examples of docs/normalising.md hold."""

import re
from pathlib import Path

import pytest

from analytics.normalise.address import NotAnAddress, canonical_address

PAGE = Path(__file__).parents[2] / "docs" / "normalising.md"
EXAMPLE = re.compile(r"^\| `(?P<published>.+)` \| (?:`(?P<canonical>.+)`|refused: (?P<reason>.+)) \|$", re.MULTILINE)
EXAMPLES = [found.group("published", "canonical", "reason") for found in EXAMPLE.finditer(PAGE.read_text("utf-8"))]


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) > 15


@pytest.mark.parametrize(("published", "canonical", "reason"), EXAMPLES)
def test_example(published: str, canonical: str | None, reason: str | None) -> None:
    if canonical is not None:
        assert canonical_address(published).text == canonical
        return
    with pytest.raises(NotAnAddress) as refusal:
        canonical_address(published)
    assert refusal.value.reason == reason
