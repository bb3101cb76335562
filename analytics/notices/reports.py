"""What a notice says to machines: a XARF 4 report, validated before it is used."""

import base64
import gzip
import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import xarf

from analytics.notices.texts import Case
from db.errors import FanzhaError
from db.takedown_rules import Sender

PAGE_BYTES: Final = 256 * 1024
"""Of the page in a notice, compressed: mail servers refuse messages of more than a few megabytes."""
_DOMAIN: Final = re.compile(r"([a-z0-9]+(-[a-z0-9]+)*\.)+[a-z]{2,}")
"""What the schema takes for one."""
_URI: Final = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")


class NoReport(FanzhaError):
    """Raised where what is known of an attack makes no valid report."""


def compose_report(case: Case, sender: Sender, key: str, at: int, page: bytes | None) -> bytes:
    """A XARF 4 report as JSON.

    A page that asks for something to be filled in is `phishing`; of any other we say that it imitates the brand.

    Args:
        case: what is known.
        sender: who reports.
        key: the notice's; the report's id follows from it.
        at: Unix milliseconds: when it is written.
        page: the page as it was kept, where there is one.

    Raises:
        NoReport: the xarf package refuses it.
    """
    report = {**_core(case, sender, key, at), **_content(case), "evidence": list(_evidence(case, page))}
    found = xarf.parse(report)
    if found.errors:
        fault = found.errors[0]
        raise NoReport(f"{case.attack.target}: its XARF report is not valid: {fault.field}: {fault.message}")
    return json.dumps(report, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _core(case: Case, sender: Sender, key: str, at: int) -> dict[str, Any]:
    party = {"org": sender.organisation, "contact": sender.mailbox, "domain": sender.domain}
    address = case.where.addresses[0] if case.where.addresses else case.attack.target
    found: dict[str, Any] = {
        "xarf_version": xarf.SPEC_VERSION,
        "report_id": str(UUID(bytes=hashlib.sha256(key.encode()).digest()[:16], version=4)),
        "timestamp": _instant(case.seen.probed_at if case.seen else at),
        "reporter": party,
        "sender": party,
        "source_identifier": address,
        "category": "content",
        "evidence_source": "automated_scan" if case.seen else "researcher_analysis",
        "description": f"{case.attack.target} imitates {case.brand.name_en}. {case.attack.explanation_en}"[:1_000],
    }
    if case.attack.confidence is not None:
        found["confidence"] = case.attack.confidence / 100
    return found


def _content(case: Case) -> dict[str, Any]:
    seen, registrar, hosting = case.seen, case.where.party("registrar"), case.where.party("hosting")
    official = next(iter(case.brand.domains), "")
    known: dict[str, Any] = {
        "url": case.url,
        "domain": case.attack.target if _DOMAIN.fullmatch(case.attack.target) else None,
        "target_brand": case.brand.name_en,
        "asn": case.where.asn,
        "registrar": registrar.name if registrar and not case.attack.is_shared else None,
        "hosting_provider": hosting.name if hosting else None,
        "country_code": hosting.country if hosting else None,
    }
    if seen:
        certificate = {"fingerprint": seen.certificate} if seen.certificate else None
        known |= {"verified_at": _instant(seen.probed_at), "verification_method": "automated_crawler"}
        known["ssl_certificate"] = certificate
    return {name: value for name, value in (known | _type(case, official)).items() if value}


def _type(case: Case, official: str) -> dict[str, Any]:
    seen = case.seen
    if seen and seen.fields:
        chain = [seen.final] if _URI.fullmatch(seen.final) else None
        cloned = f"https://{official}/" if official else None
        return {
            "type": "phishing",
            "credential_fields": list(seen.fields),
            "redirect_chain": chain,
            "cloned_site": cloned,
        }
    if official:
        return {
            "type": "brand_infringement",
            "infringement_type": "brand_impersonation",
            "legitimate_site": f"https://{official}/",
        }
    return {"type": "fraud", "fraud_type": "other", "claimed_entity": case.brand.name_en}


def _evidence(case: Case, page: bytes | None) -> list[dict[str, Any]]:
    attack, seen = case.attack, case.seen
    facts: dict[str, Any] = {
        "first_seen": _instant(attack.opened_at),
        "confirmed": _instant(attack.confirmed_at),
        "likeness": attack.explanation_en,
        "confidence": attack.confidence,
        "addresses": case.where.addresses,
    }
    if seen:
        facts["visit"] = {
            "at": _instant(seen.probed_at),
            "outcome": seen.outcome,
            "status": seen.status,
            "final_address": seen.final,
            "title": seen.title,
            "page_sha256": seen.digest,
            "page_is_cut": seen.is_cut,
            "certificate_sha256": seen.certificate,
        }
    body = json.dumps(facts, ensure_ascii=False, sort_keys=True).encode()
    items = [_item("application/json", "What is known of the site", body)]
    packed = gzip.compress(page, mtime=0) if page else b""
    if packed and len(packed) <= PAGE_BYTES:
        items.append(_item("application/gzip", "The page as it was answered, compressed", packed))
    return items


def _item(content_type: str, description: str, payload: bytes) -> dict[str, Any]:
    return {
        "content_type": content_type,
        "description": description,
        "payload": base64.b64encode(payload).decode(),
        "hash": f"sha256:{hashlib.sha256(payload).hexdigest()}",
        "size": len(payload),
    }


def _instant(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
