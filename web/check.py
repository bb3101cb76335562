"""What answers "is this address bad?": the one place that does, for the command line and what else may ask."""

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl
from sqlite_utils import Database

from analytics.normalise.records import normalise_rows
from db.brands import Brand
from db.vocabulary import Assessment, Claim
from spiders.formats.parsed import rows_frame
from web.rules import Finding, findings
from web.subjects import BrandMatcher, Subject, read_subjects


@dataclass(frozen=True, slots=True)
class Assessed:
    """The answer on one value, read as one kind of thing."""

    input: str
    kind: str
    """`url`, `host` or `package`; `unreadable` where it is none of them."""
    assessment: Assessment
    brand: str | None
    """The brand that it imitates, or whose own it is."""
    confidence: int | None
    """Of its likeness to a brand, 0-100; null where there is none."""
    reasons: tuple[str, ...]
    """Chinese and English in each; the one that decided first."""
    first_seen: str | None
    """RFC 3339 in UTC, like `last_seen`; null where no source has seen it."""
    last_seen: str | None

    def row(self) -> dict[str, Any]:
        """As `fanzha check --json` shows it."""
        return {**asdict(self), "assessment": self.assessment.value, "reasons": list(self.reasons)}


def assess(
    database: Database | None, values: Sequence[str], brands: Sequence[Brand], matcher: BrandMatcher
) -> list[Assessed]:
    """Assess values by the rules of `web.rules`.

    Args:
        database: only read; None where there is none: brands alone speak then.
        values: URLs, hosts or packages as people write them, defanged ones too.
        brands: those in force.
        matcher: made from them.

    Returns:
        In the order of the values; two for one that could be a host and a package.
    """
    return [_assessed(subject) for subject in read_subjects(database, values, brands, matcher)]


def check_rows(assessed: Sequence[Assessed]) -> pl.DataFrame:
    """The URL check events of an assessment, as `db.writes.save_rows` takes them; a package is no address.

    Their time is left to `Provenance.fetched_at`.
    """
    checked = [one for one in assessed if one.kind in {"url", "host"}]
    columns = {
        "position": range(1, len(checked) + 1),
        "event_id": [uuid.uuid4().hex for _ in checked],
        "address": [one.input for one in checked],
        "actor": ["staff"] * len(checked),
        "result": [one.assessment.value for one in checked],
    }
    frame = rows_frame("url_check", columns)
    return normalise_rows("url_check", frame, zone="UTC", claim=Claim.NONE, key=None).rows


def _assessed(subject: Subject) -> Assessed:
    found = findings(subject)
    decisive = next((finding for finding in found if finding.assessment), None)
    ordered = sorted(found, key=lambda finding: finding is not decisive)
    return Assessed(
        input=subject.text,
        kind=subject.kind,
        assessment=decisive.assessment if decisive and decisive.assessment else Assessment.UNKNOWN,
        brand=subject.brand,
        confidence=subject.match.confidence if subject.match else None,
        reasons=_reasons(ordered),
        first_seen=_instant(subject.known.first_seen_at),
        last_seen=_instant(subject.known.last_seen_at),
    )


def _reasons(found: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(finding.reason for finding in found) or ("没有任何记录 · nothing is known of it",)


def _instant(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
