"""What the SQL pages show beside bare tables: titles, described columns, and the questions analysts ask most."""

from dataclasses import dataclass
from typing import Any, Final

from db.views import VIEWS
from web.review import QUEUE_ROWS, QUEUE_SQL

DATABASE: Final = "fanzha"
"""Name of the database in the pages' addresses, whatever its file is called."""
TITLE: Final = "fanzha 反诈情报 · anti-fraud intelligence"


@dataclass(frozen=True, slots=True)
class Query:
    """A question with its answer in SQL; a `:name` in it becomes a field to fill in."""

    name: str
    title: str
    """Chinese · English."""
    sql: str


QUERIES: Final = (
    Query(
        "lookalikes-by-brand-this-week",
        "近七天各品牌新增仿冒网站 · lookalikes first seen in the last seven days, by brand",
        """SELECT brand, brand_zh, count(*) AS lookalikes, max(confidence) AS surest, max(first_seen) AS newest
FROM v_lookalikes
WHERE is_above_threshold AND first_seen >= strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-7 days')
GROUP BY brand, brand_zh ORDER BY lookalikes DESC, brand""",
    ),
    Query(
        "lookalikes-by-technique",
        "按仿冒手法统计仿冒网站 · lookalikes by technique",
        """SELECT technique, count(*) AS lookalikes, count(DISTINCT brand) AS brands,
    round(avg(confidence)) AS mean_confidence
FROM v_lookalikes WHERE is_above_threshold GROUP BY technique ORDER BY lookalikes DESC, technique""",
    ),
    Query(
        "newest-lookalikes",
        "最新发现的仿冒网站（达到阈值） · newest lookalikes above their brand's threshold",
        """SELECT first_seen, host, brand_zh, technique, confidence, explanation_zh, explanation_en, sightings
FROM v_lookalikes WHERE is_above_threshold ORDER BY first_seen DESC, confidence DESC, host LIMIT 200""",
    ),
    Query(
        "review-queue",
        "待研判队列 · what waits for an analyst",
        QUEUE_SQL.strip().replace(":rows", str(QUEUE_ROWS)),
    ),
    Query(
        "host-search",
        "按主机名片段查找（可用 [.] 写法） · hosts with :part in their name (defanged spelling is read too)",
        """SELECT host.name AS host, host.registrable_domain, group_concat(DISTINCT brand.id) AS brands,
    max(match.confidence) AS confidence,
    (SELECT count(*) FROM url JOIN sighting USING (url_id) WHERE url.host_id = host.host_id) AS sightings
FROM host LEFT JOIN match USING (host_id) LEFT JOIN brand USING (brand_id)
WHERE instr(host.name, lower(replace(:part, '[.]', '.'))) > 0
GROUP BY host.host_id ORDER BY confidence DESC, host.name LIMIT 200""",
    ),
    Query(
        "fake-apps-by-brand",
        "各品牌的仿冒应用 · fake apps by brand",
        """SELECT brand, brand_zh, count(DISTINCT coalesce(package, name)) AS apps, count(DISTINCT store) AS stores,
    max(first_seen) AS newest
FROM v_fake_apps WHERE is_above_threshold GROUP BY brand, brand_zh ORDER BY apps DESC, brand""",
    ),
    Query(
        "failing-sources",
        "出错的来源 · sources whose last attempt failed",
        """SELECT source, title, reason, failures, last_attempt, last_success
FROM v_source_health WHERE last_outcome = 'failed' ORDER BY failures DESC, source""",
    ),
    Query(
        "quarantine-by-reason",
        "隔离数据按原因统计 · rejected rows by source and reason",
        """SELECT source, reason, count(*) AS rows, max(recorded_at) AS newest, min(raw) AS example
FROM v_quarantine WHERE resolved_at IS NULL GROUP BY source, reason ORDER BY rows DESC, source, reason""",
    ),
    Query(
        "open-takedowns",
        "已确认未关停的攻击 · attacks confirmed and not closed",
        """SELECT attack, target, address, brand, is_own, fraud_type, confirmed, first_action, reopened
FROM v_attacks WHERE state = 'confirmed' ORDER BY is_own DESC, confirmed""",
    ),
    Query(
        "kpi-year",
        "某年的指标 · KPIs of a :year",
        """SELECT kpi, display_zh, display_en, value, prior, definition_version, note, computed_at
FROM v_kpi_year WHERE year = CAST(:year AS INTEGER) ORDER BY kpi""",
    ),
)


def metadata() -> dict[str, Any]:
    """Datasette's metadata: every view with its title and columns, every query with its title."""
    views = {view.name: {"title": view.about, "columns": view.columns} for view in VIEWS}
    # else the name of a fraudulent host would stand, undefanged, wherever a row points to it
    tables = {"host": {"label_column": "host_id"}}
    queries = {query.name: {"title": query.title, "sql": query.sql} for query in QUERIES}
    return {"title": TITLE, "databases": {DATABASE: {"title": TITLE, "tables": views | tables, "queries": queries}}}
