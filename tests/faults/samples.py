"""Every layout that can be read, with a writer: what is hostile is put into records, or done to what they make."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import polars as pl
import xlsxwriter

from db.kinds import KINDS, Field
from db.vocabulary import CHOICES
from spiders.catalogue import Source

Record = Mapping[str, str]
Writer = Callable[[Sequence[Record]], bytes]


@dataclass(frozen=True, slots=True)
class Target:
    """A layout of a format, or of a table's kind.

    Attributes:
        name: of the test.
        source: its declaration.
        record: one good row, field by field.
        write: a file of such rows.
        shape: what it is written in: `lines`, `csv`, `json`, `jsonl`, `parquet`, `excel` or `page`.
        count: rows that a file of valid shape holds, counted in another way; None where it cannot be told.
    """

    name: str
    source: Source
    record: Record
    write: Writer
    shape: str
    count: Callable[[bytes], int | None] = lambda _: None

    @property
    def good(self) -> bytes:
        """A file of two good rows."""
        return self.write([self.record, {**self.record, next(iter(self.record)): self.second}])

    @property
    def second(self) -> str:
        """What the second row's first field has, so that the two differ."""
        return next(iter(self.record.values())).replace("one", "two")


def _source(name: str, format_name: str, **declared: object) -> Source:
    common = {"name": name, "title": "Made up", "publisher": "us", "licence": "CC0-1.0", "path": "made-up"}
    yields = "malicious" if KINDS.keys().isdisjoint({declared.get("kind")}) else "events"
    return Source.model_validate({**common, "format": format_name, "yields": yields, **declared})


def _lines(prefix: str, rows: Sequence[Record]) -> bytes:
    return "".join(f"{prefix}{row['address']}\n" for row in rows).encode("utf-8", "surrogatepass")


def _csv(header: Sequence[str], rows: Sequence[Record], *, start: str = "", delimiter: str = ",") -> bytes:
    stream = io.StringIO(newline="")
    stream.write(start)
    writer = csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([*([] if start else [header]), *([row.get(name, "") for name in header] for row in rows)])
    return stream.getvalue().encode("utf-8", "surrogatepass")


def _headless(header: Sequence[str], rows: Sequence[Record]) -> bytes:
    return _csv(header, rows).partition(b"\n")[2]


def _array(rows: Sequence[Record]) -> bytes:
    return json.dumps(rows).encode()


def _polkadot(rows: Sequence[Record]) -> bytes:
    return json.dumps({"allow": [], "deny": [row["address"] for row in rows]}).encode()


def _misp(rows: Sequence[Record]) -> bytes:
    return json.dumps({"Event": {"info": "made up", "Attribute": rows}}).encode()


def _stix(rows: Sequence[Record]) -> bytes:
    entries = [{"type": "indicator", **row, "pattern": f"[url:value = '{row['pattern']}']"} for row in rows]
    return json.dumps({"type": "bundle", "objects": entries}).encode()


_REPOSITORY: Final = {"address": "https://repo.example/fdroid/repo"}


def _fdroid_first(rows: Sequence[Record]) -> bytes:
    apps = [{"packageName": f"{row['package']}{at}", **row} for at, row in enumerate(rows)]
    packages = {f"{row['package']}{at}": [row] for at, row in enumerate(rows)}
    return json.dumps({"repo": _REPOSITORY, "apps": apps, "packages": packages}).encode()


def _fdroid_second(rows: Sequence[Record]) -> bytes:
    def app(row: Record) -> dict[str, object]:
        manifest = {"versionName": row["versionName"], "signer": {"sha256": [row["signer"]]}}
        version = {"added": row["added"], "file": {"name": row["apkName"], "sha256": row["hash"]}, "manifest": manifest}
        return {
            "metadata": {"name": {"zh-CN": row["name"]}, "authorName": row["authorName"]},
            "versions": {"v": version},
        }

    packages = {f"{row['package']}{at}": app(row) for at, row in enumerate(rows)}
    return json.dumps({"repo": _REPOSITORY, "packages": packages}).encode()


