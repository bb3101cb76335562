"""Rounds of probes: what is visited and when, what is kept, what follows; on loopback, with real servers."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.brands import Brand
from db.connection import transaction
from db.errors import UsageError
from db.matches import save_brands
from db.probes import ProbeRow, ProbeSite, read_log, read_sites, save_probes, save_vantage
from db.store import Store, hold, now_ms, open_store
from db.verify import verify_store
from flows.probing import Probing, is_due, looking, probe_due, probe_on, rederive
from flows.rollup import follow_up
from spiders.probe.vantage import HERE, Vantage, load_vantages
from tests.flows.calls import Call
from tests.flows.test_ingest import make_source, take
from tests.flows.test_prefect import processes_with, wait_until
from tests.spiders.farm import Site, World, living
from tests.spiders.loopback import Asked, redirect, reply, stream

HOUR = 3_600_000
DAY = 24 * HOUR
LOGIN = "<title>奇富借条</title><form><input type=password name=pwd></form>".encode()
BRANDS = (
    Brand(id="qifu", names=("奇富借条",), domains=("qifu.com",), own=True, follow=True),
    Brand(id="demopay", names=("演示支付",), domains=("demopay.com",)),
)
EVENTS = {
    "format": "table",
    "yields": "events",
    "kind": "attack_event",
    "columns": {name: name for name in ("event_id", "occurred_at", "type", "address", "brand")},
}


def attack(
    store: Store, address: str, *, brand: str = "qifu", kind: str = "confirmation", synthetic: bool = False
) -> None:
    name = f"events-{'synthetic' if synthetic else 'real'}"
    source = make_source(name=name, synthetic=synthetic, **EVENTS)
    text = f"event_id,occurred_at,type,address,brand\n{kind}-{address},2026-01-01 00:00:00,{kind},{address},{brand}\n"
    take(store, source, text)


@pytest.fixture
def followed(store: Store) -> Store:
    with transaction(store.database):
        save_brands(store.database, BRANDS)
    return store


@pytest.fixture
def world() -> Iterator[tuple[World, Site]]:
    with living() as made:
        yield made


def add_site(store: Store, world: tuple[World, Site], name: str, body: bytes = LOGIN) -> str:
    names, site = world
    names.addresses[name] = (f"127.0.3.{len(names.addresses) + 1}",)
    site.answers[name] = reply(body, Content_Type="text/html; charset=utf-8")
    address = f"http://{name}:{site.server_address[1]}/login"
    attack(store, address)
    return address


def vantage(world: tuple[World, Site], network: str = "a") -> Vantage:
    return Vantage(name=f"v-{network}", network=network, dns=(world[0].dns,))


def rounds(store: Store, world: tuple[World, Site], *networks: str, now: int | None = None) -> Probing:
    follow_up(store)
    return probe_due(store, [vantage(world, network) for network in networks or "a"], loopback=True, now=now)


def one(store: Store, query: str) -> dict[str, object]:
    return next(store.database.query(query))


def test_a_round_keeps_what_it_found(followed: Store, world: tuple[World, Site]) -> None:
    address = add_site(followed, world, "live.example")
    done = rounds(followed, world)
    assert (done.open, done.due, dict(done.outcomes), done.missed) == (1, 1, {"up": 1}, 0)
    row = one(followed, "SELECT * FROM v_probes")
    seen = {
        name: row[name] for name in ("address", "state", "outcome", "reason", "network", "status", "title", "probes")
    }
    assert seen == {
        "address": address,
        "state": "up",
        "outcome": "up",
        "reason": "HTTP 200",
        "network": "a",
        "status": 200,
        "title": "奇富借条",
        "probes": 1,
    }
    digest = str(one(followed, "SELECT digest FROM page")["digest"])
    assert followed.landing.read(digest, is_encrypted=False) == LOGIN
    assert str(row["file"]) == f"{digest[:2]}/{digest}.z"
    assert verify_store(followed)[1] == []


def test_only_what_stands_open_is_visited(followed: Store, world: tuple[World, Site]) -> None:
    add_site(followed, world, "open.example")
    add_site(followed, world, "closed.example")
    attack(followed, "closed.example", kind="closure")
    attack(followed, "unfollowed.example", brand="demopay")
    attack(followed, "synthetic.example", synthetic=True)
    attack(followed, "both.example")
    take(followed, make_source(name="synthetic-list"), "both.example\n")
    follow_up(followed)
    assert [site.address.partition("//")[2].partition(":")[0] for site in read_sites(followed.database, now_ms())] == [
        "open.example"
    ]
    assert rounds(followed, world).due == 1
    assert {name for name in world[0].looked_up if not name.startswith("fz")} == {"open.example"}


def test_a_site_keeps_the_address_of_its_first_probe(followed: Store, world: tuple[World, Site]) -> None:
    address = add_site(followed, world, "live.example")
    rounds(followed, world)
    attack(followed, "http://live.example/later")
    follow_up(followed)
    assert [site.address for site in read_sites(followed.database, now_ms())] == [address]


def test_a_page_that_many_sites_show_is_kept_once(followed: Store, world: tuple[World, Site]) -> None:
    for number in range(3):
        add_site(followed, world, f"same{number}.example")
    assert rounds(followed, world, "a", "b").outcomes["up"] == 6
    assert one(followed, "SELECT count(*) AS pages FROM page") == {"pages": 1}


def earlier(store: Store, network: str, at: int, outcome: str = "content_gone") -> None:
    url_id = int(
        str(one(store, "SELECT url_id FROM url JOIN host USING (host_id) WHERE name = 'dead.example'")["url_id"])
    )
    row = ProbeRow(url_id, at, outcome, "HTTP 404", 404, "", None, "", "", 0, 1)
    with transaction(store.database):
        save_probes(store.database, store.terms, save_vantage(store.database, network, network), [row])


@pytest.mark.parametrize(("other", "state"), [("b", "down"), ("a", "down_unconfirmed")])
def test_down_takes_two_networks(followed: Store, world: tuple[World, Site], other: str, state: str) -> None:
    address = add_site(followed, world, "dead.example")
    world[1].answers["dead.example"] = reply(b"", 404)
    now = now_ms()
    earlier(followed, "a", now - 30 * HOUR)
    earlier(followed, other, now - 20 * HOUR)
    done = rounds(followed, world, "a")
    assert dict(done.states) == {state: 1}
    row = one(followed, "SELECT address, state, closure, down IS NULL AS not_down FROM v_probes")
    assert row == {"address": address, "state": state, "closure": "content_gone", "not_down": state != "down"}


def test_states_can_be_made_again_from_the_log(followed: Store, world: tuple[World, Site]) -> None:
    for number in range(4):
        add_site(followed, world, f"live{number}.example")
    rounds(followed, world, "a", "b")
    before = list(followed.database.query("SELECT * FROM probe_state"))
    followed.database.execute("UPDATE probe_state SET state = 'down', probes = 7")
    assert any("states are not those of its probes" in fault for fault in verify_store(followed)[1])
    assert rederive(followed) == 4
    assert list(followed.database.query("SELECT * FROM probe_state")) == before


def test_a_second_round_at_once_has_nothing_to_do(followed: Store, world: tuple[World, Site]) -> None:
    add_site(followed, world, "live.example")
    assert rounds(followed, world).due == 1
    assert rounds(followed, world).due == 0
    assert rounds(followed, world, now=now_ms() + 25 * HOUR).due == 1


def test_a_clock_that_was_ahead_does_not_end_the_visits(followed: Store, world: tuple[World, Site]) -> None:
    add_site(followed, world, "live.example")
    assert rounds(followed, world, now=now_ms() + 400 * DAY).due == 1
    assert rounds(followed, world).due == 1, "a probe of next year says nothing of today"
    assert rounds(followed, world).due == 0, "nor are sites asked anew each minute until then"
    assert rounds(followed, world, now=now_ms() + 25 * HOUR).due == 1
    assert verify_store(followed)[1] == []


DUE = {
    "never probed": (ProbeSite(1, "a", False, "", "", 0, None, None, None), True),
    "young, an hour ago": (ProbeSite(1, "a", False, "", "", 99 * DAY, "up", 99 * DAY, 100 * DAY - HOUR), True),
    "young, just now": (ProbeSite(1, "a", False, "", "", 99 * DAY, "up", 99 * DAY, 100 * DAY - HOUR + 1), False),
    "old, an hour ago": (ProbeSite(1, "a", False, "", "", 50 * DAY, "up", 50 * DAY, 100 * DAY - HOUR), False),
    "old, a day ago": (ProbeSite(1, "a", False, "", "", 50 * DAY, "up", 50 * DAY, 99 * DAY), True),
    "just closed": (ProbeSite(1, "a", False, "", "", 50 * DAY, "down", 99 * DAY, 100 * DAY - 4 * HOUR), True),
    "closed for long": (ProbeSite(1, "a", False, "", "", 0, "down", 90 * DAY, 100 * DAY - 4 * HOUR), False),
}


@pytest.mark.parametrize("case", DUE)
def test_the_rhythm_fits_the_state(case: str) -> None:
    site, expected = DUE[case]
    assert is_due(site, 100 * DAY) is expected


def test_rounds_follow_one_another_and_wait_for_who_else_is_at_it(
    followed: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    attack(followed, "http://127.0.0.1:9/x")
    follow_up(followed)
    pauses: list[float] = []
    other = hold(followed.path, "probe")
    other.__enter__()

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 1:
            other.__exit__(None, None, None)
        if len(pauses) == 2:
            attack(followed, "http://127.0.0.2:9/x")
            follow_up(followed)

    monkeypatch.setattr("flows.probing.time.sleep", pause)
    done = probe_on(followed, [HERE])
    assert [next(done).due, len(pauses)] == [1, 1]
    assert [next(done).due, len(pauses)] == [1, 2]


KILLED = """
import sys
from pathlib import Path
import flows.probing as probing
from db.store import open_store
from spiders.probe.vantage import Vantage
probing.BATCH = 20
real, calls = probing.save_states, 0
def dying(*arguments):
    global calls
    calls += 1
    if calls == 3:
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments)
probing.save_states = dying
with open_store(Path(sys.argv[1]), None) as store:
    probing.probe_due(store, [Vantage(name="v-a", network="a", dns=(sys.argv[2],))], loopback=True)
