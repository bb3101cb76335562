"""Probes of a world on loopback: what each kind of site is found to be, and that none of them harms the others."""

import hashlib
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from db.vocabulary import Probed
from spiders.guard import refusal
from spiders.probe.asking import Finding, Target, probe
from spiders.probe.limits import PAGE_BYTES
from spiders.probe.pages import read_page
from spiders.probe.signs import judge
from spiders.probe.vantage import Vantage
from tests.spiders.farm import Site, World, living
from tests.spiders.loopback import Answer, Asked, redirect, reply
from tests.spiders.test_crawl_guard import self_signed

LOGIN = (
    "<title>奇富借条</title><form><input name=phone><input type=password name=pwd></form><p>请登录后继续</p>".encode()
)
SUSPENDED = b"<title>Account Suspended</title><p>This account has been suspended.</p>"
PARKED = "<title>welcome</title><p>该域名正在出售 · Buy this domain</p>".encode()
BARE = b"<title>parked-by-servers.example</title>"
MAIL = b"<form><input name=mail type=email></form>"
APP = "<title>奇富借条</title><div id=app></div><script src=app.js></script>".encode()


def html(body: bytes) -> Answer:
    return reply(body, Content_Type="text/html; charset=utf-8")


def drip(asked: Asked) -> None:
    """A login page, then a byte now and then, without end."""
    asked.send_response(200)
    asked.send_header("Content-Type", "text/html")
    asked.end_headers()
    asked.wfile.write(LOGIN)
    while True:
        asked.wfile.write(b" ")
        time.sleep(0.2)


def never(_: Asked) -> None:
    time.sleep(12)


SITES: dict[str, tuple[Answer, Probed, str]] = {
    "live": (html(LOGIN), Probed.UP, "HTTP 200"),
    "moved": (redirect("http://live.example:{port}/"), Probed.UP, "HTTP 200"),
    "gone": (reply(b"not here", 404), Probed.CONTENT_GONE, "HTTP 404"),
    "busy": (reply(b"try later", 503), Probed.UNKNOWN, "HTTP 503"),
    "forbidden": (reply(b"no", 403), Probed.UNKNOWN, "HTTP 403"),
    "empty": (reply(b"", 200), Probed.UNKNOWN, "an empty page"),
    "suspended": (html(SUSPENDED), Probed.SUSPENDED_PAGE, "the page says 'account suspended'"),
    "parked": (html(PARKED), Probed.PARKED, "the page says 'buy this domain'"),
    "parked-by-servers": (
        html(BARE),
        Probed.PARKED,
        "a page without content on a parking network's name servers",
    ),
    "login-on-parking-servers": (html(LOGIN), Probed.UP, "HTTP 200"),
    "speaks-of-suspension": (html(b"<p>account suspended? " + b"word " * 1000), Probed.UP, "HTTP 200"),
    "login-under-404": (reply(LOGIN, 404, Content_Type="text/html"), Probed.UP, "HTTP 404"),
    "login-under-500": (reply(LOGIN, 500, Content_Type="text/html"), Probed.UP, "HTTP 500"),
    "asks-under-404": (reply(MAIL, 404, Content_Type="text/html"), Probed.UP, "HTTP 404"),
    "searches-under-404": (
        reply(b"not here <form><input name=s><input type=submit></form>", 404, Content_Type="text/html"),
        Probed.CONTENT_GONE,
        "HTTP 404",
    ),
    "asks-as-if-suspended": (html(b"Your account has been suspended" + MAIL), Probed.UP, "HTTP 200"),
    "asks-for-an-offer": (html(PARKED + MAIL), Probed.PARKED, "the page says 'buy this domain'"),
    "app-on-parking-servers": (html(APP), Probed.UP, "HTTP 200"),
    "drip": (drip, Probed.UP, "HTTP 200"),
    "silent": (never, Probed.UNKNOWN, "no answer within 8 s"),
    "chain": (redirect("/"), Probed.UNKNOWN, "more than 10 redirects"),
    "to-no-name": (redirect("http://no-name.example/"), Probed.UNKNOWN, "a redirect to a name with no address"),
}
OTHERS: dict[str, tuple[Probed, str]] = {
    "no-name": (Probed.DNS_FAILURE, "the name has no address"),
    "dumb": (Probed.UNKNOWN, "the name servers do not answer"),
    "private": (Probed.UNKNOWN, "refused: 10.0.0.1 is private"),
    "closed": (Probed.CONNECTION_REFUSED, "the connection is refused"),
    "wild": (Probed.DNS_FAILURE, "every name under wild has this address"),
    "tls-to-plain": (Probed.UNKNOWN, "TLS: wrong version number"),
    "no-domain": (Probed.DNS_FAILURE, "the domain does not exist"),
    "too-long": (Probed.UNKNOWN, "the name servers do not answer"),
}


