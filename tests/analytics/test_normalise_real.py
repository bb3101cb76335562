"""Real feeds, where FANZHA_REAL_DATA names their folder. They hold live malicious addresses: nothing here opens one."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from analytics.normalise.address import canonical_address, normalise_addresses
from analytics.normalise.instants import parse_instants


@pytest.fixture
def feeds() -> Path:
    folder = os.environ.get("FANZHA_REAL_DATA")
    if not folder:
        pytest.skip("FANZHA_REAL_DATA names no folder")
    return Path(folder) / "feeds"


def records(files: list[Path]) -> Iterator[list[str]]:
    assert files
    for file in files:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            yield from csv.reader(line for line in lines if not line.startswith("#"))


def column(feeds: Path, pattern: str, place: int) -> list[str]:
    """One column of CSV files; of TweetFeed's, only the rows of addresses."""
    rows = [row for row in records(sorted(feeds.glob(pattern))) if len(row) > place]
    return [row[place] for row in rows if "tweetfeed" not in pattern or row[2] in {"url", "domain"}]


@pytest.mark.parametrize(
    ("pattern", "place", "least", "most_refused"),
    [
        ("tweetfeed/2024/*/*.csv", 3, 49_000, 20),
        ("urlhaus/*.csv", 2, 11_000, 1),
        ("phishtank/verified_online_2024-03.csv", 1, 900, 1),
        ("taiwan165/*.csv", 1, 45_000, 20),
        ("phishing-database/phishing-links-INACTIVE/*INACTIVE1.txt", 0, 20_000, 5),
        ("kadhosts/KADomains.txt", 0, 20_000, 5),
    ],
)
def test_every_published_address_is_read_or_refused(
    feeds: Path, pattern: str, place: int, least: int, most_refused: int
) -> None:
    published = pl.Series(column(feeds, pattern, place))
    addresses = normalise_addresses(published)
    assert published.len() >= least
    assert (addresses["host"].is_null() == addresses["reason"].is_not_null()).all()
    assert addresses["reason"].drop_nulls().len() <= most_refused
    sound = addresses.filter(pl.col("host").is_not_null()).unique("address", maintain_order=True)
    canonical = [canonical_address(text) for text in sound["address"]]
    assert sound["host"].to_list() == [address.host for address in canonical]
    assert sound["tail"].to_list() == [address.tail for address in canonical]
    again = normalise_addresses(pl.Series([address.text for address in canonical]))
    assert again.drop("address").equals(sound.drop("address"))


@pytest.mark.parametrize(
    ("pattern", "place"),
    [("urlhaus/*.csv", 1), ("phishtank/verified_online_2024-03.csv", 3), ("tweetfeed/2024/*/*.csv", 0)],
)
def test_every_published_time_is_read(feeds: Path, pattern: str, place: int) -> None:
    times = pl.Series(column(feeds, pattern, place)[1:])
    assert parse_instants(times, "UTC").null_count() == 0
