"""Registries and webhooks, seen from the rest of fanzha: names in, what was told out; a message in, its fate out.

As with the crawl, the network is a child process (`spiders.registry.child`), behind the guard.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import TypeAdapter

from db.whereabouts import Whereabouts
from spiders.lifeline import lines, running


@dataclass(frozen=True, slots=True)
class Asked:
    """A target to be looked up.

    Attributes:
        host: a name or an IP address.
        domain: its registrable domain; empty where nobody but a landlord has registered anything.
    """

    host: str
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Registries:
    """Who is asked.

    Attributes:
        bootstrap: IANA's five registries as whoisit takes them (JSON); empty: RDAP is not asked.
        whois: server that knows which WHOIS server has a top-level domain; empty: WHOIS is not asked.
        origins: DNS zone that tells which autonomous system announces an IPv4 address; empty: nobody is asked.
        origins6: the same for IPv6.
        dns: name servers, `address` or `address:port`; empty: this machine's.
    """

    bootstrap: str = ""
    whois: str = ""
    origins: str = ""
    origins6: str = ""
    dns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    """A message for a webhook.

    Attributes:
        url: where.
        headers: besides Content-Type, which is JSON.
        body: JSON.
        networks: private networks that the webhook's host lives in.
    """

    url: str
    headers: dict[str, str]
    body: str
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivered:
    """How a message fared: `taken`, `refused` for good, `unsent` (not taken, and may be sent again) or `doubtful`."""

    how: Literal["taken", "refused", "unsent", "doubtful"]
    why: str


@dataclass(frozen=True, slots=True)
class Job:
    """What a child is told."""

    asked: tuple[Asked, ...] = ()
    registries: Registries = Registries()
    post: Post | None = None
    loopback: bool = False


JOB: Final = TypeAdapter(Job)
FOUND: Final = TypeAdapter(Whereabouts)
DELIVERED: Final = TypeAdapter(Delivered)


def look_up(asked: Sequence[Asked], registries: Registries, *, loopback: bool = False) -> Iterator[Whereabouts]:
    """Ask registries about targets, many at a time; yields what was found of each as soon as it is complete.

    A target that a dying child leaves without answer is not in what is yielded.

    Args:
        asked: the targets; their hosts are distinct.
        registries: who is asked.
        loopback: lets questions reach this machine. For the demo's and the tests' own servers only.
    """
    missing = {one.host for one in asked}
    if not missing:
        return
    job = JOB.dump_json(Job(tuple(asked), registries, loopback=loopback))
    with running("spiders.registry.child") as child:
        for line in lines(child, job):
            found = FOUND.validate_json(line)
            missing.discard(found.target)
            yield found
            if not missing:
                return


def deliver(post: Post, *, loopback: bool = False) -> Delivered:
    """Hand one message to a webhook.

    Args:
        post: the message.
        loopback: lets it reach this machine. For the demo's and the tests' own servers only.
    """
    job = JOB.dump_json(Job(post=post, loopback=loopback))
    with running("spiders.registry.child") as child:
        for line in lines(child, job):
            return DELIVERED.validate_json(line)
    return Delivered("doubtful", "the process that delivers died")