def build(world: World, site: Site) -> list[Target]:
    port = site.server_address[1]
    targets = []
    for number, (name, (answer, _, _)) in enumerate(SITES.items(), 1):
        world.addresses[f"{name}.example"] = (f"127.0.1.{number}",)
        site.answers[f"{name}.example"] = answer
        targets.append(Target(number, (f"http://{name}.example:{port}/",), f"{name}.example"))
    site.answers["moved.example"] = redirect(f"http://live.example:{port}/")
    for name in ("parked-by-servers.example", "login-on-parking-servers.example", "app-on-parking-servers.example"):
        world.name_servers[name] = ("ns1.bodis.com",)
    world.silent.add("dumb.example")
    world.addresses |= {"private.example": ("10.0.0.1",), "closed.example": ("127.0.1.200",)}
    world.name_servers["there.example"] = ("ns.there.example",)
    world.addresses["tls-to-plain.example"] = ("127.0.1.202",)
    world.wildcards["wild"] = ("127.0.1.203",)
    site.answers["gone-or-not.wild"] = html(LOGIN)
    urls = {
        "no-name": f"http://no-name.there.example:{port}/",
        "dumb": f"http://dumb.example:{port}/",
        "private": f"http://private.example:{port}/",
        "closed": "http://closed.example:9/",
        "wild": f"http://gone-or-not.wild:{port}/",
        "tls-to-plain": f"https://tls-to-plain.example:{port}/",
        "no-domain": f"http://www.never.example:{port}/",
        "too-long": f"http://{'l' * 64}.example:{port}/",
    }
    domains = {"no-name": "there.example", "no-domain": "never.example"}
    others = [
        Target(1000 + n, (url,), domains.get(name, ""), "wild" if name == "wild" else "")
        for n, (name, url) in enumerate(urls.items())
    ]
    return targets + others


def probe_all(targets: list[Target], world: World, spool: Path, *, loopback: bool = True) -> dict[int, Finding]:
    vantage = Vantage(name="test", network="AS1", dns=(world.dns,))
    return {finding.url_id: finding for finding in probe(targets, vantage, spool, loopback=loopback)}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Finding], World, Site, Path]:
    spool = tmp_path_factory.mktemp("spool")
    with living() as (world, site):
        findings = probe_all(build(world, site), world, spool)
    names = {**dict(enumerate(SITES, 1)), **dict(enumerate(OTHERS, 1000))}
    return {names[url_id]: finding for url_id, finding in findings.items()}, world, site, spool


Found = tuple[dict[str, Finding], World, Site, Path]


