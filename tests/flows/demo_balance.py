"""The demo's balanced figures of 2024, counted a second time: row by row in plain Python, nothing of fanzha in it."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.flows.demo_truth import (
    END,
    _attacks,
    _dissuasions,
    _in_year,
    _interventions,
    _is_victim_block,
    _losses,
    _percent,
    _warnings,
    canonical,
)

Losses = Iterable[dict[str, Any]]


def count_balance(samples: Path) -> dict[str, int | str]:
    """KPI id -> value as `fanzha kpi 2024 --json` should give it."""
    company = samples / "company"
    losses = _losses(company)
    confirmed = [one for one in _attacks(company).values() if one.confirmed and _in_year(min(one.confirmed))]
    own = [one for one in confirmed if one.is_own]
    reached, relapsed = _dissuasions(company)
    blocked, lifted = _blocks(company)
    return {
        "B01": len(confirmed),
        "B02": _percent(sum(one.closure is not None and one.closure[0] < END for one in own), len(own)),
        "B03": _shown(company),
        "B04": _percent(len(reached & relapsed), len(reached)),
        "B05": _percent(len(blocked & lifted), len(blocked)),
        "B06": _low(losses),
        "B07": _high(losses),
        "B08": _moved(losses, "realised"),
        "B09": _moved(losses, "recovered"),
    }


def _shown(company: Path) -> int:
    """One a person, address (or campaign) and day; a person is known in each row of the samples."""
    seen = [row for row in _warnings(company) if row["stage"] in {"rendered", "connected"}]
    return len({(row["user"], canonical(row["url"]) or row["campaign"], row["time"][:10]) for row in seen})


def _blocks(company: Path) -> tuple[set[str], set[str]]:
    rows = list(_interventions(company))
    blocked = {row["订单"] for row in rows if _is_victim_block(row)}
    return blocked, {row["订单"] for row in rows if row["动作"] == "放行"}


def _begun(losses: Losses) -> dict[str, datetime]:
    begun: dict[str, datetime] = {}
    for row in losses:
        begun[row["episode"]] = min(row["occurred_at"], begun.get(row["episode"], row["occurred_at"]))
    return begun


def _low(losses: Losses) -> str:
    """Tier A as victim or police confirm it, less what the episode lost within 180 days; programmes together."""
    losses, begun = list(losses), _begun(losses)
    sure = [
        row
        for row in losses
        if row["type"] == "assessed" and row["tier"] == "A" and row["confirmed_by"] in {"victim", "police"}
    ]
    first, largest = _begun(sure), defaultdict[str, Decimal](Decimal)
    for row in sure:
        largest[row["episode"]] = max(largest[row["episode"]], row["amount_cny"])
    payments = {(row["episode"], row["occurred_at"], row["amount_cny"]) for row in losses if row["type"] == "realised"}
    for episode, at, amount in payments:
        if episode in first and timedelta() <= at - first[episode] <= timedelta(days=180):
            largest[episode] -= amount
    return _sum(max(left, Decimal()) for episode, left in largest.items() if _in_year(begun[episode]))


def _high(losses: Losses) -> str:
    """The largest of each episode's surest tier, whoever assessed it."""
    losses, begun = list(losses), _begun(losses)
    by_tier: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in losses:
        if row["type"] == "assessed" and row["tier"] in {"A", "B"}:
            tiers = by_tier[row["episode"]]
            tiers[row["tier"]] = max(tiers[row["tier"]], row["amount_cny"])
    return _sum(tiers[min(tiers)] for episode, tiers in by_tier.items() if _in_year(begun[episode]))


def _moved(losses: Losses, event: str) -> str:
    moved = [row for row in losses if row["type"] == event and _in_year(row["occurred_at"])]
    return _sum(amount for _, _, amount in {(row["episode"], row["occurred_at"], row["amount_cny"]) for row in moved})


def _sum(amounts: Iterable[Decimal]) -> str:
    return str(sum(amounts, Decimal("0.00")))
