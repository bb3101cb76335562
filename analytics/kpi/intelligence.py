"""Records under K01 and K02: addresses and apps that a source or an analyst calls fraudulent, first seen in a year.

What the matcher thinks plays no part: a better matcher must not change last year's count.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from analytics.kpi.definition import RECORDS, Beside, Definition
from analytics.kpi.display import Rule
from analytics.kpi.frames import Frames, real, real_in
from db.period import Period
from db.vocabulary import Answer, Claim


def address_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K01: the sightings of addresses first observed in the period; unit: the canonical address."""
    verdicts = real(frames["verdicts"])
    # a verdict on the address itself goes before one on its host
    answers = (_latest(verdicts, "address_id"), _latest(verdicts.filter("is_bare"), "host_id"))
    return _judged(_first_in(frames["sightings"], period), answers).with_columns(unit="address_id")


def app_records(frames: Frames, period: Period) -> pl.LazyFrame:
    """K02: the sightings of apps first observed in the period; unit: the app.

    A package name alone vouches for nobody (a fake can carry it): an allowlist acts on the very app it names.
    """
    answers = (_latest(real(frames["verdicts"]), "package"),)
    return _judged(_first_in(frames["app_sightings"], period), answers).with_columns(unit="app_id")


def _first_in(seen: pl.LazyFrame, period: Period) -> pl.LazyFrame:
    """The sightings in the period of what nobody had seen before it, whatever those who had would have said of it.

    So everything is new in one year and one year only, however late it is judged.
    """
    return real_in(seen, period, "seen_at").filter(period.holds("first_seen_at"))


def _latest(verdicts: pl.LazyFrame, key: str) -> pl.LazyFrame:
    """The answer that stands for each key: the latest; of one instant the one that counts least."""
    order = ("occurred_at", pl.col("answer") == Answer.DISMISSED, "answer")
    return verdicts.filter(pl.col(key).is_not_null()).group_by(key).agg(pl.col("answer").sort_by(*order).last())


def _judged(seen: pl.LazyFrame, answers: Sequence[pl.LazyFrame]) -> pl.LazyFrame:
    """The sightings of what an analyst confirmed, and of what a source calls malicious and nobody benign."""
    columns = seen.collect_schema().names()
    said = [f"answer {place}" for place in range(len(answers))]
    judged = seen
    for lookup, name in zip(answers, said, strict=True):
        judged = judged.join(lookup.rename({"answer": name}), on=lookup.collect_schema().names()[0], how="left")
    answer = pl.coalesce(said)
    # an analyst who is unsure leaves the word to the sources
    is_open = answer.is_null() | (answer == Answer.UNSURE)
    is_claimed = pl.col("is_named") & ~pl.col("is_allowed")
    counts = (answer == Answer.CONFIRMED).fill_null(value=False) | (is_open & is_claimed)
    return judged.filter(counts).select(columns)


_IS_REPORT: Final = pl.col("claim") != Claim.BENIGN
DEFINITIONS: Final = (
    Definition(
        id="K01",
        name_zh="仿冒网址情报",
        name_en="Impersonating-URL intelligence",
        unit_zh="条",
        unit_en="addresses",
        definition_zh="期内首次发现的不重复规范化网址（裸主机名计一条）。首次发现指除测试外任何来源的最早一条线索，不论"
        "该来源有无判断、判断为何；每条网址只归属一年。以来源声明为恶意或分析员确认为准（不论何时作出），不以自动匹配为"
        "准；不含测试数据，不含分析员最新结论为排除的，也不含无结论而被白名单来源指名（网址本身或其主机）的。",
        definition_en="Distinct canonical addresses (a bare host is one) first observed in the period: at the earliest "
        "sighting by any source, whatever it claims or whether it claims anything, so that an address is of one year "
        "only. A source's claim or an analyst's confirmation counts, whenever it was made, never the automatic match; "
        "without test rows, without what the analyst's latest verdict dismisses, and without what an allowlist names "
        "(the address or its very host) where there is no verdict.",
        kinds=("address", "verdict"),
        frame="sightings",
        time="seen_at",
        records=address_records,
        dedup=("address_id",),
        display=Rule("万", 4, "约"),
        version=2,
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
        "包名＋版本＋签名证书为准；首次发现指除测试外任何来源的最早一条线索，不论其判断；不含测试数据、分析员最新结论为排除的、以及无结论而被白名单来源指名的应用。",
        definition_en="Distinct apps first observed in the period (at the earliest sighting by any source, whatever it "
        "claims) and judged impersonating by a source or an analyst, whenever that was: by the APK's SHA-256, else by "
        "store, package, version and certificate; without test rows, without "
        "what the analyst's latest verdict dismisses, and without the apps that an allowlist names where there is no "
        "verdict.",
        kinds=("app", "verdict"),
        frame="app_sightings",
        time="seen_at",
        records=app_records,
        dedup=("app_id",),
        display=Rule("万", 2, "约"),
        version=2,
        is_reported=_IS_REPORT,
        beside=(RECORDS, Beside("包名", "packages", pl.col("package").drop_nulls().n_unique())),
    ),
)
