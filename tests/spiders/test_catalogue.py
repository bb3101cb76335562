import re
from datetime import datetime
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from db.errors import UsageError
from spiders.catalogue import FormatName, Source, _zones, check_catalogue, load_catalogue, stored_source
from spiders.crawl import resolve_url
from spiders.formats.registry import FORMATS

SHIPPED = load_catalogue()
LISTED = [
    "urlhaus",
    "openphish",
    "phishtank",
    "phishing-database-domains",
    "phishing-database-links",
    "phishunt",
    "tweetfeed",
    "tweetfeed-stix",
    "tweetfeed-misp",
    "polkadot-phishing",
    "cert-polska",
    "kadhosts",
    "circl-osint",
    "fdroid",
]
GOOD = """[[source]]
name = "feed"
title = "t"
publisher = "p"
licence = "l"
url = "https://feed.example/list"
format = "list"
yields = "malicious"
"""


def test_every_format_of_a_catalogue_is_registered() -> None:
    assert set(get_args(FormatName)) == set(FORMATS)


def test_the_live_sources_are_shipped() -> None:
    assert sorted(source.name for source in SHIPPED) == sorted(LISTED)


@pytest.mark.parametrize("source", SHIPPED, ids=lambda source: source.name)
def test_a_shipped_source_says_all_that_an_operator_needs(source: Source) -> None:
    assert source.format in FORMATS
    assert source.terms
    assert re.search(r"[\u4e00-\u9fff]", source.title_zh)
    assert source.url.startswith("https://")
    assert not source.synthetic
    assert source.normal.max_age_hours
    assert source.normal.max_rows
    assert 1 <= source.normal.min_rows < source.normal.max_rows
    assert source.normal.max_rejected_share <= 0.05
    assert not source.networks


@pytest.mark.parametrize("source", SHIPPED, ids=lambda source: source.name)
def test_a_shipped_schedule_is_a_cron_expression_off_the_full_hour(source: Source) -> None:
    minute, hour, *rest = source.schedule.split()
    assert rest == ["*", "*", "*"]
    assert 0 < int(minute) < 60
    assert re.fullmatch(r"\*/([2-9]|1[0-9])|1?[0-9]|2[0-3]", hour)


def test_shipped_schedules_do_not_start_together() -> None:
    minutes = [source.schedule.split()[0] for source in SHIPPED if source.enabled]
    assert len(set(minutes)) == len(minutes)


def test_only_people_verify() -> None:
    assert {source.name for source in SHIPPED if source.verified} == {"phishtank", "cert-polska"}


def test_keys_come_from_the_environment() -> None:
    needing = {source.name for source in SHIPPED if "{" in source.url}
    assert needing == {"phishtank"}
    (phishtank,) = (source for source in SHIPPED if source.name == "phishtank")
    assert "/abc/" in resolve_url(phishtank, {"PHISHTANK_KEY": "abc"})


TABLE = 'format = "table"\nkind = "sighting"\n'
TABLE_OF_CHECKS = (
    GOOD.replace('format = "list"\n', TABLE.replace("sighting", "url_check"))
    + 'columns = { address = "a", result = "r" }\n'
)
FAULTS = {
    "unknown key": (GOOD + 'colour = "red"\n', "colour: is no key here; leave it out, or write one of name, title"),
    "nearest key": (GOOD + "normal = { min_row = 1 }\n", "normal.min_row: is no key here; did you mean min_rows?"),
    "zone": (GOOD + 'zone = "Mars/Olympus"\n', "zone: no time zone 'Mars/Olympus'"),
    **{
        f"zone {zone}": (GOOD + f'zone = "{zone}"\n', f"zone: no time zone {zone!r}; give one of IANA's names")
        for zone in (
            "localtime",
            "Factory",
            "posixrules",
            "posix/Asia/Shanghai",
            "right/UTC",
            "tzdata.zi",
            "Asia",
            "asia/shanghai",
            "/etc/localtime",
            "../zoneinfo/UTC",
            "Asia/../UTC",
            "",
        )
    },
    **{
        f"network {network}": (GOOD + f'networks = ["10.0.0.0/8", "{network}"]\n', f"networks: {network} is not within")
        for network in ("0.0.0.0/0", "::/0", "169.254.0.0/16", "127.0.0.0/8", "8.8.8.0/24", "224.0.0.0/4", "fe80::/10")
    },
    **{
        f"url {url}": (GOOD.replace("https://feed.example/list", url), "url: ")
        for url in ("https://", "https://[", "https://x:99999/", "http://x:port/")
    },
    **{
        f"path {path}": (GOOD.replace('url = "https://feed.example/list"', f'path = "{path}"'), "names no file, folder")
        for path in (".", "/", "a\\u0000b")
    },
    "constant subject": (TABLE_OF_CHECKS + 'constants = { actor = "staff", subject = "x" }\n', "makes all persons one"),
    "constant event": (
        TABLE_OF_CHECKS + 'constants = { actor = "staff", event_id = "x" }\n',
        "makes all rows one event",
    ),
    "column and constant": (
        TABLE_OF_CHECKS + 'constants = { actor = "staff", result = "benign" }\n',
        "'result' has a column and a constant",
    ),
    "encoding": (GOOD + 'encoding = "utf-7x"\n', "encoding: no encoding 'utf-7x'"),
    "format": (GOOD.replace('"list"\n', '"rss"\n'), "format: \"rss\" is none of 'phishtank', 'urlhaus'"),
    "yields": (GOOD.replace('"malicious"', '"evil"'), "yields: \"evil\" is none of 'malicious'"),
    "url and path": (GOOD + 'path = "list.txt"\n', "give either url or path"),
    "neither": (GOOD.replace('url = "https://feed.example/list"\n', ""), "give either url or path"),
    "name": (GOOD.replace('"feed"', '"Feed 1"'), "name: a name is a-z, 0-9 and hyphens, at most 64"),
    "no licence": (GOOD.replace('licence = "l"\n', ""), "licence: is missing"),
    "minimum": (GOOD + "normal = { min_rows = -1 }\n", "normal.min_rows: -1 is too small; write 0 or more"),
    "no table column": (
        GOOD.replace('format = "list"\n', TABLE.replace("sighting", "warning")) + 'columns = { sink = "to" }\n',
        "warning needs a column for 'stage'",
    ),
    "no such field": (
        GOOD.replace('format = "list"\n', TABLE) + 'columns = { address = "a", colour = "c" }\n',
        "sighting has no field 'colour'; it has address, published",
    ),
    "no such kind": (
        GOOD.replace('format = "list"\n', TABLE.replace("sighting", "rumour")),
        "kind 'rumour' is none of sighting, url_check",
    ),
    "columns without table": (GOOD + 'columns = { address = "a" }\n', "belong to format table"),
    "scheme": (GOOD.replace("https://feed.example/list", "file:///list"), "url: 'file:///list' is no http or https"),
    "network": (GOOD + 'networks = ["10.0.0.0/99"]\n', 'networks: "10.0.0.0/99" is no IPv4 or IPv6 network'),
    "delimiter": (GOOD + 'delimiter = "::"\n', 'delimiter: "::" is too long; write 1 or fewer characters'),
    "selector": (
        GOOD.replace('"list"\n', '"store"\n') + 'store = { next = "a[[[" }\n',
        "store.next: 'a[[[' is no CSS selector",
    ),
    "store field": (
        GOOD.replace('"list"\n', '"store"\n') + 'store = { fields = { colour = "a" } }\n',
        "store.fields: an app has no field 'colour'",
    ),
    "store without selectors": (
        GOOD.replace('"list"\n', '"store"\n'),
        "format store and [source.store] belong together",
    ),
}


