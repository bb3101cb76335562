"""What Prefect is told before it is imported; what the operator has set himself stays."""

import logging
from collections.abc import MutableMapping
from typing import Final

from db.errors import FanzhaError

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


def keep_to_one_line() -> None:
    """Keep Prefect from showing the traceback of an error that the command line tells in a line of its own."""
    for name in ("prefect.flow_runs", "prefect.task_runs"):
        logging.getLogger(name).addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], FanzhaError))