"""


def test_no_probe_is_lost_once_written(followed: Store, world: tuple[World, Site]) -> None:
    for number in range(60):
        add_site(followed, world, f"live{number}.example")
    follow_up(followed)
    root = Path(__file__).parent.parent.parent
    command = [sys.executable, "-c", KILLED, str(followed.path), world[0].dns]
    mark = f"FANZHA_TEST={followed.path}"
    environ = {**os.environ, "FANZHA_TEST": str(followed.path)}
    assert subprocess.run(command, cwd=root, env=environ, check=False).returncode == -9
    assert wait_until(lambda: not processes_with(mark)), "the probing child outlives its parent"
    log = read_log(followed.database)
    assert log.height == 40
    assert verify_store(followed)[1] == []
    assert rounds(followed, world).due == 20
    assert log.join(read_log(followed.database), on=log.columns, how="semi", nulls_equal=True).height == 40
    assert one(followed, "SELECT count(*) AS sites, sum(probes) AS probes FROM probe_state") == {
        "sites": 60,
        "probes": 60,
    }


def test_a_child_that_is_killed_is_replaced_and_what_it_left_is_missed(
    followed: Store, world: tuple[World, Site]
) -> None:
    add_site(followed, world, "live.example")
    killed: list[int] = []

    def kill(asked: Asked) -> None:
        if not killed:
            killed.extend(children())
            for child in killed:
                os.kill(child, signal.SIGKILL)
        reply(LOGIN)(asked)

    world[1].answers["live.example"] = kill
    follow_up(followed)
    with looking(followed, [vantage(world)], loopback=True) as lookout:
        first, second = lookout.round(), lookout.round()
    assert len(killed) == 1
    assert [(done.missed, done.outcomes.total()) for done in (first, second)] == [(1, 0), (0, 1)]


def children() -> list[int]:
    """The probing children of this process."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            is_child = b"spiders.probe.child" in path.read_bytes()
            if is_child and f"PPid:\t{os.getpid()}\n" in path.with_name("status").read_text():
                found.append(int(path.parent.name))
        except OSError:  # it ended meanwhile
            continue
    return found


