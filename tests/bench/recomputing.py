"""A year's figures from its events, all anew: fanzha from SQLite, DuckDB from the same events as Parquet files."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import duckdb
import polars as pl
from sqlite_utils import Database

from analytics.kpi.definitions import DEFINITIONS
from analytics.kpi.figures import compute
from db.connection import snapshot
from db.frames import scan_frames
from db.packed import read_packed
from db.period import Period
from db.turns import SharedConnection
from tests.bench.frame import Measured, timed

DUCKDB: Final = "DuckDB asked K01-K05, K38, K39, K41 of the same events as Parquet, on as many cores"
_EVENT: Final = {"event": "event_id", "moment": "occurred_at", "is_test": "is_test"}
_SEEN: Final = {"moment": "seen_at", "claim": "claim", "is_test": "is_test"}
_TABLES: Final[Mapping[str, tuple[tuple[str, ...], Mapping[str, str], str]]] = {
    "sighting": (
        ("url_id",),
        {
            "url": "sighting.url_id",
            "host": "url.host_id",
            "domain": "host.registrable_domain",
            "is_bare": "url.tail = ''",
        }
        | {"moment": "seen_at", "claim": "claim", "is_test": "is_test"},
        "JOIN url USING (url_id) JOIN host USING (host_id)",
    ),
    "app_sighting": (
        ("app_id",),
        {
            "app": "app_sighting.app_id",
            "package": "package",
            "moment": "seen_at",
            "claim": "claim",
            "is_test": "is_test",
        },
        "JOIN app USING (app_id)",
    ),
    "verdict": (
        ("source_id", "event_id"),
        _EVENT
        | {"url": "verdict.url_id", "host": "url.host_id", "is_bare": "url.tail = ''", "package": "package"}
        | {"answer": "answer.name"},
        "LEFT JOIN url USING (url_id) JOIN term AS answer ON answer.term_id = answer_id",
    ),
    "warning": (
        ("source_id", "event_id"),
        _EVENT
        | {"warning": "warning", "stage": "stage.name", "channel": "channel.name", "sink": "sink.name"}
        | {"campaign": "campaign_id", "subject": "subject_id"},
        """JOIN term AS stage ON stage.term_id = stage_id LEFT JOIN term AS channel ON channel.term_id = channel_id
        LEFT JOIN term AS sink ON sink.term_id = sink_id""",
    ),
    "url_check": (
        ("source_id", "event_id"),
        _EVENT | {"url": "url_id", "subject": "subject_id", "actor": "actor.name", "result": "result.name"},
        "JOIN term AS actor ON actor.term_id = actor_id JOIN term AS result ON result.term_id = result_id",
    ),
    "intervention": (
        ("source_id", "event_id"),
        _EVENT | {"type": "type.name", "reason": "reason.name", "ordered": '"order"'},
        "JOIN term AS type ON type.term_id = type_id LEFT JOIN term AS reason ON reason.term_id = reason_id",
    ),
    "loss": (
        ("source_id", "event_id"),
        _EVENT
        | {"type": "type.name", "episode": "episode", "amount": "amount_fen", "tier": "tier.name"}
        | {"programme": "programme.name"},
        """JOIN term AS type ON type.term_id = type_id LEFT JOIN term AS tier ON tier.term_id = tier_id
        LEFT JOIN term AS programme ON programme.term_id = programme_id""",
    ),
}
"""Table -> its key, columns of the Parquet file and what they are, joins."""
_NUMBERS: Final = frozenset({"url", "host", "app", "moment", "claim", "campaign", "subject", "amount"})
_IN: Final = "NOT is_test AND moment >= {start} AND moment < {end}"
_DAY: Final = "(moment + 28800000) // 86400000"
_FIRST: Final = """
WITH told AS (SELECT {unit} AS unit, {more} min(moment) AS first, max(claim) = 1 AS named, min(claim) = -1 AS allowed,
        count(*) FILTER (moment >= {start} AND moment < {end}) AS records
    FROM {table} WHERE NOT is_test GROUP BY {unit})"""
_COUNTS: Final = "(answer = 'confirmed' OR (coalesce(answer, 'unsure') = 'unsure' AND named AND NOT allowed))"
_ORDER: Final = "arg_max(answer, (moment, answer = 'dismissed', answer))"
QUESTIONS: Final[Mapping[str, str]] = {
    "K01": _FIRST.replace("{unit}", "url")
    .replace("{table}", "sighting")
    .replace("{more}", "any_value(host) AS host, any_value(domain) AS domain,")
    + f""", listed AS (SELECT DISTINCT host FROM sighting WHERE is_bare AND claim = -1 AND NOT is_test),
    on_it AS (SELECT url, {_ORDER} AS said FROM verdict WHERE NOT is_test AND url IS NOT NULL GROUP BY url),
    on_host AS (SELECT host, {_ORDER} AS said FROM verdict WHERE NOT is_test AND is_bare GROUP BY host),
    judged AS (SELECT told.* REPLACE (allowed OR listed.host IS NOT NULL AS allowed),
            coalesce(on_it.said, on_host.said) AS answer
        FROM told LEFT JOIN listed USING (host) LEFT JOIN on_it ON on_it.url = told.unit
        LEFT JOIN on_host ON on_host.host = told.host WHERE first >= {{start}} AND first < {{end}})
    SELECT count(*), sum(records), count(DISTINCT domain) FROM judged WHERE {_COUNTS}""",
    "K02": _FIRST.replace("{unit}", "app")
    .replace("{table}", "app_sighting")
    .replace("{more}", "any_value(package) AS package,")
    + f""", on_it AS (SELECT package, {_ORDER} AS answer FROM verdict WHERE NOT is_test GROUP BY package)
    SELECT count(*), sum(records), count(DISTINCT told.package) FROM told LEFT JOIN on_it USING (package)
    WHERE first >= {{start}} AND first < {{end}} AND {_COUNTS}""",
    "K03": f"""SELECT sum(n) FILTER (label = ''), sum(n) FROM (
        SELECT if(stage = 'emitted' AND sink IS NOT DISTINCT FROM 'jietiao_security_centre', '', stage) AS label,
            count(DISTINCT warning) + count(*) FILTER (warning IS NULL) AS n
        FROM warning WHERE {_IN} GROUP BY label)""",
    "K05": f"""SELECT count(DISTINCT coalesce(subject::VARCHAR || '/' || url || '/' || {_DAY}, event)) FROM url_check
        WHERE {_IN} AND actor = 'end_user' AND result <> 'error'""",
    "K38": f"""SELECT count(DISTINCT coalesce(subject::VARCHAR || '/' || coalesce(campaign, 0) || '/' || {_DAY}, event))
        FROM warning WHERE {_IN} AND channel = 'ai' AND stage IN ('rendered', 'connected')""",
    "K39": f"""SELECT count(DISTINCT coalesce(ordered, event)) FROM intervention
        WHERE {_IN} AND type = 'block_applied' AND reason = 'victim_risk'""",
} | {
    kpi: f"""WITH told AS (SELECT * FROM loss WHERE NOT is_test AND coalesce(programme, '{programme}') = '{programme}'),
    begun AS (SELECT episode FROM told GROUP BY episode HAVING min(moment) >= {{start}} AND min(moment) < {{end}})
    SELECT sum(most) FROM (SELECT max(amount) AS most FROM told SEMI JOIN begun USING (episode)
        WHERE type = 'assessed' AND programme = '{programme}' AND tier IN ('A', 'B') GROUP BY episode)"""
    for kpi, programme in (("K04", "shanhai"), ("K41", "dissuasion"))
}
"""KPI -> what DuckDB is asked: the figure first, then what stands beside it."""


def measure_recomputation(database: Database, year: int, folder: Path) -> Measured:
    """Seconds of fanzha to those of DuckDB; both answers must be the same."""
    period = Period(year)
    _export(database, folder)
    asked = {kpi: sql.format(start=period.start, end=period.end) for kpi, sql in sorted(QUESTIONS.items())}
    with duckdb.connect() as ducks:
        for name in _TABLES:
            ducks.execute(f"CREATE VIEW {name} AS SELECT * FROM '{folder / name}/*.parquet'")
        answers: dict[str, object] = {}
        floor = timed(lambda: answers.update({kpi: ducks.execute(sql).fetchone() for kpi, sql in asked.items()}))
    found: dict[str, object] = {}
    wanted = [DEFINITIONS[kpi] for kpi in asked]

    def ours() -> None:
        with snapshot(database):
            found.update({one.id: one.value for one in compute(scan_frames(database, period), period, wanted)})

    seconds = timed(ours)
    wrong = {kpi: (found[kpi], row) for kpi, row in answers.items() if isinstance(row, tuple) and found[kpi] != row[0]}
    if wrong:
        raise RuntimeError(f"figures are not what DuckDB finds (fanzha, DuckDB): {wrong}")
    return Measured(seconds / floor, f"{seconds:.1f} s : {floor:.2f} s")


def _export(database: Database, folder: Path) -> None:
    for name in _TABLES:
        (folder / name).mkdir(parents=True)
        for number, part in enumerate(_parts(database, name)):
            part.write_parquet(folder / name / f"{number}.parquet")


def _parts(database: Database, name: str) -> Iterator[pl.DataFrame]:
    """The rows of a table, as events stand by themselves; some hundred thousand at once, as Parquet has them best."""
    key, columns, joins = _TABLES[name]
    schema = {column: _type(column) for column in columns}
    shared = database.conn
    assert isinstance(shared, SharedConnection)
    held: list[pl.DataFrame] = []
    for part in read_packed(shared, columns, schema, f"FROM {name} {joins} WHERE {{among}}", (name, key), ()):
        held.append(part)
        if len(held) * part.height >= 1_000_000:
            yield pl.concat(held)
            held.clear()
    yield pl.concat(held) if held else pl.DataFrame(schema=schema)


def _type(column: str) -> type[pl.DataType]:
    if column.startswith("is_"):
        return pl.Boolean
    return pl.Int64 if column in _NUMBERS else pl.String
