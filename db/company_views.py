"""Views of what a company sends, a row an event: put together from the columns of its frame, with a label for each."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from db.event_frames import EVENT_FRAMES, EventFrame

_ABOUT: Final = MappingProxyType(
    {
        "opinion_items": ("v_opinion", "舆情条目 · public-opinion items"),
        "kits": ("v_kits", "诈骗源码 · source-code kits"),
        "channels_and_actors": ("v_channels", "黑灰产渠道与人员 · grey-market channels and actors"),
        "soc_alerts": ("v_alerts", "安全告警的各状态 · security alerts, state by state"),
        "case_events": ("v_cases", "案件事件：金额以元计 · case events, in CNY"),
        "service_events": ("v_services", "服务与宣教 · services, views and classes"),
    }
)
"""Frame -> its view and what that shows."""
_LABELS: Final = MappingProxyType(
    {
        "type": "类型 · type",
        "source_class": "来源类别 · class of source",
        "platform": "平台 · platform",
        "item": "平台编号 · id on the platform",
        "cluster": "近似文本组 · cluster of nearly the same text",
        "relevance": "相关性 · relevance",
        "published_at": "发布时间（UTC） · published (UTC)",
        "detected_at": "发现时间（UTC） · noticed (UTC)",
        "kit": "源码编号 · id of the kit",
        "family": "家族 · family",
        "kit_sha256": "文件摘要 · SHA-256 of the file",
        "analyst_confirmed": "分析员确认 · confirmed by an analyst",
        "named": "所仿品牌 · brand as named",
        "fraud_type": "诈骗类型 · fraud type",
        "channel": "渠道 · channel",
        "relevant": "涉诈 · about fraud",
        "role": "角色 · role",
        "risk": "风险 · risk",
        "outcome": "结果 · outcome",
        "fraud_class": "欺诈类别 · class of fraud",
        "state": "状态 · state",
        "alert": "告警编号 · id of the alert",
        "incident": "事件编号 · incident",
        "rule": "规则 · rule",
        "entity": "对象 · what it is about",
        "domain": "领域 · domain",
        "severity": "级别 · severity",
        "disposition": "结论 · finding",
        "case_number": "案件号 · case number",
        "referral": "线索编号 · number of the lead",
        "closure": "办结方式 · how it was closed",
        "proof": "文书号 · document",
        "account": "账户 · account",
        "amount_cny": "逾期金额（元） · overdue, CNY",
        "attribution": "归属 · whose result it is",
        "service": "服务 · service",
        "session": "会话 · session",
        "content": "内容 · content",
        "seconds": "时长（秒） · seconds on screen",
        "visitor": "访问者 · visitor",
        "attendee": "参与者 · attendee",
        "confirmed_by": "依据 · confirmed by",
        "address": "网址 · address",
        "subject": "人员（假名编号） · person, by pseudonym number",
        "day": "上海日期 · day in Shanghai",
        "is_test": "测试数据 · test row",
        "source": "来源 · source",
        "file": "原始文件 · file it came in",
        "position": "文件内位置 · position in the file",
    }
)
_NAMES: Final = {"amount_fen": "amount_cny", "address_id": "address"}
"""Column of a frame -> what people read instead."""


def company_views(address: str) -> list[tuple[str, str, dict[str, str], str]]:
    """Name, what it shows, its columns with their labels, and its SQL, of each view.

    Args:
        address: SQL of the text of a row of `url` joined with its `host`.
    """
    return [(name, about, *_view(EVENT_FRAMES[frame], address)) for frame, (name, about) in _ABOUT.items()]


def _view(frame: EventFrame, address: str) -> tuple[dict[str, str], str]:
    table = frame.table
    told = {word: f"term_{word}.name" for word in frame.words}
    own = {_NAMES.get(name, name): _said(name, sql, address) for name, (sql, _) in frame.columns.items()}
    place = {
        "day": f"date({table}.occurred_at / 1000 + 28800, 'unixepoch')",
        "is_test": f"{table}.is_test",
        "source": "source.name",
        "file": "document.name",
        "position": f"{table}.position",
    }
    columns = told | own | place
    selected = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    return {name: _LABELS[name] for name in columns}, f"SELECT {selected} FROM {table}{_joins(frame, own)}"  # noqa: S608 - our own names


def _said(name: str, sql: str, address: str) -> str:
    if name == "amount_fen":
        return f"iif({sql} IS NULL, NULL, printf('%d.%02d', {sql} / 100, {sql} % 100))"
    if name.endswith("_at"):
        return f"strftime('%Y-%m-%dT%H:%M:%SZ', {sql} / 1000, 'unixepoch')"
    return address if name == "address_id" else sql


def _joins(frame: EventFrame, own: Mapping[str, str]) -> str:
    table = frame.table
    terms = [f"term AS term_{word} ON term_{word}.term_id = {table}.{word}_id" for word in frame.words]
    places = ["url ON url.url_id = {0}.url_id", "host USING (host_id)"] if "address" in own else []
    joins = ["source USING (source_id)", "document ON document.document_id = {0}.document_id", *places, *terms]
    return "".join(f" LEFT JOIN {join.format(table)}" for join in joins)
