"""What the SQL pages show beside bare tables: titles, described columns, and what is asked of them."""

from typing import Any, Final

from db.views import VIEWS
from web.questions import QUESTIONS, Question
from web.review import QUEUE_ROWS, QUEUE_SQL

DATABASE: Final = "fanzha"
"""Name of the database in the pages' addresses, whatever its file is called."""
TITLE: Final = "fanzha 反诈情报 · anti-fraud intelligence"


QUERIES: Final = (
    *QUESTIONS,
    Question(
        "review-queue",
        "待研判队列 · what waits for an analyst",
        QUEUE_SQL.strip().replace(":rows", str(QUEUE_ROWS)),
    ),
    Question(
        "fake-apps-by-brand",
        "各品牌的仿冒应用 · fake apps by brand",
        """SELECT brand, brand_zh, count(DISTINCT coalesce(package, name)) AS apps, count(DISTINCT store) AS stores,
    max(first_seen) AS newest
FROM v_fake_apps WHERE is_above_threshold GROUP BY brand, brand_zh ORDER BY apps DESC, brand""",
    ),
    Question(
        "failing-sources",
        "出错的来源 · sources whose last attempt failed",
        """SELECT source, title, reason, failures, last_attempt, last_success
FROM v_source_health WHERE last_outcome = 'failed' ORDER BY failures DESC, source""",
    ),
    Question(
        "quarantine-by-reason",
        "隔离数据按原因统计 · rejected rows by source and reason",
        """SELECT source, reason, count(*) AS rows, max(recorded_at) AS newest, min(raw) AS example
FROM v_quarantine WHERE resolved_at IS NULL GROUP BY source, reason ORDER BY rows DESC, source, reason""",
    ),
    Question(
        "kpi-year",
        "某年的指标 · KPIs of a :year",
        """SELECT kpi, display_zh, display_en, value, prior, definition_version, state, note, computed_at
FROM v_kpi_year WHERE year = CAST(:year AS INTEGER) ORDER BY kpi""",
    ),
    Question(
        "restatements",
        "某年的重述与待重述 · what was restated of a :year, and what is pending",
        """SELECT kpi, state, effect, must_restate, cause_zh, cause_en, "by", why, at, entry
FROM v_restatements WHERE year = CAST(:year AS INTEGER) ORDER BY state, entry, kpi""",
    ),
)


def metadata() -> dict[str, Any]:
    """Datasette's metadata: every view with its title and columns, every query with its title."""
    views = {view.name: {"title": view.about, "columns": view.columns} for view in VIEWS}
    # else the name of a fraudulent host would stand, undefanged, wherever a row points to it
    tables = {"host": {"label_column": "host_id"}}
    queries = {query.name: {"title": query.title, "sql": query.sql} for query in QUERIES}
    return {"title": TITLE, "databases": {DATABASE: {"title": TITLE, "tables": views | tables, "queries": queries}}}
