"""What each KPI may be used to claim."""

from types import MappingProxyType
from typing import Final

from analytics.kpi.profile import Profile

_EXPOSURE: Final = (
    "按面值计的拦截风险敞口（A、B档），未乘以无干预时的损失概率与转移率：两者未经校准，故不给出中间值",
    (
        "exposure interrupted at face value (tiers A, B): neither multiplied by the probability of loss without us nor "
        "less what was lost elsewhere; both are not calibrated, so there is no central figure"
    ),
)
_WILSON: Final = ("比例的95%置信区间按Wilson法", "the share's 95 % interval is Wilson's")

PROFILES: Final = MappingProxyType(
    {
        "K01": Profile(
            "intelligence",
            "addresses",
            claim_zh="说明情报广度：可称“收集仿冒网址情报”，不可称“发现的诈骗网站”——同一网站可有多个网址",
            claim_en="shows the breadth of intelligence: may be called addresses collected, not fraud sites found: a "
            "site may have many addresses",
            fraud_class="any",
        ),
        "K02": Profile(
            "intelligence",
            "apps",
            claim_zh="说明情报广度：可称“收集仿冒应用情报”；同一应用的不同版本分别计数",
            claim_en="shows the breadth of intelligence: apps collected; versions of one app count apart",
            fraud_class="any",
        ),
        "K03": Profile(
            "warnings",
            "warnings",
            claim_zh="说明系统间输出量：不可称“向用户发出”或“提醒用户”，用户所见见K38",
            claim_en="shows what one system handed to another: not warnings sent or shown to users, for which see K38",
            stage="emitted",
        ),
        "K04": Profile(
            "protection",
            "money",
            claim_zh="说明该项目干预所涉金额：可称“拦截风险敞口”，不可称“挽回损失”，不与K41相加",
            claim_en="shows the money at stake where this programme stepped in: exposure interrupted, not losses "
            "recovered, and never added to K41",
            nature="exposure",
            basis=_EXPOSURE,
        ),
        "K05": Profile(
            "warnings",
            "checks",
            claim_zh="说明用户使用量：可称“用户识别次数”，不可称“识别出的风险”，后者另列",
            claim_en="shows use by users: checks made, not risks found, which stand beside it",
        ),
        "K06": Profile(
            "opinion",
            "items",
            claim_zh="说明舆情收集量；不是投诉数量（HKEX B6.2），后者须另行披露",
            claim_en="shows items collected; it is not the number of complaints (HKEX B6.2), which is disclosed apart",
            fraud_class="any",
        ),
        "K07": Profile(
            "opinion",
            "items",
            claim_zh="说明短视频舆情收集量，以平台视频编号为准",
            claim_en="shows short-video items collected, by the platform's video id",
            fraud_class="any",
        ),
        "K08": Profile(
            "opinion",
            "percent",
            claim_zh="说明发现是否及时：须同时给出两年水平，百分点与相对变化分开列示",
            claim_en="shows whether items are found in time: both years' levels are given, points and relative change "
            "apart",
            fraud_class="any",
        ),
        "K09": Profile(
            "opinion",
            "percent",
            claim_zh="说明采集效率：+300% 即4倍；须附人工基线研究，否则不得作为业绩披露",
            claim_en="shows the efficiency of collection: +300% is four times; without a timed manual baseline it is "
            "no result",
            fraud_class="any",
            nature="estimate",
            basis=("与人工的对照研究，非事件计数", "a study against manual work, not a count of events"),
        ),
        "K10": Profile(
            "takedowns",
            "attacks",
            claim_zh="说明对多少攻击采取了处置：可称“处置”，不可称“关停”，关停见K14",
            claim_en="shows how many attacks were acted on: acted against, not shut down, for which see K14",
            fraud_class="any",
        ),
        "K11": Profile(
            "takedowns",
            "attacks",
            claim_zh="K10的一部分，按诈骗类型；与K14数值相同时须说明",
            claim_en="a part of K10, by type; where it equals K14, say why",
        ),
        "K12": Profile(
            "takedowns",
            "attacks",
            claim_zh="K10的其余部分；其结果（关停与否）须一并说明",
            claim_en="the rest of K10; what became of it is to be said beside it",
            fraud_class="any",
        ),
        "K13": Profile(
            "takedowns",
            "percent",
            claim_zh="说明变化：须与两年数值同列，口径版本相同方可披露",
            claim_en="shows change: stands beside both levels, and only where both years are of one definition",
            fraud_class="any",
        ),
        "K14": Profile(
            "takedowns",
            "attacks",
            claim_zh="说明由我方处置而关停的自有品牌攻击；第三方关停与自行消失不在内",
            claim_en="shows own-brand attacks shut down by our action; closures by others and sites that ended by "
            "themselves are not in it",
        ),
        "K15": Profile(
            "takedowns",
            "percent",
            claim_zh="说明确认的攻击中有多少被关停（不论由谁）；100%仅在无未知时成立，并与利特尔法则核对",
            claim_en="shows what share of the confirmed was closed, by whomever; 100% holds only where none is "
            "unknown, and is checked by Little's law",
        ),
        "K16": Profile(
            "underground",
            "kits",
            claim_zh="说明经分析员确认的源码家族数，变种不重复计",
            claim_en="shows kit families confirmed by an analyst, variants once",
            fraud_class="any",
        ),
        "K17": Profile(
            "underground",
            "channels",
            claim_zh="期末存量：近30日活跃的渠道；全年流量另列",
            claim_en="a stock at the year's end: channels active in the last 30 days",
            is_stock=True,
            fraud_class="intermediary",
        ),
        "K18": Profile(
            "underground",
            "accounts",
            claim_zh="说明经评估为高风险的数据贩卖主体；“排查”不等于“确认”，结果另列",
            claim_en="shows data sellers assessed as high risk; assessed is not proven, what became of them stands "
            "apart",
            fraud_class="intermediary",
        ),
        "K19": Profile(
            "operations",
            "alerts",
            claim_zh="说明告警量，不是业绩：规则调优会使其下降",
            claim_en="shows volume, not performance: better rules make it fall",
            fraud_class="any",
        ),
        "K20": Profile(
            "operations",
            "alerts",
            claim_zh="同K19，办公域",
            claim_en="as K19, for office systems",
            fraud_class="any",
        ),
        "K21": Profile(
            "operations",
            "alerts",
            claim_zh="说明已处置的重要告警；须与产生数、期末未结数同列",
            claim_en="shows important alerts handled, beside those raised and those open at the end",
            fraud_class="any",
        ),
        "K31": Profile(
            "cases",
            "cases",
            claim_zh="有立案文书的案件；线索推送另列，两者不是一回事",
            claim_en="cases with a document of filing; leads referred stand apart and are not the same",
            attribution="supported",
            fraud_class="borrower_fraud",
        ),
        "K32": Profile(
            "cases",
            "cases",
            claim_zh="办结不等于侦破：结案类型一并列示",
            claim_en="closed is not solved: by type of closure",
            attribution="supported",
            fraud_class="borrower_fraud",
        ),
        "K33": Profile(
            "cases",
            "people",
            claim_zh="案件所涉逾期客户（嫌疑角色）",
            claim_en="overdue customers in these cases, as suspects",
            fraud_class="borrower_fraud",
        ),
        "K34": Profile(
            "cases",
            "money",
            claim_zh="信贷敞口，不是诈骗损失；与K04、K41不可相加",
            claim_en="credit exposure, not fraud loss; not added to K04 or K41",
            fraud_class="borrower_fraud",
        ),
        "K35": Profile(
            "cases",
            "people",
            claim_zh="公安机关的结果，本机构仅可称“协助”",
            claim_en="an outcome of the police, of which we may say only that we supported it",
            attribution="third_party",
            fraud_class="intermediary",
        ),
        "K36": Profile(
            "cases",
            "people",
            claim_zh="检察机关的结果，本机构仅可称“协助”",
            claim_en="an outcome of the procuratorate, which we may only say we supported",
            attribution="third_party",
            fraud_class="intermediary",
        ),
        "K37": Profile(
            "education",
            "visits",
            claim_zh="服务人次；人数另列，两者不可混用",
            claim_en="sessions served; people stand beside them and are not the same",
        ),
        "K38": Profile(
            "warnings",
            "warnings",
            claim_zh="说明用户看到或接通的AI提醒；产生与输出的数量另见K03",
            claim_en="shows AI reminders seen or answered by people; not K03",
            stage="rendered",
        ),
        "K39": Profile(
            "protection",
            "orders",
            claim_zh="说明因受害风险被阻断的订单；申诉后解除的（误伤）一并列示",
            claim_en="shows orders held for victim risk, beside those released on appeal",
        ),
        "K40": Profile(
            "protection",
            "people",
            claim_zh="说明被劝阻且30日内无损失的人；不可称“挽救”，预后被骗率见B04",
            claim_en="shows people dissuaded who lost nothing within 30 days; not people saved: see B04",
        ),
        "K41": Profile(
            "protection",
            "money",
            claim_zh="说明该项目劝阻所涉金额：可称“拦截风险敞口”，不可称“挽回损失”，不与K04相加",
            claim_en="shows the money at stake where this programme dissuaded: exposure interrupted, not losses "
            "recovered, and never added to K04",
            nature="exposure",
            basis=_EXPOSURE,
        ),
        "K42": Profile(
            "education",
            "visits",
            claim_zh="浏览人次，不是人数；开屏展示并非主动观看",
            claim_en="views, not people; splash screens are not looked at by choice",
        ),
        "K43": Profile(
            "education",
            "people",
            claim_zh="有签到或学校确认的参与人数",
            claim_en="attendance by a register or the school's confirmation",
        ),
        "B01": Profile(
            "balance",
            "attacks",
            claim_zh="说明确认的攻击总数，不论是否处置：处置与关停的分母",
            claim_en="shows all attacks confirmed, acted on or not: what actions and closures are measured against",
            fraud_class="any",
        ),
        "B02": Profile(
            "balance",
            "percent",
            claim_zh="说明期末时点仍在线者：与K15（期末后30日）并列，未知者留在分母",
            claim_en="shows what still stood at the year's end: beside K15 (30 days later); the unknown stay in the "
            "denominator",
        ),
        "B03": Profile(
            "balance",
            "warnings",
            claim_zh="说明用户实际看到的预警：同一人、同一网址、同一日计一次；采取行动的另列",
            claim_en="shows warnings that people saw: one a person, address and day; those acted on stand beside it",
            stage="rendered",
        ),
        "B04": Profile(
            "balance",
            "percent",
            claim_zh="预后被骗率：劝阻的真正成效，越低越好；须与K40同列",
            claim_en="victimisation after dissuasion: what dissuasion achieved, the lower the better; stands beside "
            "K40",
            basis=_WILSON,
        ),
        "B05": Profile(
            "balance",
            "percent",
            claim_zh="误阻断率：阻断的代价，须与K39同列",
            claim_en="the share of blocks lifted again: what blocking costs people; stands beside K39",
            basis=_WILSON,
        ),
        "B06": Profile(
            "balance",
            "money",
            claim_zh="止损下限：仅A档且经受害人或警方确认，减去180日内仍发生的损失；各项目合并，每个事件计一次",
            claim_en="the low bound of loss prevented: tier A confirmed by victim or police, less what was lost "
            "within 180 days; all programmes together, each episode once",
            basis=("下限，不含估计", "a low bound, nothing estimated"),
        ),
        "B07": Profile(
            "balance",
            "money",
            claim_zh="止损上限：A、B档面值，各项目合并抵销后，每个事件计一次；称“拦截风险敞口”，不可称“挽回”",
            claim_en="the high bound: tiers A and B at face value after elimination between programmes, each episode "
            "once; exposure interrupted, never saved",
            nature="exposure",
            basis=_EXPOSURE,
        ),
        "B08": Profile(
            "balance",
            "money",
            claim_zh="已发生的诈骗损失（用户、出借方、平台分列）：与止损数据并列披露（参照SASB FN-CF-230a.2）",
            claim_en="fraud losses incurred, by who bears them: published beside what was prevented (as SASB "
            "FN-CF-230a.2)",
        ),
        "B09": Profile(
            "balance",
            "money",
            claim_zh="追回并返还的金额：单独列示，不与止损相加",
            claim_en="recovered and returned: a line of its own, never added to what was prevented",
        ),
    }
)
"""Profile of each KPI by its id."""
