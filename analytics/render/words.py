"""The words of a report in Chinese, in English, or side by side; and texts of others made harmless to look at."""

from types import MappingProxyType
from typing import Final

from analytics.render.report import Lang, Report
from db.period import shanghai_text

_WORDS: Final = MappingProxyType(
    {
        "title": ("反诈数据披露", "Anti-fraud disclosure"),
        "summary": ("数据统计表", "Summary"),
        "definitions": ("指标口径", "Definitions"),
        "checks": ("核对结果", "Checks"),
        "sources": ("数据来源", "Sources"),
        "id": ("编号", "No."),
        "kpi": ("指标", "Indicator"),
        "unit": ("单位", "Unit"),
        "change": ("变动", "Change"),
        "basis": ("口径", "Basis"),
        "note": ("附注", "Notes"),
        "display": ("披露形式", "As displayed"),
        "version": ("版本", "Version"),
        "check": ("核对项", "Check"),
        "result": ("结果", "Result"),
        "finding": ("说明", "Finding"),
        "source": ("来源", "Source"),
        "outcome": ("最近结果", "Last outcome"),
        "last_success": ("最近成功", "Last success"),
        "rows": ("行数", "Rows"),
        "reason": ("原因", "Reason"),
        "holds": ("成立", "holds"),
        "fails": ("不成立", "does not hold"),
        "open": ("未核对", "not checked"),
        "unknown": ("未知", "unknown"),
        "synthetic": (
            "含合成数据：本报告并非真实业务结果，不得对外披露。",
            "Synthetic: made-up records lie beneath this report; it is not to be published.",
        ),
        "period": ("期间：{0}年1月1日至12月31日（北京时间）", "Period: 1 January to 31 December {0}, China time"),
        "made": ("由{1}于{2}生成", "Made by {1} at {2}"),
    }
)
HOLDS: Final = MappingProxyType({True: "holds", False: "fails", None: "open"})


def say(lang: Lang, chinese: str, english: str) -> str:
    """The wording for the report's language; a thing said alike in both is said once."""
    if lang == "both":
        return chinese if chinese == english else " / ".join(filter(None, (chinese, english)))
    return chinese if lang == "zh" else english


def word(report: Report, name: str) -> str:
    """A word of ours, filled in from the report where it has gaps."""
    filled = (each.format(report.year, report.generator, shanghai_text(report.generated_at)) for each in _WORDS[name])
    return say(report.lang, *filled)


def visible(text: str) -> str:
    """A text on one line, characters that hide or turn others around spelled out.

    >>> visible("qifu" + chr(0x202E) + "moc.")
    'qifu[U+202E]moc.'
    """
    spaced = " ".join(text.split())
    return "".join(each if each.isprintable() else f"[U+{ord(each):04X}]" for each in spaced)