@pytest.mark.parametrize("name", [*SITES, *OTHERS])
def test_each_site_is_found_to_be_what_it_is(found: Found, name: str) -> None:
    expected = SITES[name][1:] if name in SITES else OTHERS[name]
    assert (found[0][name].outcome, found[0][name].reason) == expected


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        (("103.224.182.7",), (Probed.PARKED, "the address is a parking network's")),
        (("103.224.182.7", "9.9.9.9"), (Probed.UP, "HTTP 200")),
        ((), (Probed.UP, "HTTP 200")),
    ],
)
def test_a_parking_address_beside_another_parks_nothing(
    addresses: tuple[str, ...], expected: tuple[Probed, str]
) -> None:
    assert judge(200, read_page(APP, "http://a.example/", "text/html"), addresses, ()) == expected


@pytest.mark.parametrize("name", SITES)
def test_no_site_is_taken_beyond_the_limits(found: Found, name: str) -> None:
    findings, _, _, spool = found
    page = findings[name].page
    if page:
        body = (spool / page.digest).read_bytes()
        assert (len(body), hashlib.sha256(body).hexdigest()) == (page.size, page.digest)
        assert page.size <= PAGE_BYTES + 65_536
    assert findings[name].ms < 40_000


@pytest.mark.parametrize(("name", "is_cut"), [("live", False), ("drip", True)])
def test_what_is_cut_is_said_to_be(found: Found, name: str, is_cut: bool) -> None:
    page = found[0][name].page
    assert page is not None
    assert page.is_cut is is_cut
    assert (page.title, page.fields) == ("奇富借条", ("phone", "pwd"))


def test_a_finding_holds_what_the_page_shows(found: Found) -> None:
    live, moved = found[0]["live"], found[0]["moved"]
    assert live.page is not None
    assert live.page.simhash != 0
    assert (live.status, live.final, live.favicon != "") == (200, "", True)
    assert moved.final.startswith("http://live.example:")
    assert moved.page == live.page


def test_what_is_refused_is_never_asked(found: Found) -> None:
    _, world, site, _ = found
    assert not any("private" in path for path, _ in site.asked if path.startswith("private"))
    assert sum(path.startswith("chain.example") for path, _ in site.asked) == 11
    assert all(name.endswith((".example", ".wild", "invalid")) for name in world.looked_up)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "inside.example"])
def test_this_machine_is_refused_without_permission(host: str, tmp_path: Path) -> None:
    with living() as (world, site):
        world.addresses["inside.example"] = ("127.0.0.1",)
        target = Target(1, (f"http://{host}:{site.server_address[1]}/",))
        finding = probe_all([target], world, tmp_path, loopback=False)[1]
        assert finding.outcome is Probed.UNKNOWN
        assert finding.reason.startswith("refused: ")
        assert finding.reason.endswith("is loopback")
        assert site.asked == []


def test_a_name_that_turns_private_is_refused_when_it_does(tmp_path: Path) -> None:
    assert refusal("10.0.0.1", loopback=True) == "10.0.0.1 is private"
    with living() as (world, site):
        site.answers["turns.example"] = html(LOGIN)
        world.turns["turns.example"] = [("127.0.0.9",), ("10.0.0.1",)]
        target = Target(1, (f"http://turns.example:{site.server_address[1]}/",))
        first, second = (probe_all([target], world, tmp_path)[1] for _ in range(2))
        assert first.outcome is Probed.UP
        assert (second.outcome, second.reason) == (Probed.UNKNOWN, "refused: 10.0.0.1 is private")


