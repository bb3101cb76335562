"""The demo's KPIs of 2024, counted a second time: row by row in plain Python, with nothing of fanzha in it.

Two libraries only open files (openpyxl the workbook, polars the Parquet file). Where a definition leaves a choice,
the comment at the count says how it is read here.
"""

import bz2
import csv
import gzip
import ipaddress
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import openpyxl
import polars as pl

from tests.flows.demo_truth_company import count_company

SHANGHAI = timezone(timedelta(hours=8))
START = datetime(2024, 1, 1, tzinfo=SHANGHAI)
END = datetime(2025, 1, 1, tzinfo=SHANGHAI)
CENT = Decimal("0.01")

Row = dict[str, str]


@dataclass
class Seen:
    """One sighting of an address or an app that could be read."""

    key: str
    at: datetime
    claim: str = "malicious"
    is_test: bool = False
    host: str = ""
    package: str = ""


@dataclass
class Attack:
    """What the company's events say of one attack."""

    brand: str = ""
    fraud_type: str = ""
    confirmed: list[datetime] = field(default_factory=list)
    actions: list[datetime] = field(default_factory=list)
    ends: list[tuple[datetime, str]] = field(default_factory=list)

    @property
    def is_own(self) -> bool:
        return self.brand in {"奇富借条", "360借条", "qifu-jietiao"}

    @property
    def closure(self) -> tuple[datetime, str] | None:
        """The final closure: the first after the last reactivation that is more than a block."""
        real = sorted(end for end in self.ends if end[1] != "仅拦截")
        back = max((at for at, what in real if what == "复活"), default=None)
        return next((end for end in real if end[1] != "复活" and (back is None or end[0] >= back)), None)


def count_demo(samples: Path) -> dict[str, int | str]:
    """KPI id -> value as `fanzha kpi 2024 --json` should give it: counts, CNY and percent with two places."""
    company = samples / "company"
    warnings = list(_warnings(company))
    attacks = list(_attacks(company).values())
    acted = [attack for attack in attacks if attack.actions and _in_year(min(attack.actions))]
    loans = sum(attack.fraud_type == "仿冒借贷" for attack in acted)
    return {
        "K01": _first_in_year(_sightings(samples), _dismissed(company, "url")),
        "K02": _first_in_year(_apps(samples), _dismissed(company, "package")),
        "K03": len({row["warning_id"] or row["event_id"] for row in warnings if _is_to_centre(row)}),
        "K04": _money(company, "shanhai"),
        "K05": len(set(_url_checks(company))),
        "K10": len(acted),
        "K11": loans,
        "K12": len(acted) - loans,
        "K13": _percent(len(acted) - _prior(company, "K10"), _prior(company, "K10")),
        "K14": sum(_is_closed_by_us(attack) for attack in acted),
        "K15": _closure_rate(attacks),
        "K38": len({(row["user"], row["campaign"], row["time"][:10]) for row in warnings if _is_ai_reminder(row)}),
        "K39": len({row["订单"] for row in _interventions(company) if _is_victim_block(row)}),
        "K40": len(set.difference(*_dissuasions(company))),
        "K41": _money(company, "dissuasion"),
        **count_company(company),
    }


def _in_year(at: datetime) -> bool:
    return START <= at < END


