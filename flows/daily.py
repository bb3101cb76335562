"""The daily flow from top to bottom: collect, match, follow up, roll up. Prefect runs it; the rooms do the work."""

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

from prefect import Task, flow, get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from analytics.kpi.figures import Figure
from db.brands import Brand, load_brands
from db.errors import Busy, FanzhaError
from db.figures import latest_figures, years_with_records
from db.keys import load_key
from db.store import Store, hold, now_ms, open_store
from db.vocabulary import Outcome
from flows import collect as collecting
from flows import matching, rollup
from flows.ahead import Ahead, taking_ahead
from flows.collect import SourceResult
from flows.counting import keep_facts
from flows.heap import give_back
from flows.ledger import shown_figures
from flows.matching import MatchReport, shown_changes, told_rematch
from spiders.catalogue import Source, load_catalogue
from spiders.crawl import CrawlOutcome

P = ParamSpec("P")
R = TypeVar("R")

RETRY_SECONDS: Final[list[float]] = [5, 20, 60]
"""Another run may hold a source or the database: it is through with it within a minute or two."""


@dataclass(frozen=True, slots=True)
class DailyReport:
    """What a daily run did."""

    sources: list[SourceResult]
    matches: MatchReport
    attacks: int
    figures: dict[int, list[Figure]]

    @property
    def failed(self) -> list[SourceResult]:
        """The sources that failed."""
        return [result for result in self.sources if result.outcome is Outcome.FAILED]


@flow(name="daily", flow_run_name="daily of {db}", description="每日流程 · collect, match, follow up, roll up")
def daily(
    db: str = "",
    sources: str = "",
    brands: str = "",
    only: Sequence[str] = (),
    loopback: bool = False,  # noqa: FBT001, FBT002 - a flow's parameters are its deployment's form
) -> DailyReport:
    """Collect from all sources, match what is new, follow attacks up, roll the years up."""
    results = collect(db, sources, only, loopback)
    matches = match(db, brands)
    attacks = follow_up(db)
    figures = roll_up(db)
    return DailyReport(results, matches, attacks, figures)


@flow(name="collect", flow_run_name="collect into {db}", description="采集 · fetch and store what each source has")
def collect(
    db: str = "",
    sources: str = "",
    only: Sequence[str] = (),
    loopback: bool = False,  # noqa: FBT001, FBT002 - as above
) -> list[SourceResult]:
    """Fetch and store what each source has that is new; one source's failure is its own."""
    catalogue = Path(sources) if sources else None
    chosen = collecting.choose(load_catalogue(catalogue), only)
    if any(source.has_people for source in chosen):
        load_key(_key_path())
    base = catalogue.parent if catalogue else Path.cwd()
    started_at = now_ms()
    with open_named(db) as store, collecting.spool(store.path) as folder:
        filed = [source for source in chosen if source.path]
        with taking_ahead(store, filed, base, folder) as ahead:
            results = [_run_task(store_files, source, db, source, base, started_at, ahead) for source in filed]
        remote = [source for source in chosen if source.url]
        for source, outcome in collecting.fetch(store, remote, folder, os.environ, loopback=loopback):
            results.append(_run_task(store_fetched, source, db, source, outcome, folder, started_at))
    _tell_sources(results)
    return results


@flow(
    name="match", flow_run_name="match in {db}", description="匹配 · find the brand that each new host or app imitates"
)
def match(db: str = "", brands: str = "") -> MatchReport:
    """Match what no run has matched yet, and anew what changed matcher or brands may match otherwise."""
    report = match_new(db, load_brands(Path(brands) if brands else None))
    logger = get_run_logger()
    logger.info("%d host matches, %d app matches", report.host_matches, report.app_matches)
    for rematch in report.rematches:
        logger.info(told_rematch(rematch))
        create_table_artifact(table=shown_changes(rematch), key="match-changes", description=told_rematch(rematch))
    return report


@flow(name="follow-up", flow_run_name="follow up in {db}", description="跟进 · derive the attacks from their events")
def follow_up(db: str = "") -> int:
    """Derive the attacks; returns how many there are."""
    return derive(db)


@flow(name="roll-up", flow_run_name="roll up {db}", description="汇总 · compute the KPIs of each year with records")
def roll_up(db: str = "") -> dict[int, list[Figure]]:
    """Compute the figures of each year in which anything happened."""
    with open_named(db) as store:
        # also one whose last record a correction has taken
        years = sorted({*years_with_records(store.database), *latest_figures(store.database)})
    keep(db, years)
    return {year: count(db, year) for year in years}


