"""Hosts and paths that look like the real ones: typos and combinations of brands' names under usual suffixes.

Everything is made up from words, digits and the brands' names; some of it may exist, so nothing of it is ever resolved.
Addresses by number are of 198.18.0.0/15, which is reserved for benchmarks.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

import polars as pl
from wordfreq import top_n_list

from db.brands import Brand
from flows.simulate.draw import Draw, Parts, Whole, Words

URLS_A_HOST: Final = 1.65
"""In PhishTank's list of April 2019: 10,191 addresses on 6,148 hosts."""
_WORDS: Final = 9_000
_KEYWORDS: Final = ("login", "secure", "account", "verify", "support", "loan", "kefu", "app", "vip", "pay", "service")
_SYLLABLES: Final = (
    "jie", "dai", "qian", "kuai", "hui", "jin", "fu", "rong", "xin", "bao", "yi", "tong", "da", "wang", "cai", "hao",
    "zhong", "mei", "le", "ka",
)  # fmt: skip
_LOOKALIKES: Final = {"o": "0", "l": "1", "i": "l", "a": "4", "e": "3", "s": "5", "m": "rn", "w": "vv"}

TLDS: Final = {
    "com": 40, "top": 7, "xyz": 6, "cn": 5, "net": 5, "org": 4, "shop": 4, "vip": 3, "info": 3, "cc": 2, "icu": 2,
    "ru": 2, "com.cn": 2, "com.br": 2, "co.uk": 2, "de": 1, "in": 1, "app": 1, "site": 1, "online": 1,
    "vercel.app": 1, "github.io": 1, "pages.dev": 1, "web.app": 1, "blogspot.com": 1, "weebly.com": 1,
}  # fmt: skip
LABELS: Final = {
    "{word}{other}": 30, "{word}{number}": 16, "{word}-{other}": 10, "{word}{other}{number}": 6, "{letters}": 10,
    "{syllable}{syllable2}{number}": 8, "{syllable}{syllable2}-{keyword}": 3, "{typo}{number}": 4, "{typo}": 2,
    "{typo}-{keyword}": 4, "{keyword}-{name}{number}": 3, "{name}{word}": 3, "{syllable}{han}": 0.5,
}  # fmt: skip
OWN_LABELS: Final = {"{typo}-{token}": 2, "{name}{token}": 2, "{word}{token}": 3, "{keyword}-{token}": 2, "{token}": 1}
"""Labels that no two rows share."""
HOSTS: Final = {
    "{label}.{tld}": 550, "www.{label}.{tld}": 250, "{keyword}.{label}.{tld}": 60, "{other}.{label}.{tld}": 90,
    "{name}.{label}.{tld}": 20, "{typo}.{keyword}.{label}.{tld}": 10, "198.18.{octet}.{octet2}": 15,
    "{label}.{tld}:8080": 2, "198.19.{octet}.{octet2}:83": 3,
}  # fmt: skip
OWN_HOSTS: Final = {name: weight for name, weight in HOSTS.items() if "octet" not in name and ":" not in name}
_NUMBERS: Final = {"number": 10_000, "octet": 256, "octet2": 256}


def latin_name(brand: Brand) -> str:
    """One name of a brand in small Latin letters and digits: the first that is Latin, else of its first domain."""
    named = next((name for name in brand.names if name.isascii()), brand.domains[0].partition(".")[0])
    return "".join(letter for letter in named.lower() if letter.isalnum())


def make_hosts(count: int, seed: int, brands: Sequence[Brand]) -> pl.Series:
    """Distinct hosts as published (String): words, digits, typos of brands; few Chinese, IPs, with ports."""
    found = pl.Series("host", [], dtype=pl.String)
    while found.len() < count:
        seed, missing = seed + 1, count - found.len()
        draw = Draw([seed], missing + missing // 10 + 100)
        found = pl.concat([found, draw_hosts(draw, draw_parts(draw, brands))]).unique(maintain_order=True)
    return found.head(count)


def draw_hosts(draw: Draw, parts: Parts) -> pl.Series:
    """A host a row (String), some of them alike."""
    return draw.shaped(parts.with_part("label", draw.shaped(parts, LABELS)), HOSTS).alias("host")


def own_hosts(draw: Draw, parts: Parts) -> pl.Series:
    """A host a row that no other row has, by the part `token`."""
    return draw.shaped(parts.with_part("label", draw.shaped(parts, OWN_LABELS)), OWN_HOSTS).alias("host")


def draw_parts(draw: Draw, brands: Sequence[Brand]) -> Parts:
    """What names and paths are made of."""
    names, typos, han = _brand_words(tuple(brands))
    numbers = {name: draw.one_of(_digits(end)) for name, end in _NUMBERS.items()}
    columns: dict[str, pl.Series | Words] = {
        "word": draw.one_of(_words()),
        "other": draw.one_of(_words()),
        "syllable": draw.one_of(_SYLLABLES),
        "syllable2": draw.one_of(_SYLLABLES),
        "keyword": draw.one_of(_KEYWORDS),
        "name": draw.one_of(names),
        "typo": draw.one_of(typos),
        "han": draw.one_of(han),
        "tld": Words(pl.Series(list(TLDS)), draw.chosen(TLDS)),
        "letters": draw.letters(),
        **numbers,
    }
    return Parts(columns)


def skewed(draw: Draw, end: int) -> Whole:
    """Places in [0, end), early ones more often."""
    return draw.index(end) * draw.index(end) // end


@cache
def _brand_words(brands: tuple[Brand, ...]) -> tuple[list[str], list[str], list[str]]:
    """Latin names, their typos, Chinese names."""
    names = sorted({latin_name(brand) for brand in brands})
    typos = [typo for name in names for typo in _typos(name)]
    return names, typos, [name for brand in brands for name in brand.names if re.fullmatch(r"[\u4e00-\u9fff]+", name)]


def _typos(name: str) -> list[str]:
    """The name with a letter left out, doubled, swapped with the next, or replaced by one that looks like it."""
    cuts = [(name[:at], name[at], name[at + 1 :]) for at in range(len(name))]
    omitted = [before + after for before, _, after in cuts]
    doubled = [before + letter * 2 + after for before, letter, after in cuts]
    swapped = [before + after[0] + letter + after[1:] for before, letter, after in cuts if after]
    replaced = [before + _LOOKALIKES[letter] + after for before, letter, after in cuts if letter in _LOOKALIKES]
    return [typo for typo in (*omitted, *doubled, *swapped, *replaced) if len(typo) > 1]


@cache
def _digits(end: int) -> list[str]:
    return [str(number) for number in range(end)]


@cache
def _words() -> list[str]:
    return [word for word in top_n_list("en", _WORDS) if word.isascii() and word.isalpha() and 2 < len(word) < 10]
