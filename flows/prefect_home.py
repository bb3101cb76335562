"""What Prefect is told before it is imported; what the operator has set himself stays."""

from collections.abc import MutableMapping
from typing import Final

_DEFAULTS: Final = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # the embedded server takes 10 s to start on a slow machine, its default patience is 20 s
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "90",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_SERVER_LEVEL": "ERROR",
}


def prepare(environ: MutableMapping[str, str]) -> None:
    """Set what is not set; call before Prefect is imported."""
    for name, value in _DEFAULTS.items():
        environ.setdefault(name, value)