def write(folder: Path, text: str) -> Path:
    path = folder / "sources.toml"
    path.write_text("# synthetic\n\n" + text, "utf-8")
    return path


@pytest.mark.parametrize(("text", "told"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_in_one_line_with_its_place(text: str, told: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    _, faults = check_catalogue(path)
    (fault,) = faults
    assert fault.startswith(f"{path}:3: source ")
    assert told in fault
    assert "\n" not in fault
    with pytest.raises(UsageError, match=re.escape(fault)):
        load_catalogue(path)


def test_a_name_that_stands_twice_is_told_where_it_stands_again(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + "\n" + GOOD)
    _, faults = check_catalogue(path)
    assert faults == [f"{path}:12: source 'feed': the name stands twice"]


def test_every_fault_is_told_and_good_sources_are_read(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("feed", "bad") + 'zone = "X"\ncolour = "red"\n' + GOOD + 'a = "b"\n')
    sources, faults = check_catalogue(path)
    assert sources == ()
    assert [fault.partition(": ")[0] for fault in faults] == [f"{path}:3", f"{path}:3", f"{path}:13"]
    sources, faults = check_catalogue(write(tmp_path, GOOD))
    assert (len(sources), faults) == (1, [])


@pytest.mark.parametrize(
    "text",
    [
        "[[source]\n",
        "\0",
        'name = "top level"\n',
        "",
        GOOD.replace("[[source]]", "[source]"),
        "source = []\n",
        'source = "x"\n',
        "source = [1]\n",
        'source = [["name", "x"]]\n',
        pytest.param(GOOD + "\0", id="NUL"),
        pytest.param("x = " + "[" * 100_000, id="deep arrays"),
        pytest.param("x = " + "{a=" * 100_000, id="deep tables"),
        pytest.param("x = 1" + "0" * 10_000, id="an endless number"),
        pytest.param("#" * (17 << 20), id="17 MB"),
        pytest.param(GOOD.replace("\n", "\r"), id="carriage returns"),
    ],
)
def test_what_is_no_catalogue_is_told_so(text: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    with pytest.raises(UsageError, match=re.escape(str(path))) as raised:
        load_catalogue(path)
    assert "\n" not in str(raised.value)


def test_a_catalogue_that_is_not_there_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read as a catalogue"):
        load_catalogue(tmp_path / "none.toml")


def test_single_brackets_are_told_as_such(tmp_path: Path) -> None:
    _, faults = check_catalogue(write(tmp_path, GOOD.replace("[[source]]", "[source]")))
    assert [fault.partition(": ")[2] for fault in faults] == [
        "'source' is no list of tables; head each source with [[source]], not [source]"
    ]


def test_a_place_is_right_whatever_stands_beside_the_header(tmp_path: Path) -> None:
    bad = GOOD.replace("[[source]]", " [[ source ]]  # the second") + 'colour = "red"\n'
    path = write(tmp_path, GOOD + bad.replace("feed", "other"))
    assert [fault.partition(": ")[0] for fault in check_catalogue(path)[1]] == [f"{path}:11"]


def test_every_zone_that_is_accepted_is_one_that_times_can_be_read_in() -> None:
    midnight = pl.Series([datetime(2024, 1, 1)])  # noqa: DTZ001 - naive on purpose
    for zone in _zones():
        assert midnight.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").len() == 1
        assert ZoneInfo(zone).key == zone


def test_a_stored_declaration_that_is_refused_now_is_told_so_in_one_line() -> None:
    stored = SHIPPED[0].model_dump_json()
    assert stored_source(stored) == SHIPPED[0]
    with pytest.raises(
        UsageError, match="'phishtank': its stored declaration is refused: zone: no time zone"
    ) as raised:
        stored_source(stored.replace('"zone":"UTC"', '"zone":"localtime"'))
    assert "\n" not in str(raised.value)
