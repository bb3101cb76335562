"""The demo's samples: served, labelled, readable by their declarations, and worth the figures that are expected."""

import bz2
import gzip
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit
from urllib.robotparser import RobotFileParser

import pytest

from analytics.normalise.records import normalise_rows
from db.errors import UnreadableFile
from db.kinds import KINDS
from flows.demo.server import CATALOGUE, serve_samples
from spiders.catalogue import Source, load_catalogue
from spiders.formats.registry import FORMATS
from tests.flows.demo_truth import count_demo
from tests.spiders.parsing import read

SAMPLES = CATALOGUE.with_name("samples")
FILES = sorted(path.relative_to(SAMPLES).as_posix() for path in SAMPLES.rglob("*") if path.is_file())
SOURCES = {source.name: source for source in load_catalogue(CATALOGUE)}
SUSPENDED = "demo-suspended"
BASE = "{FANZHA_DEMO_URL}/"


def documents(source: Source) -> list[Path]:
    """The files that a visit to the source brings: one, or the pages and events of a folder."""
    place = SAMPLES / source.url.removeprefix(BASE)
    return sorted(place.glob("*")) if place.is_dir() else [place]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serve_samples() as url:
        yield urlsplit(url).netloc


def get(server: str, address: str, headers: dict[str, str] | None = None) -> tuple[int, bytes, dict[str, str]]:
    connection = HTTPConnection(server, timeout=10)
    connection.request("GET", address, headers=headers or {})
    with connection.getresponse() as response:
        answer = response.status, response.read(), dict(response.getheaders())
    connection.close()
    return answer


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_each_source_says_what_it_is(source: Source) -> None:
    assert source.synthetic
    assert source.url.startswith(BASE)
    assert (source.publisher, source.licence) == ("fanzha demo", "Apache-2.0")
    assert "ynthetic" in source.title
    assert "合成" in source.title_zh


def test_every_format_and_every_kind_is_used() -> None:
    assert {source.format for source in SOURCES.values()} == set(FORMATS)
    assert {source.row_kind for source in SOURCES.values() if source.format == "table"} == set(KINDS)


def test_no_file_lies_there_unused() -> None:
    used = {path.relative_to(SAMPLES).as_posix() for source in SOURCES.values() for path in documents(source)}
    assert set(FILES) - used == {"robots.txt"}


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_labelled_synthetic(name: str) -> None:
    content = (SAMPLES / name).read_bytes()
    unpacked = {".bz2": bz2.decompress, ".gz": gzip.decompress}.get(Path(name).suffix, bytes)(content)
    assert Path(name).name.startswith("synthetic-") or b"ynthetic" in unpacked


def test_the_samples_stay_small() -> None:
    sizes = {name: (SAMPLES / name).stat().st_size for name in FILES}
    assert sum(sizes.values()) < 400_000
    assert all(size < 50_000 for name, size in sizes.items() if name.endswith((".parquet", ".xlsx")))


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_served_and_not_twice_to_who_has_it(server: str, name: str) -> None:
    status, body, headers = get(server, f"/{quote(name)}")
    assert (status, body) == (200, (SAMPLES / name).read_bytes())
    assert get(server, f"/{quote(name)}", {"If-None-Match": headers["ETag"]})[:2] == (304, b"")
    assert get(server, f"/{quote(name)}", {"If-None-Match": '"another"'})[0] == 200


def test_a_folder_answers_with_its_index(server: str) -> None:
    assert get(server, "/store/")[1] == (SAMPLES / "store/index.html").read_bytes()


def test_the_broken_source_answers_200_with_a_page(server: str) -> None:
    status, body, headers = get(server, SOURCES[SUSPENDED].url.removeprefix(BASE[:-1]))
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b"Account Suspended" in body


@pytest.mark.parametrize(
    "address", ["/../server.py", "/%2e%2e/server.py", "/store/../../sources.toml", "//etc/passwd", "/", "/nowhere.csv"]
)
def test_nothing_else_is_served(server: str, address: str) -> None:
    assert get(server, address)[:2] == (404, b"")


def test_robots_are_welcome(server: str) -> None:
    robots = RobotFileParser()
    robots.parse(get(server, "/robots.txt")[1].decode().splitlines())
    assert robots.can_fetch("fanzha", f"http://{server}/store/")


def test_the_server_is_gone_afterwards() -> None:
    with serve_samples() as url:
        server = urlsplit(url).netloc
        assert server.startswith("127.0.0.1:")
        assert get(server, "/robots.txt")[0] == 200
    with pytest.raises(ConnectionRefusedError):
        get(server, "/robots.txt")


@pytest.mark.parametrize("name", sorted(SOURCES.keys() - {SUSPENDED}))
def test_each_source_is_as_normal_as_it_declares(name: str) -> None:
    source = SOURCES[name]
    rows, rejected = 0, 0
    for path in documents(source):
        parsed = read(path.read_bytes(), source)
        normalised = normalise_rows(
            parsed.kind, parsed.rows, zone=source.zone, claim=source.yields.claim, key=b"synthetic" * 4
        )
        rows += parsed.total
        rejected += parsed.rejected.height + normalised.rejected.height
    assert source.normal.max_rows
    assert source.normal.min_rows <= rows <= source.normal.max_rows
    assert source.normal.min_rows / rows > 0.6  # about 80 % of what it has, as for a live source
    assert rejected <= rows * source.normal.max_rejected_share


def test_the_suspended_source_cannot_be_read() -> None:
    source = SOURCES[SUSPENDED]
    with pytest.raises(UnreadableFile):
        read(documents(source)[0].read_bytes(), source)


@pytest.mark.parametrize(
    ("name", "rejected"),
    [
        ("demo-phishtank", 1),
        ("demo-urlhaus", 1),
        ("demo-list", 1),
        ("demo-tweetfeed", 1),
        ("demo-company-sightings", 2),
        ("demo-company-url-checks", 1),
        ("demo-company-warnings", 3),
        ("demo-company-interventions", 1),
        ("demo-company-losses", 1),
        ("demo-company-attacks", 1),
    ],
)
def test_the_faulty_rows_are_the_ones_put_there(name: str, rejected: int) -> None:
    source = SOURCES[name]
    parsed = read(documents(source)[0].read_bytes(), source)
    normalised = normalise_rows(
        parsed.kind, parsed.rows, zone=source.zone, claim=source.yields.claim, key=b"synthetic" * 4
    )
    assert parsed.rejected.height + normalised.rejected.height == rejected


def test_the_figures_of_2024_by_a_second_count() -> None:
    assert count_demo(SAMPLES) == {
        "K01": 528,
        "K02": 20,
        "K03": 114,
        "K04": "1018914.30",
        "K05": 93,
        "K06": 24,
        "K07": 12,
        "K08": "26.67",
        "K09": "250.00",
        "K10": 54,
        "K11": 34,
        "K12": 20,
        "K13": "157.14",
        "K14": 20,
        "K15": "82.14",
        "K16": 8,
        "K17": 11,
        "K18": 9,
        "K19": 32,
        "K20": 47,
        "K21": 6,
        "K31": 6,
        "K32": 2,
        "K33": 13,
        "K34": "208006.68",
        "K35": 4,
        "K36": 2,
        "K37": 28,
        "K38": 50,
        "K39": 50,
        "K40": 17,
        "K41": "885538.25",
        "K42": 19,
        "K43": 12,
    }
