"""The year's addresses (K01): which roles they play, which feeds see them, what analysts say of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from db.brands import Brand
from flows.simulate import names, times
from flows.simulate.draw import Draw, Whole, tokens
from flows.simulate.layouts import BROKEN
from flows.simulate.plan import Plan
from flows.simulate.roles import JUDGED, NOISE, OF_YEAR, OWN_HOST, SEEN, Judged, Seen, of

Rows = tuple[str, pl.DataFrame, str]
"""Rows of a source, with its name before and the part of its files behind."""

_STREAM: Final = 0
_URL_FEEDS: Final = {
    "sim-phishtank": 50, "sim-sightings": 20, "sim-urlhaus": 18, "sim-tweetfeed": 8, "sim-phishunt": 2, "sim-misp": 1,
    "sim-stix": 1,
}  # fmt: skip
_HOST_FEEDS: Final = {"sim-tweetfeed": 50, "sim-sightings": 40, "sim-misp": 5, "sim-stix": 5}
_SCHEMES: Final = {"http://": 570, "https://": 425, "hxxp://": 3, "HTTP://": 2}
_TAILS: Final = {
    "/{word}/{token}": 130, "/{token}/{keyword}.php": 130, "/{token}/{word}/{other}/index.html": 160,
    "/{word}/{keyword}.php?id={token}&session={letters}{letters}{number}&{other}={word}": 130,
    "/{word}/{keyword}.php?to=https%3A%2F%2F{word}.{tld}%2F&id={token}": 25, "/{token}/%7E{other}/{keyword}/": 5,
    "/{word}/{letters}/{other}-{number}/{keyword}/{token}.html": 190, "/{token}?a={number},{number}&b={word}": 50,
    "/.{word}/{token}/{keyword}/": 15, "/{token}/{letters}/#{other}": 5, "/{word}/{token} {other}.html": 5,
}  # fmt: skip
_OWN_TAILS: Final = {"": 5, "/": 3, "/{word}/{keyword}.php": 2}
_OWN_SHARE: Final = 0.12
_BARE_SHARE: Final = 0.4
_TOKENS_A_STREAM: Final = 100_000_000
"""Tokens are numbered from so many times the stream on: the year's addresses take fewer than that."""
_OTHER_KINDS: Final = 0.02
"""Of TweetFeed's rows: file hashes, which are no addresses."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Addresses made at once."""

    number: int
    draw: Draw
    roles: pl.Series
    frame: pl.DataFrame
    """`number`, `published` (of the first sighting), `address`, `host`, `brand`, `feed`."""


def make_addresses(plan: Plan, brands: Sequence[Brand]) -> Iterator[Rows]:
    """Sightings, allowlists and verdicts of a year's addresses."""
    sizes = [plan.count("K01"), *(plan.some(plan.count("K01"), role.share) for role in NOISE)]
    ends = list(accumulate(sizes))
    for at, numbers in enumerate(plan.blocks(ends[-1])):
        block = _block(plan, brands, at, numbers, ends)
        for seen in SEEN:
            yield from _sightings(block, seen)
        for judged in JUDGED:
            yield "sim-verdicts", _verdicts(block, judged), ""
        yield "sim-allowlist", _allowed(block), ""
        yield "sim-tweetfeed", _hashes(block), ""


def _block(plan: Plan, brands: Sequence[Brand], at: int, numbers: Whole, ends: Sequence[int]) -> _Block:
    draw = plan.draw(_STREAM, at, len(numbers))
    place: Whole = np.searchsorted(ends, numbers, side="right")
    within: Whole = numbers - np.array([0, *ends])[place]
    size = np.diff([0, *ends])[place]
    kinds = pl.Series([*OF_YEAR, *(role.name for role in NOISE)])
    roles = kinds.gather(np.where(place == 0, draw.chosen(OF_YEAR), place + len(OF_YEAR) - 1))
    whens: NDArray[np.str_] = np.array(["in", *(role.when for role in NOISE)])[place]
    published = np.select(
        [whens == "before", whens == "after", (roles == "untimely").to_numpy()],
        [times.before(plan.period, within, draw), times.after(plan.period, within, draw), np.int64(BROKEN)],
        times.in_order(plan.period, within, size, draw),
    )
    frame = _addresses(draw, brands, tokens(numbers, plan.seed), roles.is_in(list(OWN_HOST)).to_numpy())
    return _Block(at, draw, roles, frame.with_columns(number=pl.lit(numbers), published=pl.lit(published)))


def _addresses(draw: Draw, brands: Sequence[Brand], token: pl.Series, is_alone: NDArray[np.bool_]) -> pl.DataFrame:
    """Addresses of which no two are alike: the token stands in the path, or in the host where there is no path."""
    is_own = is_alone | (draw.share() < _OWN_SHARE)
    is_bare = is_own & (draw.share() < _BARE_SHARE)
    host = _hosts(draw, brands, token, np.flatnonzero(is_own))
    parts = names.draw_parts(draw, brands).with_part("token", token)
    tails = pl.DataFrame({"own": draw.shaped(parts, _OWN_TAILS), "other": draw.shaped(parts, _TAILS)})
    named = pl.Series([None, *(names.latin_name(brand).title() for brand in brands)], dtype=pl.String)
    feeds = [pl.Series(list(weights)).gather(draw.chosen(weights)) for weights in (_HOST_FEEDS, _URL_FEEDS)]
    return tails.select(
        address=pl.when(pl.lit(pl.Series(is_bare)))
        .then(pl.lit(host))
        .otherwise(
            pl.concat_str(
                pl.lit(draw.weighted(_SCHEMES)),
                pl.lit(host),
                pl.when(pl.lit(pl.Series(is_own))).then("own").otherwise("other"),
            )
        ),
        host=pl.lit(host),
        brand=pl.lit(named.gather(draw.index(2 * len(brands)) % (len(brands) + 1))),
        feed=pl.when(pl.lit(pl.Series(is_bare))).then(pl.lit(feeds[0])).otherwise(pl.lit(feeds[1])),
    )


