"""What follows a URL's host, cut into pieces and read as a person would."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from typing import Final
from urllib.parse import unquote_to_bytes

from analytics.match import fold, words

LONGEST: Final = 1_024
"""Characters read; nobody looks at a name that comes later, and hostile tails have thousands."""
_MOST: Final = 48
"""Pieces read; tails of feeds have a dozen."""
_DECODINGS: Final = 2
"""A percent sign is itself encoded once by those who hide a name, and by redirects; further rounds are not read."""
_ADDRESS: Final = re.compile(r"(?:[a-z]{3,6}:/+|(?<![a-z0-9.-])[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?:[/:?]|$))")
"""What makes a parameter's value an address rather than a word: a scheme, or a host name."""
_SCHEME: Final = re.compile(r"https?:/+")
_PAGE_ENDINGS: Final = """
php html htm asp aspx jsp jspx cgi do shtml phtml xhtml dll pl cfm
"""
_PAGES: Final = frozenset(_PAGE_ENDINGS.split())
_ASSET_ENDINGS: Final = """
png jpg jpeg gif svg webp ico bmp css js mjs map json xml txt pdf woff woff2 ttf eot otf mp3 mp4 avi webm zip gz tgz
bz2 xz rar 7z tar whl jar exe msi dmg iso deb rpm torrent doc docx xls xlsx ppt pptx csv rst md ipynb py c h cpp go rs
java ts tsx jsx rb patch diff swf rss atom ics epub mobi ps bib tex yml yaml toml cfg lock log ini sh apk ipa xpi crx
vtt srt m3u8
"""
_ASSETS: Final = frozenset(_ASSET_ENDINGS.split())
_ENDING: Final = re.compile(r"^(?P<name>.+)\.(?P<ending>[a-z0-9]{1,6})$")
_FOREIGN: Final = re.compile(r"xn--[a-z0-9-]+", re.IGNORECASE)
_WORD: Final = re.compile(r"[a-z0-9]+|[^\x00-\x7f]+")

FOLDER, PAGE, ASSET, VALUE, ADDRESS = "folder", "page", "asset", "value", "address"


@dataclass(frozen=True)
class Piece:
    """A stretch between slashes, or a parameter of the query."""

    text: str
    """Decoded, in its own characters; a page's or asset's ending is cut off."""
    kind: str
    """`folder`, `page` (the last, with a page's ending), `asset` (likewise), `value`, `address` (of another site)."""

    @cached_property
    def reading(self) -> str:
        """As it looks, lower case; Chinese characters simplified."""
        return read(self.text)

    @property
    def is_aligned(self) -> bool:
        """Whether each character of the reading stands for one of the text."""
        return len(self.text) == len(self.reading)

    @cached_property
    def words(self) -> list[str]:
        """Its runs of letters and digits."""
        return _WORD.findall(self.reading)


def read(text: str) -> str:
    """A text as it looks: lower case, lookalike characters as ASCII, Chinese ones simplified.

    >>> read("PayPal"), read("раураӏ"), read("奇富借條")
    ('paypal', 'paypal', '奇富借条')
    """
    return text.lower() if text.isascii() else fold.read_text(text).translate(words.simplified())


def decoded(text: str) -> str:
    """Percent-encoding undone, twice at most; then foreign labels decoded, as a browser may show them.

    The bytes are UTF-8; where they are not, GB 18030, if that gives Chinese characters and nothing else beside ASCII.

    >>> decoded("%2570aypal"), decoded("%252570aypal"), decoded("xn--pypal-4ve.com"), decoded("%BD%E8%CC%F5")
    ('paypal', '%70aypal', 'pаypal.com', '借条')
    """
    for _ in range(_DECODINGS):
        text = _unquoted(text) if "%" in text else text
    return _FOREIGN.sub(_label, text) if "-" in text else text


def _unquoted(text: str) -> str:
    encoded = unquote_to_bytes(text)
    with suppress(UnicodeDecodeError):
        return encoded.decode()
    with suppress(UnicodeDecodeError):
        chinese = encoded.decode("gb18030")
        if all(char.isascii() or fold.has_han(char) for char in chinese):
            return chinese
    return encoded.decode(errors="replace")


def _label(match: re.Match[str]) -> str:
    return fold.decode_label(match[0].lower())


def cut_tail(tail: str) -> list[Piece]:
    """The pieces of a canonical tail (`scheme:port/path?query`) in their order, empty ones left out.

    >>> [(piece.text, piece.kind) for piece in cut_tail("http:/a/Login.php?to=b.com&x=c")]
    [('a', 'folder'), ('Login', 'page'), ('to', 'value'), ('b.com', 'address'), ('x', 'value'), ('c', 'value')]
    """
    path, _, query = tail[tail.find("/") + 1 :][:LONGEST].partition("?")
    pieces = (piece for piece in chain(_path_pieces(path), _query_pieces(query)) if piece.text)
    return list(islice(pieces, _MOST))


def _path_pieces(path: str) -> Iterator[Piece]:
    path = decoded(path)
    address = _SCHEME.search(path.lower())
    if address:
        yield Piece(path[address.start() :], ADDRESS)
        path = path[: address.start()]
    *folders, last = path.split("/")
    yield from (Piece(part, FOLDER) for folder in folders for part in folder.split(";"))
    yield _last_piece(last)


def _last_piece(text: str) -> Piece:
    parts = _ENDING.match(text.lower())
    ending = parts["ending"] if parts else ""
    kind = PAGE if ending in _PAGES else ASSET if ending in _ASSETS else FOLDER
    return Piece(text if kind == FOLDER else text[: -len(ending) - 1], kind)


def _query_pieces(query: str) -> Iterator[Piece]:
    for parameter in re.split("[&;]", query):
        name, _, value = parameter.partition("=")
        yield Piece(decoded(name), VALUE)
        shown = decoded(value).replace("+", " ")
        yield Piece(shown, ADDRESS if _ADDRESS.search(shown.lower()) else VALUE)
