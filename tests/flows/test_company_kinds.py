"""A company's files of opinion, kits, channels, alerts, cases and services: from the table to figures and trace."""

from collections.abc import Mapping

import pytest

from analytics.kpi.definitions import DEFINITIONS
from db.figures import years_with_records
from db.kinds import KINDS
from db.sources import Counts, Cursor
from db.store import Store
from flows.ingest import ingest
from flows.rollup import figures, roll_up
from flows.taking import Document
from flows.tracing import trace_records
from flows.verifying import verify
from tests.flows.test_ingest import make_source

AT = {"occurred_at": "2024-12-20 10:00:00", "programme": "Synthetic One", "is_test": "0"}
ITEM = {"published_at": "2024-12-20 09:00:00", "detected_at": "2024-12-20 09:30:00", "relevance": "confirmed"}
TEXT = {"source_class": "News", "address": "https://news.example/1", "cluster": "t1", "platform": "Synthetic Press"}
CASE = {"case_number": "A2024-1", "referral": "L-1", "proof": "D-1", "attribution": "supported"}
ROWS: Mapping[str, list[dict[str, str]]] = {
    "opinion_item": [ITEM | TEXT, ITEM | {"source_class": "short-video", "platform": "Synthetic Video", "item": "v1"}],
    "kit": [
        {"kit": "k1", "family": "f1", "kit_sha256": "AB" * 32, "analyst_confirmed": "是", "address": "kit.example"}
        | {"brand": "奇富借条", "fraud_type": "loan_impersonation"}
    ],
    "channel_or_actor": [
        {"type": "channel_observed", "channel": "c1", "platform": "Synthetic Chat", "relevant": "yes"},
        {"type": "actor_assessed", "subject": "somebody", "role": "data_seller", "risk": "high", "outcome": "referred"}
        | {"fraud_class": "internal"},
    ],
    "soc_alert": [
        {"state": "raised", "alert": "a1", "rule": "r1", "entity": "m1", "domain": "Business", "severity": "important"},
        {"state": "raised", "alert": "a2", "rule": "r1", "entity": "", "subject": "somebody", "domain": "office"},
        {"state": "closed", "alert": "a1", "incident": "i1", "disposition": "true-positive"},
    ],
    "case_event": [
        CASE | {"type": "filed", "fraud_class": "borrower_fraud"},
        CASE | {"type": "closed", "closure": "solved"},
        CASE | {"type": "person_linked", "subject": "somebody", "role": "suspected borrower"},
        CASE | {"type": "account_linked", "account": "acc1", "amount": "1,440,000.50"},
        CASE | {"type": "detained", "subject": "another", "role": "intermediary"},
        CASE | {"type": "arrest_approved", "subject": "another", "role": "intermediary"},
    ],
    "service_event": [
        {"type": "session", "service": "Consumer Protection Centre", "session": "s1", "subject": "somebody"},
        {"type": "content_view", "content": "film", "seconds": "30", "visitor": "user", "subject": "somebody"},
        {"type": "attendance", "content": "class 1", "attendee": "student", "confirmed_by": "sign in", "subject": "p1"},
    ],
}
COMPUTED = {
    "opinion_item": {"K06": 1, "K07": 1},
    "kit": {"K16": 1},
    "channel_or_actor": {"K17": 1, "K18": 1},
    "soc_alert": {"K19": 1, "K20": 1, "K21": 1},
    "case_event": {"K31": 1, "K32": 1, "K33": 1, "K34": 144_000_050, "K35": 1, "K36": 1},
    "service_event": {"K37": 1, "K42": 1, "K43": 1},
}
BAD = {
    "opinion_item": ("source_class", "rumour"),
    "kit": ("kit_sha256", "ab"),
    "channel_or_actor": ("risk", "huge"),
    "soc_alert": ("state", "forgotten"),
    "case_event": ("amount", "12.345"),
    "service_event": ("seconds", "long"),
}
kinds = pytest.mark.parametrize("kind", ROWS)


def take(store: Store, kind: str, rows: list[dict[str, str]], name: str = "") -> Counts:
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [names, *([row.get(name, "") for name in names] for row in rows)]
    mapping = {name: name for name in names}
    source = make_source(
        name=name or kind.replace("_", "-"), format="table", yields="events", kind=kind, columns=mapping,
        delimiter="\t", zone="Asia/Shanghai", path="rows.tsv",
    )  # fmt: skip
    text = "\n".join("\t".join(line) for line in lines)
    return ingest(store, source, [Document("rows.tsv", text.encode(), 1)], Cursor(), started_at=1, normal=None)


@kinds
def test_each_kind_comes_in_by_the_table_is_counted_and_traced(store: Store, kind: str) -> None:
    rows = [AT | row for row in ROWS[kind]]
    assert take(store, kind, rows) == Counts(stored=len(rows))
    assert take(store, kind, rows) == Counts(duplicates=len(rows))
    assert years_with_records(store.database) == [2024]
    rolled = roll_up(store, 2024)
    assert figures(store.database, 2024) == rolled
    assert {one.id: one.value for one in rolled if one.value is not None} == COMPUTED[kind]
    for kpi in COMPUTED[kind]:
        traced = trace_records(store.database, store.landing, kpi, 2024, None, 0)
        assert [(one["document"], str(one["position"])[:4]) for one in traced] == [("rows.tsv", "line")]
        assert all(str(one["file"]).startswith("fanzha.db.landing/") for one in traced)
    assert verify(store, deep=True)[1] == []


