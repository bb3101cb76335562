"""The demo's second part: attacks from the lookalike to the site that is gone, over a week that passes in seconds."""

import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sqlite_utils import Database

from db.brands import load_brands
from db.notices import read_notices
from db.store import Store, open_store
from db.takedown_rules import Rules, load_rules
from flows.demo.world import SITES, Site, World, living
from flows.importing import import_file
from flows.matching import match_new
from flows.notices.answering import answer, approve
from flows.notices.drafting import draft
from flows.notices.sending import send
from flows.probing import Lookout, looking
from flows.rollup import follow_up
from flows.show import Cell, show_rows, tell
from spiders.catalogue import Source, load_catalogue

YEAR: Final = 2025
SOURCES: Final = Path(__file__).with_name("follow.toml")
ANALYST: Final = "演示分析员 demo analyst"
_HOUR: Final = 3_600_000
_START: Final = 1_740_963_600_000
"""2025-03-03 01:00 UTC. The clock is made up, so that every run tells the same."""
_STEP: Final = 12 * _HOUR + _HOUR // 6
"""Between looks; a little over half a day, so that of three the first and the last are clearly 24 hours apart."""
_LOOKS: Final = (*range(12), 16)
"""When looks are taken, in steps: first while things happen, then once when what stands is past its deadlines."""
_SEEN_BEFORE: Final = _HOUR // 2
_AFTERWARDS: Final = _HOUR // 6
"""From a look to the notices that follow from what it found: probes are on record at the seconds that they take."""
_JUDGED_AT, _ANSWERED_AT = 1, 6
"""The looks after which the analyst judges, and a provider's answer is recorded."""
_MISTAKEN: Final = SITES[-1]
_ANSWERING: Final = SITES[1]
_KINDS: Final = {
    "first": ("通知", "first notices"),
    "reminder": ("催办", "reminders"),
    "escalation": ("升级通知", "escalations"),
}
_STATES: Final = {
    "suspected": "疑似 suspected",
    "confirmed": "已确认 confirmed",
    "dismissed": "已排除 dismissed",
    "closed": "已关停 closed",
}
_FOUND: Final = {"up": "在线 up", "failing": "不可用 failing", "down": "确认关停 down"}
_CAUSES: Final = {"us": "我方 us", "third_party": "第三方 third party", "self_expired": "自行失效 self-expired"}
_TABLE: Final = (
    ("网站 site", "target"),
    ("状态 state", "state"),
    ("两网所见 seen", "seen"),
    ("发现 opened", "first_seen"),
    ("确认 confirmed", "confirmed"),
    ("首次通知 notified", "first_action"),
    ("首次不可用 unreachable", "closed"),
    ("确认关停 down", "down"),
    ("原因 cause", "cause"),
    ("复活 reopened", "relisted"),
)


@dataclass(slots=True)
class Followed:
    """What came of it; `year` is that of the made-up clock."""

    db: Path
    rules: Path
    mails: list[Path]
    rows: list[dict[str, Cell]]
    faults: list[str]
    year: int = YEAR


def follow(directory: Path) -> Followed:
    """Play the demo's second part in a directory: follow.db, takedown.toml, mails."""
    db, rules = directory / "follow.db", directory / "takedown.toml"
    with living(directory) as world, open_store(db, Path(os.environ["FANZHA_KEY_FILE"])) as store:
        rules.write_text(world.rules(), "utf-8")
        with looking(store, world.vantages(), loopback=True) as lookout:
            story = _Story(world, store, lookout, load_rules(rules), directory)
            story.play()
        faults = list(dict.fromkeys(story.faults))
        return Followed(db, rules, world.mail.taken, list(_rows(store.database)), faults)


def show_followed(followed: Followed) -> None:
    """The attacks, each with its clocks."""
    show_rows("", followed.rows, [name for name, _ in _TABLE])


