"""How rows are written in each native format; every layout says in its own way that what it holds is synthetic."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final
from uuid import NAMESPACE_URL, uuid5

import polars as pl

from db.period import DAY_MS, Period
from spiders.catalogue import Source

BROKEN: Final = -1
"""In place of an instant: the row is to have a time that nobody can read."""
_NO_TIME: Final = "2024-13-32 25:61:61"
_SHANGHAI_MS: Final = 8 * 3_600_000
"""Ahead of UTC, all year round since 1992."""
_LAST_DAY: Final = 50_000
"""Days after 1970 that are known by name: until 2106."""
_SITE: Final = "https://synthetic.example/"


@dataclass(frozen=True, slots=True)
class Layout:
    """How one file is put together.

    Attributes:
        suffix: of its name.
        head, foot: its first and last bytes.
        body: rows (fields of their kind, times as Unix ms) to bytes.
        between: what parts two bodies.
        most: rows of a file, at least; 1 where a body is a file.
    """

    suffix: str
    head: bytes
    body: Callable[[pl.DataFrame], bytes]
    foot: bytes = b""
    between: bytes = b""
    most: int = 250_000


def layout_of(source: Source, style: str = "") -> Layout:
    """The layout of a source's files.

    Args:
        source: its declaration.
        style: of a table, how it is written: `.csv`, `.jsonl`, `.parquet`.
    """
    if source.format == "table":
        return _table(source, style)
    return LAYOUTS[source.format]


def clock(instants: pl.Series, *, shift: int = 0, between: str = " ", ending: str = "") -> pl.Series:
    """Unix ms as text to the second, null as null; by tables of days and seconds, which is quickest."""
    days, seconds = _clock_tables()
    at = pl.DataFrame({"at": instants}).select(
        is_broken=pl.col("at") == BROKEN,
        day=(pl.col("at") + shift) // DAY_MS,
        second=(pl.col("at") + shift) % DAY_MS // 1_000,
    )
    text = pl.concat_str(
        pl.lit(days.gather(at["day"])), pl.lit(between), pl.lit(seconds.gather(at["second"])), pl.lit(ending)
    )
    return at.select(pl.when("is_broken").then(pl.lit(_NO_TIME)).otherwise(text)).to_series()


@cache
def _clock_tables() -> tuple[pl.Series, pl.Series]:
    """Every day since 1970 and every second of a day, as text."""
    days = pl.int_range(_LAST_DAY, eager=True).cast(pl.Date).cast(pl.String)
    seconds = (pl.int_range(86_400, eager=True) * 1_000_000_000).cast(pl.Time).cast(pl.String).str.head(8)
    return days, seconds


def _table(source: Source, style: str) -> Layout:
    columns = list(source.columns.values())
    if style == ".parquet":
        return Layout(style, b"", lambda rows: _parquet(_mapped(source, rows)), most=1)
    if style == ".jsonl":
        return Layout(style, b"", lambda rows: _mapped(source, rows).write_ndjson().encode())
    head = source.delimiter.join(columns).encode(source.encoding) + b"\n"
    return Layout(style, head, lambda rows: _csv(_mapped(source, rows), source.delimiter, source.encoding))


def _mapped(source: Source, rows: pl.DataFrame) -> pl.DataFrame:
    """The source's columns, in its words and its zone."""
    shift = _SHANGHAI_MS if source.zone == "Asia/Shanghai" else 0
    mapped: dict[str, pl.Series] = {}
    for field, column in source.columns.items():
        values = rows[field]
        if values.dtype == pl.Int64 and field in {"occurred_at", "published"}:
            values = clock(values, shift=shift)
        words = {ours: theirs for theirs, ours in source.values.get(field, {}).items()}
        text = values.cast(pl.String)
        mapped[column] = text.replace(words) if words else text
    return pl.DataFrame(mapped)


