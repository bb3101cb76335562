"""Matching what is new in the database; all of it, where the matcher or the brands changed."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from analytics.match.matcher import MATCHER_VERSION, Matcher
from db.brands import Brand
from db.connection import transaction
from db.matches import (
    MatchState,
    forget_matches,
    read_apps,
    read_hosts,
    read_state,
    save_brands,
    save_matches,
    save_state,
)
from db.store import Store

BATCH: Final = 200_000
"""Hosts matched and stored in one transaction; a run killed half-way goes on behind the last."""


def match_new(store: Store, brands: Sequence[Brand]) -> tuple[int, int]:
    """Match the hosts and apps that no run has matched yet.

    Returns:
        How many host matches and how many app matches were found.
    """
    state = _begin(store, brands)
    matcher = Matcher(brands)
    found_hosts = found_apps = 0
    while (hosts := read_hosts(store.database, state.host_id, BATCH)).height:
        matches = matcher.match_hosts(hosts.drop("host_id")).join(hosts.select("host_id", "host"), on="host")
        state = replace(state, host_id=int(hosts["host_id"][-1]))
        with transaction(store.database):
            found_hosts += save_matches(store.database, "match", "host_id", matches)
            save_state(store.database, state)
    while (apps := read_apps(store.database, state.app_id, BATCH)).height:
        matches = matcher.match_apps(apps)
        state = replace(state, app_id=int(apps["app_id"][-1]))
        with transaction(store.database):
            found_apps += save_matches(store.database, "app_match", "app_id", matches)
            save_state(store.database, state)
    return found_hosts, found_apps


def _begin(store: Store, brands: Sequence[Brand]) -> MatchState:
    digest = hashlib.sha256("\n".join(brand.model_dump_json() for brand in brands).encode()).hexdigest()
    state = read_state(store.database)
    if state and (state.matcher_version, state.brands_digest) == (MATCHER_VERSION, digest):
        return state
    fresh = MatchState(MATCHER_VERSION, digest)
    with transaction(store.database):
        save_brands(store.database, brands)
        forget_matches(store.database)
        save_state(store.database, fresh)
    return fresh
