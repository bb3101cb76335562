"""Probing: visits to what stands open, when each is due, and the states that follow from what was found."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from analytics.probes import derive_states
from db.connection import transaction
from db.errors import Busy
from db.probes import PageRow, ProbeRow, ProbeSite, read_log, read_sites, save_probes, save_states, save_vantage
from db.store import Store, hold, now_ms
from flows.collect import spool
from spiders.probe.asking import Finding, Target, probe
from spiders.probe.vantage import Vantage

_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
BATCH: Final = 100
"""Probes of one transaction: a killed run loses at most so many visits, none that was written."""
ROUND: Final = 10_000
"""Sites of one round; what is longest overdue comes first, the rest with the next."""
_PAUSE_SECONDS: Final = 60

_RHYTHM: Final[dict[str | None, tuple[tuple[int, int], ...]]] = {
    "up": ((_DAY_MS, _HOUR_MS), (7 * _DAY_MS, 4 * _HOUR_MS)),
    "failing": ((2 * _DAY_MS, 4 * _HOUR_MS),),
    "down_unconfirmed": ((7 * _DAY_MS, 8 * _HOUR_MS),),
    "down": ((2 * _DAY_MS, 4 * _HOUR_MS), (15 * _DAY_MS, 12 * _HOUR_MS)),
    "unknown": ((_DAY_MS, 2 * _HOUR_MS), (7 * _DAY_MS, 8 * _HOUR_MS)),
}
"""State -> (up to this age, so long between visits); the age is that of the state, of a site that is up the attack's.
Three failing probes 4 hours apart leave time for the 24 hours that an outage takes; what is just closed may be back."""
_RARELY_MS: Final = _DAY_MS


@dataclass(frozen=True, slots=True)
class Probing:
    """What one round did."""

    open: int
    due: int
    outcomes: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    """Sites that the probing process left without an answer."""


def is_due(site: ProbeSite, now: int) -> bool:
    """Whether a site is to be visited: often when young or just closed, rarer later."""
    if site.last_probe_at is None:
        return True
    age = now - (site.opened_at if site.state == "up" else site.since or site.opened_at)
    steps = _RHYTHM.get(site.state, ())
    pause = next((pause for until, pause in steps if age <= until), _RARELY_MS)
    return now - site.last_probe_at >= pause


def probe_due(store: Store, vantages: Sequence[Vantage], *, loopback: bool = False, now: int | None = None) -> Probing:
    """Visit what is due, from each vantage point in turn.

    Args:
        store: knows what stands open.
        vantages: where from.
        loopback: lets probes reach this machine; the demo's and the tests' own servers only.
        now: Unix ms that decide what is due; default: the present.

    Raises:
        Busy: another process is probing.
    """
    at = now_ms() if now is None else now
    with hold(store.path, "probe"), spool(store.path) as folder:
        sites = read_sites(store.database, at)
        due = [site for site in sites if is_due(site, at)][:ROUND]
        done = Probing(len(sites), len(due))
        missed = 0
        for vantage in vantages:
            missed += len(due) - _visit(store, due, vantage, folder, done, loopback=loopback)
        states = derive_states(read_log(store.database, [site.url_id for site in due]))
        done.states.update(states.group_by("url_id", maintain_order=True).last()["state"])
    return Probing(done.open, done.due, done.outcomes, done.states, missed)


def probe_on(store: Store, vantages: Sequence[Vantage]) -> Iterator[Probing]:
    """Rounds without end, a minute between them; yields what each did where something was due."""
    while True:
        with suppress(Busy):  # another process is at it; ours comes with the next round
            done = probe_due(store, vantages)
            if done.due:
                yield done
        time.sleep(_PAUSE_SECONDS)


def rederive(store: Store) -> int:
    """Make all states anew from the log; returns how many episodes there are."""
    with transaction(store.database):
        states = derive_states(read_log(store.database))
        save_states(store.database, states)
    return states.height


def _visit(
    store: Store, due: Sequence[ProbeSite], vantage: Vantage, folder: Path, done: Probing, *, loopback: bool
) -> int:
    findings = probe([_target(site) for site in due], vantage, folder, loopback=loopback)
    count = 0
    while batch := list(islice(findings, BATCH)):
        _save(store, vantage, batch, folder)
        done.outcomes.update(finding.outcome.value for finding in batch)
        count += len(batch)
    return count


def _save(store: Store, vantage: Vantage, batch: Sequence[Finding], folder: Path) -> None:
    for digest in {finding.page.digest for finding in batch if finding.page}:
        _land(store, folder / digest)
    with transaction(store.database):
        vantage_id = save_vantage(store.database, vantage.name, vantage.network)
        save_probes(store.database, store.terms, vantage_id, map(_row, batch))
        save_states(store.database, derive_states(read_log(store.database, [finding.url_id for finding in batch])))


def _land(store: Store, page: Path) -> None:
    if page.exists():  # else another site had the same page in an earlier batch
        store.landing.keep(page.read_bytes(), encrypt=False)
        page.unlink()


def _target(site: ProbeSite) -> Target:
    bare = (f"http://{site.address}/", f"https://{site.address}/")
    return Target(site.url_id, bare if site.is_bare else (site.address,), site.registrable_domain, site.suffix)


def _row(finding: Finding) -> ProbeRow:
    page = finding.page
    kept = PageRow(page.digest, page.size, page.is_cut, page.title, page.simhash, page.fields) if page else None
    return ProbeRow(
        finding.url_id,
        finding.probed_at,
        finding.outcome.value,
        finding.reason,
        finding.status,
        finding.final,
        kept,
        finding.favicon,
        finding.certificate,
        finding.size,
        finding.ms,
    )
