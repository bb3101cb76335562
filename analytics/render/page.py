"""The report as one HTML file: nothing is loaded from elsewhere, nothing of others is live, and it prints."""

from importlib.resources import files
from typing import Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from analytics.render.charts import FONTS, chart_svg
from analytics.render.report import PanelRow, Report
from analytics.render.sections import Section, is_empty, sections
from analytics.render.tables import Cell, Number, is_heading, shown
from analytics.render.words import say, visible, word
from db.defang import defang_links

_TEMPLATE: Final = files("analytics.render").joinpath("report.html")
_CLASSES: Final = ((Number, "number"), (type(None), "unknown"))


def render_html(report: Report) -> str:
    """The whole report as one HTML page, the same text for the same report.

    Args:
        report: the year's figures.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"harmless": harmless, "kind": _kind}
    environment.tests["heading"] = is_heading
    unknown = word(report, "unknown")
    return environment.from_string(_TEMPLATE.read_text("utf-8")).render(
        report=report,
        language="en" if report.lang == "en" else "zh-CN",
        title=f"{word(report, 'title')} {report.year}",
        notices=[word(report, name) for name, holds in _notices(report) if holds],
        panel=[(say(report.lang, one.label_zh, one.label_en), _displayed(report, one)) for one in report.panel],
        sections=[(section, _charts(section)) for section in sections(report)],
        fonts=FONTS,
        shown=lambda cell: shown(cell, unknown),
        word=lambda name: word(report, name),
    )


def harmless(text: str) -> str:
    """A text in which nothing is hidden and no link can be followed; the template escapes it."""
    return defang_links(visible(text))


def _notices(report: Report) -> tuple[tuple[str, bool], ...]:
    return (
        ("synthetic", report.is_synthetic),
        ("empty", is_empty(report)),
        ("unsigned", not report.signoffs),
    )


def _displayed(report: Report, one: PanelRow) -> list[str]:
    """The display form, one line a language."""
    forms = (one.display_zh, one.display_en)
    return list(dict.fromkeys(forms)) if report.lang == "both" else [say(report.lang, *forms)]


def _charts(section: Section) -> list[Markup]:
    """The section's charts; their labels were escaped by what drew them."""
    return [Markup(chart_svg(chart, f"{section.key}-{place}")) for place, chart in enumerate(section.charts)]  # noqa: S704


def _kind(cell: Cell) -> str:
    return next((name for kind, name in _CLASSES if isinstance(cell, kind)), "text")
