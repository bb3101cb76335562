"""The report of a year from real records: every form says what `fanzha kpi` says. All records are synthetic."""

import csv
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from docx import Document
from openpyxl import load_workbook

from analytics.kpi.figures import figure_json
from analytics.render.report import Report
from db.archives import database_path
from db.brands import Brand
from db.keys import make_key_file
from db.store import Store, open_store
from flows.matching import match_new
from flows.reporting import make_report, write_report
from flows.rollup import follow_up, roll_up
from flows.tracing import trace_records
from tests.flows.test_rollup import YEAR, take

HOSTILE = '<script>alert("=cmd")</script>'
BRANDS = (
    Brand(id="zyrqon", names=("Zyrqon", "=泽启借条"), domains=("zyrqon.com",), own=True),
    Brand(id="vrampfen", names=("<b>Vrampfen</b>", "Vrampfen"), domains=("vrampfen.net",)),
)
Written = Callable[[str], bytes]
FORMS = ("xlsx", "html", "docx", "md", "csv", "json")


def fill(store: Store) -> None:
    """A little of every kind; what is published of the year disagrees."""
    hosts = ("zyrqon-login.example", "zyrq0n.example", "vrampfen.example", "flowers.example")
    seen = {"published": "2024-03-01", "claim": "malicious"}
    take(store, "sighting", *({"address": f"http://{host}/a", **seen} for host in hosts))
    emitted = {"stage": "emitted", "sink": "jietiao_security_centre"}
    days = [f"2024-{1 + n % 12:02}-15" for n in range(30)]
    take(store, "warning", *({"occurred_at": day, "warning": f"w{n}", **emitted} for n, day in enumerate(days)))
    assessed = {"occurred_at": "2024-05-02", "type": "assessed"}
    take(
        store,
        "loss",
        assessed | {"episode": "e1", "amount": "1000.50", "tier": "A", "programme": "shanhai", "subject": "p1"},
        assessed | {"episode": "e2", "amount": "70", "tier": "B", "programme": "dissuasion", "subject": "p1"},
    )
    case = {"address": "http://zyrqon-login.example/", "brand": "zyrqon", "fraud_type": "loan_impersonation"}
    take(
        store,
        "attack_event",
        case | {"occurred_at": "2024-03-02", "type": "confirmation"},
        case | {"occurred_at": "2024-03-03", "type": "action", "action": "takedown_notice"},
        case | {"occurred_at": "2024-03-05", "type": "closure", "cause": "us"},
    )
    take(
        store,
        "reported_figure",
        {"kpi": "K10", "year": "2023", "value": "3", "document": "A report"},
        {"kpi": "K10", "year": "2024", "value": "2", "document": HOSTILE, "page": "44"},
        {"kpi": "K06", "year": "2024", "value": "12000", "document": "A report"},
    )
    match_new(store, BRANDS)
    follow_up(store)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("report")
    make_key_file(folder / "test.key")
    with open_store(folder / "fanzha.db", folder / "test.key") as store:
        fill(store)
        yield store


@pytest.fixture(scope="module")
def written(filled: Store) -> Written:
    """The report in a form, written once."""
    folder = database_path(filled.database).parent

    @cache
    def one(form: str) -> bytes:
        write_report(filled.database, YEAR, form, "zh", folder / f"report.{form}")
        return (folder / f"report.{form}").read_bytes()

    return one


def plain(store: Store) -> dict[str, Mapping[str, int | str | None]]:
    """What `fanzha kpi --json` prints, by id."""
    return {str(row["id"]): row for row in map(figure_json, roll_up(store, YEAR))}


def rows_of(form: str, content: bytes) -> list[list[str]]:
    """The rows of the summary as a reader sees them; the third cell is the figure, the sixth tells the KPI."""
    if form == "docx":
        (grid,) = (one for one in Document(BytesIO(content)).tables if one.rows[0].cells[-1].text == "附注")
        rows = [[cell.text for cell in row.cells] for row in grid.rows]
    elif form == "md":
        lines = content.decode().split("## 数据统计表")[1].split("## ")[0].splitlines()
        rows = [[cell.strip(" |") for cell in line.split(" | ")] for line in lines]
    else:
        part = content.decode().split('id="summary"')[1].split("</section>")[0]
        rows = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in part.split("<tr")]
    return [row for row in rows if len(row) == 7 and re.fullmatch(r"[KB]\d\d v\d+", row[5])]


def as_shown(row: Mapping[str, int | str | None], unit: str) -> str:
    """A figure of `kpi --json` in the way that tables show it."""
    if row["value"] is None:
        return "未知"
    number = f"{Decimal(row['value']):,}"
    return f"{number}%" if unit == "%" else number