@dataclass(slots=True)
class _Story:
    world: World
    store: Store
    lookout: Lookout
    rules: Rules
    directory: Path
    faults: list[str] = field(default_factory=list)
    known: dict[str | None, tuple[str, str | None, int]] = field(default_factory=dict)
    """Site -> what was last told of it."""

    def play(self) -> None:
        """A week, look by look."""
        self._report()
        for number in _LOOKS:
            now = _START + number * _STEP
            self._look(now)
            if number == _JUDGED_AT:
                self._judge(now)
            if number == _ANSWERED_AT:
                self._answer(now)
            self._notify(now + _AFTERWARDS)

    def _report(self) -> None:
        """A feed reports the sites; matching finds the brand, and so attacks are suspected."""
        at = _written(_START - _SEEN_BEFORE)
        rows = [{"网址": self.world.address_of(site), "发现时间": at} for site in SITES]
        self._import("demo-world-sightings", rows)
        match_new(self.store, load_brands())
        follow_up(self.store)
        self._tell(_START, f"{len(SITES)} 个仿冒网址被发现 · {len(SITES)} lookalikes sighted, suspected attacks opened")

    def _look(self, now: int) -> None:
        """Look at all sites from both networks; tell what is not as it was."""
        self.world.at((now - _START) / _HOUR)
        done = self.lookout.round(now)
        if done.missed:
            self.faults.append(f"{done.missed} visits are missing")
        follow_up(self.store)
        self._tell_changes(now)

    def _tell_changes(self, now: int) -> None:
        query = "SELECT address, state, closure, reopened FROM v_probes ORDER BY address"
        found = {urlsplit(row[0]).hostname: row[1:] for row in self.store.database.execute(query)}
        changed = [host for host, said in found.items() if self.known.get(host) != said]
        for state in dict.fromkeys(found[host] for host in changed):
            hosts = ", ".join(host for host in changed if found[host] == state)
            self._tell(now, f"{_said(*state)}: {hosts}")
        self.known = found

    def _judge(self, now: int) -> None:
        """An analyst's verdicts, as a company's system would export them."""
        rows = [_verdict(site, now) for site in SITES]
        self._import("demo-world-verdicts", rows)
        follow_up(self.store)
        self._tell(now, f"{ANALYST}: 确认 {len(SITES) - 1} 个 confirmed, 排除 1 个 dismissed")

    def _notify(self, now: int) -> None:
        """Notices that are due: drafted, approved by a rule or the analyst, sent."""
        drafted = draft(self.store, self.rules, declared=self.world.declared(), loopback=True, now=now)
        by_hand = sorted({*drafted.written} - {*drafted.approved})
        approve(self.store, by_hand, ANALYST, "演示 demo: the page was looked at", now=now)
        sent = send(self.store, self.rules, loopback=True, now=now)
        self.faults += [*drafted.faults, *sent.faults.values()]
        notices = read_notices(self.store.database, sent.sent) if sent.sent else []
        for kind, named in _KINDS.items():
            to = sorted({notice.recipient for notice in notices if notice.kind == kind})
            count = sum(notice.kind == kind for notice in notices)
            if count:
                self._tell(now, f"{count} 份{named[0]}发出 · {count} {named[1]} sent to {', '.join(to)}")

    def _answer(self, now: int) -> None:
        """A provider's answer, put on record."""
        query = "SELECT notice, recipient FROM v_takedowns WHERE target = ? AND channel = 'hosting' AND state = 'sent'"
        for notice, recipient in self.store.database.execute(query, [_ANSWERING.host]).fetchall():
            answer(self.store, notice, "actioned", ANALYST, "account suspended, they write", now=now)
            self._tell(now, f"{recipient}: 已处置 actioned, notice {notice}")

    def _import(self, name: str, rows: Sequence[dict[str, str]]) -> None:
        source = _source(name)
        path = self.directory / source.path
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, list(rows[0]))
            table.writeheader()
            table.writerows(rows)
        import_file(self.store, source, path)

    def _tell(self, now: int, what: str) -> None:
        day = (now - _START) // (24 * _HOUR)
        tell(f"第{day}天 day {day}: {what}")


def _said(state: str, closure: str | None, reopened: int) -> str:
    """What probes found of a site."""
    if state == "up" and reopened:
        return "再次在线 back"
    return ", ".join(filter(None, (_FOUND.get(state, state), closure)))


def _source(name: str) -> Source:
    return next(source for source in load_catalogue(SOURCES) if source.name == name)


def _verdict(site: Site, now: int) -> dict[str, str]:
    is_fraud = site is not _MISTAKEN
    return {
        "时间": _written(now),
        "网址": site.host,
        "结论": "confirmed" if is_fraud else "dismissed",
        "研判人": ANALYST,
        "理由": "asks for phone and password as the brand" if is_fraud else "演示：粉丝站 a fan site (synthetic)",
    }


def _written(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat()


_SEEN: Final = """SELECT host.name, outcome.name
    FROM (SELECT url_id, vantage_id, outcome_id, max(probed_at) FROM probe GROUP BY url_id, vantage_id)
    JOIN term AS outcome ON outcome.term_id = outcome_id JOIN url USING (url_id) JOIN host USING (host_id)
    ORDER BY host.name, vantage_id"""
"""What each network saw of a site last; where they agree it stands once."""


def _rows(database: Database) -> Iterator[dict[str, Cell]]:
    found = groupby(database.execute(_SEEN), itemgetter(0))
    seen = {host: " / ".join(dict.fromkeys(outcome for _, outcome in rows)) for host, rows in found}
    for row in database.query("SELECT * FROM v_attacks ORDER BY state, first_action, target"):
        told = row | {
            "state": _STATES[row["state"]],
            "cause": _CAUSES.get(row["cause"]),
            "seen": seen.get(row["target"]),
        }
        yield {name: _shown(told[key]) for name, key in _TABLE}


def _shown(cell: Cell) -> Cell:
    """An instant to the minute, without its year."""
    return cell[5:16].replace("T", " ") if isinstance(cell, str) and cell.endswith("Z") else cell
