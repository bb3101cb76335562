"""From a log of probes to the state of a site: up, failing, down, back.

Down is an outage of at least 3 failing probes in a row over at least 24 hours from at least 2 networks; seen from one
network it is "down, unconfirmed". A probe that tells nothing neither makes nor breaks a row. A closed site that is
back within 15 days reopens; later it begins a new episode.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Final

import polars as pl

from db.period import DAY_MS
from db.vocabulary import FAILING, STANDING

LEAST_PROBES: Final = 3
LEAST_MS: Final = DAY_MS
LEAST_NETWORKS: Final = 2
REOPEN_MS: Final = 15 * DAY_MS
"""Reckoned from the closure, which is the first failing probe of the outage, to the probe that finds the site up."""

STATES: Final = pl.Schema(
    {
        "url_id": pl.Int64(),
        "episode": pl.Int64(),
        "state": pl.String(),
        "since": pl.Int64(),
        "first_probe_at": pl.Int64(),
        "last_probe_at": pl.Int64(),
        "last_up_at": pl.Int64(),
        "first_down_at": pl.Int64(),
        "down_at": pl.Int64(),
        "closure": pl.String(),
        "networks": pl.Int64(),
        "reopened": pl.Int64(),
        "probes": pl.Int64(),
    }
)
"""One row an episode of a site. `state` is `unknown`, `up`, `failing`, `down_unconfirmed` or `down`, in force since
`since`. The outage, where there is one, began between `last_up_at` (null: never seen up) and `first_down_at`, and met
the definition at `down_at`; `closure` is the outcome of its last failing probe, `networks` those that saw it."""

EVENTS: Final = pl.Schema(
    {
        "url_id": pl.Int64(),
        "occurred_at": pl.Int64(),
        "type": pl.String(),
        "outcome": pl.String(),
        "noted_at": pl.Int64(),
    }
)
"""One row a turn in a site's life. `type` is `up`, `closure` (of an outage that is down) or `unreachable` (of one that
is down, unconfirmed); `noted_at` is the instant of the probe that shows it, `outcome` what that probe found."""

_Probe = tuple[int, str, str]
"""Instant, outcome, network."""
_Event = tuple[int, str, str, int]
"""Instant, type, outcome, instant of the probe that shows it."""
_Note = tuple[int, int, str, str]
"""A failing instant: when the outage began, the instant, the state and the outcome there."""


@dataclass(slots=True)
class _Episode:
    number: int
    first_probe_at: int
    last_probe_at: int = 0
    state: str = "unknown"
    since: int = 0
    last_up_at: int | None = None
    first_down_at: int | None = None
    down_at: int | None = None
    closure: str | None = None
    networks: set[str] = field(default_factory=set)
    in_row: int = 0
    reopened: int = 0
    probes: int = 0


def derive_states(probes: pl.DataFrame) -> pl.DataFrame:
    """The episodes of each site, whatever order its probes come in.

    Args:
        probes: one row a probe: `url_id`, `probed_at` (Unix ms), `outcome`, `network`.

    Returns:
        A frame of the columns of `STATES`, by site and episode.
    """
    ordered = _ordered(probes)
    rows = []
    for url_id, of_site in groupby(ordered.iter_rows(), itemgetter(0)):
        rows += [_row(url_id, episode) for episode in _episodes((at, what, where) for _, at, what, where in of_site)]
    return pl.DataFrame(rows, schema=STATES, orient="row")


def _ordered(probes: pl.DataFrame) -> pl.DataFrame:
    columns = ("url_id", "probed_at", "outcome", "network")
    return probes.select(columns).sort(columns)


def derive_events(probes: pl.DataFrame) -> pl.DataFrame:
    """What the probes of each site tell of the attacks on it, whatever order they come in.

    An outage is told at its first failing probe as soon as it is one; that it lasts, and that a site is up, once a day
    at most; that it is up again, always.

    Args:
        probes: as for `derive_states`.

    Returns:
        A frame of the columns of `EVENTS`, by site and instant.
    """
    ordered = _ordered(probes)
    rows = [
        (url_id, *event)
        for url_id, of_site in groupby(ordered.iter_rows(), itemgetter(0))
        for event in _told((at, what, where) for _, at, what, where in of_site)
    ]
    return pl.DataFrame(rows, schema=EVENTS, orient="row")


def _told(probes: Iterator[_Probe]) -> Iterator[_Event]:
    up_at: int | None = None
    outage: list[_Note] = []
    for episode, at, is_failing in _steps(probes):
        if episode.last_up_at == at:
            yield from _told_outage(outage)
            if up_at is None or outage or at - up_at >= DAY_MS:
                yield at, "up", "up", at
                up_at = at
            outage = []
        elif is_failing and episode.first_down_at is not None and episode.closure is not None:
            outage.append((episode.first_down_at, at, episode.state, episode.closure))
    yield from _told_outage(outage)


def _told_outage(outage: list[_Note]) -> Iterator[_Event]:
    """An outage as what it came to; the outcome is that of its first such note: later ones move no closed figure."""
    for state, type_ in (("down", "closure"), ("down_unconfirmed", "unreachable")):
        notes = [note for note in outage if note[2] == state]
        if notes:
            first_down_at, told_at, _, outcome = notes[0]
            yield first_down_at, type_, outcome, told_at
            for _, at, _, _ in notes:
                if at - told_at >= DAY_MS:
                    yield at, type_, outcome, at
                    told_at = at
            return


def _episodes(probes: Iterator[_Probe]) -> list[_Episode]:
    return list({episode.number: episode for episode, _, _ in _steps(probes)}.values())


def _steps(probes: Iterator[_Probe]) -> Iterator[tuple[_Episode, int, bool]]:
    """The episode as it is after each instant, the instant, and whether a probe of it failed."""
    episode: _Episode | None = None
    for at, of_instant in groupby(probes, itemgetter(0)):
        together = list(of_instant)
        is_up = any(outcome in STANDING for _, outcome, _ in together)
        if episode is None or (is_up and _is_back_too_late(episode, at)):
            episode = _Episode(1 if episode is None else episode.number + 1, at, since=at)
        _take(episode, at, together, is_up=is_up)
        yield episode, at, any(outcome in FAILING for _, outcome, _ in together)


def _is_back_too_late(episode: _Episode, at: int) -> bool:
    is_down = episode.state == "down" and episode.first_down_at is not None
    return is_down and at - (episode.first_down_at or 0) > REOPEN_MS


def _take(episode: _Episode, at: int, together: list[_Probe], *, is_up: bool) -> None:
    """Let the probes of one instant act; what one of them finds up is up, whatever is hidden from the others."""
    episode.last_probe_at = at
    episode.probes += len(together)
    failing = [(outcome, network) for _, outcome, network in together if outcome in FAILING]
    if is_up:
        episode.reopened += episode.state == "down"
        episode.last_up_at = at
        episode.first_down_at = episode.down_at = episode.closure = None
        episode.networks, episode.in_row = set(), 0
        _turn(episode, "up", at)
    elif failing:
        episode.first_down_at = at if episode.first_down_at is None else episode.first_down_at
        episode.in_row += len(failing)
        episode.networks |= {network for _, network in failing}
        episode.closure = failing[-1][0]
        _turn(episode, _outage(episode, at), at)


def _outage(episode: _Episode, at: int) -> str:
    """What an outage has come to; once down it stays so until a probe finds the site up."""
    if episode.in_row < LEAST_PROBES or at - (episode.first_down_at or at) < LEAST_MS:
        return "failing"
    if len(episode.networks) < LEAST_NETWORKS:
        return "down_unconfirmed"
    episode.down_at = at if episode.down_at is None else episode.down_at
    return "down"


def _turn(episode: _Episode, state: str, at: int) -> None:
    if episode.state != state:
        episode.state, episode.since = state, at


def _row(url_id: int, episode: _Episode) -> tuple[object, ...]:
    return (
        url_id,
        episode.number,
        episode.state,
        episode.since,
        episode.first_probe_at,
        episode.last_probe_at,
        episode.last_up_at,
        episode.first_down_at,
        episode.down_at,
        episode.closure,
        len(episode.networks),
        episode.reopened,
        episode.probes,
    )
