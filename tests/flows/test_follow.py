"""An attack's whole life over a real database: reported, judged, found down, back, back too late."""

import pytest

from analytics.measures.declared import Grouping
from analytics.probes import derive_states
from db.brands import Brand
from db.connection import transaction
from db.follow import read_told
from db.matches import read_brands, save_brands
from db.notices import read_open_attacks
from db.probes import (
    WATCHED_MS,
    PageRow,
    ProbeRow,
    read_log,
    read_sites,
    save_probes,
    save_states,
    save_vantage,
)
from db.store import Store
from db.verify import verify_store
from flows.matching import match_new
from flows.measuring import measures
from flows.notices.answering import close
from flows.rollup import figures, follow_up
from flows.tracing import trace_records
from tests.flows.calls import Call
from tests.flows.test_ingest import make_source, take
from web.review import review_queue

HOUR = 3_600_000
DAY = 24 * HOUR
START = 1_709_251_200_000  # 2024-03-01T00:00:00Z
HOST = "qifu-jietiao-login.top"
PAGE = f"https://{HOST}/login"
QIFU = {"id": "qifu", "names": ("奇富借条", "Qifu Jietiao"), "domains": ("qifu.com",), "sector": "lending", "own": True}
BRANDS = (
    Brand.model_validate({**QIFU, "follow": True}),
    Brand(id="demopay", names=("演示支付", "Demopay"), domains=("demopay.com",), sector="payment"),
)


def at(day: float) -> int:
    return START + round(day * DAY)


@pytest.fixture
def followed(store: Store) -> Store:
    with transaction(store.database):
        save_brands(store.database, BRANDS)
    return store


def table(store: Store, kind: str, rows: list[dict[str, object]], **declared: object) -> None:
    """Import rows of a kind from a real source, and match what is new."""
    columns = list(rows[0])
    source = make_source(
        **{
            "name": f"company-{kind.replace('_', '-')}",
            "synthetic": False,
            "format": "table",
            "yields": "events" if kind != "sighting" else "malicious",
            "kind": kind,
            "columns": {name: name for name in columns},
            **declared,
        }
    )
    lines = [columns, *([str(row[name]) for name in columns] for row in rows)]
    fetched = max(int(str(row.get("published", START))) for row in rows)
    take(store, source, "\n".join("\t".join(line) for line in lines), at=fetched)
    match_new(store, read_brands(store.database))


def sight(store: Store, day: float, address: str = PAGE, **declared: object) -> None:
    table(store, "sighting", [{"address": address, "published": at(day)}], **{"name": "feed", **declared})


def judge(store: Store, day: float, answer: str, address: str = PAGE, **said: object) -> None:
    row = {"event_id": f"{day}", "occurred_at": at(day), "address": address, "answer": answer, "by": "li"}
    table(store, "verdict", [row | said])


def act(store: Store, day: float, kind: str = "action", **said: object) -> None:
    row = {"event_id": f"{kind}{day}", "occurred_at": at(day), "type": kind, "address": PAGE, "brand": "qifu"}
    table(store, "attack_event", [{**row, "action": "takedown_notice", **said}])


def probe(store: Store, *found: tuple[float, str, str], address: str = PAGE, shows: str = "") -> None:
    """Probes as a round keeps them: day, outcome, network; each page with its landed bytes, another by outcome."""
    query = "SELECT url_id FROM v_sightings AS v JOIN host ON host.name = v.host JOIN url USING (host_id)"
    (url_id,) = store.database.execute(f"{query} WHERE v.address = ? AND url.tail <> '' LIMIT 1", [address]).fetchone()
    with transaction(store.database):
        for day, outcome, network in found:
            title = shows or outcome
            body = f"<title>{title}</title>".encode()
            landed = store.landing.keep(body, encrypt=False)
            simhash = 1 if title == "up" else -1
            page = PageRow(landed.digest, len(body), is_cut=False, title=title, simhash=simhash, fields=())
            row = ProbeRow(url_id, at(day), outcome, f"as {outcome}", 200, "", page, "", "", len(body), 1)
            save_probes(store.database, store.terms, save_vantage(store.database, network, network), [row])
        save_states(store.database, derive_states(read_log(store.database, [url_id])))


