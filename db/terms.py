"""Terms: words that repeat, stored once. Within a run they are known by heart."""

import polars as pl
from sqlite_utils import Database


class Terms:
    """The terms of a database; new ones are added as rows name them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids: dict[tuple[str, str], int] = {}

    def resolve(self, vocabulary: str, names: pl.Series) -> pl.Series:
        """The ids of names (String, null stays null) as Int64; call within a transaction."""
        distinct = names.drop_nulls().unique(maintain_order=True)
        ids = [self.id(vocabulary, name) for name in distinct]
        return names.replace_strict(distinct, pl.Series(ids, dtype=pl.Int64), default=None, return_dtype=pl.Int64)

    def id(self, vocabulary: str, name: str) -> int:
        """The id of one name, added if it is new; call within a transaction."""
        known = self._ids.get((vocabulary, name))
        if known is None:
            known = self._find_or_add(vocabulary, name)
            self._ids[vocabulary, name] = known
        return known

    def _find_or_add(self, vocabulary: str, name: str) -> int:
        self._database.execute(
            "INSERT INTO term (vocabulary, name) VALUES (?, ?) ON CONFLICT (vocabulary, name) DO NOTHING",
            [vocabulary, name],
        )
        row = self._database.execute(
            "SELECT term_id FROM term WHERE vocabulary = ? AND name = ?", [vocabulary, name]
        ).fetchone()
        return int(row[0])
