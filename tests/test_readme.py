"""What the READMEs and the generated pages say is true."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flows.cli.main import app
from spiders.catalogue import load_catalogue
from spiders.formats.registry import FORMATS
from tests.running import fanzha

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "README.zh-CN.md")
NUMBERS = {
    "README.md": ("Fourteen live feeds", "Thirteen formats"),
    "README.zh-CN.md": ("十四个公开情报源", "十三种格式"),
}

pytestmark = pytest.mark.parametrize("name", READMES)


def block(name: str, mark: str) -> str:
    text = (ROOT / name).read_text("utf-8")
    found = re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)\n```\n<!-- /{mark} -->", text, re.DOTALL)
    assert found, f"{name} has no {mark} block"
    return found[1]


def test_the_two_commands_come_first(name: str) -> None:
    first = re.search(r"```sh\n(.*?)```", (ROOT / name).read_text("utf-8"), re.DOTALL)
    assert first
    assert [line.split("#")[0].strip() for line in first[1].splitlines()] == ["make demo", "make test"]


def test_check_prints_what_is_shown(name: str, tmp_path: Path) -> None:
    done = fanzha("check", "360jletiao.com", "--json", cwd=tmp_path)
    assert json.loads(block(name, "check")) == json.loads(done.stdout)


def test_every_command_shown_is_there(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    shown = set(re.findall(r"(?:\.venv/bin/|`)fanzha ([a-z]+)", text))
    known = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    assert len(shown) >= 10
    assert shown <= known
    (takedown,) = (group.typer_instance for group in app.registered_groups if group.name == "takedown")
    assert takedown
    steps = {command.name for command in takedown.registered_commands}
    assert set(re.findall(r"fanzha takedown ([a-z]+)", text)) == steps


def test_every_link_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / name).read_text("utf-8"))
    assert len(links) > 8
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_numbers_are_right(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert (len(load_catalogue()), len(FORMATS)) == (14, 13)
    assert all(said in text for said in NUMBERS[name])


def test_the_declared_example_is_a_valid_catalogue(name: str, tmp_path: Path) -> None:
    found = re.search(r"```toml\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert found, name
    (tmp_path / "sources.toml").write_text(found[1], "utf-8")
    done = fanzha("sources", "check", "sources.toml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "1 sources, nothing wrong\n")


def test_generated_pages_are_up_to_date(name: str) -> None:
    done = subprocess.run([sys.executable, "docs/generate.py", "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0, name
