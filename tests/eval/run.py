"""`make eval`: how well hosts and apps are matched, per technique and place, with the flag rate beside every recall.

Run from the project's root as `python -m tests.eval.run`. Tables go to stdout, every figure to `build/eval.json` as a
list of `{name, value, unit, target, holds, against}`. No target makes the run fail: people judge. Popularity lists are
left out of every figure. docs/evaluating.md tells the method.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from analytics.match.matcher import Matcher
from db.brands import load_brands
from db.errors import UsageError
from flows.show import say
from tests.eval.apps import evaluate_apps, evaluate_tables
from tests.eval.folder import evaluate_labelled, evaluate_lists, show_frontiers
from tests.eval.frame import save, show
from tests.eval.labelled import BrandLabels, read_targets
from tests.eval.outcome import Outcome
from tests.eval.packages import evaluate_families, evaluate_known_good, evaluate_pairs, show_frontier
from tests.eval.urls import evaluate_labelled_urls, evaluate_package_urls


def main(arguments: Sequence[str]) -> int:
    """Measure everything, print the tables, write the file; exit code 2 for wrong input."""
    given = _parser().parse_args(arguments)
    try:
        outcomes = list(_outcomes(given))
    except UsageError as error:
        say(f"eval: {error}")
        return 2
    figures = [figure for outcome in outcomes for figure in outcome.figures]
    save(figures, given.out)
    if given.wrong:
        pl.concat([outcome.wrong for outcome in outcomes]).write_csv(given.wrong)
    show(figures, "Eval")
    return 0


def _outcomes(given: argparse.Namespace) -> Iterator[Outcome]:
    brands = load_brands(given.brands)
    labels = BrandLabels(brands, read_targets(given.targets) if given.targets else {})
    matcher = Matcher(brands)
    say("permutations ...")
    families = evaluate_families(matcher, brands, given.scale)
    say("known-good names ...")
    known_good = evaluate_known_good(matcher, given.scale)
    show_frontier(families, known_good)
    yield from (families, known_good)
    say("pairs of techniques ...")
    yield evaluate_pairs(matcher, brands, given.scale)
    say("URLs ...")
    yield evaluate_package_urls(matcher, given.scale)
    say("apps ...")
    yield evaluate_apps(matcher, brands, given.scale)
    if given.data:
        say(f"{given.data} ...")
        labelled, lists = evaluate_labelled(matcher, brands, labels, given.data), evaluate_lists(matcher, given.data)
        show_frontiers(labelled, lists)
        yield from (labelled, lists, evaluate_tables(matcher, given.data))
        yield evaluate_labelled_urls(matcher, brands, labels, given.data)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make eval", description="Measure how well hosts and apps are matched.")
    parser.add_argument("--data", type=_folder, help="a folder of labelled files; docs/evaluating.md has the layout")
    parser.add_argument("--brands", type=Path, help="a brands file; default: the bundled one")
    parser.add_argument("--targets", type=Path, help="CSV file with the columns target and brand: what labels mean")
    parser.add_argument("--scale", type=_share, default=1.0, help="share of what packages bring")
    parser.add_argument("--out", type=Path, default=Path("build/eval.json"), help="the file to write")
    parser.add_argument("--wrong", type=Path, help="a CSV file for what was missed and wrongly flagged")
    return parser


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no folder")
    return path


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no share: above 0, at most 1")
    return share


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
