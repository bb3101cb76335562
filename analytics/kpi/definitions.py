"""All KPIs. What each counts is decided in its declaration and nowhere else; a changed meaning is a new version."""

from types import MappingProxyType
from typing import Final

from analytics.kpi import intelligence, losses, protection, takedowns

_ALL: Final = (
    *intelligence.DEFINITIONS,
    *protection.DEFINITIONS,
    *losses.DEFINITIONS,
    *takedowns.DEFINITIONS,
)

DEFINITIONS: Final = MappingProxyType({declared.id: declared for declared in sorted(_ALL, key=lambda each: each.id)})
"""Every KPI by its id, in the order of the report."""
