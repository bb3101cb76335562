"""The files of a simulation: rows go in by source as they are made, and are written at once."""

import json
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

import polars as pl

from db.brands import Brand
from db.errors import UsageError
from db.period import Period
from flows.simulate.layouts import Layout, event_uuid, layout_of, misp_head, misp_manifest
from spiders.catalogue import load_catalogue

MARK: Final = "simulation.json"
"""Says of a folder that it holds a simulation, of what, and what its figures must be."""
_TEMPLATE: Final = files("flows.simulate").joinpath("sources.toml")
_NORMAL: Final = re.compile(r"^normal = \{\}$", re.MULTILINE)
_WRITTEN: Final = ("feeds", "company", "sources.toml", "brands.toml", MARK)
_NOTE: Final = "# Brands of a synthetic year, by fanzha simulate: none is followed, nothing is probed or notified.\n"


@dataclass(frozen=True, slots=True)
class Written:
    """What was written for all sources."""

    files: int
    rows: int
    bytes: int


class Output:
    """Where a simulation is written: one file open at a time for each source and part."""

    def __init__(self, folder: Path, period: Period) -> None:
        self._period = period
        self._rows: Counter[str] = Counter()
        self._sources = {source.name: source for source in load_catalogue(Path(str(_TEMPLATE)))}
        self._files: Counter[tuple[str, str]] = Counter()
        self._bytes = 0
        self._folder = folder
        self._open: dict[tuple[str, str], _File] = {}
        self._events: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._open.values():
            file.close()

    def take(self, name: str, rows: pl.DataFrame, part: str = "") -> None:
        """Write rows of a source; `part` keeps them in files of their own."""
        if rows.is_empty():
            return
        self._rows[name] += rows.height
        key = (name, part)
        file = self._open.get(key) or self._begin(key)
        file.write(rows)
        if file.is_full:
            self._close(key)

    def finish(self, brands: tuple[Brand, ...], mark: dict[str, Any]) -> "Written":
        """Close the files; write catalogue and brands, and last what the figures must be."""
        for key in list(self._open):
            self._close(key)
        manifest = self._folder / "feeds" / "synthetic-misp" / "manifest.json"
        manifest.write_bytes(misp_manifest(self._events, self._period))
        (self._folder / "sources.toml").write_text(self._catalogue(), "utf-8")
        (self._folder / "brands.toml").write_text(_NOTE + "".join(map(_brand_toml, brands)), "utf-8")
        (self._folder / MARK).write_text(json.dumps(mark, indent=1, ensure_ascii=False) + "\n", "utf-8")
        return Written(self._files.total() + 1, self._rows.total(), self._bytes)

    def _begin(self, key: tuple[str, str]) -> "_File":
        name, part = key
        self._files[key] += 1
        source, number = self._sources[name], "-".join(filter(None, (part, f"{self._files[key]:04}")))
        pattern = Path(source.path)
        layout = layout_of(source, pattern.suffix)
        path, head = pattern.with_name(pattern.name.replace("*", number)), layout.head
        if source.format == "misp":
            self._events.append(number)
            path, head = pattern / f"{event_uuid(number)}.json", misp_head(number, self._period)
        path = self._folder / path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._open[key] = _File(path.open("wb"), layout, head)
        return self._open[key]

    def _close(self, key: tuple[str, str]) -> None:
        self._bytes += self._open.pop(key).close()

    def _catalogue(self) -> str:
        """The template, and what is normal for each source."""
        written = iter(_normal(self._rows[name]) for name in self._sources)
        return _NORMAL.sub(lambda _: next(written), _TEMPLATE.read_text("utf-8"))


class _File:
    def __init__(self, file: BinaryIO, layout: Layout, head: bytes) -> None:
        self._file, self._layout, self._rows = file, layout, 0
        file.write(head)

    @property
    def is_full(self) -> bool:
        return self._rows >= self._layout.most

    def write(self, rows: pl.DataFrame) -> None:
        if self._rows:
            self._file.write(self._layout.between)
        self._file.write(self._layout.body(rows))
        self._rows += rows.height

    def close(self) -> int:
        """End the file; returns its bytes."""
        self._file.write(self._layout.foot)
        size = self._file.tell()
        self._file.close()
        return size


def open_folder(folder: Path) -> None:
    """Make an empty folder for a simulation, in place of one that was there.

    Raises:
        UsageError: the folder holds something else.
    """
    mark = folder / MARK
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is no folder; name another with --out")
    if folder.exists() and any(folder.iterdir()) and not mark.is_file():
        raise UsageError(f"{folder}: holds something else than a simulation; name an empty folder with --out")
    for name in _WRITTEN:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    mark.write_text('{"synthetic": true}\n', "utf-8")


def _normal(rows: int) -> str:
    """Bounds of a healthy answer; a small one may have a large share of what is broken."""
    return f"normal = {{ min_rows = {max(1, rows * 4 // 5)}, max_rows = {rows * 2 + 10}, max_rejected_share = 0.2 }}"


def _brand_toml(brand: Brand) -> str:
    """A brand as its file has it, not followed; a JSON string is a TOML string."""
    kept = brand.model_dump(exclude_defaults=True, exclude={"confirm_at"}) | {"follow": False}
    lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in kept.items())
    return "\n".join(["", "[[brand]]", *lines, ""])
