"""Serving the deployments of prefect.yaml from one process, with a server of our own where none is named."""

import os
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import yaml

from db.errors import UsageError
from flows.prefect_server import prefect_server

_OURS: Final = Path(__file__).parent.parent / "prefect.yaml"


def prefect_yaml() -> Path:
    """The operator's prefect.yaml in the working directory, else the one that comes with fanzha."""
    own = Path("prefect.yaml")
    return own if own.exists() else _OURS


def serve_schedules() -> None:
    """Serve until stopped. Prefect is imported only once the server that it is to speak to is known.

    Raises:
        UsageError: prefect.yaml cannot be read.
        FanzhaError: the server does not start.
    """
    declared = read_deployments(prefect_yaml())
    named = os.environ.get("PREFECT_API_URL")
    with nullcontext(named) if named else prefect_server() as api:
        os.environ["PREFECT_API_URL"] = api
        _serve(declared)


def read_deployments(path: Path) -> list[dict[str, Any]]:
    """The deployments of a prefect.yaml.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return list(yaml.safe_load(path.read_text("utf-8"))["deployments"])
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: cannot be read as a prefect.yaml: {error}") from error


def _schedule(declared: dict[str, Any]) -> Any:  # noqa: ANN401 - Prefect's Schedule, imported late
    """A schedule as prefect.yaml has it: `cron` and `timezone`, or `interval` in seconds."""
    from prefect.schedules import Cron, Interval  # noqa: PLC0415 - reads PREFECT_API_URL when it is imported

    if "interval" in declared:
        return Interval(declared["interval"])
    return Cron(declared["cron"], timezone=declared["timezone"])


def _serve(declared: list[dict[str, Any]]) -> None:
    from prefect import serve  # noqa: PLC0415 - reads PREFECT_API_URL when it is imported
    from prefect.client.schemas.objects import ConcurrencyLimitConfig  # noqa: PLC0415 - likewise
    from prefect.types.entrypoint import EntrypointType  # noqa: PLC0415 - likewise

    def deployment(one: dict[str, Any]) -> Any:  # noqa: ANN401 - Prefect's RunnerDeployment, imported late
        module, _, name = one["entrypoint"].rpartition(".")
        return getattr(import_module(module), name).to_deployment(
            name=one["name"],
            description=one["description"],
            parameters=one["parameters"],
            schedules=[_schedule(each) for each in one["schedules"]],
            concurrency_limit=ConcurrencyLimitConfig.model_validate(one["concurrency_limit"]),
            entrypoint_type=EntrypointType.MODULE_PATH,
        )

    serve(*[deployment(one) for one in declared])
