"""What goes wrong on the way, in one line for people, and whether another try may help."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from OpenSSL import SSL
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    NotSupported,
    ResponseDataLossError,
)
from scrapy.http import Response
from twisted.internet.error import ConnectError

from db.errors import SourceFailed
from spiders.catalogue import Source
from spiders.middleware import Refused
from spiders.settings import LONGEST_PAUSE, REDIRECTS

_PASSING_STATUS: Final = frozenset({408, 425, 429})
"""What may be gone on the next try, beside 5xx."""
_LASTING_STATUS: Final = frozenset({501, 505, 509, 511})
"""5xx that another try only makes worse; 509 is how PhishTank says "over the limit"."""
_GONE: Final = frozenset({404, 410})

RAISED: Final[Mapping[type[Exception], tuple[str, bool]]] = {
    Refused: ("refused: {told}", False),
    IgnoreRequest: ("{told}", False),
    NotSupported: ("refused: only http and https are fetched", False),
    DownloadCancelledError: ("larger than {limit:,} bytes", False),
    DownloadTimeoutError: ("timed out after {seconds:g} s", True),
    CannotResolveHostError: ("the host has no address", True),
    DownloadConnectionRefusedError: ("connection refused", True),
    ConnectError: ("no connection: {told}", True),
    ResponseDataLossError: ("the answer breaks off", True),
    DownloadFailedError: ("connection lost", True),
    ValueError: ("a faulty address: {told}", False),
}
"""What fetching raises -> how we say it, and whether another try may help; the first that fits."""
_IGNORED: Final = {
    "Forbidden by robots.txt": "robots.txt forbids it",
    "max redirections reached": f"more than {REDIRECTS} redirects",
}


class Fault(SourceFailed):
    """Raised where one try at an address does not bring its answer.

    Attributes:
        passing: another try may help.
        pause: seconds that the server asks to wait before it.
        is_gone: the server works and says that there is no such page.
    """

    def __init__(self, reason: str, *, passing: bool = False, pause: float = 0.0, is_gone: bool = False) -> None:
        super().__init__(reason)
        self.passing = passing and pause <= LONGEST_PAUSE
        self.pause = pause
        self.is_gone = is_gone


def fault_of(error: Exception, source: Source) -> Fault:
    """What Scrapy raised (one of `RAISED`), in our words."""
    if tls := _tls_fault(error):
        return Fault(f"TLS: {tls}")
    reason, passing = next(known for kind, known in RAISED.items() if isinstance(error, kind))
    told = _IGNORED.get(str(error), str(error))
    return Fault(reason.format(told=told, limit=source.max_bytes, seconds=source.timeout_seconds), passing=passing)


def _tls_fault(error: Exception) -> str:
    """OpenSSL's words, as in "certificate verify failed"; empty where it was something else."""
    for failure in getattr(error.__cause__, "reasons", ()):
        if type(failure.value) is SSL.Error:
            return str(failure.value.args[0][-1][-1])
    return ""


def check_status(response: Response, *, conditional: bool) -> None:
    """Refuse an answer that is neither 200 nor, where it was asked for, 304.

    Raises:
        Fault: with the status, and how long to wait where the server says so.
    """
    status = response.status
    if status == 200 or (status == 304 and conditional):
        return
    if location := header(response, "Location"):
        raise Fault(f"refused: a redirect to {urlsplit(location).scheme}:, only http and https are fetched")
    passing = status in _PASSING_STATUS or (status >= 500 and status not in _LASTING_STATUS)
    pause = _retry_after(header(response, "Retry-After"), datetime.now(UTC)) if passing else 0.0
    asked = f", asks to wait {pause:,.0f} s" if pause > LONGEST_PAUSE else ""
    raise Fault(f"HTTP {status}{asked}", passing=passing, pause=pause, is_gone=status in _GONE)


def _retry_after(value: str, now: datetime) -> float:
    """Seconds, from seconds or an HTTP date; 0 where there is neither."""
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value).astimezone(UTC) - now).total_seconds())
    except ValueError:
        return 0.0


def header(response: Response, name: str) -> str:
    """A header's text; empty where it is absent."""
    return (response.headers.get(name) or b"").decode("latin-1").strip()
