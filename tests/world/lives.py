"""The lives of made-up fraud sites, and the truth about them: who stood when, who is down since when and why.

Nothing here asks a clock: a life is a list of scenes at instants, made from a seed.
"""

from dataclasses import dataclass
from math import log
from random import Random
from typing import Final, NamedTuple

from db.vocabulary import Probed

HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR
START: Final = 1_772_323_200_000
"""2026-03-01 00:00 UTC."""

STANDING_AS: Final = ("live", "moved", "redirect", "cloak")
ENDS: Final = {
    "refused": Probed.CONNECTION_REFUSED,
    "gone": Probed.CONTENT_GONE,
    "suspended": Probed.SUSPENDED_PAGE,
    "parked": Probed.PARKED,
    "no-name": Probed.DNS_FAILURE,
}
"""How a site dies -> what a probe finds then. The one other thing that a host may show is a `stranger`'s page."""
_MEDIAN_DAYS: Final = 4.0
_SIGMA: Final = 0.9
"""Of the logarithm: half of all lives are between 2 and 8 days."""


class Scene(NamedTuple):
    """From an instant on, what a host shows."""

    at: int
    shows: str


@dataclass(frozen=True)
class Life:
    """A site's scenes, in order."""

    host: str
    number: int
    scenes: tuple[Scene, ...]

    def shows(self, now: int) -> str:
        """What it shows at an instant; nothing before its first scene."""
        return next((scene.shows for scene in reversed(self.scenes) if scene.at <= now), "no-name")

    def up(self, until: int) -> list[tuple[int, int]]:
        """The intervals in which the fraud stood, half-open, up to an instant."""
        ends = [*(scene.at for scene in self.scenes[1:]), until]
        spans: list[tuple[int, int]] = []
        for scene, end in zip(self.scenes, ends, strict=True):
            if scene.shows not in STANDING_AS or scene.at >= until:
                continue
            if spans and spans[-1][1] == scene.at:
                spans[-1] = (spans[-1][0], min(end, until))
            else:
                spans.append((scene.at, min(end, until)))
        return spans

    def deaths(self, until: int) -> list[tuple[int, Probed]]:
        """When it went down, and how, before an instant."""
        pairs = zip(self.scenes, self.scenes[1:], strict=False)
        return [
            (after.at, ENDS[after.shows])
            for before, after in pairs
            if before.shows in STANDING_AS and after.shows in ENDS and after.at < until
        ]


def make_lives(count: int, seed: int, *, days: int = 30) -> list[Life]:
    """Lives that all begin at START: log-normal, one in twenty without end, some that come back, same or other.

    Args:
        count: how many.
        seed: the same seed gives the same lives.
        days: how long the world lasts; a return is timed so that its kind is beyond doubt by then.
    """
    random = Random(seed)  # noqa: S311 - a script, no secret
    return [Life(f"fraud{number}.example", number, tuple(_scenes(random, number, days))) for number in range(count)]


def _scenes(random: Random, number: int, days: int) -> list[Scene]:
    life = days * DAY if number % 20 == 7 else int(random.lognormvariate(log(_MEDIAN_DAYS), _SIGMA) * DAY)
    scenes = [Scene(START, "live")]
    if random.random() < 0.4:
        scenes.append(Scene(START + life // 2, random.choice(STANDING_AS[1:])))
    if life >= days * DAY:
        return scenes
    died = START + life
    scenes.append(Scene(died, random.choice(tuple(ENDS))))
    return scenes + _afterwards(random, died)


def _afterwards(random: Random, died: int) -> list[Scene]:
    """What comes after a death: mostly nothing."""
    fate = random.random()
    if fate < 0.2:  # back in time to reopen, some of them for good
        back = died + random.randint(3 * DAY, 12 * DAY)
        again = [Scene(back + random.randint(2 * DAY, 6 * DAY), random.choice(tuple(ENDS)))] if fate < 0.1 else []
        return [Scene(back, "live"), *again]
    if fate < 0.3:  # too late to reopen
        return [Scene(died + random.randint(17 * DAY, 20 * DAY), "live")]
    if fate < 0.45:
        return [Scene(died + random.randint(3 * DAY, 6 * DAY), "stranger")]
    return []
