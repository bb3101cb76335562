"""Measures from the database: what is read of events and of probes, and what the command says of it."""

import json
from pathlib import Path

import polars as pl
import pytest
import typer

from analytics.measures.declared import Grouping
from analytics.measures.lives import ATTACKS
from db.brands import Brand
from db.connection import transaction
from db.errors import UsageError
from db.matches import save_brands
from db.measures import read_attacks
from db.period import Period
from db.probes import ProbeRow, save_probes, save_vantage
from db.store import Store, open_store
from flows.cli.measures import measures as command
from flows.measuring import measured_cells, measured_json, measures
from flows.probing import rederive
from flows.rollup import figures, follow_up
from tests.flows.test_ingest import make_source, take

HOUR = 3_600_000
DAY = 24 * HOUR
YEAR = Period(2024)
HEADER = "event_id,occurred_at,type,address,brand,cause"
EVENTS = {
    "format": "table",
    "yields": "events",
    "kind": "attack_event",
    "zone": "Asia/Shanghai",
    "columns": {name: name for name in HEADER.split(",")},
}
BRANDS = (
    Brand(id="qifu", names=("奇富借条",), domains=("qifu.com",), own=True, follow=True),
    Brand(id="demopay", names=("演示支付",), domains=("demopay.com",)),
)


def told(store: Store, *events: str) -> None:
    """Import attack events, each `month-day hour:minute, type, address, brand, cause`, and derive the attacks."""
    rows = [f"{number},2024-{event}" for number, event in enumerate(events)]
    take(store, make_source(name="company", **EVENTS), "\n".join([HEADER, *rows, ""]))
    with transaction(store.database):
        save_brands(store.database, BRANDS)
    follow_up(store)


def probes(store: Store, host: str, *found: tuple[float, str]) -> None:
    """Probes from two networks, so many hours after 2024 began, and the states that follow."""
    url_id = store.database.execute(
        "SELECT url_id FROM url JOIN host USING (host_id) WHERE host.name = ?", [host]
    ).fetchone()[0]
    for network in ("a", "b"):
        rows = [
            ProbeRow(url_id, YEAR.start + round(hour * HOUR), what, "made up", None, "", None, "", "", 0, 0)
            for hour, what in found
        ]
        with transaction(store.database):
            save_probes(store.database, store.terms, save_vantage(store.database, network, network), rows)
    rederive(store)
    follow_up(store)


def clocks(store: Store, *names: str) -> list[dict[str, float | None]]:
    """Columns of instants, in hours since 2024 began; by first sighting."""
    attacks = read_attacks(store.database).sort("first_seen_at")
    return attacks.select(((pl.col(name) - YEAR.start) / HOUR).round(6) for name in names).to_dicts()


CONFIRMED = "01-01 00:00:00,confirmation,bad.example,qifu,"
SITE = ("last_up_at", "first_down_at", "down_at", "last_probe_at", "last_telling_at")


def test_the_frame_is_the_one_that_measures_take(store: Store) -> None:
    assert read_attacks(store.database).schema == ATTACKS
    told(store, CONFIRMED)
    assert read_attacks(store.database).schema == ATTACKS


def test_an_attack_has_the_probes_of_its_site(store: Store) -> None:
    told(store, CONFIRMED, "01-01 05:00:00,action,bad.example,qifu,", "01-02 00:00:00,confirmation,other.example,qifu,")
    probes(store, "bad.example", (1, "up"), (2, "up"), (6, "dns_failure"), (30, "dns_failure"), (40, "unknown"))
    bad, other = clocks(store, "confirmed_at", "notified_at", *SITE)
    assert [bad[name] for name in ("confirmed_at", "notified_at", *SITE)] == [0, 5, 2, 6, 30, 40, 30]
    assert [other[name] for name in SITE] == [None] * 5


def test_a_site_that_is_back_too_late_is_two_attacks_with_their_own_probes(store: Store) -> None:
    told(
        store,
        CONFIRMED,
        "01-02 00:00:00,closure,bad.example,qifu,us",
        "01-31 00:00:00,reactivation,bad.example,qifu,",
    )
    back = 30 * 24
    down = ((24, "dns_failure"), (36, "dns_failure"), (49, "dns_failure"))
    probes(store, "bad.example", (1, "up"), *down, (back, "up"), (back + 5, "up"))
    first, second = clocks(store, *SITE)
    assert first == {
        "last_up_at": 1,
        "first_down_at": 24,
        "down_at": 49,
        "last_probe_at": 49,
        "last_telling_at": 49,
    }
    assert (second["last_up_at"], second["first_down_at"]) == (back + 5, None)
    assert read_attacks(store.database)["previous"].drop_nulls().len() == 1


