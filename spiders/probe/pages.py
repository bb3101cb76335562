"""What a page shows: title, visible text and its fingerprint, form fields, icon. Nothing of it is run."""

import hashlib
import re
import zlib
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

import numpy as np
from parsel import Selector
from scrapy.http import Headers, HtmlResponse

from spiders.probe.limits import FIELDS, PAGE_BYTES, TEXT_LETTERS, TITLE_LETTERS

_VISIBLE: Final = "//body//text()[not(parent::script or parent::style or parent::noscript or parent::template)]"
_GZIP_OR_ZLIB: Final = 47
"""zlib's wbits for either header."""
_TOKEN: Final = re.compile(r"[㐀-鿿]|[^\W_㐀-鿿]+")
"""A Chinese character or a word."""
_SHINGLE: Final = 3
"""Tokens of a feature: order counts, a changed word changes three of them."""
_NAME_LETTERS: Final = 100
_REFRESH: Final = re.compile(r"url\s*=\s*['\"]?([^'\">\s]{1,2000})", re.IGNORECASE)
_ASSIGNED: Final = re.compile(
    r"\blocation(?:\.href)?(?:\s*=\s*|\.(?:replace|assign)\(\s*)['\"](https?://[^'\"\s]{1,2000})"
)
_ENDLESS_TAG: Final = re.compile(r"<[^<>]{16384,}")
"""libxml2 compares each attribute with all before it: 50,000 in one tag take it 5 s. Left out; an image at most."""
_TYPED: Final = frozenset({"", "text", "password", "tel", "email", "number"})
"""Types of inputs that take what a victim would type."""
_SEARCHES: Final = frozenset({"q", "s", "k", "wd", "kw", "key", "word", "query", "search", "keyword", "keywords"})
"""Names of inputs that sites, error pages and parking pages have for a search."""
_BARE_LETTERS: Final = 200
"""Of visible text: what has more stays to be read, and a script in it may wait for a click."""
READABLE: Final = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
"""Content encodings; of others (none of which was asked for) the bytes are kept as they come."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows."""

    title: str
    text: str
    fields: tuple[str, ...]
    asks_secret: bool
    """A form asks for a password."""
    asks: bool
    """A form asks for anything that is typed in, a search aside."""
    icon: str
    """Address of its icon."""
    leads_to: str
    """Where it sends its visitors by itself, by a meta refresh or a plain assignment in a script; not followed."""

    @property
    def simhash(self) -> int:
        """Fingerprint of the visible text."""
        return simhash(self.text)


def read_page(body: bytes, url: str, content_type: str) -> Shown:
    """Read a page, whatever its bytes are."""
    headers = Headers({"Content-Type": content_type})
    text = _ENDLESS_TAG.sub("", HtmlResponse(url, body=body, headers=headers).text.replace("\0", ""))
    # without huge_tree libxml2 stops where elements nest more than 256 deep
    page = Selector(text=text, type="html", huge_tree=False)
    names = (
        name.strip()[:_NAME_LETTERS]
        for name in page.xpath("//input/@name | //select/@name | //textarea/@name").getall()
    )
    icon = page.xpath("//link[contains(concat(' ', @rel, ' '), ' icon ')]/@href").get() or "/favicon.ico"
    visible = _squeeze(" ".join(page.xpath(_VISIBLE).getall()))[:TEXT_LETTERS]
    return Shown(
        _squeeze(page.xpath("string(//title)").get() or "")[:TITLE_LETTERS],
        visible,
        tuple(sorted({name for name in names if name})[:FIELDS]),
        bool(page.xpath("//input[translate(@type, 'PASWORD', 'pasword') = 'password']")),
        any(map(_is_typed, page.xpath("//input"))),
        _join(url, icon),
        _leads_to(page, url, visible),
    )


def _is_typed(field: Selector) -> bool:
    kind, name = ((field.attrib.get(key) or "").strip().lower() for key in ("type", "name"))
    return kind in _TYPED and name not in _SEARCHES


def _leads_to(page: Selector, url: str, visible: str) -> str:
    refresh = page.xpath("//meta[translate(@http-equiv, 'REFSH', 'refsh') = 'refresh']/@content").get() or ""
    scripts = " ".join(page.xpath("//script[not(@src)]/text()").getall())[:TEXT_LETTERS]
    found = _REFRESH.search(refresh) or (_ASSIGNED.search(scripts) if len(visible) <= _BARE_LETTERS else None)
    return _join(url, found[1]) if found else ""


def _squeeze(text: str) -> str:
    return " ".join(text.split())


def _join(url: str, link: str) -> str:
    try:
        joined = urljoin(url, link.strip())
        return joined if urlsplit(joined).scheme in {"http", "https"} else ""
    except ValueError:
        return ""


def simhash(text: str) -> int:
    """Charikar's fingerprint of a text, signed 64 bits: texts that differ little differ in few bits; 0 for none.

    >>> (simhash("请输入您的手机号码和密码登录") ^ simhash("请输入您的手机号码和密码登录")).bit_count()
    0
    """
    tokens = _TOKEN.findall(text.lower())
    shingles = {" ".join(tokens[place : place + _SHINGLE]) for place in range(max(1, len(tokens) - _SHINGLE + 1))}
    if not tokens:
        return 0
    hashes = b"".join(hashlib.blake2b(shingle.encode(), digest_size=8).digest() for shingle in shingles)
    bits = np.unpackbits(np.frombuffer(hashes, dtype=np.uint8).reshape(-1, 8), axis=1)
    majority = bits.sum(axis=0, dtype=np.int64) * 2 > len(bits)
    return int.from_bytes(np.packbits(majority).tobytes(), "big", signed=True)


def unpack(body: bytes, encoding: str) -> tuple[bytes, bool]:
    """A body without content encoding, and whether it is cut; what cannot be unpacked stays as it is."""
    if encoding in {"", "identity"} or encoding not in READABLE:
        return body[:PAGE_BYTES], len(body) > PAGE_BYTES
    try:
        stream = zlib.decompressobj(_GZIP_OR_ZLIB)
        plain = stream.decompress(body, PAGE_BYTES)
    except zlib.error:
        return body[:PAGE_BYTES], len(body) > PAGE_BYTES
    return plain, not stream.eof
