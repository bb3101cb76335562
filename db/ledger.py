"""The ledger: what was signed off and restated, entry by entry, each bound to the one before by its digest."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any, Final, Literal

import polars as pl
from sqlite_utils import Database

from db.errors import FanzhaError

Action = Literal["close", "restate"]
_MEND: Final = "restore a backup, and find out who changed it"


@dataclass(frozen=True, slots=True)
class SignedFigure:
    """A figure as it was signed, with its definition; values as exact text, money in fen."""

    kpi: str
    kpi_run_id: int
    """The computation (`kpi_run`) that gave it."""
    definition_version: str
    name_zh: str
    name_en: str
    unit_zh: str
    unit_en: str
    definition_zh: str
    definition_en: str
    value: str | None
    prior: str | None
    display_zh: str
    display_en: str
    note_zh: str
    note_en: str
    numerator: int | None
    denominator: int | None
    is_synthetic: bool
    threshold: str | None
    """What it may move by before it must be restated."""
    low: str | None
    """Of money: its lower bound."""
    old_definition_version: str | None = None
    """This and all behind it: of a figure that the entry restates."""
    old_value: str | None = None
    old_prior: str | None = None
    cause_zh: str | None = None
    cause_en: str | None = None
    is_beyond: bool | None = None
    """Whether it had to be restated."""

    @property
    def is_restated(self) -> bool:
        """Whether the entry changed it."""
        return self.cause_en is not None


@dataclass(frozen=True, slots=True)
class SourceState:
    """What a source had brought when an entry was made, and how its rows were read."""

    rows: int
    reading: str
    """A digest of what in its declaration decides how rows are read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One act of signing."""

    entry_id: int
    year: int
    action: Action
    by: str
    why: str
    at: int
    """Unix ms."""
    code_version: str
    basis: str
    """`db.basis.basis_of` what the figures were computed from."""
    last_document: int
    """Id of the last document that had come; those with a greater one came after it was signed."""
    sources: Mapping[str, SourceState]
    own_brands: tuple[str, ...]
    """Ids of the organisation's own brands: the boundary of what counts as its own."""
    previous: str
    """The digest of the entry before it, of whatever year; of the first, empty."""
    digest: str
    figures: Mapping[str, SignedFigure]
    """All figures of the year, by KPI."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be signed."""

    year: int
    action: Action
    by: str
    why: str
    at: int
    code_version: str
    basis: str
    last_document: int
    sources: Mapping[str, SourceState]
    own_brands: tuple[str, ...]
    figures: Sequence[SignedFigure]


_FIGURE: Final = tuple(field.name for field in fields(SignedFigure))
_ENTRY: Final = (
    "year", "action", "by", "why", "at", "code_version", "basis", "last_document", "sources", "own_brands", "previous",
    "digest",
)  # fmt: skip


def read_entries(database: Database, year: int) -> list[Entry]:
    """A year's entries, the oldest first; empty where the year is open."""
    return [entry for entry in _entries(database) if entry.year == year]


def latest_entry(database: Database, year: int) -> Entry | None:
    """The entry that stands for a year; None where it is open."""
    entries = read_entries(database, year)
    return entries[-1] if entries else None


def last_entry(database: Database, year: int) -> int:
    """Id of the entry that stands for a year; 0 where it is open."""
    query = "SELECT coalesce(max(entry_id), 0) FROM ledger_entry WHERE year = ?"
    return int(database.execute(query, [year]).fetchone()[0])


def signed_figures(database: Database) -> pl.DataFrame:
    """The figures in force of all closed years: `kpi`, `year`, `value`, `definition_version`, `entry` ..."""
    rows = database.execute(
        """SELECT kpi, year, value, definition_version, is_synthetic, entry_id FROM ledger_figure
           JOIN ledger_entry USING (entry_id)
           WHERE entry_id IN (SELECT max(entry_id) FROM ledger_entry GROUP BY year) ORDER BY year, kpi"""
    ).fetchall()
    frame = pl.DataFrame(rows, schema={**SIGNED, "is_synthetic": pl.Int64}, orient="row")
    return frame.with_columns(pl.col("is_synthetic").cast(pl.Boolean))


SIGNED: Final = {
    "kpi": pl.String,
    "year": pl.Int64,
    "value": pl.String,
    "definition_version": pl.String,
    "is_synthetic": pl.Boolean,
    "entry": pl.Int64,
}
"""Columns of `signed_figures`."""


def latest_runs(database: Database, year: int) -> dict[str, int]:
    """KPI -> id of its last computation (`kpi_run`) of a year."""
    return dict(database.execute("SELECT kpi, max(kpi_run_id) FROM kpi_run WHERE year = ? GROUP BY kpi", [year]))


def source_states(database: Database) -> dict[str, tuple[int, str]]:
    """Name of each source, fanzha's own apart, that has brought anything -> rows, declaration as JSON."""
    rows = database.execute(
        """SELECT name, sum(rows), declaration FROM source JOIN kept USING (source_id)
           WHERE format <> 'fanzha' GROUP BY source_id ORDER BY name"""
    )
    return {name: (count, declaration) for name, count, declaration in rows}


