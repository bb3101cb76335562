"""Scrapy's HTTP/1.1 handler with a limit on all headers of an answer together."""

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler, _LenientHTTP11ClientFactory
from scrapy.crawler import Crawler
from twisted.web._newclient import ParseError

from spiders.probe.limits import HEADER_BYTES
from spiders.resolver import Provider


class BoundedHandler(HTTP11DownloadHandler):
    """Hangs up on servers whose headers have no end."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = _BoundedFactory  # noqa: SLF001 - Scrapy sets its own factory in the same way
        self._pool.persistent = False  # a site is asked once or twice, then not for an hour


class _BoundedFactory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, address: Provider) -> Provider:  # noqa: N802 - the interface's name
        protocol: Provider = super().buildProtocol(address)
        request = protocol.request

        def bounded(asked: Provider) -> Provider:
            answered = request(asked)
            _bound(protocol)
            return answered

        protocol.request = bounded
        return protocol


def _bound(protocol: Provider) -> None:
    """Count the header lines of the answer that a protocol's parser is about to read."""
    parser = protocol._parser  # noqa: SLF001 - as Scrapy does
    take, seen = parser.lineReceived, 0

    def received(line: bytes) -> None:
        nonlocal seen
        seen += len(line)
        if seen > HEADER_BYTES:
            raise ParseError("the headers are larger than is taken", line[:100])  # type: ignore[no-untyped-call]
        take(line)

    parser.lineReceived = received
