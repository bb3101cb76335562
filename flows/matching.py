"""Matching what is new in the database, then anew what a change of matcher or brands may have changed.

Each batch is one transaction with how far it has come, so a run killed at any instant goes on where it was; and matches
are replaced in place, so whoever reads sees each host or app with its old matches or its new ones, never without.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import chain, islice
from typing import Any, Final

import polars as pl

from analytics.match.changes import GONE, MOVED, NEW, compare, rewritten
from analytics.match.matcher import MATCHER_VERSION, Matcher
from analytics.match.reach import EVERYTHING, BrandChanges, Reach, brand_changes
from db.brands import Brand
from db.connection import transaction
from db.errors import Interrupted
from db.matches import (
    MatchState,
    drop_matches,
    read_apps,
    read_brands,
    read_hosts,
    read_matches,
    read_state,
    save_brands,
    save_matches,
    save_state,
)
from db.rematches import Example, Rematch, read_rematch, save_rematch
from db.store import Store, now_ms
from flows.spread import ChildEnded, cores, spread

BATCH: Final = 50_000
"""Hosts or apps matched and stored in one transaction: enough for the vectors to pay, few enough to be spread."""
_ALL: Final = 2**63 - 1
_NAMED: Final = 5
"""Changed brands named in a line; of more it says how many."""


@dataclass(frozen=True)
class MatchReport:
    """What a matching run did: matches found of new hosts and apps, and what was matched anew to its end."""

    host_matches: int
    app_matches: int
    rematches: tuple[Rematch, ...]


@dataclass(frozen=True)
class _Kind:
    """Hosts or apps: where their matches are, and how they are read, matched and named."""

    table: str
    key: str
    """The id's column; MatchState and Rematch call how far they have come the same."""
    last: str
    read: Callable[..., pl.DataFrame]
    match: Callable[[Matcher, pl.DataFrame], pl.DataFrame]
    reached: Callable[[Reach, pl.DataFrame], pl.DataFrame]
    name: pl.Expr


def match_hosts(matcher: Matcher, hosts: pl.DataFrame) -> pl.DataFrame:
    """The matches of a batch as they are stored."""
    return matcher.match_hosts(hosts.drop("host_id")).join(hosts.select("host_id", "host"), on="host")


_HOSTS: Final = _Kind("match", "host_id", "last_host_id", read_hosts, match_hosts, Reach.hosts, pl.col("host"))
_APPS: Final = _Kind(
    "app_match", "app_id", "last_app_id", read_apps, Matcher.match_apps, Reach.apps,
    pl.coalesce("package", "name", pl.lit("?")),
)  # fmt: skip


def told_rematch(rematch: Rematch) -> str:
    """What was matched anew, why, and what changed, in one line."""
    return (
        f"matched anew, {rematch.cause}: {rematch.examined:,} hosts and apps; {rematch.appeared:,} new, "
        f"{rematch.gone:,} gone, {rematch.moved:,} moved"
    )


def shown_changes(rematch: Rematch) -> list[dict[str, str]]:
    """Examples of what changed, the surest matches of each kind, their dots in brackets: nothing to click on."""
    return [
        {
            "change": one.kind,
            "host or app": one.subject.replace(".", "[.]"),
            "before": one.before or "-",
            "after": one.after or "-",
        }
        for one in rematch.examples
    ]


def match_new(store: Store, brands: Sequence[Brand]) -> MatchReport:
    """Match the hosts and apps that no run has matched yet; then anew those whose matches may have changed.

    New ones go first: what was seen today is wanted today.
    """
    _begin(store, brands)
    matcher = Matcher(brands)
    host_matches, app_matches = (_match_kind(store, matcher, kind, brands) for kind in (_HOSTS, _APPS))
    pending = read_rematch(store.database)
    done = (_rematch(store, matcher, pending, brands),) if pending else ()
    return MatchReport(host_matches, app_matches, done)


def _begin(store: Store, brands: Sequence[Brand]) -> None:
    """Put the matcher and the brands in force, with what is to be matched anew since they are."""
    state, before = read_state(store.database), read_brands(store.database)
    if state and state.matcher_version == MATCHER_VERSION and tuple(brands) == before:
        return
    with transaction(store.database):
        if state:
            _plan(store, state, brand_changes(before, brands))
        save_brands(store.database, brands)
        save_state(store.database, replace(state or MatchState(""), matcher_version=MATCHER_VERSION))


def _plan(store: Store, state: MatchState, changes: BrandChanges) -> None:
    """Record what is to be matched anew; what another change left unfinished is taken over."""
    is_newer = state.matcher_version != MATCHER_VERSION
    cause = f"matcher {state.matcher_version} to {MATCHER_VERSION}" if is_newer else _told(changes)
    if is_newer:
        changes = EVERYTHING
    if changes.is_nothing or not (state.host_id or state.app_id):
        return
    if pending := read_rematch(store.database):
        save_rematch(store.database, replace(pending, cause=f"{pending.cause} (overtaken)"), now_ms())
        changes = BrandChanges(pending.brands, pending.keywords).and_then(changes)
        cause = f"{pending.cause}, {cause}"
    rematch = Rematch(None, cause, changes.brands, changes.keywords, state.host_id, state.app_id)
    save_rematch(store.database, rematch)


