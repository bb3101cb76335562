"""What must be known of a KPI beside how it is counted: what it may be used to claim, over whom, whose doing it is."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Both = tuple[str, str]
"""A text in Chinese and in English."""
Attribution = Literal["own", "supported", "third_party"]
FraudClass = Literal["victim_scam", "borrower_fraud", "intermediary", "any"]
Counted = Literal[
    "addresses",
    "apps",
    "warnings",
    "checks",
    "attacks",
    "orders",
    "people",
    "visits",
    "cases",
    "items",
    "alerts",
    "kits",
    "channels",
    "accounts",
    "money",
    "percent",
    "points",
]

ATTRIBUTIONS: Final = MappingProxyType(
    {
        "own": ("本机构自身行为", "our own doing"),
        "supported": ("本机构协助、第三方作出的结果", "another's outcome that we supported"),
        "third_party": ("第三方的结果", "another's outcome"),
    }
)
FRAUD_CLASSES: Final = MappingProxyType(
    {
        "victim_scam": ("以用户为受害人的诈骗", "scams whose victim is the user"),
        "borrower_fraud": ("借款人欺诈（受害人为出借方）", "fraud by borrowers, whose victim is the lender"),
        "intermediary": ("黑产中介与代理", "illicit agents and intermediaries"),
        "any": ("不区分欺诈类别", "fraud of any class"),
    }
)
COUNTED: Final[MappingProxyType[Counted, Both]] = MappingProxyType(
    {
        "addresses": ("网址", "addresses"),
        "apps": ("应用", "apps"),
        "warnings": ("预警", "warnings"),
        "checks": ("识别", "checks"),
        "attacks": ("攻击", "attacks"),
        "orders": ("订单", "orders"),
        "people": ("人", "people"),
        "visits": ("人次", "person-times"),
        "cases": ("案件", "cases"),
        "items": ("条目", "items"),
        "alerts": ("告警", "alerts"),
        "kits": ("源码套件", "kits"),
        "channels": ("渠道", "channels"),
        "accounts": ("账号主体", "actors"),
        "money": ("人民币金额", "an amount in CNY"),
        "percent": ("百分比（%）", "a share or growth in per cent (%)"),
        "points": ("百分点（pp）", "a difference in percentage points (pp)"),
    }
)
"""What a figure counts -> in words; people, person-times and events are never taken for one another."""


@dataclass(frozen=True, slots=True)
class Group:
    """KPIs of one theme: one sheet of the workbook, one population, one owner."""

    name: Both
    population: Both
    owner: Both


GROUPS: Final = MappingProxyType(
    {
        "intelligence": Group(
            ("情报收集", "Intelligence"),
            (
                "来源目录中各来源点名的全部网址与应用，不限地域；来源及其许可见来源目录",
                "all addresses and apps that the sources of the catalogue name, wherever; licences stand there",
            ),
            ("威胁情报岗", "threat intelligence"),
        ),
        "warnings": Group(
            ("预警与识别", "Warnings and checks"),
            (
                "报送数据的各系统之终端用户；不含员工、测试与系统自检",
                "end users of the systems that send records; without staff, tests and systems checking themselves",
            ),
            ("用户安全岗", "user safety"),
        ),
        "protection": Group(
            ("干预与止损", "Interventions and losses"),
            (
                "报送数据的各项目所覆盖的用户与订单；项目之间用户重叠，未经抵销",
                "people and orders covered by the programmes that send records; programmes overlap, nothing eliminated",
            ),
            ("消费者权益保护岗", "consumer protection"),
        ),
        "takedowns": Group(
            ("打击与关停", "Takedowns"),
            (
                "已确认或已处置的仿冒网站与应用；自有品牌以品牌表中 own 为准",
                "counterfeit sites and apps confirmed or acted on; own brands are those the brand list calls own",
            ),
            ("安全运营岗", "security operations"),
        ),
        "opinion": Group(
            ("舆情", "Public opinion"),
            (
                "所监测媒体与投诉渠道中相关的公开信息",
                "relevant public items of the media and complaint channels watched",
            ),
            ("舆情岗", "public relations"),
        ),
        "underground": Group(
            ("黑灰产情报", "Underground intelligence"),
            ("所监测的黑灰产渠道、账号与诈骗源码", "underground channels, actors and fraud kits under watch"),
            ("威胁情报岗", "threat intelligence"),
        ),
        "operations": Group(
            ("安全运营", "Security operations"),
            (
                "安全运营中心接入的业务与办公系统",
                "business and office systems connected to the security operations centre",
            ),
            ("安全运营岗", "security operations"),
        ),
        "cases": Group(
            ("案件", "Cases"),
            (
                "本机构推送或协助的案件；以文书日期为准，人员按案件去重",
                "cases that we referred or supported, by the date on the document; people once a case",
            ),
            ("法务与案件岗", "legal and cases"),
        ),
        "education": Group(
            ("宣传与服务", "Education and service"),
            ("服务会话、宣传内容浏览与线下活动", "service sessions, views of content and events held"),
            ("消费者权益保护岗", "consumer protection"),
        ),
        "balance": Group(
            ("平衡指标", "Balanced set"),
            (
                "与正面指标相同的记录，另看未成功、误伤与已发生的损失",
                "the records of the favourable figures, looked at for failures, false blocks and losses incurred",
            ),
            ("内控与审计岗", "internal control"),
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a KPI may be used to claim."""

    group: str
    """Key of `GROUPS`."""
    counts: Counted
    claim_zh: str
    """What the figure is for, and what may be said with it."""
    claim_en: str
    stage: str = ""
    """Of warnings: the stage at which they are counted."""
    is_stock: bool = False
    """Whether it stands at the period's end; else it is a flow over the period."""
    attribution: Attribution = "own"
    fraud_class: FraudClass = "victim_scam"
    nature: Literal["actual", "exposure", "estimate"] = "actual"
    basis: Both = ("实际计数，无估计", "counted, nothing estimated")
    """The estimation method, its parameters and interval, where anything is estimated."""