def down(day: float, outcome: str = "content_gone", networks: str = "ab") -> list[tuple[float, str, str]]:
    return [(day + step / 2, outcome, networks[step % len(networks)]) for step in range(4)]


def attacks(store: Store) -> list[dict[str, object]]:
    follow_up(store)
    assert verify_store(store)[1] == []
    return list(store.database.query("SELECT * FROM v_attacks ORDER BY first_seen"))


def one(store: Store, *columns: str) -> tuple[object, ...]:
    (row,) = attacks(store)
    return tuple(row[name] for name in columns)


def day_of(text: object) -> object:
    return text and str(text)[5:10]


def value(store: Store, kpi: str) -> tuple[object, str]:
    (figure,) = (figure for figure in figures(store.database, 2024) if figure.id == kpi)
    return figure.value, figure.note_en


def test_the_whole_life_of_an_attack(followed: Store) -> None:
    sight(followed, 0)
    assert one(followed, "state", "target", "address", "brand", "fraud_type") == (
        ("suspected", HOST, PAGE, "qifu", "loan_impersonation")
    )
    assert [site.address for site in read_sites(followed.database, at(1))] == [PAGE]
    assert value(followed, "K15")[0] is None
    judge(followed, 1, "confirmed", fraud_type="transaction")
    assert one(followed, "state", "fraud_type", "confirmed") == ("confirmed", "transaction", "2024-03-02T00:00:00Z")
    probe(followed, (1.1, "up", "a"), (5, "up", "a"))
    act(followed, 6)
    probe(followed, *down(8))
    assert one(followed, "state", "cause", "closed", "down") == (
        ("closed", "us", "2024-03-09T00:00:00Z", "2024-03-10T00:00:00Z")
    )
    assert value(followed, "K14")[0] == 1
    assert value(followed, "K15")[0] == 100
    probe(followed, (20, "up", "b"))
    assert one(followed, "state", "reopened", "relisted", "cause") == ("confirmed", 1, "2024-03-21T00:00:00Z", None)
    assert value(followed, "K14")[0] == 0
    probe(followed, *down(22, "suspended_page"))
    assert one(followed, "state", "cause", "reopened") == ("closed", "us", 1)
    assert read_sites(followed.database, at(22) + WATCHED_MS)
    assert not read_sites(followed.database, at(22) + WATCHED_MS + 1)
    sight(followed, 60, f"https://{HOST}/again")
    first, second = attacks(followed)
    assert (first["state"], second["state"], second["previous"]) == ("closed", "confirmed", first["attack"])
    assert value(followed, "K15")[0] == 50


def test_the_history_is_derived_again_to_the_same(followed: Store) -> None:
    sight(followed, 0)
    probe(followed, (0.1, "up", "a"), *down(2))
    follow_up(followed)
    probe(followed, (12, "up", "a"), (13, "up", "a"), *down(20))
    judge(followed, 21, "confirmed")
    before = attacks(followed), followed.database.execute("SELECT * FROM site_event").fetchall()
    with transaction(followed.database):
        for name in ("attack", "site_event", "site_told"):
            followed.database.execute(f"DELETE FROM {name}")
    assert (attacks(followed), followed.database.execute("SELECT * FROM site_event").fetchall()) == before


CONFIRMED: dict[str, tuple[dict[str, object], dict[str, object], str]] = {
    "a feed suspects": ({}, {}, "suspected"),
    "a verified source confirms": ({"verified": True}, {}, "confirmed"),
    "a verified source that merely saw it": ({"verified": True, "yields": "candidates"}, {}, "suspected"),
    "a rule confirms": ({}, {"confirm_at": 70}, "confirmed"),
    "a rule not met": ({}, {"confirm_at": 100}, "suspected"),
    "below the threshold": ({}, {"threshold": 100}, ""),
    "not followed": ({}, {"follow": False}, ""),
    "a synthetic source": ({"synthetic": True}, {}, ""),
    "an allowlist": ({"yields": "allowlist"}, {}, ""),
}


