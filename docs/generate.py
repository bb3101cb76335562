"""Pages of docs/ that are made from the program's own declarations; `--check` says whether they are up to date."""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from analytics.kpi.cards import card, definition_hash
from analytics.kpi.definitions import DEFINITIONS
from db.connection import open_database
from db.kinds import KINDS
from db.plans import Step, read_plan
from db.space import BYTES, PURPOSES, ROWS
from db.views import VIEWS
from db.vocabulary import CHOICES
from spiders.catalogue import load_catalogue
from spiders.formats import bounds
from spiders.formats.registry import FORMATS
from spiders.reading import Limits
from web.questions import LARGE, QUESTIONS

HERE = Path(__file__).parent
MADE = "<!-- made by `make docs`; edit the declarations, not this page -->"


def _kinds() -> Iterator[str]:
    yield "# What rows may hold · 数据种类与字段"
    yield MADE
    yield (
        "A company's own exports come in as format `table`: a `[[source]]` names the kind and maps its fields to\n"
        "columns. `sighting` is an address where `address` is mapped, else an app. Times without a zone are in the\n"
        "source's `zone`; a `subject` is stored as an HMAC pseudonym only, and its source's files are kept encrypted."
    )
    for kind in KINDS.values():
        named = "sighting" if kind.name in {"address", "app"} else kind.name
        yield f"## `{named}` · {kind.title_zh} · {kind.title_en}"
        rows = ["| field | form | needed | meaning |", "| --- | --- | --- | --- |"]
        for field in kind.fields:
            form = f"one of {', '.join(CHOICES[field.choice])}" if field.choice else field.form
            rows.append(f"| `{field.name}` | {form} | {'yes' if field.required else ''} | {field.about} |")
        yield "\n".join(rows)


def _sources() -> Iterator[str]:
    yield "# Sources · 来源目录"
    yield MADE
    yield "The live sources that come with fanzha, each by its terms of use. `fanzha sources` lists them too."
    for source in load_catalogue():
        yield f"## `{source.name}` · {source.title_zh or source.title}"
        facts = {
            "title": source.title,
            "publisher": source.publisher,
            "licence": source.licence,
            "terms": source.terms,
            "address": f"`{source.url or source.path}`",
            "format": source.format,
            "yields": f"{source.yields}{', verified' if source.verified else ''}",
            "schedule (UTC)": f"`{source.schedule}`" if source.schedule else "with the daily flow",
            "on by default": "yes" if source.enabled else "no",
        }
        yield "\n".join(f"- {name}: {value}" for name, value in facts.items() if value)


def _formats() -> Iterator[str]:
    yield "# Formats · 格式"
    yield MADE
    rows = ["| format | 名称 | what it is | position counts |", "| --- | --- | --- | --- |"]
    rows += [f"| `{name}` | {one.title_zh} | {one.title_en} | {one.unit} |" for name, one in FORMATS.items()]
    yield "\n".join(rows)
    limits = Limits()
    yield (
        f"Of one file at most {bounds.ROWS:,} lines, records or entries are read, {bounds.VALUES:,} JSON values and\n"
        f"{bounds.TEXT >> 20} Mi characters of rows; a larger one is refused in one line, and can be split.\n"
        "Parquet, Excel, store pages and large JSON are read by a child process of at most\n"
        f"{limits.memory >> 20:,} MiB and {limits.seconds} s: a file that breaks it fails its source alone."
    )
    yield (
        "A source with a `path` names a file, a folder or a pattern of files; only regular files are read.\n"
        "What is new or changed since the last run is weighed together against the source's `normal`. A file that\n"
        "cannot be read fails the source and is tried again with each run; the others are stored. A MISP feed\n"
        "directory is one thing: where one of its files has changed, all are read."
    )


def _views() -> Iterator[str]:
    yield "# The database, for analysts · 数据库视图"
    yield MADE
    yield "One SQLite file. Times are UTC, days are in Asia/Shanghai. `fanzha serve` shows these views in a browser."
    for view in VIEWS:
        yield f"## `{view.name}`\n\n{view.about}"
        rows = ["| column | meaning |", "| --- | --- |"]
        yield "\n".join([*rows, *(f"| `{name}` | {about} |" for name, about in view.columns.items())])
    yield from _space()


