"""The year's apps (K02): listings of one file in several stores, versions of one package, what is merely listed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from db.brands import Brand
from flows.simulate import names, times
from flows.simulate.addresses import Rows
from flows.simulate.draw import Whole, digests
from flows.simulate.layouts import BROKEN
from flows.simulate.plan import Plan

_STREAM: Final = 11
_VERSIONS: Final = 3
"""Apps of one package, where nobody judges the package."""
_WITHOUT_FILE: Final = 0.3
"""Share of apps of which only the listing is known."""
_STORES: Final = {"synthetic-store-a": 50, "synthetic-store-b": 30, "synthetic-store-c": 20}
_NAMES: Final = ("{han}", "{han}极速版", "{han}Pro", "{name} loan", "{han}客服", "{typo} app")


@dataclass(frozen=True, slots=True)
class Role:
    """A kind of app.

    Attributes:
        name: of the role.
        share: so many for each that counts.
        counts: whether it does.
        when: its first sighting.
        claim: of the company's list; empty: what it yields; `listed`: it stands in the repository alone.
        answer: an analyst's, of the whole package.
    """

    name: str
    share: float
    counts: bool = False
    when: Literal["in", "before", "after", "never"] = "in"
    claim: str = ""
    answer: str = ""
    is_test: bool = False


ROLES: Final = (
    Role("plain", 1, counts=True),
    Role("confirmed", 0.02, counts=True, claim="listed", answer="confirmed"),
    Role("before", 0.01, when="before"),
    Role("after", 0.06, when="after"),
    Role("cleared", 0.01, claim="benign"),
    Role("dismissed", 0.08, answer="dismissed"),
    Role("listed", 0.03, claim="listed"),
    Role("test", 0.01, is_test=True),
    Role("broken", 0.005, when="never"),
)
"""As it comes; found by an analyst in a repository; known before the year; new after it; called harmless by somebody;
dismissed; merely listed; a test; at a time that nobody can read."""
_AGAIN: Final = {"elsewhere": 0.15, "later": 0.1, "same": 0.02}
"""Share of plain apps that are listed in another store, seen again, or stand twice."""


def make_apps(plan: Plan, brands: Sequence[Brand]) -> Iterator[Rows]:
    """Listings of apps, and what analysts say of packages."""
    total = plan.count("K02")
    sizes = [plan.some(total, role.share) for role in ROLES[1:]]
    sizes = [total - sizes[0], *sizes]
    ends = list(accumulate(sizes))
    for at, numbers in enumerate(plan.blocks(ends[-1])):
        rows = _block(plan, brands, at, numbers, ends)
        for place, role in enumerate(ROLES):
            yield from _of_role(plan, rows.filter(pl.col("role") == place), role)


def _block(plan: Plan, brands: Sequence[Brand], at: int, numbers: Whole, ends: Sequence[int]) -> pl.DataFrame:
    draw = plan.draw(_STREAM, at, len(numbers))
    place: Whole = np.searchsorted(ends, numbers, side="right")
    within: Whole = numbers - np.array([0, *ends])[place]
    whens: NDArray[np.str_] = np.array([role.when for role in ROLES])[place]
    published = np.select(
        [whens == "before", whens == "after", whens == "never"],
        [times.before(plan.period, within, draw), times.after(plan.period, within, draw), np.int64(BROKEN)],
        times.in_order(plan.period, within, np.diff([0, *ends])[place], draw),
    )
    package: Whole = np.where(place == 0, numbers // _VERSIONS, numbers + ends[-1])
    parts = names.draw_parts(draw, brands).with_part("id", pl.Series(package).cast(pl.String))
    everywhere = np.arange(len(numbers))
    # no package name of a version differs from the other versions', so it holds nothing drawn
    return pl.select(
        number=pl.lit(pl.Series(numbers)),
        role=pl.lit(pl.Series(place)),
        published=pl.lit(pl.Series(published)),
        store=pl.lit(draw.weighted(_STORES)),
        package=pl.lit(parts.filled("com.synthetic.app{id}", everywhere)),
        name=pl.lit(draw.shaped(parts, dict.fromkeys(_NAMES, 1))),
        version=pl.format("1.{}", pl.lit(pl.Series(numbers))),
        certificate=pl.lit(digests(draw)),
        apk_sha256=pl.when(pl.lit(pl.Series(draw.share() >= _WITHOUT_FILE)) | (pl.lit(pl.Series(place)) > 0)).then(
            pl.lit(digests(draw))
        ),
        brand=pl.lit(draw.one_of([brand.names[0] for brand in brands]).text(everywhere)),
        chance=pl.lit(pl.Series(draw.share())),
        delay=pl.lit(pl.Series(times.later(draw, 1, 40))),
    )


def _of_role(plan: Plan, rows: pl.DataFrame, role: Role) -> Iterator[Rows]:
    said = rows.with_columns(
        claim=pl.lit("malicious" if role.claim in {"", "benign"} else None, pl.String), is_test=pl.lit(role.is_test)
    )
    if role.claim == "listed":
        yield "sim-fdroid", said, ""
    else:
        yield "sim-apps", said, ""
    if role.claim == "benign":
        yield "sim-apps", _later(said).with_columns(claim=pl.lit("benign")), ""
    if role.when == "before":
        yield "sim-apps", said.with_columns(published=plan.period.start + pl.col("delay")), ""
    if role.answer:
        yield "sim-verdicts", _verdicts(rows, role), ""
    if role.name == "plain":
        yield from _again(said)


def _again(rows: pl.DataFrame) -> Iterator[Rows]:
    chance, (elsewhere, later, same) = pl.col("chance"), accumulate(_AGAIN.values())
    has_file = pl.col("apk_sha256").is_not_null()
    moved = _later(rows.filter(chance < elsewhere, has_file)).with_columns(store=pl.lit("synthetic-store-d"))
    yield "sim-apps", moved, ""
    yield "sim-apps", _later(rows.filter(chance.is_between(elsewhere, later, closed="left"))), ""
    yield "sim-apps", rows.filter(chance.is_between(later, same, closed="left")), ""


def _later(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col("published") + pl.col("delay"))


def _verdicts(rows: pl.DataFrame, role: Role) -> pl.DataFrame:
    return rows.select(
        event_id=pl.format("synthetic-app-{}", "number"),
        occurred_at=pl.col("published") + pl.col("delay"),
        address=pl.lit(None, pl.String),
        package="package",
        answer=pl.lit(role.answer),
        by=pl.lit("synthetic analyst"),
        is_test=pl.lit(value=False),
    )
