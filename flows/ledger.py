"""Signing a year off, restating it, and what is pending meanwhile: late data changes no signed figure silently."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl
from sqlite_utils import Database

from analytics.kpi.definition import Definition
from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.figures import Figure, compute
from analytics.kpi.frames import Frames
from analytics.kpi.notes import Remark
from analytics.kpi.restating import (
    NOT_SIGNED,
    Change,
    has_moved,
    judge,
    lower_bound,
    present,
    with_remarks,
)
from db.archives import reading_archived
from db.basis import basis_of
from db.connection import snapshot, transaction
from db.errors import Busy, UsageError
from db.figures import StoredFigure, save_figures
from db.ledger import (
    Action,
    Draft,
    Entry,
    SourceState,
    append_entry,
    last_document,
    latest_entry,
    latest_runs,
    read_entries,
    source_states,
)
from db.matches import read_brands
from db.period import Period, shanghai_text
from db.store import Store, now_ms
from db.tally import KINDS
from flows.manifests import code_version, manifests
from flows.rollup import figures, read_records
from flows.signed import signed_of, standing_of

_READING: Final = (
    "format", "encoding", "zone", "yields", "verified", "synthetic", "kind", "columns", "values", "constants",
    "delimiter", "sheet", "store",
)  # fmt: skip
"""What of a source's declaration decides how its rows are read; where and when they are fetched does not."""
_OF_BRANDS: Final = "attack_event"
"""The kind of record whose figures depend on which brands are the organisation's own."""


@dataclass(frozen=True, slots=True)
class History:
    """What the ledger says of a year, and what is pending."""

    entries: list[Entry]
    pending: list[Change]


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Figures and what they were computed from, all of one instant."""

    figures: list[Figure]
    lows: Mapping[str, int | None]
    stored: Sequence[StoredFigure]
    basis: str
    last_document: int
    sources: Mapping[str, SourceState]
    own_brands: tuple[str, ...]


def shown_figures(database: Database, year: int) -> list[Figure]:
    """All KPIs of a year as they are shown: of a closed year as signed, with what is pending in the note."""
    computed = figures(database, year)
    with snapshot(database), reading_archived():
        return presented(database, year, computed)


def presented(database: Database, year: int, computed: Sequence[Figure]) -> list[Figure]:
    """Computed figures as they are shown; call within a snapshot."""
    entry = latest_entry(database, year)
    if entry is None:
        return list(computed)
    pending = {change.id: change for change in _changes(database, entry, computed)}
    return [_presented(figure, entry, pending.get(figure.id)) for figure in computed]


def history(database: Database, year: int) -> History:
    """A year's entries and its pending restatements."""
    computed = figures(database, year) if latest_entry(database, year) else []
    with snapshot(database), reading_archived():
        entries = read_entries(database, year)
        return History(entries, _changes(database, entries[-1], computed) if entries and computed else [])


def close(store: Store, year: int, by: str, why: str) -> Entry:
    """Sign a year off: its figures stand from now on as they are computed here and now.

    Raises:
        UsageError: it is closed already, not over or without data; or who or why is not said.
    """
    _check_said(by, why)
    period = Period(year)
    if now_ms() < period.end:
        raise UsageError(f"{year} is not over before {shanghai_text(period.end)}; close it then")
    _check_open(store.database, year)
    with snapshot(store.database), reading_archived():
        evidence = _evidence(store.database, period)
    if all(figure.value is None for figure in evidence.figures):
        raise UsageError(f"{year} has no data: there is no figure to sign; fanzha run or fanzha import brings it")
    with transaction(store.database):
        _check_open(store.database, year)
        return _sign(store.database, "close", (year, by, why), evidence, {})


def restate(store: Store, year: int, by: str, why: str) -> Entry:
    """Sign a closed year anew, with all that is pending.

    Raises:
        Busy: somebody else restated it meanwhile.
        UsageError: it is open or nothing of it is pending; or who or why is not said.
    """
    _check_said(by, why)
    entry = latest_entry(store.database, year)
    if entry is None:
        raise UsageError(f"{year} is open: there is nothing to restate; fanzha ledger close {year} signs it off")
    with snapshot(store.database), reading_archived():
        evidence = _evidence(store.database, Period(year))
        changes = {change.id: change for change in _changes(store.database, entry, evidence.figures)}
    if not changes:
        raise UsageError(f"nothing of {year} is pending: its figures are what ledger entry {entry.entry_id} says")
    with transaction(store.database):
        latest = latest_entry(store.database, year)
        if latest is None or latest.entry_id != entry.entry_id:
            raise Busy(f"{year} was restated by somebody else just now; see fanzha ledger list {year}, then try again")
        return _sign(store.database, "restate", (year, by, why), evidence, changes)


