"""The real files, where FANZHA_REAL_DATA names their folder: every row accounted for, counted another way."""

import bz2
import csv
import gzip
import io
import json
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from db.errors import UnreadableFile
from spiders.catalogue import Source
from tests.spiders.parsing import read

FOLDER = os.environ.get("FANZHA_REAL_DATA")
TAIWAN = {"kind": "sighting", "columns": {"address": "url", "brand": "site_name"}}


def lines(content: bytes, comment: bytes = b"#") -> int:
    return sum(bool(line.strip()) and not line.startswith(comment) for line in content.split(b"\n"))


def csv_records(content: bytes) -> int:
    return sum(bool(row) for row in csv.reader(io.StringIO(content.decode(), newline="")))


def headed_records(content: bytes) -> int:
    return csv_records(content) - 1


def entries(content: bytes) -> int:
    return len(json.loads(content))


def arrays(content: bytes) -> int:
    return sum(len(array) for array in json.loads(content).values())


def attributes(content: bytes) -> int:
    return len(json.loads(content).get("Event", {}).get("Attribute", []))


def objects(content: bytes) -> int:
    return len(json.loads(content)["objects"])


def versions(content: bytes) -> int:
    packages = json.loads(content).get("packages", {}).values()
    return sum(len(entry if isinstance(entry, list) else entry["versions"]) for entry in packages)


Count = Callable[[bytes], int]
FILES: list[tuple[str, str, Count]] = [
    ("tweetfeed", "feeds/tweetfeed/2024/*/*.csv", csv_records),
    ("misp", "feeds/tweetfeed/misp/*.json", attributes),
    ("stix", "feeds/tweetfeed/stix/week.json", objects),
    ("stix", "feeds/tweetfeed/stix/taxii/pages/*.json", entries),
    ("phishunt", "feeds/phishunt/feed.csv", headed_records),
    ("phishunt", "feeds/phishunt/feed.json", entries),
    ("list", "feeds/phishunt/feed.txt", lines),
    ("urlhaus", "feeds/urlhaus/*.csv", headed_records),
    ("list", "feeds/phishing-database/**/*.txt", lines),
    ("adblock", "feeds/phishing-database/**/*.adblock", lines),
    ("polkadot", "feeds/polkadot-phishing/all.json", arrays),
    ("hosts", "feeds/kadhosts/KADhosts.txt", lines),
    ("list", "feeds/kadhosts/KADomains.txt", lines),
    ("list", "feeds/kadhosts/KADhole.txt", lines),
    ("phishtank", "feeds/phishtank/*.csv", headed_records),
    ("phishtank", "feeds/phishtank/*.csv.gz", headed_records),
    ("phishtank", "feeds/phishtank/*.json.bz2", entries),
    ("table", "feeds/taiwan165/*.csv", headed_records),
    ("fdroid", "apps/fdroid_index_samples/*index*v[12].json", versions),
    ("fdroid", "apps/fdroid_index_samples/*index-v1.jar", versions),
]


def source(name: str) -> Source:
    common: dict[str, Any] = {"name": "real", "title": "Real", "publisher": "others", "licence": "see there"}
    extra = TAIWAN if name == "table" else {}
    return Source.model_validate({**common, "path": "real", "format": name, "yields": "malicious", **extra})


def folder() -> Path:
    if not FOLDER:
        pytest.skip("FANZHA_REAL_DATA names no folder")
    return Path(FOLDER)


def plain(file: Path) -> bytes:
    content = file.read_bytes()
    if file.suffix == ".jar":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.read("index-v1.json")
    return {".gz": gzip.decompress, ".bz2": bz2.decompress}.get(file.suffix, bytes)(content)


def found(pattern: str) -> Iterator[Path]:
    files = sorted(folder().glob(pattern))
    assert files, f"no file {pattern}"
    yield from files


@pytest.mark.parametrize(("name", "pattern", "count"), FILES, ids=[f"{name}:{pattern}" for name, pattern, _ in FILES])
def test_every_row_of_a_real_file_is_accounted_for(name: str, pattern: str, count: Count) -> None:
    for file in found(pattern):
        parsed = read(file.read_bytes(), source(name))
        assert parsed.total == count(plain(file)), file.name
        assert parsed.rejected.is_empty(), file.name


def test_a_year_of_tweetfeed_has_the_known_rows() -> None:
    parsed = [read(file.read_bytes(), source("tweetfeed")) for file in found("feeds/tweetfeed/2024/*/*.csv")]
    assert sum(one.rows.height for one in parsed) == 49_827
    assert sum(one.ignored for one in parsed) == 16_574


@pytest.mark.parametrize("pattern", ["*.xml", "*entry.json", "*verification__*.jar"])
def test_other_files_of_a_repository_are_refused(pattern: str) -> None:
    for file in found(f"apps/fdroid_index_samples/{pattern}"):
        with pytest.raises(UnreadableFile, match=re.compile(r"^[^\n]+$")):
            read(file.read_bytes(), source("fdroid"))
