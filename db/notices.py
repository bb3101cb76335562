"""Attacks that call for notices, the notices themselves, and the log of what happened to each."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from sqlite_utils import Database

from db.errors import UsageError
from db.terms import Terms
from db.views import ADDRESS_SQL, NOTICE_STATE_SQL, TARGET_SQL
from db.vocabulary import NOTICE_AFTER


@dataclass(frozen=True, slots=True)
class OpenAttack:
    """A confirmed attack on a followed brand that stands open; no synthetic source names its host.

    Attributes:
        address: what to report: the URL that probes visit, else the one last reported, else the bare host.
        is_bare: whether it is.
        opened_at: Unix milliseconds of its first event.
        since: of when it last came back, else of its first event.
        round: how often it came back.
        confidence, explanation_zh, explanation_en: of the match with the brand, where there is one.
        is_verified: a verified source or an analyst's verdict says so.
    """

    target: str
    brand: str
    url_id: int
    address: str
    is_bare: bool
    registrable_domain: str
    is_shared: bool
    opened_at: int
    confirmed_at: int
    since: int
    round: int
    confidence: int | None
    explanation_zh: str
    explanation_en: str
    is_verified: bool

    @property
    def host(self) -> str:
        """The target's host; a target on a host where strangers choose the path has a path too."""
        return self.target.partition("/")[0]


@dataclass(frozen=True, slots=True)
class SeenPage:
    """What the last telling probe of a site found."""

    probed_at: int
    outcome: str
    status: int | None
    final: str
    certificate: str
    title: str
    digest: str
    is_cut: bool
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as it stands."""

    notice_id: int
    notice_key: str
    target: str
    brand: str
    url_id: int
    opened_at: int
    round: int
    kind: str
    step: int
    channel: str
    means: str
    recipient: str
    party: str
    deadline_hours: int
    document_id: int
    state: str
    drafted_at: int
    sent_at: int | None


@dataclass(frozen=True, slots=True)
class Event:
    """What happens to a notice; `document_id` is what was handed over, of `sending`."""

    type: str
    at: int
    by: str
    why: str = ""
    document_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice that is to be written."""

    attack: OpenAttack
    opened_at: int
    round: int
    kind: str
    step: int
    channel: str
    means: str
    recipient: str
    party: str
    deadline_hours: int

    @property
    def key(self) -> str:
        """Of what makes it one notice and not another: the same again is the same notice."""
        named = [self.attack.target, self.attack.brand, self.recipient, self.opened_at, self.round, self.step]
        return sha256(json.dumps(named, ensure_ascii=False).encode()).hexdigest()[:32]


_OPEN: Final = f"""
    WITH invented AS (
        SELECT url.host_id FROM attack_event JOIN source USING (source_id) JOIN url USING (url_id) WHERE is_synthetic
        UNION SELECT url.host_id FROM verdict JOIN source USING (source_id) JOIN url USING (url_id) WHERE is_synthetic
    ), stands AS (
        SELECT attack.target, attack.brand, host.host_id, min(attack.first_seen_at) AS opened_at,
            min(attack.confirmed_at) AS confirmed_at,
            coalesce(max(attack.reopened_at), min(attack.first_seen_at)) AS since,
            max(attack.reopened) AS round, max(attack.address) AS address
        FROM attack JOIN brand ON brand.id = attack.brand
        JOIN host ON host.name = substr(attack.target, 1, instr(attack.target || '/', '/') - 1)
        WHERE attack.state = 'confirmed' AND brand.is_followed AND brand.is_listed
            AND host.host_id NOT IN (SELECT host_id FROM invented)
            AND NOT EXISTS (SELECT 1 FROM url JOIN sighting USING (url_id) JOIN source USING (source_id)
                WHERE url.host_id = host.host_id AND source.is_synthetic)
        GROUP BY attack.target, attack.brand
    ), place AS (
        SELECT stands.target, stands.brand, url.url_id, row_number() OVER (PARTITION BY stands.target, stands.brand
            ORDER BY EXISTS (SELECT 1 FROM probe WHERE probe.url_id = url.url_id) DESC,
                {ADDRESS_SQL} = stands.address DESC, url.tail <> '' DESC, url.url_id DESC) AS turn
        FROM stands JOIN host USING (host_id) JOIN url ON url.host_id = host.host_id
        WHERE {TARGET_SQL} = stands.target
    )
    SELECT stands.target, stands.brand, url.url_id, {ADDRESS_SQL}, url.tail = '', host.registrable_domain,
        host.is_shared, stands.opened_at, stands.confirmed_at, stands.since, stands.round,
        match.confidence, coalesce(match.explanation_zh, ''), coalesce(match.explanation_en, ''),
        EXISTS (SELECT 1 FROM url AS named JOIN sighting USING (url_id) JOIN source USING (source_id)
            WHERE named.host_id = stands.host_id AND sighting.claim = 1 AND NOT sighting.is_test AND is_verified)
        OR EXISTS (SELECT 1 FROM url AS judged JOIN verdict USING (url_id) JOIN term ON term_id = answer_id
            WHERE judged.host_id = stands.host_id AND term.name = 'confirmed' AND NOT verdict.is_test)
    FROM stands JOIN place ON place.target = stands.target AND place.brand = stands.brand AND turn = 1
    JOIN url USING (url_id) JOIN host ON host.host_id = url.host_id
    JOIN brand ON brand.id = stands.brand
    LEFT JOIN match ON match.host_id = stands.host_id AND match.brand_id = brand.brand_id
    ORDER BY brand.is_own DESC, stands.confirmed_at, stands.target"""  # noqa: S608 - our own names


