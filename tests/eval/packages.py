"""What packages bring: permutations by dnstwist, known-good names by pymispwarninglists."""

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from itertools import pairwise
from typing import Final

import polars as pl

from analytics.match.matcher import Matcher
from analytics.match.noise import KNOWN_GOOD, known_good_names
from db.brands import DEFAULT_THRESHOLD, Brand
from tests.eval.combined import pairs
from tests.eval.families import GENERATOR, choose_brands, permutations
from tests.eval.frame import CUTS, Figure, show_curve, show_frame
from tests.eval.measure import (
    answer,
    flag_figures,
    flag_rates,
    flag_techniques,
    judge,
    misnamed_figures,
    recall,
    recall_figures,
)
from tests.eval.names import host_frame
from tests.eval.outcome import Outcome, flag_targets, flagged, missed

_MEAN, _WORST = {DEFAULT_THRESHOLD: 98.0}, {DEFAULT_THRESHOLD: 95.0}
_OF_FAMILY: Final = {
    name: {DEFAULT_THRESHOLD: 98.0} for name in ("homoglyph, ASCII", "homoglyph, punycode", "cyrillic")
}
_LISTS: Final = {**KNOWN_GOOD, "majestic_million": 10_000, "cisco_top20k": 20_000}
"""The last holds names that machines ask for: thousands of hosts of a few firms."""
_LENGTHS: Final = (4, 6, 8, 21)
_GOOD_NAMES: Final = f"names of pymispwarninglists {version('pymispwarninglists')}"


def evaluate_families(matcher: Matcher, brands: Sequence[Brand], share: float) -> Outcome:
    """Recall of each family of dnstwist; `share` of the brands is taken."""
    chosen = choose_brands(brands, share)
    made = permutations(chosen)
    hosts = host_frame(made["name"], matcher)
    cases = made.join(hosts, on="name").select("host", "brand", "family", "letters")
    answers = answer(matcher, hosts)
    judged = judge(cases, answers)
    rates = recall(judged, ["family"])
    show_frame(_family_table(rates, judged, answers), f"Families, {', '.join(one.domain for one in chosen)}")
    against = f"permutations by {GENERATOR} of {len(chosen)} brands"
    figures = [
        *_family_figures(rates, against),
        *_length_figures(judged, against),
        *misnamed_figures(recall(judged, []), "dnstwist misnamed", against),
    ]
    return Outcome(figures, missed(judged, answers, pl.concat_str(pl.lit("dnstwist "), "family")))


def evaluate_pairs(matcher: Matcher, brands: Sequence[Brand], share: float) -> Outcome:
    """Recall of two techniques at once, pair by pair, alone and beside a word; `share` of the brands is taken."""
    made = pairs(choose_brands(brands, share))
    hosts = host_frame(made["name"], matcher)
    cases = made.join(hosts, on="name").select("host", "brand", "family", "kind")
    answers = answer(matcher, hosts)
    judged = judge(cases, answers)
    rates = recall(judged, ["family", "kind"])
    against = f"names of our own making, after {GENERATOR}"
    figures = [
        *recall_figures(_over_families(rates, pl.col("recall").min()), "pairs worst", against, _WORST),
        *(
            figure
            for family, kind in sorted(set(rates.select("family", "kind").iter_rows()))
            for figure in recall_figures(
                rates.filter((pl.col("family") == family) & (pl.col("kind") == kind)),
                f"pairs {family}, {kind}",
                against,
                _WORST,
            )
        ),
    ]
    return Outcome(figures, missed(judged, answers, pl.concat_str(pl.lit("pairs "), "family")))


def evaluate_known_good(matcher: Matcher, share: float) -> Outcome:
    """Flags among known-good names, list by list; `share` of each list is taken."""
    names = pl.concat(
        host_frame(pl.Series(known_good_names(name, max(1, round(count * share)))), matcher).with_columns(
            list=pl.lit(name)
        )
        for name, count in _LISTS.items()
    )
    answers = answer(matcher, names)
    rates = flag_rates(names, answers, ["list"])
    for cut in CUTS:
        show_frame(flag_techniques(names, answers, cut), f"Flags per 100,000 by technique, from {cut}")
    figures = [
        figure
        for name in _LISTS
        for figure in flag_figures(
            rates.filter(pl.col("list") == name), f"flags: {name}", _GOOD_NAMES, flag_targets(name)
        )
    ]
    return Outcome(figures, flagged(names, answers))


def show_frontier(families: Outcome, known_good: Outcome) -> None:
    """Recall and flag rates over the confidence, side by side."""
    summed = [figure for figure in families.figures if figure.subject in {"dnstwist mean", "dnstwist worst"}]
    show_curve([*summed, *known_good.figures], "Over the confidence: recall in per cent, flags per 100,000")


def _family_table(rates: pl.DataFrame, judged: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """`family`, `count`, recall and misnamed at the two cuts, and how often the technique is called as by dnstwist."""
    is_same = pl.col("technique") == pl.col("family").str.split(",").list.first()
    met = judged.join(answers, on=["host", "brand"])
    called = met.group_by("family").agg(same_technique=(100 * is_same.mean()).round(1))
    wide = [
        rates.filter(pl.col("cut") == cut).select(
            "family",
            "count",
            pl.col("recall").round(1).alias(f"recall_{cut}"),
            pl.col("misnamed").round(2).alias(f"misnamed_{cut}"),
        )
        for cut in CUTS
    ]
    return wide[0].join(wide[1].drop("count"), on="family").join(called, on="family", how="left").sort("family")


def _family_figures(rates: pl.DataFrame, against: str) -> Iterator[Figure]:
    yield from recall_figures(_over_families(rates, pl.col("recall").mean()), "dnstwist mean", against, _MEAN)
    yield from recall_figures(_over_families(rates, pl.col("recall").min()), "dnstwist worst", against, _WORST)
    for family in sorted(set(rates["family"])):
        of_family = rates.filter(pl.col("family") == family)
        yield from recall_figures(of_family, f"dnstwist {family}", against, _OF_FAMILY.get(family, {}))


def _length_figures(judged: pl.DataFrame, against: str) -> Iterator[Figure]:
    """The mean of families by the length of the name: the shorter, the harder."""
    for begin, end in pairwise(_LENGTHS):
        of_length = judged.filter(pl.col("letters").is_between(begin, end - 1))
        rates = _over_families(recall(of_length, ["family"]), pl.col("recall").mean())
        subject = f"dnstwist mean, {begin} to {end - 1} letters"
        yield from recall_figures(rates, subject, against, {})


def _over_families(rates: pl.DataFrame, of: pl.Expr) -> pl.DataFrame:
    """One row a cut: each family counts the same, however many names it makes."""
    return rates.group_by("cut", maintain_order=True).agg(pl.col("count").sum(), recall=of)
