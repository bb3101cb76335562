"""A long input of `fanzha match`: cut into blocks, spread over processes, the same rows in the same order."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO, StringIO
from pathlib import Path
from typing import TypeVar

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from db.brands import load_brands
from db.defang import defuse_cell
from flows import spread
from flows.cli import match_many
from flows.cli.match_lines import defused_cells
from flows.cli.match_many import match_lines, read_blocks
from flows.cli.match_work import Task
from flows.simulate.names import make_hosts
from tests.running import FANZHA, children_of

Found = TypeVar("Found")
BRANDS = load_brands()[:20]
HOSTS = make_hosts(2_000, 7, BRANDS).to_list()
LINES = ("\n".join([*HOSTS[:900], "no host", "", *HOSTS[900:], "also none"]) + "\n").encode()


def task(output: str = "csv") -> Task:
    return Task(BRANDS, {brand.id: brand.threshold for brand in BRANDS}, output, popular=True)


def answered(output: str) -> tuple[str, list[str], int]:
    out, told = StringIO(), list[str]()
    refused = match_lines(BytesIO(LINES), out, lambda: task(output), told.append)
    return out.getvalue(), told, refused


@pytest.mark.parametrize("output", ["csv", "jsonl"])
@pytest.mark.parametrize("cores", [1, 3])
def test_processes_give_the_same_rows_in_the_same_order(
    output: str, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_one = answered(output)
    assert in_one[0].count("\n") > 100
    assert [line.partition(":")[0] for line in in_one[1]] == ["line 901", "line 2003"]
    monkeypatch.setattr(match_many, "_BLOCK_BYTES", 4_096)
    monkeypatch.setattr(spread, "cores", lambda: cores)
    assert len(list(read_blocks(BytesIO(LINES)))) > 8
    assert answered(output) == in_one


@given(st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line)), st.integers(1, 40), st.booleans())
def test_blocks_hold_every_line_with_its_number(lines: list[bytes], size: int, ends: bool) -> None:
    whole = b"\n".join([b"a", *lines]) + (b"\n" if ends else b"")  # how a text begins is another matter
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(match_many, "_BLOCK_BYTES", size)
        blocks = list(read_blocks(BytesIO(whole)))
    assert b"".join(block.text for block in blocks) == whole
    assert [block.first for block in blocks] == [
        1 + b"".join(before.text for before in blocks[:place]).count(b"\n") for place in range(len(blocks))
    ]


@pytest.mark.parametrize("size", [1_000, 65_536, 1 << 20])
def test_of_a_line_that_is_too_long_only_the_beginning_is_held(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match_many, "_BLOCK_BYTES", size)
    blocks = list(read_blocks(BytesIO(b"one\n" + b"x" * 5_000_000 + b"\nthree\n" + b"y" * 3_000_000)))
    lines = b"".join(block.text for block in blocks).split(b"\n")
    assert [line[:5] for line in lines] == [b"one", b"xxxxx", b"three", b"yyyyy"]
    assert all(len(line) <= max(65_536, size) for line in lines)
    assert max(len(block.text) for block in blocks) <= 2 * max(65_536, size)


@given(st.lists(st.text(st.sampled_from("=+-@＝＋－＠\t'a1.\n\r\"中"), max_size=6)))
@example(["-1", "+1.5", "-1\n", "=1", "", "--1", "1"])
def test_cells_are_defused_as_everywhere(cells: list[str]) -> None:
    frame = pl.DataFrame({"cell": cells}, schema={"cell": pl.String})
    assert frame.select(defused_cells(pl.col("cell")))["cell"].to_list() == [defuse_cell(cell) for cell in cells]


@contextmanager
def matching(
    *, lines: bytes = b"paypa1.com\n" * 400_000, out: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    """A call that has begun, its input not yet at an end."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job begins with it ignored
    call = [str(FANZHA), "match"]
    with subprocess.Popen(call, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.PIPE) as program:
        assert program.stdin
        try:
            program.stdin.write(lines)
            program.stdin.flush()
            yield program
        finally:
            program.kill()


def children(program: subprocess.Popen[bytes]) -> list[int]:
    """The processes that it has started, once there are some."""
    return until(lambda: children_of(program.pid))


def until(found: Callable[[], Found]) -> Found:
    for _ in range(600):
        if answer := found():
            return answer
        time.sleep(0.1)
    raise AssertionError("a minute has gone")


def are_gone(processes: list[int]) -> bool:
    return not any(Path(f"/proc/{each}").exists() for each in processes)


needs_cores = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="processes are started where there are cores"
)


@needs_cores
def test_a_killed_process_is_one_clear_line(tmp_path: Path) -> None:
    """It says from which line on there is no answer: each line before it, and none behind, has its row."""
    with (tmp_path / "rows").open("wb") as rows, matching(out=rows.fileno()) as program:
        started = children(program)
        for each in started:
            os.kill(each, signal.SIGKILL)
        _, err = program.communicate(timeout=60)
        assert program.returncode == 1
        told = r"fanzha: a matching process was killed by signal 9 at the lines from ([\d,]+) on; the rows before .*\n"
        found = re.fullmatch(told, err.decode())
        assert found
        printed = (tmp_path / "rows").read_bytes().splitlines()
        assert len(printed) - 1 == int(found[1].replace(",", "")) - 1, "a header, and a row a line"
        assert are_gone(started)


@needs_cores
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_nothing_runs_on_when_the_call_is_ended(sent: signal.Signals, code: int) -> None:
    with matching() as program:
        started = children(program)
        program.send_signal(sent)
        assert program.stderr
        assert b"Traceback" not in program.stderr.read()
        assert program.wait(timeout=60) == code
        assert until(lambda: are_gone(started))


@needs_cores
def test_a_faulty_brands_file_is_told_before_anything_is_written(tmp_path: Path) -> None:
    """Of a long file too, for which processes start while the brands are read."""
    lines, brands = tmp_path / "lines.txt", tmp_path / "brands.toml"
    lines.write_bytes(b"paypa1.com\n" * 100_000)
    brands.write_text('[[brand]]\nid = "one"\n', "utf-8")
    call = [str(FANZHA), "match", "--brands", str(brands), str(lines)]
    ran = subprocess.run(call, check=False, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith(f"fanzha: {brands}")
    assert ran.stderr.count("\n") == 1
