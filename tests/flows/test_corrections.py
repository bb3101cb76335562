"""Events that a company takes back or puts right: they count no more, whatever came first, and stay on record."""

import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.kpi.figures import Figure
from db import archive
from db.archive import archive_events
from db.archives import archive_root
from db.corrections import CORRECTED
from db.errors import FanzhaError
from db.sources import Counts
from db.store import Store, open_store
from flows.ledger import close, history
from flows.rollup import computed_figures, figures, follow_up, roll_up
from flows.verifying import verify
from spiders.catalogue import load_catalogue
from tests.flows.calls import Call
from tests.flows.test_company_kinds import ROWS
from tests.flows.test_company_kinds import take as take_company
from tests.flows.test_counting import COLUMNS, correct, fresh_store
from tests.flows.test_counting import take as take_rows
from tests.flows.test_rollup import take

ROOT: Final = Path(__file__).parent.parent.parent

YEAR: Final = 2024
AT: Final = {"occurred_at": "2024-12-20 10:00:00", "is_test": "0"}
OWN_IDS: Final = {"event_id", "subject_id", "document_id", "source_id", "address_id", "host_id", "app_id"}
EARLIER: Final = {
    "url_check": [{"address": "a.example", "actor": "end_user", "result": "malicious", "subject": "s1"}],
    "warning": [{"stage": "emitted", "sink": "jietiao_security_centre"}],
    "intervention": [{"type": "block_applied", "reason": "victim_risk", "order": "o1", "subject": "s1"}],
    "loss": [{"type": "assessed", "episode": "e1", "amount": "7", "tier": "A", "programme": "dissuasion"}],
    "attack_event": [{"type": "confirmation", "address": "a.example", "brand": "x"}],
    "verdict": [{"address": "a.example", "answer": "confirmed", "by": "somebody"}],
    "reported_figure": [{"kpi": "K08", "year": "2024", "value": "90", "document": "报告", "page": "1"}],
}
LOSS: Final = AT | EARLIER["loss"][0]
EVENTS: Final = {kind: [AT | row for row in rows] for kind, rows in {**ROWS, **EARLIER}.items()} | {
    "reported_figure": EARLIER["reported_figure"]
}


def values(found: Sequence[Figure]) -> dict[str, object]:
    return {one.id: (one.value, one.records, one.note_en) for one in found}


def import_kind(store: Store, kind: str) -> None:
    take_company(store, kind, [{"event_id": str(place)} | row for place, row in enumerate(EVENTS[kind])])


def days(store: Store) -> list[tuple[object, ...]]:
    """Warnings by day, as analysts see them."""
    return store.database.execute("SELECT * FROM v_warnings WHERE events > 0 ORDER BY 1, 2, 3, 4").fetchall()


def source_of(kind: str) -> str:
    return kind.replace("_", "-")


@pytest.mark.parametrize("kind", CORRECTED)
@pytest.mark.parametrize("is_archived", [False, True], ids=["held", "archived"])
def test_a_void_event_of_each_kind_counts_nowhere_and_stays_on_record(
    store: Store, kind: str, *, is_archived: bool
) -> None:
    nothing = values(computed_figures(store.database, YEAR))
    import_kind(store, kind)
    roll_up(store, YEAR)
    if is_archived:
        archive_events(store, date(2025, 1, 1))
    ids = [str(place) for place in range(len(EVENTS[kind]))]
    correct(store, source_of(kind), ids)
    assert values(computed_figures(store.database, YEAR)) == nothing
    assert values(roll_up(store, YEAR)) == nothing
    assert follow_up(store) == 0
    rows = store.database.execute("SELECT kind, corrected, event, event_position FROM v_corrections").fetchall()
    assert [(row[0], row[1], row[3]) for row in rows] == [(kind, each, place + 2) for place, each in enumerate(ids)]
    told = [json.loads(row[2]) for row in rows]
    assert [one["event_id"] for one in told] == ids
    assert not [name for one in told for name in one if name.endswith("_id") and name not in OWN_IDS], "it is in words"
    assert days(store) == []
    import_kind(store, kind)
    assert values(computed_figures(store.database, YEAR)) == nothing, "it comes in no more"
    assert verify(store, deep=True)[1] == []