def test_probes_that_ended_before_an_attack_say_nothing_of_it(store: Store) -> None:
    told(store, CONFIRMED, "03-01 00:00:00,confirmation,bad.example,qifu,")
    probes(store, "bad.example", (1, "up"), (2, "up"))
    first, second = clocks(store, "last_up_at")
    assert (first["last_up_at"], second["last_up_at"]) == (2, None)


def test_the_closure_rate_is_that_of_the_kpi(store: Store) -> None:
    told(
        store,
        *(f"03-0{day} 00:00:00,confirmation,site{day}.example,qifu," for day in range(1, 8)),
        *(f"03-0{day} 09:00:00,closure,site{day}.example,qifu,us" for day in range(1, 4)),
        "03-01 00:00:00,confirmation,pay.example,demopay,",
    )
    rows = measures(store.database, 2024, Grouping.IS_OWN, YEAR.end + 60 * DAY)
    own = next(row for row in rows if (row.measure.id, row.group) == ("closed_cohort", "true"))
    kpi = next(figure for figure in figures(store.database, 2024) if figure.definition.id == "K15")
    assert own.over == 7
    assert own.value == pytest.approx(float(kpi.value or 0), abs=0.005)


def test_what_a_row_says_to_programs_and_to_people(store: Store) -> None:
    confirmed = (f"03-0{day} 00:00:00,confirmation,site{day}.example,qifu," for day in range(1, 4))
    told(store, *confirmed, *(f"03-0{day} 09:00:00,closure,site{day}.example,qifu,us" for day in range(1, 3)))
    rows = {row.measure.id: row for row in measures(store.database, 2024, Grouping.BRAND, YEAR.end + 60 * DAY)}
    assert measured_json(rows["median_from_confirmed"]) == {
        "measure": "median_from_confirmed",
        "name_zh": "存活时间中位数（自确认起）",
        "name_en": "median availability, from confirmation",
        "group": "qifu",
        "value": 9,
        "low": 9,
        "high": None,
        "unit": "hours",
        "over": 3,
        "over_zh": "期内确认、确认时仍在线",
        "over_en": "confirmed in the period, standing then",
        "beside": {"closed": 2, "open": 1, "down_before": 0, "unfollowed": 0},
        "reason_zh": "区间上限未达到",
        "reason_en": "the interval's upper end is not reached",
    }
    shown = measured_cells(rows["closed_cohort"])
    assert shown["value"] == "66.7 %"
    assert shown["interval_95"] == "20.8 - 93.9"
    assert shown["note"] == "已关停 closed: 2; 从未探测 never probed: 1; 观察期已满 followed to the end: 是 yes"
    empty = measured_cells(rows["outage_width"])
    assert (empty["value"], empty["interval_95"]) == (None, None)
    assert empty["note"] == "无可计算的攻击 · nothing to count over"
    json.dumps([measured_json(row) for row in rows.values()])


def test_a_year_that_has_not_begun_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="2024 has not begun"):
        measures(store.database, 2024, None, YEAR.start)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = typer.Typer()
    app.command("measures")(command)
    path = tmp_path / "fanzha.db"
    with open_store(path, None) as store:
        told(store, CONFIRMED, "01-01 12:00:00,closure,bad.example,qifu,us")

    def call(*arguments: str) -> str:
        app([*arguments, "--db", str(path)], standalone_mode=False)
        return capsys.readouterr().out

    rows = json.loads(call("2024", "--json"))
    assert (rows[0]["measure"], rows[0]["value"], rows[0]["group"]) == ("confirmed", 1, None)
    grouped = json.loads(call("2024", "--by", "brand", "--json"))
    assert {row["group"] for row in grouped} == {"qifu"}
    lines = call("2024", "--by", "fraud_type").splitlines()
    assert lines[0].split("\t") == ["group", "measure", "value", "interval_95", "over", "over_what", "note"]
    assert lines[1].split("\t")[:5] == ["-", "期内确认的攻击 · attacks confirmed", "1", "-", "1"]
    assert json.loads(call("--json"))[0]["value"] == 0  # this year's
