"""What an auditor asks of a year that was closed, met by late data and restated: answered by commands and views alone.

One synthetic year is made once and kept as it stood when it was closed, when the late data had come, and restated.
"""

import json
import re
import shlex
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from analytics.kpi.definitions import DEFINITIONS
from db.brands import load_brands
from db.connection import landing_root, transaction
from db.keys import make_key_file
from db.matches import save_brands
from db.period import Period
from db.store import Store, now_ms, open_store
from flows.cli.main import run
from flows.collect import take_files
from flows.importing import import_file, source_for
from flows.ledger import close, restate
from flows.rollup import follow_up, roll_up
from flows.simulate.plan import Plan
from flows.simulate.year import simulate
from spiders.catalogue import load_catalogue

PLAN = Plan(Period(2024), Decimal("0.001"), 1, chunk=30_000)
BY, WHY = "审计委员会 · J. Doe", "2024年度签认 · year end"
AGAIN_BY, AGAIN_WHY = "CFO", "late police answers"
LATE = {
    "sim-attacks": """事件号,时间,类型,案件号,网址,包名,品牌,诈骗类型,处置方式,关停原因,测试
late-last,2024-12-31 23:59:59,处置,,http://synthetic-last.example/,,bank,交易诈骗,blocklist,,false
late-first,2024-01-01 00:00:00,处置,,http://synthetic-first.example/,,bank,交易诈骗,blocklist,,false
late-next,2025-01-01 00:00:00,处置,,http://synthetic-next.example/,,bank,交易诈骗,blocklist,,false
late-before,2023-12-31 23:59:59,处置,,http://synthetic-before.example/,,bank,交易诈骗,blocklist,,false
late-test,2024-06-01 00:00:00,处置,,http://synthetic-test.example/,,bank,交易诈骗,blocklist,,true
late-2124,2124-01-01 00:00:00,处置,,http://synthetic-2124.example/,,bank,交易诈骗,blocklist,,false
""",
    "sim-interventions": """事件号,时间,动作,订单,原因,确认涉诈,后续受损,用户,测试
late-block,2024-05-05 10:00:00,拦截,late-order,受害风险,,,late-p2,否
""",
    "sim-losses": """event_id,occurred_at,type,episode,amount_cny,tier,user,programme,is_test
late-fen,2024-12-30 10:00:00,assessed,late-e1,0.01,A,late-p1,shanhai,false
late-three,2024-12-30 10:00:00,assessed,late-e2,1.234,A,late-p1,shanhai,false
late-dollars,2024-12-30 10:00:00,assessed,late-e3,USD 5,A,late-p1,shanhai,false
""",
}


@dataclass(frozen=True)
class Answer:
    """What a command or a query answered."""

    code: int
    said: Any
    """JSON where it is some, rows of a query, else text."""

    def of(self, kpi: str) -> dict[str, Any]:
        """The object of a KPI in an array of them."""
        rows = self.said["figures"] if isinstance(self.said, dict) else self.said
        return next(one for one in rows if one["id"] == kpi)

    def entry(self, number: int) -> dict[str, Any]:
        """An entry of the ledger."""
        return dict(self.said["entries"][number - 1])

    def pending(self, kpi: str) -> dict[str, Any]:
        """What is pending of a KPI."""
        return next(one for one in self.said["pending"] if one["id"] == kpi)

    def check(self, name: str) -> dict[str, Any]:
        """A check of a report."""
        return next(one for one in self.said["checks"] if one["id"] == name)

    def told(self, *texts: str) -> bool:
        """Whether the answer has all these texts."""
        return all(text in str(self.said) for text in texts)