def test_a_replacement_stands_in_the_place_of_what_it_corrects(store: Store) -> None:
    for name, amount in (("1", "7"), ("2", "9.5")):
        take(store, "loss", AT | EARLIER["loss"][0] | {"event_id": name, "amount": amount})
    roll_up(store, YEAR)
    correct(store, "loss", "2", replacement="1", by="李雷")
    assert {one.id: one.value for one in roll_up(store, YEAR)}["K41"] == 700
    said = store.database.execute("SELECT corrected, replacement, by, why, kind FROM v_corrections").fetchone()
    assert said == ("2", "1", "李雷", "sent by mistake", "loss")
    on_record = "SELECT value FROM kpi_run WHERE kpi = 'K41' AND year = 2024 ORDER BY kpi_run_id"
    assert store.database.execute(on_record).fetchall() == [("950",), ("700",)], "what it was before stays on record"


def test_a_replacement_that_comes_with_its_correction_is_seen_though_the_number_of_rows_is_the_same(
    store: Store,
) -> None:
    take(store, "loss", AT | EARLIER["loss"][0] | {"event_id": "1"})
    roll_up(store, YEAR)
    take(store, "loss", AT | EARLIER["loss"][0] | {"event_id": "2", "amount": "5"})
    correct(store, "loss", "1", replacement="2")
    assert {one.id: one.value for one in figures(store.database, YEAR)}["K41"] == 500


@pytest.mark.parametrize("kind", ["warning", "soc_alert", "case_event"])
def test_a_correction_may_come_first(store: Store, kind: str) -> None:
    correct(store, source_of(kind), ["0"])
    assert store.database.execute("SELECT kind, event FROM v_corrections").fetchall() == [(None, None)]
    import_kind(store, kind)
    assert store.database.execute("SELECT kind FROM v_corrections").fetchall() == [(kind,)]
    held = store.database.execute(f"SELECT count(*) FROM {kind} WHERE event_id = '0'").fetchone()
    assert held == (0,)
    assert verify(store, deep=True)[1] == []


@pytest.mark.parametrize(
    "said",
    [{"source": "warnings"}, {"source": "loss", "is_test": "1"}, {"source": "corrections"}],
    ids=["an unknown source", "a test", "a correction"],
)
def test_what_names_no_event_voids_none(store: Store, said: dict[str, str]) -> None:
    take(store, "loss", AT | EARLIER["loss"][0] | {"event_id": "1"})
    correct(store, said["source"], ["1"], is_test=said.get("is_test", "0"))
    assert {one.id: one.value for one in figures(store.database, YEAR)}["K41"] == 700
    assert verify(store, deep=True)[1] == []


def test_of_a_closed_year_a_correction_is_pending(store: Store) -> None:
    for name, amount in (("1", "700000"), ("2", "900000")):
        row = EARLIER["loss"][0] | {"event_id": name, "episode": name, "amount": amount}
        take(store, "loss", AT | row)
    close(store, YEAR, "李雷", "年度签认")
    correct(store, "loss", ["2"])
    roll_up(store, YEAR)
    pending = {
        change.id: (change.before and change.before.figure.value, change.after.value)
        for change in history(store.database, YEAR).pending
    }
    assert pending["K41"] == (160_000_000, 70_000_000)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("DELETE FROM correction", "an event that is void, and no correction says so: warning/0"),
        (
            "INSERT INTO warning SELECT * FROM temp.before",
            "an event that a correction names, and that counts still: warning warning/0",
        ),
    ],
)
def test_verify_finds_what_somebody_changes(store: Store, damage: str, told: str) -> None:
    import_kind(store, "warning")
    store.database.execute("CREATE TEMP TABLE before AS SELECT * FROM warning")
    correct(store, "warning", ["0"])
    assert verify(store, deep=False)[1] == []
    store.database.execute("DROP TRIGGER warning_stays_void")
    store.database.execute(damage)
    store.database.conn.commit()
    assert [fault for fault in verify(store, deep=False)[1] if told in fault]


