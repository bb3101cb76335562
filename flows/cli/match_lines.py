"""Lines in, matches out: the work of `fanzha match`, in bounded memory however long the file."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import IO, Final, Protocol, TextIO

import polars as pl

from analytics.match.matcher import Matcher
from analytics.normalise.address import normalise_addresses
from web.defang import defuse_cell

COLUMNS: Final = (
    "input",
    "host",
    "registrable_domain",
    "brand",
    "technique",
    "similarity",
    "confidence",
    "matched",
    "explanation_zh",
    "explanation_en",
)
_LINES: Final = 250_000
"""Lines matched at once: enough for the vectors to pay, few enough that a long file needs no more memory."""
_LINE_BYTES: Final = 65_536
"""A longer line is no address; it is cut, not held."""


class _Sink(Protocol):
    def __call__(self, rows: pl.DataFrame) -> None: ...


def match_lines(
    source: IO[bytes],
    out: TextIO,
    matcher: Matcher,
    thresholds: Mapping[str, int],
    output: str,
    complain: Callable[[str], None],
) -> int:
    """Match each line of source and write one row a match.

    Args:
        source: hosts or URLs, one a line.
        out: where the rows go.
        matcher: with the brands.
        thresholds: brand id -> least confidence.
        output: `csv` or `jsonl`.
        complain: told of each line that is no address.

    Returns:
        How many lines were no address.
    """
    write = _csv_sink(out) if output == "csv" else _jsonl_sink(out)
    least = pl.DataFrame({"brand": list(thresholds), "threshold": list(thresholds.values())})
    refused = 0
    for first, lines in _chunks(source):
        normalised = normalise_addresses(pl.Series("input", lines, dtype=pl.String)).with_columns(
            input=pl.Series(lines, dtype=pl.String), line=pl.int_range(first, first + len(lines))
        )
        wanted = normalised.filter(pl.col("input").str.strip_chars() != "")
        for number, reason in wanted.filter(pl.col("reason").is_not_null()).select("line", "reason").iter_rows():
            complain(f"line {number}: {reason}")
            refused += 1
        write(_matches(wanted.filter(pl.col("reason").is_null()), matcher, least))
    return refused


def _matches(addresses: pl.DataFrame, matcher: Matcher, least: pl.DataFrame) -> pl.DataFrame:
    parts = _with_parts(addresses)
    hosts = parts.select("host", "registrable_domain", "public_suffix").unique("host", maintain_order=True)
    in_hosts = matcher.match_hosts(hosts)
    return (
        pl.concat([parts.join(in_hosts, on="host").select(_MET), _path_matches(parts, in_hosts, matcher).select(_MET)])
        .join(least, on="brand")
        .filter(pl.col("confidence") >= pl.col("threshold"))
        .sort("line", "confidence", "brand", descending=[False, True, False])
        .select(COLUMNS)
    )


_MET: Final = ("line", *COLUMNS)


def _path_matches(parts: pl.DataFrame, in_hosts: pl.DataFrame, matcher: Matcher) -> pl.DataFrame:
    """What the rest of the URLs names, where it says more than their hosts do."""
    urls = parts.filter(pl.col("tail") != "")
    found = matcher.match_urls(urls.select(pl.exclude("line", "input")).unique(["host", "tail"], maintain_order=True))
    said = in_hosts.group_by("host").agg(said=pl.col("confidence").max())
    more = found.join(said, on="host", how="left").filter(pl.col("confidence") > pl.col("said").fill_null(0))
    return urls.join(more, on=["host", "tail"])


def _with_parts(addresses: pl.DataFrame) -> pl.DataFrame:
    host = pl.col("host")
    return addresses.select(
        "line",
        "input",
        "host",
        "tail",
        registrable_domain=pl.when(pl.col("registrable_length") > 0).then(host.str.tail(pl.col("registrable_length"))),
        public_suffix=host.str.tail(pl.col("suffix_length")),
    )


def _chunks(source: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    first = 1
    lines = _lines(source)
    while chunk := list(islice(lines, _LINES)):
        yield first, chunk
        first += len(chunk)


def _lines(source: IO[bytes]) -> Iterator[str]:
    while line := source.readline(_LINE_BYTES):
        whole = line.endswith(b"\n")
        yield line.decode("utf-8", "replace").rstrip("\r\n")
        while not whole and (rest := source.readline(_LINE_BYTES)):
            whole = rest.endswith(b"\n")


def _csv_sink(out: TextIO) -> _Sink:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)

    def write(rows: pl.DataFrame) -> None:
        writer.writerows(
            [defuse_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows.iter_rows()
        )

    return write


def _jsonl_sink(out: TextIO) -> _Sink:
    def write(rows: pl.DataFrame) -> None:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows.iter_rows(named=True))

    return write