@pytest.mark.parametrize("case", CONFIRMED)
def test_what_opens_and_confirms(store: Store, case: str) -> None:
    declared, of_brand, state = CONFIRMED[case]
    with transaction(store.database):
        save_brands(store.database, [Brand.model_validate({**QIFU, "follow": True, **of_brand}), *BRANDS[1:]])
    sight(store, 0, PAGE, **declared)
    assert [row["state"] for row in attacks(store)] == ([state] if state else [])


VERDICTS: dict[str, tuple[list[tuple[str, str]], list[str]]] = {
    "dismissed": ([("dismissed", HOST)], ["dismissed"]),
    "dismissed, then confirmed": ([("dismissed", HOST), ("confirmed", PAGE)], ["confirmed"]),
    "confirmed, then dismissed": ([("confirmed", HOST), ("dismissed", f"https://{HOST}/")], ["dismissed"]),
    "unsure says nothing": ([("confirmed", HOST), ("unsure", HOST)], ["confirmed"]),
    "its only URL is dismissed": ([("dismissed", PAGE)], []),
    "another URL is dismissed": ([("dismissed", f"https://{HOST}/other")], ["suspected"]),
}


@pytest.mark.parametrize("case", VERDICTS)
def test_the_latest_verdict_counts(followed: Store, case: str) -> None:
    answers, states = VERDICTS[case]
    sight(followed, 0)
    for day, (answer, address) in enumerate(answers, 1):
        judge(followed, day, answer, address)
    assert [row["state"] for row in attacks(followed)] == states
    assert bool(read_sites(followed.database, at(9))) == (states in (["confirmed"], ["suspected"]))


def test_a_dismissed_attack_counts_nowhere(followed: Store) -> None:
    sight(followed, 0, verified=True)
    act(followed, 1)
    follow_up(followed)
    assert (value(followed, "K10")[0], value(followed, "K15")[0]) == (1, 0)
    judge(followed, 2, "dismissed", HOST)
    sight(followed, 30, verified=True)
    assert [row["state"] for row in attacks(followed)] == ["dismissed", "dismissed"]
    assert (value(followed, "K10")[0], value(followed, "K15")[0]) == (0, None)


CAUSES: dict[str, tuple[str, float | None, str]] = {
    "we acted before": ("suspended_page", 1, "us"),
    "we acted at once": ("content_gone", 2, "us"),
    "we acted later": ("content_gone", 2.5, "self_expired"),
    "the host suspended it": ("suspended_page", None, "third_party"),
    "the registry held it": ("client_hold", None, "third_party"),
    "nobody": ("dns_failure", None, "self_expired"),
}


@pytest.mark.parametrize("case", CAUSES)
def test_who_closed_it(followed: Store, case: str) -> None:
    outcome, acted, cause = CAUSES[case]
    sight(followed, 0)
    probe(followed, *down(2, outcome))
    if acted is not None:
        act(followed, acted)
    assert one(followed, "state", "cause") == ("closed", cause)


def test_what_one_network_finds_down_is_shown_apart(followed: Store) -> None:
    sight(followed, 0, verified=True)
    act(followed, 1)
    probe(followed, *down(2, networks="a"))
    assert one(followed, "state", "unconfirmed_down", "closed") == ("confirmed", "2024-03-03T00:00:00Z", None)
    count, note = value(followed, "K14")
    assert count == 0
    assert "apart: of these down, unconfirmed 1" in note
    probe(followed, (9, "content_gone", "b"))
    assert one(followed, "state", "unconfirmed_down", "closed") == ("closed", None, "2024-03-03T00:00:00Z")
    assert "unconfirmed" not in value(followed, "K14")[1]


def test_what_was_only_suspected_counts_nowhere(followed: Store) -> None:
    sight(followed, 0)
    probe(followed, *down(1))
    assert one(followed, "state", "cause") == ("closed", "self_expired")
    assert [value(followed, kpi)[0] for kpi in ("K10", "K14", "K15")] == [None, None, None]
    act(followed, 300, "confirmation", brand="demopay")
    follow_up(followed)
    assert [value(followed, kpi)[0] for kpi in ("K10", "K14", "K15")] == [0, 0, None]
    assert value(followed, "K14")[1] == ""