def last_document(database: Database) -> int:
    """Id of the last document that has come; 0 where there is none."""
    return int(database.execute("SELECT coalesce(max(document_id), 0) FROM document").fetchone()[0])


def append_entry(database: Database, draft: Draft) -> int:
    """Sign; call within a transaction, which makes it whole or not at all. Returns the entry's id."""
    last = database.execute("SELECT digest FROM ledger_entry ORDER BY entry_id DESC LIMIT 1").fetchone()
    previous = last[0] if last else ""
    digest = _digest(draft, previous)
    sources = {name: astuple(state) for name, state in draft.sources.items()}
    values = [
        draft.year, draft.action, draft.by, draft.why, draft.at, draft.code_version, draft.basis, draft.last_document,
        json.dumps(sources, ensure_ascii=False), json.dumps(draft.own_brands, ensure_ascii=False), previous, digest,
    ]  # fmt: skip
    entry_id = database.execute(_insert("ledger_entry", _ENTRY), values).lastrowid
    names = ("entry_id", *_FIGURE)
    for figure in draft.figures:
        database.execute(_insert("ledger_figure", names), (entry_id, *astuple(figure)))
    assert entry_id is not None  # noqa: S101 - a row was inserted
    return entry_id


def _insert(table: str, names: Sequence[str]) -> str:
    columns = ", ".join(f'"{name}"' for name in names)
    return f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - our own names


def ledger_faults(database: Database) -> Iterator[str]:
    """What in the ledger is not as it was signed: changed, lost or put in between."""
    previous, expected = "", 1
    for entry in _entries(database):
        told = f"ledger entry {entry.entry_id} ({entry.action} {entry.year})"
        if entry.entry_id != expected:
            yield f"ledger: entries {expected} to {entry.entry_id - 1} are lost; {_MEND}"
        if entry.previous != previous:
            yield f"{told}: does not follow the entry before it: one was changed, lost or put in between; {_MEND}"
        if entry.digest != _digest(_drafted(entry), entry.previous):
            yield f"{told}: is not as it was signed; {_MEND}"
        previous, expected = entry.digest, entry.entry_id + 1
    counted = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'ledger_entry'").fetchone()
    if counted and counted[0] >= expected:
        yield f"ledger: entries {expected} to {counted[0]} are lost; {_MEND}"
    yield from _run_faults(database)


def _run_faults(database: Database) -> Iterator[str]:
    for entry_id, kpi in database.execute(
        """SELECT entry_id, ledger_figure.kpi FROM ledger_figure LEFT JOIN kpi_run USING (kpi_run_id)
           WHERE kpi_run.kpi IS NOT ledger_figure.kpi OR kpi_run.value IS NOT ledger_figure.value
               OR kpi_run.definition_version IS NOT ledger_figure.definition_version"""
    ):
        yield f"ledger entry {entry_id}: {kpi} is not what its computation (table kpi_run) gave; {_MEND}"


def _drafted(entry: Entry) -> Draft:
    said = {field.name: getattr(entry, field.name) for field in fields(Draft)}
    return Draft(**said | {"figures": [*entry.figures.values()]})


def _digest(draft: Draft, previous: str) -> str:
    """SHA-256 of all that is signed, as JSON, and of the entry before."""
    figures = sorted((figure.kpi, astuple(figure)) for figure in draft.figures)
    sources = sorted((name, *astuple(state)) for name, state in draft.sources.items())
    said = [
        previous, draft.year, draft.action, draft.by, draft.why, draft.at, draft.code_version, draft.basis,
        draft.last_document, sources,
        list(draft.own_brands), [figure for _, figure in figures],
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def _entries(database: Database) -> Iterator[Entry]:
    columns = ", ".join(f'"{name}"' for name in _ENTRY)
    rows = database.execute(f"SELECT entry_id, {columns} FROM ledger_entry ORDER BY entry_id").fetchall()  # noqa: S608 - our own names
    for entry_id, *said in rows:
        told = dict(zip(_ENTRY, said, strict=True))
        try:
            sources = {name: SourceState(*state) for name, state in json.loads(told["sources"]).items()}
            own_brands = tuple(json.loads(told["own_brands"]))
        except (ValueError, TypeError, AttributeError):
            raise FanzhaError(f"ledger entry {entry_id}: cannot be read; {_MEND}") from None
        figures = _figures(database, entry_id)
        yield Entry(entry_id, **told | {"sources": sources, "own_brands": own_brands, "figures": figures})


def _figures(database: Database, entry_id: int) -> dict[str, SignedFigure]:
    rows = database.execute(
        f"SELECT {', '.join(_FIGURE)} FROM ledger_figure WHERE entry_id = ? ORDER BY kpi",  # noqa: S608 - our own names
        [entry_id],
    )
    figures = (dict(zip(_FIGURE, row, strict=True)) for row in rows)
    return {one["kpi"]: SignedFigure(**_flagged(one)) for one in figures}


def _flagged(row: dict[str, Any]) -> dict[str, Any]:
    flags = {name: None if row[name] is None else bool(row[name]) for name in ("is_synthetic", "is_beyond")}
    return row | flags