def _told(changes: BrandChanges) -> str:
    if changes.brands is None:
        return "most brands changed"
    names = changes.ids
    shown = f"{', '.join(names[:_NAMED])} ..." if len(names) > _NAMED else ", ".join(names)
    return f"{len(names):,} {'brand' if len(names) == 1 else 'brands'} changed ({shown})"


def _match_kind(store: Store, matcher: Matcher, kind: _Kind, brands: Sequence[Brand]) -> int:
    """Match what is new of one kind; returns how many matches were found."""
    state, found = read_state(store.database) or MatchState(MATCHER_VERSION), 0
    for subjects, matches in _matched(matcher, kind, _unmatched(store, kind, getattr(state, kind.key)), brands):
        state = _advanced(state, kind.key, subjects)
        with transaction(store.database):
            found += save_matches(store.database, kind.table, kind.key, matches)
            save_state(store.database, state)
    return found


def _unmatched(store: Store, kind: _Kind, last: int) -> Iterator[pl.DataFrame]:
    while (subjects := kind.read(store.database, last, _ALL, BATCH)).height:
        last = int(subjects[kind.key][-1])
        yield subjects


def _matched(
    matcher: Matcher, kind: _Kind, batches: Iterator[pl.DataFrame], brands: Sequence[Brand]
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Each batch with its matches; many batches of hosts by as many processes as there are cores."""
    ahead = list(islice(batches, 2))
    if kind is _HOSTS and len(ahead) == 2 and cores() > 1:
        return _spread(brands, chain(ahead, batches))
    return ((subjects, kind.match(matcher, subjects)) for subjects in chain(ahead, batches))


def _spread(brands: Sequence[Brand], batches: Iterable[pl.DataFrame]) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    def task() -> bytes:
        return json.dumps([brand.model_dump(mode="json") for brand in brands]).encode()

    try:
        for subjects, matches in spread("flows.matching_child", task, batches, packed, cores()):
            yield subjects, pl.read_ipc(matches)
    except ChildEnded as ended:
        raise Interrupted(f"a matching process {ended.how}; what was matched before is kept, run again") from ended


def packed(frame: pl.DataFrame) -> bytes:
    """A frame as it goes from process to process."""
    out = BytesIO()
    frame.write_ipc(out)
    return out.getvalue()


def _rematch(store: Store, matcher: Matcher, pending: Rematch, brands: Sequence[Brand]) -> Rematch:
    reach = Reach(BrandChanges(pending.brands, pending.keywords), brands)
    for kind in (_HOSTS, _APPS):
        last = getattr(pending, kind.last)
        while (subjects := kind.read(store.database, getattr(pending, kind.key), last, BATCH)).height:
            pending = _rematch_batch(store, matcher, pending, kind, (subjects, reach))
    with transaction(store.database):
        return save_rematch(store.database, pending, now_ms())


def _rematch_batch(
    store: Store, matcher: Matcher, pending: Rematch, kind: _Kind, asked: tuple[pl.DataFrame, Reach]
) -> Rematch:
    subjects, reach = asked
    reached = kind.reached(reach, subjects)
    ids = reached[kind.key].implode()
    after = kind.match(matcher, reached)
    before = read_matches(
        store.database, kind.table, kind.key, getattr(pending, kind.key), int(subjects[kind.key][-1])
    ).filter(pl.col(kind.key).is_in(ids))
    changed = rewritten(before, after, kind.key)
    pending = _counted(_advanced(pending, kind.key, subjects), kind, reached, (before, after))
    with transaction(store.database):
        drop_matches(store.database, kind.table, kind.key, changed)
        save_matches(store.database, kind.table, kind.key, after.filter(pl.col(kind.key).is_in(changed.implode())))
        return save_rematch(store.database, pending)


def _counted(
    pending: Rematch, kind: _Kind, reached: pl.DataFrame, matches: tuple[pl.DataFrame, pl.DataFrame]
) -> Rematch:
    changes = compare(*matches, kind.key)
    count = {which: sum(one.kind == which for one in changes) for which in (NEW, GONE, MOVED)}
    names = dict(reached.select(kind.key, kind.name).iter_rows())
    examples = [Example(one.kind, names[one.subject], one.before, one.after, one.confidence) for one in changes]
    return replace(
        pending,
        examined=pending.examined + reached.height,
        appeared=pending.appeared + count[NEW],
        gone=pending.gone + count[GONE],
        moved=pending.moved + count[MOVED],
    ).with_examples(examples)


def _advanced(progress: Any, key: str, subjects: pl.DataFrame) -> Any:  # noqa: ANN401 - a MatchState or a Rematch
    """The progress, come as far as the last of the subjects."""
    return replace(progress, **{key: int(subjects[key][-1])})
