"""The card of a KPI: the 18 fields of a basis of preparation, made from its declaration and its profile."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from analytics.kpi.definition import Definition, Tally
from analytics.kpi.display import PointsRule, RatioRule
from analytics.kpi.profile import ATTRIBUTIONS, COUNTED, FRAUD_CLASSES, GROUPS, Both, Profile
from analytics.kpi.profiles import PROFILES
from db.kinds import KINDS

LABELS: Final = MappingProxyType(
    {
        "kpi_id": ("编号", "KPI id"),
        "version": ("版本", "Version"),
        "name": ("名称", "Name"),
        "purpose": ("用途与披露措辞", "Purpose and claim wording"),
        "unit": ("单位", "Unit"),
        "population": ("总体与边界", "Population and boundary"),
        "events": ("事件类型", "Event types"),
        "filter": ("纳入与剔除", "Inclusion and exclusion"),
        "dedup": ("去重键与窗口", "Dedup key and window"),
        "time": ("时间字段、时区与期间", "Time field, zone and period"),
        "cutoff": ("截止与迟到数据", "Cut-off and late arrivals"),
        "formula": ("公式", "Formula"),
        "unknown": ("分子、分母与未知", "Numerator, denominator and unknowns"),
        "estimation": ("估计方法、参数与区间", "Estimation, parameters and interval"),
        "comparative": ("上年数与可比性", "Comparative and comparability"),
        "restatement": ("重述政策", "Restatement"),
        "display": ("展示与修约", "Display and rounding"),
        "owner": ("负责、编制、复核与签署", "Owner, preparer, reviewer and sign-off"),
    }
)
"""The 18 fields, in order -> what each is called."""

_KEYS: Final = MappingProxyType(
    {
        "address_id": ("规范化网址", "canonical address"),
        "amount_fen": ("金额", "amount"),
        "app_id": (
            "应用（安装包SHA-256，无则市场＋包名＋版本＋证书）",
            "app (APK SHA-256, else store, package, version, certificate)",
        ),
        "attack_key": ("攻击（品牌×网站，7日内相连）", "attack (brand x site, reports within 7 days chained)"),
        "campaign": ("活动", "campaign"),
        "day": ("上海日", "Shanghai day"),
        "episode": ("损失事件（人×诈骗，间隔不超过30日）", "episode (person x scam, gaps of at most 30 days)"),
        "event_key": ("事件编号", "event id"),
        "occurred_at": ("时间", "instant"),
        "order": ("订单", "order"),
        "subject": ("人（HMAC假名）", "person (an HMAC pseudonym)"),
        "account": ("账户", "account"),
        "alert": ("告警编号", "alert id"),
        "case_number": ("案号", "case number"),
        "channel": ("渠道", "channel"),
        "cluster": ("近似文本簇", "cluster of near-duplicate texts"),
        "content": ("内容", "content"),
        "entity": ("告警对象", "entity"),
        "family": ("源码家族", "kit family"),
        "hour": ("1小时内", "within an hour"),
        "incident": ("事件单", "incident"),
        "item": ("条目编号", "item id"),
        "kit": ("源码编号", "kit id"),
        "kit_sha256": ("源码SHA-256", "SHA-256 of the kit"),
        "kpi": ("指标", "KPI"),
        "platform": ("平台", "platform"),
        "referral": ("推送编号", "referral id"),
        "rule": ("规则", "rule"),
        "session": ("会话", "session"),
        "warning": ("预警编号", "warning id"),
        "year": ("年份", "year"),
    }
)
"""What makes two records one -> in words; a column that is not here is named as it is."""

_FORMULAS: Final[MappingProxyType[Tally, Both]] = MappingProxyType(
    {
        Tally.DISTINCT: ("不重复单位数", "the number of distinct units"),
        Tally.LARGEST: ("各单位最大金额之和：Σ max(金额)", "the sum of the largest amount of each unit: Σ max(amount)"),
        Tally.SHARE: ("符合条件的单位数 ÷ 全部单位数 × 100%", "units that meet the condition / all units x 100 %"),
        Tally.IMPROVEMENT: (
            "本年比例 − 上年比例（百分点），两年按同一方法计算",
            "this year's share less that of the year before, in points, both counted alike",
        ),
        Tally.GROWTH: ("（本年 − 上年）÷ 上年 × 100%", "(this year - the year before) / the year before x 100 %"),
    }
)
_RATES: Final = frozenset({Tally.SHARE, Tally.GROWTH, Tally.IMPROVEMENT})
_WORDS: Final = MappingProxyType(
    {
        "": ("四舍六入五成双", "rounded half-even"),
        "约": ("约：四舍六入五成双", "about: rounded half-even"),
        "超": ("超：向下", "over: rounded down"),
        "近": ("近：向上", "nearly: rounded up"),
        "余": ("余：向下", "over: rounded down"),
    }
)


@dataclass(frozen=True, slots=True)
class CardField:
    """One of the 18 fields."""

    id: str
    label_zh: str
    label_en: str
    text_zh: str
    text_en: str


def card(definition: Definition) -> tuple[CardField, ...]:
    """The card of a KPI, all 18 fields in order.

    Args:
        definition: the KPI; its profile stands in `analytics.kpi.profiles`.
    """
    texts = dict(_texts(definition, PROFILES[definition.id]))
    return tuple(CardField(name, *LABELS[name], *texts[name]) for name in LABELS)


def definition_hash(definition: Definition) -> str:
    """What a definition says and how it counts, as 16 hexadecimal digits of SHA-256: a changed word changes it."""
    said = [[field.id, field.text_zh, field.text_en] for field in card(definition)]
    counted = [
        definition.frame,
        definition.tally.name,
        str(definition.is_reported),
        [[each.zh, each.en, str(each.value)] for each in definition.beside],
    ]
    return hashlib.sha256(json.dumps([said, counted], ensure_ascii=False).encode()).hexdigest()[:16]


def _texts(definition: Definition, profile: Profile) -> Iterator[tuple[str, Both]]:
    group = GROUPS[profile.group]
    kinds = [KINDS[name] for name in definition.kinds]
    yield "kpi_id", (definition.id, definition.id)
    yield "version", (str(definition.version), str(definition.version))
    yield "name", (definition.name_zh, definition.name_en)
    yield "purpose", (profile.claim_zh, profile.claim_en)
    yield "unit", _unit(definition, profile)
    yield "population", _population(group.population, profile)
    yield "events", ("、".join(kind.title_zh for kind in kinds), ", ".join(kind.title_en for kind in kinds))
    yield "filter", (definition.definition_zh, definition.definition_en)
    yield "dedup", _dedup(definition)
    yield "time", _time(definition, profile)
    yield "cutoff", _CUTOFF
    yield "formula", _FORMULAS[definition.tally]
    yield "unknown", _unknown(definition)
    yield "estimation", profile.basis
    yield "comparative", _COMPARATIVE
    yield "restatement", _RESTATEMENT
    yield "display", _display(definition)
    yield (
        "owner",
        (
            f"负责：{group.owner[0]}；编制与签署：签署该期间者（见签署记录）；复核：签署者之外的另一人",
            (
                f"owner: {group.owner[1]}; prepared and signed by whoever closes the period (see the sign-off); "
                "reviewed by somebody else"
            ),
        ),
    )


def _unit(definition: Definition, profile: Profile) -> Both:
    zh, en = COUNTED[profile.counts]
    stage_zh, stage_en = (f"；阶段：{profile.stage}", f"; stage: {profile.stage}") if profile.stage else ("", "")
    return f"{definition.unit_zh}（计数对象：{zh}{stage_zh}）", f"{definition.unit_en} (counts {en}{stage_en})"


def _population(population: Both, profile: Profile) -> Both:
    whose, fraud = ATTRIBUTIONS[profile.attribution], FRAUD_CLASSES[profile.fraud_class]
    return (
        f"{population[0]}。归属：{whose[0]}；欺诈类别：{fraud[0]}",
        f"{population[1]}. Attribution: {whose[1]}; class: {fraud[1]}",
    )


def _dedup(definition: Definition) -> Both:
    keys = [_KEYS.get(name, (name, name)) for name in definition.dedup]
    return " × ".join(zh for zh, _ in keys), " x ".join(en for _, en in keys)


def _time(definition: Definition, profile: Profile) -> Both:
    kind_zh, kind_en = (
        ("期末存量", "a stock at the period's end") if profile.is_stock else ("期间流量", "a flow over the period")
    )
    return (
        f"{definition.time}：来源给出的时间，无则用取得时间；Asia/Shanghai，[1月1日00:00, 次年1月1日00:00)；{kind_zh}",
        (
            f"{definition.time}: the time the source gives, where it gives none the time it was fetched; China time, "
            f"from 1 January 00:00 until before 1 January of the next year; {kind_en}"
        ),
    )


def _unknown(definition: Definition) -> Both:
    if definition.tally not in _RATES:
        return (
            "不是比例；期内没有任何该类记录时为未知，不是0",
            "not a rate; unknown, not 0, where the period has no record of the kind at all",
        )
    return (
        "分子与分母见附注；情况未知的单位留在分母；分母为0或缺上年数时为未知",
        (
            "numerator and denominator stand in the note; units of which nothing is known stay in the denominator; "
            "unknown where the denominator is 0 or the year before is missing"
        ),
    )


def _display(definition: Definition) -> Both:
    rule = definition.display
    if isinstance(rule, PointsRule):
        return f"百分点，至多{rule.places}位小数，带正负号，不用%号", (
            f"percentage points, at most {rule.places} decimal places, signed, never with a mere % sign"
        )
    if isinstance(rule, RatioRule):
        return f"至多{rule.places}位小数，四舍六入五成双；仅全部为100%", (
            f"at most {rule.places} decimal places, rounded half-even; only a whole is shown as 100 %"
        )
    zh, en = _WORDS[rule.word]
    if rule.figures is None:
        return "精确数值", "exact"
    scale_zh, scale_en = (f"以{rule.scale}计，", "in millions, ") if rule.scale else ("", "")
    return f"{scale_zh}{rule.figures}位有效数字，{zh}", f"{scale_en}{rule.figures} significant figures, {en}"


_CUTOFF: Final[Both] = (
    "迟到的记录归入其事件所在日；期间签署前随之更新，签署后列为待重述",
    (
        "a late record belongs to the day of its event; until the period is closed the figure follows, afterwards "
        "it is a pending restatement"
    ),
)
_COMPARATIVE: Final[Both] = (
    "上年已签署数，口径版本相同者；否则为已导入的披露数据及其出处；版本不同即不可比，不列增长",
    (
        "the year before as signed off under the same version, else as imported from a published document; of another "
        "version it is not comparable and no growth is shown"
    ),
)
_RESTATEMENT: Final[Both] = (
    "口径、边界或来源变更，或变动超过一个展示单位与1%中较大者时须重述；金额指标越过敏感区间时亦然；须有理由，前后数值并列",
    (
        "required where definition, boundary or source changed, or the change exceeds the larger of one display unit "
        "and 1 %; for money also where it crosses a bound; with a reason, old and new value side by side"
    ),
)
