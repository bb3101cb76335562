"""What analysts ask most, each answered within a second on a whole year; docs/queries.md shows how."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from db.views import ADDRESS_SQL

LARGE: Final = frozenset({"host", "match", "sighting", "url", "warning"})
"""Tables of a row for each address, host, sighting or warning: none is read from end to end without saying so."""
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its answer in SQL; a `:name` in it becomes a field to fill in."""

    name: str
    title: str
    """Chinese · English."""
    sql: str
    example: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """What the fields may hold."""
    scans: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    """Of `LARGE`, what is read from end to end: why, and how much that is in a full year."""


def _instant(expression: str) -> str:
    return f"strftime('%Y-%m-%dT%H:%M:%SZ', {expression} / 1000, 'unixepoch')"


def _midnight(parameter: str) -> str:
    return f"(strftime('%s', :{parameter}) - 28800) * 1000"  # in Shanghai


def _monday(day: str) -> str:
    return f"(({day} + 3) / 7 * 7 - 3)"  # 1970 began on a Thursday


def _week(day: str) -> str:
    return f"date({_monday(day)} * 86400, 'unixepoch')"


_PLAIN: Final = "lower(replace(:{}, '[.]', '.'))"
_START: Final = "(strftime('%s', :year || '-01-01') - 28800) * 1000"
_END: Final = "(strftime('%s', :year || '-01-01', '+1 year') - 28800) * 1000"
_YEAR: Final = f"""{{at}} >= {_START}
    AND {{at}} < {_END}"""
_IN_YEAR: Final = f"""{_YEAR.format(at="match.first_seen_at")}
    AND match.confidence >= brand.threshold"""
_FIRST_MONDAY: Final = _monday("(year.start + 28800000) / 86400000")
_IN_SPAN: Final = """match.brand_id = brand.brand_id AND match.first_seen_at >= span.start
        AND match.first_seen_at < span.end AND match.confidence >= brand.threshold"""
"""By the index, week by week: to sort a year's matches into weeks takes three times as long."""

