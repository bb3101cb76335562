"""The ledger of a year as `fanzha ledger list --json` prints it."""

from datetime import UTC, datetime
from typing import Any

from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.figures import plain_value
from analytics.kpi.restating import Change, shown_effect, shown_threshold, told
from db.ledger import Entry, SignedFigure
from flows.ledger import History
from flows.signed import read_value

Shown = dict[str, Any]


def history_json(year: int, history: History) -> Shown:
    """Entries, the oldest first, with every figure signed; and what is pending."""
    return {
        "year": year,
        "state": "closed" if history.entries else "open",
        "entries": [_entry(entry) for entry in history.entries],
        "pending": [_pending(change) for change in history.pending],
    }


def _entry(entry: Entry) -> Shown:
    return {
        "entry": entry.entry_id,
        "action": entry.action,
        "by": entry.by,
        "why": entry.why,
        "at": datetime.fromtimestamp(entry.at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "code_version": entry.code_version,
        "basis": entry.basis,
        "last_document": entry.last_document,
        "sources": {name: {"rows": state.rows, "reading": state.reading} for name, state in entry.sources.items()},
        "own_brands": list(entry.own_brands),
        "previous": entry.previous,
        "digest": entry.digest,
        "figures": [_figure(figure) for figure in entry.figures.values()],
        "restated": [_restated(figure) for figure in entry.figures.values() if figure.is_restated],
    }


def _figure(signed: SignedFigure) -> Shown:
    return {
        "id": signed.kpi,
        "definition_version": signed.definition_version,
        "name_zh": signed.name_zh,
        "name_en": signed.name_en,
        "value": _plain(signed.kpi, signed.value),
        "prior": _plain(signed.kpi, signed.prior),
        "display_zh": signed.display_zh,
        "display_en": signed.display_en,
        "definition_zh": signed.definition_zh,
        "definition_en": signed.definition_en,
        "note": " / ".join(filter(None, (signed.note_zh, signed.note_en))),
        "kpi_run": signed.kpi_run_id,
    }


def _restated(signed: SignedFigure) -> Shown:
    return {
        "id": signed.kpi,
        "old_value": _plain(signed.kpi, signed.old_value),
        "value": _plain(signed.kpi, signed.value),
        "old_prior": _plain(signed.kpi, signed.old_prior),
        "prior": _plain(signed.kpi, signed.prior),
        "old_definition_version": signed.old_definition_version,
        "definition_version": signed.definition_version,
        "effect": f"{_plain(signed.kpi, signed.old_value)} -> {_plain(signed.kpi, signed.value)}",
        "cause_zh": signed.cause_zh,
        "cause_en": signed.cause_en,
        "beyond_threshold": signed.is_beyond,
    }


def _pending(change: Change) -> Shown:
    definition = change.after.definition
    before = change.before.figure if change.before else None
    most = change.before.threshold if change.before else None
    told_zh, told_en = told(change)
    return {
        "id": change.id,
        "signed_value": plain_value(definition, before.value) if before else None,
        "value": plain_value(definition, change.after.value),
        "signed_prior": plain_value(definition, before.prior) if before else None,
        "prior": plain_value(definition, change.after.prior),
        "signed_definition_version": str(before.definition.version) if before else None,
        "definition_version": str(definition.version),
        "effect": shown_effect(change),
        "threshold": None if most is None else shown_threshold(definition, most),
        "must_restate": change.is_beyond,
        "told_zh": told_zh,
        "told_en": told_en,
    }


def _plain(kpi: str, text: str | None) -> int | str | None:
    definition = DEFINITIONS.get(kpi)
    return plain_value(definition, read_value(definition, text)) if definition else text
