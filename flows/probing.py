"""Probing: visits to what stands open, when each is due, and the states that follow from what was found."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import polars as pl
from sqlite_utils import Database

from analytics.probes import derive_states
from db.connection import transaction
from db.errors import Busy
from db.matches import read_brands
from db.probes import (
    PageRow,
    ProbeRow,
    ProbeSite,
    read_imitated,
    read_sites,
    save_probes,
    save_states,
    save_vantage,
)
from db.store import Store, hold, now_ms
from flows.collect import spool
from flows.rollup import follow_up
from flows.site_log import read_site_log
from spiders.probe.asking import Finding, Prober, Target, probing
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


@dataclass(slots=True)
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


@dataclass(frozen=True, slots=True)
class Lookout:
    """All vantage points, ready to look."""

    store: Store
    folder: Path
    points: Sequence[tuple[Vantage, Prober]]

    def round(self, now: int | None = None) -> Probing:
        """Visit what is due, from each vantage point in turn.

        Args:
            now: Unix ms that decide what is due, and that probes are recorded at: where time is simulated, by the
                demo and the tests only; default: the present.
        """
        at = now_ms() if now is None else now
        sites = read_sites(self.store.database, at)
        due = [site for site in sites if is_due(site, at)][:ROUND]
        done = Probing(len(sites), len(due))
        official = _official(self.store.database) if due else {}
        targets = [_target(site, official) for site in due]
        for vantage, prober in self.points:
            findings = prober.visit(targets, ahead=0 if now is None else now - now_ms())
            done.missed += len(due) - self._take(vantage, findings, done)
        states = _states(self.store, [site.url_id for site in due])
        done.states.update(states.group_by("url_id", maintain_order=True).last()["state"])
        return done

    def _take(self, vantage: Vantage, findings: Iterator[Finding], done: Probing) -> int:
        count = 0
        while batch := list(islice(findings, BATCH)):
            _save(self.store, vantage, batch, self.folder)
            done.outcomes.update(finding.outcome.value for finding in batch)
            count += len(batch)
        return count


@contextmanager
def looking(store: Store, vantages: Sequence[Vantage], *, loopback: bool = False) -> Iterator[Lookout]:
    """Take the place of the one process that probes, for any number of rounds.

    Args:
        store: knows what stands open.
        vantages: where from.
        loopback: lets probes reach this machine; the demo's and the tests' own servers only.

    Raises:
        Busy: another process is probing.
    """
    with hold(store.path, "probe"), spool(store.path) as folder, ExitStack() as stack:
        probers = [stack.enter_context(probing(vantage, folder, loopback=loopback)) for vantage in vantages]
        yield Lookout(store, folder, list(zip(vantages, probers, strict=True)))


def probe_due(store: Store, vantages: Sequence[Vantage], *, loopback: bool = False, now: int | None = None) -> Probing:
    """One round, as `looking` and `Lookout.round` do; then the attacks follow from what it found.

    Raises:
        Busy: another process is probing.
    """
    with looking(store, vantages, loopback=loopback) as lookout:
        done = lookout.round(now)
    if done.due:
        with (
            suppress(Busy),
            hold(store.path, "follow-up"),
        ):  # who is at it derives what we would, or the next round does
            follow_up(store)
    return done


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
        states = _states(store)
        save_states(store.database, states)
    return states.height


def _states(store: Store, url_ids: Sequence[int] | None = None) -> pl.DataFrame:
    return derive_states(read_site_log(store.database, url_ids))


def _save(store: Store, vantage: Vantage, batch: Sequence[Finding], folder: Path) -> None:
    for digest in {finding.page.digest for finding in batch if finding.page}:
        _land(store, folder / digest)
    with transaction(store.database):
        vantage_id = save_vantage(store.database, vantage.name, vantage.network, is_filtered=vantage.filtered)
        save_probes(store.database, store.terms, vantage_id, map(_row, batch))
        save_states(store.database, _states(store, [finding.url_id for finding in batch]))


def _land(store: Store, page: Path) -> None:
    if page.exists():  # else another site had the same page in an earlier batch
        store.landing.keep(page.read_bytes(), encrypt=False)
        page.unlink()


def _official(database: Database) -> Mapping[str, frozenset[str]]:
    """Host of an attack -> the official domains of the brands that it is an attack on."""
    domains = {brand.id: brand.domains for brand in read_brands(database)}
    official: dict[str, frozenset[str]] = {}
    for host, brand in read_imitated(database):
        official[host] = official.get(host, frozenset()).union(domains.get(brand, ()))
    return official


def _target(site: ProbeSite, official: Mapping[str, frozenset[str]]) -> Target:
    bare = (f"http://{site.address}/", f"https://{site.address}/")
    addresses = bare if site.is_bare else (site.address,)
    domains = official.get(urlsplit(addresses[0]).hostname or "", frozenset())
    return Target(site.url_id, addresses, site.registrable_domain, site.suffix, tuple(sorted(domains)))


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
