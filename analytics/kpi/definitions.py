"""All KPIs. What each counts is decided in its declaration and nowhere else; a changed meaning is a new version."""

from types import MappingProxyType
from typing import Final

from analytics.kpi import (
    alerts,
    balance,
    cases,
    education,
    intelligence,
    losses,
    opinion,
    protection,
    takedowns,
    underground,
)
from analytics.kpi.definition import Definition

_ALL: Final = (
    *intelligence.DEFINITIONS,
    *protection.DEFINITIONS,
    *losses.DEFINITIONS,
    *takedowns.DEFINITIONS,
    *opinion.DEFINITIONS,
    *underground.DEFINITIONS,
    *alerts.DEFINITIONS,
    *cases.DEFINITIONS,
    *education.DEFINITIONS,
    *balance.DEFINITIONS,
)


def _place(definition: Definition) -> tuple[bool, str]:
    """The published figures first, then those that balance them."""
    return definition.id.startswith("B"), definition.id


DEFINITIONS: Final = MappingProxyType({declared.id: declared for declared in sorted(_ALL, key=_place)})
"""Every KPI by its id, in the order of the report."""