def test_a_closure_by_probes_leads_to_the_page(followed: Store) -> None:
    sight(followed, 0, verified=True)
    act(followed, 1)
    probe(followed, *down(2))
    follow_up(followed)
    (closure,) = (
        row
        for row in trace_records(followed.database, followed.landing, "K14", 2024, None, 0)
        if row["type"] == "closure"
    )
    seen = {name: closure[name] for name in ("source", "document", "position", "occurred_at")}
    assert seen == {
        "source": "fanzha probe",
        "document": "2024-03-04T00:00:00Z content_gone, as content_gone, a",
        "position": "probe 3",
        "occurred_at": "2024-03-03T00:00:00.000Z",
    }
    digest = str(closure["file"]).rpartition("/")[2].removesuffix(".z")
    assert followed.landing.read(digest, is_encrypted=False) == b"<title>content_gone</title>"


def test_a_sighting_of_a_later_day_than_its_list_opens_no_closed_site_again(followed: Store) -> None:
    sight(followed, 0, verified=True)
    probe(followed, (0.1, "up", "a"), *down(2))
    source = make_source(
        name="ahead",
        synthetic=False,
        format="table",
        yields="malicious",
        kind="sighting",
        columns={"address": "address", "published": "published"},
    )
    take(followed, source, f"address,published\n{PAGE},{at(20_000)}\n", at=at(1))
    assert one(followed, "state", "first_seen", "events") == ("closed", "2024-03-01T00:00:00Z", 4)


def test_an_operators_closure_ends_all_that_stands_on_the_site(followed: Store) -> None:
    sight(followed, 0)
    judge(followed, 1, "confirmed")
    sight(followed, 30, f"https://{HOST}/again")
    assert [row["state"] for row in attacks(followed)] == ["confirmed", "confirmed"]
    assert close(followed, HOST, "us", "li", "called them", now=at(40)) == 2
    assert [(row["state"], day_of(row["closed"])) for row in attacks(followed)] == [("closed", "04-10")] * 2
    assert read_open_attacks(followed.database) == []


def test_a_page_that_stands_under_404_is_told_as_up_with_its_evidence(followed: Store) -> None:
    sight(followed, 0, verified=True)
    probe(followed, (0.1, "up", "a"))
    probe(followed, *down(2), shows="up")
    assert one(followed, "state", "closed", "unconfirmed_down") == ("confirmed", None, None)
    told = read_told(followed.database).sort("occurred_at").row(-1, named=True)
    assert (told["type"], told["document"]) == ("up", "2024-03-04T00:00:00Z content_gone, as content_gone, a")


def test_while_probes_tell_a_report_joins_whatever_the_gap(followed: Store) -> None:
    sight(followed, 0)
    probe(followed, *((day, "up", "a") for day in range(1, 31, 6)))
    sight(followed, 30)
    assert one(followed, "events") == (7,)
    sight(followed, 40)
    assert len(attacks(followed)) == 2


def test_a_late_report_of_what_is_down_opens_nothing(followed: Store) -> None:
    sight(followed, 0)
    probe(followed, *down(1), (9, "content_gone", "a"))
    sight(followed, 10)
    assert one(followed, "state", "events") == ("closed", 4)


def test_a_report_of_a_site_that_stayed_down_is_closed_by_the_next_probe(followed: Store) -> None:
    sight(followed, 0)
    probe(followed, *down(1))
    sight(followed, 40)
    assert [row["state"] for row in attacks(followed)] == ["closed", "suspected"]
    probe(followed, (40.5, "content_gone", "a"))
    assert [(row["state"], day_of(row["closed"])) for row in attacks(followed)] == [
        ("closed", "03-02"),
        ("closed", "04-10"),
    ]


def test_a_report_of_a_companys_case_belongs_to_it(followed: Store) -> None:
    sight(followed, 0)
    row = {"event_id": "c", "occurred_at": at(3), "type": "confirmation", "address": PAGE, "brand": "奇富借条"}
    table(followed, "attack_event", [{**row, "attack": "2024-017"}])
    probe(followed, *down(5))
    assert one(followed, "state", "first_seen", "events") == ("closed", "2024-03-01T00:00:00Z", 3)


