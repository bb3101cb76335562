"""Normalising, against tldextract doing the least that it needs."""

from tldextract import TLDExtract

from analytics.normalise.address import normalise_addresses
from tests.bench.frame import Measured, compare, timed
from tests.bench.workload import Workload


def measure_normalise(workload: Workload) -> Measured:
    """All addresses, against one bare tldextract pass over their hosts."""
    urls = workload.urls
    hosts = normalise_addresses(urls)["host"].drop_nulls().unique(maintain_order=True).to_list()
    extract = extractor()
    measured = compare(
        lambda: timed(lambda: normalise_addresses(urls)),
        lambda: timed(lambda: domain_labels(extract, hosts)),
        workload.rounds,
    )
    return Measured(measured.value, f"{measured.seen}, {urls.len():,} addresses on {len(hosts):,} hosts")


def extractor() -> TLDExtract:
    """A tldextract that has read its list: the floor is the pass alone."""
    extract = TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)
    extract("ready.example")
    return extract


def domain_labels(extract: TLDExtract, hosts: list[str]) -> list[str]:
    """The registrable label of each host: one bare pass."""
    return [extract(host).domain for host in hosts]
