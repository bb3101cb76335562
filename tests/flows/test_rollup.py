"""From a company's files to figures: what the roll-up reads from the database."""

from collections.abc import Mapping
from contextlib import AbstractContextManager

import pytest
from sqlite_utils import Database

from db.connection import transaction
from db.sources import Cursor
from db.store import Store
from flows.ingest import ingest
from flows.rollup import computed_figures, figures, roll_up
from flows.taking import Document
from tests.flows.test_ingest import make_source

YEAR = 2024
MARCH = "2024-03-01 10:00:00"


def take(store: Store, kind: str, *rows: Mapping[str, str]) -> None:
    """Import rows of a kind, their columns named as its fields."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [names, *([row.get(name, "") for name in names] for row in rows)]
    mapping = {name: name for name in names}
    source = make_source(name=kind.replace("_", "-"), format="table", yields="events", kind=kind, columns=mapping)
    text = "\n".join("\t".join(line) for line in lines)
    counts = ingest(store, source, [Document("rows.tsv", text.encode(), 1)], Cursor(), started_at=1, normal=None)
    assert counts.stored == len(rows)


def values(store: Store, *kpis: str) -> list[object]:
    found = {figure.id: figure.value for figure in figures(store.database, YEAR)}
    return [found[kpi] for kpi in kpis]


def test_spelling_parts_no_programme_reason_sink_or_channel(store: Store) -> None:
    losses = [
        {"occurred_at": MARCH, "type": kind, "episode": f"e{n}", "amount": "7", "tier": tier, "programme": programme}
        for n, (kind, tier, programme) in enumerate(
            [("Assessed", "a", "Shanhai "), ("ASSESSED", "B", "SHANHAI"), (" assessed", "Ａ", "shanhai")]
        )
    ]
    take(store, "loss", *losses)
    blocks = [
        {"occurred_at": MARCH, "type": "Block Applied", "order": f"o{n}", "reason": reason}
        for n, reason in enumerate(["victim_risk", "Victim Risk", " VICTIM-RISK "])
    ]
    take(store, "intervention", *blocks)
    emitted = [
        {"occurred_at": MARCH, "stage": "Emitted", "warning": f"w{n}", "sink": sink, "channel": ""}
        for n, sink in enumerate(["Jietiao Security Centre", "jietiao_security_centre "])
    ]
    shown = [
        {"occurred_at": MARCH, "stage": "RENDERED", "warning": f"s{n}", "sink": "", "channel": channel}
        for n, channel in enumerate(["AI", "ai ", "ＡＩ"])
    ]
    take(store, "warning", *emitted, *shown)
    assert values(store, "K04", "K39", "K03", "K38") == [2100, 3, 2, 3]


@pytest.mark.parametrize(
    "names", [["奇富借条", "QIFU-JIETIAO", "奇富借条 "], ["Some Bank", "some bank", "ＳＯＭＥ bank"]]
)
def test_spellings_of_a_brand_are_one_attack(store: Store, names: list[str]) -> None:
    events = [
        {"occurred_at": MARCH, "type": kind, "address": "synthetic.example", "brand": name, "action": action}
        for name in names
        for kind, action in (("Confirmation", ""), ("Action", "Takedown-Notice"))
    ]
    take(store, "attack_event", *events)
    assert values(store, "K10") == [1]


def test_what_comes_while_figures_are_computed_is_counted_the_next_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss = {"occurred_at": MARCH, "type": "assessed", "amount": "7.5", "tier": "A", "programme": "shanhai"}
    take(store, "loss", loss | {"episode": "e1"})

    def late(database: Database) -> AbstractContextManager[None]:
        """Another process stores a loss between the computation and its record."""
        monkeypatch.undo()
        take(store, "loss", loss | {"episode": "e2"})
        return transaction(database)

    monkeypatch.setattr("flows.rollup.transaction", late)
    assert [figure.value for figure in roll_up(store, YEAR) if figure.id == "K04"] == [750]
    assert values(store, "K04") == [1500]
    assert [figure.value for figure in roll_up(store, YEAR) if figure.id == "K04"] == [1500]


def test_figures_are_counted_again_only_where_something_new_came(store: Store) -> None:
    loss = {"occurred_at": MARCH, "type": "assessed", "amount": "7.5", "tier": "A", "programme": "shanhai"}
    take(store, "loss", loss | {"episode": "e1"})
    take(store, "reported_figure", {"kpi": "K10", "year": "2023", "value": "5", "document": "报告", "page": "1"})
    take(
        store,
        "attack_event",
        {"occurred_at": MARCH, "type": "action", "address": "evil.example", "brand": "x", "action": "blocklist"},
    )
    computed = computed_figures(store.database, YEAR)
    assert {figure.id for figure in computed if figure.value is not None} >= {"K04", "K10", "K13"}
    assert {figure.id for figure in computed if figure.value is None} >= {"K01", "K38"}
    assert roll_up(store, YEAR) == computed
    seen: list[str] = []
    store.database.conn.set_trace_callback(seen.append)
    assert figures(store.database, YEAR) == roll_up(store, YEAR) == computed
    assert not [query for query in seen if "FROM loss" in query], "no record is read for what is known"
    store.database.conn.set_trace_callback(None)
    take(store, "loss", loss | {"episode": "e2"})
    assert values(store, "K04") == [1500]
    assert [figure.value for figure in roll_up(store, YEAR) if figure.id == "K04"] == [1500]
    with transaction(store.database):
        store.database.execute("UPDATE kpi_run SET definition_version = '0' WHERE kpi = 'K04'")
    assert values(store, "K04") == [1500], "what was counted by another definition is counted anew"