def test_of_a_brand_that_is_not_followed_the_company_alone_speaks(followed: Store) -> None:
    sight(followed, 0)
    act(followed, 1, "confirmation", brand="demopay")
    probe(followed, *down(2))
    judge(followed, 5, "dismissed", HOST)
    states = {row["brand"]: row["state"] for row in attacks(followed)}
    assert states == {"qifu": "dismissed", "demopay": "confirmed"}


def test_where_strangers_choose_the_path_an_attack_stands_on_it(followed: Store) -> None:
    pages = [f"https://sites.google.com/view/{name}" for name in ("qifu-a", "qifu-b")]
    for day, page in enumerate(pages):
        sight(followed, day, f"{page}?from=sms")
        judge(followed, day, "confirmed", f"{page}?from=sms", brand="qifu")
    probe(followed, *down(5), address=f"{pages[0]}?from=sms")
    assert [(row["target"], row["state"]) for row in attacks(followed)] == [
        ("sites.google.com/view/qifu-a", "closed"),
        ("sites.google.com/view/qifu-b", "confirmed"),
    ]
    assert [site.address for site in read_sites(followed.database, at(60))] == [f"{pages[1]}?from=sms"]


def test_suspected_attacks_wait_first_and_what_is_down_last(followed: Store) -> None:
    names = ("qifu-jietiao-down", "qifu-jietiao-open")
    for name in names:
        sight(followed, 0, f"https://{name}.top/login")
    table(followed, "sighting", [{"address": "demopay-login.top", "published": at(0)}], name="feed")
    probe(followed, *down(1), address=f"https://{names[0]}.top/login")
    follow_up(followed)
    assert [row["value"] for row in review_queue(followed.database)] == [
        "qifu-jietiao-open.top",
        "demopay-login.top",
        "qifu-jietiao-down.top",
    ]


def test_a_verdict_may_name_brand_and_type(call: Call, followed: Store) -> None:
    sight(followed, 0, "https://neutral-name.top/x")
    said = ("neutral-name.top", "--by", "li", "--why", "seen", "--db", str(followed.path))
    assert call("verdict", "confirm", *said, "--brand", "qifu", "--type", "fake_investment")[0] == 0
    assert one(followed, "state", "brand", "fraud_type", "fraud_type_zh") == (
        ("confirmed", "qifu", "fake_investment", "虚假投资")
    )
    for options, told in (
        (
            ("confirm", "--type", "phish"),
            "--type 'phish' is no fraud type; one of: loan_impersonation 仿冒借贷",
        ),
        (("confirm", "--brand", "nobody"), "brand 'nobody' is not listed; fanzha brands list shows the ids"),
        (("dismiss", "--type", "other"), "--type says what kind of fraud is confirmed: it goes with confirm alone"),
    ):
        code, out, err = call("verdict", options[0], *said, *options[1:])
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert err.startswith(f"fanzha: {told}")
    assert followed.database.execute("SELECT count(*) FROM verdict").fetchone() == (1,)


def test_measures_close_no_attack_that_stands_in_v_attacks(followed: Store) -> None:
    act(followed, 0, "confirmation", brand="demopay")
    sight(followed, 0, verified=True)
    probe(followed, (0.1, "up", "a"), *down(1), (6, "up", "a"), *down(8))
    rows = {str(row["brand"]): row for row in attacks(followed)}
    assert {brand: (row["state"], row["reopened"]) for brand, row in rows.items()} == {
        "demopay": ("confirmed", 0),
        "qifu": ("closed", 1),
    }
    found = measures(followed.database, 2024, Grouping.BRAND, at(60))
    told = {(row.measure.id, row.group): row.value for row in found}
    assert (told["open", "demopay"], told["closed_cohort", "demopay"], told["closed_cohort", "qifu"]) == (1, 0, 100)
    came_back = {row.group: row.beside["reopened"] for row in found if row.measure.id == "confirmed"}
    assert came_back == {"demopay": 0, "qifu": 1}
