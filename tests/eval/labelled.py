"""A folder of labelled files, and which brand a label means; docs/evaluating.md has the layout."""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from db.brands import Brand
from db.errors import UsageError

_HOST_COLUMNS: Final = ("host", "domain")
_TARGET_COLUMNS: Final = ("target", "company", "brand")
NEAR: Final = "near"
SHORT: Final = "short"
VISIBLE: Final = ("registrable", "subdomain", NEAR)
"""Places at which a name of four letters or more stands for anyone to see."""
_PLACES: Final = {"host_near": NEAR}
"""What others call a place, and what we do."""
_SHORTEST: Final = 4
LABELLED_SCHEMA: Final = {"file": pl.String, "name": pl.String, "target": pl.String, "place": pl.String}
URLS_SCHEMA: Final = {"file": pl.String, "url": pl.String, "target": pl.String}
LISTED_SCHEMA: Final = {"list": pl.String, "name": pl.String}
_FIRM: Final = frozenset({
    "a", "ag", "and", "banco", "bank", "banca", "co", "com", "company", "corp", "corporation", "de", "group",
    "holdings", "inc", "international", "limited", "llc", "ltd", "nv", "of", "plc", "s", "sa", "spa", "the", "uk", "us",
})  # fmt: skip
"""Words of a label that firms share: what is left beside a brand's name may be these only."""


def read_labelled(folder: Path) -> pl.DataFrame:
    """The hosts of all labelled files: `LABELLED_SCHEMA`."""
    rows = [row for file in _csv_files(folder) for row in _labelled_rows(file)]
    return pl.DataFrame(rows, schema=LABELLED_SCHEMA, orient="row")


def read_urls(folder: Path) -> pl.DataFrame:
    """The URLs of all labelled files that have them, in a column `url`: `URLS_SCHEMA`."""
    rows = [row for file in _csv_files(folder) for row in _url_rows(file)]
    return pl.DataFrame(rows, schema=URLS_SCHEMA, orient="row")


def read_plain(folder: Path) -> pl.DataFrame:
    """Names of which nothing is known, one a line in CSV files without a header: `LISTED_SCHEMA`."""
    rows = [(file.stem, name) for file in _csv_files(folder) for name in _plain_names(file)]
    return pl.DataFrame(rows, schema=LISTED_SCHEMA, orient="row")


def read_known_good(folder: Path) -> pl.DataFrame:
    """Names of lists as MISP's warninglists are laid out, `*/list.json`: `LISTED_SCHEMA`."""
    files = sorted(folder.rglob("list.json"))
    rows = [(file.parent.name, name.lstrip(".")) for file in files for name in _misp_list(file)]
    return pl.DataFrame(rows, schema=LISTED_SCHEMA, orient="row")


def read_targets(path: Path) -> dict[str, str]:
    """What labels mean, where their words do not tell: a CSV file with the columns `target` and `brand`.

    Raises:
        UsageError: it cannot be read, or a column is missing.
    """
    lines = _lines(path)
    if not {"target", "brand"} <= set(lines[0] if lines else ()):
        raise UsageError(f"{path}: a file of targets has the columns target and brand")
    named = [dict(zip(lines[0], line, strict=False)) for line in lines[1:]]
    return {row["target"]: row["brand"] for row in named if "brand" in row}


class BrandLabels:
    """Which brand a label means: by a file of targets, else by its words."""

    def __init__(self, brands: Sequence[Brand], told: Mapping[str, str]) -> None:
        """Prepare.

        Args:
            brands: that may be meant.
            told: label -> brand id.

        Raises:
            UsageError: an id is none of the brands.
        """
        self._told = told
        self._named = {_compact(name): brand.id for brand in reversed(brands) for name in (*brand.names, brand.id)}
        self._named.pop("", None)
        unknown = set(told.values()) - {brand.id for brand in brands}
        if unknown:
            raise UsageError(f"targets: no brand has the id {min(unknown)!r}")

    def brand_of(self, label: str) -> str | None:
        """The brand's id; None where no brand is meant.

        The longest run of words that is a name or id of a brand counts, if what is left are words that firms share:
        `Lloyds Bank PLC` is Lloyds, `Royal Mail Rewards` is not Royal Mail.
        """
        if label in self._told:
            return self._told[label]
        words = re.findall(r"[^\W_]+", label.lower())
        runs = sorted(_runs(len(words)), key=lambda run: run[0] - run[1])
        return next((brand for run in runs if (brand := self._of_run(words, run))), None)

    def _of_run(self, words: list[str], run: tuple[int, int]) -> str | None:
        begin, end = run
        rest = words[:begin] + words[end:]
        return self._named.get("".join(words[begin:end])) if _FIRM.issuperset(rest) else None


def is_short(brand: Brand) -> bool:
    """Whether a brand has a Latin name of two or three letters: those are counted apart."""
    return any(name.isascii() and len(_compact(name)) < _SHORTEST for name in brand.names)


def _runs(count: int) -> Iterator[tuple[int, int]]:
    return ((begin, end) for begin in range(count) for end in range(begin + 1, count + 1))


def _compact(name: str) -> str:
    return "".join(re.findall(r"[^\W_]+", name.lower()))


def _csv_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.csv"))


def _labelled_rows(file: Path) -> Iterator[tuple[str, str, str, str]]:
    header, *lines = _lines(file) or [[]]
    host, target = _column(header, _HOST_COLUMNS), _column(header, _TARGET_COLUMNS)
    if host is None or target is None:
        return
    where = header.index("where") if "where" in header else None
    for line in lines:
        if len(line) == len(header) and line[host] and line[target]:
            place = line[where] if where is not None else "anywhere"
            yield file.stem, line[host].strip().lower(), line[target], _PLACES.get(place, place)


def _url_rows(file: Path) -> Iterator[tuple[str, str, str]]:
    header, *lines = _lines(file) or [[]]
    url, target = _column(header, ("url",)), _column(header, _TARGET_COLUMNS)
    if url is not None and target is not None:
        kept = (line for line in lines if len(line) == len(header) and line[url] and line[target])
        yield from ((file.stem, line[url], line[target]) for line in kept)


def _column(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _plain_names(file: Path) -> list[str]:
    lines = _lines(file)
    is_plain = all(len(line) <= 1 for line in lines) and lines and "." in "".join(lines[0])
    return [line[0] for line in lines if line] if is_plain else []


def _lines(file: Path) -> list[list[str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            return list(csv.reader(text))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{file}: cannot be read as CSV: {error}") from error


def _misp_list(file: Path) -> list[str]:
    try:
        return [str(name) for name in json.loads(file.read_text("utf-8"))["list"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{file}: is no list as of MISP's warninglists: {error!r}") from error