def _csv(rows: pl.DataFrame, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    text = io.BytesIO()
    rows.write_csv(text, include_header=False, separator=delimiter)
    return text.getvalue() if encoding == "utf-8" else text.getvalue().decode().encode(encoding)


def _parquet(rows: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    rows.with_columns(label=pl.lit("synthetic")).write_parquet(
        file, compression="zstd", metadata={"label": "synthetic"}
    )
    return file.getvalue()


def _phishtank(rows: pl.DataFrame) -> bytes:
    at = clock(rows["published"], between="T", ending="+00:00")
    number = rows["number"].cast(pl.String)
    verified = rows.select(pl.when(pl.col("claim") == "none").then(pl.lit("no")).otherwise(pl.lit("yes"))).to_series()
    columns = {
        "phish_id": number,
        "url": rows["address"],
        "detail": _SITE + "phish_detail.php?phish_id=" + number,
        "submission_time": at,
        "verified": verified,
        "verification_time": at,
        "online": pl.Series(["yes"]).new_from_index(0, rows.height),
        "target": rows["brand"].fill_null("Other"),
    }
    return _csv(pl.DataFrame(columns))


def _urlhaus(rows: pl.DataFrame) -> bytes:
    at, number = clock(rows["published"]), rows["number"].cast(pl.String)
    text = pl.concat_str(
        pl.lit(number), pl.lit(at), pl.lit(rows["address"]), pl.lit("online"), pl.lit(at), pl.lit("malware_download"),
        pl.lit("synthetic"), pl.lit(_SITE + "url/" + number), pl.lit("synthetic"), separator='","',
    )  # fmt: skip
    return _lines(pl.select(pl.format('"{}"', text)).to_series())


def _tweetfeed(rows: pl.DataFrame) -> bytes:
    is_url = pl.col("address").str.contains("://", literal=True)
    word = pl.coalesce("other", pl.when(is_url).then(pl.lit("url")).otherwise(pl.lit("domain")))
    columns = rows.select(
        at=pl.lit(clock(rows["published"])),
        user=pl.lit("synthetic_hunter"),
        type=word,
        value="address",
        tags=pl.lit("#phishing #synthetic"),
        tweet=pl.format(_SITE + "status/{}", "number"),
    )
    return _csv(columns)


def _phishunt(rows: pl.DataFrame) -> bytes:
    at = clock(rows["published"], between="T", ending=".000000+00:00")
    return _csv(rows.select("address", pl.col("brand"), pl.lit(at).alias("at"), pl.lit("Synthetic, Inc.").alias("org")))


def _list(rows: pl.DataFrame) -> bytes:
    return _lines(rows["address"])


def _hosts(rows: pl.DataFrame) -> bytes:
    return _lines("0.0.0.0 " + rows["address"])


def _lines(texts: pl.Series) -> bytes:
    text = io.BytesIO()
    texts.alias("").to_frame().write_csv(text, include_header=False, quote_style="never")
    return text.getvalue()


def _misp(rows: pl.DataFrame) -> bytes:
    number = pl.col("number").cast(pl.String)
    is_url = pl.col("address").str.contains("://", literal=True)
    seconds = (pl.col("published") // 1_000).cast(pl.String)
    attribute = pl.struct(
        uuid=_uuid(number),
        type=pl.when(is_url).then(pl.lit("url")).otherwise(pl.lit("hostname")),
        category=pl.lit("Network activity"),
        to_ids=pl.col("claim") != "none",
        comment=pl.lit("synthetic"),
        timestamp=pl.when(pl.col("published") == BROKEN).then(pl.lit("synthetic")).otherwise(seconds),
        value=pl.col("address"),
    )
    return _objects(rows.select(attribute.struct.json_encode()))


def _stix(rows: pl.DataFrame) -> bytes:
    at = pl.lit(clock(rows["published"], between="T", ending=".000Z"))
    is_url = pl.col("address").str.contains("://", literal=True)
    word = pl.when(is_url).then(pl.lit("url")).otherwise(pl.lit("domain-name"))
    indicator = pl.struct(
        type=pl.lit("indicator"),
        spec_version=pl.lit("2.1"),
        id=pl.format("indicator--{}", _uuid(pl.col("number").cast(pl.String))),
        created=at,
        modified=at,
        valid_from=at,
        labels=pl.concat_list(pl.lit("synthetic")),
        pattern=pl.format("[{}:value = '{}']", word, "address"),
        pattern_type=pl.lit("stix"),
    )
    return _objects(rows.select(indicator.struct.json_encode()))


def _fdroid(rows: pl.DataFrame) -> bytes:
    """Versions of an index-v2, each the only one of its package."""
    version = pl.struct(
        added=pl.col("published"),
        file=pl.struct(name=pl.format("/{}.apk", "package"), sha256=pl.col("apk_sha256")),
        manifest=pl.struct(versionName=pl.col("version"), signer=pl.struct(sha256=pl.concat_list("certificate"))),
    )
    app = pl.struct(
        metadata=pl.struct(
            name=pl.struct(pl.col("name").alias("en-US")), authorName=pl.lit("synthetic"), added=pl.col("published")
        ),
        versions=pl.struct(version.alias("only")),
    )
    return _objects(rows.select(pl.format('"{}": {}', "package", app.struct.json_encode())))


def _objects(texts: pl.DataFrame) -> bytes:
    return ",\n".join(texts.to_series()).encode()


def _uuid(number: pl.Expr) -> pl.Expr:
    """A UUID of version 8 by number: what it means is up to who makes it."""
    return pl.format("5f7a1e00-0000-8000-8000-{}", number.str.zfill(12))


def misp_head(name: str, period: Period) -> bytes:
    """The beginning of an event, up to its attributes."""
    event = {"uuid": event_uuid(name), **_event(name, period)}
    return json.dumps({"Event": event})[:-2].encode() + b', "Attribute": [\n'


def misp_manifest(names: Sequence[str], period: Period) -> bytes:
    """The manifest of a feed directory, of the names of its events."""
    return json.dumps({event_uuid(name): _event(name, period) for name in names}, indent=1).encode()


def event_uuid(name: str) -> str:
    """The UUID of an event, by a name of ours."""
    return str(uuid5(NAMESPACE_URL, _SITE + name))


def _event(name: str, period: Period) -> dict[str, object]:
    return {
        "info": f"Synthetic event {name}",
        "date": f"{period.year}-12-31",
        "timestamp": str(period.end // 1_000),
        "threat_level_id": "4",
        "analysis": "2",
        "Orgc": {"name": "fanzha simulate (synthetic)", "uuid": event_uuid("organisation")},
        "Tag": [{"name": "synthetic", "colour": "#888888"}],
    }


_NOTE: Final = b"# synthetic, by fanzha simulate: nothing here is true of anybody\n"
_PHISHTANK_HEAD: Final = b"phish_id,url,phish_detail_url,submission_time,verified,verification_time,online,target\n"
_URLHAUS_HEAD: Final = b"# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\n"
_STIX_HEAD: Final = b'{"type": "bundle", "id": "bundle--' + event_uuid("stix").encode() + b'", "objects": [\n'
_FDROID_HEAD: Final = (
    b'{"repo": {"name": {"en-US": "Synthetic repository"}, "address": "' + _SITE.encode() + b'repo"}, "packages": {\n'
)
LAYOUTS: Final[Mapping[str, Layout]] = MappingProxyType(
    {
        "phishtank": Layout(".csv", _PHISHTANK_HEAD, _phishtank),
        "urlhaus": Layout(".csv", _NOTE + _URLHAUS_HEAD, _urlhaus),
        "tweetfeed": Layout(".csv", b"", _tweetfeed),
        "phishunt": Layout(".csv", b"url,company,first_seen,org\n", _phishunt),
        "list": Layout(".txt", _NOTE, _list),
        "hosts": Layout(".txt", _NOTE, _hosts),
        "misp": Layout(".json", b"", _misp, b"\n]}}\n", b",\n", most=20_000),
        "stix": Layout(".json", _STIX_HEAD, _stix, b"\n]}\n", b",\n", most=20_000),
        "fdroid": Layout(".json", _FDROID_HEAD, _fdroid, b"\n}}\n", b",\n", most=20_000),
    }
)
"""Format -> how its files are written; tables have each their own."""
