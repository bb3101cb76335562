"""A month at the injected clock: what comes in, rounds of probing, and the office's work.

`python -m tests.world.month` plays it, and shows the truth against what was measured.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import numpy as np

from analytics.measures.lives import Span, lives
from analytics.measures.measured import Measured
from db.brands import Brand
from db.connection import transaction
from db.keys import make_key_file
from db.matches import read_brands, save_brands
from db.measures import read_attacks
from db.notices import Notice, read_notices
from db.period import Period
from db.store import Store, open_store
from db.takedown_rules import Rules
from flows.matching import match_new
from flows.measuring import measures
from flows.notices.answering import answer, approve
from flows.notices.drafting import draft
from flows.notices.sending import send
from flows.probing import looking
from flows.rollup import figures, follow_up
from tests.flows.test_ingest import make_source, take
from tests.world.lives import DAY, END, START, VERIFIED, Life, Plan, make_plans
from tests.world.stage import Stage, playing
from tests.world.truth import (
    EVERY,
    OFFICE,
    STEP,
    Fact,
    by_law,
    causes,
    facts,
    from_confirmation,
    from_notice,
    median,
    share_down,
)

YEAR: Final = 2026
PLANS: Final = make_plans(36, seed=5)
QIFU: Final = Brand(
    id="qifu", names=("奇富借条", "Qifu Jietiao"), domains=("qifu.com",), sector="lending", own=True, follow=True
)
RULES: Final = {
    "sender": {"organisation": "奇富科技 Qifu", "mailbox": "reports@qifu.com"},
    "approve": [{"channel": "registrar", "kinds": ["first", "reminder"]}],
    "after": {"remind": [48, 96], "escalate": 120, "look_up": 720},
}
"""Registrars are written to at once; whatever goes to others a person approves when the office is at it next."""


class News(NamedTuple):
    """A row that a source brings: when, which source, of which site, and what an analyst says, if it is one."""

    at: int
    source: str
    host: str
    says: str


@dataclass(slots=True)
class Month:
    """What was played, and what fanzha has of it."""

    store: Store
    lives: Sequence[Life]
    stage: Stage
    facts: list[Fact] = field(default_factory=list)
    measured: dict[str, Measured] = field(default_factory=dict)


@contextmanager
def played(folder: Path, plans: Sequence[Plan] = PLANS) -> Iterator[Month]:
    """A month, from beginning to end; its servers stand until this ends."""
    make_key_file(folder / "key")
    sites = [Life(plan) for plan in plans]
    with open_store(folder / "fanzha.db", folder / "key") as store, playing(sites) as (stage, smtp):
        with transaction(store.database):
            save_brands(store.database, [QIFU])
        month = Month(store, sites, stage)
        rules = Rules.model_validate({**RULES, "smtp": smtp})
        with looking(store, stage.vantages(), loopback=True) as lookout:
            for now in range(START, END, STEP):
                stage.at(now)
                take_in(month, now)
                assert lookout.round(now).missed == 0
                if now % DAY == DAY - STEP:
                    follow_up(store)
                if 0 <= OFFICE - (now - START) % EVERY < STEP:
                    work(month, rules, now - now % DAY + OFFICE)
        follow_up(store)
        for site in sites:
            month.facts += facts(site, [mail for mail in stage.mails if mail.host == site.plan.host])
        month.measured = {row.measure.id: row for row in measures(store.database, YEAR, None, END)}
        yield month


def take_in(month: Month, now: int) -> None:
    """Import what sources and analysts say since the last round."""
    news = sorted(row for life in month.lives for row in _news(life) if now - STEP < row.at <= now)
    for source, rows in groupby(sorted(news, key=lambda row: row.source), lambda row: row.source):
        _import(month, source, list(rows), now)
    if news:
        match_new(month.store, read_brands(month.store.database))
        follow_up(month.store)


def _news(life: Life) -> Iterator[News]:
    plan = life.plan
    source = "cert" if plan.kind in VERIFIED else "feed"
    yield News(plan.reported_at, source, plan.host, "")
    for later in facts(life, [])[1:]:
        yield News(later.reported_at, source, plan.host, "")
    if source == "feed" and plan.confirmed_at is not None:
        yield News(plan.confirmed_at, "desk", plan.host, "confirmed")
    if plan.dismissed_at is not None:
        yield News(plan.dismissed_at, "desk", plan.host, "dismissed")


_COLUMNS: Final = {
    "sighting": ("published", "address"),
    "verdict": ("event_id", "occurred_at", "address", "answer", "by"),
}


def _import(month: Month, source: str, rows: Sequence[News], now: int) -> None:
    kind = "verdict" if source == "desk" else "sighting"
    lines = [",".join(_COLUMNS[kind])]
    for row in rows:
        page = f"http://{row.host}:{month.stage.port}/login"
        verdict = f"{row.host}/{row.at},{row.at},{page if row.says == 'confirmed' else row.host},{row.says},li"
        lines.append(verdict if row.says else f"{row.at},{page}")
    declared = make_source(
        name=source,
        synthetic=False,
        verified=source == "cert",
        format="table",
        yields="events" if kind == "verdict" else "malicious",
        kind=kind,
        columns={name: name for name in _COLUMNS[kind]},
    )
    counts = take(month.store, declared, "\n".join(lines) + "\n", at=now)
    assert counts.stored == len(rows)


def work(month: Month, rules: Rules, now: int) -> None:
    """A day at the office: what is down by now, what was answered, what is approved, written and sent."""
    store, stage = month.store, month.stage
    stage.at(now)
    notices = read_notices(store.database)
    for notice in notices:
        if word := _answer(stage.lives[notice.target], notice, now):
            answer(store, notice.notice_id, word, "li", "they wrote", now=now)
    drafted = [notice.notice_id for notice in notices if notice.state == "drafted"]
    approve(store, drafted, "li", "looked at", now=now)
    assert draft(store, rules, declared=stage.declared, loopback=True, now=now).faults == []
    send(store, rules, loopback=True, now=now)
    stage.read_mails()


def _answer(life: Life, notice: Notice, now: int) -> str:
    """What a recipient has written by now: nothing, that it looks at it, that it acted, or that it will not act."""
    if notice.kind != "first" or notice.state not in {"sent", "acknowledged"}:
        return ""
    if notice.channel == "registrar" and not life.plan.actor and life.plan.number % 3 == 0:
        return "refused"
    if notice.channel != life.plan.actor:
        return ""
    if life.acted_at is not None and life.acted_at <= now:
        return "actioned"
    return "acknowledged" if notice.state == "sent" else ""


def closed_only(month: Month) -> float:
    """The median that whoever looks at closed attacks alone finds, hours from confirmation."""
    rows = lives(read_attacks(month.store.database), Span(Period(YEAR), END))
    ended = rows.filter(rows["is_in"], rows["cause_id"] > 0, rows["time_confirmed"].is_not_null())
    return float(np.median(ended["time_confirmed"].to_numpy()))


class Line(NamedTuple):
    """One figure: as it truly was, as it was measured, and the interval that was told of it."""

    what: str
    truth: str
    measured: str
    interval: str = ""


def compared(month: Month) -> list[Line]:
    """The truth against what was measured."""
    known = [fact for fact in month.facts if fact.counts]
    times, law = from_confirmation(known), from_confirmation(by_law(make_plans(20_000, seed=1)))
    kpis = {figure.id: figure.value for figure in figures(month.store.database, YEAR)}
    closed = [fact for fact in known if fact.closed_at is not None]
    lines = [
        Line("attacks, of them confirmed and not dismissed", f"{len(month.facts)}, {len(known)}", _attacks(month)),
        Line("K10, attacks acted on", str(sum(fact.notified_at is not None for fact in known)), str(kpis["K10"])),
        Line("K14, closed by us", str(causes(known).get("us", 0)), str(kpis["K14"])),
        Line("K15, closed of those confirmed, %", f"{100 * len(closed) / len(known):.1f}", f"{kpis['K15']:.1f}"),
        _line(month, "median_from_confirmed", median(times), median(law)),
        _line(month, "median_from_notified", median(from_notice(known))),
    ]
    lines += [
        _line(month, f"down_{hours}h_from_confirmed", share_down(times, hours), share_down(law, hours))
        for hours in (24, 72)
    ]
    lines.append(Line("median of the closed alone, hours", f"{median(times):.1f}", f"{closed_only(month):.1f}"))
    stood = causes([fact for fact in known if fact.stood_since(fact.confirmed_at) is not None])
    for cause, count in stood.items():
        shut = month.measured[f"closed_30d_{cause}"].beside["closed"]
        lines.append(Line(f"closures by {cause}, of what stood when confirmed", str(count), str(shut)))
    acted = sum(life.acted_at is not None and life.acted_at < END for life in month.lives)
    lines.append(Line("closures that a notice brought about; counted as such", str(acted), str(stood["us"])))
    open_ = sum(fact.state == "confirmed" for fact in known)
    back = sum(fact.reopened > 0 for fact in known)
    lines += [
        _line(month, "closed_cohort", 100 * len(closed) / len(known)),
        Line("back within 15 days, attacks", str(back), str(month.measured["reactivated"].beside["reopened"])),
        _line(month, "open", open_),
        _line(month, "outage_width"),
    ]
    return lines


def _attacks(month: Month) -> str:
    (row,) = month.store.database.execute(
        "SELECT count(*), sum(confirmed_at IS NOT NULL AND dismissed_at IS NULL) FROM attack"
    )
    return f"{row[0]}, {row[1]}"


def _line(month: Month, name: str, *truths: float) -> Line:
    row = month.measured[name]
    interval = "" if row.low is None else f"{row.low:.1f} - {'?' if row.high is None else f'{row.high:.1f}'}"
    truth = " / ".join(f"{truth:.1f}" for truth in truths)
    value = "?" if row.value is None else f"{row.value:.1f}"
    return Line(f"{row.measure.en} ({row.measure.unit})", truth, value, interval)


def table(lines: Sequence[Line]) -> str:
    """Lines as text; the second truth of a line is that of 20,000 sites of the same law."""
    rows = [Line("", "truth / law", "measured", "95 %"), *lines]
    widths = [max(len(row[place]) for row in rows) for place in range(4)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


if __name__ == "__main__":
    with TemporaryDirectory() as place, played(Path(place)) as shown:
        sys.stdout.write(f"{table(compared(shown))}\n")
