"""Does the database hold what it says it holds? Its rules, the figures made anew, and on request all that landed."""

from collections.abc import Iterator, Sequence
from typing import Final

from analytics.kpi.figures import Figure
from db.basis import basis_of, noted_bases
from db.connection import snapshot, transaction
from db.errors import FanzhaError
from db.facts import drop_facts, kept_facts
from db.figures import latest_figures
from db.landing import DamagedLanding
from db.store import Store
from db.tally import KINDS
from db.terms import Terms
from db.verify import guarded, verify_store
from db.writes import Provenance, differing_rows
from flows.manifests import figure_bases
from flows.preparing import prepare
from flows.rollup import compared_figures, derived_attacks
from spiders.catalogue import Source, stored_source
from spiders.formats.registry import FORMATS
from spiders.reading import Reader

_MEND: Final = "restore a backup, or let fanzha run make it anew"
_MOST: Final = 20
"""Rows of one document that are named; the rest is counted."""


def verify(store: Store, *, deep: bool) -> tuple[int, list[str]]:
    """Check a store.

    Args:
        store: which.
        deep: read every landed file again and hold each row against what it says.

    Returns:
        How many landed files were checked, and what is wrong, one line each.

    Raises:
        UsageError: there are landed files about persons, and no key.
    """
    checked, faults = verify_store(store)
    faults += guarded(store, "what figures are made from", _derived_faults(store))
    if deep:
        faults += guarded(store, "rows", _replayed_faults(store))
    return checked, faults


def _derived_faults(store: Store) -> Iterator[str]:
    """Attacks and figures that are not what they were derived as; what came since then is no fault."""
    noted = noted_bases(store.database)
    if noted.get("attacks") == basis_of(store.database, KINDS):
        yield from _attack_faults(store)
    whole = {year for _, year in kept_facts(store.database)}
    for year, stored in latest_figures(store.database).items():
        bases = figure_bases(store.database, year)
        current = [one for one in stored if noted.get(f"{one[0]} {year}") == bases.get(one[0], "")]
        if current or year in whole:
            made, of_facts = compared_figures(store.database, year)
            yield from _figure_faults(made, current)
            yield from _fact_faults(store, made, of_facts)


def _figure_faults(computed: Sequence[Figure], stored: list[tuple[str, str, str | None, str | None]]) -> Iterator[str]:
    made = {figure.id: figure for figure in computed}
    for kpi, version, *kept in stored:
        figure = made.get(kpi)
        if figure is None or str(figure.definition.version) != version:  # it was counted otherwise then
            continue
        for what, before, now in zip(("value", "prior"), kept, (figure.value, figure.prior), strict=True):
            if before != (None if now is None else str(now)):
                of = f"{kpi} of {figure.year}"
                yield f"table kpi_run: {of}: {what} {before} is on record, the records give {now}; {_MEND}"


def _fact_faults(store: Store, computed: Sequence[Figure], of_facts: Sequence[Figure]) -> Iterator[str]:
    """Facts from which another figure follows than from the records; they are kept no longer."""
    made = {figure.id: figure for figure in computed}
    for figure in of_facts:
        if figure != (now := made[figure.id]):
            with transaction(store.database):
                drop_facts(store.database, figure.id, figure.year)
            yield (
                f"table kpi_sum: {figure.id} of {figure.year}: its facts give {figure.value} ({figure.note_en}), the "
                f"records {now.value} ({now.note_en}); the facts are dropped, and the next fanzha run makes them anew"
            )


def _attack_faults(store: Store) -> Iterator[str]:
    with snapshot(store.database):
        made = derived_attacks(store.database)
        names = ", ".join(made.columns)
        rows = store.database.execute(f"SELECT {names} FROM attack").fetchall()  # noqa: S608 - our own names
    held = {row[made.columns.index("attack_key")]: row for row in rows}
    for row in made.iter_rows():
        key = row[made.columns.index("attack_key")]
        there = held.pop(key, None)
        if there is None:
            yield f"table attack: {key}: is lost; {_MEND}"
        elif differing := [name for name, one, two in zip(made.columns, row, there, strict=True) if one != two]:
            yield f"table attack: {key}: {', '.join(differing)}: not as its events have it; {_MEND}"
    for key in held:
        yield f"table attack: {key}: no event speaks of it; {_MEND}"


def _replayed_faults(store: Store) -> Iterator[str]:
    """What the landed files say and the tables do not."""
    documents = store.database.execute(
        """SELECT document_id, source_id, document.name, document.digest, is_encrypted, fetched_at, declaration
           FROM document JOIN source USING (source_id) WHERE document_id IN (SELECT document_id FROM kept)
           AND source.format <> 'fanzha' ORDER BY document_id"""
    ).fetchall()
    for document_id, source_id, name, digest, is_encrypted, fetched_at, declaration in documents:
        try:
            source = stored_source(declaration)
            content = store.landing.read(digest, is_encrypted=bool(is_encrypted))
            found = _differing(store, source, content, Provenance(source_id, document_id, fetched_at))
        except DamagedLanding:
            continue  # told already
        except FanzhaError as error:
            yield f"document {name} of source {source.name}: cannot be read again: {error}"
            continue
        yield from _told(f"{name} ({digest[:12]}) of source {source.name}", found)


def _differing(store: Store, source: Source, content: bytes, origin: Provenance) -> list[tuple[str, str, int, str]]:
    """Rows of a document that are not there as it has them; what is written in between is undone."""
    if source.format not in FORMATS:
        return []
    with Reader(source) as reader:
        prepared = prepare(store.require_key() if source.has_people else None, source, content, reader)
    found: list[tuple[str, str, int, str]] = []
    for batch in prepared.batches():
        if batch.rows.is_empty():
            continue
        store.database.conn.execute("BEGIN IMMEDIATE")
        try:
            found += differing_rows(store.database, Terms(store.database), batch.kind, batch.rows, origin)
        finally:
            store.database.conn.rollback()
    return found


def _told(document: str, found: list[tuple[str, str, int, str]]) -> Iterator[str]:
    for table, key, position, columns in found[:_MOST]:
        what = f"{columns.replace(' ', ', ')}: not as it was sent" if columns else "is lost"
        yield (
            f"table {table}: row {key} of {document}, position {position}: {what}; restore a backup"
            + ("" if columns else ", or import the file again")
        )
    if len(found) > _MOST:
        yield f"document {document}: {len(found) - _MOST:,} more rows are lost or not as they were sent"
