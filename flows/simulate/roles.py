"""The roles that addresses play in a year, who sees them, and what analysts say: declarations alone."""

from dataclasses import dataclass
from typing import Final, Literal

OF_YEAR: Final = {"plain": 960, "late": 15, "confirmed": 15, "reversed": 10}
"""Roles of what counts, by weight: as it comes; in a file that comes late; named by nobody, but confirmed by an
analyst; dismissed first, then confirmed."""


@dataclass(frozen=True, slots=True)
class Role:
    """A kind of address that does not count.

    Attributes:
        name: of the role.
        share: so many for each that counts.
        when: its first sighting.
    """

    name: str
    share: float
    when: Literal["in", "before", "after"] = "in"


NOISE: Final = (
    Role("before", 0.01, "before"),
    Role("after", 0.01, "after"),
    Role("test", 0.005),
    Role("allowed", 0.005),
    Role("cleared", 0.003),
    Role("dismissed", 0.005),
    Role("unnamed", 0.01),
    Role("undated", 0.01),
    Role("untimely", 0.001),
    Role("broken", 0.001),
)
"""What a feed must not bring into the count: seen before or after the year, a test, on an allowlist, called harmless by
the company, dismissed by an analyst, merely seen, without a time, with a time or an address that nobody can read."""
OWN_HOST: Final = frozenset({"allowed", "dismissed"})
"""Roles whose whole host is spoken of: nothing else may stand on it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Sightings of addresses: by whom, how many of which, when after the first.

    Attributes:
        roles: whose.
        feed: source; empty: the one that saw it first.
        share: of the addresses.
        days: least and most after the first sighting; alike: so many exactly.
        claim: empty: what the source yields.
        spelling: `odd`: another spelling of the same address; `broken`: none at all.
        part: of the source's files.
    """

    roles: frozenset[str]
    feed: str = ""
    share: float = 1
    days: tuple[float, float] = (0, 0)
    claim: str = ""
    is_test: bool = False
    spelling: Literal["", "odd", "broken"] = ""
    part: str = ""


def of(*roles: str) -> frozenset[str]:
    """Some roles."""
    return frozenset(roles)


SEEN: Final = (
    Seen(of("plain", "reversed", "before", "after", "allowed", "cleared", "dismissed", "untimely")),
    Seen(of("late"), part="late"),
    Seen(of("confirmed", "unnamed"), "sim-phishtank", claim="none"),
    Seen(of("test"), "sim-sightings", is_test=True),
    Seen(of("undated"), "sim-list"),
    Seen(of("broken"), "sim-phishtank", spelling="broken"),
    # feeds overlap, each with its own spelling
    Seen(of("plain"), "sim-phishtank", 0.05, (0.01, 30), spelling="odd"),
    Seen(of("plain"), "sim-urlhaus", 0.03, (0.01, 30), spelling="odd"),
    Seen(of("plain"), "sim-tweetfeed", 0.02, (0.01, 30), spelling="odd"),
    Seen(of("plain"), "sim-sightings", 0.03, (0.01, 30), spelling="odd"),
    Seen(of("plain"), "sim-list", 0.03),
    Seen(of("plain", "after"), "sim-hosts", 0.3),
    # seen again, and the same row again
    Seen(of("plain"), share=0.04, days=(1, 60)),
    Seen(of("plain"), share=0.02),
    # known before the year, and seen in it
    Seen(of("before"), "sim-phishtank", days=(61, 200)),
    Seen(of("cleared"), "sim-sightings", days=(1, 20), claim="benign"),
    # tests that must move nothing
    Seen(of("plain"), "sim-sightings", 0.002, (-400, -367), is_test=True),
    Seen(of("plain"), "sim-sightings", 0.001, (0, 1), claim="benign", is_test=True),
)


@dataclass(frozen=True, slots=True)
class Judged:
    """Verdicts on addresses: what of which, how many, so many days after the first sighting."""

    roles: frozenset[str]
    answer: str
    days: tuple[float, float]
    share: float = 1
    is_test: bool = False


JUDGED: Final = (
    Judged(of("confirmed"), "confirmed", (1, 400)),
    Judged(of("dismissed"), "dismissed", (1, 400)),
    Judged(of("reversed"), "dismissed", (1, 2)),
    Judged(of("reversed"), "confirmed", (3, 4)),
    Judged(of("unnamed"), "unsure", (1, 20), share=0.3),
    Judged(of("plain"), "dismissed", (1, 20), share=0.001, is_test=True),
)
