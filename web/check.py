"""What answers "is this address bad?": the one place that does, for the command line and what else may ask."""

import gc
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import gmtime, strftime
from typing import Any, NamedTuple

from sqlite_utils import Database

from analytics.normalise.address import Address
from db.brands import Brand
from db.checks import Checked
from db.vocabulary import Assessment
from web.rules import Finding, findings
from web.subjects import BrandMatcher, Subject, read_subjects


class Assessed(NamedTuple):
    """The answer on one value, read as one kind of thing; a tuple like `db.known.Known`."""

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
    address: Address | None
    """Of a URL or host."""

    def row(self) -> dict[str, Any]:
        """As `fanzha check --json` shows it."""
        shown = {name: value for name, value in self._asdict().items() if name != "address"}
        return {**shown, "assessment": self.assessment.value, "reasons": list(self.reasons)}


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
    told: dict[Hashable, _Told] = {}
    with _uncollected():
        return [_assessed(subject, told) for subject in read_subjects(database, values, brands, matcher)]


def checks(assessed: Iterable[Assessed]) -> list[Checked]:
    """The URL check events of an assessment, as `db.checks.save_checks` takes them; a package is no address."""
    return [
        Checked(at.host, at.registrable_length, at.suffix_length, at.is_shared, at.tail, one.assessment.value)
        for one in assessed
        if (at := one.address)
    ]


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cycles: of many values it would search all that the matcher holds, and find none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Told(NamedTuple):
    """What the rules answer: the same of all that has the same evidence."""

    assessment: Assessment
    brand: str | None
    confidence: int | None
    reasons: tuple[str, ...]


def _assessed(subject: Subject, told: dict[Hashable, _Told]) -> Assessed:
    evidence, known = subject.evidence, subject.known
    if (one := told.get(evidence)) is None:
        one = told[evidence] = _told(subject)
    first = _instant(known.first_seen_at)
    last = first if known.last_seen_at == known.first_seen_at else _instant(known.last_seen_at)
    return Assessed(subject.text, subject.kind, *one, first, last, subject.address)


def _told(subject: Subject) -> _Told:
    found = findings(subject)
    decisive = next((finding for finding in found if finding.assessment), None)
    ordered = sorted(found, key=lambda finding: finding is not decisive)
    return _Told(
        decisive.assessment if decisive and decisive.assessment else Assessment.UNKNOWN,
        subject.brand,
        subject.match.confidence if subject.match else None,
        _reasons(ordered),
    )


def _reasons(found: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(finding.reason for finding in found) or ("没有任何记录 · nothing is known of it",)


def _instant(at: int | None) -> str | None:
    return None if at is None else strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(at // 1000))
