"""The house keeps its shape: which folders there are, how large its parts may grow, what nothing may name."""

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("analytics", "db", "flows", "spiders", "web")
FOLDERS = {".ci", "docs", "tests", *ROOMS}
MOST_LINES, MOST_OF_A_FUNCTION = 500, 60


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: what belongs to the project is not known")
    return [Path(name) for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


def sources() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def test_every_folder_is_one_of_the_house() -> None:
    assert {path.parts[0] for path in tracked() if len(path.parts) > 1} == FOLDERS


def test_no_module_and_no_function_grows_beyond_reading() -> None:
    too_long = []
    for path in sources():
        text = path.read_text("utf-8")
        if text.count("\n") > MOST_LINES:
            too_long.append(path.name)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno
                too_long += [f"{path.name}:{node.name}"] if length > MOST_OF_A_FUNCTION else []
    assert too_long == []


def test_init_files_are_empty() -> None:
    assert [path for path in sources() if path.name == "__init__.py" and path.read_bytes()] == []


def test_no_file_names_a_package_index() -> None:
    hosts = ("pypi." + "org", "pythonhosted." + "org")
    named = [
        path
        for path in tracked()
        if path.suffix not in {".png", ".xlsx", ".parquet", ".bz2", ".gz"}
        and any(host in (ROOT / path).read_text("utf-8", "replace") for host in hosts)
    ]
    assert named == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_a_lock_names_no_path_of_the_machine_it_was_made_on(name: str) -> None:
    assert " /" not in (ROOT / name).read_text("utf-8")