def stand_alone(draw: Draw, plan: Plan, brands: Sequence[Brand], stream: int, first: int = 0) -> pl.Series:
    """Addresses on hosts that nothing else in the simulation stands on, for a stream of events."""
    numbers = np.arange(draw.count) + first + stream * _TOKENS_A_STREAM
    parts = names.draw_parts(draw, brands).with_part("token", tokens(numbers, plan.seed))
    return "http://" + names.own_hosts(draw, parts) + "/"


def _hosts(draw: Draw, brands: Sequence[Brand], token: pl.Series, own: Whole) -> pl.Series:
    """A host a row: those of the rows named stand alone, of the others some have many addresses."""
    shared = draw.fork(max(1, round(draw.count / names.URLS_A_HOST)))
    alone = draw.fork(len(own))
    pool = names.draw_hosts(shared, names.draw_parts(shared, brands))
    parts = names.draw_parts(alone, brands).with_part("token", token.gather(own))
    place = np.where(draw.share() < 1 / names.URLS_A_HOST, draw.index(pool.len()), names.skewed(draw, pool.len()))
    place[own] = pool.len() + np.arange(len(own))
    return pl.concat([pool, names.own_hosts(alone, parts)]).gather(place)


def _chosen(block: _Block, roles: frozenset[str], share: float, days: tuple[float, float]) -> pl.DataFrame:
    """The block's rows of some roles, or a share of them, so many days later; a broken time stays broken."""
    is_chosen = block.roles.is_in(list(roles)).to_numpy(writable=True)
    if share < 1:
        is_chosen &= block.draw.share() < share
    rows = block.frame.filter(pl.Series(is_chosen))
    if not any(days):
        return rows
    return rows.with_columns(pl.col("published") + pl.lit(pl.Series(times.later(block.draw.fork(rows.height), *days))))


def _sightings(block: _Block, seen: Seen) -> Iterator[Rows]:
    rows = _chosen(block, seen.roles, seen.share, seen.days).with_columns(
        claim=pl.lit(seen.claim or None, pl.String),
        is_test=pl.lit(seen.is_test),
        programme=pl.lit("synthetic"),
        other=pl.lit(None, pl.String),
    )
    if seen.spelling:
        rows = rows.with_columns(address=_SPELLINGS[seen.spelling])
    if seen.feed == "sim-hosts":
        rows = rows.filter(pl.col("address") == pl.col("host"))
    if seen.feed:
        yield seen.feed, rows, seen.part
        return
    for feed in _URL_FEEDS:
        yield feed, rows.filter(pl.col("feed") == feed), seen.part


_ADDRESS: Final = pl.col("address")
_VARIANT: Final = pl.col("number") % 4
_ODD: Final = (
    pl.when(_VARIANT == 0)
    .then(_ADDRESS.str.replace("^http", "hxxp"))
    .when(_VARIANT == 1)
    .then(_ADDRESS.str.replace(".", "[.]", literal=True))
    .when((_VARIANT == 2) & _ADDRESS.str.contains("^http.*/[^#]*$"))
    .then(_ADDRESS + "#top")
    .otherwise(_ADDRESS.str.replace("^http", "HTTP"))
)
_SPELLINGS: Final = {"odd": _ODD, "broken": pl.format("http://synthetic broken {}/", "number")}


def _verdicts(block: _Block, judged: Judged) -> pl.DataFrame:
    """An analyst's answers: of every other address of a host that stands alone, on the whole host."""
    rows = _chosen(block, judged.roles, judged.share, judged.days)
    is_whole = (pl.col("number") % 2 == 0) & pl.lit(judged.roles <= OWN_HOST)
    return rows.select(
        event_id=pl.format("synthetic-{}-{}-{}", pl.lit(judged.answer), pl.lit("ab"[judged.is_test]), "number"),
        occurred_at="published",
        address=pl.when(is_whole).then("host").otherwise("address"),
        package=pl.lit(None, pl.String),
        answer=pl.lit(judged.answer),
        by=pl.lit("synthetic analyst"),
        is_test=pl.lit(judged.is_test),
    )


def _allowed(block: _Block) -> pl.DataFrame:
    """What the allowlist names: every other time the whole host."""
    rows = _chosen(block, of("allowed"), 1, (0, 0))
    return rows.select(address=pl.when(pl.col("number") % 2 == 0).then("host").otherwise("address"))


def _hashes(block: _Block) -> pl.DataFrame:
    """Rows of TweetFeed that are no addresses."""
    rows = _chosen(block, of("plain"), _OTHER_KINDS * 0.08, (0, 0))
    return rows.with_columns(address=pl.col("number").cast(pl.String).str.zfill(64), other=pl.lit("sha256"))
