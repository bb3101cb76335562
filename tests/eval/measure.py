"""Counting: of what imitates, how much is found; of what does not, how much is flagged; at every confidence."""

from collections.abc import Iterator, Sequence
from typing import Final

import polars as pl

from analytics.match.matcher import Matcher
from db.brands import DEFAULT_THRESHOLD
from tests.eval.frame import CURVE, PERCENT, RATE, Figure

_CUTS: Final = pl.DataFrame({"cut": CURVE}, schema={"cut": pl.Int64})

_MISNAMED: Final = {DEFAULT_THRESHOLD: 0.2}
"""Per cent of flagged hosts that name only wrong brands: 1 in 500."""


def answer(matcher: Matcher, hosts: pl.DataFrame) -> pl.DataFrame:
    """The matches of a frame's distinct hosts: `host`, `brand`, `technique`, `confidence`, `matched`."""
    asked = hosts.select("host", "registrable_domain", "public_suffix").unique("host", maintain_order=True)
    return matcher.match_hosts(asked).select("host", "brand", "technique", "confidence", "matched")


def judge(cases: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """What was said of each case: adds `right` and `most`.

    Args:
        cases: `host`, `brand` (who is imitated), and whatever tells the cases apart.
        answers: what `answer` gave.

    Returns:
        `right` is the confidence in the brand that is imitated, `most` that in any; 0 where nothing was said.
    """
    right = answers.group_by("host", "brand").agg(right=pl.col("confidence").max())
    most = answers.group_by("host").agg(most=pl.col("confidence").max())
    return (
        cases.join(right, on=["host", "brand"], how="left")
        .join(most, on="host", how="left")
        .with_columns(pl.col("right", "most").fill_null(0))
    )


def recall(judged: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Of judged cases, by the columns named: `cut`, `count`, `recall` and `misnamed` in per cent.

    A case is found where the right brand is named; it is misnamed where only others are. `misnamed` is of all flagged.
    """
    found = pl.col("right") >= pl.col("cut")
    flagged = pl.col("most") >= pl.col("cut")
    return (
        judged.join(_CUTS, how="cross")
        .group_by(*by, "cut", maintain_order=True)
        .agg(
            count=pl.len(),
            recall=100 * found.mean(),
            misnamed=100 * (flagged & ~found).sum() / pl.max_horizontal(flagged.sum(), 1),
        )
    )


def flag_rates(names: pl.DataFrame, answers: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Of names that imitate nobody, by the columns named: `cut`, `count`, `rate` per 100,000."""
    most = answers.group_by("host").agg(most=pl.col("confidence").max())
    return (
        names.join(most, on="host", how="left")
        .join(_CUTS, how="cross")
        .group_by(*by, "cut", maintain_order=True)
        .agg(count=pl.len(), rate=100_000 * (pl.col("most") >= pl.col("cut")).fill_null(value=False).mean())
    )


def flag_techniques(names: pl.DataFrame, answers: pl.DataFrame, cut: int) -> pl.DataFrame:
    """The flags among names by technique: a row a technique, a column a list, flags per 100,000."""
    sizes = names.group_by("list").agg(size=pl.len())
    return (
        answers.filter(pl.col("confidence") >= cut)
        .unique("host", keep="first", maintain_order=True)
        .join(names.select("host", "list"), on="host")
        .group_by("technique", "list")
        .len()
        .join(sizes, on="list")
        .with_columns(rate=(100_000 * pl.col("len") / pl.col("size")).round(1))
        .sort("list", "technique")
        .pivot("list", index="technique", values="rate")
        .fill_null(0)
        .sort("technique")
    )


def recall_figures(rates: pl.DataFrame, subject: str, against: str, targets: dict[int, float]) -> Iterator[Figure]:
    """The recall of one group as figures; targets by cut."""
    for cut, count, value in rates.select("cut", "count", "recall").iter_rows():
        yield Figure(subject, cut, value, PERCENT, f"{count:,} {against}", targets.get(cut))


def misnamed_figures(rates: pl.DataFrame, subject: str, against: str) -> Iterator[Figure]:
    """The share of wrong brands as figures."""
    for cut, count, value in rates.select("cut", "count", "misnamed").iter_rows():
        yield Figure(subject, cut, value, PERCENT, f"{count:,} {against}", _MISNAMED.get(cut), is_floor=False)


def flag_figures(rates: pl.DataFrame, subject: str, against: str, targets: dict[int, float]) -> Iterator[Figure]:
    """The flag rate of one list as figures; targets by cut."""
    for cut, count, value in rates.select("cut", "count", "rate").iter_rows():
        yield Figure(subject, cut, value, RATE, f"{count:,} {against}", targets.get(cut), is_floor=False)
