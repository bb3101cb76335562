"""Synthetic records for the KPI tests: one row, or one attack's rows, of each kind at one instant."""

from collections.abc import Mapping
from decimal import Decimal

import polars as pl

from analytics.attacks.derive import attack_of, derive_attacks
from analytics.kpi.figures import Figure, compute
from analytics.kpi.frames import FRAMES
from db.period import DAY_MS, Period

Said = str | int | bool | None
Row = dict[str, Said]
Rows = Mapping[str, list[Row]]

YEAR = Period(2024)
MID = YEAR.start + 100 * DAY_MS
AMOUNT = 1_234_567
_ATTACK_FIELDS = ("attack", "target", "brand", "fraud_type", "cause")
_ORIGIN: Row = {"is_test": False, "source": "synthetic", "is_synthetic": False, "document": "synthetic.csv"}


def frames_of(rows: Rows) -> dict[str, pl.LazyFrame]:
    """Frames as the caller gives them: attacks derived, each row with an event key and a place."""
    seen = {"sightings": _seen(rows.get("sightings", []), "address_id")}
    seen["app_sightings"] = _seen(rows.get("app_sightings", []), "app_id")
    frames = {name: _frame({**rows, **seen}.get(name, []), schema).lazy() for name, schema in FRAMES.items()}
    return frames | _attacks(rows.get("attack_events", []))