def test_what_leads_to_the_brands_own_site_tells_nothing(followed: Store, world: tuple[World, Site]) -> None:
    add_site(followed, world, "clone.example")
    world[1].answers["clone.example"] = redirect("https://www.qifu.com/")
    assert dict(rounds(followed, world).outcomes) == {"unknown": 1}
    row = one(followed, "SELECT state, reason, final FROM v_probes")
    assert (row["state"], row["final"]) == ("unknown", "https://www.qifu.com/")
    assert str(row["reason"]).startswith("a redirect to the brand's own site")


def test_what_a_filtered_network_hides_is_blocked_not_down(followed: Store, world: tuple[World, Site]) -> None:
    address = add_site(followed, world, "live.example")
    with living() as (blind, _):
        filtered = vantage(world, "b").model_copy(update={"dns": (blind.dns,), "filtered": True})
        follow_up(followed)
        probe_due(followed, [vantage(world), filtered], loopback=True)
        row = one(followed, "SELECT address, state, outcome, blocked IS NOT NULL AS is_blocked FROM v_probes")
        assert row == {"address": address, "state": "up", "outcome": "blocked_only", "is_blocked": 1}
        with pytest.raises(UsageError, match="on record with filtered = true"):
            probe_due(
                followed, [filtered.model_copy(update={"filtered": False})], loopback=True, now=now_ms() + 25 * HOUR
            )


