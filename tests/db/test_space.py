"""Every index says what it is for."""

from pathlib import Path

from db.connection import open_database
from db.space import BYTES, PURPOSES, ROWS


def test_every_index_has_a_purpose_and_every_purpose_an_index(tmp_path: Path) -> None:
    with open_database(tmp_path / "fanzha.db") as database:
        tables = [name for name in database.table_names() if name[0] != "_" and "sqlite_" not in name]
        found = {
            (table, ", ".join(column[2] for column in database.execute(f'PRAGMA index_info("{index[1]}")')))
            for table in tables
            for index in database.execute(f'PRAGMA index_list("{table}")').fetchall()
            if index[3] != "pk"
        }
    assert found == set(PURPOSES)
    assert {table for held, counted in ROWS.values() for table in (*held, counted)} <= set(tables)
    assert set(BYTES) == set(ROWS)
