"""One of the processes among which the matching of many new hosts is spread."""

import json
from collections.abc import Callable

import polars as pl

from analytics.match.matcher import Matcher
from db.brands import stored_brand
from flows.matching import match_hosts, packed
from flows.spread import serve


def _begin(task: bytes) -> Callable[[bytes], bytes]:
    matcher = Matcher([stored_brand(kept) for kept in json.loads(task)])
    return lambda hosts: packed(match_hosts(matcher, pl.read_ipc(hosts)))


if __name__ == "__main__":
    serve(_begin)