def _space() -> Iterator[str]:
    yield "## What rows and indexes take · 占用空间"
    yield (
        "Bytes in the file for each, indexes included, as measured at a hundredth of a year (138,400 addresses); the\n"
        "longer ids of a whole year take a twentieth more."
    )
    taken = [
        f"| {name} | {BYTES[name]} | {', '.join(f'`{table}`' for table in tables)} |"
        for name, (tables, _) in ROWS.items()
    ]
    yield "\n".join(["| of | bytes | tables |", "| --- | ---: | --- |", *taken])
    rows = ["| table | index | what it is for |", "| --- | --- | --- |"]
    yield "\n".join([*rows, *(f"| `{table}` | `{columns}` | {why} |" for (table, columns), why in PURPOSES.items())])


def _queries() -> Iterator[str]:
    yield "# What analysts ask · 常用查询"
    yield MADE
    yield (
        "`fanzha serve` offers these; a `:name` is a field to fill in. `search` goes by an index or key.\n"
        f"`scan` reads all of a small table; of {', '.join(f'`{name}`' for name in sorted(LARGE))} all is read\n"
        "only where it is said."
    )
    with TemporaryDirectory() as folder, open_database(Path(folder) / "fanzha.db") as database:
        for one in QUESTIONS:
            yield f"## `{one.name}`\n\n{one.title}"
            yield f"```sql\n{one.sql}\n```"
            steps = dict.fromkeys(map(_step, read_plan(database, one.sql, one.example)))
            yield "\n".join(["| reads | by |", "| --- | --- |", *steps])
            yield from (f"All of `{table}` may be read: {why}." for table, why in one.scans.items())


def _step(step: Step) -> str:
    return f"| {'scan' if step.is_scan else 'search'} `{step.table}` | {f'`{step.by}`' if step.by else ''} |"


def _kpis() -> Iterator[str]:
    yield "# Basis of preparation"
    yield MADE
    yield (
        "What each figure counts, field by field, to be published beside it. 中文版：[kpis.zh-CN.md](kpis.zh-CN.md).\n"
        "The hash is of all that stands here and of how it is counted; `fanzha ledger list` shows which one was signed."
    )
    for definition in DEFINITIONS.values():
        yield f"## {definition.id} · {definition.name_en}"
        rows = [f"| {field.label_en} | {field.text_en} |" for field in card(definition)]
        yield "\n".join(["| field | |", "| --- | --- |", *rows, f"| Hash | `{definition_hash(definition)}` |"])


def _kpis_zh() -> Iterator[str]:
    yield "# 编制基础"
    yield MADE
    yield (
        "各项指标逐栏说明其计数口径，可随指标一并公布。English: [kpis.md](kpis.md).\n"
        "校验值由本页内容与计数方式算出；`fanzha ledger list` 显示签署时的校验值。"
    )
    for definition in DEFINITIONS.values():
        yield f"## {definition.id} · {definition.name_zh}"
        rows = [f"| {field.label_zh} | {field.text_zh} |" for field in card(definition)]
        yield "\n".join(["| 栏目 | |", "| --- | --- |", *rows, f"| 校验值 | `{definition_hash(definition)}` |"])


PAGES = {
    "kinds.md": _kinds,
    "sources.md": _sources,
    "formats.md": _formats,
    "database.md": _views,
    "queries.md": _queries,
    "kpis.md": _kpis,
    "kpis.zh-CN.md": _kpis_zh,
}


def main() -> int:
    """Write the pages, or with --check name those that differ."""
    stale = []
    for name, make in PAGES.items():
        text = "\n\n".join(make()) + "\n"
        path = HERE / name
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in sys.argv:
            path.write_text(text, "utf-8")
    if stale and "--check" in sys.argv:
        sys.stderr.write(f"docs/ is not up to date: {', '.join(stale)}; run make docs\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