def test_what_is_corrected_while_its_month_is_archived_is_written_anew(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("1", "2"):
        take(store, "loss", LOSS | {"event_id": name, "episode": name})
    before: Callable[..., object] = archive._register

    def late(*arguments: object) -> object:
        monkeypatch.undo()
        correct(store, "loss", ["1"])
        take(store, "loss", LOSS | {"event_id": "3", "episode": "3", "amount": "5"})
        return before(*arguments)

    monkeypatch.setattr(archive, "_register", late)
    assert [one.rows for one in archive_events(store, date(2025, 1, 1))] == [2]
    assert {one.id: one.value for one in computed_figures(store.database, YEAR)}["K41"] == 1_200
    assert verify(store, deep=True)[1] == []


def test_what_a_killed_archive_left_goes_though_an_event_of_it_was_corrected(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(store, "loss", LOSS | {"event_id": "1"})

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(archive, "_register", killed)
    with pytest.raises(KeyboardInterrupt):
        archive_events(store, date(2025, 1, 1))
    monkeypatch.undo()
    assert len(list(archive_root(store.path).glob("*.parquet"))) == 1
    correct(store, "loss", ["1"])
    archive_events(store, date(2025, 1, 1))
    assert list(archive_root(store.path).glob("*.parquet")) == []
    assert verify(store, deep=True)[1] == []


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"PAR1" * (path.stat().st_size // 4))])
def test_a_correction_of_what_a_damaged_file_holds_says_so(store: Store, damage: Callable[[Path], object]) -> None:
    take(store, "loss", LOSS | {"event_id": "1"})
    archive_events(store, date(2025, 1, 1))
    (file,) = archive_root(store.path).glob("*.parquet")
    damage(file)
    with pytest.raises(FanzhaError, match="restore it from a backup"):
        correct(store, "loss", ["1"])
    assert store.database.execute("SELECT count(*) FROM correction").fetchone() == (0,)


def test_a_source_that_has_brought_two_kinds_has_both_corrected(store: Store) -> None:
    intervention = AT | EARLIER["intervention"][0] | {"event_id": "1"}
    take(store, "loss", LOSS | {"event_id": "1"})
    correct(store, "loss", ["1"])
    take_company(store, "intervention", [intervention], name="loss")
    held = [store.database.execute(f"SELECT count(*) FROM {kind}").fetchone()[0] for kind in ("loss", "intervention")]
    assert held == [0, 0]
    assert verify(store, deep=False)[1] == []


def test_a_year_whose_last_record_is_taken_back_is_rolled_up_once_more(filled: Call, tmp_path: Path) -> None:
    (tmp_path / "more.toml").write_text(CATALOGUE, "utf-8")
    assert filled("run", "--sources", "sources.toml")[0] == 0
    (tmp_path / "corrections.csv").write_text("id,event,why\n1,5,wrong year\n", "utf-8")
    assert filled("run", "--sources", "more.toml")[0] == 0
    with open_store(tmp_path / "fanzha.db", tmp_path / "test.key") as store:
        shown = store.database.execute("SELECT value FROM v_kpi_year WHERE year = 2023 AND kpi = 'K05'").fetchone()
    assert shown == (None,)


def test_an_import_leaves_no_attack_that_a_correction_ended(store: Store, call: Call, tmp_path: Path) -> None:
    row = {"occurred_at": "2024-03-01 10:00:00", "address": "a.example", "brand": "x"}
    told = [
        row | {"event_id": "1", "type": "confirmation"},
        row | {"event_id": "2", "type": "closure", "cause": "us", "occurred_at": "2024-03-02 10:00:00"},
    ]
    take_company(store, "attack_event", told)
    follow_up(store)
    state = "SELECT state, closed_at IS NULL FROM attack"
    assert store.database.execute(state).fetchall() == [("closed", 0)]
    (tmp_path / "more.toml").write_text(CATALOGUE.replace('"checks"', '"attack-event"'), "utf-8")
    (tmp_path / "corrections.csv").write_text("id,event,why\n1,2,stands still\n", "utf-8")
    assert call("import", "table", "corrections.csv", "--source", "corrections", "--sources", "more.toml")[0] == 0
    assert store.database.execute(state).fetchall() == [("confirmed", 1)]
    assert verify(store, deep=True)[1] == []


def test_what_a_batch_names_is_looked_for_by_index_however_many_corrections_there_are(store: Store) -> None:
    import_kind(store, "loss")
    correct(store, "loss", ["other"])
    asked: list[str] = []
    store.database.conn.set_trace_callback(asked.append)
    take(store, "loss", LOSS | {"event_id": "9"})
    store.database.conn.set_trace_callback(None)
    queries = [query for query in asked if "FROM correction" in query]
    assert len(queries) == 2
    for query in queries:
        plan = [row[3] for row in store.database.execute(f"EXPLAIN QUERY PLAN {query}")]
        assert any("SEARCH correction USING INDEX correction_by_event" in step for step in plan), plan
        assert not any("SCAN correction" in step for step in plan), plan


def test_the_catalogue_in_the_docs_is_one(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "ledger.md").read_text("utf-8")
    (tmp_path / "sources.toml").write_text(text.partition("```toml\n")[2].partition("```")[0], "utf-8")
    (source,) = load_catalogue(tmp_path / "sources.toml")
    assert (source.row_kind, source.constants) == ("correction", {"source": "company-warnings"})


@pytest.mark.parametrize("field", ["source", "corrected", "why"])
def test_a_correction_that_does_not_say_what_or_why_is_quarantined(store: Store, field: str) -> None:
    row = {"source": "loss", "corrected": "1", "why": "sent by mistake"}
    assert take_company(store, "correction", [row, row | {field: ""}]) == Counts(stored=1, quarantined=1)
    (reason,) = store.database.execute("SELECT reason FROM quarantine").fetchone()
    assert reason.startswith(f"{field}: ")


def test_hostile_texts_of_a_correction_are_kept_as_given(store: Store) -> None:
    hostile = "=cmd|' /C calc'!A0 <script>alert(1)</script> '; DROP TABLE warning; --"
    import_kind(store, "warning")
    said = dict.fromkeys(("source", "corrected", "why", "by", "replacement"), hostile)
    take_company(store, "correction", [said, said | {"source": "warning", "corrected": "0"}])
    shown = store.database.execute("SELECT source, corrected, why FROM v_corrections ORDER BY kind").fetchall()
    assert shown == [(hostile, hostile, hostile), ("warning", "0", hostile)]
    assert verify(store, deep=True)[1] == []


CATALOGUE: Final = """
[[source]]
name = "corrections"
title = "Synthetic corrections"
publisher = "tests"
licence = "Apache-2.0"
path = "corrections.csv"
format = "table"
yields = "events"
kind = "correction"
synthetic = true
[source.columns]
event_id = "id"
corrected = "event"
why = "why"
[source.constants]
source = "checks"
"""


def test_an_import_takes_events_back_and_tells_of_those_that_nobody_brought(filled: Call, tmp_path: Path) -> None:
    (tmp_path / "more.toml").write_text(CATALOGUE, "utf-8")
    (tmp_path / "corrections.csv").write_text("id,event,why\n1,1,twice\n2,nine,twice\n", "utf-8")
    call = ("import", "table", "corrections.csv", "--source", "corrections", "--sources", "more.toml")
    assert [one["value"] for one in json.loads(filled("kpi", "2024", "--json")[1]) if one["id"] == "K05"] == [2]
    code, out, err = filled(*call)
    assert (code, "2" in out) == (0, True)
    assert err == (
        "fanzha: 1 correction names an event that no source has brought yet; in view v_corrections their "
        "kind is empty\n"
    )
    # of the two checks of one user, address and day the other still counts
    assert [one["value"] for one in json.loads(filled("kpi", "2024", "--json")[1]) if one["id"] == "K05"] == [2]
    (tmp_path / "corrections.csv").write_text("id,event,why\n3,2,twice\n", "utf-8")
    assert filled(*call)[0] == 0
    assert [one["value"] for one in json.loads(filled("kpi", "2024", "--json")[1]) if one["id"] == "K05"] == [1]
    assert filled("verify", "--deep")[0] == 0


_KINDS: Final = {name: COLUMNS[name] for name in ("warning", "verdict", "sighting")}
_STEPS: Final = st.lists(
    st.one_of(
        *(
            st.tuples(
                st.just(kind),
                st.sampled_from([1, 2]),
                st.lists(st.tuples(*map(st.sampled_from, columns.values())), min_size=1, max_size=5),
            )
            for kind, columns in _KINDS.items()
        ),
        st.tuples(
            st.just("correct"),
            st.sampled_from(["warning-1", "warning-2", "verdict-1"]),
            st.lists(st.sampled_from("abc"), min_size=1),
        ),
        st.just(("archive", "", [])),
    ),
    min_size=2,
    max_size=8,
)  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=_STEPS)
def test_figures_are_those_of_a_database_that_the_void_events_never_reached(
    steps: list[tuple[str, int | str, list[tuple[str, ...] | str]]],
) -> None:
    void = {(source, event) for name, source, events in steps if name == "correct" for event in events}
    with fresh_store() as store, fresh_store() as other:
        for name, which, rows in steps:
            if name == "correct":
                correct(store, str(which), list(map(str, rows)))
            elif name == "archive":
                archive_events(store, date(2024, 1, 1))
            else:
                given_rows = [row for row in rows if isinstance(row, tuple)]
                take_rows(store, name, int(which), given_rows)
                left = [row for row in given_rows if (f"{name}-{which}", row[0]) not in void]
                if left:
                    take_rows(other, name, int(which), left)
        for year in (2023, YEAR):
            assert values(computed_figures(store.database, year)) == values(computed_figures(other.database, year))
        assert days(store) == days(other)
        assert verify(store, deep=True)[1] == []
