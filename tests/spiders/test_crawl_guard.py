import re
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from db.errors import SourceFailed
from spiders.catalogue import Store
from spiders.crawl import CrawlOutcome, CrawlRequest, resolve_url
from tests.spiders.crawling import GOOD, fetch, fetch_all, make_request, make_source
from tests.spiders.loopback import Server, redirect, reply, serving

# ---- the guard, end to end

DISGUISES = {
    "plain": "127.0.0.1",
    "integer": "2130706433",
    "hexadecimal": "0x7f.1",
    "octal": "017700000001",
    "short": "127.1",
    "mapped": "[::ffff:127.0.0.1]",
    "name": "localhost",
}


def disguised(server: Server) -> list[CrawlRequest]:
    server.answers["/feed"] = GOOD
    return [make_request(server.url("/feed", host), name) for name, host in DISGUISES.items()]


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, tuple[dict[str, CrawlOutcome], int]]:
    seen = {}
    for loopback in (False, True):
        with serving() as server:
            requests = [*disguised(server), make_request("http://[::1]:9/", "six")]
            outcomes = fetch_all(
                requests[: len(requests) - loopback], tmp_path_factory.mktemp("spool"), loopback=loopback
            )
            seen[loopback] = outcomes, len(server.asked)
    return seen


@pytest.mark.parametrize("name", [*DISGUISES, "six"])
def test_loopback_is_refused_in_every_disguise(
    name: str, inside: dict[bool, tuple[dict[str, CrawlOutcome], int]]
) -> None:
    outcomes, asked = inside[False]
    assert re.fullmatch(r"refused: (127\.0\.0\.1|::1|::ffff:127\.0\.0\.1) is loopback", outcomes[name].reason)
    assert asked == 0


@pytest.mark.parametrize("name", DISGUISES)
def test_the_argument_admits_loopback_and_shows_that_the_disguises_are_real(
    name: str, inside: dict[bool, tuple[dict[str, CrawlOutcome], int]]
) -> None:
    outcomes, _ = inside[True]
    assert outcomes[name].outcome == "fetched", outcomes[name].reason


def test_no_redirect_leads_into_the_networks_of_another_source(server: Server, spool: Path) -> None:
    server.answers |= {"/intern": GOOD, "/feed": redirect(server.url("/intern", "localhost"))}
    intern = make_request(server.url("/intern", "localhost"), "intern", networks=["10.0.0.0/8"])
    outcomes = fetch_all([intern, make_request(server.url("/feed"))], spool)
    assert outcomes["intern"].outcome == "fetched"
    assert outcomes["feed"].reason == "refused: a redirect from 127.0.0.1 into the network of localhost"


def test_a_declared_network_is_admitted_for_its_source_alone(spool: Path) -> None:
    mine = make_request("http://10.255.255.1:9/", "mine", networks=["10.255.255.0/24"], timeout_seconds=0.2)
    outcomes = fetch_all([mine, make_request("http://10.255.255.2:9/", "other")], spool, loopback=False)
    assert not outcomes["mine"].reason.startswith("refused")
    assert outcomes["other"].reason == "refused: 10.255.255.2 is private"


def test_a_proxy_in_the_environment_is_not_used(server: Server, spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answers["/feed"] = GOOD
    with serving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url(""))
        assert fetch(make_request(server.url("/feed")), spool).outcome == "fetched"
        assert proxy.asked == []


def test_nothing_but_http_is_fetched(spool: Path) -> None:
    urls = {
        "file": "file:///etc/passwd",
        "ftp": "ftp://127.0.0.1/x",
        "s3": "s3://bucket/x",
        "data": "data:text/plain,x",
    }
    requests = [CrawlRequest(make_source(name, "https://feed.example/"), url) for name, url in urls.items()]
    outcomes = fetch_all(requests, spool)
    assert {outcome.reason for outcome in outcomes.values()} == {"refused: only http and https are fetched"}
    assert outcomes.keys() == urls.keys()


def self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "synthetic.pem").write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return folder / "synthetic.pem"


def test_a_certificate_that_nobody_vouches_for_is_refused(server: Server, spool: Path, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    url = server.url("/feed", "localhost").replace("http:", "https:")
    assert fetch(make_request(url), spool).reason == "TLS: certificate verify failed"


# ---- keys


def test_an_address_takes_its_keys_from_the_environment() -> None:
    source = make_source("feed", "https://feed.example/{DEMO_KEY}/list", terms="register at feed.example")
    assert resolve_url(source, {"DEMO_KEY": "a/b c?"}) == "https://feed.example/a/b%20c%3F/list"
    for environ in ({}, {"DEMO_KEY": ""}):
        with pytest.raises(SourceFailed, match=r"^needs DEMO_KEY in the environment: register at feed\.example$"):
            resolve_url(source, environ)


def test_keys_are_shown_nowhere(server: Server, spool: Path, capfd: pytest.CaptureFixture[str]) -> None:
    key = "s3cret-k3y"
    server.answers = {
        f"/good/{key}": redirect(server.url("/target")),
        "/target": GOOD,
        f"/large/{key}": reply(b"x" * 1001),
        f"/nonsense/{key}": redirect(f"http://[{key}/"),
        f"/store/{key}/": reply(f'<a href="/store/{key}/2">2</a>'.encode()),
        f"/store/{key}/2": reply(b""),
        f"/fault/{key}": reply(b""),
    }
    store = {"format": "store", "store": Store(next="a::attr(href)")}
    fault = {"format": "store", "store": Store(next="undeclared|a")}
    paths: dict[str, dict[str, object]] = {
        "good": {},
        "large": {"max_bytes": 1000},
        "nonsense": {},
        "gone": {},
        "store": store,
        "fault": fault,
    }
    requests = []
    for name, declared in paths.items():
        template = server.url(f"/{name}/{{DEMO_KEY}}" + ("/" if name == "store" else ""))
        source = make_source(name, template, **declared)
        requests.append(CrawlRequest(source, resolve_url(source, {"DEMO_KEY": key})))
    outcomes = fetch_all(requests, spool)
    assert [document.name for document in outcomes["good"].documents] == [server.url("/good/{DEMO_KEY}")]
    assert [document.name for document in outcomes["store"].documents] == [
        server.url("/store/{DEMO_KEY}/"),
        server.url("/store/{DEMO_KEY}/2"),
    ]
    assert key not in repr(outcomes)
    assert key not in capfd.readouterr().err
    assert "Referer" not in next(headers for path, headers in server.asked if path == "/target")
