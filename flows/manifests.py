"""How figures are put on record: by which definition and code, from what, and whether one on record still stands."""

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Final, NamedTuple

from sqlite_utils import Database

from analytics.kpi.cards import definition_hash
from analytics.kpi.definition import Definition
from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.figures import Figure
from db.basis import are_sightings_reports, basis_of
from db.extent import Extent, extents
from db.figures import StoredFigure, kept_figures
from db.ledger import last_entry
from db.period import Period

_COUNTING: Final = ("analytics.kpi", "analytics.attacks")
_TABLES: Final = {"address": "sighting", "app": "app_sighting"}
"""Kind of records -> its table, where they have different names."""


def figure_bases(database: Database, year: int) -> dict[str, str]:
    """KPI -> what its figure of a year rests on: records, and the year before as it was signed."""
    of_attacks = ("attack_event", "verdict", *(("sighting",) if are_sightings_reports(database) else ()))
    wanted = {definition.id: _rests_on(definition, of_attacks) for definition in DEFINITIONS.values()}
    found = {on: basis_of(database, on.kinds, is_derived=on.is_derived) for on in {*wanted.values()}}
    before = last_entry(database, year - 1)
    return {kpi: f"{found[on]} {before}" if before else found[on] for kpi, on in wanted.items()}


class _Base(NamedTuple):
    """The tables that a KPI rests on."""

    kinds: tuple[str, ...]
    is_derived: bool


def _rests_on(definition: Definition, of_attacks: tuple[str, ...]) -> _Base:
    """What sources say of its kinds, and figures published before; attacks follow from more than their events."""
    is_derived = definition.frame == "attack_events"
    kinds = of_attacks if is_derived else tuple(_TABLES.get(kind, kind) for kind in definition.kinds)
    return _Base((*kinds, "reported_figure"), is_derived)


def standing_figures(database: Database, year: int) -> dict[str, Figure]:
    """Id -> figure of those that are stored as today's definitions, code and records have them."""
    return {
        one.kpi: _read(definition, year, one)
        for one in kept_figures(database, year, figure_bases(database, year))
        if (definition := DEFINITIONS.get(one.kpi))
        and (one.definition_hash, one.code_version) == (definition_hash(definition), code_version())
    }


def manifests(database: Database, year: int, computed: Sequence[Figure]) -> list[StoredFigure]:
    """How computed figures are put on record: by what, and from how much; within the snapshot they were computed in."""
    bases = figure_bases(database, year)
    extent = extents(database, Period(year), {figure.definition.frame for figure in computed})
    return [_stored(one, bases[one.id], extent.get(one.definition.frame)) for one in computed]


@cache
def code_version() -> str:
    """The program's version, and a digest of the code that counts: figures of other code are computed anew."""
    digest = hashlib.sha256()
    for package in _COUNTING:
        for path in sorted(files(package).iterdir(), key=lambda each: each.name):
            if path.name.endswith(".py"):
                digest.update(path.read_bytes())
    return f"{version('fanzha')}+{digest.hexdigest()[:12]}"


def _stored(figure: Figure, basis: str, extent: Extent | None) -> StoredFigure:
    return StoredFigure(
        figure.definition.id,
        str(figure.definition.version),
        None if figure.value is None else str(figure.value),
        None if figure.prior is None else str(figure.prior),
        figure.display_zh,
        figure.display_en,
        " / ".join(filter(None, (figure.note_zh, figure.note_en))),
        figure.note_zh,
        figure.note_en,
        figure.numerator,
        figure.denominator,
        figure.is_synthetic,
        definition_hash(figure.definition),
        code_version(),
        basis,
        None if extent is None else extent.rows,
        None if extent is None else extent.tests,
        figure.records,
        figure.units,
    )


def _read(definition: Definition, year: int, stored: StoredFigure) -> Figure:
    """The figure that `_stored` made this of."""
    value, prior = (_number(definition, text) for text in (stored.value, stored.prior))
    notes = (stored.note_zh, stored.note_en, stored.numerator, stored.denominator, stored.is_synthetic)
    return Figure(definition, year, value, prior, *notes, stored.records, stored.units)


def _number(definition: Definition, text: str | None) -> int | Decimal | None:
    if text is None:
        return None
    return Decimal(text) if definition.measure in {"percent", "points"} else int(text)
