"""Probing, seen from the rest of fanzha: sites in, what was found out, page bytes in a folder.

As with the crawl, each vantage point's probes are a child process (`spiders.probe.child`), one for many sites.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from db.vocabulary import Probed
from spiders.lifeline import Child, answers, running, tell
from spiders.probe.vantage import Vantage


@dataclass(frozen=True, slots=True)
class Target:
    """A site to be looked at.

    Attributes:
        url_id: of the address, in the database.
        addresses: tried in this order until one does not refuse the connection; all of one host.
        registrable_domain: of the host; its name servers may be a parking network's.
        suffix: the public suffix, where a registry runs it; under a registry's wildcard every name has an address.
        official: domains of the brand that it imitates; what leads there shows us nothing of itself.
    """

    url_id: int
    addresses: tuple[str, ...]
    registrable_domain: str = ""
    suffix: str = ""
    official: tuple[str, ...] = ()


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
    """What a child is told first."""

    vantage: Vantage
    spool: Path
    loopback: bool


@dataclass(frozen=True, slots=True)
class Round:
    """What it is told then, once or more often: sites, and how far its clock goes ahead of the machine's (ms)."""

    targets: tuple[Target, ...]
    ahead: int


JOB: Final = TypeAdapter(Job)
ROUND: Final = TypeAdapter(Round)
FINDING: Final = TypeAdapter(Finding)


class Prober:
    """Looks at sites through a child, which starts with the first of them and serves until `probing` ends."""

    def __init__(self, job: Job, stack: ExitStack) -> None:
        self._job = job
        self._stack = stack
        self._child: Child | None = None

    def visit(self, targets: Sequence[Target], *, ahead: int = 0) -> Iterator[Finding]:
        """Look at sites, many at a time; yields each one's finding as soon as it is complete.

        A site that a dying child leaves without answer is not in what is yielded: it was not probed. The next visits
        have another child.

        Args:
            targets: the sites; their `url_id`s are distinct.
            ahead: milliseconds that `probed_at` is ahead of the machine's clock; for a simulated time only.
        """
        missing = {target.url_id for target in targets}
        if not missing:
            return
        child = self._child = self._child or self._start()
        tell(child, ROUND.dump_json(Round(tuple(targets), ahead)))
        for line in answers(child):
            finding = FINDING.validate_json(line)
            missing.discard(finding.url_id)
            yield finding
            if not missing:
                return
        self._child = None

    def _start(self) -> Child:
        self._job.spool.mkdir(parents=True, exist_ok=True)
        child = self._stack.enter_context(running("spiders.probe.child"))
        tell(child, JOB.dump_json(self._job))
        return child


@contextmanager
def probing(vantage: Vantage, spool: Path, *, loopback: bool = False) -> Iterator[Prober]:
    """What looks at sites from one vantage point.

    Args:
        vantage: from where.
        spool: folder for pages, made if absent; its reader empties it.
        loopback: lets probes reach this machine. For the demo's and the tests' own servers only.
    """
    with ExitStack() as stack:
        yield Prober(Job(vantage, spool.absolute(), loopback), stack)


def probe(targets: Sequence[Target], vantage: Vantage, spool: Path, *, loopback: bool = False) -> Iterator[Finding]:
    """Look at sites once, as `probing` and `Prober.visit` do."""
    with probing(vantage, spool, loopback=loopback) as prober:
        yield from prober.visit(targets)
