"""Normalising and matching, against tldextract and rapidfuzz doing the least that either needs."""

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist
from tldextract import TLDExtract

from analytics.match.matcher import Matcher
from analytics.normalise.address import normalise_addresses
from tests.bench.frame import Measured, compare, timed
from tests.bench.synthetic import latin_name
from tests.bench.workload import Workload


def measure_normalise(workload: Workload) -> Measured:
    """All addresses, against one bare tldextract pass over their hosts."""
    urls = workload.urls
    hosts = normalise_addresses(urls)["host"].drop_nulls().unique(maintain_order=True).to_list()
    extract = _extractor()
    measured = compare(
        lambda: timed(lambda: normalise_addresses(urls)),
        lambda: timed(lambda: _labels(extract, hosts)),
        workload.rounds,
    )
    return Measured(measured.value, f"{measured.seen}, {urls.len():,} addresses on {len(hosts):,} hosts")


def measure_match(workload: Workload) -> Measured:
    """Hosts x brands, the matcher's preparation included, against one bare tldextract pass plus one bare cdist pass."""
    hosts, brands = workload.hosts, workload.brands
    texts, names = hosts["host"].to_list(), [latin_name(brand) for brand in brands]
    extract = _extractor()

    def floor() -> None:
        labels = _labels(extract, texts)
        cdist(labels, names, scorer=OSA.distance, score_cutoff=2, dtype=np.uint8, workers=1)

    def ours() -> None:
        Matcher(brands).match_hosts(hosts)

    measured = compare(lambda: timed(ours), lambda: timed(floor), workload.rounds)
    return Measured(measured.value, f"{measured.seen}, {hosts.height:,} hosts x {len(brands)} brands")


def _extractor() -> TLDExtract:
    """A tldextract that has read its list: the floor is the pass alone."""
    extract = TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)
    extract("ready.example")
    return extract


def _labels(extract: TLDExtract, hosts: list[str]) -> list[str]:
    return [extract(host).domain for host in hosts]
