"""Checks and verdicts given at the terminal: both are events, kept like everything else."""

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from analytics.match.matcher import Matcher
from analytics.normalise.records import normalise_rows
from db.brands import load_brands
from db.checks import save_checks
from db.connection import is_there, transaction
from db.errors import UsageError
from db.matches import read_brands
from db.sources import save_own_source
from db.store import Store, now_ms, open_store
from db.vocabulary import CHOICES, LABELS_ZH, Claim
from db.writes import Provenance
from flows.counting import save_counted
from spiders.formats.parsed import rows_frame
from web.check import Assessed, assess, checks

_ANSWERS: Final = {"confirm": "confirmed", "dismiss": "dismissed", "unsure": "unsure"}


def check_values(path: Path, values: Sequence[str]) -> list[Assessed]:
    """Assess values with what the database at path knows; without a database by the matcher alone."""
    if not is_there(path):
        brands = load_brands()
        return assess(None, values, brands, Matcher(brands))
    with open_store(path, None) as store:
        brands = read_brands(store.database) or load_brands()
        assessed = assess(store.database, values, brands, Matcher(brands))
        with transaction(store.database):
            source_id = save_own_source(store.database, "fanzha-check", "fanzha check")
            save_checks(store.database, store.terms, source_id, checks(assessed), now_ms())
        return assessed


def give_verdict(path: Path, answer: str, value: str, said: Mapping[str, str]) -> str:
    """Record an analyst's answer on an address or package; returns what was judged.

    Args:
        path: of the database.
        answer: `confirm`, `dismiss` or `unsure`.
        value: what is judged.
        said: `by` and `why`; `brand` (id) and `fraud_type` may be empty.

    Raises:
        UsageError: the value is neither, the brand is not listed, or there is no such fraud type.
    """
    given = {"answer": _ANSWERS[answer], "event_id": uuid.uuid4().hex} | {
        name: text for name, text in said.items() if text
    }
    _check_type(said["fraud_type"])
    with open_store(path, None) as store:
        _check_brand(store, said["brand"])
        is_package = _is_known_package(store, value)
        given["package" if is_package else "address"] = value
        rows = rows_frame("verdict", {"position": [1], **{name: [text] for name, text in given.items()}})
        normalised = normalise_rows("verdict", rows, zone="UTC", claim=Claim.NONE, key=None)
        if normalised.rejected.height:
            raise UsageError(f"{value!r}: {normalised.rejected['reason'][0]}")
        with transaction(store.database):
            source_id = save_own_source(store.database, "fanzha-verdict", "fanzha verdict")
            save_counted(store, "verdict", normalised.rows, Provenance(source_id, None, now_ms()))
    return value


def _check_type(fraud_type: str) -> None:
    if fraud_type and fraud_type not in CHOICES["fraud_type"]:
        known = ", ".join(f"{name} {LABELS_ZH[name]}" for name in CHOICES["fraud_type"])
        raise UsageError(f"--type {fraud_type!r} is no fraud type; one of: {known}")


def _check_brand(store: Store, brand: str) -> None:
    if brand and brand not in {one.id for one in read_brands(store.database) or load_brands()}:
        raise UsageError(f"brand {brand!r} is not listed; fanzha brands list shows the ids")


def _is_known_package(store: Store, value: str) -> bool:
    return bool(store.database.execute("SELECT 1 FROM app WHERE package = ? LIMIT 1", [value]).fetchone())
