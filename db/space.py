"""What each index is there for, and what rows take in the file; docs/database.md shows both."""

from types import MappingProxyType
from typing import Final

PURPOSES: Final = MappingProxyType(
    {
        ("app", "key"): "an app stands once; ingest finds the ones it has",
        ("app", "package"): "`check` and the review queue look up a package",
        ("attack", "target"): "the history of a host; the review queue",
        ("brand", "id"): "a brand stands once",
        ("correction", "source, corrected"): "whether an event is corrected",
        ("document", "source_id, digest, name"): "a file stands once; an answer that came before is recognised",
        ("archive", "file"): "a file of moved events stands once",
        ("fetch", "source_id, finished_at"): "the last attempts of a source",
        ("host", "name"): "a host stands once; ingest and `check` find the ones there are",
        ("host", "registrable_domain"): "what else stands under a domain",
        ("kpi_keys", "kpi, year, what, first"): "the keys that a distinct count of a year rests on, in parts",
        ("kpi_run", "year, kpi, kpi_run_id"): "a figure as last computed",
        ("ledger_entry", "digest"): "an entry stands once",
        ("ledger_entry", "year"): "a year is closed once",
        (
            "match",
            "brand_id, first_seen_at, technique, confidence",
        ): "lookalikes by brand, week and technique, from it alone",
        ("notice", "notice_key"): "a notice stands once",
        ("notice", "target, brand, recipient, opened_at, round, step"): "nobody is told the same thing twice",
        ("notice_event", "notice_id"): "a notice is sent once",
        ("notice_event", "notice_id, notice_event_id"): "the log of a notice, in order",
        ("page", "digest"): "a page stands once",
        ("sighting", "source_id, seen_at, claim, is_test"): "what a source brought on a day, what was seen on a day",
        ("source", "name"): "a source stands once",
        ("subject", "pseudonym"): "a person stands once",
        ("term", "vocabulary, name"): "a term stands once",
        ("url", "host_id, tail"): "an address stands once; all addresses of a host",
        ("vantage", "name, network"): "a vantage point stands once",
        ("verdict", "package"): "the verdicts on a package",
        ("verdict", "url_id"): "the verdicts on an address",
    }
)
"""Table and columns of an index -> what it is for. Primary keys of tables without rowid are the tables themselves."""
ROWS: Final = MappingProxyType(
    {
        "an address": (("url", "host"), "url"),
        "a sighting": (("sighting",), "sighting"),
        "a lookalike": (("match",), "match"),
        "an app": (("app", "app_sighting", "app_match"), "app"),
        "a warning": (("warning",), "warning"),
        "a person": (("subject",), "subject"),
    }
)
"""Of what -> the tables that hold it (each with its indexes), and the one that has a row for each."""
BYTES: Final = MappingProxyType(
    {"an address": 142, "a sighting": 63, "a lookalike": 169, "an app": 299, "a warning": 57, "a person": 53}
)
"""Of what -> bytes of one, by dbstat, in a file of 138,400 addresses on 55,000 hosts, 214,000 warnings and 480 apps."""