def test_another_page_on_a_closed_host_is_shown_apart(followed: Store, world: tuple[World, Site]) -> None:
    add_site(followed, world, "dead.example")
    start = now_ms() - 5 * DAY
    rounds(followed, world, now=start)
    for network, hours in (("a", 24), ("b", 30), ("a", 50)):
        earlier(followed, network, start + hours * HOUR)
    rederive(followed)
    stranger = "<title>山城花店</title><p>每日鲜花配送，生日花束，开业花篮".encode()
    world[1].answers["dead.example"] = reply(stranger, Content_Type="text/html; charset=utf-8")
    rounds(followed, world)
    query = "SELECT state, outcome, reopened, other_content IS NOT NULL AS is_other, back FROM v_probes"
    assert one(followed, query) == {"state": "down", "outcome": "up", "reopened": 0, "is_other": 1, "back": None}
    world[1].answers["dead.example"] = reply(LOGIN + b"<p>again", Content_Type="text/html; charset=utf-8")
    rounds(followed, world, now=now_ms() + 13 * HOUR)
    again = one(followed, "SELECT state, reopened, other_content, back IS NOT NULL AS is_back FROM v_probes")
    assert again == {"state": "up", "reopened": 1, "other_content": None, "is_back": 1}


def test_the_command_says_what_happened(call: Call, tmp_path: Path) -> None:
    assert call("probe", "--once") == (0, "0 of 0 open sites visited: nothing to do; 0 are down\n", "")
    with open_store(tmp_path / "fanzha.db", None) as store:
        with transaction(store.database):
            save_brands(store.database, BRANDS)
        attack(store, "http://127.0.0.1:9/x")
        follow_up(store)
    code, out, err = call("probe", "--once")
    assert (code, out, err) == (0, "1 of 1 open sites visited: 1 unknown; 0 are down\n", "")
    with open_store(tmp_path / "fanzha.db", None) as store, hold(store.path, "probe"):
        assert call("probe", "--once")[::2] == (
            1,
            f"fanzha: database {store.path}: another run is at probe just now; let it end, then run again\n",
        )
        assert one(store, "SELECT reason FROM v_probes") == {"reason": "refused: 127.0.0.1 is loopback"}


FAULTY = {
    "": "no [[vantage]] in it",
    "x = 1": "unknown key 'x'; the file holds [[vantage]] tables only",
    "[[vantage]]": "vantage: name: is missing",
    '[[vantage]]\nname = "a"\nnetwork = "n"\nproxy = "socks5://h:1"': "vantage: proxy: 'socks5://h:1' is no http://host:port",
    '[[vantage]]\nname = "a"\nnetwork = "n"\nfiltered = "x"': 'vantage: filtered: "x" is neither true nor false',
    '[[vantage]]\nname = "a"\nnetwork = "n"\nbind_address = "x"': "vantage: bind_address: 'x' does not appear to be an",
    '[[vantage]]\nname = "a"\nnetwork = "n"\ndns = ["1.1.1.1:0"]': "vantage: dns: '1.1.1.1:0' has no port",
    '[[vantage]]\nname = "a"\nnetwork = "n"\nnetworks = ["10.0.0.0/8"]': "vantage: networks are those",
    '[[vantage]]\nname = "a"\nnetwork = "n"\n[[vantage]]\nname = "a"\nnetwork = "m"': "a vantage's name stands twice",
    "[[vantage": "cannot be read as a file of vantage points",
}


@pytest.mark.parametrize("text", FAULTY)
def test_a_faulty_vantage_is_told_in_a_line(call: Call, tmp_path: Path, text: str) -> None:
    (tmp_path / "v.toml").write_text(text, "utf-8")
    code, _, err = call("probe", "--once", "--vantages", "v.toml")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith(f"fanzha: v.toml: {FAULTY[text]}")


def test_vantage_points_come_from_a_file(tmp_path: Path) -> None:
    assert load_vantages(None) == (HERE,)
    path = tmp_path / "v.toml"
    path.write_text(
        '[[vantage]]\nname = "p"\nnetwork = "n"\nproxy = "http://10.0.0.1:3128"\nnetworks = ["10.0.0.1/32"]\n'
    )
    assert [one.proxy for one in load_vantages(path)] == ["http://10.0.0.1:3128"]
    with pytest.raises(UsageError, match="cannot be read as a file of vantage points"):
        load_vantages(tmp_path / "none.toml")


def test_a_body_that_breaks_off_is_looked_at(followed: Store, world: tuple[World, Site]) -> None:
    add_site(followed, world, "broken.example")
    world[1].answers["broken.example"] = stream(LOGIN)
    assert dict(rounds(followed, world).outcomes) == {"up": 1}
