"""What the report says of its figures: headline panel and paragraphs, both from the display form of one value.

The sentences follow those in which such figures are published. Where the definition is narrower than the usual words,
the words are the definition's; of an unknown figure nothing is said but that it is unknown.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from analytics.render.report import FigureRow, PanelRow, Paragraph

_PANEL: Final = (
    ("K01", "收集仿冒网址情报", "Impersonating addresses collected"),
    ("K02", "收集仿冒App情报", "Impersonating apps collected"),
    ("K03", "向借条安全中心输出反诈预警", "Warnings output to the security centre"),
    ("K05", "用户侧网址风险识别", "URL-risk checks by end users"),
    ("K04", "止损（山海，拦截风险敞口）", "Exposure interrupted, programme shanhai"),
    ("K10", "打击诈骗网站", "Fraud websites acted against"),
    ("K14", "关停仿冒自有品牌", "Own-brand attacks shut down by us"),
    ("K15", "关停率（期末后30日为止）", "Shut-down rate, by the year's end + 30 days"),
    ("K38", "AI反诈提醒", "AI anti-fraud reminders"),
    ("K39", "涉骗阻断预警", "Orders blocked for victim risk"),
    ("K40", "劝阻潜在被骗者", "Potential victims dissuaded"),
    ("K41", "避免用户损失（劝阻，拦截风险敞口）", "Exposure interrupted, programme dissuasion"),
    ("K16", "提取诈骗源码", "Fraud kits extracted"),
    ("K17", "监控活跃的黑灰产渠道", "Active grey-market channels monitored"),
    ("K31", "推送相关案件立案", "Cases referred and filed"),
    ("K32", "已办结", "Cases closed"),
    ("K35", "抓获黑产中介", "Intermediaries caught by the police"),
    ("K37", "消保安全中心服务用户", "Services of the consumer-protection centre"),
    ("K42", "活动宣传累计浏览量", "Campaign views"),
    ("K43", "参与反诈知识教育师生", "Pupils and teachers in anti-fraud classes"),
    ("B04", "预后被骗率", "Victimised after dissuasion"),
    ("B05", "误阻断率", "Blocks lifted again"),
    ("B08", "已发生的诈骗损失", "Fraud losses incurred"),
)
"""The KPIs of the panel: chosen by what they are, before anybody knows the year's figures, and shown if unknown too."""


class _Clause(NamedTuple):
    """One figure's part of a sentence.

    `{}` is its display form, `{of}` and `{met}` the two sides of a rate, `{before}` the year before's figure of `base`.
    """

    kpi: str
    zh: str
    en: str
    base: str = ""


