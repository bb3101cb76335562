"""Every command as the contract has it: what it prints, its exit code, its one-line errors."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from analytics.kpi.definitions import DEFINITIONS
from tests.flows.calls import CATALOGUE, CHECKS, Call
from tests.running import fanzha
from tests.spiders.hostile import endless_workbook

SAMPLES = Path(__file__).parent.parent / "spiders" / "samples"


def test_import_counts_every_row_once_and_a_second_time_as_duplicates(call: Call, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a.example\nb.example\na.example\n", "utf-8")
    (tmp_path / "empty.txt").write_text("", "utf-8")
    code, out, _ = call("import", "list", "a.txt", "empty.txt", "--json")
    assert code == 0
    assert json.loads(out) == [
        {"file": "a.txt", "rows": 3, "stored": 2, "duplicates": 1, "ignored": 0, "quarantined": 0},
        {"file": "empty.txt", "rows": 0, "stored": 0, "duplicates": 0, "ignored": 0, "quarantined": 0},
    ]
    again = json.loads(call("import", "list", "a.txt", "--json")[1])
    assert (again[0]["stored"], again[0]["duplicates"]) == (0, 3)


def test_import_with_more_rejected_rows_than_normal_needs_attention(call: Call, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a.example\nno host\n", "utf-8")
    code, _, err = call("import", "list", "a.txt")
    assert code == 1
    assert err == "fanzha: a.txt: 1 of 2 rows are quarantined; fanzha quarantine list shows why\n"


NAMES = {
    "no UTF-8": (
        b"b\xff.txt",
        "a.example\n",
        "argument 3, b\\udcff.txt: is no UTF-8 text; rename the file, or type it anew",
    ),
    "no UTF-8 and not there": (
        b"c\xff.txt",
        None,
        "argument 3, c\\udcff.txt: is no UTF-8 text; rename the file, or type it anew",
    ),
    "too long": (b"x" * 300 + b".txt", None, "x" * 200 + "...: cannot be read: File name too long"),
    "a folder": (b".", None, ".: is no file; a folder is read as format misp only"),
}


@pytest.mark.parametrize(("name", "content", "told"), NAMES.values(), ids=NAMES)
def test_a_file_of_an_odd_name_is_told_in_one_line(tmp_path: Path, name: bytes, content: str | None, told: str) -> None:
    if content is not None:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text(content, "utf-8")
    done = fanzha("import", "list", os.fsdecode(name), "--json", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"fanzha: {told}\n")


def test_a_file_that_breaks_its_parser_is_told_in_one_line(call: Call, tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text(CATALOGUE, "utf-8")
    (tmp_path / "checks.xlsx").write_bytes(endless_workbook())
    code, _, err = call("import", "table", "checks.xlsx", "--source", "checks", "--sources", "sources.toml")
    assert code == 2
    assert err == "fanzha: checks.xlsx: cannot be read as table as its declaration has it\n"


def test_a_pipe_in_a_feed_directory_is_passed_over(call: Call, tmp_path: Path) -> None:
    (tmp_path / "feed").mkdir()
    (tmp_path / "feed" / "event.json").write_bytes((SAMPLES / "synthetic-misp-event.json").read_bytes())
    os.mkfifo(tmp_path / "feed" / "pipe.json")
    code, out, _ = call("import", "misp", "feed", "--json")
    assert (code, json.loads(out)[0]["rows"]) == (1, 11), "three of the sample's rows are broken"
    (tmp_path / "feed" / "event.json").unlink()
    assert call("import", "misp", "feed")[0::2] == (
        2,
        "fanzha: feed: no *.json in this folder; a MISP feed directory has a manifest and events\n",
    )


@pytest.mark.parametrize("is_new", [True, False])
def test_a_file_in_the_landing_folders_place_is_told_in_one_line(call: Call, tmp_path: Path, is_new: bool) -> None:
    (tmp_path / "a.txt").write_text("a.example\n", "utf-8")
    landing = tmp_path / "fanzha.db.landing"
    if not is_new:
        call("import", "list", "a.txt")
        shutil.rmtree(landing)
    landing.write_text("", "utf-8")
    code, out, err = call("import", "list", "a.txt")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "fanzha.db.landing: cannot be " in err


def test_a_full_disk_in_the_landing_keeps_what_was_committed(call: Call, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a.example\n", "utf-8")
    assert call("import", "list", "a.txt")[0] == 0
    (tmp_path / "b.txt").write_bytes(b"\n".join(os.urandom(30).hex().encode() for _ in range(100_000)))
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000)); "
    program = limited + "from flows.cli.main import main; main()"
    root = Path(__file__).parent.parent.parent
    files = [str(tmp_path / name) for name in ("a.txt", "b.txt")]
    done = subprocess.run(
        [sys.executable, "-c", program, "import", "list", *files], cwd=root, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "fanzha.db.landing: cannot be written: File too large; what was committed is kept" in done.stderr
    assert not list(tmp_path.rglob("*.part"))
    code, out, _ = call("verify")
    assert (code, out) == (0, "1 landing files and all tables checked, 0 faults\n")


def test_a_damaged_landing_file_stops_no_other_and_is_mended_by_its_import(call: Call, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(f"{name}.example\nno host\n", "utf-8")
        call("import", "list", name)
    digest = hashlib.sha256((tmp_path / "a.txt").read_bytes()).hexdigest()
    landed = tmp_path / "fanzha.db.landing" / digest[:2] / f"{digest}.z"
    landed.write_bytes(b"damaged")
    code, out, err = call("quarantine", "replay")
    assert (code, out) == (1, "0 rejected rows are readable now, 0 rows stored, 2 still rejected\n")
    assert err == (
        f"fanzha: a.txt: landing file {landed}: is damaged; import the same file again, or restore it from a backup\n"
    )
    call("import", "list", "a.txt")
    assert call("verify")[0] == 0
    assert call("quarantine", "replay")[0::2] == (0, "")


def test_formats_lists_every_format(call: Call) -> None:
    code, out, _ = call("formats")
    assert code == 0
    listed = {line.split("\t")[0] for line in out.splitlines()[1:]}
    assert listed >= {"phishtank", "urlhaus", "list", "hosts", "adblock", "tweetfeed", "phishunt", "polkadot", "misp",
                      "stix", "fdroid", "table"}  # fmt: skip


def test_sources_lists_and_checks_the_catalogue(call: Call, tmp_path: Path) -> None:
    code, out, _ = call("sources", "--json")
    assert code == 0
    assert {"name", "licence", "schedule", "normal"} <= set(json.loads(out)[0])
    assert call("sources", "check")[0] == 0
    (tmp_path / "bad.toml").write_text('[[source]]\nname = "x"\n\n[[source]]\nname = "Y"\n', "utf-8")
    code, _, err = call("sources", "check", "bad.toml")
    assert code == 2
    assert any("bad.toml:1: source 'x'" in line for line in err.splitlines())
    assert any("bad.toml:4: source 'Y'" in line for line in err.splitlines())


def test_match_gives_one_row_a_match_and_reports_what_is_no_host(call: Call) -> None:
    code, out, err = call("match", stdin=b"https://www.paypa1.com/login\nexample.org\nno host at all\n\n")
    assert code == 1
    header, *rows = out.splitlines()
    assert header == (
        "input,host,registrable_domain,brand,technique,similarity,confidence,matched,explanation_zh,explanation_en"
    )
    assert [row.split(",")[:5] for row in rows] == [
        ["https://www.paypa1.com/login", "www.paypa1.com", "paypa1.com", "paypal", "homoglyph"]
    ]
    assert err.splitlines()[0].startswith("line 3: ")


def test_match_tells_of_a_path_where_it_says_more_than_the_host(call: Call) -> None:
    urls = [
        "https://garden-of-mari.org/paypal/login.php",
        "https://paypal-login.top/netflix/login.php",  # the host is surer
        "https://garden-of-mari.org/apple/",
        "http://192.0.2.7/%E5%A5%87%E5%AF%8C%E5%80%9F%E6%9D%A1/",
        "https://garden-of-mari.org/paypal/login.php",
    ]
    code, out, err = call("match", "--format", "jsonl", stdin="\n".join(urls).encode())
    found = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert [(row["input"], row["brand"], row["technique"]) for row in found] == [
        (urls[0], "paypal", "path"),
        (urls[1], "paypal", "dictionary"),
        (urls[3], "qifu-jietiao", "path"),
        (urls[4], "paypal", "path"),
    ]


def test_match_tells_of_what_stands_before_the_at_where_it_says_more_than_the_host(call: Call) -> None:
    urls = [
        "https://paypal.com@garden-of-mari.org/",
        "http://PAYPAL.com:x@192.0.2.7/a",
        "https://奇富借条@garden-of-mari.org/",
        "https://mari:secret@garden-of-mari.org/",
        "https://garden-of-mari.org/@paypal.com",
        "https://netflix.com@www.paypal.com/",  # an official host
        "https://mari@paypal-login.top/",  # the host says it all
    ]
    code, out, err = call("match", "--format", "jsonl", stdin="\n".join(urls).encode())
    found = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert [(row["input"], row["host"], row["brand"], "before the @" in row["explanation_en"]) for row in found] == [
        (urls[0], "garden-of-mari.org", "paypal", True),
        (urls[1], "192.0.2.7", "paypal", True),
        (urls[2], "garden-of-mari.org", "qifu-jietiao", True),
        (urls[6], "paypal-login.top", "paypal", False),
    ]
    assert found[0]["confidence"] >= 97
    assert "official paypal.com" in found[0]["explanation_en"]
    assert "写在 @ 之前" in found[0]["explanation_zh"]


def test_match_of_a_file_as_json_lines(call: Call, tmp_path: Path) -> None:
    (tmp_path / "hosts.txt").write_text("paypa1.com\n", "utf-8")
    code, out, err = call("match", "hosts.txt", "--format", "jsonl", "--popular", "off", "--min-confidence", "0")
    assert (code, err) == (0, "")
    assert all(json.loads(line)["input"] == "paypa1.com" for line in out.splitlines())
    assert out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"no host at all", "U+0020"),
        (b"a" * 10_000_000 + b".com", "longer than"),
        (b"http://" + b"paypa1.com/" * 1_000_000, "longer than"),
        (b"pay\x00pal.com", "U+0000"),
        (b"\x1b[31mpaypal.com", "U+001B"),
        ("paypal.com.\u202emoc.lapyap".encode(), "U+202E"),
        ("pay\u200bpal.com".encode(), "U+200B"),
        ("pay\u2066pal.com".encode(), "U+2066"),
        (b"www.xn--999999999999.com", "Punycode"),
        (b"https://xn--.com/paypal", "Punycode"),
        (b"mailto:paypa1@example.org", "scheme"),
        (b"paypal", "single label"),
    ],
    ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else None,
)
@pytest.mark.parametrize("place", ["first", "last"])
def test_a_line_that_is_no_host_is_one_line_and_the_rest_is_done(
    call: Call, line: bytes, said: str, place: str
) -> None:
    lines = [line, b"paypa1.com"] if place == "first" else [b"paypa1.com", line]
    code, out, err = call("match", stdin=b"\n".join(lines))
    assert code == 1
    assert [row.split(",")[0] for row in out.splitlines()] == ["input", "paypa1.com"]
    told, counted = err.splitlines()
    assert told.startswith(f"line {1 + lines.index(line)}: ")
    assert said in told
    assert len(told) < 200
    assert told.isprintable()
    assert counted == "fanzha: 1 line is no host or URL"


def test_a_file_of_something_else_is_not_told_line_by_line(call: Call) -> None:
    code, _, err = call("match", stdin=b"nothing here\n" * 1_500)
    assert code == 1
    *told, counted = err.splitlines()
    assert [line.partition(":")[0] for line in told] == [f"line {number}" for number in range(1, 1_001)]
    assert counted == "fanzha: 1,500 lines are no host or URL; the first 1,000 are named"


def test_check_answers_without_a_database(call: Call, tmp_path: Path) -> None:
    code, out, _ = call("check", "paypa1.com", "www.paypal.com", "nothing-known.example", "--json")
    assert code == 0
    answers = {one["input"]: one for one in json.loads(out)}
    assert answers["paypa1.com"]["assessment"] == "suspicious"
    assert answers["paypa1.com"]["brand"] == "paypal"
    assert answers["www.paypal.com"]["assessment"] == "benign"
    assert answers["nothing-known.example"]["assessment"] == "unknown"
    assert set(answers["paypa1.com"]) == {
        "input", "kind", "assessment", "brand", "confidence", "reasons", "first_seen", "last_seen",
    }  # fmt: skip
    assert not (tmp_path / "fanzha.db").exists()


def test_each_check_on_a_database_is_an_event_of_staff_that_no_kpi_counts(filled: Call, tmp_path: Path) -> None:
    before = kpis(filled)["K05"]["value"]
    assert filled("check", "360jletiao.example")[0] == 0
    with sqlite3.connect(tmp_path / "fanzha.db") as database:
        actors = database.execute("SELECT term.name FROM url_check JOIN term ON term_id = actor_id").fetchall()
    assert actors.count(("staff",)) == 1
    assert kpis(filled)["K05"]["value"] == before


def test_a_verdict_changes_what_check_says_and_stands_beside_the_older_ones(filled: Call, tmp_path: Path) -> None:
    def said(value: str) -> str:
        return str(json.loads(filled("check", value, "--json")[1])[0]["assessment"])

    assert said("paypa1.com") == "suspicious"
    assert filled("verdict", "confirm", "paypa1.com", "--by", "an analyst", "--why", "seen by eye")[0] == 0
    assert said("paypa1.com") == "malicious"
    assert filled("verdict", "dismiss", "paypa1.com", "--by", "another", "--why", "parked")[0] == 0
    assert said("paypa1.com") == "benign"
    with sqlite3.connect(tmp_path / "fanzha.db") as database:
        assert database.execute("SELECT count(*) FROM verdict").fetchone() == (2,)


def test_review_shows_what_waits(filled: Call) -> None:
    code, out, _ = filled("review", "--json")
    assert code == 0
    assert isinstance(json.loads(out), list)


def test_status_shows_each_source(filled: Call) -> None:
    code, out, _ = filled("status", "--json")
    assert code == 0
    assert {one["source"] for one in json.loads(out)} == {"list", "checks"}
    assert {"last_success", "age_hours", "rows", "new", "quarantined", "failures", "reason"} <= set(json.loads(out)[0])


def test_quarantine_lists_place_and_reason(filled: Call) -> None:
    code, out, _ = filled("quarantine", "list", "--json")
    assert code == 0
    assert [(one["source"], one["file"], one["position"]) for one in json.loads(out)] == [("list", "urls.txt", 4)]
    code, out, _ = filled("quarantine", "replay", "--source", "list")
    assert (code, out) == (0, "0 rejected rows are readable now, 0 rows stored, 1 still rejected\n")


def test_brands_list_and_show(call: Call) -> None:
    assert "qifu-jietiao" in call("brands", "list")[1]
    shown = json.loads(call("brands", "show", "qifu-jietiao", "--json")[1])
    assert {"360jietiao", "qifujietiao"} <= {form["form"] for form in shown["forms"]}


def kpis(call: Call, year: str = "2024") -> dict[str, dict[str, Any]]:
    code, out, err = call("kpi", year, "--json")
    assert (code, err) == (0, "")
    return {one["id"]: one for one in json.loads(out)}


def test_kpi_prints_every_kpi_unknown_ones_with_the_reason(filled: Call) -> None:
    figures = kpis(filled)
    assert list(figures) == list(DEFINITIONS)
    assert figures["K05"]["value"] == 2
    assert figures["K03"]["value"] is None
    assert figures["K03"]["note"]
    assert set(figures["K05"]) == {
        "id", "name_zh", "name_en", "value", "unit", "display_zh", "display_en", "prior", "definition_version", "note",
    }  # fmt: skip
    text = filled("kpi", "2024")[1]
    assert [line.split("\t")[0] for line in text.splitlines()[1:]] == [*figures]


def test_trace_leads_to_the_landed_file_and_re_performs_the_figure(filled: Call, tmp_path: Path) -> None:
    code, out, _ = filled("trace", "K05", "2024", "--json")
    assert code == 0
    records = json.loads(out)
    assert len({record["unit"] for record in records}) == kpis(filled)["K05"]["value"]
    assert {record["position"] for record in records} == {"line 2", "line 3", "line 4"}
    assert all((tmp_path / record["file"]).is_file() for record in records)
    drawn = filled("trace", "K05", "2024", "--sample", "2", "--seed", "7", "--json")[1]
    assert len(json.loads(drawn)) == 2
    assert drawn == filled("trace", "K05", "2024", "--sample", "2", "--seed", "7", "--json")[1]


def test_report_is_written(filled: Call, tmp_path: Path) -> None:
    for form in ("xlsx", "html", "docx", "md", "csv", "json"):
        code, out, err = filled("report", "2024", "--to", form, "-o", f"report.{form}")
        assert (code, out, err) == (0, f"report.{form}\n", "")
        assert (tmp_path / f"report.{form}").stat().st_size > 500


def test_verify_finds_a_damaged_landing_file(filled: Call, tmp_path: Path) -> None:
    assert filled("verify")[0] == 0
    landed = next((tmp_path / "fanzha.db.landing").rglob("*.z"))
    landed.write_bytes(b"damaged")
    code, _, err = filled("verify")
    assert code == 1
    assert landed.name in err


def test_verify_finds_rows_that_are_gone(filled: Call, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "fanzha.db") as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if table not in {"_sqlite_migrations", "key"}:
                database.execute(f'DELETE FROM "{table}"')
    code, out, err = filled("verify")
    assert (code, out) == (1, "0 landing files and all tables checked, 2 faults\n")
    assert err.count("no document names it") == err.count("\n") == 2


def test_key_new_makes_a_key_file_once(call: Call, tmp_path: Path) -> None:
    assert call("key", "new", "a.key")[0] == 0
    assert (tmp_path / "a.key").stat().st_mode & 0o777 == 0o600
    assert call("key", "new", "a.key")[0] == 2


WRONG_CALLS = {
    "no such command": ["nope"],
    "no such option": ["kpi", "2024", "--nope"],
    "a year that is none": ["kpi", "abc"],
    "no such format": ["import", "nope", "x.txt"],
    "no such file": ["import", "list", "missing.txt"],
    "a folder in place of a file": ["import", "list", "."],
    "a device in place of a file": ["import", "list", "/dev/zero"],
    "a database where none can be": ["check", "a.example", "--db", "/proc/version"],
    "a database in a folder that cannot be": ["import", "list", "there.csv", "--db", "/proc/no/fanzha.db"],
    "a table without a source": ["import", "table", "there.csv"],
    "no such source": ["import", "list", "there.csv", "--source", "nope"],
    "a source of another format": ["import", "list", "there.csv", "--source", "tweetfeed"],
    "a file that is not its format": ["import", "stix", "there.csv"],
    "no database": ["kpi", "2024", "--db", "missing.db"],
    "no database to trace in": ["trace", "K01", "2024", "--db", "missing.db"],
    "no database to serve": ["serve", "--db", "missing.db"],
    "no database to review": ["review", "--db", "missing.db"],
    "a database that is none": ["status", "--db", "there.csv"],
    "no such KPI": ["trace", "K99", "2024"],
    "no such brand": ["brands", "show", "nope"],
    "no such brands file": ["match", "--brands", "missing.toml"],
    "no such input": ["match", "missing.txt"],
    "no such catalogue": ["run", "--sources", "missing.toml"],
    "no such source to run": ["run", "--only", "nope"],
    "a verdict without a reason": ["verdict", "confirm", "a.example", "--by", "me", "--why", " "],
    "a verdict on nothing": ["verdict", "confirm", "no host at all", "--by", "me", "--why", "x"],
    "a report nowhere": ["report", "2024", "--to", "md", "-o", "no/such/folder/report.md"],
    "a demo over something else": ["demo", "--dir", "."],
}


@pytest.mark.parametrize("arguments", WRONG_CALLS.values(), ids=WRONG_CALLS)
def test_a_wrong_call_is_one_line_and_exit_code_2(filled: Call, tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "there.csv").write_text("a,b\n1,2\n", "utf-8")
    code, out, err = filled(*arguments)
    assert code == 2
    assert out == "" or arguments[0] == "import"
    assert err.startswith("fanzha: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err


NEEDING_THE_KEY = {
    "import": ["import", "table", "checks.csv", "--source", "checks", "--sources", "sources.toml"],
    "import of a list": ["import", "list", "urls.txt"],
    "run": ["run", "--sources", "sources.toml"],
    "verify": ["verify"],
    "replay": ["quarantine", "replay"],
}


@pytest.mark.parametrize("name", ["import", "run"])
@pytest.mark.parametrize(
    ("key", "says"), [(None, "FANZHA_KEY_FILE"), ("missing.key", "missing.key"), ("short.key", "5 bytes")]
)
def test_a_missing_key_is_said_before_anything_is_done(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, key: str | None, says: str
) -> None:
    (tmp_path / "sources.toml").write_text(CATALOGUE, "utf-8")
    (tmp_path / "checks.csv").write_text(CHECKS, "utf-8")
    (tmp_path / "short.key").write_text("short", "utf-8")
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    monkeypatch.delenv("FANZHA_KEY_FILE")
    if key:
        monkeypatch.setenv("FANZHA_KEY_FILE", key)
    code, out, err = call(*NEEDING_THE_KEY[name])
    assert (code, out) == (2, "")
    assert err.startswith("fanzha: ")
    assert says in err
    assert err.count("\n") == 1
    assert not (tmp_path / "prefect").exists()


@pytest.mark.parametrize("arguments", NEEDING_THE_KEY.values(), ids=NEEDING_THE_KEY)
def test_another_key_than_the_databases_is_refused_before_anybody_is_counted_twice(
    filled: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    def persons() -> list[tuple[int]]:
        with sqlite3.connect(tmp_path / "fanzha.db") as database:
            return database.execute("SELECT count(*) FROM subject").fetchall()

    before = persons()
    assert filled("key", "new", "other.key")[0] == 0
    monkeypatch.setenv("FANZHA_KEY_FILE", "other.key")
    code, out, err = filled(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("fanzha: key file other.key: is not the key that database ")
    assert err.count("\n") == 1
    assert persons() == before
    assert filled("check", "a.example")[0] == 0  # what needs no key minds none


def test_no_control_characters_of_theirs_reach_the_terminal(call: Call, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"evil\x1b[2J\xe2\x80\xae.example \x07x\n")
    call("import", "list", "a.txt")
    _, out, err = call("quarantine", "list")
    assert not any(letter in out + err for letter in ("\x1b", "\x07", "\u202e"))
