"""The weight of each fact, and the confidence they add up to. docs/matching.md explains what the numbers mean."""

import math
from collections.abc import Iterable
from typing import Final

WEIGHTS: Final = {
    "": -4,
    "same": 14,
    "split": 11,
    "looks three": 9,
    "looks four": -9,
    "looks five": 3,
    "looks six": 7,
    "looks seven": 9,
    "looks long": 12,
    "one edit three": -20,
    "one edit four": -20,
    "one edit five": -4,
    "one edit six": 8,
    "one edit seven": -3,
    "one edit long": 3,
    "edits three": -30,
    "edits four": -30,
    "edits five": -25,
    "edits six": -15,
    "edits seven": -24,
    "edits long": -7,
    "length 2": -9,
    "length 3": -9,
    "length 4": -5,
    "length 5": -8,
    "length 6": 5,
    "length 7": 7,
    "length 9": 6,
    "word": 10,
    "domain": -11,
    "domain word": -30,
    "short name": 0,
    "everyday short name": -25,
    "overlaps a word": -17,
    "initials": -8,
    "core pinyin": 5,
    "mixed": -2,
    "whole": 12,
    "both edges": 7,
    "leading": 1,
    "trailing": -5,
    "inside": -10,
    "rest own": 8,
    "rest strong": 9,
    "rest weak": 3,
    "rest infra": -16,
    "other infra": -11,
    "plain, rest words": 0,
    "plain, rest unknown": -3,
    "plain, rest letter": 7,
    "rest digits": 2,
    "rest letter": -2,
    "rest words": -1,
    "rest unknown": 0,
    "other own": 8,
    "other strong": 16,
    "other weak": 8,
    "other digits": 8,
    "other letter": 2,
    "other words": 5,
    "other unknown": 6,
    "gain 6": 24,
    "gain 3": 15,
    "gain 1": 0,
    "gain 0": -2,
    "loss 1": -18,
    "loss 3": -33,
    "is a word": -25,
    "the word alone": -4,
    "one more character": 22,
    "same whole": -1,
    "first letter": -9,
    "registrable": -4,
    "tenant": 7,
    "subdomain": 10,
    "hyphens": 0,
    "many hyphens": 5,
    "cheap suffix": 6,
    "keyword elsewhere": 15,
    "official embedded": 6,
    "word unsupported": -15,
    "word glued": -4,
    "word whole": 3,
    "short unsupported": -5,
    "short glued": 4,
    "short whole": -5,
    "edited unsupported": 0,
    "edited glued": -3,
    "edited whole": 11,
    "kin domain": -50,
    "foreign letters": 16,
    "popular": -20,
    "characters": 40,
    "short characters": -5,
}
"""Points; ten are a factor of e (2.7) in the odds of an imitation."""


def confidence(facts: Iterable[str]) -> int:
    """0-100 from the facts; unknown facts weigh nothing.

    >>> confidence(["same", "whole"]) > confidence(["same", "inside"])
    True
    """
    return min(99, round(100 / (1 + math.exp(-points(facts) / 10))))


def points(facts: Iterable[str]) -> int:
    """The sum of the facts' weights, and of the one that every match starts from."""
    return WEIGHTS[""] + sum(WEIGHTS.get(fact, 0) for fact in facts)
