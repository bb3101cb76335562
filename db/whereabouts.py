"""Where a site stands: its registrar, the network of its address, who announces it, and whom to tell there."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Final

import polars as pl
from sqlite_utils import Database

HELD: Final = {"client hold": "client_hold", "server hold": "server_hold"}
"""Status of a domain, in RDAP's words, under which the registry leaves it out of the zone -> ours."""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who can take a site down.

    Attributes:
        channel: what it is to the site: `registrar`, `hosting` (whose network the address is in) or `network` (whose
            autonomous system announces it).
        name: as the registry has it; may be empty.
        country: ISO 3166 code of two letters, or empty.
        mailboxes: where it takes reports of abuse, most fitting first.
        origin: who told: `RDAP`, `WHOIS` or `security.txt`.
    """

    channel: str
    name: str
    country: str = ""
    mailboxes: tuple[str, ...] = ()
    origin: str = "RDAP"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What registries told of one target.

    Attributes:
        target: the host.
        asked_at: Unix milliseconds.
        domain: registrable domain that was asked for; empty where there is none to ask for.
        addresses: its IP addresses, IPv4 first.
        asn: number of the autonomous system that announces the first of them.
        statuses: of the domain, in RDAP's words (`client hold`).
        faults: what could not be found out and why, a line each.
    """

    target: str
    asked_at: int
    domain: str = ""
    addresses: tuple[str, ...] = ()
    asn: int | None = None
    statuses: tuple[str, ...] = ()
    parties: tuple[Party, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def hold(self) -> str:
        """`client_hold` or `server_hold` where the registry leaves the domain out of the zone; else empty."""
        return next((word for status, word in HELD.items() if status in self.statuses), "")

    def party(self, channel: str) -> Party | None:
        """Who it is that is this to the site."""
        return next((party for party in self.parties if party.channel == channel), None)


def save_whereabouts(database: Database, found: Whereabouts) -> None:
    """Append what was found; call within a transaction."""
    registrar, hosting, network = (found.party(channel) for channel in ("registrar", "hosting", "network"))
    provider = hosting or network
    database.execute(
        """INSERT INTO whereabouts (target, asked_at, domain, addresses, asn, registrar, provider, country, statuses,
               parties, faults) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING""",
        [
            found.target,
            found.asked_at,
            found.domain,
            json.dumps(found.addresses),
            found.asn,
            registrar.name if registrar else None,
            provider.name if provider else None,
            provider.country if provider else None,
            json.dumps(found.statuses),
            json.dumps([asdict(party) for party in found.parties], ensure_ascii=False),
            json.dumps(found.faults, ensure_ascii=False),
        ],
    )


def read_whereabouts(database: Database, targets: Iterable[str], now: int) -> dict[str, Whereabouts]:
    """The latest of each target that was ever asked for; what a clock once ahead dated after `now` is not known yet."""
    rows = database.execute(
        """SELECT target, max(asked_at), domain, addresses, asn, statuses, parties, faults FROM whereabouts
           WHERE target IN (SELECT value FROM json_each(?)) AND asked_at <= ? GROUP BY target""",
        [json.dumps(list(targets)), now],
    )
    return {target: _found(target, asked_at, *rest) for target, asked_at, *rest in rows}


def read_statuses(database: Database, url_ids: Iterable[int] | None = None) -> pl.DataFrame:
    """What registries said of sites' domains, each time: `url_id`, `looked_up_at` (Unix ms), `statuses` (a list)."""
    which = "" if url_ids is None else "WHERE url.url_id IN (SELECT value FROM json_each(?))"
    rows = database.execute(
        f"""SELECT url.url_id, asked_at, statuses FROM whereabouts JOIN host ON host.name = whereabouts.target
            JOIN url USING (host_id) {which} GROUP BY 1, 2""",  # noqa: S608 - our own names
        () if url_ids is None else (json.dumps(list(url_ids)),),
    )
    schema = pl.Schema({"url_id": pl.Int64(), "looked_up_at": pl.Int64(), "statuses": pl.List(pl.String())})
    return pl.DataFrame([(url_id, at, json.loads(told)) for url_id, at, told in rows], schema=schema, orient="row")


def _found(target: str, asked_at: int, domain: str, addresses: str, asn: int | None, *texts: str) -> Whereabouts:
    statuses, parties, faults = (json.loads(text) for text in texts)
    return Whereabouts(
        target,
        asked_at,
        domain,
        tuple(json.loads(addresses)),
        asn,
        tuple(statuses),
        tuple(Party(**{**party, "mailboxes": tuple(party["mailboxes"])}) for party in parties),
        tuple(faults),
    )
