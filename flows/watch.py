"""The flow that probes: a round of visits, then an event for each thing that somebody is to look at."""

from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from prefect import flow, get_run_logger
from prefect.events import emit_event

from db.attention import Alert, read_untold, save_told
from db.connection import transaction
from db.errors import Busy
from db.store import Store, now_ms
from flows.daily import open_named
from flows.probing import Probing, probe_due
from spiders.probe.vantage import load_vantages


@flow(name="probe", flow_run_name="probe from {db}", description="探测 · visit what stands open, tell what is back")
def probe(
    db: str = "",
    vantages: str = "",
    loopback: bool = False,  # noqa: FBT001, FBT002 - a flow's parameters are its deployment's form
) -> Probing | None:
    """Visit what is due from each vantage point and alert to what is new; None where another process is probing."""
    logger = get_run_logger()
    with open_named(db) as store:
        try:
            done = probe_due(store, load_vantages(Path(vantages) if vantages else None), loopback=loopback)
        except Busy:
            logger.info("another process is probing; its round is as good as ours")
            return None
        for alert in tell_attention(store):
            logger.warning("%s: %s (%s): %s", alert.kind, alert.target, alert.brand, alert.why_en)
    logger.info("%d of %d open sites visited, %d missed", done.due, done.open, done.missed)
    return done


def tell_attention(store: Store) -> list[Alert]:
    """Emit a Prefect event for each row of `v_attention` that none was emitted for; returns them.

    It is noted after it is emitted: killed between, the next run emits the same event, under the same id.
    """
    alerts = read_untold(store.database)
    for alert in alerts:
        emit_event(
            event=f"fanzha.attack.{alert.kind}",
            resource={
                "prefect.resource.id": f"fanzha.attack.{alert.brand}.{alert.target}",
                "prefect.resource.name": alert.target,
                "fanzha.brand": alert.brand,
            },
            payload={"since": alert.since, "why_zh": alert.why_zh, "why_en": alert.why_en},
            id=uuid5(NAMESPACE_URL, "\n".join((alert.kind, alert.brand, alert.target, str(alert.since)))),
        )
    with transaction(store.database):
        save_told(store.database, alerts, now_ms())
    return alerts
