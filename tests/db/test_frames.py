"""Frames as the roll-up reads them: what is asked for and no more, of one instant, in whatever thread polars reads."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.io.plugins import register_io_source

from analytics.kpi.frames import FRAMES
from db.connection import open_database, snapshot
from db.frames import scan_frames
from db.period import DAY_MS, Period
from db.store import Store
from tests.analytics.kpi_rows import Row, frames_of

YEAR = Period(2024)
_SOURCE = (
    "INSERT INTO source VALUES (?, ?, '', '', '', 'list', 'malicious', 0, 0, '', '{}', NULL, NULL, NULL, '{}', NULL)"
)
_DOCUMENT = "INSERT INTO document VALUES (1, 1, 'synthetic.txt', 'ab12', 1, 0, 0)"
_SEEN = st.lists(
    st.fixed_dictionaries(
        {
            "thing": st.integers(1, 4),
            "source": st.integers(1, 3),
            "seen_at": st.integers(-2, 2).map(lambda day: YEAR.start + day * DAY_MS),
            "claim": st.sampled_from([-1, 0, 1]),
            "is_test": st.booleans(),
        }
    ),
    max_size=12,
)
"""Things: 1 and 3 are bare hosts, 2 and 4 a URL on each."""


def fill(database: sqlite3.Connection, seen: list[dict[str, int]]) -> None:
    for number in (1, 2, 3):
        database.execute(_SOURCE, (number, f"synthetic-{number}"))
    database.execute(_DOCUMENT)
    for number in (1, 2):
        database.execute("INSERT INTO host VALUES (?, ?, 0, 0, 0)", (number, f"synthetic-{number}.example"))
    for thing in range(1, 5):
        host, tail = (thing + 1) // 2, "" if thing % 2 else "http:/x"
        database.execute("INSERT INTO url VALUES (?, ?, ?)", (thing, host, tail))
        database.execute("INSERT INTO app (app_id, key, store) VALUES (?, ?, 's')", (thing, f"k{thing}"))
    for position, row in enumerate(seen):
        values = (*(row[name] for name in ("thing", "source", "seen_at", "seen_at", "claim", "is_test")), position)
        for table in ("sighting", "app_sighting"):
            database.execute(
                f"INSERT OR IGNORE INTO {table} VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, 1, ?)",
                values,
            )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seen=_SEEN)
def test_what_all_sightings_say_is_what_a_count_by_hand_says(tmp_path: Path, seen: list[dict[str, int]]) -> None:
    for path in tmp_path.glob("fanzha.db*"):
        if path.is_file():
            path.unlink()
    once = {(row["thing"], row["source"], row["seen_at"]): row for row in reversed(seen)}
    with open_database(tmp_path / "fanzha.db") as database:
        fill(database.conn, seen)
        for name, key in (("sightings", "address_id"), ("app_sightings", "app_id")):
            by_hand: list[Row] = [
                {
                    key: row["thing"],
                    "host_id": (row["thing"] + 1) // 2 if key == "address_id" else row["thing"],
                    "is_bare": row["thing"] % 2 == 1,
                    **{each: row[each] for each in ("seen_at", "claim")},
                    "is_test": bool(row["is_test"]),
                }
                for row in once.values()
            ]
            columns = [key, "seen_at", "claim", "is_test", "first_seen_at", "is_named", "is_allowed"]
            expected = frames_of({name: by_hand})[name].filter(~pl.col("is_test")).select(columns).collect()
            read = scan_frames(database)[name].filter(~pl.col("is_test")).select(columns)
            for engine in ("streaming", "in-memory"):
                assert sorted(read.collect(engine=engine).rows()) == sorted(expected.rows())


def test_every_column_that_figures_read_is_there_and_of_its_type(store: Store) -> None:
    scanned = scan_frames(store.database, YEAR)
    named_later = {"attack_key", "basis", "brand", "is_own"}
    for name, frame in scanned.items():
        schema = {column: dtype for column, dtype in FRAMES[name].items() if column not in named_later}
        assert schema.items() <= dict(frame.collect_schema()).items()
        assert frame.collect(engine="streaming").schema == frame.collect_schema()
    assert FRAMES.keys() - scanned.keys() == {"attacks"}


DAYS = [
    {"thing": 1, "source": 1, "seen_at": YEAR.start + day * DAY_MS, "claim": 1, "is_test": 0} for day in range(-3, 400)
]


def test_sightings_of_other_years_are_not_read_but_known(store: Store) -> None:
    fill(store.database.conn, DAYS)
    found = (
        scan_frames(store.database, YEAR)["sightings"].select("seen_at", "first_seen_at").collect(engine="streaming")
    )
    assert (found.height, found["seen_at"].min(), found["seen_at"].max()) == (366, YEAR.start, YEAR.end - DAY_MS)
    assert found["first_seen_at"].unique().to_list() == [YEAR.start - 3 * DAY_MS]


def test_only_what_is_asked_for_is_read(store: Store) -> None:
    fill(store.database.conn, DAYS)
    frames = scan_frames(store.database, YEAR)
    asked: list[str] = []
    store.database.conn.set_trace_callback(asked.append)
    frames["sightings"].filter(pl.col("claim") == 1).select("address_id").collect(engine="streaming")
    bounds = f"WHERE TRUE AND sighting.seen_at >= {YEAR.start} AND sighting.seen_at < {YEAR.end}"
    assert [query.partition(" FROM ")[2] for query in asked[1:]] == [f"sighting {bounds}"]
    assert "url_id" in asked[1]
    assert "seen_at" not in asked[1].partition(" FROM ")[0]
    asked.clear()
    frames["sightings"].select("host").collect(engine="streaming")
    joins = "LEFT JOIN url ON url.url_id = sighting.url_id LEFT JOIN host ON host.host_id = url.host_id"
    assert [query.partition(" FROM ")[2] for query in asked[1:]] == [f"sighting {joins} {bounds}"]


@pytest.mark.parametrize("engine", ["streaming", "in-memory"])
def test_batches_join_without_gap_or_overlap(store: Store, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.packed._ROWS", 7)
    fill(store.database.conn, DAYS)
    frame = scan_frames(store.database)["sightings"]
    assert frame.collect(engine=engine)["position"].to_list() == list(range(len(DAYS)))  # type: ignore[call-overload]
    for count in (0, 1, 7, 10, 1_000):
        first = frame.head(count).collect(engine=engine)  # type: ignore[call-overload]
        assert first["position"].to_list() == list(range(min(count, len(DAYS))))


def test_events_of_sources_join_without_gap_or_overlap(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store.database.conn, [])
    store.database.execute("INSERT INTO term (term_id, vocabulary, name) VALUES (900, 'stage', 'emitted')")
    keys = [(source, f"{number:02}") for source, many in ((1, 4), (3, 5)) for number in range(many)]
    for position, (source, event) in enumerate(keys):
        row = (source, event, YEAR.start, 900, *[None] * 7, 0, 1, position)
        store.database.execute(f"INSERT INTO warning VALUES ({', '.join('?' * 14)})", row)
    for rows in (1, 2, 4, 5, 20):
        monkeypatch.setattr("db.packed._ROWS", rows)
        found = scan_frames(store.database)["warnings"].select("position", "event_key").collect(engine="streaming")
        assert found.rows() == [(at, f"synthetic-{one}/{event}") for at, (one, event) in enumerate(keys)]


def test_a_fault_of_the_database_stays_one(store: Store) -> None:
    frame = scan_frames(store.database)["warnings"]
    store.database.conn.execute("DROP TABLE warning")
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        frame.collect(engine="streaming")


def test_a_snapshot_shows_one_instant_whoever_writes_meanwhile(store: Store) -> None:
    fill(store.database.conn, DAYS[:1])
    with open_database(store.path, read_only=True) as reader:
        with snapshot(reader):
            frame = scan_frames(reader)["sightings"].select(pl.len())
            assert frame.collect(engine="streaming").item() == 1
            store.database.execute("INSERT INTO sighting SELECT url_id, 2, 5, 5, 1, 0, NULL, NULL, 1, 9 FROM url")
            assert frame.collect(engine="streaming").item() == 1
        assert frame.collect(engine="streaming").item() == 5


CLOSED = """
import sys
from pathlib import Path
import polars as pl
from db.connection import open_database
from db.frames import scan_frames
for turn in range(60):
    with open_database(Path(sys.argv[1])) as database:
        frames = scan_frames(database)
        found = frames["sightings"].filter(pl.col("claim") == 1).select("seen_at").head(1).collect(engine="streaming")
        assert found.height == 1
