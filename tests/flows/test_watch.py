"""What somebody is to look at: a row of v_attention, and one Prefect event, sent to a real server."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.events.schemas.automations import AutomationCore

from db.attention import read_untold, save_told
from db.connection import transaction
from db.matches import save_brands
from db.notices import Event, log_event, read_notices
from db.period import Period, year_of
from db.probes import ProbeRow, save_probes, save_vantage
from db.store import Store, now_ms, open_store
from db.verify import verify_store
from db.whereabouts import Whereabouts, save_whereabouts
from flows.notices.answering import answer, approve, close
from flows.notices.drafting import draft
from flows.prefect_server import prefect_server
from flows.probing import probe_due, rederive
from flows.rollup import follow_up, read_records
from tests.flows.takedowns import BRANDS as TOLD_BRANDS
from tests.flows.takedowns import REGISTRAR, SITE, event, place, rules
from tests.flows.test_probing import BRANDS, HOUR, add_site, one, vantage
from tests.spiders.farm import Site, World, living

ROOT = Path(__file__).parent.parent.parent
BACK = "fanzha.attack.back"


@pytest.fixture
def world() -> Iterator[tuple[World, Site]]:
    with living() as made:
        yield made


@pytest.fixture
def closed(tmp_path: Path, world: tuple[World, Site]) -> Iterator[Store]:
    """A site that was down by yesterday, and stands again."""
    with open_store(tmp_path / "fanzha.db", None) as store:
        with transaction(store.database):
            save_brands(store.database, BRANDS)
        add_site(store, world, "dead.example")
        follow_up(store)
        url_id = int(str(one(store, "SELECT url_id FROM url WHERE tail <> ''")["url_id"]))
        with transaction(store.database):
            for network, hours in (("a", 60), ("b", 50), ("a", 30)):
                row = ProbeRow(url_id, now_ms() - hours * HOUR, "content_gone", "HTTP 404", 404, "", None, "", "", 0, 1)
                save_probes(store.database, store.terms, save_vantage(store.database, network, network), [row])
        rederive(store)
        yield store


def attention(store: Store) -> list[dict[str, Any]]:
    return list(store.database.query("SELECT kind, target, brand, why_en FROM v_attention"))


def test_a_site_that_is_back_calls_for_attention_once(closed: Store, world: tuple[World, Site]) -> None:
    assert attention(closed) == []
    probe_due(closed, [vantage(world)], loopback=True)
    why = "stands again after it was down: reopened 1 times, episode 1"
    assert attention(closed) == [{"kind": "back", "target": "dead.example", "brand": "qifu", "why_en": why}]
    untold = read_untold(closed.database)
    assert [(alert.kind, alert.target, alert.brand) for alert in untold] == [("back", "dead.example", "qifu")]
    with transaction(closed.database):
        save_told(closed.database, untold, now_ms())
    assert read_untold(closed.database) == []
    assert len(attention(closed)) == 1


def test_a_registrys_hold_is_the_closure_of_a_site_without_a_name(closed: Store) -> None:
    url_id = int(str(one(closed, "SELECT url_id FROM url WHERE tail <> ''")["url_id"]))
    with transaction(closed.database):
        closed.database.execute("DELETE FROM probe")
        for network, hours in (("a", 60), ("b", 50), ("a", 30)):
            row = ProbeRow(url_id, now_ms() - hours * HOUR, "dns_failure", "", None, "", None, "", "", 0, 1)
            save_probes(closed.database, closed.terms, save_vantage(closed.database, network, network), [row])
        told = Whereabouts("dead.example", now_ms() - 55 * HOUR, "dead.example", statuses=("client hold",))
        save_whereabouts(closed.database, told)
    rederive(closed)
    follow_up(closed)
    assert one(closed, "SELECT state, closure FROM v_probes") == {"state": "down", "closure": "client_hold"}
    closure = one(closed, "SELECT state, cause FROM v_attacks")
    assert closure == {"state": "closed", "cause": "third_party"}
    records = trace_attack(closed)
    assert [(row["source"], row["position"]) for row in records if row["type"] == "closure"] == [("fanzha probe", 3)]
    assert verify_store(closed)[1] == []


def trace_attack(store: Store) -> list[dict[str, Any]]:
    frames = read_records(store.database, Period(year_of(now_ms())))
    return frames["attack_events"].collect().to_dicts()


def test_bounced_notices_and_passed_deadlines_call_for_attention(store: Store) -> None:
    with transaction(store.database):
        save_brands(store.database, TOLD_BRANDS)
    event(store, f"http://{SITE}/a?b=c")
    place(store, SITE, REGISTRAR)
    draft(store, rules())
    number = read_notices(store.database)[0].notice_id
    approve(store, [number], "ops", "sure")
    settle(store, number, "sent", at=now_ms() - 1000 * HOUR)
    late = {"kind": "overdue", "target": SITE, "brand": "qifu"}
    assert [{**row, "why_en": ""} for row in attention(store)] == [{**late, "why_en": ""}]
    answer(store, number, "bounced", "ops", "no such mailbox")
    kinds = {row["kind"]: row["why_en"] for row in attention(store)}
    assert kinds["bounced"] == f"notice {number} did not reach abuse@registrar.example: no such mailbox"
    assert set(kinds) == {"bounced", "overdue"}
    close(store, SITE, "us", "ops", "gone")
    assert attention(store) == []


def settle(store: Store, number: int, *types: str, at: int) -> None:
    with transaction(store.database):
        for type_ in ("sending", *types):
            log_event(store.database, number, Event(type_, at, "fanzha"))


RUN = "import sys; from flows.watch import probe; probe(db=sys.argv[1], vantages=sys.argv[2], loopback=True)"


def test_the_flow_sends_an_event_that_the_server_holds(
    closed: Store, world: tuple[World, Site], tmp_path: Path, prefect_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "v.toml").write_text(f'[[vantage]]\nname = "v"\nnetwork = "n"\ndns = ["{world[0].dns}"]\n', "utf-8")
    for name in [name for name in os.environ if name.startswith(("PREFECT_", "FANZHA_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PREFECT_HOME", str(prefect_home))
    monkeypatch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    with prefect_server() as api:
        monkeypatch.setenv("PREFECT_API_URL", api)
        for _ in range(2):  # the second round has nothing new to tell
            command = [sys.executable, "-c", RUN, str(closed.path), str(tmp_path / "v.toml")]
            subprocess.run(command, cwd=ROOT, check=True, timeout=120, capture_output=True)
        events = wait_for_events(api)
    assert [event["resource"]["prefect.resource.id"] for event in events] == ["fanzha.attack.qifu.dead.example"]
    assert events[0]["payload"]["why_en"].startswith("stands again after it was down")
    assert read_untold(closed.database) == []


def wait_for_events(api: str) -> list[dict[str, Any]]:
    body = json.dumps({"filter": {"event": {"name": [BACK]}}}).encode()
    for _ in range(60):
        asked = urllib.request.Request(f"{api}/events/filter", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            if events := json.load(answer)["events"]:
                return list(events)
        time.sleep(0.5)
    return []


def test_the_automation_in_the_docs_waits_for_that_event() -> None:
    text = (ROOT / "docs" / "takedowns.md").read_text("utf-8")
    declared = yaml.safe_load(text.partition("```yaml\n")[2].partition("```")[0])
    automation = AutomationCore.model_validate(declared)
    assert automation.trigger.type == "event"
    assert BACK in automation.trigger.expect
    assert automation.trigger.model_dump()["match"] == {"prefect.resource.id": "fanzha.attack.*"}
