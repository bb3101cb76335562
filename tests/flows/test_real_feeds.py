"""Every real feed file, where there are any: each row ends in exactly one way, and a second import stores nothing."""

from pathlib import Path

import pytest

from db.store import Store
from db.verify import verify_store
from flows.importing import Imported, import_file, source_for
from flows.rollup import figures
from spiders.catalogue import Source

FEEDS = {
    "tweetfeed": ("feeds/tweetfeed/2024/*/*.csv", 141),
    "misp": ("feeds/tweetfeed/misp", 1),
    "stix": ("feeds/tweetfeed/stix/week.json", 1),
    "urlhaus": ("feeds/urlhaus/*.csv", 1),
    "phishunt": ("feeds/phishunt/feed.[cj]s*", 2),
    "polkadot": ("feeds/polkadot-phishing/all.json", 1),
    "phishtank": ("feeds/phishtank/*", 3),
    "hosts": ("feeds/kadhosts/KADhosts.txt", 1),
    "adblock": ("feeds/phishing-database/*/*2.adblock", 1),
    "fdroid": ("apps/fdroid_index_samples/*index*-v[12].json", 15),
}
LISTS = (
    "feeds/phishing-database/phishing-domains-ACTIVE/phishing-domains-ACTIVE.manifest.txt",
    "feeds/phishing-database/phishing-links-INACTIVE/phishing-links-INACTIVE.manifest.txt",
    "feeds/kadhosts/KADomains.txt",
    "feeds/kadhosts/KADhole.txt",
    "feeds/phishunt/feed.txt",
    "feeds/phishing-database/phishing-links-ACTIVE-NOW.txt",
    "feeds/phishing-database/phishing-links-NEW-today.txt",
    "feeds/phishing-database/phishing-links-INACTIVE/phishing-links-INACTIVE1.txt",
    "feeds/phishing-database/phishing-domains-ACTIVE/phishing-domains-ACTIVE2.txt",
)
TAIWAN = Source.model_validate(
    {
        "name": "taiwan165",
        "title": "Fraud sites reported to the police of Taiwan",
        "publisher": "National Police Agency",
        "licence": "open government data",
        "path": "taiwan165_name_url.csv",
        "format": "table",
        "kind": "sighting",
        "yields": "malicious",
        "columns": {"address": "url"},
    }
)


def import_twice(store: Store, source: Source, files: list[Path]) -> list[Imported]:
    first = [import_file(store, source, file) for file in files]
    again = [import_file(store, source, file) for file in files]
    for one, two in zip(first, again, strict=True):
        assert one.counts.rows == two.counts.rows
        assert two.counts.stored == 0, two.file
        assert two.counts.ignored == one.counts.ignored
        assert two.counts.quarantined == one.counts.quarantined
    assert verify_store(store)[1] == []
    return first


def lines_of(file: Path) -> int:
    return sum(bool(line.strip()) for line in file.read_bytes().decode("utf-8", "replace").split("\n"))


@pytest.mark.parametrize("format_name", FEEDS)
def test_each_feed_of_a_format(store: Store, real_data: Path, format_name: str) -> None:
    pattern, expected = FEEDS[format_name]
    files = sorted(real_data.glob(pattern))
    assert len(files) == expected
    imported = import_twice(store, source_for(format_name, "", None), files)
    total = sum(one.counts.rows for one in imported)
    quarantined = sum(one.counts.quarantined for one in imported)
    assert total > 0
    assert quarantined <= total * (0.02 if format_name == "fdroid" else 0.001), "fdroid's samples have a date of 1970"
    if format_name == "tweetfeed":
        assert total == 66_401 == sum(lines_of(file) for file in files)
        assert sum(one.counts.ignored for one in imported) == 16_574
        in_period = store.database.execute(
            """SELECT count(*) FROM (SELECT min(seen_at) AS first FROM sighting GROUP BY url_id
               HAVING first >= unixepoch('2023-12-31 16:00') * 1000 AND first < unixepoch('2024-12-31 16:00') * 1000)"""
        ).fetchone()[0]
        assert figures(store.database, 2024)[0].value == in_period


@pytest.mark.parametrize("file", LISTS)
def test_each_plain_list(store: Store, real_data: Path, file: str) -> None:
    counts = import_twice(store, source_for("list", "", None), [real_data / file])[0].counts
    commented = (real_data / file).read_text("utf-8").splitlines()
    rows = [line for line in commented if line.strip() and not line.lstrip().startswith("#")]
    assert counts.rows == len(rows)


def test_a_table_of_reports_to_the_police(store: Store, real_data: Path) -> None:
    file = real_data / "feeds" / "taiwan165" / "taiwan165_name_url.csv"
    counts = import_twice(store, TAIWAN, [file])[0].counts
    assert counts.rows == 45_258
