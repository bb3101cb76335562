"""What no command can use (faulty catalogues, paths, values) is one line and exit code 2, whatever the command."""

import json
from pathlib import Path

import pytest

from flows.cli.main import app, unforeseen
from tests.flows.calls import CATALOGUE, CHECKS, Call

FAULTY_CATALOGUES = {
    "single brackets": (("[[source]]", "[source]"), "[[source]], not [source]"),
    "a zone of this machine": (("Asia/Shanghai", "localtime"), "no time zone 'localtime'"),
    "one person for all": (('actor = "end_user"', 'actor = "end_user"\nsubject = "x"'), "makes all persons one"),
    "the whole internet": (
        ('kind = "url_check"', 'kind = "url_check"\nnetworks = ["0.0.0.0/0"]'),
        "0.0.0.0/0 is not within",
    ),
    "no end": (None, "File too large"),
    "too deep": (("[[source]]", f"x = {'[' * 100_000}"), "cannot be read as a catalogue"),
}


@pytest.mark.parametrize("command", ["run", "import", "sources list", "sources check"])
@pytest.mark.parametrize(("change", "told"), FAULTY_CATALOGUES.values(), ids=FAULTY_CATALOGUES)
def test_a_faulty_catalogue_stops_a_command_before_anything_is_done(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, change: tuple[str, str] | None, told: str
) -> None:
    path = "/dev/zero" if change is None else "sources.toml"
    (tmp_path / "sources.toml").write_text(CATALOGUE.replace(*change) if change else "", "utf-8")
    (tmp_path / "checks.csv").write_text(CHECKS, "utf-8")
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    arguments = {
        "run": ["run", "--sources", path],
        "import": ["import", "table", "checks.csv", "--source", "checks", "--sources", path],
        "sources list": ["sources", "--sources", path],
        "sources check": ["sources", "check", path],
    }
    code, out, err = call(*arguments[command])
    assert (code, out) == (2, "")
    assert err.removeprefix("fanzha: ").startswith(f"{path}:")
    assert told in err
    assert err.count("\n") == 1
    assert not (tmp_path / "fanzha.db").exists()
    assert not (tmp_path / "prefect").exists()


PLACES = {
    "demo --dir": ["demo", "--dir", "PATH"],
    "run --sources": ["run", "--sources", "PATH"],
    "run --brands": ["run", "--brands", "PATH"],
    "run --db": ["run", "--db", "PATH"],
    "import FILE": ["import", "list", "PATH"],
    "import misp FILE": ["import", "misp", "PATH"],
    "import --sources": ["import", "list", "there.csv", "--source", "x", "--sources", "PATH"],
    "import --db": ["import", "list", "there.csv", "--db", "PATH"],
    "sources check": ["sources", "check", "PATH"],
    "sources list": ["sources", "list", "--sources", "PATH"],
    "match FILE": ["match", "PATH"],
    "match --brands": ["match", "there.csv", "--brands", "PATH"],
    "check --db": ["check", "a.example", "--db", "PATH"],
    "review --db": ["review", "--db", "PATH"],
    "verdict --db": ["verdict", "confirm", "a.example", "--by", "me", "--why", "x", "--db", "PATH"],
    "status --db": ["status", "--db", "PATH"],
    "quarantine list --db": ["quarantine", "list", "--db", "PATH"],
    "quarantine replay --db": ["quarantine", "replay", "--db", "PATH"],
    "brands list": ["brands", "list", "--brands", "PATH"],
    "brands show": ["brands", "show", "paypal", "--brands", "PATH"],
    "brands check": ["brands", "check", "PATH"],
    "kpi --db": ["kpi", "2024", "--db", "PATH"],
    "trace --db": ["trace", "K01", "2024", "--db", "PATH"],
    "report --db": ["report", "2024", "--to", "md", "-o", "report.md", "--db", "PATH"],
    "report -o": ["report", "2024", "--to", "xlsx", "-o", "PATH"],
    "verify --db": ["verify", "--db", "PATH"],
    "backup FILE": ["backup", "PATH"],
    "backup --db": ["backup", "there.tar", "--db", "PATH"],
    "restore FILE": ["restore", "PATH", "--db", "new.db"],
    "archive --db": ["archive", "--before", "2024-01-01", "--db", "PATH"],
    "serve --db": ["serve", "--db", "PATH"],
    "probe --vantages": ["probe", "--once", "--vantages", "PATH"],
    "probe --db": ["probe", "--once", "--db", "PATH"],
    "takedown queue --db": ["takedown", "queue", "--db", "PATH"],
    "takedown queue --rules": ["takedown", "queue", "--rules", "PATH"],
    "takedown draft --rules": ["takedown", "draft", "--rules", "PATH"],
    "takedown approve --db": ["takedown", "approve", "1", "--by", "me", "--why", "x", "--db", "PATH"],
    "takedown send --db": ["takedown", "send", "--db", "PATH"],
    "takedown note --db": ["takedown", "note", "1", "--answer", "noted", "--by", "me", "--why", "x", "--db", "PATH"],
    "takedown close --db": ["takedown", "close", "a.example", "--by", "me", "--why", "x", "--db", "PATH"],
    "ledger close --db": ["ledger", "close", "2024", "--by", "me", "--why", "x", "--db", "PATH"],
    "ledger restate --db": ["ledger", "restate", "2024", "--by", "me", "--why", "x", "--db", "PATH"],
    "ledger list --db": ["ledger", "list", "2024", "--db", "PATH"],
    "key new": ["key", "new", "PATH"],
    "simulate --out": ["simulate", "2024", "--out", "PATH", "--scale", "0.001"],
}
"""Wherever a call names a file or folder; all commands are here (see the test below) but those that name none."""
UNUSABLE = {
    "empty": "",
    "a folder": ".",
    "a folder with a name": "folder",
    "a device": "/dev/null",
    "an endless device": "/dev/zero",
    "below a file": "there.csv/x",
    "where none can be made": "/proc/nope/x",
    "a name that is too long": "x" * 300,
    "a path that is too long": "x/" * 3_000 + "x",
    "no text": "\udcff.csv",
}


