"""What a run works on: synthetic input at its scale, stores in a folder of its own."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import polars as pl

from analytics.match.noise import known_good_names
from db.brands import Brand, load_brands
from db.keys import make_key_file
from db.store import Store, open_store
from flows.simulate.names import make_hosts
from tests.bench import synthetic

YEAR: Final = 2024
YEAR_URLS: Final = 13_840_000
YEAR_WARNINGS: Final = 21_400_000
MATCHED: Final = 1_000_000
"""Hosts that are matched, whatever the scale as far as that takes seconds: with fewer the start-up is measured."""
_RANKED: Final = "tranco"
"""The list of pymispwarninglists with a million ranked names."""
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
    def ranked(self) -> list[str]:
        """Names as people visit them, few of them imitations."""
        return known_good_names(_RANKED, self.share(MATCHED, 50))

    @cached_property
    def suspected(self) -> list[str]:
        """Made-up hosts, one in six an imitation."""
        return make_hosts(self.share(MATCHED, 10), _SEED, self.brands).to_list()

    def share(self, count: int, times: float) -> int:
        """How many of so many are taken: the scale's share, so many times; all of them at most."""
        return max(2, round(count * min(1, self.scale * times)))

    def file(self, name: str, lines: Iterable[str]) -> Path:
        """A file of lines in the run's folder; written once."""
        path = self.folder / name
        if not path.exists():
            path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        return path

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
