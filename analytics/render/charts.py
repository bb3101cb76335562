"""Charts as SVG that stands for itself: no script, no reference to anything outside, a Chinese font named."""

import re
from typing import Any, Final

import altair as alt
import polars as pl
import vl_convert

from analytics.render.sections import Chart
from analytics.render.words import visible
from db.defang import defang_links

FONTS: Final = "Microsoft YaHei, PingFang SC, Noto Sans CJK SC, Source Han Sans SC, WenQuanYi Micro Hei, sans-serif"
"""What Windows, macOS and Linux have for Chinese."""
_WIDTH: Final = 620
_HEIGHT: Final = 240
_BAR: Final = 20
"""Height of a bar."""
_LABEL: Final = 260
"""The longest label, in pixels; a longer one ends in dots."""
_SCHEMA: Final = {
    "place": pl.Int64,
    "label": pl.String,
    "part": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}
_COLOURS: Final = ("#2f5597", "#c55a11", "#548235")


def chart_svg(chart: Chart, name: str) -> str:
    """A chart as an `<svg>` element.

    Args:
        chart: what it shows.
        name: of letters, another for each chart of a page: the element's ids begin with it.
    """
    drawn = {"columns": _columns, "bars": _bars, "steps": _steps}[chart.kind](chart)
    titled = drawn.properties(title=visible(chart.title)).configure(font=FONTS).configure_view(stroke=None)
    text: str = vl_convert.vegalite_to_svg(titled.to_dict())
    return _own_ids(text, name)


def _own_ids(svg: str, name: str) -> str:
    """Every chart numbers its clips from 0: on one page the second would be cut as the first is."""
    renamed = re.sub(r'\bid="([\w-]+)"', rf'id="{name}-\1"', svg)
    return re.sub(r"url\(#([\w-]+)\)", rf"url(#{name}-\1)", renamed)


def _data(chart: Chart) -> pl.DataFrame:
    rows = [
        {
            "place": place,
            "label": defang_links(visible(mark.label)),
            "part": defang_links(visible(mark.part)),
            "value": mark.value,
            "low": mark.low,
            "high": mark.high,
        }
        for place, mark in enumerate(chart.marks)
    ]
    return pl.DataFrame(rows, schema=_SCHEMA)


def _columns(chart: Chart) -> alt.Chart:
    """Columns in the order of the marks, side by side where they have parts."""
    has_parts = any(mark.part for mark in chart.marks)
    parts: dict[str, Any] = {}
    if has_parts:
        parts = {
            "xOffset": alt.XOffset("part:N"),
            "color": alt.Color("part:N", title=None, scale=alt.Scale(range=list(_COLOURS))),
        }
    across = alt.X("label:N", title=chart.across or None, sort=None, axis=alt.Axis(labelAngle=0 if has_parts else -45))
    up = alt.Y("value:Q", title=chart.up or None, axis=alt.Axis(format=",~f"))
    sized = alt.Chart(_data(chart), width=_WIDTH, height=_HEIGHT)
    made: alt.Chart = sized.mark_bar(color=_COLOURS[0]).encode(x=across, y=up, **parts)
    return made


def _bars(chart: Chart) -> alt.LayerChart:
    """Bars with their numbers; two of one label stay two."""
    label = alt.Axis(
        labelExpr="slice(datum.label, indexof(datum.label, ' ') + 1)",
        labelLimit=_LABEL,
        title=None,
        ticks=False,
        domain=False,
    )
    up = alt.Y("key:N", sort=None, axis=label)
    across = alt.X("value:Q", title=chart.across or None, axis=alt.Axis(format=",~f", tickCount=6))
    base = alt.Chart(_data(chart)).transform_calculate(key="datum.place + ' ' + datum.label").encode(x=across, y=up)
    numbers = base.mark_text(align="left", dx=4).encode(text=alt.Text("value:Q", format=","))
    layers = [base.mark_bar(color=_COLOURS[0]), numbers]
    return alt.LayerChart(layer=layers, width=_WIDTH - _LABEL, height=_BAR * len(chart.marks))


def _steps(chart: Chart) -> alt.LayerChart:
    """A curve of steps over hours with its band."""
    hours = alt.X("hours:Q", title=chart.across, axis=alt.Axis(format=",~f"))
    base = alt.Chart(_data(chart)).transform_calculate(hours="toNumber(datum.label)").encode(x=hours)
    share = alt.Y("value:Q", title=chart.up, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%"))
    band = base.transform_filter("isValid(datum.low) && isValid(datum.high)").mark_area(
        interpolate="step-after", opacity=0.25, color=_COLOURS[0]
    )
    line = base.mark_line(interpolate="step-after", color=_COLOURS[0])
    layers = [band.encode(y="low:Q", y2="high:Q"), line.encode(y=share)]
    return alt.LayerChart(layer=layers, width=_WIDTH, height=_HEIGHT)
