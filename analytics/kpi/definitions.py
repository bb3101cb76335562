"""All KPIs. What each counts is decided in its declaration and nowhere else; a changed meaning is a new version."""

from types import MappingProxyType
from typing import Final

from analytics.kpi import (
    alerts,
    cases,
    education,
    intelligence,
    losses,
    opinion,
    protection,
    takedowns,
    underground,
)

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
)

DEFINITIONS: Final = MappingProxyType({declared.id: declared for declared in sorted(_ALL, key=lambda each: each.id)})
"""Every KPI by its id, in the order of the report."""