def _local(text: str) -> datetime:
    """A naive time of the company's."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _json_lines(path: Path) -> list[dict[str, str | bool | None]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _csv(text: str, delimiter: str = ",") -> list[Row]:
    return list(csv.DictReader(text.splitlines(), delimiter=delimiter, restval=""))


def _percent(part: int, whole: int) -> str:
    return str((Decimal(100 * part) / whole).quantize(CENT, ROUND_HALF_EVEN))


# ---- addresses


def canonical(text: str) -> tuple[str, str] | None:
    """Host and one spelling of an address, for the spellings that stand in the samples; None for no address."""
    plain = text.replace("hxxp", "http").replace("[.]", ".").replace("(dot)", ".")
    parts = urlsplit(plain if "://" in plain else f"//{plain}")
    host = _host(parts.hostname or "")
    if not host:
        return None
    if "://" not in plain:
        return host, host
    scheme = parts.scheme.lower()
    port = "" if parts.port in {None, {"http": 80, "https": 443}[scheme]} else f":{parts.port}"
    query = f"?{parts.query}" if parts.query else ""
    return host, f"{scheme}://{host}{port}{parts.path or '/'}{query}"


def _host(name: str) -> str:
    if name.isdecimal():
        return str(ipaddress.ip_address(int(name)))
    return "" if " " in name else name.rstrip(".").encode("idna").decode().lower()


def _sightings(samples: Path) -> Iterator[Seen]:
    """All dated sightings; lists without times were seen when they were fetched, which is not in 2024."""
    phish = _csv(bz2.decompress((samples / "synthetic-phishtank.csv.bz2").read_bytes()).decode())
    phish += json.loads(gzip.decompress((samples / "synthetic-phishtank.json.gz").read_bytes()))
    hunted = _csv((samples / "synthetic-phishunt.csv").read_text("utf-8"))
    feeds = (
        ((row["url"], datetime.fromisoformat(row["submission_time"])) for row in phish),
        ((row["url"], datetime.fromisoformat(row["first_seen"])) for row in hunted),
        *(feed(samples) for feed in (_urlhaus, _tweets, _misp, _stix)),
    )
    published = [(address, at, "malicious", False) for feed in feeds for address, at in feed]
    published += _company_sightings(samples)
    allowed = json.loads((samples / "synthetic-polkadot.json").read_bytes())["allow"]
    published += [(host, datetime.now(UTC), "benign", False) for host in allowed]
    for address, at, claim, is_test in published:
        if found := canonical(address):
            yield Seen(found[1], at, claim, is_test, host=found[0])


def _urlhaus(samples: Path) -> Iterator[tuple[str, datetime]]:
    lines = (samples / "synthetic-urlhaus.csv").read_text("utf-8").splitlines()
    for record in csv.reader(line for line in lines if not line.startswith("#")):
        if record[1] != "2024-02-30 10:00:00":  # a malformed row: there is no such day
            yield record[2], _utc(record[1])


def _tweets(samples: Path) -> Iterator[tuple[str, datetime]]:
    for record in csv.reader((samples / "synthetic-tweetfeed.csv").read_text("utf-8").splitlines()):
        if record[2] in {"url", "domain"}:
            yield record[3], _utc(record[0])


def _misp(samples: Path) -> Iterator[tuple[str, datetime]]:
    for path in sorted((samples / "misp").glob("*-*.json")):
        event = json.loads(path.read_bytes())["Event"]
        attributes = event["Attribute"] + [part for thing in event["Object"] for part in thing["Attribute"]]
        for attribute in attributes:
            if attribute["type"] in {"url", "domain", "hostname"}:
                yield attribute["value"], datetime.fromtimestamp(int(attribute["timestamp"]), UTC)


def _stix(samples: Path) -> Iterator[tuple[str, datetime]]:
    for thing in json.loads((samples / "synthetic-stix.json").read_bytes())["objects"]:
        pattern = thing.get("pattern", "")
        if pattern.startswith(("[url:", "[domain-name:")):
            yield pattern.split("'")[1], datetime.fromisoformat(thing["valid_from"])


def _company_sightings(samples: Path) -> Iterator[tuple[str, datetime, str, bool]]:
    claims = {"仿冒": "malicious", "正常": "benign"}
    for row in _csv((samples / "company/synthetic-sightings-gb18030.csv").read_text("gb18030")):
        if row["结论"] in claims:  # else malformed
            yield row["网址"], _local(row["发现时间"]), claims[row["结论"]], row["测试"] == "是"


# ---- apps


def _apps(samples: Path) -> Iterator[Seen]:
    """Apps that are judged: by the company, or, of those that a repository merely lists, by the analyst."""
    confirmed = {row["package"] for row in _verdicts(samples / "company").values() if row["answer"] == "confirmed"}
    for row in _json_lines(samples / "company/synthetic-apps.jsonl"):
        listing = "|".join(str(row[name]) for name in ("store", "package", "version", "certificate"))
        at = datetime.fromisoformat(str(row["seen"]))
        claim = str(row.get("verdict") or "malicious")
        yield Seen(str(row["apk_sha256"] or listing), at, claim, bool(row.get("test")), package=str(row["package"]))
    for package, digest, added in _fdroid(samples):
        claim = "malicious" if package in confirmed else "none"
        yield Seen(digest, datetime.fromtimestamp(added / 1000, UTC), claim, package=package)


def _fdroid(samples: Path) -> Iterator[tuple[str, str, int]]:
    second = json.loads((samples / "synthetic-fdroid-index-v2.json").read_bytes())
    for package, app in second["packages"].items():
        for version in app["versions"].values():
            yield package, version["file"]["sha256"], version["added"]
    first = json.loads((samples / "synthetic-fdroid-index-v1.json").read_bytes())
    for package, versions in first["packages"].items():
        for version in versions:
            yield package, version["hash"], version["added"]


# ---- what counts as seen


def _verdicts(company: Path) -> dict[str, Row]:
    """What the analyst last said of each address or package."""
    rows = sorted(_json_lines(company / "synthetic-verdicts.jsonl"), key=lambda row: str(row["time"]))
    said = [{name: str(value or "") for name, value in row.items()} for row in rows if not row["test"]]
    return {_judged(row): row for row in said if row["answer"] != "unsure"}


def _judged(row: Row) -> str:
    found = canonical(row["url"]) if row["url"] else None
    return found[1] if found else row["package"]


def _dismissed(company: Path, what: str) -> set[str]:
    return {key for key, row in _verdicts(company).items() if row["answer"] == "dismissed" and row[what]}


def _first_in_year(sightings: Iterable[Seen], dismissed: set[str]) -> int:
    """Distinct values called malicious by somebody and benign by nobody, first seen by anybody in 2024; no test rows.

    A dismissed host takes all its addresses along. A word for "benign" from any source takes the address out.
    """
    real = [seen for seen in sightings if not seen.is_test]
    benign = {seen.key for seen in real if seen.claim == "benign"}
    first: dict[str, datetime] = {}
    counted: set[str] = set()
    for seen in real:
        first[seen.key] = min(seen.at, first.get(seen.key, seen.at))
        is_out = seen.key in benign or {seen.key, seen.host, seen.package} & dismissed
        if seen.claim == "malicious" and not is_out:
            counted.add(seen.key)
    return sum(_in_year(first[key]) for key in counted)


# ---- warnings, checks


def _warnings(company: Path) -> Iterator[Row]:
    """Rows of 2024 that can be read and are no test."""
    for row in _csv((company / "synthetic-warnings.csv").read_text("utf-8")):
        is_sound = row["is_test"] and "-13-" not in row["time"]  # else it breaks off, or has a thirteenth month
        if is_sound and row["is_test"] == "0" and _in_year(_local(row["time"])):
            yield row


def _is_to_centre(row: Row) -> bool:
    return row["stage"] == "emitted" and row["sink"] == "jietiao_security_centre"


def _is_ai_reminder(row: Row) -> bool:
    return row["stage"] in {"rendered", "connected"} and row["channel"] == "AI"


def _url_checks(company: Path) -> Iterator[tuple[str, str, str]]:
    for row in _csv((company / "synthetic-url-checks.tsv").read_text("utf-8"), "\t"):
        is_counted = row["actor"] == "用户" and row["result"] != "出错" and row["test"] == "0"
        found = canonical(row["url"])
        if is_counted and found and _in_year(_local(row["time"])):
            yield row["user"], found[1], row["time"][:10]


# ---- blocks, dissuasion, losses


def _interventions(company: Path) -> Iterator[Row]:
    sheet = openpyxl.load_workbook(company / "synthetic-interventions.xlsx")["synthetic"]
    names, *records = list(sheet.values)
    for record in records:
        row = {str(name): str(value or "") for name, value in zip(names, record, strict=True)}
        if row["测试"] == "否":
            yield row


def _is_victim_block(row: Row) -> bool:
    return row["动作"] == "拦截" and row["原因"] == "受害风险" and _in_year(_local(row["时间"]))


def _dissuasions(company: Path) -> tuple[set[str], set[str]]:
    """People connected in the year, scam confirmed; and who lost within 30 days, by the outcome or by a loss."""
    rows = list(_interventions(company))
    connected: dict[str, list[datetime]] = defaultdict(list)
    for row in rows:
        if row["动作"] == "接通劝阻" and _in_year(_local(row["时间"])):
            connected[row["用户"]].append(_local(row["时间"]))
    outcomes = [row for row in rows if row["动作"] == "劝阻结果"]
    confirmed = {row["用户"] for row in outcomes if row["确认涉诈"] == "是"}
    lost = {row["用户"] for row in outcomes if row["后续受损"] == "是"}
    for loss in _losses(company):
        gaps = [loss["occurred_at"] - talk for talk in connected.get(loss["user"], [])]
        if loss["type"] == "realised" and any(timedelta() <= gap <= timedelta(days=30) for gap in gaps):
            lost.add(loss["user"])
    return connected.keys() & confirmed, lost


def _losses(company: Path) -> list[dict[str, Any]]:
    rows = pl.read_parquet(company / "synthetic-losses.parquet").to_dicts()
    return [row for row in rows if row["episode"] and not row["is_test"]]


def _money(company: Path, programme: str) -> str:
    """The largest amount of each episode that began in 2024, in CNY; amounts of a later year count with it.

    It began with its first row of any type or tier, of this programme or of none.
    """
    begun: dict[str, datetime] = {}
    largest: dict[str, Decimal] = defaultdict(Decimal)
    for row in _losses(company):
        episode, is_ours = row["episode"], row["programme"] == programme
        if is_ours or not row["programme"]:
            begun[episode] = min(row["occurred_at"], begun.get(episode, row["occurred_at"]))
        if row["type"] == "assessed" and row["tier"] in {"A", "B"} and is_ours:
            largest[episode] = max(largest[episode], row["amount_cny"])
    return str(sum((amount for episode, amount in largest.items() if _in_year(begun[episode])), Decimal("0.00")))


# ---- attacks


def _attacks(company: Path) -> dict[str, Attack]:
    """Attacks by the company's case number; without one by host and type, new where 7 days lie between events."""
    attacks: dict[str, Attack] = defaultdict(Attack)
    latest: dict[str, tuple[datetime, str]] = {}
    rows = _csv((company / "synthetic-attack-events.csv").read_text("utf-8-sig"))
    for row in sorted(rows, key=lambda row: datetime.fromisoformat(row["时间"])):
        if row["测试"] or row["类型"] == "观察":  # a test; malformed
            continue
        at = datetime.fromisoformat(row["时间"])
        key = row["案件号"]
        if not key:
            chain = f"{urlsplit(row['网址']).hostname} {row['诈骗类型']}"
            before, key = latest.get(chain, (at, f"{chain} {at}"))
            if at - before > timedelta(days=7):
                key = f"{chain} {at}"
            latest[chain] = (at, key)
        _take(attacks[key], row, at)
    return attacks


