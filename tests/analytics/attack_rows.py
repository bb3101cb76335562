"""Events of attacks, as tests say them: a company's, and those that fanzha sees and is told itself."""

import polars as pl
from hypothesis import strategies as st

from analytics.attacks.derive import derive_attacks
from analytics.attacks.groups import unite
from db.period import DAY_MS

Said = str | int | bool | None


T0 = 1_709_251_200_000  # 2024-03-01 in Shanghai


SITE = "jietiao-login-demo.example"


OWN: dict[str, Said] = {"brand": "demo-jietiao", "is_own": True, "fraud_type": "loan_impersonation"}


SCHEMA = {
    "event_key": pl.String,
    "occurred_at": pl.Int64,
    "type": pl.String,
    "attack": pl.String,
    "target": pl.String,
    "brand": pl.String,
    "is_own": pl.Boolean,
    "fraud_type": pl.String,
    "action": pl.String,
    "channel": pl.String,
    "cause": pl.String,
    "is_test": pl.Boolean,
}


OURS = {
    "address": pl.String,
    "basis": pl.String,
    "confidence": pl.Int64,
    "usual_type": pl.String,
    "outcome": pl.String,
    "noted_at": pl.Int64,
}


def event(day: float, type_: str, **said: Said) -> dict[str, Said]:
    return {"occurred_at": T0 + round(day * DAY_MS), "type": type_, "target": SITE, "is_test": False, **said}


def frame(*events: dict[str, Said]) -> pl.DataFrame:
    return pl.DataFrame([{"event_key": f"e{n}", **row} for n, row in enumerate(events)], schema=SCHEMA)


def days(instants: list[int | None]) -> list[float | None]:
    return [None if instant is None else (instant - T0) / DAY_MS for instant in instants]


def derived(*events: dict[str, Said], **branded: Said) -> pl.DataFrame:
    return derive_attacks(frame(*({**(branded or OWN), **row} for row in events)))


EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "occurred_at": st.integers(0, 60).map(lambda day: T0 + day * DAY_MS),
            "type": st.sampled_from(["confirmation", "action", "closure", "reactivation"]),
            "attack": st.sampled_from([None, None, None, "case-1"]),
            "target": st.sampled_from([SITE, SITE, "other-demo.example", None]),
            "brand": st.sampled_from([None, "demo-jietiao", "demo-bank"]),
            "fraud_type": st.sampled_from([None, "loan_impersonation", "transaction"]),
            "cause": st.sampled_from([None, "us", "third_party", "blocked_only"]),
            "is_test": st.sampled_from([False, False, False, True]),
        }
    ),
    max_size=14,
)


def ours(day: float, type_: str, basis: str, **said: Said) -> dict[str, Said]:
    return event(day, type_, **{"basis": basis, **OWN, "usual_type": "loan_impersonation", "fraud_type": None, **said})


def report(day: float, **said: Said) -> dict[str, Said]:
    return ours(day, "report", "likeness", **{"confidence": 80, **said})


def told(day: float, type_: str, **said: Said) -> dict[str, Said]:
    return event(day, type_, basis="probe", **said)


def united(events: list[dict[str, Said]], followed: tuple[str, ...] = ("demo-jietiao", "demo-bank")) -> pl.DataFrame:
    """Events as the roll-up unites them: a company's, ours, and what is said of targets."""
    schema = {**SCHEMA, **OURS}
    rows = [{"event_key": f"e{n}", **row} for n, row in enumerate(events)]
    bases = [row.get("basis") for row in rows]
    of_targets = [row["type"] == "dismissal" or basis == "probe" for row, basis in zip(rows, bases, strict=True)]
    kinds = [2 if at_large else int(basis is not None) for at_large, basis in zip(of_targets, bases, strict=True)]
    parts = [
        pl.DataFrame([row for row, of in zip(rows, kinds, strict=True) if of == kind], schema=schema)
        for kind in range(3)
    ]
    return unite(parts[0], parts[1], parts[2], followed)
