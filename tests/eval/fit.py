"""`make fit`: the weights of facts anew, from names that imitate and others. docs/matching.md has the method.

A logistic regression with a ridge towards the weights in force, so that facts of which the data say nothing keep
theirs. What is kept aside in an evaluation (the held half of every file, the brands of the families) takes no part.
"""

import argparse
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import count
from pathlib import Path
from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt
import polars as pl

from analytics.match.matcher import Matcher
from analytics.match.noise import known_good_names
from analytics.match.weigh import WEIGHTS, WEIGHTS_FILE, points
from db.brands import DEFAULT_THRESHOLD, Brand, load_brands
from flows.show import say
from tests.eval.combined import combinations
from tests.eval.families import choose_brands, permutations, unnamed_domains
from tests.eval.labelled import BrandLabels, read_known_good, read_labelled
from tests.eval.names import DEV, host_frame
from tests.eval.outcome import flag_targets

Numbers = npt.NDArray[np.float64]
Facts = frozenset[str]

_LISTS: Final = {"tranco": 200_000, "google-chrome-crux-1million": 100_000}
_FITTED_BRANDS: Final = 100
_A_FAMILY: Final = 100.0
"""Weight of a family of permutations, in known-good names: all families count the same."""
_A_PLACE: Final = 400.0
"""Greatest weight of the labelled hosts of one file and place; a feed is mostly of few brands."""
_RIDGE: Final = 2.0
"""Squared distance of a weight (in logits) from the one in force that costs as much as one misjudged name of 0.14."""
_FLAGS: Final = 270.0
"""Known-good names per 100,000 that shall reach the threshold on the dev halves, with room below the target of 300."""
_BRANDS: Final = 80
"""Of so many brands, those whose ids have the smallest CRC-32: each brand brings flags of its own."""
_NOBODY: Final = frozenset({"within a word", "is an ordinary word"})
"""A word that holds the name, or that an edit gives, imitates nobody, whatever a generator makes: apples, boats."""
_ROUNDS: Final = 30
_HEADER: Final = """\
# The weight of each fact in points; ten are a factor of e in the odds of an imitation. Made by `make fit`, explained in
# docs/matching.md. What is not listed weighs nothing. The first is what every match starts from.

"""


@dataclass(frozen=True)
class Sample:
    """A reading, and what it is.

    Attributes:
        facts: as the matcher gathers them.
        imitates: whether the brand that is read is imitated.
        weight: in known-good names.
    """

    facts: Facts
    imitates: bool
    weight: float


@dataclass(frozen=True)
class Innocents:
    """Known-good names with readings, and how many there are in all."""

    readings: dict[str, list[Facts]]
    count: int


def main(arguments: Sequence[str]) -> int:
    """Fit, and write the weights."""
    given = _parser().parse_args(arguments)
    brands = load_brands(given.brands)
    matcher = Matcher(brands)
    innocents = _innocents(matcher, given)
    good = [
        Sample(facts, imitates=False, weight=1 / len(met))
        for one in innocents
        for met in one.readings.values()
        for facts in met
    ]
    samples = [*_imitations(matcher, brands, given), *good]
    say(f"{len(samples):,} readings, {len(good):,} of them of known-good names")
    weights = {fact: round(value) for fact, value in fit(samples, WEIGHTS).items()}
    few = nsmallest(_BRANDS, brands, key=lambda brand: crc32(brand.id.encode()))
    weights[""] = pick_constant(weights, _innocents(Matcher(few), given))
    write(weights, given.out)
    return 0


def fit(samples: Sequence[Sample], before: dict[str, int]) -> dict[str, float]:
    """The weights in points: of all facts in samples, and of those in force that no sample has.

    Args:
        samples: of both kinds.
        before: the weights in force, in points.
    """
    facts = sorted({fact for sample in samples for fact in sample.facts})
    place = {fact: column for column, fact in enumerate(facts, 1)}
    has = np.zeros((len(samples), len(facts) + 1), np.float64)
    has[:, 0] = 1
    for row, sample in enumerate(samples):
        has[row, [place[fact] for fact in sample.facts]] = 1
    truth = np.array([sample.imitates for sample in samples], np.float64)
    counts = np.array([sample.weight for sample in samples], np.float64)
    start = np.array([before.get(fact, 0) / 10 for fact in ["", *facts]], np.float64)
    fitted = _newton(has, truth, counts, start)
    return {
        **{fact: float(points) for fact, points in before.items()},
        **dict(zip(["", *facts], fitted * 10, strict=True)),
    }


def _newton(has: Numbers, truth: Numbers, counts: Numbers, start: Numbers) -> Numbers:
    """The ridge regression's weights, by Newton's method with steps halved while they lead astray."""
    ridge = np.full(len(start), _RIDGE)
    ridge[0] = 0.01  # the constant is free
    now = start.copy()

    def loss(weights: Numbers) -> float:
        logits = has @ weights
        errors = np.logaddexp(0, logits) - truth * logits
        return float(counts @ errors + (ridge @ (weights - start) ** 2) / 2)

    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-(has @ now)))
        slope = has.T @ (counts * (chance - truth)) + ridge * (now - start)
        bend = (has * (counts * chance * (1 - chance))[:, None]).T @ has + np.diag(ridge)
        step = np.asarray(np.linalg.solve(bend, slope), np.float64)
        while loss(now - step) > loss(now) and np.abs(step).max() > 1e-6:
            step = np.asarray(step / 2, np.float64)
        now = np.asarray(now - step, np.float64)
    return now