def read_open_attacks(database: Database) -> list[OpenAttack]:
    """What calls for notices: own brands first, then the longest known."""
    rows = database.execute(_OPEN).fetchall()
    return [_attack(row) for row in rows]


def _attack(row: Sequence[Any]) -> OpenAttack:
    values = list(row)
    for flag in (4, 6, 14):
        values[flag] = bool(values[flag])
    return OpenAttack(*values)


def read_seen(database: Database, url_id: int) -> SeenPage | None:
    """The last probe of an address that found it up, else the last at all; what a filter may have shown comes last."""
    row = database.execute(
        """SELECT probed_at, outcome.name, status, coalesce(final, ''), coalesce(certificate.name, ''),
               coalesce(page.title, ''), coalesce(page.digest, ''), coalesce(page.is_cut, 0),
               coalesce(page.fields, '[]')
           FROM probe JOIN term AS outcome ON outcome.term_id = outcome_id JOIN vantage USING (vantage_id)
           LEFT JOIN page USING (page_id)
           LEFT JOIN term AS certificate ON certificate.term_id = certificate_id
           WHERE url_id = ?
           ORDER BY vantage.is_filtered, outcome.name = 'up' DESC, probed_at DESC, vantage_id LIMIT 1""",
        [url_id],
    ).fetchone()
    if row is None:
        return None
    values: list[Any] = [*row[:7], bool(row[7]), tuple(json.loads(row[8]))]
    return SeenPage(*values)


def read_notices(database: Database, notice_ids: Iterable[int] | None = None) -> list[Notice]:
    """All notices, or some, in the order written."""
    which = "" if notice_ids is None else "WHERE notice.notice_id IN (SELECT value FROM json_each(?))"
    rows = database.execute(
        f"""SELECT notice_id, notice_key, target, brand, url_id, opened_at, round, kind, step, channel, means,
                recipient, party, deadline_hours, document_id, {NOTICE_STATE_SQL},
                (SELECT min(at) FROM notice_event WHERE notice_event.notice_id = notice.notice_id),
                (SELECT at FROM notice_event WHERE notice_event.notice_id = notice.notice_id AND type = 'sent')
            FROM notice {which} ORDER BY notice_id""",  # noqa: S608 - our own names
        [] if notice_ids is None else [json.dumps(list(notice_ids))],
    )
    return [Notice(*row) for row in rows]


def by_site(notices: Iterable[Notice]) -> Mapping[tuple[str, str], list[Notice]]:
    """Notices by target and brand, an empty list where there is none."""
    found: defaultdict[tuple[str, str], list[Notice]] = defaultdict(list)
    for notice in notices:
        found[notice.target, notice.brand].append(notice)
    return found