def _json_ld(rows: Sequence[Record]) -> bytes:
    entries = [{"@type": "MobileApplication", **row} for row in rows]
    text = json.dumps({"@graph": entries}).replace("<", "\\u003c")
    return f'<!doctype html><script type="application/ld+json">{text}</script>'.encode()


def _page(rows: Sequence[Record]) -> bytes:
    apps = "".join(
        f'<li class="app" data-package="{row["package"]}"><b class="name">{row["name"]}</b>'
        f"<time>{row['published']}</time>"
        for row in rows
    )
    return f'<!doctype html><meta charset="utf-8"><ul>{apps}</ul>'.encode("utf-8", "surrogatepass")


def _json_lines(rows: Sequence[Record]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def parquet(rows: Sequence[Record]) -> bytes:
    """A Parquet file of text; what it cannot hold is replaced."""
    stream = io.BytesIO()
    sound = [{name: value.encode("utf-8", "replace").decode() for name, value in row.items()} for row in rows]
    pl.DataFrame(sound, schema=dict.fromkeys(rows[0], pl.String)).write_parquet(stream)
    return stream.getvalue()


def workbook(rows: Sequence[Record]) -> bytes:
    """A workbook of text cells; a cell holds 32,767 characters."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate([list(rows[0]), *(row.values() for row in rows)]):
            for column, value in enumerate(row):
                sheet.write_string(at, column, value.encode("utf-8", "replace").decode()[:32_767])
    return stream.getvalue()


_BLANK: Final = b"\xef\xbb\xbf \t\r\n"
_FAULTY: Final = re.compile(rb"[\0\x1c-\x1f]|[^\r\n]{65537}")
"""A line with such bytes is a fault even as a comment; and of some, Python and polars differ whether they are blank."""


def _entries(content: bytes) -> int | None:
    try:
        return len(json.loads(content.removeprefix(b"\xef\xbb\xbf"), strict=False))
    except (ValueError, RecursionError, TypeError):
        return None


def _written_lines(comments: str, content: bytes) -> int | None:
    if not content.strip(_BLANK):
        return 0  # a mark and another, or three, are an empty file too
    if _FAULTY.search(content):
        return None
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return None
    lines = [line.strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return sum(bool(line) and line[0] not in comments for line in lines)


def _objects(content: bytes) -> int | None:
    return _written_lines("", content) if content.lstrip(_BLANK).startswith(b"{") else None


_SHA: Final = "ab" * 32
_FIRST: Final = {
    "package": "com.demo.one", "name": "借条", "authorName": "Demo", "versionName": "1.1", "apkName": "a.apk",
    "hash": _SHA, "signer": _SHA, "added": "1704067200123",
}  # fmt: skip
_APP: Final = {"name": "one", "identifier": "com.demo.one", "softwareVersion": "1", "datePublished": "2024-05-06"}
_HAUS: Final = ("id", "dateadded", "url", "url_status")
_TWEET: Final = ("date", "user", "type", "value", "tags", "tweet")
_SELECTORS: Final = {"app": ".app", "fields": {"name": ".name", "package": "::attr(data-package)", "published": "time"}}
_ADDRESS: Final = {"address": "one.example"}
_PHISH: Final = {
    "url": "https://one.example/a?b=c", "submission_time": "2024-03-22T20:40:23+00:00", "target": "PayPal",
    "verified": "yes",
}  # fmt: skip
_SEEN: Final = {"url": "https://one.example/", "first_seen": "2026-08-20T18:05:25.854453+00:00", "company": "allegro"}
_DATED: Final = {"dateadded": "2025-04-21 12:35:06", "url": "http://one.example/x"}
_POSTED: Final = {"value": "http://one.example/x", "date": "2024-01-15 01:04:39", "type": "url"}
_ATTRIBUTE: Final = {"value": "http://one.example/x", "type": "url", "timestamp": "1787367215"}
_INDICATOR: Final = {"pattern": "http://one.example/x", "valid_from": "2026-08-16T01:04:58Z", "pattern_type": "stix"}

_FEEDS: Final[tuple[tuple[Any, ...], ...]] = (
    ("phishtank-csv", "phishtank", _PHISH, partial(_csv, tuple(_PHISH)), "csv"),
    ("phishtank-json", "phishtank", _PHISH, _array, "json", _entries),
    ("urlhaus", "urlhaus", _DATED, partial(_csv, _HAUS, start="# id,dateadded,url,url_status\n"), "csv"),
    ("list", "list", _ADDRESS, partial(_lines, ""), "lines", partial(_written_lines, "#;!")),
    ("hosts", "hosts", _ADDRESS, partial(_lines, "0.0.0.0 "), "lines"),
    ("adblock", "adblock", _ADDRESS, partial(_lines, "||"), "lines"),
    ("tweetfeed", "tweetfeed", _POSTED, partial(_headless, _TWEET), "csv"),
    ("phishunt-csv", "phishunt", _SEEN, partial(_csv, tuple(_SEEN)), "csv"),
    ("phishunt-json", "phishunt", _SEEN, _array, "json", _entries),
    ("polkadot", "polkadot", _ADDRESS, _polkadot, "json"),
    ("misp", "misp", _ATTRIBUTE, _misp, "json"),
    ("stix", "stix", _INDICATOR, _stix, "json"),
    ("fdroid-v1", "fdroid", _FIRST, _fdroid_first, "json"),
    ("fdroid-v2", "fdroid", _FIRST, _fdroid_second, "json"),
)
_PAGES: Final[tuple[tuple[Any, ...], ...]] = (
    ("store-json-ld", {}, _APP, _json_ld, "page"),
    (
        "store-selectors",
        _SELECTORS,
        {"package": "com.demo.one", "name": "贷", "published": "2024-05-06"},
        _page,
        "page",
    ),
)
_GOOD: Final = {
    "text": "one", "word": "one", "instant": "2024-05-06 07:08:09", "address": "https://one.example/x",
    "subject": "13800000001", "money": "1,200.50", "flag": "yes", "integer": "2024", "decimal": "-1.50",
}  # fmt: skip
_WRITERS: Final[Mapping[str, tuple[str, Writer]]] = {
    "csv": ("csv", lambda rows: _csv(tuple(rows[0]), rows)),
    "tsv": ("csv", lambda rows: _csv(tuple(rows[0]), rows, delimiter="\t")),
    "jsonl": ("jsonl", _json_lines),
    "parquet": ("parquet", parquet),
    "excel": ("excel", workbook),
}


def _value(field: Field) -> str:
    if field.name in {"certificate", "apk_sha256"}:
        return _SHA
    return CHOICES[field.choice][0] if field.choice else _GOOD[field.form]


def _tables() -> Iterator[Target]:
    for kind in KINDS.values():
        word = "sighting" if kind.name in {"address", "app"} else kind.name
        record = {field.name: _value(field) for field in kind.fields}
        columns = {name: name for name in record}
        for layout, (shape, write) in _WRITERS.items():
            declared = _source(f"{kind.name.replace('_', '-')}-{layout}", "table", kind=word, columns=columns)
            count = _objects if shape == "jsonl" else lambda _: None
            yield Target(declared.name, declared, record, write, shape, count)


def _bare() -> Iterator[Target]:
    """Tables of one column, for files that are made by hand."""
    for layout in ("excel", "parquet"):
        shape, write = _WRITERS[layout]
        declared = _source(f"bare-{layout}", "table", kind="sighting", columns={"address": "u"})
        yield Target(declared.name, declared, {"u": "one.example"}, write, shape)


def _targets() -> Iterator[Target]:
    for name, format_name, *rest in _FEEDS:
        yield Target(name, _source(name, format_name), *rest)
    for name, store, *rest in _PAGES:
        yield Target(name, _source(name, "store", store=store), *rest)
    yield from _bare()
    yield from _tables()


TARGETS: Final[Mapping[str, Target]] = {target.name: target for target in _targets()}
"""Every layout by its name."""
_FEW_TABLES: Final = ("address-tsv", "address-jsonl", "warning-csv", "bare-excel", "bare-parquet")
FEW: Final = tuple(name for name, target in TARGETS.items() if target.source.format != "table" or name in _FEW_TABLES)
"""A layout of each format, and a table in each layout: what is done to bytes knows no kinds."""
