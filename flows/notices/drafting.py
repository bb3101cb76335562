"""Drafting: whom to tell of each open attack, and a notice to each, once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from analytics.notices.contacts import FIRST, Recipient, choose
from analytics.notices.messages import compose_json, compose_mail
from analytics.notices.reports import NoReport, compose_report
from analytics.notices.texts import Case, Letter
from analytics.notices.timing import HOUR_MS, due_reminders, first_sent_at, is_to_escalate, notices_of
from db.connection import transaction
from db.errors import UsageError
from db.landing import DamagedLanding
from db.matches import read_brands
from db.notices import (
    Event,
    NewNotice,
    Notice,
    OpenAttack,
    by_site,
    is_taken_back,
    known_as,
    log_event,
    read_notices,
    read_open_attacks,
    read_seen,
    save_notice,
)
from db.store import Store, hold, now_ms
from db.takedown_rules import Rules
from db.whereabouts import Whereabouts, read_whereabouts, save_whereabouts
from flows.notices.origin import NOTICES, keep, spellings
from flows.notices.registries import registries
from flows.notices.settings import sender_of
from flows.rollup import follow_up
from spiders.registry.asking import Asked, look_up
from spiders.registry.declared import Declared, load_declared

_GIVEN_UP: Final = frozenset({"withdrawn", "bounced", "refused"})


@dataclass(frozen=True, slots=True)
class Drafted:
    """What came of drafting: numbers of the notices written, those of them that a rule approved, and what is wrong."""

    attacks: int
    written: list[int] = field(default_factory=list)
    approved: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Planned:
    """A notice that is to stand."""

    recipient: Recipient
    kind: str
    step: int = 0


def draft(
    store: Store,
    rules: Rules,
    chosen: Sequence[str] = (),
    *,
    declared: Declared | None = None,
    loopback: bool = False,
    now: int | None = None,
) -> Drafted:
    """Write the notices that open attacks call for; those that stand already are left as they are.

    Args:
        store: knows the attacks.
        rules: of the operator.
        chosen: hosts or keys of attacks; none: all open confirmed attacks of followed brands.
        declared: who is asked about them; default: the bundled registries.
        loopback: lets questions reach this machine; the demo's and the tests' own servers only.
        now: Unix ms that decide what is due; default: the present.

    Raises:
        UsageError: the rules name no sender, or something chosen is no open attack.
        Busy: another process drafts or sends.
    """
    sender_of(rules)
    with hold(store.path, "notices"):
        follow_up(store)
        attacks = _chosen(store, chosen)
        standing = by_site(read_notices(store.database))
        work = _Drafting(store, rules, Drafted(len(attacks)), now_ms() if now is None else now, standing)
        found = work.locate(attacks, declared or load_declared(), loopback=loopback)
        brands = {brand.id: brand for brand in read_brands(store.database)}
        for attack in attacks:
            if place := found.get(attack.host):
                work.draft(Case(attack, brands[attack.brand], place, read_seen(store.database, attack.url_id)))
    return work.done


def _chosen(store: Store, chosen: Sequence[str]) -> list[OpenAttack]:
    attacks = read_open_attacks(store.database)
    if not chosen:
        return attacks
    keyed = dict(store.database.execute("SELECT attack_key, target FROM attack").fetchall())
    open_ones = {attack.target for attack in attacks}
    targets = set()
    for name in chosen:
        found = open_ones.intersection([keyed.get(name, name), *spellings(name)])
        targets |= found
        if not found:
            raise UsageError(
                f"{name}: no confirmed attack on a followed brand is open there, or a synthetic source names it; "
                "fanzha takedown queue lists what is"
            )
    return [attack for attack in attacks if attack.target in targets]


def _is_same(notice: Notice, new: NewNotice) -> bool:
    return (notice.recipient.lower(), notice.step) == (new.recipient.lower(), new.step)


def _has_another(own: Sequence[Notice], new: NewNotice) -> bool:
    """Whether another mailbox of the channel is told already: who names a new one each day is looked at by a person."""
    return new.kind == "first" and any(
        (one.kind, one.channel) == ("first", new.channel)
        and one.recipient.lower() != new.recipient.lower()
        and one.state not in _GIVEN_UP
        for one in own
    )


def _asked(attack: OpenAttack) -> Asked:
    is_address = attack.host.replace(".", "").isdecimal() or ":" in attack.host
    return Asked(attack.host, "" if attack.is_shared or is_address else attack.registrable_domain)


@dataclass(frozen=True, slots=True)
class _Drafting:
    """One time of drafting, and what has come of it so far."""

    store: Store
    rules: Rules
    done: Drafted
    at: int
    standing: Mapping[tuple[str, str], list[Notice]]
    """The notices that stood before, by target and brand."""

    def locate(self, attacks: Sequence[OpenAttack], declared: Declared, *, loopback: bool) -> dict[str, Whereabouts]:
        """Where each target stands; asked anew where what is known is old."""
        known = read_whereabouts(self.store.database, [attack.host for attack in attacks], self.at)
        limit = self.rules.after.look_up * HOUR_MS
        old = [one for one in attacks if one.host not in known or self.at - known[one.host].asked_at >= limit]
        asked = {attack.host: _asked(attack) for attack in old}
        if not asked:
            return known
        who, faults = registries(self.store, declared, loopback=loopback, now=self.at)
        self.done.faults.extend(faults)
        for answered in look_up(list(asked.values()), who, loopback=loopback):
            found = replace(answered, asked_at=self.at)
            with transaction(self.store.database):
                save_whereabouts(self.store.database, found)
            known[found.target] = found
        missing = [host for host in asked if host not in known]
        self.done.faults.extend(f"{host}: the process that asks registries died; draft again" for host in missing)
        return known

    def draft(self, case: Case) -> None:
        """Write the notices of an attack that do not stand yet."""
        own = notices_of(self.standing[case.attack.target, case.attack.brand], case.attack)
        first = choose(case.where, self.rules, case.brand.domains, is_shared=case.attack.is_shared)
        for planned in [*(_Planned(to, "first") for to in first.recipients), *self._later(case, own)]:
            new = self._new(case.attack, planned, own)
            same = next((notice for notice in own if _is_same(notice, new)), None)
            if same is None:
                self._try(case, planned, new, own)
            elif is_taken_back(self.store.database, same):
                self._take_up(case.attack, same, new, own)
        if not own and first.left_out:
            known = [fault for fault in case.where.faults if fault.partition(":")[0] in FIRST]
            self.done.faults.append(f"{case.attack.target}: {'; '.join([*first.left_out, *known])}")

    def _later(self, case: Case, own: Sequence[Notice]) -> Iterator[_Planned]:
        """Reminders that are due; and others to tell, where the first have not helped."""
        for notice, number in due_reminders(own, self.rules.after, self.at):
            to = Recipient(notice.channel, notice.means, notice.recipient, notice.party)
            yield _Planned(to, "reminder", number)
        if is_to_escalate(own, self.rules.after, self.at):
            escalate, shared = self.rules.escalate, case.attack.is_shared
            others = choose(case.where, self.rules, case.brand.domains, escalate.channels, is_shared=shared).recipients
            others += tuple(Recipient("authority", "mail", mailbox, "") for mailbox in escalate.mailboxes)
            told = {notice.recipient.lower() for notice in own}
            yield from (_Planned(other, "escalation") for other in others if other.address.lower() not in told)

    def _new(self, attack: OpenAttack, planned: _Planned, own: Sequence[Notice]) -> NewNotice:
        to = planned.recipient
        return NewNotice(
            attack,
            *known_as(own, attack, to.address),
            planned.kind,
            planned.step,
            to.channel,
            to.means,
            to.address,
            to.party,
            self.rules.after.deadline,
        )

    def _try(self, case: Case, planned: _Planned, new: NewNotice, own: Sequence[Notice]) -> None:
        try:
            content = self._compose(case, planned, new.key, own)
        except (NoReport, ValueError) as error:
            self.done.faults.append(f"{case.attack.target}: {new.recipient}: {error}")
            return
        self._write(case.attack, new, content, own)

    def _compose(self, case: Case, planned: _Planned, key: str, own: Sequence[Notice]) -> bytes:
        to = planned.recipient
        earlier = [notice for notice in own if planned.kind == "escalation" or notice.recipient == to.address]
        letter = Letter(key, planned.kind, first_sent_at(earlier) if planned.kind != "first" else None)
        report = compose_report(case, sender_of(self.rules), key, self.at, self._page(case))
        compose = compose_json if to.means == "webhook" else compose_mail
        return compose(case, letter, to, self.rules, report)

    def _page(self, case: Case) -> bytes | None:
        if not case.seen or not case.seen.digest:
            return None
        try:
            return self.store.landing.read(case.seen.digest, is_encrypted=False)
        except DamagedLanding:
            return None  # fanzha verify tells of it; the notice says what is known without

    def _write(self, attack: OpenAttack, new: NewNotice, content: bytes, own: Sequence[Notice]) -> None:
        name = f"draft-{new.key}.{'json' if new.means == 'webhook' else 'eml'}"
        with transaction(self.store.database):
            notice_id = save_notice(
                self.store.database, new, keep(self.store, NOTICES, name, content, self.at), self.at
            )
            if notice_id is not None:
                self._written(attack, notice_id, new, own)

    def _take_up(self, attack: OpenAttack, notice: Notice, new: NewNotice, own: Sequence[Notice]) -> None:
        """What was withdrawn because its attack was over is a draft again: it was not, after all."""
        with transaction(self.store.database):
            event = Event("drafted", self.at, "fanzha", "the attack stands open again")
            log_event(self.store.database, notice.notice_id, event)
            self._written(attack, notice.notice_id, new, own)

    def _written(self, attack: OpenAttack, notice_id: int, new: NewNotice, own: Sequence[Notice]) -> None:
        self.done.written.append(notice_id)
        rule = self.rules.approval(
            attack.brand, new.channel, attack.confidence, new.kind, is_verified=attack.is_verified
        )
        if rule is not None and not _has_another(own, new):
            event = Event("approved", self.at, "a rule", f"[[approve]] number {rule} of the takedown rules")
            log_event(self.store.database, notice_id, event)
            self.done.approved.append(notice_id)