_PARAGRAPHS: Final = (
    (
        _Clause("K01", "收集仿冒网址情报{}（不重复网址）", "{} distinct impersonating addresses were collected"),
        _Clause("K02", "仿冒App情报{}", "{} impersonating apps"),
        _Clause(
            "K03",
            "向借条安全中心输出反诈预警{}（系统间输出，不等于用户所见）",
            "{} warnings were handed to the security centre, from system to system, not all of them seen by a user",
        ),
        _Clause(
            "K04",
            "项目山海拦截的风险敞口为{}（A、B档按面值，并非已证实的挽回）",
            "exposure of {} was interrupted by programme shanhai (tiers A and B at face value, not proven savings)",
        ),
        _Clause("K05", "为用户提供网址风险识别{}", "end users had {} addresses checked"),
    ),
    (
        _Clause("K06", "收集新闻舆情及主流投诉渠道信息{}", "{} items of news and complaint channels were collected"),
        _Clause("K07", "主流短视频舆情{}", "{} short videos"),
        _Clause("K08", "舆情发现及时率变动{}", "the share of items found in time changed by {}"),
        _Clause("K09", "采集效率较人工变动{}", "collection per staff hour differs from manual work by {}"),
    ),
    (
        _Clause("K10", "打击（首次处置）诈骗网站{}", "first action was taken against {} fraud websites"),
        _Clause("K11", "其中仿冒借贷{}", "of which {} impersonate lending"),
        _Clause("K12", "其余诈骗类型{}", "and {} are of other types"),
        _Clause("K13", "较上年披露的{before}变动{}", "{} against the {before} published for the year before", "K10"),
        _Clause(
            "K14",
            "由我方关停针对自有品牌的攻击{}（仅被拦截、自行消失、第三方关停的不计）",
            "{} own-brand attacks were shut down by us (not merely blocked, expired, or closed by others)",
        ),
        _Clause(
            "K15",
            "期内确认的自有品牌攻击{of}个中，至期末后30日关停{met}个（不论由谁），关停率为{}",
            "of {of} own-brand attacks confirmed in the year, {met} were closed by its end + 30 days, by whomever: {}",
        ),
        _Clause("K16", "提取诈骗源码{}", "{} fraud kits were extracted"),
        _Clause("K17", "期末监控活跃的黑灰产渠道{}", "{} active grey-market channels were monitored at the year's end"),
        _Clause("K18", "排查高危数据贩卖人员{}", "{} high-risk data sellers were screened"),
    ),
    (
        _Clause("K19", "输出业务风险告警{}", "{} business-risk alerts were raised"),
        _Clause("K20", "办公风险告警{}", "{} office-risk alerts"),
        _Clause("K21", "跟进和处置重要告警{}", "{} important alerts were handled"),
    ),
    (
        _Clause("K37", "消保安全中心提供服务{}", "the consumer-protection centre served {}"),
        _Clause("K38", "实现AI反诈提醒{}（展示或接通）", "{} AI reminders were shown or connected"),
        _Clause("K39", "涉骗阻断预警{}", "{} orders were blocked for victim risk"),
        _Clause(
            "K40",
            "劝阻潜在被骗者{}（接通、确认涉诈且30日内无损失）",
            "{} potential victims were dissuaded (reached, scam confirmed, no loss within 30 days)",
        ),
        _Clause(
            "K41",
            "项目劝阻拦截的风险敞口为{}（与山海不相加）",
            "exposure of {} was interrupted by programme dissuasion (never added to shanhai's)",
        ),
        _Clause("K42", "活动宣传累计浏览{}", "campaigns had {} views"),
        _Clause("K43", "参与反诈知识教育师生{}", "{} pupils and teachers took part in anti-fraud classes"),
    ),
    (
        _Clause("K31", "推送相关案件立案{}", "{} cases were referred and filed"),
        _Clause("K32", "已办结{}", "{} were closed"),
        _Clause("K33", "涉及逾期客户{}", "{} overdue customers were involved"),
        _Clause("K34", "总逾期金额{}", "with {} overdue"),
        _Clause("K35", "公安机关抓获黑产中介{}", "the police caught {} intermediaries"),
        _Clause("K36", "检察机关批捕{}", "the procuratorate approved {} arrests"),
    ),
    (
        _Clause("B01", "期内确认的攻击{}", "{} attacks were confirmed"),
        _Clause(
            "B02",
            "其中自有品牌{of}个，期末时点已关停{met}个，占{}",
            "of {of} on own brands {met} were closed when the year ended: {}",
        ),
        _Clause("B03", "用户实际看到或接通的预警{}", "people saw or answered {} warnings"),
        _Clause(
            "B04",
            "劝阻后30日内仍受损者{met}人（共{of}人），预后被骗率{}",
            "of {of} people dissuaded {met} lost within 30 days after all: {}",
        ),
        _Clause(
            "B05", "被阻断的{of}笔订单中{met}笔后来解除，占{}", "of {of} orders blocked {met} were released again: {}"
        ),
        _Clause(
            "B06",
            "止损下限{}（A档且经受害人或警方确认，扣除后续损失）",
            "at least {} of loss was prevented (tier A, confirmed by victim or police, less later loss)",
        ),
        _Clause(
            "B07",
            "拦截风险敞口上限{}（各项目合并抵销后）",
            "at most {} of exposure was interrupted, all programmes together after elimination",
        ),
        _Clause("B08", "已发生的诈骗损失{}", "fraud losses of {} were incurred"),
        _Clause("B09", "追回{}", "{} was recovered"),
    ),
)


def panel_rows(figures: Iterable[FigureRow]) -> tuple[PanelRow, ...]:
    """The headline panel, of the figures that there are, in its declared order."""
    known = {figure.id: figure for figure in figures}
    return tuple(
        PanelRow(kpi, zh, en, known[kpi].display_zh, known[kpi].display_en) for kpi, zh, en in _PANEL if kpi in known
    )


def paragraphs(year: int, figures: Iterable[FigureRow]) -> tuple[Paragraph, ...]:
    """The year in words: a paragraph for each group of figures that there are."""
    known = {figure.id: figure for figure in figures}
    told = (tuple(clause for clause in clauses if clause.kpi in known) for clauses in _PARAGRAPHS)
    return tuple(_paragraph(year, clauses, known) for clauses in told if clauses)


def _paragraph(year: int, clauses: tuple[_Clause, ...], known: Mapping[str, FigureRow]) -> Paragraph:
    """What is known in one sentence, what is unknown in another."""
    filled = [(known[clause.kpi], _filled(clause, known)) for clause in clauses]
    told = [said for _, said in filled if said]
    unknown = [figure for figure, said in filled if not said]
    zh, en = [], []
    if told:
        zh.append(f"{year}年，{'；'.join(said for said, _ in told)}。")
        en.append(f"In {year}, {'; '.join(said for _, said in told)}.")
    if unknown:
        zh.append(f"{year}年未知的指标：{'、'.join(figure.name_zh for figure in unknown)}。")
        en.append(f"Unknown for {year}: {'; '.join(figure.name_en for figure in unknown)}.")
    return Paragraph(tuple(clause.kpi for clause in clauses), "".join(zh), " ".join(en))


def _filled(clause: _Clause, known: Mapping[str, FigureRow]) -> tuple[str, str] | None:
    """The clause with its figure in it; None where that, or the level it is compared with, is unknown."""
    figure, base = known[clause.kpi], known.get(clause.base)
    if figure.value is None or (clause.base and (base is None or base.prior is None)):
        return None
    sides = {"of": _number(figure.denominator), "met": _number(figure.numerator)}
    before = "" if base is None else f"{base.prior:,}" if isinstance(base.prior, int) else str(base.prior)
    unit = base.unit_zh if base else ""
    zh = clause.zh.format(figure.display_zh, before=f"{before}{unit}", **sides)
    return zh, clause.en.format(figure.display_en, before=before, **sides)


def _number(side: int | None) -> str:
    return "?" if side is None else f"{side:,}"
