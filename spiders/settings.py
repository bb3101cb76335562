"""How Scrapy is to behave: polite to publishers, closed to everybody else. Each line says what would happen without."""

from importlib.metadata import version
from typing import Final

PAUSES: Final = (1.0, 4.0)
"""Seconds between the tries: a hiccup is over in one, a restart in five; longer troubles are the next run's."""
LONGEST_PAUSE: Final = 60.0
"""Seconds that a server may ask us to wait (Retry-After); if it asks for more, the next run comes back."""
REDIRECTS: Final = 5
SOURCES_AT_ONCE: Final = 16
"""Answers are held in memory, up to a source's `max_bytes` each."""
MISSES: Final = 3
"""Pages of one source that may fail before it is left alone: beyond that it is the server, not the page."""
EVENTS_AT_ONCE: Final = 200
"""Events of a MISP feed in one visit, newest first: with a second between them, a few minutes."""
QUIET: Final = (
    "scrapy.core.downloader.handlers.http11",  # repeats with the address what the outcome says without
    "scrapy.downloadermiddlewares.robotstxt",  # a traceback where robots.txt is out of reach; the page itself tells why
)
UNUSED_EXTENSIONS: Final = (
    "scrapy.extensions.remote_control.RemoteControl",
    "scrapy.extensions.telnet.TelnetConsole",
    "scrapy.extensions.feedexport.FeedExporter",
    "scrapy.extensions.memusage.MemoryUsage",
    "scrapy.extensions.memdebug.MemoryDebugger",
    "scrapy.extensions.closespider.CloseSpider",
    "scrapy.extensions.logstats.LogStats",
    "scrapy.extensions.spiderstate.SpiderState",
)
USER_AGENT: Final = f"fanzha/{version('fanzha')} (+anti-fraud research)"


def crawl_settings(*, loopback: bool) -> dict[str, object]:
    """Scrapy's settings for one crawl.

    Args:
        loopback: the crawl is of this machine (demo, tests), where nobody has to be spared: no delays.
    """
    return {
        "USER_AGENT": USER_AGENT,
        # What is open by default: a port that executes Python, a console, the file system. Not even imported.
        "REMOTE_CONTROL_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "EXTENSIONS": dict.fromkeys(UNUSED_EXTENSIONS),
        "DOWNLOAD_HANDLERS": {"data": None, "file": None, "ftp": None, "s3": None},
        # The HTTP/1.1 handler is the one that asks the reactor's resolver, where the guard stands.
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
        # Through a proxy from the environment only the proxy's address would be guarded.
        "HTTPPROXY_ENABLED": False,
        # Off by default: anybody on the way could write the feed.
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "DOWNLOADER_MIDDLEWARES": {"spiders.middleware.GuardMiddleware": 950},  # nearest to the network
        "COOKIES_ENABLED": False,
        "HTTPCACHE_ENABLED": False,
        # A redirect would carry the address it comes from, and the key in it, to wherever it leads.
        "REFERRER_POLICY": "no-referrer",
        "METAREFRESH_ENABLED": False,
        "REDIRECT_MAX_TIMES": REDIRECTS,
        # Ours wait between tries and tell passing faults from lasting ones; ours refuse a body that breaks off.
        "RETRY_ENABLED": False,
        "COMPRESSION_ENABLED": False,
        # Feeds are published to be fetched and say so in each request; what is a web site, a store, is asked.
        "ROBOTSTXT_OBEY": True,
        "ROBOTSTXT_USER_AGENT": "fanzha",
        # For robots.txt; sources bring their own. 500 KiB is what RFC 9309 asks a crawler to read.
        "DOWNLOAD_MAXSIZE": 512 * 1024,
        "DOWNLOAD_TIMEOUT": 30,
        "DOWNLOAD_WARNSIZE": 0,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "DOWNLOAD_DELAY": 0 if loopback else 1.0,
        "AUTOTHROTTLE_ENABLED": not loopback,
        "AUTOTHROTTLE_START_DELAY": 1.0,
        "AUTOTHROTTLE_MAX_DELAY": 30.0,
        "ITEM_PIPELINES": {"spiders.lifeline.Report": 1},
    }
