"""The report as Markdown: tables that survive hostile text."""

import re
from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from analytics.render.report import Report
from analytics.render.tables import Cell, Number, Table, tables
from analytics.render.words import visible, word

_SPECIAL: Final = re.compile(r"[\\`*_\[\]|~$]")
_HTML: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LINKS: Final = (("://", "[:]//"), ("www.", "www[.]"), ("@", "[at]"))
"""What viewers turn into live links, and how it is written instead."""
_FORMATS: Final = MappingProxyType(
    {
        "count": "{:,.0f}",
        "money": "{:,.2f}",
        "percent": "{:,.2f}%",
        "growth": "{:+,.2f}%",
        "points": "{:+,.2f} pp",
    }
)


def render_markdown(report: Report) -> str:
    """The whole report as one Markdown text; nothing in it becomes HTML, a link or another cell.

    Args:
        report: the year's figures.
    """
    parts = [
        f"# {_safe(word(report, 'title'))} {report.year}",
        _safe(word(report, "period")),
        *([f"**{_safe(word(report, 'synthetic'))}**"] if report.is_synthetic else ()),
        *(_section(table, _safe(word(report, "unknown"))) for table in tables(report)),
        _safe(word(report, "made")),
    ]
    return "\n\n".join(parts) + "\n"


def _section(table: Table, unknown: str) -> str:
    numeric = [any(isinstance(row[place], Number) for row in table.rows) for place in range(len(table.header))]
    lines = [
        _line([_safe(name) for name in table.header]),
        _line(["---:" if is_number else "---" for is_number in numeric]),
        *(_line([_cell(cell, unknown) for cell in row]) for row in table.rows),
    ]
    return f"## {_safe(table.title)}\n\n" + "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell, unknown: str) -> str:
    if cell is None:
        return unknown
    return _FORMATS[cell.shape].format(cell.value) if isinstance(cell, Number) else _safe(cell)


def _safe(text: str) -> str:
    shown = visible(text)
    for live, dead in _LINKS:
        shown = re.sub(re.escape(live), dead, shown, flags=re.IGNORECASE)
    return _SPECIAL.sub(r"\\\g<0>", shown).translate(_HTML)
