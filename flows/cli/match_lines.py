"""Lines in, matches out: what `fanzha match` does with one block of lines."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Final

import polars as pl

from analytics.match.matcher import Matcher
from analytics.normalise.address import BROKEN_PUNYCODE, has_broken_label, normalise_addresses
from db.defang import FORMULA, NUMBER
from db.unseen import UNSEEN, show_unseen
from flows.cli.match_bait import bait_matches
from flows.cli.match_work import COLUMNS, MOST_REASONS, Answer, Block, Task


class LineMatcher:
    """The brands, ready to be looked for in lines."""

    def __init__(self, task: Task) -> None:
        self._matcher = Matcher(task.brands, popular=task.popular)
        self._least = pl.DataFrame({"brand": list(task.thresholds), "threshold": list(task.thresholds.values())})
        self._written = _WRITERS[task.output]

    def answer(self, block: Block) -> Answer:
        """Match the lines of a block, one row a match."""
        lines = pl.Series("input", block.text.decode("utf-8", "replace").removesuffix("\n").split("\n"))
        lines = lines.str.strip_chars_end("\r")
        normalised = _without_broken(normalise_addresses(lines)).with_columns(
            input=lines, line=pl.int_range(block.first, block.first + len(lines))
        )
        wanted = normalised.filter(pl.col("input").str.strip_chars() != "")
        refused = wanted.filter(pl.col("reason").is_not_null()).select("line", "reason")
        rows = _matches(wanted.filter(pl.col("reason").is_null()), self._matcher, self._least)
        return Answer(self._written(rows), refused.height, refused.head(MOST_REASONS).rows())


def _without_broken(addresses: pl.DataFrame) -> pl.DataFrame:
    """The addresses, those refused whose host is spelt in Punycode that says nothing: nobody sees them as a name."""
    host = pl.col("host")
    foreign = addresses.filter(host.str.contains(r"\bxn--"))["host"].unique()
    broken = list(filter(has_broken_label, foreign))
    if not broken:
        return addresses
    reason = pl.when(host.is_in(broken)).then(pl.lit(BROKEN_PUNYCODE)).otherwise("reason")
    return addresses.with_columns(reason=reason)


def _matches(addresses: pl.DataFrame, matcher: Matcher, least: pl.DataFrame) -> pl.DataFrame:
    parts = _with_parts(addresses)
    hosts = parts.select("host", "registrable_domain", "public_suffix").unique("host", maintain_order=True)
    in_hosts = matcher.match_hosts(hosts)
    met = (
        parts.join(in_hosts, on="host"),
        bait_matches(parts, in_hosts, matcher),
        _path_matches(parts, in_hosts, matcher),
    )
    return (
        pl.concat(each.select(_MET) for each in met)
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


def _as_csv(rows: pl.DataFrame) -> str:
    cells = pl.col(pl.String).map_batches(_visible, return_dtype=pl.String)
    return rows.with_columns(defused_cells(cells)).write_csv(include_header=False)


def _visible(cells: pl.Series) -> pl.Series:
    """Cells that a terminal or a spreadsheet shows as they are; most are already."""
    hidden = cells.str.contains(UNSEEN).fill_null(value=False)
    return cells.map_elements(show_unseen, return_dtype=pl.String) if hidden.any() else cells


def defused_cells(cells: pl.Expr) -> pl.Expr:
    """What db.defang.defuse_cell makes of each cell."""
    runs = cells.str.contains(f"^[{re.escape(''.join(FORMULA))}]") & ~cells.str.contains(f"^(?:{NUMBER})$")
    return pl.when(~runs).then(cells).otherwise("'" + cells)


def _as_json_lines(rows: pl.DataFrame) -> str:
    return "".join(show_unseen(json.dumps(row, ensure_ascii=False)) + "\n" for row in rows.iter_rows(named=True))


_WRITERS: Final[Mapping[str, Callable[[pl.DataFrame], str]]] = {"csv": _as_csv, "jsonl": _as_json_lines}
