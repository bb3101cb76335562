"""What figures are made up of, kept with the rows: read in an instant, whatever a year holds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from db.keysets import Fact, Keyset, joined

_MOST_LATER: Final = 1 / 32
"""Of the keys, how many may wait apart: every second week of a year they are added to the whole."""
_DISTINCT: Final = "distinct "
"""Before the name of a set of keys: the sum that says how many distinct ones its parts have."""
_OF: Final = "FROM kpi_keys WHERE kpi = ? AND year = ?"
_ADDED: Final = """INSERT INTO kpi_sum (kpi, year, what, n) VALUES (?, ?, ?, ?)
    ON CONFLICT (kpi, year, what) DO UPDATE SET n = n + excluded.n"""
_PUT: Final = "INSERT INTO kpi_keys (kpi, year, what, first, keys, counts) VALUES (?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Numbers:
    """The facts of a figure.

    Attributes:
        sums: as they were added up.
        distinct: name of a set of keys -> how many distinct ones it has.
    """

    sums: Mapping[str, int]
    distinct: Mapping[str, int]


def kept_facts(database: Database) -> dict[tuple[str, int], str]:
    """KPI and year of the facts that are kept, and to which version of its definition: what is stored adds to them."""
    return {(kpi, year): version for kpi, year, version in database.execute("SELECT kpi, year, version FROM kpi_fact")}


def is_whole(database: Database, kpi: str, year: int, version: str) -> bool:
    """Whether the facts of a figure are kept, and of all records."""
    query = "SELECT 1 FROM kpi_fact WHERE kpi = ? AND year = ? AND version = ? AND is_whole"
    return database.execute(query, [kpi, year, version]).fetchone() is not None


def whole_facts(database: Database, kpi: str, year: int, version: str) -> Numbers | None:
    """The facts of a figure; None where they are not kept, or not of all records yet."""
    if not is_whole(database, kpi, year, version):
        return None
    rows = database.execute("SELECT what, n FROM kpi_sum WHERE kpi = ? AND year = ?", [kpi, year])
    sums = {str(what): int(n) for what, n in rows}
    names = {str(what) for (what,) in database.execute(f"SELECT DISTINCT what {_OF}", [kpi, year])}
    distinct = {
        what: sums.get(_DISTINCT + what, 0) + _growth(database, (kpi, year, what), _later(database, (kpi, year, what)))
        for what in names
    }
    return Numbers(sums, distinct)


def add_fact(database: Database, kpi: str, year: int, fact: Fact) -> None:
    """Add what records bring; call within the transaction that stores them."""
    _add_sums(database, kpi, year, fact.sums)
    for what, keyset in fact.keys.items():
        if len(keyset.keys):
            database.execute(_PUT, (kpi, year, what, None, *keyset.blobs()))


def announce(database: Database, kpi: str, year: int, version: str) -> None:
    """From now on what is stored adds to the facts, while somebody counts what is there; within a transaction."""
    drop_facts(database, kpi, year)
    database.execute("INSERT INTO kpi_fact VALUES (?, ?, ?, 0)", (kpi, year, version))


def is_untouched(database: Database, kpi: str, year: int) -> bool:
    """Whether nothing has been added since the facts were announced."""
    return not any(
        database.execute(f"SELECT 1 FROM {table} WHERE kpi = ? AND year = ? LIMIT 1", [kpi, year]).fetchone()  # noqa: S608 - our own names
        for table in ("kpi_sum", "kpi_keys")
    )


def complete(database: Database, kpi: str, year: int, fact: Fact) -> None:
    """Add what was there when the facts were announced; from now on they are whole; within a transaction.

    Where they are kept no longer, since a correction took what is not known of them, nothing is added.
    """
    query = "SELECT 1 FROM kpi_fact WHERE kpi = ? AND year = ?"
    if database.execute(query, [kpi, year]).fetchone() is None:
        return
    _add_sums(database, kpi, year, fact.sums)
    for what, keyset in fact.keys.items():
        _put_whole(database, (kpi, year, what), keyset)
    database.execute("UPDATE kpi_fact SET is_whole = 1 WHERE kpi = ? AND year = ?", [kpi, year])


def drop_facts(database: Database, kpi: str, year: int) -> None:
    """Keep the facts of a figure no longer; within a transaction."""
    for table in ("kpi_fact", "kpi_sum", "kpi_keys"):
        database.execute(f"DELETE FROM {table} WHERE kpi = ? AND year = ?", [kpi, year])  # noqa: S608 - our own names


def fold(database: Database, kpi: str, year: int) -> None:
    """Add the keys that came since to the whole, or where they are few to each other; within a transaction."""
    names = [str(what) for (what,) in database.execute(f"SELECT DISTINCT what {_OF} AND first IS NULL", [kpi, year])]
    for what in names:
        of = (kpi, year, what)
        later, parts = _later(database, of), list(_parts(database, of))
        database.execute(f"DELETE {_OF} AND what = ? AND first IS NULL", of)
        if not parts:
            _put_whole(database, of, later)
        elif len(later.keys) > _MOST_LATER * sum(length for *_, length in parts):
            _fold_in(database, of, parts, later)
        else:
            database.execute(_PUT, (*of, None, *later.blobs()))


def _fold_in(
    database: Database, of: tuple[str, int, str], parts: Sequence[tuple[int, int, int | None, int]], later: Keyset
) -> None:
    """Add keys to the parts of the whole that they belong to, one in memory after the other."""
    first, grown = -(1 << 63), 0
    for part, _, end, _ in parts:
        if len((among := later.between(first, end)).keys):
            before = _part(database, part)
            after = joined([before, among])
            database.execute("DELETE FROM kpi_keys WHERE kpi_keys_id = ?", [part])
            _put_parts(database, of, after)
            grown += after.distinct - before.distinct
        if end is not None:
            first = end
    _add_sums(database, of[0], of[1], {_DISTINCT + of[2]: grown})


def _add_sums(database: Database, kpi: str, year: int, sums: Mapping[str, int]) -> None:
    database.conn.executemany(_ADDED, [(kpi, year, what, n) for what, n in sums.items() if n])


def _put_whole(database: Database, of: tuple[str, int, str], whole: Keyset) -> None:
    database.execute(f"DELETE {_OF} AND what = ? AND first IS NOT NULL", of)
    _put_parts(database, of, whole)
    database.execute("DELETE FROM kpi_sum WHERE kpi = ? AND year = ? AND what = ?", (*of[:2], _DISTINCT + of[2]))
    _add_sums(database, of[0], of[1], {_DISTINCT + of[2]: whole.distinct})


def _put_parts(database: Database, of: tuple[str, int, str], whole: Keyset) -> None:
    rows = ((*of, int(part.keys[0]), *part.blobs()) for part in whole.parts() if len(part.keys))
    database.conn.executemany(_PUT, rows)


def _growth(database: Database, of: tuple[str, int, str], later: Keyset) -> int:
    """How many distinct keys there are more than in the whole, with those that came since; few parts are read."""
    parts = list(_parts(database, of))
    if not parts:
        return later.distinct
    least = parts[0][1]
    grown = later.between(-(1 << 63), least).distinct
    for part, first, end, _ in parts:
        if len((among := later.between(first, end)).keys):
            grown += _part(database, part).growth(among)
    return grown


def _later(database: Database, of: tuple[str, int, str]) -> Keyset:
    return joined(
        [Keyset.read(*row) for row in database.execute(f"SELECT keys, counts {_OF} AND what = ? AND first IS NULL", of)]
    )


def _parts(database: Database, of: tuple[str, int, str]) -> Iterator[tuple[int, int, int | None, int]]:
    """Each part of the whole: its id, least key, the least of the next part, how many keys it has."""
    rows = database.execute(
        f"""SELECT kpi_keys_id, first, lead(first) OVER (ORDER BY first), length(keys) / 8
            {_OF} AND what = ? AND first IS NOT NULL ORDER BY first""",
        of,
    )
    yield from rows.fetchall()


def _part(database: Database, part: int) -> Keyset:
    return Keyset.read(*database.execute("SELECT keys, counts FROM kpi_keys WHERE kpi_keys_id = ?", [part]).fetchone())