def read_log(database: Database, notice_id: int) -> list[dict[str, str | int | None]]:
    """What happened to a notice, in order: `at`, `type`, `by`, `why`."""
    return list(
        database.query(
            """SELECT strftime('%Y-%m-%dT%H:%M:%SZ', at / 1000, 'unixepoch') AS at, type, "by", why FROM notice_event
               WHERE notice_id = ? ORDER BY notice_event_id""",
            [notice_id],
        )
    )


def known_as(notices: Iterable[Notice], attack: OpenAttack, recipient: str) -> tuple[int, int]:
    """By which `opened_at` and `round` a recipient's notices know an attack.

    Args:
        notices: those of the attack (`analytics.notices.timing.notices_of`). What arrives late may have moved its
            beginning or told of an earlier return: that makes no new attack of it.
        attack: as it is derived now.
        recipient: its address; a mailbox is the same in whatever letters a registry writes it today.
    """
    known = [(one.opened_at, one.round) for one in notices if one.recipient.lower() == recipient.lower()]
    return max(known, default=(attack.opened_at, attack.round))


def save_notice(database: Database, notice: NewNotice, document_id: int, at: int) -> int | None:
    """Write a notice down as drafted; None where it stands already. Call within a transaction."""
    attack = notice.attack
    found = database.execute(
        """INSERT INTO notice (notice_key, target, url_id, brand, opened_at, round, kind, step, channel, means,
               recipient, party, deadline_hours, document_id)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING notice_id""",
        [
            notice.key,
            attack.target,
            attack.url_id,
            attack.brand,
            notice.opened_at,
            notice.round,
            notice.kind,
            notice.step,
            notice.channel,
            notice.means,
            notice.recipient,
            notice.party,
            notice.deadline_hours,
            document_id,
        ],
    ).fetchone()
    if found is None:
        return None
    _append(database, int(found[0]), Event("drafted", at, "fanzha"))
    return int(found[0])


def log_event(database: Database, notice_id: int, event: Event) -> None:
    """Append what happened to a notice, if that can happen to one in its state; call within a transaction.

    Raises:
        UsageError: it cannot, or there is no such notice.
    """
    found = read_notices(database, [notice_id])
    if not found:
        raise UsageError(f"notice {notice_id}: is not there; fanzha takedown queue lists notices")
    state, allowed = found[0].state, NOTICE_AFTER.get(event.type)
    if allowed is not None and state not in allowed:
        raise UsageError(
            f"notice {notice_id}: is {state}; only one that is {' or '.join(sorted(allowed))} can be {event.type}"
        )
    _append(database, notice_id, event)


def _append(database: Database, notice_id: int, event: Event) -> None:
    database.execute(
        """INSERT INTO notice_event (notice_id, at, type, "by", why, document_id) VALUES (?, ?, ?, ?, ?, ?)""",
        [notice_id, event.at, event.type, event.by, event.why, event.document_id],
    )


def is_taken_back(database: Database, notice: Notice) -> bool:
    """Whether a notice was withdrawn by no person, but because its attack was over."""
    if notice.state != "withdrawn":
        return False
    row = database.execute(
        """SELECT "by" FROM notice_event WHERE notice_id = ? AND type = 'withdrawn'
           ORDER BY notice_event_id DESC LIMIT 1""",
        [notice.notice_id],
    ).fetchone()
    return bool(row[0] == "fanzha")


def claimed(database: Database, notice_id: int) -> tuple[int, int]:
    """When a notice was last handed over, and the document that was."""
    row = database.execute(
        """SELECT at, document_id FROM notice_event WHERE notice_id = ? AND type = 'sending'
           ORDER BY notice_event_id DESC LIMIT 1""",
        [notice_id],
    ).fetchone()
    return int(row[0]), int(row[1])


def save_action(database: Database, terms: Terms, notice: Notice, source_id: int, document_id: int, at: int) -> None:
    """Write a sent notice down as an enforcement action, as if a company had told it; call within a transaction."""
    database.execute(
        """INSERT INTO attack_event (source_id, event_id, occurred_at, type_id, url_id, named_id, action_id, channel_id,
               is_test, document_id, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 1)""",
        [
            source_id,
            notice.notice_key,
            at,
            terms.id("attack_event", "action"),
            notice.url_id,
            terms.id("brand", notice.brand),
            terms.id("action", "takedown_notice"),
            terms.id("channel", notice.channel),
            document_id,
        ],
    )