"""


def test_a_connection_may_close_while_polars_still_reads(tmp_path: Path) -> None:
    """Asked for one row it answers, and goes on reading; a connection that closed beneath it ended the process."""
    with open_database(tmp_path / "fanzha.db") as database:
        fill(database.conn, [])
        database.execute(
            """WITH RECURSIVE n (at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM n WHERE at < 300000)
               INSERT INTO sighting SELECT at % 4 + 1, 1, at, at, 1, 0, NULL, NULL, 1, at FROM n"""
        )
    command = [sys.executable, "-c", CLOSED, str(tmp_path / "fanzha.db")]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_what_is_joined_is_not_read_far_ahead_of_what_is_asked_for() -> None:
    read = 0

    def batches(*_: object) -> Iterator[pl.DataFrame]:
        nonlocal read
        for start in range(0, 3_000_000, 50_000):
            read += 50_000
            yield pl.DataFrame({"key": range(start, start + 50_000)})

    many = register_io_source(batches, schema=pl.Schema({"key": pl.Int64()}))
    few = pl.LazyFrame({"key": [3, 3], "said": ["so", "no"]}).group_by("key").agg(pl.col("said").last())
    joined = many.join(few, on="key", how="left").collect_batches(
        chunk_size=50_000, maintain_order=False, engine="streaming"
    )
    assert next(iter(joined)).height
    assert read < 2_000_000