@pytest.mark.parametrize("form", ["html", "docx", "md"])
def test_tables_panel_and_sentences_say_what_kpi_says(filled: Store, written: Written, form: str) -> None:
    known, content = plain(filled), written(form)
    rows = rows_of(form, content)
    assert len(rows) == len(known)
    text = (
        content.decode()
        if form != "docx"
        else "\n".join(
            [paragraph.text for paragraph in Document(BytesIO(content)).paragraphs]
            + [cell.text for grid in Document(BytesIO(content)).tables for cell in grid._cells]
        )
    )
    for row in rows:
        figure = known[row[5][:3]]
        assert row[2] == as_shown(figure, row[1])
        assert str(figure["display_zh"]) in text
    assert {figure["value"] is None for figure in known.values()} == {True, False}


def test_workbook_csv_and_json_hold_the_exact_figures(filled: Store, written: Written) -> None:
    known = plain(filled)
    read = json.loads(written("json"))
    assert {row["id"]: row["value"] for row in read["figures"]} == {kpi: row["value"] for kpi, row in known.items()}
    table = list(csv.DictReader(StringIO(written("csv").decode("utf-8-sig"))))
    assert {row["id"]: row["value"] for row in table} == {
        kpi: "" if row["value"] is None else str(row["value"]) for kpi, row in known.items()
    }
    sheet = load_workbook(BytesIO(written("xlsx"))).worksheets[0]
    rows = [row for row in sheet.iter_rows(values_only=True) if re.fullmatch(r"[KB]\d\d v\d+", str(row[5]))]
    assert len(rows) == len(known)
    for row in rows:
        figure = known[str(row[5])[:3]]
        value = None if figure["value"] is None else Decimal(figure["value"])
        assert row[2] == (float(value / 100) if value is not None and row[1] == "%" else value)


def made(store: Store) -> Report:
    return make_report(store.database, YEAR, "zh")


def test_every_part_adds_up_to_its_figure(filled: Store) -> None:
    report, known = made(filled), plain(filled)
    for row in report.series:
        for points in (row.monthly, row.weekly):
            assert sum(Decimal(point.value or 0) for point in points) == Decimal(known[row.kpi]["value"] or 0)
    assert {row.kpi for row in report.series} >= {"K01", "K03", "K04", "K10", "K14", "K41"}
    for parts in (report.brands, report.techniques):
        assert sum(row.count for row in parts) == known["K01"]["value"]
    names = [("=泽启借条", 2), ("<b>Vrampfen</b>", 1), ("未与任何品牌相似", 1)]
    assert [(row.label_zh, row.count) for row in report.brands] == names
    assert [(row.kpi, row.tier, row.amount) for row in report.tiers] == [("K04", "A", "1000.50"), ("K41", "B", "70.00")]
    assert [(row.one, row.other, row.shared) for row in report.eliminations[1:3]] == [(1, 1, 0), (1, 1, 1)]
    assert report.curve[0].share == 1
    assert (report.curve[-1].hours, report.curve[-1].share) == (72, 0)


def test_the_sample_is_what_trace_draws(filled: Store) -> None:
    sample = made(filled).sample
    assert sample
    drawn = trace_records(filled.database, filled.landing, "K10", YEAR, sample.size, sample.seed)
    assert [(row.file, row.position, row.unit) for row in sample.rows] == [
        (row["file"], row["position"], row["unit"]) for row in drawn
    ]
    assert len(sample.rows) == 1


def test_published_figures_stand_beside_the_computed_ones(filled: Store, written: Written) -> None:
    rows = {row.kpi: row for row in made(filled).published}
    assert {kpi: (row.published, row.computed, row.document) for kpi, row in rows.items()} == {
        "K10": (2, 1, HOSTILE),
        "K06": (12_000, None, "A report"),
    }
    assert all(row.remark_zh and row.remark_en and row.name_zh for row in rows.values())
    for form in FORMS:
        text = written(form).decode("utf-8", "replace")
        assert "<script" not in text or form == "json"


def test_a_year_without_data_is_a_report_that_says_so(store: Store, tmp_path: Path) -> None:
    report = make_report(store.database, 2031, "en")
    assert all(figure.value is None for figure in report.figures)
    assert (report.series, report.curve, report.tiers, report.sample) == ((), (), (), None)
    for form in ("html", "docx", "md"):
        write_report(store.database, 2031, form, "en", tmp_path / form)
        content = (tmp_path / form).read_bytes()
        lines = [each.text for each in Document(BytesIO(content)).paragraphs] if form == "docx" else [content.decode()]
        assert "There is no record to count from in 2031" in "\n".join(lines)


def test_what_draws_charts_and_writes_documents_is_imported_only_for_them() -> None:
    asked = "import sys, flows.reporting; print(*sorted({'altair', 'docx', 'vl_convert'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
