"""Which KPIs stand together, and what the groups are called."""

from types import MappingProxyType
from typing import Final

from analytics.render.report import Group

_MEMBERS: Final[tuple[tuple[Group, tuple[str, ...]], ...]] = (
    ("intelligence", ("K01", "K02", "K06", "K07", "K08", "K09")),
    ("protection", ("K03", "K05", "K37", "K38", "K39", "K40", "K42", "K43")),
    ("takedowns", ("K10", "K11", "K12", "K13", "K14", "K15", "K16", "K17", "K18")),
    ("losses", ("K04", "K41")),
    ("cases", ("K31", "K32", "K33", "K34", "K35", "K36")),
    ("operations", ("K19", "K20", "K21")),
    ("balance", tuple(f"B{number:02}" for number in range(1, 13))),
)
_GROUP_OF: Final = MappingProxyType({kpi: group for group, kpis in _MEMBERS for kpi in kpis})

GROUPS: Final[MappingProxyType[Group, tuple[str, str]]] = MappingProxyType(
    {
        "intelligence": ("情报", "Intelligence"),
        "protection": ("用户保护", "User protection"),
        "takedowns": ("打击与关停", "Takedowns"),
        "losses": ("止损", "Losses prevented"),
        "cases": ("打击黑灰产", "Cases"),
        "operations": ("安全运营", "Security operations"),
        "balance": ("平衡指标", "Balanced set"),
        "other": ("其他", "Other"),
    }
)
"""Group -> its name, zh and en, in the order of the report."""


def group_of(kpi: str) -> Group:
    """The group of a KPI."""
    return _GROUP_OF.get(kpi, "other")
