"""A real database, filled by the program's own writes. Every address, package and person in it is synthetic."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import polars as pl

from analytics.normalise.records import normalise_rows
from db.brands import Brand
from db.checks import Checked, save_checks
from db.connection import transaction
from db.landing import Landed
from db.matches import save_brands, save_matches
from db.sources import SourceRow, save_document, save_own_source, save_quarantine, save_source
from db.store import Store, open_store
from db.vocabulary import Claim, Yields
from db.writes import Provenance, save_rows
from spiders.formats.parsed import rows_frame

DAY = 86_400_000
NOON = 1_717_243_200_000
"""2024-06-01T12:00:00Z."""
BRANDS = (
    Brand(
        id="qifu",
        names=("奇富借条", "Qifu"),
        domains=("qifu.com",),
        packages=("com.qihoo.loan",),
        own=True,
        follow=True,
    ),
    Brand(id="demopay", names=("演示支付", "Demopay"), domains=("demopay.com",), threshold=70),
)


@dataclass
class Records:
    """Writes records as a run would."""

    store: Store
    _numbers: Iterator[int] = field(default_factory=count)

    def source(self, name: str, yields: Yields = Yields.MALICIOUS, *, verified: bool = False) -> str:
        row = SourceRow(
            name,
            name,
            "made up",
            "own",
            "list",
            yields,
            verified,
            is_synthetic=True,
            schedule="",
            declaration=f"{yields}{verified}",
        )
        with transaction(self.store.database):
            save_source(self.store.database, row)
        return name

    def save(self, kind: str, source: str, rows: list[dict[str, object]], claim: Claim = Claim.NONE) -> None:
        """Rows as published; `fetched_at` is `NOON`."""
        names = {name for row in rows for name in row}
        columns = {name: [None if row.get(name) is None else str(row[name]) for row in rows] for name in names}
        frame = rows_frame(kind, {"position": range(1, len(rows) + 1), **columns})
        normalised = normalise_rows(kind, frame, zone="UTC", claim=claim, key=None)
        assert normalised.rejected.is_empty(), normalised.rejected
        with transaction(self.store.database):
            origin = Provenance(*self._document(source), NOON)
            save_rows(self.store.database, self.store.terms, kind, normalised.rows, origin)

    def sight(self, source: str, address: str, claim: str = "malicious", at: int | str = NOON, **more: object) -> None:
        """One sighting of an address, published at `at`."""
        self.save("address", source, [{"address": address, "claim": claim, "published": at, **more}])

    def judge(self, value: str, answer: str, at: int = NOON, *, package: bool = False, **more: object) -> None:
        """One verdict."""
        target = {"package" if package else "address": value}
        row = {**target, "answer": answer, "by": "li", "occurred_at": at, **more}
        self.save("verdict", self.source("analysts", Yields.EVENTS, verified=True), [row])

    def match(self, host: str, brand: str = "qifu", confidence: int = 90) -> None:
        """A stored match of a host that is in the database."""
        query = "SELECT host_id FROM host WHERE name = ?"
        self._match(
            "match", "host_id", [row[0] for row in self.store.database.execute(query, [host])], brand, confidence
        )

    def match_app(self, package: str, brand: str = "qifu", confidence: int = 90) -> None:
        """A stored match of the apps of a package."""
        query = "SELECT app_id FROM app WHERE package = ?"
        ids = [row[0] for row in self.store.database.execute(query, [package])]
        self._match("app_match", "app_id", ids, brand, confidence)

    def note_checks(self, checked: list[Checked]) -> None:
        """Checks as `fanzha check` keeps them, at `NOON`."""
        with transaction(self.store.database):
            source_id = save_own_source(self.store.database, "fanzha-check", "fanzha check")
            save_checks(self.store.database, self.store.terms, source_id, checked, NOON)

    def quarantine(self, source: str, raw: str, reason: str = "not an address") -> None:
        """One rejected row."""
        rejected = pl.DataFrame({"position": [1], "raw": [raw], "reason": [reason]})
        with transaction(self.store.database):
            save_quarantine(self.store.database, self._document(source)[1], rejected, NOON)

    def _document(self, source: str) -> tuple[int, int]:
        number = next(self._numbers)
        source_id = int(
            self.store.database.execute("SELECT source_id FROM source WHERE name = ?", [source]).fetchone()[0]
        )
        landed = Landed(digest=f"{number:064x}", bytes=1, is_encrypted=False)
        return source_id, save_document(self.store.database, source_id, f"synthetic-{number}.csv", landed, NOON)[0]

    def _match(self, table: str, key: str, ids: list[int], brand: str, confidence: int) -> None:
        assert ids, "nothing stored to match"
        explained = {"matched": f"qifu ~ {brand}", "explanation_zh": f"形似 {brand}", "explanation_en": f"like {brand}"}
        texts = {"brand": brand, "technique": "combination", **explained}
        numbers = {"similarity": 95, "confidence": confidence}
        frame = pl.DataFrame({key: ids}).with_columns(
            pl.lit(value).alias(name) for name, value in (texts | numbers).items()
        )
        with transaction(self.store.database):
            save_matches(self.store.database, table, key, frame)


@contextmanager
def filled(folder: Path) -> Iterator[Records]:
    """An open database in a folder, with the brands in force."""
    with open_store(folder / "fanzha.db", None) as store:
        with transaction(store.database):
            save_brands(store.database, BRANDS)
        yield Records(store)
