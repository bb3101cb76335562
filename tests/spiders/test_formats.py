"""Every format on synthetic samples in its published layout, and what holds for all of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.errors import UnreadableFile
from spiders.catalogue import Source
from spiders.formats.parsed import Parsed
from spiders.formats.registry import FORMATS
from spiders.formats.text import refuse_html
from tests.spiders.parsing import read

SAMPLES = Path(__file__).parent / "samples"
MAPPED: Mapping[str, Any] = {
    "kind": "loss",
    "columns": {"event_id": "编号", "type": "类型", "amount": "金额", "occurred_at": "时间"},
    "values": {"type": {"预估": "assessed", "已发生": "realised"}},
    "constants": {"episode": "one", "is_test": "true"},
}
STORE = {"app": ".app", "fields": {"name": ".name::text", "package": "::attr(data-package)"}}
EXTRA: Mapping[str, Mapping[str, Any]] = {"table": MAPPED, "store": {"store": STORE}}


def source(name: str, **declared: object) -> Source:
    common = {"name": "made-up", "title": "Made up", "publisher": "us", "licence": "CC0-1.0", "path": "made-up"}
    return Source.model_validate({**common, "format": name, "yields": "malicious", **EXTRA.get(name, {}), **declared})


def sample(file: str, **declared: object) -> Parsed:
    name = next(name for name in FORMATS if name in file)
    return read((SAMPLES / file).read_bytes(), source(name, **declared))


TOTALS = {
    # file: rows, rejected, ignored
    "synthetic-phishtank.csv": (2, 1, 0),
    "synthetic-phishtank-targets.csv": (3, 0, 0),
    "synthetic-phishtank.json": (2, 8, 0),
    "urlhaus.csv": (4, 1, 0),
    "synthetic-urlhaus-bare.csv": (1, 0, 0),
    "list.txt": (5, 2, 2),
    "hosts.txt": (4, 3, 6),
    "adblock.txt": (10, 2, 7),
    "synthetic-tweetfeed.csv": (2, 3, 3),
    "synthetic-phishunt.csv": (2, 0, 0),
    "synthetic-phishunt.json": (2, 1, 0),
    "synthetic-polkadot.json": (5, 2, 0),
    "synthetic-misp-event.json": (4, 3, 4),
    "synthetic-misp-manifest.json": (0, 0, 0),
    "synthetic-stix-bundle.json": (8, 4, 6),
    "synthetic-stix-envelope.json": (1, 0, 0),
    "synthetic-fdroid-v1.json": (3, 3, 0),
    "synthetic-fdroid-v2.json": (3, 2, 0),
    "synthetic-table.csv": (3, 1, 0),
}

ROWS: Mapping[str, list[dict[str, Any]]] = {
    "synthetic-phishtank.csv": [
        {"position": 2, "address": "https://qifu-login-demo.example/", "published": "2024-03-22T20:40:23+00:00"},
        {"position": 3, "address": "https://360jietiao.example/a?b=c", "brand": None, "claim": None},
    ],
    "synthetic-phishtank-targets.csv": [
        {"position": 2, "brand": "PayPal", "claim": None},
        {"position": 3, "address": "https://comma.example/?a=1,2", "brand": None, "claim": None},
        {"position": 4, "address": 'https://quote.example/?q="x"', "brand": "Standard Bank, Ltd.", "claim": "none"},
    ],
    "synthetic-phishtank.json": [
        {"position": 1, "address": "http://aol-demo.example/reserve/", "brand": "AOL", "claim": None},
        {"position": 3, "address": "http://unverified.example/", "published": None, "brand": None, "claim": "none"},
    ],
    "urlhaus.csv": [
        {"position": 9, "address": "http://198.51.100.7:60905/bin.sh", "published": "2025-04-21 12:35:06"},
        {"position": 10, "address": 'http://quote.example/?a="b"'},
        {"position": 11, "address": "http://newline.example/x"},
        {"position": 14, "address": "http://behind.example/y"},
    ],
    "synthetic-urlhaus-bare.csv": [{"position": 2, "address": "http://bare.example/"}],
    "list.txt": [
        {"position": 5, "address": "https://qifu-login-demo.example/a#fragment"},
        {"position": 6, "address": "evil.example"},
        {"position": 7, "address": "hxxp://defanged[.]example/x"},
        {"position": 9, "address": "奇富.example"},
        {"position": 14, "address": "last.example"},
    ],
    "hosts.txt": [
        {"position": 7, "address": "one.example"},
        {"position": 8, "address": "two.example"},
        {"position": 8, "address": "three.example"},
        {"position": 9, "address": "four.example"},
    ],
    "adblock.txt": [
        {"position": 4, "address": "one.example"},
        {"position": 5, "address": "two.example"},
        {"position": 6, "address": "three.example/path/login"},
        {"position": 7, "address": "four.example/path"},
        {"position": 8, "address": "http://five.example/x"},
        {"position": 9, "address": "https://six.example"},
        {"position": 10, "address": "https://seven.example/y"},
        {"position": 11, "address": "eight.example"},
        {"position": 12, "address": "nine.example"},
        {"position": 13, "address": "192.0.2.10:8080"},
    ],
    "synthetic-tweetfeed.csv": [
        {"position": 2, "address": "qifu-login-demo.example", "published": "2024-01-15 01:04:39"},
        {"position": 3, "address": "http://comma.example/?a=1,2"},
    ],
    "synthetic-phishunt.csv": [
        {"position": 2, "published": "2026-08-20T18:05:25.854453+00:00", "brand": "allegro"},
        {"position": 3, "published": "2026-08-22T18:04:05.558878+00:00", "brand": "360jietiao"},
    ],
    "synthetic-phishunt.json": [
        {"position": 1, "published": "2026-08-20T18:05:25.854453+00:00", "brand": "allegro"},
        {"position": 2, "published": "2026-08-22T18:04:05.558878+00:00", "brand": "360jietiao"},
    ],
    "synthetic-polkadot.json": [
        {"position": 1, "address": "*.fleek-demo.example", "claim": "benign"},
        {"position": 2, "address": "allowed.example", "claim": "benign"},
        {"position": 3, "address": "social.example/Fake", "claim": "malicious"},
        {"position": 4, "address": "denied.example", "claim": "malicious"},
        {"position": 5, "address": "uníswàp-demo.example", "claim": "malicious"},
    ],
    "synthetic-misp-event.json": [
        {"position": 1, "address": "misp-demo.example", "published": "2026-08-22T02:53:35.000Z", "claim": None},
        {"position": 2, "address": "http://misp-demo.example/a", "published": "2026-08-22T02:53:36.000Z"},
        {"position": 3, "address": "pair.example", "published": None, "claim": "none"},
        {"position": 10, "address": "http://object.example/"},
    ],
    "synthetic-stix-bundle.json": [
        {"position": 2, "address": "stix-demo.example", "published": "2026-08-16T01:04:58.000Z"},
        {"position": 3, "address": "https://it's.example/\\x", "published": "2026-08-15T00:00:00.000Z"},
        {"position": 4, "address": "http://a.example/", "published": "2026-08-16T01:04:58Z"},
        {"position": 4, "address": "b.example"},
        {"position": 4, "address": "a.example", "claim": None},
        {"position": 10, "address": "benign.example", "claim": "benign"},
        {"position": 13, "address": "http://observed.example/", "published": None},
        {"position": 14, "address": "observed.example"},
    ],
    "synthetic-stix-envelope.json": [{"position": 1, "address": "http://taxii.example/"}],
    "synthetic-fdroid-v1.json": [
        {
            "position": 1,
            "store": "fdroid:repo.example/fdroid/repo",
            "package": "com.demo.loan",
            "name": "演示借条",
            "developer": "Demo Studio",
            "version": "1.1",
            "certificate": "cc33",
            "apk_sha256": "aa11",
            "icon": "https://repo.example/fdroid/repo/icons/com.demo.loan.2.png",
            "download": "https://repo.example/fdroid/repo/com.demo.loan_2.apk",
            "published": "2024-01-01T00:00:00.123Z",
        },
        {"position": 2, "version": "1", "certificate": None, "apk_sha256": None, "published": None},
        {
            "position": 6,
            "package": "com.demo.plain",
            "name": "Nur Deutsch",
            "developer": None,
            "icon": "https://repo.example/fdroid/repo/com.demo.plain/de/icon_de.png",
        },
    ],
    "synthetic-fdroid-v2.json": [
        {
            "position": 1,
            "store": "fdroid:repo.example/fdroid/repo",
            "package": "com.demo.loan",
            "name": "演示借条",
            "developer": "Demo Studio",
            "version": "1.1",
            "certificate": "cc33",
            "apk_sha256": "aa11",
            "icon": "https://repo.example/fdroid/repo/icons/loan.png",
            "download": "https://repo.example/fdroid/repo/com.demo.loan_2.apk",
            "published": "2024-01-01T00:00:00.123Z",
        },
        {"position": 2, "version": "1", "certificate": None, "published": None},
        {"position": 4, "package": "com.demo.bare", "name": None, "icon": None, "version": "3"},
    ],
    "synthetic-table.csv": [
        {"position": 2, "event_id": "e-1", "type": "assessed", "amount": "1,200.50", "episode": "one"},
        {"position": 3, "type": "realised", "amount": "300", "occurred_at": "2024-05-02 10:00:00", "is_test": "true"},
        {"position": 5, "type": "其他", "amount": None},
    ],
}


@pytest.mark.parametrize("file", TOTALS)
def test_a_sample_is_accounted_for(file: str) -> None:
    parsed = sample(file)
    assert (parsed.rows.height, parsed.rejected.height, parsed.ignored) == TOTALS[file]
    assert parsed.rejected["reason"].str.len_chars().min() != 0


@pytest.mark.parametrize("file", ROWS)
def test_a_sample_gives_rows_as_published(file: str) -> None:
    found = sample(file).rows.to_dicts()
    assert [{name: row[name] for name in wanted} for row, wanted in zip(found, ROWS[file], strict=True)] == ROWS[file]


def test_every_format_has_a_sample() -> None:
    covered = {name for name in FORMATS if any(name in file for file in TOTALS)}
    assert covered == FORMATS.keys() - {"store"}  # its tests stand with its spider


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("content", [b"", b"\n\r\n", b"\xef\xbb\xbf", b" \t"])
def test_an_empty_file_is_no_rows(name: str, content: bytes) -> None:
    assert read(content, source(name)).total == 0


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - {"store"}))
@pytest.mark.parametrize(
    ("page", "told"),
    [
        (b"<!DOCTYPE html><html><title>Account &amp;\n suspended</title>", "Account & suspended"),
        (b"\xef\xbb\xbf \r\n<!-- x --><HTML lang=en><TITLE>" + b"x" * 200 + b"</title>", "x" * 80),
        (b"<html><body>", None),
    ],
)
def test_a_web_page_in_place_of_a_feed_is_refused(name: str, page: bytes, told: str | None) -> None:
    wanted = f"an HTML page in place of {FORMATS[name].title_en}" + (f": {told}" if told else "")
    with pytest.raises(UnreadableFile) as raised:
        read(page, source(name))
    assert str(raised.value) == wanted


@pytest.mark.parametrize("start", [b"x^", b"x\x01", b"(\xb5/\xfd", b"\x1f\x8b"])
def test_lines_that_begin_like_packed_ones_are_lines(start: bytes) -> None:
    parsed = read(start + b"2.example\nother.example\n", source("list"))
    assert parsed.total == 2
    assert parsed.rows["address"].to_list()[-1] == "other.example"


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=300) | st.text(alphabet="[]{}\",:'\\\n\r\0#|^$ a1é奇", max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(name: str, content: bytes) -> None:
    try:
        parsed = read(content, source(name))
    except UnreadableFile:
        return
    assert parsed.total == parsed.rows.height + parsed.rejected.height + parsed.ignored
    assert parsed.rows["position"].null_count() == 0
    assert parsed.rejected.null_count().row(0) == (0, 0, 0)


LINES = st.lists(st.text(alphabet="a.e/x:#;! é奇\t", min_size=0, max_size=12), max_size=30)


@settings(deadline=None)
@given(lines=LINES)
def test_every_line_of_a_list_is_a_row_a_comment_or_blank(lines: list[str]) -> None:
    rows = [line for line in lines if line.strip() and line.strip()[0] not in "#;!"]
    assert read("\n".join(lines).encode(), source("list")).total == len(rows)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_bad_byte_costs_its_line_only(encoding: str) -> None:
    content = "奇富.example\n".encode(encoding) + b"bad-\xff\x81\n" + "借条.example".encode(encoding)
    parsed = read(content, source("list", encoding=encoding))
    assert parsed.rows["address"].to_list() == ["奇富.example", "借条.example"]
    assert parsed.rejected.row(0) == (2, "bad-\\xff\\x81", f"bytes that are not {encoding}")


def test_a_nul_byte_and_an_endless_line_are_rejected_with_reason() -> None:
    parsed = read(b"a.example\nb\0.example\n" + b"c" * 70_000 + b"\nd.example", source("list"))
    assert parsed.rows["address"].to_list() == ["a.example", "d.example"]
    assert parsed.rejected["reason"].to_list() == ["a NUL byte", "longer than 65536 bytes"]
    assert parsed.rejected["raw"].to_list() == ["b\\x00.example", "c" * 2000]


def test_an_encoding_without_room_for_bad_bytes_refuses_the_file() -> None:
    with pytest.raises(UnreadableFile, match="not readable as utf-16"):
        read(b"\xff\xfea", source("list", encoding="utf-16"))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_ends_a_line(end: str) -> None:
    parsed = read(end.join(["a.example", "", "b.example"]).encode(), source("list"))
    assert parsed.rows["position"].to_list() == [1, 3]


BROKEN_DOCUMENTS = {
    "deep": (b"[" * 100_000, "nested too deeply"),
    "cut off": (b'[{"url": "http://a.example', "not JSON"),
    "no array": (b'{"errormsg": "limit"}', "array was expected, not an object"),
}


@pytest.mark.parametrize("case", BROKEN_DOCUMENTS)
@pytest.mark.parametrize("name", ["phishtank", "phishunt"])
def test_a_broken_document_is_refused(name: str, case: str) -> None:
    content, told = BROKEN_DOCUMENTS[case]
    with pytest.raises(UnreadableFile, match=told):
        read(content, source(name))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("polkadot", b'{"deny": [], "deny": []}', "a key stands twice"),
        ("polkadot", b'{"deny": "a.example"}', "polkadot: deny: a JSON array was expected, not text"),
        ("polkadot", b'{"wallets": []}', "none of allow, deny, denySub"),
        ("misp", b'{"response": []}', "no key 'Event'"),
        ("misp", b'{"Event": 5}', "object was expected, not a number"),
        ("stix", b'{"error": "limit"}', "neither a bundle nor an envelope"),
        ("fdroid", b'{"timestamp": 1, "version": 2, "index": {}}', "no key 'repo'"),
        ("fdroid", b"<?xml version='1.0'?><fdroid/>", "what is read is index-v1.json or index-v2.json"),
        ("urlhaus", b'"1","2025-04-21 12:35:06","http://a.example/"\n', "no column 'url'; the columns are '1'"),
        ("phishtank", b"phish_id,submission_time\n1,2\n", "no column 'url'"),
        ("phishtank", b"url,url,submission_time\n1,2,3\n", "the column 'url' stands twice"),
        ("phishunt", b"a" * 70_000, "its header cannot be read: longer than"),
        ("phishunt", b"," * 2_000, "2001 columns"),
        ("phishunt", b'"url\n', "its header cannot be read: broken quoting"),
    ],
)
def test_what_is_not_of_the_format_is_refused(name: str, content: bytes, told: str) -> None:
    with pytest.raises(UnreadableFile, match=told):
        read(content, source(name))


@pytest.mark.parametrize("value", ["NaN", "1e999", "-0", "9" * 5_000, "[[]]", "true"])
def test_an_odd_value_rejects_its_row_only(value: str) -> None:
    content = f'[{{"url": {value}}}, {{"url": "http://a.example/"}}]'.encode()
    parsed = read(content, source("phishtank"))
    assert (parsed.rows["position"].to_list(), parsed.rejected["position"].to_list()) == ([2], [1])


def test_a_bad_byte_in_json_rejects_its_entry_only() -> None:
    parsed = read(b'[{"url": "http://\xff.example/"}, {"url": "http://a.example/"}]', source("phishtank"))
    assert parsed.rows["address"].to_list() == ["http://a.example/"]
    assert "\\xff" in parsed.rejected["raw"][0]


def test_a_bad_byte_in_a_name_that_builds_an_address_rejects_the_version() -> None:
    packages = b'"packages": {"com.demo": [{"apkName": "a.apk"}]}'
    parsed = read(b'{"repo": {"address": "https://repo.example/\xff"}, ' + packages + b"}", source("fdroid"))
    assert parsed.rejected["reason"].to_list() == ["a value with a NUL byte or broken characters"]


def test_stix_objects_come_as_a_bare_array_too() -> None:
    parsed = read(b'[{"type": "url", "value": "http://a.example/"}, {"type": "malware"}]', source("stix"))
    assert (parsed.rows.height, parsed.ignored) == (1, 1)


def test_a_list_of_a_million_lines_is_read_without_a_loop_over_rows() -> None:
    content = b"".join(b"https://host%d.example/a\n" % number for number in range(1_000_000))
    parsed = read(content, source("list"))
    assert parsed.rows["position"].equals(pl.int_range(1, 1_000_001, eager=True, dtype=pl.Int64).alias("position"))


def test_many_comments_before_no_page_cost_no_time() -> None:
    with pytest.raises(UnreadableFile, match="an HTML page"):
        refuse_html(b"<!-- a --> <!---->" * 60 + b"<html>", "a list")
    refuse_html(b"<!---->" * 5_000 + b"x", "a list")
