"""Our table of suffixes answers as tldextract does."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tldextract import TLDExtract

from analytics.normalise.hosts import FILE_ENDINGS
from analytics.normalise.suffixes import Suffix, suffix_frame, suffix_of
from db.brands import suffix_rules

EXTRACT = TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)
NAMES = sorted(rule.removeprefix("*.").removeprefix("!") for rule in suffix_rules())
LABELS = st.sampled_from(["a", "www", "qifu-demo", "city", "xn--fiqs8s", "s3", "_x"])


def by_tldextract(host: str) -> Suffix:
    split = EXTRACT(host)
    registrable = len(split.top_domain_under_public_suffix)
    return Suffix(registrable, len(split.suffix), split.is_private and registrable > 0)


def as_suffixes(frame: pl.DataFrame) -> list[Suffix]:
    return [Suffix(*row) for row in frame.iter_rows()]


@pytest.mark.parametrize("prefix", ["", "a.", "b.a.", "c.b.a."])
def test_every_rule_as_tldextract_has_it(prefix: str) -> None:
    hosts = [prefix + name for name in NAMES if prefix or "." in name]
    expected = [by_tldextract(host) for host in hosts]
    assert as_suffixes(suffix_frame(pl.Series(hosts))) == expected
    assert [suffix_of(host) for host in hosts] == expected


@settings(deadline=None)
@given(st.lists(st.tuples(st.lists(LABELS, min_size=1, max_size=4), st.sampled_from(NAMES)), max_size=30))
def test_any_host_as_tldextract_has_it(parts: list[tuple[list[str], str]]) -> None:
    hosts = [".".join([*labels, name]) for labels, name in parts]
    expected = [by_tldextract(host) for host in hosts]
    assert as_suffixes(suffix_frame(pl.Series(hosts, dtype=pl.String))) == expected
    assert as_suffixes(suffix_frame(pl.Series(hosts * 200, dtype=pl.String))) == expected * 200
    assert [suffix_of(host) for host in hosts] == expected


@pytest.mark.parametrize(
    ("host", "suffix"),
    [
        ("a.b.example", Suffix(len("b.example"), len("example"), is_shared=False)),
        ("b.example", Suffix(len("b.example"), len("example"), is_shared=False)),
        ("192.0.2.1", Suffix(len("192.0.2.1"), 0, is_shared=False)),
        ("[2001:db8::1]", Suffix(len("[2001:db8::1]"), 0, is_shared=False)),
        ("[::ffff:1]", Suffix(len("[::ffff:1]"), 0, is_shared=False)),
    ],
)
def test_what_no_rule_speaks_of(host: str, suffix: Suffix) -> None:
    assert suffix_of(host) == suffix
    assert as_suffixes(suffix_frame(pl.Series([host]))) == [suffix]
    assert as_suffixes(suffix_frame(pl.Series([host] * 1_000))) == [suffix] * 1_000, "the table says the same"


def test_no_file_ending_is_a_top_level_domain() -> None:
    known = {suffix.rsplit(".", 1)[-1] for suffix in EXTRACT.tlds}
    assert not known & set(FILE_ENDINGS)
