"""Memory that a step has freed is the system's again, which a process of its own shows."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

_FREES = """
import ctypes, sys
from pathlib import Path
from flows.daily import open_named

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20

with open_named(sys.argv[1]):
    before = resident()
blocks = [libc.malloc(100_000) for _ in range(2_000)]
for block in blocks:
    ctypes.memset(block, 1, 100_000)
for block in blocks[:-1]:  # the last one holds the end of the heap where it is
    libc.free(block)
held = resident() - before
with open_named(sys.argv[1]):
    pass
print(held, resident() - before)
"""


def test_what_is_free_goes_back_to_the_system_where_a_step_ends(tmp_path: Path) -> None:
    if not hasattr(ctypes.CDLL(None), "malloc_trim"):
        pytest.skip("the C library is not glibc")
    done = subprocess.run(
        [sys.executable, "-c", _FREES, str(tmp_path / "fanzha.db")], capture_output=True, text=True, check=True
    )
    held, left = map(int, done.stdout.split())
    assert held > 150
    assert left < 50
