"""The demo: the daily flow on bundled synthetic samples, then attacks followed until they are down, over loopback."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from db.connection import open_database
from db.errors import UsageError
from db.health import read_health
from db.keys import make_key_file
from db.store import now_ms
from flows.demo.follow import Followed, follow, show_followed
from flows.demo.server import CATALOGUE, serve_samples
from flows.prefect_home import keep_to_one_line, prepare
from flows.prefect_server import ensure_api
from flows.show import say, show_rows, tell

if TYPE_CHECKING:
    from flows.daily import DailyReport

YEAR: Final = 2024
MEANT_TO_FAIL: Final = "demo-suspended"
"""This source answers HTTP 200 with an "account suspended" page, as dead feeds do."""
_MARK: Final = ".fanzha-demo"


def run_demo(directory: Path) -> int:
    """Run the demo in directory, emptied first.

    Returns:
        0 where the one broken source failed and nothing else did, in neither part.

    Raises:
        UsageError: the directory holds something that is no demo.
    """
    _empty(directory)
    db = directory / "demo.db"
    make_key_file(directory / "demo.key")
    _leave_the_users_own(os.environ, directory)
    with serve_samples() as url:
        os.environ["FANZHA_DEMO_URL"] = url
        say(f"fanzha demo 反诈演示: synthetic samples at {url}, everything else in {directory}")
        report = _run(db)
    _show(db, report)
    followed = _follow(directory)
    _show_more(db, followed)
    return 0 if [failed.source for failed in report.failed] == [MEANT_TO_FAIL] and not followed.faults else 1


def _run(db: Path) -> "DailyReport":
    prepare(os.environ)
    ensure_api()
    keep_to_one_line()
    from flows.daily import daily  # noqa: PLC0415 - Prefect reads the environment when it is imported

    return daily(str(db), str(CATALOGUE), loopback=True)


def _follow(directory: Path) -> Followed:
    _title("跟踪至关停（合成世界，模拟时钟）· Followed until down (a synthetic world, a simulated clock)")
    followed = follow(directory)
    tell("")
    show_followed(followed)
    tell("")
    count, first = len(followed.mails), next(iter(followed.mails), None)
    tell(f"{count} 封邮件送达演示邮件服务器，首封 · {count} mails reached the demo's mail server, the first is {first}")
    for fault in followed.faults:
        say(f"fanzha: {fault}")
    return followed


def _empty(directory: Path) -> None:
    try:
        _make_empty(directory)
    except OSError as error:
        raise UsageError(f"{directory}: {error.strerror}; name another folder with --dir") from error


def _make_empty(directory: Path) -> None:
    if directory.exists() and any(directory.iterdir()) and not (directory / _MARK).exists():
        raise UsageError(f"{directory}: holds something that is no demo; name another folder with --dir")
    if directory.exists():
        shutil.rmtree(directory)
    directory.mkdir(parents=True)
    (directory / _MARK).touch()


def _leave_the_users_own(environ: "os._Environ[str]", directory: Path) -> None:
    """A Prefect home and key of the demo's own: the user's profile, server and database stay untouched."""
    for name in [name for name in environ if name.startswith("PREFECT_")]:
        del environ[name]
    environ["PREFECT_HOME"] = str((directory / "prefect").absolute())
    environ["FANZHA_KEY_FILE"] = str(directory / "demo.key")


def _show(db: Path, report: "DailyReport") -> None:
    with open_database(db, read_only=True) as database:
        lookalikes = [
            dict(zip(("brand", "technique", "lookalikes"), row, strict=True))
            for row in database.execute(
                """SELECT brand_zh, technique, count(*) FROM (
                       SELECT brand_zh, technique FROM v_lookalikes WHERE is_above_threshold
                       UNION ALL SELECT brand_zh, 'app: ' || technique FROM v_fake_apps WHERE is_above_threshold)
                   GROUP BY 1, 2 ORDER BY count(*) DESC, 1, 2"""
            )
        ]
        health = read_health(database, now_ms())
    rows = [
        {
            "source": one.source,
            "outcome": one.last_outcome,
            "rows": one.rows,
            "new": one.new,
            "quarantined": one.quarantined,
            "why": one.reason,
        }
        for one in health
    ]
    figures = [
        {"id": one.definition.id, "指标": one.definition.name_zh, "数值": one.display_zh, "in English": one.display_en}
        for one in report.figures[YEAR]
    ]
    _title("仿冒品牌与手法 · Lookalikes by brand and technique")
    show_rows("", lookalikes, ("brand", "technique", "lookalikes"))
    _title("来源健康 · Source health")
    show_rows("", rows, ("source", "outcome", "rows", "new", "quarantined", "why"))
    _title(f"{YEAR} 年反诈指标（合成数据）· KPIs of {YEAR} (synthetic data)")
    show_rows("", figures, ("id", "指标", "数值", "in English"))


def _show_more(db: Path, followed: Followed) -> None:
    _title("继续 · Go on with")
    program = "fanzha" if shutil.which("fanzha") else ".venv/bin/fanzha"
    for command in (
        f"kpi {YEAR} --db {db}",
        f"trace K10 {YEAR} --sample 5 --seed 7 --db {db}",
        f"check 360jletiao.com --db {db}",
        f"status --db {db}",
        f"report {YEAR} --to xlsx -o {db.parent / 'report.xlsx'} --db {db}",
        f"serve --db {db}",
        f"takedown queue --rules {followed.rules} --db {followed.db}",
        f"takedown queue 1 --db {followed.db}",
        f"takedown measures {followed.year} --db {followed.db}",
        f"trace K14 {followed.year} --db {followed.db}",
        f"serve --db {followed.db}",
    ):
        tell(f"  {program} {command}")


def _title(text: str) -> None:
    tell("")
    tell(text)
