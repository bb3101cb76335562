"""The SQL pages as a browser gets them, from a real server on loopback. Every record in them is synthetic."""

import html
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path

import pytest
import uvicorn

from db.connection import open_database, transaction
from db.errors import UsageError
from db.ledger import Draft, append_entry
from db.view import View
from db.views import VIEWS
from db.vocabulary import Claim
from tests.web.filled import Records, filled
from web.pages import _ReadOnly, make_pages, serve
from web.queries import QUERIES
from web.questions import Question

HOST = "qifu-login-demo.example"
FORMULA = "=cmd|' /C calc'!A0"
SCRIPT = "<script>alert(1)</script>"
TURNED = "qifu\u202egnp.exe"
LINK = re.compile(r"""(?:href|src|action)\s*=\s*["']?\s*((?:https?:)?//[^"'\s>]+)""", re.IGNORECASE)


@dataclass(frozen=True)
class Site:
    port: int
    path: Path

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str, dict[str, str]]:
        url = f"http://127.0.0.1:{self.port}{path}"
        request = urllib.request.Request(url, method=method, headers=headers, data=b"" if method == "POST" else None)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return self._read(answer)
        except urllib.error.HTTPError as error:
            with error:
                return self._read(error)

    def sql(self, sql: str, form: str = "json", **arguments: str) -> tuple[int, str, dict[str, str]]:
        return self.get(f"/fanzha.{form}?" + urllib.parse.urlencode({"sql": sql, **arguments}))

    def elsewhere(self, body: str) -> list[str]:
        return [link for link in LINK.findall(body) if not link.startswith(f"http://127.0.0.1:{self.port}/")]

    @staticmethod
    def _read(answer: HTTPResponse | urllib.error.HTTPError) -> tuple[int, str, dict[str, str]]:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return answer.status or 0, answer.read().decode(), headers


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("a #folder?")
    with filled(folder) as records:
        _fill(records)
    path = folder / "fanzha.db"
    server = uvicorn.Server(uvicorn.Config(make_pages(path), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
        assert thread.is_alive(), "the server did not start"
    yield Site(server.servers[0].sockets[0].getsockname()[1], path)
    server.should_exit = True
    thread.join()


def _fill(records: Records) -> None:
    records.source("feed")
    records.sight("feed", f"https://{HOST}/login?next=https://www.qifu.com/", brand=SCRIPT)
    records.sight("feed", f"{HOST}")
    records.match(HOST)
    app = {"package": "com.demo.qifu", "name": FORMULA, "developer": SCRIPT, "version": TURNED, "store": "demo-store"}
    records.save("app", "feed", [{**app, "download": f"https://{HOST}/a.apk"}], Claim.MALICIOUS)
    records.match_app("com.demo.qifu")
    for raw in (f"http://{HOST}/x", FORMULA, SCRIPT, TURNED):
        records.quarantine("feed", raw)
    with transaction(records.store.database):
        draft = Draft(2023, "close", FORMULA + TURNED, SCRIPT, 1, "fanzha", "", 0, {}, (), [])
        append_entry(records.store.database, draft)


def text_of(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


PAGES = [
    "/",
    "/fanzha",
    *(f"/fanzha/{view.name}" for view in VIEWS),
    *(f"/fanzha/{query.name}" for query in QUERIES),
    *(f"/fanzha/{table}" for table in ("host", "url", "app", "sighting", "quarantine", "term", "source")),
    "/fanzha/host/1",
    "/fanzha/v_sightings?_facet=host",
    "/fanzha?sql=select+address+from+v_sightings",
    "/fanzha/no-such-table",
]


@pytest.mark.parametrize("page", PAGES)
def test_no_page_leads_or_loads_from_elsewhere(site: Site, page: str) -> None:
    status, body, headers = site.get(page)
    assert status == (404 if "no-such" in page else 200)
    assert site.elsewhere(body) == []
    assert SCRIPT not in body
    assert "\u202e" not in body
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_views_are_titled_and_described_in_both_languages(site: Site, view: View) -> None:
    body = html.unescape(site.get(f"/fanzha/{view.name}")[1])
    assert view.about in body
    assert all(text in body for text in view.columns.values())


def test_the_first_page_offers_views_and_questions_before_tables(site: Site) -> None:
    body = html.unescape(site.get("/fanzha")[1])
    places = [body.index(title) for title in (*(view.about for view in VIEWS), *(query.title for query in QUERIES))]
    assert max(places) < body.index('<h2 id="tables">')
    assert "/fanzha/sighting" in body


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ("/fanzha/v_sightings", "hxxps://qifu-login-demo[.]example/login?next=hxxps://www[.]qifu[.]com/"),
        ("/fanzha/v_sightings", "qifu-login-demo[.]example"),
        ("/fanzha/v_lookalikes", "qifu-login-demo[.]example"),
        ("/fanzha/v_quarantine", "hxxp://qifu-login-demo[.]example/x"),
        ("/fanzha/v_quarantine", "qifu\\u202egnp[.]exe"),
        ("/fanzha/v_quarantine", SCRIPT),
        ("/fanzha/v_ledger", SCRIPT),
        ("/fanzha/v_ledger", f"{FORMULA}qifu\\u202egnp.exe"),
        ("/fanzha/app", "hxxps://qifu-login-demo[.]example/a[.]apk"),
        ("/fanzha/new-lookalikes?brand=&day=2024-06-01", "qifu-login-demo[.]example"),
        ("/fanzha/review-queue", "qifu-login-demo[.]example"),
        ("/fanzha/host-search?part=login-demo[.]EX", "qifu-login-demo[.]example"),
        ("/fanzha?sql=select+host+from+v_sightings", "qifu-login-demo[.]example"),
        ("/fanzha?sql=select+address+as+anything+from+v_sightings", "hxxps://qifu-login-demo[.]example/login"),
    ],
)
def test_what_criminals_wrote_is_shown_but_harmless(site: Site, page: str, shown: str) -> None:
    cells = [text_of(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", site.get(page)[1], re.DOTALL)]
    assert any(shown in cell for cell in cells), cells
    assert not any(f"//{HOST}" in cell for cell in cells)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_every_question_is_answered(site: Site, query: Question) -> None:
    status, body, _ = site.get(f"/fanzha/{query.name}.json?part=qifu&year=2024")
    answer = json.loads(body)
    assert (status, answer["error"]) == (200, None)
    assert answer["columns"]
    assert re.fullmatch(r".*[\u4e00-\u9fff].* · .*[a-z].*", query.title)


def test_the_search_finds_nothing_by_a_wildcard(site: Site) -> None:
    assert json.loads(site.get("/fanzha/host-search.json?part=%25")[1])["rows"] == []


@pytest.mark.parametrize(
    "export",
    [
        "/fanzha/v_fake_apps.csv",
        "/fanzha/v_fake_apps.csv?_stream=1&_dl=1",
        "/fanzha/app.csv?_size=max&_labels=on",
        "/fanzha.csv?sql=select+name+from+app",
        "/fanzha/app.csv?_trace=1",
    ],
)
def test_an_exported_formula_is_text(site: Site, export: str) -> None:
    status, body, headers = site.get(export)
    assert (status, headers["content-type"]) == (200, "text/csv; charset=utf-8")
    formula = html.escape(FORMULA, quote=True).replace("&#x27;", "&#39;") if "_trace" in export else FORMULA
    assert f"'{formula}" in body
    assert not re.search(r'(^|[,\n])"?[=+@]', body)


def test_an_export_keeps_everything_else(site: Site) -> None:
    rows = "select 'a,\"b\"' as a, -1 as b, '-1+1' as c, 'line\nbreak' as d, '奇富' as e, null as f, '\n=1' as g"
    body = site.sql(rows, "csv")[1]
    assert body == 'a,b,c,d,e,f,g\r\n"a,""b""",-1,\'-1+1,"line\nbreak",奇富,,"\'\n=1"\r\n'


@pytest.mark.parametrize(
    "sql",
    [
        "insert into term (vocabulary, name) values ('brand', 'x')",
        "delete from sighting",
        "drop view v_sightings",
        "pragma user_version = 1",
        "attach database '/tmp/x.db' as x",
        "with x as (select 1) delete from sighting",
        "select load_extension('x')",
        "select writefile('/tmp/x', 'y')",
    ],
)
def test_nothing_can_be_written(site: Site, sql: str) -> None:
    before = site.path.read_bytes()
    assert site.sql(sql)[0] == 400
    assert site.path.read_bytes() == before


def test_even_a_writing_connection_only_reads(site: Site) -> None:
    database = _ReadOnly(None, str(site.path))
    connection = database.connect(write=True)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM sighting")
    database.close()


@pytest.mark.parametrize(
    ("path", "method"), [("/fanzha.db", "GET"), ("/fanzha/term", "POST"), ("/-/permissions", "GET")]
)
def test_what_is_not_for_reading_is_refused(site: Site, path: str, method: str) -> None:
    assert site.get(path, method)[0] in {403, 405}


def test_another_name_for_this_machine_is_refused(site: Site) -> None:
    assert site.get("/fanzha", Host="rebound.example")[0] == 400
    assert site.get("/fanzha", Host=f"localhost:{site.port}")[0] == 200


ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"


def test_a_query_without_end_is_stopped(site: Site) -> None:
    assert site.sql(ENDLESS, _timelimit="50")[0] == 400


@pytest.mark.parametrize(
    ("page", "status", "told"),
    [
        ("/fanzha/none", 404, "Table not found"),
        ("/none", 404, "Database not found"),
        ("/fanzha/term?" + urllib.parse.urlencode({"_timelimit": 50, "_where": f"({ENDLESS})"}), 400, "took too long"),
        (
            "/fanzha/term.json?" + urllib.parse.urlencode({"_timelimit": 50, "_where": f"({ENDLESS})"}),
            400,
            "took too long",
        ),
        ("/fanzha/term?_sort=" + urllib.parse.quote(SCRIPT), 400, "Cannot sort"),
    ],
)
def test_a_failure_leads_nowhere(
    site: Site, capfd: pytest.CaptureFixture[str], page: str, status: int, told: str
) -> None:
    answered, body, headers = site.get(page)
    assert (answered, told in body) == (status, True)
    assert site.elsewhere(body) == []
    assert SCRIPT not in body
    assert headers["x-content-type-options"] == "nosniff"
    printed = capfd.readouterr()
    assert "Traceback" not in printed.out + printed.err


def test_pages_follow_a_database_that_is_being_written(site: Site) -> None:
    with open_database(site.path) as database:
        database.execute("INSERT INTO term (vocabulary, name) VALUES ('brand', 'new-term')")
        rows = json.loads(site.sql("select name from term where name = 'new-term'")[1])["rows"]
        database.execute("DELETE FROM term WHERE name = 'new-term'")
    assert rows == [["new-term"]]


def test_a_missing_database_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not there"):
        serve(tmp_path / "none.db", 0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("port", ["taken", 65_536])
def test_a_port_that_cannot_be_had_is_told_in_a_line(site: Site, port: int | str) -> None:
    with pytest.raises(UsageError, match=r"port \d+ on 127\.0\.0\.1: .*--port") as told:
        serve(site.path, site.port if isinstance(port, str) else port)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_when_told(site: Site, number: signal.Signals) -> None:
    program = "import sys; from pathlib import Path; from web.pages import serve; serve(Path(sys.argv[1]), 0)"
    command = [sys.executable, "-W", "error", "-c", program, str(site.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            address = process.stdout.readline().strip()
            port = int(address.rpartition(":")[2].rstrip("/"))
            assert Site(port, site.path).get("/fanzha")[0] == 200
            os.kill(process.pid, number)
            assert process.wait(timeout=20) == 0
            assert process.stderr.read() == ""
        finally:
            process.kill()
    with socket.socket() as again:
        assert again.connect_ex(("127.0.0.1", port)) != 0
