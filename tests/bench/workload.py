"""What a run works on: synthetic input at its scale, stores in a folder of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import polars as pl

from analytics.normalise.address import normalise_addresses
from db.brands import Brand, load_brands
from db.keys import make_key_file
from db.store import Store, open_store
from tests.bench import synthetic

YEAR: Final = 2024
YEAR_URLS: Final = 13_840_000
YEAR_WARNINGS: Final = 21_400_000
YEAR_HOSTS: Final = 5_000_000
"""Hosts that are matched, at scale 1; at the default scale a tenth of a million."""
FILE_ROWS: Final = 500_000
"""Rows of a file: 90 MB of PhishTank's CSV, well within a source's max_bytes."""
_SEED: Final = 1


@dataclass(frozen=True)
class Workload:
    """Input and stores of one run.

    Attributes:
        scale: of a year.
        rounds: how many pairs are measured.
        folder: for stores; on the disk that counts.
    """

    scale: float
    rounds: int
    folder: Path

    @cached_property
    def brands(self) -> tuple[Brand, ...]:
        """The bundled brands."""
        return load_brands()

    @cached_property
    def urls(self) -> pl.Series:
        """URLs as published."""
        return synthetic.make_urls(self._count(YEAR_URLS), _SEED, self.brands)

    @cached_property
    def url_lists(self) -> list[bytes]:
        """The URLs, one a line."""
        return [synthetic.url_list(part) for part in self._url_files()]

    @cached_property
    def phishtank(self) -> list[bytes]:
        """The URLs as PhishTank CSV."""
        return [synthetic.phishtank_csv(part, _SEED, self.brands) for part in self._url_files()]

    @cached_property
    def warnings(self) -> list[bytes]:
        """A company's warnings, as CSV."""
        count = self._count(YEAR_WARNINGS)
        return [
            synthetic.warnings_csv(first, min(FILE_ROWS, count - first), first, self.brands)
            for first in range(0, count, FILE_ROWS)
        ]

    @cached_property
    def hosts(self) -> pl.DataFrame:
        """Distinct hosts as `Matcher.match_hosts` takes them."""
        published = synthetic.make_hosts(self._count(YEAR_HOSTS), _SEED, self.brands)
        host, length = pl.col("host"), pl.col("registrable_length")
        return (
            normalise_addresses(published)
            .filter(host.is_not_null())
            .select(
                "host",
                registrable_domain=pl.when(length > 0).then(host.str.tail(length)),
                public_suffix=host.str.tail(pl.col("suffix_length")),
            )
            .unique("host", maintain_order=True)
        )

    @contextmanager
    def fresh_store(self) -> Iterator[Store]:
        """An empty store with a key, gone afterwards."""
        with TemporaryDirectory(dir=self.folder) as name:
            key = Path(name) / "bench.key"
            make_key_file(key)
            with open_store(Path(name) / "bench.db", key) as store:
                yield store

    def _url_files(self) -> list[pl.Series]:
        return [self.urls.slice(first, FILE_ROWS) for first in range(0, self.urls.len(), FILE_ROWS)]

    def _count(self, in_a_year: int) -> int:
        return max(1, round(in_a_year * self.scale))