def test_a_bad_certificate_is_up_and_on_record(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pem = self_signed(tmp_path)
    context.load_cert_chain(pem)
    der = ssl.PEM_cert_to_DER_cert(pem.read_text()[pem.read_text().index("-----BEGIN CERT") :])
    with living(context) as (world, site):
        site.answers["secure.example"] = html(LOGIN)
        world.addresses["secure.example"] = ("127.0.0.8",)
        finding = probe_all([Target(1, (f"https://secure.example:{site.server_address[1]}/",))], world, tmp_path)[1]
    assert (finding.outcome, finding.certificate) == (Probed.UP, hashlib.sha256(der).hexdigest())


def test_the_second_address_is_tried_where_the_first_refuses(tmp_path: Path) -> None:
    with living() as (world, site):
        site.answers["two.example"] = html(LOGIN)
        world.addresses["two.example"] = ("127.0.0.7",)
        addresses = ("http://two.example:9/", f"http://two.example:{site.server_address[1]}/")
        assert probe_all([Target(1, addresses)], world, tmp_path)[1].outcome is Probed.UP


def test_a_site_with_an_ipv6_address_alone_is_visited(tmp_path: Path) -> None:
    try:
        site = Site("::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    with living(site=site) as (world, _):
        site.answers["six.example"] = html(LOGIN)
        world.addresses["six.example"] = ("::1",)
        finding = probe_all([Target(1, (f"http://six.example:{site.server_address[1]}/",))], world, tmp_path)[1]
    assert (finding.outcome, finding.reason) == (Probed.UP, "HTTP 200")


def test_a_vantage_point_looks_from_its_own_address(tmp_path: Path) -> None:
    seen: list[str] = []

    def who(asked: Asked) -> None:
        seen.append(asked.client_address[0])
        html(LOGIN)(asked)

    with living() as (world, site):
        site.answers["who.example"] = who
        world.addresses["who.example"] = ("127.0.0.7",)
        target = Target(1, (f"http://who.example:{site.server_address[1]}/",))
        for address in ("127.0.0.51", "127.0.0.52"):
            vantage = Vantage(name="v", network="n", bind_address=address, dns=(world.dns,))
            assert [one.outcome for one in probe([target], vantage, tmp_path, loopback=True)] == [Probed.UP]
    assert set(seen) == {"127.0.0.51", "127.0.0.52"}


def test_a_proxy_is_asked_instead_and_what_it_refuses_is_unknown(tmp_path: Path) -> None:
    with living() as (world, site):
        site.answers["far.example"] = html(LOGIN)
        world.addresses["far.example"] = ("127.0.0.6",)
        targets = [
            Target(1, ("http://far.example/login",)),
            Target(2, ("http://no-name.example/",)),
            Target(3, ("http://10.0.0.1/",)),
        ]
        for port, expected in ((site.server_address[1], Probed.UP), (9, Probed.UNKNOWN)):
            vantage = Vantage(name="v", network="n", proxy=f"http://127.0.0.1:{port}", dns=(world.dns,))
            findings = {one.url_id: one for one in probe(targets, vantage, tmp_path, loopback=True)}
            assert {url_id: one.outcome for url_id, one in findings.items()} == {
                1: expected,
                2: Probed.DNS_FAILURE,
                3: Probed.UNKNOWN,
            }
            assert findings[3].reason == "refused: 10.0.0.1 is private"
    assert {path for path, _ in site.asked} == {
        "far.examplehttp://far.example/login",
        "far.examplehttp://far.example/favicon.ico",
    }


def test_what_criminals_send_is_not_told_to_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    names = [name for name in SITES if name not in {"silent", "drip"}]
    with living() as (world, site):
        targets = build(world, site)
        probe_all([targets[list(SITES).index(name)] for name in names], world, tmp_path)
    assert capfd.readouterr().err == ""


def test_a_slow_site_holds_no_other(tmp_path: Path) -> None:
    order: list[str] = []
    note: Callable[[str], None] = order.append
    with living() as (world, site):
        port = site.server_address[1]
        site.answers["slow.example"] = drip
        world.addresses["slow.example"] = ("127.0.0.2",)
        for number in range(200):
            world.addresses[f"q{number}.example"] = (f"127.0.2.{number + 1}",)
            site.answers[f"q{number}.example"] = html(LOGIN)
        names = ["slow", *(f"q{number}" for number in range(200))]
        targets = [Target(n, (f"http://{name}.example:{port}/",)) for n, name in enumerate(names)]
        for url_id in probe_all(targets, world, tmp_path):
            note(names[url_id])
    assert len(order) == 201
    assert order[-1] == "slow"
