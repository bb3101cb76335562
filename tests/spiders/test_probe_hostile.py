"""Hostile sites, seen by a child for which they are the internet and this machine is not: recorded, none let in."""

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.vocabulary import Probed
from spiders.lifeline import running
from spiders.probe.asking import Finding, Target, probe
from spiders.probe.limits import PAGE_BYTES, VISIT_SECONDS
from spiders.probe.vantage import Vantage
from tests.spiders.farm import Site, World, living
from tests.spiders.hostile_sites import CASES, OFFICIAL, host_of, html, table
from tests.spiders.loopback import Answer, Asked, redirect

ROOT = Path(__file__).parent.parent.parent
OUTSIDE = "tests.spiders.outside"
GOOD = "good.example"


def with_port(answer: Answer, port: int) -> Answer:
    """An answer whose `{port}` is the server's."""

    def told(asked: Asked) -> None:
        write = asked.wfile.write
        asked.wfile.write = lambda part: write(bytes(part).replace(b"{port}", str(port).encode()))  # type: ignore[method-assign]
        answer(asked)

    return told


def build(world: World, site: Site) -> list[Target]:
    port = site.server_address[1]
    world.addresses |= {"inside.example": ("127.0.0.254",), "ring-b.example": ("127.1.2.1",), GOOD: ("127.1.2.2",)}
    site.answers |= {
        "inside.example": html(b"secret"),
        "ring-b.example": redirect(f"http://ring.example:{port}/"),
        GOOD: html(b"<title>good</title><p>still here"),
    }
    for number, (name, case) in enumerate(CASES.items(), 1):
        world.addresses[host_of(name)] = (f"127.1.1.{number}",)
        site.answers[host_of(name)] = with_port(case.answer, port)
    hosts = [*map(host_of, CASES), GOOD]
    return [Target(n, (f"http://{host}:{port}/",), official=OFFICIAL) for n, host in enumerate(hosts)]


Found = tuple[dict[str, Finding], Site, Path, float]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    spool = tmp_path_factory.mktemp("spool")
    with pytest.MonkeyPatch.context() as patch, living() as (world, site):
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setattr("spiders.probe.asking.running", lambda _: running(OUTSIDE))
        targets = build(world, site)
        began = time.monotonic()
        findings = {one.url_id: one for one in probe(targets, Vantage(name="v", network="n", dns=(world.dns,)), spool)}
        yield {name: findings[n] for n, name in enumerate([*CASES, "good"])}, site, spool, time.monotonic() - began


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_site_is_refused_or_bounded_and_recorded(found: Found, name: str) -> None:
    finding, case = found[0][name], CASES[name]
    assert (finding.outcome, finding.reason) == (case.outcome, case.reason)
    assert (finding.page.is_cut if finding.page else None) is case.is_cut
    assert finding.ms < VISIT_SECONDS * 1_000 + 2_000
    if finding.page:
        body = (found[2] / finding.page.digest).read_bytes()
        assert len(body) == finding.page.size <= PAGE_BYTES + 65_536
        assert not case.is_cut or (finding.page.title, finding.page.fields) == ("奇富借条", ("phone", "pwd"))
        assert hashlib.sha256(body).hexdigest() == finding.page.digest


def test_what_stands_inside_is_never_asked(found: Found) -> None:
    _, site, _, _ = found
    hosts = {path.partition("/")[0] for path, _ in site.asked}
    assert hosts == {*map(host_of, CASES), "ring-b.example", GOOD}


def test_hostile_sites_harm_no_other(found: Found) -> None:
    findings, _, _, seconds = found
    assert findings["good"].outcome is Probed.UP
    assert seconds < VISIT_SECONDS + 15


def test_the_table_in_the_docs_is_of_these_cases() -> None:
    assert table() in (ROOT / "docs" / "takedowns.md").read_text("utf-8")
