"""Fake apps of brands as fakers make them, family by family: decorated and misspelt names, packages that resemble.

Written apart from the matcher: the decorations here are not its vocabulary, and Unicode's own names tell which
characters look alike.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from heapq import nsmallest
from itertools import permutations, product
from typing import Final
from zlib import crc32

import polars as pl
from pypinyin import lazy_pinyin
from pypinyin.constants import PINYIN_DICT

from analytics.match import words
from db.brands import Brand

APP_SCHEMA: Final = pl.Schema(
    {
        "app_id": pl.Int64,
        "package": pl.String,
        "name": pl.String,
        "developer": pl.String,
        "certificate": pl.String,
        "brand": pl.String,
        "family": pl.String,
    }
)
_A_FAMILY: Final = 6
"""Fakes drawn of a brand and family: those whose text has the smallest CRC-32."""
_BEFORE: Final = ("最新", "官方", "新", "【正版】", "New ", "My ", "Official ")
_AFTER: Final = (
    *("官方版", "-官方正版", "（极速版）", " APP", "app下载", " Pro", " VIP", "Lite", " Plus 2024", "2.0", "客户端"),
    *("（安卓版）", " Mobile", "-Official", " HD", "最新版本", "_专业版", "·尊享版"),
)
_BAITS: Final = (
    *(
        "提额",
        "贷款",
        "借款平台",
        "客服中心",
        "在线客服",
        "极速放款",
        "钱包",
        "退款助手",
        "分期借钱",
        "征信修复中心",
        "领红包",
    ),
    *("理赔服务", " Login", " Security", " Support", " Wallet", " Verify", " Cash Loan", " Rewards", " Account Update"),
    " 客服",
)
_SEPARATORS: Final = (" ", "·", "_", "-", ".", "  ")
_UNSEEN: Final = ("\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad")
_ALIKE: Final[Mapping[str, Sequence[str]]] = {
    "a": "аɑα", "b": "Ь", "c": "сϲ", "d": "ԁ", "e": "еé", "g": "ɡ", "i": "іíl", "k": "κ", "l": "Iı1", "m": ("rn",),
    "n": "ո", "o": "оο0ö", "p": "рρ", "s": "ѕ5", "t": "τ", "u": "υ", "v": "ν", "w": "ѡ", "x": "х", "y": "уý",
    "0": "OО", "1": "lI", "3": "З", "6": "б",
}  # fmt: skip
_KEYS: Final = {"a": "s", "e": "r", "i": "o", "o": "p", "n": "m", "t": "y", "r": "t", "l": "k", "s": "d", "c": "v"}
_TOPS: Final = ("cn", "org", "net", "io", "top", "app")
_ENDS: Final = ("vip", "pro", "app", "new", "loan", "update", "android", "cash", "qz7", "release2")
_GLUED: Final = ("2", "pro", "vip", "app", "new", "88")
_PUT_IN: Final = ("app", "android", "mobile", "v2", "client")
_STRANGERS: Final = ("com.xkzj.fast", "com.lhtq.app", "cn.uwvq.tools", "com.example.myapplication", "io.dcloud.uni7f3a")
"""Packages as app factories give them."""
_UNRELATED: Final = ("记事本", "Notes", "我的应用", "Demo")
_FIRMS: Final = ("", " Inc.", " Ltd")


def imitations(brands: Sequence[Brand], share: float = 1.0) -> pl.DataFrame:
    """`APP_SCHEMA`: fakes of brands, of whom in `brand`, how made in `family`; `share` of the brands is taken."""
    chosen = nsmallest(max(1, round(len(brands) * share)), brands, key=lambda brand: crc32(brand.id.encode()))
    rows = [
        (package, name, developer, None, brand.id, family)
        for brand in chosen
        for family, made in _fakes(brand)
        for package, name, developer in made
    ]
    return pl.DataFrame([(number, *row) for number, row in enumerate(rows)], schema=APP_SCHEMA, orient="row")


def _fakes(brand: Brand) -> Iterator[tuple[str, list[tuple[str, str, str | None]]]]:
    for family, make in NAMES.items():
        texts = {text for name in brand.names for text in make(name)}
        yield family, [(_STRANGERS[crc32(text.encode()) % len(_STRANGERS)], text, None) for text in _few(texts)]
    for family, make in PACKAGES.items():
        texts = {text for package in brand.packages for text in make(package)} - set(brand.packages)
        yield family, [(text, _UNRELATED[crc32(text.encode()) % len(_UNRELATED)], None) for text in _few(texts)]
    for family, make in DEVELOPERS.items():
        texts = {text for name in brand.names for text in make(name)}
        name = brand.names[0] if family == _CLAIMED else _UNRELATED[0]
        yield family, [(_STRANGERS[0], name, f"{text}{_FIRMS[crc32(text.encode()) % 3]}") for text in _few(texts)]


def _few(texts: set[str]) -> list[str]:
    return nsmallest(_A_FAMILY, texts, key=lambda text: crc32(text.encode()))


def _letters(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum())


def _has_han(text: str) -> bool:
    return any("\u4e00" <= char <= "\u9fff" for char in text)


def _itself(name: str) -> Iterator[str]:
    yield name


def _editions(name: str) -> Iterator[str]:
    yield from (before + name for before in _BEFORE)
    yield from (name + after for after in _AFTER)


def _baits(name: str) -> Iterator[str]:
    yield from (name + bait for bait in _BAITS)


def _lookalikes(name: str) -> Iterator[str]:
    for place, char in enumerate(name):
        yield from (name[:place] + other + name[place + 1 :] for other in _ALIKE.get(char.lower(), ""))


def _traditional(name: str) -> Iterator[str]:
    text = "".join(_to_traditional().get(char, char) for char in name)
    yield from [text] if text != name else []


def _to_traditional() -> Mapping[str, str]:
    """Simplified characters that stand for one traditional one, the other way round."""
    pairs: dict[str, set[str]] = {}
    for code, simple in words.simplified().items():
        pairs.setdefault(simple, set()).add(chr(code))
    return {simple: min(others) for simple, others in pairs.items() if len(others) == 1}


def _full_width(name: str) -> Iterator[str]:
    wide = "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in name)
    yield from [wide, f"{wide}官方版"] if wide != name else []


def _unseen(name: str) -> Iterator[str]:
    for place, mark in product(range(1, len(name)), _UNSEEN):
        yield name[:place] + mark + name[place:]


def _spaced(name: str) -> Iterator[str]:
    letters = name.replace(" ", "")
    yield from (separator.join(letters) for separator in _SEPARATORS)
    yield from (f"{separator.join(letters)} Pro" for separator in _SEPARATORS[:2])


def _misspelt(name: str) -> Iterator[str]:
    """One letter of a Latin name of seven letters and more other than it is, behind the first."""
    if not name.isascii() or len(_letters(name)) < 7:
        return
    for place in range(1, len(name)):
        char, rest = name[place], name[place + 1 :]
        if not char.isalpha():
            continue
        yield name[:place] + rest
        yield name[:place] + char + char + rest
        if rest[:1].isalpha() and rest[0] != char:
            yield name[:place] + rest[0] + char + rest[1:]
        if char in _KEYS:
            yield name[:place] + _KEYS[char] + rest


def _homophones(name: str) -> Iterator[str]:
    """A character of a name of three characters and more replaced by a usual one with its sound."""
    if len(name) < 3 or not all(_has_han(char) for char in name):
        return
    spoken = lazy_pinyin(name)
    for place, char in enumerate(name):
        for other in _SOUNDING.get(spoken[place], "")[:3]:
            text = name[:place] + other + name[place + 1 :]
            if other != char and lazy_pinyin(text) == spoken:
                yield text


def _by_sound() -> dict[str, str]:
    usual = "".join(chr(code) for code in sorted(PINYIN_DICT) if 0x4E00 <= code <= 0x9FFF and _is_usual(chr(code)))
    found: dict[str, str] = {}
    for char in usual:
        sound = lazy_pinyin(char)[0]
        found[sound] = found.get(sound, "") + char
    return found


def _is_usual(char: str) -> bool:
    """Whether a character is of the first level of GB 2312: the 3,755 usual ones."""
    try:
        return 0xB0 <= char.encode("gb2312")[0] <= 0xD7
    except UnicodeEncodeError:
        return False


_SOUNDING: Final = _by_sound()


def _two_ways(name: str) -> Iterator[str]:
    for text in (*_lookalikes(name), *_traditional(name), *_unseen(name)):
        yield from (text + after for after in (_AFTER[0], _AFTER[5], _BAITS[0], _BAITS[13]))


NAMES: Final[Mapping[str, Callable[[str], Iterator[str]]]] = {
    "name: itself": _itself,
    "name: edition": _editions,
    "name: bait": _baits,
    "name: lookalike": _lookalikes,
    "name: traditional": _traditional,
    "name: full-width": _full_width,
    "name: unseen characters": _unseen,
    "name: spaced": _spaced,
    "name: misspelt": _misspelt,
    "name: homophone": _homophones,
    "name: two ways": _two_ways,
}


def _package_looks(package: str) -> Iterator[str]:
    start = package.index(".") + 1
    for place in range(start, len(package)):
        for other in _ALIKE.get(package[place].lower(), ""):
            if other.isascii() and not other.isupper():
                yield package[:place] + other + package[place + 1 :]


def _package_edits(package: str) -> Iterator[str]:
    """One letter otherwise in a segment of five letters and more, behind the top."""
    segments = package.split(".")
    for number, segment in enumerate(segments):
        if number and len(segment) > 4:
            for place in range(1, len(segment)):
                rest = segment[place + 1 :]
                edits = [segment[:place] + rest, segment[:place] + segment[place] * 2 + rest]
                edits += [segment[:place] + rest[0] + segment[place] + rest[1:]] if rest else []
                edits += [segment[:place] + _KEYS[segment[place]] + rest] if segment[place] in _KEYS else []
                yield from (".".join([*segments[:number], edit, *segments[number + 1 :]]) for edit in edits)


def _package_tops(package: str) -> Iterator[str]:
    top, _, rest = package.partition(".")
    yield from (f"{other}.{rest}" for other in _TOPS if other != top and rest.count(".") > 0)


def _package_ends(package: str) -> Iterator[str]:
    yield from (f"{package}.{end}" for end in _ENDS)


def _package_glued(package: str) -> Iterator[str]:
    yield from (package + end for end in _GLUED)


def _package_separators(package: str) -> Iterator[str]:
    head, _, tail = package.rpartition(".")
    yield from (f"{head}{separator}{tail}" for separator in ("_", "-", "") if "." in head)


def _package_orders(package: str) -> Iterator[str]:
    segments = package.split(".")
    if len(segments) == 3:
        yield from (".".join(order) for order in permutations(segments))


def _package_put_in(package: str) -> Iterator[str]:
    segments = package.split(".")
    if len(segments) > 2:
        yield from (".".join([*segments[:2], more, *segments[2:]]) for more in _PUT_IN)
        yield from (f"{more}.{package}" for more in _PUT_IN)


PACKAGES: Final[Mapping[str, Callable[[str], Iterator[str]]]] = {
    "package: lookalike": _package_looks,
    "package: one letter": _package_edits,
    "package: another top": _package_tops,
    "package: continued": _package_ends,
    "package: glued": _package_glued,
    "package: separators": _package_separators,
    "package: order": _package_orders,
    "package: put in": _package_put_in,
}
_CLAIMED: Final = "developer: the brand's"
DEVELOPERS: Final[Mapping[str, Callable[[str], Iterator[str]]]] = {
    _CLAIMED: _itself,
    "developer: lookalike": _lookalikes,
    "developer: misspelt": _misspelt,
}
FAMILIES: Final = (*NAMES, *PACKAGES, *DEVELOPERS)