def _frame(rows: list[Row], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    blank: Row = {**dict.fromkeys(schema), **_ORIGIN}
    numbered: list[Row] = [{**blank, "event_key": f"k{n}", "position": n, **row} for n, row in enumerate(rows)]
    return pl.DataFrame(numbered, schema=schema)


def _seen(rows: list[Row], key: str) -> list[Row]:
    """Sightings with what all of them say of each address or app, as the database tells it."""
    told: list[Row] = []
    for row in rows:
        real = [other for other in rows if other[key] == row[key] and not other.get("is_test")]
        hosts = [other for other in rows if other.get("host_id") == row.get("host_id") and not other.get("is_test")]
        on_host = any(other.get("is_bare") and other["claim"] == -1 for other in hosts)
        facts: Row = {
            "first_seen_at": min((int(other["seen_at"] or 0) for other in real), default=None),
            "is_named": any(other["claim"] == 1 for other in real),
            "is_allowed": on_host or any(other["claim"] == -1 for other in real),
        }
        told.append({name: said for name, said in (row | facts).items() if name != "is_bare"})
    return told


def _attacks(rows: list[Row]) -> dict[str, pl.LazyFrame]:
    schema = {name: dtype for name, dtype in FRAMES["attack_events"].items() if name != "attack_key"}
    events = _frame(rows, {**schema, **dict.fromkeys(_ATTACK_FIELDS, pl.String()), "is_own": pl.Boolean()})
    belonging = events.join(attack_of(events), on="event_key", how="left")
    return {"attack_events": belonging.lazy(), "attacks": derive_attacks(events).lazy()}


def figures_of(rows: Rows, period: Period = YEAR) -> dict[str, Figure]:
    return {figure.id: figure for figure in compute(frames_of(rows), period)}


# One counted unit, the n-th, of each KPI at one instant.


def sighting(at: int, n: Said = 0, **said: Said) -> Row:
    return {
        "address_id": n,
        "host_id": n,
        "registrable_domain": f"synthetic-{n}.example",
        "is_bare": True,
        "seen_at": at,
        "claim": 1,
        **said,
    }


def app_sighting(at: int, n: Said = 0, **said: Said) -> Row:
    return {"app_id": n, "package": f"com.synthetic.app{n}", "seen_at": at, "claim": 1, **said}


def warning(at: int, n: Said = 0, **said: Said) -> Row:
    emitted: Row = {"occurred_at": at, "warning": f"w{n}", "stage": "emitted", "sink": "jietiao_security_centre"}
    return {**emitted, "channel": "api", "subject": n, "campaign": None, **said}


def reminder(at: int, n: Said = 0, **said: Said) -> Row:
    return warning(at, n, **{"stage": "rendered", "channel": "ai", "campaign": "c1", "sink": None, **said})


def check(at: int, n: Said = 0, **said: Said) -> Row:
    return {"occurred_at": at, "address_id": 1, "subject": n, "actor": "end_user", "result": "malicious", **said}


def intervention(at: int, n: Said = 0, **said: Said) -> Row:
    return {"occurred_at": at, "subject": n, "scam_confirmed": None, "later_loss": None, **said}


def block(at: int, n: Said = 0, **said: Said) -> Row:
    return intervention(at, n, **{"type": "block_applied", "reason": "victim_risk", "order": f"o{n}", **said})


def connection(at: int, n: Said = 0, **said: Said) -> Row:
    return intervention(at, n, **{"type": "dissuasion_connected", "scam_confirmed": True, **said})


def loss(at: int, n: Said = 0, **said: Said) -> Row:
    assessed: Row = {"occurred_at": at, "type": "assessed", "episode": f"e{n}", "amount_fen": AMOUNT, "tier": "A"}
    return {**assessed, "programme": "shanhai", "subject": n, **said}


def attack(at: int, n: Said = 0, **said: Said) -> list[Row]:
    target: Row = {"target": f"synthetic-{n}.example", "brand": "demo-jietiao", "is_own": True}
    base: Row = {"occurred_at": at, "fraud_type": "loan_impersonation", **target, **said}
    return [
        {**base, "type": "confirmation"},
        {**base, "type": "action", "action": "takedown_notice"},
        {**base, "type": "closure", "cause": said.get("cause", "us")},
    ]


def item(at: int, n: Said = 0, **said: Said) -> Row:
    """A relevant piece of news, noticed as it was collected, an hour after it was published."""
    seen: Row = {"occurred_at": at, "published_at": at - 3_600_000, "detected_at": at, "source_class": "news"}
    return {**seen, "cluster": f"t{n}", "address_id": n, "relevance": "confirmed", **said}


def video(at: int, n: Said = 0, **said: Said) -> Row:
    said = {"platform": "synthetic_video", "item": f"v{n}", **said}
    return item(at, n, **{"source_class": "short_video", "cluster": None, "address_id": None, **said})


def kit(at: int, n: Said = 0, **said: Said) -> Row:
    return {"occurred_at": at, "family": f"f{n}", "kit_sha256": f"h{n}", "analyst_confirmed": True, **said}


def channel(at: int, n: Said = 0, **said: Said) -> Row:
    return {"occurred_at": at, "type": "channel_observed", "channel": f"c{n}", "relevant": True, **said}


def actor(at: int, n: Said = 0, **said: Said) -> Row:
    return {"occurred_at": at, "type": "actor_assessed", "subject": n, "role": "data_seller", "risk": "high", **said}


def alert(at: int, n: Said = 0, **said: Said) -> Row:
    raised: Row = {"occurred_at": at, "state": "raised", "alert": f"a{n}", "rule": "r1", "entity": f"machine{n}"}
    return {**raised, "domain": "business", "severity": "low", **said}


def handled(at: int, n: Said = 0, **said: Said) -> Row:
    return alert(at, n, **{"state": "closed", "severity": "important", "disposition": "true_positive", **said})


def case(at: int, n: Said = 0, **said: Said) -> Row:
    return {"occurred_at": at, "type": "filed", "case_number": f"case{n}", "proof": f"doc{n}", **said}


def account(at: int, n: Said = 0, **said: Said) -> Row:
    return case(at, n, **{"type": "account_linked", "account": f"acc{n}", "amount_fen": AMOUNT, **said})


def detained(at: int, n: Said = 0, **said: Said) -> Row:
    return case(at, n, **{"type": "detained", "subject": n, "role": "intermediary", "attribution": "supported", **said})


def session(at: int, n: Said = 0, **said: Said) -> Row:
    visit: Row = {"occurred_at": at, "type": "session", "service": "consumer_protection_centre", "session": f"s{n}"}
    return {**visit, "visitor": "user", "subject": n, **said}


def view(at: int, n: Said = 0, **said: Said) -> Row:
    return session(at, n, **{"type": "content_view", "content": "film", "seconds": 1, "session": None, **said})


def pupil(at: int, n: Said = 0, **said: Said) -> Row:
    return session(at, n, **{"type": "attendance", "attendee": "student", "confirmed_by": "sign_in", **said})


def url(at: int, n: int, **said: Said) -> Row:
    """The n-th address on the host of the sighting 0."""
    return sighting(at, n, host_id=0, is_bare=False, **said)


def own(n: int, confirmed: int, acted: int | None, closed: int | None, cause: str | None = "us") -> list[Row]:
    said = attack(0, n)
    instants = (confirmed, acted, closed)
    events = [{**row, "occurred_at": at} for row, at in zip(said, instants, strict=True) if at is not None]
    return [{**row, "cause": cause} if row["type"] == "closure" else row for row in events]


def reported(kpi: str, text: str, **said: Said) -> Row:
    return {"kpi": kpi, "year": 2023, "value": text, "document_title": "synthetic report", **said}


def value(kpi: str, **rows: list[Row]) -> int | Decimal | None:
    return figures_of(rows)[kpi].value
