"""What stands in the lines of `fanzha match`, and what may reach a terminal, a spreadsheet or a program of them."""

import csv
import io
import json
import os
import subprocess
from pathlib import Path

import pytest

from db.unseen import unseen_in
from tests.flows.calls import Call
from tests.running import FANZHA

HOSTILE = "https://paypa1.com/a\u202egpj.exe\x1b[31m\x9b1m\x7f\u200b#\u2066\tb"


def test_what_nobody_sees_reaches_no_terminal_as_it_is(call: Call) -> None:
    code, out, err = call("match", stdin=f"{HOSTILE}\n".encode())
    assert (code, err) == (0, "")
    assert not any(unseen_in(line) for line in out.splitlines())
    (row,) = csv.DictReader(io.StringIO(out))
    assert row["input"].encode().decode("unicode_escape") == HOSTILE
    assert row["host"] == "paypa1.com"


def test_json_lines_hold_each_line_exactly(call: Call) -> None:
    lines = [
        HOSTILE,
        "  paypa1.com",
        "-x.paypa1.com",
        "https://paypa1.com/\\u202e",
        "https://paypa1.com/\U000e0041",
    ]
    out = call("match", "--format", "jsonl", stdin="\n".join(lines).encode())[1]
    assert not any(unseen_in(line) for line in out.splitlines())
    assert [json.loads(line)["input"] for line in out.splitlines()] == lines


@pytest.mark.parametrize(
    ("line", "cell"),
    [
        ("-x.paypa1.com", "'-x.paypa1.com"),
        ("\tpaypa1.com", "\\u0009paypa1.com"),
        ("https://paypa1.com/=1", "https://paypa1.com/=1"),
        ("\ufeffpaypa1.com", "paypa1.com"),
        ("paypa1.com\r", "paypa1.com"),
    ],
)
def test_a_line_as_a_cell(call: Call, line: str, cell: str) -> None:
    code, out, err = call("match", stdin=f"{line}\n".encode())
    assert (code, err) == (0, "")
    assert [row["input"] for row in csv.DictReader(io.StringIO(out))] == [cell]


def test_the_help_tells_how_lines_are_written(call: Call) -> None:
    told = " ".join(call("match", "--help")[1].split())
    assert "jsonl has each line exactly" in told


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("output", ["csv", "jsonl"])
def test_two_bytes_a_letter_is_one_line_that_names_the_encoding(
    call: Call, tmp_path: Path, encoding: str, output: str
) -> None:
    (tmp_path / "hosts.txt").write_bytes("paypa1.com\nb.com\n".encode(encoding))
    for arguments in (["hosts.txt"], ["-"]):
        code, out, err = call("match", "--format", output, *arguments, stdin=(tmp_path / "hosts.txt").read_bytes())
        assert (code, out) == (2, "")
        assert err == (
            "fanzha: the input is UTF-16 or the like, not UTF-8; save it as UTF-8, or pipe it through iconv\n"
        )


@pytest.mark.parametrize("text", [b"", b"\n", b"\0\n", b"a\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_a_short_input_is_not_taken_for_it(call: Call, text: bytes) -> None:
    code, out, _ = call("match", stdin=text)
    assert code == (1 if text.strip(b"\xef\xbb\xbf\n") else 0)
    assert out.startswith("input,host,")


@pytest.mark.parametrize("host", ["xn--99999999.com", "www.xn--999999999999.com", "xn--.com", "xn--fiqs8s.com"])
def test_check_and_match_agree_on_what_is_a_host(call: Call, host: str) -> None:
    refused = call("match", stdin=host.encode())[0] == 1
    (answer,) = json.loads(call("check", host, "--json")[1])
    assert (answer["kind"] == "unreadable") == refused
    assert ("Punycode" in str(answer["reasons"])) == refused


def test_what_a_source_says_of_a_host_in_broken_punycode_is_told_all_the_same(filled: Call, tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_text("xn--99999999.com\n", "utf-8")
    assert filled("import", "list", "bad.txt")[0] == 0
    (answer,) = json.loads(filled("check", "xn--99999999.com", "--json")[1])
    assert (answer["kind"], answer["assessment"]) == ("host", "suspicious")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("arguments", [["match"], ["brands", "list"], ["check", "paypa1.com", "--json"]])
def test_a_full_disk_is_one_clear_line(tmp_path: Path, arguments: list[str], buffered: bool) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("FANZHA_", "PYTHONUNB"))}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [FANZHA, *arguments],
            cwd=tmp_path,
            env=environ if buffered else environ | {"PYTHONUNBUFFERED": "1"},
            input=b"paypa1.com\n",
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=120,
            check=False,
        )
    assert (done.returncode, done.stderr.decode()) == (
        1,
        "fanzha: printing the result: No space left on device; it is not whole: make room, or send it elsewhere\n",
    )


def test_results_for_people_and_for_programs_are_visible(filled: Call, tmp_path: Path) -> None:
    (tmp_path / "odd.txt").write_bytes(b"evil\xc2\x9b2J\xe2\x80\xae\x7f.example\n")
    filled("import", "list", "odd.txt")
    shown, as_json = filled("quarantine", "list")[1], filled("quarantine", "list", "--json")[1]
    assert "evil\\u009b2J\\u202e\\u007f.example" in shown
    assert not any(unseen_in(line.replace("\t", "")) for line in (shown + as_json).splitlines())
    assert "evil\x9b2J\u202e\x7f.example" in [json.loads(one["raw"])["address"] for one in json.loads(as_json)]
