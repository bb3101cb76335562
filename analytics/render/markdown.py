"""The report as Markdown: tables that survive hostile text."""

import re
from collections.abc import Sequence
from typing import Final

from analytics.render.report import Report
from analytics.render.sections import Section, is_empty, sections
from analytics.render.tables import Cell, Number, Table, shown
from analytics.render.words import visible, word

_SPECIAL: Final = re.compile(r"[\\`*_\[\]|~$]")
_HTML: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LINKS: Final = (("://", "[:]//"), ("www.", "www[.]"), ("@", "[at]"))
"""What viewers turn into live links, and how it is written instead."""


def render_markdown(report: Report) -> str:
    """The whole report as one Markdown text; nothing in it becomes HTML, a link or another cell.

    Args:
        report: the year's figures.
    """
    parts = [
        f"# {_safe(word(report, 'title'))} {report.year}",
        _safe(word(report, "period")),
        *([f"**{_safe(word(report, 'synthetic'))}**"] if report.is_synthetic else ()),
        *([f"**{_safe(word(report, 'empty'))}**"] if is_empty(report) else ()),
        *(part for section in sections(report) for part in _section(section, _safe(word(report, "unknown")))),
        _safe(word(report, "made")),
    ]
    return "\n\n".join(parts) + "\n"


def _section(section: Section, unknown: str) -> list[str]:
    texts = [_safe(line) for text in section.texts for line in text.splitlines()]
    titled = len(section.tables) > 1 and section.key == "cards"
    tables = [(f"### {_safe(table.title)}\n\n" if titled else "") + _table(table, unknown) for table in section.tables]
    return [f"## {_safe(section.title)}", *texts, *tables]


def _table(table: Table, unknown: str) -> str:
    numeric = [any(isinstance(row[place], Number) for row in table.rows) for place in range(len(table.header))]
    lines = [
        _line([_safe(name) for name in table.header]),
        _line(["---:" if is_number else "---" for is_number in numeric]),
        *(_line([_cell(cell, unknown) for cell in row]) for row in table.rows),
    ]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell, unknown: str) -> str:
    return _safe(cell) if isinstance(cell, str) else shown(cell, unknown)


def _safe(text: str) -> str:
    shown = visible(text)
    for live, dead in _LINKS:
        shown = re.sub(re.escape(live), dead, shown, flags=re.IGNORECASE)
    return _SPECIAL.sub(r"\\\g<0>", shown).translate(_HTML)
