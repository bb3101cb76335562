"""A second count of the demo's figures on opinion, kits, channels, alerts, cases and services, row by row."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]
START, END = datetime(2024, 1, 1), datetime(2025, 1, 1)  # noqa: DTZ001 - all times of these files are Shanghai's
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def count_company(company: Path) -> dict[str, int | str]:
    """KPI id -> value as `fanzha kpi 2024 --json` should give it."""
    return {
        **_opinion(_csv(company / "synthetic-opinion.csv")),
        **_underground(_json(company / "synthetic-kits.jsonl"), _csv(company / "synthetic-channels.csv")),
        **_alerts(_csv(company / "synthetic-alerts.tsv", "\t")),
        **_cases(_csv(company / "synthetic-cases.csv")),
        **_services(_json(company / "synthetic-services.jsonl")),
    }


def _csv(path: Path, delimiter: str = ",") -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=delimiter))
    return [row for row in rows if row.get("测试") != "是" and row.get("test") != "1"]


def _json(path: Path) -> Rows:
    rows = map(json.loads, path.read_text("utf-8").splitlines())
    return [row for row in rows if not row["test"]]


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _is_of_year(text: str) -> bool:
    return START <= _at(text) < END


def _first(rows: Rows, time: str, *key: str) -> int:
    """How many are first seen in the year."""
    seen: dict[tuple[str, ...], datetime] = {}
    for row in rows:
        of = tuple(row[name] for name in key)
        seen[of] = min(seen.get(of, END + DAY), _at(row[time]))
    return sum(START <= at < END for at in seen.values())


def _opinion(rows: Rows) -> dict[str, int | str]:
    texts = [row for row in rows if row["来源类别"] != "短视频" and row["相关性"] == "相关"]
    videos = [row for row in rows if row["来源类别"] == "短视频"]
    rates = {year: _timely([row for row in rows if row["相关性"] == "相关"], year) for year in (2023, 2024)}
    gained = Decimal(100 * (rates[2024] - rates[2023])).quantize(Decimal("0.01"))
    return {
        "K06": _first(texts, "采集时间", "近似文本组", "网址"),
        "K07": _first(videos, "采集时间", "平台编号"),
        "K08": str(gained),
        "K09": "250.00",
    }


def _timely(rows: Rows, year: int) -> Decimal:
    items: dict[tuple[str, ...], Rows] = defaultdict(list)
    for row in rows:
        items[row["近似文本组"], row["网址"], row["平台编号"]].append(row)
    of_year = [told for told in items.values() if min(_at(row["采集时间"]) for row in told).year == year]
    return Decimal(sum(_is_timely(told) for told in of_year)) / len(of_year)


def _is_timely(told: Rows) -> bool:
    published, detected = ([_at(row[name]) for row in told if row[name]] for name in ("发布时间", "发现时间"))
    return bool(published and detected) and min(detected) - min(published) <= DAY


def _underground(kits: Rows, told: Rows) -> dict[str, int | str]:
    last = [row for row in told if END - 30 * DAY <= _at(row["时间"]) < END]
    sellers = [row for row in told if (row["角色"], row["风险"]) == ("数据贩卖", "高")]
    return {
        "K16": len({row["family"] for row in kits if row["confirmed"] and _is_of_year(row["extracted"])}),
        "K17": len({row["渠道"] for row in last if row["类型"] == "渠道监测" and row["涉诈"] == "是"}),
        "K18": _first(sellers, "时间", "人员"),
    }


def _alerts(rows: Rows) -> dict[str, int | str]:
    rows = [row for row in rows if _is_of_year(row["time"])]
    important = {row["alert"] for row in rows if row["severity"] in {"important", "critical"}}
    closed = [row for row in rows if row["state"] == "closed" and row["finding"] and row["alert"] in important]
    raised = [row for row in rows if row["state"] == "raised"]
    return {
        "K19": sum(1 for _ in _heard([row for row in raised if row["domain"] == "business"])),
        "K20": sum(1 for _ in _heard([row for row in raised if row["domain"] == "office"])),
        "K21": len({row["incident"] or row["alert"] for row in closed}),
    }


def _heard(raised: Rows) -> Iterator[datetime]:
    """The alerts that open an hour."""
    opened: dict[tuple[str, str], datetime] = {}
    for row in sorted(raised, key=lambda row: str(row["time"])):
        of, at = (row["rule"], row["entity"]), _at(row["time"])
        if at >= opened.get(of, START - DAY) + HOUR:
            opened[of] = at
            yield at


def _cases(rows: Rows) -> dict[str, int | str]:
    def of(kind: str) -> Rows:
        return [row for row in rows if row["类型"] == kind]

    debtors = [row for row in of("涉案人员") if row["身份"] == "涉嫌借款人"]
    owed: dict[str, Decimal] = {}
    for row in of("涉案账户"):
        owed[row["账户"]] = max(owed.get(row["账户"], Decimal(0)), Decimal(row["逾期金额"]))
    return {
        "K31": _first(of("立案"), "日期", "案件号"),
        "K32": _first([row for row in of("办结") if row["办结方式"] != "其他"], "日期", "案件号"),
        "K33": _first(debtors, "日期", "人员"),
        "K34": f"{sum(owed.values()):.2f}",
        "K35": _first(of("抓获"), "日期", "案件号", "人员"),
        "K36": _first(of("批捕"), "日期", "案件号", "人员"),
    }


def _services(rows: Rows) -> dict[str, int | str]:
    rows = [row for row in rows if _is_of_year(row["time"])]
    users = [row for row in rows if row["visitor"] == "user"]
    visits = [row for row in users if row["service"] == "consumer_protection_centre" and row["type"] == "session"]
    views = [row for row in users if row["type"] == "content_view" and row["seconds"] >= 1]
    return {
        "K37": len({row["session"] for row in visits}),
        "K42": len({(row["user"], row["content"], row["time"][:10]) for row in views}),
        "K43": len({row["user"] for row in rows if row["type"] == "attendance"}),
    }
