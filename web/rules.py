"""The rules of an assessment, strongest first; the first that decides is the answer.

1. An analyst's latest verdict (`unsure` leaves it to the rest).
2. A verified source calls it fraudulent.
3. A bare host or package is a brand's own.
4. A source that is not verified calls it fraudulent.
5. A URL stands on a brand's own host, and not where strangers choose the path and this one imitates (sites.google.com).
6. An allowlist names it.
7. It resembles a brand, with at least the brand's threshold of confidence.
8. URLs on the host are called fraudulent: the host is suspicious, never more, as strangers may share it. No URL on it
   inherits from another, and a host that is itself a public suffix inherits nothing from its tenants' pages.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from db.known import SourceClaim
from db.vocabulary import Answer, Assessment, Claim
from web.subjects import Subject

_SHOWN_SOURCES: Final = 5
"""Names of sources in one reason; more would hide the other reasons."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found; a null assessment decides nothing."""

    assessment: Assessment | None
    reason: str
    """Chinese · English."""


def findings(subject: Subject) -> list[Finding]:
    """What the rules find, in their order; the first with an assessment decides."""
    return [finding for rule in _RULES for finding in rule(subject)]


def _unreadable(subject: Subject) -> Iterator[Finding]:
    if subject.kind == "unreadable":
        yield Finding(None, f"不是网址、主机名或包名 · no URL, host or package: {subject.refusal}")


def _verdict(subject: Subject) -> Iterator[Finding]:
    verdict = subject.known.verdict
    if verdict is None:
        return
    assessment, zh, en = {
        Answer.CONFIRMED: (Assessment.MALICIOUS, "确认欺诈", "confirmed it"),
        Answer.DISMISSED: (Assessment.BENIGN, "排除", "dismissed it"),
        Answer.UNSURE: (None, "未能判定", "was unsure"),
    }[verdict.answer]
    of_zh, of_en = ("主机", " (its host)") if verdict.is_of_host else ("", "")
    yield Finding(assessment, f"研判（{verdict.by}）：{zh}{of_zh} · analyst {verdict.by} {en}{of_en}")


def _verified(subject: Subject) -> Iterator[Finding]:
    yield from _named(
        subject, Assessment.MALICIOUS, "已核实来源称其欺诈", "a verified source calls it fraudulent", verified=True
    )


def _unverified(subject: Subject) -> Iterator[Finding]:
    yield from _named(
        subject, Assessment.SUSPICIOUS, "未核实来源称其欺诈", "a source calls it fraudulent", verified=False
    )


def _named(subject: Subject, assessment: Assessment, zh: str, en: str, *, verified: bool) -> Iterator[Finding]:
    claims = [
        claim for claim in subject.known.claims if claim.claim is Claim.MALICIOUS and claim.is_verified is verified
    ]
    if claims:
        of_zh, of_en = ("（主机）", " (its host)") if all(claim.is_of_host for claim in claims) else ("", "")
        yield Finding(assessment, f"{zh}{of_zh}：{_sources(claims)} · {en}{of_en}: {_sources(claims)}")


def _sources(claims: list[SourceClaim]) -> str:
    names = [claim.source for claim in claims]
    more = len(names) - _SHOWN_SOURCES
    return ", ".join(names[:_SHOWN_SOURCES]) + (f" +{more}" if more > 0 else "")


def _own(subject: Subject) -> Iterator[Finding]:
    if subject.official and subject.kind != "url":
        name = subject.official
        yield Finding(Assessment.BENIGN, f"{name} 官方所有 · official, of {name}")


def _on_own_host(subject: Subject) -> Iterator[Finding]:
    is_strangers = subject.match is not None and subject.match.is_above  # nothing else on an official host is matched
    if subject.official and subject.kind == "url" and not is_strangers:
        name = subject.official
        yield Finding(Assessment.BENIGN, f"位于 {name} 官方主机 · on an official host of {name}")


def _allowed(subject: Subject) -> Iterator[Finding]:
    claims = [claim for claim in subject.known.claims if claim.claim is Claim.BENIGN]
    if claims:
        yield Finding(Assessment.BENIGN, f"列入白名单：{_sources(claims)} · on an allowlist: {_sources(claims)}")


def _resembles(subject: Subject) -> Iterator[Finding]:
    match = subject.match
    if match is None:
        return
    sign = "≥" if match.is_above else "<"
    weight = f"({match.confidence} {sign} {match.threshold})"
    yield Finding(
        Assessment.SUSPICIOUS if match.is_above else None,
        f"{match.explanation_zh} {weight} · {match.explanation_en} {weight}",
    )


def _pages_named(subject: Subject) -> Iterator[Finding]:
    number = subject.known.named_urls
    if number:
        reason = f"该主机上 {number} 个网址被称欺诈 · {number} of its URLs are called fraudulent"
        yield Finding(Assessment.SUSPICIOUS if subject.is_own_site else None, reason)


_RULES: Final[tuple[Callable[[Subject], Iterator[Finding]], ...]] = (
    _unreadable,
    _verdict,
    _verified,
    _own,
    _unverified,
    _on_own_host,
    _allowed,
    _resembles,
    _pages_named,
)
