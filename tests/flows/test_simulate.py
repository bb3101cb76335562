"""A synthetic year comes to the published figures, and only where every rule that counts is kept."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlite_utils import Database

from analytics.attacks import walk
from analytics.kpi import protection, underground
from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.figures import compute, figure_json
from db.brands import load_brands
from db.connection import snapshot
from db.frames import scan_frames
from db.keys import make_key_file
from db.period import DAY_MS, Period
from db.sources import Counts
from db.store import Store, now_ms, open_store
from flows import rollup
from flows.collect import take_files
from flows.rollup import _events as all_events
from flows.rollup import read_records
from flows.simulate.plan import Plan, read_scale
from flows.simulate.year import simulate
from spiders.catalogue import load_catalogue
from tests.flows.calls import Call
from tests.running import fanzha

YEAR = Period(2024)
SMALL = Plan(YEAR, Decimal("0.002"), 3, chunk=10_000)
PUBLISHED = {
    "K01": 13_840_000, "K02": 48_000, "K03": 21_400_000, "K04": "259000000.00", "K05": 11_500, "K10": 14_055,
    "K11": 4_120, "K12": 9_935, "K13": "168.02", "K14": 4_120, "K15": "100.00", "K16": 20, "K17": 200, "K18": 473,
    "K19": 226_000, "K20": 355_000, "K21": 1_055, "K38": 138_263, "K39": 119_106, "K40": 29_744, "K41": "284492900.00",
}  # fmt: skip
OPERATIONS = {"K16", "K17", "K18", "K19", "K20", "K21"}
Frames = Mapping[str, pl.LazyFrame]


@dataclass(frozen=True)
class Taken:
    """A simulation, taken in."""

    folder: Path
    store: Store
    counts: dict[str, Counts]


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taken]:
    folder = tmp_path_factory.mktemp("year")
    simulate(SMALL, folder / "year")
    make_key_file(folder / "key")
    with open_store(folder / "fanzha.db", folder / "key") as store:
        catalogue = load_catalogue(folder / "year" / "sources.toml")
        results = {source.name: take_files(store, source, folder / "year", now_ms()) for source in catalogue}
        assert [f"{name}: {one.reason}" for name, one in results.items() if one.reason] == []
        yield Taken(folder / "year", store, {name: one.counts for name, one in results.items()})


@pytest.fixture(scope="module")
def frames(taken: Taken) -> Frames:
    """The records of all years, read once."""
    with snapshot(taken.store.database):
        derived = read_records(taken.store.database, YEAR)
        attacks = {name: derived[name] for name in ("attack_events", "attacks")}
        every = {**scan_frames(taken.store.database), **attacks}
        return {name: frame.collect().lazy() for name, frame in every.items()}


def counted(frames: Frames, period: Period = YEAR) -> dict[str, Any]:
    """The figures that the plan knows beforehand."""
    return {figure.id: figure_json(figure)["value"] for figure in compute(frames, period) if figure.id in PUBLISHED}


# ---- what the figures must be


def test_at_scale_1_they_are_the_published_ones() -> None:
    assert Plan(YEAR, Decimal(1), 1).expected() == PUBLISHED


@pytest.mark.parametrize(
    ("scale", "kpi", "value"),
    [
        ("0.001", "K05", 12),  # 11.5
        ("0.001", "K10", 14),  # 14.055
        ("0.001", "K12", 10),  # K10 - K11, not 9.935
        ("0.001", "K13", "180.00"),  # 14 against 5
        ("0.0011", "K41", "312942.19"),
        ("0.00151", "K38", 209),  # 208.77713
    ],
)
def test_they_are_scaled_in_exact_decimals_and_rounded_half_up(scale: str, kpi: str, value: int | str) -> None:
    assert Plan(YEAR, read_scale(scale), 1).expected()[kpi] == value


# ---- and are


def test_the_figures_come_out_exactly(taken: Taken) -> None:
    with snapshot(taken.store.database):
        assert counted(read_records(taken.store.database, YEAR)) == SMALL.expected()


@pytest.mark.parametrize(("scale", "seed", "year"), [("0.001", "11", "2023")])
def test_the_commands_bring_it_from_nothing_to_the_figures(tmp_path: Path, scale: str, seed: str, year: str) -> None:
    environ = {"HOME": str(tmp_path), "FANZHA_KEY_FILE": str(tmp_path / "key")}
    make_key_file(tmp_path / "key")
    (tmp_path / "year").mkdir()
    made = fanzha("simulate", year, "--scale", scale, "--seed", seed, "--out", "year", cwd=tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    ran = fanzha("run", "--sources", "year/sources.toml", "--brands", "year/brands.toml", cwd=tmp_path, environ=environ)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = fanzha("kpi", year, "--json", cwd=tmp_path, environ=environ)
    figures = {figure["id"]: figure for figure in json.loads(told.stdout)}
    expected = json.loads((tmp_path / "year" / "simulation.json").read_text("utf-8"))["expected"]
    assert {kpi: figure["value"] for kpi, figure in figures.items() if kpi in expected} == expected
    assert expected == Plan(Period(int(year)), Decimal(scale), int(seed)).expected()
    known = {kpi: one for kpi, one in figures.items() if one["value"] is not None}
    assert {kpi for kpi in known if not kpi.startswith("B")} == set(expected)
    assert [kpi for kpi, one in known.items() if "synthetic" not in one["note"]] == []
    assert fanzha("probe", "--once", cwd=tmp_path, environ=environ).stdout.startswith("0 ")
    assert fanzha("verify", cwd=tmp_path, environ=environ).returncode == 0


# ---- and only where every rule is kept


def _set(name: str, **columns: object) -> Callable[[Frames], Frames]:
    """Columns of a frame overwritten: what is asked of them is asked no more."""

    def change(frames: Frames) -> Frames:
        values = [value if isinstance(value, pl.Expr) else pl.lit(value) for value in columns.values()]
        named = [value.alias(column) for column, value in zip(columns, values, strict=True)]
        return {**frames, name: frames[name].with_columns(named)}

    return change


def _filtered(name: str, condition: pl.Expr) -> Callable[[Frames], Frames]:
    return lambda frames: {**frames, name: frames[name].filter(condition)}


def _tests_count(frames: Frames) -> Frames:
    with_tests = (name for name, frame in frames.items() if "is_test" in frame.collect_schema())
    return {**frames, **{name: frames[name].with_columns(is_test=pl.lit(value=False)) for name in with_tests}}


def _nothing_late(frames: Frames) -> Frames:
    """Files that came after the year are left out."""
    with_files = (name for name, frame in frames.items() if "document" in frame.collect_schema())
    is_late = pl.col("document").str.contains("-late-", literal=True)
    return {**frames, **{name: frames[name].filter(~is_late) for name in with_files}}


_IS_OF_PERSON = pl.col("episode").str.starts_with("synthetic-d")
_IS_UNDATED = pl.col("source").is_in(["sim-list", "sim-hosts"])
_UNDATED_IN = pl.when(_IS_UNDATED & (pl.col("first_seen_at") >= YEAR.end)).then(YEAR.start)
WITHOUT: dict[str, tuple[Callable[[Frames], Frames], set[str]]] = {
    "tests count nowhere": (
        _tests_count,
        # what is said of an app at all, the database sums up without tests
        {"K01", "K03", "K04", "K05", "K38", "K39", "K40", "K41"} | OPERATIONS,
    ),
    "a late file's rows are of their own year": (_nothing_late, {"K01", "K03"}),
    "what an allowlist names is out": (_set("sightings", is_allowed=False), {"K01"}),
    "what somebody calls benign is out": (_set("app_sightings", is_allowed=False), {"K02"}),
    "an analyst's word goes first": (_filtered("verdicts", pl.lit(value=False)), {"K01", "K02"}),
    "the latest verdict stands": (_set("verdicts", occurred_at=-pl.col("occurred_at")), {"K01"}),
    "merely seen is not named": (_set("sightings", is_named=True), {"K01"}),
    "merely listed is not named": (_set("app_sightings", is_named=True), {"K02"}),
    "known before is not new": (_set("sightings", first_seen_at=pl.col("seen_at")), {"K01"}),
    "an app known before is not new": (_set("app_sightings", first_seen_at=pl.col("seen_at")), {"K02"}),
    "without a time it is of when it was fetched": (
        _set("sightings", **{name: pl.coalesce(_UNDATED_IN, name) for name in ("first_seen_at", "seen_at")}),
        {"K01"},
    ),
    "made is not emitted": (_set("warnings", stage="emitted"), {"K03", "K38"}),
    "one sink": (_set("warnings", sink="jietiao_security_centre"), {"K03"}),
    "one channel": (_set("warnings", channel="ai"), {"K38"}),
    "end users, not staff": (_set("url_checks", actor="end_user"), {"K05"}),
    "an error is no check": (_set("url_checks", result="benign"), {"K05"}),
    "victims' risk, not credit risk": (_set("interventions", reason="victim_risk"), {"K39"}),
    "tried is not reached": (
        _set("interventions", type=pl.col("type").str.replace("attempted", "connected")),
        {"K40"},
    ),
    "a scam that is confirmed": (_set("interventions", scam_confirmed=True), {"K40"}),
    "a loss by the outcome": (_set("interventions", later_loss=False), {"K40"}),
    "a loss within 30 days": (_filtered("losses", ~_IS_OF_PERSON), {"K40"}),
    "an episode begins with its first record": (
        _filtered("losses", _IS_OF_PERSON | ((pl.col("type") == "assessed") & (pl.col("tier") != "C"))),
        {"K04", "K41"},
    ),
    "tiers A and B": (_set("losses", tier="A"), {"K04", "K41"}),
    "assessed, not lost": (_set("losses", type="assessed", tier=pl.col("tier").fill_null("A")), {"K04", "K40", "K41"}),
    "each programme for itself": (_set("losses", programme="shanhai"), {"K04", "K41"}),
    "the largest of an episode": (_set("losses", episode=pl.col("event_key")), {"K04", "K41"}),
    "a kit that an analyst confirmed": (_set("kits", analyst_confirmed=True), {"K16"}),
    "a message about fraud": (_set("channels_and_actors", relevant=True), {"K17"}),
    "sellers of data": (_set("channels_and_actors", role="data_seller"), {"K18"}),
    "high risk": (_set("channels_and_actors", risk="high"), {"K18"}),
    "raised, not looked at": (_set("soc_alerts", state="raised"), {"K19", "K20", "K21"}),
    "each domain for itself": (_set("soc_alerts", domain="business"), {"K19", "K20"}),
    "repeats within an hour": (_set("soc_alerts", rule=pl.col("event_key")), {"K19", "K20"}),
    "important alerts": (_set("soc_alerts", severity="important"), {"K21"}),
    "a finding": (_set("soc_alerts", disposition="other"), {"K21"}),
    "one incident": (_set("soc_alerts", incident=pl.col("event_key")), {"K21"}),
    "own brands": (_set("attacks", is_own=True), {"K14"}),
    "acted on, not merely confirmed": (
        _set("attacks", first_action_at=pl.col("confirmed_at")),
        {"K10", "K11", "K12", "K13"},
    ),
    "what is carried over is of the year before": (
        _set("attacks", **{name: pl.col(name).clip(YEAR.start) for name in ("first_action_at", "confirmed_at")}),
        {"K14"},
    ),
}


@pytest.mark.parametrize("rule", WITHOUT)
def test_without_a_rule_figures_go_wrong(frames: Frames, rule: str) -> None:
    change, wrong = WITHOUT[rule]
    expected, found = SMALL.expected(), counted(change(frames))
    assert {kpi for kpi in found if found[kpi] != expected[kpi]} == wrong


class _Utc(Period):
    """The calendar year of UTC."""

    @property
    def start(self) -> int:
        return super().start + 8 * 3_600_000

    @property
    def end(self) -> int:
        return super().end + 8 * 3_600_000


class _Closed(Period):
    """A year whose end belongs to it."""

    @property
    def end(self) -> int:
        return super().end + 1


class _Open(Period):
    """A year whose beginning does not."""

    @property
    def start(self) -> int:
        return super().start + 1


# at this scale nothing of K16, K18 and K21 is at the first instant alone; K17 is of the last ones
@pytest.mark.parametrize(
    ("wrong", "right"),
    [(_Utc, {"K15"}), (_Closed, {"K14", "K15"}), (_Open, {"K15", "K16", "K17", "K18", "K21"})],
)
def test_a_year_of_another_zone_or_other_edges_goes_wrong(frames: Frames, wrong: type[Period], right: set[str]) -> None:
    expected, found = SMALL.expected(), counted(frames, wrong(2024))
    assert {kpi for kpi in found if found[kpi] == expected[kpi]} == right


def _tests_act(database: Database, imported: pl.DataFrame) -> pl.DataFrame:
    return all_events(database, imported).with_columns(is_test=pl.lit(value=False))


def _utc_day(instant: pl.Expr) -> pl.Expr:
    return pl.from_epoch(instant, time_unit="ms").dt.date()


def _any_in(rows: pl.LazyFrame, period: Period) -> pl.LazyFrame:
    return rows.filter(period.holds("occurred_at"))


PATCHED: dict[str, tuple[object, str, object, set[str]]] = {
    "reports within 7 days are of one attack": (walk, "CHAIN_MS", 0, {"K15"}),
    "back within 15 days is the same attack": (walk, "REOPEN_MS", 15 * DAY_MS - 1, {"K10", "K11", "K12", "K13", "K14"}),
    "back later is another": (walk, "REOPEN_MS", 10_000 * DAY_MS, {"K10", "K11", "K12", "K13", "K14"}),
    "tests attack nobody": (rollup, "_events", _tests_act, {"K10", "K11", "K12", "K13", "K14"}),
    "a day is one of Shanghai": (protection, "shanghai_day", _utc_day, {"K05", "K38"}),
    "a loss after 30 days is another": (protection, "FOLLOW_MS", 31 * DAY_MS, {"K40"}),
    "active in the last 30 days": (underground, "ACTIVE_MS", 31 * DAY_MS, {"K17"}),
    "first assessed in the year": (underground, "new_in", _any_in, {"K18"}),
}


@pytest.mark.parametrize("rule", PATCHED)
def test_with_a_rule_changed_figures_go_wrong(taken: Taken, monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    module, name, value, wrong = PATCHED[rule]
    monkeypatch.setattr(module, name, value)
    expected = SMALL.expected()
    with snapshot(taken.store.database):
        found = counted(read_records(taken.store.database, YEAR))
    assert {kpi for kpi in found if found[kpi] != expected[kpi]} == wrong


@pytest.mark.parametrize("kpi", ["K01", "K02", "K03", "K05", "K38", "K39", "K40"])
def test_records_are_more_than_what_they_are_of(frames: Frames, kpi: str) -> None:
    records = DEFINITIONS[kpi].records(frames, YEAR).collect().height
    assert records > int(SMALL.expected()[kpi])


def test_actions_in_the_year_are_more_than_attacks_first_acted_on_in_it(frames: Frames) -> None:
    events = frames["attack_events"].collect()
    acted = events.filter(pl.col("type") == "action", YEAR.holds("occurred_at"), ~pl.col("is_test"))
    assert acted.height > acted["attack_key"].n_unique() > int(SMALL.expected()["K10"])


def test_each_kind_of_noise_on_the_way_in_is_there(taken: Taken) -> None:
    repeated = {name for name, counts in taken.counts.items() if counts.duplicates}
    broken = {name for name, counts in taken.counts.items() if counts.quarantined}
    of_company = "url-checks warnings reminders interventions losses attacks kits channels alerts"
    of_people = {f"sim-{name}" for name in of_company.split()}
    assert repeated >= {"sim-phishtank", "sim-urlhaus", "sim-tweetfeed", "sim-sightings", "sim-apps", *of_people}
    assert broken >= {"sim-phishtank", "sim-sightings", "sim-apps", *of_people}
    assert taken.counts["sim-tweetfeed"].ignored > 0


def test_feeds_overlap_in_other_spellings(taken: Taken) -> None:
    database = taken.store.database
    several = "SELECT count(*) FROM (SELECT url_id FROM sighting GROUP BY url_id HAVING count(DISTINCT source_id) > 1)"
    assert database.execute(several).fetchone()[0] > 0.1 * int(SMALL.expected()["K01"])
    feeds = (taken.folder / "feeds").glob("synthetic-phishtank-*.csv")
    published = pl.concat(pl.read_csv(feed, infer_schema=False) for feed in feeds)["url"]
    assert published.str.starts_with("hxxp").sum() > 100
    assert published.str.contains("[.]", literal=True).sum() > 100


# ---- labelled, unfollowed, the same again


def test_every_file_and_figure_says_that_it_is_synthetic(taken: Taken, frames: Frames) -> None:
    files = [path for path in taken.folder.rglob("*") if path.is_file()]
    assert len(files) > 25
    assert [path for path in files if b"synthetic" not in path.read_bytes().lower()] == []
    assert [
        path for path in files if path.parent != taken.folder and "synthetic" not in str(path.parent.name + path.name)
    ] == []
    losses = next((taken.folder / "company").glob("*.parquet"))
    assert pl.read_parquet_metadata(losses)["label"] == "synthetic"
    assert all(figure.is_synthetic for figure in compute(frames, YEAR) if figure.value is not None)


def test_nothing_of_it_is_fetched_or_followed(taken: Taken) -> None:
    assert all(
        source.synthetic and source.path and not source.url for source in load_catalogue(taken.folder / "sources.toml")
    )
    brands, bundled = load_brands(taken.folder / "brands.toml"), load_brands()
    assert [(brand.follow, brand.confirm_at) for brand in brands] == [(False, None)] * len(bundled)
    assert brands == tuple(brand.model_copy(update={"follow": False, "confirm_at": None}) for brand in bundled)
    assert any(brand.follow for brand in bundled)


def _digest(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(
        b"".join(str(path.relative_to(folder)).encode() + path.read_bytes() for path in files)
    ).hexdigest()


def test_the_same_seed_writes_the_same_bytes_over_what_was_there(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    plan = Plan(YEAR, Decimal("0.001"), 5)
    simulate(Plan(YEAR, Decimal("0.001"), 6), one)
    before = _digest(one)
    (one / "feeds" / "synthetic-list-9999.txt").write_text("left over\n", "utf-8")
    simulate(plan, one)
    simulate(plan, other)
    assert _digest(one) == _digest(other) != before


_MEMORY = """
import resource, sys
from decimal import Decimal
from pathlib import Path
from db.period import Period
from flows.simulate.plan import Plan
from flows.simulate.year import simulate
for scale in ("0.002", "0.01"):
    simulate(Plan(Period(2024), Decimal(scale), 1, chunk=5_000), Path(sys.argv[1]))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_memory_does_not_grow_with_the_year(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _MEMORY, str(tmp_path / "year")]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    small, large = map(int, told.stdout.split())
    written = sum(path.stat().st_size for path in (tmp_path / "year").rglob("*")) >> 20
    assert written > 50
    assert large - small < written / 2


# ---- wrong calls


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("2024", "--scale", "0"), "--scale 0: is no share of a year; give one from 0.001 to 1"),
        (("2024", "--scale", "1.5"), "--scale 1.5: is no share of a year"),
        (("2024", "--scale", "much"), "--scale much: is no share of a year"),
        (("2024", "--scale", "0.0001"), "--scale 0.0001: is no share of a year"),
        (("2024", "--seed", "-1"), "'--seed'"),
        (("2098",), "2098 is not over"),
        (("2024", "--out", "taken.txt"), "taken.txt: is no folder"),
        (("2024", "--out", "full"), "full: holds something else than a simulation"),
    ],
)
def test_a_wrong_call_is_one_line(call: Call, tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    (tmp_path / "taken.txt").write_text("", "utf-8")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine", "utf-8")
    code, out, err = call("simulate", *arguments, *(() if "--out" in arguments else ("--out", "year")))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err
    assert not (tmp_path / "year").exists()
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["letter.txt"]
