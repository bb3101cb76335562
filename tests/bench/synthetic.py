"""Synthetic input that looks like the real thing: hosts, feeds, warnings; the same for the same seed.

Everything here is made up from words, digits and the brands' names; some of it may exist, so nothing of it is ever
resolved. Shares follow what PhishTank and URLhaus publish: six addresses in a hundred are spelt oddly, one in twenty
needs quotes.
"""

import json
from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Final

import numpy as np
import polars as pl
from wordfreq import top_n_list

from db.brands import Brand

_URLS_A_HOST: Final = 1.65
"""In PhishTank's list of April 2019: 10,191 addresses on 6,148 hosts."""
_SUBJECTS_A_WARNING: Final = 0.4
_NEW_YEAR_MS: Final = 1_704_067_200_000
"""2024 begins, UTC."""
_YEAR_MS: Final = 366 * 86_400_000
_WORDS: Final = 9_000
_KEYWORDS: Final = ("login", "secure", "account", "verify", "support", "loan", "kefu", "app", "vip", "pay", "service")
_SYLLABLES: Final = (
    "jie", "dai", "qian", "kuai", "hui", "jin", "fu", "rong", "xin", "bao", "yi", "tong", "da", "wang", "cai", "hao",
    "zhong", "mei", "le", "ka",
)  # fmt: skip
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_LOOKALIKES: Final = {"o": "0", "l": "1", "i": "l", "a": "4", "e": "3", "s": "5", "m": "rn", "w": "vv"}

_TLDS: Final = {
    "com": 40, "top": 7, "xyz": 6, "cn": 5, "net": 5, "org": 4, "shop": 4, "vip": 3, "info": 3, "cc": 2, "icu": 2,
    "ru": 2, "com.cn": 2, "com.br": 2, "co.uk": 2, "de": 1, "in": 1, "app": 1, "site": 1, "online": 1,
    "vercel.app": 1, "github.io": 1, "pages.dev": 1, "web.app": 1, "blogspot.com": 1, "weebly.com": 1,
}  # fmt: skip
_LABELS: Final = {
    "{word}{other}": 30, "{word}{number}": 16, "{word}-{other}": 10, "{word}{other}{number}": 6, "{letters}": 10,
    "{syllable}{syllable2}{number}": 8, "{syllable}{syllable2}-{keyword}": 3, "{typo}{number}": 4, "{typo}": 2,
    "{typo}-{keyword}": 4, "{keyword}-{name}{number}": 3, "{name}{word}": 3, "{syllable}{han}": 0.5,
}  # fmt: skip
_HOSTS: Final = {
    "{label}.{tld}": 550, "www.{label}.{tld}": 250, "{keyword}.{label}.{tld}": 60, "{other}.{label}.{tld}": 90,
    "{name}.{label}.{tld}": 20, "{typo}.{keyword}.{label}.{tld}": 10, "{octet}.{octet2}.{octet3}.{octet}": 15,
    "{label}.{tld}:8080": 2, "{octet}.{octet2}.{octet3}.{octet}:83": 3,
}  # fmt: skip
_SCHEMES: Final = {"http://": 570, "https://": 425, "hxxp://": 3, "HTTP://": 2}
_TAILS: Final = {
    "": 80, "/": 60, "/{word}/{other}": 130, "/{word}/{keyword}.php": 130, "/{letters}/{word}/{other}/index.html": 160,
    "/{word}/{keyword}.php?id={letters}&session={letters}{letters}{number}&{other}={word}": 130,
    "/{word}/{keyword}.php?to=https%3A%2F%2F{word}.{tld}%2F&id={letters}": 25, "/{word}/%7E{other}/{keyword}/": 5,
    "/{word}/{letters}/{other}-{number}/{keyword}/{letters}.html": 190, "/{letters}?a={number},{number}&b={word}": 50,
    "/.{word}/{letters}/{keyword}/": 15, "/{word}/{letters}/#{other}": 5, "/{word}/{letters} {other}.html": 5,
}  # fmt: skip
_NUMBERS: Final = {"number": 10_000, "octet": 256, "octet2": 256, "octet3": 256}
_STAGES: Final = {"emitted": 70, "delivered": 20, "rendered": 10}
_CHANNELS: Final = {"sms": 40, "push": 30, "ai_call": 20, "in_app": 10}
_SINKS: Final = {"app-inbox": 60, "sms-gateway": 30, "call-centre": 10}
_IS_TEST: Final = {"0": 999, "1": 1}
_WARNED_OF: Final = {"": 80, "http://{word}{number}.{tld}/{letters}": 20}


