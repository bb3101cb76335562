"""The lives of made-up fraud sites, and the truth about them: who stood when, who is down since when and why.

Nothing here asks a clock: what is drawn comes from a seed, and what others do to a site is told to it.
"""

from dataclasses import dataclass, field
from math import log
from random import Random
from typing import Final, NamedTuple

from db.vocabulary import Probed

HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR
START: Final = 1_772_323_200_000
"""2026-03-01 00:00 UTC."""
DAYS: Final = 30
END: Final = START + DAYS * DAY
QUIET: Final = END - 3 * DAY
"""In the last three days nothing changes, and what would happens after the end: an outage takes up to 64 hours until
it is known to be one (a day until a visit, a day until it counts, a round), so that nothing is left to be guessed."""

STANDING_AS: Final = ("live", "moved", "redirect", "cloak")
ENDS: Final = {
    "refused": Probed.CONNECTION_REFUSED,
    "gone": Probed.CONTENT_GONE,
    "suspended": Probed.SUSPENDED_PAGE,
    "parked": Probed.PARKED,
    "no-name": Probed.DNS_FAILURE,
}
"""How a site dies -> what a probe finds then. The one other thing that a host may show is a `stranger`'s page."""
ACTS: Final = {"registrar": "no-name", "hosting": "suspended"}
"""Who acts on a notice -> what becomes of the site."""
HOSTS: Final = 4
DEAF: Final = 3
"""Of the hosting companies, the one whose mailbox refuses mail."""

_KINDS: Final = (
    *("verdict", "source") * 3, "early", "endless", "verdict", "never", "brief", "verdict", "dismissed", "source",
    "verdict", "late", "overruled", "source", "verdict", "source",
)  # fmt: skip
"""What becomes of reports, in turn: an analyst confirms, a verified source does (so of what is endless, is gone within
hours, or comes back late), an analyst when all is over; nobody; an analyst dismisses, at once or after confirming."""
VERIFIED: Final = frozenset({"source", "endless", "brief", "late"})
"""Kinds that a verified source reports."""


class Scene(NamedTuple):
    """From an instant on, what a host shows."""

    at: int
    shows: str