@kinds
def test_every_field_of_a_kind_reaches_its_table(store: Store, kind: str) -> None:
    rows = [AT | row for row in ROWS[kind]]
    given = {name for row in rows for name, said in row.items() if said}
    assert given == set(KINDS[kind].columns) - {"event_id"}, "the rows above leave no field out"
    take(store, kind, rows)
    held = list(store.database.query(f"SELECT * FROM {kind}"))
    filled = {name for row in held for name, said in row.items() if said is not None}
    assert filled == {column.name for column in store.database[kind].columns}


@pytest.mark.parametrize(
    ("view", "kind", "columns", "row"),
    [
        ("v_opinion", "opinion_item", "source_class, address, published_at, day", ("news", "https://news.example/1",
         "2024-12-20T01:00:00Z", "2024-12-20")),
        ("v_kits", "kit", "family, fraud_type, analyst_confirmed, file", ("f1", "loan_impersonation", 1, "rows.tsv")),
        ("v_channels", "channel_or_actor", "type, channel, relevant", ("channel_observed", "c1", 1)),
        ("v_alerts", "soc_alert", "state, alert, rule, entity, domain", ("raised", "a1", "r1", "m1", "business")),
        ("v_cases", "case_event", "type, case_number, amount_cny", ("filed", "A2024-1", None)),
        ("v_cases", "case_event", "max(amount_cny), max(attribution)", ("1440000.50", "supported")),
        ("v_services", "service_event", "type, service, session", ("session", "consumer_protection_centre", "s1")),
    ],
)  # fmt: skip
def test_a_view_shows_each_kind(
    store: Store, view: str, kind: str, columns: str, row: tuple[str | int | None, ...]
) -> None:
    take(store, kind, [AT | row for row in ROWS[kind]])
    assert store.database.execute(f"SELECT {columns} FROM {view} ORDER BY position").fetchone() == row
    assert store.database.execute(f"SELECT count(*) FROM {view}").fetchone() == (len(ROWS[kind]),)


@kinds
def test_a_bad_value_is_quarantined_and_the_other_rows_are_stored(store: Store, kind: str) -> None:
    field, text = BAD[kind]
    rows = [AT | row for row in ROWS[kind]]
    faulty = rows[0] | {field: text}
    assert take(store, kind, [*rows, faulty]) == Counts(stored=len(rows), quarantined=1)
    (reason,) = store.database.execute("SELECT reason FROM quarantine").fetchone()
    assert reason.startswith(f"{field}: ")
    named = store.database.execute("SELECT count(*) FROM quarantine WHERE raw LIKE '%somebody%'").fetchone()
    assert named == (0,)


@pytest.mark.parametrize(
    ("kind", "row", "reason"),
    [
        ("channel_or_actor", {"type": "actor_assessed", "channel": ""}, "it has neither channel nor subject"),
        ("case_event", {"type": "filed", "case_number": ""}, "it has neither case_number nor referral"),
    ],
)
def test_what_says_of_nobody_what_it_is_about_is_refused(
    store: Store, kind: str, row: dict[str, str], reason: str
) -> None:
    assert take(store, kind, [row]).quarantined == 1
    assert store.database.execute("SELECT reason FROM quarantine").fetchone() == (reason,)


def test_a_person_is_a_pseudonym_in_each_kind(store: Store) -> None:
    for kind, rows in ROWS.items():
        take(store, kind, [AT | row for row in rows])
    people = store.database.execute("SELECT length(pseudonym) FROM subject").fetchall()
    assert people == [(16,)] * 3
    assert b"somebody" not in store.path.read_bytes()


def test_the_increase_of_a_rate_is_kept_as_it_was_computed(store: Store) -> None:
    before = {"occurred_at": "2023-05-01 10:00:00", "published_at": "2023-04-01", "detected_at": "2023-05-01"}
    take(store, "opinion_item", [AT | row for row in ROWS["opinion_item"]])
    take(store, "opinion_item", [ITEM | TEXT | before | {"cluster": "t0"}])
    rolled = {one.id: one for one in roll_up(store, 2024)}["K08"]
    assert (str(rolled.value), rolled.display_zh) == ("100.00", "+100个百分点")
    assert {one.id: one for one in figures(store.database, 2024)}["K08"] == rolled


def test_a_reported_figure_stands_in_for_records_and_leads_to_its_document(store: Store) -> None:
    said = [
        {"kpi": kpi, "year": "2024", "value": text, "document": "报告", "page": "43"}
        for kpi, text in (("K08", "90"), ("K09", "300"), ("K34", "1440000"), ("K10", "14055"))
    ]
    take(store, "reported_figure", said)
    rolled = {one.id: one for one in roll_up(store, 2024)}
    assert {one.id: one for one in figures(store.database, 2024)} == rolled
    assert {kpi for kpi, one in rolled.items() if one.value is not None} == {"K08", "K09", "K34"}
    assert rolled["K34"].display_zh == "144万元"
    for kpi, position in (("K08", "line 2"), ("K09", "line 3"), ("K34", "line 4")):
        (traced,) = trace_records(store.database, store.landing, kpi, 2024, None, 0)
        assert (traced["kpi"], traced["position"], traced["page"]) == (kpi, position, "43")


def test_kpis_are_listed_in_the_order_of_their_ids(store: Store) -> None:
    assert [one.id for one in figures(store.database, 2024)] == list(DEFINITIONS)