FINE = {
    ("match FILE", "a device"),
    ("match FILE", "an endless device"),
    ("demo --dir", "a folder with a name"),
    ("simulate --out", "a folder with a name"),
    ("check --db", "where none can be made"),
}
"""An empty file to match, an empty folder for demo or simulation; without a database `check` asks the brands alone."""


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        pytest.param(arguments, path, id=f"{place}: {what}")
        for place, arguments in PLACES.items()
        for what, path in UNUSABLE.items()
        if (place, what) not in FINE
    ],
)
def test_no_path_that_cannot_be_is_more_than_one_line(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], path: str
) -> None:
    (tmp_path / "there.csv").write_text("a.example\n", "utf-8")
    (tmp_path / "folder").mkdir()
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    if arguments[0] in {"report", "import", "backup"}:
        assert call("import", "list", "there.csv")[0] == 0
    before = sorted(tmp_path.rglob("*"))
    code, out, err = call(*[path if argument == "PATH" else argument for argument in arguments])
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert len(err) < 2_500
    assert sorted(tmp_path.rglob("*")) == before
    assert Path("/dev/null").is_char_device()


def test_every_command_is_tried_with_unusable_paths() -> None:
    commands = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    groups = {group.name for group in app.registered_groups}
    assert {arguments[0] for arguments in PLACES.values()} == {*commands, *groups} - {"formats", "schedule"}


VALUES = {"too long": "x" * 100_000, "an address too long": f"http://a.example/{'x' * 100_000}", "no text": "\udcff"}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("place", ["check", "verdict", "trace", "brands", "quarantine", "import", "run", "by"])
def test_no_value_that_cannot_be_is_more_than_one_line(filled: Call, place: str, value: str) -> None:
    code, out, err = filled(
        *{
            "check": ["check", value, "--json"],
            "verdict": ["verdict", "confirm", value, "--by", "me", "--why", "x"],
            "trace": ["trace", value, "2024"],
            "brands": ["brands", "show", value],
            "quarantine": ["quarantine", "list", "--source", value, "--json"],
            "import": ["import", value, "urls.txt"],
            "run": ["run", "--sources", "sources.toml", "--only", value],
            "by": ["verdict", "confirm", "a.example", "--by", value, "--why", "x"],
        }[place]
    )
    if code == 0:  # it is a value like any other: nothing is known of it
        assert value.isascii()
        assert place in {"check", "quarantine", "by"}
        assert place == "by" or [one["kind"] for one in json.loads(out)] in ([], ["url"], ["unreadable"])
        return
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert len(err) < 2_500


def test_lines_that_cannot_be_are_named_by_their_number(call: Call) -> None:
    code, out, err = call("match", stdin=b"\xff.example\n" + b"x" * 1_000_000 + b"\n\0\npaypa1.com\n")
    assert code == 1
    assert [row.split(",")[0] for row in out.splitlines()[1:]] == ["paypa1.com"]
    assert [line.split(":")[0] for line in err.splitlines()] == ["line 1", "line 2", "line 3", "fanzha"]
    assert all(len(line) < 2_500 for line in err.splitlines())


def test_a_fault_of_our_own_is_told_without_what_it_quotes() -> None:
    try:
        int("13800138000 is a person")
    except ValueError as error:
        told = unforeseen(error)
    assert told.startswith(f"unexpected ValueError at {Path(__file__).name}:")
    assert "13800138000" not in told