class Span(NamedTuple):
    """How long it stood, and how that ended; null: for ever."""

    since: int
    until: int | None
    how: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is drawn of a site before the month begins; instants in Unix ms, spans in ms.

    Attributes:
        kind: of `_KINDS`.
        born_at, reported_at, confirmed_at, dismissed_at: the last two null where nobody does.
        turns: after how long it moves, hides or redirects, and to what of `STANDING_AS`.
        ends_at, how: when it would end by itself, null for never, and as what of `ENDS`.
        actor, delay: who acts on a notice, empty for nobody, and after how long.
        fate, pause, again: what comes after its death, and when: `back`, to die again, `back for good`, `late`
            (too late to reopen), `stranger`, or nothing.
    """

    number: int
    kind: str
    born_at: int
    reported_at: int
    confirmed_at: int | None
    dismissed_at: int | None
    turns: tuple[int, str]
    ends_at: int | None
    how: str
    actor: str
    delay: int
    fate: str
    pause: int
    again: int

    @property
    def host(self) -> str:
        """Its name, a lookalike."""
        return f"qifu-login-{self.number}.example"

    @property
    def hosting(self) -> int:
        """Number of the hosting company."""
        return self.number % HOSTS

    def __str__(self) -> str:
        return "-".join(filter(None, (str(self.number), self.kind, self.turns[1], self.actor, self.fate)))


@dataclass(slots=True)
class Life:
    """A site as it goes: by itself, unless somebody acts on a notice before."""

    plan: Plan
    scenes: list[Scene] = field(default_factory=list)
    acted_at: int | None = None

    def __post_init__(self) -> None:
        self._go(self.plan.ends_at, self.plan.how)

    def _go(self, died: int | None, how: str) -> None:
        plan = self.plan
        turned = plan.reported_at + plan.turns[0]
        self.scenes = [Scene(plan.born_at, "live")]
        if plan.turns[1] and (died is None or turned < died):
            self.scenes.append(Scene(turned, plan.turns[1]))
        if died is not None:
            self.scenes += [Scene(died, how), *_afterwards(plan, died)]

    @property
    def first_death(self) -> int | None:
        """When it first goes down, perhaps after the end of the month."""
        return next((scene.at for scene in self.scenes if scene.shows in ENDS), None)

    def notify(self, actor: str, now: int) -> None:
        """Somebody is told of it, who may act on that, once."""
        first = self.first_death
        if actor != self.plan.actor or self.acted_at is not None or (first is not None and first <= now):
            return
        died = quiet(now + self.plan.delay)
        if first is None or died < first:
            self.acted_at = died
            self._go(died, ACTS[actor])

    def shows(self, now: int) -> str:
        """What it shows at an instant; nothing before its first scene."""
        return next((scene.shows for scene in reversed(self.scenes) if scene.at <= now), "no-name")

    def stood(self) -> list[Span]:
        """The spans in which the fraud stood that began within the month."""
        spans: list[Span] = []
        began: int | None = None
        for scene in self.scenes:
            if scene.shows in STANDING_AS:
                began = scene.at if began is None else began
            elif began is not None:
                spans.append(Span(began, scene.at, scene.shows))
                began = None
        last = [] if began is None else [Span(began, None, "")]
        return [span for span in [*spans, *last] if span.since < END]


def make_plans(count: int, seed: int) -> list[Plan]:
    """Plans of sites; the same seed gives the same."""
    random = Random(seed)  # noqa: S311 - a script, no secret
    return [_plan(random, number) for number in range(count)]


def quiet(at: int) -> int:
    """An instant, put off where it falls into the days in which nothing changes."""
    return at + END - QUIET if QUIET <= at < END else at


def _plan(random: Random, number: int) -> Plan:
    turn, place = divmod(number, len(_KINDS))
    kind = _KINDS[place]
    reported = START + random.randint(0, DAY if kind == "late" else 14 * DAY)
    waits = {"verdict": random.randint(HOUR, 30 * HOUR), "overruled": random.randint(HOUR, 30 * HOUR), "early": 5 * DAY}
    confirmed = None if kind in {"never", "dismissed"} else reported + waits.get(kind, 0)
    dismissed = {"dismissed": reported + 20 * HOUR, "overruled": (confirmed or 0) + 3 * DAY}.get(kind)
    ends = (confirmed or reported) + _drawn(random, 6 * DAY, 1.1)
    if kind in {"early", "late", "brief"}:
        ends = reported + random.randint(12 * HOUR, 36 * HOUR) // (3 if kind == "brief" else 1)
    actor = random.choice(("registrar", "hosting", "", "")) if kind in {"verdict", "source"} else ""
    if actor == "hosting" and number % HOSTS == DEAF:
        actor = "registrar"
    fates = ("back", "back for good", "stranger", "", "", "")
    fate = "late" if kind == "late" else random.choice(fates) if kind in {"verdict", "source"} else ""
    return Plan(
        number,
        kind,
        reported - random.randint(0, DAY),
        reported,
        confirmed,
        dismissed,
        (random.randint(6 * HOUR, 4 * DAY), random.choice((*STANDING_AS[1:], "", "", ""))),
        None if kind == "endless" or (kind, turn) == ("never", 1) else quiet(ends),
        "suspended" if (kind, turn) in {("early", 0), ("brief", 1)} else random.choice(tuple(ENDS)),
        actor,
        _drawn(random, 30 * HOUR, 1.0),
        fate,
        random.randint(17 * DAY, 20 * DAY) if fate == "late" else random.randint(3 * DAY, 8 * DAY),
        random.randint(2 * DAY, 5 * DAY),
    )


def _drawn(random: Random, median: int, sigma: float) -> int:
    return int(random.lognormvariate(log(median), sigma))


def _afterwards(plan: Plan, died: int) -> list[Scene]:
    """What comes after a death: mostly nothing."""
    back = quiet(died + plan.pause)
    again = quiet(back + plan.again)
    return {
        "back": [Scene(back, "live"), Scene(again, plan.how)],
        "back for good": [Scene(back, "live")],
        "late": [Scene(back, "live")],
        "stranger": [Scene(back, "stranger")],
    }.get(plan.fate, [])