QUESTIONS: Final = (
    Question(
        "host-history",
        "某主机的全部记录：谁在何时见到、像谁、如何研判、何时处置 · all that is known of a :host, in order of time",
        f"""WITH asked AS MATERIALIZED (SELECT host_id, name FROM host WHERE name = {_PLAIN.format("host")}),
page AS MATERIALIZED (SELECT url_id FROM asked CROSS JOIN url USING (host_id) ORDER BY url_id DESC LIMIT 500),
told AS (
    SELECT sighting.seen_at AS at, 'sighting' AS what, source.name AS who, {ADDRESS_SQL} AS address,
        iif(sighting.claim = 1, 'malicious', iif(sighting.claim = -1, 'benign', '')) AS says, term.name AS brand
    FROM page CROSS JOIN url USING (url_id) CROSS JOIN host USING (host_id)
    CROSS JOIN sighting ON sighting.url_id = url.url_id CROSS JOIN source ON source.source_id = sighting.source_id
    LEFT JOIN term ON term.term_id = sighting.named_id WHERE NOT sighting.is_test
    UNION ALL
    SELECT verdict.occurred_at, 'verdict', verdict."by", {ADDRESS_SQL}, answer.name, named.name
    FROM page CROSS JOIN url USING (url_id) CROSS JOIN host USING (host_id)
    CROSS JOIN verdict ON verdict.url_id = url.url_id CROSS JOIN term AS answer ON answer.term_id = verdict.answer_id
    LEFT JOIN term AS named ON named.term_id = verdict.named_id WHERE NOT verdict.is_test
    UNION ALL
    SELECT match.first_seen_at, 'likeness', match.technique, asked.name,
        match.confidence || ' ' || match.explanation_en, brand.id
    FROM asked CROSS JOIN match ON match.host_id = asked.host_id CROSS JOIN brand ON brand.brand_id = match.brand_id
    UNION ALL
    SELECT coalesce(attack.confirmed_at, attack.first_seen_at), 'attack', attack.attack_key, attack.address,
        attack.state, attack.brand
    FROM asked CROSS JOIN attack ON attack.target = asked.name)
SELECT {_instant("at")} AS at, what, who, says, brand, address FROM told ORDER BY told.at, what, address LIMIT 2000""",
        {"host": "qifu-login-demo[.]example"},
    ),
    Question(
        "host-over-time",
        "某主机每周被见到几次、被谁见到 · sightings of a :host week by week",
        f"""SELECT {_week("(sighting.seen_at + 28800000) / 86400000")} AS week, count(*) AS sightings,
    count(DISTINCT sighting.url_id) AS addresses, group_concat(DISTINCT source.name) AS sources
FROM host CROSS JOIN url ON url.host_id = host.host_id CROSS JOIN sighting ON sighting.url_id = url.url_id
CROSS JOIN source ON source.source_id = sighting.source_id
WHERE host.name = {_PLAIN.format("host")} AND NOT sighting.is_test GROUP BY 1 ORDER BY 1""",
        {"host": "qifu-login-demo[.]example"},
    ),
    Question(
        "host-search",
        "按主机名片段查找（可用 [.] 写法），最新者在前 · the newest hosts with :part in their name",
        f"""SELECT host.name AS host, host.registrable_domain,
    (SELECT group_concat(brand.id) FROM match CROSS JOIN brand ON brand.brand_id = match.brand_id
        WHERE match.host_id = host.host_id) AS brands,
    (SELECT max(match.confidence) FROM match WHERE match.host_id = host.host_id) AS confidence,
    (SELECT count(*) FROM url CROSS JOIN sighting ON sighting.url_id = url.url_id
        WHERE url.host_id = host.host_id) AS sightings
FROM (SELECT host_id FROM host WHERE instr(name, {_PLAIN.format("part")}) ORDER BY host_id DESC LIMIT 200) AS found
CROSS JOIN host ON host.host_id = found.host_id ORDER BY host.host_id DESC""",
        {"part": "qifu-login"},
        {
            "host": "a part may stand anywhere, so names are read from the newest on until 200 are found; one that is "
            "rare takes 0.1 s for each million hosts, 0.3 s where they come from the disk"
        },
    ),
    Question(
        "neighbours",
        "同一可注册域名下的其他网址 · addresses that share the registrable domain of a :host",
        f"""WITH near AS MATERIALIZED (
    SELECT other.host_id FROM host AS asked
    CROSS JOIN host AS other ON other.registrable_domain = asked.registrable_domain
    WHERE asked.name = {_PLAIN.format("host")} ORDER BY other.host_id DESC LIMIT 500),
page AS MATERIALIZED (SELECT url_id FROM near CROSS JOIN url USING (host_id) ORDER BY url_id DESC LIMIT 500)
SELECT {ADDRESS_SQL} AS address, max(sighting.claim = 1) AS is_called_malicious, count(*) AS sightings,
    {_instant("min(sighting.seen_at)")} AS first_seen, {_instant("max(sighting.seen_at)")} AS last_seen
FROM page CROSS JOIN url USING (url_id) CROSS JOIN host USING (host_id)
CROSS JOIN sighting ON sighting.url_id = url.url_id WHERE NOT sighting.is_test
GROUP BY url.url_id ORDER BY first_seen DESC, address""",
        {"host": "qifu-login-demo[.]example"},
    ),
    Question(
        "new-lookalikes",
        "某品牌（留空为全部）自某日（留空为近七天）起七天内新增的仿冒网站 · "
        "lookalikes of a :brand, or of all, first seen in the seven days from a :day on, or in the last seven",
        f"""SELECT {_instant("match.first_seen_at")} AS first_seen, host.name AS host, brand.id AS brand,
    match.technique, match.confidence, match.explanation_zh, match.explanation_en
FROM (SELECT match.host_id, match.brand_id FROM brand
    CROSS JOIN match ON match.brand_id = brand.brand_id
        AND match.first_seen_at >= {_midnight("day")} AND match.first_seen_at < {_midnight("day")} + 7 * 86400000
    WHERE brand.id = :brand OR :brand = ''
    AND match.confidence >= brand.threshold ORDER BY match.first_seen_at DESC, match.host_id LIMIT 1000) AS found
CROSS JOIN match ON match.host_id = found.host_id AND match.brand_id = found.brand_id
CROSS JOIN host ON host.host_id = match.host_id CROSS JOIN brand ON brand.brand_id = match.brand_id
ORDER BY match.first_seen_at DESC, host.name""".replace(
            ":day", "coalesce(nullif(:day, ''), date('now', '+8 hours', '-6 days'))"
        ),
        {"brand": "qifu", "day": "2024-06-01"},
    ),
    Question(
        "lookalikes-by-week",
        "某年各品牌每周新增仿冒网站 · new lookalikes of a :year by brand and week",
        f"""WITH RECURSIVE year (start, end) AS (SELECT {_START},
    {_END}),
span (monday, start, end) AS (
    SELECT {_FIRST_MONDAY}, year.start, ({_FIRST_MONDAY} + 7) * 86400000 - 28800000 FROM year
    UNION ALL SELECT span.monday + 7, span.end, min(year.end, span.end + 7 * 86400000)
    FROM span CROSS JOIN year WHERE span.end < year.end)
SELECT date(span.monday * 86400, 'unixepoch') AS week, brand.id AS brand,
    (SELECT count(*) FROM match WHERE {_IN_SPAN}) AS lookalikes,
    (SELECT max(match.confidence) FROM match WHERE {_IN_SPAN}) AS surest
FROM span CROSS JOIN brand WHERE lookalikes > 0 ORDER BY 1 DESC, 3 DESC, 2""",
        {"year": "2024"},
    ),
    Question(
        "lookalikes-by-technique",
        "某年按仿冒手法统计 · lookalikes of a :year by technique",
        f"""SELECT match.technique, count(*) AS lookalikes, count(DISTINCT brand.brand_id) AS brands,
    round(avg(match.confidence)) AS mean_confidence
FROM brand CROSS JOIN match ON match.brand_id = brand.brand_id AND {_IN_YEAR}
GROUP BY 1 ORDER BY 2 DESC, 1""",
        {"year": "2024"},
    ),
    Question(
        "source-day",
        "某来源某日带来多少，其中多少是首见、多少唯其独有 · "
        "what a :source brought on a :day, how much of it was new and how much no other source has",
        f"""WITH brought AS MATERIALIZED (
    SELECT sighting.url_id, source.source_id, count(*) AS sightings, min(sighting.seen_at) AS at
    FROM source CROSS JOIN sighting ON sighting.source_id = source.source_id
        AND sighting.seen_at >= {_midnight("day")} AND sighting.seen_at < {_midnight("day")} + 86400000
    WHERE source.name = :source AND NOT sighting.is_test GROUP BY sighting.url_id)
SELECT coalesce(sum(sightings), 0) AS sightings, count(*) AS addresses,
    coalesce(sum(NOT EXISTS (SELECT 1 FROM sighting AS earlier WHERE earlier.url_id = brought.url_id
        AND earlier.seen_at < brought.at AND NOT earlier.is_test)), 0) AS first_seen,
    coalesce(sum(NOT EXISTS (SELECT 1 FROM sighting AS other WHERE other.url_id = brought.url_id
        AND other.source_id <> brought.source_id AND NOT other.is_test)), 0) AS only_here
FROM brought""",
        {"source": "openphish", "day": "2024-06-01"},
    ),
    Question(
        "busiest-domains",
        "某日涉诈网址最多的可注册域名与共享主机 · registrable domains and shared hosts with most addresses on a :day",
        f"""SELECT host.registrable_domain, host.is_shared, count(DISTINCT url.url_id) AS addresses,
    count(DISTINCT host.host_id) AS hosts, count(*) AS sightings
FROM source CROSS JOIN sighting ON sighting.source_id = source.source_id
    AND sighting.seen_at >= {_midnight("day")} AND sighting.seen_at < {_midnight("day")} + 86400000
CROSS JOIN url ON url.url_id = sighting.url_id CROSS JOIN host ON host.host_id = url.host_id
WHERE sighting.claim = 1 AND NOT sighting.is_test
GROUP BY host.registrable_domain, host.is_shared ORDER BY addresses DESC, 1 LIMIT 100""",
        {"day": "2024-06-01"},
    ),
    Question(
        "warnings-by-week",
        "某年每周预警，按渠道与环节 · warnings of a :year by week, channel and stage",
        f"""SELECT {_week("warning_day.day")} AS week, channel.name AS channel, stage.name AS stage,
    sum(warning_day.events) AS events
FROM warning_day CROSS JOIN term AS stage ON stage.term_id = warning_day.stage_id
LEFT JOIN term AS channel ON channel.term_id = warning_day.channel_id
WHERE warning_day.day >= strftime('%s', :year || '-01-01') / 86400
    AND warning_day.day < strftime('%s', :year || '-01-01', '+1 year') / 86400
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
        {"year": "2024"},
    ),
    Question(
        "open-attacks",
        "已确认未关停的攻击，最久者在前 · attacks confirmed and not closed, the oldest first",
        """SELECT attack, target, address, brand, is_own, fraud_type, confirmed, first_action, reopened,
    cast(julianday('now') - julianday(confirmed) AS INTEGER) AS days_open
FROM v_attacks WHERE state = 'confirmed' ORDER BY is_own DESC, confirmed""",
    ),
    Question(
        "losses",
        "某年损失，按项目、档次与类型 · losses of a :year by programme, tier and type",
        f"""SELECT programme.name AS programme, tier.name AS tier, type.name AS type, count(*) AS events,
    count(DISTINCT loss.episode) AS episodes, printf('%d.%02d', sum(amount_fen) / 100, sum(amount_fen) % 100)
        AS amount_cny
FROM loss CROSS JOIN term AS type ON type.term_id = loss.type_id
LEFT JOIN term AS programme ON programme.term_id = loss.programme_id
LEFT JOIN term AS tier ON tier.term_id = loss.tier_id
WHERE NOT loss.is_test AND {_YEAR.format(at="loss.occurred_at")}
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
        {"year": "2024"},
    ),
    Question(
        "apps-alike",
        "某开发者、证书或包名的全部应用 · apps of one developer, certificate or package (:name)",
        f"""SELECT app.store, app.package, app.name, app.developer, app.version, app.certificate,
    (SELECT group_concat(brand.id) FROM app_match CROSS JOIN brand ON brand.brand_id = app_match.brand_id
        WHERE app_match.app_id = app.app_id) AS brands,
    (SELECT {_instant("min(seen_at)")} FROM app_sighting WHERE app_sighting.app_id = app.app_id) AS first_seen
FROM app WHERE :name IN (app.package, app.developer, app.certificate) ORDER BY first_seen DESC LIMIT 500""",
        {"name": "com.demo.qifu"},
    ),
)
