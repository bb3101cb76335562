"""Kits, channels, sellers and alerts in numbers that each rule can be seen by: at scale 1, the alerts at a tenth."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

import polars as pl
import pytest

from analytics.kpi.counting import tally
from analytics.kpi.definitions import DEFINITIONS
from db.connection import snapshot
from db.frames import scan_frames
from db.keys import make_key_file
from db.period import Period
from db.store import now_ms, open_store
from flows.collect import take_files
from flows.simulate.alerts import make_alerts
from flows.simulate.output import Output
from flows.simulate.plan import Plan
from flows.simulate.underground import make_channels, make_kits
from spiders.catalogue import load_catalogue
from tests.flows.test_simulate import _Closed, _filtered, _Open, _set, _tests_count, _Utc

YEAR = Period(2024)
WHOLE, TENTH = Plan(YEAR, Decimal(1), 7), Plan(YEAR, Decimal("0.1"), 7, chunk=20_000)
EXPECTED = {kpi: WHOLE.count(kpi) for kpi in ("K16", "K17", "K18")} | {
    kpi: TENTH.count(kpi) for kpi in ("K19", "K20", "K21")
}
Frames = Mapping[str, pl.LazyFrame]


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Frames]:
    """The records, through files and store."""
    folder = tmp_path_factory.mktemp("operations")
    (folder / "year" / "feeds" / "synthetic-misp").mkdir(parents=True)
    with Output(folder / "year", YEAR) as output:
        for rows in (*make_kits(WHOLE), *make_channels(WHOLE), *make_alerts(TENTH)):
            output.take(*rows)
        output.finish((), {})
    make_key_file(folder / "key")
    with open_store(folder / "fanzha.db", folder / "key") as store:
        for source in load_catalogue(folder / "year" / "sources.toml"):
            if source.name in {"sim-kits", "sim-channels", "sim-alerts"}:
                taken = take_files(store, source, folder / "year", now_ms())
                assert taken.reason == ""
                assert min(taken.counts.stored, taken.counts.duplicates, taken.counts.quarantined) > 0
        with snapshot(store.database):
            yield {name: frame.collect().lazy() for name, frame in scan_frames(store.database).items()}


def counted(frames: Frames, period: Period = YEAR) -> dict[str, int]:
    return {kpi: tally(DEFINITIONS[kpi], DEFINITIONS[kpi].records(frames, period)).count for kpi in EXPECTED}


def test_they_come_to_the_published_figures(frames: Frames) -> None:
    assert counted(frames) == EXPECTED
    assert EXPECTED == {"K16": 20, "K17": 200, "K18": 473, "K19": 22_600, "K20": 35_500, "K21": 106}


_KEY = pl.col("event_key")
WITHOUT: dict[str, tuple[Callable[[Frames], Frames], set[str]]] = {
    "tests count nowhere": (_tests_count, set(EXPECTED)),
    "kits of one family are one": (_set("kits", family=_KEY), {"K16"}),
    "an analyst confirms a kit": (_set("kits", analyst_confirmed=True), {"K16"}),
    "messages of a channel are one channel": (_set("channels_and_actors", channel=_KEY), {"K17"}),
    "a message about fraud": (_set("channels_and_actors", relevant=True), {"K17"}),
    "handles of a person are one": (_set("channels_and_actors", subject=_KEY.hash()), {"K18"}),
    "sellers of data": (_set("channels_and_actors", role="data_seller"), {"K18"}),
    "at high risk": (_set("channels_and_actors", risk="high"), {"K18"}),
    "known before": (_filtered("channels_and_actors", YEAR.holds("occurred_at")), {"K18"}),
    "repeats within an hour": (_set("soc_alerts", rule=_KEY), {"K19", "K20"}),
    "one thing a rule speaks of": (_set("soc_alerts", entity="m", rule="r"), {"K19", "K20"}),
    "each domain": (_set("soc_alerts", domain="office"), {"K19", "K20"}),
    "raised": (_filtered("soc_alerts", pl.col("state") != "raised"), {"K19", "K20"}),
    "closed": (_set("soc_alerts", state="closed"), {"K19", "K20", "K21"}),
    "important": (_set("soc_alerts", severity="important"), {"K21"}),
    "with a finding": (_set("soc_alerts", disposition="other"), {"K21"}),
    "alerts of an incident": (_set("soc_alerts", incident=_KEY), {"K21"}),
}


@pytest.mark.parametrize("rule", WITHOUT)
def test_without_a_rule_figures_go_wrong(frames: Frames, rule: str) -> None:
    change, wrong = WITHOUT[rule]
    found = counted(change(frames))
    assert {kpi for kpi in found if found[kpi] != EXPECTED[kpi]} == wrong


@pytest.mark.parametrize(
    ("wrong", "right"),
    # the stock is of the last instants
    [(_Utc, set()), (_Closed, set()), (_Open, {"K17"})],
)
def test_a_year_of_another_zone_or_other_edges_goes_wrong(frames: Frames, wrong: type[Period], right: set[str]) -> None:
    found = counted(frames, wrong(2024))
    assert {kpi for kpi in found if found[kpi] == EXPECTED[kpi]} == right
