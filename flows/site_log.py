"""The log of probes as states follow from it: what registries told of a domain is read into it."""

from collections.abc import Sequence

import polars as pl
from sqlite_utils import Database

from analytics.probes import tell_holds
from db.probes import read_log
from db.whereabouts import read_statuses


def read_site_log(database: Database, url_ids: Sequence[int] | None = None) -> pl.DataFrame:
    """All probes of some sites, or of all, as `analytics.probes` takes them."""
    return tell_holds(read_log(database, url_ids), read_statuses(database, url_ids))
