"""URLs: how often a brand that only path or query names is found, and how often an innocent URL is flagged."""

import re
from collections.abc import Iterator, Sequence
from importlib.metadata import distributions
from itertools import groupby, islice
from pathlib import Path
from typing import Final

import polars as pl

from analytics.match.matcher import Matcher
from analytics.match.pieces import decoded, read
from analytics.normalise.address import normalise_addresses
from db.brands import DEFAULT_THRESHOLD, Brand
from tests.eval.frame import Figure
from tests.eval.labelled import BrandLabels, read_urls
from tests.eval.measure import answer, flag_figures, flag_rates, judge, misnamed_figures, recall, recall_figures
from tests.eval.names import DEV, HELD, half_of
from tests.eval.outcome import Outcome, flagged, missed, only_dev

PATH: Final = "path"
_URL: Final = re.compile(r"https?://[A-Za-z0-9.-]+\.[a-z]{2,}(?::\d+)?/[^\s\"'<>()\[\]{}|\\^`,;*$]+")
_TEXTS: Final = (".py", ".md", ".rst", ".txt", ".js", ".json", ".html", "METADATA")
_LARGEST: Final = 2_000_000
"""Bytes of a file that is read; larger ones are data."""
_OF_HOST: Final = 50
"""URLs of one host; the rest say the same."""
_SEEN: Final = 3
"""Letters of a form from which it is visible in a tail."""


def evaluate_package_urls(matcher: Matcher, share: float) -> Outcome:
    """Flags among the URLs that installed packages' files name: documentation, projects, standards."""
    listed = sorted({url for text in _package_texts() for url in _URL.findall(text)})
    by_host = (islice(urls, _OF_HOST) for _, urls in groupby(listed, key=lambda url: url.split("/")[2]))
    chosen = [url.rstrip(".:!?") for urls in by_host for url in urls]
    urls = url_frame(pl.Series(chosen[:: max(1, round(1 / share))]), matcher).with_columns(list=pl.lit("package URLs"))
    answers = _in_tails(matcher, urls)
    rates = flag_rates(urls, answers, ["list"])
    return Outcome(list(flag_figures(rates, "flags: package URLs", "URLs of packages", {})), flagged(urls, answers))


def evaluate_labelled_urls(matcher: Matcher, brands: Sequence[Brand], labels: BrandLabels, folder: Path) -> Outcome:
    """Recall on labelled URLs whose tail shows the brand and whose host does not name it, by file and half."""
    listed = read_urls(folder)
    meant = {target: labels.brand_of(target) for target in listed["target"].unique()}
    known = listed.with_columns(brand=pl.col("target").replace_strict(meant, return_dtype=pl.String)).drop_nulls()
    urls = url_frame(known["url"], matcher)
    cases = known.unique(["file", "url"], maintain_order=True).join(urls, on="url")
    cases = cases.unique(["file", "host"], keep="first", maintain_order=True)
    visible = cases.filter(_is_visible(cases, matcher, brands) & ~_is_in_host(cases, matcher))
    answers = _in_tails(matcher, visible.unique("host", maintain_order=True))
    judged = judge(visible, answers)
    by_file = judged.group_by("file", maintain_order=True)
    figures = [figure for (file,), group in by_file for figure in _figures(str(file), group)]
    return Outcome(figures, missed(only_dev(judged), answers, pl.concat_str("file", pl.lit(f" {PATH}"))))


def url_frame(urls: pl.Series, matcher: Matcher) -> pl.DataFrame:
    """`url` as given, `host` (the whole address: answers are told apart by it), `name`, `tail`, and as `host_frame`.

    Each address once; official hosts are left out, and URLs without path and query.
    """
    name, length = pl.col("host"), pl.col("registrable_length")
    found = (
        normalise_addresses(urls)
        .filter(pl.col("reason").is_null() & ~pl.col("tail").str.contains(r"^$|^https?:[0-9]*/$"))
        .select(
            url="address",
            host=pl.concat_str("host", pl.lit(" "), "tail"),
            name="host",
            tail="tail",
            registrable_domain=pl.when(length > 0).then(name.str.tail(length)),
            public_suffix=name.str.tail(pl.col("suffix_length")),
        )
        .unique("host", keep="first", maintain_order=True)
    )
    strangers = pl.Series([matcher.official(each) is None for each in found["name"]], dtype=pl.Boolean)
    halves = [half_of(each) for each in found.select(pl.coalesce("registrable_domain", "name")).to_series()]
    return found.with_columns(half=pl.Series(halves, dtype=pl.String)).filter(strangers)


def _in_tails(matcher: Matcher, urls: pl.DataFrame) -> pl.DataFrame:
    asked = urls.select("tail", "registrable_domain", "public_suffix", host="name")
    met = matcher.match_urls(asked).with_columns(host=pl.concat_str("host", pl.lit(" "), "tail"))
    return met.select("host", "brand", "technique", "confidence", "matched")


def _is_visible(cases: pl.DataFrame, matcher: Matcher, brands: Sequence[Brand]) -> pl.Series:
    """Whether a form of the brand stands in the tail, for whoever reads it without separators."""
    forms = {brand.id: [form.text for form in matcher.forms(brand) if len(form.text) >= _SEEN] for brand in brands}
    tails = [re.sub("[-_ +]", "", read(decoded(tail))) for tail in cases["tail"]]
    shown = [any(form in tail for form in forms[brand]) for tail, brand in zip(tails, cases["brand"], strict=True)]
    return pl.Series(shown, dtype=pl.Boolean)


def _is_in_host(cases: pl.DataFrame, matcher: Matcher) -> pl.Series:
    hosts = cases.select("registrable_domain", "public_suffix", host="name").unique("host", maintain_order=True)
    met = answer(matcher, hosts).filter(pl.col("confidence") >= DEFAULT_THRESHOLD)
    named = set(met.select("host", "brand").iter_rows())
    return pl.Series([pair in named for pair in cases.select("name", "brand").iter_rows()], dtype=pl.Boolean)


def _figures(file: str, judged: pl.DataFrame) -> Iterator[Figure]:
    for half in (DEV, HELD):
        group = judged.filter(pl.col("half") == half)
        if group.height:
            yield from recall_figures(recall(group, []), f"{file}: {PATH} ({half})", "labelled URLs", {})
            yield from misnamed_figures(recall(group, []), f"{file}: {PATH}, misnamed ({half})", "labelled URLs")


def _package_texts() -> Iterator[str]:
    for distribution in distributions():
        for file in distribution.files or ():
            path = Path(str(distribution.locate_file(file)))
            if path.name.endswith(_TEXTS) and path.is_file() and path.stat().st_size <= _LARGEST:
                yield path.read_text("utf-8", "replace")
