"""What truly happened, counted in plain Python from lives and mails: no table, no frame, no code of fanzha's own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from tests.world.lives import ACTS, DAY, DEAF, END, HOUR, START, Life, Plan, Span

STEP: Final = 8 * HOUR
"""Between rounds of probing, and between imports."""
OFFICE: Final = 16 * HOUR + HOUR // 60
"""The time of day at which notices are drafted, approved and sent, after a round of probing."""
EVERY: Final = 2 * DAY
"""Between days on which the office is at it: each look into registries costs a process."""
LATE_REPORT: Final = 5 * HOUR
"""After a return that is too late to reopen an attack, it is reported again."""
_REOPEN: Final = 15 * DAY


class Mail(NamedTuple):
    """What came to a mailbox: when, of which site, to whom, which notice."""

    at: int
    host: str
    recipient: str
    notice_key: str
    subject: str


@dataclass(frozen=True, slots=True)
class Fact:
    """An attack as it was; instants in Unix ms.

    Attributes:
        is_linked: it continues a closed one.
        dies_at: when it ends for good, perhaps after the end of the month; null: never.
        how: of `ENDS`.
        reopened: how often it was back in time.
        notified_at: the first mail about it.
    """

    plan: Plan
    is_linked: bool
    reported_at: int
    confirmed_at: int | None
    dismissed_at: int | None
    dies_at: int | None
    how: str
    reopened: int
    notified_at: int | None

    @property
    def closed_at(self) -> int | None:
        """When it ended, if the month saw that."""
        return self.dies_at if self.dies_at is not None and self.dies_at < END else None

    @property
    def state(self) -> str:
        """As attacks are called."""
        if self.dismissed_at is not None:
            return "dismissed"
        if self.closed_at is not None:
            return "closed"
        return "confirmed" if self.confirmed_at is not None else "suspected"

    @property
    def cause(self) -> str | None:
        """Who closed it by the rule of the house: what happens after a notice is ours."""
        if self.closed_at is None:
            return None
        if self.notified_at is not None and self.notified_at <= self.closed_at:
            return "us"
        return "third_party" if self.how == "suspended" else "self_expired"

    @property
    def counts(self) -> bool:
        """Whether figures and measures know it."""
        return self.confirmed_at is not None and self.dismissed_at is None

    def stood_since(self, at: int | None) -> float | None:
        """Hours that it stood from an instant on; null: it did not stand then."""
        if at is None or (self.dies_at is not None and self.dies_at <= at):
            return None
        return float("inf") if self.dies_at is None else (self.dies_at - at) / HOUR


def facts(life: Life, mails: Sequence[Mail]) -> list[Fact]:
    """The attacks on one site that were reported within the month, in order; `mails` are those about it."""
    plan, chains = life.plan, _chained(life)
    reported = [plan.reported_at, *(spans[0].since + LATE_REPORT for spans in chains[1:])]
    return [
        Fact(
            plan,
            is_linked=spans is not chains[0],
            reported_at=since,
            confirmed_at=plan.confirmed_at if spans is chains[0] else since,
            dismissed_at=plan.dismissed_at,
            dies_at=spans[-1].until,
            how=spans[-1].how,
            reopened=len(spans) - 1,
            notified_at=min((mail.at for mail in mails if since <= mail.at < until), default=None),
        )
        for spans, since, until in zip(chains, reported, [*reported[1:], END], strict=True)
        if since < END
    ]


def _chained(life: Life) -> list[list[Span]]:
    """The spans in which it stood, by attack: what is back within 15 days is the same."""
    chains: list[list[Span]] = []
    for span in life.stood():
        before = chains[-1][-1].until if chains else None
        if before is None or span.since - before > _REOPEN:
            chains.append([])
        chains[-1].append(span)
    return chains


def told_at(confirmed: int) -> int:
    """When the first notice leaves of what was confirmed at an instant and stands: at the next office hour."""
    imported = START + -(-(confirmed - START) // STEP) * STEP
    times = max(0, -(-(imported - START - OFFICE) // EVERY))
    return START + times * EVERY + OFFICE


def by_law(plans: Sequence[Plan]) -> list[Fact]:
    """What would become of many sites if everybody did as the rules say: registrars are told first, then hosts."""
    found: list[Fact] = []
    for plan in plans:
        life = Life(plan)
        if plan.confirmed_at is not None:
            for time, channel in enumerate(ACTS):
                if channel != "hosting" or plan.hosting != DEAF:
                    life.notify(channel, told_at(plan.confirmed_at) + time * EVERY)
        found += facts(life, [])
    return found


def from_confirmation(known: Sequence[Fact]) -> list[float]:
    """Hours that the attacks that count stood from their confirmation on; not of what was down by then."""
    return _sorted(fact.stood_since(fact.confirmed_at) for fact in known if fact.counts)


def from_notice(known: Sequence[Fact]) -> list[float]:
    """The same from the first notice on."""
    return _sorted(fact.stood_since(fact.notified_at) for fact in known if fact.counts)


def _sorted(times: Iterable[float | None]) -> list[float]:
    return sorted(time for time in times if time is not None)


def share_down(times: Sequence[float], hours: float) -> float:
    """The share that is down within so many hours, in percent."""
    return 100 * sum(time <= hours for time in times) / len(times)


def median(times: Sequence[float]) -> float:
    """The time at which no more than half stand; of sorted times."""
    return times[(len(times) + 1) // 2 - 1]


def causes(known: Sequence[Fact]) -> Mapping[str, int]:
    """Closures by cause, of the attacks that count."""
    told = [fact.cause for fact in known if fact.counts and fact.cause]
    return {cause: told.count(cause) for cause in ("us", "third_party", "self_expired")}