def _take(attack: Attack, row: Row, at: datetime) -> None:
    attack.brand = attack.brand or row["品牌"]
    attack.fraud_type = attack.fraud_type or row["诈骗类型"]
    if row["类型"] == "确认":
        attack.confirmed.append(at)
    elif row["类型"] == "处置":
        attack.actions.append(at)
    else:
        attack.ends.append((at, row["关停原因"] or row["类型"]))


def _is_closed_by_us(attack: Attack) -> bool:
    """Of an attack first acted on in the year: own brand, finally closed in the year, by us. App listings count."""
    closure = attack.closure
    if closure is None or not attack.is_own:
        return False
    return _in_year(closure[0]) and closure[1] == "我方" and min(attack.actions) <= closure[0]


def _closure_rate(attacks: Iterable[Attack]) -> str:
    """Own-brand attacks confirmed in 2024 that were closed, by whomever, by 30 days after its end."""
    cohort = [attack for attack in attacks if attack.is_own and attack.confirmed and _in_year(min(attack.confirmed))]
    closed = [attack for attack in cohort if attack.closure and attack.closure[0] < END + timedelta(days=30)]
    return _percent(len(closed), len(cohort))


def _prior(company: Path, kpi: str) -> int:
    rows = _csv((company / "synthetic-reported-figures.csv").read_text("utf-8"))
    return next(int(row["value"]) for row in rows if row["kpi"] == kpi and row["year"] == "2023")