def _check_said(by: str, why: str) -> None:
    for option, text in (("--by", by), ("--why", why)):
        if not text.strip():
            raise UsageError(f"{option} is empty; say {'who signs' if option == '--by' else 'for what reason'}")


def _check_open(database: Database, year: int) -> None:
    if entry := latest_entry(database, year):
        raise UsageError(
            f"{year} is closed already (ledger entry {entry.entry_id}); fanzha ledger restate {year} changes it"
        )


def _evidence(database: Database, period: Period) -> _Evidence:
    frames = read_records(database, period)
    computed = compute(frames, period)
    return _Evidence(
        computed,
        {one.id: lower_bound(one, frames, period) for one in DEFINITIONS.values()},
        manifests(database, period.year, computed),
        basis_of(database, KINDS),
        last_document(database),
        _source_states(database),
        _own_brands(database),
    )


def _sign(
    database: Database, action: Action, said: tuple[int, str, str], evidence: _Evidence, changes: Mapping[str, Change]
) -> Entry:
    year, by, why = said
    at = now_ms()
    save_figures(database, year, evidence.stored, at)
    runs = latest_runs(database, year)
    signed = [
        signed_of(figure, runs[figure.id], evidence.lows[figure.id], changes.get(figure.id))
        for figure in evidence.figures
    ]
    bounds = (evidence.basis, evidence.last_document, evidence.sources, evidence.own_brands)
    append_entry(database, Draft(year, action, by, why, at, code_version(), *bounds, signed))
    return read_entries(database, year)[-1]


def _changes(database: Database, entry: Entry, computed: Sequence[Figure]) -> list[Change]:
    """What is pending; call within a snapshot."""
    standing = {kpi: standing_of(signed, entry.year) for kpi, signed in entry.figures.items() if kpi in DEFINITIONS}
    moved = [one for one in computed if one.id not in standing or has_moved(standing[one.id].figure, one)]
    special = _special(database, entry, [figure.definition for figure in moved]) if moved else {}
    return [judge(standing.get(figure.id), figure, special.get(figure.id, ())) for figure in moved]


def _special(database: Database, entry: Entry, moved: Sequence[Definition]) -> dict[str, list[Remark]]:
    """Changes of source and boundary behind figures that have moved."""
    now, own = _source_states(database), _own_brands(database)
    strange = {
        name for name, state in now.items() if name not in entry.sources or entry.sources[name].reading != state.reading
    }
    found: dict[str, list[Remark]] = {one.id: [] for one in moved}
    period = Period(entry.year)
    frames = read_records(database, period) if strange else {}
    for definition in moved:
        if names := sorted(strange & _sources_of(definition, frames, period) if strange else ()):
            listed = ", ".join(names)
            found[definition.id].append((f"来源变化：{listed}", f"sources changed: {listed}"))
        if own != entry.own_brands and _OF_BRANDS in definition.kinds:
            shown = f"{', '.join(entry.own_brands) or '-'} -> {', '.join(own) or '-'}"
            found[definition.id].append((f"边界变化：自有品牌 {shown}", f"boundary changed: own brands {shown}"))
    return found


def _sources_of(definition: Definition, frames: Frames, period: Period) -> set[str]:
    return set(definition.records(frames, period).select(pl.col("source").unique()).collect()["source"])


def _source_states(database: Database) -> dict[str, SourceState]:
    return {
        name: SourceState(rows, _reading(json.loads(declaration)))
        for name, (rows, declaration) in source_states(database).items()
    }


def _reading(declaration: Mapping[str, object]) -> str:
    said = json.dumps([declaration.get(name) for name in _READING], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _own_brands(database: Database) -> tuple[str, ...]:
    return tuple(sorted(brand.id for brand in read_brands(database) if brand.own))


def _presented(figure: Figure, entry: Entry, change: Change | None) -> Figure:
    signed = entry.figures.get(figure.id)
    if signed is None:
        return with_remarks(figure, [NOT_SIGNED])
    return present(standing_of(signed, entry.year), change, entry.entry_id, entry.at)
