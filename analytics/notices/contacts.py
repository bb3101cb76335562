"""Whom to tell of a site: of those whom registries name, by the operator's rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from db.takedown_rules import Rules
from db.vocabulary import PATH_HOSTS
from db.whereabouts import Party, Whereabouts

FIRST: Final = ("registrar", "hosting")
"""Who is told at once; who carries their lines, when they do nothing."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where one notice goes.

    Attributes:
        channel: what the party is to the site.
        means: `mail`, `webhook`, or `form`: a page that a person fills in.
        address: a mailbox or a URL.
        party: its name.
        country: of two letters, or empty.
    """

    channel: str
    means: str
    address: str
    party: str
    country: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Recipients, each address once; and whom nobody can tell, and why, a line each."""

    recipients: tuple[Recipient, ...]
    left_out: tuple[str, ...]


def choose(
    where: Whereabouts, rules: Rules, own_domains: Sequence[str], channels: Iterable[str] = FIRST, *, is_shared: bool
) -> Chosen:
    """Choose the recipients of a site's notices.

    Args:
        where: what registries told.
        rules: replacements and whom never to write to.
        own_domains: of the brand; its own mailboxes are never written to.
        channels: which parties.
        is_shared: strangers have names under the domain: who registered it is a landlord, and its registrar not told.
    """
    recipients: dict[str, Recipient] = {}
    left_out: list[str] = []
    for channel in channels:
        if channel == "registrar" and is_shared:
            continue
        party = where.party(channel) or Party(channel, "")
        found, why = _recipient(where, party, rules, own_domains)
        if found:
            recipients.setdefault(found.address.lower(), found)
        else:
            left_out.append(f"{channel}: {why}")
    return Chosen(tuple(recipients.values()), tuple(left_out))


def _recipient(
    where: Whereabouts, party: Party, rules: Rules, own_domains: Sequence[str]
) -> tuple[Recipient | None, str]:
    for rule in rules.replace:
        if rule.fits(party.channel, where.target, party.name, party.mailboxes):
            means = "mail" if rule.to else "form" if rule.form else "webhook"
            address = rule.to or rule.form or (rules.webhook.origin if rules.webhook else "")
            return Recipient(party.channel, means, address, party.name, party.country), ""
    # on hosts where strangers choose the path the domain is the landlord's, and so is its abuse desk
    reported = () if where.target in PATH_HOSTS else tuple(filter(None, (where.domain, where.target)))
    why = "no contact is known"
    for mailbox in party.mailboxes:
        ignored = next((rule for rule in rules.ignore if rule.fits(mailbox)), None)
        if ignored:
            why = f"{mailbox} is never written to: {ignored.why or ignored.mailbox}"
        elif _is_within(_domain(mailbox), own_domains):
            why = f"{mailbox} is the brand's own"
        elif _is_within(_domain(mailbox), reported):
            why = f"{mailbox} is the reported site's own"
        else:
            return Recipient(party.channel, "mail", mailbox, party.name, party.country), ""
    return None, why


def _domain(mailbox: str) -> str:
    return mailbox.rpartition("@")[2].lower()


def _is_within(domain: str, own: Sequence[str]) -> bool:
    return any(domain == name or domain.endswith(f".{name}") for name in own)