Ask = Callable[[str, str], Answer]


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the databases `closed`, `late` and `restated`, the catalogue in `year`, and the key."""
    folder = tmp_path_factory.mktemp("audit")
    simulate(PLAN, folder / "year")
    make_key_file(folder / "key")
    with open_store(folder / "restated.db", folder / "key") as store:
        for source in load_catalogue(folder / "year" / "sources.toml"):
            take_files(store, source, folder / "year", now_ms())
        with transaction(store.database):
            save_brands(store.database, load_brands(folder / "year" / "brands.toml"))
        _roll_up(store)
        close(store, 2024, BY, WHY)
        _keep(store, folder / "closed.db")
        for name, text in LATE.items():
            (folder / f"{name}.csv").write_text(text, "utf-8")
            declared = source_for("table", name, folder / "year" / "sources.toml")
            import_file(store, declared, folder / f"{name}.csv")
        _roll_up(store)
        _keep(store, folder / "late.db")
        restate(store, 2024, AGAIN_BY, AGAIN_WHY)
    return folder


def _roll_up(store: Store) -> None:
    follow_up(store)
    roll_up(store, 2024)


def _keep(store: Store, path: Path) -> None:
    with closing(sqlite3.connect(path)) as copy:
        store.database.conn.backup(copy)
    shutil.copytree(landing_root(store.path), landing_root(path))


@pytest.fixture(scope="module")
def answers() -> dict[tuple[str, str], Answer]:
    """What was answered already: nothing of it changes."""
    return {}


@pytest.fixture
def ask(
    audited: Path,
    answers: dict[tuple[str, str], Answer],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Ask:
    """Put a question to a database: a command, or a query of a view."""
    monkeypatch.chdir(audited)

    def put(state: str, question: str) -> Answer:
        if (state, question) not in answers:
            answers[state, question] = answered(state, question)
        return answers[state, question]

    def answered(state: str, question: str) -> Answer:
        if question.startswith("SELECT"):
            with closing(sqlite3.connect(f"file:{state}.db?mode=ro", uri=True)) as database:
                return Answer(0, database.execute(question).fetchall())
        monkeypatch.setenv("FANZHA_DB", f"{state}.db")
        monkeypatch.setenv("FANZHA_KEY_FILE", "key")
        if question.startswith("keyless "):
            monkeypatch.delenv("FANZHA_KEY_FILE")
        code = run(shlex.split(question.removeprefix("keyless ")))
        told = capsys.readouterr()
        text = Path("report.json").read_text("utf-8") if question.startswith("report") else told.out + told.err
        return Answer(code, json.loads(text) if text[:1] in "[{" else text)

    return put


REPORT = "report 2024 --to json -o report.json"
LIST, KPI, TRACE = "ledger list 2024 --json", "kpi 2024 --json", "trace K10 2024 --json"
SAMPLE = "trace K10 2024 --sample 5 --seed 7 --json"
SIGNED = "SELECT {} FROM v_ledger_figures WHERE in_force AND year = 2024 AND kpi = '{}'"
RESTATED = "SELECT {} FROM v_restatements WHERE year = 2024 AND kpi = 'K10' AND state = '{}'"


def _ids(rows: Sequence[dict[str, Any]], **said: object) -> list[str]:
    return [row["id"] for row in rows if all(row[name] == value for name, value in said.items())]


def _keys(answer: Answer, **said: object) -> set[str]:
    return {row["event_key"] for row in answer.said if all(row[name] == value for name, value in said.items())}


MOVED = {"K04", "K10", "K12", "K13"}
LATE_KEYS = {"sim-attacks/late-last", "sim-attacks/late-first"}
QUESTIONS: list[tuple[str, str, str, Callable[[Answer], bool]]] = [
    # ---- the figure and its definition
    ("What does K10 count?", "closed", SIGNED.format("definition_en", "K10"), lambda a: a.told("first enforcement")),
    ("And in Chinese?", "closed", SIGNED.format("definition_zh", "K10"), lambda a: a.told("首次处置")),
    ("By which version?", "closed", SIGNED.format("definition_version", "K10"), lambda a: a.said == [("2",)]),
    ("What is the figure?", "closed", KPI, lambda a: a.of("K10")["value"] == 14),
    ("How is it displayed?", "closed", KPI, lambda a: a.of("K01")["display_zh"] == "约1.384万条"),
    ("And exactly?", "closed", KPI, lambda a: a.of("K01")["value"] == 13_840),
    ("Money to the fen?", "closed", SIGNED.format("value", "K04"), lambda a: a.said == [("259000.00",)]),
    ("A rate: of what?", "closed", KPI, lambda a: "numerator 10, denominator 10" in a.of("K15")["note"]),
    ("Does the report say the same?", "closed", REPORT, lambda a: a.of("K10")["value"] == 14),
    ("And is it signed there?", "closed", REPORT, lambda a: "ledger entry 1" in a.of("K10")["note_en"]),
    # ---- who signed what
    ("Who closed it?", "closed", LIST, lambda a: a.entry(1)["by"] == BY),
    ("Why?", "closed", "SELECT why FROM v_ledger", lambda a: a.said == [(WHY,)]),
    ("When, by which program?", "closed", LIST, lambda a: a.entry(1)["code_version"].startswith("0.1.0+")),
    ("On which input?", "closed", LIST, lambda a: a.entry(1)["sources"]["sim-attacks"]["rows"] > 100),
    ("Within which boundary?", "closed", "SELECT own_brands FROM v_ledger", lambda a: a.told("qifu-jietiao")),
    ("All figures?", "closed", LIST, lambda a: _ids(a.entry(1)["figures"]) == sorted(DEFINITIONS)),
    ("From which computations?", "closed", SIGNED.format("run IS NOT NULL", "K10"), lambda a: a.said == [(1,)]),
    ("Can it be closed again?", "closed", "ledger close 2024 --by x --why y", lambda a: a.code == 2),
    ("Or restated for nothing?", "closed", "ledger restate 2024 --by x --why y", lambda a: a.code == 2),
    ("Was nothing pending?", "closed", LIST, lambda a: a.said["pending"] == []),
    # ---- late data
    ("What is pending?", "late", LIST, lambda a: set(_ids(a.said["pending"])) >= MOVED),
    (
        "What of it must be restated?",
        "late",
        LIST,
        lambda a: set(_ids(a.said["pending"], must_restate=True)) >= MOVED,
    ),
    ("What may stay?", "late", LIST, lambda a: "K39" in _ids(a.said["pending"], must_restate=False)),
    ("Within which threshold?", "late", LIST, lambda a: a.pending("K39")["threshold"] == "1.19"),
    ("Beyond which threshold?", "late", LIST, lambda a: a.pending("K10")["threshold"] == "1"),
    ("Why one fen?", "late", LIST, lambda a: "leaves the sensitivity bounds" in a.pending("K04")["told_en"]),
    ("What is shown meanwhile?", "late", KPI, lambda a: a.of("K10")["value"] == 14),
    ("With which remark?", "late", KPI, lambda a: "待重述：14 -> 16 (+2, +14.29%)" in a.of("K10")["note"]),
    ("In the report too?", "late", REPORT, lambda a: "14 -> 16" in a.of("K10")["note_en"]),
    (
        "And in the database?",
        "late",
        "SELECT value, computed_value, state FROM v_kpi_year WHERE year = 2024 AND kpi = 'K10'",
        lambda a: a.said == [("14", "16", "signed")],
    ),
    ("And there as pending?", "late", RESTATED.format("effect", "pending"), lambda a: a.said == [("14 -> 16",)]),
    ("Which records are late?", "late", TRACE, lambda a: _keys(a, is_late=True) == LATE_KEYS),
    ("Does all hold meanwhile?", "late", "verify", lambda a: a.code == 0),
    # ---- the restatement
    (
        "What changed?",
        "restated",
        RESTATED.format("old_value, value", "restated"),
        lambda a: a.said == [("14", "16")],
    ),
    ("By whom, and why?", "restated", LIST, lambda a: (a.entry(2)["by"], a.entry(2)["why"]) == (AGAIN_BY, AGAIN_WHY)),
    ("What caused it?", "restated", RESTATED.format("cause_en", "restated"), lambda a: a.told("came after")),
    (
        "Which definitions?",
        "restated",
        LIST,
        lambda a: (
            [
                (one["old_definition_version"], one["definition_version"])
                for one in a.entry(2)["restated"]
                if one["id"] == "K10"
            ]
            == [("2", "2")]
        ),
    ),
    (
        "Is what was first signed still there?",
        "restated",
        LIST,
        lambda a: [f["value"] for f in a.entry(1)["figures"] if f["id"] == "K10"] == [14],
    ),
    (
        "Are the entries chained?",
        "restated",
        "SELECT previous = (SELECT digest FROM v_ledger WHERE entry = 1) FROM v_ledger WHERE entry = 2",
        lambda a: a.said == [(1,)],
    ),
    ("Does all hold?", "restated", "verify", lambda a: a.code == 0),
    ("What of K10's 2025?", "restated", "kpi 2025 --json", lambda a: a.of("K10")["prior"] == 16),
    ("From where?", "restated", "kpi 2025 --json", lambda a: "as signed off in ledger entry 2" in a.of("K10")["note"]),
    # ---- comparatives
    ("What was it the year before?", "closed", KPI, lambda a: a.of("K10")["prior"] == 5),
    (
        "As published where?",
        "closed",
        KPI,
        lambda a: "in “Synthetic figure, by fanzha simulate”" in a.of("K10")["note"],
    ),
    ("Growth from what to what?", "closed", KPI, lambda a: "numerator 9, denominator 5" in a.of("K13")["note"]),
    ("And where nothing is known?", "closed", KPI, lambda a: a.of("K11")["prior"] is None),
    # ---- records, bytes, lines
    ("Which records?", "closed", TRACE, lambda a: len({row["unit"] for row in a.said}) == 14),
    ("A sample?", "restated", SAMPLE, lambda a: len(a.said) == 5),
    (
        "From which bytes?",
        "restated",
        SAMPLE,
        lambda a: all(row["file"].startswith("restated.db.landing/") and Path(row["file"]).is_file() for row in a.said),
    ),
    ("Which line?", "restated", SAMPLE, lambda a: all(row["position"].startswith("line ") for row in a.said)),
    (
        "What stands in it?",
        "restated",
        SAMPLE,
        lambda a: all(row["text"].startswith(row["event_key"].partition("/")[2] + ",") for row in a.said),
    ),
    (
        "And in a document without lines?",
        "closed",
        "trace K01 2024 --json",
        lambda a: {row["position"][:9] for row in a.said if row["source"] == "sim-stix"} == {"$.objects"},
    ),
    (
        "May anybody read about persons?",
        "closed",
        "keyless trace K05 2024 --sample 2 --json",
        lambda a: all(row["text"] is None and "FANZHA_KEY_FILE" in row["no_text"] for row in a.said),
    ),
    (
        "And who has the key?",
        "closed",
        "trace K05 2024 --sample 2 --json",
        lambda a: all(row["text"].startswith("synthetic-u") for row in a.said),
    ),
    # ---- what counts and what does not
    (
        "Where does the year begin and end?",
        "restated",
        TRACE,
        lambda a: (
            {key for key in _keys(a) if "late-" in key} == LATE_KEYS
            and min(row["occurred_at"] for row in a.said) == "2023-12-31T16:00:00.000Z"
        ),
    ),
    ("Are tests in it?", "restated", TRACE, lambda a: not _keys(a, is_test=True)),
    (
        "Were there any?",
        "restated",
        "SELECT count(*) > 0 FROM v_losses WHERE is_test",
        lambda a: a.said == [(1,)],
    ),
    (
        "Why are K04 and K41 not added?",
        "closed",
        REPORT,
        lambda a: "not added" in a.check("X1 K04 + K41")["finding_en"],
    ),
    ("Does the definition say so?", "closed", SIGNED.format("definition_en", "K41"), lambda a: a.told("never added")),
    ("Are parts within wholes?", "closed", REPORT, lambda a: a.check("X2 K11 ⊆ K10")["holds"] is True),
    ("Does the rest add up?", "closed", REPORT, lambda a: a.check("X2 K12 = K10 − K11")["holds"] is True),
    ("What was closed by others?", "closed", KPI, lambda a: "closed by third parties 2" in a.of("K14")["note"]),
    ("Were warnings seen by people?", "closed", KPI, lambda a: "apart: rendered" in a.of("K03")["note"]),
    ("What is unknown, and why?", "closed", "kpi 2019 --json", lambda a: "unknown: no record" in a.of("K10")["note"]),
    # ---- sources
    (
        "By which licences?",
        "closed",
        "sources list --sources year/sources.toml --json",
        lambda a: {one["licence"] for one in a.said} == {"Apache-2.0"},
    ),
    ("Did all sources answer?", "closed", "status --json", lambda a: not [s for s in a.said if s["failures"]]),
    (
        "Is any of it made up?",
        "closed",
        KPI,
        lambda a: all("synthetic" in one["note"] for one in a.said if one["value"] is not None),
    ),
    ("Does the report say so?", "closed", REPORT, lambda a: a.said["is_synthetic"] is True),
    (
        "An event of 2124?",
        "restated",
        "quarantine list --source sim-attacks --json",
        lambda a: a.told("'2124-01-01 00:00:00' is no time between 1990 and 2100"),
    ),
    (
        "Three decimals, dollars?",
        "restated",
        "SELECT count(*) FROM v_quarantine WHERE file = 'sim-losses.csv' AND reason LIKE '%is no amount in CNY%'",
        lambda a: a.said == [(2,)],
    ),
    (
        "Is what is about persons kept out of it?",
        "restated",
        "SELECT DISTINCT raw FROM v_quarantine WHERE source = 'sim-losses'",
        lambda a: a.said == [("",)],
    ),
]


@pytest.mark.parametrize(
    ("state", "question", "holds"),
    [pytest.param(*row, id=asked) for asked, *row in QUESTIONS],
)
def test_an_auditor_is_answered(ask: Ask, state: str, question: str, holds: Callable[[Answer], bool]) -> None:
    answer = ask(state, question)
    assert holds(answer), str(answer)[:2_000]


def test_a_seed_draws_the_same_sample(ask: Ask) -> None:
    assert ask("closed", SAMPLE).said == ask("closed", "trace K10 2024 --seed 7 --sample 5 --json").said
    assert ask("closed", SAMPLE).said != ask("closed", SAMPLE.replace("7", "8")).said


@pytest.mark.parametrize("kpi", DEFINITIONS)
def test_a_figure_follows_from_its_traced_records(ask: Ask, kpi: str) -> None:
    """By the unit column alone; of money by the largest amount of each unit, of a rate by those that meet it."""
    figure, records = ask("closed", KPI).of(kpi), ask("closed", f"trace {kpi} 2024 --json").said
    units = {record["unit"] for record in records}
    if figure["value"] is None:
        assert (units, "unknown" in figure["note"]) == (set(), True)
        return
    if DEFINITIONS[kpi].measure == "money":
        largest = {unit: max(one["amount_fen"] for one in records if one["unit"] == unit) for unit in units}
        assert f"{Decimal(sum(largest.values())).scaleb(-2):f}" == figure["value"]
    elif records and "meets" in records[0]:
        meeting = {record["unit"] for record in records if record["meets"]}
        assert re.search(rf"numerator {len(meeting)}, denominator {len(units)}\b", figure["note"])
    elif DEFINITIONS[kpi].measure == "percent":
        base = ask("closed", KPI).of(DEFINITIONS[kpi].compared)
        assert (len(units), figure["value"]) == (
            base["value"],
            f"{100 * (len(units) - base['prior']) / base['prior']:.2f}",
        )
    else:
        assert len(units) == figure["value"]