def pick_constant(weights: dict[str, int], innocents: Sequence[Innocents]) -> int:
    """What every match starts from, so that the threshold lets through as many known-good names as it may."""
    most = [[max(_points(weights, facts) for facts in met) for met in one.readings.values()] for one in innocents]

    def rate(least: int) -> float:
        shares = (sum(value >= least for value in one) / of.count for one, of in zip(most, innocents, strict=True))
        return 100_000 * sum(shares) / len(most)

    passing = next(least for least in count(-1_000) if rate(least) <= _FLAGS)
    needed = next(value for value in count() if 100 / (1 + math.exp(-value / 10)) >= DEFAULT_THRESHOLD)
    return weights[""] + needed - passing


def _points(weights: dict[str, int], facts: Facts) -> int:
    return weights[""] + sum(weights.get(fact, 0) for fact in facts)


def write(weights: dict[str, int], out: Path) -> None:
    """Write the weights; those that come to nothing are left out."""
    lines = [f'"{fact}" = {value}\n' for fact, value in sorted(weights.items()) if value or not fact]
    out.write_text(_HEADER + "".join(lines), "utf-8")
    say(f"{out}: {len(lines)} weights")


def _imitations(matcher: Matcher, brands: Sequence[Brand], given: argparse.Namespace) -> Iterator[Sample]:
    held = {one.brand for one in choose_brands(brands, given.scale)}
    open_brands = [brand for brand in brands if brand.id not in held]
    imitated = [*choose_brands(open_brands, given.scale, _FITTED_BRANDS), *unnamed_domains(open_brands)]
    made = [permutations(imitated), combinations(open_brands)]
    cases = pl.concat([one.select("name", "brand", kind="family") for one in made])
    yield from _weighed(matcher, cases, _A_FAMILY, most_a_name=float("inf"))
    if given.data:
        labels, read = BrandLabels(brands, {}), read_labelled(given.data)
        meaning = {target: labels.brand_of(target) for target in read["target"].unique()}
        named = read.with_columns(
            brand=pl.col("target").replace_strict(meaning, return_dtype=pl.String), kind=pl.concat_str("file", "place")
        )
        yield from _weighed(matcher, named.filter(pl.col("brand").is_not_null()), _A_PLACE, most_a_name=1.0)


def _weighed(matcher: Matcher, cases: pl.DataFrame, a_kind: float, most_a_name: float) -> Iterator[Sample]:
    """Of each name that imitates the reading that the weights in force take for the surest."""
    hosts = host_frame(cases["name"], matcher).filter((pl.col("half") == DEV) | (a_kind == _A_FAMILY))
    known = cases.join(hosts, on="name").unique(["host", "brand", "kind"], maintain_order=True)
    counts = dict(known["kind"].value_counts().iter_rows())
    met: dict[tuple[str, str], list[Facts]] = {}
    for host, brand, facts in matcher.facts(hosts.unique("host", maintain_order=True)):
        met.setdefault((host, brand), []).append(facts)
    for host, brand, kind in known.select("host", "brand", "kind").iter_rows():
        best = max(met.get((host, brand), ()), key=points, default=None)
        if best and (a_kind != _A_FAMILY or not best & _NOBODY):
            yield Sample(best, imitates=True, weight=min(most_a_name, a_kind / counts[kind]))


def _innocents(matcher: Matcher, given: argparse.Namespace) -> list[Innocents]:
    lists: dict[str, Iterable[str]] = {
        name: known_good_names(name, round(count * given.scale)) for name, count in _LISTS.items()
    }
    if given.data:
        listed = read_known_good(given.data)
        lists |= {str(name): group["name"] for (name,), group in listed.group_by("list") if flag_targets(str(name))}
    return [_readings(matcher, pl.Series("name", list(names))) for names in lists.values()]


def _readings(matcher: Matcher, names: pl.Series) -> Innocents:
    hosts = host_frame(names, matcher).filter(pl.col("half") == DEV)
    met: dict[str, list[Facts]] = {}
    for host, _, facts in matcher.facts(hosts):
        met.setdefault(host, []).append(facts)
    return Innocents(met, hosts.height)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make fit", description="Fit the weights of the matcher's facts.")
    parser.add_argument("--data", type=Path, help="a folder of labelled files; docs/evaluating.md has the layout")
    parser.add_argument("--brands", type=Path, help="a brands file; default: the bundled one")
    parser.add_argument("--scale", type=float, default=1.0, help="share of what packages bring")
    parser.add_argument("--out", type=Path, default=WEIGHTS_FILE, help="the file to write")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
