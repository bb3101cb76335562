"""What to know of a figure as it is usually published, beside the one computed here: our own words, one KPI each."""

from types import MappingProxyType
from typing import Final, NamedTuple


class Remark(NamedTuple):
    """A KPI's name, and what comparing its published with its computed figure has to mind."""

    name_zh: str
    name_en: str
    zh: str
    en: str


REMARKS: Final = MappingProxyType(
    {
        "K01": Remark(
            "仿冒网址情报",
            "Impersonating-URL intelligence",
            "“条”是情报记录的单位，不是网站数；未说明去重与来源名单。此处为不重复网址，记录数与可注册域名另列。",
            "Published in feed records, not sites, with no rule for duplicates and no list of feeds. Here: distinct "
            "addresses; records and registrable domains stand beside.",
        ),
        "K02": Remark(
            "仿冒App情报",
            "Impersonating-app intelligence",
            "样本、应用与包名未区分，也无下架数量。此处按安装包或市场＋包名＋版本＋证书去重。",
            "Samples, apps and packages are not told apart, nothing is said of delisting. Here: by APK, else store, "
            "package, version and certificate.",
        ),
        "K03": Remark(
            "反诈预警（输出至借条安全中心）",
            "Warnings output to the security centre",
            "系统间输出，不是用户看到的预警，可能含接口重试；与提醒次数相差两个数量级。此处各阶段分列。",
            "Handed from system to system, not seen by users, retries perhaps included; two orders of magnitude above "
            "the reminders. Here each stage is counted apart.",
        ),
        "K04": Remark(
            "止损（山海）",
            "Loss stopped (programme shanhai)",
            "“止损”未定义，估计方法未公布；与避免用户损失属不同项目、同一用户群，重叠未知，不得相加。",
            "“Loss stopped” has no definition or method. Another programme than the user loss avoided, over the same "
            "users, overlap unknown: never add the two.",
        ),
        "K05": Remark(
            "反诈、网址风险识别（用户侧）",
            "URL-risk checks by end users",
            "可能是查询次数，也可能是识别出的风险数。此处为同一用户、网址、日计一次，命中数另列。",
            "May be checks or hits. Here: one for each user, address and day; hits stand beside.",
        ),
        "K06": Remark(
            "新闻舆情及主流投诉渠道信息",
            "News and complaint-channel items",
            "新闻与投诉混计；投诉数目（B6.2）仍未披露。",
            "News and complaints are mixed; the number of complaints (B6.2) is still not told.",
        ),
        "K07": Remark(
            "主流短视频舆情抓取",
            "Short-video items captured",
            "是否包含在新闻舆情条目之内未说明。",
            "Whether it is part of the news and complaint items is not said.",
        ),
        "K08": Remark(
            "舆情发现及时率提升",
            "Improvement in timely detection",
            "百分点还是相对变化未说明，基线、时限与分母均缺，无法验证。",
            "Percentage points or relative is not said; baseline, time limit and denominator are missing.",
        ),
        "K09": Remark(
            "采集效率较人工提升",
            "Collection efficiency against manual work",
            "提升300%是4倍，常被误作3倍；人工基线未测量。",
            "An increase of 300 % is four times, often taken for three; the manual baseline is not measured.",
        ),
        "K10": Remark(
            "打击诈骗网站",
            "Fraud websites acted against",
            "“打击”可指举报、拦截或移除。此处为期内首次处置的攻击，按处置类型列示；其中多数的结果未披露。",
            "“Acted against” may be reported, blocked or removed. Here: attacks first acted on in the year, by type of "
            "action; what became of most is not published.",
        ),
        "K11": Remark(
            "其中：仿冒借贷",
            "of which: impersonating lending",
            "与关停仿冒借条同数而名称不同：借贷是整个行业，借条是自有品牌，相等须说明。",
            "The same number as own-brand sites shut down, under another name: lending is an industry, the other a "
            "brand. That they are equal needs a reason.",
        ),
        "K12": Remark(
            "其余诈骗类型",
            "Other fraud types",
            "由总数减出，各类型数量与处置结果均未披露。",
            "The rest of the total; neither numbers by type nor outcomes are published.",
        ),
        "K13": Remark(
            "打击诈骗网站较上年增长",
            "Increase of websites acted against",
            "“之前”是否为上年、基数是总数还是其余类型，均未说明；有三种读法。此处两年数值同时列示。",
            "Whether “before” is the year before, and of which of three counts, is not said. Here both levels stand.",
        ),
        "K14": Remark(
            "全年关停仿冒借条",
            "Own-brand attacks shut down",
            "关停者与时点未说明。此处只计我方关停，第三方、自行消失、结转另列。",
            "Who closed them, and when, is not said. Here: closed by us; by others, expired and carried over apart.",
        ),
        "K15": Remark(
            "关停率",
            "Shut-down rate",
            "分母即关停数时必为100%；按利特尔法则，期末时点几乎不可能无一在线。此处分母为期内确认数，观察至期末后30日。",
            "Over what was closed it is always 100 %; by Little's law some stand at any instant. Here: over what was "
            "confirmed in the year, followed to its end + 30 days.",
        ),
        "K16": Remark(
            "提取诈骗源码",
            "Fraud kits extracted",
            "同源变种是否合并未说明；“全网监控”无覆盖率。",
            "Whether variants of one kit count once is not said; the coverage of the monitoring is unknown.",
        ),
        "K17": Remark(
            "监控活跃的黑灰产渠道",
            "Active grey-market channels monitored",
            "时点数还是全年数、何为活跃均未说明；已取整。",
            "Stock or flow, and what is active, is not said; rounded.",
        ),
        "K18": Remark(
            "排查高危数据贩卖人员",
            "High-risk data sellers screened",
            "“个”更像账号而非人；排查不等于确认，结果未披露。",
            "The unit fits accounts rather than people; screened is not confirmed, and no outcome is told.",
        ),
        "K19": Remark(
            "业务风险告警",
            "Business-risk alerts",
            "告警多少取决于规则，不是成效；准确率未披露。",
            "How many there are depends on the rules: no measure of performance; precision is not told.",
        ),
        "K20": Remark(
            "办公风险告警",
            "Office-risk alerts",
            "同业务风险告警：数量随规则变化，不是成效。",
            "As business-risk alerts: volume follows the rules and is no performance.",
        ),
        "K21": Remark(
            "成功跟进和处置的重要告警",
            "Important alerts handled",
            "重要告警总数未披露，处置率无从得知。",
            "How many important alerts there were is not told, so that no rate follows.",
        ),
        "K31": Remark(
            "推送相关案件立案",
            "Cases referred and filed",
            "线索、立案、办结、侦破是四种状态；不同公开文件对同一数字用词不同。",
            "A lead, a filed, a closed and a solved case are four states; publications give one number several names.",
        ),
        "K32": Remark(
            "已办结",
            "Cases closed",
            "办结不等于侦破；须有各案文书。",
            "Closed is not solved; a document for each case is needed.",
        ),
        "K33": Remark(
            "涉及逾期客户",
            "Overdue customers involved",
            "属立案还是办结案件、嫌疑人还是受害人均未说明；借款人欺诈不同于受害人诈骗。",
            "Of filed or closed cases, suspects or victims is not said; fraud by borrowers is not fraud upon users.",
        ),
        "K34": Remark(
            "涉及总逾期金额",
            "Overdue amount involved",
            "是信用敞口，不是诈骗损失；追回金额未量化。",
            "Credit exposure, no fraud loss; what was recovered is not told.",
        ),
        "K35": Remark(
            "抓获黑产中介",
            "Intermediaries caught",
            "公安机关的结果，只能称为协助；抓获与采取强制措施用词不一。",
            "An outcome of the police, which a company supports at most; publications name different measures.",
        ),
        "K36": Remark(
            "批捕",
            "Arrests approved",
            "检察机关的结果；未列入成果面板。",
            "An outcome of the procuratorate; left out of the headline panel.",
        ),
        "K37": Remark(
            "消保安全中心服务用户",
            "Users served by the protection centre",
            "“用户……次”混用人数与次数。",
            "Users and visits are mixed in one unit.",
        ),
        "K38": Remark(
            "AI反诈提醒",
            "AI anti-fraud reminders",
            "发送还是展示未说明。此处为展示或接通，同一人、活动、日计一次。",
            "Sent or shown is not said. Here: shown or connected, one for each person, campaign and day.",
        ),
        "K39": Remark(
            "涉骗阻断预警",
            "Fraud-block warnings",
            "阻断与预警合为一词，误拦未披露。此处为被阻断的订单，后来解除的另列。",
            "Blocks and warnings are one word, false blocks not told. Here: orders blocked; released ones beside.",
        ),
        "K40": Remark(
            "劝阻潜在被骗者",
            "Potential victims dissuaded",
            "成功标准未公布。此处须接通、确认涉诈且30日内无损失，仍受损者另列。",
            "What counts as success is not published. Here: reached, scam confirmed, no loss within 30 days; who lost "
            "after all stands beside.",
        ),
        "K41": Remark(
            "避免用户损失",
            "User loss avoided",
            "尾数为整百，近似借款金额或额度：是风险敞口而非损失；与止损不得相加。已发生损失应并列披露。",
            "It ends in round hundreds, as loans or limits do: exposure, not loss. Never added to the loss stopped; "
            "losses incurred belong beside it.",
        ),
        "K42": Remark(
            "活动宣传累计浏览量",
            "Campaign views",
            "浏览次数，不是人数；开屏展示非用户主动。",
            "Views, not people; splash screens are not sought by their viewers.",
        ),
        "K43": Remark(
            "参与反诈知识教育师生",
            "Pupils and teachers in classes",
            "疑为全校人数而非签到人数。",
            "The whole school's number, it seems, not those who signed in.",
        ),
    }
)
"""Each anti-fraud KPI that is published, whether it is computed here or not."""
