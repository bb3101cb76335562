"""From a log of probes to the state of a site: up, failing, down, back.

Down is an outage of at least 3 failing probes in a row over at least 24 hours from at least 2 networks; seen from one
network it is "down, unconfirmed". A probe that tells nothing neither makes nor breaks a row. A closed site that is
back within 15 days reopens; later it begins a new episode. A page on a closed host that does not resemble what stood
there before is "up, other content": it tells nothing of the site.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

import polars as pl

from analytics.likeness import Print, is_same, resembles
from db.period import DAY_MS
from db.vocabulary import FAILING, STANDING, Probed

LEAST_PROBES: Final = 3
LEAST_MS: Final = DAY_MS
LEAST_NETWORKS: Final = 2
REOPEN_MS: Final = 15 * DAY_MS
"""Reckoned from the closure, which is the first failing probe of the outage, to the probe that finds the site up."""
ROUND_MS: Final = DAY_MS // 12
"""Probes at most this far apart are of one round: 10,000 sites take an hour from each vantage point at most."""
CLOSED: Final = frozenset({"down_unconfirmed", "down"})
_JUDGED: Final = frozenset({Probed.CONTENT_GONE, Probed.SUSPENDED_PAGE, Probed.PARKED})
"""Failing outcomes that rest on what an answer says of itself."""
_HOLDS: Final = frozenset({"clienthold", "serverhold"})

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
        "back_at": pl.Int64(),
        "changed_at": pl.Int64(),
        "other_at": pl.Int64(),
        "blocked_at": pl.Int64(),
    }
)
"""One row an episode of a site. `state` is `unknown`, `up`, `failing`, `down_unconfirmed` or `down`, in force since
`since`. The outage, where there is one, began between `last_up_at` (null: never seen up) and `first_down_at`, and met
the definition at `down_at`; `closure` is the outcome of its last failing probe, `networks` those that saw it.
Latest instants: `back_at`, at which it was found up again after it was down; `changed_at`, at which it stood with a
page unlike the one before; `other_at`, at which another's page stood on the closed host; `blocked_at`, at which a
filtered network did not show what others found up in the same round."""

PROBES: Final = pl.Schema(
    {
        "url_id": pl.Int64(),
        "probed_at": pl.Int64(),
        "outcome": pl.String(),
        "network": pl.String(),
        "is_filtered": pl.Boolean(),
        "page": pl.Int64(),
        "title": pl.String(),
        "simhash": pl.Int64(),
        "fields": pl.String(),
        "favicon": pl.Int64(),
        "certificate": pl.Int64(),
    }
)
"""A log of probes; `is_filtered` of the vantage point, from `page` on what `likeness.Print` holds."""


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

_Event = tuple[int, str, str, int]
"""Instant, type, outcome, instant of the probe that shows it."""
_Note = tuple[int, int, str, str]
"""A failing instant: when the outage began, the instant, the state and the outcome there."""


class Probe(NamedTuple):
    """One probe of a site, as its states follow from it."""

    at: int
    outcome: str
    network: str
    is_filtered: bool
    shown: Print


class Known(NamedTuple):
    """A page that stood, and the network that saw it."""

    network: str
    shown: Print


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
    back_at: int | None = None
    changed_at: int | None = None
    other_at: int | None = None
    blocked_at: int | None = None
    hidden_at: int | None = None
    """The latest instant at which a filtered network did not show the site."""
    seen_by: set[str] = field(default_factory=set)
    """The networks that saw it up at `last_up_at`."""
    known: dict[str, Print] = field(default_factory=dict)
    """The latest page that stood, of each network: a site that cloaks shows each its own."""

    @property
    def is_closed(self) -> bool:
        return self.state in CLOSED


def derive_states(probes: pl.DataFrame) -> pl.DataFrame:
    """The episodes of each site, whatever order its probes come in.

    Args:
        probes: one row a probe, of the columns of `PROBES`; of the last seven those that are missing are null.

    Returns:
        A frame of the columns of `STATES`, by site and episode.
    """
    rows = []
    for url_id, of_site in groupby(_ordered(probes).iter_rows(), itemgetter(0)):
        rows += [_row(url_id, episode) for episode in _episodes(map(_probe, of_site))]
    return pl.DataFrame(rows, schema=STATES, orient="row")


def derive_events(probes: pl.DataFrame) -> pl.DataFrame:
    """What the probes of each site tell of the attacks on it, whatever order they come in.

    An outage is told at its first failing probe as soon as it is one; that it lasts, and that a site is up, once a day
    at most; that it is up again, always.

    Args:
        probes: as for `derive_states`.

    Returns:
        A frame of the columns of `EVENTS`, by site and instant.
    """
    rows = [
        (url_id, *event)
        for url_id, of_site in groupby(_ordered(probes).iter_rows(), itemgetter(0))
        for event in _told(map(_probe, of_site))
    ]
    return pl.DataFrame(rows, schema=EVENTS, orient="row")


def _ordered(probes: pl.DataFrame) -> pl.DataFrame:
    absent = [pl.lit(None, kind).alias(name) for name, kind in PROBES.items() if name not in probes.columns]
    return probes.with_columns(absent).select(PROBES.names()).sort(PROBES.names())


def tell_holds(probes: pl.DataFrame, statuses: pl.DataFrame) -> pl.DataFrame:
    """A log in which a name that does not exist is `client_hold` where its registry had taken it out by then.

    Args:
        probes: as for `derive_states`.
        statuses: one row a look-up of a site's registrable domain at its registry: `url_id`, `looked_up_at` (Unix
            ms), `statuses` (list of EPP codes, `clientHold` or, as RDAP spells it, `client hold`).
    """
    code = pl.element().str.to_lowercase().str.replace_all(" ", "")
    held = statuses.select(
        "url_id", "looked_up_at", is_held=pl.col("statuses").list.eval(code.is_in(_HOLDS)).list.any()
    ).sort("looked_up_at")
    told = probes.sort("probed_at").join_asof(
        held, left_on="probed_at", right_on="looked_up_at", by="url_id", strategy="backward", check_sortedness=False
    )
    is_hold = (pl.col("outcome") == Probed.DNS_FAILURE) & pl.col("is_held").fill_null(value=False)
    return told.with_columns(
        outcome=pl.when(is_hold).then(pl.lit(Probed.CLIENT_HOLD.value)).otherwise("outcome")
    ).select(probes.columns)


def stands(probe: Probe, known: Collection[Known], *, is_closed: bool) -> bool:
    """Whether a probe tells that the site stands.

    On a closed host only a page that resembles one known does: another's is "up, other content". A filtered vantage
    point may be shown the filter's own page, so that there too only what resembles counts. Where nothing is known of
    the page before, any page of an unfiltered one does. A page that says what stood there before does not become
    another by HTTP status or by a phrase that is put into it: victims see it as before.

    Args:
        probe: what was found.
        known: the pages that stood before.
        is_closed: whether the site is down by now, unconfirmed or not.
    """
    if probe.outcome not in STANDING:
        return probe.outcome in _JUDGED and any(is_same(one.shown, probe.shown) for one in known)
    if not known:
        return not probe.is_filtered
    if is_closed or probe.is_filtered:
        return any(resembles(one.shown, probe.shown) for one in known)
    return True


def _probe(row: tuple[object, ...]) -> Probe:
    _, at, outcome, network, is_filtered, *shown = row
    return Probe(at, outcome, network, bool(is_filtered), Print(*shown))  # type: ignore[arg-type]  # as in PROBES


def _told(probes: Iterator[Probe]) -> Iterator[_Event]:
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


def _episodes(probes: Iterator[Probe]) -> list[_Episode]:
    return list({episode.number: episode for episode, _, _ in _steps(probes)}.values())


def _steps(probes: Iterator[Probe]) -> Iterator[tuple[_Episode, int, bool]]:
    """The episode as it is after each instant, the instant, and whether a probe of it told of an outage."""
    now: _Episode | None = None
    for at, of_instant in groupby(probes, itemgetter(0)):
        together = list(of_instant)
        now = now or _Episode(1, at, since=at)
        known = [Known(*one) for one in now.known.items()]
        up = [probe for probe in together if stands(probe, known, is_closed=now.is_closed)]
        if up and _is_back_too_late(now, at):
            now = _Episode(now.number + 1, at, since=at, back_at=at, known=now.known)
        failing = [probe for probe in together if probe.outcome in FAILING and not _tells_nothing(now, probe)]
        _take(now, at, together, up, failing)
        yield now, at, bool(failing)


def _is_back_too_late(episode: _Episode, at: int) -> bool:
    is_down = episode.state == "down" and episode.first_down_at is not None
    return is_down and at - (episode.first_down_at or 0) > REOPEN_MS


def _take(episode: _Episode, at: int, together: list[Probe], up: list[Probe], failing: list[Probe]) -> None:
    """Let the probes of one instant act; what one of them finds up is up, whatever is hidden from the others."""
    episode.last_probe_at = at
    episode.probes += len(together)
    _compare(episode, at, together, up)
    if up:
        episode.reopened += episode.state == "down"
        episode.back_at = at if episode.state == "down" else episode.back_at
        episode.last_up_at, episode.seen_by = at, {probe.network for probe in up}
        episode.first_down_at = episode.down_at = episode.closure = episode.other_at = None
        episode.networks, episode.in_row = set(), 0
        _turn(episode, "up", at)
    elif failing:
        episode.first_down_at = at if episode.first_down_at is None else episode.first_down_at
        episode.in_row += len(failing)
        episode.networks |= {probe.network for probe in failing}
        episode.closure = failing[-1].outcome
        _turn(episode, _outage(episode, at), at)
    if any(probe.is_filtered and probe.outcome != Probed.UNKNOWN and probe not in up for probe in together):
        episode.hidden_at = at
    if episode.first_down_at is None and _is_one_round(episode.last_up_at, episode.hidden_at):
        episode.blocked_at = episode.hidden_at


def _tells_nothing(episode: _Episode, probe: Probe) -> bool:
    """Of a failing probe: a filter may stand before it, or the site hides from one network what it shows another."""
    is_hidden = probe.network not in episode.seen_by and _is_one_round(episode.last_up_at, probe.at)
    return probe.is_filtered or (episode.state == "up" and is_hidden)


def _is_one_round(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= ROUND_MS


def _compare(episode: _Episode, at: int, together: list[Probe], up: list[Probe]) -> None:
    """Note what the pages of one instant tell beside up and down, and remember those that stood."""
    others = [probe for probe in together if probe not in up]
    if not up and any(probe.outcome in STANDING and not probe.is_filtered for probe in others):
        episode.other_at = at
    for probe in up:
        before = episode.known.get(probe.network)
        if before is not None and probe.shown.tells and not resembles(before, probe.shown):
            episode.changed_at = at
        if probe.shown.tells and not probe.is_filtered:
            episode.known = {**episode.known, probe.network: probe.shown}


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
        episode.back_at,
        episode.changed_at,
        episode.other_at,
        episode.blocked_at,
    )
