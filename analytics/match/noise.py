"""How often a brand's forms meet names that are known to be good: what whoever adds a brand wants to know first.

The names come with the package pymispwarninglists: what people visit, and where they bank and study. Some among the
million of a ranking are campaigns all the same, so a flag rate is an upper bound.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nsmallest
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from zlib import crc32

import polars as pl

from analytics.match.matcher import Matcher
from db.brands import Brand

KNOWN_GOOD: Final = {
    "tranco": 50_000,
    "google-chrome-crux-1million": 50_000,
    "tranco10k": 10_000,
    "university_domains": 20_000,
    "bank-website": 5_000,
}
"""Lists of the package, and how many names of each are drawn: of the last three all that there are, in version 1.7."""
_EXAMPLES: Final = 3


def known_good_names(list_name: str, count: int) -> list[str]:
    """Names of a list of pymispwarninglists, the same ones each time: those with the smallest CRC-32.

    Args:
        list_name: one of the package's lists.
        count: how many to draw; all where the list has fewer.
    """
    spec = find_spec("pymispwarninglists")
    if spec is None or spec.origin is None:  # pragma: no cover - a run-time requirement
        raise ModuleNotFoundError("pymispwarninglists")
    file = Path(spec.origin).parent / "data" / "misp-warninglists" / "lists" / list_name / "list.json"
    names = [name.lstrip(".") for name in json.loads(file.read_text("utf-8"))["list"]]
    return nsmallest(count, names, key=lambda name: (crc32(name.encode()), name))


@dataclass(frozen=True, slots=True)
class FormNoise:
    """A form of a brand, and what it meets among known-good names.

    Attributes:
        brand: its id.
        form: the text looked for.
        derivation: how it came from the brand.
        risk: low, medium or high, by the form alone.
        threshold: the brand's, from which a match counts.
        flags: names in which this form is the best match, at the threshold or above.
        flags_per_100k: of all names looked at.
        examples: up to three of them, the surest first.
    """

    brand: str
    form: str
    derivation: str
    risk: str
    threshold: int
    flags: int
    flags_per_100k: float
    examples: tuple[str, ...]


def measure_noise(brands: Sequence[Brand], hosts: pl.DataFrame) -> list[FormNoise]:
    """Each form of each brand with its flags, the noisiest first.

    A name counts for the form that meets it best, so that the forms of a brand add up to the brand.

    Args:
        brands: as in the file; names official of one of them are never flags.
        hosts: known-good `host`, `registrable_domain`, `public_suffix`; distinct, at least one.
    """
    matcher = Matcher(brands)
    flags = _flags(matcher.match_hosts(hosts), brands)
    met = {(brand, form): names for brand, form, names in flags.iter_rows()}
    noise = [
        _form_noise(brand, form.text, form.derivation, form.risk, met.get((brand.id, form.text), []), hosts.height)
        for brand in brands
        for form in matcher.forms(brand)
    ]
    return sorted(noise, key=lambda one: -one.flags)


def _flags(matches: pl.DataFrame, brands: Sequence[Brand]) -> pl.DataFrame:
    """`brand`, `form`, `host` (a list, the surest first)."""
    thresholds = pl.DataFrame([(one.id, one.threshold) for one in brands], schema=["brand", "threshold"], orient="row")
    return (
        matches.join(thresholds, on="brand")
        .filter(pl.col("confidence") >= pl.col("threshold"))
        .sort("confidence", "host", descending=[True, False])
        .group_by("brand", form=pl.col("matched").str.split(" ~ ").list.last(), maintain_order=True)
        .agg("host")
    )


def _form_noise(brand: Brand, form: str, derivation: str, risk: str, names: list[str], looked_at: int) -> FormNoise:
    rate = round(100_000 * len(names) / looked_at, 1)
    return FormNoise(brand.id, form, derivation, risk, brand.threshold, len(names), rate, tuple(names[:_EXAMPLES]))
