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
        "panel": ("反诈成果", "Headline figures"),
        "paragraphs": ("文字披露", "In words"),
        "published": ("已披露与计算结果对照", "As published and as computed"),
        "series": ("按月数据", "By month"),
        "weeks": ("按月与按周数据", "By month and week"),
        "likeness": ("仿冒网址的品牌与手法", "Addresses by brand and technique"),
        "availability": ("攻击存活时间", "How long attacks stood"),
        "losses": ("止损分档", "Prevented losses by tier"),
        "eliminations": ("跨项目抵销", "Eliminations between programmes"),
        "cards": ("编制基础", "Basis of preparation"),
        "standards": ("准则索引", "Index of standards"),
        "sample": ("证据抽样", "Evidence sample"),
        "signoffs": ("签署", "Sign-off"),
        "shown": ("披露", "Figure"),
        "span": ("期间", "Period"),
        "total": ("合计", "Total"),
        "outside": ("期外首条记录", "first record outside the year"),
        "brand": ("品牌", "Brand"),
        "technique": ("手法", "Technique"),
        "addresses": ("网址数", "Addresses"),
        "measure": ("度量", "Measure"),
        "value": ("数值", "Value"),
        "low": ("95%区间下限", "95 % low"),
        "high": ("95%区间上限", "95 % high"),
        "over": ("基数", "Over"),
        "population": ("对象", "Of what"),
        "hours": ("小时", "hours"),
        "share": ("仍在线的比例", "Share standing"),
        "programme": ("项目", "Programme"),
        "tier": ("档", "Tier"),
        "episodes": ("损失事件", "Episodes"),
        "amount": ("金额（元）", "Amount (CNY)"),
        "both": ("两个项目共有", "In both"),
        "as_published": ("已披露", "As published"),
        "as_computed": ("计算结果", "As computed"),
        "difference": ("差异", "Difference"),
        "document": ("出处", "Published in"),
        "remark": ("评注", "Remark"),
        "as_imported": ("原文", "as imported"),
        "page": ("页", "p."),
        "field": ("项目", "Field"),
        "text": ("内容", "Content"),
        "standard": ("准则", "Standard"),
        "disclosure": ("披露项", "Disclosure"),
        "answered": ("对应指标", "Figures"),
        "considered": ("说明或未披露的理由", "Remark, or considered reason"),
        "unit_key": ("计数单元", "Unit"),
        "landed": ("落地文件", "Landed file"),
        "position": ("位置", "Position"),
        "occurred": ("时间（UTC）", "Time (UTC)"),
        "event": ("事件", "Event"),
        "action": ("动作", "Action"),
        "by": ("签署人", "By"),
        "why": ("理由", "Reason"),
        "at": ("时间", "At"),
        "code": ("程序版本", "Code version"),
        "close": ("关账", "closed"),
        "restate": ("重述", "restated"),
        "unsigned": (
            "未签署：本期间尚未关账，数字仍可能变动。",
            "Not signed off: the period is not closed, and its figures may still change.",
        ),
        "signature": ("签字、日期", "Signature, date"),
        "preparer": ("编制人", "Prepared by"),
        "reviewer": ("复核人", "Reviewed by"),
        "approver": ("批准人", "Approved by"),
        "role": ("角色", "Role"),
        "name": ("姓名", "Name"),
        "empty": (
            "{0}年没有任何可供计算的记录：全部指标未知。未知不等于零。",
            "There is no record to count from in {0}: every figure is unknown, which is not zero.",
        ),
        "panel_rule": (
            "面板所列指标按含义预先选定，不因数值好坏取舍；未知的也列出。",
            "The panel's figures were chosen by what they are, before anybody knew them; unknown ones stand in it too.",
        ),
        "series_rule": (
            "每个计数单元计入其首条记录所在的上海日历月与ISO周，各期相加等于年度数；比率不能相加，不列。",
            "Each unit counts in the Shanghai month and ISO week of its first record. Rates do not add up: left out.",
        ),
        "likeness_rule": (
            "K01的网址按自动匹配认为最像的品牌与手法分列，合计等于K01；匹配只作说明，不影响K01。",
            "The addresses of K01 by likest brand and technique; they add up to K01, which is not the matcher's.",
        ),
        "availability_rule": (
            "Kaplan-Meier估计，自确认起计，未关停的按右删失处理；阴影为95%区间。",
            "Kaplan-Meier estimate from confirmation on, what still stands right-censored; the band is of 95 %.",
        ),
        "losses_rule": (
            "A档为已实际拦截，B档为有书面意图而被劝阻，均按面值：是被中断的风险敞口，不是已证实的挽回。",
            "Tier A was held, tier B intended in writing, both at face value: exposure, not savings proven.",
        ),
        "eliminations_rule": (
            "两个项目的金额不相加：用户群重叠，同一人的损失可能由两个项目各计一次。下表列示重叠，不列合计。",
            "The two programmes' money is not added: both may credit one person's loss. Here is what they share.",
        ),
        "published_rule": (
            "已披露数据按来源文件原样导入；计算结果由本数据库的记录得出；评注说明两者为何未必可比。",
            "Published as imported from documents, computed from the records here; the remark says what to mind.",
        ),
        "sample_rule": (
            "抽样可用同一种子重现：fanzha trace {3} {0} --sample {4} --seed {5}",
            "Drawn again by the same seed: fanzha trace {3} {0} --sample {4} --seed {5}",
        ),
        "chart_warnings": ("每月反诈预警（K03，次）", "Warnings a month (K03)"),
        "chart_brands": ("仿冒网址：最像的品牌（至多20个）", "Addresses by likest brand, the first 20"),
        "chart_techniques": ("仿冒网址：手法", "Addresses by technique"),
        "chart_curve": ("确认后仍在线的攻击比例", "Share of attacks standing after confirmation"),
        "chart_tiers": ("各项目拦截的风险敞口（万元）", "Exposure interrupted by programme (10,000 CNY)"),
        "month": ("月份", "Month"),
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
    sample = report.sample
    drawn = ("", "", "") if sample is None else (sample.kpi, sample.size, sample.seed)
    gaps = (report.year, report.generator, shanghai_text(report.generated_at), *drawn)
    return say(report.lang, *(each.format(*gaps) for each in _WORDS[name]))


def visible(text: str) -> str:
    """A text on one line, characters that hide or turn others around spelled out.

    >>> visible("qifu" + chr(0x202E) + "moc.")
    'qifu[U+202E]moc.'
    """
    spaced = " ".join(text.split())
    return "".join(each if each.isprintable() else f"[U+{ord(each):04X}]" for each in spaced)