def _is_busy(_task: object, _run: object, state: State[Any]) -> bool:
    return isinstance(state.result(raise_on_failure=False), Busy)


def _patient(function: Callable[P, R]) -> Task[P, R]:
    """A task that tries again where another process is in its way."""
    return task(
        retries=len(RETRY_SECONDS),
        retry_delay_seconds=RETRY_SECONDS,
        retry_condition_fn=_is_busy,
        cache_policy=NO_CACHE,
    )(function)


@_patient
def store_fetched(db: str, source: Source, outcome: CrawlOutcome, folder: Path, started_at: int) -> State[SourceResult]:
    """Store what the crawl brought of one source."""
    with open_named(db) as store, hold(store.path, f"source-{source.name}"):
        return _state(collecting.take_outcome(store, source, outcome, folder, started_at))


@_patient
def store_files(db: str, source: Source, base: Path, started_at: int, ahead: Ahead) -> State[SourceResult]:
    """Store the files of one path source."""
    with open_named(db) as store, hold(store.path, f"source-{source.name}"):
        return _state(collecting.take_files(store, source, base, started_at, ahead))


@_patient
def match_new(db: str, brands: Sequence[Brand]) -> MatchReport:
    """Match new hosts and apps, and anew what is to be."""
    with open_named(db) as store, hold(store.path, "match"):
        return matching.match_new(store, brands)


@_patient
def derive(db: str) -> int:
    """Derive and store the attacks."""
    with open_named(db) as store, hold(store.path, "follow-up"):
        return rollup.follow_up(store)


@_patient
def keep(db: str, years: Sequence[int]) -> None:
    """Count what the great figures of years are made up of, as far as that is not kept yet, in one reading."""
    with open_named(db) as store, hold(store.path, "roll-up"):
        keep_facts(store, years)


@_patient
def count(db: str, year: int) -> list[Figure]:
    """Compute and store a year's figures, and show them as an artifact: those of a closed year as signed."""
    with open_named(db) as store, hold(store.path, "roll-up"):
        rollup.roll_up(store, year)
        figures = shown_figures(store.database, year)
    rows = [
        {"id": one.definition.id, "指标": one.definition.name_zh, "数值": one.display_zh, "note": one.note_zh}
        for one in figures
    ]
    create_table_artifact(table=rows, key=f"kpi-{year}", description=f"KPIs of {year}")
    return figures


def _run_task(store_task: Task[..., State[SourceResult]], source: Source, *arguments: object) -> SourceResult:
    state = store_task.with_options(task_run_name=f"store {source.name}")(*arguments, return_state=True)
    result = state.result(raise_on_failure=False)
    if isinstance(result, SourceResult):
        return result
    if isinstance(result, FanzhaError):
        return SourceResult(source.name, Outcome.FAILED, str(result))
    if isinstance(result, Exception):  # its text may quote what the source sent: the log has it, the report does not
        return SourceResult(source.name, Outcome.FAILED, f"unexpected {type(result).__name__}; see the log")
    raise result


def _state(result: SourceResult) -> State[SourceResult]:
    if result.outcome is Outcome.FAILED:
        return Failed(message=f"{result.source}: {result.reason}", data=result)
    counts = result.counts
    return Completed(message=f"{result.outcome}: {counts.rows:,} rows, {counts.stored:,} new", data=result)


def _tell_sources(results: Sequence[SourceResult]) -> None:
    logger = get_run_logger()
    for result in results:
        if result.outcome is Outcome.FAILED:
            logger.warning("source %s failed: %s", result.source, result.reason)
    rows = [
        {
            "source": result.source,
            "outcome": result.outcome.value,
            "rows": result.counts.rows,
            "new": result.counts.stored,
            "quarantined": result.counts.quarantined,
            "reason": result.reason,
        }
        for result in results
    ]
    create_table_artifact(table=rows, key="sources", description="来源 · sources of this run")


def _key_path() -> Path | None:
    named = os.environ.get("FANZHA_KEY_FILE")
    return Path(named) if named else None


@contextmanager
def open_named(db: str) -> Generator[Store]:
    """The store that a flow's parameter names, else the environment."""
    try:
        with open_store(Path(db or os.environ.get("FANZHA_DB") or "fanzha.db"), _key_path()) as store:
            yield store
    finally:
        give_back()
