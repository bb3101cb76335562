"""What a folder of labelled files says, in two halves: one to tune on, one kept aside."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from analytics.match.matcher import Matcher
from db.brands import DEFAULT_THRESHOLD, Brand
from flows.show import say
from tests.eval.calibration import calibration_figures
from tests.eval.frame import HIGH, Figure, show_curve, show_frame
from tests.eval.labelled import (
    NEAR,
    SHORT,
    VISIBLE,
    BrandLabels,
    is_short,
    read_known_good,
    read_labelled,
    read_plain,
)
from tests.eval.measure import answer, flag_figures, flag_rates, judge, misnamed_figures, recall, recall_figures
from tests.eval.names import DEV, HELD, host_frame
from tests.eval.outcome import WRONG_SCHEMA, Outcome, flag_targets, flagged, missed, only_dev

_HALVES: Final = (DEV, HELD)
_FOUND: Final = {
    "visible": {DEFAULT_THRESHOLD: 95.0, HIGH: 80.0},
    "registrable": {DEFAULT_THRESHOLD: 97.0},
    "subdomain": {DEFAULT_THRESHOLD: 97.0},
    NEAR: {DEFAULT_THRESHOLD: 90.0},
    SHORT: {DEFAULT_THRESHOLD: 95.0},
}
_FEW: Final = 10
"""Hosts of a brand below which its own recall says nothing."""
_SHOWN: Final = 10


def evaluate_labelled(matcher: Matcher, brands: Sequence[Brand], labels: BrandLabels, folder: Path) -> Outcome:
    """Recall on the labelled hosts of a folder, by file, place and half."""
    read = _with_brands(read_labelled(folder), labels)
    hosts = host_frame(read["name"], matcher)
    short = [brand.id for brand in brands if is_short(brand)]
    cases = read.join(hosts, on="name").with_columns(
        place=pl.when(pl.col("brand").is_in(short)).then(pl.lit(SHORT)).otherwise("place")
    )
    cases = cases.unique(["file", "host"], keep="first", maintain_order=True)
    answers = answer(matcher, hosts)
    judged = judge(cases, answers)
    show_frame(_hardest(only_dev(judged)), f"Brands found least, {DEV} half, at {DEFAULT_THRESHOLD}")
    figures = [figure for file in cases["file"].unique().sort() for figure in _file_figures(judged, file)]
    figures += calibration_figures(judged, _known_good(matcher, folder))
    return Outcome(figures, missed(only_dev(judged), answers, pl.concat_str("file", pl.lit(" "), "place")))


def _known_good(matcher: Matcher, folder: Path) -> pl.DataFrame:
    """The folder's names that people visit, judged: no brand is right of them."""
    listed = read_known_good(folder)
    ranked = listed.filter(pl.Series([bool(flag_targets(name)) for name in listed["list"]], dtype=pl.Boolean))
    names = host_frame(ranked["name"], matcher).with_columns(brand=pl.lit(None, pl.String))
    return judge(names, answer(matcher, names))


def evaluate_lists(matcher: Matcher, folder: Path) -> Outcome:
    """Flags among the known-good and the unknown names of a folder, by list and half."""
    read = {"known-good": read_known_good(folder), "unknown": read_plain(folder)}
    figures: list[Figure] = []
    wrong = [pl.DataFrame(schema=WRONG_SCHEMA)]
    for kind, listed in read.items():
        for (name,), group in listed.group_by("list", maintain_order=True):
            names = host_frame(group["name"], matcher).with_columns(list=pl.lit(name))
            answers = answer(matcher, names)
            figures += _list_figures(flag_rates(names, answers, ["half"]), str(name), kind)
            wrong.append(flagged(only_dev(names), answers))
    return Outcome(figures, pl.concat(wrong))


def show_frontiers(labelled: Outcome, lists: Outcome) -> None:
    """Recall and flag rates over the confidence, side by side, a table a half."""
    for half in _HALVES:
        figures = [one for one in (*labelled.figures, *lists.figures) if one.subject.endswith(f"({half})")]
        show_curve(figures, f"Over the confidence, {half} half: recall in per cent, flags per 100,000")


def _with_brands(read: pl.DataFrame, labels: BrandLabels) -> pl.DataFrame:
    """The rows whose label means a brand, with its id in `brand`; says which labels mean none."""
    meaning = {target: labels.brand_of(target) for target in read["target"].unique()}
    known = read.with_columns(brand=pl.col("target").replace_strict(meaning, return_dtype=pl.String))
    unknown = known.filter(pl.col("brand").is_null())["target"].value_counts(sort=True)
    if unknown.height:
        most = ", ".join(f"{target} ({count:,})" for target, count in unknown.head(_SHOWN).iter_rows())
        say(f"{unknown['count'].sum():,} hosts whose target is no brand of the file are left out: {most} ...")
    return known.filter(pl.col("brand").is_not_null())


def _hardest(judged: pl.DataFrame) -> pl.DataFrame:
    """The brands of which the smallest share is found, a row each."""
    rates = recall(judged, ["brand"]).filter((pl.col("cut") == DEFAULT_THRESHOLD) & (pl.col("count") >= _FEW))
    return rates.sort("recall", "brand").head(_SHOWN).select("brand", "count", pl.col("recall", "misnamed").round(1))


def _file_figures(judged: pl.DataFrame, file: str) -> Iterator[Figure]:
    for half in _HALVES:
        cases = judged.filter((pl.col("file") == file) & (pl.col("half") == half))
        visible = cases.filter(pl.col("place").is_in(VISIBLE))
        groups = {"visible": visible} if visible.height else {}
        groups |= {str(place): group for (place,), group in cases.sort("place").group_by("place", maintain_order=True)}
        for name, group in groups.items():
            subject = f"{file}: {name} ({half})"
            yield from recall_figures(recall(group, []), subject, "labelled hosts", _FOUND.get(name, {}))
        yield from _brand_mean(cases, f"{file}: mean of brands ({half})")
        yield from misnamed_figures(recall(cases, []), f"{file}: misnamed ({half})", "labelled hosts")


def _brand_mean(cases: pl.DataFrame, subject: str) -> Iterator[Figure]:
    means = recall(cases, ["brand"]).group_by("cut", maintain_order=True).agg(pl.len(), pl.col("recall").mean())
    yield from recall_figures(means.rename({"len": "count"}), subject, "brands", {})


def _list_figures(rates: pl.DataFrame, name: str, kind: str) -> Iterator[Figure]:
    for half in _HALVES:
        of_half = rates.filter(pl.col("half") == half)
        yield from flag_figures(of_half, f"flags: {name} ({half})", f"{kind} names", flag_targets(name))
