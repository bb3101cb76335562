"""What is matched anew since the matcher or the brands changed: how far it has come, and what it changed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlite_utils import Database

from db.brands import Brand, stored_brand

EXAMPLES: Final = 20
"""Changes of each kind that are kept to be shown, the surest matches first."""


@dataclass(frozen=True, slots=True)
class Example:
    """One change: a host or an app, and its brands and confidence before and after, empty where there was no match."""

    kind: str
    subject: str
    before: str
    after: str
    confidence: int


@dataclass(frozen=True, slots=True)
class Rematch:
    """Matching anew what is stored, done up to `host_id` and `app_id`.

    `brands` are the old and new versions of those that differ, None where any match may change.
    """

    rematch_id: int | None
    cause: str
    brands: tuple[Brand, ...] | None
    keywords: frozenset[str]
    last_host_id: int
    last_app_id: int
    host_id: int = 0
    app_id: int = 0
    examined: int = 0
    appeared: int = 0
    gone: int = 0
    moved: int = 0
    examples: tuple[Example, ...] = ()

    def with_examples(self, more: Sequence[Example]) -> "Rematch":
        """With more examples, as many of a kind as are kept."""
        ranked = sorted((*self.examples, *more), key=lambda one: -one.confidence)
        kinds = dict.fromkeys(one.kind for one in ranked)
        kept = [one for kind in kinds for one in [each for each in ranked if each.kind == kind][:EXAMPLES]]
        return replace(self, examples=tuple(kept))


_COLUMNS: Final = (
    "rematch_id", "cause", "brands", "keywords", "last_host_id", "last_app_id", "host_id", "app_id", "examined",
    "appeared", "gone", "moved", "examples",
)  # fmt: skip


def read_rematch(database: Database) -> Rematch | None:
    """What is being matched anew and not finished; None where nothing is."""
    query = f"SELECT {', '.join(_COLUMNS)} FROM rematch WHERE finished_at IS NULL"  # noqa: S608 - our own names
    row = database.execute(query).fetchone()
    if row is None:
        return None
    rematch_id, cause, brands, keywords, *numbers, examples = row
    progress = dict(zip(_COLUMNS[4:-1], numbers, strict=True))
    versions = None if brands is None else tuple(map(stored_brand, json.loads(brands)))
    shown = tuple(Example(*one) for one in json.loads(examples))
    return Rematch(rematch_id, cause, versions, frozenset(json.loads(keywords)), **progress, examples=shown)


def save_rematch(database: Database, rematch: Rematch, finished_at: int | None = None) -> Rematch:
    """Record how far it has come, in the same transaction as its matches; returns it with its number."""
    brands = rematch.brands and [brand.model_dump(mode="json") for brand in rematch.brands]
    values = (
        rematch.rematch_id,
        rematch.cause,
        None if rematch.brands is None else json.dumps(brands or [], ensure_ascii=False),
        json.dumps(sorted(rematch.keywords), ensure_ascii=False),
        *(getattr(rematch, name) for name in _COLUMNS[4:-1]),
        json.dumps([_as_list(one) for one in rematch.examples], ensure_ascii=False),
        finished_at,
    )
    marks = ", ".join("?" * len(values))
    query = f"INSERT OR REPLACE INTO rematch ({', '.join(_COLUMNS)}, finished_at) VALUES ({marks})"  # noqa: S608 - ours
    written = database.execute(query, values).lastrowid
    return replace(rematch, rematch_id=rematch.rematch_id or written)


def _as_list(example: Example) -> list[str | int]:
    return [example.kind, example.subject, example.before, example.after, example.confidence]
