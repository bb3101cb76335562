"""A report with something in every part of it. Every name in it is made up (synthetic)."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from analytics.render.document import render_docx
from analytics.render.markdown import render_markdown
from analytics.render.narrative import panel_rows, paragraphs
from analytics.render.page import render_html
from analytics.render.plain import render_csv, render_json
from analytics.render.report import (
    NO_BRAND,
    CardField,
    CheckRow,
    CountRow,
    CurvePoint,
    EliminationRow,
    EvidenceRow,
    FigureRow,
    Group,
    MeasureRow,
    Plain,
    Point,
    PublishedRow,
    Report,
    Sample,
    SeriesRow,
    SignOff,
    SourceRow,
    TierRow,
)
from analytics.render.workbook import render_xlsx

RENDERERS: dict[str, Callable[[Report], str | bytes]] = {
    "xlsx": render_xlsx,
    "html": render_html,
    "docx": render_docx,
    "md": render_markdown,
    "csv": render_csv,
    "json": render_json,
}
HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1",
    "Sheet1!A1",
    "-1",
    "@SUM(A1)",
    "<script>alert(1)</script>",
    "a|b",
    "[x](http://evil.example)",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}",
    "qifu" + chr(0x202E) + "moc.",
    "nothing" + chr(0x200B) + "there",
]


def figure(value: Plain, prior: Plain, **said: str) -> FigureRow:
    texts = {
        "id": "K10",
        "name_zh": "打击诈骗网站",
        "name_en": "Fraud websites acted against",
        "unit_zh": "个",
        "unit_en": "attacks",
        "display_zh": "14,055个",
        "display_en": "14,055",
        "definition_zh": "口径",
        "definition_en": "what counts",
        "definition_version": "1",
        "note_zh": "附注",
        "note_en": "a note",
    }
    return FigureRow(measure="count", value=value, prior=prior, group="takedowns", **(texts | said))  # type: ignore[arg-type]


CARD = (CardField("目的", "Purpose", "用途", "what it is for"), CardField("负责人", "Owner", "某人", "somebody"))
COUNT = replace(figure(14_055, 5_244), card=CARD)
MONEY = replace(
    figure(
        "284492900.00",
        "1000.50",
        id="K41",
        unit_zh="元",
        unit_en="CNY",
        display_zh="2.84亿元",
        display_en="CNY 284 million",
    ),
    measure="money",
    group="losses",
)
RATE = replace(
    figure(
        "99.98",
        "98.00",
        id="K15",
        name_zh="关停率",
        unit_zh="%",
        unit_en="%",
        display_zh="99.98%",
        display_en="99.98%",
    ),
    measure="percent",
    numerator=4_999,
    denominator=5_000,
)
UNKNOWN = replace(
    figure(None, None, id="K03", name_zh="反诈预警", name_en="Warnings", display_zh="未知", display_en="unknown"),
    group="warnings",
)
FIGURES = (COUNT, MONEY, RATE, UNKNOWN)
GROUPS = (
    Group("warnings", "用户保护", "User protection"),
    Group("takedowns", "打击与关停", "Takedowns"),
    Group("losses", "止损", "Losses prevented"),
)
MONTHS = tuple(Point(f"2024-{month:02}", 1_000 + month) for month in range(1, 13))
REPORT = Report(
    year=2024,
    lang="both",
    figures=FIGURES,
    checks=(
        CheckRow("K11 ⊆ K10", holds=True, finding_zh="全部包含", finding_en="all of it"),
        CheckRow("K14 ⊆ K11", holds=False, finding_zh="不在", finding_en="not in it"),
        CheckRow("K04 + K41", holds=None, finding_zh="未知", finding_en="unknown"),
    ),
    sources=(
        SourceRow("synthetic-list", "stored", 1_735_660_800_000, 1_234, ""),
        SourceRow("synthetic-broken", "failed", None, None, "HTTP 200, an HTML page in place of a CSV"),
    ),
    is_synthetic=True,
    generated_at=1_736_000_000_123,
    generator="fanzha 0.1.0",
    groups=GROUPS,
    panel=panel_rows(FIGURES),
    paragraphs=paragraphs(2024, FIGURES),
    series=(
        SeriesRow("K10", MONTHS, (Point("2024-W01", 14_055 - 7), Point("outside", 7))),
        SeriesRow("K41", (Point("2024-03", "284492900.00"),), (Point("2024-W10", "284492900.00"),)),
    ),
    brands=(CountRow("某银行", "A bank", 30), CountRow("某支付", "A payer", 9), CountRow(*NO_BRAND, 900)),
    techniques=(CountRow("形近字符", "lookalike characters", 39), CountRow(*NO_BRAND, 900)),
    measures=(
        MeasureRow("median", "中位数", "median", "hours", 12.5, 10.0, None, 40, "攻击", "attacks", "", "no upper end"),
    ),
    curve=(CurvePoint(0, 1, None, None), CurvePoint(12.5, 0.5, 0.4, 0.6), CurvePoint(80, 0.5, 0.4, 0.6)),
    tiers=(TierRow("K41", "dissuasion", "A", 30, "284000000.00"), TierRow("K41", "dissuasion", "B", 2, "492900.00")),
    eliminations=(
        EliminationRow("人数", "people", "人", "people", 20, 30, 4),
        EliminationRow("金额", "amount", "元", "CNY", "259000.00", "284492900.00", None),
    ),
    published=(
        PublishedRow("K10", "打击", "acted", "count", 14_000, "14000", "A report", "44", 14_055, "评注", "a remark"),
        PublishedRow("K06", "舆情", "opinion", "count", None, "1.2万", "A report", "", None, "评注", "a remark"),
    ),
    sample=Sample(
        "K10",
        7,
        25,
        (EvidenceRow("u", "synthetic", "a.csv", "f.landing/aa/b.z", "line 3", "2024-03-01T00:00:00.000Z", "e/1"),),
    ),
    signoffs=(SignOff("close", "A. Person", "year end", 1_736_000_000_000, "0.1.0"),),
)


def hostile(*texts: str) -> Report:
    """The report with texts of others wherever such come in: names, notes, labels, documents."""
    rows = [
        replace(COUNT, name_zh=text, name_en=text, note_zh=text, note_en=text, unit_zh=text, display_zh=text)
        for text in texts
    ]
    published, measure, tier = REPORT.published[1], REPORT.measures[0], REPORT.tiers[0]
    unknown = [replace(UNKNOWN, name_zh=text, name_en=text) for text in texts]
    return replace(
        REPORT,
        figures=tuple(replace(row, card=(CardField(*[row.name_zh] * 4),)) for row in rows),
        checks=tuple(CheckRow(text, holds=True, finding_zh=text, finding_en=text) for text in texts),
        sources=tuple(SourceRow(text, text, 0, 0, text) for text in texts),
        generator=texts[0],
        panel=tuple(panel for row in rows for panel in panel_rows((row,))),
        paragraphs=tuple(said for row in (*rows, *unknown) for said in paragraphs(2024, (row,))),
        series=REPORT.series[:1] * len(texts),
        brands=tuple(CountRow(text, text, 5) for text in texts),
        techniques=tuple(CountRow(text, text, 5) for text in texts),
        measures=tuple(replace(measure, name_zh=text, name_en=text) for text in texts),
        tiers=tuple(replace(tier, programme=text, tier=text) for text in texts),
        eliminations=tuple(replace(REPORT.eliminations[0], name_zh=text, name_en=text) for text in texts),
        published=tuple(
            replace(published, kpi=text, published_text=text, document=text, page=text, name_zh=text) for text in texts
        ),
        sample=Sample("K10", 7, 25, tuple(EvidenceRow(*[text] * 7) for text in texts)),
        signoffs=tuple(SignOff("close", text, text, 0, text) for text in texts),
    )


@cache
def rendered(form: str, report: Report) -> bytes:
    """A report in a form, made once: charts and documents take a second."""
    made = RENDERERS[form](report)
    return made.encode() if isinstance(made, str) else made