def latin_name(brand: Brand) -> str:
    """One name of a brand in small Latin letters and digits: the first that is Latin, else of its first domain."""
    named = next((name for name in brand.names if name.isascii()), brand.domains[0].partition(".")[0])
    return "".join(letter for letter in named.lower() if letter.isalnum())


def make_brands(count: int, listed: Sequence[Brand]) -> list[Brand]:
    """The listed brands and made-up ones of two words (Silver Lake), so many in all."""
    draw = _Draw(count, 2 * count)
    words = [word for word in _words() if len(word) > 3]
    pairs = zip(draw.one_of(words), draw.one_of(words), strict=True)
    named = {f"{one}{other}": f"{one} {other}".title() for one, other in pairs if one != other}
    made = [Brand(id=key, names=(name,), domains=(f"{key}.com",)) for key, name in named.items()]
    return [*listed, *made][:count]


def make_keywords(count: int, listed: Sequence[Brand]) -> list[Brand]:
    """Brands of one name in small Latin letters each, which no other has: what a matcher of keywords takes."""
    names = dict.fromkeys(latin_name(brand) for brand in make_brands(2 * count, listed))
    return [Brand(id=name, names=(name,), domains=(f"{name}.com",)) for name in names if len(name) > 3][:count]


def brand_toml(brand: Brand) -> str:
    """A brand as its file has it; a JSON string is a TOML string."""
    keys = {"id": brand.id, "names": brand.names, "domains": brand.domains, "keywords": brand.keywords}
    return "[[brand]]\n" + "\n".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in keys.items())


