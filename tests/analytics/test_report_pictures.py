"""The report opened by the programs that people open it with. Every name in it is made up (synthetic)."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.analytics.reports import REPORT, rendered

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-pdf-header-footer",
    "--enable-logging=stderr",
)
TITLE = "反诈数据披露"
BLUE = (0x2F, 0x55, 0x97)
ZH = replace(REPORT, lang="zh")


def program(*names: str) -> str:
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip(f"{names[0]} is not installed: nobody looks at the report")
    return found


@pytest.fixture(autouse=True)
def chinese() -> None:
    listed = subprocess.run([program("fc-list"), ":lang=zh", "family"], capture_output=True, check=False).stdout
    if not listed.strip():
        pytest.skip("no Chinese font is installed: nobody can see whether characters are drawn")


def text_of(pdf: Path) -> str:
    return subprocess.run(
        [program("pdftotext"), "-layout", pdf, "-"], capture_output=True, check=True, text=True
    ).stdout


def pages_of(pdf: Path, resolution: int) -> Iterator[NDArray[np.uint8]]:
    """Each page as an array (height, width, 3)."""
    command = [program("pdftoppm"), "-r", str(resolution), str(pdf)]
    drawn = subprocess.run(command, capture_output=True, check=True).stdout
    while drawn:
        magic, size, _, rest = drawn.split(b"\n", 3)
        assert magic == b"P6"
        width, height = map(int, size.split())
        yield np.frombuffer(rest[: 3 * width * height], np.uint8).reshape(height, width, 3)
        drawn = rest[3 * width * height :]


def blue_of(pdf: Path) -> int:
    """Pixels in the colour of the charts, over all pages."""
    return sum(int((np.abs(page.astype(int) - BLUE).max(axis=2) < 40).sum()) for page in pages_of(pdf, 40))


def title_is_drawn(pdf: Path) -> bool:
    """Whether the characters of the title differ from each other: what a font lacks is the same box every time."""
    boxes = subprocess.run([program("pdftotext"), "-bbox", pdf, "-"], capture_output=True, check=True, text=True).stdout
    found = re.search(rf'xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)">{TITLE}<', boxes)
    assert found, boxes[:2_000]
    left, top, right, bottom = (round(float(edge) * 2) for edge in found.groups())
    word = next(pages_of(pdf, 144))[top:bottom, left:right].mean(axis=2)
    width = word.shape[1] // len(TITLE)
    shapes = [word[:, place * width : (place + 1) * width] for place in range(len(TITLE))]
    return all(np.abs(one - other).mean() > 15 for one, other in combinations(shapes, 2))


def test_libreoffice_opens_workbook_and_document_and_shows_their_numbers(tmp_path: Path) -> None:
    office = program("soffice", "libreoffice")
    names = {form: tmp_path / f"{form}.{form}" for form in ("xlsx", "docx")}
    for form, path in names.items():
        path.write_bytes(rendered(form, ZH))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    subprocess.run(
        [office, profile, "--headless", "--convert-to", "pdf", "--outdir", tmp_path, *names.values()],
        capture_output=True,
        check=True,
        timeout=240,
    )
    for form in names:
        text = text_of(tmp_path / f"{form}.pdf")
        for wanted in ("打击诈骗网站", "14,055", "284,492,900.00", "99.98%", "+168.02%", "反诈预警"):
            assert wanted in text, form
        assert "###" not in text, form
        assert title_is_drawn(tmp_path / f"{form}.pdf"), form
    assert blue_of(tmp_path / "xlsx.pdf") > 2_000


def test_chromium_prints_the_page_whole_with_its_charts_and_without_a_complaint(tmp_path: Path) -> None:
    browser = program(*CHROMIUM)
    page, pdf = tmp_path / "report.html", tmp_path / "html.pdf"
    page.write_bytes(rendered("html", ZH))
    done = subprocess.run(
        [browser, *QUIET, f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={pdf}", page.as_uri()],
        capture_output=True,
        check=True,
        text=True,
        timeout=240,
    )
    assert "CONSOLE" not in done.stderr
    text = text_of(pdf)
    for wanted in ("打击诈骗网站", "14,055", "284,492,900.00", "99.98%", "确认后仍在线的攻击比例", "某银行"):
        assert wanted in text
    assert title_is_drawn(pdf)
    assert blue_of(pdf) > 2_000
