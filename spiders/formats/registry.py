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

Parser = Callable[[bytes, Source], Parsed]
_BLANK: Final = b"\xef\xbb\xbf \t\r\n"
_LARGE: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class Format:
    """A layout that can be read.

    Attributes:
        name: as in catalogues and commands.
        title_en: for people.
        title_zh: for people.
        unit: what `position` counts.
        parse: rows of decompressed content; an empty file has none, a web page in its place is refused.
        is_risky: whether decompressed content is read by other people's machine code, or takes much memory: its parser
            may abort, hang or fill the memory, and takes the process that it runs in with it.
    """

    name: str
    title_en: str
    title_zh: str
    unit: str
    parse: Parser
    is_risky: Callable[[bytes], bool]


def _guarded(parse: Parser, title: str, *, is_page: bool = False) -> Parser:
    def guarded(content: bytes, source: Source) -> Parsed:
        if not content.strip(_BLANK):
            empty = source.row_kind or ("app" if source.format in {"fdroid", "store"} else "address")
            return Parsed(empty, rows_frame(empty, {"position": []}), rejected_frame())
        if not is_page:
            refuse_html(content, title)
        try:
            return parse(content, source)
        except (RecursionError, csv.Error) as error:
            raise UnreadableFile(f"not readable as {title}: {error}") from error

    return guarded


def _is_large_json(content: bytes) -> bool:
    """Python's objects take ten times the size of the document, and a hundred times where it is made for that."""
    return len(content) > _LARGE and content.lstrip(_BLANK)[:1] in {b"[", b"{"}


def _is_lines(_: bytes) -> bool:
    """Lines are read in frames, which grow with their number and size."""
    return False


_FORMATS: Final = (
    ("phishtank", "PhishTank CSV or JSON", "PhishTank CSV 或 JSON", "line", phishtank.parse, _is_large_json),
    ("urlhaus", "URLhaus CSV", "URLhaus CSV", "line", urlhaus.parse, _is_lines),
    ("list", "URLs or hosts, one a line", "网址或域名列表，每行一个", "line", plain_list.parse, _is_lines),
    ("hosts", "hosts file", "hosts 文件", "line", hosts.parse, _is_lines),
    ("adblock", "adblock filter list", "Adblock 过滤规则", "line", adblock.parse, _is_lines),
    ("tweetfeed", "TweetFeed CSV", "TweetFeed CSV", "line", tweetfeed.parse, _is_lines),
    ("phishunt", "phishunt CSV or JSON", "phishunt CSV 或 JSON", "line", phishunt.parse, _is_large_json),
    ("polkadot", "polkadot-js/phishing JSON", "polkadot-js/phishing JSON", "entry", polkadot.parse, _is_large_json),
    ("misp", "MISP feed", "MISP 情报源", "attribute", misp.parse, _is_large_json),
    ("stix", "STIX 2.1 bundle", "STIX 2.1 数据包", "object", stix.parse, _is_large_json),
    ("fdroid", "F-Droid index", "F-Droid 应用索引", "version", fdroid.parse, _is_large_json),
    (
        "table",
        "CSV, TSV, JSON Lines, Parquet, Excel",
        "CSV、TSV、JSON Lines、Parquet、Excel 表格",
        "line",
        table.parse,
        table.is_foreign,
    ),
)

FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        name: Format(name, title_en, title_zh, unit, _guarded(parse, title_en), is_risky)
        for name, title_en, title_zh, unit, parse, is_risky in _FORMATS
    }
    | {
        "store": Format(
            "store", "app store page", "应用商店页面", "app", _guarded(store.parse, "store", is_page=True), bool
        )
    }
)
"""Every format by its name."""
