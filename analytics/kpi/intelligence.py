"""Records under K01 and K02: addresses and apps that a source or an analyst calls fraudulent, first seen in a year.

What the matcher thinks plays no part: a better matcher must not change last year's count.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from analytics.kpi.definition import RECORDS, Beside, Definition
from analytics.kpi.display import Rule
from analytics.kpi.frames import Frames, real
from db.period import Period
from db.vocabulary import Answer, Claim


def address_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K01: the sightings of addresses first observed in the period; unit: the canonical address."""
    seen, verdicts = real(frames["sightings"]), real(frames["verdicts"])
    # a verdict on the address itself goes before one on its host
    answers = (_latest(verdicts, "address_id"), _latest(verdicts.filter("is_bare"), "host"))
    vouched = (_vouched(seen, "address_id"), _vouched(seen.filter("is_bare"), "host"))
    return _first_in(_fraudulent(seen, answers, vouched), period, "address_id")


def app_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K02: the sightings of apps first observed in the period; unit: the app.

    A package name alone vouches for nobody (a fake can carry it): an allowlist acts on the very app it names.
    """
    seen, verdicts = real(frames["app_sightings"]), real(frames["verdicts"])
    judged = _fraudulent(seen, (_latest(verdicts, "package"),), (_vouched(seen, "app_id"),))
    return _first_in(judged, period, "app_id")


def _latest(verdicts: pl.LazyFrame, key: str) -> pl.LazyFrame:
    """The answer that stands for each key: the latest; of one instant the one that counts least."""
    order = ("occurred_at", pl.col("answer") == Answer.DISMISSED, "answer")
    return verdicts.filter(pl.col(key).is_not_null()).group_by(key).agg(pl.col("answer").sort_by(*order).last())


def _vouched(seen: pl.LazyFrame, key: str) -> pl.LazyFrame:
    """The keys that an allowlist names."""
    return seen.filter(pl.col("claim") == Claim.BENIGN).select(key).unique().with_columns(vouched=pl.lit(value=True))


def _fraudulent(seen: pl.LazyFrame, answers: Sequence[pl.LazyFrame], vouched: Sequence[pl.LazyFrame]) -> pl.LazyFrame:
    """The sightings of what an analyst confirmed, and those whose source calls malicious what nobody calls benign."""
    columns = seen.collect_schema().names()
    judged = seen.filter(pl.col("claim") != Claim.BENIGN)
    said: list[str] = []
    for place, lookup in enumerate((*answers, *vouched)):
        key, word = lookup.collect_schema().names()
        said.append(f"{word} {place}")
        judged = judged.join(lookup.rename({word: said[-1]}), on=key, how="left")
    answer = pl.coalesce(said[: len(answers)])
    is_vouched = pl.any_horizontal(pl.col(name).is_not_null() for name in said[len(answers) :])
    # an analyst who is unsure leaves the word to the sources
    is_claimed = (pl.col("claim") == Claim.MALICIOUS) & ~is_vouched
    is_open = answer.is_null() | (answer == Answer.UNSURE)
    counts = (answer == Answer.CONFIRMED).fill_null(value=False) | (is_open & is_claimed)
    return judged.filter(counts).select(columns)


def _first_in(seen: pl.LazyFrame, period: Period, key: str) -> pl.LazyFrame:
    """The sightings in the period of what was not seen before it."""
    before = seen.filter(pl.col("seen_at") < period.start).select(key).unique()
    return seen.filter(period.holds("seen_at")).join(before, on=key, how="anti").with_columns(unit=key)


_IS_REPORT: Final = pl.col("claim") != Claim.BENIGN
DEFINITIONS: Final = (
    Definition(
        id="K01",
        name_zh="仿冒网址情报",
        name_en="Impersonating-URL intelligence",
        unit_zh="条",
        unit_en="addresses",
        definition_zh="期内首次发现的不重复规范化网址（裸主机名计一条）。以来源声明为恶意或分析员确认为准，不以自动匹"
        "配为准；不含测试数据，不含分析员最新结论为排除的，也不含无结论而被白名单来源指名（网址本身或其主机）的。",
        definition_en="Distinct canonical addresses (a bare host is one) first observed in the period. A source's "
        "claim or an analyst's confirmation counts, never the automatic match; without test rows, without what the "
        "analyst's latest verdict dismisses, and without what an allowlist names (the address or its very host) "
        "where there is no verdict.",
        kinds=("address", "verdict"),
        frame="sightings",
        time="seen_at",
        records=address_records,
        dedup=("address_id",),
        display=Rule("万", 4, "约"),
        is_reported=_IS_REPORT,
        beside=(
            RECORDS,
            Beside("可注册域名", "registrable domains", pl.col("registrable_domain").drop_nulls().n_unique()),
        ),
    ),
    Definition(
        id="K02",
        name_zh="仿冒App情报",
        name_en="Impersonating-app intelligence",
        unit_zh="条",
        unit_en="apps",
        definition_zh="期内首次发现、经来源声明或分析员确认为仿冒的不重复应用，以安装包SHA-256为准，无则以应用市场＋"
        "包名＋版本＋签名证书为准；不含测试数据、分析员最新结论为排除的、以及无结论而被白名单来源指名的应用。",
        definition_en="Distinct apps first observed in the period and judged impersonating by a source or an "
        "analyst: by the APK's SHA-256, else by store, package, version and certificate; without test rows, without "
        "what the analyst's latest verdict dismisses, and without the apps that an allowlist names where there is no "
        "verdict.",
        kinds=("app", "verdict"),
        frame="app_sightings",
        time="seen_at",
        records=app_records,
        dedup=("app_id",),
        display=Rule("万", 2, "约"),
        is_reported=_IS_REPORT,
        beside=(RECORDS, Beside("包名", "packages", pl.col("package").drop_nulls().n_unique())),
    ),
)
