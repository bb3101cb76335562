"""The report opened by the programs that people open it with. Every name in it is made up (synthetic)."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

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


def fonts_of(pdf: Path) -> str:
    return subprocess.run([program("pdffonts"), pdf], capture_output=True, check=True, text=True).stdout


def blue_of(pdf: Path) -> int:
    """Pixels in the colour of the charts, over all pages."""
    drawn = subprocess.run([program("pdftoppm"), "-r", "40", pdf], capture_output=True, check=True).stdout
    count = 0
    while drawn:
        magic, size, _, rest = drawn.split(b"\n", 3)
        assert magic == b"P6"
        width, height = map(int, size.split())
        page = np.frombuffer(rest[: 3 * width * height], np.uint8).reshape(-1, 3).astype(int)
        count += int((np.abs(page - BLUE).max(axis=1) < 40).sum())
        drawn = rest[3 * width * height :]
    return count


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
        assert "CJK" in fonts_of(tmp_path / f"{form}.pdf"), form
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
    assert "CJK" in fonts_of(pdf)
    assert blue_of(pdf) > 2_000
