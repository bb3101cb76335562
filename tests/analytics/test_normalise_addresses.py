"""Frames of addresses say what single addresses say. All names are invented."""

from itertools import product
from random import Random

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.normalise.address import ADDRESSES_SCHEMA, NotAnAddress, canonical_address, normalise_addresses

SCHEMES = ["", "http://", "https://", "HTTP://", "ftp://", "hxxp://", "//"]
HOSTS = [
    *("qifu.example", "a.b.github.io", "github.io", "Qifu.example", "qifu.example.", "qifu", "qifu.1a", "x_-.top"),
    *("192.0.2.1", "192.0.2.01", "192.0.2.256", "192.0.2", "0xc0.0.2.1", "[2001:db8::1]", "奇富.example", "a..top"),
    *("user@qifu.example", f"{'a' * 63}.top", f"{'a' * 64}.top", f"{'a.' * 125}top", "qifu(.)example", "qi fu.top"),
]
PORTS = ["", ":", ":80", ":443", ":1000", ":8080", ":08080", ":65535", ":65536", ":0", ":x"]
TAILS = [
    *("", "/", "//", "/a", "/a/", "/a//b", "/.a", "/a/../b", "/a.", "/a/.", "/a?b", "/?b", "?b", "/?", "/a?", "#x"),
    *("/a#x", "/%7e", "/%41", "/%", "/a b", "/(dot)", "/a[.]b", "\\a", "/a\\b", "/a;b=1,2", "/a?b=/../c", "/a?b?c"),
    *("/登录", "/a?b=奇", "/a:80", "/@a", "/a'", '/a"', "/~a-_.!$&'()*+,;=:@"),
]
ODD = ["", " ", "mailto:a@qifu.example", "javascript:1", "3221225985", "12", "a" * 9_000, "qifu.example/" + "a" * 8_150]
EVERYTHING = ODD + ["".join(parts) for parts in product(SCHEMES, HOSTS, PORTS, TAILS)]


def one_by_one(texts: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame([_one(text) for text in texts], schema=ADDRESSES_SCHEMA, orient="row")


def _one(text: str | None) -> tuple[object, ...]:
    if text is None:
        return (None,) * len(ADDRESSES_SCHEMA)
    try:
        address = canonical_address(text)
    except NotAnAddress as refusal:
        return (text, None, None, None, None, None, refusal.reason)
    lengths = (address.registrable_length, address.suffix_length, address.is_shared)
    return (text, address.host, address.tail, *lengths, None)


def test_a_frame_says_what_one_address_says() -> None:
    sample = EVERYTHING[:: len(EVERYTHING) // 12_000]
    assert normalise_addresses(pl.Series(sample)).equals(one_by_one([*sample]))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.none() | st.sampled_from(EVERYTHING) | st.text(max_size=30), max_size=30))
def test_any_frame_says_what_one_address_says(texts: list[str | None]) -> None:
    assert normalise_addresses(pl.Series(texts, dtype=pl.String)).equals(one_by_one(texts))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.none() | st.sampled_from(EVERYTHING), max_size=20), st.randoms(use_true_random=False))
def test_order_makes_no_difference(texts: list[str | None], random: Random) -> None:
    order = list(range(len(texts)))
    random.shuffle(order)
    frame = normalise_addresses(pl.Series(texts, dtype=pl.String))
    shuffled = normalise_addresses(pl.Series([texts[place] for place in order], dtype=pl.String))
    assert shuffled.equals(frame[order])


def test_no_addresses_are_a_frame_too() -> None:
    assert normalise_addresses(pl.Series([], dtype=pl.String)).schema == ADDRESSES_SCHEMA
    nothing = normalise_addresses(pl.Series([None, None]))
    assert nothing.schema == ADDRESSES_SCHEMA
    assert nothing.null_count().row(0) == (2,) * len(ADDRESSES_SCHEMA)
