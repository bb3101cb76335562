"""Lines in, matches out: what `fanzha match` does with one block of lines."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Final

import polars as pl

from analytics.match.matcher import Matcher
from analytics.normalise.address import normalise_addresses
from flows.cli.match_bait import bait_matches
from flows.cli.match_work import COLUMNS, MOST_REASONS, Answer, Block, Task
from web.defang import FORMULA, NUMBER


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
    broken = [name for name in foreign if not all(map(_is_sound, name.split(".")))]
    if not broken:
        return addresses
    reason = pl.when(host.is_in(broken)).then(pl.lit(_BROKEN)).otherwise("reason")
    return addresses.with_columns(reason=reason)


_BROKEN: Final = "its host holds a label of broken Punycode"


def _is_sound(label: str) -> bool:
    try:
        return not label.startswith("xn--") or bool(label[4:].encode().decode("punycode"))
    except UnicodeError:
        return False


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
    return rows.with_columns(defused_cells(pl.col(pl.String))).write_csv(include_header=False)


def defused_cells(cells: pl.Expr) -> pl.Expr:
    """What web.defang.defuse_cell makes of each cell."""
    runs = cells.str.contains(f"^[{re.escape(''.join(FORMULA))}]") & ~cells.str.contains(f"^(?:{NUMBER})$")
    return pl.when(~runs).then(cells).otherwise("'" + cells)


def _as_json_lines(rows: pl.DataFrame) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows.iter_rows(named=True))


_WRITERS: Final[Mapping[str, Callable[[pl.DataFrame], str]]] = {"csv": _as_csv, "jsonl": _as_json_lines}
