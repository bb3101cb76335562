"""Probing, seen from the rest of fanzha: sites in, what was found out, page bytes in a folder.

As with the crawl, each vantage point's probes are a child process (`spiders.probe.child`), one for many sites.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from db.vocabulary import Probed
from spiders.lifeline import lines, running
from spiders.probe.vantage import Vantage


@dataclass(frozen=True, slots=True)
class Target:
    """A site to be looked at.

    Attributes:
        url_id: of the address, in the database.
        addresses: tried in this order until one does not refuse the connection; all of one host.
        registrable_domain: of the host; its name servers may be a parking network's.
        suffix: the public suffix, where a registry runs it; under a registry's wildcard every name has an address.
    """

    url_id: int
    addresses: tuple[str, ...]
    registrable_domain: str = ""
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it came, content encoding undone, cut at the limit; in the spool under its digest.

    Attributes:
        digest: SHA-256, hexadecimal.
        simhash: of its visible text, signed 64 bits; 0 where there is none.
        fields: names of its forms' fields, in alphabetical order.
    """

    digest: str
    size: int
    is_cut: bool
    title: str
    simhash: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one probe found.

    Attributes:
        probed_at: Unix milliseconds of its beginning.
        reason: in our words, without addresses of sites.
        status: HTTP status of the last answer, if there was one.
        final: the address that answered, where redirects led to another; else empty.
        favicon, certificate: SHA-256, hexadecimal; empty where there is none.
        size: bytes of the last answer's body as they came.
    """

    url_id: int
    probed_at: int
    outcome: Probed
    reason: str
    status: int | None = None
    final: str = ""
    page: Page | None = None
    favicon: str = ""
    certificate: str = ""
    size: int = 0
    ms: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """What a child is told."""

    targets: tuple[Target, ...]
    vantage: Vantage
    spool: Path
    loopback: bool


JOB: Final = TypeAdapter(Job)
FINDING: Final = TypeAdapter(Finding)


def probe(targets: Sequence[Target], vantage: Vantage, spool: Path, *, loopback: bool = False) -> Iterator[Finding]:
    """Look at sites from one vantage point, many at a time; yields each one's finding as soon as it is complete.

    A site that a dying child leaves without answer is not in what is yielded: it was not probed.

    Args:
        targets: the sites; their `url_id`s are distinct.
        vantage: from where.
        spool: folder for pages, made if absent; its reader empties it.
        loopback: lets probes reach this machine. For the demo's and the tests' own servers only.
    """
    missing = {target.url_id for target in targets}
    if not missing:
        return
    spool.mkdir(parents=True, exist_ok=True)
    job = JOB.dump_json(Job(tuple(targets), vantage, spool.absolute(), loopback))
    with running("spiders.probe.child") as child:
        for line in lines(child, job):
            finding = FINDING.validate_json(line)
            missing.discard(finding.url_id)
            yield finding
            if not missing:
                return
