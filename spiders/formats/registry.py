"""All formats, and the one door through which a file is read."""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from db.errors import UnreadableFile
from spiders.catalogue import Source
from spiders.formats import (
    adblock,
    fdroid,
    hosts,
    misp,
    phishtank,
    phishunt,
    plain_list,
    polkadot,
    stix,
    store,
    table,
    tweetfeed,
    urlhaus,
)
from spiders.formats.parsed import Parsed, rejected_frame, rows_frame
from spiders.formats.text import refuse_html
from spiders.formats.unpack import unpack

Parser = Callable[[bytes, Source], Parsed]


@dataclass(frozen=True, slots=True)
class Format:
    """A layout that can be read.

    Attributes:
        name: as in catalogues and commands.
        title_en: for people.
        title_zh: for people.
        unit: what `position` counts.
        parse: rows of decompressed content; an empty file has none, a web page in its place is refused.
    """

    name: str
    title_en: str
    title_zh: str
    unit: str
    parse: Parser


def _guarded(parse: Parser, title: str, *, is_page: bool = False) -> Parser:
    def guarded(content: bytes, source: Source) -> Parsed:
        if not content.strip(b"\xef\xbb\xbf \t\r\n"):
            empty = source.row_kind or ("app" if source.format in {"fdroid", "store"} else "address")
            return Parsed(empty, rows_frame(empty, {"position": []}), rejected_frame())
        if not is_page:
            refuse_html(content, title)
        try:
            return parse(content, source)
        except (RecursionError, csv.Error) as error:
            raise UnreadableFile(f"not readable as {title}: {error}") from error

    return guarded


_FORMATS: Final = (
    ("phishtank", "PhishTank CSV or JSON", "PhishTank CSV 或 JSON", "line", phishtank.parse),
    ("urlhaus", "URLhaus CSV", "URLhaus CSV", "line", urlhaus.parse),
    ("list", "URLs or hosts, one a line", "网址或域名列表，每行一个", "line", plain_list.parse),
    ("hosts", "hosts file", "hosts 文件", "line", hosts.parse),
    ("adblock", "adblock filter list", "Adblock 过滤规则", "line", adblock.parse),
    ("tweetfeed", "TweetFeed CSV", "TweetFeed CSV", "line", tweetfeed.parse),
    ("phishunt", "phishunt CSV or JSON", "phishunt CSV 或 JSON", "line", phishunt.parse),
    ("polkadot", "polkadot-js/phishing JSON", "polkadot-js/phishing JSON", "entry", polkadot.parse),
    ("misp", "MISP feed", "MISP 情报源", "attribute", misp.parse),
    ("stix", "STIX 2.1 bundle", "STIX 2.1 数据包", "object", stix.parse),
    ("fdroid", "F-Droid index", "F-Droid 应用索引", "version", fdroid.parse),
    (
        "table",
        "CSV, TSV, JSON Lines, Parquet, Excel",
        "CSV、TSV、JSON Lines、Parquet、Excel 表格",
        "line",
        table.parse,
    ),
)

FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        name: Format(name, title_en, title_zh, unit, _guarded(parse, title_en))
        for name, title_en, title_zh, unit, parse in _FORMATS
    }
    | {"store": Format("store", "app store page", "应用商店页面", "app", _guarded(store.parse, "store", is_page=True))}
)
"""Every format by its name."""


def read(content: bytes, source: Source) -> Parsed:
    """Rows of a file as it came, compressed or not.

    Raises:
        UnreadableFile: it is not what the source says it is; one line, without the file's name.
    """
    return FORMATS[source.format].parse(unpack(content, source.max_bytes), source)
