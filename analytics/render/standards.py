"""Where reporting standards ask for what this report holds, and why the rest is missing."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One disclosure of a standard; where it is not in this report, the considered reason."""

    standard: str
    code: str
    title_zh: str
    title_en: str
    kpis: tuple[str, ...] = ()
    """The figures that answer it."""
    reason_zh: str = ""
    """What to know of them, or why there are none."""
    reason_en: str = ""


_HKEX: Final = "HKEX Appendix C2"
_NO_RULE_ZH: Final = "该准则没有反诈指标；下列为公司自定指标，口径随报告公布"
_NO_RULE_EN: Final = "the code has no anti-fraud KPI; these are the company's own, published with their basis"

DISCLOSURES: Final = (
    Disclosure(
        _HKEX,
        "§14 Materiality 重要性",
        "重要性：识别与选择的过程和准则",
        "Materiality: process and criteria of selection",
        reason_zh="由公司的重要性评估说明，不由数据得出",
        reason_en="told by the company's materiality assessment; it does not follow from data",
    ),
    Disclosure(
        _HKEX,
        "§14 Quantitative 量化",
        "量化：统计方法、假设与计算工具",
        "Quantitative: methods, assumptions and tools of calculation",
        reason_zh="见编制基础；每个数字可追溯至记录",
        reason_en="see the basis of preparation; each figure leads back to its records",
    ),
    Disclosure(
        _HKEX,
        "§14 Consistency 一致性",
        "一致性：方法的变更与可比性",
        "Consistency: changes of method, comparability",
        ("K13",),
        "口径版本列于各指标；上年数只取已披露数据，无则为未知",
        "each KPI has its definition's version; the year before is as published, else unknown",
    ),
    Disclosure(
        _HKEX,
        "B6 一般披露 General disclosure",
        "产品责任：私隐、广告与补救方法",
        "Product responsibility: privacy, advertising, redress",
        ("K01", "K02", "K03", "K05", "K10", "K14", "K38", "K39", "K40"),
        _NO_RULE_ZH,
        _NO_RULE_EN,
    ),
    Disclosure(
        _HKEX,
        "B6.1",
        "因安全与健康理由回收的产品百分比",
        "Products recalled for safety and health",
        reason_zh="不适用：不销售实物产品",
        reason_en="not applicable: no physical products are sold",
    ),
    Disclosure(
        _HKEX,
        "B6.2",
        "产品及服务投诉数目及应对方法",
        "Complaints received, and how they are dealt with",
        reason_zh="本系统不接收投诉登记；舆情条目不是投诉数目，须由客服系统提供",
        reason_en="complaints are not recorded here; items of public opinion are no number of complaints: customer "
        "service has it",
    ),
    Disclosure(
        _HKEX,
        "B6.3",
        "维护及保障知识产权的惯例",
        "Protecting intellectual property",
        ("K10", "K14", "K15"),
        "针对仿冒自有品牌的处置与关停；商标数目由法务提供",
        "action against imitations of own brands; numbers of trade marks are the legal department's",
    ),
    Disclosure(
        _HKEX,
        "B6.4",
        "质量检定与产品回收程序",
        "Quality assurance and recall procedures",
        reason_zh="不适用：不销售实物产品",
        reason_en="not applicable: no physical products are sold",
    ),
    Disclosure(
        _HKEX,
        "B6.5",
        "消费者数据保障及私隐政策",
        "Consumer data protection and privacy",
        reason_zh="政策由公司说明；本系统中的人以加密假名记录",
        reason_en="the company tells its policies; people stand in this system by keyed pseudonyms",
    ),
    Disclosure(
        _HKEX,
        "B7.1",
        "已审结的贪污诉讼案件",
        "Concluded legal cases of corruption",
        reason_zh="内部舞弊，不属消费者反诈；由合规部门提供",
        reason_en="fraud within the company, not upon consumers; compliance has it",
    ),
    Disclosure(
        "GRI",
        "2-4",
        "信息重述：原因与影响",
        "Restatements: reason and effect",
        reason_zh="见签署页；无记录即未重述",
        reason_en="see the sign-off; where nothing stands there, nothing was restated",
    ),
    Disclosure(
        "GRI",
        "2-5",
        "外部鉴证",
        "External assurance",
        reason_zh="本报告未经外部鉴证，除非另有鉴证报告随附",
        reason_en="not assured by a third party, unless an assurance report stands beside this one",
    ),
    Disclosure(
        "GRI",
        "416 / 417",
        "客户健康与安全；营销与标识",
        "Customer health and safety; marketing and labelling",
        reason_zh="不适用于反诈数据",
        reason_en="does not apply to anti-fraud figures",
    ),
    Disclosure(
        "GRI",
        "418-1",
        "经证实的侵犯客户隐私投诉",
        "Substantiated complaints of breaches of customer privacy",
        reason_zh="本系统不接收隐私投诉登记；由合规部门提供",
        reason_en="privacy complaints are not recorded here; compliance has them",
    ),
    Disclosure(
        "SASB",
        "FN-CF-230a.1",
        "数据泄露次数及受影响账户",
        "Data breaches, account holders affected",
        reason_zh="数据泄露不在本系统记录范围内；由信息安全部门提供",
        reason_en="data breaches are not recorded here; information security has them",
    ),
    Disclosure(
        "SASB",
        "FN-CF-230a.2",
        "银行卡欺诈损失（无卡、有卡及其他）",
        "Card-related fraud losses, card not present and present",
        ("B08", "B09"),
        "该项要求已发生的银行卡损失；所列为已发生的全部诈骗损失与追回，未按卡分列。公司不发卡的，注明不适用",
        "it asks for card losses incurred; what stands here is all fraud losses incurred and recovered. Where "
        "no cards are issued: not applicable",
    ),
    Disclosure(
        "SASB",
        "FN-CF-230a.3",
        "识别和应对数据安全风险的方法",
        "Approach to data-security risks",
        ("K01", "K02", "K10"),
        "情报收集与处置的数量；方法由公司说明",
        "how much intelligence was collected and acted on; the company tells its approach",
    ),
)
"""In the order of the standards."""
