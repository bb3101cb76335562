"""From a figure to its records, and from each of them to the landed file, the position in it and what stands there."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import polars as pl
from sqlite_utils import Database

from analytics.kpi.counting import records_under
from analytics.kpi.definitions import DEFINITIONS
from db.archives import reading_archived
from db.connection import snapshot
from db.errors import FanzhaError, UsageError
from db.landing import Landing
from db.ledger import latest_entry
from db.period import Period
from flows.rollup import read_records
from spiders.catalogue import stored_source
from spiders.formats.places import NO_LINE, Place, places
from spiders.formats.registry import FORMATS

Cell = str | int | float | bool | None
Record = Mapping[str, object]
_UNITS: Final = {"probe": "probe"}
"""Format -> what a position counts where there is no landed file; what else fanzha itself makes are events."""
_FIRST: Final = ("source", "document", "file", "position")
_SEALED: Final = "about persons: the landed file is encrypted; set FANZHA_KEY_FILE to its key"
_OWN: Final = "made by fanzha itself: no line of a file that came"


@dataclass(frozen=True, slots=True)
class Trace:
    """What leads from records to where they lie."""

    database: Database
    landing: Landing
    last_document: int | None
    """The last document that was there when the year was signed; None of an open year."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a document holds of the records that are asked for."""

    places: Mapping[int, Place]
    why: str
    """Why it cannot be told where they stand; empty where it can."""
    is_late: bool | None
    """Whether it came after its year was signed; None of an open year, and of what came in no document."""


def trace_records(
    database: Database, landing: Landing, kpi: str, year: int, sample: int | None, seed: int
) -> list[dict[str, Cell]]:
    """The records under a figure, in a stable order, each with its place and what stands there (`text`).

    Args:
        database: where they are.
        landing: its landing folder; without a key the text of records about persons is null, and `no_text` says why.
        kpi: the KPI's id.
        year: the year.
        sample: draw so many of them; None gives all.
        seed: of the draw.

    Raises:
        UsageError: no KPI has that id.
    """
    definition = DEFINITIONS.get(kpi.upper())
    if definition is None:
        raise UsageError(f"KPI {kpi!r} is not defined; defined are {', '.join(DEFINITIONS)}")
    period = Period(year)
    with snapshot(database), reading_archived():
        records = records_under(definition, read_records(database, period), period).collect()
        return drawn(Trace(database, landing, last_signed(database, year)), records, sample, seed)


def drawn(trace: Trace, records: pl.DataFrame, sample: int | None, seed: int) -> list[dict[str, Cell]]:
    """What `trace_records` gives of the records under a figure: all of them, or so many, the same for the same seed."""
    ordered = records.sort("source", "document", "position", "unit")
    rows = ordered if sample is None or sample >= ordered.height else ordered[_draw(ordered, sample, seed)]
    return _rows(trace, rows.to_dicts())


def last_signed(database: Database, year: int) -> int | None:
    """The last document that was there when a year was signed; None of an open year."""
    entry = latest_entry(database, year)
    return entry.last_document if entry else None


def _draw(records: pl.DataFrame, sample: int, seed: int) -> list[int]:
    return sorted(random.Random(seed).sample(range(records.height), sample))  # noqa: S311 - an auditor must be able to draw it again


def _rows(trace: Trace, records: Sequence[Record]) -> list[dict[str, Cell]]:
    """Records as they are shown, in their order; each document is opened once, however many share its name."""
    of_documents: dict[object, list[Record]] = {}
    for record in records:
        of_documents.setdefault(_document(record), []).append(record)
    found = {key: _Found(*_places(trace, held), _is_late(trace, held[0])) for key, held in of_documents.items()}
    return [_row(record, trace.landing.root.name, found[_document(record)]) for record in records]


def _document(record: Record) -> tuple[object, ...]:
    return record["source"], record["document"], record["landed"]


def _row(record: Record, landing: str, found: _Found) -> dict[str, Cell]:
    own = {name: _cell(name, value) for name, value in record.items() if name not in {"landed", "format", *_FIRST}}
    at = record["position"]
    place = found.places.get(at, _unread(record)) if isinstance(at, int) else Place("", None)
    return {
        "source": _cell("source", record["source"]),
        "document": _cell("document", record["document"]),
        "file": f"{landing}/{record['landed']}" if record["landed"] else None,
        "position": place.position or None,
        "text": place.text,
        "no_text": None if place.text is not None else found.why or NO_LINE,
        "is_late": found.is_late,
        **own,
    }


def _unread(record: Record) -> Place:
    form = FORMATS.get(str(record["format"]))
    unit = form.unit if form else _UNITS.get(str(record["format"]), "event")
    return Place(f"{unit} {record['position']}", None)


def _places(trace: Trace, records: Sequence[Record]) -> tuple[dict[int, Place], str]:
    """Where records of one document stand; or why nobody can say."""
    landed, name = str(records[0]["landed"] or ""), str(records[0]["source"])
    if not landed or str(records[0]["format"]) not in FORMATS:
        return {}, _OWN
    digest, is_encrypted = Path(landed).stem, landed.endswith(".enc")
    if is_encrypted and trace.landing.key is None:
        return {}, _SEALED
    declared = trace.database.execute("SELECT declaration FROM source WHERE name = ?", [name]).fetchone()
    positions = sorted({at for record in records if isinstance(at := record["position"], int)})
    try:
        content = trace.landing.read(digest, is_encrypted=is_encrypted)
        return places(content, stored_source(declared[0]), positions), ""
    except FanzhaError as error:
        return {}, str(error)


def _is_late(trace: Trace, record: Record) -> bool | None:
    if trace.last_document is None or not record["landed"]:
        return None
    found = trace.database.execute(
        """SELECT max(document_id) FROM document JOIN source USING (source_id)
           WHERE source.name = ? AND document.name = ? AND document.digest = ?""",
        [record["source"], record["document"], Path(str(record["landed"])).stem],
    ).fetchone()
    return bool(found[0] > trace.last_document)


def _cell(name: str, value: object) -> Cell:
    if isinstance(value, int) and not isinstance(value, bool) and name.endswith("_at"):
        return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return str(value)
