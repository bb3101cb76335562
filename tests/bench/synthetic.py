"""Input for benchmarks, the same for the same seed: the hosts and layouts of `fanzha simulate`, without its noise.

Shares follow what PhishTank and URLhaus publish: six addresses in a hundred are spelt oddly, one in twenty is quoted.
"""

import json
from collections.abc import Sequence
from typing import Final

import polars as pl

from db.brands import Brand
from flows.simulate import names
from flows.simulate.draw import Draw, Whole
from flows.simulate.layouts import LAYOUTS, clock

_SUBJECTS_A_WARNING: Final = 0.4
_NEW_YEAR_MS: Final = 1_704_067_200_000
"""2024 begins, UTC."""
_YEAR_MS: Final = 366 * 86_400_000
_SCHEMES: Final = {"http://": 570, "https://": 425, "hxxp://": 3, "HTTP://": 2}
_TAILS: Final = {
    "": 80, "/": 60, "/{word}/{other}": 130, "/{word}/{keyword}.php": 130, "/{letters}/{word}/{other}/index.html": 160,
    "/{word}/{keyword}.php?id={letters}&session={letters}{letters}{number}&{other}={word}": 130,
    "/{word}/{keyword}.php?to=https%3A%2F%2F{word}.{tld}%2F&id={letters}": 25, "/{word}/%7E{other}/{keyword}/": 5,
    "/{word}/{letters}/{other}-{number}/{keyword}/{letters}.html": 190, "/{letters}?a={number},{number}&b={word}": 50,
    "/.{word}/{letters}/{keyword}/": 15, "/{word}/{letters}/#{other}": 5, "/{word}/{letters} {other}.html": 5,
}  # fmt: skip
_STAGES: Final = {"emitted": 70, "delivered": 20, "rendered": 10}
_CHANNELS: Final = {"sms": 40, "push": 30, "ai_call": 20, "in_app": 10}
_SINKS: Final = {"app-inbox": 60, "sms-gateway": 30, "call-centre": 10}
_IS_TEST: Final = {"0": 999, "1": 1}
_WARNED_OF: Final = {"": 80, "http://{word}{number}.{tld}/{letters}": 20}


def make_brands(count: int, listed: Sequence[Brand]) -> list[Brand]:
    """The listed brands and made-up ones of two words (Silver Lake), so many in all."""
    draw = Draw([count], 2 * count)
    words = names.draw_parts(draw, listed)
    pairs = zip(*(words.filled(name, draw.everywhere) for name in ("{word}", "{other}")), strict=True)
    named = {f"{one}{other}": f"{one} {other}".title() for one, other in pairs if one != other}
    made = [Brand(id=key, names=(name,), domains=(f"{key}.com",)) for key, name in named.items()]
    return [*listed, *made][:count]


def make_keywords(count: int, listed: Sequence[Brand]) -> list[Brand]:
    """Brands of one name in small Latin letters each, which no other has: what a matcher of keywords takes."""
    latin = dict.fromkeys(names.latin_name(brand) for brand in make_brands(2 * count, listed))
    return [Brand(id=name, names=(name,), domains=(f"{name}.com",)) for name in latin if len(name) > 3][:count]


def brand_toml(brand: Brand) -> str:
    """A brand as its file has it; a JSON string is a TOML string."""
    keys = {"id": brand.id, "names": brand.names, "domains": brand.domains, "keywords": brand.keywords}
    return "[[brand]]\n" + "\n".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in keys.items())


def make_urls(count: int, seed: int, brands: Sequence[Brand]) -> pl.Series:
    """URLs as published (String); some hosts have many, few URLs stand twice."""
    hosts = names.make_hosts(max(1, round(count / names.URLS_A_HOST)), seed, brands)
    draw = Draw([seed], count)
    host = pl.concat([hosts, hosts.gather(names.skewed(draw, hosts.len()))]).head(count)
    tail = draw.shaped(names.draw_parts(draw, brands), _TAILS)
    return pl.select(pl.concat_str(pl.lit(draw.weighted(_SCHEMES)), pl.lit(host), pl.lit(tail))).to_series()


def phishtank_csv(urls: pl.Series, seed: int, brands: Sequence[Brand]) -> bytes:
    """URLs as PhishTank's CSV has them, the times of 2024 descending."""
    draw = Draw([seed], urls.len())
    named = {"Other": len(brands), **{names.latin_name(brand).title(): 1 for brand in brands}}
    rows = {
        "number": pl.int_range(urls.len() + 5_000_000, 5_000_000, -1, eager=True),
        "address": urls,
        "published": pl.Series(_times(draw)).sort(descending=True),
        "claim": pl.repeat(None, urls.len(), dtype=pl.String, eager=True),
        "brand": draw.weighted(named),
    }
    layout = LAYOUTS["phishtank"]
    return layout.head + layout.body(pl.DataFrame(rows))


def url_list(urls: pl.Series) -> bytes:
    """URLs one a line."""
    return ("\n".join(["# synthetic", *urls]) + "\n").encode()


def warnings_csv(first: int, count: int, seed: int, brands: Sequence[Brand]) -> bytes:
    """A company's warnings in 2024, numbered from `first`: a person has two or three, one in five names an address."""
    draw = Draw([seed], count)
    parts = names.draw_parts(draw, brands)
    number = pl.int_range(first, first + count, eager=True).cast(pl.String).str.zfill(9)
    person = pl.Series(draw.index(round(count * _SUBJECTS_A_WARNING) + 1)) + round(first * _SUBJECTS_A_WARNING)
    columns = {
        "id": pl.select(pl.format("W2024{}", number)).to_series(),
        "time": clock(pl.Series(_times(draw)).sort()),
        "stage": draw.weighted(_STAGES),
        "channel": draw.weighted(_CHANNELS),
        "sink": draw.weighted(_SINKS),
        "campaign": draw.shaped(parts, {"{syllable}-{syllable2}": 1}),
        "url": draw.shaped(parts, _WARNED_OF).replace("", None),
        "person": pl.select(pl.format("synthetic-{}", person)).to_series(),
        "test": draw.weighted(_IS_TEST),
    }
    return pl.DataFrame(columns).write_csv().encode()


def _times(draw: Draw) -> Whole:
    return draw.index(_YEAR_MS) + _NEW_YEAR_MS