def make_hosts(count: int, seed: int, brands: Sequence[Brand]) -> pl.Series:
    """Distinct hosts as published (String): words, digits, typos of brands; few Chinese, IPs, with ports."""
    found = pl.Series("host", [], dtype=pl.String)
    while found.len() < count:
        seed, missing = seed + 1, count - found.len()
        drawn = _draw_hosts(_Draw(seed, missing + missing // 10 + 100), brands)
        found = pl.concat([found, drawn]).unique(maintain_order=True)
    return found.head(count)


def make_urls(count: int, seed: int, brands: Sequence[Brand]) -> pl.Series:
    """URLs as published (String); some hosts have many, few URLs stand twice."""
    hosts = make_hosts(max(1, round(count / _URLS_A_HOST)), seed, brands)
    draw = _Draw(seed, count)
    later = draw.index(hosts.len()) * draw.index(hosts.len()) // hosts.len()  # early hosts more often
    host = pl.concat([hosts, hosts.gather(later)]).head(count)
    tail = draw.shaped(draw.parts(brands), _TAILS)
    return pl.select(pl.concat_str(pl.lit(draw.weighted(_SCHEMES)), pl.lit(host), pl.lit(tail))).to_series()


def phishtank_csv(urls: pl.Series, seed: int, brands: Sequence[Brand]) -> bytes:
    """URLs as PhishTank's CSV has them, the times of 2024 descending."""
    draw = _Draw(seed, urls.len())
    named = {"Other": len(brands), **{latin_name(brand).title(): 1 for brand in brands}}
    at = _times(draw).sort(descending=True).dt.strftime("%Y-%m-%dT%H:%M:%S+00:00")
    number = pl.int_range(urls.len() + 5_000_000, 5_000_000, -1, dtype=pl.Int64, eager=True)
    columns = {
        "phish_id": number,
        "url": urls,
        "phish_detail_url": pl.select(
            pl.format("http://tank.example/phish_detail.php?phish_id={}", number)
        ).to_series(),
        "submission_time": at,
        "verified": pl.repeat("yes", urls.len(), eager=True),
        "verification_time": at,
        "online": pl.repeat("yes", urls.len(), eager=True),
        "target": draw.weighted(named),
    }
    return _csv(pl.DataFrame(columns))


def url_list(urls: pl.Series) -> bytes:
    """URLs one a line."""
    return ("\n".join(["# synthetic", *urls]) + "\n").encode()


def warnings_csv(first: int, count: int, seed: int, brands: Sequence[Brand]) -> bytes:
    """A company's warnings in 2024, numbered from `first`: a person has two or three, one in five names an address."""
    draw = _Draw(seed, count)
    parts = draw.parts(brands)
    number = pl.int_range(first, first + count, eager=True).cast(pl.String).str.zfill(9)
    person = draw.index(round(count * _SUBJECTS_A_WARNING) + 1) + round(first * _SUBJECTS_A_WARNING)
    columns = {
        "id": pl.select(pl.format("W2024{}", number)).to_series(),
        "time": _times(draw).sort().dt.strftime("%Y-%m-%d %H:%M:%S"),
        "stage": draw.weighted(_STAGES),
        "channel": draw.weighted(_CHANNELS),
        "sink": draw.weighted(_SINKS),
        "campaign": draw.shaped(parts, {"{syllable}-{syllable2}": 1}),
        "url": draw.shaped(parts, _WARNED_OF),
        "person": pl.select(pl.format("synthetic-{}", person)).to_series(),
        "test": draw.weighted(_IS_TEST),
    }
    return _csv(pl.DataFrame(columns))


def _csv(rows: pl.DataFrame) -> bytes:
    return rows.with_columns(pl.col(pl.String).replace("", None)).write_csv().encode()


def _draw_hosts(draw: "_Draw", brands: Sequence[Brand]) -> pl.Series:
    parts = draw.parts(brands)
    return draw.shaped(parts.with_columns(label=draw.shaped(parts, _LABELS)), _HOSTS)


def _times(draw: "_Draw") -> pl.Series:
    return (draw.index(_YEAR_MS) + _NEW_YEAR_MS).cast(pl.Datetime("ms"))


def _typos(name: str) -> list[str]:
    """The name with a letter left out, doubled, swapped with the next, or replaced by one that looks like it."""
    cuts = [(name[:at], name[at], name[at + 1 :]) for at in range(len(name))]
    omitted = [before + after for before, _, after in cuts]
    doubled = [before + letter * 2 + after for before, letter, after in cuts]
    swapped = [before + after[0] + letter + after[1:] for before, letter, after in cuts if after]
    replaced = [before + _LOOKALIKES[letter] + after for before, letter, after in cuts if letter in _LOOKALIKES]
    return [typo for typo in (*omitted, *doubled, *swapped, *replaced) if len(typo) > 1]


def _filled(pattern: str) -> pl.Expr:
    """A pattern such as `{word}-{number}` over the columns of that name."""
    pieces: list[pl.Expr] = []
    for literal, column, _, _ in Formatter().parse(pattern):
        pieces += [pl.lit(literal)] if literal else []
        pieces += [pl.col(column)] if column else []
    return pl.concat_str(pieces) if pieces else pl.lit("")


def _words() -> list[str]:
    return [word for word in top_n_list("en", _WORDS) if word.isascii() and word.isalpha() and 2 < len(word) < 10]


class _Draw:
    """Columns drawn at random, each of the same length."""

    def __init__(self, seed: int, count: int) -> None:
        self._random = np.random.default_rng(seed)
        self._count = count

    def index(self, end: int) -> pl.Series:
        """Whole numbers in [0, end)."""
        return pl.Series(self._random.integers(0, end, self._count))

    def one_of(self, choices: Sequence[str]) -> pl.Series:
        """Choices, each as likely as the other."""
        return pl.Series(choices, dtype=pl.String).gather(self.index(len(choices)))

    def weighted(self, weights: Mapping[str, float]) -> pl.Series:
        """Choices by weight."""
        shares = np.array(list(weights.values())) / sum(weights.values())
        chosen = self._random.choice(len(weights), self._count, p=shares)
        return pl.Series(list(weights), dtype=pl.String).gather(pl.Series(chosen))

    def letters(self) -> pl.Series:
        """Ten letters and digits without sense."""
        drawn = np.array(list(_ALPHABET))[self._random.integers(0, len(_ALPHABET), (self._count, 10))]
        return pl.Series(drawn.view("U10").ravel(), dtype=pl.String)

    def shaped(self, parts: pl.DataFrame, shapes: Mapping[str, float]) -> pl.Series:
        """Texts by weighted shapes, each a pattern over the columns of parts."""
        filled = [pl.when(pl.col("shape") == shape).then(_filled(shape)) for shape in shapes]
        return parts.with_columns(shape=self.weighted(shapes)).select(pl.coalesce(filled)).to_series()

    def parts(self, brands: Sequence[Brand]) -> pl.DataFrame:
        """What names and paths are made of."""
        words = _words()
        names = sorted({latin_name(brand) for brand in brands})
        numbers = {name: self.index(end).cast(pl.String) for name, end in _NUMBERS.items()}
        return pl.DataFrame(
            {
                "word": self.one_of(words),
                "other": self.one_of(words),
                "syllable": self.one_of(_SYLLABLES),
                "syllable2": self.one_of(_SYLLABLES),
                "keyword": self.one_of(_KEYWORDS),
                "name": self.one_of(names),
                "typo": self.one_of([typo for name in names for typo in _typos(name)]),
                "han": self.one_of([name for brand in brands for name in brand.names if not name.isascii()]),
                "tld": self.weighted(_TLDS),
                "letters": self.letters(),
                **numbers,
            }
        )
